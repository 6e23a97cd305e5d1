import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { askedHosts, askHost } from '../../src/deployment/requests/ask-host.ts'
import { conf } from '../../src/engine/conf.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentsPlace, namePlace } from '../../src/deployment/places.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { isLoopback } from '../../src/servers/address.ts'
import { listens } from '../../src/servers/apache/queries/listens.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { type VirtualHostAddress, virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'
import { statusOfDebian } from './_status-of-debian.ts'

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
const siteOfDebian = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      WSGIScriptAlias / /srv/shop/wsgi.py
      ErrorLog \${APACHE_LOG_DIR}/shop.log
      ${lines}
  </VirtualHost>
`
const unmarked = (lines: string): string => main(lines).replace(/[«»]/g, '')

export default defineRule({
  summary: 'Everybody reads the status of the server',
  severity: 'warning',
  otherSeverities: {
    info: 'on a port besides those of the web, or one that is filled in, which may not be reached from outside',
  },
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
      title: "a section for all URLs, in a site of Debian's without its main file",
      files: {
        'deploy/shop.conf': siteOfDebian(conf`
          <Location />
              «Require all granted»
          </Location>
        `),
      },
    },
    {
      title: 'the same on a port that is filled in: advice',
      files: {
        'deploy/shop.conf.j2': siteOfDebian(conf`
          <Location "/">
              «Require all granted»
          </Location>
        `).replace(':80', ':{{ port }}'),
      },
    },
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
    {
      title: 'opened to all in a file without its main file, also in the words of 2.2',
      files: {
        'apache2/status.conf': conf`
          ExtendedStatus On
          <Location /server-status>
              SetHandler server-status
              Order deny,allow
              «Allow from all»
          </Location>
          <Location /server-info>
              SetHandler server-info
              «Require all granted»
          </Location>
        `,
      },
    },
  ],
  good: [
    {
      title: 'a site without its main file that proxies every path',
      files: {
        'deploy/proxy.conf': siteOfDebian(conf`
          ProxyPass / http://127.0.0.1:8000/
          <Location />
              Require all granted
          </Location>
        `),
      },
    },
    {
      title: 'a site without its main file that says so of the page itself',
      files: {
        'deploy/shop.conf': siteOfDebian(conf`
          <Location />
              Require all granted
          </Location>
          <Location /server-status>
              Require local
          </Location>
        `),
      },
    },
    {
      title: 'a site of nobody knows which distribution',
      files: {
        'deploy/shop.conf': siteOfDebian(conf`
          <Location />
              Require all granted
          </Location>
        `).replace('${APACHE_LOG_DIR}', 'logs'),
      },
    },
    {
      title:
        'files without their main file that open a port of this machine, or ask for more than the address',
      files: {
        'apache2/status.conf': conf`
          Listen 127.0.0.1:8081
          <Location /server-status>
              SetHandler server-status
              Require all granted
          </Location>
        `,
        'httpd/status.conf': conf`
          <VirtualHost 127.0.0.1:80>
              <Location /server-status>
                  SetHandler server-status
                  Require all granted
              </Location>
          </VirtualHost>
          <Location /server-info>
              SetHandler server-info
              Order deny,allow
              Allow from all
              AuthType Basic
              AuthName Info
              Require valid-user
          </Location>
          <Location /balancer-manager>
              SetHandler balancer-manager
              Order allow,deny
              Allow from all
              Deny from 192.0.2.0/24
          </Location>
        `,
      },
    },
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
    for (const configuration of deployment.apache)
      if (configuration.main === null) {
        yield* inFragment(deployment, configuration)
        yield* statusOfDebian(configuration)
      }
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

/** Where the main file is not here, what a section says itself counts: hardly another one closes it again. */
function* inFragment(deployment: Deployment, configuration: ApacheConfiguration): Iterable<RuleFinding> {
  const sockets = listens(configuration)
  if (sockets.some(({ endpoint }) => !endpoint.known || isLoopback(endpoint.value.address) !== false)) return
  for (const [section, pages] of pagesByHost(configuration)) {
    const host = section === null ? null : virtualHostOf(configuration, section)
    if (host?.addresses.some(isInner) === true) continue
    for (const { line, parent, handler, path } of pages) {
      const granted = grantOf(parent)
      if (granted === null) continue
      const { end } = askHost(deployment, { configuration, host }, path)
      // What is sure is told with what everything in force says.
      if (end.kind !== 'unknown') continue
      yield {
        at: { ...argumentsPlace(granted, 0, granted.args.length - 1), start: namePlace(granted).start },
        confidence: 'medium',
        message: `this shows \`${path}\`, the page of \`${handler}\`, to anonymous clients`,
        related: [{ at: argumentPlace(line, 0), message: 'what is shown' }],
      }
    }
  }
}

function isInner({ socket }: VirtualHostAddress): boolean {
  if (!socket.known || !OF_WEB.has(socket.value.port)) return true
  const { address } = socket.value
  return address !== null && isLoopback(address) !== false
}

/** The line of a section that lets everybody in, whatever its other lines say; null where none does. */
function grantOf({ children }: ApacheDirective): ApacheDirective | null {
  const named = (name: string) => children.filter(child => child.name.toLowerCase() === name)
  const [requires, allows, denies] = [named('require'), named('allow'), named('deny')]
  const isOf = (line: ApacheDirective, words: string) =>
    line.args.map(({ value }) => value.toLowerCase()).join(' ') === words
  if (denies.length > 0 || children.some(({ section }) => section)) return null
  if (requires.length === 0) return allows.find(line => isOf(line, 'from all')) ?? null
  // Any of several is enough.
  return named('order').length > 0 ? null : (requires.find(line => isOf(line, 'all granted')) ?? null)
}

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
