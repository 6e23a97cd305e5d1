import { distance } from 'fastest-levenshtein'
import { recent } from '../../parsers/collections/recent.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass http://127.0.0.1:9000;
          ${lines}
      }
    `),
  )

export default defineRule({
  summary: 'A variable names a header that no client sends',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx takes every `$http_…` for a header of the request, however it is spelt, and is silent: the variable is empty, and what it is to decide or to tell the backend is lost.',
  remedy:
    'Spell the header as clients do, in small letters and with `_` for `-`: `$http_upgrade`, `$http_x_forwarded_for`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#var_http_'],
  bad: [
    {
      title: 'two letters the wrong way round',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_http_version 1.1;
          proxy_set_header Upgrade «$http_upgarde»;
          proxy_set_header Connection "upgrade";
        `),
      },
    },
    {
      title: 'in a condition',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          if («$http_referrer» ~ spam) {
              return 403;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'as clients spell it',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection "upgrade";
        `),
      },
    },
    {
      title: 'headers of an application’s own',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_set_header X-Tenant $http_x_tenant;
          proxy_set_header X-Forwarded-Path $http_x_forwarded_path;
          proxy_set_header X-Hosts $http_hosts;
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const name of READERS) {
        for (const line of occurrences.get(name) ?? []) {
          for (const [index, { value }] of line.args.entries()) {
            if (!value.includes('http_')) continue
            for (const { variable, meant } of misspeltIn(value)) {
              const at = argumentPlace(line, index)
              const start = at.source.text.indexOf(`$${variable}`, at.start)
              const isFound = start !== -1 && start < at.end
              yield {
                at: isFound ? { ...at, start, end: start + variable.length + 1 } : at,
                message: `no client sends a header by which \`$${variable}\` is filled: \`$http_${meant}\` is`,
              }
            }
          }
        }
      }
    }
  },
})

/** Lines by which a header decides something, or is told to a backend. */
const READERS = [
  'proxy_set_header',
  'grpc_set_header',
  'fastcgi_param',
  'uwsgi_param',
  'if',
  'set',
  'map',
  'add_header',
  'limit_req_zone',
  'limit_conn_zone',
  'proxy_cache_key',
  'proxy_cache_bypass',
  'proxy_no_cache',
] as const

const HEADERS = [
  'upgrade',
  'connection',
  'authorization',
  'user_agent',
  'referer',
  'origin',
  'cookie',
  'accept_encoding',
  'accept_language',
  'content_length',
  'content_type',
  'cf_connecting_ip',
  'x_requested_with',
  'x_forwarded_for',
  'x_forwarded_proto',
  'x_forwarded_host',
  'x_forwarded_port',
  'if_modified_since',
  'cache_control',
] as const

const KNOWN: ReadonlySet<string> = new Set([...HEADERS, 'x_forwarded_by', 'accept', 'cookie2', 'x_referer'])

interface Misspelt {
  readonly variable: string
  readonly meant: string
}

/** The same few values stand in thousands of sites. */
const misspeltIn = recent((value: string): readonly Misspelt[] =>
  variableNames(value).flatMap(variable => {
    const meant = variable.startsWith('http_') ? meantBy(variable.slice(5)) : undefined
    return meant === undefined ? [] : [{ variable, meant }]
  }),
)

/** The header of as many words, of which one long one differs in a letter or two. */
function meantBy(name: string): string | undefined {
  if (KNOWN.has(name)) return undefined
  const words = name.split('_')
  return HEADERS.find(header => {
    const wanted = header.split('_')
    if (wanted.length !== words.length) return false
    const other = words.flatMap((word, index) => (word === wanted[index] ? [] : [index]))
    const [index] = other
    if (other.length !== 1 || index === undefined) return false
    const [one = '', right = ''] = [words[index], wanted[index]]
    return right.length >= 6 && distance(one, right) <= (right.length >= 7 ? 2 : 1)
  })
}
