import { formatEndpoint } from '../../src/servers/address.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const nginx = (target: string): string => conf`
  upstream app {
      server ${target};
  }
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass http://app;
          proxy_set_header Host $host;
      }
  }
`
const SITE = conf`
  <VirtualHost *:9000>
      ServerName example.org
      DocumentRoot /srv/www
  </VirtualHost>
`

export default defineRule({
  summary: 'nginx and Apache agree on the port, not on the address',
  severity: 'error',
  otherSeverities: { warning: 'where the main file of the configuration is not in the audit' },
  confidence: 'high',
  since: '0.1.0',
  why: 'A socket bound to one address takes no connection to another, not even among those of loopback: every request is a 502, and both configuration checks are content.',
  remedy: 'Connect to the address on which Apache listens',
  references: ['https://httpd.apache.org/docs/2.4/bind.html'],
  bad: [
    {
      title: 'the other version of loopback',
      files: {
        'nginx.conf': nginx('«[::1]:9000»'),
        'ports.conf': conf`Listen 127.0.0.1:9000`,
        'site.conf': SITE,
      },
    },
    {
      title: 'another address of loopback',
      files: {
        'nginx.conf': nginx('«127.0.0.2:9000»'),
        'ports.conf': conf`Listen 127.0.0.1:9000`,
        'site.conf': SITE,
      },
    },
  ],
  good: [
    {
      title: 'the same address',
      files: {
        'nginx.conf': nginx('127.0.0.1:9000'),
        'ports.conf': conf`Listen 127.0.0.1:9000`,
        'site.conf': SITE,
      },
    },
    {
      title: 'Apache takes every address',
      files: { 'nginx.conf': nginx('[::1]:9000'), 'ports.conf': conf`Listen 9000`, 'site.conf': SITE },
    },
    {
      title: 'another machine that has the same port',
      files: {
        'nginx.conf': nginx('192.0.2.10:9000'),
        'ports.conf': conf`Listen 127.0.0.1:9000`,
        'site.conf': SITE,
      },
    },
    {
      title: 'a spare that is meant to fail over, beside one that works',
      files: {
        'nginx.conf': nginx('127.0.0.1:9000;\n    server [::1]:9000 backup'),
        'ports.conf': conf`
          Listen 127.0.0.1:9000
          Listen [::1]:9000
        `,
        'site.conf': SITE,
      },
    },
  ],
  *check({ connections, apache }) {
    const isWhole = apache.every(({ main }) => main !== null)
    for (const { targets } of connections.http) {
      for (const target of targets) {
        if (target.to.kind !== 'refused' || target.to.by.kind !== 'apache') continue
        const onPort = target.to.opened.filter(
          ({ port, address }) => port === target.port && address.kind === 'ip',
        )
        const [only] = onPort
        if (only === undefined) continue
        const there = formatEndpoint(only)
        yield {
          at: target.at,
          severity: isWhole ? 'error' : 'warning',
          confidence: isWhole ? 'high' : 'medium',
          message: `nginx connects to ${target.written}, but on this port Apache listens only on ${onPort.map(formatEndpoint).join(' and ')}`,
          label: 'nothing listens on this address',
          related: onPort.slice(0, 3).map(({ at }) => ({ at, message: 'Apache listens here' })),
          help: `Connect to ${there} in nginx, or let Apache \`Listen ${target.written}\` too`,
          ...(onPort.length === 1 && placeText(target.at).includes(target.written)
            ? propose('Connect to the address on which Apache listens', 'unsafe', [
                replacePlace(target.at, placeText(target.at).replace(target.written, there)),
              ])
            : {}),
        }
      }
    }
  },
})
