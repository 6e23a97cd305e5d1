import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { reachedSets } from '../../src/servers/apache/queries/set-reach.ts'
import { virtualHosts } from '../../src/servers/apache/queries/virtual-hosts.ts'

const main = (lines: string): string =>
  `ServerName localhost\nLoadModule mpm_event_module modules/mod_mpm_event.so\nLoadModule rewrite_module modules/mod_rewrite.so\nListen 80\nRewriteEngine On\n${lines}`
const HOST = '<VirtualHost *:80>\nServerName example.org\n</VirtualHost>\n'

/** True where a host takes over the main server's rules, or the main server hands them down. */
function isAnyInherited(configuration: ApacheConfiguration): boolean {
  return (configuration.occurrences.get('rewriteoptions') ?? []).some(({ args }) =>
    args.some(({ value }) => /^inherit/i.test(value)),
  )
}

export default defineRule({
  summary: 'Rewriting rules of the main server that no virtual host inherits',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Virtual hosts inherit `RewriteEngine On` of the main server, but not its rules. Where virtual hosts answer every connection, the rules outside them never run: a redirect to https or a ban that stands there does nothing.',
  remedy: 'Write the rules into each virtual host, or `RewriteOptions InheritDown` beside them',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewriteoptions'],
  bad: [
    {
      title: 'a redirect for all, outside the only virtual host',
      files: {
        'etc/apache2/apache2.conf': main(`«RewriteRule» ^/old(.*) /new$1 [R=301]\n${HOST}`),
      },
    },
  ],
  good: [
    {
      title: 'handed down',
      files: {
        'etc/apache2/apache2.conf': main(
          `RewriteOptions InheritDown\nRewriteRule ^/old /new [R=301]\n${HOST}`,
        ),
      },
    },
    {
      title: 'the main server answers on a port of its own',
      files: {
        'etc/apache2/apache2.conf': main(`Listen 8080\nRewriteRule ^/old /new [R=301]\n${HOST}`),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const rules = directivesIn(configuration, null, 'rewriterule')
      const [first] = rules
      if (first === undefined || virtualHosts(configuration).length === 0) continue
      if (isAnyInherited(configuration)) continue
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
