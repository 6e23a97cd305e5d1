import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { isAnchoredAtStart, literalPrefix, matchesEveryPath } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { rewritingDirectory, rewritingHost } from './_rewriting-examples.ts'

const FRONT = { 'srv/www/index.txt': 'front controller' }

export default defineRule({
  summary: 'A rewriting rule that an earlier one leaves nothing to',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'mod_rewrite takes the rules in order, and `[L]` ends the round. Behind a rule for every path, a special case is never reached; behind the rules of a front controller it is reached by files that exist alone.',
  remedy: 'Write the special cases first',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/flags.html#flag_l'],
  bad: [
    {
      title: 'behind a redirect of everything',
      files: rewritingDirectory(conf`
        RewriteRule ^(.*)$ https://example.com/$1 [R=301,L]
        RewriteRule «^old-page$» https://example.com/new-page [R=301,L]
      `),
    },
    {
      title: 'behind a front controller',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteRule ^ index.txt [L]
          RewriteRule «^old/(.*)$» /new/$1 [R=301,L]
        `),
        ...FRONT,
      },
    },
  ],
  good: [
    {
      title: 'the special case first',
      files: {
        ...rewritingDirectory(conf`
          RewriteRule ^old-page$ /new-page [R=301,L]
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteRule ^ index.txt [L]
          RewriteRule ^index\.txt$ - [E=FRONT:1]
        `),
        ...FRONT,
      },
    },
    {
      title: 'a condition, no end, and a rule that sets a variable',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule .* - [E=SEEN:1]
          RewriteCond %{HTTP_HOST} ^www\.
          RewriteRule ^ http://example.org%{REQUEST_URI} [R=301,L]
          RewriteRule ^/old$ /new [R=301,L]
        `),
      },
    },
    {
      title: 'what protects files that are there',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule ^ index.txt [L]
          RewriteRule ^uploads/.*\.php$ - [F]
          RewriteRule ^media/(.*)$ https://cdn.example.org/$1 [R=302,L]
        `),
        ...FRONT,
        'srv/www/media/a.png': '',
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const rules = placedRules(configuration, files).filter(({ context }) => context !== 'other')
      for (const inSection of groupBy(
        rules,
        ({ directive, htaccess }) => directive.parent ?? htaccess,
      ).values()) {
        if (inSection.length < 2 || inSection.some(({ skip, flags }) => skip > 0 || flags.has('C'))) continue
        const [first] = inSection
        // Other fragments may bring rules between those at the top of a file.
        if (first?.directive.parent === null && first.htaccess === null && configuration.main === null)
          continue
        const end = inSection.findIndex(endsAll)
        if (end !== -1) {
          for (const rule of inSection.slice(end + 1)) yield finding(rule, inSection[end])
          continue
        }
        const front = inSection.findIndex(rule => isFrontController(rule, files))
        if (front === -1) continue
        for (const rule of inSection.slice(front + 1))
          if (isForMissing(rule, files))
            yield { ...finding(rule, inSection[front]), confidence: 'medium' as const }
      }
    }
  },
})

function finding({ directive }: PlacedRule, by: PlacedRule | undefined) {
  return {
    at: argumentPlace(directive, 0),
    message: 'an earlier rule takes every path that this one is for, so it is never reached',
    related: by === undefined ? [] : [{ at: namePlace(by.directive), message: 'takes every path' }],
  }
}

/** True for a rule without a condition that takes every path and lets no other rule follow. */
function endsAll({ pattern, negated, conditions, flags, settled, isRefusal, skip }: PlacedRule): boolean {
  if (negated || conditions.length > 0 || !settled || skip > 0 || flags.has('NS')) return false
  const isEnd = ['L', 'END', 'P', 'F', 'G'].some(flag => flags.has(flag)) || isRefusal
  return isEnd && isEveryPath(pattern)
}

function isEveryPath(pattern: string): boolean {
  if (/^(?:\^|\.?|\^?\.\*\$?|\^?\(\.\*\)\$?|\^?\/?\?\(\.\*\)\$?)$/.test(pattern)) return pattern !== '.'
  const tree = readPattern(pattern)
  return tree !== null && tree.problem === null && matchesEveryPath(tree) && !/^\^?\/[^?]/.test(pattern)
}

/** The rule that sends what is no file to a script beside its `.htaccess`. */
function isFrontController(rule: PlacedRule, files: FileSystem): boolean {
  const { htaccess, conditions, flags, settled, output, negated, pattern } = rule
  if (htaccess === null || negated || !settled || !(flags.has('L') || flags.has('END'))) return false
  const asksFilesAlone =
    conditions.length > 0 &&
    conditions.every(
      condition =>
        condition.negated &&
        /^-[fdl]$/.test(condition.test) &&
        /^%\{REQUEST_FILENAME\}$/i.test(condition.input),
    )
  if (!asksFilesAlone || !(pattern === '.' || isEveryPath(pattern))) return false
  return files.kind(htaccess.directory + output.replace(/[?].*$/s, '').replace(/^\//, '')) === 'file'
}

/** True for a redirect of a path of which the directory has nothing. */
function isForMissing(rule: PlacedRule, files: FileSystem): boolean {
  const { htaccess, flags, pattern, negated, keepsUri, conditions, settled } = rule
  if (htaccess === null || negated || keepsUri || !settled || conditions.length > 0 || !flags.has('R'))
    return false
  const tree = readPattern(pattern)
  if (tree === null || tree.problem !== null || !isAnchoredAtStart(tree)) return false
  const [name = ''] = literalPrefix(tree).split('/')
  if (!/^[\w-]{2,}$/.test(name)) return false
  return !(files.list(htaccess.directory.replace(/(?<=.)\/$/, '')) ?? []).some(each =>
    each.name.startsWith(name),
  )
}
