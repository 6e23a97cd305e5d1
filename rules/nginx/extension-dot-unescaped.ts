import { isUnknownWord, placeText } from '../../parsers/text/source.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { compilePcre, toBytes } from '../../src/servers/regex.ts'
import { refuses } from './_hidden-locations.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass http://127.0.0.1:9000;
      }
      ${lines}
  }
`

export default defineRule({
  summary: 'A dot that is not escaped takes pages for files with an extension',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'In a regular expression `.` is any character: `.(js|tar|pdf)$` is meant for extensions and takes the ends of words too, so that nginx looks for `/user/avatar`, `/learn/nodejs` and `/export/pdf` on the disk, though an application answers them.',
  remedy: 'Escape the dot: `\\.(js|tar|pdf)$`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    {
      title: 'archives and scripts beside an application',
      files: {
        'site.conf': site(conf`
          location ~* «.(css|js|png|tar|zip)$» {
              root /srv/www;
              expires 30d;
          }
        `),
      },
    },
    {
      title: 'feeds of an application in PHP',
      files: {
        'site.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              location / {
                  try_files $uri $uri/ /index.php?$args;
              }
              location ~ \.php$ {
                  fastcgi_pass 127.0.0.1:9000;
                  fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
              }
              location ~* «^.+.(ico|css|rss|atom)$» {
                  access_log off;
                  expires max;
              }
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'the dot is escaped, or stands in brackets',
      files: {
        'site.conf': site(conf`
          location ~* \.(css|js|png|tar|zip)$ {
              root /srv/www;
              expires 30d;
          }
          location ~* [.](doc|pdf)$ {
              root /srv/files;
          }
        `),
      },
    },
    {
      title: 'no page ends so, what is missing is asked of the application, and what is refused',
      files: {
        'site.conf': site(conf`
          location ~* .(woff2|webp)$ {
              root /srv/www;
          }
          location ~* .(js|css)$ {
              root /srv/www;
              try_files $uri @application;
          }
          location ~* .(log|zip)$ {
              deny all;
          }
          location @application {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'a site of files alone',
      files: {
        'site.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              location ~* .(css|js|tar)$ {
                  expires 30d;
              }
          }
        `,
      },
    },
  ],
  *check(deployment) {
    const servers = serversAround(deployment)
    for (const { occurrences } of deployment.nginx) {
      for (const location of occurrences.get('location') ?? []) {
        const { modifier, name } = readLocation(location)
        if (!modifier.startsWith('~') || isUnknownWord(name) || !EXTENSIONS.test(name) || refuses(location))
          continue
        const home = serverAround(location)
        const server = home === null ? undefined : servers.get(home)
        if (server === undefined) continue
        const escaped = name.replace(EXTENSIONS, '$1\\.$2')
        const page = pageTaken(deployment, server, location, { escaped, caseless: modifier === '~*' })
        if (page === null) continue
        const at = argumentPlace(location, location.args.length - 1)
        yield {
          at,
          message: `\`.\` is any character here, so nginx looks for \`${page}\` on the disk, and the application is not asked for it`,
          label: 'any character',
          ...propose('Escape the dot', 'unsafe', [placeText(at) === name ? replacePlace(at, escaped) : null]),
        }
      }
    }
  },
})

/** A dot that is not escaped, and an extension or a list of them behind it at the end. */
const EXTENSIONS = /(^|[^\\.])\.((?:\((?:\?:)?[a-z0-9|?]+\)|[a-z0-9]+)\$)$/i

/** Pages as applications have them, whose names end as files do. */
const PAGES = [
  ...['avatar', 'posts', 'statistics', 'groups', 'sitemap', 'mexico'].map(name => `/user/${name}`),
  ...['nodejs', 'css'].map(name => `/learn/${name}`),
  ...['rss', 'atom'].map(name => `/feed/${name}`),
  ...['pdf', 'csv', 'zip', 'json', 'xml', 'xls', 'doc', 'txt'].map(name => `/export/${name}`),
]

interface Meant {
  readonly escaped: string
  readonly caseless: boolean
}

/** A page that the location looks for on the disk for its dot alone, where another page of the place goes to a backend. */
function pageTaken(
  deployment: Deployment,
  server: NginxServer,
  location: NginxDirective,
  { escaped, caseless }: Meant,
): string | null {
  const written = compilePcre(readLocation(location).name, { caseless })
  const meant = compilePcre(escaped, { caseless })
  if (written === null || meant === null) return null
  const page = PAGES.find(path => written.test(toBytes(path)) === true && meant.test(toBytes(path)) === false)
  if (page === undefined) return null
  const other = askServer(deployment, server, page.replace(/[^/]+$/, MISSING))
  if (other?.end.kind !== 'pass') return null
  const answer = askServer(deployment, server, page, { assume: () => null })
  const isTaken = answer?.steps.some(({ directive }) => directive === location) === true
  return isTaken && answer.end.kind === 'response' && answer.end.status === 404 ? page : null
}
