import { serverIndex } from '../../src/deployment/build/servers.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { maps, type NginxMap } from '../../src/servers/nginx/queries/maps.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { phpPool, phpSite } from './_examples.ts'

const tree = (lines: string, http = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite(lines).replace('http {\n', `http {\n${http}`),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
})

export default defineRule({
  summary: 'PHP takes requests by plain HTTP for requests by TLS',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'PHP scripts take any `HTTPS` that is not empty, or not `off`, for TLS. `$scheme` and `X-Forwarded-Proto` are `http` for a plain request: nothing redirects it to TLS, and its cookies are marked `Secure`, which browsers drop.',
  remedy: 'Send `$https`, or the variable of a `map` that makes `on` of `https` and nothing of the rest',
  references: ['https://www.php.net/manual/reserved.variables.server.php'],
  bad: [
    { title: 'the scheme', files: tree('fastcgi_param HTTPS «$scheme»;') },
    {
      title: 'the header of a proxy',
      files: tree('fastcgi_param HTTPS «$http_x_forwarded_proto» if_not_empty;'),
    },
    {
      title: 'a map whose default is the scheme',
      files: tree(
        'fastcgi_param HTTPS «$outer_scheme» if_not_empty;',
        'map $http_x_forwarded_proto $outer_scheme {\n    default $scheme;\n    https on;\n}\n',
      ),
    },
  ],
  good: [
    { title: 'the variable of nginx', files: tree('fastcgi_param HTTPS $https if_not_empty;') },
    {
      title: 'a map that is `on` or nothing',
      files: tree(
        'fastcgi_param HTTPS $outer_https if_not_empty;',
        'map $http_x_forwarded_proto $outer_https {\n    default $https;\n    https on;\n}\n',
      ),
    },
    { title: 'the scheme by its own name', files: tree('fastcgi_param REQUEST_SCHEME $scheme;') },
    {
      title: 'a line that a later one takes back',
      files: tree('fastcgi_param HTTPS $scheme;\nfastcgi_param HTTPS $https if_not_empty;'),
    },
  ],
  *check(deployment) {
    const servers = serverIndex(deployment.servers)
    for (const configuration of deployment.nginx) {
      for (const line of configuration.occurrences.get('fastcgi_param') ?? []) {
        if (line.args[0]?.value !== 'HTTPS') continue
        const value = line.args[1]?.value ?? ''
        const source = schemeIn(configuration, value)
        if (source === null || isOverridden(line)) continue
        if (source === '$scheme') {
          const home = enclosingServer(line)
          const server = home === null ? undefined : servers.get(home)
          if (home === null || server === undefined || server.plainListens.length === 0) continue
          if (home.children.some(({ name }) => REDIRECTS.has(name))) continue
        }
        yield {
          at: argumentPlace(line, 1),
          message: `\`HTTPS\` is \`http\` for a plain request${source === value ? '' : `, as \`${value}\` may be \`${source}\``}, and PHP takes all that is not empty for TLS`,
          label: 'not empty without TLS',
        }
      }
    }
  },
})

/** Lines of a server that may send plain requests away before PHP is asked. */
const REDIRECTS: ReadonlySet<string> = new Set(['if', 'return', 'rewrite'])

/** The variable that names the scheme of a request, by itself or out of a map; null where the value is none. */
function schemeIn(configuration: NginxConfiguration, value: string): string | null {
  if (isScheme(value)) return value
  const name = /^\$\{?(\w+)\}?$/.exec(value)?.[1]?.toLowerCase()
  const map = name === undefined ? undefined : maps(configuration).get(name)
  return map === undefined ? null : schemeOf(map)
}

function schemeOf({ fallback, exact }: NginxMap): string | null {
  const plain = exact.get('http') ?? fallback
  const value = plain?.args[0]?.value ?? ''
  return isScheme(value) || value === 'http' ? value : null
}

function isScheme(value: string): boolean {
  return value === '$scheme' || /^\$http_\w*(?:proto|protocol|scheme)$/.test(value)
}

/** PHP keeps the last of two parameters with one name. */
function isOverridden(line: NginxDirective): boolean {
  const siblings = line.parent?.children ?? []
  return siblings
    .slice(siblings.indexOf(line) + 1)
    .some(({ name, args }) => name === 'fastcgi_param' && args[0]?.value === 'HTTPS')
}
