import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'

const site = (location: string, target: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      location ${location} {
          proxy_pass ${target};
      }
  }
`

export default defineRule({
  summary: 'A path in `proxy_pass` has nginx decode and rewrite the URL',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'With a URI in `proxy_pass`, if only a slash, nginx sends the path as it understands it: `%2F` becomes a slash, two slashes become one. An application that has such paths, keys, or URLs in URLs gets others than were asked for.',
  remedy:
    'Leave the slash out: `proxy_pass http://backend;`; where a prefix has to go, write `merge_slashes off` for double slashes',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass'],
  bad: [
    {
      title: 'a slash that changes nothing else',
      files: { 'nginx.conf': site('/', '«http://127.0.0.1:9000/»') },
    },
    {
      title: 'URLs in URLs',
      files: { 'nginx.conf': site('/image-proxy/', '«http://127.0.0.1:9000/»') },
    },
  ],
  good: [
    { title: 'no URI', files: { 'nginx.conf': site('/', 'http://127.0.0.1:9000') } },
    { title: 'a prefix that has to go', files: { 'nginx.conf': site('/api/', 'http://127.0.0.1:9000/') } },
  ],
  *check({ connections }) {
    for (const { server, block, pass } of connections.http) {
      const written = pass.args[0]?.value ?? ''
      if (block.name !== 'location' || written.includes('$') || !/^https?:\/\/[^/]+\//.test(written)) continue
      const { modifier, name } = readLocation(block)
      if (modifier !== '' && modifier !== '^~') continue
      const at = argumentPlace(pass, 0)
      const isIdle = name === '/' && /^https?:\/\/[^/]+\/$/.test(written)
      if (!isIdle && !(HOLDS_URLS.test(name) && mergesSlashes(server.configuration, server.directive)))
        continue
      yield {
        at,
        message: isIdle
          ? 'the slash at the end has nginx send the decoded path, and changes nothing else'
          : `URLs behind \`${name}\` lose one of their two slashes, and are decoded`,
        label: 'sends the path as nginx understands it',
        ...(isIdle
          ? propose('Send the path as the client sent it', 'unsafe', [
              replacePlace(at, placeText(at).replace(/\/(["']?)$/, '$1')),
            ])
          : {}),
      }
    }
  },
})

/** Paths at which programs take a URL in the path: proxies for pictures, converters. */
const HOLDS_URLS =
  /(?:image|img|thumb|photo|media)[a-z]*[-_](?:proxy|optimi[sz]er|resi[sz]er?|cache)|imgproxy|imaginary|thumbor|imageproxy|flyimg|cors-?proxy|web-?proxy|fetch-?url/i

function mergesSlashes(configuration: NginxConfiguration, server: NginxDirective): boolean {
  const fact = effectiveAtHand(configuration, server, 'merge_slashes')
  return fact.known && fact.value.directives[0]?.args[0]?.value !== 'off'
}
