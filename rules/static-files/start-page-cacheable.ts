import { serverIndex } from '../../src/deployment/build/servers.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import type { ReceivedHeaders } from '../../src/servers/received-headers.ts'
import { nginxMain } from '../_examples.ts'
import { addedHeaders } from '../response-headers/_added-headers.ts'
import { keptFor } from './_kept-for.ts'

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
  otherSeverities: { warning: 'where it is sent with a lifetime of a day or more' },
  confidence: 'low',
  since: '0.1.0',
  why: 'Without `Cache-Control` a browser decides by itself how long it keeps the page, by its age. After a release it goes on with the old one, which names scripts that are gone. With `expires 1y` it does not ask again for a year.',
  remedy: 'Write `add_header Cache-Control no-cache;` where the start page is served',
  references: ['https://www.rfc-editor.org/rfc/rfc9111#section-4.2.2'],
  bad: [
    {
      title: 'no word of caching',
      files: { 'nginx.conf': site('').replace('/index.html', '«/index.html»') },
    },
    {
      title: 'a lifetime of a year for all files',
      files: { 'nginx.conf': site('expires «1y»;') },
    },
    {
      title: 'the same behind a password',
      files: {
        'nginx.conf': site(conf`
          auth_basic "Staff";
          auth_basic_user_file /etc/nginx/users;
          expires «1y»;
        `),
      },
    },
    {
      title: 'the same in a header',
      files: { 'nginx.conf': site('add_header Cache-Control «"public, max-age=31536000, immutable"»;') },
    },
  ],
  good: [
    { title: 'asked for each time', files: { 'nginx.conf': site('add_header Cache-Control no-cache;') } },
    { title: 'expired at once', files: { 'nginx.conf': site('expires -1;') } },
    { title: 'kept for some minutes', files: { 'nginx.conf': site('expires 10m;') } },
    {
      title: 'a lifetime of a year for the other files',
      files: {
        'nginx.conf': conf`
          ${site('expires 1y;').replace(/}\n$/, '')}
              location = /index.html {
                  add_header Cache-Control no-cache;
              }
          }
        `,
      },
    },
    {
      title: 'a lifetime by the type of the file',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          conf`
            map $sent_http_content_type $lifetime {
                default off;
                text/html epoch;
                text/css max;
            }
          `,
          site('expires $lifetime;'),
        ]),
      },
    },
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
        const answer =
          server === undefined
            ? null
            : askServer(deployment, server, fallback, { request: { headers: WITH_PASSWORD } })
        if (server === undefined || answer?.end.kind !== 'file') continue
        const block = answer.steps.findLast(({ kind }) => kind === 'location')?.directive ?? server.directive
        const expires = effectiveAtHand(server.configuration, block, 'expires')
        const headers = effectiveAtHand(server.configuration, block, 'add_header')
        if (!expires.known || !headers.known) continue
        const long = keptFor(LONG, expires.value.directives, headers.value.directives)
        if (long !== null)
          yield {
            at: argumentPlace(long, long.args.length === 1 ? 0 : 1),
            severity: 'warning',
            confidence: 'high',
            message: `this holds for \`${fallback}\` too, so browsers do not ask for it again after a release`,
            label: 'the page that names the scripts is kept',
            related: [{ at: argumentPlace(tryFiles, index), message: 'answers every URL' }],
            help: `Write \`location = ${fallback} { add_header Cache-Control no-cache; }\` beside it`,
          }
        if (expires.value.directives.length > 0) continue
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

/** Whoever may open the application keeps its start page as everybody else does. */
const WITH_PASSWORD: ReceivedHeaders = { values: new Map([['authorization', 'Basic eDp5']]), complete: true }

/** Who keeps a page for less misses a release by no more than that. */
const LONG = 24 * 3600
