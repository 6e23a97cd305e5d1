import { bodyLimit } from '../../src/deployment/build/connection-limits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { type NginxLocation, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { compilePcre, toBytes } from '../../src/servers/regex.ts'
import { nginxMain } from '../_examples.ts'

const site = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        root /srv/www;
        ${lines}
    }
  `),
})
const FALLBACK = conf`
  location / {
      try_files $uri @app;
  }
`
const application = (lines: string): string => conf`
  location @app {
      ${lines}
      proxy_pass http://127.0.0.1:8000;
  }
`

export default defineRule({
  summary: 'A limit of uploads stands in a location that requests come to by a fallback',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx compares `Content-Length` with the limit of the location that it finds first. A larger limit of the location to which `try_files` or `error_page` hands the request comes too late: the answer is 413.',
  remedy: 'Write `client_max_body_size` in the server, or in the location that the request meets first',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size'],
  bad: [
    {
      title: 'a named location',
      files: site(FALLBACK + application('client_max_body_size «20m»;')),
    },
    {
      title: 'the script of an application',
      files: site(conf`
        client_max_body_size 8m;
        location / {
            try_files $uri /index.php?$query_string;
        }
        location ~ ^/index\.php(/|$) {
            client_max_body_size «0»;
            include fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_pass 127.0.0.1:9000;
        }
      `),
    },
    {
      title: 'by an error page',
      files: site(
        conf`
          location / {
              error_page 404 = @app;
          }
        ` + application('client_max_body_size «20m»;'),
      ),
    },
  ],
  good: [
    {
      title: 'the limit of the server',
      files: site(
        conf`
          client_max_body_size 20m;
        ` +
          FALLBACK +
          application('client_max_body_size 20m;'),
      ),
    },
    {
      title: 'one of several ways has it',
      files: site(
        conf`
          location /upload/ {
              client_max_body_size 20m;
              try_files $uri @app;
          }
        ` +
          FALLBACK +
          application('client_max_body_size 20m;'),
      ),
    },
    {
      title: 'a smaller limit',
      files: site(FALLBACK + application('client_max_body_size 100k;')),
    },
    {
      title: 'all scripts, which clients ask for by their own names',
      files: site(conf`
        location / {
            try_files $uri /index.php?$query_string;
        }
        location ~ \.php$ {
            client_max_body_size 20m;
            include fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_pass 127.0.0.1:9000;
        }
      `),
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx)
      for (const line of configuration.occurrences.get('client_max_body_size') ?? []) {
        const home = line.parent
        if (home?.name !== 'location' || home.parent === null) continue
        const location = readLocation(home)
        const leadsThere = onlyTarget(location)
        const own = leadsThere === null ? null : bodyLimit(configuration, home)
        if (leadsThere === null || own?.known !== true) continue
        const entries = entriesOf(configuration, home.parent, home, leadsThere)
        const [first] = entries
        if (first === undefined) continue
        const isLate = entries.every(entry => {
          const limit = bodyLimit(configuration, entry.block)
          return limit.known && isBelow(limit.value.value, own.value.value)
        })
        if (!isLate) continue
        const limit = bodyLimit(configuration, first.block)
        const written = limit.known ? limit.value.directive : null
        yield {
          at: argumentPlace(line, 0),
          message: `requests meet the limit of ${written === null ? 'a megabyte, which nginx has by itself,' : `\`${written.args[0]?.value ?? ''}\``} before the internal redirect to \`${location.name}\`, so larger ones get 413`,
          label: 'comes too late',
          related: [
            { at: first.at, message: 'redirected here' },
            ...(written === null
              ? []
              : [{ at: argumentPlace(written, 0), message: 'the limit that they meet' }]),
          ],
        }
      }
  },
})

/** 0 is no limit. */
function isBelow(one: number, other: number): boolean {
  return one !== 0 && (other === 0 || one < other)
}

/**
 * Tells the words of a fallback that lead to a location; null for a location that clients ask for by its own URLs. Those
 * of a front controller are asked for by its name alone, which no form is sent to.
 */
function onlyTarget({ modifier, name }: NginxLocation): ((word: string) => boolean) | null {
  if (modifier === '@') return word => word === name
  const pathOf = (word: string): string => word.replace(/\?.*$/s, '')
  if (modifier === '=' && /^\/(?:index|app)\.php$/.test(name)) return word => pathOf(word) === name
  if (modifier !== '~' || !/^\^\/\(?(?:\?:)?(?:index|app)(?:\|[\w|]+)?\)?\\\.php/.test(name)) return null
  const regex = compilePcre(name)
  return word => /^\/[\w/.]+\.php$/.test(pathOf(word)) && regex?.test(toBytes(pathOf(word))) === true
}

const HANDING: ReadonlySet<string> = new Set(['try_files', 'error_page'])

interface Entry {
  readonly block: NginxDirective
  readonly at: ReturnType<typeof argumentPlace>
}

/** The blocks beside a location, and the one around it, that hand requests to it; none where a part is not at hand. */
function entriesOf(
  configuration: NginxConfiguration,
  around: NginxDirective,
  home: NginxDirective,
  leadsThere: (word: string) => boolean,
): readonly Entry[] {
  const blocks = [around, ...around.children.filter(child => child.name === 'location' && child !== home)]
  if (blocks.some(block => hasUnreadInclude(configuration, block))) return []
  return blocks.flatMap(block =>
    block.children
      .filter(({ name, args }) => HANDING.has(name) && leadsThere(args.at(-1)?.value ?? ''))
      .map(line => ({ block, at: argumentPlace(line, line.args.length - 1) })),
  )
}
