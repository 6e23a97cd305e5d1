import { memo } from '../../../parsers/collections/memo.ts'
import type { Source } from '../../../parsers/text/source.ts'
import type { WrittenText } from '../../../parsers/text/written-text.ts'
import { readYaml } from '../../../parsers/yaml/read-yaml.ts'
import type { YamlMap, YamlNode, YamlScalar } from '../../../parsers/yaml/yaml-node.ts'
import { optionsIn } from './module-calls.ts'
import { plainText } from './plain-text.ts'
import { isYaml } from './setup-commands.ts'

/** A task of Ansible, or a handler, with what it notifies. */
export interface PlaybookTask {
  readonly name: string | null
  /** `git`, without its collection; null where no word is known to be one. */
  readonly module: string | null
  readonly options: ReadonlyMap<string, YamlScalar>
  /** What `command` and `shell` are given. */
  readonly script: WrittenText | null
  readonly notifies: readonly WrittenText[]
  /** Names by which a handler is notified besides its own. */
  readonly listens: readonly string[]
  /** The values of `loop` and `with_items`; null where they are not written out. */
  readonly items: readonly string[] | null
  readonly isHandler: boolean
}

/** The tasks and handlers of a playbook, or of a part of a role. */
export const playbookTasks = memo((source: Source): readonly PlaybookTask[] => {
  if (!isYaml(source) || !/\bnotify:|\bstate:[ \t]*re|\bhandlers\b/.test(source.text + source.path)) return []
  const isHandlers = /(?:^|\/)handlers\//.test(source.path)
  return readYaml(source).documents.flatMap(document => tasksIn(document, isHandlers))
})

/** The words of a task that are no module. */
const KEYWORDS =
  /^(?:name|notify|listen|when|tags|become\w*|register|changed_when|failed_when|loop|loop_control|with_\w+|vars|environment|args|delegate_to|delegate_facts|run_once|no_log|ignore_errors|ignore_unreachable|check_mode|diff|retries|delay|until|any_errors_fatal|remote_user|connection|async|poll|throttle|timeout|module_defaults|collections|debugger|action|local_action)$/
const BLOCKS = /^(?:block|rescue|always|tasks|pre_tasks|post_tasks|handlers)$/

function tasksIn(node: YamlNode, isHandler: boolean): readonly PlaybookTask[] {
  if (node.kind !== 'list') return []
  return node.items.flatMap(item => {
    if (item.kind !== 'map') return []
    const blocks = [...item.entries.values()].filter(({ name }) => BLOCKS.test(name))
    if (blocks.length > 0)
      return blocks.flatMap(({ name, value }) => tasksIn(value, isHandler || name === 'handlers'))
    return item.entries.has('hosts') ? [] : [taskOf(item, isHandler)]
  })
}

function taskOf(node: YamlMap, isHandler: boolean): PlaybookTask {
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
    options,
    script: (value?.kind === 'scalar' ? value.text : options.get('cmd')?.text) ?? null,
    notifies: textsIn(node, 'notify'),
    listens: textsIn(node, 'listen').map(plainText),
    items: itemsOf(node),
    isHandler,
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
