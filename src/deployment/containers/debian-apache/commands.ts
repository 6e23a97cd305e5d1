import { posix } from 'node:path'
import type { PlainCommand } from '../../../../parsers/shell/plain-commands.ts'
import { isBelow, overlap } from '../../../../parsers/text/is-below.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import { matchesName } from '../../../../parsers/wildcard/libc-fnmatch.ts'
import { hasWildcard } from '../../../../parsers/wildcard/tokens.ts'
import { withDependencies } from './modules.ts'
import { readSed, sedEdit } from './sed.ts'
import { type Build, HOME, loadOf, PHP_CONF } from './stock-files.ts'

const TOUCHES =
  /\/etc\/apache2|\ba2(?:en|dis)\w+|\.sh\b|\bapache2-foreground\b|\b(?:apache2|ports|000-default)\.conf|\b(?:ba|da|a)?sh\s+-\w*c\b|\beval\b|\bansible|\bpuppet\b|\b(?:mods|sites|conf)-(?:en|av)/

/** True for a text that speaks of Apache's files, or runs something that may change them without saying so. */
export function mayTouch(text: string): boolean {
  return TOUCHES.test(text)
}

/** What changes no file's content. */
const HARMLESS =
  /^(?:chown|chmod|chgrp|ls|mkdir|test|\[|grep|apt-get|apt|dpkg|service|apache2ctl|apachectl|touch|export|cd|set)$/

/** @returns false where nobody knows what it does to Apache's files */
export function takeCommand(build: Build, words: readonly string[], isPiped: boolean): boolean {
  const [path = '', ...args] = words
  const program = posix.basename(path)
  if (/^apt(?:-get)?$/.test(program) && args.includes('install'))
    for (const each of args) installed(build, each)
  const text = words.join(' ')
  if (!mayTouch(text)) return true
  if (isUnknownWord(text)) return false
  const enabled = /^a2(en|dis)(mod|site|conf)$/.exec(program)
  if (enabled !== null)
    return args.every(
      word => word.startsWith('-') || enable(build, enabled[2] as Kind, enabled[1] === 'en', word),
    )
  switch (program) {
    case 'rm':
    case 'unlink':
      return args.every(word => word.startsWith('-') || remove(build, word))
    case 'ln':
      return link(build, args)
    case 'sed':
      return edit(build, args)
    default:
      return HARMLESS.test(program) && !isPiped
  }
}

type Kind = 'mod' | 'site' | 'conf'
const DIRECTORY: Readonly<Record<Kind, string>> = { mod: 'mods', site: 'sites', conf: 'conf' }

function enable(build: Build, kind: Kind, enables: boolean, written: string): boolean {
  const { links } = build.tree
  const directory = DIRECTORY[kind]
  const name = written.replace(/\.(?:load|conf)$/, '')
  if (!enables) {
    for (const path of links.keys())
      if (
        posix.dirname(path) === `${directory}-enabled` &&
        matchesName(name, posix.basename(path).replace(/\.(?:load|conf)$/, ''))
      )
        links.delete(path)
    return true
  }
  if (hasWildcard(name) || !/^[\w.-]+$/.test(name)) return false
  if (kind === 'mod') enableModule(build, name)
  else links.set(`${directory}-enabled/${name}.conf`, `${directory}-available/${name}.conf`)
  return true
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
export function installed(build: Pick<Build, 'tree' | 'files'>, written: string): void {
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

/** The paths of the tree that a word names, from its root; null where a file of the repository may be among them. */
function pathsOf({ tree, copied }: Build, word: string): readonly string[] | null {
  const meant = posix.resolve('/', word)
  const directory = posix.dirname(meant)
  const isMeant = (path: string): boolean =>
    isBelow(path, meant) ||
    (posix.dirname(path) === directory && matchesName(posix.basename(meant), posix.basename(path)))
  if (hasWildcard(directory) || [...copied].some(isMeant)) return null
  return [...tree.texts.keys(), ...tree.links.keys()].filter(path => isMeant(posix.join(HOME, path)))
}

function remove(build: Build, word: string): boolean {
  const paths = pathsOf(build, word)
  for (const path of paths ?? []) {
    build.tree.texts.delete(path)
    build.tree.links.delete(path)
  }
  return paths !== null
}

function link({ tree }: Build, args: readonly string[]): boolean {
  const [from = '', to = '', ...others] = args.filter(word => !word.startsWith('-'))
  if (to === '' || others.length > 0) return false
  const isDirectory = /\/$|^\/etc\/apache2\/[\w-]+$/.test(to)
  const place = isDirectory ? posix.join(to, posix.basename(from)) : to
  const target = posix.relative(HOME, posix.resolve(posix.dirname(place), from))
  const path = posix.relative(HOME, place)
  if (!/^(?:mods|sites|conf)-enabled\/[\w.-]+$/.test(path) || !/^[\w-]+\/[\w.-]+$/.test(target)) return false
  tree.links.set(path, target)
  return true
}

/** Each edit may double a text: no file of Apache's is longer. */
const LONGEST = 100_000

function edit(build: Build, args: readonly string[]): boolean {
  const sed = readSed(args)
  if (sed === null) return false
  if (!sed.isInPlace) return true
  const edits = sed.expressions.map(expression => sedEdit(expression, sed.isExtended))
  for (const word of sed.files) {
    const paths = pathsOf(build, word)
    if (paths === null) return false
    const { texts, links } = build.tree
    for (const path of paths) {
      const place = links.get(path) ?? path
      let text = texts.get(place)
      if (text === undefined) return false
      for (const each of edits) {
        if (each === null || text.length > LONGEST) return false
        text = each(text)
      }
      // The file takes the place of the link.
      links.delete(path)
      texts.set(path, text)
    }
  }
  return true
}

/**
 * Keeps what a command writes into a file of Apache's.
 *
 * @param text null where nobody knows it
 */
export function writeFile(
  { tree, copied }: Build,
  { path, append }: NonNullable<PlainCommand['output']>,
  text: string | null,
): boolean {
  const whole = posix.resolve('/', path)
  if (isUnknownWord(path) || !overlap(whole, HOME)) return !mayTouch(path)
  const place = posix.relative(HOME, whole)
  const target = tree.links.get(place) ?? place
  if (text === null || isUnknownWord(text) || copied.has(posix.join(HOME, target))) return false
  tree.texts.set(target, append ? (tree.texts.get(target) ?? '') + text : text)
  return true
}
