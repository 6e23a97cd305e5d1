import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import type { RewriteCondition } from '../../src/servers/apache/requests/rewrite/rules.ts'
import { isAnchoredAtEnd, isAnchoredAtStart, literalStrings } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { rewritingDirectory } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'Two conditions that never hold together',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'All conditions before a `RewriteRule` have to hold. One text cannot be two at once, so the rule never acts; `configtest` says nothing.',
  remedy: 'Join them by `[OR]`: `RewriteCond %{HTTP_HOST} ^example\\.com$ [NC,OR]`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritecond'],
  bad: [
    {
      title: 'two beginnings',
      files: rewritingDirectory(conf`
        «RewriteCond» %{HTTP_USER_AGENT} ^BadBot [NC]
        RewriteCond %{HTTP_USER_AGENT} ^EvilScraper [NC]
        RewriteRule ^ - [F]
      `),
    },
    {
      title: 'two names',
      files: rewritingDirectory(conf`
        «RewriteCond» %{HTTP_HOST} ^example\.com$ [NC]
        RewriteCond %{HTTP_HOST} ^www\.example\.com$ [NC]
        RewriteRule ^(.*)$ https://example.org/$1 [R=301,L]
      `),
    },
    {
      title: 'a directory that is a file',
      files: rewritingDirectory(conf`
        «RewriteCond» %{SCRIPT_FILENAME} -d
        RewriteCond %{SCRIPT_FILENAME} -f
        RewriteRule "(^|/)\." - [F]
      `),
    },
  ],
  good: [
    {
      title: 'one beginning that is a part of the other',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTP_USER_AGENT} ^Bad
        RewriteCond %{HTTP_USER_AGENT} ^BadBot
        RewriteRule ^ - [F]
      `),
    },
    {
      title: 'joined by OR',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTP_HOST} ^example\.com$ [NC,OR]
        RewriteCond %{HTTP_HOST} ^www\.example\.com$ [NC]
        RewriteRule ^(.*)$ https://example.org/$1 [R=301,L]
      `),
    },
    {
      title: 'both may hold',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTP_HOST} ^Example\.com$ [NC]
        RewriteCond %{HTTP_HOST} ^(?:example\.com|example\.net)$
        RewriteCond %{HTTP_HOST} !^example\.net$
        RewriteCond %{HTTP_HOST} example
        RewriteRule ^(.*)$ https://example.org/$1 [R=301,L]
      `),
    },
    {
      title: 'a file or a directory, a file that is not empty, and neither',
      files: rewritingDirectory(conf`
        RewriteCond %{SCRIPT_FILENAME} -d [OR]
        RewriteCond %{SCRIPT_FILENAME} -f
        RewriteRule "(^|/)\." - [F]
        RewriteCond %{REQUEST_FILENAME} -f
        RewriteCond %{REQUEST_FILENAME} -s
        RewriteCond %{REQUEST_FILENAME}.d -d
        RewriteRule \.txt$ - [L]
        RewriteCond %{REQUEST_FILENAME} !-f
        RewriteCond %{REQUEST_FILENAME} !-d
        RewriteRule ^ index.php [L]
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const { conditions, directive, settled } of placedRules(configuration, filesOf(configuration))) {
        if (!settled || conditions.length < 2) continue
        const pair = contradiction(conditions.filter((_, index) => isAlone(conditions, index)))
        if (pair === null) continue
        const [first, second] = pair
        yield {
          at: namePlace(first.directive),
          message:
            first.test === 'regex' || first.test === '='
              ? `\`${first.input}\` cannot match \`${first.pattern}\` and \`${second.pattern}\` at once, so the rule never acts`
              : `\`${first.input}\` cannot be a directory and a file at once (\`${first.test}\`, \`${second.test}\`), so the rule never acts`,
          related: [
            { at: namePlace(second.directive), message: 'the other condition' },
            { at: namePlace(directive), message: 'never acts' },
          ],
        }
      }
    }
  },
})

/** True for a condition that no `[OR]` joins with another one. */
function isAlone(conditions: readonly RewriteCondition[], index: number): boolean {
  return conditions[index]?.orNext === false && conditions[index - 1]?.orNext !== true
}

function contradiction(
  conditions: readonly RewriteCondition[],
): readonly [RewriteCondition, RewriteCondition] | null {
  const known = conditions.flatMap(condition => {
    const texts = textsOf(condition)
    return texts === null ? [] : [{ condition, texts }]
  })
  for (const [index, one] of conditions.entries()) {
    if (!isFileTest(one, /^-d$/)) continue
    const other = conditions.find(each => isFileTest(each, /^-[fs]$/) && isSameInput(one, each))
    if (other !== undefined) return conditions.indexOf(other) < index ? [other, one] : [one, other]
  }
  for (const [index, one] of known.entries()) {
    for (const other of known.slice(index + 1)) {
      if (!isSameInput(one.condition, other.condition)) continue
      if (one.texts.every(text => other.texts.every(each => excludes(text, each))))
        return [one.condition, other.condition]
    }
  }
  return null
}

function isSameInput(one: RewriteCondition, other: RewriteCondition): boolean {
  return one.input.toLowerCase() === other.input.toLowerCase()
}

/** A test of what a path is, which httpd asks the file system through all links. */
function isFileTest({ test, negated }: RewriteCondition, tests: RegExp): boolean {
  return !negated && tests.test(test)
}

/** A text with which what is compared begins, or which it is. */
interface Beginning {
  readonly text: string
  readonly isWhole: boolean
}

/** True where nothing is, or begins with, both. */
function excludes(one: Beginning, other: Beginning): boolean {
  const fits = (whole: Beginning, part: Beginning): boolean =>
    part.isWhole ? whole.text === part.text : whole.text.startsWith(part.text)
  return !(fits(one, other) || fits(other, one))
}

/** The only beginnings with which a condition holds, in small letters. */
function textsOf({ test, negated, pattern, input }: RewriteCondition): readonly Beginning[] | null {
  if (negated || !/^%\{[\w:-]+\}$/.test(input)) return null
  if (test === '=') return [{ text: pattern.toLowerCase(), isWhole: true }]
  if (test !== 'regex') return null
  const tree = readPattern(pattern)
  if (tree === null || tree.problem !== null || !isAnchoredAtStart(tree)) return null
  const isWhole = isAnchoredAtEnd(tree)
  return literalStrings(tree)?.map(text => ({ text: text.toLowerCase(), isWhole })) ?? null
}
