import { isUnknownWord, placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { valueParts } from '../../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${lines}
      location ~ \.php$ {
          fastcgi_pass 127.0.0.1:9000;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_param QUERY_STRING $query_string;
      }
    `),
  ),
})

export default defineRule({
  summary: 'The query is appended to the path without a question mark',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`$args` and `$query_string` hold the query without its `?`. `/index.php$args` is `/index.php` as long as a request has no query, and `/index.phpid=1` with `?id=1`: no script and no page has that name, and it is answered with 404.',
  remedy: 'Write `$is_args$args`, or `?$args`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#var_is_args'],
  bad: [
    {
      title: 'a front controller',
      files: nginx(conf`
        location / {
            try_files $uri «/index.php$args»;
        }
      `),
    },
    {
      title: 'a redirect',
      files: nginx(conf`
        location ~ ^/publisher/(.*) {
            return 301 «/organization/$1$query_string»;
        }
      `),
    },
    {
      title: 'the path of the request on another host',
      files: nginx(conf`
        location /old/ {
            return 301 «https://old.example.org$document_uri$args»;
        }
      `),
    },
    {
      title: 'a rewrite, which appends it by itself',
      files: nginx('rewrite ^/shop/(.*)$ «/store/$1$args» permanent;'),
    },
  ],
  good: [
    {
      title: 'a question mark, where there is a query',
      files: nginx(conf`
        location / {
            try_files $uri /index.php$is_args$args;
        }
        location ~ ^/publisher/(.*) {
            return 301 /organization/$1?$query_string;
        }
        location /old/ {
            return 301 https://old.example.org$document_uri$is_args$args;
        }
        rewrite ^/shop/(.*)$ /store/$1 permanent;
        rewrite ^/item/(.*)$ /items?id=$1&$args permanent;
      `),
    },
    {
      title: 'a page, which the spoilt name comes back to',
      files: nginx(conf`
        location / {
            try_files $uri $uri/ /index.html$args;
        }
        location /app/ {
            try_files $uri /app/index.html$is_args$args;
        }
      `),
    },
    {
      title: 'files of a cache that have the query in their name',
      files: nginx(conf`
        location / {
            try_files /cache/$host${'$'}{uri}_$args.html /cache$uri/_$args /index.php?$args;
        }
        location /pages/ {
            try_files /cache${'$'}{uri}_$args =404;
        }
      `),
    },
    {
      title: 'a query with its question mark',
      files: nginx(conf`
        set $args "?lang=en";
        location /shop/ {
            return 301 /store/$args;
        }
      `),
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const [name, indexOf] of TARGETS) {
        for (const line of configuration.occurrences.get(name) ?? []) {
          const index = indexOf(line)
          const written = line.args[index]?.value ?? ''
          const query = gluedQuery(line, written)
          if (query === null || setsQuery(configuration)) continue
          const at = argumentPlace(line, index)
          const before = written.slice(0, -query.length)
          if (name === 'try_files' && isFoundAfterAll(line, before)) continue
          yield {
            at,
            message: `\`${query}\` has no question mark, so \`?id=1\` makes \`${before}id=1\` of \`${before}\``,
            label: 'no `?` between path and query',
            ...propose('Put the question mark between', 'unsafe', [
              placeText(at) === written
                ? replacePlace(at, name === 'rewrite' ? before : `${before}$is_args$args`)
                : null,
            ]),
          }
        }
      }
    }
  },
})

/**
 * True for a page of which the spoilt name comes back to the same `try_files`: the query is gone by then, so that asks
 * for the page itself, which reads no query.
 */
function isFoundAfterAll({ parent }: NginxDirective, page: string): boolean {
  if (!/\.html?$/.test(page)) return false
  if (parent?.name !== 'location') return parent?.name === 'server'
  const { modifier, name } = readLocation(parent)
  return (modifier === '' || modifier === '^~') && page.startsWith(name)
}

/** The argument that is a target, where one is. */
const TARGETS: readonly (readonly [string, (line: NginxDirective) => number])[] = [
  ['return', ({ args }) => args.length - 1],
  ['rewrite', ({ args }) => (args[2]?.value === 'break' ? -1 : 1)],
  ['try_files', ({ args }) => args.length - 1],
]

/** The variable of the query at the end of a path that holds no `?`, as it is written; null where there is none. */
function gluedQuery(line: NginxDirective, written: string): string | null {
  const [query] = /\$\{?(?:args|query_string)\}?$/.exec(written) ?? []
  if (query === undefined || isUnknownWord(written) || !/^(?:\/|https?:|\$scheme:)/.test(written)) return null
  const before = valueParts(written.slice(0, -query.length))
  const last = before.at(-1)
  const endsInName =
    last?.kind === 'variable' ? /^(?:(?:document_)?uri|\d)$/.test(last.name) : /[\w/]$/.test(last?.text ?? '')
  if (!endsInName || /_$/.test(written.slice(0, -query.length))) return null
  return before.every(part => (part.kind === 'text' ? !part.text.includes('?') : isOfPath(line, part.name)))
    ? query
    : null
}

/** True for what never holds a query. */
function isOfPath(line: NginxDirective, name: string): boolean {
  if (/^\d$/.test(name))
    return (
      line.name === 'rewrite' ||
      (line.parent?.name === 'location' && readLocation(line.parent).modifier.startsWith('~'))
    )
  return PATH.has(name)
}

const PATH: ReadonlySet<string> = new Set(
  'uri document_uri host http_host server_name server_port server_addr scheme'.split(' '),
)

/** True where the query may be one that begins with a question mark. */
function setsQuery({ occurrences }: NginxConfiguration): boolean {
  return (occurrences.get('set') ?? []).some(({ args }) => /^\$args$/i.test(args[0]?.value ?? ''))
}
