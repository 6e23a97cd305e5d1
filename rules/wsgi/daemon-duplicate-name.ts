import { removeDirective, propose } from '../../src/deployment/edits.ts'
import { placeText, type Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'
import { hostName, virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import type { WsgiDaemon } from '../../src/servers/apache/queries/wsgi-daemons.ts'

const MAIN = modWsgiMain('Listen 127.0.0.1:9001')
const host = (port: number, daemon: string, name = 'example.org'): string => conf`
  <VirtualHost *:${port}>
      ServerName ${name}
      ${daemon}
      WSGIProcessGroup app
      WSGIScriptAlias / /opt/app/wsgi.py
      <Directory /opt/app>
          Require all granted
      </Directory>
  </VirtualHost>
`
const DAEMON = 'WSGIDaemonProcess app threads=5'
const TWICE = 'WSGIDaemonProcess «app» threads=5'

export default defineRule({
  summary: 'Two daemon processes have one name',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The name of a process group holds for the whole server, so Apache refuses the second: it does not start, and a reload takes every site down. Tools that copy a virtual host for TLS leave just this behind.',
  remedy: 'Define the group once, and name it with `WSGIProcessGroup` wherever it is used',
  references: [
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIDaemonProcess.html',
    'https://github.com/certbot/certbot/issues/1820',
  ],
  bad: [
    {
      title: 'the copy that was made for TLS',
      files: { 'etc/apache2/apache2.conf': `${MAIN}${host(9000, DAEMON)}${host(9001, TWICE)}` },
    },
    {
      title: 'two sites that want one name',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host(9000, DAEMON)}${host(9001, TWICE, 'wiki.example.org')}`,
      },
    },
    {
      title: "the copy that certbot made, among Debian's sites",
      files: {
        'etc/apache2/sites-enabled/shop.conf': host(9000, DAEMON),
        'etc/apache2/sites-enabled/shop-le-ssl.conf': host(9001, TWICE),
      },
    },
  ],
  good: [
    {
      title: 'defined in the first, used in both, which have one ServerName',
      files: { 'etc/apache2/apache2.conf': `${MAIN}${host(9000, DAEMON)}${host(9001, '')}` },
    },
    {
      title: 'files that may belong to two servers',
      files: { 'a.conf': host(9000, DAEMON), 'b.conf': host(9001, DAEMON) },
    },
  ],
  *check({ apache, daemons }) {
    for (const { problems } of apache) {
      const twice = problems.filter(({ code }) => code === 'wsgi-daemon-twice')
      if (twice.length === 0) continue
      const byPlace = new Map(daemons.map(daemon => [keyOf(daemon.at), daemon]))
      for (const { at, related, fatal } of twice) {
        const name = placeText(at)
        const daemon = byPlace.get(keyOf(at))
        const first = daemons.find(
          each =>
            each.configuration === daemon?.configuration &&
            each.name.known &&
            daemon.name.known &&
            each.name.value === daemon.name.value,
        )
        const reachesFirst = daemon !== undefined && first !== undefined && mayUse(daemon, first)
        yield {
          at,
          fatal,
          message: `a daemon process \`${name}\` is defined already, so Apache does not start`,
          label: 'the second of this name',
          related: [
            first === undefined
              ? (related?.[0] ?? { at, message: 'here' })
              : { at: first.at, message: 'the first' },
          ],
          help: reachesFirst
            ? 'Remove this line: `WSGIProcessGroup` reaches the first from here'
            : 'Give this one a name of its own, or define one outside of the virtual hosts for both',
          ...(reachesFirst
            ? propose('Use the first for both', 'unsafe', [removeDirective(daemon.directive)])
            : {}),
        }
      }
    }
  },
})

function keyOf({ source, start }: Place): string {
  return `${source.path}\0${start}`
}

/** mod_wsgi lets a virtual host use the groups of the main server and of hosts with its own ServerName. */
function mayUse({ configuration, directive }: WsgiDaemon, first: WsgiDaemon): boolean {
  if (first.virtualHost === null) return true
  const home = virtualHostOf(configuration, directive)
  const theirs = virtualHostOf(configuration, first.directive)
  if (home === null || theirs === null) return false
  const name = hostName(configuration, home)
  const other = hostName(configuration, theirs)
  return name.known && other.known && name.value.host === other.value.host
}
