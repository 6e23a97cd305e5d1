import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'

const site = (location: string, lines = ''): string => conf`
  server {
      listen 80;
      server_name example.org;
      location ${location} {
          ${lines}
          proxy_pass http://127.0.0.1:9000;
      }
  }
`

export default defineRule({
  summary: 'nginx buffers a stream of events',
  severity: 'info',
  confidence: 'low',
  since: '0.1.0',
  why: 'Events that a backend sends one by one (`text/event-stream`) stay in the buffer until it is full or the connection ends, unless the backend sends `X-Accel-Buffering: no`. The page shows nothing meanwhile.',
  remedy: 'Write `proxy_buffering off;` in the location, or send `X-Accel-Buffering: no`',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering'],
  bad: [{ title: 'a location that is called so', files: { 'nginx.conf': site('«/events»') } }],
  good: [
    { title: 'not buffered', files: { 'nginx.conf': site('/events', 'proxy_buffering off;') } },
    { title: 'another location', files: { 'nginx.conf': site('/api/') } },
    {
      title: 'WebSocket, which is never buffered',
      files: {
        'nginx.conf': site(
          '/stream',
          conf`
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
          `,
        ),
      },
    },
  ],
  *check({ connections }) {
    for (const { server, block, headers, pass } of connections.http) {
      if (block.name !== 'location') continue
      const { name, at } = readLocation(block)
      if (!NAMES.test(name) || headers.written.some(header => header.name === 'upgrade')) continue
      const buffering = effectiveAtHand(server.configuration, block, 'proxy_buffering')
      if (!buffering.known || buffering.value.directives.length > 0) continue
      const place = namePlace(pass)
      yield {
        at,
        message: `\`${name}\` is named like a stream of events, and nginx buffers what the backend sends`,
        label: 'buffered',
        ...propose('Send each event at once', 'unsafe', [
          insertBefore(place, `proxy_buffering off;\n${indentationAt(place)}`),
        ]),
      }
    }
  },
})

/** Paths by which programs send events to a page. */
const NAMES =
  /(?:^|[/_-])(?:events?|sse|event-?stream|eventsource|stream|subscribe|mercure|live-?updates?)\/?\$?$/i
