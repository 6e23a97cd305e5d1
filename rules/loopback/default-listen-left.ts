import { listenersOfKind } from '../../src/deployment/programs-of-kind.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { covers, formatEndpoint } from '../../src/servers/address.ts'
import { directivePlace, insertBefore, isOwnText, propose } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const NGINX = conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
  }
`

export default defineRule({
  summary: 'Apache still opens the port that nginx listens on',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Both configuration checks are content, but a port belongs to one process: whichever server starts second fails with “Address already in use”, often only at the next reboot.',
  remedy:
    'Remove the `Listen` that the distribution left in Apache’s `ports.conf`, and let Apache listen on loopback alone',
  references: [
    'https://httpd.apache.org/docs/2.4/bind.html',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#listen',
  ],
  bad: [
    {
      title: 'ports.conf as Debian ships it',
      files: {
        'nginx.conf': NGINX,
        'ports.conf': conf`
          Listen «80»
          Listen 127.0.0.1:9000
        `,
      },
    },
    {
      title: 'nginx on version 6, Apache on everything',
      files: {
        'nginx.conf': NGINX.replace('listen 80', 'listen [::]:80'),
        'ports.conf': conf`Listen «80»`,
      },
    },
  ],
  good: [
    {
      title: 'Apache on loopback',
      files: { 'nginx.conf': NGINX, 'ports.conf': conf`Listen 127.0.0.1:9000` },
    },
    {
      title: 'each on an address of its own',
      files: {
        'nginx.conf': NGINX.replace('listen 80', 'listen 192.0.2.10:80'),
        'ports.conf': conf`Listen 192.0.2.11:80`,
      },
    },
    {
      title: 'two containers',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location / {
                  proxy_pass http://apache:80;
              }
          }
        `,
        'ports.conf': conf`Listen 80`,
      },
    },
  ],
  *check(deployment) {
    const nginxByPort = groupBy(listenersOfKind(deployment, 'nginx'), ({ port }) => port)
    const apache = listenersOfKind(deployment, 'apache')
    for (const listener of apache) {
      if (listener.port !== 80 && listener.port !== 443) continue
      if (listener.address.kind !== 'ip' || !listener.address.wildcard) continue
      const taken = (nginxByPort.get(listener.port) ?? []).filter(
        other =>
          other.program.machine === listener.program.machine &&
          (covers(listener, other) === true || covers(other, listener) === true),
      )
      if (taken.length === 0) continue
      const { directive } = listener
      const others = apache.filter(other => other.program === listener.program)
      yield {
        at: listener.at,
        message: `Apache and nginx both open port ${listener.port}, so whichever starts second does not start`,
        label: 'taken by nginx',
        related: taken.map(other => ({ at: other.at, message: `nginx opens ${formatEndpoint(other)}` })),
        help:
          others.length > 1
            ? 'Remove this line from Apache; nginx is the one that answers the network'
            : `Move Apache to a port of its own on loopback, such as \`Listen 127.0.0.1:9000\`, or take port ${listener.port} from nginx`,
        // Without any Listen httpd does not start at all.
        ...(others.length > 1 && directive !== null && isOwnText(directive)
          ? propose('Comment the line out', 'unsafe', [insertBefore(directivePlace(directive), '# ')])
          : {}),
      }
    }
  },
})
