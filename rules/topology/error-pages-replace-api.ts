import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import type { ApacheConnection, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesOfHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'

/** nginx with an API beside an application. */
const nginx = (lines: string, api = '', path = '/api/'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      ${lines}
      location = /404.html {
          root /srv/errors;
          internal;
      }
      location ${path} {
          proxy_pass http://127.0.0.1:9000;
          ${api}
      }
      location / {
          proxy_pass http://127.0.0.1:9001;
      }
    `),
  ),
  'srv/errors/404.html': '<p>not here</p>\n',
})
const PAGES = 'error_page 400 404 422 /404.html;'
const apache = (lines: string, path = '/api/'): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          <Directory /srv/www>
              Require all granted
          </Directory>
          ${lines}
          ProxyPass ${path} http://127.0.0.1:9000/
      </VirtualHost>
    `,
    ['proxy', 'proxy_http', 'mime'],
  ),
  'etc/apache2/mime.types': 'text/html html\n',
  'srv/www/errors/404.html': '<p>not here</p>\n',
})

export default defineRule({
  summary: 'Pages of errors take the place of what an API answers',
  severity: 'warning',
  otherSeverities: { info: 'where the lines stand in the location of the API itself' },
  confidence: 'high',
  since: '0.1.0',
  why: 'What an API says of a request that it refuses (400, 404, 422) stands in the body of that answer. `proxy_intercept_errors` of nginx and `ProxyErrorOverride` of Apache throw it away for a page: the form has no message to show, and scripts fail with `Unexpected token \'<\', "<!doctype "... is not valid JSON`.',
  remedy:
    'Write `proxy_intercept_errors off;` in the location of the API; in Apache `ProxyErrorOverride On 500 502 503 504` (since 2.4.47), or `Off` in its `<Location>`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_intercept_errors',
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxyerroroverride',
  ],
  bad: [
    {
      title: 'for the whole server of nginx',
      files: nginx(conf`
        ${PAGES}
        proxy_intercept_errors «on»;
      `),
    },
    {
      title: 'a regular expression',
      files: nginx(
        conf`
          ${PAGES}
          proxy_intercept_errors «on»;
        `,
        '',
        '~ ^/(api|graphql)/',
      ),
    },
    {
      title: 'in Apache',
      files: apache(conf`
        ErrorDocument 404 /errors/404.html
        ProxyErrorOverride «On»
      `),
    },
    { title: 'the pages of Apache itself', files: apache('ProxyErrorOverride «On»') },
    {
      title: 'statuses of the API among those of Apache',
      files: apache(
        conf`
          ErrorDocument 404 /errors/404.html
          ProxyErrorOverride «On» 404 500 503
        `,
        '/v1/',
      ),
    },
  ],
  good: [
    {
      title: 'off for the API of nginx',
      files: nginx(
        conf`
          ${PAGES}
          proxy_intercept_errors on;
        `,
        'proxy_intercept_errors off;',
      ),
    },
    {
      title: 'errors of the server alone',
      files: nginx(conf`
        error_page 500 502 503 504 /404.html;
        proxy_intercept_errors on;
      `),
    },
    {
      title: 'documents of JSON for the API',
      files: nginx(
        conf`
          ${PAGES}
          proxy_intercept_errors on;
        `,
        'error_page 400 404 422 /error.json;',
      ),
    },
    {
      title: 'a location that makes the document',
      files: nginx(conf`
        error_page 404 /not-found.html;
        proxy_intercept_errors on;
        location = /not-found.html {
            default_type application/json;
            return 404 '{"error": "not found"}';
        }
      `),
    },
    {
      title: 'pages alone',
      files: nginx(
        conf`
          ${PAGES}
          proxy_intercept_errors on;
        `,
        '',
        '/apidocs/',
      ),
    },
    {
      title: 'errors of the server alone, in Apache',
      files: apache(conf`
        ErrorDocument 404 /errors/404.html
        ProxyErrorOverride On 500 502 503 504
      `),
    },
    {
      title: 'off for the API of Apache',
      files: apache(conf`
        ErrorDocument 404 /errors/404.html
        ProxyErrorOverride On
        <Location /api/>
            ProxyErrorOverride Off
        </Location>
      `),
    },
    {
      title: 'documents of JSON, in Apache',
      files: apache(conf`
        ErrorDocument 404 '{"error": "not found"}'
        ProxyErrorOverride On
      `),
    },
    { title: 'another application behind Apache', files: apache('ProxyErrorOverride On', '/shop/') },
  ],
  *check(deployment) {
    if (deployment.nginx.some(({ occurrences }) => occurrences.has('error_page')))
      for (const connection of deployment.connections.nginx) yield* ofNginx(deployment, connection)
    for (const connection of deployment.connections.apache) yield* ofApache(connection)
  },
})

/** What an API answers to a request that it refuses; 401 and 403 a server may mean itself. */
const OF_API: ReadonlySet<string> = new Set(['400', '404', '405', '409', '410', '422', '429'])

const API_PATH = /^\/(?:api|graphql|rest|jsonrpc|v\d+)(?:\/|$)/i
const API_PATTERN = /^\^\/\(?(?:\?:)?(?:api|graphql|rest|jsonrpc|v\d+)(?![\w-])/i

function* ofNginx(deployment: Deployment, connection: NginxConnection): Iterable<RuleFinding> {
  const { server, block, pass, written } = connection
  const { configuration } = server
  const kind = pass.name.replace('_pass', '')
  if (!configuration.occurrences.has(`${kind}_intercept_errors`) || block.name !== 'location') return
  const shown = apiOf(connection)
  if (shown === null) return
  const intercepts = effective(configuration, block, `${kind}_intercept_errors`)
  const pages = effective(configuration, block, 'error_page')
  const switched = intercepts.known ? intercepts.value.directives.at(-1) : undefined
  if (switched?.args[0]?.value.toLowerCase() !== 'on' || !pages.known || !intercepts.known) return
  const line = pages.value.directives.find(
    each => codesOf(each).length > 0 && isPage(deployment, connection, each),
  )
  if (line === undefined) return
  const isOwn = intercepts.value.level === block && pages.value.level === block
  yield {
    at: argumentPlace(switched, 0),
    severity: isOwn ? 'info' : 'warning',
    message: `where \`${written}\` answers ${codesOf(line).join(', ')} to \`${shown}\`, nginx sends \`${line.args.at(-1)?.value}\` in place of its JSON`,
    label: 'for the API, too',
    related: [
      { at: argumentPlace(block, block.args.length - 1), message: 'the API' },
      { at: namePlace(line), message: 'the page' },
      { at: namePlace(pass), message: 'what answers' },
    ],
  }
}

/** How the location of an API is called: by its path, or by the name of its host; null for any other. */
function apiOf({ server, block }: NginxConnection): string | null {
  const { modifier, name } = readLocation(block)
  if (modifier.startsWith('~') ? API_PATTERN.test(name) : API_PATH.test(name)) return name
  const isHost = server.names.length > 0 && server.names.every(each => /^api[.-]/i.test(each.name))
  return isHost && (name === '/' || /\\\.php/.test(name)) ? (server.names[0]?.name ?? null) : null
}

function codesOf({ args }: NginxDirective): readonly string[] {
  return args.map(({ value }) => value).filter(value => OF_API.has(value))
}

/** True for a page of HTML that nginx itself has. */
function isPage(deployment: Deployment, { server }: NginxConnection, { args }: NginxDirective): boolean {
  const target = args.at(-1)?.value ?? ''
  if (!/^\/[^$?]*\.html?$/i.test(target)) return false
  const answer = askServer(deployment, server, target)
  if (answer === null) return true
  const location = answer.steps.findLast(({ kind }) => kind === 'location')?.directive
  return (
    location?.children.every(({ name }) => !/_pass$|^(?:return|default_type|types|if)$/.test(name)) !== false
  )
}

function* ofApache({ from, host, pass, path, written }: ApacheConnection): Iterable<RuleFinding> {
  const { configuration } = from
  if (!configuration.occurrences.has('proxyerroroverride')) return
  const names = (host?.children ?? []).flatMap(({ name, args }) =>
    /^Server(?:Name|Alias)$/.test(name) ? args.map(({ value }) => value) : [],
  )
  const isHost = path === '/' && names.length > 0 && names.every(name => /^api[.-]/i.test(name))
  if (path === null || !(API_PATH.test(path) || isHost) || !/^https?:/i.test(written)) return
  const line = overrideOf(configuration, host, pass)
  const [state, ...codes] = line?.args.map(({ value }) => value) ?? []
  if (line === null || state?.toLowerCase() !== 'on') return
  const statuses = codes.length === 0 ? ['400', '404', '422'] : codes.filter(code => OF_API.has(code))
  const documents = [null, host].flatMap(each => directivesOfHost(configuration, each, 'ErrorDocument'))
  // Whoever has documents of JSON means what happens.
  if (statuses.length === 0 || documents.some(({ args }) => !isHtml(args[1]?.value ?? ''))) return
  const document = documents.findLast(({ args }) => statuses.includes(args[0]?.value ?? ''))
  yield {
    at: argumentPlace(line, 0),
    message: `where the backend answers ${statuses.join(', ')} to \`${isHost ? names[0] : path}\`, Apache sends ${document === undefined ? 'a page of its own' : `\`${document.args[1]?.value}\``} in place of its JSON`,
    label: 'for the API, too',
    related: [
      { at: namePlace(pass), message: 'the API' },
      ...(document === undefined ? [] : [{ at: argumentPlace(document, 1), message: 'the page' }]),
    ],
  }
}

function isHtml(document: string): boolean {
  return /\.html?$/i.test(document) || /^"?\s*</.test(document) || document === 'default'
}

/** The line that holds for what a line proxies; null where none does, or a section may say otherwise. */
function overrideOf(
  configuration: ApacheConfiguration,
  host: ApacheDirective | null,
  pass: ApacheDirective,
): ApacheDirective | null {
  const own = directivesOfHost(configuration, host, 'ProxyErrorOverride')
  const around = sectionOf(pass)
  if (own.some(line => sectionOf(line) !== null && sectionOf(line) !== around)) return null
  const line = around === null ? undefined : own.findLast(each => sectionOf(each) === around)
  const outer = host === null ? [] : directivesOfHost(configuration, null, 'ProxyErrorOverride')
  return (
    line ??
    own.findLast(each => sectionOf(each) === null) ??
    outer.findLast(each => sectionOf(each) === null) ??
    null
  )
}

/** The section of paths around a line, within its virtual host. */
function sectionOf(directive: ApacheDirective): ApacheDirective | null {
  for (let at = directive.parent; at !== null; at = at.parent) {
    if (at.name === 'VirtualHost') return null
    if (
      /^(?:Location|Directory|Files|Proxy|If)/.test(at.name) &&
      !/^If(?:Module|Define|Version)/.test(at.name)
    )
      return at
  }
  return null
}
