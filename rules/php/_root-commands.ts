import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { SupervisorMain, SupervisorProgram } from '../../parsers/supervisor/read-supervisor.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Deployment, Machine, StartedCommand } from '../../src/deployment/model.ts'
import { isRoot, rootJobs, rootOfUnit } from './_started-by-root.ts'

/** A command of an application of PHP that root runs: `php artisan queue:work`, `bin/console messenger:consume`. */
export interface RootCommand {
  readonly machine: Machine
  readonly framework: 'Laravel' | 'Symfony'
  /** The directory of the application. */
  readonly home: string
  /** Such as `queue:work`. */
  readonly command: string
  readonly at: Place
  readonly by: string
  readonly environment: (name: string) => Fact<string> | null
}

/** What becomes another user, or cares for what others may do with its files. */
const CARES = /\b(?:sudo|su|runuser|setuidgid|chpst|gosu|su-exec|setpriv|chown|chmod|umask|setfacl|docker)\b/
const SCRIPT = /(?:^|\s)((?:[\w./-]*\/)?)(artisan|bin\/console)\s+(?:-\S+\s+)*([a-z][\w:.-]*)/
/** What works through jobs, and does so for good. */
const WORKS = /^(?:queue:(?:work|listen)|horizon|schedule:(?:run|work)|messenger:consume)$/

/** Those that supervisord, systemd and cron start on machines of their own, where root stands for nobody else. */
export function rootCommands(deployment: Deployment): readonly RootCommand[] {
  return [
    ...deployment.commands.flatMap(started => ofStarted(deployment, started)),
    ...deployment.machines.flatMap(machine => (machine.container === null ? ofCron(machine) : [])),
  ]
}

function ofStarted(deployment: Deployment, started: StartedCommand): readonly RootCommand[] {
  const { machine, by, words, rest, directory, environment, service } = started
  const [first] = words
  if (machine.container !== null || first === undefined || rest !== null) return []
  const found = commandIn(
    words.map(({ text }) => text).join(' '),
    directory?.known === true ? directory.value : null,
  )
  if (found === null || !WORKS.test(found.command)) return []
  if (by === 'supervisord') {
    const supervised = programsByPlace(deployment).get(keyOf(placeOf(first)))
    if (supervised === undefined || !isOfRoot(supervised)) return []
    return [{ ...found, machine, at: supervised.program.at, by: 'supervisord', environment }]
  }
  const at = service?.umask === null ? rootOfUnit(started) : null
  return at === null ? [] : [{ ...found, machine, at, by: 'systemd', environment }]
}

interface Supervised {
  readonly program: SupervisorProgram
  readonly main: SupervisorMain | null
}

/** By the first word of their commands; one that is called through a wrapper is not found. */
const programsByPlace = memo(
  ({ supervisors }: Deployment): ReadonlyMap<string, Supervised> =>
    new Map(
      supervisors.flatMap(({ programs, main }) =>
        programs.flatMap(program => {
          const [first] = program.words ?? []
          return first === undefined ? [] : [[keyOf(placeOf(first)), { program, main }] as const]
        }),
      ),
    ),
)

const keyOf = ({ source, start }: Place): string => `${start} ${source.path}`

/** A program that names no account is that of supervisord, which may become another one than root. */
function isOfRoot({ program: { user: own, umask }, main }: Supervised): boolean {
  const user = own ?? main?.user ?? null
  return umask === null && (user === null || (user.known && isRoot(user.value)))
}

function ofCron(machine: Machine): readonly RootCommand[] {
  return rootJobs(machine).flatMap(({ text, directory, at }) => {
    const found = commandIn(text, directory)
    if (found === null || !WORKS.test(found.command)) return []
    return [{ ...found, machine, at, by: 'cron', environment: () => null }]
  })
}

function commandIn(
  text: string,
  directory: string | null,
): Pick<RootCommand, 'framework' | 'home' | 'command'> | null {
  const [, before = '', script = '', command = ''] = SCRIPT.exec(text) ?? []
  if (script === '' || CARES.test(text) || (!before.startsWith('/') && directory === null)) return null
  return {
    framework: script === 'artisan' ? 'Laravel' : 'Symfony',
    home: cleanPath(posix.resolve(directory ?? '/', before)),
    command,
  }
}
