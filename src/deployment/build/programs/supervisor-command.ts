import { posix } from 'node:path'
import type { AppCommand } from '../../../../parsers/app-server/app-server.ts'
import { programOf } from '../../../../parsers/app-server/read-app-server.ts'
import { type FileSystem, sourceAt } from '../../../files/file-system.ts'
import { isScript } from '../../../files/nested-files.ts'

/** How supervisord is started. */
export interface SupervisorStart {
  /** The file that it is told to read, undefined for its own. */
  readonly main: string | undefined
}

/**
 * What a container starts supervisord with: as its command, as the last one of a shell or of its entry point, or as
 * the command that its entry point ends in. Null for a command that is another program.
 */
export function supervisorStart(command: AppCommand, files: FileSystem): SupervisorStart | null {
  const { words } = command
  const home = command.directory?.known === true ? command.directory.value : null
  if (programOf(command)?.name === 'supervisord') return startOf(textsOf(words), home)
  const shell = shellText(command, files)
  if (shell === null) return null
  const last = shell.text
    .replaceAll('\\\n', ' ')
    .split(/\n|&&|;/)
    .map(line => line.trim())
    .findLast(line => line !== '' && !line.startsWith('#'))
  if (last === undefined) return null
  if (/^exec[ \t]+"\$@"$/.test(last))
    return shell.rest.length === 0 || shell.rest.length === words.length
      ? null
      : supervisorStart({ ...command, words: shell.rest }, files)
  if (!/^(?:exec[ \t]+)?(?:[\w./-]*\/)?supervisord(?:[ \t]|$)/.test(last) || /["'$`|<>&]/.test(last))
    return null
  return startOf(last.split(/[ \t]+/), /(?:^|[\s;&])cd[ \t]/.test(shell.text) ? null : home)
}

function textsOf(words: AppCommand['words']): readonly string[] {
  return words.map(({ text }) => text)
}

/** Null where it reads a file from a directory that nobody knows. */
function startOf(words: readonly string[], home: string | null): SupervisorStart | null {
  const named = words.findIndex(word => word === '-c' || word === '--configuration')
  const main = named === -1 ? undefined : words[named + 1]
  if (main === undefined || main.startsWith('/')) return { main }
  return home === null ? null : { main: posix.resolve(home, main) }
}

/** What a shell is to run, and the words that it gets besides; null where the command is no shell and no script. */
function shellText(
  { words, directory }: AppCommand,
  files: FileSystem,
): { readonly text: string; readonly rest: AppCommand['words'] } | null {
  const isShell = /^(?:\/(?:usr\/)?bin\/)?(?:ba|da|a)?sh$/.test(words[0]?.text ?? '')
  const [first, second, ...rest] = isShell ? words.slice(1) : words
  if (first === undefined) return null
  if (isShell && /^-\w*c$/.test(first.text))
    return second === undefined ? null : { text: second.text, rest: [] }
  const home = directory?.known === true ? directory.value : '/'
  const source = first.text.includes('/') ? sourceAt(files, posix.resolve(home, first.text)) : null
  if (source === null || !isScript(source.text)) return null
  return { text: source.code, rest: second === undefined ? [] : [second, ...rest] }
}
