import { endsUnknown, isUnknownWord } from '../../parsers/text/placeholder.ts'
import { placeText } from '../../parsers/text/source.ts'
import { posix } from 'node:path'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { insertAfter, propose } from '../../src/deployment/edits.ts'
import { anonymousRequestOnly } from '../../src/deployment/requests/anonymous-request.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { locationPath } from '../../src/deployment/requests/location-path.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { compilePcre } from '../../src/servers/regex.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { isOfWholeSite } from '../_whole-site.ts'

const packaged = (manifest: string): Record<string, string> => ({
  'manifest.toml': manifest,
  'conf/nginx.conf': conf`
    location __PATH__ {
        alias __INSTALL_DIR__/;
    }
    location = __PATH__/robots.txt {
        access_log off;
    }
  `,
})

const server = (lines: string): Record<string, string> => ({
  'nginx.conf': conf`
    server {
        listen 80;
        server_name example.org;
        ${lines}
        location / {
            return 404;
        }
    }
  `,
})

export default defineRule({
  summary: 'One step out of the directory of static files',
  severity: 'error',
  otherSeverities: {
    warning:
      'where a line of the server that the audit does not have may take the path, and where the path is filled in',
  },
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [22],
  since: '0.1.0',
  why: 'nginx puts the alias in place of the location’s name and appends the rest of the path. Where the name has no last slash and the alias has one, `/img../` becomes `/data/img/../`: everything beside the directory is served, the settings of the project perhaps.',
  remedy: 'End both with a slash, or neither',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#alias',
    'https://github.com/dvershinin/gixy/blob/master/docs/en/checks/alias-traversal.md',
  ],
  bad: [
    {
      title: 'a directory below the one of nginx itself',
      files: server(conf`
        location «/static» {
            access_log off;
            alias static/;
        }
      `),
    },
    {
      title: 'a location without its last slash',
      files: server(conf`
        location «/static» {
            alias /opt/shop/static/;
        }
      `),
    },
    {
      title: 'an expression whose group begins behind no slash',
      files: server(conf`
        location ~ «^/files(.*)$» {
            alias /opt/shop/files/$1;
        }
      `),
    },
    {
      title: 'lines that some server includes',
      files: {
        'files.conf': conf`
          location «/files» {
              alias /srv/files/;
          }
        `,
      },
    },
    {
      title: 'lines that some server includes, which look for the file first',
      files: {
        'media.conf': conf`
          location «/media» {
              alias /srv/media/;
              try_files $uri @app;
          }
        `,
      },
    },
    {
      title: 'a name that an installer fills in, and that has no slash of its own',
      files: {
        'conf/nginx.conf': conf`
          location «__PATH__» {
              alias __INSTALL_DIR__/;
              index index.php;
              if (!-e $request_filename) {
                  rewrite ^ __PATH__/index.php last;
              }
              location ~ \.php$ {
                  return 404;
              }
          }
        `,
      },
    },
    {
      title: 'a template that fills in more lines of the server',
      files: {
        'site.conf.template': conf`
          server {
              listen 80;
              server_name \${NAME};
              \${MORE_LINES}
              location «/static» {
                  alias /srv/www/static/;
              }
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'a relative directory with both slashes, and one that nobody asks for',
      files: server(conf`
        location /static/ {
            alias static/;
        }
        location /templates {
            internal;
            alias html/templates/;
        }
      `),
    },
    {
      title: 'a directory whose parent is served anyway',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              location /img {
                  alias /srv/www/uploads/;
              }
          }
        `,
      },
    },
    {
      title: 'a directory whose name the host gives',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name ~^(?<release>\w+)\.example\.org$;
              location /download {
                  alias /srv/$release;
              }
          }
        `,
      },
    },
    {
      title: 'lines that some server includes, with a slash at both ends',
      files: {
        'files.conf': conf`
          location /files/ {
              alias /srv/files/;
          }
        `,
      },
    },
    {
      title: 'an application that is the whole site, as its manifest asks for no path',
      files: packaged('[install.domain]\ntype = "domain"\n'),
    },
    {
      title: 'a name that an installer fills in, with its slash',
      files: {
        'conf/nginx.conf': conf`
          location __PATH__/ {
              alias __INSTALL_DIR__/;
          }
          location __STATIC_URL__ {
              alias __STATIC_ROOT__/;
          }
        `,
      },
    },
    {
      title: 'lines that some server includes, which look for a page of one name',
      files: {
        'files.conf': conf`
          location /files {
              alias /srv/files/;
              try_files /index.html =404;
          }
        `,
      },
    },
    {
      title: 'both with a slash',
      files: server(conf`
        location /static/ {
            alias /opt/shop/static/;
        }
      `),
    },
    {
      title: 'neither',
      files: server(conf`
        location /static {
            alias /opt/shop/static;
        }
      `),
    },
    {
      title: 'the slash is part of the expression',
      files: server(conf`
        location ~ ^/files/(.*)$ {
            alias /opt/shop/files/$1;
        }
      `),
    },
    {
      title: 'one file by its exact name',
      files: server(conf`
        location = /favicon.ico {
            alias /opt/shop/static/favicon.ico;
        }
      `),
    },
    {
      title: 'a location that only internal redirects reach',
      files: server(
        conf`
          location /protected {
              internal;
              alias /opt/shop/static/;
          }
        `,
      ),
    },
    {
      title: 'a template whose expression takes the dots',
      files: {
        'site.conf.template': conf`
          server {
              listen 80;
              server_name \${NAME};
              \${MORE_LINES}
              location ~ \.\. {
                  return 404;
              }
              location /static {
                  alias /srv/www/static/;
              }
          }
        `,
      },
    },
  ],
  *check(deployment) {
    const servers = serverIndex(deployment.servers)
    for (const configuration of deployment.nginx) {
      for (const alias of configuration.occurrences.get('alias') ?? []) {
        const location = alias.parent
        const home = location === null ? null : enclosingServer(location)
        const server = home === null ? undefined : servers.get(home)
        if (location?.name !== 'location') continue
        if (location.parent === null) {
          yield* isFilledIn(location)
            ? besidePlaceholder(location, alias, deployment.filesOf(configuration))
            : inSnippet(location, alias, 'in whatever server includes this')
          continue
        }
        if (server === undefined) continue
        const path = locationPath(location)
        // What follows stands in the same segment as the dots, so nothing takes them for a step upwards.
        if (path === null || path.endsWith('/') || endsUnknown(path)) continue
        const asked = `${path}../settings.py`
        const written = alias.args[0]?.value ?? ''
        if (isRelative(written) && isLeftAlone(server.directive, asked)) {
          yield* inSnippet(location, alias, `below the directory that nginx was built or started with`)
          continue
        }
        const directory = written.replace(/\$.*$/s, '')
        const end = anonymousRequestOnly(server, asked, posix.normalize(`${directory}../settings.py`))
        if (end.kind === 'unknown' && isOpen(configuration, server.directive, asked)) {
          yield* inSnippet(location, alias, 'unless an unread line of this server takes it')
          continue
        }
        if (end.kind !== 'file' || !end.path.includes('/../')) continue
        if (isServedAnyway(server, posix.normalize(end.path))) continue
        const { at, modifier } = readLocation(location)
        yield {
          at,
          message: `\`${path}../\` leaves \`${alias.args[0]?.value}\` by one directory: \`${asked}\` is \`${end.path}\``,
          label: 'no slash at its end',
          related: [{ at: argumentPlace(alias, 0), message: 'put in place of the name' }],
          ...(modifier === '' || modifier === '^~'
            ? propose('End the location with a slash', 'unsafe', [insertAfter(at, '/')])
            : {}),
        }
      }
    }
  },
})

/** True for a file that lies below the root of the server, and is sent for its own path to whoever asks. */
function isServedAnyway(server: NginxServer, path: string): boolean {
  const root = server.directive.children.find(({ name }) => name === 'root')?.args[0]?.value
  if (root === undefined || isComputed(root)) return false
  const url = path.slice(root.replace(/\/+$/, '').length)
  if (path !== `${root.replace(/\/+$/, '')}${url}` || !url.startsWith('/')) return false
  const end = anonymousRequestOnly(server, url, path)
  return end.kind === 'file' && end.path === path
}

/** What decides over a request before its file does. */
const DECIDES =
  /^(?:internal|deny|auth_\w+|return|rewrite|if|satisfy|valid_referers|try_files|limit_except|access_by_lua.*)$/

/** True where all that keeps a request from the location is a line that nobody here has read. */
function isOpen(configuration: NginxConfiguration, server: NginxDirective, path: string): boolean {
  return hasUnreadInclude(configuration, server) && isLeftAlone(server, path)
}

/** True for a path below nginx's own prefix, such as `html/`. */
function isRelative(path: string): boolean {
  return /^[\w.-]+\//.test(path) && !isComputed(path)
}

/** True where no line of a server decides over a request before its location, and no expression takes it. */
function isLeftAlone(server: NginxDirective, path: string): boolean {
  return server.children.every(child => {
    if (DECIDES.test(child.name)) return false
    if (child.name !== 'location') return true
    const { modifier, name } = readLocation(child)
    if (modifier !== '~' && modifier !== '~*') return true
    return compilePcre(name, { caseless: modifier === '~*' })?.test(path) === false
  })
}

/** True for a `try_files` that first looks for the file of the request itself, and sends it where it is there. */
function triesUri({ name, args }: NginxDirective): boolean {
  return name === 'try_files' && args.length > 1 && args[0]?.value === '$uri'
}

/** True for a line that may keep a request from a file that is there. */
function decides(child: NginxDirective): boolean {
  return DECIDES.test(child.name) && !triesUri(child) && !isForOthers(child)
}

/** True for what holds of plain HTTP alone, and of what is not there: `if ($scheme = http)`, `if (!-e $request_filename)`. */
function isForOthers({ name, args }: NginxDirective): boolean {
  const condition = args.map(({ value }) => value).join(' ')
  return name === 'if' && /^\(?\s*(?:!-[efd] \$request_filename|\$scheme = http)\s*\)?$/.test(condition)
}

/** True for a location whose whole name somebody fills in. */
function isFilledIn(location: NginxDirective): boolean {
  const { modifier, name } = readLocation(location)
  return (modifier === '' || modifier === '^~') && isUnknownWord(name) && !name.includes('/')
}

/**
 * The same of a name that somebody fills in: `__PATH__`. Where the file has it in front of a slash elsewhere, it ends in
 * none itself; for the whole site it may be a slash alone.
 */
function* besidePlaceholder(
  location: NginxDirective,
  alias: NginxDirective,
  files: FileSystem,
): Iterable<RuleFinding> {
  const { at } = readLocation(location)
  const name = placeText(at)
  const directory = placeText(argumentPlace(alias, 0))
  if (!directory.endsWith('/') || directory === '/' || location.children.some(decides)) return
  if (isOfWholeSite(location.source, files)) return
  const { text } = location.source
  const behind = text.indexOf(`${name}/`, location.node.terminator)
  if (behind === -1) return
  yield {
    at,
    severity: 'warning',
    confidence: 'medium',
    message: `\`${name}../\` leaves \`${directory}\` by one directory, wherever \`${name}\` is not the whole site`,
    label: 'no slash at its end',
    related: [
      { at: argumentPlace(alias, 0), message: 'put in place of the name' },
      {
        at: { source: location.source, start: behind, end: behind + name.length + 1 },
        message: 'so it has no slash of its own',
      },
    ],
    ...propose('End the location with a slash', 'unsafe', [insertAfter(at, '/')]),
  }
}

/** A location that some server out of sight includes, or one with lines out of sight: the two lines say it by themselves. */
function* inSnippet(location: NginxDirective, alias: NginxDirective, where: string): Iterable<RuleFinding> {
  const path = locationPath(location)
  const directory = alias.args[0]?.value ?? ''
  if (path === null || path.endsWith('/') || endsUnknown(path) || !directory.endsWith('/')) return
  if (directory === '/' || location.children.some(decides)) return
  const { at, modifier } = readLocation(location)
  if (modifier !== '' && modifier !== '^~') return
  yield {
    at,
    ...(where.startsWith('unless') && { severity: 'warning' as const }),
    confidence: 'medium',
    message: `\`${path}../\` leaves \`${directory}\` by one directory, ${where}`,
    label: 'no slash at its end',
    related: [{ at: argumentPlace(alias, 0), message: 'put in place of the name' }],
    ...propose('End the location with a slash', 'unsafe', [insertAfter(at, '/')]),
  }
}
