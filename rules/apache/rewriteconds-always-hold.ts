import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import type { RewriteCondition } from '../../src/servers/apache/requests/rewrite/rules.ts'
import {
  isAnchoredAtEnd,
  isAnchoredAtStart,
  literalPrefix,
  literalStrings,
} from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'Conditions that `[OR]` joins always hold',
  severity: 'error',
  otherSeverities: { info: 'where the rule has the pattern of its condition, which holds anyhow' },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'One text is always different from one of two others: “not a or not b” always holds. And the last condition of a rule has no other that `[OR]` could join it to: httpd takes it as met. The rule acts on what it was to leave alone, and where it is a redirect it never ends.',
  remedy: 'Drop `[OR]`, so that both have to hold, or so that the list ends',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritecond'],
  bad: [
    {
      title: 'two names',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{HTTP_HOST} !^www\.example\.org$ [NC,OR]
          RewriteCond «%{HTTP_HOST}» !^example\.org$ [NC]
          RewriteRule ^/(.+)$ http://www.example.org/$1 [R=301,L]
        `),
      },
    },
    {
      title: 'two beginnings of a path',
      files: rewritingDirectory(conf`
        RewriteCond %{REQUEST_URI} !^/admin [OR]
        RewriteCond «%{REQUEST_URI}» !^/login
        RewriteRule ^ - [F]
      `),
    },
    {
      title: 'neither a file nor a directory',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{REQUEST_FILENAME} !-f [OR]
          RewriteCond «%{REQUEST_FILENAME}» !-d
          RewriteRule ^app/ index.html [L]
        `),
        'srv/www/index.html': 'start page',
        'srv/www/app/site.txt': 'a file',
      },
    },
    {
      title: 'OR on the last of a list',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTP_USER_AGENT} ^BlackWidow [NC,OR]
        RewriteCond %{HTTP_USER_AGENT} ^WebZIP «[NC,OR]»
        RewriteRule ^page - [F]
      `),
    },
    {
      title: 'OR on a condition that the rule repeats: advice',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{REQUEST_URI} ^/~ana/(.*)$ «[OR]»
          RewriteRule ^/~ana/(.*)$ https://ana.example.org/$1 [R=301,L]
        `),
      },
    },
  ],
  good: [
    {
      title: 'both have to hold',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{HTTP_HOST} !^www\.example\.org$ [NC]
          RewriteCond %{HTTP_HOST} !^example\.org$ [NC]
          RewriteRule ^/(.+)$ http://www.example.org/$1 [R=301,L]
        `),
      },
    },
    {
      title: 'neither of both, and one of both',
      files: rewritingDirectory(conf`
        RewriteCond %{REQUEST_FILENAME} !-f
        RewriteCond %{REQUEST_FILENAME} !-d
        RewriteRule ^app/ index.html [L]
        RewriteCond %{REQUEST_FILENAME} -f [OR]
        RewriteCond %{REQUEST_FILENAME} -d
        RewriteRule ^ - [L]
      `),
    },
    {
      title: 'the last of a list',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTP_USER_AGENT} ^BlackWidow [NC,OR]
        RewriteCond %{HTTP_USER_AGENT} ^WebZIP [NC]
        RewriteRule ^page - [F]
      `),
    },
    {
      title: 'one text may be both, or they are two variables',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{REQUEST_URI} !^/admin [OR]
          RewriteCond %{REQUEST_URI} !^/admin/public
          RewriteRule ^/secret - [F]
          RewriteCond %{HTTPS} !=on [OR]
          RewriteCond %{HTTP_HOST} !^www\.
          RewriteRule ^/?(.*)$ https://www.example.org/$1 [R=301,L]
          RewriteCond %{REMOTE_ADDR} !^10\. [OR]
          RewriteCond %{REMOTE_ADDR} ^10\.1\.
          RewriteRule ^/office - [F]
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const { conditions, directive, settled, pattern } of placedRules(
        configuration,
        filesOf(configuration),
      )) {
        if (!settled) continue
        const last = conditions.at(-1)
        if (last?.orNext === true)
          yield {
            ...lastOfAlternatives(last, directive),
            // The rule asks the same by itself.
            ...(conditions.every(each => asksForPath(each, pattern)) && { severity: 'info' as const }),
          }
        if (conditions.length < 2) continue
        for (const [index, first] of conditions.entries()) {
          const second = conditions[index + 1]
          if (second === undefined || !first.orNext) continue
          const areKinds = areTwoKinds(first, second)
          if (!areKinds && !excludeEachOther(first, second)) continue
          const flags = argumentPlace(first.directive, 2)
          yield {
            at: argumentPlace(second.directive, 0),
            message: areKinds
              ? 'nothing is a file and a directory at once, so these conditions always hold'
              : `\`${first.input}\` is always different from \`${first.pattern}\` or from \`${second.pattern}\`, so these conditions always hold`,
            related: [
              { at: flags, message: 'joined here' },
              { at: namePlace(directive), message: 'always acts' },
            ],
            ...propose('Drop `OR`', 'unsafe', [withoutOr(flags)]),
          }
        }
      }
    }
  },
})

function asksForPath({ input, negated, ...condition }: RewriteCondition, pattern: string): boolean {
  return /^%\{REQUEST_URI\}$/i.test(input) && !negated && condition.pattern === pattern
}

/** The condition behind which no other alternative follows: httpd goes on to the rule as if it held. */
function lastOfAlternatives({ directive: condition }: RewriteCondition, rule: ApacheDirective) {
  const flags = argumentPlace(condition, 2)
  return {
    at: flags,
    message:
      '`OR` joins the last condition to none, and httpd then takes it as met, so these conditions always hold',
    related: [{ at: namePlace(rule), message: 'always acts' }],
    ...propose('Drop `OR`', 'unsafe', [withoutOr(flags)]),
  }
}

function withoutOr(flags: Place) {
  const text = placeText(flags)
  if (/^\[OR\]$/i.test(text)) return replacePlace({ ...flags, start: flags.start - 1 }, '')
  return /^\[.*\bOR\b.*\]$/i.test(text) ? replacePlace(flags, text.replace(/,\s*OR\b|\bOR\s*,/i, '')) : null
}

/** True for two negations of one variable of which no text matches both patterns. */
function excludeEachOther(one: RewriteCondition, other: RewriteCondition): boolean {
  if (!one.negated || !other.negated || !/^%\{[\w:-]+\}$/.test(one.input)) return false
  if (one.input.toUpperCase() !== other.input.toUpperCase()) return false
  const [first, second] = [beginningsOf(one), beginningsOf(other)]
  return first !== null && second !== null && !first.some(text => second.some(each => overlap(text, each)))
}

/** True for “no file, or no directory” of one path. */
function areTwoKinds(one: RewriteCondition, other: RewriteCondition): boolean {
  return (
    one.negated &&
    other.negated &&
    one.input.toUpperCase() === other.input.toUpperCase() &&
    ((one.test === '-f' && other.test === '-d') || (one.test === '-d' && other.test === '-f'))
  )
}

interface Beginning {
  readonly text: string
  readonly isWhole: boolean
}

/** How a text that matches begins, in small letters; null where nobody can tell. */
function beginningsOf({ test, pattern }: RewriteCondition): readonly Beginning[] | null {
  if (test === '=') return [{ text: pattern.toLowerCase(), isWhole: true }]
  if (test !== 'regex') return null
  const tree = readPattern(pattern)
  if (tree === null || tree.problem !== null || !isAnchoredAtStart(tree)) return null
  const whole = isAnchoredAtEnd(tree) ? literalStrings(tree) : null
  if (whole !== null) return whole.map(text => ({ text: text.toLowerCase(), isWhole: true }))
  const text = literalPrefix(tree).toLowerCase()
  return text === '' ? null : [{ text, isWhole: false }]
}

function overlap(one: Beginning, other: Beginning): boolean {
  if (one.isWhole && other.isWhole) return one.text === other.text
  if (one.isWhole) return one.text.startsWith(other.text)
  if (other.isWhole) return other.text.startsWith(one.text)
  return one.text.startsWith(other.text) || other.text.startsWith(one.text)
}
