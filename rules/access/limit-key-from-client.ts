import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (key: string, use = 'limit_req zone=login;'): string =>
  nginxMain([
    `limit_req_zone ${key} zone=login:1m rate=1r/m;`,
    nginxServer(conf`
      root /srv/www;
      location /login {
          ${use}
          try_files /login.html =404;
      }
    `),
  ])

export default defineRule({
  summary: 'A limit counts by a header that the client writes',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 5.3,
  cwe: [348],
  since: '0.1.0',
  why: '`X-Forwarded-For` holds what the client sent, with the address that a proxy in front adds behind it. With another value in each request a client is never limited, and one that sends none is not counted at all.',
  remedy:
    'Write `$binary_remote_addr`, and behind a proxy `set_real_ip_from` with its address and `real_ip_header X-Forwarded-For`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_limit_req_module.html#limit_req_zone',
    'https://nginx.org/en/docs/http/ngx_http_realip_module.html',
  ],
  bad: [
    { title: 'the header', files: { 'etc/nginx/nginx.conf': nginx('«$http_x_forwarded_for»') } },
    {
      title: 'the header, with the address behind it',
      files: { 'etc/nginx/nginx.conf': nginx('«$proxy_add_x_forwarded_for»') },
    },
  ],
  good: [
    { title: 'the address', files: { 'etc/nginx/nginx.conf': nginx('$binary_remote_addr') } },
    {
      title: 'an account, and a limit that nobody uses',
      files: { 'etc/nginx/nginx.conf': nginx('$http_x_forwarded_for', 'limit_rate 1m;') },
    },
    {
      title: 'the address is one of two that count',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '$http_x_forwarded_for',
          conf`
            limit_req zone=login;
            limit_req zone=all;
          `,
        ).replace(
          'http {',
          conf`
            http {
                limit_req_zone $binary_remote_addr zone=all:1m rate=1r/m;
          `.trimEnd(),
        ),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const [use, name] of USES) {
        const zones = occurrences.get(name) ?? []
        const forged = zones.filter(({ args }) => FORGED.test(args[0]?.value ?? ''))
        if (forged.length === 0) continue
        const sound = new Set(zones.filter(zone => !forged.includes(zone)).map(zoneOf))
        for (const zone of forged) {
          const line = (occurrences.get(use) ?? []).find(
            each =>
              usedBy(each) === zoneOf(zone) &&
              !(each.parent?.children ?? []).some(other => other.name === use && sound.has(usedBy(other))),
          )
          if (line === undefined) continue
          const at = argumentPlace(zone, 0)
          yield {
            at,
            message: `\`${zone.args[0]?.value}\` is what the client writes, so whoever changes it in each request is not limited`,
            label: 'written by the client',
            related: [{ at: namePlace(line), message: 'limited here' }],
            ...propose('Count by the address', 'unsafe', [replacePlace(at, '$binary_remote_addr')]),
          }
        }
      }
    }
  },
})

const USES = [
  ['limit_req', 'limit_req_zone'],
  ['limit_conn', 'limit_conn_zone'],
] as const

const FORGED = /^\$\{?(?:http_x_forwarded_for|proxy_add_x_forwarded_for)\}?$/

function zoneOf({ args }: { readonly args: readonly { readonly value: string }[] }): string | undefined {
  return args.find(({ value }) => value.startsWith('zone='))?.value.replace(/^zone=|:.*$/g, '')
}

function usedBy({ args }: { readonly args: readonly { readonly value: string }[] }): string | undefined {
  return (args.find(({ value }) => value.startsWith('zone=')) ?? args[0])?.value.replace(/^zone=/, '')
}
