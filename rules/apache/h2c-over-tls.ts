import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'

const host = (protocols: string, tls = 'On'): Record<string, string> => ({
  'site.conf': conf`
    <VirtualHost *:443>
        ServerName example.org
        SSLEngine ${tls}
        SSLCertificateFile /etc/ssl/example.org.pem
        SSLCertificateKeyFile /etc/ssl/example.org.key
        Protocols ${protocols}
        DocumentRoot /srv/www
    </VirtualHost>
  `,
})

export default defineRule({
  summary: 'HTTP/2 is offered in its form without TLS to clients that speak TLS',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`h2` is HTTP/2 over TLS, and `h2c` is HTTP/2 without. A virtual host that speaks TLS and has `h2c` alone offers no HTTP/2: all clients get HTTP/1.1.',
  remedy: 'Write `Protocols h2 http/1.1`',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#protocols'],
  unproven: 'The clients of the live tests speak HTTP/1.1',
  bad: [{ title: 'in a virtual host of TLS', files: host('«h2c» http/1.1') }],
  good: [
    { title: 'over TLS', files: host('h2 http/1.1') },
    { title: 'both', files: host('h2 h2c http/1.1') },
    { title: 'without TLS', files: host('h2c http/1.1', 'Off') },
  ],
  *check({ apache }) {
    for (const { occurrences } of apache) {
      for (const directive of occurrences.get('protocols') ?? []) {
        const { args, parent } = directive
        const index = args.findIndex(({ value }) => value.toLowerCase() === 'h2c')
        if (index === -1 || parent?.name !== 'VirtualHost') continue
        const lines = parent.children.filter(({ name }) => name === 'Protocols' || name === 'SSLEngine')
        // Each further line adds to the list.
        const offers = lines.some(({ name, args: words }) =>
          name === 'Protocols' ? words.some(({ value }) => !/^(?:h2c|http\/1\.[01])$/i.test(value)) : false,
        )
        const tls = lines.findLast(({ name }) => name === 'SSLEngine')?.args[0]?.value.toLowerCase()
        if (offers || tls !== 'on') continue
        yield {
          at: argumentPlace(directive, index),
          message: '`h2c` is HTTP/2 without TLS, and this virtual host speaks TLS: clients get HTTP/1.1',
          label: 'never used here',
          help: 'Write `h2`',
        }
      }
    }
  },
})
