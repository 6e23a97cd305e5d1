import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { argumentPlace, isSettled, namePlace } from '../../src/servers/apache/queries/places.ts'
import { virtualHostSets } from '../../src/servers/apache/queries/select-virtual-host.ts'
import { settingOf, sslEngine } from '../../src/servers/apache/queries/server-settings.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import type { VirtualHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'

const NAMES = { limitrequestfieldsize: '8190', limitrequestline: '8190', limitrequestfields: '100' } as const

const site = (first: string, second: string, address = '*:80'): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName www.example.org
          DocumentRoot /srv/www
          ${first}
      </VirtualHost>
      <VirtualHost ${address}>
          ServerName example.org
          DocumentRoot /srv/www
          ${second}
      </VirtualHost>
      <Directory /srv/www>
          Require all granted
      </Directory>
    `,
    ['dir'],
  ),
  'srv/www/index.html': 'page',
})

export default defineRule({
  summary: 'A limit of headers in a virtual host that is not the first of its address',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'httpd reads the request line and the headers before it knows for which name they are, by the limits of the first virtual host of the address and port. What another host allows counts for nothing: a large cookie or a ticket of Kerberos is answered with 400, `Size of a request header field exceeds server limit`.',
  remedy: 'Write the line in the main server, or in the first virtual host of the address',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/core.html#limitrequestfieldsize',
    'https://httpd.apache.org/docs/2.4/mod/core.html#limitrequestline',
  ],
  bad: [
    { title: 'the size of a header', files: site('', '«LimitRequestFieldSize» 32768') },
    {
      title: 'the length of a URL, which the first one limits otherwise',
      files: site('LimitRequestLine 4096', '«LimitRequestLine» 16384'),
    },
  ],
  good: [
    { title: 'in the first one', files: site('LimitRequestFieldSize 32768', '') },
    {
      title: 'as in the first one',
      files: site('LimitRequestFieldSize 32768', 'LimitRequestFieldSize 32768'),
    },
    {
      title: 'the first of an address of its own',
      files: site('', 'LimitRequestFieldSize 32768', '192.0.2.1:80'),
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const lines = Object.keys(NAMES).flatMap(name => configuration.occurrences.get(name) ?? [])
      if (!lines.some(({ parent }) => parent?.name === 'VirtualHost') || !isWhole(configuration)) continue
      const firsts = firstsOf(configuration)
      for (const line of lines) {
        const first = line.parent === null ? undefined : firsts.get(line.parent)
        if (first === undefined) continue
        const own = line.args[0]?.value ?? ''
        const decides = settingOf(configuration, serverLevels(first), line.name)
        if (!decides.known || !isSettled(own)) continue
        const taken = decides.value ?? NAMES[line.name.toLowerCase() as keyof typeof NAMES]
        if (taken === own) continue
        yield {
          at: namePlace(line),
          message: `the first virtual host of the address decides, with \`${line.name} ${taken}\`${decides.value === null ? ', the default' : ''}`,
          label: 'no effect',
          related: [{ at: argumentPlace(first.directive, 0), message: 'the first virtual host' }],
        }
      }
    }
  },
})

/** The first virtual host of the only set that each is a later member of; those that choose by SNI are left out. */
function firstsOf(configuration: ApacheConfiguration): ReadonlyMap<ApacheDirective, VirtualHost> {
  const found = new Map<ApacheDirective, VirtualHost>()
  for (const { members } of virtualHostSets(configuration)) {
    const [first, ...later] = members
    if (first === undefined) continue
    for (const { virtualHost } of later) {
      if (virtualHost === first.virtualHost || virtualHost.addresses.length > 1) continue
      const engine = sslEngine(configuration, virtualHost)
      if (engine.known && !engine.value && !usesTls(virtualHost))
        found.set(virtualHost.directive, first.virtualHost)
    }
  }
  return found
}

/** Port 443, where httpd turns TLS on by itself. */
function usesTls({ addresses }: VirtualHost): boolean {
  return addresses.some(
    ({ socket }) => !socket.known || socket.value.port === null || socket.value.port === 443,
  )
}
