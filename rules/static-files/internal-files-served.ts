import { posix } from 'node:path'
import { serversAround } from '../../src/deployment/build/servers.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { urlOfFile } from '../../src/deployment/requests/url-of-file.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const site = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass http://127.0.0.1:9000;
      }
      ${lines}
    `),
  ),
  'srv/app/media/paid/book.txt': 'a book\n',
})

export default defineRule({
  summary: 'Files behind an `internal` location are served by another one',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 6.5,
  cwe: [552],
  since: '0.1.0',
  why: '`internal` lets the application decide who gets a file, by `X-Accel-Redirect`. Where the directory lies inside of one that another location serves, everybody gets the file there, and the application is not asked.',
  remedy: 'Keep these files outside of what is served, or answer 404 for them in the other location',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#internal',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ignore_headers',
  ],
  bad: [
    {
      title: 'a directory inside of the uploads',
      files: site(conf`
        location /media/ {
            alias /srv/app/media/;
        }
        location /protected/ {
            «internal»;
            alias /srv/app/media/paid/;
        }
      `),
    },
    {
      title: 'a directory below a root',
      files: site(conf`
        location /media/ {
            root /srv/app;
        }
        location /files/ {
            «internal»;
            alias /srv/app/media/paid/;
        }
      `),
    },
  ],
  good: [
    {
      title: 'a directory that is public by its name',
      files: site(conf`
        location / {
            root /srv/shop/public_files;
        }
        location /public_files {
            internal;
            root /srv/shop;
        }
      `),
    },
    {
      title: 'uploads of several sites of one WordPress',
      files: site(conf`
        location /wp-content/ {
            root /srv/www;
        }
        location ^~ /blogs.dir {
            internal;
            alias /srv/www/wp-content/blogs.dir;
        }
      `),
    },
    {
      title: 'a directory of its own',
      files: site(conf`
        location /media/ {
            alias /srv/app/media/;
        }
        location /protected/ {
            internal;
            alias /srv/app/paid/;
        }
      `),
    },
    {
      title: 'closed in the other location',
      files: site(conf`
        location /media/ {
            alias /srv/app/media/;
        }
        location /media/paid/ {
            return 404;
        }
        location /protected/ {
            internal;
            alias /srv/app/media/paid/;
        }
      `),
    },
    {
      title: 'the location itself',
      files: site(conf`
        root /srv/app;
        location /media/paid/ {
            internal;
        }
      `),
    },
    {
      title: 'nginx itself sends there what a password has to open',
      files: site(conf`
        location /media/ {
            alias /srv/app/media/;
            if ($cookie_member = '') {
                rewrite ^ /asked$uri last;
            }
        }
        location /asked/media/ {
            internal;
            auth_basic 'members';
            auth_basic_user_file /etc/nginx/members;
            alias /srv/app/media/;
        }
      `),
    },
    {
      title: 'pages of errors, which everybody may see',
      files: site(conf`
        error_page 404 /errors/404.html;
        location /media/ {
            alias /srv/app/media/;
        }
        location /errors/ {
            internal;
            alias /srv/app/media/paid/;
        }
      `),
    },
  ],
  *check(deployment) {
    for (const { occurrences } of deployment.nginx) {
      const internal = occurrences.get('internal') ?? []
      if (internal.length === 0) continue
      const inServers = new Map<NginxDirective, NginxDirective[]>()
      for (const name of ['alias', 'root']) {
        for (const directive of occurrences.get(name) ?? []) {
          const home = serverAround(directive)
          if (home === null || isUnknownWord(directive.args[0]?.value ?? '')) continue
          const others = inServers.get(home)
          if (others === undefined) inServers.set(home, [directive])
          else others.push(directive)
        }
      }
      for (const directive of internal) {
        const home = serverAround(directive)
        const directories = home === null ? undefined : inServers.get(home)
        const served = directories === undefined ? null : servedElsewhere(deployment, directive, directories)
        if (served === null) continue
        yield {
          at: namePlace(directive),
          message: `\`${served.url}\` gives everybody the files that this location keeps for the application`,
          label: 'only for requests from inside',
          related: [{ at: argumentPlace(served.by, 0), message: 'serves the directory around it' }],
        }
      }
    }
  },
})

/** The URL at which another line of the server gives the files of an internal location to everybody. */
function servedElsewhere(
  deployment: Deployment,
  { parent: location }: NginxDirective,
  directories: readonly NginxDirective[],
): { readonly url: string; readonly by: NginxDirective } | null {
  const home = location === null ? null : serverAround(location)
  const server = home === null ? undefined : serversAround(deployment).get(home)
  if (server === undefined || location?.name !== 'location') return null
  const { modifier, name } = readLocation(location)
  if ((modifier !== '' && modifier !== '^~') || !name.startsWith('/')) return null
  if (isOfErrors(home, name) || isRewrittenTo(server, name)) return null
  const base = fileBase(server.configuration, location)
  if (!base.known || isUnknownWord(base.value.path) || base.value.path.includes('$')) return null
  const { kind, path, directive: own } = base.value
  const directory = posix.join('/', path, kind === 'alias' ? '' : name)
  // What several sites of one WordPress upload is public, and WordPress gives it out by either way.
  if (/\/wp-content\/blogs\.dir\/?$|\/public(?:[_-]|\/|$)/.test(directory)) return null
  const file = posix.join(directory, 'file')
  for (const by of directories) {
    if (by === own && kind === 'alias') continue
    const url = urlOfFile(deployment, server, by, file)
    if (url !== null) return { url, by }
  }
  return null
}

/** True where the server itself leads requests there: what it keeps is opened by its own lines, not by an application. */
function isRewrittenTo({ configuration, directive }: NginxServer, name: string): boolean {
  return (configuration.occurrences.get('rewrite') ?? []).some(line => {
    const [literal = ''] = (line.args[1]?.value ?? '').split('$')
    if (literal.length < 2 || !(literal.startsWith(name) || name.startsWith(literal))) return false
    return serverAround(line) === directive
  })
}

/** True where the server shows these pages in place of answers that failed: they are nobody’s secret. */
function isOfErrors(server: NginxDirective | null, name: string): boolean {
  return (server?.children ?? []).some(
    line => line.name === 'error_page' && line.args.at(-1)?.value.startsWith(name) === true,
  )
}
