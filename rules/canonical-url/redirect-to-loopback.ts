import { type Place, isUnknownWord } from '../../parsers/text/source.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { hostIn } from '../../src/deployment/fronts-of.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { argumentPlace as apacheArgumentPlace } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string, name = 'example.org'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(nginxServer(lines).replace('example.org', name)),
})
const apache = (lines: string, name = 'example.org'): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName ${name}
          ${lines}
      </VirtualHost>
    `,
    ['alias', 'rewrite', 'proxy', 'proxy_http'],
  ),
})

export default defineRule({
  summary: 'A redirect sends browsers to `localhost`, which is their own machine',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The client follows a redirect itself. `localhost` and `127.0.0.1` are its own machine there, where nothing answers; what is meant is another name of the site, or a backend that the server has to ask: `proxy_pass` in nginx, and `[P]` or `ProxyPass` in Apache.',
  remedy: 'Redirect to the name of the site, as `https://$host$request_uri`, or proxy to the backend',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#return',
    'https://httpd.apache.org/docs/2.4/rewrite/flags.html#flag_p',
  ],
  bad: [
    { title: 'the name of an example', files: nginx('return 301 «https://localhost$request_uri»;') },
    {
      title: 'a backend, by rewrite',
      files: nginx('rewrite ^/shop/(.*)$ «http://127.0.0.1:8000/$1» permanent;'),
    },
    {
      title: 'a page for errors on the machine of the client',
      files: nginx('error_page 404 «http://localhost/404.html»;'),
    },
    {
      title: 'the answers of a backend, turned round',
      files: nginx(conf`
        location / {
            proxy_pass http://127.0.0.1:8000;
            proxy_redirect http://example.org/ «http://127.0.0.1:8000/»;
        }
      `),
    },
    { title: 'a redirect of Apache', files: apache('Redirect permanent / «https://localhost/»') },
    {
      title: 'a rule of Apache without [P]',
      files: apache(conf`
        RewriteEngine On
        RewriteRule ^/(.*)$ «http://127.0.0.1:8000/$1» [L]
      `),
    },
  ],
  good: [
    { title: 'the name that the client asked for', files: nginx('return 301 https://$host$request_uri;') },
    {
      title: 'a server of a developer',
      files: nginx('return 301 https://localhost$request_uri;', 'localhost'),
    },
    { title: 'a name of a developer', files: nginx('return 301 https://localhost:8443/;', 'shop.test') },
    { title: 'any name', files: nginx('return 301 https://localhost$request_uri;', '_') },
    {
      title: 'for requests from the machine itself',
      files: nginx(conf`
        if ($remote_addr = 127.0.0.1) {
            return 302 http://127.0.0.1:8000/;
        }
      `),
    },
    {
      title: 'a server that only its machine reaches',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 127.0.0.1:8080;
              server_name example.org;
              return 301 https://localhost$request_uri;
          }
        `),
      },
    },
    { title: 'a text', files: nginx('return 200 http://localhost/;') },
    {
      title: 'a backend that nginx asks, and whose redirects it turns round',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                proxy_pass http://127.0.0.1:8000;
                proxy_set_header Host $host;
            }
          `),
        ),
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 127.0.0.1:8000
            <VirtualHost 127.0.0.1:8000>
                ServerName example.org
                Redirect /old http://127.0.0.1:8000/new
            </VirtualHost>
          `,
          ['alias'],
        ),
      },
    },
    { title: 'a name that begins so', files: nginx('return 301 https://localhost.example.org$request_uri;') },
    {
      title: 'a rule that proxies',
      files: apache(conf`
        RewriteEngine On
        RewriteRule ^/(.*)$ http://127.0.0.1:8000/$1 [P]
      `),
    },
    {
      title: 'a rule for the name of a developer',
      files: apache(conf`
        RewriteEngine On
        RewriteCond %{HTTP_HOST} ^localhost$
        RewriteRule ^/(.*)$ https://localhost/$1 [R,L]
      `),
    },
  ],
  *check(deployment) {
    yield* ofNginx(deployment)
    yield* ofApache(deployment)
  },
})

/** What sends the client elsewhere in nginx, and which argument says where. */
const REDIRECTS: readonly (readonly [string, number])[] = [
  ['return', -1],
  ['rewrite', 1],
  ['error_page', -1],
  ['proxy_redirect', 1],
]

function* ofNginx({ nginx: configurations, servers }: Deployment): Generator<RuleFinding> {
  const byDirective = serverIndex(servers)
  for (const { occurrences } of configurations)
    for (const [name, position] of REDIRECTS)
      for (const line of occurrences.get(name) ?? []) {
        const index = position < 0 ? line.args.length - 1 : position
        const target = line.args[index]?.value ?? ''
        if (!leadsToLoopback(target) || isText(line)) continue
        const home = enclosingServer(line)
        const server = home === null ? undefined : byDirective.get(home)
        if (server === undefined || server.listens.every(({ loopback }) => loopback === true)) continue
        if (!isPublicSite(server.names.map(each => each.name)) || isForThisMachine(line)) continue
        yield findingAt(argumentPlace(line, index), target)
      }
}

/** True for a `return` that answers with a text. */
function isText({ name, args }: NginxDirective): boolean {
  return name === 'return' && args.length > 1 && !/^30[12378]$/.test(args[0]?.value ?? '')
}

function* ofApache(deployment: Deployment): Generator<RuleFinding> {
  for (const configuration of deployment.apache) {
    const isPublic = (directive: Parameters<typeof virtualHostOf>[1]): boolean => {
      const section = virtualHostOf(configuration, directive)?.directive ?? null
      const host = hostIn(deployment, configuration, section)
      // A proxy in front may turn the address of its backend into its own.
      return host !== null && isPublicSite(host.names) && deployment.connections.reaching(host).length === 0
    }
    for (const name of ['redirect', 'redirectmatch', 'redirectpermanent', 'redirecttemp'])
      for (const line of configuration.occurrences.get(name) ?? []) {
        const target = line.args.at(-1)?.value ?? ''
        if (leadsToLoopback(target) && isPublic(line) && !/^if/i.test(line.parent?.name ?? ''))
          yield findingAt(apacheArgumentPlace(line, line.args.length - 1), target)
      }
    for (const { directive, flags, output, conditions } of placedRules(
      configuration,
      deployment.filesOf(configuration),
    )) {
      if (flags.has('P') || !leadsToLoopback(output) || !isPublic(directive)) continue
      if (conditions.some(({ directive: line }) => line.args.some(({ value }) => OF_MACHINE.test(value))))
        continue
      yield findingAt(apacheArgumentPlace(directive, 1), output)
    }
  }
}

function findingAt(at: Place, target: string): RuleFinding {
  const host = LOOPBACK.exec(target)?.[1] ?? ''
  return {
    at,
    message: `the browser of each client is sent to \`${host}\`, which is the machine that it runs on`,
    label: 'the machine of the client',
  }
}

const LOOPBACK = /^https?:\/\/((?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?)(?=[/?#$%]|$)/i

function leadsToLoopback(target: string): boolean {
  return LOOPBACK.test(target) && !isUnknownWord(target)
}

/** True where every name is one that others than a developer ask for. */
function isPublicSite(names: readonly string[]): boolean {
  return (
    names.length > 0 &&
    names.every(name => /^[a-z0-9*-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}$/i.test(name) && !OF_DEVELOPERS.test(name))
  )
}

const OF_DEVELOPERS =
  /(?:^|\.)(?:test|local|localhost|localdomain|dev|loc|lan|home|internal|intern|docker|vm|invalid|wip|devel|lvh\.me|nip\.io|sslip\.io|xip\.io)$/i

/** What a condition says of the machine itself, or of its name. */
const OF_MACHINE = /localhost|\b127\b|::1/

function isForThisMachine(line: NginxDirective): boolean {
  for (let at = line.parent; at !== null; at = at.parent)
    if (at.name === 'if' && at.args.some(({ value }) => OF_MACHINE.test(value))) return true
  return false
}
