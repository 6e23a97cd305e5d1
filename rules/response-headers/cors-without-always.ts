import { isUnknownWord } from '../../parsers/text/source.ts'
import { insertAfter, propose } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { faultOfOrigin } from './_cors-origins.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { addedHeaders } from './_added-headers.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name api.example.org;
      location / {
          ${lines}
          proxy_pass http://127.0.0.1:9000;
      }
  }
`

const CREDENTIALS = 'access-control-allow-credentials'

export default defineRule({
  summary: 'CORS headers are missing from the errors of a backend',
  severity: 'warning',
  otherSeverities: {
    info: 'where the header lets every site in (`*`, or `$http_origin` without credentials) or a template fills it in, and for one document',
  },
  confidence: 'high',
  since: '0.1.0',
  why: '`add_header` without `always` adds to answers of 200, 201, 204, 206, 301, 302, 303, 304, 307 and 308 alone. Of an error of the backend the browser then shows the script nothing but a CORS failure, and the reason is lost.',
  remedy: 'Write `always` behind the value',
  references: ['https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header'],
  bad: [
    {
      title: 'an application that answers errors',
      files: { 'nginx.conf': site('add_header «Access-Control-Allow-Origin» https://example.org;') },
    },
    {
      title: 'data that a script reads, by its ending',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location ~ \.(?:json|woff2)$ {
                  add_header «Access-Control-Allow-Origin» https://example.org;
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `,
      },
    },
    {
      title: 'a value that a template fills in',
      files: {
        'site.conf.j2': site('add_header «Access-Control-Allow-Origin» {{ cors_origin }};'),
      },
    },
    {
      title: 'a service for every site',
      files: { 'nginx.conf': site('add_header «Access-Control-Allow-Origin» *;') },
    },
    {
      title: 'credentials for every site, which a browser refuses anyhow: advice',
      files: {
        'nginx.conf': site(conf`
          add_header «Access-Control-Allow-Origin» *;
          add_header Access-Control-Allow-Credentials true;
        `),
      },
    },
  ],
  good: [
    {
      title: 'a value that browsers refuse with every status',
      files: { 'nginx.conf': site('add_header Access-Control-Allow-Origin example.org;') },
    },
    {
      title: 'a WebSocket, which no such header governs',
      files: {
        'nginx.conf': site('add_header Access-Control-Allow-Origin https://example.org;').replace(
          'location /',
          'location /websocket',
        ),
      },
    },
    {
      title: 'sent with every answer',
      files: { 'nginx.conf': site('add_header Access-Control-Allow-Origin https://example.org always;') },
    },
    {
      title: 'fonts, which are there',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              root /srv/www;
              location ~ \.woff2$ {
                  add_header Access-Control-Allow-Origin *;
              }
          }
        `,
      },
    },
    {
      title: 'fonts and pictures of a backend, whose absence no script asks the reason of',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location ~* \.(?:woff2?|ttf|svg|png)$ {
                  add_header Access-Control-Allow-Origin https://$host;
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `,
      },
    },
    {
      title: 'what another location asks for itself',
      files: {
        'nginx.conf': site(conf`
          internal;
          add_header Access-Control-Allow-Origin *;
        `),
      },
    },
    {
      title: 'the answer to a preflight request',
      files: {
        'nginx.conf': site(conf`
          if ($request_method = OPTIONS) {
              add_header Access-Control-Allow-Origin https://example.org;
              return 204;
          }
          add_header Access-Control-Allow-Origin https://example.org always;
        `),
      },
    },
  ],
  *check({ connections }) {
    for (const { server, block, pass } of connections.nginx) {
      if (pass.name === 'memcached_pass' || block.children.some(({ name }) => name === 'internal')) continue
      if (isOfPageParts(block) || isSocket(block)) continue
      const headers = addedHeaders(server.configuration, block) ?? []
      const origin = headers.find(({ name, always }) => name === 'access-control-allow-origin' && !always)
      if (origin === undefined || faultOfOrigin(origin.directive.args[1]?.value ?? '') !== null) continue
      const { args } = origin.directive
      // What every site may read needs no login, and fails seldom.
      const value = args[1]?.value ?? ''
      const isForAll =
        // A browser takes no `*` where it sends a login.
        value === '*' ||
        ((/^\$\{?http_origin\}?$/.test(value) || isUnknownWord(value)) &&
          !headers.some(({ name }) => name === CREDENTIALS))
      yield {
        ...((isForAll || isOneFile(block)) && { severity: 'info' as const }),
        at: argumentPlace(origin.directive, 0),
        message:
          '`add_header` without `always` leaves this header out of the errors that the backend answers',
        label: 'not sent with 4xx and 5xx',
        related: [{ at: argumentPlace(pass, 0), message: 'the backend' }],
        ...(args.length === 2
          ? propose('Send it with every answer', 'unsafe', [
              insertAfter(argumentPlace(origin.directive, 1), ' always'),
            ])
          : {}),
      }
    }
  },
})

/** A WebSocket is opened from every site: browsers ask for no header there. */
function isSocket(block: NginxDirective): boolean {
  return block.name === 'location' && OF_SOCKETS.test(readLocation(block).name)
}

const OF_SOCKETS = /web_?socket|\bwss?\b|\bcable\b/i

/** What the browser loads by itself: where it is missing, no script reads the answer. */
const PAGE_PART = /\.(?:woff2?|ttf|ttc|otf|eot|png|jpe?g|gif|svgz?|ico|webp|avif|bmp|cur|css|m?js)$/i

/** True for a prefix or a path that ends as a document does: it fails seldom, and says no more than 404 then. */
function isOneFile(block: NginxDirective): boolean {
  if (block.name !== 'location') return false
  const { modifier, name } = readLocation(block)
  return (
    !modifier.startsWith('~') && /[^/]\.(?:ya?ml|json|xml|txt|md|html?|pdf|csv|geojson|wasm|map)$/i.test(name)
  )
}

function isOfPageParts(block: NginxDirective): boolean {
  if (block.name !== 'location') return false
  const { modifier, name } = readLocation(block)
  if (modifier === '=') return PAGE_PART.test(name)
  if (!modifier.startsWith('~')) return false
  const { texts } = sampleTexts(name, { caseless: modifier === '~*' })
  return texts.length > 0 && texts.every(text => PAGE_PART.test(text))
}
