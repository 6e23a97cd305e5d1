import { placedPlaceholders } from '../../parsers/text/placeholder.ts'
import { isUnknownWord, placeText } from '../../parsers/text/source.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { isUnseenServer, serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { compilePcre, toBytes } from '../../src/servers/regex.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      ${lines}
      location / {
          try_files $uri $uri/ /index.html;
      }
  }
`

export default defineRule({
  summary: 'A dot that is not escaped denies pages without an extension',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'In a regular expression `.` is any character: `.(log|ini|sh)$` is meant for extensions and takes the ends of words too, so that `/blog`, `/mini` and `/publish` are answered with 403. `/.` is meant for hidden files and takes every page.',
  remedy: 'Escape the dot: `\\.(log|ini|sh)$`, `/\\.`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    {
      title: 'logs',
      files: {
        'site.conf': site(conf`
          location ~* «^.+.log$» {
              deny all;
          }
        `),
      },
    },
    {
      title: 'hidden files, and with them every page',
      files: {
        'site.conf': site(conf`
          location ~ «/.» {
              deny all;
          }
        `),
      },
    },
    {
      title: 'hidden files of an application whose path an installer fills in',
      files: {
        'conf/nginx.conf': conf`
          location __PATH__/ {
              alias __INSTALL_DIR__/;
          }
          location ~ «^__PATH__/.» {
              deny all;
          }
        `,
      },
    },
    {
      title: 'one of several words',
      files: {
        'site.conf': site(conf`
          location ~ «(\.aspx|.asp|myadmin)» {
              return 404;
          }
        `),
      },
    },
    {
      title: 'backups and sources',
      files: {
        'site.conf': site(conf`
          location ~ «.(bak|ini|log|sh|sql)$» {
              return 404;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'hidden files',
      files: {
        'site.conf': site(conf`
          location ~ /\. {
              deny all;
          }
        `),
        'conf/nginx.conf': conf`
          location ~ ^__PATH__/\. {
              deny all;
          }
        `,
      },
    },
    {
      title: 'words behind an escaped dot',
      files: {
        'site.conf': site(conf`
          location ~ (\.aspx|\.asp|/admin) {
              return 404;
          }
        `),
      },
    },
    {
      title: 'the dot is escaped, or stands in brackets',
      files: {
        'site.conf': site(conf`
          location ~* ^.+\.log$ {
              deny all;
          }
          location ~ [.](bak|ini|log|sh|sql)$ {
              return 404;
          }
        `),
      },
    },
    {
      title: 'no name ends so, what is not denied, and what another location answers',
      files: {
        'site.conf': site(conf`
          location ~ ^/blog {
              try_files $uri /blog.html;
          }
          location ~ .(htaccess|htpasswd|swp)$ {
              deny all;
          }
          location ~ .(css|js|log)$ {
              expires 1d;
          }
          location ~ /b.log$ {
              deny all;
          }
        `),
      },
    },
  ],
  *check(deployment) {
    const servers = serversAround(deployment)
    for (const { occurrences } of deployment.nginx) {
      for (const location of occurrences.get('location') ?? []) {
        const { modifier, name: pattern } = readLocation(location)
        const name = withoutPath(pattern)
        if (!modifier.startsWith('~') || isUnknownWord(name) || !refuses(location)) continue
        const escaped = name.replace(DOT, (_, slash = '', before = '') => `${slash}${before}\\.`)
        if (escaped === name) continue
        const options = { caseless: modifier === '~*' }
        const written = compilePcre(name, options)
        const meant = compilePcre(escaped, options)
        const home = serverAround(location)
        const server = home === null || isUnseenServer(home) ? undefined : servers.get(home)
        if (written === null || meant === null) continue
        const page = PAGES.find(path => {
          if (written.test(toBytes(path)) !== true || meant.test(toBytes(path)) !== false) return false
          // Of lines for some server, those for every path say it by themselves.
          if (server === undefined) return EVERY_PATH.test(name)
          const answer = askServer(deployment, server, path)
          return answer?.end.kind === 'response' && answer.end.status >= 400
        })
        if (page === undefined) continue
        const at = argumentPlace(location, location.args.length - 1)
        const lost = EVERY_PATH.test(name) ? 'every page is denied' : `\`${page}\` is denied too`
        yield {
          at,
          ...(server === undefined && { confidence: 'medium' as const }),
          message: `\`.\` is any character here, so ${lost}`,
          ...propose('Escape the dot', 'unsafe', [placeText(at) === name ? replacePlace(at, escaped) : null]),
        }
      }
    }
  },
})

/** What begins with a slash and one more letter. */
const EVERY_PATH = /^\^?\/\.$/

/** An expression for what lies below a path that somebody fills in, as it is where that is the whole site. */
function withoutPath(pattern: string): string {
  const [first] = placedPlaceholders(pattern)
  return first?.start === 1 && pattern.startsWith('^') ? `^${pattern.slice(first.end)}` : pattern
}

/** A dot behind the last slash, before alternatives, before a word at the end, or before one of several words, which are extensions. */
const DOT = /(\/)\.$|(^|[^\\])\.(?=\((?!\?[=!<])|[a-z]+(?:\$|$))|(?<=[(|])()\.(?=[a-z]+[|)])/g

/** Pages that end as files do which are kept back. */
const PAGES = [
  'blog',
  'catalog',
  'publish',
  'mini',
  'mysql',
  'cmd',
  'webconfig',
  'zinc',
  'digit',
  'wasp',
].flatMap(name => [`/${name}`, `/news/${name}`])

/** True for a location that lets nobody in. */
function refuses({ children }: NginxDirective): boolean {
  return (
    children.some(
      ({ name, args }) =>
        (name === 'deny' && args[0]?.value === 'all') ||
        (name === 'return' && /^4\d\d$/.test(args[0]?.value ?? '')),
    ) && !children.some(({ name }) => name === 'allow' || name === 'satisfy')
  )
}
