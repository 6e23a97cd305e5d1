import { cleanPath } from '../../../parsers/text/clean-path.ts'
import { isBelow } from '../../../parsers/text/is-below.ts'
import { isUnknownWord } from '../../../parsers/text/source.ts'
import type { WrittenText } from '../../../parsers/text/written-text.ts'
import { type FollowedCommand, inDirectory } from './followed-commands.ts'

/** A command that changes who may do what with files. */
export interface PermissionChange {
  /** `chown`, `chmod`: the program. */
  readonly word: WrittenText
  /** `root` for what is given to root and its group, `others` where others may write then, `none` where that is taken. */
  readonly to: 'root' | 'others' | 'none'
  /** The account it is given to; null where it is not written out, or for a mode. */
  readonly owner: string | null
  readonly isRecursive: boolean
  /** Absolute and clean; null for a word that may be any path. */
  readonly paths: readonly (string | null)[]
}

/** Null for a command that changes none. */
export function permissionChange({ words, directory }: FollowedCommand): PermissionChange | null {
  const [word, ...args] = words
  if (word === undefined || !/^(?:\/(?:usr\/)?bin\/)?(?:chown|chgrp|chmod|setfacl)$/.test(word.text))
    return null
  const program = word.text.replace(/^.*\//, '')
  const isRecursive = args.some(({ text }) => /^-[a-zA-Z]*R|^--recursive$/.test(text))
  const operands = args.filter(({ text }) => !/^-(?:[A-Za-z]+$|-)/.test(text) || isMode(program, text))
  const [given, ...paths] = operands
  return {
    word,
    to: rightsIn(program, given?.text ?? ''),
    owner: program === 'chown' && given !== undefined ? ownerIn(given.text) : null,
    isRecursive,
    paths: program === 'setfacl' ? [null] : paths.map(({ text }) => pathOf(text, directory)),
  }
}

/** `-w` is a mode, `-R` an option. */
function isMode(program: string, text: string): boolean {
  return program === 'chmod' && /^-[rwxst]+$/.test(text)
}

function ownerIn(text: string): string | null {
  const [owner = ''] = text.split(/[:.]/)
  return owner === '' || isUnknownWord(owner) ? null : owner
}

const OF_ROOT = /^(?:root|0)(?:[:.](?:root|0)?)?$/

function rightsIn(program: string, given: string): PermissionChange['to'] {
  if (program === 'chown') return OF_ROOT.test(given) ? 'root' : 'others'
  if (program !== 'chmod') return 'others'
  if (/^[0-7]{3,4}$/.test(given)) return (Number.parseInt(given, 8) & 0o022) === 0 ? 'none' : 'others'
  const opens = given.split(',').some(part => !/^u*[-+=]/.test(part) && /[+=][^-]*[wsugo]/.test(part))
  return isUnknownWord(given) || opens ? 'others' : 'none'
}

function pathOf(text: string, directory: string | null): string | null {
  const path = inDirectory(text === '.' ? '' : text.replace(/^\.\//, ''), directory)
  return path === null || !/^\/[\w./@+-]*$/.test(path) ? null : cleanPath(path)
}

/** True for a change that holds for a file or directory, or may. */
export function mayReach(
  { paths, isRecursive }: Pick<PermissionChange, 'paths' | 'isRecursive'>,
  path: string,
): boolean {
  return paths.some(each => each === null || each === path || (isRecursive && isBelow(path, each)))
}
