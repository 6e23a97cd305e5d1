import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { cachedConnections } from './_cached-connections.ts'

const nginx = (lines: string, directory = 'for-everybody'): string =>
  nginxMain(conf`
    proxy_cache_path /var/cache/${directory} keys_zone=pages:1m;
    ${nginxServer(conf`
      set $skip "";
      if ($http_cookie ~ session) {
          set $skip 1;
      }
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_cache pages;
          proxy_cache_valid 200 10m;
          ${lines}
      }
    `)}
  `)

export default defineRule({
  summary: 'Answers for clients with a session are made anew, and kept for everybody',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 5.3,
  cwe: [524],
  since: '0.1.0',
  why: '`proxy_cache_bypass` asks the backend though the cache has an answer, and the new answer takes its place. The page of a client who is logged in is then sent to whoever asks next.',
  remedy: 'Name the same variables in `proxy_no_cache`',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_no_cache'],
  bad: [
    {
      title: 'by the cookie of a session',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_cache_bypass «$skip»;') },
    },
    {
      title: 'by the cookie itself',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_cache_bypass «$cookie_sessionid»;') },
    },
  ],
  good: [
    {
      title: 'neither looked for nor kept',
      files: {
        'etc/nginx/nginx.conf': nginx(
          conf`
            proxy_cache_bypass $skip;
            proxy_no_cache $skip;
          `,
          'without-sessions',
        ),
      },
    },
    {
      title: 'a way to renew what is kept',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_cache_bypass $http_x_refresh $cookie_nocache $arg_nocache;'),
      },
    },
    {
      title: 'a key that holds the cookie',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_cache_bypass $cookie_sessionid;
          proxy_cache_key $host$request_uri$cookie_sessionid;
        `),
      },
    },
  ],
  *check(deployment) {
    for (const { connection, kind, zone } of cachedConnections(deployment, 'cache_bypass')) {
      const { block } = connection
      const { configuration } = connection.server
      const bypass = effective(configuration, block, `${kind}_cache_bypass`)
      const kept = effective(configuration, block, `${kind}_no_cache`)
      const key = effective(configuration, block, `${kind}_cache_key`)
      if (!bypass.known || (!kept.known && configuration.main !== null)) continue
      const spared = new Set(
        [kept, key].flatMap(fact =>
          fact.known
            ? fact.value.directives.flatMap(({ args }) => args.flatMap(word => variableNames(word.value)))
            : [],
        ),
      )
      for (const line of bypass.value.directives) {
        for (const [index, word] of line.args.entries()) {
          const names = variableNames(word.value)
          if (names.some(name => spared.has(name) || RENEWS.test(name))) continue
          if (!names.some(name => tellsClients(configuration, name))) continue
          // Another set of variables that decides the same is not compared.
          if ([...spared].some(name => tellsClients(configuration, name))) continue
          yield {
            at: argumentPlace(line, index),
            message: `what the backend answers to these requests is kept all the same, as no \`${kind}_no_cache\` names \`${word.value}\``,
            related: [{ at: argumentPlace(zone, 0), message: 'the cache' }],
          }
        }
      }
    }
  },
})

/** What is written to renew what is kept. */
const RENEWS = /no_?cache|refresh|renew|bypass|purge|debug|preview|update/i

/** True for a variable that hangs on who the client is: a cookie or credentials, perhaps by an `if` or a `map`. */
function tellsClients({ occurrences }: NginxConfiguration, name: string): boolean {
  if (isOfClient(name)) return true
  const maps = occurrences.get('map') ?? []
  if (
    maps.some(
      ({ args: [source, target] }) => target?.value === `$${name}` && isClientText(source?.value ?? ''),
    )
  )
    return true
  return (occurrences.get('if') ?? []).some(
    ({ args, children }) =>
      args.some(({ value }) => isClientText(value)) &&
      children.some(child => child.name === 'set' && child.args[0]?.value === `$${name}`),
  )
}

function isClientText(text: string): boolean {
  return text.includes('$') && variableNames(text).some(isOfClient)
}

function isOfClient(name: string): boolean {
  return /^(?:cookie_\w+|http_cookie|http_authorization|remote_user)$/.test(name) && !RENEWS.test(name)
}
