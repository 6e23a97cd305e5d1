import { once } from '../../parsers/collections/once.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import {
  type LocationIndex,
  locationIndex,
  type NginxLocation,
  readLocation,
} from '../../src/servers/nginx/queries/locations.ts'
import { isAnchoredAtStart } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { compilePcre, type Pcre } from '../../src/servers/regex.ts'
import { endOfList } from './_ended-list.ts'
import { hides, looksAround, MOST_COMPARED, matchesEveryPath, samplesOf } from './_hidden-patterns.ts'

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

/** A site with locations for scripts and for pictures. */
const overRegex = (lines: string, outer = ''): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      ${outer}
      location / {
          ${lines}
          try_files $uri $uri/ =404;
      }
      location ~ \.php$ {
          return 200 script;
      }
      location ~* \.(?:jpe?g|png)$ {
          expires 30d;
      }
  }
`

export default defineRule({
  summary: 'A `rewrite` or `if` that no request for its path comes to',
  severity: 'warning',
  otherSeverities: { info: 'where both say the same' },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx asks the lines one after the other. A `rewrite` with `last`, `break`, `redirect` or `permanent`, or to a whole URL, ends the list for every path that it matches, and a later line for some of these paths is never applied, nor is a condition: the page goes where the earlier line says. And a line in a location, such as `/`, is not asked for what a regular expression takes first: `\\.php$` and the one for pictures have their requests to themselves.',
  remedy:
    'Put the narrower line first, or end the earlier expression with `$`; put a line for paths of another location into the server, before all locations',
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
    {
      title: 'a condition behind the end of the list',
      files: {
        'nginx.conf': site(conf`
          location ^~ /own/ {
              rewrite ^/own/(.*)$ /$1 break;
              «if» ($uri ~ \.html$) {
                  add_header X-Frame-Options DENY;
              }
              root /srv/own;
          }
        `),
      },
    },
    {
      title: 'for scripts, which a regular expression takes',
      files: {
        'nginx.conf': overRegex(conf`
          rewrite «^/old\.php$» /new/ permanent;
        `),
      },
    },
    {
      title: 'for pictures, which a regular expression takes',
      files: {
        'nginx.conf': overRegex(conf`
          rewrite ^/news/(.*)$ /blog/$1 permanent;
          rewrite «^/(\d)(-\w+)?/.+\.jpg$» /img/$1/$1$2.jpg last;
        `),
      },
    },
  ],
  good: [
    {
      title: 'conditions in front of the end of the list, and behind one of some paths',
      files: {
        'nginx.conf': site(conf`
          location /own/ {
              if ($uri ~ \.html$) {
                  add_header X-Frame-Options DENY;
              }
              rewrite ^/own/(.+\.css)$ /$1 break;
              if ($uri ~ \.js$) {
                  add_header X-Frame-Options DENY;
              }
              root /srv/own;
          }
        `),
      },
    },
    {
      title: 'in the server, before the locations',
      files: {
        'nginx.conf': overRegex('', 'rewrite ^/old\\.php$ /new/ permanent;'),
      },
    },
    {
      title: 'for paths with and without an ending',
      files: {
        'nginx.conf': overRegex(conf`
          rewrite ^/old(?:\.php)?$ /new/ permanent;
          rewrite ^/blog/(.*)$ /$1 permanent;
          rewrite ^/a/(.*)$ /b/$1;
          rewrite ^/b/c\.php$ /d/ permanent;
        `),
      },
    },
    {
      title: 'a prefix that regular expressions are not asked for',
      files: {
        'nginx.conf': overRegex('', 'location ^~ /shop/ { rewrite ^/shop/old\\.php$ /new/ permanent; }'),
      },
    },
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
        if (parent.name === 'location') yield* takenFrom(parent)
      }
      for (const condition of occurrences.get('if') ?? []) {
        const end = endOfList(condition)
        // A `return` in front of all else is how people take a page out of service.
        if (end === null || end.name === 'return') continue
        yield {
          at: namePlace(condition),
          message: `\`${end.name}\` above ends the list for every path of this block, so the condition is never asked`,
          label: 'never holds',
          related: [{ at: namePlace(end), message: 'ends it' }],
          help: 'Put the `if` in front of that line',
        }
      }
    }
  },
})

/** Lines of a location for paths that nginx answers by another one. */
function* takenFrom(location: NginxDirective): Iterable<RuleFinding> {
  const scope = location.parent
  const { modifier } = readLocation(location)
  if (scope?.name !== 'server' || modifier !== '') return
  const index = locationIndex(scope)
  if (index.unread.length > 0 || index.regexes.length === 0) return
  if (index.regexes.some(({ regex }) => regex === null)) return
  for (const directive of location.children) {
    // What follows is asked of another path.
    if (goesOn(directive) || (directive.name === 'if' && directive.children.some(goesOn))) return
    const pattern = directive.args[0]?.value
    if (directive.name !== 'rewrite' || pattern === undefined || isUnknownWord(pattern)) continue
    const tree = readPattern(pattern)
    if (!pattern.startsWith('^/') || tree === null || !isAnchoredAtStart(tree) || looksAround(pattern))
      continue
    const taking = takingAll(index, samplesOf({ pattern, caseless: false }) ?? [])
    if (taking === null || repeats(taking.directive, pattern)) continue
    yield {
      at: argumentPlace(directive, 0),
      message: `\`location ${taking.modifier} ${taking.name}\` takes every path that this one is for, so it is never asked`,
      label: 'never applied',
      related: [{ at: taking.at, message: 'takes them' }],
      help: 'Put the line into the server, before all locations',
    }
  }
}

/** The location by regular expression to which nginx gives all of these paths; null where some go elsewhere. */
function takingAll(index: LocationIndex, paths: readonly string[]): NginxLocation | null {
  let taking: NginxLocation | null = null
  for (const path of paths) {
    if (!/^\/[\x21-\x7e]*$/.test(path) || /[?#%]|\/\/|\/\.\.?(?:\/|$)/.test(path) || index.exact.has(path))
      return null
    const length = index.lengths.find(each => index.prefixes.has(path.slice(0, each)))
    const prefix = length === undefined ? undefined : index.prefixes.get(path.slice(0, length))
    if (prefix?.modifier === '^~') return null
    const first = index.regexes.find(({ regex }) => regex?.test(path) === true)
    if (first === undefined) return null
    taking ??= first.location
  }
  return taking
}

function repeats({ children }: NginxDirective, pattern: string): boolean {
  return children.some(({ name, args }) => name === 'rewrite' && args[0]?.value === pattern)
}

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
