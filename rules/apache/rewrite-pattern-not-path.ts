import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { literalPrefix, mustHold } from '../../src/servers/pcre/pattern-facts.ts'
import { optionalBeforeQuery } from '../../src/servers/pcre/optional-before-query.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary:
    'A pattern for the path of the URL asks for its query, its host, its fragment or an encoded character',
  severity: 'error',
  otherSeverities: { info: 'where the rule above it does the same for the decoded path' },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`RewriteRule`, `Redirect`, `RedirectMatch` and `AliasMatch` compare the path alone, without the scheme, the host and the query, and decoded: `%20` is a space by then. A pattern with `?`, `http://` or `%20` in it never matches, and the line does nothing.',
  remedy:
    'Ask for the query by `RewriteCond %{QUERY_STRING}`, for the host by `RewriteCond %{HTTP_HOST}`, and for the path in the rule, a space in it as `\\s` or in quotes',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewriterule'],
  bad: [
    {
      title: 'the query',
      files: rewritingDirectory('RewriteRule «^index\\.php\\?page=(.*)$» /$1 [R=301,L]'),
    },
    {
      title: 'the query, whose question mark makes a letter optional',
      files: { 'site.conf': rewritingHost('RewriteRule «^/page.php?id=42$» /pages/lamp [R=301,L]') },
    },
    {
      title: 'the query behind a script, in a directory',
      files: rewritingDirectory('RewriteRule «^page.php?id=42$» /pages/lamp [R=301,L]'),
    },
    {
      title: 'scheme and host',
      files: {
        'site.conf': rewritingHost(
          'RewriteRule «^https?://www\\.example\\.org/(.*)$» https://example.org/$1 [R=301,L]',
        ),
      },
    },
    {
      title: 'a query in Redirect',
      files: { 'site.conf': rewritingHost('Redirect 301 «/page.php?id=7» /seven') },
    },
    {
      title: 'a query in RedirectMatch',
      files: { 'site.conf': rewritingHost('RedirectMatch 301 «^/page\\.php\\?id=(\\d+)$» /pages/$1') },
    },
    {
      title: 'what follows the number sign',
      files: rewritingDirectory('RewriteRule «^terms/(.+)#(.*)$» /docs/$1.html [R=303,L]'),
    },
    {
      title: 'an encoded space',
      files: rewritingDirectory('RewriteRule «^our%20team\\.html$» /team [R=301,L]'),
    },
    {
      title: 'an encoded letter in Redirect',
      files: { 'site.conf': rewritingHost('Redirect 301 «/caf%C3%A9» /coffee') },
    },
  ],
  good: [
    {
      title: 'asked for by conditions',
      files: rewritingDirectory(conf`
        RewriteCond %{QUERY_STRING} ^page=(.*)$
        RewriteRule ^index\.php$ /%1? [R=301,L]
        RewriteCond %{HTTP_HOST} ^www\.example\.org$ [NC]
        RewriteRule ^(.*)$ https://example.org/$1 [R=301,L]
      `),
    },
    {
      title: 'decoded characters, and encoded ones in the target',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule "^/our team\.html$" /our\%20crew [R=301,L,NE]
          RewriteRule ^/(?:old|%20)/(.*)$ /new/$1 [R=301,L]
          RewriteRule ^/100%$ /all [R=301,L]
          RedirectMatch 301 ^/our\steam$ /crew
          Redirect 301 "/our plan" /our%20plan
          Redirect 301 /café /coffee
        `),
      },
    },
    {
      title: 'a number sign that came encoded, and one that may be missing',
      files: rewritingDirectory(conf`
        RewriteRule ^page#(.*)$ /page#$1 [R=301,NE,L]
        RewriteRule ^dumps/(\w+)([#?].*)?$ /files/$1 [R=302,L]
      `),
    },
    {
      title: 'a question mark that may be missing, and one that makes optional',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/old(?:\?.*)?$ /new [R=301,L]
          RewriteRule ^/httpd/(.*)$ /server/$1 [R=301,L]
          RedirectMatch 301 ^/pages?/(.*)$ /site/$1
          RedirectMatch 301 ^/colou?rs/a=b$ /site/
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const rules = placedRules(configuration, filesOf(configuration))
      for (const [index, rule] of rules.entries()) {
        const { directive, pattern, settled, output } = rule
        const part = settled ? foreignPart(pattern) : null
        // Such a rule mends links whose number sign came encoded.
        if (part === 'fragment' && output.includes('#')) continue
        if (part === null) continue
        yield {
          at: argumentPlace(directive, 0),
          ...(repeats(rule, rules[index - 1]) && { severity: 'info' as const }),
          message: messageOf('RewriteRule', part),
        }
      }
      for (const { directive, index, isPattern } of pathArguments(configuration, filesOf(configuration))) {
        const value = directive.args[index]?.value ?? ''
        if (!isSettled(value)) continue
        const part = isPattern ? foreignPart(value) : foreignLiteral(value)
        if (part !== null)
          yield { at: argumentPlace(directive, index), message: messageOf(directive.name, part) }
      }
    }
  },
})

/** True where the rule above asks for the same, decoded. */
function repeats({ directive, pattern, output }: PlacedRule, former: PlacedRule | undefined): boolean {
  return (
    former !== undefined &&
    former.directive.parent === directive.parent &&
    former.output === output &&
    former.pattern.replace(/\\[ s]/g, ' ') === pattern.replace(/%20/g, ' ')
  )
}

type Part = 'query' | 'optional' | 'host' | 'fragment' | { readonly encoded: string }

function messageOf(name: string, part: Part): string {
  if (typeof part === 'object')
    return `\`${name}\` compares the decoded path, so \`${part.encoded}\` never matches`
  if (part === 'optional')
    return `\`${name}\` compares the path without its query, and \`?\` makes the letter before it optional here, so this pattern never matches such a URL`
  if (part === 'fragment') return `no browser sends \`#\` and what follows it, so \`${name}\` never matches`
  return part === 'query'
    ? `\`${name}\` compares the path without its query, so \`?\` never matches`
    : `\`${name}\` compares the path alone, so a pattern for scheme and host never matches`
}

function foreignPart(pattern: string): Part | null {
  const tree = readPattern(pattern)
  if (tree === null || tree.problem !== null) return null
  if (/^https?:\/\//i.test(literalPrefix(tree)) || /^\^?\(?https?\??:(?:\/|\\\/){2}/i.test(pattern))
    return 'host'
  if (mustHold(tree, 63)) return 'query'
  if (optionalBeforeQuery(tree) !== null) return 'optional'
  if (mustHold(tree, 35)) return 'fragment'
  const encoded = /%[0-9a-f]{2}/i.exec(pattern)?.[0]
  // A percent sign of a URL is `%25` there, and comes as `%`.
  return encoded !== undefined && encoded !== '%25' && mustHold(tree, 37) ? { encoded } : null
}

/** `Redirect` wants a path and refuses anything else. */
function foreignLiteral(path: string): Part | null {
  if (!path.startsWith('/')) return null
  const encoded = /%[0-9a-f]{2}/i.exec(path)?.[0]
  return path.includes('?') ? 'query' : encoded === undefined ? null : { encoded }
}

interface PathArgument {
  readonly directive: ApacheDirective
  readonly index: number
  readonly isPattern: boolean
}

/** The lines beside RewriteRule that compare the path, with the argument that does. */
function* pathArguments(configuration: ApacheConfiguration, files: FileSystem): Generator<PathArgument> {
  const tables = [
    configuration.occurrences,
    ...htaccessFiles(configuration, files).map(({ file }) => file.occurrences),
  ]
  for (const occurrences of tables) {
    for (const name of ['redirect', 'redirectpermanent', 'redirecttemp', 'redirectmatch']) {
      for (const directive of occurrences.get(name) ?? []) {
        const isPattern = name === 'redirectmatch'
        const hasStatus = !/^\/|^\^/.test(directive.args[0]?.value ?? '') && directive.args.length > 1
        const isStatus =
          hasStatus && /^(?:\d{3}|permanent|temp|seeother|gone)$/i.test(directive.args[0]?.value ?? '')
        const index = isStatus ? 1 : 0
        // In `<Location>` the section has the path.
        if (directive.args.length > index + (isStatus ? 0 : 1)) yield { directive, index, isPattern }
      }
    }
    for (const directive of occurrences.get('aliasmatch') ?? [])
      yield { directive, index: 0, isPattern: true }
  }
}
