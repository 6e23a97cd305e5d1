import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
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
  ],
  good: [
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
      const [first] = rules
      if (first === undefined || virtualHosts(configuration).length === 0) continue
      if (virtualHosts(configuration).some(host => inherits(configuration, host))) continue
      const reached = reachedSets(configuration)
      if (reached === null || reached.size === 0 || reached.has(null)) continue
      const others = rules.length > 1 ? ` and the ${rules.length - 1} behind it` : ''
      yield {
        at: namePlace(first),
        message: `this rule${others} of the main server never ${rules.length > 1 ? 'run' : 'runs'}: virtual hosts answer every connection and inherit no rules`,
        related: [{ at: namePlace(virtualHosts(configuration)[0]!.directive), message: 'answers instead' }],
      }
    }
  },
})
