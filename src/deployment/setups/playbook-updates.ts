import { memo } from '../../../parsers/collections/memo.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { followedCommands } from './followed-commands.ts'
import { plainText } from './plain-text.ts'
import { runsWhatIsElsewhere } from './playbook-includes.ts'
import { restartedBy, restartsOf } from './playbook-deploys.ts'
import { type PlaybookTask, playbookTasks } from './playbook-tasks.ts'
import { beginsAs, isHarmless, isHarmlessBeside, isPreparing } from './preparing-commands.ts'
import { restartedServices } from './restarted-services.ts'
import { loadsLater } from './updated-checkouts.ts'

/** A task that replaces the code of an application in place, of playbooks that are known as a whole. */
export interface PlaybookUpdate {
  /** The directory, as `plainText` has it. */
  readonly path: string
  /** The module that brings the code. */
  readonly at: Place
  /** True where a file that has not changed may get another time. */
  readonly renewsTimes: boolean
  /** Units and programs that are started anew with it, or anyway, as they are written. */
  readonly restarts: readonly string[]
}

const BRINGS = /^[ \t]*(?:-[ \t]+)?(?:[\w.]+\.)?(?:git|hg|subversion|synchronize|unarchive|copy)[ \t]*:/m

/** Empty where some task, role or script may load new code in a way that nobody knows. */
export const playbookUpdates = memo((texts: readonly Source[]): readonly PlaybookUpdate[] => {
  if (!texts.some(({ text }) => BRINGS.test(text))) return []
  const tasks = texts.flatMap(playbookTasks)
  const handlers = tasks.filter(({ isHandler }) => isHandler)
  const bringing = tasks.filter(bringsCode)
  if (bringing.length === 0 || runsWhatIsElsewhere(texts) || texts.some(loadsBeside)) return []
  const anyway = restartedAnyway(
    tasks.filter(task => !task.isHandler && !bringing.includes(task)),
    handlers,
  )
  if (anyway === null) return []
  const byRunner = texts.some(({ path, text }) => RUNNERS.test(path) && /ansible/.test(text))
  const written = tasks.flatMap(writtenFile)
  return bringing.flatMap(task => {
    const path = directoryOf(task)
    // Files that it sets back, and that other tasks write again, are new ones each time.
    if (task.at === null || (isForced(task) && written.some(file => lies(file, path)))) return []
    const beside = bringing.filter(other => lies(directoryOf(other), path) || lies(path, directoryOf(other)))
    const restarts = restartedBy(
      beside.flatMap(({ notifies }) => notifies),
      handlers,
    )
    if (restarts === null) return []
    const renewsTimes = task.module === 'unarchive' || (task.module === 'synchronize' && byRunner)
    return [{ path, at: task.at, renewsTimes, restarts: [...restarts, ...anyway] }]
  })
})

/** Where a checkout is new, and so are the times of its files. */
const RUNNERS = /\.github\/|\.gitlab|\.circleci|azure-pipelines|bitbucket|Jenkinsfile|\.drone|\.woodpecker/

/** A part of a project, which no process keeps in its memory. */
const PARTS =
  /dist|build|static|media|public|assets|upload|conf|etc|data|fixture|template|locale|ssl|cert|key|node_modules|venv/i
const OF_SYSTEM =
  /^\(?\s*ansible_(?:facts|os_family|distribution|system)[\w.[\]'"]*\s*(?:[=!]=|in|is defined)/

function bringsCode({ isHandler, module, options, conditions }: PlaybookTask): boolean {
  if (isHandler || !options.has('dest') || options.has('creates')) return false
  // Often: only where nothing is there yet.
  if (!conditions.every(text => OF_SYSTEM.test(text))) return false
  const said = (name: string): string => options.get(name)?.text.text ?? ''
  const from = said('src')
  switch (module) {
    case 'git':
    case 'hg':
    case 'subversion':
      return !isNo(said('update')) && !isNo(said('clone'))
    case 'synchronize':
      return said('mode') !== 'pull' && /(?:\/|\.)$/.test(from) && !PARTS.test(from)
    case 'copy':
      return from.endsWith('/') && !PARTS.test(from)
    case 'unarchive':
      return from !== '' && !PARTS.test(from)
    default:
      return false
  }
}

const isNo = (text: string): boolean => /^(?:no|false|off|0)$/i.test(text)
const isForced = ({ options }: PlaybookTask): boolean => {
  const force = options.get('force')?.text.text
  return force !== undefined && !isNo(force)
}

const directoryOf = ({ options }: PlaybookTask): string => {
  const dest = options.get('dest')
  return dest === undefined ? '' : plainText(dest.text)
}

/** True for a path in a directory, or that itself; both as they are written. */
export const lies = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(`${directory}/`)

function writtenFile({ module, options, isHandler }: PlaybookTask): readonly string[] {
  if (isHandler || !/^(?:template|copy|lineinfile|blockinfile|replace|ini_file)$/.test(module ?? ''))
    return []
  const to = options.get('dest') ?? options.get('path')
  return to === undefined ? [] : [plainText(to.text)]
}

/** A script, a workflow or a unit that may load what a playbook has brought. */
const loadsBeside = (source: Source): boolean =>
  !/(?:^|\/)handlers\//.test(source.path) && playbookTasks(source).length === 0 && loadsLater(source)

/** Null where nobody knows. */
function restartedAnyway(
  tasks: readonly PlaybookTask[],
  handlers: readonly PlaybookTask[],
): readonly string[] | null {
  const found: string[] = []
  for (const task of tasks) {
    const restarts = startedBy(task)
    const notified = changesWithCode(task) ? restartedBy(task.notifies, handlers) : []
    if (restarts === null || notified === null) return null
    found.push(...restarts, ...notified)
  }
  return found
}

/** Modules that run what is not in the playbook, or restart more than one program. */
const MAY_DO_ANYTHING =
  /^(?:reboot|script|make|expect|deploy_helper)$|docker|podman|k8s|helm|passenger|reload/
const SPEAKS_OF_SERVICES = /restart|reload|systemctl|supervisorctl|service|kill|HUP|touch|apache2?ctl/

function startedBy(task: PlaybookTask): readonly string[] | null {
  const { module, options, script } = task
  if (module === null || MAY_DO_ANYTHING.test(module)) return null
  if (/^(?:command|shell|raw)$/.test(module)) return script === null ? null : ofCommand(task, script.text)
  if (module === 'file') return options.get('state')?.text.text === 'touch' ? null : []
  if (module === 'cron') return SPEAKS_OF_SERVICES.test(options.get('job')?.text.text ?? '') ? null : []
  return /^(?:systemd|systemd_service|service|sysvinit|supervisorctl)$/.test(module) ? restartsOf(task) : []
}

/** Commands that an administrator types once, and that load no code. */
const SETTING_UP = [
  ...['a2ensite', 'a2dissite', 'a2enmod', 'a2dismod', 'a2enconf', 'a2disconf', 'createdb', 'psql'],
  ...['createuser', 'openssl', 'locale-gen', 'timedatectl', 'which', 'stat', 'command', 'ufw', 'certbot'],
]

function ofCommand({ script, options }: PlaybookTask, text: string): readonly string[] | null {
  if (script === null) return null
  // What runs once loads nothing later.
  if (options.has('creates') || /\bcreates=/.test(text)) return []
  const found: string[] = []
  for (const command of followedCommands([script])) {
    const names = restartedServices(command)
    if (names !== null) found.push(...names)
    else if (
      !isHarmless(command) &&
      !isHarmlessBeside(command) &&
      !isPreparing(command) &&
      !beginsAs(command.words, SETTING_UP)
    )
      return null
  }
  return found
}

/** Modules that change something where their own file or package does, whatever the code does. */
const CHANGES_ELSE =
  /^(?:template|apt|yum|dnf|package|apt_key|apt_repository|lineinfile|blockinfile|ini_file|replace|user|group|get_url|cron|htpasswd|apache2_module|postgresql_\w+|mysql_\w+)$/

function changesWithCode({ module, options, script }: PlaybookTask): boolean {
  const said = (name: string): string => options.get(name)?.text.text ?? ''
  if (module === null) return true
  if (CHANGES_ELSE.test(module)) return false
  if (module === 'file') return said('state') !== 'directory'
  if (module === 'copy') return !options.has('src')
  if (module === 'pip') return !options.has('requirements') || /latest|force/.test(said('state'))
  if (/^(?:command|shell)$/.test(module))
    return !options.has('creates') && !/\bcreates=/.test(script?.text ?? '')
  return true
}
