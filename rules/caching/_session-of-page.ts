import { posix } from 'node:path'
import { phpCode, phpRequired } from '../../parsers/php/script.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { documentRoot } from '../php/_script-directory.ts'

/**
 * Where the front controller of PHP begins a session for every request: in a line of its own that nothing is around, in
 * `index.php` or in what this requires. Null where it does not, or where something may change the headers of the session.
 */
export function sessionOfEveryPage(deployment: Deployment, connection: NginxConnection): Place | null {
  const root = documentRoot(connection)
  if (root === null) return null
  const files = deployment.filesOf(connection.server.configuration)
  const sources = loaded(files, posix.join(root, 'index.php'))
  if (sources.some(source => CHANGED.test(source.text))) return null
  for (const source of sources) {
    const match = STARTED.exec(phpCode(source))
    if (match !== null) return { source, start: match.index, end: match.index + 'session_start'.length }
  }
  return null
}

/** A statement at the beginning of a line, and no part of a function or a condition, which are indented. */
const STARTED = /^session_start\s*\(\s*\)\s*;/m
/** What keeps `Cache-Control` and `Set-Cookie` of a session away. */
const CHANGED = /session_cache_limiter|cache_limiter|header_remove|use_cookies|session_set_cookie_handler/
const DEPTH = 3

/** A script and what its lines require, in the order in which they are run. */
function loaded(files: FileSystem, path: string, depth = 0): readonly Source[] {
  const source = sourceAt(files, path)
  if (source === null) return []
  if (depth === DEPTH) return [source]
  const directory = posix.dirname(path)
  const required = phpRequired(source).flatMap(file =>
    loaded(files, posix.join(directory, file.path), depth + 1),
  )
  return [source, ...required]
}
