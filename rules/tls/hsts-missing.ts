import type { Application, Deployment, NginxServer } from '../../src/deployment/model.ts'
import { hstsOf } from './_strict-transport.ts'
import { once } from '../../parsers/collections/once.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'

const HEADER = '    add_header Strict-Transport-Security "max-age=31536000" always;\n'
const nginx = (lines: string, mark = true, name = 'example.org'): string => conf`
  ${mark ? '«server»' : 'server'} {
      listen 443 ssl;
      server_name ${name};
      ssl_certificate /etc/ssl/a.pem;
      ssl_certificate_key /etc/ssl/a.key;
      ${lines}
  }
`
const ROOT = '    root /srv/www;\n'
const PROXY = conf`
  location / {
      proxy_pass http://127.0.0.1:9000;
      proxy_set_header Host $host;
  }
`
const MAIN = modWsgiMain()
const whole = (site: string): string => conf`
  events {
  }
  http {
  ${site}
  }
`
const APACHE = conf`
  ${MAIN}
  <VirtualHost 127.0.0.1:9000>
      ServerName example.org
      WSGIScriptAlias / /opt/app/app/wsgi.py
  </VirtualHost>
`
const project = (settings: string): Record<string, string> => ({
  'opt/app/app/wsgi.py': conf`
    import os
    from django.core.wsgi import get_wsgi_application

    os.environ["DJANGO_SETTINGS_MODULE"] = "app.settings"
    application = get_wsgi_application()
  `,
  'opt/app/app/settings.py': settings,
})

export default defineRule({
  summary: 'Browsers are not told to stay with TLS',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Without `Strict-Transport-Security` each visit may begin in plain HTTP, by an old link or a typed name: whoever sits on the line answers that first request and keeps the client there.',
  remedy:
    'Add `add_header Strict-Transport-Security "max-age=31536000" always;` to the TLS server once all of the site is on TLS, or `SECURE_HSTS_SECONDS` to Django’s settings',
  references: [
    'https://www.rfc-editor.org/rfc/rfc6797',
    'https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header',
    'https://docs.djangoproject.com/en/stable/ref/settings/#secure-hsts-seconds',
  ],
  bad: [
    { title: 'a site of files', files: { 'etc/nginx/nginx.conf': whole(nginx(ROOT)) } },
    {
      title: 'several sites, said once',
      files: { 'etc/nginx/nginx.conf': whole(nginx(ROOT) + nginx(ROOT, false, 'example.net')) },
    },
    {
      title: 'Django says nothing either',
      files: {
        'etc/nginx/nginx.conf': whole(nginx(PROXY)),
        'etc/apache2/apache2.conf': APACHE,
        ...project(conf`SECURE_SSL_REDIRECT = False`),
      },
    },
    {
      title: 'a location whose own header drops it',
      files: {
        'etc/nginx/nginx.conf': whole(
          nginx(
            conf`
              ${HEADER}${ROOT}    location / {
                      «add_header» X-Frame-Options DENY;
                  }
            `,
            false,
          ),
        ),
      },
    },
  ],
  good: [
    { title: 'sent by nginx', files: { 'etc/nginx/nginx.conf': whole(nginx(HEADER + ROOT, false)) } },
    {
      title: 'sent by Django',
      files: {
        'etc/nginx/nginx.conf': whole(nginx(PROXY, false)),
        'etc/apache2/apache2.conf': APACHE,
        ...project(conf`SECURE_HSTS_SECONDS = 31536000`),
      },
    },
    {
      title: 'sent by Apache',
      files: {
        'etc/nginx/nginx.conf': whole(nginx(PROXY, false)),
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
          Header always set Strict-Transport-Security "max-age=31536000"
          ${APACHE.slice(MAIN.length)}
        `,
      },
    },
    {
      title: 'an application that nobody here can read',
      files: { 'etc/nginx/nginx.conf': whole(nginx(PROXY, false)), 'etc/apache2/apache2.conf': APACHE },
    },
    {
      title: 'nothing but a redirect',
      files: {
        'etc/nginx/nginx.conf': whole(nginx('return 301 https://www.example.org$request_uri;', false)),
      },
    },
    {
      title: 'this machine alone',
      files: { 'etc/nginx/nginx.conf': whole(nginx(ROOT, false)).replace('443 ssl', '127.0.0.1:443 ssl') },
    },
    { title: 'a fragment, whose http may send it', files: { 'site.conf': nginx(ROOT, false) } },
  ],
  *check(deployment) {
    const maySend = senders(deployment)
    for (const configuration of deployment.nginx) {
      const own = deployment.servers.filter(each => each.configuration === configuration)
      for (const server of own.filter(server => isPublicSite(server) && !maySend(server))) {
        const { sent, droppedBy, writtenAt } = hstsOf(server)
        if (droppedBy !== null) {
          yield {
            at: namePlace(droppedBy),
            message: 'this `add_header` drops the `Strict-Transport-Security` of the server for its location',
            label: 'replaces all inherited headers',
            related: writtenAt === null ? [] : [{ at: writtenAt, message: 'sent elsewhere in the server' }],
            help: 'Repeat the header in this location',
          }
        } else if (sent === false) {
          const name = server.names.find(({ exact }) => exact)?.name ?? 'this server'
          yield {
            at: namePlace(server.directive),
            cause: configuration,
            per: 'servers',
            message: often => `\`${name}\` sends no \`Strict-Transport-Security\` over TLS${often}`,
            also: 'nor this one',
          }
        }
      }
    }
  },
})

/** A server with a name that answers the network over TLS with pages of its own. */
function isPublicSite(server: NginxServer): boolean {
  if (!server.listens.some(({ tls, loopback }) => tls && loopback === false)) return false
  return server.answer.kind === 'content' && server.names.some(({ exact }) => exact)
}

/**
 * Whether what stands behind a server may send the header; true also where nobody can tell: a backend outside
 * of the audit, or settings that the environment gives.
 */
function senders(deployment: Deployment): (server: NginxServer) => boolean {
  const withHeader = once(() => new Set(deployment.apache.filter(sendsHeader)))
  return server => {
    const connections = deployment.connections.httpOf(server)
    if (connections.length === 0) return server.directive.children.some(({ name }) => name.endsWith('_pass'))
    return connections.some(connection => {
      const reached = deployment.connections.hostsReachedBy(connection)
      if (reached.length === 0) return true
      return reached.some(({ host }) => {
        const applications = deployment.applicationsOf(host)
        if (applications.length === 0) return true
        if (applications.some(application => djangoMaySend(deployment, application))) return true
        return withHeader().has(host.configuration)
      })
    })
  }
}

function sendsHeader({ occurrences }: ApacheConfiguration): boolean {
  return (occurrences.get('header') ?? []).some(({ args }) =>
    args.some(({ value }) => value.toLowerCase() === 'strict-transport-security'),
  )
}

function djangoMaySend(deployment: Deployment, application: Application): boolean {
  const settings = deployment.pythonOf(application)?.settings
  if (settings == null) return true
  const seconds = settings.get('SECURE_HSTS_SECONDS')
  return seconds !== null && !(seconds.known && (seconds.value === 0 || seconds.value === null))
}
