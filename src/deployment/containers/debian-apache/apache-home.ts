import { posix } from 'node:path'
import { matchesName } from '../../../../parsers/wildcard/libc-fnmatch.ts'
import { hasWildcard } from '../../../../parsers/wildcard/tokens.ts'
import type { Build, ServerHome } from '../image-files/image-tree.ts'
import { withDependencies } from './modules.ts'
import { HOME, loadOf, PHP_CONF } from './stock-files.ts'

/** The files of Debian's Apache, and the programs of its package that enable and disable them. */
export const APACHE_HOME: ServerHome = {
  directory: HOME,
  mentions:
    /\/etc\/apache2|\ba2(?:en|dis)\w+|\.sh\b|\bapache2-foreground\b|\b(?:apache2|ports|000-default)\.conf|\b(?:ba|da|a)?sh\s+-\w*c\b|\beval\b|\bansible|\bpuppet\b|\b(?:mods|sites|conf)-(?:en|av)/,
  variables: { APACHE_CONFDIR: HOME, APACHE_ENVVARS: `${HOME}/envvars` },
  take(build, program, args, isSure) {
    if (/^(?:\.|source)$/.test(program)) return args[0] === `${HOME}/envvars` ? true : null
    const [, verb, kind] = /^a2(en|dis)(mod|site|conf)$/.exec(program) ?? []
    if (verb === undefined) return null
    return args.every(
      word =>
        word.startsWith('-') ||
        (isSure
          ? enable(build, kind as Kind, verb === 'en', word)
          : kind === 'mod' && mayEnable(build, verb === 'en', word)),
    )
  },
  install: installed,
}

type Kind = 'mod' | 'site' | 'conf'
const DIRECTORY: Readonly<Record<Kind, string>> = { mod: 'mods', site: 'sites', conf: 'conf' }

function enable(build: Build, kind: Kind, enables: boolean, written: string): boolean {
  const { links } = build.tree
  const directory = DIRECTORY[kind]
  const name = nameOf(written)
  if (!enables) {
    for (const path of links.keys())
      if (posix.dirname(path) === `${directory}-enabled` && matchesName(name, nameOf(posix.basename(path))))
        links.delete(path)
    return true
  }
  if (!isPlain(name)) return false
  if (kind === 'mod') enableModule(build, name)
  else links.set(`${directory}-enabled/${name}.conf`, `${directory}-available/${name}.conf`)
  return true
}

/** What some condition decides over is there in one world, and not in another. */
function mayEnable(build: Build, enables: boolean, written: string): boolean {
  const name = nameOf(written)
  if (!isPlain(name)) return false
  const { tree, files } = build
  const before = new Map(tree.links)
  if (enables) enableModule(build, name)
  for (const [path, target] of [...tree.links]) {
    const isOpen = enables
      ? !before.has(path)
      : posix.dirname(path) === 'mods-enabled' && nameOf(posix.basename(path)) === name
    if (!isOpen) continue
    const text = tree.texts.get(target)
    // A file of the repository is there under no condition that its text could tell.
    if (typeof text !== 'string' || files.kind(posix.join(HOME, target)) !== null) return false
    tree.links.delete(path)
    tree.texts.set(path, text)
    tree.possible.set(path, `${name} is enabled`)
  }
  return true
}

function nameOf(written: string): string {
  return written.replace(/\.(?:load|conf)$/, '')
}

function isPlain(name: string): boolean {
  return !hasWildcard(name) && /^[\w.-]+$/.test(name)
}

/** Where the MPM has threads, `a2enmod cgi` of Debian enables mod_cgid. */
export function enableModule({ tree, files }: Pick<Build, 'tree' | 'files'>, name: string): void {
  const { links, texts } = tree
  const isThreaded = links.has('mods-enabled/mpm_event.load') || links.has('mods-enabled/mpm_worker.load')
  for (const each of withDependencies(name === 'cgi' && isThreaded ? 'cgid' : name)) {
    const load = `mods-available/${each}.load`
    // What another package brings is loaded as it is called.
    if (!texts.has(load)) texts.set(load, loadOf(`${each.replace(/[\d.]+$/, '')}_module`, `mod_${each}.so`))
    links.set(`mods-enabled/${each}.load`, load)
    const settings = `mods-available/${each}.conf`
    if (texts.has(settings) || files.kind(posix.join(HOME, settings)) !== null)
      links.set(`mods-enabled/${each}.conf`, settings)
  }
}

/** `libapache2-mod-php8.2`, `libapache2-mod-wsgi-py3`: a package enables its module. */
function installed(build: Build, written: string): void {
  const [, name] = /^libapache2-mod-([\w.-]+)$/.exec(written.replace(/[=/].*$/, '')) ?? []
  if (name === undefined) return
  if (!/^php[\d.]*$/.test(name)) {
    enableModule(build, name.replace(/-py3$/, '').replaceAll('-', '_'))
    return
  }
  const { texts, links } = build.tree
  links.delete('mods-enabled/mpm_event.load')
  links.delete('mods-enabled/mpm_event.conf')
  enableModule(build, 'mpm_prefork')
  texts.set('mods-available/php.load', loadOf('php_module', 'libphp.so'))
  texts.set('mods-available/php.conf', PHP_CONF)
  enableModule(build, 'php')
}
