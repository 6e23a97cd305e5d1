import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { conditionWords } from '../../src/servers/nginx/queries/conditions.ts'
import { isAnchoredAtEnd } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (condition: string, action = 'return 403;'): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      location /admin/ {
          if (${condition}) {
              ${action}
          }
      }
    `),
  )

export default defineRule({
  summary: 'A header that any client may write decides who is let in',
  severity: 'warning',
  otherSeverities: { info: 'where a proxy that sets the header anew would make it true' },
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [290, 348],
  since: '0.1.0',
  why: 'Clients send `X-Forwarded-For` as they like, and proxies append to it. An address that is looked for anywhere in the header is there as soon as a client writes it there itself.',
  remedy:
    'Name the proxies by `set_real_ip_from` with `real_ip_header`, and let `allow` and `deny` decide by the address',
  references: ['https://nginx.org/en/docs/http/ngx_http_realip_module.html'],
  bad: [
    {
      title: 'an address anywhere in the header',
      files: { 'etc/nginx/nginx.conf': nginx('«$http_x_forwarded_for» !~ "203\\.0\\.113\\.7"') },
    },
    {
      title: 'an address at its beginning',
      files: { 'etc/nginx/nginx.conf': nginx('«$http_x_forwarded_for» !~* ^10\\.', 'return 444;') },
    },
    {
      title: 'the whole header',
      files: { 'etc/nginx/nginx.conf': nginx('«$http_x_real_ip» != 203.0.113.7') },
    },
  ],
  good: [
    {
      title: 'the address of the connection',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            location /admin/ {
                allow 203.0.113.7;
                deny all;
            }
          `),
        ),
      },
    },
    {
      title: 'what the last proxy appended',
      files: { 'etc/nginx/nginx.conf': nginx('$http_x_forwarded_for !~ "203\\.0\\.113\\.7$"') },
    },
    {
      title: 'somebody who is kept out',
      files: { 'etc/nginx/nginx.conf': nginx('$http_x_forwarded_for ~ "203\\.0\\.113\\.7"') },
    },
    {
      title: 'a condition that refuses nobody',
      files: {
        'etc/nginx/nginx.conf': nginx('$http_x_forwarded_for !~ "203\\.0\\.113\\.7"', 'set $inner 0;'),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const directive of occurrences.get('if') ?? []) {
        const [subject = '', operator = '', operand = ''] = conditionWords(directive)
        if (!FORWARDED.test(subject) || !operator.startsWith('!') || !OF_ADDRESS.test(operand)) continue
        if (!directive.children.some(refuses)) continue
        const isWhole = operator === '!='
        const tree = isWhole ? null : readPattern(operand)
        // The end of the header is what the last proxy wrote.
        if (!isWhole && (tree === null || isAnchoredAtEnd(tree))) continue
        const place = argumentPlace(directive, 0)
        const written = place.source.text.slice(place.start, place.end)
        const start = place.start + written.indexOf('$')
        yield {
          at: { ...place, start, end: start + subject.length },
          ...(isWhole && ({ severity: 'info', confidence: 'medium' } as const)),
          message: `a client that sends \`${headerOf(subject)}: ${sampleOf(operand)}\` is let in`,
          label: 'written by the client',
        }
      }
    }
  },
})

const FORWARDED =
  /^\$http_(?:x_forwarded_for|x_real_ip|x_client_ip|client_ip|true_client_ip|x_cluster_client_ip|forwarded)$/
const OF_ADDRESS = /^[\^("]*\d{1,3}\\?\./

function refuses({ name, args }: NginxDirective): boolean {
  return (
    (name === 'return' && /^4\d\d$/.test(args[0]?.value ?? '')) ||
    (name === 'deny' && args[0]?.value === 'all')
  )
}

function headerOf(variable: string): string {
  return variable
    .replace('$http_', '')
    .split('_')
    .map(part => (part === 'ip' ? 'IP' : `${part.charAt(0).toUpperCase()}${part.slice(1)}`))
    .join('-')
}

/** The first address that an expression is written for. */
function sampleOf(operand: string): string {
  const digits = /\d{1,3}(?:\.\d{1,3})*\.?/.exec(operand.replaceAll('\\', ''))?.[0] ?? ''
  const parts = digits.replace(/\.$/, '').split('.')
  return [...parts, '1', '1', '1'].slice(0, 4).join('.')
}
