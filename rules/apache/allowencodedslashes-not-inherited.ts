import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { virtualHosts } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string, host = ''): string =>
  apacheMain(
    conf`
      Listen 80
      ${lines}
      <VirtualHost *:80>
          ServerName example.org
          ${host}
          ProxyPass / http://127.0.0.1:9292/ nocanon
      </VirtualHost>
    `,
    ['proxy', 'proxy_http'],
  )

export default defineRule({
  summary: 'AllowEncodedSlashes outside of the virtual hosts, which do not inherit it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A virtual host does not take the value of the main server over: it answers every URL with `%2F` with 404, though the main server would let it through.',
  remedy: 'Write the line into each virtual host',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#allowencodedslashes'],
  bad: [
    {
      title: 'in the main server',
      files: { 'etc/apache2/apache2.conf': main('«AllowEncodedSlashes» NoDecode') },
    },
  ],
  good: [
    {
      title: 'in the virtual host',
      files: { 'etc/apache2/apache2.conf': main('', 'AllowEncodedSlashes NoDecode') },
    },
    {
      title: 'in both, and the default',
      files: {
        'etc/apache2/apache2.conf': main('AllowEncodedSlashes On', 'AllowEncodedSlashes On'),
      },
    },
    { title: 'what is the default', files: { 'etc/apache2/apache2.conf': main('AllowEncodedSlashes Off') } },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const line = directivesIn(configuration, null, 'allowencodedslashes').at(-1)
      const value = line?.args[0]?.value.toLowerCase()
      if (line === undefined || (value !== 'on' && value !== 'nodecode')) continue
      const without = virtualHosts(configuration).filter(
        ({ directive }) => directivesIn(configuration, directive, 'allowencodedslashes').length === 0,
      )
      const [first] = without
      // Of fragments nobody knows that the line does not stand in a virtual host.
      if (first === undefined || configuration.main === null) continue
      yield {
        at: namePlace(line),
        message:
          'virtual hosts do not inherit `AllowEncodedSlashes`, so they answer a URL with `%2F` with 404',
        related: without
          .slice(0, 3)
          .map(({ directive }) => ({ at: namePlace(directive), message: 'does not inherit it' })),
      }
    }
  },
})
