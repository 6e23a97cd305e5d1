import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { tomcatsIn } from '../../src/deployment/build/programs/tomcat.ts'
import type { Connection, Target } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'

const SERVER = conf`
  <Server port="8005" shutdown="SHUTDOWN">
    <Service name="Catalina">
      <Connector port="8080" address="127.0.0.1" protocol="HTTP/1.1" />
    </Service>
  </Server>
`
const tomcat = (more: Record<string, string>): Record<string, string> => ({
  'etc/tomcat10/server.xml': SERVER,
  ...more,
})
const CONTEXT = { 'etc/tomcat10/Catalina/localhost/portal.xml': '<Context docBase="/opt/portal.war" />\n' }
const apache = (
  lines: string | readonly string[],
  more: Record<string, string> = CONTEXT,
): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ${lines}
      </VirtualHost>
    `,
    ['proxy', 'proxy_http', 'headers'],
  ),
  ...tomcat(more),
})
const nginx = (location: string, lines = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location ${location} {
          proxy_pass «http://127.0.0.1:8080/portal/»;
          proxy_set_header Host $host;
          ${lines}
      }
    `),
  ),
  ...tomcat({ 'var/lib/tomcat10/webapps/portal.war': '' }),
})
const unmarked = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.replace(/[«»]/g, '')]))

export default defineRule({
  summary: 'The session of Tomcat is for a path that clients never ask for',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Tomcat sets `JSESSIONID` for the path of the context, `Path=/portal`. Where the proxy shows the application below another path, browsers do not send the cookie back: each request begins a new session, and nobody stays logged in.',
  remedy:
    'Let the proxy write the path anew: `ProxyPassReverseCookiePath /portal /` in Apache, `proxy_cookie_path /portal /;` in nginx, or deploy the application as the context of the path that clients ask for',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypassreversecookiepath',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cookie_path',
  ],
  unproven: 'The live tests have no Tomcat',
  bad: [
    {
      title: 'Apache: the context is shown as the whole site',
      files: apache([
        'ProxyPass / «http://127.0.0.1:8080/portal/»',
        'ProxyPassReverse / http://127.0.0.1:8080/portal/',
      ]),
    },
    {
      title: 'Apache: under another name',
      files: apache('ProxyPass /members «http://127.0.0.1:8080/portal»'),
    },
    { title: 'nginx: the context is shown as the whole site', files: nginx('/') },
  ],
  good: [
    {
      title: 'Apache changes the path',
      files: apache(['ProxyPass / http://127.0.0.1:8080/portal/', 'ProxyPassReverseCookiePath /portal /']),
    },
    {
      title: 'Apache edits the cookies',
      files: apache([
        'ProxyPass / http://127.0.0.1:8080/portal/',
        'Header edit Set-Cookie "Path=/portal" "Path=/"',
      ]),
    },
    {
      title: 'Apache: under its own name',
      files: apache('ProxyPass /portal http://127.0.0.1:8080/portal'),
    },
    {
      title: 'a context that says for which path',
      files: apache('ProxyPass / http://127.0.0.1:8080/portal/', {
        'etc/tomcat10/Catalina/localhost/portal.xml':
          '<Context docBase="/opt/portal.war" sessionCookiePath="/" />\n',
      }),
    },
    {
      title: 'a directory of the context of the root, for all that is seen',
      files: apache('ProxyPass / http://127.0.0.1:8080/portal/', {}),
    },
    { title: 'nginx changes the path', files: unmarked(nginx('/', 'proxy_cookie_path /portal /;')) },
    { title: 'nginx: under its own name', files: unmarked(nginx('/portal/')) },
  ],
  *check({ connections, filesOf }) {
    for (const connection of connections.all) {
      const target = connection.targets.find(isTomcat)
      const shown = target === undefined ? null : shownAt(connection)
      if (target === undefined || shown === null || shown.context === shown.path.split('/')[1]) continue
      const files = target.machine?.container?.files ?? filesOf(connection.from.configuration)
      if (!isContext(files, shown.context) || writesPath(connection)) continue
      const path = shown.path === '' ? '/' : shown.path
      yield {
        at: argumentPlace(
          connection.pass,
          'server' in connection ? 0 : connection.pass.args.length > 1 ? 1 : 0,
        ),
        message: `Tomcat sets \`JSESSIONID\` for \`/${shown.context}\`, and clients ask for \`${path}\`: no browser sends it back, and each request begins a new session`,
        label: 'another path',
        help:
          'server' in connection
            ? `Write \`proxy_cookie_path /${shown.context} ${path};\``
            : `Write \`ProxyPassReverseCookiePath /${shown.context} ${path}\``,
      }
    }
  },
})

function isTomcat({ to }: Target): boolean {
  if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server') return false
  return to.listener.program.server.program === 'tomcat'
}

interface Shown {
  /** Of clients, without its last slash. */
  readonly path: string
  /** The first name of the path of the backend. */
  readonly context: string
}

/** Below which path clients ask for a context; null where the line changes no path, or nobody knows. */
function shownAt(connection: Connection): Shown | null {
  const own = pathOf(connection)
  const [, context] = /^(?:https?|ajp):\/\/[^/$%]+\/([\w.-]+)(?:\/|$)/.exec(connection.written) ?? []
  return own === null || context === undefined ? null : { path: own.replace(/\/$/, ''), context }
}

function pathOf(connection: Connection): string | null {
  if (!('server' in connection)) return connection.path
  const { block, pass } = connection
  if (block.name !== 'location' || pass.name !== 'proxy_pass') return null
  const { modifier, name } = readLocation(block)
  return modifier === '' || modifier === '^~' ? name : null
}

/** True where the proxy changes the path of cookies, or may. */
function writesPath(connection: Connection): boolean {
  if ('server' in connection) {
    const { server, block } = connection
    return ['proxy_cookie_path', 'proxy_hide_header'].some(name => {
      const lines = effective(server.configuration, block, name)
      return (
        !lines.known ||
        lines.value.directives.some(
          ({ args }) => name === 'proxy_cookie_path' || /cookie/i.test(args[0]?.value ?? ''),
        )
      )
    })
  }
  const { from, host } = connection
  return ['proxypassreversecookiepath', 'header'].some(name => {
    const byHost = directivesByHost(from.configuration, name)
    const lines = [...(byHost.get(null) ?? []), ...(host === null ? [] : (byHost.get(host) ?? []))]
    return lines.some(({ args }) => name !== 'header' || args.some(({ value }) => /^set-cookie/i.test(value)))
  })
}

/** Where the package of a distribution, an archive and the image have what is deployed. */
const HOMES = ['/etc', '/var/lib', '/opt', '/usr/local', '/usr/share', '/srv']

/** True where Tomcat is seen to have a context of this name, whose cookie has its path. */
const isContext = memoByKey((files: FileSystem, name: string): boolean => {
  const homes = HOMES.flatMap(directory =>
    tomcatsIn(files, directory).map(each => posix.join(directory, each)),
  )
  const settings = homes.flatMap(home =>
    [`Catalina/localhost/${name}.xml`, `conf/Catalina/localhost/${name}.xml`].flatMap(
      path => sourceAt(files, posix.join(home, path)) ?? [],
    ),
  )
  const common = homes.flatMap(home =>
    ['server.xml', 'conf/server.xml', 'context.xml', 'conf/context.xml'].flatMap(
      path => sourceAt(files, posix.join(home, path)) ?? [],
    ),
  )
  if ([...settings, ...common].some(({ text }) => text.includes('sessionCookiePath'))) return false
  return (
    settings.length > 0 ||
    common.some(({ text }) => text.includes(`path="/${name}"`)) ||
    homes.some(home =>
      ['', '.war'].some(ending => files.kind(posix.join(home, 'webapps', name + ending)) !== null),
    )
  )
})
