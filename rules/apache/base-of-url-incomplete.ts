import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { isForHtaccess } from '../../src/servers/apache/htaccess-alone.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { hostOfRule, type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { mayBeEmpty } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { placeText } from '../../parsers/text/source.ts'
import { apacheMain } from '../_examples.ts'
import { rewritingDirectory } from '../_rewriting-examples.ts'

const htaccess = (condition: string, target: string): string => conf`
  RewriteEngine On
  RewriteCond %{REQUEST_URI}::$1 ${condition}
  RewriteRule ^(.*) - [E=BASE:%1]
  RewriteCond %{REQUEST_FILENAME} -f
  RewriteRule ^ - [L]
  RewriteRule ^ ${target} [L]
`

/** An application that Apache serves below an alias. */
const belowAlias = (target: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      Alias /shop /srv/shop
      <Directory /srv/shop>
          AllowOverride All
          Options FollowSymLinks
          Require all granted
      </Directory>
    `,
    ['rewrite', 'alias', 'env'],
  ),
  'srv/shop/.htaccess': htaccess(String.raw`^(/.+)/(.*)::\2$`, target),
})

export default defineRule({
  summary:
    'The URL of the directory, which rules work out themselves, is not what stands before their target',
  severity: 'info',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'Below an `Alias`, or in a directory of another site, `%{REQUEST_URI}::$1` and `\\2` tell the URL of the directory, without its last slash. Where a group may not be empty, the start page has no such URL; where no slash follows the variable, every page is looked for at `/shopindex.php`. At the root of a site nobody notices: the variable is empty there.',
  remedy: 'Write `^(/.+)/(.*)::\\2$` and `%{ENV:BASE}/index.php`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritecond'],
  bad: [
    {
      title: 'the start page is left out',
      files: { '.htaccess': htaccess(String.raw`«^(/.+)/(.+)::\2$»`, '%{ENV:BASE}/index.php') },
    },
    {
      title: 'no slash between',
      files: { '.htaccess': htaccess(String.raw`^(/.+)/(.*)::\2$`, '«%{ENV:BASE}index.php»') },
    },
    { title: 'no slash between, below an alias', files: belowAlias('«%{ENV:BASE}index.php»') },
  ],
  good: [
    { title: 'a slash between, below an alias', files: belowAlias('%{ENV:BASE}/index.php') },
    {
      title: 'both',
      files: { '.htaccess': htaccess(String.raw`^(/.+)/(.*)::\2$`, '%{ENV:BASE}/index.php') },
    },
    {
      title: 'the slash is in the group',
      files: { '.htaccess': htaccess(String.raw`^(/.+/)(.*)::\2$`, '%{ENV:BASE}index.php') },
    },
    {
      title: 'the root of a site',
      files: rewritingDirectory(conf`
        RewriteCond %{REQUEST_URI}::$1 ^(/.+)/(.+)::\2$
        RewriteRule ^(.*) - [E=BASE:%1]
        RewriteRule ^ %{ENV:BASE}index.php [L]
      `),
    },
    {
      title: 'a rule that is not for the start page',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteCond %{REQUEST_URI}::$1 ^(/.+)/(.+)::\2$
          RewriteRule ^(.*) - [E=BASE:%1]
          RewriteRule ^old$ %{ENV:BASE}/new [R=301,L]
        `,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const rules = placedRules(configuration, filesOf(configuration)).filter(
        rule => rule.context === 'directory' && rule.settled && !isAtRoot(configuration, rule),
      )
      for (const inSection of groupBy(
        rules,
        ({ directive, htaccess: file }) => directive.parent ?? file,
      ).values())
        for (const [index, rule] of inSection.entries()) yield* ofBase(rule, inSection.slice(index + 1))
    }
  },
})

/** What is wrong with the variable that a rule sets to the URL of its directory, or with its use. */
function* ofBase({ environment, conditions, pattern }: PlacedRule, later: readonly PlacedRule[]) {
  const [name] = environment.flatMap(each => /^(\w+):%1$/.exec(each)?.[1] ?? [])
  const condition = conditions.at(-1)
  if (name === undefined || condition === undefined || !/^\^?\(\.\*\)\$?$/.test(pattern)) return
  if (condition.negated || !/^%\{REQUEST_URI\}::\$1$/.test(condition.input)) return
  const [, rest] = /^\^\(\/\.\+\)\/\((\.[+*])\)::\\2\$$/.exec(condition.pattern) ?? []
  if (rest === undefined) return
  const variable = `%{ENV:${name}}`
  const users = later.filter(({ output }) => output.startsWith(variable))
  yield* emptyAtStart(condition, rest, users, variable)
  for (const user of users) yield* withoutSlash(user, variable)
}

function* emptyAtStart(
  { directive }: PlacedRule['conditions'][number],
  rest: string,
  users: readonly PlacedRule[],
  variable: string,
): Iterable<RuleFinding> {
  const user = users.find(each => !each.negated && takesNothing(each.pattern))
  if (rest !== '.+' || user === undefined) return
  const at = argumentPlace(directive, 1)
  const text = placeText(at)
  yield {
    at,
    message: `the second group may not be empty, so for the start page of a site at \`/shop/\` it is \`${user.output.replace(variable, '')}\` of the whole server`,
    ...propose('Let the group be empty', 'unsafe', [
      text.includes('(.+)::') ? replacePlace(at, text.replace('(.+)::', '(.*)::')) : null,
    ]),
  }
}

function* withoutSlash({ directive, output }: PlacedRule, variable: string): Iterable<RuleFinding> {
  const target = output.slice(variable.length)
  if (!/^\w/.test(target)) return
  const at = argumentPlace(directive, 1)
  const text = placeText(at)
  yield {
    at,
    message: `\`${variable}\` ends without a slash, so a site at \`/shop/\` looks for \`/shop${target}\``,
    ...propose('Add the slash', 'unsafe', [
      text.includes(variable) ? replacePlace(at, text.replace(variable, `${variable}/`)) : null,
    ]),
  }
}

function takesNothing(pattern: string): boolean {
  const tree = readPattern(pattern)
  return tree !== null && tree.problem === null && mayBeEmpty(tree)
}

/** True for a rule of the directory that a server is known to serve as a whole. */
function isAtRoot(configuration: ApacheConfiguration, rule: PlacedRule): boolean {
  if (rule.directory === null || configuration.main === null || isForHtaccess(configuration.main))
    return false
  const host = hostOfRule(configuration, rule)?.directive ?? null
  const root = directivesIn(configuration, host, 'documentroot').at(-1)?.args[0]?.value
  return root?.replace(/\/*$/, '/') === rule.directory
}
