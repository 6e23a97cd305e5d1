import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import { addHeader } from './_add-header.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import type { Place } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { isTurnedOn } from '../../src/deployment/django/is-turned-on.ts'
import { conf } from '../../src/engine/conf.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { takesClients } from '../../src/deployment/outer-proxies.ts'
import { defineRule } from '../../src/engine/rule.ts'

const HEADER = 'x-forwarded-host'
const nginx = (lines = ''): string => conf`
  server {
      listen 80;
      server_name example.org;
      «location» / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
          ${lines}
      }
  }
`
const APACHE = {
  'ports.conf': conf`Listen 127.0.0.1:9000`,
  'site.conf': conf`
    <VirtualHost 127.0.0.1:9000>
        ServerName example.org
        WSGITrustedProxyHeaders X-Forwarded-Host
        WSGIDaemonProcess app
        WSGIScriptAlias / /opt/app/wsgi.py process-group=app
        <Directory /opt/app>
            Require all granted
        </Directory>
    </VirtualHost>
  `,
}

export default defineRule({
  summary: 'A client can choose the host that the application sees',
  severity: 'error',
  otherSeverities: { warning: 'where `ALLOWED_HOSTS` of Django accepts listed names alone' },
  confidence: 'high',
  securitySeverity: 7.4,
  cwe: [348],
  since: '0.1.0',
  why: 'nginx passes `X-Forwarded-Host` on, and the application builds its links with it: the link of a password mail, or a page in a cache, leads to the attacker’s machine.',
  remedy: 'Set the header in nginx wherever it proxies, or clear it: `proxy_set_header X-Forwarded-Host "";`',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#use-x-forwarded-host',
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGITrustedProxyHeaders.html',
  ],
  bad: [{ title: 'trusted by mod_wsgi, not set by nginx', files: { 'nginx.conf': nginx(), ...APACHE } }],
  good: [
    {
      title: 'set',
      files: {
        'nginx.conf': nginx('proxy_set_header X-Forwarded-Host $host;'),
        ...APACHE,
      },
    },
    {
      title: 'cleared',
      files: {
        'nginx.conf': nginx('proxy_set_header X-Forwarded-Host "";'),
        ...APACHE,
      },
    },
    {
      title: 'an application that does not ask',
      files: {
        'nginx.conf': nginx(),
        ...APACHE,
        'site.conf': APACHE['site.conf'].replace('X-Forwarded-Host', 'X-Forwarded-Proto'),
      },
    },
  ],
  *check(deployment) {
    if (!isTrustedAnywhere(deployment)) return
    for (const connection of deployment.connections.http) {
      if (connection.reachable !== true || connection.headers.open || !connection.headers.passesOthers)
        continue
      if (!takesClients(deployment, connection.server)) continue
      if (connection.headers.written.some(({ name, state }) => name === HEADER && state !== 'passed'))
        continue
      const trust = trusting(deployment, connection)
      if (trust === null) continue
      yield {
        at: namePlace(connection.headers.level ?? connection.block),
        severity: trust.strict ? 'warning' : 'error',
        per: 'locations',
        message: often =>
          `nginx passes the client’s own \`X-Forwarded-Host\` on${often}, and the application takes it for its name`,
        label: 'does not set `X-Forwarded-Host`',
        related: [{ at: trust.at, message: 'trusted here' }],
        help: 'Set or clear the header in nginx; on the other side there is nothing to change',
        ...addHeader(connection, 'X-Forwarded-Host', '$host', 'safe'),
      }
    }
  },
})

function isTrustedAnywhere(deployment: Deployment): boolean {
  return (
    deployment.apache.some(({ occurrences }) => occurrences.has('wsgitrustedproxyheaders')) ||
    isTurnedOn(deployment, 'USE_X_FORWARDED_HOST')
  )
}

/** Where the backend says that it believes the header; `strict` where Django accepts listed names alone. */
function trusting(
  deployment: Deployment,
  connection: NginxConnection,
): { at: Place; strict: boolean } | null {
  for (const host of certainHosts(deployment, connection)) {
    const lines = directivesByHost(host.configuration, 'wsgitrustedproxyheaders')
    for (const directive of [null, host.directive].flatMap(home => lines.get(home) ?? [])) {
      const index = directive.args.findIndex(({ value }) => value.toLowerCase() === HEADER)
      if (index !== -1) return { at: argumentPlace(directive, index), strict: false }
    }
    for (const application of deployment.applicationsOf(host)) {
      const settings = deployment.pythonOf(application)?.settings
      const use = settings?.get('USE_X_FORWARDED_HOST')
      if (!use?.known || use.value !== true || use.at === null) continue
      const allowed = settings?.get('ALLOWED_HOSTS')
      const strict = allowed?.known === true && Array.isArray(allowed.value) && !allowed.value.includes('*')
      return { at: use.at, strict }
    }
  }
  return null
}
