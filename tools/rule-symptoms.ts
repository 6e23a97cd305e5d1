import type { Rule } from '../src/engine/rule.ts'

/** What people see and search for, and the rules that may name its cause. */
export const SYMPTOMS: readonly (readonly [symptom: string, rules: readonly string[]])[] = [
  [
    '502 Bad Gateway',
    [
      'topology/upstream-port-not-listened',
      'topology/backend-not-listening',
      'topology/upstream-address-mismatch',
      'topology/protocol-mismatch',
      'topology/upstream-undefined',
      'php/socket-permissions',
      'sizing/keepalive-timeout-race',
      'containers/own-loopback',
      'tls/backend-proxied-over-tls-to-plain',
    ],
  ],
  ['504 Gateway Time-out', ['timeouts/nginx-below-apache', 'timeouts/gunicorn-below-nginx']],
  [
    '413 Request Entity Too Large',
    [
      'body-limits/nginx-default-below-django',
      'body-limits/apache-below-nginx',
      'body-limits/django-below-nginx',
    ],
  ],
  ['411 Length Required', ['body-limits/chunked-upload-rejected']],
  [
    '400 Bad Request, request header too large',
    ['body-limits/apache-headers-below-nginx', 'tls/listen-without-ssl'],
  ],
  [
    '403 Forbidden',
    ['wsgi/directory-not-granted', 'apache/served-directory-denied', 'apache/legacy-access-control'],
  ],
  [
    'Redirect loop, ERR_TOO_MANY_REDIRECTS',
    [
      'canonical-url/redirect-loop',
      'apache/redirect-loop',
      'django/ssl-redirect-loop',
      'forwarded-headers/proto-name-mismatch',
    ],
  ],
  [
    'Redirects to http, mixed content',
    ['canonical-url/redirect-to-plain-http', 'forwarded-headers/proto-not-sent'],
  ],
  [
    'CSRF verification failed, DisallowedHost',
    [
      'django/host-not-allowed',
      'django/csrf-origin-untrusted',
      'django/csrf-host-not-sent',
      'forwarded-headers/proxy-host-not-forwarded',
      'forwarded-headers/proto-passthrough',
    ],
  ],
  [
    'The wrong site answers',
    [
      'canonical-url/default-server-catchall-app',
      'canonical-url/duplicate-server-name',
      'topology/host-selects-wrong-vhost',
      'apache/vhost-shadowed-by-earlier-wildcard',
    ],
  ],
  [
    'The client’s address is that of the proxy',
    [
      'forwarded-headers/remoteip-no-trust-list',
      'forwarded-headers/outer-proxy-as-client',
      'forwarded-headers/internal-ips-behind-proxy',
    ],
  ],
  [
    'A header is lost, or sent twice',
    [
      'forwarded-headers/inheritance-lost',
      'response-headers/add-header-lost',
      'forwarded-headers/duplicated',
    ],
  ],
  ['An `Authorization` header never arrives', ['wsgi/authorization-dropped']],
  ['WebSocket fails', ['nginx/websocket-http-version']],
  [
    '`.git`, `.env` or source code is served',
    [
      'static-files/dotfiles-served',
      'static-files/root-exposes-code',
      'static-files/alias-traversal',
      'apache/php-source-served',
    ],
  ],
  ['`.htaccess` does nothing', ['apache/htaccess-not-read', 'apache/allowoverride-unset']],
  ['Certificate is not valid for the name', ['tls/cert-name-mismatch']],
  [
    'The server does not start',
    [
      'nginx/syntax',
      'apache/syntax',
      'apache/no-listen',
      'apache/listen-overlap',
      'loopback/listen-port-conflict',
    ],
  ],
]

/** The table, with the rules that there are. */
export function symptomsOf(rules: readonly Rule[]): typeof SYMPTOMS {
  const known = new Set(rules.map(({ id }) => id))
  return SYMPTOMS.map(([symptom, ids]) => [symptom, ids.filter(id => known.has(id))] as const).filter(
    ([, ids]) => ids.length > 0,
  )
}
