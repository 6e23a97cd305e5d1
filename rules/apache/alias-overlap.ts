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

export default defineRule({
  summary: 'An Alias that an earlier one covers',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'mod_alias takes the first `Alias` or `ScriptAlias` whose path matches, not the longest: the files behind the later one are never served.',
  remedy: 'Write the longer path first',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_alias.html#order'],
  bad: [
    {
      title: 'the shorter path first',
      files: {
        'site.conf': host(conf`
          Alias /files /srv/files
          Alias «/files/private» /srv/private
        `),
      },
    },
    {
      title: 'in a template that fills the directories in',
      files: {
        'site.conf.erb': host(conf`
          Alias /w <%= @code %>
          Alias «/w/images» <%= @images %>
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
            Alias /files/private /srv/private
            Alias /files /srv/files
            Alias /filesystem /srv/x
          `,
        ),
      },
    },
    {
      title: 'where the shorter one leads there anyway',
      files: {
        'site.conf': host(conf`
          Alias /files /srv/files
          Alias /files/private /srv/files/private
        `),
        'slash.conf': host(conf`
          Alias /files /srv/files/
          Alias /files/ /srv/files
        `),
        'other.conf.erb': host(conf`
          Alias /w <%= @code %>
          Alias /w/images <%= @code %>/images
        `),
      },
    },
    {
      title: 'a virtual host’s own is tried before the main server’s',
      files: {
        'site.conf': conf`
          Alias /files /srv/files
          ${host('Alias /files/private /srv/private')}
        `,
      },
    },
  ],
  *check({ apache }) {
    for (const { occurrences, main } of apache) {
      // An Alias is compared with the Aliases before it, a ScriptAlias with its own kind.
      const aliases = [...(occurrences.get('alias') ?? []), ...(occurrences.get('scriptalias') ?? [])]
      const earlier = new Map<ApacheDirective | null, ApacheDirective[]>()
      for (const directive of aliases) {
        const { parent } = directive
        if (parent !== null && parent.name !== 'VirtualHost') continue
        const [path, target] = directive.args
        if (path === undefined || target === undefined || !isSettled(path.value)) continue
        const before = earlier.get(parent) ?? []
        const covering = before.find(
          other => other.name === directive.name && isPrefixOf(other.args[0]!.value, path.value),
        )
        if (covering === undefined) {
          if (before.length < 200) before.push(directive)
          earlier.set(parent, before)
          continue
        }
        const [from, to] = covering.args
        const led = `${to!.value}${path.value.slice(from!.value.length)}`
        if (withoutLastSlashes(led) === withoutLastSlashes(target.value)) continue
        // Only a main file says in which order two fragments are read.
        if (main === null && covering.source !== directive.source) continue
        // Two placeholders may stand for a directory and one inside of it, where the line changes nothing.
        const isSure = isSettled(target.value) && isSettled(to!.value)
        yield {
          ...(isSure ? {} : { confidence: 'medium' as const }),
          at: argumentPlace(directive, 0),
          message: `\`${covering.name} ${from!.value}\` stands before it and matches everything below \`${path.value}\`, so this line does nothing`,
          related: [{ at: argumentPlace(covering, 0), message: 'matches first' }],
        }
      }
    }
  },
})

/** A path that leads to the same directory, whatever slashes it was put together with. */
function withoutLastSlashes(path: string): string {
  return path.replace(/\/{2,}/g, '/').replace(/\/$/, '')
}
