import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { insertBefore, propose } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { unknown } from '../../src/servers/fact.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { locationIndex, type NginxLocation, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { fileBase, filePath } from '../../src/servers/nginx/queries/static-content.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { toBytes } from '../../src/servers/regex.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { filesTaken } from '../topology/_taken-files.ts'

const site = (lines: string, root = 'root /srv/www;'): Record<string, string> => ({
  'nginx.conf': conf`
    server {
        listen 80;
        server_name example.org;
        ${root}
        ${lines}
    }
  `,
})
const ASSETS = conf`
  location ~* \.(png|css|js)$ {
      expires 30d;
  }
`

export default defineRule({
  summary: 'A regular expression for files takes them from a location that has them elsewhere',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx prefers a matching regular expression to a prefix. `location ~* \\.(png|css)$` answers `/media/a.png`, and looks for it below the `root` of the server: what `location /media/` says of an `alias` or a `root` of its own does not hold for it, and pictures and style sheets are 404.',
  remedy:
    'Write `location ^~ …`, which keeps regular expressions out, or give the expression the same directory',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    {
      title: 'an alias',
      files: site(conf`
        location «/media/» {
            alias /srv/media/;
        }
        ${ASSETS}
      `),
    },
    {
      title: 'a root of its own, and an expression with another one',
      files: site(
        conf`
          location «/static» {
              root /opt/shop/public;
          }
          location ~ \.(?:js|css)$ {
              root /srv/www;
              access_log off;
          }
          location / {
              proxy_pass http://127.0.0.1:8000;
          }
        `,
        '',
      ),
    },
    {
      title: 'no root for the expression at all',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          'types { text/css css; text/javascript js; image/png png; }',
          nginxServer(conf`
            location «/static/» {
                alias /opt/shop/static/;
            }
            ${ASSETS}
            location / {
                proxy_pass http://127.0.0.1:8000;
            }
          `),
        ]),
      },
    },
  ],
  good: [
    {
      title: 'regular expressions are kept out',
      files: site(conf`
        location ^~ /media/ {
            alias /srv/media/;
        }
        ${ASSETS}
      `),
    },
    {
      title: 'the same directory by another line',
      files: site(conf`
        location /media/ {
            alias /srv/www/media/;
        }
        location /static/ {
            root /srv/www/;
        }
        ${ASSETS}
      `),
    },
    {
      title: 'an expression inside of the location',
      files: site(conf`
        location /media/ {
            alias /srv/media/;
            location ~* \.png$ {
                expires 30d;
            }
        }
        location ~ ^/(?:css|js)/.+\.(?:css|js)$ {
            expires 30d;
        }
      `),
    },
    {
      title: 'files that are not there are asked for elsewhere, and types that nobody may have',
      files: site(conf`
        location /media/ {
            alias /srv/media/;
        }
        location ~* \.(png|css|js)$ {
            try_files $uri @media;
        }
        location ~ \.(bak|sql)$ {
            deny all;
        }
        location @media {
            root /srv;
        }
      `),
    },
    {
      title: 'the directory holds a link to the other one',
      files: {
        ...site(conf`
          location /media/ {
              alias /srv/media/;
          }
          ${ASSETS}
        `),
        'srv/www/media/a.png': '',
        'srv/media/a.png': '',
      },
    },
  ],
  *check(deployment) {
    for (const server of deployment.servers) {
      const { regexes } = locationIndex(server.directive)
      if (regexes.length === 0) continue
      for (const location of directoriesOf(server)) {
        const found = takenFrom(deployment, server, location)
        if (found === null) continue
        const { path, other, own, taken } = found
        yield {
          at: location.at,
          message: `\`location ${other.modifier} ${other.name}\` answers \`${path}\`, and looks for ${taken === null ? 'it below the directory that nginx was built with' : `\`${taken}\``}, not for \`${own}\``,
          label: 'regular expressions come first',
          related: [
            {
              at: argumentPlace(other.directive, other.directive.args.length - 1),
              message: 'answers in its place',
            },
          ],
          ...propose('Keep regular expressions out', 'unsafe', [insertBefore(location.at, '^~ ')]),
        }
      }
    }
  },
})

/** The locations of a server itself that say where their files are, and from which an expression can take some. */
function directoriesOf({ directive }: NginxServer): readonly NginxLocation[] {
  return directive.children.flatMap(child => {
    if (child.name !== 'location') return []
    const location = readLocation(child)
    const { modifier, name } = location
    if (modifier !== '' || name === '/' || !name.startsWith('/')) return []
    return child.children.some(each => each.name === 'alias' || each.name === 'root') ? location : []
  })
}

interface Taken {
  readonly path: string
  readonly other: NginxLocation
  /** The files that the location and the expression look for; null for one below nginx's own directory. */
  readonly own: string
  readonly taken: string | null
}

function takenFrom(deployment: Deployment, server: NginxServer, location: NginxLocation): Taken | null {
  const files = deployment.filesOf(server.configuration)
  for (const { location: other } of locationIndex(server.directive).regexes) {
    if (!servesFiles(server, other.directive)) continue
    for (const path of filesTaken(server, location, other)) {
      const own = fileOf(server, location.directive, path)
      const taken = fileOf(server, other.directive, path)
      if (own === undefined || own === null || taken === undefined || own === taken) continue
      // Where it has such a directory as well, its files may lie in both.
      const directory = taken === null ? null : taken.slice(0, taken.lastIndexOf('/'))
      if (directory !== null && files.kind(directory) !== null) continue
      const shown = (text: string): string => text.replace(MISSING, 'file')
      return { path: shown(path), other, own: shown(own), taken: taken === null ? null : shown(taken) }
    }
  }
  return null
}

/** True for a location that answers with a file of its directory and nothing else. */
function servesFiles({ configuration }: NginxServer, directive: NginxDirective): boolean {
  if (hasUnreadInclude(configuration, directive)) return false
  return directive.children.every(({ name, node }) => node.block === null && !ANSWERS.test(name))
}

const ANSWERS =
  /_pass$|^(?:return|rewrite|try_files|alias|deny|allow|auth_\w+|error_page|set|satisfy|internal|perl|js_\w+|content_by_\w+)$/

/** The file that a path means in a location; null where no directory is written, undefined where nobody knows. */
function fileOf(
  { configuration }: NginxServer,
  scope: NginxDirective,
  path: string,
): string | null | undefined {
  const fact = effective(configuration, scope, 'root')
  if (!fact.known || !fact.value.complete) return undefined
  if (fact.value.directives.length === 0) return null
  const base = fileBase(configuration, scope)
  const file = base.known ? filePath(base.value, toBytes(path), () => VARIABLE) : base
  return file.known ? file.value : undefined
}

const VARIABLE = unknown('another directory for each request')
