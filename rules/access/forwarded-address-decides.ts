import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
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

const MAP = conf`
  map $http_x_forwarded_for $is_inside {
      default 0;
      203.0.113.7 1;
  }
`

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
    {
      title: 'a map of addresses',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          MAP,
          nginxServer(conf`
            root /srv/www;
            if ($is_inside = 0) {
                return 403;
            }
          `),
        ])
          .replace('map $', 'map «$')
          .replace('for $is', 'for» $is'),
      },
    },
  ],
  good: [
    {
      title: 'a map of addresses that are kept out',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          MAP,
          nginxServer(conf`
            root /srv/www;
            if ($is_inside) {
                return 403;
            }
          `),
        ]),
      },
    },
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
      yield* mapped(occurrences)
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

/** A map that lets addresses of the header through, where a condition refuses everybody else. */
function* mapped(occurrences: NginxConfiguration['occurrences']): Iterable<RuleFinding> {
  for (const map of occurrences.get('map') ?? []) {
    const [subject = '', variable = ''] = map.args.map(({ value }) => value)
    const entry = map.children.find(({ name, args }) => args.length === 1 && OF_ADDRESS.test(name))
    if (!FORWARDED.test(subject) || entry === undefined) continue
    const rest = map.children.find(({ name }) => name === 'default')?.args[0]?.value ?? ''
    const refusing = (occurrences.get('if') ?? []).find(
      line =>
        line.children.some(refuses) &&
        holds(line, variable, rest) === true &&
        holds(line, variable, entry.args[0]?.value ?? '') === false,
    )
    if (refusing === undefined) continue
    yield {
      at: argumentPlace(map, 0),
      severity: 'info',
      confidence: 'medium',
      message: `a client that sends \`${headerOf(subject)}: ${sampleOf(entry.name)}\` is let in`,
      label: 'written by the client',
      related: [{ at: argumentPlace(refusing, 0), message: 'refuses everybody else' }],
    }
  }
}

/** Whether a condition holds for a value of a variable; null for one that asks for something else. */
function holds(line: NginxDirective, variable: string, value: string): boolean | null {
  const [subject, operator, operand = ''] = conditionWords(line)
  if (subject !== variable) return null
  if (operator === undefined) return value !== '' && value !== '0'
  return operator === '=' ? value === operand : operator === '!=' ? value !== operand : null
}

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
