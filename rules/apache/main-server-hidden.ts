import { posix } from 'node:path'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { selectVirtualHost } from '../../src/servers/apache/queries/select-virtual-host.ts'
import { reachedSets } from '../../src/servers/apache/queries/set-reach.ts'
import { listens } from '../../src/servers/apache/queries/listens.ts'
import { apacheMain } from '../_examples.ts'

const site = (hosts: string, name = 'localhost'): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName ${name}
      DocumentRoot /srv/htdocs
      <Directory /srv>
          Require all granted
      </Directory>
      ${hosts}
    `,
    ['dir'],
  ),
  'srv/htdocs/index.html': 'start',
  'srv/shop/index.html': 'shop',
})

const shop = (address = '*:80', lines = ''): string => conf`
  <VirtualHost ${address}>
      ServerName shop.example.org
      ${lines}
      DocumentRoot /srv/shop
  </VirtualHost>
`

export default defineRule({
  summary: 'The site of the main server is answered by a virtual host',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Once a virtual host has the address that a request comes to, the main server answers nothing there: its `ServerName` and `DocumentRoot` are for nobody, and a name that no virtual host has gets the first one. So `localhost` shows the project for which somebody wrote the first `<VirtualHost>`.',
  remedy:
    'Give the site of the main server a `<VirtualHost>` of its own, with its `ServerName` and `DocumentRoot`, before the others',
  references: ['https://httpd.apache.org/docs/2.4/vhosts/name-based.html#using'],
  bad: [
    { title: 'the first virtual host', files: site(shop('«*:80»')) },
    { title: 'a name of the machine', files: site(shop('«*:80»'), 'www.example.org') },
  ],
  good: [
    {
      title: 'a virtual host for the site of before',
      files: site(conf`
        <VirtualHost *:80>
            ServerName localhost
            DocumentRoot /srv/htdocs
        </VirtualHost>
        ${shop()}
      `),
    },
    { title: 'its name among the aliases', files: site(shop('*:80', 'ServerAlias localhost')) },
    { title: 'another port', files: site(`Listen 8080\n${shop('*:8080')}`) },
    { title: 'an address of its own', files: site(shop('192.0.2.7:80')) },
    {
      title: 'the same files by both ways',
      files: site(shop().replace('/srv/shop', '/srv/htdocs')),
    },
    {
      title: 'a directory in which nothing is, as packages set it',
      files: {
        'etc/apache2/apache2.conf': site(shop())['etc/apache2/apache2.conf'] as string,
        'srv/shop/index.html': 'shop',
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const name = lastOf(configuration, 'servername')
      const root = lastOf(configuration, 'documentroot')
      if (configuration.main === null || name === null || root === null) continue
      const reached = reachedSets(configuration)
      if (reached === null || reached.has(null)) continue
      const directory = posix.resolve('/', root.args[0]?.value ?? '')
      if (!holdsPage(filesOf(configuration), directory)) continue
      const host = (name.args[0]?.value ?? '').replace(/^\w+:\/\//, '').replace(/:\d+$/, '')
      const answers = answersTo(configuration, host)
      if (answers === null || answers.directory === null || answers.directory === directory) continue
      yield {
        at: answers.at,
        message: `this virtual host answers \`${host}\`: where virtual hosts have the address, the main server and its \`DocumentRoot ${directory}\` answer no request`,
        label: 'the first, for names that no other has',
        related: [
          { at: argumentPlace(root, 0), message: 'sent to nobody' },
          { at: argumentPlace(name, 0), message: 'of no virtual host' },
        ],
      }
    }
  },
})

/** The line of the main server that holds; null where there is none, or its value is not known. */
function lastOf(configuration: ApacheConfiguration, name: string): ApacheDirective | null {
  const line = directivesIn(configuration, null, name).at(-1)
  return line !== undefined && isSettled(line.args[0]?.value ?? '') ? line : null
}

/** What answers a name in place of the main server, for want of another that has the name; null where it has it. */
function answersTo(configuration: ApacheConfiguration, host: string) {
  for (const { any, endpoint } of listens(configuration)) {
    if (!any || !endpoint.known || endpoint.value.port === null) continue
    const chosen = selectVirtualHost(configuration, { ...endpoint.value, port: endpoint.value.port, host })
    if (chosen.kind !== 'virtual-host' || chosen.reason !== 'first') return null
    const { directive, addresses } = chosen.virtualHost
    const [own] = directivesIn(configuration, directive, 'documentroot')
    const written = own?.args[0]?.value ?? ''
    const at = addresses[0]?.at
    if (at !== undefined)
      return {
        at,
        directory: own === undefined || !isSettled(written) ? null : posix.resolve('/', written),
      }
  }
  return null
}

/** True where somebody put a start page. */
function holdsPage(files: FileSystem, directory: string): boolean {
  return (files.list(directory) ?? []).some(({ name }) => /^index\.(?:html?|php)$/.test(name))
}
