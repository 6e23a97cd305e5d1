import { positionAt } from '../../../parsers/text/source.ts'
import type { Trace } from '../../../src/deployment/requests/trace.ts'
import { traceRequest } from '../../../src/deployment/requests/trace-request.ts'
import { parseHost } from '../../../src/servers/address.ts'
import { deploymentOf } from '../../rules/audit-files.ts'

export type Texts = Readonly<Record<string, string>>

export function trace(texts: Texts, url: string, address?: string): Trace {
  const [, scheme, host = '', port, target = '/'] = /^(https?):\/\/([^/:]+)(?::(\d+))?(.*)$/.exec(url) ?? []
  return traceRequest(deploymentOf(texts), {
    scheme: scheme === 'https' ? 'https' : 'http',
    host,
    port: Number(port ?? (scheme === 'https' ? 443 : 80)),
    target: target || '/',
    method: 'GET',
    ...(address !== undefined && { address: parseHost(address) }),
  })
}

/** Each step as `layer text file:line`, unknown ones with a question mark. */
export function stepsOf({ steps }: Trace): readonly string[] {
  return steps.map(({ layer, text, at, known }) => {
    const place = at === null ? '' : ` ${at.source.path.slice(1)}:${positionAt(at.source, at.start).line}`
    return `${layer}${known ? '' : '?'} ${text}${place}`
  })
}

export const NGINX = (servers: string): string =>
  `events {
}
http {
${servers}
}
`
export const server = (lines: string, listen = '80', name = 'example.org'): string =>
  `server {\n    listen ${listen};\n    server_name ${name};\n    ${lines}\n}\n`
export const PASS = 'location / { proxy_pass http://127.0.0.1:9000; proxy_set_header Host $host; }'
export const APACHE = (lines: string, top = ''): string =>
  `ServerRoot /etc/apache2
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule authz_host_module /usr/lib/apache2/modules/mod_authz_host.so
LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so
LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so
LoadModule alias_module /usr/lib/apache2/modules/mod_alias.so
LoadModule rewrite_module /usr/lib/apache2/modules/mod_rewrite.so
LoadModule status_module /usr/lib/apache2/modules/mod_status.so
LoadModule wsgi_module /usr/lib/apache2/modules/mod_wsgi.so
ErrorLog /var/log/apache2/error.log
ServerName localhost
Listen 127.0.0.1:9000
${top}<VirtualHost 127.0.0.1:9000>
    ServerName example.org
${lines}
</VirtualHost>
`
export const SCRIPT = 'WSGIScriptAlias / /srv/app/wsgi.py'
export const DAEMON = `WSGIDaemonProcess app\nWSGIProcessGroup app\n${SCRIPT}`

export function both(nginx: string, apache = APACHE(DAEMON)): Texts {
  return { 'etc/nginx/nginx.conf': NGINX(nginx), 'etc/apache2/apache2.conf': apache }
}
