import { optionsIn } from '../../../parsers/ansible/module-options.ts'
import { memo } from '../../../parsers/collections/memo.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import type { WrittenText } from '../../../parsers/text/written-text.ts'
import { readYaml } from '../../../parsers/yaml/read-yaml.ts'
import type { YamlMap, YamlNode, YamlScalar } from '../../../parsers/yaml/yaml-node.ts'
import { plainText } from './plain-text.ts'
import { isYaml } from './setup-commands.ts'

/** A task of Ansible, or a handler, with what it notifies. */
export interface PlaybookTask {
  readonly name: string | null
  /** `git`, without its collection; null where no word is known to be one. */
  readonly module: string | null
  /** The word of the module; null where none is known to be one. */
  readonly at: Place | null
  readonly options: ReadonlyMap<string, YamlScalar>
  /** What `command` and `shell` are given. */
  readonly script: WrittenText | null
  readonly notifies: readonly WrittenText[]
  /** Names by which a handler is notified besides its own. */
  readonly listens: readonly string[]
  /** The values of `loop` and `with_items`; null where they are not written out. */
  readonly items: readonly string[] | null
  readonly isHandler: boolean
  /** What `when` says, of a block around it too. */
  readonly conditions: readonly string[]
}

/** The tasks and handlers of a playbook, or of a part of a role. */
export const playbookTasks = memo((source: Source): readonly PlaybookTask[] => {
  if (!isYaml(source) || !TASKS.test(source.text + source.path)) return []
  const isHandler = /(?:^|\/)handlers\//.test(source.path)
  const outer = { isHandler, notifies: [], conditions: [] }
  return readYaml(source).documents.flatMap(document => tasksIn(document, outer))
})

const TASKS =
  /\bnotify:|\bstate:[ \t]*re|\bselinux:|\bhandlers\b|^[ \t]*(?:-[ \t]+)?(?:[\w.]+\.)?(?:git|hg|subversion|synchronize|unarchive|copy|command|shell|raw|script|make|file|reboot|service|systemd|systemd_service|supervisorctl|import_\w+|include\w*)[ \t]*:/m

/** What a task takes over from the blocks around it. */
type Outer = Pick<PlaybookTask, 'isHandler' | 'notifies' | 'conditions'>

/** The words of a task that are no module. */
const KEYWORDS =
  /^(?:name|notify|listen|when|tags|become\w*|register|changed_when|failed_when|loop|loop_control|with_\w+|vars|environment|args|delegate_to|delegate_facts|run_once|no_log|ignore_errors|ignore_unreachable|check_mode|diff|retries|delay|until|any_errors_fatal|remote_user|connection|async|poll|throttle|timeout|module_defaults|collections|debugger|action|local_action)$/
const BLOCKS = /^(?:block|rescue|always|tasks|pre_tasks|post_tasks|handlers)$/

function tasksIn(node: YamlNode, outer: Outer): readonly PlaybookTask[] {
  if (node.kind !== 'list') return []
  return node.items.flatMap(item => {
    if (item.kind !== 'map') return []
    const blocks = [...item.entries.values()].filter(({ name }) => BLOCKS.test(name))
    if (blocks.length === 0) return item.entries.has('hosts') ? [] : [taskOf(item, outer)]
    const inner = takenOver(item, outer)
    return blocks.flatMap(({ name, value }) =>
      tasksIn(value, { ...inner, isHandler: outer.isHandler || name === 'handlers' }),
    )
  })
}

function takenOver(node: YamlMap, { notifies, conditions, isHandler }: Outer): Outer {
  return {
    isHandler,
    notifies: [...notifies, ...textsIn(node, 'notify')],
    conditions: [...conditions, ...textsIn(node, 'when').map(({ text }) => text)],
  }
}

function taskOf(node: YamlMap, outer: Outer): PlaybookTask {
  const [call] = [...node.entries.values()].filter(({ name }) => !KEYWORDS.test(name))
  const value = call?.value
  const module = call?.name.replace(/^.*\./, '') ?? null
  const args = node.entries.get('args')?.value
  const options = new Map([
    ...(args?.kind === 'map' ? optionsIn(args) : []),
    ...(value === undefined || value.kind === 'list' ? [] : optionsIn(value)),
  ])
  return {
    name: textsIn(node, 'name').map(plainText)[0] ?? null,
    module,
    at: call?.key ?? null,
    options,
    script: (value?.kind === 'scalar' ? value.text : options.get('cmd')?.text) ?? null,
    listens: textsIn(node, 'listen').map(plainText),
    items: itemsOf(node),
    ...takenOver(node, outer),
  }
}

function itemsOf({ entries }: YamlMap): readonly string[] | null {
  const value = (entries.get('loop') ?? entries.get('with_items'))?.value
  if (value?.kind !== 'list') return null
  const texts = value.items.flatMap(item => (item.kind === 'scalar' ? [plainText(item.text)] : []))
  return texts.length === value.items.length ? texts : null
}

function textsIn({ entries }: YamlMap, name: string): readonly WrittenText[] {
  const value = entries.get(name)?.value
  if (value?.kind === 'scalar') return [value.text]
  return value?.kind === 'list'
    ? value.items.flatMap(item => (item.kind === 'scalar' ? [item.text] : []))
    : []
}
