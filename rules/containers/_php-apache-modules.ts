import { parseApache } from '../../parsers/apache/parse.ts'
import { ownTable } from '../../parsers/text/own-table.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { apacheDirective, apacheSection } from '../../src/servers/apache/directives.ts'
import { apacheModule } from '../../src/servers/apache/modules.ts'

/** The directives of modules that Debian's Apache does not load by itself, and that no section guards. */
export function* unguarded(source: Source): Iterable<{ readonly name: string; readonly directive: Place }> {
  let guards = 0
  for (const node of parseApache(source)) {
    if (node.kind === 'comment') continue
    const name = node.name.value.toLowerCase()
    if (/^<?\/?if(?:module|define|version|directive|file|section)$/.test(name)) {
      guards += node.kind === 'open' ? 1 : node.kind === 'close' ? -1 : 0
      continue
    }
    if (guards > 0 || node.kind === 'close') continue
    const facts = node.kind === 'open' ? apacheSection(name) : apacheDirective(name)
    const [owner, ...others] = facts?.modules ?? []
    if (owner !== undefined && others.length === 0 && apacheModule(owner)?.sharedObject != null)
      yield { name: owner, directive: { source, start: node.name.start, end: node.name.end } }
  }
}

/** What the packages of Apache and the image of PHP enable. */
const BY_DEFAULT: ReadonlySet<string> = new Set([
  ...['access_compat', 'alias', 'auth_basic', 'authn_core', 'authn_file', 'authz_core', 'authz_host'],
  ...['authz_user', 'autoindex', 'deflate', 'dir', 'env', 'filter', 'mime', 'mpm_prefork', 'negotiation'],
  ...['php', 'php5', 'php7', 'reqtimeout', 'setenvif', 'status'],
])

/** Modules that `a2enmod` enables with others, which need them. */
const NEEDED: Readonly<Record<string, RegExp>> = ownTable({
  proxy: /^(?:proxy_|lbmethod_)/,
  proxy_balancer: /^lbmethod_/,
  session: /^(?:session_|auth_form)/,
  dav: /^dav_/,
  cache: /^cache_/,
  ldap: /^authnz_ldap/,
  slotmem_shm: /^(?:proxy_balancer|lbmethod_)/,
  socache_shmcb: /^ssl/,
  request: /^auth_form/,
  macro: /^md/,
})

/** Whether a module is enabled; null where a step may enable whichever it likes. */
export function enabledModules(steps: readonly string[]): ((id: string) => boolean) | null {
  const text = steps.join('\n')
  if (/a2enmod\b[^;&|\n]*[$*]|mods-enabled|\.so\b|a2dismod\b[^;&|\n]*[$*]/.test(text)) return null
  const named = (program: string): readonly string[] =>
    [...text.matchAll(new RegExp(`\\b${program}\\b([^;&|\\n]*)`, 'g'))].flatMap(([, words = '']) =>
      words.split(/\s+/).flatMap(word => /^\w+(?=\.load$|$)/.exec(word)?.[0] ?? []),
    )
  const enabled = new Set(named('a2enmod'))
  return id =>
    BY_DEFAULT.has(id) || enabled.has(id) || [...enabled].some(other => NEEDED[id]?.test(other) === true)
}

/** The files of the sites and settings that are enabled. */
export function sitesOf(files: FileSystem, steps: readonly string[]): readonly Source[] {
  const text = steps.join('\n')
  const isEnabled = (path: string): boolean => {
    const [, directory = '', name = ''] = /^\/etc\/apache2\/(sites|conf)-\w+\/(.+)\.conf$/.exec(path) ?? []
    const program = directory === 'sites' ? 'a2ensite' : 'a2enconf'
    return (
      (directory === 'sites' &&
        name === '000-default' &&
        !/a2dissite\b[^;&|\n]*\b(?:000-)?default/.test(text)) ||
      new RegExp(`\\b${program}\\b[^;&|\\n]*\\s${name}(?:\\.conf)?(?:[\\s;&|]|$)`).test(text)
    )
  }
  return ['sites-enabled', 'conf-enabled', 'sites-available', 'conf-available'].flatMap(directory =>
    (files.list(`/etc/apache2/${directory}`) ?? []).flatMap(({ name }) => {
      const path = `/etc/apache2/${directory}/${name}`
      if (!/^[\w.-]+\.conf$/.test(name) || (directory.endsWith('available') && !isEnabled(path))) return []
      return sourceAt(files, path) ?? []
    }),
  )
}

/** Those of the directories that are usually the document root. */
export function htaccessOf(files: FileSystem): readonly Source[] {
  return ['', '/public', '/web', '/webroot', '/www'].flatMap(
    directory => sourceAt(files, `/var/www/html${directory}/.htaccess`) ?? [],
  )
}
