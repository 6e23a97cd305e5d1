import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import type { RewriteCondition } from '../../src/servers/apache/requests/rewrite/rules.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'
import { withPlainWords } from './_plain-words.ts'
import { redirectWords } from './_redirects.ts'

export default defineRule({
  summary: 'A group is inserted that the pattern does not have',
  severity: 'error',
  otherSeverities: {
    info: 'where the pattern matches one path alone and the group would end the target: nothing is left out',
  },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`$1` stands for the first group of the pattern of the `RewriteRule`, `%1` for that of the `RewriteCond` that matched last. Where there is no such group, nothing is inserted, and every URL leads to the same place. `RedirectMatch`, `AliasMatch` and `SetEnvIf` insert nothing either. `%20` in a target is `%2` and a zero for the same reason.',
  remedy: 'Put parentheses around what is to be inserted: `^blog/(.*)$`; write `\\%20` for an escaped blank',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/intro.html#regex'],
  bad: [
    {
      title: 'no group in the pattern',
      files: rewritingDirectory('RewriteRule ^blog/.*$ «https://blog.example.org/$1» [R=301,L]'),
    },
    {
      title: 'no group in the condition',
      files: rewritingDirectory(conf`
        RewriteCond %{QUERY_STRING} ^id=[0-9]+$
        RewriteRule ^item\.php$ «/item/%1?» [R=301,L]
      `),
    },
    {
      title: 'an escaped blank',
      files: { 'site.conf': rewritingHost('RewriteRule ^/old$ «/new%20page» [R=301,NE,L]') },
    },
    {
      title: 'a group of a condition before the last',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{HTTP_HOST} ^www\.(.+)$
          RewriteCond %{HTTPS} off
          RewriteRule ^ «https://%1/page» [R=301,L]
        `),
      },
    },
    {
      title: 'behind a base that is filled in, and is no pattern elsewhere',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              Alias \${BASE_PATH}/ /srv/shop/
              RewriteEngine On
              RewriteRule ^\${BASE_PATH}/(de|fr)/layers\.json$ «http://api.example.org/layers?lang=$2» [P]
          </VirtualHost>
        `,
        'shop.conf.j2': conf`
          <VirtualHost *:80>
              ServerName shop.example.org
              RewriteEngine On
              RewriteRule ^{{ base }}$ {{ base }}/ [R=301,L]
              RewriteRule ^{{ base }}/item/[0-9]+$ «{{ base }}/items?id=$1» [R=301,L]
          </VirtualHost>
        `,
      },
    },
    {
      title: 'the start page, which has nothing behind it',
      files: { 'site.conf': rewritingHost('RewriteRule ^/$ «https://example.org/start/$1» [R=301,L]') },
    },
    {
      title: 'in other lines with patterns',
      files: {
        'site.conf': rewritingHost(conf`
          RedirectMatch 301 ^/blog/(\d+)/.* «/posts/$1-$2»
          AliasMatch ^/user/[^/]+/(.*)$ «/srv/users/$1/$2»
          SetEnvIf Authorization ".+" «HTTP_AUTHORIZATION=$1»
        `),
      },
    },
  ],
  good: [
    {
      title: 'groups of other lines with patterns',
      files: {
        'site.conf': rewritingHost(conf`
          RedirectMatch 301 ^/blog/(\d+)/(.*) /posts/$1-$2
          AliasMatch "^/user/(?<name>[^/]+)/(.*)$" /srv/users/$1/$2
          SetEnvIf Authorization ".+" HTTP_AUTHORIZATION=$0
          SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1
          Redirect /price /cost$1
        `),
      },
    },
    {
      title: 'every group is there',
      files: rewritingDirectory(conf`
        RewriteCond %{QUERY_STRING} ^id=([0-9]+)$
        RewriteRule ^item\.php$ /item/%1? [R=301,L]
        RewriteRule ^blog/(.*)$ https://blog.example.org/$1 [R=301,L]
        RewriteRule ^all$ /everything/$0 [R=301,L]
      `),
    },
    {
      title: 'a pattern that is filled in, and may have the group',
      files: {
        'site.conf.j2': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot {{ root }}
              RewriteEngine On
              RewriteRule ^/{{ language_regex }}/(.*)$ /$2?lang=$1 [L]
              RewriteRule ^{{ root }}/(.*)$ /moved/$1 [L]
          </VirtualHost>
        `,
      },
    },
    {
      title: 'escaped, and the group of either condition',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/old$ /new\%20page [R=301,NE,L]
          RewriteCond %{HTTP_HOST} ^www\.(.+)$ [OR]
          RewriteCond %{HTTP_HOST} ^web$
          RewriteRule ^ http://%1%{REQUEST_URI} [R=301,L]
        `),
      },
    },
    {
      title: 'conditions behind the group that match no expression',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{HTTP_HOST} ^www\.(.+)$
          RewriteCond %{HTTPS} =off
          RewriteCond %{REQUEST_URI} !^/health
          RewriteRule ^ https://%1/page [R=301,L]
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      yield* inserted(configuration, filesOf(configuration))
      for (const rule of placedRules(configuration, filesOf(configuration))) {
        if (rule.keepsUri) continue
        const group = rule.settled ? missingGroup(rule) : missingBesideFilled(rule, configuration)
        if (group === null) continue
        yield {
          ...(isNothingLost(rule, group) && { severity: 'info' as const }),
          at: argumentPlace(rule.directive, 1),
          message: `\`${group.text}\` is always empty: ${group.reason}`,
        }
      }
    }
  },
})

/** Where the pattern of a line stands; what it inserts groups into follows. */
const PATTERNS: Readonly<Record<string, number>> = {
  aliasmatch: 0,
  scriptaliasmatch: 0,
  proxypassmatch: 0,
  redirectmatch: 0,
  setenvif: 1,
  setenvifnocase: 1,
}

/** Groups that other modules insert. */
function* inserted(configuration: ApacheConfiguration, files: FileSystem): Iterable<RuleFinding> {
  for (const [name, usual] of Object.entries(PATTERNS)) {
    for (const line of everywhere(configuration, files, name)) {
      const isInside = line.parent !== null && /^Location/i.test(line.parent.name)
      const index = name === 'redirectmatch' ? redirectWords(line)?.path : isInside ? undefined : usual
      const pattern = index === undefined ? undefined : line.args[index]?.value
      const groups = pattern === undefined || !isSettled(pattern) ? null : groupsIn(pattern)
      if (index === undefined || groups === null) continue
      for (const [at, { value }] of line.args.entries()) {
        if (at <= index) continue
        const text = value
          .replace(/\\./g, '')
          .match(/\$[1-9]/g)
          ?.find(group => Number(group[1]) > groups)
        if (text === undefined) continue
        yield {
          at: argumentPlace(line, at),
          message: `\`${text}\` is always empty: the pattern \`${pattern}\` has ${counted(groups)}`,
        }
      }
    }
  }
}

interface MissingGroup {
  readonly text: string
  readonly reason: string
}

function missingGroup(rule: PlacedRule): MissingGroup | null {
  const { output, conditions } = rule
  for (const [text, sign = '', digit = ''] of output.replace(/\\./g, '').matchAll(/([$%])([1-9])/g)) {
    if (sign === '$') {
      const groups = rule.negated ? 0 : groupsIn(rule.pattern)
      if (groups !== null && Number(digit) > groups)
        return { text, reason: `the pattern \`${rule.pattern}\` has ${counted(groups)}` }
      continue
    }
    const last = lastMatched(conditions)
    const ofLast = last === null ? null : groupsIn(last.pattern)
    if (last !== null && ofLast !== null && Number(digit) > ofLast && conditions.length > 1)
      return { text, reason: `the condition that matches last, \`${last.pattern}\`, has ${counted(ofLast)}` }
    const known = conditions.map(({ test, negated, pattern }) => {
      if (test === 'expression') return null
      return test === 'regex' && !negated ? groupsIn(pattern) : 0
    })
    if (known.every(groups => groups !== null && Number(digit) > groups))
      return {
        text,
        reason:
          conditions.length === 0
            ? 'no `RewriteCond` stands before the rule'
            : 'no condition has such a group',
      }
  }
  return null
}

/** Of a pattern in which something is filled in that has no group, as it is no pattern elsewhere. */
function missingBesideFilled(
  { pattern, output, negated }: PlacedRule,
  configuration: ApacheConfiguration,
): MissingGroup | null {
  const filled = negated ? null : withPlainWords(pattern, configuration)
  const groups = filled === null ? null : groupsIn(filled)
  if (groups === null) return null
  for (const [text, digit] of output.replace(/\\./g, '').matchAll(/\$([1-9])/g))
    if (Number(digit) > groups) return { text, reason: `the pattern \`${pattern}\` has ${counted(groups)}` }
  return null
}

/** The condition whose groups `%1` and its like are: each that matches takes the place of those before. */
function lastMatched(conditions: PlacedRule['conditions']): RewriteCondition | null {
  if (conditions.some(({ orNext, test }) => orNext || test === 'expression')) return null
  return conditions.findLast(({ test, negated }) => test === 'regex' && !negated) ?? null
}

/** True where the target is the one that was meant, for there is nothing that the group could have held. */
function isNothingLost({ pattern, output }: PlacedRule, { text }: MissingGroup): boolean {
  return text.startsWith('$') && output.endsWith(text) && /^\^[\w/-]*\/?\??\$$/.test(pattern)
}

function counted(groups: number): string {
  if (groups === 0) return 'no group'
  return groups === 1 ? 'one group' : `${groups} groups`
}

function groupsIn(pattern: string): number | null {
  const tree = readPattern(pattern)
  return tree === null || tree.problem !== null ? null : tree.groups
}
