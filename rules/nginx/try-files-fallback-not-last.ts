import type { Deployment } from '../../src/deployment/model.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { answersAll } from '../../src/servers/nginx/queries/answers-all.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { swallowedDirective } from '../../src/servers/nginx/queries/swallowed.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (tried: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      location / {
          try_files ${tried};
      }
      location @app {
          return 200 application;
      }
    `),
  )

export default defineRule({
  summary: 'A fallback of `try_files` stands in front of another, and is looked for as a file',
  severity: 'error',
  otherSeverities: { warning: 'where a page or another location stands behind it, and may answer as well' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Only the last argument of `try_files` is a URI or a named location. In front of it nginx looks for a file with this very name, its `@` or its `?` included: the application is never asked, and each request with a query is answered by what stands behind.',
  remedy: 'Let the fallback be the last argument',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files'],
  bad: [
    {
      title: 'the start page with the query, and a status behind it',
      files: { 'etc/nginx/nginx.conf': nginx('$uri «/index.html$is_args$args» =404') },
    },
    {
      title: 'a path that an installer begins',
      files: {
        'conf/nginx.conf': conf`
          location __PATH__/ {
              alias __INSTALL_DIR__/www/;
              index index.php;
              try_files $uri $uri/ «__PATH__/index.php?$args» =404;
          }
        `,
      },
    },
    { title: 'a named location', files: { 'etc/nginx/nginx.conf': nginx('$uri $uri/ «@app» =404') } },
    {
      title: 'a query, and another page behind it',
      files: { 'etc/nginx/nginx.conf': nginx('$uri «/start.html?$query_string» /index.html') },
    },
    {
      title: 'a named location in front of the other',
      files: { 'etc/nginx/nginx.conf': nginx('«@maintenance» @app') },
    },
  ],
  good: [
    { title: 'at the end', files: { 'etc/nginx/nginx.conf': nginx('$uri /index.html$is_args$args') } },
    { title: 'a named location at the end', files: { 'etc/nginx/nginx.conf': nginx('$uri @app') } },
    {
      title: 'a name that stands for no file, as two arguments are needed',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                try_files @absent @app;
            }
            location /pages/ {
                try_files @nowhere @app;
            }
            location /shop/ {
                try_files @app @app;
            }
            location @absent {
                return 404;
            }
            location @app {
                return 200 application;
            }
          `),
        ),
      },
    },
    {
      title: 'a file in front of a status',
      files: { 'etc/nginx/nginx.conf': nginx('$uri /index.html =404') },
    },
    {
      title: 'the file without the query behind it',
      files: { 'etc/nginx/nginx.conf': nginx('$uri /index.html$is_args$args /index.html =404') },
    },
    {
      title: 'copies of pages under names with their query',
      files: {
        'etc/nginx/nginx.conf': nginx('$uri$is_args$args /cache$uri?$args.html $request_uri /index.html'),
      },
    },
    {
      title: 'a server that redirects every request',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            return 301 https://example.org$request_uri;
            location / {
                try_files $uri /index.php?$args =404;
            }
          `),
        ),
      },
    },
    {
      title: 'copies of one program’s pages',
      files: { 'etc/nginx/nginx.conf': nginx('/index.php?$args /index.html') },
    },
  ],
  *check(deployment) {
    yield* fallbacksNotLast(deployment)
  },
})

function* fallbacksNotLast({ nginx: configurations }: Deployment): Iterable<RuleFinding> {
  for (const { occurrences, main } of configurations) {
    for (const directive of occurrences.get('try_files') ?? []) {
      const { args } = directive
      if (args.length < 2 || swallowedDirective(directive) !== null) continue
      // The server answers by itself before it looks for a location.
      if (serverAround(directive)?.children.some(answersAll) === true) continue
      for (let index = 0; index < args.length - 1; index++) {
        const fault = faultOf(directive, index)
        if (fault === null || (index === 0 && isFiller(directive, main === null ? occurrences : null)))
          continue
        const at = argumentPlace(directive, index)
        const last = argumentPlace(directive, args.length - 1)
        const behind = args[args.length - 1]?.value ?? ''
        const isStatus = /^=\d{3}$/.test(behind)
        const isBeforeStatus = isStatus && index === args.length - 2
        yield {
          at,
          severity: isStatus ? 'error' : 'warning',
          message: `${fault}: only the last argument is a ${args[index]?.value.startsWith('@') ? 'location' : 'URI'}`,
          related: [{ at: last, message: 'what answers instead' }],
          ...(isBeforeStatus &&
            propose('Let the fallback be the last argument', 'unsafe', [
              replacePlace({ ...at, end: last.end }, at.source.text.slice(at.start, at.end)),
            ])),
        }
      }
    }
  }
}

/**
 * True where two named locations are tried, and the first is the second, is no page or is named so: the last alone is
 * meant.
 */
function isFiller(
  directive: NginxDirective,
  fragment: { get(name: string): readonly NginxDirective[] | undefined } | null,
): boolean {
  const [first, second, third] = directive.args
  if (first?.value.startsWith('@') !== true || second?.value.startsWith('@') !== true || third !== undefined)
    return false
  if (first.value === second.value) return true
  const around = serverAround(directive)?.children ?? fragment?.get('location') ?? []
  if (/^@(?:nowhere|nothing|none|null|dummy|empty|no-?file)$/.test(first.value)) return true
  const named = around.filter(({ name, args }) => name === 'location' && args[0]?.value === first.value)
  return (
    named.length > 0 &&
    named.every(
      ({ children }) =>
        children.length === 1 && children[0]?.name === 'return' && children[0].args[0]?.value === '404',
    )
  )
}

/** What a client of the server asks with, and nothing of the path. */
const QUERY = /(?:\?|\$\{?is_args\b\}?)(?:\$\{?(?:args|query_string)\b\}?|[\w=&-])*$/

/** What is filled in in front of a path. */
const BASE = /^[\uE000-\uF8FF]+(?=\/)/

function faultOf({ args }: NginxDirective, index: number): string | null {
  const value = args[index]?.value ?? ''
  // `__PATH__/index.php?$args`: the query stands in the name of the file wherever the application lies.
  if (isUnknownWord(value.replace(BASE, ''))) return null
  if (/^@[\w-]+$/.test(value)) return `nginx looks for a file with the name \`${value}\``
  const path = value.replace(QUERY, '')
  if (path === value || !/^\/[\w./-]*$/.test(path.replace(BASE, ''))) return null
  // Copies of pages may lie under names that hold their query; behind the file itself, nobody means those.
  if (!args.slice(0, index).some(each => /^\$\{?uri\}?$/.test(each.value))) return null
  if (args.slice(index + 1).some(each => each.value === path)) return null
  return `nginx looks for a file with the query in its name, and has none for \`${path}?a=b\``
}
