import type { ApacheHost } from '../../src/deployment/model.ts'
import { argumentPlace as nginxArgumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'
import { knowsClients, loopbackWay } from './_loopback-way.ts'
import { NGINX_BEFORE_APACHE } from './_examples.ts'

const logged = (format: string, lines = '', around = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': NGINX_BEFORE_APACHE,
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 127.0.0.1:9000
      LogFormat "%h %l %u %t \"%r\" %>s %O" combined
      LogFormat "%{X-Forwarded-For}i %l %u %t \"%r\" %>s %O" proxied
      ${around}
      <VirtualHost 127.0.0.1:9000>
          ServerName example.org
          DocumentRoot /srv/www
          ${format === '' ? '' : `CustomLog /var/log/apache2/shop.log ${format}`}
          ${lines}
      </VirtualHost>
    `,
    ['log_config', 'remoteip', 'setenvif'],
  ),
})

export default defineRule({
  summary: 'The access log of Apache has the address of nginx in the place of the client’s',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'For Apache every request that nginx proxies comes from 127.0.0.1, and `%h` and `%a` write that. What reads the log counts one client: statistics, fail2ban, and whoever looks for an attack.',
  remedy:
    'Let mod_remoteip take the address from nginx: `RemoteIPHeader X-Forwarded-For` and `RemoteIPInternalProxy 127.0.0.1`, with `%a` in `LogFormat`; or log `%{X-Forwarded-For}i`',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_remoteip.html',
    'https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats',
  ],
  bad: [
    { title: 'a format by its name', files: logged('«combined»') },
    { title: 'the format that is built in', files: logged('«common»') },
    { title: 'written out', files: logged('«"%a %t"»') },
    {
      title: 'of the main server',
      files: logged('', '', 'CustomLog /var/log/apache2/access.log «combined»'),
    },
  ],
  good: [
    { title: 'the header is logged', files: logged('proxied') },
    {
      title: 'mod_remoteip knows the client',
      files: logged('combined', 'RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1'),
    },
    { title: 'no address at all', files: logged('"%t %{ms}T %>s"') },
    {
      title: 'two logs, one with the client',
      files: logged('combined', 'CustomLog /var/log/apache2/clients.log proxied'),
    },
    {
      title: 'what comes from nginx is left out',
      files: logged('combined env=!proxied', 'SetEnvIf X-Forwarded-For . proxied'),
    },
  ],
  *check(deployment) {
    for (const host of deployment.apacheHosts) {
      const connection = loopbackWay(deployment, host)
      if (connection === null || knowsClients(host)) continue
      const logs = logsOf(host)
      // The host has one log with the client, and may keep another.
      if (!logs.every(log => showsProxy(host, log))) continue
      for (const log of logs)
        yield {
          at: argumentPlace(log, log.args.length > 1 ? 1 : 0),
          message: 'every request that nginx proxies comes from 127.0.0.1, and is logged so',
          also: 'another log',
          cause: host.configuration,
          related: [{ at: nginxArgumentPlace(connection.pass, 0), message: 'nginx connects here' }],
        }
    }
  },
})

/** Those of the host; of the main server where it has none. */
function logsOf({ configuration, directive }: ApacheHost): readonly ApacheDirective[] {
  const [own = [], outer = []] = [directive, null].map(holder =>
    ['customlog', 'transferlog'].flatMap(name => directivesByHost(configuration, name).get(holder) ?? []),
  )
  return own.length > 0 ? own : outer
}

/** True for a log that surely has the address of the connection, and nothing that nginx says of the client. */
function showsProxy({ configuration }: ApacheHost, { name, args }: ApacheDirective): boolean {
  const [, written, condition] = args
  if (!/^customlog$/i.test(name) || written === undefined || condition !== undefined) return false
  const named = (configuration.occurrences.get('logformat') ?? []).filter(
    line => line.args[1]?.value === written.value,
  )
  const [format] = named
  if (named.length > 1 || !isSettled(written.value)) return false
  const text = format?.args[0]?.value ?? (written.value === 'common' ? '%h' : written.value)
  return isSettled(text) && /%[<>]?[ha]\b/.test(text) && !/%\{[^}]*\}[ien]/.test(text.replaceAll(USUAL, ''))
}

/** What formats have beside addresses. */
const USUAL = /%\{(?:Referer|User-Agent|Host|Cookie)\}i/gi
