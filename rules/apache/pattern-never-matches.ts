import type { Place } from '../../parsers/text/source.ts'
import type { PcreNode, PcreSequence, PcreTree } from '../../parsers/pcre/tree.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { idleAlternatives, neverMatches } from '../../src/servers/pcre/never-matches.ts'
import { APACHE_OPTIONS, readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'A pattern that no URL matches',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`^` matches the beginning of the path and `$` its end, wherever they stand in a pattern, so that nothing can be before the one or behind the other. And `\\*`, `\\+` and `\\$` are these very characters, which hardly a path has: `(.\\*)` matches `x*`, not `page`. The line does nothing.',
  remedy: 'Write `(.*)` without a backslash, `^` first and `$` last',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/intro.html#regex'],
  bad: [
    {
      title: 'an asterisk that is escaped',
      files: rewritingDirectory('RewriteRule «^(.\\*)$» https://data.example.org/$1 [R=302,L]'),
    },
    {
      title: 'a plus sign and a dollar that are escaped',
      files: rewritingDirectory(conf`
        RewriteRule «^terms\.([^/]\+)$» /terms/$1 [L]
        RewriteRule «^terms\$» /terms.html [L]
      `),
    },
    {
      title: 'a second beginning',
      files: { 'site.conf': rewritingHost('RewriteRule «^/blog/^(.*)$» /news/$1 [R=301,L]') },
    },
    {
      title: 'one of several alternatives',
      files: { 'site.conf': rewritingHost('RewriteRule «^/(^app$|config|storage)» - [F]') },
    },
    {
      title: 'something behind the end',
      files: { 'site.conf': rewritingHost('RedirectMatch 301 «^/blog$/(.+)» /news/$1') },
    },
  ],
  good: [
    {
      title: 'alternatives that begin and end for themselves',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule (^/blog|/news)/(.*)$ /all/$2 [R=301,L]
          RewriteRule ^/shop(/.*$|$) /store$1 [R=301,L]
          RewriteRule ^/(app$|config|storage) - [F]
          RewriteRule ^/end$/?$ /fin [R=301,L]
          RedirectMatch 301 ^(^/a|^/b)$ /c
          RewriteRule ^$ /start [L]
        `),
      },
    },
    {
      title: 'where a section for URLs leads',
      files: {
        'site.conf': rewritingHost(conf`
          <LocationMatch "^/app/(.+)$">
              ProxyPassMatch "http://127.0.0.1:8000/$1/socket"
          </LocationMatch>
        `),
      },
    },
    {
      title: 'the characters themselves',
      files: rewritingDirectory(conf`
        RewriteRule ^c\+\+/(.*)$ /cpp/$1 [L]
        RewriteRule ^\*$ /all [L]
        RewriteRule ^(.+)\+(.+)$ /$1-$2 [L]
        RewriteRule ^price-in-\$/(.*)$ /price/$1 [L]
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const { at, pattern } of patterns(configuration, filesOf(configuration))) {
        const tree = readPattern(pattern, APACHE_OPTIONS)
        const message = tree === null || tree.problem !== null ? null : faultOf(tree, pattern)
        if (message !== null) yield { at, message }
      }
    }
  },
})

interface Pattern {
  readonly at: Place
  readonly pattern: string
}

function* patterns(configuration: ApacheConfiguration, files: FileSystem): Generator<Pattern> {
  for (const { directive, settled, pattern, negated } of placedRules(configuration, files))
    if (settled && !negated) yield { at: argumentPlace(directive, 0), pattern }
  for (const name of ['redirectmatch', 'aliasmatch', 'scriptaliasmatch', 'proxypassmatch', 'locationmatch']) {
    for (const directive of everywhere(configuration, files, name)) {
      const hasStatus = /^(?:\d{3}|permanent|temp|seeother|gone)$/i.test(directive.args[0]?.value ?? '')
      const index = name === 'redirectmatch' && hasStatus ? 1 : 0
      // In a section for URLs the pattern is the section's, and the one argument where it leads.
      if (
        /^Location/.test(directive.parent?.name ?? '') &&
        !hasStatus &&
        directive.args.length === 1 &&
        name !== 'locationmatch'
      )
        continue
      const pattern = directive.args[index]?.value
      if (pattern !== undefined && isSettled(pattern)) yield { at: argumentPlace(directive, index), pattern }
    }
  }
}

function faultOf(tree: PcreTree, pattern: string): string | null {
  const anchor = neverMatches(tree)
  if (anchor !== null)
    return anchor === '^'
      ? 'nothing stands before the beginning, which `^` matches, so no URL matches this pattern'
      : 'nothing stands behind the end, which `$` matches, so no URL matches this pattern'
  const [idle] = idleAlternatives(tree)
  if (idle !== undefined) {
    const { start, end } = idle.alternative
    const why =
      idle.anchor === '^'
        ? 'nothing stands before the beginning, which `^` matches'
        : 'nothing stands behind the end, which `$` matches'
    return `${why}, so no URL matches \`${pattern.slice(start, end)}\` of this pattern`
  }
  const escaped = escapedSign(tree.alternatives)
  return escaped === null
    ? null
    : `\`\\${escaped}\` is the character \`${escaped}\` itself, which hardly a path has, so the pattern matches no page`
}

/**
 * The sign in each alternative that a backslash makes a character where one means a repetition or the end: an
 * asterisk or plus sign at the end of a group or of the pattern, behind what matches several characters; a dollar
 * sign that ends the pattern behind a `^`.
 */
function escapedSign(alternatives: readonly PcreSequence[]): string | null {
  const [only] = alternatives
  if (alternatives.length !== 1 || only === undefined) return null
  const items = only.items
  const last = items.at(-1)
  if (isAnchor(items[0]) && codeOf(last) === 36) return '$'
  const end = isAnchor(last) ? items.length - 2 : items.length - 1
  for (const [index, item] of items.entries()) {
    const inside = item.kind === 'group' ? signAtEnd(item.alternatives) : null
    if (inside !== null) return inside
    if (index === end) return signBehind(items[index - 1], item)
  }
  return null
}

function signAtEnd(alternatives: readonly PcreSequence[]): string | null {
  const [only] = alternatives
  return alternatives.length === 1 && only !== undefined
    ? signBehind(only.items.at(-2), only.items.at(-1))
    : null
}

function signBehind(before: PcreNode | undefined, sign: PcreNode | undefined): string | null {
  if (before?.kind !== 'any' && before?.kind !== 'set') return null
  const code = codeOf(sign)
  return code === 42 || code === 43 ? String.fromCharCode(code) : null
}

function codeOf(node: PcreNode | undefined): number | null {
  return node?.kind === 'literal' ? node.code : null
}

function isAnchor(node: PcreNode | undefined): boolean {
  return node?.kind === 'assertion'
}
