import type { Place } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { parseTime } from '../../src/servers/nginx/validate/numbers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { fileHost } from './_examples.ts'
import { apacheLine, httpPlace, nginxLine, reachedHosts, reachedServers } from './_servers.ts'

export default defineRule({
  summary: 'Connections are kept for longer, or shorter, than the benchmarks have it',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'An idle connection costs memory, and a new one a handshake. The benchmarks want connections to be kept, and not for long.',
  remedy:
    'nginx: `keepalive_timeout` of 1 to 10 seconds. Apache: `KeepAlive On`, `MaxKeepAliveRequests` of 100 or more, `KeepAliveTimeout` of at most 15',
  controls: ['CIS nginx 2.4.3', 'CIS Apache 9.2', 'CIS Apache 9.3', 'CIS Apache 9.4', 'dev-sec nginx-17'],
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#keepalive_timeout',
    'https://httpd.apache.org/docs/2.4/mod/core.html#keepalive',
  ],
  bad: [
    {
      title: 'as nginx’s packages ship it',
      files: {
        'etc/nginx/nginx.conf': nginxMain(['keepalive_timeout «65»;', nginxServer('root /srv/www;')]),
      },
    },
    { title: 'not at all', files: { 'etc/apache2/apache2.conf': fileHost('', 'KeepAlive «Off»') } },
    {
      title: 'few requests, for long',
      files: {
        'etc/apache2/apache2.conf': fileHost(
          '',
          ['MaxKeepAliveRequests «20»', 'KeepAliveTimeout «60»'].join('\n'),
        ),
      },
    },
  ],
  good: [
    {
      title: 'ten seconds',
      files: { 'etc/nginx/nginx.conf': nginxMain(['keepalive_timeout 10;', nginxServer('root /srv/www;')]) },
    },
    {
      title: 'the defaults of Apache, and any number of requests',
      files: { 'etc/apache2/apache2.conf': fileHost('', 'MaxKeepAliveRequests 0') },
    },
  ],
  *check(deployment) {
    for (const server of reachedServers(deployment)) {
      const line = nginxLine(server, 'keepalive_timeout')
      if (line === undefined) continue
      const written = line?.args[0]?.value ?? '75s'
      const time = parseTime(written, false)
      if (time === null || (time > 0 && time <= 10_000)) continue
      yield {
        at: line === null ? httpPlace(server) : argumentPlace(line, 0),
        per: 'servers',
        message: often =>
          `\`keepalive_timeout ${written}\`${line === null ? ', the default,' : ''} is not between 1 and 10 seconds${often}`,
      }
    }
    for (const asked of reachedHosts(deployment)) {
      for (const [name, isMeant, what] of APACHE) {
        const line = apacheLine(asked, name)
        const written = line?.args[0]?.value
        if (line == null || written === undefined || isMeant(written)) continue
        yield hostFinding(argumentPlace(line, 0), `\`${name} ${written}\`: ${what}`)
      }
    }
  },
})

/** Directives whose defaults are what the benchmark wants, and what of them is. */
const APACHE: readonly (readonly [name: string, isMeant: (value: string) => boolean, what: string])[] = [
  ['KeepAlive', value => !/^off$/i.test(value), 'every request takes a connection of its own'],
  [
    'MaxKeepAliveRequests',
    value => !/^\d+$/.test(value) || value === '0' || Number(value) >= 100,
    'fewer than 100',
  ],
  ['KeepAliveTimeout', value => !/^\d+$/.test(value) || Number(value) <= 15, 'more than 15 seconds'],
]

function hostFinding(at: Place, text: string): RuleFinding {
  return { at, per: 'virtual hosts', message: often => text + often }
}
