import { posix } from 'node:path'
import { commandText } from '../../../../parsers/dockerfile/command-text.ts'
import type { DockerCopy, DockerRun } from '../../../../parsers/dockerfile/dockerfile.ts'
import { plainCommands } from '../../../../parsers/shell/plain-commands.ts'
import { isBelow, overlap } from '../../../../parsers/text/is-below.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import type { Container } from '../container.ts'
import { mayTouch, takeCommand, writeFile } from './commands.ts'
import { type ApacheTree, type Build, HOME } from './stock-files.ts'

/**
 * Does to the files of Debian's Apache what the steps of an image do to them, and what is mounted over them.
 *
 * @returns false where nobody knows what a step does, or where it changes a file of the repository
 */
export function takeSteps(tree: ApacheTree, { image, mounts, files }: Container): boolean {
  const build: Build = { tree, copied: new Set(), files }
  const variables = new Map([
    ['APACHE_CONFDIR', HOME],
    ['APACHE_ENVVARS', `${HOME}/envvars`],
  ])
  for (const { name, value } of image?.environment ?? []) if (value.known) variables.set(name, value.value)
  for (const step of image?.steps ?? []) {
    const isDone = 'sources' in step ? takeCopy(build, step, mounts) : takeRun(build, step, variables)
    if (!isDone) return false
  }
  for (const { target, from } of mounts) if (from !== 'COPY') hide(tree, target)
  return true
}

function hide({ texts, links }: ApacheTree, target: string): void {
  for (const each of [texts, links])
    for (const path of [...each.keys()]) if (isBelow(posix.join(HOME, path), target)) each.delete(path)
}

function takeCopy({ copied, files }: Build, step: DockerCopy, mounts: Container['mounts']): boolean {
  const { target, sources, documents } = step
  if (!target.known) return false
  if (!overlap(target.value, HOME)) return true
  if (documents.length > 0 || !sources.every(({ known }) => known)) return false
  const brought = mounts.filter(({ at }) => at === step.at)
  // Another stage or image that brings all of `/usr` or `/` has no Apache of its own.
  if (brought.length < sources.length) return step.from !== null && !isBelow(target.value, HOME)
  for (const mount of brought) for (const path of filesAt(files, mount.target)) copied.add(path)
  return true
}

/** The files at a path or below it, as far as they are Apache's. */
function filesAt(files: FileSystem, path: string): readonly string[] {
  if (files.kind(path) === 'file') return [path]
  return overlap(path, HOME)
    ? (files.list(path) ?? []).flatMap(({ name }) => filesAt(files, posix.join(path, name)))
    : []
}

function takeRun(
  build: Build,
  { command, documents }: DockerRun,
  variables: ReadonlyMap<string, string>,
): boolean {
  if (documents.length > 0)
    return ![commandText(command), ...documents.map(({ text }) => text.text)].some(text => mayTouch(text))
  if (command.form === 'exec')
    return takeCommand(
      build,
      command.words.map(({ text }) => text),
      false,
    )
  /** What the commands between `{` and `}` print; null outside of them. */
  let group: string | null = null
  let printed: string | null = null
  for (const { words: written, output, isPiped } of plainCommands(command.script, variables)) {
    const words = written.map(({ text }) => text)
    const input: string | null = isPiped ? printed : null
    const [first = '', ...rest] = words
    const own = first === '{' ? rest : words
    if (first === '{') group = ''
    if (first === '}') {
      printed = group
      group = null
    } else if (own[0] === 'echo') printed = `${said(own)}\n`
    else if (own[0] === 'tee' && input !== null) printed = input
    else printed = null
    if (own[0] === 'tee' && input !== null) {
      const append = own.includes('-a')
      for (const path of own.slice(1))
        if (!path.startsWith('-') && !writeFile(build, { path, append }, input)) return false
    } else if (first !== '}' && own[0] !== 'echo' && !takeCommand(build, own, isPiped)) return false
    if (output !== null && !writeFile(build, output, printed)) return false
    if (group !== null && output === null && printed !== null) group += printed
  }
  return true
}

function said([, ...words]: readonly string[]): string {
  return words.filter((word, index) => index > 0 || !/^-[neE]+$/.test(word)).join(' ')
}
