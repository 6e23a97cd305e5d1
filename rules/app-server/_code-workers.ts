import { posix } from 'node:path'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Deployment, StartedCommand } from '../../src/deployment/model.ts'
import { moduleCalls } from '../../src/deployment/setups/module-calls.ts'
import { plainPlace, plainText } from '../../src/deployment/setups/plain-text.ts'
import { plainName } from '../../src/deployment/setups/restarted-services.ts'

/** A process that takes tasks from a queue, and keeps the code that it has loaded. */
export interface CodeWorker {
  /** `the Celery worker`. */
  readonly title: string
  readonly isPhp: boolean
  /** Where its code lies, as it is written, placeholders too. */
  readonly homes: readonly string[]
  /** By which `systemctl` or `supervisorctl` starts it, as they are written. */
  readonly names: ReadonlySet<string>
  readonly at: Place
}

/** The commands that start workers, and the names of what starts something else. */
export interface StartedNames {
  readonly workers: readonly CodeWorker[]
  readonly others: ReadonlySet<string>
}

interface WorkerKind {
  readonly title: string
  readonly isPhp: boolean
  readonly command: RegExp
}

const kind = (title: string, command: RegExp, isPhp = false): WorkerKind => ({ title, isPhp, command })

const KINDS: readonly WorkerKind[] = [
  kind('the Celery worker', /^celery\b.*\sworker\b/),
  kind('Celery beat', /^celery\b.*\sbeat\b/),
  kind('the worker of RQ', /^rq\s+worker\b|^manage\.py\s+rqworker\b/),
  kind('Dramatiq', /^dramatiq\b|^manage\.py\s+rundramatiq\b/),
  kind('Huey', /^huey_consumer|^manage\.py\s+run_huey\b/),
  kind('the worker of Django Q', /^manage\.py\s+qcluster\b/),
  kind('Sidekiq', /^sidekiq\b/),
  kind('the queue worker', /^artisan\s+queue:work\b/, true),
  kind('Horizon', /^artisan\s+horizon(?:\s|$)/, true),
  kind('the worker of Messenger', /^console\s+messenger:consume\b/, true),
]

/** Options by which a worker ends by itself, so that another one begins, or looks at its files. */
const RENEWS =
  /\s(?:--?(?:autoreload|max-time|max-jobs|stop-when-empty|once|time-limit|limit|burst|watch|with-scheduler-reload)\b|-l\s*\d)|watchmedo|watchfiles|nodemon/
const RENEWED = /RuntimeMaxSec|Watchdog|PartOf|BindsTo|PropagatesReloadTo|ReloadPropagatedFrom/
/** Units of which no deploy restarts one. */
const STORES = /^(?:redis|rabbitmq|postgres|mysql|mariadb|memcached|valkey|network|local-fs|sysinit|basic)/

export function startedNames(deployment: Deployment): StartedNames {
  const installed = installedNames(deployment)
  const workers: CodeWorker[] = []
  const others = new Set<string>()
  for (const command of deployment.commands) {
    if (command.by !== 'systemd' && command.by !== 'supervisord') continue
    const names = namesOf(command, deployment, installed)
    const worker = workerOf(command, names)
    if (worker !== null) workers.push(worker)
    else for (const name of names) others.add(name)
  }
  return { workers, others }
}

function workerOf(command: StartedCommand, names: ReadonlySet<string>): CodeWorker | null {
  const { words, rest, directory, service } = command
  const texts = words.map(({ text }) => text)
  const at = texts.findIndex(text =>
    /(?:^|\/)(?:celery|rq|dramatiq|huey_consumer(?:\.py)?|sidekiq|artisan|console|manage\.py)$/.test(text),
  )
  const word = words[at]
  if (word === undefined || rest !== null || names.size === 0) return null
  const line = [posix.basename(texts[at]!), ...texts.slice(at + 1)].join(' ')
  const found = KINDS.find(each => each.command.test(line))
  if (found === undefined || RENEWS.test(` ${texts.join(' ')}`)) return null
  if (service?.unit.sources.some(({ text }) => RENEWED.test(text)) === true) return null
  // It is started anew with a unit that it requires.
  if (service?.requires.some(unit => !unit.known || !STORES.test(unit.value)) === true) return null
  const script = plainText(word)
  const own = /\/(?:artisan|manage\.py)$/.test(script) ? [posix.dirname(script)] : []
  const written = directory?.at == null ? [] : [plainPlace(directory.at)]
  const homes = [...own, ...written, ...(directory?.known === true ? [directory.value] : [])]
  const { source, start } = placeOf(word)
  const end = placeOf(words[at + 1] ?? word).end
  return { title: found.title, isPhp: found.isPhp, homes, names, at: { source, start, end } }
}

/** The name of its unit or its program, and those under which playbooks install the file. */
function namesOf(
  { service, words, by }: StartedCommand,
  { supervisors }: Deployment,
  installed: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const names = new Set<string>()
  if (by === 'supervisord') {
    const [first] = words
    const place = first === undefined ? null : placeOf(first)
    for (const { programs } of supervisors)
      for (const { name, command } of programs)
        if (
          place !== null &&
          command !== null &&
          command.source === place.source &&
          command.start <= place.start &&
          place.end <= command.end
        )
          names.add(name)
    return names
  }
  const main = service?.unit.main
  if (main == null) return names
  const file = posix.basename(main.path)
  names.add(file.replace(/\.service\b.*$/, ''))
  for (const name of installed.get(file) ?? []) names.add(name)
  return names
}

function installedNames({ setups }: Deployment): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const source of setups() ?? [])
    for (const { module, options } of moduleCalls(source)) {
      const [from, to] = ['src', 'dest'].map(name => options.get(name)?.text)
      if ((module !== 'template' && module !== 'copy') || from === undefined || to === undefined) continue
      const file = posix.basename(placeText(placeOf(from)))
      const names = found.get(file) ?? []
      found.set(file, names)
      names.push(plainName(posix.basename(plainText(to))))
    }
  return found
}
