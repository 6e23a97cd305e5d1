import type { Place } from '../../parsers/text/source.ts'
import { takesClients } from '../../src/deployment/outer-proxies.ts'
import type { Deployment, NginxConnection, SentHeader } from '../../src/deployment/model.ts'
import { insertBefore, indentationAt, propose } from '../../src/deployment/edits.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, virtualHost } from '../_examples.ts'
import { serviceUnit } from '../app-server/_examples.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { type AddressHeader, applicationReading } from './_application-readers.ts'
import { readerOf } from './_header-readers.ts'

const site = (headers: string, lines = ''): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${lines}
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
          ${headers}
      }
  }
`

const reading = (header: string): string =>
  virtualHost(conf`
  SetEnvIf ${header} ^10\. office
  <Location />
      Require env office
  </Location>
`)
const FORWARDED = reading('X-Forwarded-For')

/** nginx in front of a script that nothing here starts, and that listens by itself. */
const script = (code: string, headers: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        location / {
            «proxy_pass» http://127.0.0.1:3000;
            ${headers}
        }
    }
  `),
  'srv/chat/server.js': conf`
    const http = require('http')
    http.createServer((req, res) => {
        res.end(${code})
    }).listen(process.env.PORT || 3000)
  `,
})
const unmarked = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.replace(/[«»]/g, '')]))
/** nginx in front of gunicorn, which runs an application that counts clients by a header. */
const gunicorn = (headers: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        location / {
            proxy_pass http://127.0.0.1:8000;
            ${headers}
        }
    }
  `),
  'etc/systemd/system/shop.service': serviceUnit('/usr/bin/gunicorn --bind 127.0.0.1:8000 main:application'),
  'etc/shop/main.py': conf`
    def application(environ, start_response):
        client = environ.get("HTTP_X_REAL_IP", environ["REMOTE_ADDR"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [client.encode()]
  `,
})

export default defineRule({
  summary: 'The header that is read for the client’s address is not the one that nginx sets',
  severity: 'info',
  otherSeverities: {
    warning:
      'where an application of the audit takes the client’s address from the one that nginx does not set',
  },
  confidence: 'medium',
  since: '0.1.0',
  why: 'Applications read `X-Forwarded-For` or `X-Real-IP`, some of them the one and then the other. nginx sets one or none, and passes the rest as the client wrote it: what reads that one takes the address of nginx for every client, or an address that the client chose.',
  remedy: 'Set both `X-Real-IP` and `X-Forwarded-For`',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header'],
  bad: [
    {
      title: 'X-Real-IP alone',
      files: { 'nginx.conf': site('«proxy_set_header» X-Real-IP $remote_addr;'), 'site.conf': FORWARDED },
    },
    {
      title: 'X-Forwarded-For alone',
      files: {
        'nginx.conf': site('«proxy_set_header» X-Forwarded-For $remote_addr;'),
        'site.conf': reading('X-Real-IP'),
      },
    },
    {
      title: 'an application reads the other',
      files: gunicorn('«proxy_set_header» X-Forwarded-For $remote_addr;'),
    },
    {
      title: 'a script for Node.js reads one, and nginx sets none',
      files: script("req.headers['x-real-ip'] || req.socket.remoteAddress", 'proxy_set_header Host $host;'),
    },
  ],
  good: [
    {
      title: 'both',
      files: {
        'nginx.conf': site(conf`
          proxy_set_header X-Real-IP $remote_addr;
          proxy_set_header X-Forwarded-For $remote_addr;
        `),
        'site.conf': FORWARDED,
      },
    },
    {
      title: 'the one that the application reads',
      files: gunicorn('proxy_set_header X-Real-IP $remote_addr;'),
    },
    {
      title: 'a script for Node.js that reads none',
      files: unmarked(script('req.socket.remoteAddress', 'proxy_set_header Host $host;')),
    },
    {
      title: 'a script that listens elsewhere',
      files: unmarked({
        ...script("req.headers['x-real-ip']", 'proxy_set_header Host $host;'),
        'srv/chat/server.js': conf`
          require('http').createServer((req, res) => res.end(req.headers['x-real-ip'])).listen(4000)
        `,
      }),
    },
    { title: 'neither', files: { 'nginx.conf': site(''), 'site.conf': FORWARDED } },
    {
      title: 'nobody here reads the other',
      files: { 'nginx.conf': site('proxy_set_header X-Real-IP $remote_addr;') },
    },
    {
      title: 'the other is not sent',
      files: {
        'nginx.conf': site(conf`
          proxy_set_header X-Real-IP $remote_addr;
          proxy_set_header X-Forwarded-For "";
        `),
        'site.conf': FORWARDED,
      },
    },
    {
      title: 'behind a proxy that sets it',
      files: {
        'nginx.conf': site(
          'proxy_set_header X-Real-IP $remote_addr;',
          conf`
            set_real_ip_from 192.0.2.1;
            real_ip_header X-Forwarded-For;
          `,
        ),
        'site.conf': FORWARDED,
      },
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      const { headers, server } = connection
      if (headers.open || !headers.passesOthers || connection.reachable !== true) continue
      const [real, forwarded] = ['x-real-ip', 'x-forwarded-for'].map(
        name => headers.written.findLast(header => header.name === name) ?? null,
      )
      if (real != null && forwarded != null) continue
      const set = real ?? forwarded ?? null
      if (set?.state === 'cleared' || !takesClients(deployment, server)) continue
      if (set === null) {
        yield* neither(deployment, connection)
        continue
      }
      const other = real === null ? 'x-real-ip' : 'x-forwarded-for'
      const application = applicationReading(deployment, connection, other)
      const line = application === null ? readerOf(deployment, connection, other) : null
      const reader = application ?? (line === null ? null : namePlace(line))
      if (reader === null) continue
      // An application that reads both may take the one that is set first.
      const own = application === null ? null : applicationReading(deployment, connection, OTHER[other])
      yield finding(set, NAMES[OTHER[other]], NAMES[other], reader, application !== null && own === null)
    }
  },
})

const NAMES: Readonly<Record<AddressHeader, string>> = {
  'x-forwarded-for': 'X-Forwarded-For',
  'x-real-ip': 'X-Real-IP',
}
const OTHER: Readonly<Record<AddressHeader, AddressHeader>> = {
  'x-forwarded-for': 'x-real-ip',
  'x-real-ip': 'x-forwarded-for',
}

/** nginx sets none of them, and an application asks for one. */
function* neither(deployment: Deployment, connection: NginxConnection): Iterable<RuleFinding> {
  for (const header of ['x-forwarded-for', 'x-real-ip'] as const) {
    const reader = applicationReading(deployment, connection, header)
    if (reader === null) continue
    const at = namePlace(connection.pass)
    const name = NAMES[header]
    yield {
      at,
      severity: 'warning',
      message: `nginx passes the \`${name}\` that the client sent, and the application takes the client’s address from it`,
      label: `no ${name}`,
      related: [{ at: reader, message: 'reads it' }],
      ...propose(`Set ${name}`, 'unsafe', [
        insertBefore(at, `proxy_set_header ${name} $remote_addr;\n${indentationAt(at)}`),
      ]),
    }
    return
  }
}

function finding(
  { directive }: SentHeader,
  name: string,
  other: string,
  reader: Place,
  isSure: boolean,
): RuleFinding {
  const at = namePlace(directive)
  return {
    at,
    ...(isSure && { severity: 'warning' }),
    per: 'locations',
    message: (often: string) =>
      `nginx sets \`${name}\`${often}, and passes the \`${other}\` that the client sent`,
    label: `no ${other}`,
    related: [{ at: reader, message: 'reads it' }],
    ...propose(`Set ${other}, too`, 'unsafe', [
      insertBefore(at, `proxy_set_header ${other} $remote_addr;\n${indentationAt(at)}`),
    ]),
  }
}
