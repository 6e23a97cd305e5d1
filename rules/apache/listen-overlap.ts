import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { type ApacheListen, listens } from '../../src/servers/apache/queries/listens.ts'

/** What a socket is to the next that wants the same port. `any` is a bare port: version 6 and 4, or 4 alone. */
type Kind = 'any' | 'any-v4' | 'any-v6' | 'v4' | 'v6'

/** Which later socket cannot be opened beside an earlier one, as httpd opens them in their order. */
const REFUSED: Readonly<Record<Kind, readonly Kind[]>> = {
  any: ['any-v6', 'v4', 'v6'],
  'any-v4': ['any', 'v4'],
  'any-v6': ['v4', 'v6'],
  v4: ['any', 'any-v4', 'any-v6'],
  v6: ['any-v6'],
}

function kindOf({ endpoint, any }: ApacheListen): Kind | null {
  if (!endpoint.known) return null
  if (any) return 'any'
  const { address } = endpoint.value
  if (address.kind === 'name') return address.name === 'localhost' ? 'v4' : null
  if (address.kind !== 'ip') return null
  if (address.wildcard) return address.family === 4 ? 'any-v4' : 'any-v6'
  return address.family === 4 ? 'v4' : 'v6'
}

function* overlaps(configuration: ApacheConfiguration): Iterable<readonly [ApacheListen, ApacheListen]> {
  const byPort = new Map<number, ApacheListen[]>()
  for (const listen of listens(configuration)) {
    const port = listen.endpoint.known ? listen.endpoint.value.port : null
    const kind = kindOf(listen)
    if (port === null || kind === null) continue
    const before = byPort.get(port) ?? []
    const taken = before.find(earlier => REFUSED[kindOf(earlier) ?? kind].includes(kind))
    if (taken !== undefined) yield [taken, listen]
    if (before.length < 8) byPort.set(port, [...before, listen])
  }
}

export default defineRule({
  summary: 'Two Listen lines ask for the same port, and Apache does not start',
  severity: 'error',
  otherSeverities: { warning: 'where no main file joins the two files' },
  confidence: 'high',
  since: '0.1.0',
  why: 'A bare `Listen 80` takes the port on every address, so the socket of a line with an address cannot be opened beside it. `apache2ctl configtest` opens no sockets and says OK; the start fails with `AH00072: could not bind to address`.',
  remedy: 'Keep one of the two lines',
  references: ['https://httpd.apache.org/docs/2.4/bind.html'],
  bad: [
    {
      title: 'every address, and one of them',
      files: {
        'ports.conf': conf`
          Listen 9000
          Listen «127.0.0.1:9000»
        `,
      },
    },
    {
      title: 'in two files, the address first',
      files: {
        'etc/apache2/apache2.conf': conf`
          Listen 127.0.0.1:80
          Include /etc/apache2/site.conf
        `,
        'etc/apache2/site.conf': conf`Listen «80»`,
      },
    },
  ],
  good: [
    {
      title: 'two addresses',
      files: {
        'ports.conf': conf`
          Listen 127.0.0.1:9000
          Listen [::1]:9000
        `,
      },
    },
    {
      title: 'the wildcards of both versions, which httpd keeps apart',
      files: {
        'ports.conf': conf`
          Listen 80
          Listen 0.0.0.0:80
          Listen [::]:443
          Listen 0.0.0.0:443
        `,
      },
    },
    {
      title: 'version 6 first: the bare port then takes version 4',
      files: {
        'ports.conf': conf`
          Listen [::1]:80
          Listen 80
        `,
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      for (const [earlier, later] of overlaps(configuration)) {
        const port = later.endpoint.known ? later.endpoint.value.port : ''
        yield {
          at: later.at,
          message: `port ${port} is already taken by \`Listen ${earlier.directive.args[0]?.value}\`, so Apache does not start`,
          label: 'cannot be opened',
          related: [{ at: earlier.at, message: 'takes the port' }],
          // Parts of a tree without the main file may belong to two machines.
          ...(configuration.main === null && later.at.source !== earlier.at.source
            ? { severity: 'warning' as const, confidence: 'medium' as const }
            : {}),
        }
      }
    }
  },
})
