import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { isPrefixOf } from '../../src/servers/apache/queries/wsgi-script-aliases.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:80>
  ServerName example.org
  ${lines}
  </VirtualHost>
`

/** Path and target of a `ProxyPass` outside `<Location>`; null for a form that takes the path from its section. */
function read(directive: ApacheDirective): { path: string; target: string } | null {
  const [path, target] = directive.args
  if (path === undefined || target === undefined || !path.value.startsWith('/')) return null
  if (!isSettled(path.value) || !isSettled(target.value)) return null
  return { path: path.value, target: target.value }
}

export default defineRule({
  summary: 'A ProxyPass that an earlier one covers',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'The first `ProxyPass` whose path matches decides. One for a part of an earlier one’s path never does anything, an exclusion with `!` no more than any other: what was to stay on this server goes to the backend.',
  remedy: 'Write the longer path first',
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
    for (const configuration of apache) {
      const earlier = new Map<
        ApacheDirective | null,
        { path: string; target: string; directive: ApacheDirective }[]
      >()
      for (const directive of configuration.occurrences.get('proxypass') ?? []) {
        const { parent } = directive
        if (parent !== null && parent.name !== 'VirtualHost') continue
        const own = read(directive)
        if (own === null) continue
        const before = earlier.get(parent) ?? []
        const covering = before.find(({ path }) => isPrefixOf(path, own.path))
        if (covering === undefined) {
          // What is not covered is kept: a list of hundreds is made by a program that sorts them.
          if (before.length < 200) before.push({ ...own, directive })
          earlier.set(parent, before)
          continue
        }
        if (sameBackend(covering, own)) continue
        // Only a main file says in which order two fragments are read.
        if (configuration.main === null && covering.directive.source !== directive.source) continue
        yield {
          at: argumentPlace(directive, 0),
          message: `\`ProxyPass ${covering.path}\` stands before it and matches everything below \`${own.path}\`, so this line does nothing`,
          related: [{ at: argumentPlace(covering.directive, 0), message: 'matches first' }],
        }
      }
    }
  },
})

/** Whether the covering line sends the longer path where the covered one would. */
function sameBackend(
  covering: { path: string; target: string },
  own: { path: string; target: string },
): boolean {
  if (covering.target === '!' && own.target === '!') return true
  return covering.target + own.path.slice(covering.path.length) === own.target
}
