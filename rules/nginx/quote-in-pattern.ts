import { isUnknownWord } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { mustHold } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${lines}
    `),
  ),
})
const closed = (pattern: string): Record<string, string> =>
  nginx(conf`
    location ~ ${pattern} {
        return 403;
    }
  `)

export default defineRule({
  summary: 'A regular expression for paths begins or ends in a quote that is left over',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx takes a quote for one at the beginning of a word alone. Inside a word it is a letter, which no path has there: the pattern never matches, and what the location forbids or answers is answered by another.',
  remedy: 'Remove the quote, or write one at the other end of the word too',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    { title: 'before the end of a path', files: closed("^/private/page«'»$") },
    { title: 'behind an extension', files: closed('\\.(?:bak|sql)«"»$') },
    { title: 'behind the sign for the beginning', files: closed('^«"»/private/') },
    { title: 'a quote of a word processor', files: closed('^/private/page«”»$') },
    { title: 'in a rewrite', files: nginx("rewrite ^/old«'» /new permanent;") },
  ],
  good: [
    { title: 'a pattern in quotes', files: closed("'^/private/page$'") },
    { title: 'without quotes', files: closed('^/private/page$') },
    { title: 'a path with an apostrophe', files: closed("^/o'brien/") },
    { title: 'a quote that is meant', files: closed("^/private/page\\'$") },
    { title: 'one of a word processor at the end of the word', files: closed('^/private/page”') },
    { title: 'quotes alone', files: closed('"\'"') },
    { title: 'one of several letters', files: closed('^/private/[a-z\'\\"]') },
    { title: 'one of two patterns', files: closed("'^/private$|^/it\"$'") },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const location of occurrences.get('location') ?? []) {
        const { modifier, name } = readLocation(location)
        if (modifier === '~' || modifier === '~*') yield* leftOver(location, location.args.length - 1, name)
      }
      for (const rewrite of occurrences.get('rewrite') ?? [])
        yield* leftOver(rewrite, 0, rewrite.args[0]?.value ?? '')
    }
  },
})

const QUOTES = `["'\u2018-\u201F\u2033]`
const AT_START = new RegExp(`^\\^?(${QUOTES})`)
const AT_END = new RegExp(`[^\\\\](${QUOTES})\\$?$`)

function* leftOver(line: NginxDirective, index: number, pattern: string): Generator<RuleFinding> {
  const quote = (AT_START.exec(pattern) ?? AT_END.exec(pattern))?.[1]
  // Who looks for quotes alone means them.
  if (quote === undefined || !/\w{2}/.test(pattern) || isUnknownWord(pattern)) return
  if (!isNeeded(pattern, quote)) return
  const word = argumentPlace(line, index)
  const written = word.source.text.slice(word.start, word.end)
  const inWord = AT_START.test(pattern) ? written.indexOf(quote) : written.lastIndexOf(quote)
  // Of a word in quotes the ones around it are no part of the pattern.
  if (inWord === -1 || /^["']/.test(written) || written[inWord - 1] === '\\') return
  // One of a word processor at an end of the word is told by `nginx/typographic-quotes`.
  if (quote > '\u007F' && (inWord === 0 || inWord === written.length - 1)) return
  const at = { ...word, start: word.start + inWord, end: word.start + inWord + quote.length }
  yield {
    at,
    message: `\`${quote}\` is a letter of this pattern, and no path has it there, so \`${line.name}\` never matches`,
    label: 'no quote for nginx',
    ...propose('Remove it', 'unsafe', [replacePlace(at, '')]),
  }
}

function isNeeded(pattern: string, quote: string): boolean {
  const tree = readPattern(pattern)
  if (tree === null || tree.problem !== null) return false
  const code = quote.charCodeAt(0)
  return code < 128 ? mustHold(tree, code) : !pattern.includes('|')
}
