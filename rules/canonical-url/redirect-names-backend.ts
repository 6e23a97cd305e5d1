import { flagsOfRule } from '../../src/servers/apache/requests/rewrite/rules.ts'
import type { ApacheHost, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { namePlace as nginxNamePlace } from '../../src/deployment/places.ts'
import { urlOf } from '../../src/deployment/requests/follow-redirects.ts'
import { MISSING, PATHS, requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Place } from '../../parsers/text/source.ts'
import { isLoopback, parseHost } from '../../src/servers/address.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass http://127.0.0.1:8080;
          ${lines}
      }
    `),
  )
const apache = (name: string, lines = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 127.0.0.1:8080
      <VirtualHost 127.0.0.1:8080>
          ServerName ${name}
          DocumentRoot /srv/www
          ${lines}
      </VirtualHost>
    `,
    ['dir', 'alias', 'rewrite'],
  ),
  'srv/www/guide/index.html': 'guide',
})

export default defineRule({
  summary: 'A redirect of Apache names a port or an address that only nginx reaches',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache makes whole URLs of `ServerName`, of the `Host` that nginx sends and of its own port, first of all for `/guide`, which mod_dir redirects to `/guide/`. Clients are sent to `http://example.org:8080/guide/` or `http://127.0.0.1:8080/guide/`, where nobody answers them.',
  remedy:
    'Write `ServerName` without a port, send `proxy_set_header Host $host`, and leave `%{SERVER_PORT}` out of redirects',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/core.html#usecanonicalname',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_redirect',
  ],
  bad: [
    {
      title: 'a port in ServerName',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_set_header Host $host;'),
        ...apache('«example.org:8080»'),
      },
    },
    {
      title: 'a port in ServerName, of a directory that may have a .htaccess and has none',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_set_header Host $host;'),
        ...apache(
          '«example.org:8080»',
          conf`
            <Directory /srv/www>
                AllowOverride All
            </Directory>
          `,
        ),
      },
    },
    {
      title: 'the port of Apache, whatever the client asked for',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_set_header Host $host;'),
        ...apache('example.org', 'UseCanonicalPhysicalPort «On»'),
      },
    },
    {
      title: 'TLS on the port of plain HTTP',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_set_header Host $host;'),
        ...apache(
          'example.org',
          conf`
            RewriteEngine On
            RewriteRule ^/old/(.*)$ «https://%{SERVER_NAME}:%{SERVER_PORT}/new/$1» [R=301,L]
          `,
        ),
      },
    },
    {
      title: 'the address of Apache, which proxy_redirect does not take back',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                «proxy_pass» http://127.0.0.1:8080;
                proxy_redirect off;
            }
          `),
        ),
        ...apache('example.org'),
      },
    },
    {
      title: 'the address of Apache as the host of a redirect to TLS',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                «proxy_pass» http://127.0.0.1:8080;
            }
          `),
        ),
        ...apache(
          'example.org',
          conf`
            RewriteEngine On
            RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
          `,
        ),
      },
    },
  ],
  good: [
    {
      title: 'the name alone',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_set_header Host $host;'),
        ...apache(
          'example.org',
          conf`
            RewriteEngine On
            RewriteRule ^/old/(.*)$ /new/$1 [R=301,L]
          `,
        ),
      },
    },
    {
      title: 'proxy_redirect takes the address back',
      files: { 'etc/nginx/nginx.conf': nginx(''), ...apache('example.org') },
    },
    {
      title: 'the port by which clients come',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 8080;
              server_name example.org;
              location / {
                  proxy_pass http://127.0.0.1:8081;
                  proxy_set_header Host $http_host;
              }
          }
        `),
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 127.0.0.1:8081
            <VirtualHost 127.0.0.1:8081>
                ServerName example.org:8080
                DocumentRoot /srv/www
            </VirtualHost>
          `,
          ['dir'],
        ),
        'srv/www/guide/index.html': 'guide',
      },
    },
  ],
  *check(deployment) {
    for (const host of deployment.apacheHosts) {
      const way = deployment.connections
        .reaching(host)
        .find(({ connection, certain }) => certain && connection.pass.name === 'proxy_pass')
      if (way === undefined) continue
      const { connection } = way
      const name = directivesIn(host.configuration, host.directive, 'servername').at(-1)
      const lines = redirectingLines(host)
      const physical = directivesIn(host.configuration, host.directive, 'usecanonicalphysicalport').at(-1)
      const isPhysical = /^on$/i.test(physical?.args[0]?.value ?? '')
      if (!isPhysical && !mayNameBackend(host, connection, name, lines)) continue
      for (const path of pathsOf(deployment, host, lines)) {
        const found = redirectThere(deployment, connection, path)
        if (found === null) continue
        yield {
          at: placeOf(found.line, isPhysical ? physical : name, connection),
          message: `\`${path.replace(MISSING, 'page')}\` is redirected to \`${found.location.replace(MISSING, 'page')}\`, where clients of nginx find nothing`,
          related: [{ at: nginxNamePlace(connection.pass), message: 'clients come by nginx' }],
        }
        break
      }
    }
  },
})

/** Redirecting lines of a virtual host itself. */
function redirectingLines({ configuration, directive }: ApacheHost): readonly ApacheDirective[] {
  return ['redirect', 'redirectmatch', 'redirectpermanent', 'rewriterule'].flatMap(name =>
    directivesIn(configuration, directive, name).filter(
      line => line.name !== 'RewriteRule' || flagsOfRule(line).has('R'),
    ),
  )
}

/** True where a port is written, or where nginx sends another name than its own. */
function mayNameBackend(
  { names }: ApacheHost,
  { hostsSent, server }: NginxConnection,
  name: ApacheDirective | undefined,
  lines: readonly ApacheDirective[],
): boolean {
  if (/:\d+$/.test(name?.args[0]?.value ?? '')) return true
  if (lines.some(({ args }) => args.some(({ value }) => /SERVER_PORT|:\d{2,5}(?:\/|$)/.test(value))))
    return true
  const own = new Set([...names, ...server.names.map(each => each.name)])
  return hostsSent.known && hostsSent.value.length > 0 && !hostsSent.value.some(sent => own.has(sent))
}

/** No more redirecting lines of one virtual host are asked about. */
const MOST_LINES = 6

/** A directory of the document root, a page, and what the redirects are about. */
function pathsOf(
  deployment: Deployment,
  { configuration, directive }: ApacheHost,
  lines: readonly ApacheDirective[],
): readonly string[] {
  const root = directivesIn(configuration, directive, 'documentroot').at(-1)?.args[0]?.value
  const directory =
    root === undefined
      ? undefined
      : (deployment.filesOf(configuration).list(root.replace(/(?<=.)\/$/, '')) ?? []).find(
          ({ name, kind }) => kind === 'directory' && /^[a-z][\w-]*$/i.test(name),
        )
  const written = lines.slice(0, MOST_LINES).flatMap(({ args }) => {
    const value = args.find(arg => /^\^?\/\w/.test(arg.value))?.value ?? ''
    const path = /^\^?((?:\/[\w-]+)+\/?)/.exec(value)?.[1]
    return path === undefined ? [] : [path.endsWith('/') ? path + MISSING : path]
  })
  return [
    ...(directory === undefined ? [] : [`/${directory.name}`]),
    ...(lines.length > 0 ? [PATHS.missingPage] : []),
    ...new Set(written),
  ]
}

/** Where a client is sent that no client of nginx can connect to, and the line of Apache that says so. */
function redirectThere(deployment: Deployment, { server, targets }: NginxConnection, path: string) {
  for (const request of requestsToServer(deployment, server, path).slice(0, 2)) {
    const { end, steps } = probe(deployment, request)
    if (end.kind !== 'redirect' || !URL.canParse(end.location, urlOf(request))) continue
    const { protocol, hostname, port } = new URL(end.location, urlOf(request))
    const isMixed = `${protocol}${port}` === 'https:80' || `${protocol}${port}` === 'http:443'
    const isLocal = isLoopback(parseHost(hostname)) === true && isLoopback(parseHost(request.host)) !== true
    const number = port === '' ? null : Number(port)
    const isBehind = number !== null && targets.some(target => target.port === number)
    const isInner = isMixed || isLocal || (isBehind && !isOuter(deployment, server, number))
    if (!isInner) continue
    const line = steps.findLast(
      ({ directive }) =>
        directive !== null && 'nameStart' in directive && /^Re(?:direct|writeRule)/.test(directive.name),
    )?.directive
    return {
      location: end.location,
      line: line !== undefined && line !== null && 'nameStart' in line ? line : null,
    }
  }
  return null
}

/** True for a port by which clients come, or may. */
function isOuter(
  { programOf }: Deployment,
  { configuration, listens }: NginxConnection['server'],
  port: number,
): boolean {
  const { container } = programOf(configuration).machine
  if (container !== null) return true
  return listens.some(each => each.port === null || each.port === port)
}

/** The text that names the port, or the pass that sends no name of the site. */
function placeOf(
  line: ApacheDirective | null,
  name: ApacheDirective | undefined,
  connection: NginxConnection,
): Place {
  const target = line?.args[line.name === 'RewriteRule' ? 1 : line.args.length - 1]?.value ?? ''
  if (line !== null && /SERVER_PORT|:\d{2,5}(?:\/|$)/.test(target))
    return argumentPlace(line, line.name === 'RewriteRule' ? 1 : line.args.length - 1)
  if (name !== undefined && /^on$|:\d+$/i.test(name.args[0]?.value ?? '')) return argumentPlace(name, 0)
  return nginxNamePlace(connection.pass)
}
