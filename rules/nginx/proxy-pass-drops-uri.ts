import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { droppedRest } from '../_dropped-rest.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      location /api/ {
          ${lines}
      }
  }
`
/** A server with a location by an expression. */
const byExpression = (expression: string, lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      location ~ ${expression} {
          ${lines}
      }
  }
`

export default defineRule({
  summary: 'A variable in `proxy_pass` drops the path of every request',
  severity: 'warning',
  otherSeverities: { info: 'where the location is one page, such as `/metrics` or `/status`' },
  confidence: 'high',
  since: '0.1.0',
  why: 'With variables in it, the URI of `proxy_pass` is sent as it is, in place of the whole request: every URL below the location asks the backend for the same one. A group that takes a word of the path repeats the word alone: `^/(static|media)` with `/app/$1` asks for `/app/static`, be it `/static/site.css` or `/static/site.js`.',
  remedy: 'Leave the URI out, or repeat the path in it: `$uri$is_args$args`, `$1` of an expression',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass'],
  bad: [
    {
      title: 'the query alone is repeated',
      files: { 'nginx.conf': site('proxy_pass «http://127.0.0.1:9000/?$args»;') },
    },
    {
      title: 'a host in a variable',
      files: {
        'nginx.conf': site(conf`
          set $backend 127.0.0.1:9000;
          proxy_pass «http://$backend/»;
        `),
      },
    },
    {
      title: 'a server that this machine alone reaches',
      files: {
        'nginx.conf': conf`
          server {
              listen 127.0.0.1:8000;
              location / {
                  set $backend 127.0.0.1:9000;
                  proxy_pass «http://$backend/internal/»;
              }
          }
        `,
      },
    },
    {
      title: 'a group that takes a word of the path',
      files: {
        'nginx.conf': byExpression(
          '^/(static|scaninfo)',
          'proxy_pass «http://127.0.0.1:9000/app/$1$is_args$args»;',
        ),
      },
    },
    {
      title: 'a group that takes a word, in front of what is not captured, and a backend in a variable',
      files: {
        'nginx.conf': byExpression(
          '^/(?<part>shop|stock)/.*$',
          conf`
            set $backend http://127.0.0.1:9000;
            proxy_pass «$backend/app/$part/»;
          `,
        ),
      },
    },
  ],
  good: [
    {
      title: 'groups that take all of the path',
      files: {
        'nginx.conf': byExpression(
          '^/(static|media)(/.*)?$',
          'proxy_pass http://127.0.0.1:9000/app/$1$2$is_args$args;',
        ),
      },
    },
    {
      title:
        'an expression that ends behind the word, pages, languages, numbers with a title, and one file for all',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location ~ ^/(static|media)/?$ {
                  proxy_pass http://127.0.0.1:9000/app/$1;
              }
              location ~ ^/(login|logout) {
                  proxy_pass http://127.0.0.1:9000/accounts/$1;
              }
              location ~ ^/(en|de)/ {
                  proxy_pass http://127.0.0.1:9000/site/$1/;
              }
              location ~ ^/questions/([0-9]+)/ {
                  proxy_pass http://127.0.0.1:9000/questions/$1;
              }
              location ~ ^/(shop|stock)/ {
                  proxy_pass http://127.0.0.1:9000/$1/index.html;
              }
          }
        `,
      },
    },
    {
      title: 'the path of a header, and one that is rewritten',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location ~ ^/(static|media)/ {
                  proxy_pass http://127.0.0.1:9000/$1$uri;
              }
              location ~ ^/(images|files)/ {
                  rewrite ^/files/(.*)$ /$1 break;
                  proxy_pass http://127.0.0.1:9000/app/$1;
              }
          }
        `,
      },
    },
    {
      title: 'no URI',
      files: {
        'nginx.conf': site(conf`
          set $backend 127.0.0.1:9000;
          proxy_pass http://$backend;
        `),
      },
    },
    {
      title: 'the path is repeated',
      files: { 'nginx.conf': site('proxy_pass http://127.0.0.1:9000$request_uri;') },
    },
    {
      title: 'no variable',
      files: { 'nginx.conf': site('proxy_pass http://127.0.0.1:9000/;') },
    },
    {
      title: 'one page for all, it seems',
      files: { 'nginx.conf': site('proxy_pass http://127.0.0.1:9000/index.html?$args;') },
    },
    {
      title: 'a location of one file',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location /keys/mine.asc {
                  set $backend 127.0.0.1:9000;
                  proxy_pass http://$backend/key;
              }
          }
        `,
      },
    },
    {
      title: 'a path that is made of a header, a cookie or an argument',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location /me {
                  proxy_pass http://127.0.0.1:9000/people/$http_x_user;
              }
              location /cart/ {
                  proxy_pass http://127.0.0.1:9000/carts/$cookie_cart;
              }
              location /search/ {
                  proxy_pass http://127.0.0.1:9000/find/$arg_kind?$args;
              }
          }
        `,
      },
    },
    {
      title: 'what an authentication is asked by',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location /auth/ {
                  internal;
                  proxy_pass http://127.0.0.1:9000/check?$args;
              }
          }
        `,
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.nginx)
      for (const pass of configuration.occurrences.get('proxy_pass') ?? [])
        yield* wordForPath(configuration, pass)
    for (const { server, block, pass } of deployment.connections.http) {
      const [address] = pass.args
      if (address?.value.includes('$') !== true || OF_REQUEST.test(address.value)) continue
      const sent = sentForAll(deployment, server, block)
      if (sent === null) continue
      const { name } = readLocation(block)
      const page = ONE_PAGE.exec(sent)?.[1]
      yield {
        at: argumentPlace(pass, 0),
        // `/report-metrics` is asked for by the one URL that it is.
        ...(page !== undefined && name.endsWith(page) && { severity: 'info' as const }),
        message: `the backend is asked for \`${sent}\` whatever stands behind \`${readLocation(block).name}\``,
        label: 'replaces the whole URI',
        related: [{ at: readLocation(block).at, message: 'every URL below' }],
      }
    }
  },
})

/** A pass whose URI repeats a word of the path, and not what stands behind it. */
function* wordForPath(configuration: NginxConfiguration, pass: NginxDirective): Iterable<RuleFinding> {
  const { parent } = pass
  const text = pass.args[0]?.value ?? ''
  if (parent?.name !== 'location' || !text.includes('$') || text.includes('://unix:')) return
  if (parent.children.some(({ name }) => CHANGES_GROUPS.test(name))) return
  const uri = /^(?:\w+:\/\/[^/]+|\$\{?\w+\}?)(\/[^?]*)/.exec(text)?.[1] ?? ''
  const path = uri.replace(/\$(?:\{(?:is_args|args|query_string)\}|(?:is_args|args|query_string)\b)/g, '')
  if (variableNames(text.slice(text.indexOf(uri) + uri.length)).some(name => !OF_QUERY.test(name))) return
  if (/\.\w+$/.test(path)) return
  const dropped = droppedRest(configuration, parent, path)
  if (dropped === null) return
  yield {
    at: argumentPlace(pass, 0),
    message: `the backend is asked for \`${dropped.becomes}\` whatever stands behind \`${dropped.path}\``,
    label: 'has the word alone',
    help: 'Capture the rest as well, `^/(static|media)(/.*)?$` with `$1$2$is_args$args`, or leave the URI out',
    related: [{ at: readLocation(parent).at, message: 'takes every URL below' }],
  }
}

const OF_QUERY = /^(?:is_args|args|query_string)$/
/** Lines behind which groups are those of another expression, or the path is another. */
const CHANGES_GROUPS = /^(?:rewrite|if|return|try_files|internal|include|js_|.*_by_lua)/

/** A path that is made of what else the request has, and so is no slip. */
const OF_REQUEST =
  /^[^/]*:\/\/[^/]+\/[^?]*\$\{?(?:http_|cookie_|arg_|ssl_client_|remote_|jwt_claim_|host\b|request_method\b)/
/** What monitoring and tests ask for by one URL. */
const ONE_PAGE = /\/(metrics|headers|(?:health|live|ready)z?|healthcheck|ping|status|version)(?:\?.*)?$/i

/** A location of a single file, below which nothing stands. */
const ONE_FILE = /\.[A-Za-z][A-Za-z0-9]*$/

/** What the backend is asked for by any request of a prefix location; null where it differs, or is meant to be one page. */
function sentForAll(deployment: Deployment, server: NginxServer, block: NginxDirective): string | null {
  if (block.name !== 'location') return null
  const { modifier, name } = readLocation(block)
  if ((modifier !== '' && modifier !== '^~') || !name.startsWith('/') || ONE_FILE.test(name)) return null
  const directory = name.endsWith('/') ? name : `${name}/`
  const sent = ['one/a', 'two/b'].map(page =>
    uriSent(deployment, server, block, `${directory}${page}?asked=1`),
  )
  const [one, two] = sent
  if (one === null || one === undefined || one !== two) return null
  const path = one.split('?')[0] ?? ''
  return /\.[A-Za-z0-9]+$/.test(path) ? null : one
}

function uriSent(
  deployment: Deployment,
  server: NginxServer,
  block: NginxDirective,
  path: string,
): string | null {
  const answer = askServer(deployment, server, path, { alsoLocal: true })
  if (answer === null || answer.end.kind !== 'pass' || answer.end.scope !== block) return null
  const { uri, target } = answer.end
  // Rewritten on its way, it is meant to be something else.
  if (!target.computed || target.uri === '' || uri === null) return null
  return answer.steps.some(({ kind }) => kind === 'rewrite') ? null : fromBytes(uri)
}
