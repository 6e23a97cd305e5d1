import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { phpCode } from '../../parsers/php/script.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { type FileSystem, filesBelow, sourceAt } from '../../src/files/file-system.ts'

/** What scripts of PHP do that some extension alone can. */
export interface CodeNeed {
  readonly extension: string
  readonly at: Place
  /** What PHP says without it. */
  readonly says: string
}

/** The extensions by which the scripts that a container has connect to databases. */
export function neededByCode({ mounts, hostFiles }: Container): readonly CodeNeed[] {
  const homes = new Set(
    mounts.flatMap(({ path, target }) =>
      path !== null &&
      !/^\/(?:etc|usr\/(?:local\/)?(?:etc|lib|bin)|docker-entrypoint|tmp|var\/(?:log|lib))/.test(target)
        ? [path]
        : [],
    ),
  )
  return [...homes].flatMap(home => needsBelow(hostFiles, home))
}

const REACH = {
  levels: 5,
  skipped:
    /^(?:vendor|node_modules|\..*|tests?|spec|docs?|examples?|samples?|system|lib|libs|library|libraries|drivers?|adapters?|adodb\d*|core|framework|phpmyadmin|adminer|install|installer|setup|wp-(?:admin|includes|content)|tools|bin|scripts|migrations?|backup|old)$/i,
}
const MOST = 400
const NOT_SERVED = /(?:adminer|phpmyadmin|driver|adapter|\.test)[^/]*\.php$/i

interface Use {
  readonly extension: string
  readonly pattern: RegExp
  readonly says: (found: string) => string
}

const NO_FUNCTION = (name: string): string => `Call to undefined function ${name}()`
const NO_DRIVER = (): string => 'could not find driver'

/** What connects: each pattern begins with what says so. */
const USES: readonly Use[] = [
  {
    extension: 'pdo_mysql',
    pattern: /(?<=['"])mysql:(?=(?:host|unix_socket|dbname|port|charset|user)=)/g,
    says: NO_DRIVER,
  },
  { extension: 'pdo_pgsql', pattern: /(?<=['"])pgsql:(?=(?:host|dbname|port|user)=)/g, says: NO_DRIVER },
  {
    extension: 'mysqli',
    pattern: /(?<=\bnew\s+\\?)mysqli(?=\s*\()/gi,
    says: () => 'Class "mysqli" not found',
  },
  {
    extension: 'mysqli',
    pattern: /(?<![\w$>:\\]|function\s)mysqli_(?:connect|init)(?=\s*\()/gi,
    says: NO_FUNCTION,
  },
  { extension: 'pgsql', pattern: /(?<![\w$>:\\]|function\s)pg_p?connect(?=\s*\()/gi, says: NO_FUNCTION },
  { extension: 'mysql', pattern: /(?<![\w$>:\\]|function\s)mysql_p?connect(?=\s*\()/gi, says: NO_FUNCTION },
]

/** Several ways to connect: a library, or a choice that its owner makes. */
const OTHERS =
  /['"](?:sqlite|sqlsrv|dblib|odbc|oci|firebird|informix|ibm):|\b(?:sqlite_open|oci_connect|sqlsrv_connect|mssql_connect|odbc_connect|ibase_connect)\s*\(|\bnew\s+\\?SQLite3\b/i
/** What asks first whether an extension is there. */
const ASKS = /\b(?:extension_loaded|function_exists|class_exists|getAvailableDrivers|pdo_drivers)\b/

const needsBelow = memoByKey((files: FileSystem, home: string): readonly CodeNeed[] => {
  const sources: Source[] = []
  for (const path of filesBelow(files, home, REACH)) {
    if (!/\.(?:php|inc)$/.test(path) || NOT_SERVED.test(path)) continue
    const source = sourceAt(files, path)
    if (source !== null) sources.push(source)
    if (sources.length > MOST) return []
  }
  const found = sources.flatMap(usesIn)
  const kinds = new Set(found.map(({ extension }) => extension))
  const texts = sources.map(phpCode)
  if (kinds.size !== 1 || texts.some(text => OTHERS.test(text) || ASKS.test(text))) return []
  const [first] = found
  if (first === undefined) return []
  // A DSN is a text until something opens it.
  const opens = first.extension.startsWith('pdo_')
    ? texts.some(text => /\bnew\s+\\?PDO\s*\(/i.test(text))
    : !texts.some(text => new RegExp(`\\bfunction\\s+${first.name}\\s*\\(`, 'i').test(text))
  return opens ? [first] : []
})

function usesIn(source: Source): readonly (CodeNeed & { readonly name: string })[] {
  const code = phpCode(source)
  return USES.flatMap(({ extension, pattern, says }) =>
    [...code.matchAll(pattern)].map(({ 0: name, index }) => ({
      extension,
      name,
      at: { source, start: index, end: index + name.length },
      says: says(name),
    })),
  )
}

/** WordPress connects by `mysqli`, unless a plugin brings another database. */
export function neededByWordPress({ mounts, hostFiles }: Container): CodeNeed | null {
  for (const { path } of mounts) {
    if (path === null) continue
    const source = sourceAt(hostFiles, posix.join(path, 'wp-config.php'))
    if (source === null || hostFiles.kind(posix.join(path, 'wp-content/db.php')) === 'file') continue
    const start = phpCode(source).indexOf('DB_NAME')
    if (start !== -1)
      return {
        extension: 'mysqli',
        at: { source, start, end: start + 'DB_NAME'.length },
        says: 'Your PHP installation appears to be missing the MySQL extension which is required by WordPress',
      }
  }
  return null
}
