import type { IngressAnnotation } from '../../parsers/kubernetes/read-ingresses.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** All that ingress-nginx has documented or read in any of its releases. */
export const ANNOTATIONS = words(`
  add-base-url affinity affinity-canary-behavior affinity-mode allowlist-source-range app-root auth-
  always-set-cookie auth-cache-duration auth-cache-key auth-keepalive auth-keepalive-requests auth-
  keepalive-share-vars auth-keepalive-timeout auth-method auth-proxy-set-headers auth-realm auth-
  request-redirect auth-response-headers auth-secret auth-secret-type auth-signin auth-signin-
  redirect-param auth-snippet auth-tls-error-page auth-tls-match-cn auth-tls-pass-certificate-to-
  upstream auth-tls-secret auth-tls-verify-client auth-tls-verify-depth auth-type auth-url backend-
  protocol base-url-scheme canary canary-by-cookie canary-by-header canary-by-header-pattern canary-
  by-header-value canary-weight canary-weight-total client-body-buffer-size configuration-snippet
  connection-proxy-header cors-allow-credentials cors-allow-headers cors-allow-methods cors-allow-
  origin cors-expose-headers cors-max-age custom-headers custom-http-errors default-backend denylist-
  source-range disable-proxy-intercept-errors enable-access-log enable-cors enable-dynamic-tls-records
  enable-global-auth enable-influxdb enable-modsecurity enable-opentelemetry enable-opentracing
  enable-owasp-core-rules enable-rewrite-log fastcgi-index fastcgi-params-configmap force-ssl-redirect
  from-to-www-redirect global-rate-limit global-rate-limit-ignored-cidrs global-rate-limit-key global-
  rate-limit-window grpc-backend http2-push-preload influxdb-host influxdb-measurement influxdb-port
  influxdb-server-name limit-allowlist limit-burst-multiplier limit-connections limit-rate limit-rate-
  after limit-rpm limit-rps limit-whitelist load-balance lua-resty-waf lua-resty-waf-allow-unknown-
  content-types lua-resty-waf-debug lua-resty-waf-extra-rules lua-resty-waf-ignore-rulesets lua-resty-
  waf-process-multipart-body lua-resty-waf-score-threshold mirror-host mirror-request-body mirror-
  target mirror-uri modsecurity-snippet modsecurity-transaction-id opentelemetry-operation-name
  opentelemetry-trust-incoming-span opentelemetry-trust-incoming-spans opentracing-operation-name
  opentracing-trust-incoming-span permanent-redirect permanent-redirect-code preserve-trailing-slash
  proxy-body-size proxy-buffer-number proxy-buffer-size proxy-buffering proxy-buffers-number proxy-
  busy-buffers-size proxy-connect-timeout proxy-cookie-domain proxy-cookie-path proxy-http-version
  proxy-max-temp-file-size proxy-next-upstream proxy-next-upstream-timeout proxy-next-upstream-tries
  proxy-read-timeout proxy-redirect-from proxy-redirect-to proxy-request-buffering proxy-send-timeout
  proxy-ssl-ciphers proxy-ssl-name proxy-ssl-protocols proxy-ssl-secret proxy-ssl-server-name proxy-
  ssl-session-reuse proxy-ssl-verify proxy-ssl-verify-depth relative-redirects rewrite-log rewrite-
  target satisfy secure-backends secure-verify-ca-secret server-alias server-snippet service-upstream
  session-cookie-change-on-failure session-cookie-conditional-samesite-none session-cookie-domain
  session-cookie-expires session-cookie-hash session-cookie-max-age session-cookie-name session-
  cookie-path session-cookie-samesite session-cookie-secure ssl-ciphers ssl-passthrough ssl-prefer-
  server-ciphers ssl-redirect stream-snippet temporal-redirect temporal-redirect-code upstream-fail-
  timeout upstream-hash-by upstream-hash-by-subset upstream-hash-by-subset-size upstream-max-fails
  upstream-vhost use-port-in-redirects use-regex vts-filter-key whitelist-source-range x-forwarded-
  prefix
`)

const NUMBERS = words(`
  auth-keepalive auth-keepalive-requests auth-keepalive-timeout auth-tls-verify-depth canary-weight
  canary-weight-total cors-max-age limit-burst-multiplier limit-connections limit-rate limit-rate-after limit-rpm
  limit-rps permanent-redirect-code proxy-buffers-number proxy-connect-timeout proxy-next-upstream-timeout
  proxy-next-upstream-tries proxy-read-timeout proxy-send-timeout proxy-ssl-verify-depth temporal-redirect-code
  upstream-hash-by-subset-size
`)

const BOOLEANS = words(`
  auth-always-set-cookie auth-keepalive-share-vars auth-tls-pass-certificate-to-upstream canary
  cors-allow-credentials disable-proxy-intercept-errors enable-access-log enable-cors enable-global-auth
  enable-modsecurity enable-opentelemetry enable-owasp-core-rules enable-rewrite-log force-ssl-redirect
  from-to-www-redirect http2-push-preload preserve-trailing-slash relative-redirects service-upstream
  session-cookie-change-on-failure session-cookie-conditional-samesite-none session-cookie-secure ssl-passthrough
  ssl-prefer-server-ciphers ssl-redirect upstream-hash-by-subset use-port-in-redirects use-regex
`)

/** How its template writes a size, `on` and `off`, and how Go reads a boolean. */
const FORMS: readonly (readonly [names: ReadonlySet<string>, form: RegExp, fault: string])[] = [
  [NUMBERS, /^[-+]?\d+$/, 'no number'],
  [BOOLEANS, /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/, 'no boolean'],
  [words('proxy-body-size proxy-max-temp-file-size'), /^ *\d+[kKmMgG]? *$/, 'no size'],
  [
    words('client-body-buffer-size proxy-buffer-size proxy-busy-buffers-size'),
    /^ *\d+[kKmMgGbB]? *$/,
    'no size',
  ],
  [words('proxy-buffering proxy-request-buffering'), /^ *(?:on|off) *$/, 'neither `on` nor `off`'],
  [words('backend-protocol'), /^ *(?:auto_http|https?|grpcs?|fcgi|ajp) *$/i, 'no protocol'],
]

/** What is wrong with a value; null where nothing is. */
export function valueFault({ name, value }: IngressAnnotation): string | null {
  const found = value === '' ? undefined : FORMS.find(([names]) => names.has(name))
  return found === undefined || found[1].test(value) ? null : found[2]
}

/** Names that people give an annotation, and how it is called: nginx's own, and those of other controllers. */
export const CALLED: ReadonlyMap<string, string> = new Map([
  ...[
    'client-max-body-size',
    'client_max_body_size',
    'max-body-size',
    'body-size',
    'proxy-max-body-size',
  ].map(name => [name, 'proxy-body-size'] as const),
  ['read-timeout', 'proxy-read-timeout'],
  ['send-timeout', 'proxy-send-timeout'],
  ['connect-timeout', 'proxy-connect-timeout'],
  ['cors-enable', 'enable-cors'],
  ['redirect-to-https', 'ssl-redirect'],
  ['https-redirect', 'ssl-redirect'],
  ['force-https', 'force-ssl-redirect'],
  ['ip-whitelist', 'whitelist-source-range'],
  ['basic-auth-secret', 'auth-secret'],
])

/** Keys of the controller's ConfigMap, which hold for all Ingresses and are no annotation. */
export const OF_CONFIG_MAP = words(`
  add-headers client-body-timeout client-header-buffer-size client-header-timeout compute-full-forwarded-for
  enable-brotli enable-real-ip forwarded-for-header hide-headers hsts hsts-include-subdomains hsts-max-age
  hsts-preload http-snippet keep-alive keep-alive-requests large-client-header-buffers location-snippet
  log-format-upstream main-snippet max-worker-connections proxy-real-ip-cidr proxy-set-headers server-tokens
  ssl-protocols upstream-keepalive-connections use-forwarded-headers use-gzip use-http2 use-proxy-protocol
  worker-processes
`)

/** Annotations of F5’s controller behind `nginx.org/`, and what ingress-nginx calls the same. */
export const OF_OTHER: ReadonlyMap<string, string> = new Map([
  ['client-max-body-size', 'proxy-body-size'],
  ['client-body-buffer-size', 'client-body-buffer-size'],
  ['proxy-connect-timeout', 'proxy-connect-timeout'],
  ['proxy-read-timeout', 'proxy-read-timeout'],
  ['proxy-send-timeout', 'proxy-send-timeout'],
  ['proxy-buffering', 'proxy-buffering'],
  ['proxy-buffers', 'proxy-buffers-number'],
  ['proxy-buffer-size', 'proxy-buffer-size'],
  ['proxy-max-temp-file-size', 'proxy-max-temp-file-size'],
  ['server-snippets', 'server-snippet'],
  ['location-snippets', 'configuration-snippet'],
  ['redirect-to-https', 'force-ssl-redirect'],
  ['ssl-services', 'backend-protocol'],
  ['grpc-services', 'backend-protocol'],
  ['rewrites', 'rewrite-target'],
  ['rewrite-target', 'rewrite-target'],
  ['basic-auth-secret', 'auth-secret'],
  ['basic-auth-realm', 'auth-realm'],
  ['limit-req-rate', 'limit-rps'],
  ['sticky-cookie-services', 'affinity'],
])

/** Annotations of ingress-nginx, and what F5’s controller calls the same. */
export const FOR_OTHER: ReadonlyMap<string, string> = new Map(
  [...OF_OTHER].map(([other, own]) => [own, other]),
)
