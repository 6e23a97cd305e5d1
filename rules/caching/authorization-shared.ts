import { isUnknownWord } from '../../parsers/text/source.ts'
import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isOfAssets } from '../_static-assets.ts'
import { effective, effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'

const main = (lines: string, more = ''): string => conf`
  proxy_cache_path /var/lib/nginx/cache keys_zone=api:1m;
  server {
      listen 80;
      server_name api.example.org;
      location /api/ {
          proxy_cache ${lines}
          proxy_cache_valid 200 5m;
          ${more}
          proxy_pass http://127.0.0.1:9000;
      }
  }
`

export default defineRule({
  summary: 'The cache answers whoever asks with what was made for a client with credentials',
  severity: 'warning',
  otherSeverities: {
    info: 'where nothing says that the backend is asked with credentials, and at `/graphql` whose answers to POST are kept on purpose',
  },
  confidence: 'medium',
  securitySeverity: 6.5,
  cwe: [524],
  since: '0.1.0',
  why: 'nginx takes no notice of `Authorization`: with `proxy_cache_valid` an answer is kept by its URL alone. What one client gets with its token, the next gets without one.',
  remedy: 'Write `proxy_cache_bypass $http_authorization;` and `proxy_no_cache $http_authorization;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_no_cache'],
  bad: [{ title: 'an API', files: { 'nginx.conf': main('«api»;') } }],
  good: [
    {
      title: 'pictures',
      files: {
        'nginx.conf': main('pictures;').replace('/api/', '~* \\.(?:jpg|png|webp)$').replace('api.', 'shop.'),
      },
    },
    {
      title: 'requests with credentials are not cached',
      files: {
        'nginx.conf': main(
          'api;',
          conf`
            proxy_cache_bypass $http_authorization;
            proxy_no_cache $http_authorization;
          `,
        ),
      },
    },
    {
      title: 'a key for each token',
      files: { 'nginx.conf': main('api;', 'proxy_cache_key $request_uri$http_authorization;') },
    },
    {
      title: 'each request is let in by itself, whether the cache answers it or not',
      files: {
        'nginx.conf': main(
          'api;',
          conf`
            auth_request /session;
            proxy_cache_key $uri$meeting;
          `,
        ),
      },
    },
    {
      title: 'the backend is asked without credentials',
      files: { 'nginx.conf': main('api;', 'proxy_set_header Authorization "";') },
    },
    {
      title: 'what nginx itself asks for',
      files: { 'nginx.conf': main('api;', 'internal;') },
    },
    {
      title: 'a template says what the cache is asked for',
      files: { 'nginx.conf.j2': main('api;', 'proxy_cache_bypass {{ secret_header }};') },
    },
    {
      title: 'the backend says what may be kept',
      files: { 'nginx.conf': main('api;').replace('proxy_cache_valid 200 5m;', '') },
    },
  ],
  *check({ connections }) {
    for (const connection of connections.http) {
      const zone = cacheOf(connection)
      if (zone === null || isKeptApart(connection)) continue
      const isWarned = takesCredentials(connection) && !keepsQueries(connection)
      if (!isWarned && isOfAssets(connection.block)) continue
      const at = namePlace(connection.pass)
      yield {
        at: argumentPlace(zone, 0),
        severity: isWarned ? 'warning' : 'info',
        message: 'answers to requests with `Authorization` are kept, and sent to clients that have none',
        label: 'kept by the URL alone',
        related: [{ at, message: 'whose answers are cached' }],
        ...propose('Keep requests with credentials out of the cache', 'unsafe', [
          insertBefore(
            at,
            ['proxy_cache_bypass $http_authorization;', 'proxy_no_cache $http_authorization;', ''].join(
              `\n${indentationAt(at)}`,
            ),
          ),
        ]),
      }
    }
  },
})

/** The cache that keeps answers though the backend does not say so; null for none. */
function cacheOf({ server: { configuration }, block }: NginxConnection) {
  const zone = effectiveAtHand(configuration, block, 'proxy_cache')
  const [line] = zone.known ? zone.value.directives : []
  if (line === undefined || line.args[0]?.value === 'off') return null
  const valid = effectiveAtHand(configuration, block, 'proxy_cache_valid')
  if (!valid.known) return null
  const isForced = valid.value.directives.some(({ args }) =>
    /^(?:any|2\d\d|\d+[smhdwMy]?)$/.test(args[0]?.value ?? ''),
  )
  return isForced ? line : null
}

/** True where credentials are in the key, keep an answer out of the cache, or are not sent; in doubt too. */
function isKeptApart({ server: { configuration }, block, headers }: NginxConnection): boolean {
  // No client asks for it, and what asks gets the same for everybody.
  if (block.children.some(({ name }) => name === 'internal')) return true
  if (
    headers.written.some(
      ({ name, state }) => name === 'authorization' && (state === 'cleared' || state === 'set'),
    )
  )
    return true
  // Whoever is answered from the cache has shown credentials of its own before.
  const asksEverybody = ['auth_request', 'auth_basic', 'auth_jwt'].some(name => {
    const fact = effectiveAtHand(configuration, block, name)
    return !fact.known || fact.value.directives.some(({ args }) => args[0]?.value !== 'off')
  })
  if (asksEverybody) return true
  return ['proxy_cache_key', 'proxy_no_cache', 'proxy_cache_bypass'].some(name => {
    const fact = effectiveAtHand(configuration, block, name)
    if (!fact.known) return true
    return fact.value.directives.some(({ args }) =>
      args.some(
        ({ value }) =>
          /authorization|cookie|remote_user|token|session|jwt|auth/i.test(value) || isOther(name, value),
      ),
    )
  })
}

/** A variable of its own, behind which a `map` may look at credentials, or what a template writes. */
function isOther(name: string, value: string): boolean {
  if (isUnknownWord(value)) return true
  if (name === 'proxy_cache_key') return false
  return /\$(?!arg_|request_method|http_pragma|http_upgrade|http_cache_control|is_args|args)\w+/.test(value)
}

/** Whoever keeps the answers to POST at `/graphql` has an API of queries that anybody may ask. */
function keepsQueries({ server: { configuration }, block }: NginxConnection): boolean {
  if (!/\bgraphql\b/i.test(block.args.at(-1)?.value ?? '')) return false
  const methods = effectiveAtHand(configuration, block, 'proxy_cache_methods')
  return (
    methods.known && methods.value.directives.some(({ args }) => args.some(({ value }) => value === 'POST'))
  )
}

const API = /^\/(?:[^/]+\/)*(?:api|rest|graphql|account|user|profile|private|admin|me)(?:[/-]|$)/i

function takesCredentials({ server, block, headers }: NginxConnection): boolean {
  if (headers.written.some(({ name }) => name === 'authorization')) return true
  if (server.names.some(({ name }) => /^api[.-]/.test(name))) return true
  if (API.test(block.args.at(-1)?.value ?? '')) return true
  const zone = effective(server.configuration, block, 'proxy_cache')
  const name = zone.known ? zone.value.directives[0]?.args[0]?.value : undefined
  return /^api\b/i.test(name ?? '')
}
