import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { headerLine } from '../../src/servers/apache/queries/header-tables.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { servedHtaccess } from '../_examples.ts'

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
  summary: 'A value of Access-Control-Allow-Origin that browsers refuse',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The header takes one origin, or `*`. Browsers refuse a list, and `*` where the request has credentials: “The value of the header must not be the wildcard”. The page that asks gets nothing.',
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
      title: 'everybody, without credentials',
      files: {
        'site.conf': apache(conf`
          Header set Access-Control-Allow-Origin "*"
          Header set Access-Control-Allow-Methods "GET, POST"
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
    for (const { occurrences } of configurations) {
      const lines = occurrences.get('add_header') ?? []
      for (const line of lines) {
        if (line.args[0]?.value.toLowerCase() !== ORIGIN) continue
        const value = line.args[1]?.value ?? ''
        const isWithCredentials = lines.some(
          other =>
            other.parent === line.parent &&
            other.args[0]?.value.toLowerCase() === CREDENTIALS &&
            other.args[1]?.value.toLowerCase() === 'true',
        )
        const message = faultOf(value, isWithCredentials)
        if (message !== null) yield { at: argumentPlace(line, 1), message }
      }
    }
    for (const configuration of servers) {
      const lines = everywhere(configuration, filesOf(configuration), 'header')
        .map(headerLine)
        .filter(line => line !== null)
      for (const { directive, name, action, value, valueAt, condition } of lines) {
        if (name.toLowerCase() !== ORIGIN || (action !== 'set' && action !== 'add') || value === null)
          continue
        const isWithCredentials = lines.some(
          other =>
            (other.directive.parent ?? other.directive.source) === (directive.parent ?? directive.source) &&
            other.name.toLowerCase() === CREDENTIALS &&
            other.condition === condition &&
            other.value?.toLowerCase() === 'true',
        )
        const message = faultOf(value, isWithCredentials)
        if (message !== null && valueAt !== null) yield { at: valueAt, message }
      }
    }
  },
})

const ORIGIN = 'access-control-allow-origin'
const CREDENTIALS = 'access-control-allow-credentials'

function faultOf(value: string, isWithCredentials: boolean): string | null {
  if (isUnknownWord(value)) return null
  if (value === '*' && isWithCredentials)
    return 'browsers refuse `*` where `Access-Control-Allow-Credentials` is `true`'
  if (/^https?:\/\/[^\s,]+(?:\s*,\s*|\s+)https?:\/\//i.test(value))
    return 'browsers take one origin, and refuse this list'
  if (/^https?:\/\/[^/\s]+\/\S*$/i.test(value))
    return 'an origin ends behind its host, so no origin is equal to this one and browsers refuse it'
  if (/^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?::\d+)?$/i.test(value))
    return 'an origin begins with its scheme, so browsers refuse this'
  if (/^https?:\/\/\*/i.test(value)) return 'browsers know no wildcard inside of an origin, and refuse this'
  return null
}
