import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { isSlip } from '../../parsers/text/slip.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'
import { type ApacheConfiguration, readsEveryInclude } from '../../src/servers/apache/configuration.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:9000>
      ServerName example.org
      ${lines}
  </VirtualHost>
`
const MAIN = modWsgiMain()

export default defineRule({
  summary: 'A script is sent to a daemon process that nobody defines',
  severity: 'error',
  otherSeverities: { warning: 'where the main file of the configuration is not in the audit' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache starts and says “Syntax OK”; every request is a 500 with “No WSGI daemon process called … has been configured” in the error log.',
  remedy: 'Give `WSGIDaemonProcess` and the process group the same name',
  references: ['https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIProcessGroup.html'],
  bad: [
    {
      title: 'two letters swapped',
      files: {
        'site.conf': host(
          conf`
            WSGIDaemonProcess shop
            WSGIProcessGroup «shpo»
            WSGIScriptAlias / /srv/shop/wsgi.py
          `,
        ),
      },
    },
    {
      title: 'no daemon process at all',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host('WSGIScriptAlias / /srv/shop/wsgi.py process-group=«shop»')}`,
      },
    },
    {
      title: 'another name than that of the only daemon process, in a fragment',
      files: {
        'site.conf': host(
          conf`
            WSGIDaemonProcess shop
            WSGIProcessGroup «shop-live»
            WSGIScriptAlias / /srv/shop/wsgi.py
          `,
        ),
      },
    },
  ],
  good: [
    {
      title: 'defined',
      files: {
        'site.conf': host(
          conf`
            WSGIDaemonProcess shop
            WSGIProcessGroup shop
            WSGIScriptAlias / /srv/shop/wsgi.py
          `,
        ),
      },
    },
    {
      title: 'defined at server level, below the virtual host',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          ${host(conf`
            WSGIProcessGroup shop
            WSGIScriptAlias / /srv/shop/wsgi.py
          `)}
          WSGIDaemonProcess shop
        `,
      },
    },
    {
      title: 'a fragment whose daemon process stands elsewhere',
      files: {
        'site.conf': host(conf`
          WSGIProcessGroup shop
          WSGIScriptAlias / /srv/shop/wsgi.py
        `),
      },
    },
    {
      title: 'a fragment with a daemon process of its own, which another application uses',
      files: {
        'site.conf': host(conf`
          WSGIDaemonProcess blog
          WSGIScriptAlias /blog /srv/blog/wsgi.py process-group=blog
          WSGIScriptAlias /shop /srv/shop/wsgi.py process-group=shop
        `),
      },
    },
    {
      title: 'a name that the environment holds',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host(conf`
          WSGIProcessGroup %{ENV:GROUP}
          WSGIScriptAlias / /srv/shop/wsgi.py
        `)}`,
      },
    },
  ],
  *check({ applications, daemons, apache }) {
    for (const configuration of apache) {
      const own = daemons.filter(daemon => daemon.configuration === configuration)
      if (own.some(({ name }) => !name.known)) continue
      const names = new Set(own.flatMap(({ name }) => (name.known ? [name.value] : [])))
      const isWhole = configuration.main !== null && readsEveryInclude(configuration)
      const idle = idleBySource(configuration, own)
      for (const { configuration: home, processGroup, directive, daemon } of applications) {
        if (home !== configuration || daemon !== null) continue
        if (!processGroup.known || processGroup.at === null) continue
        const { value, at } = processGroup
        if (value === '' || names.has(value)) continue
        const near = [...names]
          .slice(0, MOST_COMPARED)
          .filter(name => isSlip(name, value, value.length > 3 ? 2 : 1))
        const [beside, ...others] = near.length > 0 ? near : (idle.get(at.source) ?? [])
        const candidate = others.length === 0 ? beside : undefined
        // In a fragment the missing main file may define it, unless a name beside it says what was meant.
        if (!isWhole && near.length === 0 && candidate === undefined) continue
        const written = at.source.text.slice(at.start, at.end)
        yield {
          at,
          severity: isWhole ? 'error' : 'warning',
          confidence: isWhole ? 'high' : 'medium',
          message:
            candidate === undefined
              ? `no \`WSGIDaemonProcess\` is called \`${value}\`, so every request of this application is a 500`
              : `no \`WSGIDaemonProcess\` is called \`${value}\`, only \`${candidate}\`, so every request of this application is a 500`,
          label: 'nobody defines this group',
          related: [
            ...own
              .filter(({ name }) => name.known && name.value === candidate)
              .slice(0, 1)
              .map(daemon => ({ at: daemon.at, message: 'defined under this name' })),
            {
              at: { source: directive.source, start: directive.nameStart, end: directive.nameEnd },
              message: 'the application',
            },
          ],
          ...(candidate !== undefined && written.endsWith(value)
            ? propose(`Name the group ${candidate}`, 'unsafe', [
                replacePlace(at, written.slice(0, -value.length) + candidate),
              ])
            : {}),
        }
      }
    }
  },
})

const USERS = [
  'wsgiprocessgroup',
  'wsgiscriptalias',
  'wsgiscriptaliasmatch',
  'wsgiimportscript',
  'wsgihandlerscript',
]

/** The names of the daemon processes that no line sends anything to, by the file that defines them. */
function idleBySource(
  { occurrences }: ApacheConfiguration,
  daemons: Deployment['daemons'],
): ReadonlyMap<Source, readonly string[]> {
  const used = new Set<string>()
  for (const user of USERS)
    for (const { args } of occurrences.get(user) ?? [])
      for (const { value } of args) used.add(value.replace(/^process-group=/, ''))
  const idle = new Map<Source, string[]>()
  for (const { name, at } of daemons) {
    if (!name.known || used.has(name.value)) continue
    const names = idle.get(at.source)
    if (names === undefined) idle.set(at.source, [name.value])
    else names.push(name.value)
  }
  return idle
}

/** Names beside which a misspelt one is looked for: more would take time by the square of their number. */
const MOST_COMPARED = 200
