import { isSlip } from '../../parsers/text/slip.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'
import { type ApacheConfiguration, readsEveryInclude } from '../../src/servers/apache/configuration.ts'

const MAIN = modWsgiMain()
const main = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': conf`
    ${MAIN}
    ${lines}
    <VirtualHost *:9000>
        ServerName example.org
        WSGIDaemonProcess app
        WSGIScriptAlias / /opt/app/wsgi.py process-group=app
    </VirtualHost>
  `,
})

/** Directives that name a process group, whatever they do with it. */
const USERS = [
  'wsgiprocessgroup',
  'wsgirestrictprocess',
  'wsgiscriptalias',
  'wsgiscriptaliasmatch',
  'wsgiimportscript',
  'wsgihandlerscript',
  'wsgidispatchscript',
]

export default defineRule({
  summary: 'A daemon process that no application runs in',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Its processes start, load Python and wait for ever; and whoever reads the file believes that the application has its user, limits and environment.',
  remedy: 'Send the application to it with `WSGIProcessGroup`, or remove it',
  references: ['https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIDaemonProcess.html'],
  bad: [{ title: 'left from a site that moved', files: main('WSGIDaemonProcess «previous»') }],
  good: [
    { title: 'used', files: main('') },
    {
      title: 'runs a script at its start',
      files: main(
        conf`
          WSGIDaemonProcess jobs
          WSGIImportScript /opt/app/jobs.py process-group=jobs application-group=%{GLOBAL}
        `,
      ),
    },
    { title: 'managed by its own code', files: main('WSGIDaemonProcess jobs threads=0') },
    {
      title: 'a fragment, whose user may stand elsewhere',
      files: { 'daemons.conf': conf`WSGIDaemonProcess app user=app` },
    },
  ],
  *check({ apache, daemons, applications }) {
    for (const configuration of apache) {
      if (configuration.main === null || !readsEveryInclude(configuration)) continue
      const own = applications.filter(each => each.configuration === configuration)
      if (own.some(({ processGroup }) => !processGroup.known)) continue
      const used = new Set<string>()
      for (const { processGroup } of own) if (processGroup.known) used.add(processGroup.value)
      const idle = daemons.filter(
        daemon => daemon.configuration === configuration && daemon.name.known && !used.has(daemon.name.value),
      )
      if (idle.length === 0) continue
      const named = namedGroups(configuration)
      // An application that found no group is the fault there, and says so.
      const seenByLost = new Set(
        own.flatMap(each =>
          each.processGroup.known && each.processGroup.value === '' ? [each.visibleDaemons] : [],
        ),
      )
      const lost = new Set([...seenByLost].flat())
      // A misspelt group is the fault where it is written.
      const defined = new Set(daemons.flatMap(({ name }) => (name.known ? [name.value] : [])))
      const undefinedNames = [...used].filter(name => name !== '' && !defined.has(name))
      for (const daemon of idle) {
        const { name, at, threads } = daemon
        if (!name.known || lost.has(daemon)) continue
        const { value } = name
        if (named.has(value) || (threads.known && threads.value === 0)) continue
        if (undefinedNames.some(other => isSlip(other, value, 2))) continue
        yield {
          at,
          message: `no application runs in the daemon process \`${name.value}\``,
          label: 'nothing is sent here',
        }
      }
    }
  },
})

function namedGroups({ occurrences }: ApacheConfiguration): ReadonlySet<string> {
  const names = new Set<string>()
  for (const user of USERS) {
    for (const { args } of occurrences.get(user) ?? []) {
      for (const { value } of args) names.add(value.replace(/^process-group=/, ''))
    }
  }
  return names
}
