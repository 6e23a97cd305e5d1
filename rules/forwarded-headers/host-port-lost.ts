import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { takesClients } from '../../src/deployment/outer-proxies.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxServer } from '../../src/deployment/model.ts'

const site = (value: string, listen = '8000'): string => conf`
  server {
      listen ${listen};
      server_name example.org;
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host ${value};
      }
  }
`

export default defineRule({
  summary: '`$host` leaves out the port by which clients come',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: '`$host` has no port. Where nginx listens on another than 80 and 443, the application builds links and redirects without it, and compares the `Origin` of a form with a name that is not the one in the browser: Django answers 403.',
  remedy: 'Send `$http_host`, or `$host:$server_port`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#var_host'],
  bad: [{ title: 'a port of its own', files: { 'nginx.conf': site('«$host»') } }],
  good: [
    { title: 'with the port', files: { 'nginx.conf': site('$http_host') } },
    { title: 'the port that is usual', files: { 'nginx.conf': site('$host', '80') } },
    { title: 'behind another proxy', files: { 'nginx.conf': site('$host', '127.0.0.1:8000') } },
  ],
  *check(deployment) {
    for (const { server, headers, from } of deployment.connections.http) {
      // A container is reached by the port that is published, which may be the usual one.
      if (from.machine.name !== null || !takesClients(deployment, server) || !isOnOtherPorts(server)) continue
      for (const { name, value, directive } of headers.written) {
        if ((name !== 'host' && name !== 'x-forwarded-host') || value !== '$host') continue
        if (headers.written.some(header => header.name === 'x-forwarded-port')) continue
        const at = argumentPlace(directive, 1)
        const [listen] = server.listens
        yield {
          at,
          aspect: name,
          message: `clients come to port ${listen?.port}, and \`$host\` does not say so to the backend`,
          label: 'without the port',
          ...(listen === undefined ? {} : { related: [{ at: listen.at, message: 'the port' }] }),
          ...propose('Send the name with its port', 'unsafe', [replacePlace(at, '$http_host')]),
        }
      }
    }
  },
})

function isOnOtherPorts({ listens }: NginxServer): boolean {
  return listens.length > 0 && listens.every(({ port }) => port !== null && port !== 80 && port !== 443)
}
