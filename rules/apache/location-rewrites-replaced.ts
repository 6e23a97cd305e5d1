import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { replacedRewriting } from '../../src/servers/apache/queries/replaced-rewriting.ts'
import { apacheSite } from '../_examples.ts'

const main = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheSite(lines, ['rewrite']),
})
const HELP = conf`
  <Location /help>
      RewriteEngine On
      RewriteRule .* https://help.example.org/ [R=302]
  </Location>
`
const REST = conf`
  <Location />
      RewriteEngine On
      RewriteRule .* https://shop.example.org/ [R=302]
  </Location>
`

export default defineRule({
  summary: 'A Location that comes later replaces the rewriting rules of a narrower one',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache merges `<Location>` sections in the order in which they are written, not by length. Of all that match a URL, mod_rewrite takes the rules of the last one that has any of its lines: `<Location />` behind `<Location /help>` decides about `/help` too, and `RewriteEngine On` alone leaves no rule at all.',
  remedy: 'Write the wider `<Location>` first, or `RewriteOptions Inherit` into it',
  references: [
    'https://httpd.apache.org/docs/2.4/sections.html#merging',
    'https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewriteoptions',
  ],
  bad: [
    {
      title: 'a redirect of one page',
      files: main(`${HELP.replace('RewriteRule', '«RewriteRule»')}${REST}`),
    },
    {
      title: 'a later section that only turns rewriting on',
      files: main(conf`
        <LocationMatch "^/(?:news|blog)">
            RewriteEngine On
            «RewriteRule» ^ https://news.example.org/ [R=302]
            RewriteRule ^ - [F]
        </LocationMatch>
        <Location "/">
            RewriteEngine On
        </Location>
      `),
    },
    {
      title: 'the same path twice',
      files: main(conf`
        ${HELP.replace('RewriteRule', '«RewriteRule»')}
        <Location "/help">
            RewriteEngine On
            RewriteRule .* - [F]
        </Location>
      `),
    },
  ],
  good: [
    { title: 'the wider one first', files: main(`${REST}${HELP}`) },
    {
      title: 'no line of mod_rewrite in the later one',
      files: main(conf`
        ${HELP}
        <Location />
            Require all granted
        </Location>
      `),
    },
    {
      title: 'rules that the later one inherits',
      files: main(`${HELP}${REST.replace('RewriteRule', 'RewriteOptions Inherit\n    RewriteRule')}`),
    },
    {
      title: 'paths beside each other',
      files: main(`${HELP}${REST.replace('<Location />', '<Location /helpers>')}`),
    },
    {
      title: 'the same rules',
      files: main(`${HELP}${HELP.replace('/help', '/')}`),
    },
  ],
  *check({ apache }) {
    for (const configuration of apache)
      for (const [section, later] of replacedRewriting(configuration)) {
        const rules = rulesOf(section)
        const [first] = rules
        if (first === undefined || isSame(rules, rulesOf(later))) continue
        const own = section.args.map(({ value }) => value).join(' ')
        const other = later.args.map(({ value }) => value).join(' ')
        yield {
          at: namePlace(first),
          message: `\`<${later.name} ${other}>\` comes later and matches \`${own}\` too, and its lines of mod_rewrite replace those here, so ${rules.length > 1 ? 'these rules never run' : 'this rule never runs'}`,
          label: 'never runs',
          related: [{ at: argumentPlace(later, 0), message: 'replaces it' }],
        }
      }
  },
})

function rulesOf({ children }: ApacheDirective): readonly ApacheDirective[] {
  return children.filter(({ name }) => name === 'RewriteRule')
}

/** True for rules that do the same wherever they stand. */
function isSame(one: readonly ApacheDirective[], other: readonly ApacheDirective[]): boolean {
  const texts = (rules: readonly ApacheDirective[]): string => rules.map(({ text }) => text.trim()).join('\n')
  return texts(one) === texts(other)
}
