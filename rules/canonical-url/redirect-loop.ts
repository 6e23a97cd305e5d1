import { posix } from 'node:path'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { isBehindProxy } from '../../src/deployment/outer-proxies.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { argumentPlace, writtenText } from '../../src/deployment/places.ts'
import type { ClientRequest } from '../../src/deployment/requests/answer.ts'
import type { FollowedRedirects } from '../../src/deployment/requests/follow-redirects.ts'
import { leadsOn, mayRedirectThere } from '../../src/deployment/requests/leads-on.ts'
import { requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { probe, probeRedirects } from '../../src/deployment/requests/probe.ts'
import { redirectTarget } from '../../src/deployment/requests/redirect-target.ts'
import { isRedirect, pathsToAsk, requestsThroughApache } from './_loop-requests.ts'
import { loopsOfIncluded } from './_loop-of-included.ts'
import { growthOf, type Loop, loopOf } from './_loop-words.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { apacheFront, apacheMain, nginxMain, nginxServer } from '../_examples.ts'

const KEYS = conf`
  ssl_certificate /etc/ssl/a.pem;
  ssl_certificate_key /etc/ssl/a.key;
`
const both = (lines: string): string => conf`
  server {
      listen 80;
      listen 443 ssl;
      server_name example.org;
      ${KEYS}
      ${lines}
  }
`

const behindApache = (condition: string, target: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 127.0.0.1:8081;
        server_name example.org;
        root /srv/www;
        ${condition}
            return 301 ${target};
        }
    }
  `),
  'etc/apache2/apache2.conf': apacheFront(conf`
    RequestHeader set X-Forwarded-Proto https
    ProxyPass / http://127.0.0.1:8081/
    ProxyPassReverse / http://127.0.0.1:8081/
  `),
})

export default defineRule({
  summary: 'A redirect leads back to itself',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The browser follows it twenty times and gives up: “too many redirects”. No page of the site can be seen.',
  remedy: 'Redirect only what is not there yet: on port 80 alone, in a server of its own, or by `location =`',
  references: ['https://nginx.org/en/docs/http/converting_rewrite_rules.html'],
  bad: [
    {
      title: 'to TLS, from TLS',
      files: { 'nginx.conf': both('return 301 «https://example.org$request_uri»;') },
    },
    {
      title: 'beside a file of TLS settings that is not here',
      files: {
        'nginx.conf': both(
          'include snippets/ssl-params.conf;\nreturn 301 «https://example.org$request_uri»;',
        ),
      },
    },
    {
      title: 'a file that servers include',
      files: {
        'snippets/admin.conf': conf`
          rewrite ^/admin/stats$ «/admin/stats» redirect;
          location /admin/ {
              proxy_pass http://127.0.0.1:9000/;
          }
          location = /help {
              return 301 «/help»;
          }
        `,
      },
    },
    {
      title: 'two names that send to each other',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              return 301 «http://www.example.org$request_uri»;
          }
          server {
              listen 80;
              server_name www.example.org;
              return 301 http://example.org$request_uri;
          }
        `,
      },
    },
    {
      title: 'a location that takes what it redirects to',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              location /shop {
                  return 301 «/shop/»;
              }
          }
        `,
      },
    },
    {
      title: 'in the named location of an error',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location / {
                  error_page 418 = @canonical;
                  return 418;
              }
              location @canonical {
                  return 301 «http://example.org$request_uri»;
              }
          }
        `,
      },
    },
    {
      title: 'conditions on the name in both servers',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org www.example.org;
              root /srv/www;
              if ($host = www.example.org) {
                  rewrite ^(.*)$ «http://example.org$1» permanent;
              }
              if ($host != www.example.org) {
                  return 301 http://www.example.org$request_uri;
              }
          }
        `,
      },
    },
    {
      title: 'the slash of a directory, added and taken away',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            rewrite ^/(.*)/$ «/$1» permanent;
          `),
        ),
        'srv/www/guide/index.html': 'guide',
      },
    },
    {
      title: 'nginx behind Apache, which terminates TLS',
      files: behindApache('if ($scheme != https) {', '«https://$host$request_uri»'),
    },
    {
      title: 'the name without `www`, and the other one in the `.htaccess` of Apache behind it',
      files: {
        'nginx.conf': conf`
          server {
              listen 443 ssl;
              server_name www.example.org;
              return 301 «https://example.org$request_uri»;
          }
          server {
              listen 443 ssl;
              server_name example.org;
              location / {
                  proxy_pass http://127.0.0.1:8080;
                  proxy_set_header Host $host;
              }
          }
        `,
        'site.conf': conf`
          Listen 127.0.0.1:8080
          <VirtualHost 127.0.0.1:8080>
              ServerName example.org
              ServerAlias www.example.org
              DocumentRoot /srv/www
              <Directory /srv/www>
                  AllowOverride All
                  Require all granted
              </Directory>
          </VirtualHost>
        `,
        'srv/www/.htaccess': conf`
          RewriteEngine On
          RewriteCond %{HTTP_HOST} ^example\.org$ [NC]
          RewriteRule ^(.*)$ https://www.example.org/$1 [R=301,L]
        `,
      },
    },
    {
      title: 'a slash that is added to what has one',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer('root /srv/www;\nrewrite /admin «$scheme://$host$uri/» permanent;'),
        ),
      },
    },
    {
      title: 'a path that begins without a slash, and is put below the page',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer('root /srv/www;\nrewrite ^/old/(.*)$ «new/$1» permanent;'),
        ),
      },
    },
    {
      title: 'a directory to itself, as its slash was forgotten',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              rewrite ^/tools/report$ «/tools/report» redirect;
              location / {
                  return 204;
              }
          }
        `,
      },
    },
    {
      title: 'a template that names itself',
      files: {
        'site.conf.j2': conf`
          server {
              listen 80;
              server_name {{ domain }};
              return 301 «$scheme://{{ domain }}$request_uri»;
          }
        `,
      },
    },
    {
      title: 'a sample that leads to its own name by a variable',
      files: {
        'nginx/default.conf': conf`
          server {
              listen 80;
              server_name <domain>;
              return 301 «http://$server_name$request_uri»;
          }
        `,
      },
    },
    {
      title: 'a language in front of every path, those with a language too',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          conf`
            map $http_accept_language $lang {
                default en;
                ~*^de de;
            }
          `,
          nginxServer(conf`
            root /srv/www;
            location / {
                return 302 «/$lang$request_uri»;
            }
          `),
        ]),
      },
    },
    {
      title: 'an argument that the redirect keeps',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              if ($arg_page) {
                  rewrite ^ «/page/$arg_page» permanent;
              }
          }
        `,
      },
    },
    {
      title: 'a query that the redirect keeps',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location / {
                  if ($args ~* "lang=(en|de)") {
                      rewrite ^ «/$1$uri» redirect;
                  }
                  root /srv/www;
              }
          }
        `,
      },
    },
    {
      title: 'the slash of a directory, which Apache adds',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            rewrite ^/(.+)/$ «/$1» permanent;
            location / {
                proxy_pass http://127.0.0.1:8080;
                proxy_set_header Host $host;
            }
          `),
        ),
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 127.0.0.1:8080
            <VirtualHost 127.0.0.1:8080>
                ServerName example.org
                DocumentRoot /srv/www
            </VirtualHost>
          `,
          ['dir'],
        ),
        'srv/www/guide/index.html': 'guide',
      },
    },
  ],
  good: [
    {
      title: 'a file that servers include, with a slash more, another host and a condition',
      files: {
        'snippets/admin.conf': conf`
          rewrite ^/admin/stats$ /admin/stats/ redirect;
          location /admin/ {
              proxy_pass http://127.0.0.1:9000/;
          }
          location = /help {
              return 301 https://www.example.org/help;
          }
          location = /login {
              if ($cookie_seen = "") {
                  add_header Set-Cookie seen=1;
                  return 302 /login;
              }
              proxy_pass http://127.0.0.1:9000;
          }
        `,
      },
    },
    {
      title: 'an argument that the redirect drops',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              if ($arg_page) {
                  rewrite ^ /page/$arg_page? permanent;
              }
              if ($args ~ "^id=7$") {
                  return 301 /pages/seven;
              }
          }
        `,
      },
    },
    {
      title: 'a template that redirects one name to another',
      files: {
        'site.conf.j2': conf`
          server {
              listen 80;
              server_name {{ alias }};
              return 301 $scheme://{{ domain }}$request_uri;
          }
        `,
      },
    },
    {
      title: 'a template for other machines than the one that answers to the name',
      files: {
        'templates/nginx/main.j2': conf`
          server {
              listen 443 ssl default_server;
              server_name example.org *.example.org;
              ssl_certificate /etc/ssl/{{ name }}.pem;
              ssl_certificate_key /etc/ssl/{{ name }}.key;
              location / {
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `,
        'templates/nginx/redirect.j2': conf`
          server {
              listen 443 ssl default_server;
              server_name example.org *.example.org;
              ssl_certificate /etc/ssl/{{ name }}.pem;
              ssl_certificate_key /etc/ssl/{{ name }}.key;
              return 302 https://example.org$request_uri;
          }
        `,
      },
    },
    {
      title: 'a template that redirects to TLS',
      files: {
        'site.conf.j2': conf`
          server {
              listen 80;
              server_name {{ domain }};
              return 301 https://{{ domain }}$request_uri;
          }
        `,
      },
    },
    {
      title: 'a template that leads to the usual port, and one whose socket may speak TLS',
      files: {
        'port.conf.j2': conf`
          server {
              listen 8080;
              server_name {{ domain }};
              return 301 http://$host$request_uri;
          }
        `,
        'socket.conf.j2': conf`
          server {
              listen 80{{ options }};
              server_name {{ domain }};
              return 301 http://$host$request_uri;
          }
        `,
      },
    },
    {
      title: 'a slash that is added where there is none, and a page beside the one that is asked for',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            rewrite /admin$ $scheme://$host$uri/ permanent;
            rewrite ^/old/page$ new permanent;
          `),
        ),
      },
    },
    {
      title: 'one server for each port',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              return 301 https://$host$request_uri;
          }
          server {
              listen 443 ssl;
              server_name example.org;
              ${KEYS}
              root /srv/www;
          }
        `,
      },
    },
    {
      title: 'a condition on the scheme',
      files: {
        'nginx.conf': both(
          conf`
            if ($scheme = http) {
                return 301 https://example.org$request_uri;
            }
            root /srv/www;
          `,
        ),
      },
    },
    {
      title: 'one page that answers',
      files: {
        'nginx.conf': both(
          conf`
            root /srv/www;
            location / {
                return 302 https://example.org/soon;
            }
            location = /soon {
            }
          `,
        ),
      },
    },
    {
      title: 'a proxy in front says the scheme',
      files: {
        'nginx.conf': both(conf`
          if ($http_x_forwarded_proto != https) {
              return 301 https://$host$request_uri;
          }
          root /srv/www;
        `),
      },
    },
    {
      title: 'the location is left by its redirect',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              location = /shop {
                  return 301 /shop/;
              }
          }
        `,
      },
    },
    {
      title: 'the slash of what is no directory, taken away',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            if (!-d $request_filename) {
                rewrite ^/(.*)/$ /$1 permanent;
            }
          `),
        ),
        'srv/www/guide/index.html': 'guide',
      },
    },
    {
      title: 'Apache says that the client came over TLS',
      files: behindApache('if ($http_x_forwarded_proto != https) {', 'https://$host$request_uri'),
    },
    {
      title: 'a language in front of the paths that have none',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          conf`
            map $http_accept_language $lang {
                default en;
                ~*^de de;
            }
          `,
          nginxServer(conf`
            root /srv/www;
            location / {
                return 302 /$lang$request_uri;
            }
            location ~ ^/(?:en|de)/ {
            }
          `),
        ]),
      },
    },
  ],
  *check(deployment) {
    const byDirective = serverIndex(deployment.servers)
    for (const configuration of deployment.nginx) {
      yield* loopsOfIncluded(deployment, configuration)
      for (const line of configuration.occurrences.get('return') ?? []) {
        const host = line.source.template ? ownPlaceholder(line, byDirective) : null
        if (host === null) continue
        yield {
          at: argumentPlace(line, 1),
          message: `this redirect leads back to itself: \`${host}\` is a name of this server`,
          label: 'answered by a redirect again',
        }
      }
      for (const name of ['return', 'rewrite'] as const) {
        for (const [home, lines] of directivesByServer(configuration, name)) {
          const server = home === null ? undefined : byDirective.get(home)
          if (server === undefined) continue
          const blocks = new Set(lines.filter(isRedirect).flatMap(({ parent }) => parent ?? []))
          for (const block of blocks) {
            const loop = loopFrom(deployment, server, block)
            if (loop === null || isOfOtherMachine(deployment, server)) continue
            yield {
              at: loop.at,
              cause: `${loop.at.source.path} ${loop.at.start}`,
              message: `this redirect leads back to itself: ${loop.urls}`,
              label: 'answered by a redirect again',
              related: loop.others.map(at => ({ at, message: 'redirects too' })),
            }
          }
        }
      }
    }
  },
})

/**
 * True for a template of which another one beside it answers to the same names: they are for different machines, and
 * the names lead to that one.
 */
function isOfOtherMachine(deployment: Deployment, server: NginxServer): boolean {
  const { configuration, directive, names, answer } = server
  const { path, template } = directive.source
  if (configuration.main !== null || !template || answer.kind !== 'redirect') return false
  const own = names.flatMap(({ name, exact }) => (exact ? [name] : []))
  if (own.length === 0) return false
  const files = deployment.filesOf(configuration)
  const directory = posix.dirname(path)
  return (files.list(directory) ?? []).some(({ name }) => {
    const beside = name === posix.basename(path) ? null : sourceAt(files, posix.join(directory, name))
    return beside !== null && ANSWERING.test(beside.text) && own.every(each => isNamedIn(beside.text, each))
  })
}

const ANSWERING = /^[ \t]*(?:proxy_pass|fastcgi_pass|uwsgi_pass|root|try_files)[ \t]/m

function isNamedIn(text: string, host: string): boolean {
  return [...text.matchAll(/^[ \t]*server_name[ \t]([^;]*);/gm)].some(([, names = '']) =>
    names.split(/\s+/).includes(host),
  )
}

/** What a server of a template has for its name, or a variable that is it, and redirects everything to, by the same scheme. */
function ownPlaceholder(
  line: NginxDirective,
  servers: ReadonlyMap<NginxDirective, NginxServer>,
): string | null {
  const { parent, args } = line
  if (parent?.name !== 'server' || args.length !== 2) return null
  if (!isRedirect(line) || parent.children.find(({ name }) => LEAVING.has(name)) !== line) return null
  const [, scheme = '', host = ''] =
    /^(\$scheme|https?):\/\/([^/$]+?|\$(?:http_)?host|\$server_name)\/?(?:\$request_uri)?$/.exec(
      writtenText(argumentPlace(line, 1)),
    ) ?? []
  const server = servers.get(parent)
  if (host === '' || server === undefined) return null
  const isSame =
    scheme === '$scheme' ||
    (server.listens.length > 0 && server.listens.every(({ tls }) => tls === (scheme === 'https')))
  // A URL without a port is that of the usual one, and an open word of `listen` may be `ssl`.
  const isUsual =
    server.listens.every(({ port, tls }) => port === (tls ? 443 : 80)) &&
    !parent.children.some(({ name, args }) => name === 'listen' && args.some(isOpenWord))
  const names = parent.children.filter(({ name }) => name === 'server_name')
  // Requests of a name that is known are asked for what they meet.
  const isOwn = host.startsWith('$')
    ? names.length > 0 && names.every(({ args }) => args.every(isOpenWord))
    : isUnknownWord(args[1]?.value ?? '') &&
      names.some(child => child.args.some((_, index) => writtenText(argumentPlace(child, index)) === host))
  return isSame && isUsual && isOwn ? host : null
}

function isOpenWord({ value }: { readonly value: string }): boolean {
  return isUnknownWord(value)
}

/** What may come before a `return` and lead elsewhere. */
const LEAVING: ReadonlySet<string> = new Set(['return', 'if', 'rewrite', 'break', 'include'])

/** As many requests are made for one block. */
const MOST_REQUESTS = 24

function loopFrom(deployment: Deployment, server: NginxServer, block: NginxDirective): Loop | null {
  if (block === server.directive && redirectsOnce(deployment, server)) return null
  const paths = pathsToAsk(deployment, server, block)
  const listens = server.listens.filter(listen => isBehindProxy(deployment, server, listen))
  const ports = new Set(listens.map(({ port }) => port))
  const requests = paths.flatMap(path => requestsToServer(deployment, server, encodeURI(path)))
  const through = paths.flatMap(path => requestsThroughApache(deployment, server, encodeURI(path)))
  // Whoever comes through a proxy is told by headers, which nobody knows here.
  for (const request of [...requests.filter(({ port }) => !ports.has(port)), ...through].slice(
    0,
    MOST_REQUESTS,
  )) {
    if (!leadsOn(deployment, probe(deployment, request))) continue
    const chain = probeRedirects(deployment, request)
    const growing = isLong(chain) && !isEndedByHeader(deployment, chain) ? growthOf(chain) : null
    if (growing !== null) return growing
    if (chain.end.kind !== 'loop' || isEndedByHeader(deployment, chain)) continue
    const loop = loopOf(chain.requests.slice(chain.end.from))
    if (loop !== null) return loop
  }
  return null
}

/** True where a browser gives up, or where the URL has grown until no expression can be run on it. */
function isLong({ requests, end }: FollowedRedirects): boolean {
  return end.kind === 'limit' || (end.kind === 'answered' && requests.length > LONG)
}

const LONG = 8

/** True for a whole server that leads, by each of its sockets and names, to one that does not redirect: most do. */
function redirectsOnce(deployment: Deployment, server: NginxServer): boolean {
  const { answer, names, listens, configuration, directive } = server
  if (answer.kind !== 'redirect' || names.length === 0) return false
  if (directive.children.some(({ name }) => name === 'rewrite' || name === 'if')) return false
  const { machine } = deployment.programOf(configuration)
  return listens.every(({ port, tls }) =>
    names.every(({ name, exact }) => {
      const target = exact ? redirectTarget(answer, name, port, tls) : null
      if (target === null) return false
      const next = { ...target, scheme: target.tls ? 'https' : 'http', machine } as const
      return !mayRedirectThere(deployment, next)
    }),
  )
}

/** True where a proxy in front that says the scheme would end it. */
function isEndedByHeader(deployment: Deployment, { requests }: FollowedRedirects): boolean {
  const asksHeader = requests.some(({ steps }) =>
    steps.some(({ directive }) => directive?.name === 'if' && /\$http_/.test(textOf(directive.args))),
  )
  if (!asksHeader) return false
  const [first] = requests
  if (first === undefined) return false
  const told = new Map([
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-ssl', 'on'],
    ['x-forwarded-scheme', 'https'],
    ['cloudfront-forwarded-proto', 'https'],
    ['cf-client', '{"scheme":"https"}'],
  ])
  const request: ClientRequest = { ...first.request, headers: { values: told, complete: false } }
  return probeRedirects(deployment, request).end.kind !== 'loop'
}

function textOf(words: readonly { readonly value: string }[]): string {
  return words.map(({ value }) => value).join(' ')
}
