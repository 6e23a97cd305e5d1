import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { faultOfOrigin } from './_cors-origins.ts'
import { scopeOf } from '../../src/servers/apache/queries/directives-in.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { headerLine } from '../../src/servers/apache/queries/header-tables.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { servedHtaccess } from '../_examples.ts'
import { isOfSubrequest } from './_subrequests.ts'
import { originAllowedByCheck } from './_examples.ts'

const nginx = (lines: string): string => conf`
  server {
      listen 80;
      server_name api.example.org;
      location / {
          ${lines}
          proxy_pass http://127.0.0.1:9000;
      }
  }
`
const apache = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName api.example.org
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'A value of a CORS header that browsers refuse',
  severity: 'error',
  otherSeverities: {
    warning:
      'where `*` stands for all origins, headers or methods and credentials are allowed: it holds for requests without them',
  },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'The header takes one origin, or `*`. Browsers refuse a list, and `*` where the request has credentials: “The value of the header must not be the wildcard”. The page that asks gets nothing. In the lists of headers and methods `*` is a name of its own then, and a request with `Authorization` or `application/json` is not sent.',
  remedy:
    'Answer with the one origin that asked, out of a list: a `map` of `$http_origin` in nginx, `SetEnvIf Origin` in Apache',
  references: ['https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Access-Control-Allow-Origin'],
  bad: [
    {
      title: 'everybody, with credentials',
      files: {
        'nginx.conf': nginx(conf`
          add_header Access-Control-Allow-Origin «*» always;
          add_header Access-Control-Allow-Credentials true always;
        `),
      },
    },
    {
      title: 'in a snippet of an Ingress',
      files: {
        'k8s/ingress.yaml': conf`
          apiVersion: networking.k8s.io/v1
          kind: Ingress
          metadata:
            name: shop
            annotations:
              nginx.ingress.kubernetes.io/configuration-snippet: |
                add_header Access-Control-Allow-Origin «*»;
                add_header Access-Control-Allow-Credentials true;
          spec:
            ingressClassName: nginx
            rules:
              - host: shop.example.org
                http:
                  paths:
                    - path: /
                      pathType: Prefix
                      backend:
                        service:
                          name: shop
                          port:
                            number: 80
        `,
      },
    },
    {
      title: 'two origins',
      files: {
        'nginx.conf': nginx(
          'add_header Access-Control-Allow-Origin «"https://a.example.org, https://b.example.org"» always;',
        ),
      },
    },
    {
      title: 'in Apache',
      files: {
        'site.conf': apache(conf`
          Header set Access-Control-Allow-Origin «"*"»
          Header set Access-Control-Allow-Credentials "true"
        `),
      },
    },
    {
      title: 'two origins in Apache',
      files: {
        'site.conf': apache(
          'Header always set Access-Control-Allow-Origin «"https://a.example.org https://b.example.org"»',
        ),
      },
    },
    {
      title: 'an origin with a slash',
      files: {
        'nginx.conf': nginx('add_header Access-Control-Allow-Origin «https://app.example.org/» always;'),
      },
    },
    {
      title: 'a name without its scheme',
      files: { 'nginx.conf': nginx('add_header Access-Control-Allow-Origin «app.example.org» always;') },
    },
    {
      title: 'a wildcard for a part',
      files: {
        'site.conf': apache('Header set Access-Control-Allow-Origin «"https://*.example.org"»'),
      },
    },
    {
      title: 'all headers, with credentials',
      files: {
        'nginx.conf': nginx(conf`
          add_header Access-Control-Allow-Origin https://app.example.org always;
          add_header Access-Control-Allow-Credentials true always;
          add_header Access-Control-Allow-Headers «"*"» always;
        `),
      },
    },
    {
      title: 'all headers, with credentials, in Apache',
      files: {
        'site.conf': apache(conf`
          Header always set Access-Control-Allow-Origin "https://app.example.org"
          Header always set Access-Control-Allow-Credentials "true"
          Header always set Access-Control-Allow-Headers «"*"»
        `),
      },
    },
    {
      title: 'in `.htaccess`',
      files: servedHtaccess(conf`
        Header set Access-Control-Allow-Origin «"https://a.example.org, https://b.example.org"»
      `),
    },
  ],
  good: [
    {
      title: 'one origin with credentials',
      files: {
        'nginx.conf': nginx(conf`
          add_header Access-Control-Allow-Origin https://example.org always;
          add_header Access-Control-Allow-Credentials true always;
        `),
      },
    },
    {
      title: 'an answer that `auth_request` reads and no client gets',
      files: {
        'nginx.conf': originAllowedByCheck('*'),
      },
    },
    {
      title: 'everybody, without credentials',
      files: {
        'site.conf': apache(conf`
          Header set Access-Control-Allow-Origin "*"
          Header set Access-Control-Allow-Methods "GET, POST"
          Header set Access-Control-Allow-Headers "*"
        `),
      },
    },
    {
      title: 'each in a place of its own',
      files: {
        'site.conf': apache(conf`
          <Location /public>
              Header set Access-Control-Allow-Origin "*"
          </Location>
          <Location /api>
              Header set Access-Control-Allow-Origin "https://example.org"
              Header set Access-Control-Allow-Credentials "true"
          </Location>
        `),
      },
    },
  ],
  *check({ nginx: configurations, apache: servers, filesOf }) {
    for (const configuration of configurations) {
      const lines = (configuration.occurrences.get('add_header') ?? [])
        .filter(isOfCors)
        .filter(line => !isOfSubrequest(configuration, line))
      const withCredentials = new Set(
        lines
          .filter(({ args }) => isCredentials(args[0]?.value ?? '', args[1]?.value ?? ''))
          .map(({ parent }) => parent),
      )
      for (const line of lines) {
        const [name, value] = line.args
        const fault = faultOf(name?.value ?? '', value?.value ?? '', withCredentials.has(line.parent))
        if (fault !== null) yield { at: argumentPlace(line, 1), ...fault }
      }
    }
    for (const configuration of servers) {
      const lines = everywhere(configuration, filesOf(configuration), 'header')
        .map(headerLine)
        .filter(line => line !== null)
      for (const { directive, name, action, value, valueAt, condition } of lines) {
        if (!CORS.test(name) || (action !== 'set' && action !== 'add') || value === null) continue
        const isWithCredentials = lines.some(
          other =>
            scopeOf(other.directive) === scopeOf(directive) &&
            other.condition === condition &&
            isCredentials(other.name, other.value ?? ''),
        )
        const fault = faultOf(name, value, isWithCredentials)
        if (fault !== null && valueAt !== null) yield { at: valueAt, ...fault }
      }
    }
  },
})

const CORS = /^access-control-/i

function isOfCors({ args }: NginxDirective): boolean {
  return CORS.test(args[0]?.value ?? '')
}

function isCredentials(name: string, value: string): boolean {
  return name.toLowerCase() === CREDENTIALS && value.toLowerCase() === 'true'
}

type Fault = Pick<RuleFinding, 'message' | 'severity' | 'help'>

const ORIGIN = 'access-control-allow-origin'
const CREDENTIALS = 'access-control-allow-credentials'

function faultOf(name: string, value: string, isWithCredentials: boolean): Fault | null {
  if (isUnknownWord(value)) return null
  const header = name.toLowerCase()
  if (header === ORIGIN) {
    if (value === '*' && isWithCredentials)
      return {
        severity: 'warning',
        message:
          '`Access-Control-Allow-Credentials` is `true`, and browsers refuse `*` to every request that is made with credentials',
      }
    const message = faultOfOrigin(value)
    return message === null ? null : { message }
  }
  const list = LISTS.get(header)
  if (list === undefined || value !== '*' || !isWithCredentials) return null
  return {
    severity: 'warning',
    message: `with \`Access-Control-Allow-Credentials: true\`, \`*\` is the name of ${list}, and stands for no other`,
    help: 'Write them out: `Authorization, Content-Type`',
  }
}

/** What the wildcard would stand for. */
const LISTS: ReadonlyMap<string, string> = new Map([
  ['access-control-allow-headers', 'a header'],
  ['access-control-allow-methods', 'a method'],
  ['access-control-expose-headers', 'a header'],
])
