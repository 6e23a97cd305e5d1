import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { parseTime } from '../../src/servers/nginx/validate/numbers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { fileHost } from './_examples.ts'
import { apacheLine, hostPlace, httpPlace, nginxLine, reachedHosts, reachedServers } from './_servers.ts'

/** Of nginx all three are a minute where nothing is written. */
const NGINX = ['client_header_timeout', 'client_body_timeout', 'send_timeout']
const MOST = 10
const short = conf`
  client_header_timeout 10s;
  client_body_timeout 10s;
  send_timeout 10s;
`

export default defineRule({
  summary: 'The server waits longer for slow clients than the benchmarks have it',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'Each client that sends a byte now and then keeps a connection, and in Apache mostly a worker. Clients on bad lines, and uploads, need the longer time that is the default.',
  remedy: 'Set the timeout to ten seconds, and longer where uploads come in',
  controls: ['CIS nginx 2.4.4', 'CIS nginx 5.2.1', 'CIS Apache 9.1', 'dev-sec nginx-17'],
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#client_header_timeout',
    'https://httpd.apache.org/docs/2.4/mod/core.html#timeout',
  ],
  bad: [
    {
      title: 'one of nginx’s is longer',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          short.replace('send_timeout 10s', 'send_timeout «120s»'),
          nginxServer('root /srv/www;'),
        ]),
      },
    },
    {
      title: 'Apache’s',
      files: { 'etc/apache2/apache2.conf': fileHost('', 'Timeout «300»') },
    },
  ],
  good: [
    {
      title: 'ten seconds',
      files: { 'etc/nginx/nginx.conf': nginxMain([short, nginxServer('root /srv/www;')]) },
    },
    { title: 'ten seconds in Apache', files: { 'etc/apache2/apache2.conf': fileHost('', 'Timeout 10') } },
  ],
  *check(deployment) {
    for (const server of reachedServers(deployment)) {
      for (const name of NGINX) {
        const line = nginxLine(server, name)
        if (line === undefined) continue
        const written = line?.args[0]?.value ?? '60s'
        const time = parseTime(written, false)
        if (time === null || (time > 0 && time <= MOST * 1000)) continue
        yield {
          at: line === null ? httpPlace(server) : argumentPlace(line, 0),
          aspect: name,
          per: 'servers',
          message: often =>
            `\`${name} ${written}\`${line === null ? ', the default,' : ''} is not within ${MOST} seconds${often}`,
        }
      }
    }
    for (const asked of reachedHosts(deployment)) {
      const line = apacheLine(asked, 'Timeout')
      if (line === undefined) continue
      const written = line?.args[0]?.value ?? '60'
      const at = line === null ? hostPlace(asked) : argumentPlace(line, 0)
      if (at === null || !/^\d+$/.test(written) || (Number(written) > 0 && Number(written) <= MOST)) continue
      yield {
        at,
        ...(line === null && { cause: asked.configuration, also: 'and this one' }),
        per: 'virtual hosts',
        message: often =>
          `\`Timeout ${written}\`${line === null ? ', the default,' : ''} is not within ${MOST} seconds${often}`,
      }
    }
  },
})
