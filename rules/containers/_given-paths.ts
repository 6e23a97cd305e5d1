import { posix } from 'node:path'
import type { DockerCopy, DockerRun } from '../../parsers/dockerfile/dockerfile.ts'
import type { DockerImage } from '../../parsers/dockerfile/image-of-stage.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow, overlap } from '../../parsers/text/is-below.ts'
import type { WrittenText } from '../../parsers/text/written-text.ts'
import { type FollowedCommand, followedCommands } from '../../src/deployment/setups/followed-commands.ts'
import {
  mayReach,
  type PermissionChange,
  permissionChange,
} from '../../src/deployment/setups/permission-changes.ts'

/** A path of an image that its build makes, gives to an account, or opens to others. */
type Given = Pick<PermissionChange, 'paths' | 'isRecursive'>

/**
 * True where the build of an image may have given a file to another account than root, or the directory in which that
 * account then makes it: by a step that says so, or by one of which nobody knows what it does there.
 *
 * @param path absolute, as {@link real} has it
 */
export function mayBeGiven(image: DockerImage | null, path: string): boolean {
  const directory = posix.dirname(path)
  return (image?.steps ?? []).some(step => {
    const given = 'sources' in step ? copied(step, directory) : ran(step, directory)
    return given === null || given.some(each => mayReach(each, path) || mayReach(each, directory))
  })
}

function copied({ target, owner, mode }: DockerCopy, watched: string): readonly Given[] | null {
  if (owner === null && mode === null) return []
  if (!target.known) return null
  const path = real(cleanPath(target.value))
  return overlap(path, watched) ? null : []
}

function ran({ command, directory, documents }: DockerRun, watched: string): readonly Given[] | null {
  const home = directory?.known === true ? directory.value : null
  const scripts = command.form === 'shell' ? [command.script, ...documents.map(({ text }) => text)] : null
  const commands =
    scripts === null
      ? [wordsAlone(command.form === 'exec' ? command.words : [], home)]
      : followedCommands(scripts, [], home)
  if (scripts?.some(({ text }) => /`|\$\(|>\s*\/etc\/nginx/.test(text)) === true) return null
  const given: Given[] = []
  for (const each of commands) {
    const found = gives(each, watched)
    if (found === null) return null
    given.push(...found)
  }
  return given
}

function wordsAlone(words: readonly WrittenText[], directory: string | null): FollowedCommand {
  return { words, assigned: new Map(), first: words[0]!, directory, account: null, isRemote: false }
}

/** What runs other commands, or gives more than a path. */
const RUNS_OTHERS =
  /^(?:ba|da|a|z)?sh$|^(?:eval|source|\.|xargs|find|parallel|python[\d.]*|perl|ruby|node|make|setfacl|umask|tar|rsync|unzip|ansible\S*|for|case|function)$/
/** What leaves owners and modes of directories that are there. */
const HARMLESS = /^(?:rm|rmdir|ls|cat|echo|printf|touch|test|\[|stat|grep|true|:|nginx|envsubst)$/

function gives(command: FollowedCommand, watched: string): readonly Given[] | null {
  const { words, directory } = command
  const [program, ...args] = words.map(({ text }) => text)
  if (program === undefined) return []
  const change = permissionChange(command)
  if (change !== null)
    return change.paths.includes(null)
      ? null
      : [{ isRecursive: change.isRecursive, paths: change.paths.map(path => real(path!)) }]
  const name = posix.basename(program)
  if (RUNS_OTHERS.test(name) || name.endsWith('.sh')) return null
  if (/^(?:install|mkdir)$/.test(name)) {
    const paths = args.filter(word => !word.startsWith('-')).map(word => literal(word, directory))
    const isOther =
      name === 'mkdir' || args.some(word => /^-[a-zA-Z]*[ogm]|^--(?:owner|group|mode)/.test(word))
    return paths.includes(null)
      ? null
      : isOther
        ? [{ isRecursive: false, paths: paths.map(path => path!) }]
        : []
  }
  if (name === 'setcap')
    return args.every(word => word.startsWith('/') || /^[\w']*net_bind_service[\w+=,']*$/i.test(word))
      ? []
      : null
  if (HARMLESS.test(name)) return []
  return words.some(({ text }) => mentions(text, directory, watched)) ? null : []
}

/** True for a word that may name the directory, or something in it, or the main file. */
function mentions(word: string, directory: string | null, watched: string): boolean {
  const path = literal(word, directory)
  if (path !== null && path !== '/' && overlap(path, watched)) return true
  return word.replaceAll('/var/run', '/run').includes(watched) || word.includes('/etc/nginx/nginx')
}

/** Null for a word that may be any path. */
function literal(word: string, directory: string | null): string | null {
  const path = word.startsWith('/') || directory === null ? word : posix.join(directory, word)
  return /^\/[\w./@+-]*$/.test(path) ? real(cleanPath(path)) : null
}

/** `/var/run` is a link in the images of Debian and Alpine. */
export function real(path: string): string {
  const clean = path.replace(/(.)\/$/, '$1')
  return isBelow(clean, '/var/run') ? clean.slice('/var'.length) : clean
}
