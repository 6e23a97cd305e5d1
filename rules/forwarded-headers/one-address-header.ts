import { takesClients } from '../../src/deployment/outer-proxies.ts'
import type { SentHeader } from '../../src/deployment/model.ts'
import { insertBefore, indentationAt, propose } from '../../src/deployment/edits.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { virtualHost } from '../_examples.ts'
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

export default defineRule({
  summary: 'One header with the client’s address is set, and the other comes from the client',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Applications read `X-Forwarded-For` or `X-Real-IP`, some of them the one and then the other. nginx sets one, and passes the other as the client wrote it: what reads that one takes the address of nginx for every client, or an address that the client chose.',
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
      const set = real ?? forwarded ?? null
      if (set === null || (real != null && forwarded != null) || set.state === 'cleared') continue
      if (!takesClients(deployment, server)) continue
      const [name, other] =
        real === null ? ['X-Forwarded-For', 'X-Real-IP'] : ['X-Real-IP', 'X-Forwarded-For']
      const reader = readerOf(deployment, connection, real === null ? 'x-real-ip' : 'x-forwarded-for')
      if (reader !== null) yield finding(set, name, other, namePlace(reader))
    }
  },
})

function finding(
  { directive }: SentHeader,
  name: string,
  other: string,
  reader: ReturnType<typeof namePlace>,
) {
  const at = namePlace(directive)
  return {
    at,
    per: 'locations' as const,
    message: (often: string) =>
      `nginx sets \`${name}\`${often}, and passes the \`${other}\` that the client sent`,
    label: `no ${other}`,
    related: [{ at: reader, message: 'reads it' }],
    ...propose(`Set ${other}, too`, 'unsafe', [
      insertBefore(at, `proxy_set_header ${other} $remote_addr;\n${indentationAt(at)}`),
    ]),
  }
}
