import { posix } from 'node:path'

/**
 * Files that come with nginx, its packages or certbot, by what they set. That one of them was not read leaves nothing
 * else in doubt.
 */
const OF_PACKAGES: ReadonlyMap<string, readonly string[]> = new Map([
  ['fastcgi_params', ['fastcgi_param']],
  ['fastcgi.conf', ['fastcgi_param']],
  ['uwsgi_params', ['uwsgi_param']],
  ['scgi_params', ['scgi_param']],
  // Debian's sets headers alone; what people add to it is of the same kind.
  ['proxy_params', ['proxy_']],
  ['mime.types', ['types']],
  ['options-ssl-nginx.conf', ['ssl_']],
  ['snakeoil.conf', ['ssl_']],
])

/** True for the name of a file that comes with nginx, its packages or certbot. */
export function isOfPackages(path: string): boolean {
  return OF_PACKAGES.has(posix.basename(path))
}

/**
 * What a file sets that a server or location includes, by its name: the beginnings of its directives. Of some four
 * hundred repositories every file with such a name that is no server itself held these alone, but for one in thirty.
 */
const FAMILIES: readonly (readonly [name: RegExp, sets: readonly string[]])[] = [
  [
    named(
      '(?:ssl|tls)',
      'ciphers?|protocols?|hardening|security|intermediate|modern|certs?|certificates?|dhparams?|strong|hsts|headers?',
    ),
    ['ssl_', 'add_header', 'more_set_headers', 'resolver'],
  ],
  [
    named(
      '(?:(?:security|secure|https?|extra|response)[-_])*(?:headers|hsts|sts)',
      'https?|ssl|html|static|security',
    ),
    ['add_header', 'add_trailer', 'more_', 'expires', 'etag', 'server_tokens', 'proxy_hide_header'],
  ],
  [
    named(
      '(?:reverse[-_])?proxy[-_](?:params?|headers?|set[-_]headers?|settings?|options?|timeouts?|buffers?)',
      'static|dynamic|auth',
    ),
    ['proxy_', 'client_'],
  ],
  [named('(?:gzip|brotli|compression)', 'types?|static'), ['gzip', 'brotli']],
  [named('fastcgi[-_]params?', 'php'), ['fastcgi_']],
  [named('uwsgi[-_]params?', ''), ['uwsgi_']],
]

/** A name that stands alone, or with words that say nothing of what is in the file. */
function named(name: string, words: string): RegExp {
  const plain =
    'params?|settings?|options?|includes?|common|defaults?|base|shared|global|general|config|conf|snippet'
  const more = words === '' ? plain : `${plain}|${words}`
  return new RegExp(
    `(?:^|/)(?:(?:common|global|shared)[-_])?${name}(?:[-_.](?:${more}))*(?:\\.(?:conf|inc|cfg))?$`,
  )
}

/**
 * What a file that a server or location includes holds only where its name says so: of two hundred that some repository
 * keeps beside the server, one has rules for access, and is called `acl.conf`; and where the server has names or sockets
 * of its own, those with more of them are called after what they are for.
 */
const TOLD_BY_NAME: readonly (readonly [names: ReadonlySet<string>, told: RegExp])[] = [
  [
    new Set(['allow', 'deny', 'satisfy', 'auth_basic', 'auth_basic_user_file', 'auth_request', 'auth_jwt']),
    /acl|auth|access|allow|deny|block|black|white|restrict|limit|priv|protect|passw|secur|secret|lock|guard|login|sso|oidc|saml|ldap|admin|internal|local|trust|cloud|cdn|prox|geo|country|vpn|lan|ips?\b|addr|firewall|waf|bot/,
  ],
  [new Set(['listen']), /listen|port|ssl|tls|https?|socket|ipv?6|bind/],
  [new Set(['server_name']), /name|host|domain|site|alias|dns/],
]

/** False for a file by whose name nobody expects such a directive in it, where only those have it that say so. */
export function isToldByName(path: string, name: string): boolean {
  const [, told] = TOLD_BY_NAME.find(([names]) => names.has(name)) ?? []
  return told === undefined || told.test(posix.basename(path).toLowerCase()) || /[*?[]|\$/.test(path)
}

/** The beginnings of the directives that a file sets, by its name alone; null for a name that says nothing of it. */
export function setByName(path: string): readonly string[] | null {
  return OF_PACKAGES.get(posix.basename(path)) ?? FAMILIES.find(([name]) => name.test(path))?.[1] ?? null
}
