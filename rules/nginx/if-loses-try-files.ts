import { isUnknownWord } from '../../parsers/text/source.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { conditionWords } from '../../src/servers/nginx/queries/conditions.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { endOfList } from './_ended-list.ts'

const nginx = (lines: string): string => nginxMain(nginxServer(lines))

export default defineRule({
  summary: 'Where an `if` holds, the `try_files` of its location does not',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'An `if` in a location is a location of its own once its condition holds, and `try_files` is never inherited. Requests that meet the condition are served as files alone: what `try_files` passes to the application is a 404 for them.',
  remedy: 'Put the `if` into the server, or set the variable by a `map`',
  references: ['https://www.nginx.com/resources/wiki/start/topics/depth/ifisevil/'],
  bad: [
    {
      title: 'a variable is set',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location / {
              try_files $uri /index.html;
              «if» ($http_user_agent ~ bot) {
                  set $bot 1;
              }
          }
        `),
      },
    },
    {
      title: 'a file by a part of its path',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location ~ ^/static/(?<file>.*) {
              root /srv/static;
              «if» ($http_origin ~ example) {
                  add_header Access-Control-Allow-Origin $http_origin;
              }
              try_files /$file =404;
          }
        `),
      },
    },
    {
      title: 'a page by a name without its extension',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location / {
              try_files $uri $uri.html =404;
              «if» ($http_origin ~ example) {
                  add_header Access-Control-Allow-Origin $http_origin;
              }
          }
        `),
      },
    },
    {
      title: 'an image that stands in for one that is not there',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location /avatars/ {
              try_files $uri /avatars/nobody.png =404;
              «if» ($arg_download) {
                  add_header Content-Disposition attachment;
              }
          }
        `),
      },
    },
    {
      title: 'the if sets a part of the name',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location /images/ {
              set $suffix "";
              «if» ($http_accept ~ image/webp) {
                  set $suffix .webp;
              }
              try_files $uri$suffix $uri =404;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'what a template puts there, a redirect or nothing',
      files: {
        'nginx/site.conf.in': nginxServer(conf`
          root /srv/www;
          location / {
              if ($args = "nojs") {
                  {SHOP_REWRITE_NOJS};
              }
              try_files $uri /index.html;
          }
        `),
      },
    },
    {
      title: 'the files as they are, for browsers that know no other kind',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location ~ \.(?:png|jpe?g)$ {
              if ($http_accept !~* webp) {
                  break;
              }
              try_files $uri.webp $uri =404;
          }
        `),
      },
    },
    {
      title: 'a file, a directory and its index',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location / {
              try_files $uri $uri/ $uri/index.html =404;
              if ($http_origin ~ example) {
                  add_header Access-Control-Allow-Origin $http_origin;
              }
          }
        `),
      },
    },
    {
      title: 'the one file of its location, and a name that a map may leave as it is',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location = /robots.txt {
              try_files /robots.txt =404;
              if ($http_user_agent ~ bot) {
                  add_header X-Bot yes;
              }
          }
          location /images/ {
              try_files $uri$http_x_suffix $uri =404;
              if ($arg_download) {
                  add_header Content-Disposition attachment;
              }
          }
        `),
      },
    },
    {
      title: 'a condition that nginx never comes to',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location ^~ /own/ {
              rewrite ^/own/(.*)$ $1 break;
              if ($http_user_agent ~ bot) {
                  add_header X-Bot yes;
              }
              try_files /own/$uri /default/$uri;
          }
        `),
      },
    },
    {
      title: 'files by their own path',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location /static/ {
              root /srv;
              if ($http_origin ~ example) {
                  add_header Access-Control-Allow-Origin $http_origin;
              }
              try_files $uri =404;
          }
        `),
      },
    },
    {
      title: 'in the server',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          if ($http_user_agent ~ bot) {
              set $bot 1;
          }
          location / {
              try_files $uri /index.html;
          }
        `),
      },
    },
    {
      title: 'the if answers by itself, or has a way of its own',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          root /srv/www;
          location / {
              try_files $uri /index.html;
              if ($request_method = DELETE) {
                  return 405;
              }
              if ($http_user_agent ~ old) {
                  rewrite ^ /upgrade.html last;
              }
              if (-f $request_filename) {
                  break;
              }
              if ($http_x_debug) {
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const tried of occurrences.get('try_files') ?? []) {
        const { parent } = tried
        if (parent?.name !== 'location') continue
        const paths = tried.args.map(({ value }) => value)
        const lost = losesFiles(paths, parent.args)
        for (const block of parent.children) {
          if (block.name !== 'if' || block.children.some(goesElsewhere)) continue
          if (!lost && !setsPart(block.children, paths)) continue
          // Its files as they are, and none that `try_files` has in their place, is what such a block is for.
          if (block.children.length > 0 && block.children.every(({ name }) => name === 'break')) continue
          // A line above has taken every path out of the list already.
          if (endOfList(block) !== null) continue
          // A file that is there is served without it too.
          if (/^-[fe]$/.test(conditionWords(block)[0] ?? '')) continue
          yield {
            at: namePlace(block),
            message: 'where this condition holds, the `try_files` of the location is not applied',
            related: [{ at: namePlace(tried), message: 'not inherited' }],
          }
        }
      }
    }
  },
})

interface Argument {
  readonly value: string
}

/**
 * Whether other requests than those for a file by its own path are answered: behind that path `=404` is what nginx
 * answers without it too.
 */
function losesFiles(paths: readonly string[], ofLocation: readonly Argument[]): boolean {
  if (paths.at(-1) !== '=404') return true
  const tried = paths.slice(0, -1)
  if (tried.every(path => OF_CAPTURE.test(path))) return true
  const [modifier, only] = ofLocation
  return tried.some(path => OTHER_FILE.test(path) && !(modifier?.value === '=' && path === only?.value))
}

/** `$uri.html`, `/cache$uri` and `/nobody.png`: another file than the one by the path itself. */
const OTHER_FILE =
  /^(?:(?:\/[\w.-]+)*\/?\$(?:document_)?uri\.[\w.-]+|(?:\/[\w.-]+)+\/?\$(?:document_)?uri|(?:\/[\w.-]+)+)$/

/** `set $suffix .webp` for `try_files $uri$suffix`: what the `if` is there for never comes to the files. */
function setsPart(
  children: readonly { readonly name: string; readonly args: readonly Argument[] }[],
  paths: readonly string[],
): boolean {
  return children.some(({ name, args }) => {
    const variable = name === 'set' ? args[0]?.value : undefined
    return (
      variable !== undefined &&
      paths.some(path => path.includes(variable) && !/^\w/.test(path.split(variable)[1] ?? ''))
    )
  })
}

/** A part of the path, as an expression of the location takes it out: no file has the path itself. */
const OF_CAPTURE = /^\/(?:\$\d|\$(?!(?:document_)?uri\b|request_|fastcgi_)[a-z_]+)$/

/** True for what takes the request out of the `if`, or answers it there. */
function goesElsewhere({
  name,
  args,
}: {
  readonly name: string
  readonly args: readonly Argument[]
}): boolean {
  if (name === 'rewrite') return args[2]?.value !== 'break' || /^https?:/.test(args[1]?.value ?? '')
  // What stands for lines may hold a redirect.
  if (isUnknownWord(name)) return true
  return name === 'return' || name.endsWith('_pass') || name === 'include' || name === 'empty_gif'
}
