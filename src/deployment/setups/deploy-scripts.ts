import type { Source } from '../../../parsers/text/source.ts'
import { wholeText, type WrittenText } from '../../../parsers/text/written-text.ts'
import { bringing } from './bringing.ts'
import { fabricFunctions } from './fabric-functions.ts'
import { followedCommands } from './followed-commands.ts'
import { isScript, isYaml } from './setup-commands.ts'
import { workflowSteps } from './workflow-steps.ts'

/** What a text has executed where it brings new files: all scripts from there on, of each function of Fabric for itself. */
export function deployScripts(source: Source): readonly (readonly WrittenText[])[] {
  if (isYaml(source)) return [ofWorkflow(source)]
  if (source.path.endsWith('.py')) return fabricFunctions(source)
  return isScript(source) ? [[wholeText(source)]] : []
}

const PLAIN_ACTION = /^(?:actions\/|appleboy\/ssh-action|webfactory\/ssh-agent|shimataro\/ssh-key-action)/

/** GitHub's and GitLab's: what brings the files, and all steps behind it. An action may do anything. */
function ofWorkflow(source: Source): readonly WrittenText[] {
  const steps = workflowSteps(source)
  const first = steps.findIndex(
    step =>
      'scripts' in step && [...followedCommands(step.scripts)].some(command => bringing(command) !== null),
  )
  if (first === -1) return []
  const rest = steps.slice(first)
  if (rest.some(step => 'action' in step && !PLAIN_ACTION.test(step.action))) return []
  return rest.flatMap(step => ('scripts' in step ? step.scripts : []))
}
