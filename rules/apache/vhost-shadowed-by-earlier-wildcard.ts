import type { Place } from '../../parsers/text/source.ts'
import { matchesAlias } from '../../parsers/wildcard/alias-match.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import {
  type VirtualHostMember,
  virtualHostSets,
} from '../../src/servers/apache/queries/select-virtual-host.ts'
import type { VirtualHost } from '../../src/servers/apache/queries/virtual-hosts.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:80>
  ${lines}
  </VirtualHost>
`

interface Pattern {
  readonly host: VirtualHost
  readonly text: string
  readonly at: Place
}

/** The patterns met so far: those of the form `*.example.org` by their end, so that a name finds them at once. */
class Patterns {
  readonly #bySuffix = new Map<string, Pattern>()
  readonly #others: Pattern[] = []

  add(pattern: Pattern): void {
    const suffix = /^\*(\.[^*?]+)$/.exec(pattern.text)?.[1]
    if (suffix === undefined) this.#others.push(pattern)
    else if (!this.#bySuffix.has(suffix)) this.#bySuffix.set(suffix, pattern)
  }

  find(name: string): Pattern | undefined {
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      const found = this.#bySuffix.get(name.slice(dot))
      if (found !== undefined) return found
    }
    return this.#others.find(({ text }) => matchesAlias(text, name))
  }
}

function* patternsOf({ virtualHost }: VirtualHostMember): Iterable<Pattern> {
  for (const { name, wild, at } of virtualHost.aliases)
    if (wild && name.known) yield { host: virtualHost, text: name.value.toLowerCase(), at }
}

export default defineRule({
  summary: 'An earlier virtual host takes this name with a pattern',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache takes the first virtual host of which any name matches: a `ServerAlias *.example.org` beats the exact name of every virtual host that is read after it.',
  remedy: 'Read the virtual host with the pattern last',
  references: ['https://httpd.apache.org/docs/2.4/vhosts/name-based.html'],
  bad: [
    {
      title: 'the wildcard tenant comes first',
      files: {
        'site.conf': `${host(conf`
          ServerName example.org
          ServerAlias *.example.org
        `)}${host(conf`
          ServerName «shop.example.org»
          Redirect gone /shop
        `)}`,
      },
    },
  ],
  good: [
    {
      title: 'the wildcard tenant comes last',
      files: {
        'site.conf': `${host(conf`
          ServerName shop.example.org
          Redirect gone /shop
        `)}${host(conf`
          ServerName example.org
          ServerAlias *.example.org
        `)}`,
      },
    },
    {
      title: 'the pattern does not match',
      files: {
        'site.conf': `${host(conf`
          ServerName example.org
          ServerAlias *.example.org
        `)}${host('ServerName shop.example.com')}`,
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      for (const { members } of virtualHostSets(configuration)) {
        const patterns = new Patterns()
        const earlier = new Set<string>()
        for (const member of members) {
          const { serverName, aliases } = member.virtualHost
          const names = aliases.flatMap(({ name, wild, at }) =>
            name.known && !wild ? [{ name: name.value, at }] : [],
          )
          if (serverName?.known === true && serverName.at !== null)
            names.unshift({ name: serverName.value.host, at: serverName.at })
          for (const { name, at } of names) {
            const lower = name.toLowerCase()
            // That an earlier host has the very name is said elsewhere.
            const taken = earlier.has(lower) ? undefined : patterns.find(lower)
            if (taken === undefined || taken.host === member.virtualHost) continue
            // Only a main file says in which order two fragments are read.
            if (configuration.main === null && at.source !== taken.at.source) continue
            yield {
              at,
              message: `\`ServerAlias ${taken.text}\` of an earlier virtual host matches \`${lower}\` and answers for it`,
              label: 'never chosen by this name',
              related: [{ at: taken.at, message: 'matches first' }],
            }
          }
          for (const { name } of names) earlier.add(name.toLowerCase())
          for (const pattern of patternsOf(member)) patterns.add(pattern)
        }
      }
    }
  },
})
