import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { Connections } from '../../src/deployment/model.ts'
import { namePlace as nginxNamePlace } from '../../src/deployment/places.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { headerLine } from '../../src/servers/apache/queries/header-tables.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:443>
      ServerName example.org
      ${lines}
      ProxyPass / http://127.0.0.1:3000/
  </VirtualHost>
`

export default defineRule({
  summary: 'A header is set in the response where the request is meant, or the reverse',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`Header` and nginx’s `add_header` change responses, `RequestHeader` and `proxy_set_header` requests. What a backend is to be told of the client is told to the client, and the backend builds its links with `http://` and logs the address of the proxy.',
  remedy:
    'Write `RequestHeader set X-Forwarded-Proto https`, without `always`; in nginx `proxy_set_header X-Forwarded-Proto $scheme;`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_headers.html#requestheader'],
  bad: [
    {
      title: 'what the backend is to be told',
      files: {
        'site.conf': host(conf`
          «Header always» set X-Forwarded-Proto https
          «Header» set X-Real-IP %{REMOTE_ADDR}s
        `),
      },
    },
    {
      title: 'what the browser is to be told',
      files: { 'site.conf': host('«RequestHeader» set Strict-Transport-Security "max-age=31536000"') },
    },
    {
      title: 'in nginx',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
                «add_header» X-Real-IP $remote_addr;
            }
          `),
        ),
      },
    },
  ],
  good: [
    {
      title: 'each to its side',
      files: {
        'site.conf': host(conf`
          RequestHeader set X-Forwarded-Proto https
          Header always set Strict-Transport-Security "max-age=31536000"
          Header unset X-Forwarded-For
          Header set Vary X-Forwarded-Proto
        `),
      },
    },
    {
      title: 'in nginx, where the client is told as well',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header X-Real-IP $remote_addr;
                add_header X-Real-IP $remote_addr;
            }
            location /address {
                add_header X-Real-IP $remote_addr;
                return 204;
            }
          `),
        ),
      },
    },
  ],
  *check({ apache, nginx, connections }) {
    if (nginx.some(({ occurrences }) => occurrences.has('add_header'))) yield* inNginx(connections)
    for (const { occurrences } of apache) {
      for (const directive of occurrences.get('header') ?? []) {
        const line = headerLine(directive)
        if (line === null || !ADDING.has(line.action) || !OF_REQUESTS.test(line.name)) continue
        const at = namePlace(directive)
        const [first] = directive.args
        const word = first !== undefined && /^(?:always|onsuccess)$/i.test(first.value) ? first : undefined
        const whole: Place = word === undefined ? at : { ...at, end: word.end }
        yield {
          at: whole,
          message: `\`Header\` sends \`${line.name}\` to the client, and the backend is not told`,
          ...propose('Set it in the request', 'unsafe', [replacePlace(whole, 'RequestHeader')]),
        }
      }
      for (const directive of occurrences.get('requestheader') ?? []) {
        const [action, name] = directive.args
        if (!ADDING.has(action?.value.toLowerCase() ?? '') || !OF_RESPONSES.test(name?.value ?? '')) continue
        if (isSent(occurrences.get('header') ?? [], name?.value ?? '')) continue
        yield {
          at: namePlace(directive),
          message: `\`RequestHeader\` sends \`${name?.value}\` to the backend, and browsers, which it is for, do not get it`,
          ...propose('Set it in the response', 'unsafe', [
            replacePlace(namePlace(directive), 'Header always'),
          ]),
        }
      }
    }
  },
})

/** What `add_header` of a location with a backend sends to the client, and no `proxy_set_header` to the backend. */
function* inNginx({ http }: Connections): Iterable<RuleFinding> {
  for (const { server, block, headers } of http) {
    const added = effective(server.configuration, block, 'add_header')
    if (!added.known || headers.open) continue
    for (const line of added.value.directives) {
      const name = line.args[0]?.value ?? ''
      if (!OF_REQUESTS.test(name) || headers.written.some(sent => sent.name === name.toLowerCase())) continue
      const at = nginxNamePlace(line)
      yield {
        at,
        message: `\`add_header\` sends \`${name}\` to the client, and the backend is not told`,
        ...(line.parent === block
          ? propose('Set it in the request', 'unsafe', [replacePlace(at, 'proxy_set_header')])
          : {}),
      }
    }
  }
}

const ADDING: ReadonlySet<string> = new Set(['set', 'add', 'append', 'merge', 'setifempty'])

const OF_REQUESTS =
  /^(?:x-forwarded-(?:proto|for|host|port|ssl|server|scheme|prefix)|x-real-ip|x-client-ip|x-url-scheme|front-end-https|forwarded):?$/i
const OF_RESPONSES =
  /^(?:strict-transport-security|x-frame-options|x-content-type-options|x-xss-protection|content-security-policy|referrer-policy|permissions-policy|access-control-allow-(?:origin|methods|headers|credentials)):?$/i

/** True where the response has the header as well. */
function isSent(lines: readonly ApacheDirective[], name: string): boolean {
  return lines.some(line => headerLine(line)?.name.toLowerCase() === name.toLowerCase())
}
