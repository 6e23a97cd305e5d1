import { memo } from '../../../parsers/collections/memo.ts'
import type { Source } from '../../../parsers/text/source.ts'
import { wholeText } from '../../../parsers/text/written-text.ts'
import { bringing } from './bringing.ts'
import { type FollowedCommand, followedCommands } from './followed-commands.ts'
import { isMakefile, readMakefile } from './make-recipes.ts'
import { isScript, isYaml } from './setup-commands.ts'
import { workflowSteps } from './workflow-steps.ts'

/** Commands that a deploy runs on the server, in their order. */
export interface ServerCommands {
  readonly source: Source
  readonly commands: readonly FollowedCommand[]
}

/**
 * What workflows give to ssh, or to an action that does, and what scripts and Makefiles do; those without ssh only where
 * they bring the newest files, or are called after a deploy.
 */
export const serverCommands = memo((texts: readonly Source[]): readonly ServerCommands[] =>
  texts.flatMap(source => {
    const found = commandsOf(source).filter(commands => commands.length > 0)
    return found.map(commands => ({ source, commands }))
  }),
)

const DEPLOYS = /deploy|update|upgrade|release|post-receive/i

function commandsOf(source: Source): readonly (readonly FollowedCommand[])[] {
  if (isYaml(source)) return [ofWorkflow(source)]
  if (isMakefile(source))
    return readMakefile(source).recipes.map(({ target, lines }) =>
      onServer([...followedCommands(lines)], target),
    )
  if (!isScript(source)) return []
  return [onServer([...followedCommands([wholeText(source)])], source.path.replace(/.*\//, ''))]
}

function ofWorkflow(source: Source): readonly FollowedCommand[] {
  if (!/\bssh\b/.test(source.text) || !/^\s*-?\s*(?:uses|script|run):/m.test(source.text)) return []
  return workflowSteps(source).flatMap(step => {
    if (!('scripts' in step)) return []
    const commands = [...followedCommands(step.scripts)]
    return step.of !== null && /ssh/i.test(step.of) ? commands : commands.filter(({ isRemote }) => isRemote)
  })
}

function onServer(commands: readonly FollowedCommand[], name: string): readonly FollowedCommand[] {
  const remote = commands.filter(({ isRemote }) => isRemote)
  if (remote.length > 0) return remote
  return DEPLOYS.test(name) || commands.some(command => bringing(command) !== null) ? commands : []
}
