import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { phpCode } from '../../parsers/php/script.ts'
import { matchedPlace, type Place, type Source } from '../../parsers/text/source.ts'
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
  /\$_SERVER\[\s*['"](?:REDIRECT_)?HTTP_AUTHORIZATION['"]\s*\](?!\s*=[^=])/,
  /\$_SERVER\[\s*['"]PHP_AUTH_(?:USER|PW)['"]\s*\](?!\s*=[^=])/,
  /\b(?:getenv|filter_input)\(\s*(?:INPUT_SERVER\s*,\s*)?['"]HTTP_AUTHORIZATION['"]/,
  /->(?:server|getServer|getServerParam)\(\s*['"]HTTP_AUTHORIZATION['"]/,
  /->getServerParams\(\)\s*\[\s*['"](?:REDIRECT_)?HTTP_AUTHORIZATION['"]\s*\]/,
  /\$server(?:Params)?\[\s*['"](?:REDIRECT_)?HTTP_AUTHORIZATION['"]\s*\](?!\s*=[^=])/i,
  /->bearerToken\(\s*\)/,
  /->(?:getHeaderLine|getHeader|hasHeader|header|get_request_header)\(\s*['"]authorization['"]\s*[,)]/i,
  /->headers->(?:get|has)\(\s*['"]authorization['"]/i,
]
/** Classes of packages that take a token or a password from it, by the name under which they are searched for. */
const CLASSES: readonly (readonly [name: string, pattern: RegExp])[] = [
  [
    'JwtAuthentication',
    /\b(?:Tuupola\\Middleware|JimTools\\JwtAuth\\Middleware|Slim\\Middleware)\\JwtAuthentication\b/,
  ],
  ['HttpBasicAuthentication', /\b(?:Tuupola|Slim)\\Middleware\\HttpBasicAuthentication\b/],
  ['ResourceServer', /\bLeague\\OAuth2\\Server\\(?:ResourceServer|Middleware\\ResourceServerMiddleware)\b/],
  ['HttpBearerAuth', /\bHttpBearerAuth::class(?:Name\(\))?/],
  ['HttpBasicAuth', /\bHttpBasicAuth::class(?:Name\(\))?/],
  ['auth.basic', /\bmiddleware\(\s*\[?[^()\]]*['"]auth\.basic(?:\.once)?['"]/],
  ['Sanctum', /->createToken\([^()]*(?:\([^()]*\)[^()]*)*\)\s*->\s*plainTextToken\b/],
]
const ALL_HEADERS = /\b(?:getallheaders|apache_request_headers)\(\)/
const OF_ALL = /\[\s*['"]authorization['"]\s*\](?!\s*=[^=>])/i
/** Another way for the same token. */
const OTHER_WAY =
  /HTTP_X_[A-Z_]*(?:AUTH|TOKEN|KEY)|X-[\w-]*(?:Auth|Token|Key)|access_token['"]\s*\]|\$_COOKIE\[|['"]cookie['"]\s*=>|\b(?:QueryParam|HttpHeader)Auth\b/i
const PACKAGE =
  /"((?:laravel\/passport|tymon\/jwt-auth|php-open-source-saver\/jwt-auth|lexik\/jwt-authentication-bundle))"/

/** The first place at which the scripts around a document root read the header; null for none. */
export const authorizationReader = memoByKey(
  (files: FileSystem, root: string): AuthorizationReader | null => {
    const home = applicationHome(root)
    let left = MOST_FILES
    for (const path of filesBelow(files, home, REACH)) {
      if (path.endsWith('/config/packages/security.yaml')) {
        const found = readBySymfony(files, path)
        if (found !== null) return found
      }
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
  if (!MENTIONED.test(source.text)) return null
  const code = phpCode(source)
  if (OTHER_WAY.test(code)) return null
  const name = posix.basename(source.path)
  for (const pattern of READS) {
    const match = pattern.exec(code)
    if (match !== null) return { at: placeOf(source, match), name }
  }
  for (const [own, pattern] of CLASSES) {
    const match = pattern.exec(code)
    if (match !== null) return { at: placeOf(source, match), name: own }
  }
  const match = ALL_HEADERS.test(code) ? OF_ALL.exec(code) : null
  return match === null ? null : { at: placeOf(source, match), name }
}

const MENTIONED =
  /authorization|PHP_AUTH_|bearerToken|JwtAuthentication|HttpB(?:earer|asic)Auth|ResourceServer|auth\.basic|plainTextToken/i

/** The authenticators of Symfony that ask for the header. A token may be looked for elsewhere, and tests may log in so. */
function readBySymfony(files: FileSystem, path: string): AuthorizationReader | null {
  const source = sourceAt(files, path)
  const [always = ''] = source?.code.split(/^when@/m) ?? []
  const match = /^[ \t]+(http_basic|access_token)(?=:)/m.exec(always)
  if (source === null || match === null || /token_extractors|^[ \t]+login_link/m.test(always)) return null
  const [whole, name = ''] = match
  const start = match.index + whole.length - name.length
  return { at: { source, start, end: start + name.length }, name }
}

/** A plugin of WordPress that takes tokens from it, by the constant that it wants in the configuration. */
export function wordpressReader(files: FileSystem, root: string): AuthorizationReader | null {
  const source = sourceAt(files, posix.join(root, 'wp-config.php'))
  const match = source === null ? null : /\bJWT_AUTH_SECRET_KEY\b/.exec(phpCode(source))
  return source === null || match === null
    ? null
    : { at: placeOf(source, match), name: 'JWT Authentication for WP REST API' }
}

function placeOf(source: Source, match: RegExpExecArray): Place {
  return matchedPlace(source, match)
}
