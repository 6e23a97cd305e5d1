import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { idleAlternatives, neverMatches } from '../../src/servers/pcre/never-matches.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { patternsOf } from './_patterns.ts'

const nginx = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${lines}
    `),
  ),
})
const location = (pattern: string): Record<string, string> =>
  nginx(conf`
    location ~ ${pattern} {
        deny all;
    }
  `)

export default defineRule({
  summary: 'A regular expression that an anchor in its middle keeps from ever matching',
  severity: 'error',
  otherSeverities: { warning: 'for one of several alternatives' },
  confidence: 'high',
  since: '0.1.0',
  why: 'In a regular expression `^` is the beginning of the text and `$` its end, wherever they stand. Nothing comes before its beginning or behind its end: `/^\\.` matches no hidden file, and a `deny` for it denies nothing. Slashes around an expression, as in Perl or JavaScript, are letters for nginx.',
  remedy: 'Put `^` first and `$` last, `^/\\.`, or escape them where the letter is meant',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#location',
    'https://www.pcre.org/current/doc/html/pcre2pattern.html#SEC6',
  ],
  bad: [
    { title: 'the beginning behind a slash', files: location(conf`«/^\.»`.trim()) },
    { title: 'a group of beginnings behind a slash', files: location('«/(?:^vendor|^node_modules)/»') },
    { title: 'the end before a slash', files: location('«^/private$/»') },
    {
      title: 'slashes of another language in a condition',
      files: nginx(conf`
        if ($http_user_agent ~* «/^curl$/») {
            return 403;
        }
      `),
    },
    { title: 'one of several alternatives', files: location('«^/(^app$|config|storage)»') },
    { title: 'one of two expressions', files: location(conf`«/^old/|\.bak$»`.trim()) },
    { title: 'a rewrite', files: nginx('rewrite «/^shop/(.*)$» /new-shop/$1 permanent;') },
  ],
  good: [
    { title: 'the beginning', files: location(conf`^/\.`.trim()) },
    { title: 'a slash or the beginning', files: location('(?:^|/)private/') },
    { title: 'alternatives behind the beginning', files: location('^/(app$|config|storage)') },
    { title: 'alternatives that begin for themselves', files: location(conf`^/old/|\.bak$`.trim()) },
    { title: 'a slash or the end in the middle', files: location('^/private(/|$)') },
    { title: 'a slash or the beginning, behind a letter', files: location('^/a(?:^|/)private/') },
    { title: 'letters of the path', files: location(conf`^/price\$list/\^`.trim()) },
    { title: 'what a set leaves out', files: location('/[^/]+/private/') },
    { title: 'what may be missing', files: location('/?^/private/') },
    {
      title: 'a quote that is left, which is told as that',
      files: nginx(conf`rewrite ^/shop$" /index.php last;`),
    },
    {
      title: 'a name that a script fills in',
      files: {
        'shop.conf': conf`
          server {
              listen 80;
              location ~ ^/$lang/ {
                  return 204;
              }
          }
        `,
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations)
      for (const { pattern, caseless, negated, at } of patternsOf(configuration)) {
        // A URL has no newline, in front of which `$` matches too.
        const tree = MAY_BE_INSIDE.test(pattern)
          ? readPattern(pattern, { caseless, dollarEndOnly: true })
          : null
        if (tree === null || tree.problem !== null) continue
        const anchor = neverMatches(tree)
        if (anchor === null) {
          const [idle] = idleAlternatives(tree)
          if (idle === undefined || (idle.anchor === '$' && FILLED_IN.test(pattern))) continue
          const { start, end } = idle.alternative
          yield {
            at,
            severity: 'warning',
            message: `${placeOf(idle.anchor)} what matches a character of it, so \`${pattern.slice(start, end)}\` of this pattern never matches`,
            help: `Take \`${idle.anchor}\` out of the alternative`,
          }
          continue
        }
        if (anchor === '$' && FILLED_IN.test(pattern)) continue
        // A quote that is left there is what is wrong, and another rule says so.
        if (LEFT_QUOTE.test(pattern)) continue
        yield {
          at,
          message: `${placeOf(anchor)} what matches a character of it, so this pattern never matches${negated ? ' and the condition always holds' : ''}`,
        }
      }
  },
})

function placeOf(anchor: '^' | '$'): string {
  return anchor === '^'
    ? '`^` is the beginning of the text, and follows'
    : '`$` is the end of the text, and comes before'
}

/** `^` that is not the first character, or `$` that is not the last: nearly every pattern has neither. */
const MAY_BE_INSIDE = /.\^|\$./

/** A quote on one side of the pattern alone, in whichever encoding it was written. */
const LEFT_QUOTE = /^(?:["']|[\u0080-\uFFFF]+)\^|\$(?:["']|[\u0080-\uFFFF]+)$/

/** What scripts write for a name that they fill in. */
const FILLED_IN = /\$\{?\w/
