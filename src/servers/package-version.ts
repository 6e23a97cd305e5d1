import type { FileSystem } from '../files/file-system.ts'
import type { ServerVersion } from './version.ts'

/** Debian's packages that carry the program itself, best first. */
const PACKAGES = {
  nginx: [
    'nginx',
    'nginx-core',
    'nginx-full',
    'nginx-light',
    'nginx-extras',
    'nginx-common',
    'openresty',
    'angie',
  ],
  apache: ['apache2-bin', 'apache2'],
} as const

/** What is taken where nothing tells the version: the newest release that the tables know. */
export const NEWEST = { nginx: '1.29.3', apache: '2.4.71' } as const

const DATABASE = '/var/lib/dpkg/status'

/**
 * The version of a server from Debian's package database below the root (`var/lib/dpkg/status`), else
 * the newest, marked as assumed.
 */
export function packageVersion(files: FileSystem, program: keyof typeof PACKAGES): ServerVersion {
  return installedVersion(files, PACKAGES[program]) ?? { value: NEWEST[program], from: 'assumed', at: null }
}

/**
 * The version of nginx where the package is the project's own, whose revision names the distribution
 * (`1.24.0-1~bookworm`): that of a distribution has patches that its number does not tell.
 */
export function projectPackageVersion(files: FileSystem): ServerVersion | null {
  const found = installedVersion(files, ['nginx'])
  if (found?.at == null) return null
  const { source, end } = found.at
  return /^-\d+~[a-z]+$/m.test(source.text.slice(end).split('\n', 1)[0] ?? '') ? found : null
}

/** The version of the first of these packages that Debian's database has as installed; null where none is. */
export function installedVersion(files: FileSystem, packages: readonly string[]): ServerVersion | null {
  const read = files.read(DATABASE)
  if (read.kind !== 'source') return null
  const { text } = read.source
  for (const name of packages) {
    const header = `Package: ${name}\n`
    const at = text.startsWith(header) ? 0 : text.indexOf(`\n${header}`) + 1
    if (at === 0 && !text.startsWith(header)) continue
    const end = text.indexOf('\n\n', at)
    const stanza = text.slice(at, end === -1 ? text.length : end)
    if (!/^Status: .*\binstalled$/m.test(stanza)) continue
    const version = /^Version: (?:\d+:)?(\d+(?:\.\d+)+)/m.exec(stanza)
    if (version === null) continue
    const start = at + version.index
    return {
      value: version[1] ?? '',
      from: 'package-database',
      at: { source: read.source, start, end: start + version[0].length },
    }
  }
  return null
}
