import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { directivesOfHost, virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'

const site = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ${lines}
      </VirtualHost>
    `,
    ['proxy', 'proxy_http'],
  ),
})

export default defineRule({
  summary: 'ProxyPass puts two slashes into the path',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'httpd takes `/app` away from `/app/login` and puts the rest, `/login`, behind the URL, which ends in a slash of its own: the backend is asked for `/app//login`. Servers that merge slashes answer it; the routes of Express, Flask, Django and others do not know it, and answer 404.',
  remedy: 'End both in a slash, or neither: `ProxyPass /app http://127.0.0.1:8080/app`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypass'],
  bad: [
    {
      title: 'a path without its slash',
      files: site('ProxyPass /app «http://127.0.0.1:8080/app/»'),
    },
    {
      title: 'in a section',
      files: site(conf`
        <Location /app>
            ProxyPass «http://127.0.0.1:8080/shop/»
        </Location>
      `),
    },
  ],
  good: [
    {
      title: 'both alike, the root of the backend, and a path that is left alone',
      files: site(conf`
        ProxyPass /app http://127.0.0.1:8080/app
        ProxyPass /shop/ http://127.0.0.1:8080/shop/
        ProxyPass /blog http://127.0.0.1:8080/
        ProxyPass /static !
      `),
    },
    {
      title: 'the directory without its slash alone, as another line has the rest',
      files: site(conf`
        ProxyPass /app/ http://127.0.0.1:8080/app/
        ProxyPass /app http://127.0.0.1:8080/app/
      `),
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      for (const directive of configuration.occurrences.get('proxypass') ?? []) {
        const mapping = mappingOf(directive)
        if (mapping === null || hasOtherForRest(configuration, directive, mapping.path)) continue
        const { path, url, index } = mapping
        const at = argumentPlace(directive, index)
        yield {
          at,
          message: `\`${path}/login\` becomes \`${url}/login\`: the URL ends in a slash, and \`${path}\` does not`,
          label: 'one slash too many',
          ...propose('Leave the last slash of the URL out', 'unsafe', [replacePlace(at, url.slice(0, -1))]),
        }
      }
    }
  },
})

interface Mapping {
  readonly path: string
  readonly url: string
  /** Which argument the URL is. */
  readonly index: number
}

/** A path without a slash and a URL with a path that has one; of the root of a backend httpd makes one slash itself. */
function mappingOf({ args, parent }: ApacheDirective): Mapping | null {
  const inLocation = parent?.name === 'Location' && parent.args.length === 1
  if (parent !== null && parent.name !== 'VirtualHost' && !inLocation) return null
  const index = inLocation ? 0 : 1
  const path = (inLocation ? parent : { args }).args[0]?.value ?? ''
  const url = args[index]?.value ?? ''
  if (!isSettled(path) || !isSettled(url) || !/^\/.*[^/]$/.test(path)) return null
  return /^https?:\/\/[^/]+\/[^?#]+\/$/i.test(url) ? { path, url, index } : null
}

/** True where another line has what is below the path. */
function hasOtherForRest(
  configuration: ApacheConfiguration,
  directive: ApacheDirective,
  path: string,
): boolean {
  const host = virtualHostOf(configuration, directive)?.directive ?? null
  return directivesOfHost(configuration, host, 'proxypass').some(
    other => (other.parent?.name === 'Location' ? other.parent : other).args[0]?.value === `${path}/`,
  )
}
