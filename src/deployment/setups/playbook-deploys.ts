import { memo } from '../../../parsers/collections/memo.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { placeAcross, type WrittenText } from '../../../parsers/text/written-text.ts'
import { followedCommands } from './followed-commands.ts'
import { plainText } from './plain-text.ts'
import { type PlaybookTask, playbookTasks } from './playbook-tasks.ts'
import { isHarmless } from './preparing-commands.ts'
import { plainName, restartedServices } from './restarted-services.ts'

/** What playbooks do where the code of an application has changed. */
export interface PlaybookDeploys {
  readonly deploys: readonly PlaybookDeploy[]
  /** What they start anew whether or not the code has changed. */
  readonly restartedAnyway: ReadonlySet<string>
}

/** A task that brings the code of an application, and notifies handlers. */
export interface PlaybookDeploy {
  /** Its directory, as `plainText` has it. */
  readonly path: string
  /** The names of the handlers that it notifies. */
  readonly at: Place
  /** Units and programs that these start anew, as they are written. */
  readonly restarts: readonly string[]
}

const BRINGS = /^(?:git|synchronize|unarchive|subversion|hg)$/
/** Modules that change something where a file or a package does, which is another matter than the code. */
const CHANGES_ELSE =
  /^(?:template|copy|pip|apt|yum|dnf|package|lineinfile|blockinfile|ini_file|replace|file|user|group|get_url|npm|composer|cron|htpasswd)$/

/** Null where a task restarts what nobody knows. */
export const playbookDeploys = memo((texts: readonly Source[]): PlaybookDeploys | null => {
  const tasks = texts.flatMap(playbookTasks)
  const handlers = tasks.filter(({ isHandler }) => isHandler)
  const bringing = tasks.filter(
    task => !task.isHandler && task.notifies.length > 0 && BRINGS.test(task.module ?? ''),
  )
  if (bringing.length === 0) return null
  const anyway = new Set<string>()
  for (const task of tasks) {
    if (task.isHandler || bringing.includes(task)) continue
    const restarted = MAY_RESTART.test(task.module ?? '') ? restartsOf(task) : []
    const notified = CHANGES_ELSE.test(task.module ?? '') ? [] : restartedBy(task.notifies, handlers)
    if (restarted === null || notified === null) return null
    for (const name of [...restarted, ...notified]) anyway.add(name)
  }
  return {
    deploys: bringing.flatMap(task => {
      const dest = task.options.get('dest')?.text
      const restarts = restartedBy(task.notifies, handlers)
      const [first] = task.notifies
      if (dest === undefined || restarts === null || first === undefined) return []
      return [{ path: plainText(dest), at: placeAcross(first, task.notifies.at(-1)!), restarts }]
    }),
    restartedAnyway: anyway,
  }
})

/** What handlers start anew; null where one is not there, or may restart more than it says. */
export function restartedBy(
  notifies: readonly WrittenText[],
  handlers: readonly PlaybookTask[],
): readonly string[] | null {
  const found = new Set<string>()
  const waiting = notifies.map(plainText)
  for (const asked of waiting) {
    const name = asked.replace(/^.* : /, '')
    const named = handlers.filter(handler => handler.name === name || handler.listens.includes(name))
    if (named.length === 0) return null
    for (const handler of named) {
      const restarts = restartsOf(handler)
      if (restarts === null) return null
      for (const each of restarts) found.add(each)
      // A handler may notify another one.
      for (const next of handler.notifies.map(plainText)) if (!waiting.includes(next)) waiting.push(next)
    }
  }
  return [...found]
}

const MAY_RESTART = /^(?:systemd|systemd_service|service|sysvinit|supervisorctl|command|shell|raw)$/
const HARMLESS = /^(?:meta|debug|wait_for|uri|assert|pause)$/

/** What a task or a handler starts anew; null where nobody knows. */
export function restartsOf(task: PlaybookTask): readonly string[] | null {
  const module = task.module ?? ''
  if (HARMLESS.test(module)) return []
  if (/^(?:command|shell|raw)$/.test(module)) return ofScript(task)
  if (!MAY_RESTART.test(module)) return null
  const state = task.options.get('state')
  if (state === undefined || /^(?:started|present|absent)$/.test(state.text.text)) return []
  const name = task.options.get('name')
  if (name === undefined) return null
  const written = plainText(name.text)
  if (!written.includes('{{ item }}')) return /^all$/.test(written) ? null : [plainName(written)]
  return task.items?.map(item => plainName(written.replaceAll('{{ item }}', item))) ?? null
}

const SPEAKS_OF_SERVICES = /restart|reload|systemctl|supervisorctl|service|kill|HUP|touch/

function ofScript({ script, isHandler }: PlaybookTask): readonly string[] | null {
  if (script === null) return null
  if (!isHandler && !SPEAKS_OF_SERVICES.test(script.text)) return []
  const found: string[] = []
  for (const command of followedCommands([script])) {
    const names = restartedServices(command)
    if (names !== null) found.push(...names)
    else if (!isHarmless(command)) return null
  }
  return found
}
