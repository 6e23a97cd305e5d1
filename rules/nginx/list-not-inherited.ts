import { groupBy } from '../../parsers/collections/group-by.ts'
import type { Place } from '../../parsers/text/source.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string, http = ''): string =>
  nginxMain(conf`
    ${http}
    ${nginxServer(lines)}
  `)
const ZONES = conf`
  limit_req_zone $binary_remote_addr zone=client:1m rate=1r/m;
  limit_req_zone $server_name zone=site:1m rate=1000r/s;
`

export default defineRule({
  summary: 'A location sets one of a list and thereby loses those of the enclosing block',
  severity: 'warning',
  otherSeverities: { info: 'for error pages and limits, which may be meant to be others there' },
  confidence: 'high',
  since: '0.1.0',
  why: '`fastcgi_param`, `error_page`, `limit_req` and their like are inherited only where a block has none of its own. One line in a location overrides all of the enclosing block: parameters that PHP waits for, pages, limits.',
  remedy: 'Repeat the lines in the location, or include them from one file in both',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_param',
    'https://nginx.org/en/docs/http/ngx_http_limit_req_module.html#limit_req',
  ],
  bad: [
    {
      title: 'a limit for each client',
      files: {
        'etc/nginx/nginx.conf': nginx(
          conf`
            limit_req zone=client;
            location / {
                «limit_req» zone=site;
                proxy_pass http://127.0.0.1:9000;
            }
          `,
          ZONES,
        ),
      },
    },
    {
      title: 'a parameter of the server',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          fastcgi_param APP_ENV production;
          location / {
              «fastcgi_param» SCRIPT_FILENAME /srv/app/index.php;
              fastcgi_pass unix:/run/php/fpm.sock;
          }
        `),
      },
    },
    {
      title: 'by parameters of a file',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          fastcgi_param APP_ENV production;
          location / {
              «include» params.conf;
              fastcgi_pass unix:/run/php/fpm.sock;
          }
        `),
        'etc/nginx/params.conf': conf`
          fastcgi_param QUERY_STRING $query_string;
          fastcgi_param SCRIPT_FILENAME /srv/app/index.php;
        `,
      },
    },
    {
      title: 'pages of the server',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          error_page 404 /404.html;
          location / {
              «error_page» 403 /403.html;
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'repeated',
      files: {
        'etc/nginx/nginx.conf': nginx(
          conf`
            limit_req zone=client;
            error_page 404 /404.html;
            location / {
                limit_req zone=client;
                limit_req zone=site;
                error_page 404 = @fallback;
                proxy_pass http://127.0.0.1:9000;
            }
            location @fallback {
                return 410;
            }
          `,
          ZONES,
        ),
      },
    },
    {
      title: 'a parameter that the file of nginx sets as well',
      files: {
        'nginx.conf': conf`
          server {
              listen 443 ssl;
              ssl_certificate /etc/ssl/a.pem;
              ssl_certificate_key /etc/ssl/a.key;
              fastcgi_param HTTPS on;
              location ~ \.php$ {
                  fastcgi_pass 127.0.0.1:9000;
                  include fastcgi_params;
                  fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
              }
          }
        `,
      },
    },
    {
      title: 'a stricter limit of the same client, and the page that nginx comes with',
      files: {
        'etc/nginx/nginx.conf': nginx(
          conf`
            error_page 500 502 503 504 /50x.html;
            location / {
                limit_req zone=login;
                error_page 404 = @fallback;
                proxy_pass http://127.0.0.1:9000;
            }
            location @fallback {
                return 410;
            }
          `,
          conf`
            limit_req_zone $binary_remote_addr zone=client:1m rate=1r/m;
            limit_req_zone $binary_remote_addr zone=login:1m rate=1r/m;
            limit_req zone=client;
          `,
        ),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const keys = zoneKeys(configuration.occurrences.get('limit_req_zone') ?? [])
      for (const name of NAMES) {
        const lines = configuration.occurrences.get(name) ?? []
        if (lines.length < 2) continue
        for (const [block, own] of groupBy(lines, ({ parent }) => parent)) {
          const [first] = own
          if (first === undefined || block === null || block.name !== 'location') continue
          if (!block.children.some(child => PASS.test(child.name))) continue
          const outer = effective(configuration, block.parent, name)
          if (!outer.known || !outer.value.complete) continue
          const said = new Set(own.flatMap(line => keysOf(line, keys)))
          if (includesStock(block)) for (const key of STOCK_PARAMETERS) said.add(key)
          const lost = outer.value.directives.filter(
            line =>
              !isStock(line) &&
              keysOf(line, keys).some(key => !said.has(key) && !/^(?:SCRIPT_FILENAME|HTTP_PROXY)$/.test(key)),
          )
          const [gone] = lost
          if (gone === undefined) continue
          yield {
            at: placeIn(block, first),
            // What http says may be lost in every location.
            cause: gone,
            per: 'locations',
            ...(/_param$/.test(name) ? {} : { severity: 'info' as const }),
            message: often =>
              `this overrides \`${name} ${gone.args.map(({ value }) => value).join(' ')}\`${lost.length > 1 ? ` and ${lost.length - 1} more lines` : ''} of the enclosing block${often}`,
            also: 'overridden here too',
            related: [{ at: namePlace(gone), message: 'not in force here' }],
          }
        }
      }
    }
  },
})

const NAMES = ['fastcgi_param', 'uwsgi_param', 'scgi_param', 'error_page', 'limit_req'] as const
const PASS = /_pass$/

/** What a limit counts, by the name of its zone: one of the same key takes the place of another. */
function zoneKeys(lines: readonly NginxDirective[]): ReadonlyMap<string, string> {
  return new Map(
    lines.map(({ args }) => {
      const zone = args
        .find(({ value }) => value.startsWith('zone='))
        ?.value.slice(5)
        .split(':')[0]
      return [zone ?? '', args[0]?.value ?? '']
    }),
  )
}

function keysOf({ name, args }: NginxDirective, zones: ReadonlyMap<string, string>): readonly string[] {
  if (name === 'error_page')
    return args
      .slice(0, -1)
      .map(({ value }) => value)
      .filter(value => /^\d+$/.test(value))
  if (name !== 'limit_req') return [args[0]?.value ?? '']
  const zone = args.find(({ value }) => value.startsWith('zone='))?.value.slice(5) ?? ''
  return [zones.get(zone) ?? zone]
}

/** What the files that nginx comes with set by themselves: it is passed though the line around is lost. */
const STOCK_PARAMETERS: readonly string[] = (
  'QUERY_STRING REQUEST_METHOD CONTENT_TYPE CONTENT_LENGTH SCRIPT_NAME REQUEST_URI DOCUMENT_URI DOCUMENT_ROOT ' +
  'SERVER_PROTOCOL REQUEST_SCHEME HTTPS GATEWAY_INTERFACE SERVER_SOFTWARE REMOTE_ADDR REMOTE_PORT SERVER_ADDR ' +
  'SERVER_PORT SERVER_NAME REDIRECT_STATUS'
).split(' ')

/** True where a block includes one of them, which need not be in the audit. */
function includesStock({ children }: NginxDirective): boolean {
  return children.some(
    ({ name, args }) =>
      name === 'include' &&
      /(?:^|\/)(?:(?:fastcgi|uwsgi|scgi)_params|fastcgi\.conf)$/.test(args[0]?.value ?? ''),
  )
}

/** `error_page 500 502 503 504 /50x.html`, which nginx comes with. */
function isStock({ name, args }: NginxDirective): boolean {
  return name === 'error_page' && args.at(-1)?.value === '/50x.html'
}

/** Where a line stands in a block: the `include` that brings it, where another file has it. */
function placeIn(block: NginxDirective, line: NginxDirective): Place {
  if (line.source === block.source) return namePlace(line)
  const before = block.children.slice(0, block.children.indexOf(line))
  return namePlace(
    before.findLast(({ name, source }) => name === 'include' && source === block.source) ?? line,
  )
}
