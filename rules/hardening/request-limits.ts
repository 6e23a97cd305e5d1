import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { bodyLimit } from '../../src/servers/apache/queries/server-settings.ts'
import { serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { fileHost } from './_examples.ts'
import { apacheLine, hostPlace, nginxLine, reachedHosts, reachedServers } from './_servers.ts'

/** What CIS takes, and httpd's default. */
const LIMITS: readonly (readonly [name: string, most: number, usual: number])[] = [
  ['LimitRequestLine', 512, 8190],
  ['LimitRequestFields', 100, 100],
  ['LimitRequestFieldSize', 1024, 8190],
]
const BODY = 102_400
const strict = conf`
  LimitRequestLine 512
  LimitRequestFields 100
  LimitRequestFieldSize 1024
  LimitRequestBody 102400
`

export default defineRule({
  summary: 'Requests may be larger than the benchmarks have it',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'The benchmark’s numbers keep a fault in what reads the request from being fed. They are small: cookies of one kilobyte and uploads of 100 KB are turned away.',
  remedy: 'Set the limits of the benchmark, or those that the application needs',
  controls: ['CIS nginx 5.2.2', 'CIS Apache 10.1', 'CIS Apache 10.2', 'CIS Apache 10.3', 'CIS Apache 10.4'],
  references: [
    'https://httpd.apache.org/docs/2.4/mod/core.html#limitrequestbody',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size',
  ],
  bad: [
    {
      title: 'bodies of any size',
      files: { 'etc/nginx/nginx.conf': nginxMain(nginxServer('client_max_body_size «0»;')) },
    },
    {
      title: 'larger numbers',
      files: {
        'etc/apache2/apache2.conf': fileHost(
          '',
          strict.replace('Line 512', 'Line «8190»').replace('102400', '«10485760»'),
        ),
      },
    },
  ],
  good: [
    {
      title: 'the benchmark’s own',
      files: { 'etc/apache2/apache2.conf': fileHost('', strict) },
    },
    { title: 'nginx’s default of 1 MB', files: { 'etc/nginx/nginx.conf': nginxMain(nginxServer('')) } },
  ],
  *check(deployment) {
    for (const server of reachedServers(deployment)) {
      const line = nginxLine(server, 'client_max_body_size')
      if (line == null || !/^0[kmg]?$/i.test(line.args[0]?.value ?? '')) continue
      yield {
        at: argumentPlace(line, 0),
        per: 'servers',
        message: often => `\`client_max_body_size 0\` takes bodies of any size${often}`,
      }
    }
    for (const asked of reachedHosts(deployment)) {
      const written = (name: string, value: number, most: number) => {
        const line = apacheLine(asked, name)
        const at = line == null ? hostPlace(asked) : argumentPlace(line, 0)
        if (line === undefined || at === null || (value > 0 && value <= most)) return []
        return [
          {
            at,
            aspect: name,
            ...(line === null && { cause: asked.configuration, also: 'and this one' }),
            per: 'virtual hosts',
            message: (often: string) =>
              `\`${name} ${value}\`${line === null ? ', the default,' : ''} is more than ${most}${often}`,
          },
        ]
      }
      for (const [name, most, usual] of LIMITS) {
        const text = apacheLine(asked, name)?.args[0]?.value ?? String(usual)
        if (/^\d+$/.test(text)) yield* written(name, Number(text), most)
      }
      const body = bodyLimit(asked.configuration, serverLevels(asked.host))
      if (body.known) yield* written('LimitRequestBody', body.value, BODY)
    }
  },
})
