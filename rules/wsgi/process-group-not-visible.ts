import { placeText } from '../../parsers/text/source.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isDaemonVisible, wsgiDaemonNamed } from '../../src/servers/apache/queries/wsgi-daemons.ts'

const host = (name: string, lines: string): string => conf`
  <VirtualHost *:9000>
      ServerName ${name}
      ${lines}
  </VirtualHost>
`
const DAEMON = conf`
  WSGIDaemonProcess app
`
const USE = conf`
  WSGIProcessGroup app
  WSGIScriptAlias / /opt/app/wsgi.py
`

export default defineRule({
  summary: 'A virtual host uses a daemon process that belongs to another name',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A daemon process of one virtual host serves only virtual hosts with the same `ServerName`; an alias does not count. Apache starts and says “Syntax OK”, and every request is a 500: “cannot be accessed by this WSGI application”.',
  remedy: 'Define the daemon process outside of the virtual hosts, or give both the same `ServerName`',
  references: ['https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIProcessGroup.html'],
  bad: [
    {
      title: 'another name',
      files: {
        'site.conf':
          host('example.org', DAEMON + USE) +
          host('shop.example.org', USE.replace('Group app', 'Group «app»')),
      },
    },
    {
      title: 'the name is only an alias there',
      files: {
        'site.conf':
          host(
            'example.org',
            conf`
              ServerAlias shop.example.org
              ${DAEMON}
              ${USE}
            `,
          ) + host('shop.example.org', USE.replace('Group app', 'Group «app»')),
      },
    },
  ],
  good: [
    {
      title: 'each host with a process of that name, which keeps Apache from starting',
      files: {
        'site.conf': host('example.org', DAEMON + USE) + host('shop.example.org', DAEMON + USE),
      },
    },
    {
      title: 'the same name on another port',
      files: {
        'site.conf': host('example.org', DAEMON + USE) + host('example.org', USE).replace('*:9000', '*:9001'),
      },
    },
    {
      title: 'defined for all',
      files: {
        'site.conf': conf`
          WSGIDaemonProcess app
          ${host('example.org', USE)}
          ${host('shop.example.org', USE)}
        `,
      },
    },
  ],
  *check({ applications }) {
    for (const application of applications) {
      if (application.daemon !== null) continue
      const { configuration, directive, host, processGroup } = application
      if (!processGroup.known || processGroup.value === '' || processGroup.at === null) continue
      const daemon = wsgiDaemonNamed(configuration, processGroup.value)
      if (daemon === undefined) continue
      const home = host?.virtualHost ?? null
      // With two of one name Apache does not start, which is said there.
      const isTwice = configuration.problems.some(
        ({ code, at }) => code === 'wsgi-daemon-twice' && placeText(at) === processGroup.value,
      )
      if (isTwice || isDaemonVisible(configuration, daemon, home) !== false) continue
      const owner = daemon.virtualHost?.serverName
      const own = home?.serverName
      yield {
        at: processGroup.at,
        message: `the daemon process \`${processGroup.value}\` belongs to ${owner?.known ? `\`${owner.value.host}\`` : 'another virtual host'}, so mod_wsgi refuses it here and every request is a 500`,
        label: 'not to be used here',
        related: [
          { at: daemon.at, message: 'defined here' },
          ...(own?.known && own.at !== null
            ? [{ at: own.at, message: 'this virtual host has another name' }]
            : [{ at: namePlace(directive), message: 'the application' }]),
        ],
      }
    }
  },
})
