import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { virtualHosts } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'

const main = (address: string, other: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost ${other}>
          ServerName other.example.org
          Redirect 410 /
      </VirtualHost>
      <VirtualHost ${address}>
          ServerName shop.example.org
          Redirect 404 /
      </VirtualHost>
    `,
    ['alias'],
  ),
})

export default defineRule({
  summary: 'The address of a virtual host is a name, beside others for every address',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: '`<VirtualHost>` wants the address at which a connection arrives, and not the name that a browser asks for: that is `ServerName`. Apache looks the name up when it starts. Where it finds none, or the public address of a machine behind NAT, the virtual host never answers and the first one of `*` does; where it finds the address of the machine, this virtual host answers for every name, and those of `*` never do.',
  remedy: 'Write `<VirtualHost *:80>` and keep the name in `ServerName`',
  references: [
    'https://httpd.apache.org/docs/2.4/dns-caveats.html',
    'https://httpd.apache.org/docs/2.4/vhosts/name-based.html',
  ],
  bad: [
    { title: 'the name of the site', files: main('«shop.example.org:80»', '*:80') },
    { title: 'without a port', files: main('«shop.example.org»', '*:80') },
    { title: 'beside one of every port', files: main('«shop.example.org:80»', '_default_:80') },
  ],
  good: [
    { title: 'every address', files: main('*:80', '*:80') },
    { title: 'an address', files: main('192.0.2.1:80', '*:80') },
    { title: 'the names of both', files: main('shop.example.org:80', 'other.example.org:80') },
    { title: 'another port', files: main('shop.example.org:8080', '*:80') },
    {
      title: 'a name of the hosts file',
      files: {
        ...main('shop.example.org:80', '*:80'),
        'etc/hosts': conf`
          127.0.0.1 localhost
          192.0.2.1 shop.example.org
        `,
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      const all = virtualHosts(configuration).flatMap(({ addresses }) => addresses)
      const named = all.filter(({ text, dead }) => !dead && NAME.test(text))
      if (named.length === 0) continue
      const { hosts } = deployment.programOf(configuration).machine
      const wide = new Map(
        all.flatMap(each => (WIDE.test(each.text) ? [[portOf(each.text), each] as const] : [])),
      )
      for (const { at, text } of named) {
        const port = portOf(text)
        const other = wide.get(port) ?? wide.get(null) ?? (port === null ? [...wide.values()][0] : undefined)
        if (other === undefined || hosts?.has(nameOf(text)) === true) continue
        yield {
          at,
          message: `Apache looks \`${nameOf(text)}\` up when it starts, and this virtual host answers at that address alone: elsewhere those of \`*\` answer for its name`,
          related: [{ at: other.at, message: 'for every address' }],
        }
      }
    }
  },
})

/** A name with a dot, whose last part has a letter: no address, no placeholder. */
const NAME = /^(?:[a-z\d_-]+\.)+[a-z][a-z\d-]*(?::(?:\d+|\*))?$/i
const WIDE = /^(?:\*|_default_)(?::(?:\d+|\*))?$/i

/** Null for every port. */
function portOf(text: string): string | null {
  return /:(\d+)$/.exec(text)?.[1] ?? null
}

function nameOf(text: string): string {
  return text.replace(/:(?:\d+|\*)$/, '').toLowerCase()
}
