import { once } from '../../parsers/collections/once.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isAnchoredAtStart } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { compilePcre, type Pcre } from '../../src/servers/regex.ts'
import { hides, matchesEveryPath, MOST_COMPARED, samplesOf } from './_hidden-patterns.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${lines}
      location / {
          return 200 page;
      }
  }
`

export default defineRule({
  summary: 'A `rewrite` that an earlier one leaves no request to',
  severity: 'warning',
  otherSeverities: { info: 'where both say the same' },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx asks the lines one after the other. A `rewrite` with `last`, `break`, `redirect` or `permanent`, or to a whole URL, ends the list for every path that it matches, and a later line for some of these paths is never applied: the page goes where the earlier line says.',
  remedy: 'Put the narrower line first, or end the earlier expression with `$`',
  references: ['https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#rewrite'],
  bad: [
    {
      title: 'the beginning of a path before the path',
      files: {
        'nginx.conf': site(conf`
          rewrite ^/news /blog/ permanent;
          rewrite «^/news/archive$» /archive/ permanent;
        `),
      },
    },
    {
      title: 'everything first',
      files: {
        'nginx.conf': site(conf`
          rewrite ^/(.*)$ https://www.example.org/$1 permanent;
          rewrite «^/shop/?$» https://shop.example.org/ permanent;
        `),
      },
    },
    {
      title: 'one path for two',
      files: {
        'nginx.conf': site(conf`
          rewrite ^/.well-known/caldav$ /calendars/ redirect;
          rewrite «^/.well-known/caldav$» /contacts/ redirect;
        `),
      },
    },
    {
      title: 'the same line again',
      files: {
        'nginx.conf': site(conf`
          rewrite ^/.well-known/caldav$ /dav/ redirect;
          rewrite «^/.well-known/caldav$» /dav/ redirect;
        `),
      },
    },
    {
      title: 'in a location',
      files: {
        'nginx.conf': site(conf`
          location /api/ {
              rewrite ^/api/(.*)$ /$1 break;
              rewrite «^/api/v1/(.*)$» /old/$1 break;
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'the narrower line first',
      files: {
        'nginx.conf': site(conf`
          rewrite ^/news/archive$ /archive/ permanent;
          rewrite ^/news /blog/ permanent;
        `),
      },
    },
    {
      title: 'two paths',
      files: {
        'nginx.conf': site(conf`
          rewrite ^/.well-known/caldav$ /dav/ redirect;
          rewrite ^/.well-known/carddav$ /dav/ redirect;
        `),
      },
    },
    {
      title: 'a line that changes the path and goes on',
      files: {
        'nginx.conf': site(conf`
          rewrite ^/news/(.*)$ /blog/$1;
          rewrite ^/news/archive$ /archive/ last;
          rewrite ^/old/(.*)$ /$1 last;
          rewrite ^/(.*)/index.html$ /$1/;
          rewrite ^/old/(.*)/$ /$1 last;
        `),
      },
    },
    {
      title: 'for some requests alone',
      files: {
        'nginx.conf': site(conf`
          if ($host = www.example.org) {
              rewrite ^/(.*)$ https://example.org/$1 permanent;
          }
          rewrite ^/shop/?$ https://shop.example.org/ permanent;
        `),
      },
    },
    {
      title: 'a part of what the later line is for',
      files: {
        'nginx.conf': site(conf`
          rewrite ^/news/\d+$ /blog/ permanent;
          rewrite ^/news/\w+$ /archive/ permanent;
          rewrite ^/shop$ /store/ permanent;
          rewrite (?i)^/shop$ /market/ permanent;
          rewrite ^/a/(?!b) /c/ permanent;
          rewrite ^/a/x$ /d/ permanent;
        `),
      },
    },
  ],
  *check({ nginx }) {
    for (const { occurrences } of nginx) {
      const scopes = new Set<NginxDirective>()
      for (const { parent } of occurrences.get('rewrite') ?? []) {
        if (parent === null || scopes.has(parent)) continue
        scopes.add(parent)
        yield* hiddenIn(parent)
      }
    }
  },
})

/** A line that ends the list for what it matches. */
interface Ending {
  readonly directive: NginxDirective
  readonly pattern: string
  readonly regex: Pcre
}

function* hiddenIn({ children }: NginxDirective): Iterable<RuleFinding> {
  let earlier: Ending[] = []
  const patterns = new Map<string, Ending>()
  for (const directive of children) {
    if (directive.name === 'if' && directive.children.some(goesOn)) {
      earlier = []
      patterns.clear()
    }
    const pattern = directive.args[0]?.value
    if (directive.name !== 'rewrite' || pattern === undefined || isUnknownWord(pattern)) continue
    const by = hidingLine(directive, pattern, earlier, patterns)
    if (by !== null) {
      const isSame = saysSame(by.directive, directive)
      yield {
        at: argumentPlace(directive, 0),
        ...(isSame && { severity: 'info' as const }),
        message: isSame
          ? 'an earlier `rewrite` says the same of every path that this one matches'
          : `\`rewrite ${by.pattern}\` above matches every path that this one does, and ends the list`,
        label: 'never applied',
        related: [{ at: argumentPlace(by.directive, 0), message: 'applied in its place' }],
      }
      continue
    }
    if (goesOn(directive)) {
      // The path that it makes is one that the lines above were not asked for.
      earlier = []
      patterns.clear()
      continue
    }
    const regex = compilePcre(pattern)
    if (regex === null) continue
    const ending = { directive, pattern, regex }
    patterns.set(pattern, ending)
    if (earlier.length < MOST_COMPARED) earlier.push(ending)
  }
}

/** True for a `rewrite` behind which the list goes on with another path. */
function goesOn({ name, args }: NginxDirective): boolean {
  if (name !== 'rewrite') return false
  const [, replacement, flag] = args
  return (
    !/^(?:last|break|redirect|permanent)$/.test(flag?.value ?? '') &&
    !/^(?:https?:\/\/|\$scheme)/.test(replacement?.value ?? '')
  )
}

function hidingLine(
  directive: NginxDirective,
  pattern: string,
  earlier: readonly Ending[],
  patterns: ReadonlyMap<string, Ending>,
): Ending | null {
  // Letters in both cases stand in no sample.
  const isCaseless = /\(\?\w*i/.test(pattern)
  const own = { pattern, caseless: false }
  const twin = patterns.get(pattern)
  if (twin !== undefined) return areTogether(twin.directive, directive) ? twin : null
  const samples = once(() => samplesOf(own))
  const tree = readPattern(pattern)
  if (tree === null || earlier.length === 0) return null
  const isAtStart = isAnchoredAtStart(tree)
  const sample = once(() => samples()?.[0] ?? null)
  const by = earlier.find(line => {
    if (matchesEveryPath(line.pattern)) return true
    if (isCaseless && !/^\(\?\w*i/.test(line.pattern)) return false
    const text = isAtStart ? sample() : null
    if (isAtStart && (text === null || line.regex.test(text) !== true)) return false
    return hides({ pattern: line.pattern, caseless: false }, own, samples)
  })
  return by !== undefined && areTogether(by.directive, directive) ? by : null
}

/** True where no statement of a template stands between the two: it may choose one of them. */
function areTogether(one: NginxDirective, other: NginxDirective): boolean {
  const { source } = other
  return (
    one.source === source && !source.gaps.some(gap => gap > one.node.start && gap < other.node.terminator)
  )
}

function saysSame(one: NginxDirective, other: NginxDirective): boolean {
  return (
    one.args[1]?.value === other.args[1]?.value &&
    one.args[2]?.value === other.args[2]?.value &&
    (one.args[0]?.value === other.args[0]?.value || !/\$\d/.test(one.args[1]?.value ?? ''))
  )
}
