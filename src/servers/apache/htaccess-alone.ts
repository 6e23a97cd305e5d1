import { posix } from 'node:path'
import { type Source, textSource } from '../../../parsers/text/source.ts'
import { STAND_IN } from '../../../parsers/text/stand-in.ts'

const HTACCESS = `${STAND_IN}htaccess`

/** Nobody knows what is loaded. */
const MODULES = 'IncludeOptional /-/modules/*.load\n'

/** What Debian loads for a site of PHP, and what its `.htaccess` files usually ask for. */
const USUAL_MODULES = [
  ...['mpm_prefork', 'authn_core', 'authn_file', 'auth_basic', 'authz_core', 'authz_host', 'authz_user'],
  ...['authz_groupfile', 'access_compat', 'alias', 'dir', 'env', 'expires', 'filter', 'deflate', 'headers'],
  ...['mime', 'negotiation', 'rewrite', 'setenvif', 'php'],
].map(name => `LoadModule ${name}_module modules/mod_${name}.so\n`)

/** True for a main file that only stands for the server which reads a `.htaccess`. */
export function isForHtaccess({ path }: Source): boolean {
  return path.startsWith(HTACCESS)
}

/** A server with one document root, for which the `.htaccess` files below it may say everything. */
export function hostForHtaccess(directory: string): Source {
  return textSource(`${HTACCESS}-of-root`, [...USUAL_MODULES, host(directory, 0)].join(''))
}

/**
 * What lets `.htaccess` files count that no configuration here serves: document roots around them, in which
 * they may say everything. One text for each name that they have.
 */
export function hostsForHtaccess(paths: readonly string[]): readonly Source[] {
  const byName = new Map<string, string[]>()
  for (const path of paths) {
    const name = posix.basename(path)
    const directories = byName.get(name)
    if (directories === undefined) byName.set(name, [posix.dirname(path)])
    else directories.push(posix.dirname(path))
  }
  return [...byName].map(([name, directories], index) =>
    textSource(
      `${HTACCESS}-${index}`,
      [`${MODULES}AccessFileName "${name}"\n`, ...outermost(directories).map(host)].join(''),
    ),
  )
}

/** Those that lie in none of the others. */
function outermost(directories: readonly string[]): readonly string[] {
  const kept: string[] = []
  for (const directory of [...new Set(directories)].sort()) {
    const last = kept.at(-1)
    const isInside = last !== undefined && (last === '/' || directory.startsWith(`${last}/`))
    if (!isInside && !/["\n]/.test(directory)) kept.push(directory)
  }
  return kept
}

function host(directory: string, index: number): string {
  return (
    `<VirtualHost *:80>\nServerName host-${index}.invalid\nDocumentRoot "${directory}"\n` +
    `<Directory "${directory}">\nAllowOverride All\nOptions All\nRequire all granted\n</Directory>\n</VirtualHost>\n`
  )
}
