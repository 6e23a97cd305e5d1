import { insertAfter, isOwnText, type Proposal, propose } from '../../src/deployment/edits.ts'
import { argumentPlace, byText } from '../../src/deployment/places.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'
import type { WsgiDaemon } from '../../src/servers/apache/queries/wsgi-daemons.ts'

const MAIN = modWsgiMain()
const main = (lines: string): Record<string, string> => ({ 'etc/apache2/apache2.conf': `${MAIN}${lines}` })

/** mod_wsgi writes the name over the program's own, and no further than that reaches. */
const DEBIAN_PROGRAM = '/usr/sbin/apache2'

export default defineRule({
  summary: 'Daemon processes cannot be told apart in the list of processes',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  advises: 'mod_wsgi',
  why: 'In `ps` and `top` every daemon process is one more `apache2`: nobody sees which application eats the memory. A name longer than the path of the program is cut off at its end.',
  remedy: 'Add `display-name=%{GROUP}`',
  references: ['https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIDaemonProcess.html'],
  bad: [
    { title: 'no name', files: main(conf`WSGIDaemonProcess «shop» threads=5`) },
    {
      title: 'two groups, said once',
      files: main(conf`
        WSGIDaemonProcess «shop» threads=5
        WSGIDaemonProcess wiki
      `),
    },
    {
      title: 'the domain does not fit',
      files: main(conf`WSGIDaemonProcess shop.example.org «display-name=%{GROUP}»`),
    },
  ],
  good: [
    { title: 'named after the group', files: main(conf`WSGIDaemonProcess shop display-name=%{GROUP}`) },
    {
      title: 'a short name for a long group',
      files: main(conf`WSGIDaemonProcess shop.example.org display-name=(wsgi:shop)`),
    },
  ],
  *check({ apache, daemons }) {
    for (const configuration of apache) {
      const own = daemons.filter(daemon => daemon.configuration === configuration)
      yield* nameless(configuration, own)
      if (!configuration.serverRoot.known || configuration.serverRoot.value !== '/etc/apache2') continue
      for (const { options, name } of own) {
        const option = options.get('display-name')
        if (option === undefined || !option.value.known || !name.known) continue
        const shown = option.value.value === '%{GROUP}' ? `(wsgi:${name.value})` : option.value.value
        if (shown.length <= DEBIAN_PROGRAM.length) continue
        yield {
          at: option.at,
          message: `\`${shown}\` is cut to \`${shown.slice(0, DEBIAN_PROGRAM.length)}\` in the list of processes, which has the room of \`${DEBIAN_PROGRAM}\``,
          label: `${shown.length} letters`,
          help: `Choose a name of at most ${DEBIAN_PROGRAM.length} letters, such as \`display-name=(wsgi:${name.value.slice(0, 10).replace(/[^\w].*$/, '')})\``,
        }
      }
    }
  },
})

/** One finding for all, with one fix: it is one decision. */
function* nameless(configuration: ApacheConfiguration, daemons: readonly WsgiDaemon[]) {
  const lacking = daemons.filter(({ options }) => !options.has('display-name'))
  if (lacking.length === 0) return
  const fix = nameAll(lacking)
  for (const { at, name } of lacking) {
    const called = name.known ? `\`${name.value}\`` : 'the daemon process'
    yield {
      at,
      cause: configuration,
      per: 'daemon processes',
      message: (often: string) =>
        `${called} has no \`display-name\`, so \`ps\` shows one more \`apache2\`${often}`,
      label: 'no name in the list of processes',
      also: 'and this one',
      ...fix,
    }
  }
}

function nameAll(daemons: readonly WsgiDaemon[]): Proposal {
  return propose(
    'Name the processes after their group',
    'safe',
    byText(daemons.map(({ directive }) => directive)).map(([directive]) =>
      isOwnText(directive)
        ? insertAfter(argumentPlace(directive, directive.args.length - 1), ' display-name=%{GROUP}')
        : null,
    ),
  )
}
