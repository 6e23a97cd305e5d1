import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { ApacheHost, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isModuleLoaded } from '../../src/servers/apache/configuration.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { memo } from '../../parsers/collections/memo.ts'
import {
  apacheMain,
  djangoProject,
  modWsgiMain,
  nginxMain,
  proxiedServer,
  virtualHost,
  wsgiApplication,
} from '../_examples.ts'

const project = (backend: string): Record<string, string> =>
  djangoProject(conf`
    ${backend.startsWith('«') ? backend.replace('«', '«SENDFILE_BACKEND = ') : `SENDFILE_BACKEND = ${backend}`}
    SENDFILE_ROOT = "/srv/scans"
    SENDFILE_URL = "/scans"
  `)

const gunicorn = (backend: string, lines = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(proxiedServer(lines, '127.0.0.1:8000')),
  'etc/systemd/system/shop.service': conf`
    [Service]
    WorkingDirectory=/opt/shop
    ExecStart=/usr/bin/gunicorn shop.wsgi
  `,
  ...project(backend),
})

const behind = (backend: string, modules: readonly string[] = []): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(proxiedServer()),
  'etc/apache2/apache2.conf': modWsgiMain(virtualHost(wsgiApplication()), modules),
  ...project(backend),
})

const alone = (backend: string, modules: readonly string[] = []): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ${wsgiApplication()}
      </VirtualHost>
    `,
    ['wsgi', ...modules],
  ),
  ...project(backend),
})

const NGINX = '"django_sendfile.backends.nginx"'
const APACHE = '"django_sendfile.backends.xsendfile"'

export default defineRule({
  summary: 'The application leaves sending files to a server that does not know its header',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'django-sendfile answers with an empty body and a header that names the file. nginx puts the file in its place for `X-Accel-Redirect` alone, Apache for `X-Sendfile`, and only with mod_xsendfile. Any other server passes the header on: each download is a file of 0 bytes with status 200.',
  remedy:
    'Use `django_sendfile.backends.nginx` behind nginx, with `SENDFILE_URL` and an `internal` location; behind Apache `backends.xsendfile` and mod_xsendfile, or `backends.simple`',
  references: [
    'https://django-sendfile2.readthedocs.io/en/latest/backends.html',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ignore_headers',
  ],
  unproven: 'The live tests do not install django-sendfile2, and neither server knows the other’s header',
  bad: [
    { title: 'the header of Apache, and nginx', files: gunicorn('«"django_sendfile.backends.xsendfile"»') },
    {
      title: 'Apache without the module, behind nginx',
      files: behind('«"sendfile.backends.xsendfile"»'),
    },
    { title: 'Apache without the module', files: alone('«"django_sendfile.backends.xsendfile"»') },
    {
      title: 'the header of nginx, and Apache',
      files: alone('«"django_sendfile.backends.nginx"»', ['xsendfile']),
    },
  ],
  good: [
    { title: 'the header of nginx', files: gunicorn(NGINX) },
    { title: 'the header of nginx, which is in front of Apache', files: behind(NGINX) },
    { title: 'the module, behind nginx', files: behind(APACHE, ['xsendfile']) },
    { title: 'the module', files: alone(APACHE, ['xsendfile']) },
    { title: 'Django sends it', files: gunicorn('"django_sendfile.backends.simple"') },
    { title: 'the environment says which', files: gunicorn('os.environ["SENDFILE_BACKEND"]') },
    {
      title: 'nginx reads the header itself',
      files: gunicorn(
        APACHE,
        conf`
          location /scans/ {
              proxy_pass http://127.0.0.1:8000;
              add_header X-File $upstream_http_x_sendfile;
          }
        `,
      ),
    },
  ],
  *check(deployment) {
    const proxied = new Set<ApacheHost>()
    for (const connection of deployment.connections.nginx) {
      const { configuration } = connection.server
      for (const { host } of deployment.connections.hostsReachedBy(connection)) proxied.add(host)
      if (mayHoldUnread(configuration) || readsHeader(configuration)) continue
      for (const settings of settingsBehind(deployment, connection)) {
        const at = backendAt(settings, 'xsendfile')
        if (at === null) continue
        yield {
          at,
          message: 'nginx does not honour `X-Sendfile`: each download has 0 bytes',
          related: [{ at: argumentPlace(connection.pass, 0), message: 'nginx is in front' }],
        }
      }
    }
    for (const host of deployment.apacheHosts) {
      // Of what is proxied nginx is asked above; in front of the others a server of another machine may be.
      if (proxied.has(host) || !isWhole(host.configuration)) continue
      if (!host.addresses.some(({ port }) => port === 80 || port === 443)) continue
      for (const application of deployment.applicationsOf(host)) {
        const settings = deployment.pythonOf(application)?.settings ?? null
        if (settings === null) continue
        const related = [{ at: namePlace(application.directive), message: 'Apache runs it' }]
        const ofNginx = backendAt(settings, 'nginx')
        if (ofNginx !== null && deployment.connections.nginx.length === 0)
          yield {
            at: ofNginx,
            message: 'Apache does not honour `X-Accel-Redirect`: each download has 0 bytes',
            related,
          }
        const ofApache = backendAt(settings, 'xsendfile')
        if (ofApache !== null && lacksModule(host))
          yield {
            at: ofApache,
            message:
              'Apache does not load mod_xsendfile, and does not honour `X-Sendfile`: each download has 0 bytes',
            related,
          }
      }
    }
  },
})

/** Settings of Django from whose application to nginx nothing takes the header out. */
function* settingsBehind(deployment: Deployment, connection: NginxConnection): Generator<DjangoSettings> {
  for (const target of connection.targets) {
    const program = serverBehind(target)
    // uWSGI can collect the header and send the file itself.
    if (program === null || program.server.program === 'uwsgi') continue
    const settings = deployment.moduleOf(program)?.settings ?? null
    if (settings !== null) yield settings
  }
  for (const host of certainHosts(deployment, connection)) {
    if (!lacksModule(host)) continue
    for (const application of deployment.applicationsOf(host)) {
      const settings = deployment.pythonOf(application)?.settings ?? null
      if (settings !== null) yield settings
    }
  }
}

function lacksModule({ configuration }: ApacheHost): boolean {
  return isWhole(configuration) && isModuleLoaded(configuration, 'xsendfile_module') === false
}

/** Where a backend of django-sendfile, or of what it was called before, is surely set. */
function backendAt(settings: DjangoSettings, name: 'nginx' | 'xsendfile'): Place | null {
  const backend = settings.get('SENDFILE_BACKEND')
  if (backend?.known !== true) return null
  const [, written] = /^(?:django_)?sendfile\.backends\.(\w+)$/.exec(String(backend.value)) ?? []
  return written === name ? backend.at : null
}

/** True where nginx itself does something with the header. */
const readsHeader = memo(({ top, occurrences }: NginxConfiguration): boolean => {
  const reads = ({ args, children }: NginxDirective): boolean =>
    args.some(({ value }) => /_http_x_sendfile/i.test(value)) || children.some(reads)
  return [...occurrences.keys()].some(name => /lua|^js_|^perl/.test(name)) || top.some(reads)
})
