import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import type { Htaccess } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { hostOfRule, type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { isAnchoredAtStart, literalPrefix } from '../../src/servers/pcre/pattern-facts.ts'
import { APACHE_OPTIONS, readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { HTACCESS_MAIN } from '../_rewriting-examples.ts'

const rules = (lines: string, directory = 'wiki'): Record<string, string> => ({
  'etc/apache2/apache2.conf': HTACCESS_MAIN,
  [`srv/www/${directory}/.htaccess`]: conf`
    RewriteEngine On
    ${lines}
  `,
})

export default defineRule({
  summary: 'A RewriteRule in .htaccess whose pattern begins with the name of its own directory',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'In `.htaccess`, mod_rewrite compares what follows the directory: of `/wiki/page`, the file in `wiki` sees `page`. A pattern that begins with `wiki/` matches `/wiki/wiki/page` alone, and the line does nothing.',
  remedy: 'Leave the name of the directory out: `^page$`; for the directory itself write `^$`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewriterule'],
  bad: [
    {
      title: 'a page of the directory',
      files: rules('RewriteRule «^wiki/(.*)$» https://wiki.example.org/$1 [R=302,L]'),
    },
    {
      title: 'the directory itself, and a path from the root',
      files: rules(
        conf`
          RewriteRule «^data/terms$» https://data.example.org/terms.html [R=303,L]
          RewriteRule ^data/terms/latest$ https://data.example.org/latest.html [R=303,L]
        `,
        'data/terms',
      ),
    },
    {
      title: 'below a .htaccess of the root, in files of their own',
      files: {
        'site/.htaccess': conf`Options -Indexes`,
        'site/wiki/.htaccess': conf`
          RewriteEngine On
          RewriteRule «^wiki/?$» https://wiki.example.org/ [R=302,L]
        `,
      },
    },
    {
      title: 'a file of another host, below a directory of the same name',
      files: rules('RewriteRule «^wiki/terms/?» https://files.example.net/wiki/main/terms.ttl [R=303,L]'),
    },
    {
      title: 'everything that begins with the name',
      files: rules('RewriteRule «^wiki(.*)$» https://pages.example.net/$1 [R=302,L]'),
    },
    {
      title: 'a script of the directory, which was to answer',
      files: {
        ...rules('RewriteRule «^wiki/page/([0-9]+)/?$» page.php?id=$1 [L,QSA]'),
        'srv/www/wiki/page.php': '<?php',
      },
    },
    {
      title: 'its front controller, by a path from the root',
      files: {
        ...rules('RewriteRule «^wiki/(.*)$» /wiki/index.php?page=$1 [L]'),
        'srv/www/wiki/index.php': '<?php',
      },
    },
  ],
  good: [
    {
      title: 'without the name, and a name that only begins like it',
      files: rules(conf`
        RewriteRule ^page$ https://wiki.example.org/page [R=302,L]
        RewriteRule ^wiki-old/(.*)$ https://wiki.example.org/$1 [R=302,L]
        RewriteRule ^(wiki|news)/x$ https://wiki.example.org/x [R=302,L]
        RewriteRule ^wiki\.html$ https://wiki.example.org/x [R=302,L]
      `),
    },
    {
      title: 'a directory of the same name below it',
      files: {
        ...rules('RewriteRule ^wiki/(.*)$ /news/$1 [R=302,L]'),
        'srv/www/wiki/wiki/index.html': 'a page',
      },
    },
    {
      title: 'URLs with the name twice that people have, and are led away from',
      files: rules(conf`
        RewriteRule ^wiki/(.*)$ /wiki/$1 [R=301,L]
        RewriteRule ^wiki/start$ https://www.example.org/wiki/start [R=301,L]
      `),
    },
    {
      title: 'a script below the directory, for paths that a rule of the root puts there',
      files: {
        ...rules('RewriteRule ^wiki/page/([0-9]+)$ page.php?id=$1 [L]'),
        'srv/www/wiki/page.php': '<?php',
        'srv/www/.htaccess': conf`
          RewriteEngine On
          RewriteCond %{REQUEST_URI} !^/wiki/wiki/
          RewriteRule ^(.*)$ wiki/$1 [L]
        `,
      },
    },
    {
      title: 'a directory that may be a root itself',
      files: {
        'blog/.htaccess': conf`
          RewriteEngine On
          RewriteRule ^blog/(.*)$ /$1 [R=301,L]
        `,
      },
    },
    {
      title: 'one page among others that is called like the directory',
      files: rules(conf`
        RewriteRule ^wiki$ https://wiki.example.org/start [R=302,L]
        RewriteRule ^help$ https://wiki.example.org/help [R=302,L]
      `),
    },
    {
      title: 'the same with or without a slash at its end',
      files: rules(conf`
        RewriteRule ^start/?$ https://wiki.example.org/start [R=303,L]
        RewriteRule ^wiki/?$ https://wiki.example.org/wiki [R=303,L]
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const rule of placedRules(configuration, files)) {
        const { directory, context, directive } = rule
        if (directory === null || context !== 'directory' || rule.negated || !rule.settled) continue
        // Of what lies elsewhere nobody knows what is there.
        if (files.list(directory.slice(0, -1)) === null) continue
        const root = documentRoot({ configuration, host: hostOfRule(configuration, rule) })
        if (!root.known || !directory.startsWith(`${root.value}/`)) continue
        const path = directory.slice(root.value.length + 1, -1)
        const repeated = path === '' ? null : repeatedPart(rule, path)
        if (repeated === null || isThere(files, directory, repeated)) continue
        if (leadsBack(rule, path, file => files.kind(directory + file) === 'file')) continue
        if (isLedInto(configuration, files, homeOf(rule), posix.basename(path))) continue
        const behind = rule.pattern.slice(repeated.length + 1)
        const isNamed = !behind.startsWith('/') || behind === '/?$'
        if (isNamed && hasOthers(placedRules(configuration, files), homeOf(rule), repeated)) continue
        yield {
          at: argumentPlace(directive, 0),
          cause: `${directory} ${repeated}`,
          label: 'begins with it as well',
          message: `Apache compares what follows \`/${path}/\` here, so this matches \`/${path}/${repeated}\` and not \`/${path.slice(0, path.length - repeated.length)}${repeated}\``,
        }
      }
    }
  },
})

/** The directory's own path, or its name, with which the pattern begins; null where it does not. */
function repeatedPart({ pattern }: PlacedRule, path: string): string | null {
  const tree = readPattern(pattern, APACHE_OPTIONS)
  if (tree === null || tree.problem !== null || !isAnchoredAtStart(tree)) return null
  const prefix = literalPrefix(tree)
  for (const part of [path, posix.basename(path)]) {
    if (prefix.startsWith(`${part}/`)) return part
    const rest = pattern.slice(part.length + 1)
    if (prefix === part && (/^(?:\$|\(?\/)/.test(rest) || ANYTHING.test(rest))) return part
  }
  return null
}

/** What takes the rest of the path, the name of a longer file as well: `^wiki(.*)$`. */
const ANYTHING = /^\((?:\.|\[\^\/\])\*\)\$?$/

/** The `.htaccess` or the section that a rule stands in; null for the main server. */
type Home = Htaccess | ApacheDirective | null

function homeOf({ htaccess, directive }: PlacedRule): Home {
  return htaccess ?? directive.parent
}

/** True where other rules of the file are for other names: then `^wiki$` may be for a page that is called so as well. */
function hasOthers(rules: readonly PlacedRule[], home: Home, name: string): boolean {
  return rules.some(rule => homeOf(rule) === home && !rule.pattern.startsWith(`^${name}`))
}

function isThere(files: FileSystem, directory: string, part: string): boolean {
  return files.kind(directory + part.split('/')[0]) !== null
}

/**
 * True for a redirect of such a URL to the one without the repetition. A script that is there and named without a part of
 * the URL is none: it was to answer `/wiki/page`. Another host may have a directory of that name: what leads back from
 * there keeps the rest of the path.
 */
function leadsBack(
  { output, pattern }: PlacedRule,
  path: string,
  isFile: (path: string) => boolean,
): boolean {
  const target = output.replace(/^https?:\/\/[^/]+/i, '')
  const isOwn = target.startsWith(`/${path}/`) || target.startsWith(`/${path}$`)
  if (output !== '' && !isOwn && /^\/|^[a-z]+:/i.test(output)) return false
  const script = (isOwn ? target.slice(path.length + 2) : output).replace(/\?.*$/, '')
  if (target !== output && !/\$\d/.test(target) && !pattern.includes(script)) return false
  return !/^[\w./-]+$/.test(script) || !isFile(script)
}

/** True where a rule elsewhere puts the name in front of a part of the URL: then it may stand in a path twice. */
function isLedInto(configuration: ApacheConfiguration, files: FileSystem, home: Home, name: string): boolean {
  const places = prefixesAdded(configuration, files).get(name)
  return places !== undefined && (places.size > 1 || !places.has(home))
}

/** The directories that rules put in front of a part of the URL (`public/$1`), with the files of the rules. */
const prefixesAdded = memoByKey(
  (configuration: ApacheConfiguration, files: FileSystem): ReadonlyMap<string, ReadonlySet<Home>> => {
    const found = new Map<string, Set<Home>>()
    for (const rule of placedRules(configuration, files)) {
      const { output } = rule
      const home = homeOf(rule)
      const added = /^[^?]*\/(?=[^?]*[$%])/.exec(output)?.[0] ?? ''
      for (const name of added.split('/')) {
        const places = found.get(name)
        if (places === undefined) found.set(name, new Set([home]))
        else places.add(home)
      }
    }
    return found
  },
)
