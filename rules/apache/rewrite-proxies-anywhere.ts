import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import type { RewriteCondition } from '../../src/servers/apache/requests/rewrite/rules.ts'
import { bringsHost } from '../../src/servers/pcre/brings-host.ts'
import { beginsWith, literalStrings, mayHold } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'The client chooses the host that Apache proxies to',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  securitySeverity: 8.6,
  cwe: [918],
  since: '0.1.0',
  why: 'Apache fetches whatever the client names, from inside of the network: pages of this machine, the metadata service of a cloud, any site of the Internet in the name of this server (SSRF).',
  remedy: 'Write the host of the backend into the rule: `http://127.0.0.1:8080/$1`',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/flags.html#flag_p'],
  bad: [
    {
      title: 'the host comes from the path',
      files: { 'site.conf': rewritingHost('RewriteRule ^/fetch/(.*)$ «http://$1» [P,L]') },
    },
    {
      title: 'the host comes from the query',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{QUERY_STRING} ^url=(.+)$
          RewriteRule ^/fetch$ «http://%1?» [P]
        `),
      },
    },
    {
      title: 'the whole URL comes from the query',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{QUERY_STRING} ^url=(.+)$
          RewriteRule ^/fetch$ «%1?» [P]
        `),
      },
    },
    {
      title: 'what follows the port may begin with `@`',
      files: { 'site.conf': rewritingHost('RewriteRule ^/fetch(.*)$ «http://127.0.0.1:8080$1» [P,L]') },
    },
    {
      title: 'the host of the request, on another port',
      files: { 'site.conf': rewritingHost('RewriteRule ^/(.*)$ «http://%{HTTP_HOST}:8080/$1» [P]') },
    },
  ],
  good: [
    {
      title: 'the host is written',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/fetch/(.*)$ http://127.0.0.1:8080/$1 [P,L]
          RewriteRule ^/(blue|green)/(.*)$ http://$1.internal.example.org/$2 [P]
          RewriteRule ^/node(\d)/(.*)$ http://node$1.internal.example.org/$2 [P]
        `),
      },
    },
    {
      title: 'what follows the host begins with a slash',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteMap escape int:escape
          RewriteRule ^/wiki(/.*)?$ http://127.0.0.1:8081$1 [P,L]
          RewriteRule ^/mail(/inbox(/.*)?)$ http://127.0.0.1:8082\${escape:$1} [P,L]
          RewriteRule ^(.*)$ http://127.0.0.1:8080$1 [P]
        `),
      },
    },
    {
      title: 'a URL of which the condition writes the host, or that is a path',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{QUERY_STRING} ^url=(http://files\.example\.org/[a-z]+)$
          RewriteRule ^/fetch$ %1? [P]
          RewriteCond %{QUERY_STRING} ^page=(/.+)$
          RewriteRule ^/page$ %1? [P]
          RewriteCond %{QUERY_STRING} ^page=([a-z]+)$
          RewriteRule ^/pages$ %1? [P]
        `),
      },
    },
    {
      title: 'a condition names the hosts',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{HTTP_HOST} ^(?:www\.)?example\.org$
          RewriteRule ^/(.*)$ http://%{HTTP_HOST}:8080/$1 [P]
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const rule of placedRules(configuration, filesOf(configuration))) {
        if (!rule.flags.has('P') || !rule.settled || rule.negated) continue
        const host = /^(?:https?|wss?|ftp|h2c?):\/\/([^/]*)/i.exec(rule.output)?.[1]
        const chosen = host === undefined ? wholeUrl(rule) : chosenIn(host, rule)
        if (chosen === null) continue
        yield {
          at: argumentPlace(rule.directive, 1),
          message: `\`${chosen}\` is client-controlled, and Apache proxies to the host that it names${withoutSlash(host, chosen, rule)}`,
        }
      }
    }
  },
})

/** What becomes of an ordinary path, where the slash between the port and the group is forgotten. */
function withoutSlash(host: string | undefined, chosen: string, { pattern }: PlacedRule): string {
  const before = host?.endsWith(chosen) === true ? host.slice(0, -chosen.length) : ''
  const isRest = chosen === '$1' && /^\^?\/?\(\.[*+]\)\$?$/.test(pattern)
  return isRest && /^(?:[\w-]+\.)*[\w-]+(?::\d+)?$/.test(before)
    ? `: \`/page\` is sent to \`${before}page\`, AH00898 DNS lookup failure, for no slash stands before \`$1\``
    : ''
}

/**
 * The reference by which a client names the whole URL, scheme included. A group of the path cannot: Apache
 * makes one slash of two there.
 */
function wholeUrl({ output, conditions }: PlacedRule): string | null {
  const text = /^%[1-9]/.exec(output)?.[0]
  if (text === undefined) return null
  const group = Number(text[1])
  const last = conditions.findLast(({ test, negated }) => test === 'regex' && !negated)
  if (last === undefined || !CLIENTS_WORDS.test(last.input)) return null
  const tree = readPattern(last.pattern)
  if (tree === null || tree.problem !== null || group > tree.groups) return null
  const mayBeUrl = URL_LETTERS.every(letter => mayHold(tree, letter.charCodeAt(0), group))
  return mayBeUrl && !beginsWith(tree, 47, group) && !bringsHost(tree, group) ? text : null
}

/** What a client writes as it likes, two slashes in a row among it. */
const CLIENTS_WORDS = /^%\{(?:QUERY_STRING|THE_REQUEST|HTTP_\w+|HTTP:.*)\}$/i
const URL_LETTERS = [...'http:/.']

/** The reference in a host by which a client names any host it likes; null where there is none. */
function chosenIn(host: string, rule: PlacedRule): string | null {
  for (const [text] of host.matchAll(/[$%]\d|%\{[\w:-]+\}/g)) {
    if (text.startsWith('%{')) {
      const isClient = /^%\{(?:HTTP_HOST|HTTP:.*|HTTP_\w+|QUERY_STRING|SERVER_NAME)\}$/i.test(text)
      // By `UseCanonicalName On` the name of the server is its own.
      if (!isClient || /SERVER_NAME/i.test(text)) continue
      if (isListed(text, rule.conditions)) continue
      return text
    }
    if (text.startsWith('$') && isPath(Number(text[1]), rule)) continue
    if (mayNameHost(Number(text[1]), text.startsWith('$') ? [rule.pattern] : patternsOf(rule))) return text
  }
  return null
}

/** True for a group that is nothing, or begins with a slash, at which the host ends. */
function isPath(group: number, { pattern, context }: PlacedRule): boolean {
  // The path of a URL begins with one.
  if (group === 1 && context === 'server' && /^\^?\(\.[*+]\)/.test(pattern)) return true
  const tree = readPattern(pattern)
  return tree !== null && tree.problem === null && group > 0 && beginsWith(tree, 47, group)
}

function patternsOf({ conditions }: PlacedRule): readonly string[] {
  return conditions.filter(({ test, negated }) => test === 'regex' && !negated).map(({ pattern }) => pattern)
}

/** True where a group may be any host: it may hold a dot and letters. */
function mayNameHost(group: number, patterns: readonly string[]): boolean {
  return patterns.some(pattern => {
    const tree = readPattern(pattern)
    if (tree === null || tree.problem !== null || group > tree.groups) return false
    const scope = group === 0 ? undefined : group
    return ['.', 'a', 'q'].every(letter => mayHold(tree, letter.charCodeAt(0), scope))
  })
}

/** True where a condition lets few texts through, or what ends in a name of the owner. */
function isListed(input: string, conditions: readonly RewriteCondition[]): boolean {
  return conditions.some(condition => {
    if (condition.negated || condition.input.toLowerCase() !== input.toLowerCase()) return false
    if (condition.test === '=') return true
    if (condition.test !== 'regex') return false
    const tree = readPattern(condition.pattern)
    if (tree === null || tree.problem !== null) return false
    return literalStrings(tree) !== null || /[a-z0-9-]+\\\.[a-z]+\)?\$$/i.test(condition.pattern)
  })
}
