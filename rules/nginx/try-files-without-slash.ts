import { argumentPlace } from '../../src/deployment/places.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { swallowedDirective } from '../../src/servers/nginx/queries/swallowed.ts'
import { compilePcre } from '../../src/servers/regex.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { relativeFiles } from './_relative-files.ts'

const nginx = (lines: string): string => nginxMain(nginxServer(lines))

export default defineRule({
  summary: 'A file or the fallback of `try_files` does not begin with a slash',
  severity: 'error',
  otherSeverities: {
    warning:
      'for `404`, for a page or a script in a file without its server, and for a file beside others that are found',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'The last argument of `try_files` is no file but a URI, and nginx goes on with it as it is written. No location but one by regular expression takes a URI without its first slash, and no file is found: what is to be answered by the start page is a 500 or 404. The files before it are looked for with the document root right in front: of `/srv/www` and `index.html` that is `/srv/wwwindex.html`.',
  remedy: 'Write `/index.html`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files'],
  bad: [
    {
      title: 'the start page of an application',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location / {
              try_files $uri $uri/ «index.html»;
          }
        `),
      },
    },
    {
      title: 'a status, in a file for a server',
      files: {
        'php.conf': conf`
          location ~ \.php$ {
              try_files $uri «404»;
              fastcgi_pass 127.0.0.1:9000;
          }
        `,
      },
    },
    {
      title: 'a script, in a file for a server',
      files: {
        'shop.conf': conf`
          location /shop/ {
              alias /srv/shop/;
              try_files $uri $uri/ «index.php»;
          }
        `,
      },
    },
    {
      title: 'one page for every path',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location / {
              try_files «index.html» =404;
          }
        `),
      },
    },
    {
      title: 'what an expression captures behind a slash',
      files: {
        'site.conf': conf`
          server {
              listen 80;
              root /srv/www;
              location ~ ^/assets/(.+)$ {
                  try_files «$1» /files/$1 =404;
              }
          }
        `,
      },
    },
    {
      title: 'the start page, in front of the backend',
      files: {
        'shop.conf': conf`
          location / {
              try_files $uri «index.html» @shop;
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'a file behind an alias that ends in a slash, and a group that begins with one',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /shop/ {
              alias /srv/shop/;
              try_files closed.html =404;
              location /shop/pages/ {
                  try_files closed.html =404;
              }
          }
          location ~ ^/files(/.*)$ {
              root /srv/files;
              try_files $1 =404;
          }
          location ~ ^/pages/(.*)$ {
              root $base;
              try_files $1 =404;
          }
          location ~ ^/items/(.*)$ {
              root /srv/items;
              if ($uri ~ (/shown/.*)) {
                  set $shown 1;
              }
              try_files $1 =404;
          }
          set $base /srv/www/;
        `),
      },
    },
    {
      title: 'behind a rewrite of all that comes here, before files are looked for',
      files: {
        'site.conf': conf`
          location /sync/ {
              alias /srv/sync/;
              try_files $uri $uri/ index.php;
              rewrite ^(.*)$ /sync/index.php last;
              location ~ [^/]\.php(/|$) {
                  fastcgi_pass unix:/run/php/sync.sock;
              }
          }
        `,
      },
    },
    {
      title: 'a file for a server whose PHP gets the slash',
      files: {
        'php.conf': conf`
          location / {
              try_files $uri index.php;
          }
          location ~ \.php$ {
              fastcgi_param SCRIPT_FILENAME $document_root/$fastcgi_script_name;
              fastcgi_pass 127.0.0.1:9000;
          }
        `,
      },
    },
    {
      title: 'a URI, a named location, a status',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location / {
              try_files $uri $uri/ /index.html;
          }
          location /a/ {
              try_files $uri @app;
          }
          location /b/ {
              try_files $uri =404;
          }
          location /none/ {
              try_files false @app;
          }
          location /c/ {
              try_files $uri $uri/index.html;
          }
          location /d/ {
              try_files $uri index.php;
          }
          location ~ \.php$ {
              return 200 ok;
          }
          location @app {
              return 410;
          }
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const { occurrences } = configuration
      for (const directive of occurrences.get('try_files') ?? []) {
        yield* filesWithoutSlash(configuration, directive)
        const index = directive.args.length - 1
        const value = directive.args[index]?.value ?? ''
        if (index < 1 || isUnknownWord(value) || !/^[a-z0-9_.]/i.test(value)) continue
        if (isNeverAsked(directive)) continue
        const isStatus = /^[45]\d\d$/.test(value)
        // What is around a fragment may take a name, and nobody has a location for the digits of a status.
        const isOpen = enclosingServer(directive) === null && (isStatus || isPage(value, occurrences))
        if ((!isOpen && isTakenByRegex(directive, value)) || swallowedDirective(directive) !== null) continue
        const at = argumentPlace(directive, index)
        if (/^\d{3}$/.test(value)) {
          yield {
            at,
            // That no file has such a name is answered with 404 as well.
            ...(value === '404' && { severity: 'warning' as const }),
            message: `the fallback is the URI \`${value}\`: a status is written \`=${value}\``,
            help: `Write \`=${value}\``,
          }
          continue
        }
        if (isOpen) {
          yield {
            at,
            severity: 'warning',
            confidence: 'medium',
            message: `the fallback is the URI \`${value}\`, which does not begin with a slash: no location by prefix takes it, and one by regular expression looks for the root with \`${value}\` right behind it`,
            ...propose('Begin the URI with a slash', 'unsafe', [replacePlace(at, `/${value}`)]),
          }
          continue
        }
        yield {
          at,
          message: `the fallback is the URI \`${value}\`, which does not begin with a slash, so nothing answers it`,
          ...propose('Begin the URI with a slash', 'unsafe', [replacePlace(at, `/${value}`)]),
        }
      }
    }
  },
})

/** The files, and directories, that are looked for with the document root right in front of their names. */
function* filesWithoutSlash(
  configuration: NginxConfiguration,
  directive: NginxDirective,
): Generator<RuleFinding> {
  const relative = relativeFiles(configuration, directive)
  if (relative.length === 0 || isNeverAsked(directive) || swallowedDirective(directive) !== null) return
  const isAll = relative.length === directive.args.length - 1
  const isFatal = isAll && directive.args.at(-1)?.value.startsWith('=') === true
  for (const index of relative) {
    const at = argumentPlace(directive, index)
    const value = directive.args[index]?.value ?? ''
    yield {
      at,
      ...(!isFatal && { severity: 'warning' as const }),
      message: `\`${value}\` does not begin with a slash, so nginx looks for the document root with it right behind, as for \`/srv/wwwindex.html\`, and finds no file`,
      help: `Write \`/${value}\``,
      ...propose('Begin the path with a slash', 'unsafe', [replacePlace(at, `/${value}`)]),
    }
  }
}

/** True beside a line that answers or sends elsewhere whatever comes here, before files are looked for. */
function isNeverAsked({ parent }: NginxDirective): boolean {
  return (
    parent?.children.some(
      ({ name, args }) =>
        name === 'return' ||
        (name === 'rewrite' &&
          MATCHES_ALL.test(args[0]?.value ?? '') &&
          /^(?:last|redirect|permanent)$/.test(args[2]?.value ?? '')),
    ) === true
  )
}

const MATCHES_ALL = /^(?:\^|\^?\/?\(?\.\*\)?\$?|\^\/?\(\.\*\)\$)$/

/** True for a page or a script, where no line of PHP writes the missing slash before the name. */
function isPage(value: string, occurrences: NginxConfiguration['occurrences']): boolean {
  if (!/^[\w-]+\.(?:php|html?)(?:\?|$)/.test(value)) return false
  const parameters = occurrences.get('fastcgi_param') ?? []
  return !parameters.some(({ args }) =>
    /\/\$(?:fastcgi_script_name|uri|document_uri)/.test(args[1]?.value ?? ''),
  )
}

/** True where a location by regular expression may take the URI all the same. */
function isTakenByRegex(directive: NginxDirective, uri: string): boolean {
  const server = enclosingServer(directive)
  if (server === null) return true
  return server.children.some(child => {
    if (child.name !== 'location') return false
    const { modifier, name } = readLocation(child)
    if (modifier !== '~' && modifier !== '~*') return false
    return compilePcre(name, { caseless: modifier === '~*' })?.test(uri) !== false
  })
}
