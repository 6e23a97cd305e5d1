import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass http://127.0.0.1:9000;
          ${lines}
          sub_filter 'http://inner' 'https://example.org';
      }
    `),
  )

export default defineRule({
  summary: '`sub_filter` changes nothing in what the backend compresses',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'Browsers offer gzip, and nginx hands the offer on. What comes back compressed goes to the client as it is: the text that is to be replaced does not stand in it.',
  remedy: 'Write `proxy_set_header Accept-Encoding "";`, so that the backend compresses nothing',
  references: ['https://nginx.org/en/docs/http/ngx_http_sub_module.html'],
  bad: [
    {
      title: 'the offer sent on',
      files: { 'etc/nginx/nginx.conf': nginx('').replace('sub_filter', '«sub_filter»') },
    },
  ],
  good: [
    {
      title: 'nothing offered',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_set_header Accept-Encoding "";') },
    },
    {
      title: 'unpacked by nginx',
      files: { 'etc/nginx/nginx.conf': nginx('gunzip on;') },
    },
  ],
  *check({ nginx: configurations, connections }) {
    if (!configurations.some(({ occurrences }) => occurrences.has('sub_filter'))) return
    for (const { server, block, pass, headers } of connections.http) {
      const { configuration } = server
      const filters = effective(configuration, block, 'sub_filter')
      const [line] = filters.known ? filters.value.directives : []
      if (line === undefined || headers.open || !headers.passesOthers) continue
      if (headers.written.some(({ name }) => name === 'accept-encoding')) continue
      if (configuration.occurrences.has('gunzip')) continue
      yield {
        at: namePlace(line),
        message: 'the backend is offered gzip, and in what it compresses nothing is replaced',
        related: [{ at: argumentPlace(pass, 0), message: 'the backend' }],
      }
    }
  },
})
