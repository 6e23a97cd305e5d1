/**
 * Which names hold secrets: of a variable, a header, a directive, an option, a key of settings. A name is
 * judged by its parts (`DB_PASS`, `X-Api-Key`, `sessionKey`), so that `ProxyPass` and `KeepAlive` are none.
 */

/** Parts that say it wherever they stand. */
const STRONG = new Set(
  (
    'password passwd passphrase passcode passwort pwd pswd secret secrets credential credentials token tokens jwt ' +
    'authorization bearer apikey authkey authtoken accesskey secretkey privatekey sessionkey signingkey ' +
    'masterkey encryptionkey cryptokey accountkey sharedkey licensekey requirepass masterauth dsn hmac ' +
    'sessionid sessid phpsessid jsessionid csrftoken signature mysqlpwd pgpassword dbpass dbpassword userpass ' +
    'authpassword clientsecret accesstoken refreshtoken idtoken'
  ).split(' '),
)
/** Parts that say it at the end of a longer name. */
const LAST = new Set(['pass', 'pw', 'auth', 'salt', 'sig', 'sid', 'seed', 'nonce', 'pin', 'otp'])
/** What may stand before `key` where it is one to keep: `ssl_certificate_key` and `proxy_cache_key` are not. */
const KEEPERS = new Set(
  (
    'api secret private access jwt session signing sign encryption encrypt crypt crypto cookie auth app application ' +
    'master hmac license licence service storage shared client admin django flask consumer webhook deploy ' +
    'account user tenant rsa aes ssh gpg site rails base stripe aws azure gcp google github gitlab ' +
    'sendgrid mailgun twilio openai anthropic datadog newrelic sentry internal server backend hash key ' +
    'security subscription functions host master proxy upload write read push publish'
  ).split(' '),
)
/** Last parts of names that speak of a secret and do not hold it. */
const HARMLESS_LAST = new Set(
  (
    'file files filename path paths dir directory dialog zone zones id ids url uri endpoint header headers host port ' +
    'length len size min max age ttl timeout lifetime expiry expire expires expiration algorithm algorithms alg type ' +
    'types policy policies enabled enable disabled required prefix suffix field fields format method methods realm ' +
    'provider providers query hashers hasher validator validators validation backend backends class classes name ' +
    'names domain samesite secure httponly tracking style server reset change changed confirm hint rotation ' +
    'iterations rounds cost env var mode request authoritative cache serializer engine module charset encoding ' +
    'count limit limits status page form location scheme schemes version issuer audience scope scopes table column'
  ).split(' '),
)
/** Names of one part that hold a secret only where something is assigned to them: `pass=…`, `?key=…`. */
const ASSIGNED_ALONE = new Set(['pass', 'pw', 'auth', 'key', 'sig', 'sid', 'salt', 'pin', 'otp', 'hash'])
/** Headers whose value is one, and names that are. */
const WHOLE = new Set(['authorization', 'proxy-authorization', 'x-authorization', 'www-authorization'])

/** Directives and settings whose names have such parts and hold none. */
const HARMLESS = new Set(
  (
    'server_tokens servertokens wsgipassauthorization sslpassphrasedialog proxy_pass fastcgi_pass uwsgi_pass scgi_pass ' +
    'grpc_pass memcached_pass redis_pass postgres_pass drizzle_pass echo_location js_access auth_basic auth_request ' +
    'proxy_pass_header http_auth basic_auth_realm limit_rate_key proxy_cache_key cache_key host_key hash_key ' +
    'routing_key partition_key primary_key foreign_key sort_key public_key pubkey ssl_certificate_key keys_zone'
  ).split(' '),
)

/** Longer words are no names. */
const LONGEST = 120

const judged = new Map<string, NameKind | null>()
/** More names than any audit meets; what comes after them is judged each time. */
const MOST_JUDGED = 20_000

/** `assigned`: its value is a secret where `=` or the like stands between them. */
export type NameKind = 'always' | 'assigned'

/** What a name says of its value; null for nothing. */
export function secretName(name: string): NameKind | null {
  const known = judged.get(name)
  if (known !== undefined) return known
  const kind = name.length > LONGEST ? null : judge(name)
  if (judged.size < MOST_JUDGED) judged.set(name, kind)
  return kind
}

function judge(name: string): NameKind | null {
  const lower = name.toLowerCase()
  if (WHOLE.has(lower)) return 'always'
  if (HARMLESS.has(lower) || /^(?:proxy|fastcgi|uwsgi|scgi|grpc)_[a-z_]*pass[a-z_]*$/.test(name)) return null
  // nginx's variables for what a client sent: `$arg_key` is the parameter `key`.
  const parts = partsOf(
    name.replace(/^(?:arg|http|cookie|sent_http|upstream_http|upstream_cookie)_(?=.)/, ''),
  )
  const last = parts.at(-1) ?? ''
  if (parts.length === 1 && ASSIGNED_ALONE.has(last)) return 'assigned'
  if (HARMLESS_LAST.has(last) && parts.length > 1) return null
  if (parts.some(part => STRONG.has(part))) return 'always'
  if (parts.length < 2) return null
  const before = parts.at(-2) ?? ''
  // `ProxyPass` and its like are directives, `DB_PASS` is a variable.
  if (LAST.has(last)) return /^[A-Z][a-z]+[A-Z][a-z]+/.test(name) ? 'assigned' : 'always'
  if (last === 'key' || last === 'keys') {
    if (KEEPERS.has(before)) return 'always'
    // `X_KEY` of an environment and `X-Key` of a request; a configuration's own keys are written small.
    return /^[A-Z][A-Z0-9_]*$/.test(name) || /^x-/i.test(name) ? 'assigned' : null
  }
  return parts.some(part => part === 'pass' || part === 'pw') && /^[A-Z][A-Z0-9_]*$/.test(name)
    ? 'assigned'
    : null
}

/** `DB_Pass2`, `dbPass` and `db-pass` are `db`, `pass`. */
function partsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map(part => part.replace(/^(\D{2,}?)\d+$/, '$1'))
    .filter(part => part !== '')
}
