import { posix } from 'node:path'
import { memo } from '../../../parsers/collections/memo.ts'
import { type Place, placeText, type Source } from '../../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../../parsers/text/written-text.ts'
import { inDirectory } from './followed-commands.ts'
import { playbookTasks } from './playbook-tasks.ts'
import { isScript, isYaml, setupCommands } from './setup-commands.ts'

/** A virtual environment of Python that a script or a playbook makes. */
export interface MadeEnvironment {
  /** As it is written, with placeholders: `{{ app_dir }}/.venv`; of a script with the directory that it runs in. */
  readonly path: string
  readonly at: Place
}

/** Every one whose path is absolute, or begins with a placeholder. */
export const madeEnvironments = memo((texts: readonly Source[]): readonly MadeEnvironment[] =>
  texts.flatMap(source => {
    if (!/venv|virtualenv/.test(source.text)) return []
    const byTasks = playbookTasks(source).flatMap(({ module, options }) => {
      const made = module === 'pip' ? options.get('virtualenv')?.text : undefined
      return made === undefined ? [] : environment(placeText(placeOf(made)), placeOf(made))
    })
    if (byTasks.length > 0 || !(isScript(source) || isYaml(source))) return byTasks
    return setupCommands(source).flatMap(({ words, directory }) => {
      const made = madeBy(words)
      const path = made === null ? null : inDirectory(made.text, directory)
      return made === null || path === null ? [] : environment(path, placeOf(made))
    })
  }),
)

/** `python3 -m venv PATH`, `virtualenv PATH`, `uv venv PATH`; null for another command. */
function madeBy(words: readonly WrittenText[]): WrittenText | null {
  const [program = '', ...rest] = words.map(({ text }) => text)
  const name = posix.basename(program)
  const skipped = /^python[\d.]*$/.test(name)
    ? modulesName(rest)
    : (OWN_COMMANDS.get(`${name} ${rest[0]}`) ?? OWN_COMMANDS.get(name) ?? null)
  const operands = skipped === null ? [] : words.slice(skipped)
  const paths = operands.filter(
    ({ text }, at) =>
      !text.startsWith('-') && !/^(?:-p|--(?:python|prompt))$/.test(operands[at - 1]?.text ?? ''),
  )
  return paths.length === 1 ? paths[0]! : null
}

/** Words before the operands; `python3 -m` may be left out, as what only starts a program. */
const OWN_COMMANDS: ReadonlyMap<string, number> = new Map([
  ['uv venv', 2],
  ['virtualenv', 1],
  ['venv', 1],
])

function modulesName([option, module]: readonly string[]): number | null {
  return option === '-m' && /^(?:venv|virtualenv)$/.test(module ?? '') ? 3 : null
}

function environment(written: string, at: Place): readonly MadeEnvironment[] {
  const path = written.replace(/(?<=.)\/$/, '')
  return /^(?:\/[\w./@+-]+|\{\{[^{}]+\}\}(?:\/[\w.@+-]+)+)$/.test(path) ? [{ path, at }] : []
}
