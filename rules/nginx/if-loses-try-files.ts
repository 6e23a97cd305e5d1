import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { conditionWords } from '../../src/servers/nginx/queries/conditions.ts'
import { endOfList } from './_ended-list.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

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
  ],
  good: [
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
        if (parent?.name !== 'location' || falls(tried.args.map(({ value }) => value))) continue
        for (const block of parent.children) {
          if (block.name !== 'if' || block.children.some(goesElsewhere)) continue
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

/** `=404` behind the path itself: without it nginx looks for the same file, and answers the same. */
function falls(tried: readonly string[]): boolean {
  return tried.at(-1) === '=404' && !tried.slice(0, -1).every(path => OF_CAPTURE.test(path))
}

/** A part of the path, as an expression of the location takes it out: no file has the path itself. */
const OF_CAPTURE = /^\/(?:\$\d|\$(?!(?:document_)?uri\b|request_|fastcgi_)[a-z_]+)$/

/** True for what takes the request out of the `if`, or answers it there. */
function goesElsewhere({
  name,
  args,
}: {
  readonly name: string
  readonly args: readonly { readonly value: string }[]
}): boolean {
  if (name === 'rewrite') return args[2]?.value !== 'break' || /^https?:/.test(args[1]?.value ?? '')
  return name === 'return' || name.endsWith('_pass') || name === 'include' || name === 'empty_gif'
}
