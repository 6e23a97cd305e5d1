import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { virtualHostSets } from '../../src/servers/apache/queries/select-virtual-host.ts'

const nginx = (name: string): string => conf`
  server {
      listen 80;
      server_name ${name};
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
      }
  }
`
const host = (names: string): string => conf`
  <VirtualHost 127.0.0.1:9000>
      ServerName ${names}
      WSGIDaemonProcess app
      WSGIScriptAlias / /opt/app/wsgi.py process-group=app
      <Directory /opt/app>
          Require all granted
      </Directory>
  </VirtualHost>
`
const LISTEN = conf`Listen 127.0.0.1:9000`

export default defineRule({
  summary: 'The one virtual host has a name that no client asks for',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'It answers only because there is no other. The next site that is added takes its requests; and until then mod_wsgi names the interpreter after the wrong host, which decides what two sites share.',
  remedy: 'Write the name that nginx sends as `ServerName` or `ServerAlias`',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#servername'],
  bad: [
    {
      title: 'a name left from another machine',
      files: {
        'nginx.conf': nginx('example.org'),
        'ports.conf': LISTEN,
        'site.conf': host('«old.example.net»'),
      },
    },
  ],
  good: [
    {
      title: 'the same name',
      files: { 'nginx.conf': nginx('example.org'), 'ports.conf': LISTEN, 'site.conf': host('example.org') },
    },
    {
      title: 'an alias has it',
      files: {
        'nginx.conf': nginx('www.example.org'),
        'ports.conf': LISTEN,
        'site.conf': host('example.org\n    ServerAlias www.example.org'),
      },
    },
    {
      title: 'a name for whatever comes',
      files: { 'nginx.conf': nginx('example.org'), 'ports.conf': LISTEN, 'site.conf': host('localhost') },
    },
  ],
  *check({ virtualHosts, apache, connections }) {
    const byDirective = new Map(virtualHosts.map(host => [host.directive, host]))
    for (const configuration of apache) {
      for (const set of virtualHostSets(configuration)) {
        const [only, second] = set.members
        if (only === undefined || second !== undefined) continue
        const host = byDirective.get(only.virtualHost.directive)
        const name = host?.virtualHost.serverName
        if (host === undefined || name === undefined || name === null || !name.known || name.at === null)
          continue
        if (!name.value.host.includes('.') || host.virtualHost.aliases.some(({ wild }) => wild)) continue
        const reached = connections.reaching(host)
        const asked = new Set(
          reached.flatMap(({ connection: { hostsSent } }) => (hostsSent.known ? hostsSent.value : [])),
        )
        const usual = [...asked].filter(each => each.includes('.') && !/^[\d.]+$/.test(each))
        if (
          usual.length === 0 ||
          usual.length !== asked.size ||
          usual.some(each => host.names.includes(each))
        )
          continue
        const [reach] = reached
        const [first] = usual
        yield {
          at: name.at,
          message: `nginx asks Apache for \`${first}\`, and \`${name.value.host}\` answers only because no other virtual host is there`,
          label: 'nobody asks for this name',
          related:
            reach === undefined
              ? []
              : [
                  {
                    at: reach.connection.server.names[0]?.at ?? namePlace(reach.connection.block),
                    message: 'nginx sends this name',
                  },
                  { at: argumentPlace(reach.connection.pass, 0), message: 'to Apache, here' },
                ],
          ...(usual.length === 1 && first !== undefined && placeText(name.at) === name.value.host
            ? propose('Take the name that nginx sends', 'unsafe', [replacePlace(name.at, first)])
            : {}),
        }
      }
    }
  },
})
