import { isUnknownWord } from '../../parsers/text/source.ts'
import { compilePcre } from '../../src/servers/regex.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import { hostAt } from '../../src/deployment/fronts-of.ts'
import { isBehindProxy } from '../../src/deployment/outer-proxies.ts'
import type { ApacheHost, Deployment, NginxServer } from '../../src/deployment/model.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { argumentPlace, writtenText } from '../../src/deployment/places.ts'
import type { ClientRequest, FollowedRequest } from '../../src/deployment/requests/answer.ts'
import { type FollowedRedirects, urlOf } from '../../src/deployment/requests/follow-redirects.ts'
import { leadsOn, mayRedirectThere } from '../../src/deployment/requests/leads-on.ts'
import { MISSING, requestsToHost, requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { pathsInto } from '../../src/deployment/requests/paths-into.ts'
import { probe, probeRedirects } from '../../src/deployment/requests/probe.ts'
import { redirectTarget } from '../../src/deployment/requests/redirect-target.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'

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
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 443
      <VirtualHost *:443>
          ServerName example.org
          SSLEngine on
          SSLCertificateFile /etc/ssl/a.pem
          SSLCertificateKeyFile /etc/ssl/a.key
          ProxyPreserveHost On
          RequestHeader set X-Forwarded-Proto https
          ProxyPass / http://127.0.0.1:8081/
          ProxyPassReverse / http://127.0.0.1:8081/
      </VirtualHost>
    `,
    ['ssl', 'headers', 'proxy', 'proxy_http'],
  ),
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
  ],
  good: [
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
            if (loop === null) continue
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

function isRedirect({ name, args }: NginxDirective): boolean {
  const [first, second, flag] = [args[0]?.value, args[1]?.value, args[2]?.value]
  if (name === 'rewrite')
    return flag === 'redirect' || flag === 'permanent' || /^(?:https?:|\$scheme)/.test(second ?? '')
  return /^30[12378]$/.test(first ?? '') || (args.length === 1 && /^(?:https?:|\$scheme)/.test(first ?? ''))
}

/** The placeholder that a server of a template has for its name and redirects everything to, by the same scheme. */
function ownPlaceholder(
  line: NginxDirective,
  servers: ReadonlyMap<NginxDirective, NginxServer>,
): string | null {
  const { parent, args } = line
  if (parent?.name !== 'server' || args.length !== 2 || !isUnknownWord(args[1]?.value ?? '')) return null
  if (!isRedirect(line) || parent.children.find(({ name }) => LEAVING.has(name)) !== line) return null
  const [, scheme = '', host = ''] =
    /^(\$scheme|https?):\/\/([^/$]+?)\/?(?:\$request_uri)?$/.exec(writtenText(argumentPlace(line, 1))) ?? []
  const server = servers.get(parent)
  if (host === '' || server === undefined) return null
  const isSame =
    scheme === '$scheme' ||
    (server.listens.length > 0 && server.listens.every(({ tls }) => tls === (scheme === 'https')))
  const isOwn = parent.children.some(
    child =>
      child.name === 'server_name' &&
      child.args.some((_, index) => writtenText(argumentPlace(child, index)) === host),
  )
  return isSame && isOwn ? host : null
}

/** What may come before a `return` and lead elsewhere. */
const LEAVING: ReadonlySet<string> = new Set(['return', 'if', 'rewrite', 'break', 'include'])

interface Loop {
  readonly at: Place
  readonly others: readonly Place[]
  readonly urls: string
}

/** As many requests are made for one block. */
const MOST_REQUESTS = 24

function loopFrom(deployment: Deployment, server: NginxServer, block: NginxDirective): Loop | null {
  if (block === server.directive && redirectsOnce(deployment, server)) return null
  const paths = [
    ...pathsInto(block),
    ...pathsOntoThemselves(block),
    ...directoriesOf(deployment, server, block),
  ]
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
    const growing = chain.end.kind === 'limit' && !isEndedByHeader(deployment, chain) ? growthOf(chain) : null
    if (growing !== null) return growing
    if (chain.end.kind !== 'loop' || isEndedByHeader(deployment, chain)) continue
    const loop = loopOf(chain.requests.slice(chain.end.from))
    if (loop !== null) return loop
  }
  return null
}

/** No more of one block are asked for. */
const MOST_REWRITES = 4

/** Where the redirects of a block lead that their own expression matches again. */
function pathsOntoThemselves(block: NginxDirective): readonly string[] {
  const paths: string[] = []
  for (const line of block.children) {
    if (line.name !== 'rewrite' || !isRedirect(line)) continue
    const [pattern, replacement] = line.args
    const path = (replacement?.value ?? '')
      .replace(/^(?:https?|\$scheme):\/\/[^/]*/, '')
      .replace(/\?.*$/s, '')
      .replace(/\$[1-9]/g, 'page')
    if (!path.startsWith('/') || path.includes('$') || isUnknownWord(path)) continue
    if (compilePcre(pattern?.value ?? '', {})?.test(path) !== true) continue
    if (paths.push(path) === MOST_REWRITES) break
  }
  return paths
}

/** No more directories of one root are asked for. */
const MOST_DIRECTORIES = 2

/** Directories below the root, where a `rewrite` of the block takes away the slash that nginx adds to their URLs. */
function directoriesOf(
  { filesOf }: Deployment,
  { configuration }: NginxServer,
  block: NginxDirective,
): readonly string[] {
  const takesSlash = block.children.some(
    line => line.name === 'rewrite' && isRedirect(line) && /\/\+?\)?\$$/.test(line.args[0]?.value ?? ''),
  )
  if (!takesSlash) return []
  const base = fileBase(configuration, block)
  if (!base.known || base.value.kind !== 'root' || isComputed(base.value.path)) return []
  const entries = filesOf(configuration).list(base.value.path.replace(/\/+$/, '')) ?? []
  return entries
    .filter(({ name, kind }) => kind === 'directory' && /^[\w-]+$/.test(name))
    .slice(0, MOST_DIRECTORIES)
    .map(({ name }) => `/${name}/`)
}

/** Requests to the virtual hosts of Apache that proxy to a server of nginx, by its names. */
function requestsThroughApache(
  deployment: Deployment,
  server: NginxServer,
  target: string,
): readonly ClientRequest[] {
  return (apacheFronts(deployment).get(server) ?? []).flatMap(host =>
    requestsToHost(deployment, host, target).filter(request =>
      server.names.some(({ name }) => name === request.host),
    ),
  )
}

const apacheFronts = memo((deployment: Deployment): ReadonlyMap<NginxServer, readonly ApacheHost[]> => {
  const found = new Map<NginxServer, ApacheHost[]>()
  const fronts = deployment.connections.apache.flatMap(({ host, targets, path }) => {
    const [target] = targets
    if (host === null || path !== '/' || target?.to.kind !== 'listener') return []
    const front = target.to.listener.kind === 'nginx' ? hostAt(deployment, host) : null
    return front === null ? [] : [front]
  })
  if (fronts.length === 0) return found
  const byName = new Map<string, ApacheHost[]>()
  for (const front of fronts)
    for (const name of front.names) byName.set(name, [...(byName.get(name) ?? []), front])
  for (const server of deployment.servers) {
    const hosts = new Set(server.names.flatMap(({ name }) => byName.get(name) ?? []))
    if (hosts.size > 0) found.set(server, [...hosts])
  }
  return found
})

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

/** A redirect of which every answer is redirected by the same line to a longer URL. */
function growthOf({ requests }: FollowedRedirects): Loop | null {
  const last = requests.slice(-4)
  const [place, ...others] = last.map(placeOf)
  if (place === null || place === undefined) return null
  if (!others.every(other => other !== null && byPlace(other, place) === 0)) return null
  const sizes = last.map(({ request }) => request.target.length)
  if (!sizes.every((size, index) => index === 0 || size > (sizes[index - 1] ?? 0))) return null
  const urls = requests.slice(0, 3).map(({ request }) => `\`${urlOf(request).replace(MISSING, 'page')}\``)
  return { at: place, others: [], urls: `${urls.join(' → ')} → …` }
}

function loopOf(cycle: readonly FollowedRequest[]): Loop | null {
  // An empty `Location` is none: browsers stay where they are.
  if (cycle.some(({ end }) => end.kind !== 'redirect' || end.location === '')) return null
  // One line of Apache is named by `apache/redirect-loop`, with the reason.
  if (cycle.length === 1 && cycle.every(({ end }) => end.kind === 'redirect' && end.by === 'apache'))
    return null
  const places = cycle.flatMap(followed => placeOf(followed) ?? [])
  const implied = places.filter(place => cycle.some(({ end }) => end.at === place))
  // What nginx does by itself, for a directory, is no line that would have to change.
  const [at, ...others] = [
    ...places.filter(place => !implied.includes(place)).sort(byPlace),
    ...[...implied].sort(byPlace),
  ]
  if (at === undefined || places.length < cycle.length) return null
  const [first] = cycle
  const urls = [...cycle, ...(first === undefined ? [] : [first])].map(
    ({ request }) => `\`${urlOf(request).replace(MISSING, 'page')}\``,
  )
  return { at, others: others.filter(other => byPlace(other, at) !== 0), urls: urls.join(' → ') }
}

/** What is written for the client to go to. */
function placeOf({ steps, end }: FollowedRequest): Place | null {
  const by = steps.findLast(
    ({ directive }) =>
      directive !== null &&
      ['return', 'rewrite', 'error_page'].includes(directive.name) &&
      'node' in directive,
  )?.directive
  if (by === null || by === undefined) return end.at
  return argumentPlace(by, by.name === 'error_page' ? by.args.length - 1 : Math.min(1, by.args.length - 1))
}

function byPlace(one: Place, other: Place): number {
  if (one.source !== other.source) return one.source.path < other.source.path ? -1 : 1
  return one.start - other.start
}
