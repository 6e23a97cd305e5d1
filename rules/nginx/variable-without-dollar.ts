import { placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxVariable } from '../../src/servers/nginx/directives.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const proxied = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass http://127.0.0.1:9000;
          ${lines}
      }
    `),
  ),
})
const site = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(nginxServer(lines)),
})

export default defineRule({
  summary: 'The name of a variable stands without its `$`, and is plain text',
  severity: 'error',
  otherSeverities: { warning: 'in a header for browsers, and in a query' },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx fills in `$host` and takes `host` for the four letters: the backend is told that every client asked for `host`, PHP looks for a script `document_root/index.php`, a `map` finds the same entry for every request, and a browser is sent to a machine `host`. `nginx -t` accepts all of them.',
  remedy: 'Write the `$`',
  references: ['https://nginx.org/en/docs/varindex.html'],
  bad: [
    { title: 'the host', files: proxied('proxy_set_header Host «host»;') },
    {
      title: 'what the backend is told of the client',
      files: proxied(conf`
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP «remote_addr»;
        proxy_set_header X-Forwarded-Proto «scheme»;
      `),
    },
    {
      title: 'the first half of a path',
      files: site(conf`
        location ~ \.php$ {
            fastcgi_pass unix:/run/php/php-fpm.sock;
            fastcgi_param SCRIPT_FILENAME «document_root$fastcgi_script_name»;
        }
      `),
    },
    { title: 'a redirect', files: site('return 301 «https://host$request_uri»;') },
    { title: 'the scheme of a redirect', files: site('return 301 «scheme://www.example.org$request_uri»;') },
    { title: 'the path behind the host', files: site('return 301 «https://www.example.orgrequest_uri»;') },
    {
      title: 'a query that is passed on, and a directory to try',
      files: site(conf`
        root /srv/www;
        location / {
            try_files $uri «uri/» «/index.php?args»;
        }
        location /intern/ {
            return 302 «/login?next=request_uri»;
        }
      `),
    },
    { title: 'a file to try', files: site('root /srv/www;\ntry_files «uri» =404;') },
    {
      title: 'a header for browsers',
      files: site('root /srv/www;\nadd_header X-Cache «upstream_cache_status»;'),
    },
    {
      title: 'what a map asks for',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          conf`
            map «http_upgrade» $connection_upgrade {
                default upgrade;
                '' close;
            }
            ${nginxServer('return 200 $connection_upgrade;')}
          `,
        ),
      },
    },
  ],
  good: [
    {
      title: 'with it',
      files: proxied(conf`
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-Proto \${scheme};
      `),
    },
    {
      title: 'texts that are meant',
      files: proxied(conf`
        proxy_set_header Host app_server;
        proxy_set_header X-Forwarded-Proto https;
        proxy_set_header X-Request request;
        add_header X-Role host;
      `),
    },
    {
      title: 'files and hosts of such names',
      files: site(conf`
        root /srv/www;
        location /pages/ {
            try_files /uri.html /uri/index.html =404;
        }
        location / {
            return 301 https://host.example.org$request_uri;
        }
        location /docs/ {
            return 301 https://docs.example.org/nginx?variable=args&next=$request_uri;
        }
        location /list/ {
            try_files $uri $uri/ /list.html?sort=args_first;
        }
      `),
    },
  ],
  *check({ nginx }) {
    for (const { occurrences } of nginx) {
      for (const [name, { first, bare, effect, isForBrowsers }] of VALUES) {
        for (const directive of occurrences.get(name) ?? []) {
          for (const [index, { value }] of directive.args.entries()) {
            if (index < first) continue
            const found = bareVariable(value, bare)
            if (found === null || (name === 'map' && index > 0)) continue
            const at = argumentPlace(directive, index)
            const isQuery = value.slice(0, found.at).includes('?')
            const meant = `${value.slice(0, found.at)}$${value.slice(found.at)}`
            yield {
              at,
              ...((isForBrowsers === true || isQuery) && { severity: 'warning' as const }),
              message: `\`${found.name}\` is plain text without its \`$\`: ${isQuery ? 'these letters are the query, whatever the client asked for' : effect}`,
              label: 'not filled in',
              ...propose(`Write \`${meant}\``, 'unsafe', [
                placeText(at) === value ? replacePlace(at, meant) : null,
              ]),
            }
          }
        }
      }
    }
  },
})

interface Values {
  /** The first argument that is a value. */
  readonly first: number
  /** Variables whose names have no `_`, and are nobody's text here. */
  readonly bare: RegExp
  readonly effect: string
  readonly isForBrowsers?: boolean
}

const REQUEST: Values = {
  first: 1,
  bare: /^(?:host|scheme)$/,
  effect: 'the backend gets these letters with every request',
}
const TARGET: Values = {
  first: 1,
  bare: /^$/,
  effect: 'clients are sent to these letters',
}

const VALUES: ReadonlyMap<string, Values> = new Map([
  ['proxy_set_header', REQUEST],
  ['grpc_set_header', REQUEST],
  ['fastcgi_param', REQUEST],
  ['uwsgi_param', REQUEST],
  ['scgi_param', REQUEST],
  ['return', TARGET],
  ['rewrite', TARGET],
  ['add_header', { first: 1, bare: /^$/, effect: 'browsers get these letters', isForBrowsers: true }],
  [
    'map',
    { first: 0, bare: /^(?:host|scheme|uri|args|request)$/, effect: 'every request finds the same entry' },
  ],
  ['try_files', { first: 0, bare: /^uri$/, effect: 'nginx looks for a file of this name' }],
])

/** Of those whose names begin as they like, the ones that nobody takes for a text. */
const HEADERS = /^http_(?:host|upgrade|user_agent|referer|cookie|origin|authorization|x_[a-z_]+)$/

/** The variable that a value begins with, or has for its host, without a `$`. */
function bareVariable(value: string, bare: RegExp): { readonly name: string; readonly at: number } | null {
  const end = ENDS.exec(value)
  const last = end?.[1] ?? end?.[2]
  if (last !== undefined) return { name: last, at: value.length - last.length }
  // As most do.
  if (value.startsWith('$')) return null
  if (value === 'uri/') return { name: 'uri', at: 0 }
  const whole = /^[a-z][a-z_]*$/.test(value) ? value : null
  if (whole !== null) return bare.test(whole) || isVariable(whole) ? { name: whole, at: 0 } : null
  const [, glued = ''] = /^([a-z][a-z_]*)\$/.exec(value) ?? []
  if (glued === 'scheme' || isVariable(glued)) return { name: glued, at: 0 }
  if (value.startsWith('scheme://')) return { name: 'scheme', at: 0 }
  const [, before = '', host = ''] = /^([a-z]+:\/\/)(host|http_host|server_name)\$/.exec(value) ?? []
  return host === '' ? null : { name: host, at: before.length }
}

/** What a URL ends in: the path right behind the host, or a query that is passed on. */
const ENDS = /(?:^https?:\/\/[\w.:-]+?(request_uri)|\?(?:\w+=)?(args|query_string|request_uri))$/

function isVariable(name: string): boolean {
  if (!name.includes('_')) return false
  return HEADERS.test(name) || nginxVariable('http', name)?.name === name
}
