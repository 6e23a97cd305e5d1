import { groupBy } from '../../parsers/collections/group-by.ts'
import type { Source } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn, lastDirectiveIn } from '../../src/servers/apache/queries/directives-in.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { reachedSets } from '../../src/servers/apache/queries/set-reach.ts'
import { type VirtualHost, virtualHosts } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      RewriteEngine On
      ${lines}
    `,
    ['rewrite'],
  )
const HOST = conf`
  <VirtualHost *:80>
  ServerName example.org
  </VirtualHost>
`

const OWN = ['RewriteEngine', 'RewriteOptions', 'RewriteRule', 'RewriteCond', 'RewriteMap']

/** The words of the last `RewriteOptions` of a host, or of the main server (null). */
function optionsOf(configuration: ApacheConfiguration, parent: ApacheDirective | null): readonly string[] {
  return (
    lastDirectiveIn(configuration, parent, 'RewriteOptions')?.args.map(({ value }) => value.toLowerCase()) ??
    []
  )
}

/**
 * True where a host runs the main server's rules: it asks for them or the main server hands them down, and
 * it has a line of mod_rewrite of its own, without which the module leaves it alone.
 */
function inherits(configuration: ApacheConfiguration, { directive }: VirtualHost): boolean {
  if (!OWN.some(name => lastDirectiveIn(configuration, directive, name) !== undefined)) return false
  const own = optionsOf(configuration, directive)
  if (own.includes('inherit') || own.includes('inheritbefore')) return true
  const handed = optionsOf(configuration, null).some(word => word.startsWith('inheritdown'))
  return handed && !own.includes('ignoreinherit')
}

export default defineRule({
  summary: 'Rewriting rules of the main server that no virtual host inherits',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Virtual hosts do not inherit the rules of the main server, and one without any line of mod_rewrite runs none even where they are handed down. Where virtual hosts answer every connection, the rules outside them never run: a redirect to https or a ban that stands there does nothing.',
  remedy:
    'Write the rules into each virtual host, or `RewriteOptions InheritDown` beside them and `RewriteEngine On` into each virtual host',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewriteoptions'],
  bad: [
    {
      title: 'a redirect for all, outside the only virtual host',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          «RewriteRule» ^/old(.*) /new$1 [R=301]
          ${HOST}
        `),
      },
    },
    {
      title: 'handed down to a virtual host that has no line of mod_rewrite',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            RewriteOptions InheritDown
            «RewriteRule» ^/old /new [R=301]
            ${HOST}
          `,
        ),
      },
    },
    {
      title: 'in a file with two virtual hosts',
      files: {
        'site.conf': conf`
          RewriteEngine On
          RewriteCond %{HTTP:Upgrade} websocket [NC]
          «RewriteRule» .* ws://127.0.0.1:8000%{REQUEST_URI} [P]
          ProxyPass / http://127.0.0.1:8000/
          <VirtualHost *:80>
              ServerName example.org
          </VirtualHost>
          <VirtualHost *:8080>
              ServerName example.org
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'in a file with a virtual host for TLS alone, beside which the main server answers',
      files: {
        'site.conf': conf`
          RewriteEngine On
          RewriteRule ^/(.*) https://example.org/$1 [R=301]
          <VirtualHost *:443>
              ServerName example.org
          </VirtualHost>
        `,
      },
    },
    {
      title: 'handed down',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            RewriteOptions InheritDown
            RewriteRule ^/old /new [R=301]
            <VirtualHost *:80>
            ServerName example.org
            RewriteEngine On
            </VirtualHost>
          `,
        ),
      },
    },
    {
      title: 'the main server answers on a port of its own',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          Listen 8080
          RewriteRule ^/old /new [R=301]
          ${HOST}
        `),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const rules = directivesIn(configuration, null, 'rewriterule')
      if (rules.length === 0 || virtualHosts(configuration).length === 0) continue
      if (virtualHosts(configuration).some(host => inherits(configuration, host))) continue
      if (configuration.main === null) {
        for (const [source, own] of groupBy(rules, rule => rule.source))
          yield* besideHostsOfFile(configuration, source, own)
        continue
      }
      const reached = reachedSets(configuration)
      if (reached === null || reached.size === 0 || reached.has(null)) continue
      yield {
        at: namePlace(rules[0]!),
        message: `${rulesOf(rules)}: virtual hosts answer every connection and inherit no rules`,
        related: [{ at: namePlace(virtualHosts(configuration)[0]!.directive), message: 'answers instead' }],
      }
    }
  },
})

/**
 * Rules of a file without the main file, beside virtual hosts for port 80 or for more than one: whatever port may be
 * left for the main server, who wrote them into one file with these means them for these.
 */
function* besideHostsOfFile(
  configuration: ApacheConfiguration,
  source: Source,
  rules: readonly ApacheDirective[],
): Iterable<RuleFinding> {
  const hosts = virtualHosts(configuration).filter(({ directive }) => directive.source === source)
  const ports = new Set(hosts.flatMap(({ directive }) => directive.args.map(({ value }) => portOf(value))))
  const [host] = hosts
  if (host === undefined || ports.has(null) || (ports.size < 2 && !ports.has('80') && !ports.has('*'))) return
  if (lastDirectiveIn(configuration, null, 'SSLEngine') !== undefined) return
  yield {
    at: namePlace(rules[0]!),
    confidence: 'medium',
    message: `${rulesOf(rules)} for the virtual hosts of this file, which inherit no rules`,
    related: [{ at: namePlace(host.directive), message: 'answers instead' }],
  }
}

/** The port of a virtual host for all addresses, as it is written; null for one of a single address. */
function portOf(address: string): string | null {
  const match = /^(?:\*|_default_)(?::(.+))?$/.exec(address)
  return match === null ? null : (match[1] ?? '*')
}

/** The beginning of what is said of the rules, of which the first is shown. */
function rulesOf({ length }: readonly ApacheDirective[]): string {
  return length > 1
    ? `this rule and the ${length - 1} behind it of the main server never run`
    : 'this rule of the main server never runs'
}
