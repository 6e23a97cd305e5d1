import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { encodingProgram } from '../_encoding-programs.ts'
import { imageBehind } from '../containers/_examples.ts'
import { passedPath } from '../../src/servers/nginx/queries/passed-path.ts'
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

const behind = (image: string, location: string, target: string): Record<string, string> =>
  imageBehind(
    image,
    conf`
      location ${location} {
          proxy_pass ${target};
          proxy_set_header Host $http_host;
      }
    `,
  )

export default defineRule({
  summary: 'A path in `proxy_pass` has nginx decode and rewrite the URL',
  severity: 'info',
  otherSeverities: { warning: 'where a program is behind it whose own URLs hold `%2F`' },
  confidence: 'high',
  since: '0.1.0',
  why: 'With a URI in `proxy_pass`, if only a slash, nginx sends the path as it understands it: `%2F` becomes a slash, two slashes become one. An application that has such paths, keys, or URLs in URLs gets others than were asked for: RabbitMQ asks for its default host by `/api/queues/%2F`, GitLab for a project by `group%2Fproject`, and both then answer 404; Jenkins says “It appears that your reverse proxy set up is broken”.',
  remedy:
    'Leave the slash out: `proxy_pass http://backend;`; where a prefix has to go, write `merge_slashes off` for double slashes',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass'],
  bad: [
    {
      title: 'a slash that changes nothing else',
      files: { 'nginx.conf': site('/', '«http://127.0.0.1:9000/»') },
    },
    {
      title: 'an address that a template fills in',
      files: { 'nginx.conf.j2': site('/', '«http://127.0.0.1:{{ port }}/»') },
    },
    {
      title: 'RabbitMQ, whose default host is `%2F`',
      files: behind('rabbitmq:4-management', '/rabbitmq/', '«http://app:15672/»'),
    },
    { title: 'Jenkins', files: behind('jenkins/jenkins:lts', '/', '«http://app:8080/»') },
    {
      title: 'URLs in URLs',
      files: { 'nginx.conf': site('/image-proxy/', '«http://127.0.0.1:9000/»') },
    },
  ],
  good: [
    { title: 'no URI for RabbitMQ', files: behind('rabbitmq:4-management', '/', 'http://app:15672') },
    {
      title: 'RabbitMQ that is told its prefix',
      files: behind('rabbitmq:4-management', '/rabbitmq/', 'http://app:15672'),
    },
    {
      title: 'another port of RabbitMQ',
      files: behind('rabbitmq:4-management', '/metrics/', 'http://app:15692/'),
    },
    { title: 'no URI', files: { 'nginx.conf': site('/', 'http://127.0.0.1:9000') } },
    { title: 'a prefix that has to go', files: { 'nginx.conf': site('/api/', 'http://127.0.0.1:9000/') } },
  ],
  *check({ connections }) {
    for (const connection of connections.http) {
      const { server, block, pass } = connection
      const written = pass.args[0]?.value ?? ''
      if (block.name !== 'location' || !/^https?:\/\//.test(written)) continue
      // Of an address that a template fills in the path is known.
      const rewrite = passedPath(server.configuration, block, pass)?.rewrite ?? null
      if (rewrite === null && (written.includes('$') || !/^https?:\/\/[^/]+\//.test(written))) continue
      const { modifier, name } = readLocation(block)
      if (modifier !== '' && modifier !== '^~') continue
      const at = rewrite === null ? argumentPlace(pass, 0) : argumentPlace(rewrite, 1)
      const isIdle = name === '/' && /^https?:\/\/[^/]+\/$/.test(written)
      const program = encodingProgram(connection)
      const holdsUrls = HOLDS_URLS.test(name) && mergesSlashes(server.configuration, server.directive)
      if (!isIdle && program === null && !holdsUrls) continue
      yield {
        at,
        ...(program !== null && { severity: 'warning' as const }),
        message:
          program !== null
            ? `nginx asks ${program.name} for \`${decoded(program.asked)}\` where a client asks for \`${program.asked}\`: ${program.said}`
            : isIdle
              ? 'the slash at the end has nginx send the decoded path, and changes nothing else'
              : `URLs behind \`${name}\` lose one of their two slashes, and are decoded`,
        label: 'sends the path as nginx understands it',
        ...(isIdle
          ? propose('Send the path as the client sent it', 'unsafe', [
              replacePlace(at, placeText(at).replace(/\/(["']?)$/, '$1')),
            ])
          : program !== null
            ? {
                help: `Write ${program.prefix.replace('PATH', name.replace(/\/$/, ''))}, and leave ${rewrite === null ? 'the path of `proxy_pass`' : 'the `rewrite`'} out`,
              }
            : {}),
      }
    }
  },
})

/** What nginx makes of a path before it puts another in the place of the location’s. */
function decoded(path: string): string {
  return path.replace('%2F', '/').replace(/\/+/g, '/')
}

/** Paths at which programs take a URL in the path: proxies for pictures, converters. */
const HOLDS_URLS =
  /(?:image|img|thumb|photo|media)[a-z]*[-_](?:proxy|optimi[sz]er|resi[sz]er?|cache)|imgproxy|imaginary|thumbor|imageproxy|flyimg|cors-?proxy|web-?proxy|fetch-?url/i

function mergesSlashes(configuration: NginxConfiguration, server: NginxDirective): boolean {
  const fact = effectiveAtHand(configuration, server, 'merge_slashes')
  return fact.known && fact.value.directives[0]?.args[0]?.value !== 'off'
}
