import { posix } from 'node:path'
import type { ShellCommand, ShellParser } from '../shell/shell-environment.ts'
import { type Fact, known, unknown } from '../text/fact.ts'
import { isUnknownWord, type Source } from '../text/source.ts'
import { mapEnd, mapStart, type TextMap } from '../text/text-map.ts'
import { placeOf, type WrittenText } from '../text/written-text.ts'
import type { AppCommand } from './app-server.ts'
import { unwrapCommand } from './unwrap.ts'
import { programName } from './program-name.ts'

/** A program that a command starts in the end, wrappers and shells gone. */
export interface StartedCommand {
  readonly command: AppCommand
  /** The account that a wrapper starts it as; null where none does. */
  readonly user: Fact<string> | null
  /** False where only a running shell can tell whether it is started. */
  readonly certain: boolean
  /** True where a script goes on while it runs. */
  readonly background: boolean
  /** The scripts that lead to it, the outermost first. */
  readonly scripts: readonly Source[]
}

/** What following a command needs besides it. */
export interface ShellFiles {
  /** A file by its path, null where it cannot be read, `missing` where it is certainly not there. */
  readonly read: (path: string) => Source | 'missing' | null
  /** Null where the grammar is not loaded: then no shell is followed. */
  readonly shell: ShellParser | null
}

/** No script calls others deeper, */
const DEEPEST = 6
/** and none leads to more programs. */
const MOST_COMMANDS = 200

/**
 * The programs that a command starts: itself without its wrappers, or what the shell in front of it, or the
 * script that it is, starts in turn. Where a script cannot be read, the command is its own answer.
 */
export function startedCommands(command: AppCommand, files: ShellFiles): readonly StartedCommand[] {
  const found: StartedCommand[] = []
  follow({ command, user: null, certain: true, background: false, scripts: [] }, files, found)
  return found
}

/** True where a command leads to a shell's script, for which the grammar of the shell has to be loaded. */
export function leadsToShell(command: AppCommand, read: ShellFiles['read']): boolean {
  const unwrapped = unwrapCommand(command)
  return shellScript(unwrapped) !== null || scriptFile(unwrapped, read) !== null
}

function follow(started: StartedCommand, files: ShellFiles, found: StartedCommand[]): void {
  if (found.length >= MOST_COMMANDS) return
  const { user, assigned, ...command } = unwrapCommand(started.command)
  const whole: StartedCommand = { ...started, command, user: user ?? started.user }
  const { shell } = files
  const script = shell === null || started.scripts.length >= DEEPEST ? null : scriptOf(command, files.read)
  if (script === null || shell === null || started.scripts.includes(script.source)) {
    found.push(whole)
    return
  }
  const { commands } = shell.parse(script.source, {
    start: {
      directory: command.directory?.known === true ? command.directory.value : null,
      args: script.args,
    },
    outer: name => {
      const fact = command.environment(name)
      if (fact === null) return null
      return fact.known ? { known: true, value: fact.value } : { known: false, reason: fact.reason }
    },
    read: files.read,
  })
  for (const each of commands) {
    follow(
      {
        command: commandOf(each, script, command),
        user: whole.user,
        certain: started.certain && each.certain,
        background: started.background || each.background,
        scripts: [...started.scripts, script.source],
      },
      files,
      found,
    )
  }
}

/** The text that a shell executes. */
interface Script {
  readonly source: Source
  readonly args: readonly WrittenText[]
  /** Where the text was written, of one that is a word of another file. */
  readonly origin: { readonly source: Source; readonly map: TextMap } | null
}

function scriptOf(command: AppCommand, read: ShellFiles['read']): Script | null {
  return shellScript(command) ?? scriptFile(command, read)
}

const SHELL = /^(?:ba|da|a|z|k|mk)?sh$/

/** `sh -c 'script' name args`; null for a shell that reads a file. */
function shellScript({ words }: AppCommand): Script | null {
  const [first, ...rest] = words
  if (first === undefined || !SHELL.test(posix.basename(first.text))) return null
  for (let at = 0; at < rest.length; at++) {
    const { text } = rest[at]!
    if (!text.startsWith('-') && !text.startsWith('+')) return null
    if (/^-[a-z]*c[a-z]*$/.test(text)) {
      const word = rest[at + 1]
      if (word === undefined) return null
      const { source, map } = word
      // The script has a source of its own: its offsets are those of the word.
      const inner: Source = { ...source, text: word.text, code: word.text }
      return { source: inner, args: rest.slice(at + 3), origin: { source, map } }
    }
    if (/^[-+]\w*[oO]$/.test(text)) at++
  }
  return null
}

/** Directories in which a program without a slash may lie. */
const PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** `bash start.sh args`, or a script of the shell that is started by its path. */
function scriptFile(command: AppCommand, read: ShellFiles['read']): Script | null {
  const { words, directory } = command
  const [first, ...rest] = words
  const name = programName(first)
  if (first === undefined || name === null) return null
  const isShell = SHELL.test(name)
  let at = 0
  if (isShell) {
    for (; at < rest.length && /^[-+]/.test(rest[at]!.text); at++)
      if (/^[-+]\w*[oO]$/.test(rest[at]!.text)) at++
  }
  const word = isShell ? rest[at] : first
  if (word === undefined || isUnknownWord(word.text)) return null
  const source = findScript(word.text, directory, isShell, read)
  if (source === null || !(isShell || isShellScript(source))) return null
  return { source, args: isShell ? rest.slice(at + 1) : rest, origin: null }
}

function findScript(
  path: string,
  directory: Fact<string> | null,
  isShell: boolean,
  read: ShellFiles['read'],
): Source | null {
  const inside = directory?.known === true ? posix.join(directory.value, path) : null
  const paths = path.startsWith('/')
    ? [path]
    : path.includes('/') || isShell
      ? [inside]
      : PATH.map(each => posix.join(each, path))
  for (const each of paths) {
    const source = each === null ? null : read(each)
    if (source !== null && source !== 'missing') return source
  }
  return null
}

function isShellScript({ code }: Source): boolean {
  return /^#![^\n]*\b(?:ba|da|a|z|k)?sh\b/.test(code.slice(0, 200))
}

/** A command of a script with the places of its words where they were written. */
function commandOf(each: ShellCommand, { source, origin }: Script, outer: AppCommand): AppCommand {
  const words =
    origin === null
      ? each.words
      : each.words.map(word => (word.source === source ? moved(word, origin) : word))
  const at = words[0] === undefined ? null : placeOf(words[0])
  return {
    words,
    directory: each.directory === null ? null : known(each.directory, at),
    environment: name => {
      const value = each.environment(name)
      if (value === null) return null
      if (value === undefined) return unknown('the script decides', at)
      // Its place is where it was written, if the script did not change it.
      const fact = outer.environment(name)
      return fact?.known === true && fact.value === value ? fact : known(value, at)
    },
  }
}

function moved(word: WrittenText, { source, map }: { source: Source; map: TextMap }): WrittenText {
  const pieces = word.map.pieces.map(piece => {
    const start = mapStart(map, piece.start)
    const end = Math.max(start, piece.end > piece.start ? mapEnd(map, piece.end) : start)
    return { ...piece, start, end, exact: piece.exact && end - start === piece.end - piece.start }
  })
  return { source, text: word.text, map: { pieces } }
}
