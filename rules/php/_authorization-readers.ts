import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { phpCode } from '../../parsers/php/script.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { filesBelow, type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { applicationHome } from './_variables-read.ts'

/** Where the PHP of a site reads the `Authorization` header of its requests. */
export interface AuthorizationReader {
  readonly at: Place
  /** As a message names it. */
  readonly name: string
}

const MOST_FILES = 400
const REACH = {
  levels: 5,
  skipped: /^(?:vendor|node_modules|storage|cache|var|tests?|\.git|uploads|wp-admin|wp-includes)$/,
}
/** What a script reads. One that sets the header of a request of its own, or falls back on another, is none of these. */
const READS = [
  /\$_SERVER\[\s*['"]HTTP_AUTHORIZATION['"]\s*\](?!\s*=[^=])/,
  /\$_SERVER\[\s*['"]PHP_AUTH_(?:USER|PW)['"]\s*\](?!\s*=[^=])/,
  /->bearerToken\(\s*\)/,
  /->(?:getHeaderLine|getHeader|header)\(\s*['"]authorization['"]\s*\)/i,
  /->headers->get\(\s*['"]authorization['"]/i,
]
const ALL_HEADERS = /\b(?:getallheaders|apache_request_headers)\(\)/
const OF_ALL = /\[\s*['"]authorization['"]\s*\](?!\s*=[^=>])/i
/** Another way for the same token. */
const OTHER_WAY =
  /HTTP_X_[A-Z_]*(?:AUTH|TOKEN|KEY)|X-[\w-]*(?:Auth|Token|Key)|access_token['"]\s*\]|\$_COOKIE\[/i
const PACKAGE =
  /"((?:laravel\/passport|tymon\/jwt-auth|php-open-source-saver\/jwt-auth|lexik\/jwt-authentication-bundle))"/

/** The first place at which the scripts around a document root read the header; null for none. */
export const authorizationReader = memoByKey(
  (files: FileSystem, root: string): AuthorizationReader | null => {
    const home = applicationHome(root)
    let left = MOST_FILES
    for (const path of filesBelow(files, home, REACH)) {
      if (!path.endsWith('.php')) continue
      if (left-- <= 0) break
      const source = sourceAt(files, path)
      const found = source === null ? null : readIn(source)
      if (found !== null) return found
    }
    const composer = sourceAt(files, posix.join(home, 'composer.json'))
    const required = composer === null ? null : PACKAGE.exec(composer.text)
    if (composer === null || required === null) return null
    return { at: placeOf(composer, required), name: required[1] ?? '' }
  },
)

function readIn(source: Source): AuthorizationReader | null {
  if (!/authorization|PHP_AUTH_|bearerToken/i.test(source.text)) return null
  const code = phpCode(source)
  if (OTHER_WAY.test(code)) return null
  for (const pattern of READS) {
    const match = pattern.exec(code)
    if (match !== null) return { at: placeOf(source, match), name: posix.basename(source.path) }
  }
  const match = ALL_HEADERS.test(code) ? OF_ALL.exec(code) : null
  return match === null ? null : { at: placeOf(source, match), name: posix.basename(source.path) }
}

function placeOf(source: Source, match: RegExpExecArray): Place {
  return { source, start: match.index, end: match.index + match[0].length }
}
