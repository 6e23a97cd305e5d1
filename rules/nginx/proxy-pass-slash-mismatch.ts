import { placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { isUnseenServer } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string => nginxMain(nginxServer(lines))

export default defineRule({
  summary: 'A location and its `proxy_pass` differ in their last slash',
  severity: 'warning',
  otherSeverities: {
    error: 'where the slash is missing behind the path of `proxy_pass`',
    info: 'where that path is one page, such as `/status.html`, `/metrics` or `/graphql`, or the location one WebSocket, one file or one service of remote calls, or others take what is below it, or stands for one in a skeleton: `/test`',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx replaces the prefix of the location by the path of `proxy_pass`, letter by letter. `location /api` and `http://backend/` send `//users` for `/api/users`, which many applications do not know; `location /api/` and `http://backend/v1` send `/v1users`.',
  remedy: 'End both in a slash, or neither; in front of `$request_uri`, which begins with one, there is none',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass'],
  bad: [
    {
      title: 'two slashes',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /api {
              proxy_pass «http://127.0.0.1:9000/»;
          }
        `),
      },
    },
    {
      title: 'two slashes behind the answer to a preflight request',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /api {
              if ($request_method = OPTIONS) {
                  return 204;
              }
              proxy_pass «http://127.0.0.1:9000/»;
          }
        `),
      },
    },
    {
      title: 'a slash in front of the path as it came',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              proxy_pass «http://127.0.0.1:9000/$request_uri»;
          }
        `),
      },
    },
    {
      title: 'no slash',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location ^~ /api/ {
              proxy_pass «http://127.0.0.1:9000/v1»;
          }
        `),
      },
    },
    {
      title: 'one page for all',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              proxy_pass «http://127.0.0.1:9000/site/closed.html»;
          }
        `),
      },
    },
    {
      title: 'remote calls, and what has locations of its own below it: advice',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /shop_api {
              proxy_pass «http://127.0.0.1:9000/»;
          }
          location /news/ping {
              proxy_pass http://127.0.0.1:9001/ping;
          }
          location /news {
              proxy_pass «http://127.0.0.1:9001/»;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'a path that is passed on as the client wrote it',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /api/ {
              rewrite ^ $request_uri;
              rewrite ^/api/(.*) $1 break;
              return 400;
              proxy_pass http://127.0.0.1:8000/$uri;
          }
        `),
      },
    },
    {
      title: 'the page that nginx itself asks whether a client may',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /media/ {
              auth_request /media-auth;
              root /srv/shop;
          }
          location /media-auth {
              proxy_pass http://127.0.0.1:8000/api/media-auth/;
          }
        `),
      },
    },
    {
      title: 'one address for all that is asked',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location = /graphql/ {
              proxy_pass http://127.0.0.1:9000/v1/graphql;
          }
        `),
      },
    },
    {
      title: 'the path as it came',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              proxy_pass http://127.0.0.1:9000$request_uri;
          }
        `),
      },
    },
    {
      title: 'both, neither, or no path at all',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /api/ {
              proxy_pass http://127.0.0.1:9000/;
          }
          location /v2 {
              proxy_pass http://127.0.0.1:9000/v2;
          }
          location /v3/ {
              proxy_pass http://127.0.0.1:9000;
          }
          location = /health {
              proxy_pass http://127.0.0.1:9000/;
          }
        `),
      },
    },
    {
      title: 'the path is a parameter, a file name begins with it, or a rewrite makes it',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /fetch/ {
              proxy_pass http://127.0.0.1:9000/get?path=;
          }
          location /img/ {
              proxy_pass http://127.0.0.1:9000/thumb_;
          }
          location /old {
              rewrite ^/old/?(.*)$ /$1 break;
              proxy_pass http://127.0.0.1:9000/;
          }
          location /older {
              if ($arg_page) {
                  rewrite ^/older/?(.*)$ /$1 break;
              }
              proxy_pass http://127.0.0.1:9000/;
          }
        `),
      },
    },
    {
      title: 'another location takes the pages below it',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location ~ ^/images/ {
              proxy_pass http://127.0.0.1:9000;
          }
          location /images {
              proxy_pass http://127.0.0.1:9000/;
          }
        `),
      },
    },
  ],
  *check(deployment) {
    for (const { block, pass, server } of deployment.connections.http) {
      if (pass.name !== 'proxy_pass') continue
      const doubled = DOUBLED.exec(pass.args[0]?.value ?? '')
      if (doubled !== null && !(doubled[2] !== 'request_uri' && block.children.some(takesSlash))) {
        const at = argumentPlace(pass, 0)
        yield {
          at,
          message: `every path is sent to the backend with two slashes, as \`${doubled[1] ?? ''}//page\`: \`$${doubled[2]}\` begins with one itself`,
          ...propose('Leave the slash out', 'unsafe', [
            replacePlace(at, placeText(at).replace(/\/(?=\$\{?(?:request_uri|uri|document_uri)\b)/, '')),
          ]),
        }
        continue
      }
      if (block.name !== 'location') continue
      const { modifier, name } = readLocation(block)
      if ((modifier !== '' && modifier !== '^~') || !name.startsWith('/')) continue
      const path = /^https?:\/\/[^/$]+(\/[^$?]*)$/.exec(pass.args[0]?.value ?? '')?.[1]
      if (path === undefined || pass.args[0]?.value.includes('unix:')) continue
      if (block.children.some(mayRewrite)) continue
      const at = argumentPlace(pass, 0)
      if (name.endsWith('/') === path.endsWith('/')) continue
      // Where another location takes the pages below it, nobody meets the difference.
      const page = name.endsWith('/') ? `${name}page` : `${name}/page`
      const answer = askServer(deployment, server, page, { alsoLocal: true })
      if (answer?.end.kind === 'pass' && answer.end.scope !== block) continue
      // What nginx itself asks before it answers is the one path of the location.
      if (asksBefore(server.configuration, name)) continue
      if (!name.endsWith('/')) {
        const upgrades =
          ONE_SOCKET.test(name) &&
          block.children.some(
            each => each.name === 'proxy_set_header' && each.args[0]?.value.toLowerCase() === 'upgrade',
          )
        const isSkeleton = isUnseenServer(server.directive) && TO_REPLACE.test(name)
        yield {
          at,
          // A WebSocket is asked for by the one URL that it has, and a file has no pages below it.
          ...((upgrades || isOneUrl(block, name) || isSkeleton) && { severity: 'info' as const }),
          message: `\`${name}/page\` is sent to the backend as \`${path}/page\`: the path of the location ends without a slash`,
          related: [{ at: argumentPlace(block, block.args.length - 1), message: 'no slash at its end' }],
        }
      } else if (/[a-z0-9]$/i.test(path)) {
        yield {
          at,
          // One page stands for all of them, and of the others the backend has none.
          severity: ONE_PAGE.test(path) ? 'info' : 'error',
          message: `\`${name}page\` is sent to the backend as \`${path}page\`: the path of \`proxy_pass\` ends without a slash`,
          related: [{ at: argumentPlace(block, block.args.length - 1), message: 'ends in a slash' }],
          ...propose('End the path in a slash', 'unsafe', [
            /["']$/.test(placeText(at)) ? null : replacePlace(at, `${placeText(at)}/`),
          ]),
        }
      }
    }
  },
})

/** True for a file, for what is called by one URL, and where a location beside it takes what is below. */
function isOneUrl(block: NginxDirective, path: string): boolean {
  if (ONE_FILE.test(path) || ONE_SERVICE.test(path)) return true
  const beside = block.parent?.children.filter(({ name }) => name === 'location') ?? []
  return beside.some(each => readLocation(each).name.startsWith(`${path}/`))
}

const ONE_SERVICE = /(?:[/_-](?:xml|json)?-?rpc2?|_api)$/i

/** True for a line that changes the path before it is sent, or may in an `if`. */
/** `rewrite ^/api/(.*) $1 break`, after which `$uri` begins with no slash. */
function takesSlash({ name, args }: NginxDirective): boolean {
  return (
    name === 'rewrite' &&
    !/^(?:\/|https?:|\$\{?(?:request_uri|uri|document_uri)\b)/.test(args[1]?.value ?? '/')
  )
}

function mayRewrite({ name, children }: NginxDirective): boolean {
  return name === 'rewrite' || (name === 'if' && children.some(mayRewrite))
}

function asksBefore({ occurrences }: NginxConfiguration, path: string): boolean {
  return occurrences.get('auth_request')?.some(({ args }) => args[0]?.value === path) === true
}

/** A slash in front of a variable that begins with one. */
const DOUBLED = /^https?:\/\/[^/]+((?:\/[^/$]+)*)\/\$\{?(request_uri|uri|document_uri)\b/

const ONE_FILE = /\/[^/]+\.[a-z]{2,5}$/i

/** A WebSocket by its name; Socket.IO has paths of its own below the one that is called after it. */
const ONE_SOCKET = /\/(?:wss?|web-?sock(?:ets?|ify)|(?:no-?)?vnc)$/i

/** What stands in a skeleton for the path that is to be written there. */
const TO_REPLACE = /^\/(?:test|example|path|foo)$/

/** `/status.html`, and what monitoring asks for, which has no pages below it. */
const ONE_PAGE =
  /\.(?:html?|json|xml|txt|pdf)$|\/(?:metrics|(?:health|live|ready)z?|healthcheck|ping|status|graphi?ql|webhook)$/i
