import { UNKNOWN } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { isPrefixOf } from '../../src/servers/apache/queries/wsgi-script-aliases.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:80>
  ServerName example.org
  ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'A ProxyPass that one asked before it covers',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'The first `ProxyPass` whose path matches decides. One for a part of an earlier one’s path never does anything, an exclusion with `!` no more than any other: what was to stay on this server goes to the backend. One in a `<Location>` is asked before all that stand outside of sections.',
  remedy:
    'Write the longer path first, or, beside a `<Location>` that has a `ProxyPass`, as a `<Location>` behind it',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypass'],
  bad: [
    {
      title: 'an exclusion behind the rule that it excludes from',
      files: {
        'site.conf': host(conf`
          ProxyPass / http://127.0.0.1:8000/
          ProxyPass «/static/» !
        `),
      },
    },
    {
      title: 'an exclusion behind a backend whose port a template fills in',
      files: {
        'site.conf.j2': host(conf`
          ProxyPass / http://127.0.0.1:{{ port }}/
          ProxyPass «/static» !
        `),
      },
    },
    {
      title: 'a WebSocket behind a backend whose port is a variable',
      files: {
        'site.conf': host(conf`
          ProxyPass / http://127.0.0.1:\${PORT}/
          ProxyPass «/ws» ws://127.0.0.1:\${PORT}/ws
        `),
      },
    },
    {
      title: 'an exclusion by an expression',
      files: {
        'site.conf': host(conf`
          ProxyPass / http://127.0.0.1:8000/
          ProxyPassMatch «^/static/» !
        `),
      },
    },
    {
      title: 'an expression for all, before the exclusion',
      files: {
        'site.conf': host(conf`
          ProxyPassMatch ^/(.*)$ http://127.0.0.1:8000/$1
          ProxyPass «/static» !
        `),
      },
    },
    {
      title: 'an exclusion beside a section for all',
      files: {
        'site.conf': host(conf`
          ProxyPass «/static» !
          <Location />
              ProxyPass http://127.0.0.1:8000/
          </Location>
        `),
      },
    },
  ],
  good: [
    {
      title: 'the longer path first',
      files: {
        'site.conf': host(
          conf`
            ProxyPass /static/ !
            ProxyPass /api http://127.0.0.1:9000/
            ProxyPass / http://127.0.0.1:8000/
          `,
        ),
      },
    },
    {
      title: 'parts of words are not parts of paths',
      files: {
        'site.conf': host(conf`
          ProxyPass /api http://127.0.0.1:8000/
          ProxyPass /apis http://127.0.0.1:9000/
        `),
      },
    },
    {
      title: 'an expression that matches more than the path before it',
      files: {
        'site.conf': host(conf`
          ProxyPass /api http://127.0.0.1:8000/api
          ProxyPassMatch ^/api.*/files/ !
          ProxyPassMatch ^/apis? http://127.0.0.1:9000
        `),
      },
    },
    {
      title: 'a path and a target that a template fills in',
      files: {
        'site.conf.j2': host(conf`
          ProxyPass /api http://127.0.0.1:8000/api
          ProxyPass /{{ path }} !
          ProxyPass / {{ target }}
          ProxyPass /static !
        `),
      },
    },
    {
      title: 'the same target by a variable',
      files: {
        'site.conf.j2': host(conf`
          ProxyPass / http://{{ backend }}/
          ProxyPass /api http://{{ backend }}/api
        `),
      },
    },
    {
      title: 'an exclusion in a section of its own',
      files: {
        'site.conf': host(conf`
          ProxyPass /static !
          <Location />
              ProxyPass http://127.0.0.1:8000/
          </Location>
          <Location /static>
              ProxyPass !
          </Location>
        `),
      },
    },
    {
      title: 'the same target in the end',
      files: {
        'site.conf': host(conf`
          ProxyPass /a http://127.0.0.1:8000/a
          ProxyPass /a http://127.0.0.1:8000/a
        `),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache)
      for (const [scope, lines] of linesByScope(configuration)) {
        const earlier: Line[] = []
        for (const own of lines) {
          const section = sectionOver(configuration, scope, own)
          const before = section ?? earlier.find(each => covers(each, own))
          if (before === undefined) {
            // What is not covered is kept: a list of hundreds is made by a program that sorts them.
            if (earlier.length < 200 && own.covered !== null) earlier.push(own)
            continue
          }
          if (sameBackend(before, own)) continue
          // Only a main file says in which order two fragments are read.
          if (configuration.main === null && before.directive.source !== own.directive.source) continue
          const [first] = own.directive.args
          yield {
            at: argumentPlace(own.directive, 0),
            message:
              section === null
                ? `\`${before.directive.name} ${before.written}\` stands before it and matches everything below \`${own.path}\`, so this line does nothing`
                : `\`<Location ${before.written}>\` has a \`ProxyPass\`, which is asked before those outside of sections, so \`ProxyPass ${first?.value}\` does nothing`,
            related: [{ at: argumentPlace(before.directive, 0), message: 'matches first' }],
            ...(section === null
              ? {}
              : { help: `Write \`<Location ${own.path}>\` with \`ProxyPass ${own.target}\` behind it` }),
          }
        }
      }
  },
})

interface Line {
  readonly directive: ApacheDirective
  /** What all URLs that it matches begin with. */
  readonly path: string
  /** The prefix of which it matches all URLs; null where nobody knows, or it takes a part of them. */
  readonly covered: string | null
  readonly written: string
  readonly target: string
}

/** The lines outside of sections, which are asked in the order in which they stand, by their virtual host. */
function* linesByScope(
  configuration: ApacheConfiguration,
): Iterable<readonly [ApacheDirective | null, readonly Line[]]> {
  const names = ['proxypass', 'proxypassmatch']
  const parents = names.flatMap(name => configuration.occurrences.get(name) ?? []).map(({ parent }) => parent)
  for (const scope of new Set(parents)) {
    if (scope !== null && scope.name !== 'VirtualHost') continue
    const lines = (scope?.children ?? configuration.top).filter(({ name }) =>
      /^ProxyPass(?:Match)?$/.test(name),
    )
    yield [scope, lines.flatMap(each => readLine(each) ?? [])]
  }
}

/** Null for a form that takes the path from its section, and where nobody knows which URLs it matches. */
function readLine(directive: ApacheDirective): Line | null {
  const [first, second] = directive.args
  if (first === undefined || second === undefined) return null
  const isPattern = directive.name === 'ProxyPassMatch'
  const path = isPattern ? literalHead(first.value) : settledHead(first.value)
  if (path === null || !path.startsWith('/')) return null
  const prefix = isSettled(first.value) ? first.value : null
  const covered = isPattern ? (MATCHES_ALL.test(first.value) ? '/' : null) : prefix
  return { directive, path, covered, written: first.value, target: second.value }
}

/** `^/(.*)$` and its like. */
const MATCHES_ALL = /^(?:\^?\/?(?:\(\.\*\)|\.\*)\$?|\^?\/)$/

/** What a path begins with, as far as it is written out. */
function settledHead(path: string): string {
  return /^(?:(?!\$\{)[^\uE000])*/.exec(path)?.[0] ?? ''
}

/** What an expression asks of the beginning of a URL; null where it asks nothing of it. */
function literalHead(pattern: string): string | null {
  const [head] = /^\^(?:\\[./-]|[\w/-](?![*?{]))*/.exec(pattern) ?? []
  return head === undefined || pattern.includes('|') ? null : head.slice(1).replaceAll('\\', '')
}

function covers({ covered }: Line, { path, written, directive }: Line): boolean {
  if (covered === null) return false
  const isWhole = directive.name === 'ProxyPass' && written === path
  return isPrefixOf(isWhole || covered.endsWith('/') ? covered : `${covered}/`, path)
}

/** The section whose own `ProxyPass` answers for all URLs of a line. */
function sectionOver(
  configuration: ApacheConfiguration,
  scope: ApacheDirective | null,
  own: Line,
): Line | null {
  if (scope === null || directivesIn(configuration, scope, 'locationmatch').length > 0) return null
  const sections = directivesIn(configuration, scope, 'location').flatMap(section => {
    const pass = section.children.findLast(({ name }) => name === 'ProxyPass')
    const [path, ...more] = section.args.map(({ value }) => value)
    if (pass === undefined || path === undefined) return []
    const target =
      more.length === 0 && isSettled(path) && !/[*?[]/.test(path) ? pass.args[0]?.value : undefined
    return [{ directive: section, path, covered: path, written: path, target: target ?? UNKNOWN }]
  })
  // What is below the path decides for a part of it.
  if (sections.some(({ path, target }) => target === UNKNOWN || isPrefixOf(own.path, path))) return null
  return sections.findLast(each => covers(each, own)) ?? null
}

/** Whether the covering line sends the longer path where the covered one would, or nobody knows that it does not. */
function sameBackend(covering: Line, own: Line): boolean {
  const targets = [covering.target, own.target]
  if (targets.some(target => !/^(?:!$|[a-z]+:)/i.test(target))) return true
  if (targets.every(target => target === '!')) return true
  // What an expression adds to its target is another matter.
  const isPattern = [covering, own].some(({ directive }) => directive.name === 'ProxyPassMatch')
  if (isPattern && !targets.includes('!')) return backendOf(covering.target) === backendOf(own.target)
  return covering.target + own.path.slice(covering.path.length) === own.target
}

/** `http://127.0.0.1:8000` of all that stands behind it. */
function backendOf(target: string): string {
  return /^[a-z]+:\/\/[^/$]*/i.exec(target)?.[0] ?? target
}
