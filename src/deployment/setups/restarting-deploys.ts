import { posix } from 'node:path'
import { memo } from '../../../parsers/collections/memo.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { placeAcross, placeOf, type WrittenText } from '../../../parsers/text/written-text.ts'
import { bringing } from './bringing.ts'
import { deployScripts } from './deploy-scripts.ts'
import { type FollowedCommand, followedCommands } from './followed-commands.ts'
import { isHarmless, isHarmlessBeside, isPreparing } from './preparing-commands.ts'
import { restartedServices } from './restarted-services.ts'
import { writtenPath } from './updated-checkouts.ts'

/** A deploy that brings new files into a directory of the server, and does nothing that is not known. */
export interface RestartingDeploy {
  /** Absolute; with `~` in front where the script leaves the home directory to the shell. */
  readonly path: string
  /** The command that brings the files. */
  readonly at: Place
  /** What it starts anew, and where. */
  readonly restarts: readonly { readonly name: string; readonly at: Place }[]
}

export const restartingDeploys = memo((texts: readonly Source[]): readonly RestartingDeploy[] =>
  texts.flatMap(source =>
    BRINGS.test(source.text) ? deployScripts(source).flatMap(scripts => deployBy(scripts) ?? []) : [],
  ),
)

const BRINGS = /\bgit\b[^\n]*\b(?:pull|reset|checkout)\b|\brsync\b/

function deployBy(scripts: readonly WrittenText[]): RestartingDeploy | null {
  let found: Pick<RestartingDeploy, 'path' | 'at'> | null = null
  let prepares = false
  const restarts: { name: string; at: Place }[] = []
  for (const command of followedCommands(scripts)) {
    const brings = bringing(command)
    const names = restartedServices(command) ?? touchedScript(command)
    if (brings !== null) {
      if (brings.directory === null) continue
      const path = writtenPath(brings.directory)
      if (path === null) return null
      found = { path, at: placeAcross(command.first, brings.verb) }
    } else if (names !== null) {
      prepares ||= found !== null && names.length > 0
      for (const name of names) restarts.push({ name, at: placeOf(command.words[0]!) })
    } else if (isPreparing(command) || isOfPhp(command)) prepares ||= found !== null
    else if (!isHarmless(command) && !isHarmlessBeside(command)) return null
  }
  return found === null || !prepares ? null : { ...found, restarts }
}

/** mod_wsgi and uWSGI load the application again where its script is touched, and nothing else does. */
function touchedScript({ words }: FollowedCommand): readonly string[] | null {
  const [program, script, ...others] = words.map(({ text }) => text)
  if (program !== 'touch' || script === undefined || others.length > 0) return null
  const name = posix.basename(script)
  return /[aw]sgi[\w-]*\.(?:py|ini)$/.test(name) ? [name] : null
}

/** Those of Laravel and Composer that a worker does not notice. */
const OF_ARTISAN =
  /^(?:migrate(?::\w+)?|db:seed|(?:config|route|view|event|cache|optimize)(?::(?:cache|clear))?|clear-compiled|storage:link|down|up|package:discover|key:generate)$/
const OF_COMPOSER = /^(?:install|dump-autoload|dumpautoload|validate|self-update)$/

function isOfPhp({ words }: FollowedCommand): boolean {
  const texts = words.map(({ text }) => text).filter(text => !text.startsWith('-'))
  const at = texts.findIndex(text => /(?:^|\/)(?:artisan|composer(?:\.phar)?)$/.test(text))
  const [script = '', verb = ''] = at === -1 || at > 1 ? [] : texts.slice(at)
  return (script.endsWith('artisan') ? OF_ARTISAN : OF_COMPOSER).test(verb)
}
