import { memo } from '../../parsers/collections/memo.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { MISSING, requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { pathsInto } from '../../src/deployment/requests/paths-into.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { answersAll, writtenRedirect } from '../../src/servers/nginx/queries/answers-all.ts'
import { wordPlace } from '../../src/servers/nginx/queries/places.ts'
import { effective, effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { locationTitle, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { parseSize, parseTime } from '../../src/servers/nginx/validate/numbers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { servesAssets } from '../_static-assets.ts'
import { namedFallback, requestHeadersLeft } from './_request-headers-left.ts'

const site = (lines: string, script = '', server = ''): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${server}
      location /upload {
          ${lines}
          try_files $uri /index.php?$args;
      }
      location ~ \.php$ {
          ${script}
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
      }
    `),
  )

const handedOver = (lines: string, headers: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      location / {
          ${lines}
          try_files $uri @app;
      }
      location @app {
          ${headers}
          proxy_pass http://127.0.0.1:9000;
      }
    `),
  )

const redirectingServer = (line: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${line}
      return 301 https://$host$request_uri;
  }
`
const secureServer = (line: string): string => conf`
  server {
      listen 443 ssl;
      server_name example.org;
      ssl_certificate /etc/ssl/a.pem;
      ssl_certificate_key /etc/ssl/a.key;
      ${line}
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
      }
  }
`

export default defineRule({
  summary: 'A location or a server sets what is lost when another one answers its requests',
  severity: 'warning',
  otherSeverities: {
    error: 'where requests are refused: by a limit of their size, or for a password',
    info: 'where scripts that are asked for by name are not concerned, and for headers that another server may send, or that are for files',
  },
  confidence: 'high',
  since: '0.1.0',
  why: '`try_files … /index.php` and `rewrite … last` start anew: nginx looks for the location of the new path, and from then on its settings hold alone. What the first location says of sizes, times, headers and passwords is forgotten, and the limits of both are applied one after the other. Of a server that redirects every request to https, the limit holds for nothing.',
  remedy: 'Write the directive in the location that answers, or in the server, from where both inherit it',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size',
  ],
  bad: [
    {
      title: 'a larger limit',
      files: { 'etc/nginx/nginx.conf': site('«client_max_body_size» 8m;') },
    },
    {
      title: 'a larger limit, where the request does not come first',
      files: { 'etc/nginx/nginx.conf': site('', '«client_max_body_size» 8m;') },
    },
    {
      title: 'no password',
      files: {
        'etc/nginx/nginx.conf': site(
          '«auth_basic» off;',
          '',
          conf`
            auth_basic "Staging";
            auth_basic_user_file /etc/nginx/users;
          `,
        ),
        'etc/nginx/users': 'ann:$apr1$exampleA$xfaYOKTMKIbagoBtezE9D0',
      },
    },
    {
      title: 'a longer time',
      files: { 'etc/nginx/nginx.conf': site('«proxy_read_timeout» 600s;') },
    },
    {
      title: 'a header for other sites',
      files: { 'etc/nginx/nginx.conf': site('add_header «Access-Control-Allow-Origin» *;') },
    },
    {
      title: 'the same, of servers whose main file is not here',
      files: { 'site.conf': `${redirectingServer('«client_max_body_size» 8m;')}\n${secureServer('')}` },
    },
    {
      title: 'a larger limit of a server that only redirects',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          redirectingServer('«client_max_body_size» 8m;'),
          secureServer(''),
        ]),
      },
    },
    {
      title: 'what the backend is to be told of the client',
      files: {
        'etc/nginx/nginx.conf': handedOver(
          conf`
            proxy_set_header «X-Forwarded-For» $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
          `,
          'proxy_set_header Host $host;',
        ),
      },
    },
    {
      title: 'the same of a server without a name, whose main file is not here',
      files: {
        'site.conf': conf`
          server {
              listen 80;
              root /srv/www;
              location / {
                  proxy_set_header «X-Real-IP» $remote_addr;
                  proxy_set_header Host $http_host;
                  try_files $uri @app;
              }
              location @app {
                  proxy_set_header Host $http_host;
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `,
      },
    },
    {
      title: 'a rewrite',
      files: {
        'etc/nginx/nginx.conf': site('').replace(
          'location /upload {',
          'location /import {\n            «client_max_body_size» 8m;\n            rewrite ^ /index.php last;\n        }\n        location /upload {',
        ),
      },
    },
  ],
  good: [
    {
      title: 'a header for fonts, of which only the missing ones come to the script',
      files: {
        'etc/nginx/nginx.conf': site('add_header Access-Control-Allow-Origin *;').replace(
          '/upload',
          '~* \\.(?:woff2?|ttf)$',
        ),
      },
    },
    {
      title: 'in the server',
      files: {
        'etc/nginx/nginx.conf': site(
          'add_header Access-Control-Allow-Origin *;',
          'add_header Access-Control-Allow-Origin *;',
          conf`
            client_max_body_size 8m;
            proxy_read_timeout 600s;
          `,
        ),
      },
    },
    {
      title: 'headers for the backend where it is asked',
      files: {
        'etc/nginx/nginx.conf': handedOver(
          '',
          conf`
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
          `,
        ),
      },
    },
    {
      title: 'headers that a block inside sends',
      files: {
        'etc/nginx/nginx.conf': handedOver(
          conf`
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
            if ($cookie_preview) {
                proxy_pass http://127.0.0.1:9000;
            }
          `,
          'proxy_set_header Host $host;',
        ),
      },
    },
    {
      title: 'a location inside, which inherits',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            location / {
                client_max_body_size 8m;
                proxy_read_timeout 600s;
                try_files $uri /index.php;
                location ~ \.php$ {
                    proxy_pass http://127.0.0.1:9000;
                    proxy_set_header Host $host;
                }
            }
          `),
        ),
      },
    },
    {
      title: 'a named location, which nginx enters without asking for the size again',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            location /upload {
                client_max_body_size 8m;
                try_files $uri @app;
            }
            location @app {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
            }
          `),
        ),
      },
    },
    {
      title: 'the limit in a file of the server that answers, which is not here',
      files: {
        'site.conf': `${redirectingServer('client_max_body_size 8m;')}\n${secureServer('include /etc/nginx/snippets/uploads.conf;')}`,
      },
    },
    {
      title: 'the limit in the server that answers',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          redirectingServer('client_max_body_size 8m;'),
          secureServer('client_max_body_size 8m;'),
        ]),
      },
    },
    {
      title: 'a smaller limit, and what is meant for files',
      files: {
        'etc/nginx/nginx.conf': site(conf`
          client_max_body_size 10k;
          expires 1d;
          add_header Cache-Control public;
        `),
      },
    },
    {
      title: 'both locations',
      files: { 'etc/nginx/nginx.conf': site('client_max_body_size 8m;', 'client_max_body_size 8m;') },
    },
    {
      title: 'an application that answers in the location itself',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location /upload {
                client_max_body_size 8m;
                proxy_read_timeout 600s;
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
            }
          `),
        ),
      },
    },
  ],
  *check(deployment) {
    const { nginx, servers } = deployment
    for (const configuration of nginx) {
      const { occurrences } = configuration
      yield* redirectedAway(deployment, configuration)
      const leaving = new Set<NginxDirective>()
      for (const name of ['try_files', 'rewrite'])
        for (const line of occurrences.get(name) ?? [])
          if (line.parent?.name === 'location' && leavesBy(line)) leaving.add(line.parent)
      if (leaving.size === 0) continue
      const byDirective = serverIndex(servers)
      for (const location of leaving) {
        const lines = location.children.filter(isSetting)
        const home = enclosingServer(location)
        const server = home === null ? undefined : byDirective.get(home)
        if (home === null || server === undefined) continue
        const hasHeaders = location.children.some(({ name }) => name === 'proxy_set_header')
        if (lines.length === 0 && !hasHeaders && !hasRaisedLimit(home)) continue
        const named = namedFallback(location, home)
        if (named !== null) yield* requestHeadersLeft(configuration, location, named)
        const target = targetOf(deployment, server, location)
        if (target === null) continue
        for (const line of lines)
          if (line.name !== 'add_header') yield* leftBehind(configuration, line, location, target)
        // Of pictures and fonts only those that are not there come to the script.
        const isOfFiles = readLocation(location).modifier.startsWith('~') && servesAssets(location)
        if (!isOfFiles) yield* headersLost(configuration, lines, location, target)
        if (named === null) yield* requestHeadersLeft(configuration, location, target)
        yield* refusedBefore(deployment, server, location, target)
      }
    }
  },
})

/** A limit of a server that redirects every request to another one, which takes less. */
function* redirectedAway(deployment: Deployment, configuration: NginxConfiguration): Generator<RuleFinding> {
  const limits = configuration.occurrences.get('client_max_body_size') ?? []
  for (const line of limits) {
    const home = line.parent
    if (home?.name !== 'server' || home.children.some(({ name }) => name === 'location')) continue
    const redirect = home.children.find(answersAll)
    const written = redirect === undefined ? null : writtenRedirect(redirect)
    if (redirect === undefined || written === null || written.status === 303) continue
    const names = serverIndex(deployment.servers).get(home)?.names ?? []
    const own = names.filter(({ exact }) => exact)
    const secure = own.flatMap(({ name }) => secureServers(deployment).get(name) ?? [])[0]
    const pass = secure?.directive.children.find(({ name }) => name === 'location')
    if (secure === undefined || pass === undefined || secure.configuration !== configuration) continue
    const found = effectiveAtHand(configuration, secure.directive, 'client_max_body_size')
    if (!found.known || hasRaisedLimit(secure.directive)) continue
    const there = found.value.directives[0]?.args[0]?.value
    const [first, second] = [bytesOf(line.args[0]?.value ?? ''), bytesOf(there ?? '1m')]
    if (first === null || second === null || first <= second) continue
    yield {
      at: namePlace(line),
      // A main file that is not in the audit may raise it for all; then this line would not be there.
      ...(configuration.main === null && { confidence: 'medium' as const }),
      message: `this server redirects every request, and the one that answers takes ${there ?? '1m, its default,'} alone: larger ones get 413`,
      label: 'left behind',
      related: [
        { at: namePlace(secure.directive), message: 'its settings hold' },
        { at: wordPlace(redirect, written.target), message: 'redirected here' },
      ],
    }
  }
}

/** The first server that answers TLS, by its exact names. */
const secureServers = memo((deployment: Deployment): ReadonlyMap<string, readonly NginxServer[]> => {
  const found = new Map<string, NginxServer[]>()
  for (const server of deployment.servers) {
    if (!server.tls || server.answer.kind === 'redirect') continue
    for (const { name, exact } of server.names) if (exact && !found.has(name)) found.set(name, [server])
  }
  return found
})

/** Settings that are worth a look, of the location itself. */
const SETTINGS =
  /^(?:client_max_body_size|auth_basic|add_header|(?:proxy|fastcgi|uwsgi|scgi|grpc)_read_timeout)$/

function isSetting({ name }: NginxDirective): boolean {
  return SETTINGS.test(name)
}

/** True for a line that may start the request anew. */
function leavesBy({ name, args }: NginxDirective): boolean {
  return name === 'try_files' ? /^[/@$]/.test(args.at(-1)?.value ?? '') : args[2]?.value === 'last'
}

/** True where a location that answers has a limit of its own. */
const hasRaisedLimit = memo((server: NginxDirective): boolean =>
  childrenNamed(server, 'location').some(
    location => childrenNamed(location, 'client_max_body_size').length > 0,
  ),
)

/** The location in which a page of this one is answered at last; null for itself, and where that is not known. */
function targetOf(
  deployment: Deployment,
  server: NginxServer,
  location: NginxDirective,
): NginxDirective | null {
  const path = pathsInto(location).find(each => each.includes(MISSING)) ?? pathsInto(location)[0]
  const [request] = path === undefined ? [] : requestsToServer(deployment, server, path)
  if (request === undefined) return null
  const { steps, end } = probe(deployment, { ...request, method: 'POST' })
  const visited = steps.flatMap(({ directive }) =>
    directive?.name === 'location' && 'context' in directive ? [directive] : [],
  )
  const last = visited.at(-1)
  if (last === undefined || last === location || !visited.includes(location)) return null
  // Whether the script is there is not known of most trees; where it is asked for is.
  if (end.kind === 'loop' || (end.kind === 'unknown' && last.children.some(mayLead))) return null
  return last
}

function mayLead({ name }: NginxDirective): boolean {
  return /^(?:if|rewrite|return|error_page|auth_request)$/.test(name)
}

function* leftBehind(
  configuration: NginxConfiguration,
  line: NginxDirective,
  location: NginxDirective,
  target: NginxDirective,
): Generator<RuleFinding> {
  const found = effective(configuration, target, line.name)
  if (!found.known || !found.value.complete) return
  const { directives } = found.value
  if (directives.includes(line)) return
  const lost = whatIsLost(line, directives, target)
  if (lost === null) return
  yield {
    at: namePlace(line),
    severity: lost.severity,
    message: `requests of \`${locationTitle(location)}\` are answered in \`${locationTitle(target)}\`, ${lost.text}`,
    label: 'left behind',
    related: [{ at: argumentPlace(target, target.args.length - 1), message: 'its settings hold' }],
  }
}

interface Lost {
  readonly severity: 'error' | 'warning'
  readonly text: string
}

/** What a line of the first location does not do in the one that answers; null where nothing is lost. */
function whatIsLost(
  line: NginxDirective,
  there: readonly NginxDirective[],
  target: NginxDirective,
): Lost | null {
  const value = line.args[0]?.value ?? ''
  const own = there[0]?.args[0]?.value
  switch (line.name) {
    case 'client_max_body_size': {
      const [first, second] = [bytesOf(value), bytesOf(own ?? '1m')]
      if (first === null || second === null || first <= second || isNamed(target)) return null
      return {
        severity: 'error',
        text: `which takes ${own ?? '1m, its default,'} alone: larger ones get 413`,
      }
    }
    case 'auth_basic':
      if (value !== 'off' || own === undefined || own === 'off' || own.includes('$')) return null
      return { severity: 'error', text: 'which asks for the password all the same' }
    default: {
      const family = line.name.replace('_read_timeout', '')
      if (!target.children.some(({ name }) => name === `${family}_pass`)) return null
      const [first, second] = [parseTime(value, false), parseTime(own ?? '60s', false)]
      if (first === null || second === null || first <= second) return null
      return { severity: 'warning', text: `which waits ${own ?? '60s, the default'}` }
    }
  }
}

/** The first of the headers that the location which answers does not send. */
function* headersLost(
  configuration: NginxConfiguration,
  lines: readonly NginxDirective[],
  location: NginxDirective,
  target: NginxDirective,
): Generator<RuleFinding> {
  const found = effective(configuration, target, 'add_header')
  if (!found.known || !found.value.complete) return
  const sent = new Set(found.value.directives.map(({ args }) => args[0]?.value.toLowerCase()))
  const lost = lines.filter(({ name, args }) => {
    const header = args[0]?.value.toLowerCase() ?? ''
    return name === 'add_header' && FOR_PAGES.test(header) && !sent.has(header)
  })
  const [first] = lost
  if (first === undefined) return
  const names = lost.map(({ args }) => `\`${args[0]?.value}\``)
  yield {
    at: argumentPlace(first, 0),
    // Another server may send them itself; of a location of files it is what lacks that comes to the script.
    severity:
      target.children.some(({ name }) => name === 'proxy_pass') || holdsFiles(location, names)
        ? 'info'
        : 'warning',
    message: `requests of \`${locationTitle(location)}\` are answered in \`${locationTitle(target)}\`, which sends no ${names.join(', ')}`,
    label: 'left behind',
    related: [{ at: argumentPlace(target, target.args.length - 1), message: 'its settings hold' }],
  }
}

/** True for a location of pictures and their like, found by others inside, whose headers are not for other sites. */
function holdsFiles(location: NginxDirective, names: readonly string[]): boolean {
  if (names.some(name => /^`access-control-/i.test(name))) return false
  return childrenNamed(location, 'location').some(
    inner => readLocation(inner).modifier.startsWith('~') && servesAssets(inner),
  )
}

/** Headers that are meant for what an application answers; those of caches may be meant for files. */
const FOR_PAGES =
  /^(?:access-control-.+|x-frame-options|content-security-policy|strict-transport-security|x-robots-tag)$/

/** A limit of the location that answers which requests by another way do not reach. */
function* refusedBefore(
  deployment: Deployment,
  server: NginxServer,
  location: NginxDirective,
  target: NginxDirective,
): Generator<RuleFinding> {
  const [line] = childrenNamed(target, 'client_max_body_size')
  if (line === undefined || childrenNamed(location, 'client_max_body_size').length > 0) return
  const found = effective(server.configuration, location, 'client_max_body_size')
  if (!found.known || !found.value.complete) return
  const outer = found.value.directives[0]?.args[0]?.value
  const [first, second] = [bytesOf(outer ?? '1m'), bytesOf(line.args[0]?.value ?? '')]
  if (first === null || second === null || second <= first) return
  // Of an application whose scripts are asked for by name, uploads do not come by this way.
  const takesScripts = targetOfScript(deployment, server) === target
  yield {
    at: namePlace(line),
    severity: takesScripts ? 'info' : 'error',
    message: `requests that come by \`${locationTitle(location)}\` meet its limit first, ${outer ?? '1m by default'}: larger ones get 413`,
    label: 'too late for these',
    related: [{ at: argumentPlace(location, location.args.length - 1), message: 'they come this way' }],
  }
}

function targetOfScript(deployment: Deployment, server: NginxServer): unknown {
  const [request] = requestsToServer(deployment, server, `/${MISSING}.php`)
  if (request === undefined) return null
  const { steps } = probe(deployment, request)
  return steps.findLast(({ directive }) => directive?.name === 'location')?.directive
}

/** Bytes of a limit, where 0 is none. */
function bytesOf(text: string): number | null {
  const bytes = parseSize(text, true)
  return bytes === 0 ? Number.POSITIVE_INFINITY : bytes
}

function isNamed(location: NginxDirective): boolean {
  return readLocation(location).modifier === '@'
}
