import { posix } from 'node:path'
import { unwrapCommand } from '../../../parsers/app-server/unwrap.ts'
import { type HereDocument, plainCommands } from '../../../parsers/shell/plain-commands.ts'
import type { Fact } from '../../../parsers/text/fact.ts'
import { UNKNOWN } from '../../../parsers/text/source.ts'
import { MappedText } from '../../../parsers/text/text-map.ts'
import { placeOf, type WrittenText } from '../../../parsers/text/written-text.ts'

/** A command of scripts that one shell reads after the other. */
export interface FollowedCommand {
  /** The program first, without what only starts it, such as `sudo` and `poetry run`; none of an assignment alone. */
  readonly words: readonly WrittenText[]
  /** Variables that are set before the program, by name. */
  readonly assigned: ReadonlyMap<string, string>
  /** The first word, of an assignment too; `sudo` and its like are none. */
  readonly first: WrittenText
  /** Where it runs, with `~` for the home directory; null where no `cd` says it. */
  readonly directory: string | null
  /** The account that `sudo` and its like run it as, `UNKNOWN` where they hide it; null for that of the script. */
  readonly account: string | null
  /** True where ssh gives it to another machine. */
  readonly isRemote: boolean
}

interface Shell {
  readonly variables: Map<string, string>
  directory: string | null
  account: string | null
  readonly isRemote: boolean
}

const HOME = [['HOME', '~']] as const

/**
 * The commands of scripts, in their order, with those that are given to ssh among them. Whether one runs at all is not
 * asked.
 *
 * @param variables those that are known before the first line
 * @param directory where the first of them starts; null where nobody knows
 */
export function* followedCommands(
  scripts: Iterable<WrittenText>,
  variables: Iterable<readonly [string, string]> = [],
  directory: string | null = null,
): Iterable<FollowedCommand> {
  const shell = {
    variables: new Map([...HOME, ...variables]),
    directory,
    account: null,
    isRemote: false,
  }
  for (const script of scripts) yield* followed(script, shell)
}

/** What stands before a command, such as the pattern of a `case`. */
const LEADS = /^(?:if|then|elif|else|while|until|do|!|\{|[^()]*\))$/
const ASSIGNMENT = /^([A-Za-z_]\w*)=(.*)$/s

function* followed(script: WrittenText, shell: Shell): Iterable<FollowedCommand> {
  for (const { words: written, document } of plainCommands(script, shell.variables)) {
    const start = written.findIndex(({ text }) => !LEADS.test(text))
    if (start === -1) continue
    const words = written.slice(start)
    const program = words.findIndex(({ text }) => !ASSIGNMENT.test(text))
    if (program === -1) {
      const assigned = assignedBy(words)
      for (const [name, value] of assigned) shell.variables.set(name, value)
      const { directory, account, isRemote } = shell
      yield { words: [], assigned, first: words[0]!, directory, account, isRemote }
      continue
    }
    const command = unwrapCommand({ words: words.slice(program), directory: null, environment: () => null })
    const [name, ...args] = command.words
    if (name === undefined) continue
    if (name.text === 'export' || name.text === 'readonly')
      for (const [variable, value] of assignedBy(args)) shell.variables.set(variable, value)
    if (name.text === 'cd') enter(args, shell)
    const account = accountOf(words[program]!, command.user) ?? shell.account
    // A shell of another account reads what follows.
    if (name.text === 'su' && document === null && !args.some(({ text }) => /^-\w*c|^--command/.test(text)))
      shell.account = UNKNOWN
    const inner = innerShell(command.words, document, { ...shell, account })
    if (inner !== null) yield* followed(inner.script, inner)
    else {
      const assigned = assignedBy(words.slice(0, program))
      for (const [variable, fact] of command.assigned)
        assigned.set(variable, fact.known ? fact.value : UNKNOWN)
      yield {
        words: command.words,
        assigned,
        first: program > 0 ? words[0]! : name,
        directory: shell.directory,
        account,
        isRemote: shell.isRemote,
      }
    }
  }
}

/** Null where nothing changes it. */
function accountOf({ text }: WrittenText, user: Fact<string> | null): string | null {
  if (user !== null) return user.known ? user.value : UNKNOWN
  return /^(?:sudo|doas)$/.test(posix.basename(text)) ? 'root' : null
}

function assignedBy(words: readonly WrittenText[]): Map<string, string> {
  return new Map(
    words.flatMap(({ text }) => {
      const [, name, value] = ASSIGNMENT.exec(text) ?? []
      return name === undefined || value === undefined ? [] : [[name, value] as const]
    }),
  )
}

/** By which a script names the directory in which it runs. */
export const WORKING_DIRECTORY = ['PWD', '$(pwd)', '`pwd`', '$(PWD)', '$(CURDIR)', '$(shellpwd)'] as const

function enter(args: readonly WrittenText[], shell: Shell): void {
  shell.directory = entered(args, shell.directory)
  if (!shell.variables.has('PWD')) return
  for (const name of WORKING_DIRECTORY) shell.variables.set(name, shell.directory ?? UNKNOWN)
}

function entered(args: readonly WrittenText[], from: string | null): string | null {
  const [to = '~'] = args.map(({ text }) => text).filter(text => !/^-[-LPe]$/.test(text))
  return inDirectory(to, to === '-' ? null : from)
}

/** A path as a command takes it that runs in a directory; null where nobody knows that, and it matters. */
export function inDirectory(path: string, directory: string | null): string | null {
  if (/^(?:\/|~(?:\/|$))/.test(path)) return path
  return directory === null ? null : `${directory}/${path}`
}

/** Options of ssh with a value. */
const OF_SSH = /^-[BbcDEeFIiJLlmOopQRSWw]$/

/** What ssh and a shell are given to execute: as words, or in a here-document. */
function innerShell(
  words: readonly WrittenText[],
  document: HereDocument | null,
  outer: Shell,
): (Shell & { readonly script: WrittenText }) | null {
  const isRemote = posix.basename(words[0]!.text) === 'ssh'
  const given = isRemote ? givenToSsh(words) : words
  const reads = given.length === 0 || isShell(given)
  if (reads && document !== null)
    return {
      script: document.text,
      variables: new Map(document.isLiteral ? HOME : outer.variables),
      directory: isRemote ? null : outer.directory,
      account: isRemote ? null : outer.account,
      isRemote: isRemote || outer.isRemote,
    }
  return isRemote && !reads
    ? { script: joined(given), variables: new Map(HOME), directory: null, account: null, isRemote }
    : null
}

function givenToSsh(words: readonly WrittenText[]): readonly WrittenText[] {
  let host = 1
  while (words[host]?.text.startsWith('-') === true) host += OF_SSH.test(words[host]!.text) ? 2 : 1
  return words.slice(host + 1)
}

function isShell([name, ...args]: readonly WrittenText[]): boolean {
  return (
    /^(?:ba|da)?sh$/.test(posix.basename(name!.text)) && args.every(({ text }) => /^-(?!\w*c)/.test(text))
  )
}

/** ssh sends its words as one text. */
function joined(words: readonly WrittenText[]): WrittenText {
  const { source, text, map } = words[0]!
  const script = new MappedText('', null, 0)
  script.append(text, map)
  for (const word of words.slice(1)) {
    const { start, end } = placeOf(word)
    script.append(' ', { pieces: [{ at: 0, start, end, exact: false }] })
    script.append(word.text, word.map)
  }
  return { source, text: script.text, map: script.finish() }
}
