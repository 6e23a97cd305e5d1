import { memo } from '../../../parsers/collections/memo.ts'
import { cleanPath } from '../../../parsers/text/clean-path.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../../parsers/text/written-text.ts'
import type { YamlMap } from '../../../parsers/yaml/yaml-node.ts'
import type { FollowedCommand } from './followed-commands.ts'
import { isYaml, setupCommands } from './setup-commands.ts'
import { workflowSteps } from './workflow-steps.ts'

/** A copy that makes a directory by its own name in the one it is given, instead of filling that. */
export interface NestedCopy {
  /** The source, as it is written. */
  readonly at: Place
  readonly source: Source
  /** What it is called below the target: `dist`. */
  readonly name: string
  /** The absolute directory of the server. */
  readonly target: string
  readonly by: 'scp-action' | 'rsync' | 'scp'
}

export const nestedCopies = memo((source: Source): readonly NestedCopy[] => {
  const { text } = source
  const found: NestedCopy[] = []
  if (/\brsync\b|\bscp\s/.test(text))
    for (const command of setupCommands(source)) found.push(...byCommand(source, command))
  if (isYaml(source) && ACTION.test(text))
    for (const step of workflowSteps(source))
      if ('action' in step && ACTION.test(step.action) && step.inputs !== null)
        found.push(...byScpAction(source, step.inputs))
  return found
})

const ACTION = /\bappleboy\/scp-action\b/

/**
 * What it packs keeps its path from the checkout on.
 * @see https://github.com/appleboy/scp-action
 */
function byScpAction(source: Source, { entries }: YamlMap): readonly NestedCopy[] {
  const textOf = (name: string): WrittenText | null => {
    const value = entries.get(name)?.value
    return value?.kind === 'scalar' ? value.text : null
  }
  const from = textOf('source')
  const target = absolute(textOf('target')?.text.trim() ?? '')
  if (from === null || target === null || /^(?!0$)/.test(textOf('strip_components')?.text ?? '0')) return []
  const [, name] = /^(?:\.\/)?([\w-][\w.-]*)(?:\/\*{0,2}|\/\*\*\/\*)?$/.exec(from.text.trim()) ?? []
  return name === undefined ? [] : [{ at: placeOf(from), source, name, target, by: 'scp-action' }]
}

/** Options with a value of their own in the next word. */
const WITH_VALUE = {
  rsync: /^(?:-[A-Za-z]*e|--(?:rsh|rsync-path|chmod|chown|timeout|port|exclude|temp-dir|log-file|bwlimit))$/,
  scp: /^-[A-Za-z]*[cDFiJloPSX]$/,
}
const RECURSIVE = {
  rsync: /^(?:-[A-Za-z]*[ar]|--archive$|--recursive$)/,
  scp: /^-[A-Za-z]*r/,
}
/** Options with which the path below the target is another one, or nothing is copied. */
const OTHERWISE = /^(?:-[A-Za-z]*[nR]|--(?:dry-run|relative|files-from|list-only)\b)/

function byCommand(source: Source, { words, isRemote }: FollowedCommand): readonly NestedCopy[] {
  const [program, ...args] = words
  const by = program?.text
  if (isRemote || (by !== 'rsync' && by !== 'scp')) return []
  const options: string[] = []
  const paths: WrittenText[] = []
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!
    if (!word.text.startsWith('-')) paths.push(word)
    else {
      options.push(word.text)
      if (WITH_VALUE[by].test(word.text)) index++
    }
  }
  const [from, to, ...more] = paths
  if (from === undefined || to === undefined || more.length > 0) return []
  if (!options.some(option => RECURSIVE[by].test(option))) return []
  if (by === 'rsync' && options.some(option => OTHERWISE.test(option))) return []
  const target = absolute(/:(\/.*)$/.exec(to.text)?.[1] ?? '')
  // scp takes no notice of a slash at the end.
  const [, name] = /^(?:\.\/)?(?:[\w-][\w.-]*\/)*([\w-][\w.-]*)(\/?)$/.exec(from.text) ?? []
  if (target === null || name === undefined || (by === 'rsync' && from.text.endsWith('/'))) return []
  return [{ at: placeOf(from), source, name, target, by }]
}

const absolute = (path: string): string | null => (/^\/[\w./-]+$/.test(path) ? cleanPath(path) : null)
