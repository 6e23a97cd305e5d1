import { memo } from '../../parsers/collections/memo.ts'
import { addHeader } from './_add-header.ts'
import type {
  ApacheHost,
  Application,
  Deployment,
  NginxConnection,
  SentHeader,
} from '../../src/deployment/model.ts'
import { lostHeaders } from './_lost-headers.ts'
import { exactNames } from '../../src/deployment/build/servers.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoInApache } from '../django/_examples.ts'

const nginx = (lines: string): string => conf`
  upstream app {
      server 127.0.0.1:9000;
  }
  server {
      listen 80;
      server_name example.org;
      «location» / {
          proxy_pass http://app;
          proxy_set_header X-Forwarded-For $remote_addr;
          ${lines}
      }
  }
`
const LISTEN = conf`Listen 127.0.0.1:9000`
const host = (name: string): string => conf`
  <VirtualHost 127.0.0.1:9000>
      ServerName ${name}
      WSGIDaemonProcess ${name}
      WSGIScriptAlias / /opt/${name}/wsgi.py process-group=${name}
      <Directory /opt/${name}>
          Require all granted
      </Directory>
  </VirtualHost>
`

/** A project in mod_wsgi, behind a line of nginx that says nothing of the name. */
const tree = (allowed: string, apps: string, location: string): Record<string, string> =>
  djangoInApache({
    settings: conf`
      ALLOWED_HOSTS = ${allowed}
      INSTALLED_APPS = ${apps}
    `,
    location,
    headers: 'proxy_set_header X-Forwarded-For $remote_addr;',
  })

export default defineRule({
  summary: 'The backend is asked for the name of the upstream, not of the site',
  severity: 'error',
  otherSeverities: {
    warning: 'where an application may refuse the name, or the main file is not in the audit',
    info: 'where Django allows the name, beside that of the site',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Without `proxy_set_header Host` nginx sends what stands in `proxy_pass`. Apache then answers with its first virtual host, whichever that is, and Django refuses the unknown name with 400 or builds its links and redirects with it.',
  remedy: 'Pass the client’s name on: `proxy_set_header Host $host;`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header',
    'https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts',
  ],
  bad: [
    {
      title: 'two sites in one Apache',
      files: {
        'nginx.conf': nginx(''),
        'ports.conf': LISTEN,
        'site.conf': host('shop.example.org') + host('example.org'),
      },
    },
    {
      title: 'the name of the upstream is written',
      files: {
        'nginx.conf': nginx('proxy_set_header Host «$proxy_host»;').replace('«location»', 'location'),
        'ports.conf': LISTEN,
        'site.conf': host('shop.example.org') + host('example.org'),
      },
    },
    {
      title: 'the address of Apache is written',
      files: {
        'nginx.conf': nginx('proxy_set_header Host «127.0.0.1»;').replace('«location»', 'location'),
        'ports.conf': LISTEN,
        'site.conf': host('shop.example.org') + host('example.org'),
      },
    },
    {
      title: 'one application that checks the name',
      files: { 'nginx.conf': nginx(''), 'ports.conf': LISTEN, 'site.conf': host('example.org') },
    },
    {
      title: 'Django allows the name, and that of the site',
      files: tree('["example.org", "127.0.0.1"]', '["django.contrib.auth"]', '«location»'),
    },
  ],
  good: [
    {
      title: 'Django allows the name alone, as one that has no links to itself',
      files: tree('["127.0.0.1"]', '["django.contrib.auth"]', 'location'),
    },
    {
      title: 'Django takes the name of its links from its database',
      files: tree(
        '["example.org", "127.0.0.1"]',
        '["django.contrib.auth", "django.contrib.sites"]',
        'location',
      ),
    },
    {
      title: 'proxied',
      files: {
        'nginx.conf': nginx('proxy_set_header Host $host;'),
        'ports.conf': LISTEN,
        'site.conf': host('shop.example.org') + host('example.org'),
      },
    },
    {
      title: 'the name of another site of Apache, on purpose',
      files: {
        'nginx.conf': nginx('proxy_set_header Host shop.example.org;'),
        'ports.conf': LISTEN,
        'site.conf': host('blog.example.org') + host('shop.example.org') + host('example.org'),
      },
    },
    {
      title: 'a name that is written for the one application',
      files: {
        'nginx.conf': nginx('proxy_set_header Host internal.example.org;'),
        'ports.conf': LISTEN,
        'site.conf': host('example.org'),
      },
    },
    {
      title: 'Apache goes by that name on purpose',
      files: { 'nginx.conf': nginx(''), 'ports.conf': LISTEN, 'site.conf': host('app') },
    },
    {
      title: 'the name in a header of its own',
      files: {
        'nginx.conf': nginx('proxy_set_header X-Forwarded-Host $host;'),
        'ports.conf': LISTEN,
        'site.conf': host('example.org'),
      },
    },
    {
      title: 'files that are the same under every name',
      files: {
        'nginx.conf': nginx(''),
        'ports.conf': LISTEN,
        'site.conf': conf`
          <VirtualHost 127.0.0.1:9000>
              ServerName example.org
              DocumentRoot /srv/www
          </VirtualHost>
        `,
      },
    },
  ],
  *check(deployment) {
    /** True where an application answers that may refuse the name; false where its settings allow it. */
    const checksName = (
      application: Application | undefined,
      sent: readonly string[],
      isMeant: boolean,
    ): boolean => {
      if (application === undefined) return false
      const names = namesAllowed(deployment, application)
      return names === null ? !isMeant : !sent.every(name => names.has('*') || names.has(name))
    }
    for (const connection of deployment.connections.http) {
      const { headers } = connection
      if (headers.open) continue
      if (headers.written.some(({ name }) => name === 'x-forwarded-host')) continue
      const line = headers.written.find(({ name }) => name === 'host')
      if (line !== undefined && !namesBackend(line)) continue
      if (connection.reachable === false) continue
      // Where a line of its own lost it, that line is the fault.
      if (lostHeaders(connection).some(({ name }) => name === 'host')) continue
      const [reach] = deployment.connections.hostsReachedBy(connection)
      if (reach === undefined) continue
      const { host, certain } = reach
      const sent = connection.hostsSent.known ? connection.hostsSent.value : []
      if (sent.some(name => host.names.includes(name))) continue
      const wrong = meantInstead(deployment, connection, host)
      // A name that is written out is meant, unless the application refuses it.
      const isMeant = line !== undefined && !line.value.includes('$')
      const application = deployment.applicationsOf(host).at(-1)
      const isChecked = wrong !== null || checksName(application, sent, isMeant)
      // An application that allows the names of the site is meant to be asked for them.
      const isOwn =
        line === undefined && application !== undefined && expects(deployment, application, connection)
      if (!isChecked && !isOwn) continue
      const name = sent[0] ?? ''
      yield {
        at:
          line === undefined
            ? namePlace(headers.level ?? connection.block)
            : argumentPlace(line.directive, 1),
        // Among fragments the virtual host that answers unknown names may be one that is not here.
        severity: !isChecked ? 'info' : wrong === null || !certain ? 'warning' : 'error',
        confidence: wrong === null || !certain ? 'medium' : 'high',
        per: 'locations',
        message: often =>
          !isChecked
            ? `nginx asks Django for \`Host: ${name}\`${often}, which it allows, and writes into absolute links, as in its mails`
            : wrong === null
              ? `nginx asks the application for \`Host: ${name}\`${often}, a name that no client uses`
              : `nginx asks Apache for \`Host: ${name}\`${often}, so the first virtual host answers instead of \`${wrong.names[0]}\``,
        label: line === undefined ? 'sets no `Host`' : 'the name of the backend',
        related: [
          {
            at: argumentPlace(connection.pass, 0),
            message: line === undefined ? 'this name is sent' : 'proxied here',
          },
          { at: host.addresses[0]?.at ?? host.at, message: 'this virtual host answers' },
        ],
        help: `${line === undefined ? 'Add' : 'Write'} \`proxy_set_header Host $host;\` in nginx; Apache stays as it is`,
        ...(line === undefined ? addHeader(connection, 'Host', '$host', 'unsafe') : {}),
      }
    }
  },
})

/** What `ALLOWED_HOSTS` lists; null where that is not known. */
function namesAllowed(deployment: Deployment, application: Application): ReadonlySet<unknown> | null {
  const allowed = deployment.pythonOf(application)?.settings?.get('ALLOWED_HOSTS')
  return allowed?.known && Array.isArray(allowed.value) ? new Set<unknown>(allowed.value) : null
}

/** True where the application lists a name by which clients come to nginx, and no names of its own for links. */
function expects(deployment: Deployment, application: Application, { server }: NginxConnection): boolean {
  const names = namesAllowed(deployment, application)
  const apps = deployment.pythonOf(application)?.settings?.get('INSTALLED_APPS')
  if (names === null || !apps?.known || !Array.isArray(apps.value)) return false
  // With `django.contrib.sites` the links of mails have the name in the database.
  return !apps.value.includes('django.contrib.sites') && exactNames(server).some(name => names.has(name))
}

/** True for the name or address in `proxy_pass`, or another that no client chose. */
function namesBackend({ value, state }: SentHeader): boolean {
  return state === 'set' && value !== '' && !value.replace(/\$proxy_(?:host|port)\b/g, '').includes('$')
}

/** Another virtual host that has the name by which clients come. */
function meantInstead(
  deployment: Deployment,
  connection: NginxConnection,
  host: ApacheHost,
): ApacheHost | null {
  const names = exactNames(connection.server)
  if (names.some(name => host.names.includes(name))) return null
  const named = names
    .flatMap(name => hostsByName(deployment).get(name) ?? [])
    .filter(other => other.configuration === host.configuration && other !== host)
  // The first of them in reading order.
  return named.length < 2
    ? (named[0] ?? null)
    : (deployment.virtualHosts.find(each => named.includes(each)) ?? null)
}

const hostsByName = memo(({ virtualHosts }: Deployment): ReadonlyMap<string, readonly ApacheHost[]> => {
  const named = new Map<string, ApacheHost[]>()
  for (const host of virtualHosts) {
    for (const name of host.names) {
      const known = named.get(name)
      if (known === undefined) named.set(name, [host])
      else known.push(host)
    }
  }
  return named
})
