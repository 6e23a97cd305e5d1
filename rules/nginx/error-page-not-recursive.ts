import { memo } from '../../parsers/collections/memo.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (before: string, after: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${before}
      location @thumbnails {
          root /srv/thumbnails;
          ${after}
      }
      location @placeholder {
          return 200 "no picture";
      }
    `),
  )
const PICTURES = conf`
  location /pictures/ {
      error_page 404 = @thumbnails;
  }
`

export default defineRule({
  summary: '`error_page` has no effect in a location that an `error_page` leads to',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx answers one error of a request by `error_page`. Unless `recursive_error_pages` is on, the next one is sent as it is, and the second of two fallbacks is never tried.',
  remedy: 'Write `recursive_error_pages on;` in the server, or try both by one `try_files`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#recursive_error_pages'],
  bad: [
    {
      title: 'a fallback of the fallback',
      files: { 'etc/nginx/nginx.conf': nginx(PICTURES, '«error_page» 404 = @placeholder;') },
    },
  ],
  good: [
    {
      title: 'errors that may follow each other',
      files: {
        'etc/nginx/nginx.conf': nginx(
          conf`
            recursive_error_pages on;
            ${PICTURES}
          `,
          'error_page 404 = @placeholder;',
        ),
      },
    },
    {
      title: 'a location to which `try_files` leads',
      files: {
        'etc/nginx/nginx.conf': nginx(
          conf`
            location /pictures/ {
                try_files $uri @thumbnails;
            }
            ${PICTURES.replace('/pictures/', '/photos/')}
          `,
          'error_page 404 = @placeholder;',
        ),
      },
    },
    {
      title: 'the same for all errors, and one for redirects of the backend',
      files: {
        'etc/nginx/nginx.conf': nginx(
          PICTURES,
          conf`
            proxy_pass http://127.0.0.1:9000;
            proxy_set_header Host $host;
            proxy_intercept_errors on;
            error_page 404 = @thumbnails;
          `,
        ),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const { occurrences } = configuration
      const lines = occurrences.get('error_page') ?? []
      if (lines.length < 2) continue
      for (const line of lines) {
        const location = line.parent
        if (location?.name !== 'location' || readLocation(location).modifier !== '@') continue
        const { name } = readLocation(location)
        const server = enclosingServer(line)
        const ways = server === null ? undefined : waysTo(server).get(name)
        const target = line.args.at(-1)?.value ?? ''
        // A location that names itself would go round.
        if (ways === undefined || target === name || ways.some(way => way.name !== 'error_page')) continue
        const [first] = ways
        if (first?.parent == null || ways.includes(line)) continue
        const recursive = effective(configuration, first.parent, 'recursive_error_pages')
        if (!recursive.known || !recursive.value.complete || recursive.value.directives.length > 0) continue
        yield {
          at: namePlace(line),
          message: `only \`error_page\` leads to \`location ${name}\`, and nginx answers one error of a request by it, so \`${target}\` is never sent`,
          label: 'no effect',
          related: [{ at: namePlace(first), message: 'the error that is answered' }],
        }
      }
    }
  },
})

/** The lines of a server that name a location with `@`, by its name. */
const waysTo = memo((server: NginxDirective): ReadonlyMap<string, readonly NginxDirective[]> => {
  const ways = new Map<string, NginxDirective[]>()
  collect(server, ways)
  return ways
})

function collect(block: NginxDirective, ways: Map<string, NginxDirective[]>): void {
  for (const child of block.children) {
    if (child.name === 'location' || child.name === 'if' || child.name === 'limit_except')
      collect(child, ways)
    if (child.name === 'location') continue
    const name = child.args.find(({ value }) => value.startsWith('@'))?.value
    if (name !== undefined) ways.set(name, [...(ways.get(name) ?? []), child])
  }
}
