import { placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { askHost, originOf } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { PATHS } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { hostOfRule, type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { rewritingDirectory } from '../_rewriting-examples.ts'

const OVER_TLS = 'RewriteRule ^ https://www.example.org%{REQUEST_URI} [R=301,L]'

export default defineRule({
  summary: 'A redirect to TLS and to one name asks for both at once',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'All conditions before a `RewriteRule` have to hold, where none has `[OR]`. One that asks for plain HTTP and one that asks for a name without `www.` redirect `http://example.org` alone: `http://www.example.org` stays without TLS, and `https://example.org` keeps its name.',
  remedy: 'Join them: `RewriteCond %{HTTPS} off [OR]`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritecond'],
  bad: [
    {
      title: 'in a .htaccess',
      files: rewritingDirectory(conf`
        «RewriteCond» %{HTTPS} off
        RewriteCond %{HTTP_HOST} !^www\. [NC]
        ${OVER_TLS}
      `),
    },
    {
      title: 'in a .htaccess whose server is not seen, and the other way round',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          «RewriteCond» %{HTTP_HOST} ^example\.org$ [NC]
          RewriteCond %{SERVER_PORT} 80
          RewriteRule ^(.*)$ https://www.example.org/$1 [R=301,L]
        `,
        'index.html': 'a page',
      },
    },
  ],
  good: [
    {
      title: 'joined by OR',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTPS} off [OR]
        RewriteCond %{HTTP_HOST} !^www\. [NC]
        ${OVER_TLS}
      `),
    },
    {
      title: 'a second rule for the rest',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTPS} off
        RewriteCond %{HTTP_HOST} !^www\. [NC]
        ${OVER_TLS}
        RewriteCond %{HTTPS} off
        RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
      `),
    },
    {
      title: 'one of several names, and a path',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTPS} off
        RewriteCond %{HTTP_HOST} ^shop\.example\.org$ [NC]
        RewriteRule ^ https://www.example.net%{REQUEST_URI} [R=301,L]
        RewriteCond %{HTTPS} off
        RewriteCond %{HTTP_HOST} !^www\. [NC]
        RewriteRule ^login$ https://www.example.org/login [R=301,L]
      `),
    },
  ],
  *check(deployment) {
    for (const asked of hostsHolding(deployment, ['rewriterule'])) {
      const { configuration, host } = asked
      // What another virtual host does with plain HTTP is asked there.
      if (originOf(asked).scheme === 'https') continue
      for (const rule of placedRules(configuration, deployment.filesOf(configuration))) {
        const name = nameOverTls(rule)
        if (name === null || hostOfRule(configuration, rule) !== host) continue
        const { end } = askHost(deployment, asked, PATHS.missingPage, { name, scheme: 'http' })
        if (end.kind === 'unknown' || (end.kind === 'response' && end.location !== null)) continue
        const [first, second] = rule.conditions
        if (first === undefined || second === undefined) continue
        const flags = first.directive.args[2] === undefined ? null : argumentPlace(first.directive, 2)
        const last = argumentPlace(first.directive, 1)
        yield {
          at: namePlace(first.directive),
          message: `\`http://${name}/\` is not redirected to TLS: both conditions have to hold`,
          related: [{ at: namePlace(second.directive), message: 'and this one, too' }],
          ...propose('Join the conditions by OR', 'unsafe', [
            flags === null
              ? replacePlace(last, `${placeText(last)} [OR]`)
              : replacePlace(flags, placeText(flags).replace(/\]$/, ',OR]')),
          ]),
        }
      }
    }
  },
})

const PLAIN_HTTP = /^%\{(?:HTTPS|SERVER_PORT|REQUEST_SCHEME)\}$/i

/** The name with `www.` to which a rule for every path leads over TLS, on two conditions at once; null for any other. */
function nameOverTls({ pattern, negated, output, flags, conditions, settled }: PlacedRule): string | null {
  const [first, second, ...others] = conditions
  if (first === undefined || second === undefined || others.length > 0 || first.orNext) return null
  if (negated || !settled || !flags.has('R') || !/^(?:\^|\.\*|\^?\(\.[*+]\)\$?)$/.test(pattern)) return null
  const [, name, bare] = /^https:\/\/(www\.([\w-]+(?:\.[\w-]+)+))(?:[/%$]|$)/i.exec(output) ?? []
  if (name === undefined || bare === undefined) return null
  const ofName = [first, second].find(({ input }) => /^%\{HTTP_HOST\}$/i.test(input))
  const ofScheme = [first, second].find(({ input }) => PLAIN_HTTP.test(input))
  if (ofName === undefined || ofScheme === undefined) return null
  const isWithoutWww = ofName.negated
    ? /^\^www(?:\\?\.|$)/i.test(ofName.pattern)
    : ofName.pattern.replace(/^\^|\\|\$$/g, '').toLowerCase() === bare.toLowerCase()
  return isWithoutWww ? name.toLowerCase() : null
}
