import { isUnknownWord } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${lines}
  }
`

export default defineRule({
  summary: '`root` repeats the path of its location, where `alias` is meant',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'nginx appends the whole path of the URL to `root`. With `root /srv/www/static` in `location /static/`, the file of `/static/site.css` is looked for as `/srv/www/static/static/site.css`, and the answer is 404.',
  remedy: 'Leave the path out of `root`, or write `alias` with a slash at its end',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#alias'],
  bad: [
    {
      title: 'static files',
      files: {
        'nginx.conf': site(conf`
          location /static/ {
              «root» /srv/shop/static;
          }
        `),
      },
    },
    {
      title: 'a longer path',
      files: {
        'nginx.conf': site(conf`
          location ^~ /shop/media {
              «root» /srv/shop/media/;
          }
        `),
      },
    },
    {
      title: 'one file',
      files: {
        'nginx.conf': site(conf`
          location = /robots.txt {
              «root» /srv/shop/static/robots.txt;
          }
        `),
      },
    },
    {
      title: 'a regular expression',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/static/.*\.css$ {
              «root» /srv/shop/static;
          }
        `),
      },
    },
    {
      title: 'an application in the browser, with its own page for what is not there',
      files: {
        'nginx.conf': site(conf`
          root /srv/www;
          location /admin/ {
              «root» /srv/www/admin;
              index index.html;
              try_files $uri $uri/ /admin/index.html;
          }
        `),
      },
    },
    {
      title: 'a page for what is not there, and an answer for OPTIONS',
      files: {
        'nginx.conf': site(conf`
          location /static {
              «root» /srv/shop/static;
              if ($request_method = OPTIONS) {
                  return 204;
              }
              try_files $uri =404;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'the application is asked for what is not there, and another path is looked for',
      files: {
        'nginx.conf': site(conf`
          location /media/ {
              root /srv/cache/media;
              try_files $uri @application;
          }
          location /img/ {
              root /srv/www/img;
              try_files /$arg_name $uri =404;
          }
        `),
      },
    },
    {
      title: 'a file of the name of its directory, and one in a directory',
      files: {
        'nginx.conf': site(conf`
          location = /status {
              root /srv/status;
          }
          location = /robots.txt {
              root /srv/shop/static;
          }
        `),
      },
    },
    {
      title: 'the same in lines that a server includes',
      files: {
        'nginx.conf': conf`
          root /static;
          location /static/ {
              root /static;
          }
        `,
      },
    },
    {
      title: 'the root of the server, below which the path is there again',
      files: {
        'nginx.conf': site(conf`
          root /static;
          rewrite ^/media/(.*)$ /static/$1 permanent;
          location /static/ {
              root /static;
              expires 1d;
          }
        `),
      },
    },
    {
      title: 'a regular expression with the directory above',
      files: {
        'nginx.conf': site(conf`
          location ~ ^/static/.*\.css$ {
              root /srv/shop;
          }
          location ~ ^/(?:static|media)/ {
              root /srv/shop/static;
          }
        `),
      },
    },
    {
      title: 'the directory above',
      files: {
        'nginx.conf': site(conf`
          location /static/ {
              root /srv/shop;
          }
        `),
      },
    },
    {
      title: 'an alias',
      files: {
        'nginx.conf': site(conf`
          location /static/ {
              alias /srv/shop/static/;
          }
        `),
      },
    },
    {
      title: 'a directory of that name inside',
      files: {
        'nginx.conf': site(conf`
          location /static/ {
              root /srv/shop/static;
          }
        `),
        'srv/shop/static/static/site.css': 'body {}\n',
      },
    },
    {
      title: 'the only directory of the server',
      files: {
        'nginx.conf': site(conf`
          location / {
              root /srv/www;
          }
        `),
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.nginx) {
      const files = deployment.filesOf(configuration)
      for (const root of configuration.occurrences.get('root') ?? []) {
        const { parent } = root
        if (parent?.name !== 'location') continue
        const { modifier, name, at } = readLocation(parent)
        const written = root.args[0]?.value ?? ''
        if (isUnknownWord(written) || isComputed(written) || isUnknownWord(name)) continue
        const beginning = modifier === '~' || modifier === '~*' ? literalDirectory(name) : name
        if (!beginning.startsWith('/') || beginning === '/') continue
        // A directory may hold a file of its own name, but none that has an extension.
        if (modifier === '=' && !/\.\w+$/.test(name)) continue
        const path = beginning.replace(/\/+$/, '')
        const directory = written.replace(/\/+$/, '')
        if (!directory.endsWith(path) || files.kind(directory + path) !== null) continue
        // A tree that repeats the path is what the server around it is told of, too.
        if (repeatsOuterRoot(configuration, parent, directory)) continue
        // What another line of the block looks for has its own path.
        if (parent.children.some(looksElsewhere)) continue
        yield {
          at: namePlace(root),
          message:
            modifier === '='
              ? `\`root\` and the path of the location are put together: \`${path}\` is looked for as \`${directory}${path}\``
              : `\`root\` and the path of the location are put together: \`${path}/…\` is looked for below \`${directory}${path}\``,
          label: '`alias` replaces the path, `root` does not',
          related: [{ at, message: 'appended to it' }],
          ...propose('Name the directory above', 'unsafe', [
            replacePlace(argumentPlace(root, 0), directory.slice(0, -path.length) || '/'),
          ]),
        }
      }
    }
  },
})

function repeatsOuterRoot(
  { top }: NginxConfiguration,
  { parent, source }: NginxDirective,
  directory: string,
): boolean {
  for (let outer = parent; ; outer = outer.parent) {
    const lines = outer?.children ?? top.filter(line => line.source === source)
    if (lines.some(({ name, args }) => name === 'root' && args[0]?.value.replace(/\/+$/, '') === directory))
      return true
    if (outer === null) return false
  }
}

/** The directories with which every path begins that a pattern matches, or that it holds; empty for none. */
function literalDirectory(pattern: string): string {
  return /^\^?((?:\/[\w-]+)+)\/(?![*+?{])/.exec(pattern)?.[1] ?? ''
}

/** True for a line that decides by itself which path is looked for. */
function looksElsewhere({ name, args, children }: NginxDirective): boolean {
  // It may look for other paths than that of the request, and a backend may have what is not there.
  if (name === 'try_files')
    return (
      !args.slice(0, -1).every(({ value }) => value.startsWith('$uri')) ||
      args.at(-1)?.value.startsWith('@') === true
    )
  if (name === 'if') return children.some(child => child.name !== 'return' && looksElsewhere(child))
  return LOOKS.has(name)
}

const LOOKS = new Set(['rewrite', 'return', 'alias', 'proxy_pass', 'fastcgi_pass', 'uwsgi_pass'])
