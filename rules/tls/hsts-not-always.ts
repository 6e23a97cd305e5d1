import { flagsOfRule } from '../../src/servers/apache/requests/rewrite/rules.ts'
import { placeText } from '../../parsers/text/source.ts'
import { insertBefore, propose } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { headerLine } from '../../src/servers/apache/queries/header-tables.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:443>
      ServerName example.org
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'Strict-Transport-Security is missing from redirects and errors',
  severity: 'info',
  otherSeverities: { warning: 'where the virtual host redirects, so that clients may never get the header' },
  confidence: 'high',
  since: '0.1.0',
  why: '`Header set` without `always` leaves redirects that Apache makes and error pages out. Who is redirected from `example.org` to `www.example.org` never learns that the first name is for TLS alone, and the preload list refuses such a domain.',
  remedy: 'Write `Header always set Strict-Transport-Security …`',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_headers.html#header',
    'https://hstspreload.org/#deployment-recommendations',
  ],
  bad: [
    {
      title: 'beside a redirect',
      files: {
        'site.conf': host(conf`
          Header «set» Strict-Transport-Security "max-age=31536000"
          Redirect permanent / https://www.example.org/
        `),
      },
    },
    {
      title: 'alone',
      files: { 'site.conf': host('Header «set» Strict-Transport-Security "max-age=31536000"') },
    },
  ],
  good: [
    {
      title: 'always',
      files: {
        'site.conf': host(conf`
          Header always set Strict-Transport-Security "max-age=31536000"
          Redirect permanent / https://www.example.org/
        `),
      },
    },
    {
      title: 'both tables',
      files: {
        'site.conf': host(conf`
          Header always set Strict-Transport-Security "max-age=31536000"
          Header onsuccess unset Strict-Transport-Security
        `),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const lines = (configuration.occurrences.get('header') ?? []).filter(isStrictTransport)
      for (const directive of lines) {
        const line = headerLine(directive)
        if (
          line === null ||
          line.table === 'always' ||
          !/^(?:set|add|append|merge|setifempty)$/.test(line.action)
        )
          continue
        if (lines.some(other => other.parent === directive.parent && headerLine(other)?.table === 'always'))
          continue
        const index = directive.args[0]?.value.toLowerCase() === 'onsuccess' ? 1 : 0
        const at = argumentPlace(directive, index)
        yield {
          at,
          message:
            '`Strict-Transport-Security` is not sent with redirects and errors: the line lacks `always`',
          severity: redirects(configuration, directive) ? 'warning' : 'info',
          ...(index === 0 && placeText(at).toLowerCase() === 'set'
            ? propose('Send it always', 'safe', [insertBefore(at, 'always ')])
            : {}),
        }
      }
    }
  },
})

function isStrictTransport(directive: ApacheDirective): boolean {
  return headerLine(directive)?.name.toLowerCase() === 'strict-transport-security'
}

const REDIRECTS = ['redirect', 'redirectmatch', 'redirectpermanent', 'rewriterule']

/** True where some line of the same scope sends clients elsewhere. */
function redirects({ occurrences }: ApacheConfiguration, { parent }: ApacheDirective): boolean {
  if (parent === null) return false
  return REDIRECTS.some(name =>
    occurrences
      .get(name)
      ?.some(line => line.parent === parent && (name !== 'rewriterule' || flagsOfRule(line).has('R'))),
  )
}
