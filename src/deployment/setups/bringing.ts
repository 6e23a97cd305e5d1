import type { WrittenText } from '../../../parsers/text/written-text.ts'
import { type FollowedCommand, inDirectory } from './followed-commands.ts'

/** A command that brings the files of a repository to the server. */
export interface Bringing {
  /** Where to; null where nobody knows in which directory it runs. */
  readonly directory: string | null
  /** The word that says so: `pull`, `rsync`. */
  readonly verb: WrittenText
}

/** Null for a command that brings none. */
export function bringing(command: FollowedCommand): Bringing | null {
  const [program] = command.words
  if (program?.text === 'git') return byGit(command)
  return program?.text === 'rsync' ? byRsync(program, command.words.slice(1)) : null
}

/** Options of git, before its verb, with a value of their own. */
const WITH_VALUE = new Set(['-C', '-c', '--work-tree', '--git-dir', '--namespace'])

function byGit({ words, assigned, directory }: FollowedCommand): Bringing | null {
  const texts = words.map(({ text }) => text)
  let tree = assigned.get('GIT_WORK_TREE') ?? null
  let at = 1
  while (texts[at]?.startsWith('-') === true) {
    const [option = '', glued] = texts[at]!.split(/=(.*)/s)
    const value = WITH_VALUE.has(option) ? (glued ?? texts[++at]) : undefined
    if (option === '-C' || option === '--work-tree') tree ??= value ?? null
    at++
  }
  const verb = words[at]
  if (verb === undefined || !bringsBy(texts.slice(at))) return null
  return { verb, directory: tree === null ? directory : inDirectory(tree, directory) }
}

function bringsBy([verb, ...rest]: readonly string[]): boolean {
  const [option = '', target = ''] = rest.filter(word => word !== '--quiet' && word !== '-q')
  if (verb === 'pull') return true
  if (verb === 'checkout') return option === '-f' || option === '--force'
  return verb === 'reset' && option === '--hard' && /^(?:origin|upstream|FETCH_HEAD|@\{u)/.test(target)
}

/** Files keep their times with `-a` and `-t`; without these every script is a new one. */
function byRsync(verb: WrittenText, args: readonly WrittenText[]): Bringing | null {
  const texts = args.map(({ text }) => text)
  const [from = '', to = ''] = texts.slice(-2)
  const keepsTimes = texts.some(text => /^(?:-\w*[at]|--archive$|--times$)/.test(text))
  if (!keepsTimes || !/^(?:\.?\/|\.)$/.test(from)) return null
  return { verb, directory: to.replace(/^[^/:]+:/, '') }
}
