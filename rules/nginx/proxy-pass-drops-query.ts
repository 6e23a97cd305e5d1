import { insertAfter, propose } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string, location = '~ ^/api/v1/(.*)$'): string =>
  nginxMain(
    nginxServer(conf`
      location ${location} {
          ${lines}
          proxy_set_header Host $host;
      }
    `),
  )

export default defineRule({
  summary: '`proxy_pass` with a group of the location drops the query',
  severity: 'warning',
  otherSeverities: {
    info: 'where nothing says that the backend is an application, which a query may not matter to',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'With variables in it, the URI of `proxy_pass` is sent as it is, and the group of an expression is a piece of the path: of `/api/v1/list?page=2` the backend is asked for `/list`, and answers with the first page, whatever is searched for.',
  remedy: 'Write `$is_args$args` behind it',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass'],
  bad: [
    {
      title: 'a group alone',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_pass «http://127.0.0.1:9000/rest/$1»;') },
    },
    {
      title: 'a group with a name, and a backend in a variable',
      files: {
        'etc/nginx/nginx.conf': nginx(
          conf`
            set $backend http://127.0.0.1:9000;
            proxy_pass «$backend/$rest»;
          `,
          '~ ^/graphql/(?<rest>.*)$',
        ),
      },
    },
  ],
  good: [
    {
      title: 'with the query',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_pass http://127.0.0.1:9000/rest/$1$is_args$args;') },
    },
    {
      title: 'a query of its own',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_pass http://127.0.0.1:9000/rest?path=$1;') },
    },
    {
      title: 'a path that is rewritten, and keeps its query',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          rewrite ^/api/v1/(.*)$ /rest/$1 break;
          proxy_pass http://127.0.0.1:9000;
        `),
      },
    },
    {
      title: 'a host and nothing else',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_pass http://127.0.0.1:900$1;', '~ ^/api/([0-9])/') },
    },
    {
      title: 'a file, and a socket',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_pass http://127.0.0.1:9000/rest/$1.json;').replace(
          'listen 80;',
          'listen 80;\n        location ~ ^/api/(v2)/ {\n            proxy_pass http://unix:/run/app/$1.sock;\n        }',
        ),
      },
    },
    {
      title: 'a query that is asked for by name',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_pass http://127.0.0.1:9000/rest/$1/$arg_page;'),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const pass of occurrences.get('proxy_pass') ?? []) {
        const text = pass.args[0]?.value ?? ''
        const location = locationAround(pass)
        if (location === null || !text.includes('$')) continue
        const uri = /^(?:\w+:\/\/[^/]+|\$\{?\w+\}?)(\/.*)$/.exec(text)?.[1]
        // Files, and the path of a socket, have no query.
        if (uri === undefined || /\?|\.\w+$/.test(uri) || text.includes('://unix:')) continue
        const { modifier, name } = readLocation(location)
        if (!modifier.startsWith('~')) continue
        const names = variableNames(uri)
        if (names.length === 0 || !names.every(each => isGroup(each, name))) continue
        const at = argumentPlace(pass, 0)
        const isApplication = OF_APPLICATIONS.test(name)
        if (!isApplication && (OF_FILES.test(name) || OF_STORES.test(text))) continue
        yield {
          at,
          ...(!isApplication && ({ severity: 'info' } as const)),
          message: `the backend is asked for \`${uri}\` without the query of the request`,
          label: 'drops the query',
          related: [
            { at: argumentPlace(location, location.args.length - 1), message: 'a group of this expression' },
          ],
          ...propose('Send the query as well', 'unsafe', [
            at.source.text.slice(at.start, at.end) === text ? insertAfter(at, '$is_args$args') : null,
          ]),
        }
      }
    }
  },
})

/** URLs of which nobody thinks that their query is nothing. */
const OF_APPLICATIONS =
  /\b(?:api|graphql|rest|rpc|search|query|oauth2?|auth|login|callback|ajax|ws|socket\.io)\b/i
/** Files by their suffixes or directories, and stores of files, which do not look at a query. */
const OF_FILES =
  /\\\.[([\w]|\b(?:static|assets?|media|images?|img|files?|downloads?|fonts?|uploads?|thumb\w*|css|js)\b/i
const OF_STORES = /amazonaws|storage\.googleapis|blob\.core|\bs3\b|\bcdn\b|bucket|minio|digitaloceanspaces/i

function locationAround({ parent }: NginxDirective): NginxDirective | null {
  return parent?.name === 'location' ? parent : null
}

/** True for a numbered group, and for one that the expression of the location names. */
function isGroup(name: string, pattern: string): boolean {
  return /^[1-9]$/.test(name) || pattern.includes(`<${name}>`)
}
