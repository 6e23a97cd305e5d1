import { memo } from '../../parsers/collections/memo.ts'
import { matchesHost } from '../../src/deployment/django/allowed-hosts.ts'
import { variablesRead } from '../../src/deployment/django/variables-read.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { valueOrNull } from '../../src/servers/fact.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import type { AppServerProgram, Deployment, NginxServer } from '../../src/deployment/model.ts'
import { parseHost } from '../../src/servers/address.ts'
import { assignedValue, changesHeader, textList } from './_behind-nginx.ts'
import { BESIDE_ALLOWED_HOSTS, placeBeside } from './_setting-entries.ts'
import { djangoConnections, isPlaced } from './_connections.ts'
import { djangoBehindApache, headersSent, keepsHost } from './_behind-apache.ts'
import { djangoBehindNginx, djangoBehindProxyPass, djangoInApache } from './_examples.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { PATHS } from '../../src/deployment/requests/made-up-requests.ts'
import type { VirtualHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { serviceUnit, WSGI } from '../app-server/_examples.ts'
import { modWsgiMain, nginxMain, virtualHost, wsgiApplication } from '../_examples.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { Place } from '../../parsers/text/source.ts'

const hosts = (
  list: string,
  parts: Partial<Parameters<typeof djangoBehindNginx>[0]> = {},
): Record<string, string> => djangoBehindNginx({ settings: `ALLOWED_HOSTS = ${list}\n`, ...parts })

/** Django looks at the name where something asks for it, as this middleware does. */
const commonOnly = (list: string): string => conf`
  MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
  ALLOWED_HOSTS = ${list}
`

const inApache = (list: string, lines = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': modWsgiMain(
    virtualHost(conf`
      ${lines}
      ${wsgiApplication()}
    `),
    ['rewrite'],
  ),
  'opt/shop/shop/__init__.py': '',
  'opt/shop/shop/wsgi.py': conf`
    import os
    from django.core.wsgi import get_wsgi_application
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    application = get_wsgi_application()
  `,
  'opt/shop/shop/urls.py': 'urlpatterns = []',
  'opt/shop/shop/settings.py': conf`
    SECRET_KEY = "shop"
    ROOT_URLCONF = "shop.urls"
    MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
    ALLOWED_HOSTS = ${list}
  `,
})

/** Two projects on one machine, each with its socket; the second site was made from the first. */
const twoProjects = (socket: string, list = '["shop.example.org"]'): Record<string, string> => {
  const site = (name: string, pass: string): string => conf`
    server {
        listen 80;
        server_name ${name}.example.org;
        location / {
            proxy_set_header Host $host;
            proxy_pass ${pass};
        }
    }
  `
  const project = (name: string, hosts: string): Record<string, string> => ({
    [`etc/systemd/system/${name}.service`]: serviceUnit(
      `/usr/bin/gunicorn --umask 0 --bind unix:/run/${name}/${name}.sock shop.wsgi`,
      `RuntimeDirectory=${name}`,
    ).replace('/etc/shop', `/etc/${name}`),
    [`etc/${name}/shop/__init__.py`]: '',
    [`etc/${name}/shop/wsgi.py`]: WSGI,
    [`etc/${name}/shop/settings.py`]: commonOnly(hosts),
  })
  return {
    'etc/nginx/nginx.conf': nginxMain(site('blog', 'http://unix:/run/blog/blog.sock') + site('shop', socket)),
    ...project('blog', '["blog.example.org"]'),
    ...project('shop', list),
  }
}

export default defineRule({
  summary: 'Django refuses a name that the server in front of it serves',
  severity: 'error',
  otherSeverities: { warning: 'where other names of the same server are allowed' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Without `DEBUG`, Django answers 400 Bad Request to every Host that `ALLOWED_HOSTS` does not have: `Invalid HTTP_HOST header`. Without `proxy_set_header Host` nginx sends the name of the upstream, and Apache without `ProxyPreserveHost On` the address of the backend, which no list has.',
  remedy: 'Add the name to `ALLOWED_HOSTS`, and send `Host $host` or write `ProxyPreserveHost On`',
  references: ['https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts'],
  bad: [
    { title: 'another name', files: hosts('«["example.com"]»') },
    {
      title: 'the socket of another project',
      files: twoProjects('«http://unix:/run/blog/blog.sock»'),
    },
    { title: 'an empty list', files: hosts('«[]»') },
    { title: 'the name of the upstream', files: hosts('«["example.org"]»', { headers: '' }) },
    {
      title: 'the address of the backend, which Apache sends',
      files: djangoBehindProxyPass('ALLOWED_HOSTS = «["example.org", "www.example.org"]»\n', '', {
        tls: false,
      }),
    },
    {
      title: 'a virtual host whose names uWSGI gets',
      files: (() => {
        const files = djangoBehindProxyPass('ALLOWED_HOSTS = «["shop.example.net"]»\n', '', {
          tls: false,
          pass: 'uwsgi://127.0.0.1:8000/',
        })
        const [main, unit] = ['etc/apache2/apache2.conf', 'etc/systemd/system/shop.service'] as const
        return {
          ...files,
          [main]: files[main]!.replaceAll('proxy_http', 'proxy_uwsgi'),
          [unit]: files[unit]!.replace(
            /ExecStart=.*/,
            'ExecStart=/usr/bin/uwsgi --socket 127.0.0.1:8000 --module shop.wsgi',
          ),
        }
      })(),
    },
    {
      title: 'a name of the virtual host',
      files: djangoBehindProxyPass('ALLOWED_HOSTS = «["example.org"]»\n', 'ProxyPreserveHost On', {
        tls: false,
      }),
    },
    {
      title: 'a name of the virtual host in which mod_wsgi runs it',
      files: inApache('«["localhost", "127.0.0.1"]»'),
    },
    {
      title: 'a name that nginx in front of mod_wsgi serves',
      files: djangoInApache({ settings: commonOnly('«["www.example.org"]»') }),
    },
    {
      title: 'mod_wsgi, and the name of the upstream',
      files: djangoInApache({ settings: 'ALLOWED_HOSTS = «["example.org"]»', headers: '' }),
    },
  ],
  good: [
    { title: 'the socket of its own project', files: twoProjects('http://unix:/run/shop/shop.sock') },
    { title: 'the name', files: hosts('["example.org"]') },
    { title: 'the name and all below it', files: hosts('[".example.org"]') },
    { title: 'every name', files: hosts('["*"]') },
    { title: 'a list of the environment', files: hosts('os.environ["HOSTS"].split(",")') },
    { title: 'the name of the upstream, allowed', files: hosts('["web"]', { headers: '' }) },
    {
      title: 'the names of the virtual host',
      files: djangoBehindProxyPass('ALLOWED_HOSTS = [".example.org"]\n', 'ProxyPreserveHost On', {
        tls: false,
      }),
    },
    {
      title: 'the address of the backend, allowed',
      files: djangoBehindProxyPass('ALLOWED_HOSTS = ["127.0.0.1"]\n', '', { tls: false }),
    },
    {
      title: 'the name that the client asked Apache for',
      files: djangoBehindProxyPass(
        conf`
          ALLOWED_HOSTS = [".example.org"]
          USE_X_FORWARDED_HOST = True
        `,
        '',
        { tls: false },
      ),
    },
    {
      title: 'the names that nginx in front of mod_wsgi serves',
      files: djangoInApache({ settings: commonOnly('["example.org"]') }),
    },
    {
      title: 'Apache sets the name for mod_wsgi',
      files: djangoInApache({
        settings: 'ALLOWED_HOSTS = ["shop.internal"]',
        apache: 'RequestHeader set Host shop.internal early',
      }),
    },
    { title: 'mod_wsgi, and the names', files: inApache('["example.org"]') },
    {
      title: 'mod_wsgi, and a name that is redirected',
      files: inApache(
        '["example.org"]',
        conf`
          ServerAlias www.example.org
          RewriteEngine On
          RewriteCond %{HTTP_HOST} ^www\.
          RewriteRule ^ http://example.org%{REQUEST_URI} [R=301,L]
        `,
      ),
    },
    {
      title: 'DEBUG, which allows the names of this machine',
      files: djangoBehindNginx({ settings: 'DEBUG = True\nALLOWED_HOSTS = []\n' }),
    },
  ],
  *check(deployment) {
    yield* behindApache(deployment)
    yield* inModWsgi(deployment)
    for (const each of djangoConnections(deployment)) {
      const { connection, settings, runner } = each
      const { server } = connection
      const allowed = textList(settings, 'ALLOWED_HOSTS')
      if (allowed === null || allowed.includes('*') || mayBeOn(settings.get('DEBUG'))) continue
      if (mayBeOn(settings.get('USE_X_FORWARDED_HOST')) || connection.pass.name !== 'proxy_pass') continue
      if (connection.headers.open || tellsHostsApart(server) || !isPlaced(each)) continue
      if (runner.kind === 'mod_wsgi' && changesHeader(runner, 'host')) continue
      const arrives = (host: string): boolean =>
        runner.kind !== 'mod_wsgi' ||
        runner.names.has(host) ||
        server.names.every(({ name }) => name !== host)
      const sent = (valueOrNull(connection.hostsSent) ?? []).filter(
        host => !isPlaceholder(host) && arrives(host),
      )
      const refused = sent.filter(host => !allowed.some(pattern => matchesHost(host, pattern.toLowerCase())))
      const [first] = refused
      if (first === undefined) continue
      const fact = settings.get('ALLOWED_HOSTS')
      const at = fact?.at == null ? placeBeside(each, BESIDE_ALLOWED_HOSTS) : assignedValue(fact.at)
      if (at === null) continue
      const isAll = refused.length === sent.length
      // An address beside names is how monitoring asks, and is refused on purpose.
      if (!isAll && refused.every(host => parseHost(host).kind === 'ip' || host === 'localhost')) continue
      const meant =
        isAll && runner.kind === 'app-server' ? (projectsByHost(deployment).get(first) ?? null) : null
      if (meant !== null && runner.kind === 'app-server' && isOther(meant, runner.program)) {
        yield {
          at: argumentPlace(connection.pass, 0),
          severity: 'error' as const,
          message: `nginx sends the requests for \`${first}\` to another project, whose \`ALLOWED_HOSTS\` does not have it: Django answers 400`,
          label: `not the server of \`${first}\``,
          related: [
            { at: runner.program.server.at, message: 'the project that is asked is started here' },
            {
              at: meant.server.at,
              message: `the one whose \`ALLOWED_HOSTS\` has \`${first}\` is started here`,
            },
            ...meant.sockets.slice(0, 1).map(({ at }) => ({ at, message: 'and listens here' })),
          ],
          help: 'Write the socket of its own server',
        }
        continue
      }
      const host = connection.headers.written.findLast(({ name }) => name === 'host')
      yield {
        at,
        severity: isAll ? ('error' as const) : ('warning' as const),
        message: `nginx sends Django the Host \`${first}\`, which \`ALLOWED_HOSTS\` does not have: it answers 400`,
        label: `without \`${first}\``,
        related: [
          host === undefined
            ? {
                at: argumentPlace(connection.pass, 0),
                message: 'nginx sends this name, for no `Host` is set',
              }
            : { at: argumentPlace(host.directive, 1), message: 'nginx sends it here' },
          ...variablesRead(settings.expressionOf('ALLOWED_HOSTS')?.expression).flatMap(name => {
            const variable = runner.kind === 'app-server' ? runner.program.environment(name) : null
            return variable?.known === true && variable.at !== null
              ? [{ at: variable.at, message: 'the value comes from here' }]
              : []
          }),
          ...server.names
            .filter(({ name }) => name === first)
            .map(each => ({ at: each.at, message: 'a name of this server' })),
        ],
      }
    }
  },
})

/** The one program whose project allows a name; null for a name that several allow. */
const projectsByHost = memo((deployment: Deployment): ReadonlyMap<string, AppServerProgram | null> => {
  const found = new Map<string, AppServerProgram | null>()
  for (const program of programsOfKind(deployment, 'app-server')) {
    const settings = deployment.moduleOf(program)?.settings
    for (const name of settings == null ? [] : (textList(settings, 'ALLOWED_HOSTS') ?? []))
      found.set(name.toLowerCase(), found.has(name.toLowerCase()) ? null : program)
  }
  return found
})

/** True for a program of the same machine that loads other settings, and that is seen to be started. */
function isOther(meant: AppServerProgram, asked: AppServerProgram): boolean {
  return meant !== asked && meant.machine === asked.machine && meant.isSeen
}

function mayBeOn(fact: { readonly known: boolean; readonly value?: unknown } | null): boolean {
  return fact !== null && (!fact.known || Boolean(fact.value))
}

/** True where the server may send some of its names elsewhere. */
function tellsHostsApart({ directive }: NginxServer): boolean {
  return directive.children.some(
    ({ name, args }) =>
      name === 'if' && args.some(({ value }) => /\$(?:http_)?host|\$server_name/.test(value)),
  )
}

function isPlaceholder(host: string): boolean {
  return host === '' || host.includes('_') || host.startsWith('*') || host.includes('$')
}

/** The list, as far as it is known and refuses anybody; null where no name can be said to be refused. */
function refusing(
  settings: DjangoSettings,
): { readonly allowed: readonly string[]; readonly at: Place } | null {
  const fact = settings.get('ALLOWED_HOSTS')
  const allowed = textList(settings, 'ALLOWED_HOSTS')
  if (allowed === null || fact?.at == null || allowed.includes('*') || mayBeOn(settings.get('DEBUG')))
    return null
  return mayBeOn(settings.get('USE_X_FORWARDED_HOST')) ? null : { allowed, at: assignedValue(fact.at) }
}

/** The names of a virtual host that a client may ask for, in lower case. */
function namesOf(host: VirtualHost): readonly string[] {
  const own = host.serverName?.known === true ? [host.serverName.value.host] : []
  const aliases = host.aliases.flatMap(({ name, wild }) => (name.known && !wild ? [name.value] : []))
  const names = [...own, ...aliases].map(name => name.toLowerCase())
  return names.filter(name => /^[\w.-]+\.[a-z]{2,}$/.test(name) && !name.includes('_'))
}

function* behindApache(deployment: Deployment): Iterable<RuleFinding> {
  for (const each of djangoBehindApache(deployment)) {
    const { host, connection, settings } = each
    const list = refusing(settings)
    if (list === null || host === null || headersSent(each, name => name === 'host').length > 0) continue
    const isKept = keepsHost(each.connection)
    if (isKept === undefined) continue
    const backend = /^(?:unix:[^|]*\|)?http:\/\/(\[[^\]]*\]|[^/:]+)/i.exec(connection.written)?.[1]
    if (!isKept && (backend === undefined || /[$%{]/.test(backend))) continue
    const sent = isKept || backend === undefined ? namesOf(host) : [backend.toLowerCase()]
    const refused = sent.filter(
      name => !list.allowed.some(pattern => matchesHost(name, pattern.toLowerCase())),
    )
    const [first] = refused
    if (first === undefined) continue
    const isAll = refused.length === sent.length
    yield {
      at: list.at,
      severity: isAll ? ('error' as const) : ('warning' as const),
      message: `Apache sends Django the Host \`${first}\`, which \`ALLOWED_HOSTS\` does not have: it answers 400`,
      label: `without \`${first}\``,
      related: [
        {
          at: argumentPlace(connection.pass, connection.pass.args.length > 1 ? 1 : 0),
          message: isKept
            ? 'Apache proxies here'
            : 'Apache sends this name, for no `ProxyPreserveHost` is on',
        },
      ],
    }
  }
}

/** Names of a virtual host whose requests reach the application in Apache itself, with no server in front. */
function* inModWsgi(deployment: Deployment): Iterable<RuleFinding> {
  for (const application of deployment.applications) {
    const { configuration, directive, host } = application
    const settings = host === null ? null : (deployment.pythonOf(application)?.settings ?? null)
    const list = settings === null ? null : refusing(settings)
    if (list === null || host?.virtualHost == null || deployment.connections.reaching(host).length > 0)
      continue
    const asked = { configuration, host: host.virtualHost }
    const names = namesOf(host.virtualHost).filter(name => {
      const { end, steps } = askHost(deployment, asked, PATHS.missingPage, { name })
      return end.kind === 'wsgi' && end.alias === directive && steps.every(({ kind }) => kind !== 'doubt')
    })
    const refused = names.filter(
      name => !list.allowed.some(pattern => matchesHost(name, pattern.toLowerCase())),
    )
    const [first] = refused
    if (first === undefined) continue
    yield {
      at: list.at,
      severity: refused.length === names.length ? ('error' as const) : ('warning' as const),
      message: `\`ALLOWED_HOSTS\` does not have \`${first}\`, a name of the virtual host: Django answers 400`,
      label: `without \`${first}\``,
      related: [{ at: argumentPlace(directive, 1), message: 'runs in this virtual host' }],
    }
  }
}
