import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import {
  type VirtualHostMember,
  virtualHostSets,
} from '../../src/servers/apache/queries/select-virtual-host.ts'
import type { VirtualHost } from '../../src/servers/apache/queries/virtual-hosts.ts'

const host = (address: string, lines: string): string => conf`
  <VirtualHost ${address}>
  ${lines}
  </VirtualHost>
`

interface Written {
  readonly host: VirtualHost
  readonly at: Place
}

/** The plain names of a host with their places: ServerName first. */
function* plainNames({ virtualHost }: VirtualHostMember): Iterable<{ name: string; at: Place }> {
  const { serverName, aliases } = virtualHost
  if (serverName?.known === true && serverName.at !== null)
    yield { name: serverName.value.host.toLowerCase(), at: serverName.at }
  for (const { name, wild, at } of aliases)
    if (name.known && !wild) yield { name: name.value.toLowerCase(), at }
}

export default defineRule({
  summary: 'Two virtual hosts of one address have the same name, and the second is never reached by it',
  severity: 'warning',
  otherSeverities: {
    info: 'where no main file joins the two files, and for `localhost`, by which no client comes',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Among the virtual hosts of an address, Apache takes the first that has the name, and says nothing of the second. Which one is first often hangs on the names of the files that are included.',
  remedy: 'Keep the name in one of the two virtual hosts',
  references: ['https://httpd.apache.org/docs/2.4/vhosts/name-based.html'],
  bad: [
    {
      title: 'the same name twice',
      files: {
        'site.conf': `${host('*:80', 'ServerName example.org')}${host(
          '*:80',
          conf`
            ServerName «Example.org»
            Redirect gone /second
          `,
        )}`,
      },
    },
    {
      title: 'a name that is an alias elsewhere',
      files: {
        'site.conf': `${host(
          '*:80',
          conf`
            ServerName a.example.org
            ServerAlias b.example.org
          `,
        )}${host(
          '*:80',
          conf`
            ServerName «b.example.org»
            ServerAlias c.example.org
          `,
        )}`,
      },
    },
  ],
  good: [
    {
      title: 'comments that are taken for names',
      files: {
        'site.conf': `${host('*:80', 'ServerAlias www.example.org # the old name')}${host(
          '*:80',
          'ServerAlias example.org # the new name',
        )}`,
      },
    },
    {
      title: 'all of it in one',
      files: {
        'site.conf': host(
          '*:80',
          conf`
            ServerName example.org
            Redirect gone /second
          `,
        ),
      },
    },
    {
      title: 'on another port',
      files: {
        'site.conf': `${host('*:80', 'ServerName example.org')}${host('*:443', 'ServerName example.org')}`,
      },
    },
    {
      title: 'the name again as an alias of the same virtual host',
      files: {
        'site.conf': host(
          '*:80',
          conf`
            ServerName example.org
            ServerAlias example.org www.example.org
          `,
        ),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      for (const { members } of virtualHostSets(configuration)) {
        if (members.length < 2) continue
        const first = new Map<string, Written>()
        for (const member of members) {
          for (const { name, at } of plainNames(member)) {
            const earlier = first.get(name)
            if (earlier === undefined) first.set(name, { host: member.virtualHost, at })
            if (earlier === undefined || earlier.host === member.virtualHost) continue
            yield {
              at,
              message: `an earlier virtual host of the same address has the name \`${name}\` and answers for it`,
              label: 'never chosen by this name',
              related: [{ at: earlier.at, message: 'the first with the name' }],
              // Files that no main file joins may be meant for two servers.
              ...(configuration.main === null && at.source !== earlier.at.source
                ? { severity: 'info' as const, confidence: 'low' as const }
                : OF_MACHINE.test(name)
                  ? { severity: 'info' as const }
                  : {}),
            }
          }
        }
      }
    }
  },
})

/** The names that every machine has for itself. */
const OF_MACHINE = /^(?:localhost(?:\.localdomain)?|127\.0\.0\.1|\[?::1\]?)$/i
