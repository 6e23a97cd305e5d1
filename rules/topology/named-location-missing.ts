import { argumentPlace } from '../../src/deployment/places.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed, hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { toBytes } from '../../src/servers/regex.ts'

const site = (fallback: string, name: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      location / {
          try_files $uri ${fallback};
      }
      location ${name} {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
      }
  }
`

export default defineRule({
  summary: 'A named location is used that the server does not have',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx looks for the name when a request needs it, not when it starts: the configuration check is content, and every request that falls through is a 500 with “could not find named location” in the error log.',
  remedy: 'Give the location and the fallback the same name',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    {
      title: 'two spellings',
      files: { 'nginx.conf': site('«@django»', '@djnago') },
    },
  ],
  good: [
    { title: 'the same name', files: { 'nginx.conf': site('@django', '@django') } },
    {
      title: 'in a snippet that each server includes',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              server {
                  listen 80;
                  root /srv/www;
                  error_page 404 @missing;
                  include snippets/missing.conf;
              }
          }
        `,
        'etc/nginx/snippets/missing.conf': conf`
          location @missing {
              return 404 missing;
          }
        `,
      },
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx) {
      for (const name of ['try_files', 'error_page']) {
        const asking = lackingTarget(configuration, configuration.occurrences.get(name) ?? [])
        for (const directive of asking) {
          const last = directive.args.length - 1
          const target = directive.args[last]?.value ?? ''
          yield {
            at: argumentPlace(directive, last),
            per: 'servers',
            message: often =>
              `\`${name}\` proxies to \`${target}\`, and the server has no \`location ${target}\`${often}, so nginx answers 500`,
            label: 'no such location',
          }
        }
      }
    }
  },
})

function lackingTarget(
  configuration: NginxConfiguration,
  directives: readonly NginxDirective[],
): readonly NginxDirective[] {
  // Those of one server follow each other.
  let last: NginxDirective | null = null
  let names: ReadonlySet<string> | null = null
  return directives.filter(directive => {
    const target = directive.args.at(-1)?.value ?? ''
    if (!target.startsWith('@') || target.includes('$')) return false
    const server = enclosingServer(directive)
    if (server === null || server.children.some(child => isNamed(child, target))) return false
    if (server !== last) {
      names = namedLocations(configuration, server)
      last = server
    }
    return names?.has(target) === false
  })
}

/** True for the location of this very name: nearly always it is there, and nothing else needs to be known. */
function isNamed({ name, args }: NginxDirective, target: string): boolean {
  return name === 'location' && args[0]?.value === target
}

/** The named locations of a server; null where there may be more. */
function namedLocations(
  configuration: NginxConfiguration,
  server: NginxDirective,
): ReadonlySet<string> | null {
  if (hasUnreadInclude(configuration, server)) return null
  const names = new Set<string>()
  for (const location of childrenNamed(server, 'location')) {
    const { modifier, name } = readLocation(location)
    if (isUnknownWord(name)) return null
    if (modifier === '@') names.add(toBytes(name))
  }
  return names
}
