import { posix } from 'node:path'
import { optionsIn } from '../../parsers/ansible/module-options.ts'
import { type ScriptWrite, scriptWrites } from '../../parsers/shell/script-writes.ts'
import type { WrittenText } from '../../parsers/text/written-text.ts'
import type { YamlMap, YamlNode, YamlScalar } from '../../parsers/yaml/yaml-node.ts'

/** What is written to each machine of a document: that which boots with cloud-init, the hosts of each play of Ansible. */
export function writesOfYaml(document: YamlNode): readonly (readonly ScriptWrite[])[] {
  if (document.kind === 'map') return [ofCloudInit(document)]
  if (document.kind !== 'list') return []
  const isPlay = (node: YamlNode): node is YamlMap => node.kind === 'map' && node.entries.has('hosts')
  return document.items.some(isPlay)
    ? document.items.filter(isPlay).map(play => {
        const lists = ['pre_tasks', 'tasks', 'post_tasks'].flatMap(
          name => play.entries.get(name)?.value ?? [],
        )
        return ofTasks(lists)
      })
    : [ofTasks([document])]
}

/** `write_files`: a list of maps with a path and a content; `runcmd` may link to them, and change them. */
function ofCloudInit({ entries }: YamlMap): readonly ScriptWrite[] {
  const files = entries.get('write_files')?.value
  if (files?.kind !== 'list') return []
  const given = files.items.flatMap(item => {
    if (item.kind !== 'map' || item.entries.has('encoding') || item.entries.has('append')) return []
    return textAt(item, 'path', 'content')
  })
  const commands = ['bootcmd', 'runcmd'].flatMap(name => scalarsIn(entries.get(name)?.value))
  return scriptWrites(commands, given)
}

function scalarsIn(node: YamlNode | undefined): readonly WrittenText[] {
  if (node === undefined) return []
  if (node.kind === 'scalar') return [node.text]
  return node.kind === 'list' ? node.items.flatMap(scalarsIn) : []
}

/** The text of a map that is written at the path which another entry of it names. */
function textAt({ entries }: YamlMap, path: string, content: string): readonly ScriptWrite[] {
  const at = entries.get(path)?.value
  const text = entries.get(content)?.value
  if (at?.kind !== 'scalar' || text?.kind !== 'scalar' || !KNOWN.test(at.text.text)) return []
  return [{ at: at.text.text, by: { kind: 'text', text: text.at } }]
}

const KNOWN = /^\/[\w.@+/-]+$/

/** What a task may not have that surely makes its file, and makes it once. */
const CONDITIONS = /^(?:when|loop|with_\w+|delegate_to|failed_when|until)$/
const BLOCKS = /^(?:block|always)$/
const MODULE = /^(?:ansible\.builtin\.)?(copy|template|file|lineinfile|blockinfile|replace|ini_file|xml)$/
const IMPORT = /^(?:ansible\.builtin\.)?(?:import_tasks|include_tasks|include)$/

/** The tasks of a list and its blocks, each with whether nothing decides that it runs. */
function* tasksIn(
  node: YamlNode,
  isSure: boolean,
): Iterable<{ readonly task: YamlMap; readonly isSure: boolean }> {
  if (node.kind === 'list') for (const item of node.items) yield* tasksIn(item, isSure)
  if (node.kind !== 'map') return
  const isOwn = isSure && ![...node.entries.keys()].some(name => CONDITIONS.test(name))
  yield { task: node, isSure: isOwn }
  for (const { name, value } of node.entries.values())
    if (value.kind === 'list') yield* tasksIn(value, isOwn && BLOCKS.test(name))
}

/** The files of tasks that a list surely brings in, as it names them. */
export function importedBy(tasks: YamlNode): readonly string[] {
  return [...tasksIn(tasks, true)].flatMap(({ task, isSure }) =>
    [...task.entries.values()].flatMap(({ name, value }) => {
      const file =
        !isSure || !IMPORT.test(name) ? null : value.kind === 'map' ? value.entries.get('file')?.value : value
      return file?.kind === 'scalar' ? [file.text.text.trim()] : []
    }),
  )
}

/**
 * What tasks write.
 *
 * @param lists those that surely run
 * @param others those that may run beside them, and may write the same
 */
export function ofTasks(
  lists: readonly YamlNode[],
  others: readonly YamlNode[] = [],
): readonly ScriptWrite[] {
  const made: ScriptWrite[] = []
  const changed = new Set<string>()
  const all = [...lists.map(list => tasksIn(list, true)), ...others.map(list => tasksIn(list, false))]
  for (const { task, isSure } of all.flatMap(tasks => [...tasks]))
    for (const { name, value } of task.entries.values()) {
      const module = MODULE.exec(name)?.[1]
      if (module === undefined || value.kind === 'list') continue
      const options = textsOf(value)
      const write = value.kind === 'map' ? (textAt(value, 'dest', 'content')[0] ?? null) : null
      const found = module === 'copy' && write !== null ? write : writeOf(module, options)
      if (isSure && found !== null) made.push(found)
      else if (!(module === 'file' && /^(?:file|touch|directory|)$/.test(options.get('state') ?? '')))
        changed.add(options.get('dest') ?? options.get('path') ?? '')
    }
  return made.filter(
    ({ at }, index) => !changed.has(at) && made.every((other, own) => own === index || other.at !== at),
  )
}

/** A copy, a template or a link at a path that is known. */
function writeOf(module: string, options: ReadonlyMap<string, string>): ScriptWrite | null {
  const [from, to = ''] = [options.get('src'), options.get('dest') ?? options.get('path')]
  if (from === undefined || from.endsWith('/') || from.includes('{{') || !KNOWN.test(to)) return null
  if (module === 'file')
    return options.get('state') === 'link' ? { at: to, by: { kind: 'link', to: from } } : null
  if (module !== 'copy' && module !== 'template') return null
  if (/^(?:yes|true)$/i.test(options.get('remote_src') ?? '')) return null
  return { at: to.endsWith('/') ? `${to}${posix.basename(from)}` : to, by: { kind: 'copy', from } }
}

function textsOf(value: YamlMap | YamlScalar): ReadonlyMap<string, string> {
  return new Map([...optionsIn(value)].map(([name, { text }]) => [name, text.text]))
}
