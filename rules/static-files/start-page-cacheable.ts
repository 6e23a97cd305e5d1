import { serverIndex } from '../../src/deployment/build/servers.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { addedHeaders } from '../response-headers/_added-headers.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      location / {
          try_files $uri $uri/ /index.html;
          ${lines}
      }
  }
`

export default defineRule({
  summary: 'Browsers may keep the start page of an application past a release',
  severity: 'info',
  confidence: 'low',
  since: '0.1.0',
  why: 'Without `Cache-Control` a browser decides by itself how long it keeps the page, by its age. After a release it goes on with the old one, which names scripts that are gone.',
  remedy: 'Write `add_header Cache-Control no-cache;` where the start page is served',
  references: ['https://www.rfc-editor.org/rfc/rfc9111#section-4.2.2'],
  bad: [
    {
      title: 'no word of caching',
      files: { 'nginx.conf': site('').replace('/index.html', '«/index.html»') },
    },
  ],
  good: [
    { title: 'asked for each time', files: { 'nginx.conf': site('add_header Cache-Control no-cache;') } },
    { title: 'expired at once', files: { 'nginx.conf': site('expires -1;') } },
    {
      title: 'a location for the page itself',
      files: {
        'nginx.conf': `${site('').replace(/}\n$/, '')}    location = /index.html {\n        expires -1;\n    }\n}\n`,
      },
    },
  ],
  *check(deployment) {
    const servers = serverIndex(deployment.servers)
    for (const { occurrences } of deployment.nginx) {
      for (const tryFiles of occurrences.get('try_files') ?? []) {
        const index = tryFiles.args.length - 1
        const fallback = tryFiles.args[index]?.value ?? ''
        const { parent } = tryFiles
        if (!/^\/[^$?]*index\.html$/.test(fallback) || parent?.name !== 'location') continue
        if (readLocation(parent).modifier !== '' || readLocation(parent).name !== '/') continue
        const home = enclosingServer(tryFiles)
        const server = home === null ? undefined : servers.get(home)
        const answer = server === undefined ? null : askServer(deployment, server, fallback)
        if (server === undefined || answer?.end.kind !== 'file') continue
        const block = answer.steps.findLast(({ kind }) => kind === 'location')?.directive ?? server.directive
        const expires = effectiveAtHand(server.configuration, block, 'expires')
        const headers = effectiveAtHand(server.configuration, block, 'add_header')
        if (!expires.known || expires.value.directives.length > 0 || !headers.known) continue
        if ((addedHeaders(server.configuration, block) ?? []).some(({ name }) => name === 'cache-control'))
          continue
        if (
          headers.value.directives.some(({ args }) =>
            /^(?:cache-control|pragma|expires)$/i.test(args[0]?.value ?? ''),
          )
        )
          continue
        yield {
          at: argumentPlace(tryFiles, index),
          message: `\`${fallback}\` is sent without \`Cache-Control\`, so browsers keep it as long as they like`,
          label: 'the page that names the scripts',
        }
      }
    }
  },
})
