import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { phpCode } from '../../parsers/php/script.ts'
import { parseDotenv } from '../../parsers/dotenv/parse-dotenv.ts'
import { matchedPlace, type Place } from '../../parsers/text/source.ts'
import { isAbsent } from '../../src/deployment/is-absent.ts'
import { filesBelow, type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** No application reads its environment in more files than these. */
const MOST_FILES = 400
const REACH = {
  levels: 5,
  skipped: /^(?:vendor|node_modules|storage|cache|var|tests?|\.git|uploads|wp-admin|wp-includes)$/,
}
const READ = /(?:\bgetenv\(\s*|\$_(?:ENV|SERVER)\[\s*|(?<![\w>:$])env\(\s*)(['"])([A-Z][A-Z0-9_]*)\1/g
/** What a server or FastCGI sets for each request, or the machine for each process. */
const OF_REQUEST =
  /^(?:HTTPS?(?:_\w+)?|REQUEST_\w+|REMOTE_\w+|SERVER_\w+|SCRIPT_\w+|DOCUMENT_\w+|PATH\w*|PHP_\w+|QUERY_STRING|GATEWAY_INTERFACE|CONTENT_\w+|REDIRECT_\w+|AUTH_TYPE|SSL_\w+|ORIG_\w+|HOME|USER|LANG|TZ|TMPDIR|TMP|TEMP)$/
/** Sets variables by itself, of a file that may have them. */
const SETS = /\bputenv\(|\bDotenv\b|\bparse_ini_file\(|\$_(?:ENV|SERVER)\[[^\]]*\]\s*=(?!=)/

/** The variables that the scripts of an application read, by name, where nothing but its process gives them; null where a file may. */
export const variablesRead = memoByKey(
  (files: FileSystem, root: string): ReadonlyMap<string, Place> | null => {
    const home = applicationHome(root)
    const found = new Map<string, Place>()
    let left = MOST_FILES
    let setsOwn = readsFile(files, home)
    for (const path of filesBelow(files, home, REACH)) {
      if (SYMFONY_CONFIG.test(path.slice(home.length)) && left-- > 0) {
        for (const [name, at] of readBySymfony(files, path)) if (!found.has(name)) found.set(name, at)
        continue
      }
      if (!path.endsWith('.php') || left-- <= 0) continue
      const source = sourceAt(files, path)
      if (source === null || !/env\(|_ENV|_SERVER|Dotenv/.test(source.text)) continue
      const code = phpCode(source)
      setsOwn ||= SETS.test(code)
      for (const match of code.matchAll(READ)) {
        const name = match[2] ?? ''
        if (OF_REQUEST.test(name) || found.has(name)) continue
        found.set(name, matchedPlace(source, match))
      }
    }
    if (!setsOwn || isAbsent(files, posix.join(home, '.env'))) return found
    // What Git ignores is on the machine alone.
    return files.kind(posix.join(home, '.gitignore')) === null ? withoutOwn(files, home, found) : null
  },
)

/** What the container of Symfony is made of. */
const SYMFONY_CONFIG = /^\/config\/(?:packages\/|services\/)?(?:[\w-]+\/)?[\w-]+\.ya?ml$/
/** `%env(resolve:DATABASE_URL)%`; one with `default:` may be missing. */
const SYMFONY_READ = /%env\((?:(?!default:)\w+:)*([A-Z][A-Z0-9_]*)\)%/g

/** https://symfony.com/doc/current/configuration/env_var_processors.html */
function readBySymfony(files: FileSystem, path: string): readonly (readonly [string, Place])[] {
  const source = sourceAt(files, path)
  if (source === null || !source.text.includes('%env(')) return []
  return [...source.text.matchAll(SYMFONY_READ)].map(({ 0: whole, 1: name = '', index }) => [
    name,
    { source, start: index, end: index + whole.length },
  ])
}

/** Without those that the files of an application give it; null where these are not here. */
function withoutOwn(
  files: FileSystem,
  home: string,
  read: ReadonlyMap<string, Place>,
): ReadonlyMap<string, Place> | null {
  const own = (files.list(home) ?? []).flatMap(({ name }) =>
    /^\.env(?:\.(?:local|prod(?:\.local)?))?$/.test(name)
      ? (sourceAt(files, posix.join(home, name)) ?? [])
      : [],
  )
  if (own.length === 0) return null
  const given = new Set(own.flatMap(source => parseDotenv(source).map(({ name }) => name)))
  return new Map([...read].filter(([name]) => !given.has(name)))
}

/** The application is around its public directory. */
export function applicationHome(root: string): string {
  const outer = posix.dirname(root)
  return /\/(?:public|web|htdocs|httpdocs|docroot|webroot)$/.test(root) && outer.lastIndexOf('/') > 0
    ? outer
    : root
}

/** True for a framework that reads the `.env` beside it, which is in no repository. */
function readsFile(files: FileSystem, home: string): boolean {
  const composer = sourceAt(files, posix.join(home, 'composer.json'))
  return (
    /"(?:vlucas\/phpdotenv|symfony\/(?:dotenv|runtime|framework-bundle)|laravel\/framework|codeigniter4\/framework)"/.test(
      composer?.text ?? '',
    ) || files.kind(posix.join(home, '.env')) !== null
  )
}
