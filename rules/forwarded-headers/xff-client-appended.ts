import type { Deployment } from '../../src/deployment/model.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { takesClients } from '../../src/deployment/outer-proxies.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { virtualHost } from '../_examples.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { readerOf } from './_header-readers.ts'
import { applicationTakingFirst } from './_application-readers.ts'

const nginx = (value: string, top = ''): string => conf`
  ${top}
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-For ${value};
      }
  }
`
const APACHE = virtualHost(conf`
  SetEnvIf X-Forwarded-For ^10\. office
  <Location />
      Require env office
  </Location>
`)
const behindNginx = (settings: string, value = '$proxy_add_x_forwarded_for'): Record<string, string> =>
  djangoBehindNginx({
    settings,
    headers: conf`
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For ${value};
    `,
  })
const middleware = (index: string): string => conf`
  class ClientAddress:
      def __init__(self, get_response):
          self.get_response = get_response
      def __call__(self, request):
          forwarded = request.META.get("HTTP_X_FORWARDED_FOR")
          if forwarded:
              request.META["REMOTE_ADDR"] = forwarded.split(",")[${index}].strip()
          return self.get_response(request)
`
const USES_IT = 'MIDDLEWARE = ["shop.middleware.ClientAddress"]\n'
const THROTTLED = (more: string): string => conf`
  REST_FRAMEWORK = {
      "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle"],
      ${more}
  }
`
const pair = (value: string, top = '') => ({ 'nginx.conf': nginx(value, top), 'site.conf': APACHE })

export default defineRule({
  summary: 'The first address in X-Forwarded-For is the client’s own invention',
  severity: 'info',
  otherSeverities: { warning: 'where a line of Apache lets clients in, or keeps them out, by it' },
  confidence: 'medium',
  since: '0.1.0',
  why: '`$proxy_add_x_forwarded_for` appends to what the client sent. Whoever reads the first entry, as many log formats and libraries do, reads what a client chose to write. So do a middleware or a script that takes the first entry, the throttles of Django REST Framework without `NUM_PROXIES`, and `req.ip` of Express that trusts every proxy: a client that writes another address each time is never held back.',
  remedy: 'At the edge, where nobody stands in front of nginx, send `$remote_addr` alone',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#var_proxy_add_x_forwarded_for'],
  bad: [
    { title: 'appended at the edge', files: pair('«$proxy_add_x_forwarded_for»') },
    {
      title: 'a rule refuses by it',
      files: {
        'nginx.conf': nginx('«$proxy_add_x_forwarded_for»'),
        'site.conf': virtualHost(conf`
          RewriteEngine On
          RewriteCond %{HTTP:X-Forwarded-For} !^192\.0\.2\.
          RewriteRule ^/manage - [F]
        `),
      },
    },
    {
      title: 'a middleware of the project reads it',
      files: {
        ...behindNginx(USES_IT, '«$proxy_add_x_forwarded_for»'),
        'web/shop/middleware.py': middleware('0'),
      },
    },
    {
      title: 'throttles of Django REST Framework count by it',
      files: behindNginx(THROTTLED(''), '«$proxy_add_x_forwarded_for»'),
    },
    {
      title: 'django-axes counts by it',
      files: behindNginx(
        'AXES_META_PRECEDENCE_ORDER = ["HTTP_X_FORWARDED_FOR", "REMOTE_ADDR"]\n',
        '«$proxy_add_x_forwarded_for»',
      ),
    },
  ],
  good: [
    { title: 'what nginx saw', files: pair('$remote_addr') },
    {
      title: 'the address that nginx wrote last is what counts',
      files: {
        'nginx.conf': nginx('$proxy_add_x_forwarded_for'),
        'site.conf': virtualHost(conf`
          SetEnvIf X-Forwarded-For "(?:^|, )192\.0\.2\.7$" office
          <Location />
              Require env office
          </Location>
        `),
      },
    },
    { title: 'nobody here reads it', files: { 'nginx.conf': nginx('$proxy_add_x_forwarded_for') } },
    {
      title: 'behind a proxy that is named',
      files: pair('$proxy_add_x_forwarded_for', 'set_real_ip_from 10.0.0.0/8;'),
    },
    {
      title: 'a middleware that takes the last address, and throttles that know how many proxies there are',
      files: {
        ...behindNginx(`${USES_IT}${THROTTLED('"NUM_PROXIES": 1,')}`),
        'web/shop/middleware.py': middleware('-1'),
      },
    },
    {
      title: 'a middleware that nobody uses',
      files: { ...behindNginx('MIDDLEWARE = []\n'), 'web/shop/middleware.py': middleware('0') },
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      for (const header of connection.headers.written) {
        if (header.state !== 'appended' || header.name !== 'x-forwarded-for') continue
        if (connection.reachable !== true || !takesClients(deployment, connection.server)) continue
        // mod_remoteip reads it from the other end.
        const reader = readerOf(
          deployment,
          connection,
          'x-forwarded-for',
          ({ name }) => !/^remoteip/i.test(name),
        )
        const readAt = reader === null ? applicationTakingFirst(deployment, connection) : namePlace(reader)
        if (readAt === null || (reader !== null && readsLast(reader))) continue
        const decides = reader !== null && decidesAccess(deployment, reader)
        const at = argumentPlace(header.directive, 1)
        yield {
          at,
          severity: decides ? 'warning' : 'info',
          related: [{ at: readAt, message: decides ? 'decides by it who is let in' : 'reads it' }],
          per: 'locations',
          message: often =>
            `nginx appends to the \`X-Forwarded-For\` that the client sent${often}, so the first address in it is the client’s to choose`,
          ...propose('Send the address that nginx saw', 'unsafe', [replacePlace(at, '$remote_addr')]),
        }
      }
    }
  },
})

/** True for an expression that looks at the end of the header, which nginx writes. */
function readsLast({ name, args }: ApacheDirective): boolean {
  return /^SetEnvIf(?:NoCase)?$/i.test(name) && /[^\\](?:\\\\)*\$$/.test(args[1]?.value ?? '')
}

/** True for a `SetEnvIf` whose variable is asked for by who may come in, and for a condition of a rule that refuses. */
function decidesAccess({ apache }: Deployment, reader: ApacheDirective): boolean {
  if (/^RewriteCond$/i.test(reader.name)) {
    const siblings = reader.parent?.children ?? []
    const rule = siblings.slice(siblings.indexOf(reader)).find(({ name }) => /^RewriteRule$/i.test(name))
    return /[[,]\s*(?:F|forbidden)\s*[,\]]/i.test(rule?.args[2]?.value ?? '')
  }
  if (!/^SetEnvIf(?:NoCase)?$/i.test(reader.name)) return false
  const names = new Set(reader.args.slice(2).map(({ value }) => value.replace(/^!|=.*$/g, '')))
  const asks = ({ name, args }: ApacheDirective): boolean =>
    /^Require$/i.test(name)
      ? args.some(({ value }, index) => names.has(value) && /^env$/i.test(args[0]?.value ?? '') && index > 0)
      : args.some(({ value }) => /^env=/i.test(value) && names.has(value.replace(/^env=!?/i, '')))
  return apache.some(({ occurrences }) =>
    ['require', 'allow', 'deny'].some(name => occurrences.get(name)?.some(asks)),
  )
}
