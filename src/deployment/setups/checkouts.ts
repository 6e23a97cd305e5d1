import { memo } from '../../../parsers/collections/memo.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { placeOf } from '../../../parsers/text/written-text.ts'
import { bringing } from './bringing.ts'
import { inDirectory } from './followed-commands.ts'
import { playbookTasks } from './playbook-tasks.ts'
import { isScript, isYaml, setupCommands } from './setup-commands.ts'
import { writtenPath } from './updated-checkouts.ts'

/** A directory of the server in which a script or a playbook keeps a checkout of git, with its `.git`. */
export interface Checkout {
  /** Absolute. */
  readonly path: string
  /** The word that says so. */
  readonly at: Place
}

/** Options of `git clone` with a value of their own. */
const WITH_VALUE =
  /^(?:-[bocuj]|--(?:branch|origin|config|depth|jobs|upload-pack|filter|reference|template))$/

/** `rm -rf .git`, and `rsync --exclude .git` into the place of what was cloned. */
const REMOVED = /\brm\b[^\n]*\.git\b|--exclude[= ]['"]?\/?\.git\b/

/** Every one whose path is written out. */
export const checkouts = memo((texts: readonly Source[]): readonly Checkout[] =>
  texts.flatMap(source => {
    if (!/\bgit\b/.test(source.text) || REMOVED.test(source.text)) return []
    const byTasks = playbookTasks(source).flatMap(({ module, options }) => {
      const dest =
        module === 'git' && !options.has('separate_git_dir') ? options.get('dest')?.text : undefined
      return dest === undefined ? [] : checkout(dest.text, placeOf(dest))
    })
    if (byTasks.length > 0 || !(isScript(source) || isYaml(source))) return byTasks
    return setupCommands(source).flatMap(command => {
      const cloned = clonedBy(command)
      if (cloned !== null) return cloned
      const brought = bringing(command)
      return brought?.verb.text === 'pull' && brought.directory !== null
        ? checkout(brought.directory, placeOf(brought.verb))
        : []
    })
  }),
)

/** `git clone URL DIRECTORY`; null for another command. */
function clonedBy({
  words,
  directory,
}: ReturnType<typeof setupCommands>[number]): readonly Checkout[] | null {
  if (words[0]?.text !== 'git' || words[1]?.text !== 'clone') return null
  const operands = words
    .slice(2)
    .filter(({ text }, at, all) => !text.startsWith('-') && !WITH_VALUE.test(all[at - 1]?.text ?? ''))
  const [, into] = operands
  if (into === undefined || words.some(({ text }) => /^--(?:bare|mirror|separate-git-dir)/.test(text)))
    return []
  const path = inDirectory(into.text, directory)
  return path === null ? [] : checkout(path, placeOf(into))
}

function checkout(written: string, at: Place): readonly Checkout[] {
  const path = writtenPath(written.replace(/(?<=.)\/$/, ''))
  return path === null || path.startsWith('~') ? [] : [{ path, at }]
}
