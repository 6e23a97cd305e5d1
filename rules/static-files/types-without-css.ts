import { posix } from 'node:path'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import type { DirectoryEntry } from '../../src/files/file-system.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed, httpBlock } from '../../src/servers/nginx/queries/scope.ts'
import { typesOfLocations } from './_types-of-location.ts'

const main = (http: string, server: string): string => conf`
  events {
  }
  http {
      ${http}
      server {
          listen 80;
          server_name example.org;
          root /srv/www;
          ${server}
      }
  }
`
const ALL = {
  'etc/nginx/mime.types': conf`
  types {
      text/html html;
      text/css css;
      application/javascript js;
  }
`,
}

export default defineRule({
  summary: 'Style sheets and scripts are sent with the wrong type',
  severity: 'warning',
  otherSeverities: {
    info: 'where no type is included and no style sheet is seen, or a single page lies beside the configuration',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx itself knows HTML, GIF and JPEG alone: without `mime.types` a style sheet is `text/plain`, and browsers do not apply it. A `types` block in a server replaces the whole inherited table, so that one line for a new type loses all the others.',
  remedy: 'Write `include mime.types;` in `http`; in a server repeat it in front of `types`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#types'],
  bad: [
    {
      title: 'no types at all',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          «http» {
              server {
                  listen 80;
                  server_name example.org;
                  root /srv/www;
              }
          }
        `,
      },
    },
    {
      title: 'no types in the main file of a container, whose site has a page for all paths',
      files: {
        'nginx.conf': conf`
          events {
          }
          «http» {
              server {
                  listen 80;
                  root /usr/share/nginx/html;
                  location / {
                      try_files $uri /index.html;
                  }
              }
          }
        `,
      },
    },
    {
      title: 'no types for the files beside an application',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          «http» {
              server {
                  listen 80;
                  location / {
                      proxy_pass http://127.0.0.1:9000;
                  }
                  location /static/ {
                      alias /srv/static/;
                  }
              }
          }
        `,
      },
    },
    {
      title: 'one type of the server replaces all',
      files: {
        'etc/nginx/nginx.conf': main(
          'include mime.types;',
          conf`
            «types» {
                application/wasm wasm;
            }
          `,
        ),
        ...ALL,
      },
    },
    {
      title: 'two types of a location replace all, for the style sheets in it',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              location ^~ /shop/ {
                  «types» {
                      text/javascript mjs;
                      application/wasm wasm;
                  }
                  location ~ \.(?:css|js|mjs)$ {
                      expires 1d;
                  }
              }
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'types of a location behind the table, and an empty table for downloads',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              location ^~ /shop/ {
                  include mime.types;
                  types {
                      application/wasm wasm;
                  }
                  location ~ \.(?:css|js)$ {
                      expires 1d;
                  }
              }
              location /raw/ {
                  types {
                  }
                  location ~ \.(?:css|js)$ {
                      expires 1d;
                  }
              }
          }
        `,
      },
    },
    {
      title: 'the table of the package',
      files: { 'etc/nginx/nginx.conf': main('include mime.types;', ''), ...ALL },
    },
    {
      title: 'one type more',
      files: {
        'etc/nginx/nginx.conf': main(
          'include mime.types;',
          conf`
            include mime.types;
            types {
                application/wasm wasm;
            }
          `,
        ),
        ...ALL,
      },
    },
    {
      title: 'one location for one type',
      files: {
        'etc/nginx/nginx.conf': main(
          'include mime.types;',
          conf`
            location /downloads/ {
                types {
                }
                default_type application/octet-stream;
            }
          `,
        ),
        ...ALL,
      },
    },
    {
      title: 'images beside an application',
      files: {
        'etc/nginx/nginx.conf': main(
          '',
          conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
            }
            location /static/ {
                proxy_pass http://127.0.0.1:9001;
            }
            location /media/ {
                alias /srv/media/;
            }
          `,
        ),
      },
    },
    {
      title: 'everything comes from a backend',
      files: {
        'etc/nginx/nginx.conf': main(
          '',
          conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
            }
          `,
        ),
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.nginx) yield* typesOfLocations(configuration)
    for (const server of deployment.servers) {
      const { configuration, directive } = server
      if (configuration.main === null) continue
      const fact = effective(configuration, directive, 'types')
      if (!fact.known || !fact.value.complete) continue
      const { directives } = fact.value
      if (directives.some(types => knows(types, 'css'))) continue
      // A short list of an outer block is the table, and one of a template may hold anything.
      if (directives.some(({ source }) => source.template)) continue
      const http = httpBlock(configuration)
      const own = directives[0]
      const at = own ?? http
      if (at === null) continue
      const assets = servesFiles(deployment, server, '/') ? null : locationOfAssets(deployment, server)
      if (assets === null && !servesFiles(deployment, server, '/')) continue
      const isReplaced = own !== undefined && own.parent === directive
      const first = http?.children.find(({ source }) => source === http.source)
      yield {
        at: namePlace(at),
        severity:
          isReplaced ||
          hasAssets(deployment, server) ||
          (namesAssets(server) && !isOfOnePage(deployment, configuration))
            ? 'warning'
            : 'info',
        message: isReplaced
          ? '`types` in this server replaces the inherited table, and `.css` is not among what is left'
          : 'no `types` are included, so `.css` and `.js` are sent as `default_type`',
        label: isReplaced ? 'replaces `mime.types`' : 'no `include mime.types`',
        ...(assets !== null && { related: [{ at: namePlace(assets), message: 'sends such files' }] }),
        ...(own === undefined && first !== undefined
          ? propose('Include the table of the package', 'unsafe', [
              insertBefore(namePlace(first), `include mime.types;\n${indentationAt(namePlace(first))}`),
            ])
          : {}),
      }
    }
  },
})

function knows({ children, node }: NginxDirective, extension: string): boolean {
  const entries = children.length > 0 ? children : []
  if (entries.some(({ args }) => args.some(({ value }) => value === extension))) return true
  return (node.block?.children ?? []).some(
    child => 'args' in child && child.args.some(({ value }) => value === extension),
  )
}

/** True where a location is written for style sheets, and where what is no file of the site goes to its page. */
function namesAssets({ directive }: NginxServer): boolean {
  return [directive, ...childrenNamed(directive, 'location')].some(
    ({ name, args, children }) =>
      (name === 'location' && /^~/.test(args[0]?.value ?? '') && /\bcss\b/.test(args[1]?.value ?? '')) ||
      children.some(
        line =>
          line.name === 'try_files' &&
          /^\$uri,?$/.test(line.args[0]?.value ?? '') &&
          /^\/?index\.(?:html|php)(?:$|\?)/.test(line.args.at(-1)?.value ?? ''),
      ),
  )
}

/** True where the directory of the main file holds the pages, as a buildpack is given them, and no style sheet. */
function isOfOnePage(deployment: Deployment, configuration: NginxConfiguration): boolean {
  const { main } = configuration
  if (main === null) return false
  const entries = deployment.filesOf(configuration).list(posix.dirname(main.path)) ?? []
  return (
    entries.some(({ name }) => /^index\.html?$/.test(name)) &&
    entries.every(({ name, kind }) => kind === 'file' && !/\.(?:css|m?js)$/.test(name))
  )
}

/** True where a style sheet or script lies in the root of the server, or in a directory of it. */
function hasAssets(deployment: Deployment, { configuration, directive }: NginxServer): boolean {
  const base = fileBase(configuration, directive)
  if (!base.known || isComputed(base.value.path)) return false
  const files = deployment.filesOf(configuration)
  const root = base.value.path.replace(/\/+$/, '')
  const isAsset = ({ name, kind }: DirectoryEntry): boolean => kind === 'file' && /\.(?:css|m?js)$/.test(name)
  const entries = files.list(root) ?? []
  return entries.some(
    entry =>
      isAsset(entry) ||
      (entry.kind === 'directory' && (files.list(`${root}/${entry.name}`) ?? []).some(isAsset)),
  )
}

/** The first location that sends files by itself, beside an application, and has the name of a directory of assets. */
function locationOfAssets(deployment: Deployment, server: NginxServer): NginxDirective | null {
  return (
    childrenNamed(server.directive, 'location').find(directive => {
      const { modifier, name } = readLocation(directive)
      return (
        (modifier === '' || modifier === '^~') &&
        ASSETS.test(name) &&
        servesFiles(deployment, server, `${name.replace(/\/$/, '')}/`)
      )
    }) ?? null
  )
}

/** Directories for style sheets, as Django, Rails, bundlers and people call them. */
const ASSETS = /^\/(?:[\w.-]+\/)*_?(?:static(?:files|_root)?|assets|css|styles?|stylesheets|bundles?)\/?$/

function servesFiles(deployment: Deployment, server: NginxServer, directory: string): boolean {
  const answer = askServer(deployment, server, `${directory}${EXISTING}.css`)
  if (answer === null || answer.end.kind !== 'file') return false
  const location = answer.steps.findLast(({ kind }) => kind === 'location')?.directive ?? server.directive
  const fact = effective(server.configuration, location, 'types')
  return (
    fact.known &&
    (fact.value.directives.length === 0 || fact.value.level !== location || location === server.directive)
  )
}
