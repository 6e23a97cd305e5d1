import { type ScriptWrite, scriptWrites } from '../../parsers/shell/script-writes.ts'
import type { NestedText } from '../../parsers/text/nested-text.ts'
import { textSource } from '../../parsers/text/source.ts'
import { wholeText, type WrittenText } from '../../parsers/text/written-text.ts'
import { readYaml } from '../../parsers/yaml/read-yaml.ts'
import type { YamlMap, YamlNode } from '../../parsers/yaml/yaml-node.ts'
import type { Mount } from './mounts.ts'
import { nestedPath } from './nested-path.ts'

/** What one machine gets of the texts in a file, each at its place there. */
export type PlacedTexts = readonly Mount[]

/**
 * The machines that a file writes files for whole: a script the one on which it runs, `write_files` of cloud-init the one
 * that boots with it, each play of Ansible its hosts.
 *
 * @param isShell whether the file is a script
 * @param texts those in it, in their order
 */
export function placedTexts(
  outer: string,
  text: string,
  isShell: boolean,
  texts: readonly NestedText[],
): readonly PlacedTexts[] {
  const source = textSource(outer, text)
  const machines = isShell
    ? [scriptWrites([wholeText(source)])]
    : YAML_WRITES.test(text)
      ? readYaml(source).documents.flatMap(writesOfYaml)
      : []
  return machines.map(writes => mountsOf(outer, writes, texts)).filter(mounts => mounts.length > 0)
}

const YAML_WRITES = /\bwrite_files:|\bcontent:/

function mountsOf(
  outer: string,
  writes: readonly ScriptWrite[],
  texts: readonly NestedText[],
): readonly Mount[] {
  const found = new Map<string, string>()
  for (const { at, by } of writes) {
    if (by.kind !== 'text' || !OF_PROGRAMS.test(at)) continue
    // What a script writes begins at the line of its text, a block of YAML on the line before.
    const index = texts.findIndex(({ start, end }) => start >= by.text.start && end <= by.text.end + 1)
    if (index !== -1) found.set(at, nestedPath(outer, index))
  }
  for (const { at, by } of writes) {
    const target = by.kind === 'link' ? found.get(by.to) : undefined
    if (target !== undefined) found.set(at, target)
  }
  return [...found].map(([at, disk]) => ({ at, disk }))
}

/**
 * Where programs of a machine look for what they are told. A file of an application or of a site is left out: what else
 * is in its directory, a script brings from elsewhere.
 */
const OF_PROGRAMS =
  /^\/etc\/|^\/usr\/local\/(?:etc|nginx|apache2?|openresty)\/|^\/opt\/(?:bitnami|homebrew)\/|^\/(?:usr\/)?lib\/systemd\/|^\/var\/spool\/cron\/|\/\.env$|\/gunicorn[\w.-]*\.py$|uwsgi[^/]*\.ini$/

function writesOfYaml(document: YamlNode): readonly (readonly ScriptWrite[])[] {
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

function ofTasks(lists: readonly YamlNode[]): readonly ScriptWrite[] {
  const made: ScriptWrite[] = []
  const changed = new Set<string>()
  const visit = (node: YamlNode, isSure: boolean): void => {
    if (node.kind === 'list') for (const item of node.items) visit(item, isSure)
    if (node.kind !== 'map') return
    const isOwn = isSure && ![...node.entries.keys()].some(name => CONDITIONS.test(name))
    for (const { name, value } of node.entries.values()) {
      if (value.kind === 'list') visit(value, isOwn && BLOCKS.test(name))
      const module = MODULE.exec(name)?.[1]
      if (module === undefined || value.kind !== 'map') continue
      const option = (key: string): string => {
        const given = value.entries.get(key)?.value
        return given?.kind === 'scalar' ? given.text.text : ''
      }
      const writes: readonly ScriptWrite[] =
        module === 'copy'
          ? textAt(value, 'dest', 'content')
          : module === 'file' && option('state') === 'link' && KNOWN.test(option('dest') || option('path'))
            ? [{ at: option('dest') || option('path'), by: { kind: 'link', to: option('src') } }]
            : []
      if (isOwn) made.push(...writes)
      const isMade = isOwn && writes.length > 0
      const isHarmless = module === 'file' && /^(?:file|touch|directory|)$/.test(option('state'))
      if (!isMade && !isHarmless) changed.add(option('dest') || option('path'))
    }
  }
  for (const list of lists) visit(list, true)
  return made.filter(
    ({ at }, index) => !changed.has(at) && made.every((other, own) => own === index || other.at !== at),
  )
}
