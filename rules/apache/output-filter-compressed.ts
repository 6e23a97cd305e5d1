import type { ApacheConnection } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { directivesOfHost } from '../../src/servers/apache/queries/virtual-hosts.ts'

const site = (lines: string): Record<string, string> => ({
  'site.conf': conf`
    <VirtualHost *:80>
        ServerName example.org
        ProxyPass /wiki/ http://127.0.0.1:9000/
        ProxyPass / http://127.0.0.1:9001/
        ${lines}
    </VirtualHost>
  `,
})
const REPLACED = conf`
  AddOutputFilterByType SUBSTITUTE text/html
  Substitute "s|http://inner|https://example.org|n"
`

export default defineRule({
  summary: 'A filter that rewrites pages changes nothing in what the backend compresses',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'Browsers offer gzip, and Apache passes the offer on. What comes back compressed goes through mod_substitute as it is: the text that is to be replaced does not stand in it. mod_proxy_html takes it for a page, and nothing of it is left.',
  remedy:
    'Take the offer back, `RequestHeader unset Accept-Encoding`, or unpack before the filter: `AddOutputFilterByType INFLATE;SUBSTITUTE;DEFLATE text/html`',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_substitute.html',
    'https://httpd.apache.org/docs/2.4/mod/mod_deflate.html#inflate',
  ],
  bad: [
    {
      title: 'mod_substitute',
      files: site(REPLACED.replace('AddOutputFilterByType', '«AddOutputFilterByType»')),
    },
    {
      title: 'mod_substitute for one path',
      files: site(conf`
        <Location /wiki>
            «SetOutputFilter» SUBSTITUTE
            Substitute "s|http://inner|https://example.org|n"
        </Location>
      `),
    },
    {
      title: 'mod_proxy_html',
      files: site(conf`
        «ProxyHTMLEnable» On
        ProxyHTMLURLMap http://inner https://example.org
      `),
    },
  ],
  good: [
    {
      title: 'the offer is not passed on',
      files: site(conf`
        RequestHeader unset Accept-Encoding
        ${REPLACED}
      `),
    },
    {
      title: 'unpacked before',
      files: site(REPLACED.replace('SUBSTITUTE', 'INFLATE;SUBSTITUTE;DEFLATE')),
    },
    {
      title: 'a path that is not proxied, and a filter that is off',
      files: site(conf`
        ProxyPass /docs/ !
        ProxyHTMLEnable Off
        <Directory /srv/docs>
            ${REPLACED}
        </Directory>
      `),
    },
  ],
  *check({ connections }) {
    const told = new Set<ApacheDirective>()
    for (const connection of connections.apache) {
      const { protocol, pass } = connection
      if (!protocol.known || !/^https?$/.test(protocol.value) || isUnpacked(connection)) continue
      for (const line of filtersOf(connection)) {
        if (told.has(line)) continue
        told.add(line)
        yield {
          at: namePlace(line),
          message: 'the backend is offered gzip, and in what it compresses nothing is replaced',
          related: [
            {
              at: argumentPlace(pass, pass.args.length > 1 && connection.path !== null ? 1 : 0),
              message: 'the backend',
            },
          ],
        }
      }
    }
  },
})

function linesOf({ from, host }: ApacheConnection, ...names: readonly string[]): readonly ApacheDirective[] {
  const holders = [...new Set([host, null])]
  return names.flatMap(name => holders.flatMap(holder => directivesOfHost(from.configuration, holder, name)))
}

const FILTERS = ['setoutputfilter', 'addoutputfilterbytype', 'addoutputfilter']

/** True where the backend is not offered any compression, or some line unpacks what it sends. */
function isUnpacked(connection: ApacheConnection): boolean {
  return (
    linesOf(connection, 'requestheader').some(({ args }) =>
      args.some(({ value }) => /^accept-encoding$/i.test(value)),
    ) ||
    linesOf(connection, ...FILTERS, 'filterprovider').some(({ args }) =>
      args.some(({ value }) => /\bINFLATE\b/i.test(value)),
    )
  )
}

/** The lines that put a filter which rewrites pages behind a connection. */
function filtersOf(connection: ApacheConnection): readonly ApacheDirective[] {
  const set = linesOf(connection, ...FILTERS).filter(({ args }) =>
    /\b(?:SUBSTITUTE|proxy-html)\b/i.test(args[0]?.value ?? ''),
  )
  const enabled = linesOf(connection, 'proxyhtmlenable').filter(
    ({ args }) => args[0]?.value.toLowerCase() === 'on',
  )
  return [...set, ...enabled].filter(line => mayFilter(line, connection))
}

/** True for a line of the host as a whole, or of a `<Location>` that has something of the path. */
function mayFilter({ parent }: ApacheDirective, { path }: ApacheConnection): boolean {
  let section = parent
  while (section !== null && /^If/i.test(section.name)) section = section.parent
  if (section === null || section.name === 'VirtualHost') return true
  if (!/^Location/i.test(section.name)) return false
  const { kind, text } = sectionPattern(section)
  return kind === 'plain' && path !== null && (path.startsWith(text) || text.startsWith(path))
}
