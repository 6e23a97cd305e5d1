import { type Place, isUnknownWord } from '../../parsers/text/source.ts'
import { insertBefore, propose } from '../../src/deployment/edits.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { conditionWords } from '../../src/servers/nginx/queries/conditions.ts'
import { maps } from '../../src/servers/nginx/queries/maps.ts'
import { optionalBeforeQuery } from '../../src/servers/pcre/optional-before-query.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${lines}
    `),
  )
const withMap = (entry: string): string =>
  nginxMain([
    conf`
      map $request_uri $moved {
          default "";
          ${entry} /pages/lamp;
      }
    `,
    nginxServer(conf`
      root /srv/www;
      if ($moved) {
          return 301 $moved;
      }
    `),
  ])

export default defineRule({
  summary: 'A question mark without a backslash makes the letter before it optional',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'In a regular expression `?` is no letter. `^/item.php?id=7` matches `/item.phid=7`, which nobody asks for, and never the URL that it is copied from: the redirect does nothing.',
  remedy: 'Write `\\?`, or ask for the argument: `if ($arg_id = 7)`',
  references: ['https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#if'],
  bad: [
    {
      title: 'a condition',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          if ($request_uri ~ «"^/page.php?id=42$"») {
              return 301 /pages/lamp;
          }
        `),
      },
    },
    {
      title: 'a slash before it',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          if ($request_uri ~* «^/shop/?product=42») {
              return 301 /pages/lamp;
          }
        `),
      },
    },
    {
      title: 'an entry of a map',
      files: { 'etc/nginx/nginx.conf': withMap('«~^/page\\.php?id=42$»') },
    },
  ],
  good: [
    {
      title: 'with a backslash',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          if ($request_uri ~ "^/page\.php\?id=42$") {
              return 301 /pages/lamp;
          }
        `),
      },
    },
    {
      title: 'a letter that may be missing, and what is no URL',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          if ($request_uri ~ "^/pages?/") {
              return 301 /pages/lamp;
          }
          if ($request_uri ~ "^/paint\?colou?r=red") {
              return 301 /pages/paint;
          }
          if ($args ~ colou?r=red) {
              return 301 /pages/red;
          }
        `),
      },
    },
    { title: 'an entry of a map', files: { 'etc/nginx/nginx.conf': withMap('~^/page\\.php\\?id=42$') } },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const { pattern, at } of patternsOfUrls(configuration)) {
        if (!pattern.includes('?') || isUnknownWord(pattern)) continue
        const tree = readPattern(pattern)
        const offset = tree === null ? null : optionalBeforeQuery(tree)
        if (offset === null) continue
        const written = at.source.text.slice(at.start, at.end)
        const start = written.indexOf(pattern)
        yield {
          at,
          message: `\`?\` makes \`${pattern[offset - 1] ?? ''}\` optional: no URL with a query matches \`${pattern}\``,
          label: 'never matches',
          ...propose('Write `\\?`', 'unsafe', [
            start === -1
              ? null
              : insertBefore(
                  { ...at, start: at.start + start + offset, end: at.start + start + offset },
                  '\\',
                ),
          ]),
        }
      }
    }
  },
})

interface Pattern {
  readonly pattern: string
  readonly at: Place
}

/** What is compared with the URL as the client sends it, query and all. */
function* patternsOfUrls(configuration: NginxConfiguration): Generator<Pattern> {
  for (const directive of configuration.occurrences.get('if') ?? []) {
    const [subject, operator, pattern] = conditionWords(directive)
    if (subject !== '$request_uri' || pattern === undefined || !/^!?~\*?$/.test(operator ?? '')) continue
    const index = directive.args.findIndex(({ value }) => value === pattern || value === `${pattern})`)
    if (index === -1) continue
    const place = argumentPlace(directive, index)
    const isClosed = directive.args[index]?.value !== pattern
    yield { pattern, at: isClosed ? { ...place, end: place.end - 1 } : place }
  }
  for (const { source, regexes } of maps(configuration).values()) {
    if (!/\$(?:request_uri\b|\{request_uri\})$/.test(source)) continue
    for (const entry of regexes) yield { pattern: entry.name.replace(/^~\*?/, ''), at: namePlace(entry) }
  }
}
