import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { isAnchoredAtStart, literalPrefix, mayBeEmpty } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'
import {
  behindPages,
  isEveryPath,
  isForAll,
  isForMissing,
  isFrontController,
  isKept,
  isThere,
} from './_behind-front-controller.ts'

const FRONT = { 'srv/www/index.txt': 'front controller' }

export default defineRule({
  summary: 'A rewriting rule that an earlier one leaves nothing to',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'mod_rewrite takes the rules in order, and `[L]` ends the round. Behind a rule for every path, a special case is never reached; behind one for `^news(.*)`, none for `^news/archive` is; behind the rules of a front controller it is reached by files that exist alone.',
  remedy: 'Write the special cases first',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/flags.html#flag_l'],
  bad: [
    {
      title: 'behind a front controller that only looks as if it might not be there, in a .htaccess alone',
      files: {
        '.htaccess': conf`
          <IfModule mod_rewrite.c>
              RewriteEngine On
              RewriteRule ^index\.php$ - [L]
              RewriteCond %{REQUEST_FILENAME} !-f
              RewriteCond %{REQUEST_FILENAME} !-d
              RewriteRule . /index.php [L]
          </IfModule>
          RewriteCond %{HTTPS} off
          RewriteRule «^(.*)$» https://www.example.org/$1 [R=301,L]
        `,
        'index.php': '<?php echo "page";\n',
      },
    },
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
    {
      title: 'behind a rule for what begins alike',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/wiki(.*) https://example.net/pages$1 [R=301,L]
          RewriteRule ^/blog(.*) https://blog.example.net$1 [R=301,L]
          RewriteRule «^/wiki/archive/(.*)» https://archive.example.net/$1 [R=301,L]
        `),
      },
    },
    {
      title: 'a redirect to https behind a front controller',
      files: {
        ...rewritingDirectory(conf`
          RewriteRule ^index\.txt$ - [L]
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteRule . /index.txt [L]
          RewriteCond %{HTTPS} off
          RewriteRule «^(.*)$» https://example.org/$1 [R=301,L]
        `),
        ...FRONT,
      },
    },
    {
      title: 'a redirect to https behind the rules of WordPress, whose scripts are elsewhere',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteBase /
          RewriteRule ^index\.php$ - [L]
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteRule . /index.php [L]
          RewriteCond %{HTTPS} !=on
          RewriteRule «^(.*)$» https://%{HTTP_HOST}/$1 [R=301,L]
        `,
      },
    },
    {
      title: 'a redirect to https of what a front controller has become',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteRule ^ index.txt [L]
          RewriteCond %{HTTPS} !=on
          RewriteRule «^» https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
        `),
        ...FRONT,
      },
    },
    {
      title: 'behind a redirect whose pattern is optional and has no end, and which does not end the rules',
      files: rewritingDirectory(conf`
        RewriteRule ^(index.html)? https://example.com/start [R=301]
        RewriteRule «^bugs.html» https://example.com/bugs [R=301]
      `),
    },
    {
      title: 'behind a redirect to another host whose condition is a comment',
      files: {
        'site.conf': rewritingHost(conf`
          #RewriteCond %{HTTP_HOST} ^example\.com$ [NC]
          RewriteRule ^.*$ https://www.example.net%{REQUEST_URI} [R=301]
          RewriteRule «^/html(/.*)?$» /manual$1 [R]
        `),
      },
    },
    {
      title: 'a pattern once more',
      files: rewritingDirectory(conf`
        RewriteRule ^shop/?$ /store [R=301,L]
        RewriteRule ^about$ /company [R=301,L]
        RewriteRule «^shop/?$» /catalogue [R=301,L]
      `),
    },
  ],
  good: [
    {
      title: 'behind a redirect that does not end the rules: what an address may be',
      files: rewritingDirectory(conf`
        RewriteRule ^(.*)$ https://example.com/$1 [R=301]
        RewriteRule bugs.html https://example.com/bugs [R=301]
        RewriteRule ^https?://example\.com/shop https://example.com/store [R=301]
        RewriteRule .* - [E=SEEN:1]
      `),
    },
    {
      title: 'behind a redirect of some, which does not end the rules',
      files: rewritingDirectory(conf`
        RewriteRule ^(index.html)?$ https://example.com/start [R=301]
        RewriteRule ^bugs.html https://example.com/bugs [R=301]
      `),
    },
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
      title: 'what lies in a directory first, and then the directory itself',
      files: rewritingDirectory(conf`
        RewriteRule ^(.+)$ https://example.com/pages/$1 [R=302,L]
        RewriteRule ^$ https://example.com/start [R=302,L]
      `),
    },
    {
      title: 'a redirect to https first',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{HTTPS} off
          RewriteRule ^(.*)$ https://example.org/$1 [R=301,L]
          RewriteRule ^index\.txt$ - [L]
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteCond %{REQUEST_FILENAME} !-d
          RewriteRule . /index.txt [L]
        `),
        ...FRONT,
      },
    },
    {
      title: 'a redirect that asks for the line of the client',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule ^ index.txt [L]
          RewriteCond %{HTTPS} off
          RewriteCond %{THE_REQUEST} index\.txt
          RewriteRule ^ https://example.org/ [R=301,L]
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
    {
      title: 'what begins alike first, with a condition, or with one more letter',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/wiki/archive/(.*) https://archive.example.net/$1 [R=301,L]
          RewriteRule ^/wiki/(.+)$ https://example.net/pages/$1 [R=301,L]
          RewriteRule ^/wiki/$ https://example.net/ [R=301,L]
          RewriteCond %{QUERY_STRING} ^page=1$
          RewriteRule ^/news(.*) https://example.net/news$1 [R=301,L]
          RewriteRule ^/news/old https://example.net/archive [R=301,L]
          RewriteRule ^/shop$ https://example.net/store [R=301,L]
          RewriteRule ^/shopping https://example.net/mall [R=301,L]
          RewriteRule ^/Shop$ https://example.net/boutique [NC,R=301,L]
        `),
      },
    },
    {
      title: 'a rule between that leads there',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/a(.*) https://example.net/b$1 [R=301,L]
          RewriteRule ^/old(.*) /a$1
          RewriteRule ^/a/page https://example.net/page [R=301,L]
        `),
      },
    },
    {
      title: 'the same once more',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/private - [F]
          RewriteRule ^/private/keys - [F]
          RewriteRule ^/a$ https://example.net/b [R=301,L]
          RewriteRule ^/a$ https://example.net/b [R=301,L]
        `),
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
        yield* behindOpenRedirect(inSection)
        const end = inSection.findIndex(endsAll)
        if (end !== -1) {
          const by = inSection[end]
          for (const rule of inSection.slice(end + 1))
            if (by === undefined || !isLeft(by, rule)) yield finding(rule, by)
          continue
        }
        yield* behindLikeOnes(inSection)
        const front = inSection.findIndex(
          (rule, index) =>
            isFrontController(rule) && (isThere(rule, files) || isKept(inSection.slice(0, index), rule)),
        )
        if (front === -1) continue
        for (const rule of inSection.slice(front + 1))
          if (isThere(inSection[front]!, files) && isForMissing(rule, files))
            yield { ...finding(rule, inSection[front]), confidence: 'medium' as const }
          else if (isForAll(rule)) yield behindPages(inSection, front, rule)
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

/** Rules for a path behind a redirect of every path without `[L]`: what they are compared with is its address. */
function* behindOpenRedirect(rules: readonly PlacedRule[]) {
  if (rules.some(({ flags }) => flags.has('N'))) return
  const first = rules.findIndex(redirectsAll)
  const by = rules[first]
  if (by === undefined) return
  for (const rule of rules.slice(first + 1)) {
    if (rule.negated || !rule.settled || !isForPath(rule.pattern)) continue
    yield {
      ...finding(rule, by),
      message: 'an earlier redirect takes every path, and this pattern is compared with its address',
    }
  }
}

/** True for a redirect without a condition of every path, behind which the rules go on. */
function redirectsAll(rule: PlacedRule): boolean {
  const { pattern, negated, conditions, flags, settled, skip, keepsUri, status } = rule
  if (negated || keepsUri || conditions.length > 0 || !settled || skip > 0 || flags.has('NS')) return false
  return flags.has('R') && status >= 300 && status < 400 && !isEnd(rule) && isEveryPath(pattern)
}

/** True for a pattern that takes no `https://example.org/page`. */
function isForPath(pattern: string): boolean {
  const tree = readPattern(pattern)
  if (tree === null || tree.problem !== null || !isAnchoredAtStart(tree)) return false
  const prefix = literalPrefix(tree).toLowerCase()
  return prefix !== '' && !'http'.startsWith(prefix) && !prefix.startsWith('http')
}

/** Rules behind one that ends the round for the same pattern, or for all that begins alike. */
function* behindLikeOnes(rules: readonly PlacedRule[]) {
  if (rules.some(({ flags }) => flags.has('N'))) return
  const patterns = new Map<string, PlacedRule>()
  const beginnings = new Map<string, PlacedRule>()
  for (const rule of rules) {
    const { pattern, negated, conditions, settled, output } = rule
    if (settled && !negated) {
      const by = patterns.get(pattern) ?? beginningOf(pattern, beginnings)
      if (by !== undefined && isOther(rule, by)) {
        yield {
          ...finding(rule, undefined),
          related: [{ at: namePlace(by.directive), message: 'takes its paths, and ends the round' }],
        }
        continue
      }
    }
    if (!isEnd(rule)) {
      // What it makes of a path begins perhaps as an earlier rule asks for.
      if (output !== '-') {
        patterns.clear()
        beginnings.clear()
      }
      continue
    }
    if (negated || conditions.length > 0 || !settled || rule.flags.has('NS')) continue
    if (!patterns.has(pattern)) patterns.set(pattern, rule)
    const beginning = takenBeginning(pattern)
    if (beginning !== null && !beginnings.has(beginning)) beginnings.set(beginning, rule)
  }
}

/** The rule that takes everything which begins as each match of a pattern does. */
function beginningOf(pattern: string, beginnings: ReadonlyMap<string, PlacedRule>): PlacedRule | undefined {
  if (beginnings.size === 0 || !pattern.startsWith('^')) return undefined
  const tree = readPattern(pattern)
  if (tree === null || tree.problem !== null || !isAnchoredAtStart(tree)) return undefined
  const text = literalPrefix(tree)
  for (let length = 1; length <= text.length; length++) {
    const by = beginnings.get(text.slice(0, length))
    if (by !== undefined) return by
  }
  return undefined
}

/** `/news` of `^/news(.*)$`; null for a pattern that asks for more than how a path begins. */
function takenBeginning(pattern: string): string | null {
  const match = /^\^((?:[\w/-]|\\[./-])+?)(?:\/\?)?(?:(?:\(\.\*\)|\.\*)\$?)?$/.exec(pattern)
  return match?.[1]?.replaceAll('\\', '') ?? null
}

/** False for a rule that does as the earlier one does, and for one that takes letters in either case where that does not. */
function isOther(rule: PlacedRule, by: PlacedRule): boolean {
  if (rule.flags.has('NC') && !by.flags.has('NC')) return false
  return !(rule.output === by.output && (rule.output === '-' || rule.pattern === by.pattern))
}

function isEnd({ flags, isRefusal }: PlacedRule): boolean {
  return isRefusal || ['L', 'END', 'P', 'F', 'G', 'PT'].some(flag => flags.has(flag))
}

/** True for a rule without a condition that takes every path and lets no other rule follow. */
function endsAll(rule: PlacedRule): boolean {
  const { pattern, negated, conditions, flags, settled, skip } = rule
  if (negated || conditions.length > 0 || !settled || skip > 0 || flags.has('NS')) return false
  return isEnd(rule) && isEveryPath(pattern)
}

/** True for a rule that takes the directory itself, whose path is empty there, behind one for what lies in it. */
function isLeft(by: PlacedRule, rule: PlacedRule): boolean {
  return (
    by.context === 'directory' && !takesNothing(by.pattern) && (rule.negated || takesNothing(rule.pattern))
  )
}

/** True where a pattern matches the empty path: in doubt too. */
function takesNothing(pattern: string): boolean {
  const tree = readPattern(pattern)
  return tree === null || tree.problem !== null || mayBeEmpty(tree)
}
