import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { askedHosts, askHost } from '../../src/deployment/requests/ask-host.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import type { VirtualHostAddress } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      DocumentRoot /srv/www
      <Directory /srv/www>
          Require all granted
      </Directory>
      <Location /server-status>
          SetHandler «server-status»
          ${lines}
      </Location>
    `,
    ['status', 'authz_host', 'authz_user', 'auth_basic', 'authn_core', 'authn_file'],
  )
const unmarked = (lines: string): string => main(lines).replace(/[«»]/g, '')

export default defineRule({
  summary: 'Everybody reads the status of the server',
  severity: 'warning',
  otherSeverities: { info: 'on a port besides those of the web, which may not be reached from outside' },
  confidence: 'high',
  securitySeverity: 5.3,
  cwe: [497],
  since: '0.1.0',
  why: 'The page lists the requests that are under way, with addresses of clients and whole URLs: tokens for new passwords among them. `server-info` shows the configuration, `balancer-manager` changes it.',
  remedy: 'Write `Require local` into the section',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_status.html'],
  bad: [
    { title: 'no restriction', files: { 'etc/apache2/apache2.conf': main('') } },
    { title: 'granted to all', files: { 'etc/apache2/apache2.conf': main('Require all granted') } },
    {
      title: 'a section for all URLs, which comes later',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${unmarked('Require local')}
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /srv/www
              <Location />
                  «Require all granted»
              </Location>
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    { title: 'this machine alone', files: { 'etc/apache2/apache2.conf': unmarked('Require local') } },
    {
      title: 'with a password',
      files: {
        'etc/apache2/apache2.conf': unmarked(conf`
          AuthType Basic
          AuthName Status
          Require valid-user
        `),
      },
    },
  ],
  *check(deployment) {
    for (const asked of askedHosts(deployment)) {
      const { configuration, host } = asked
      const pages = pagesByHost(configuration)
      const own = host === null ? [] : (pages.get(host.directive) ?? [])
      for (const { line, parent, handler, path } of [...(pages.get(null) ?? []), ...own]) {
        const { end, steps } = askHost(deployment, asked, path)
        if (end.kind !== 'handler' || end.name !== handler) continue
        const isAside = host !== null && host.addresses.length > 0 && host.addresses.every(isOfOtherPort)
        if (steps.some(({ kind, text }) => kind === 'doubt' && !text.endsWith('taken as missing'))) continue
        const granted = steps.findLast(({ kind }) => kind === 'access')?.at ?? null
        const isElsewhere =
          granted !== null &&
          parent.children.some(({ name }) => name === 'Require') &&
          !parent.children.some(({ source, start }) => source === granted.source && start === granted.start)
        yield isElsewhere
          ? {
              at: granted,
              message: `this grants \`${path}\` to everybody too: a later section replaces the \`Require\` of an earlier one`,
              related: [{ at: argumentPlace(line, 0), message: 'shown to anonymous clients' }],
            }
          : {
              at: argumentPlace(line, 0),
              ...(isAside && { severity: 'info' as const }),
              message: `\`${path}\` shows \`${handler}\` to anonymous clients`,
            }
      }
    }
  },
})

const OF_WEB: ReadonlySet<number | null> = new Set([null, 80, 443, 8080, 8443])

function isOfOtherPort({ socket }: VirtualHostAddress): boolean {
  return socket.known && !OF_WEB.has(socket.value.port)
}

interface StatusPage {
  readonly line: ApacheDirective
  readonly parent: ApacheDirective
  readonly handler: string
  readonly path: string
}

/** The `<Location>` sections with such a handler, by the virtual host that they stand in; null for all of them. */
const pagesByHost = memo(({ occurrences }: ApacheConfiguration) => {
  const pages: StatusPage[] = []
  for (const line of occurrences.get('sethandler') ?? []) {
    const { parent } = line
    const handler = line.args[0]?.value ?? ''
    const path = parent?.args[0]?.value ?? ''
    if (!HANDLERS.test(handler) || parent?.name !== 'Location') continue
    if (path.startsWith('/') && !/[*?[]/.test(path)) pages.push({ line, parent, handler, path })
  }
  return groupBy(pages, ({ parent }) => parent.parent)
})

const HANDLERS = /^(?:server-status|server-info|balancer-manager|ldap-status)$/
