import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Arguments } from './arguments.ts'
import { decodeText } from '../files/disk-file-system.ts'
import { readBounded } from '../files/read-bounded.ts'
import { recognise } from '../files/recognise.ts'
import { toSource } from '../files/to-source.ts'
import { AUDITRC } from './auditrc/find-auditrc.ts'
import type { Terminal } from './terminal.ts'

/**
 * What is audited where no path is given: all of `--root`; this directory, where something of it is meant to be
 * audited; else the machine's own configuration, where it has one.
 */
export function defaultPath(
  { root }: Pick<Arguments, 'root'>,
  { workingDirectory }: Pick<Terminal, 'workingDirectory'>,
): string {
  if (root !== null) return root
  if (workingDirectory !== '/' && holdsConfiguration(workingDirectory)) return '.'
  return SERVERS.some(name => existsSync(`/etc/${name}`)) ? '/etc' : '.'
}

/** Directories of `/etc` that say that the machine has a server. */
const SERVERS = ['nginx', 'apache2', 'httpd']

/** What a directory holds whose owner would audit it: `.auditrc`, a repository, or a server's own names. */
const SIGNS: ReadonlySet<string> = new Set([
  AUDITRC,
  '.git',
  'nginx',
  'apache2',
  'httpd',
  'sites-enabled',
  'sites-available',
  'conf-enabled',
  'mods-enabled',
  'nginx.conf',
  'apache2.conf',
  'httpd.conf',
  'compose.yaml',
  'compose.yml',
  'docker-compose.yaml',
  'docker-compose.yml',
  '.htaccess',
])

function holdsConfiguration(directory: string): boolean {
  let names: readonly string[]
  try {
    names = readdirSync(directory)
  } catch {
    return false
  }
  return (
    names.some(name => SIGNS.has(name)) ||
    SERVERS.some(name => existsSync(join(directory, 'etc', name))) ||
    names
      .filter(name => /\.(?:conf|vhost)$/.test(name))
      .slice(0, MOST_LOOKED_AT)
      .some(name => isConfiguration(join(directory, name)))
  )
}

/** Files with a configuration's name that are looked into; a directory may hold thousands. */
const MOST_LOOKED_AT = 20
const LARGEST = 1_000_000

function isConfiguration(path: string): boolean {
  try {
    const read = readBounded(path, { maximum: LARGEST, fifo: false })
    return Buffer.isBuffer(read) && recognise(toSource(path, decodeText(read).text)) !== null
  } catch {
    return false
  }
}
