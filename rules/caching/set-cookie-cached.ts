import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { effective, effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'

const main = (lines: string): string => conf`
  proxy_cache_path /var/lib/nginx/cache keys_zone=site:1m;
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_cache site;
          proxy_cache_valid 200 5m;
          ${lines}
          proxy_pass http://127.0.0.1:9000;
      }
  }
`

export default defineRule({
  summary: 'The cache keeps `Set-Cookie`, and sends one client’s cookie to the next',
  severity: 'warning',
  otherSeverities: { info: 'for what a public service of somebody else answers' },
  confidence: 'high',
  securitySeverity: 8.1,
  cwe: [524],
  since: '0.1.0',
  why: 'nginx does not cache an answer with `Set-Cookie`, unless `proxy_ignore_headers Set-Cookie` tells it to. The cookie is kept with the page: whoever asks next gets the session of whoever asked first.',
  remedy: 'Write `proxy_hide_header Set-Cookie;` beside it, and cache only what is the same for everybody',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_valid'],
  bad: [
    {
      title: 'cookies are no reason not to cache',
      files: { 'nginx.conf': main('proxy_ignore_headers Cache-Control «Set-Cookie»;') },
    },
  ],
  good: [
    {
      title: 'the cookie is taken out',
      files: {
        'nginx.conf': main(conf`
          proxy_ignore_headers Cache-Control Set-Cookie;
          proxy_hide_header Set-Cookie;
        `),
      },
    },
    {
      title: 'cookies keep an answer out of the cache',
      files: { 'nginx.conf': main('proxy_ignore_headers Cache-Control Expires;') },
    },
    {
      title: 'a key for each session',
      files: {
        'nginx.conf': main(conf`
          proxy_ignore_headers Set-Cookie;
          proxy_cache_key $host$request_uri$cookie_sessionid;
        `),
      },
    },
    {
      title: 'a key for each token',
      files: {
        'nginx.conf': main(conf`
          proxy_ignore_headers Set-Cookie;
          proxy_cache_key $request_uri$http_authorization;
        `),
      },
    },
    {
      title: 'no answer with a cookie is kept',
      files: {
        'nginx.conf': main(conf`
          proxy_ignore_headers Set-Cookie;
          proxy_no_cache $upstream_http_set_cookie;
        `),
      },
    },
    {
      title: 'keys that nginx asks for itself',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location = /keys {
                  internal;
                  proxy_cache keys;
                  proxy_ignore_headers Cache-Control Set-Cookie;
                  proxy_pass https://login.example.org/keys;
              }
          }
        `,
      },
    },
  ],
  *check({ connections }) {
    for (const connection of connections.nginx) {
      const kind = /^(proxy|fastcgi|uwsgi|scgi)_pass$/.exec(connection.pass.name)?.[1]
      if (kind === undefined) continue
      if (isAskedByNginx(connection)) continue
      const word = ignoredCookie(connection, kind)
      if (word === null || isKeptApart(connection, kind)) continue
      const { block } = connection
      const { line, index } = word
      yield {
        at: argumentPlace(line, index),
        ...(isOfOthers(connection) && { severity: 'info' as const }),
        message: `\`${kind}_ignore_headers Set-Cookie\` keeps answers with their cookies in the cache, and the next client gets them`,
        label: 'cached with the answer',
        related: [{ at: namePlace(connection.pass), message: 'whose answers are cached' }],
        ...(line.parent === block
          ? propose('Hide `Set-Cookie` from the answer', 'unsafe', [
              insertBefore(
                namePlace(line),
                `${kind}_hide_header Set-Cookie;\n${indentationAt(namePlace(line))}`,
              ),
            ])
          : {}),
      }
    }
  },
})

/** True for what a public service of somebody else answers, asked by its own name: it knows no client of this site. */
function isOfOthers({ pass, headers }: NginxConnection): boolean {
  const [, host] = /^https:\/\/([\w-]+(?:\.[\w-]+)+)(?=[/:?]|$)/.exec(pass.args[0]?.value ?? '') ?? []
  return (
    host !== undefined &&
    !/^[\d.]+$|\.(?:local|internal|lan|test|svc)$/i.test(host) &&
    headers.written.some(({ name, value }) => name === 'host' && value.toLowerCase() === host.toLowerCase())
  )
}

/** True for one internal location of a module that asks for keys or an answer, which no client sees. */
function isAskedByNginx({ block }: NginxConnection): boolean {
  return (
    block.name === 'location' &&
    readLocation(block).modifier === '=' &&
    block.children.some(({ name }) => name === 'internal')
  )
}

function ignoredCookie({ server: { configuration }, block }: NginxConnection, kind: string) {
  const zone = effectiveAtHand(configuration, block, `${kind}_cache`)
  if (!zone.known || (zone.value.directives[0]?.args[0]?.value ?? 'off') === 'off') return null
  const ignored = effective(configuration, block, `${kind}_ignore_headers`)
  if (!ignored.known) return null
  for (const line of ignored.value.directives) {
    const index = line.args.findIndex(({ value }) => value.toLowerCase() === 'set-cookie')
    if (index !== -1) return { line, index }
  }
  return null
}

/** What of a request is the same for every client; a key with anything else may tell them apart. */
const OF_REQUEST =
  /^(?:scheme|host|http_host|server_name|server_port|proxy_host|proxy_port|request|request_method|request_uri|uri|document_uri|fastcgi_\w+|args|is_args|query_string|arg_\w+|https|http_x_forwarded_\w+|request_filename|document_root|\d)$/

/** True where the cookie is not sent, or not shared: hidden, in the key, or a reason not to cache. In doubt too. */
function isKeptApart({ server: { configuration }, block }: NginxConnection, kind: string): boolean {
  const hides = effectiveAtHand(configuration, block, `${kind}_hide_header`)
  if (!hides.known || !hides.value.complete) return true
  if (hides.value.directives.some(({ args }) => args[0]?.value.toLowerCase() === 'set-cookie')) return true
  return [`${kind}_cache_key`, `${kind}_no_cache`, `${kind}_cache_bypass`].some(name => {
    const fact = effectiveAtHand(configuration, block, name)
    if (!fact.known) return true
    return fact.value.directives.some(({ args }) =>
      args.some(({ value }) =>
        name.endsWith('_key')
          ? /cookie/i.test(value) || variableNames(value).some(each => !OF_REQUEST.test(each))
          : /set_cookie|\$cookie_|\$http_cookie|\$(?!arg_|request_method|http_pragma|http_upgrade)\w+/.test(
              value,
            ),
      ),
    )
  })
}
