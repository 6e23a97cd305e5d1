import { posix } from 'node:path'
import { commandText } from '../../../../parsers/dockerfile/command-text.ts'
import type { DockerCopy, DockerRun } from '../../../../parsers/dockerfile/dockerfile.ts'
import { isBelow, overlap } from '../../../../parsers/text/is-below.ts'
import { placeOf, type WrittenText } from '../../../../parsers/text/written-text.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import type { Container } from '../container.ts'
import { type Build, type ImageTree, pathInHome, type ServerHome } from './image-tree.ts'
import { nestedAt } from './made-texts.ts'
import { takeScript } from './take-script.ts'

/**
 * Does to the files that a package has in an image what the steps of the image do to them, and what is mounted over
 * them.
 *
 * @returns null where nobody knows what a step does there, or where it changes a file of the repository
 */
export function takeSteps(tree: ImageTree, home: ServerHome, container: Container): Build | null {
  const { image, mounts, files, hostFiles } = container
  const build: Build = { home, tree, copied: new Set(), files, hostFiles, directory: null }
  const variables = variablesOf(home, container)
  for (const step of image?.steps ?? []) {
    const isDone = 'sources' in step ? takeCopy(build, step, mounts) : takeRun(build, step, variables)
    if (!isDone) return null
  }
  for (const { target, from } of mounts) if (from !== 'COPY') hide(build, target)
  return build
}

/** What is known of the environment in which the steps of an image are done. */
export function variablesOf(home: ServerHome, { image }: Container): Map<string, string> {
  const variables = new Map(Object.entries(home.variables))
  for (const { name, value } of image?.environment ?? []) if (value.known) variables.set(name, value.value)
  return variables
}

function hide({ tree: { texts, links }, home: { directory } }: Build, target: string): void {
  for (const each of [texts, links])
    for (const path of [...each.keys()]) if (isBelow(posix.join(directory, path), target)) each.delete(path)
}

function takeCopy(build: Build, step: DockerCopy, mounts: Container['mounts']): boolean {
  const { copied, files, home } = build
  const { target, sources, documents } = step
  if (!target.known) return false
  if (!overlap(target.value, home.directory)) return true
  if (!sources.every(({ known }) => known)) return false
  for (const { name, text } of documents)
    if (!placeText(build, step.intoDirectory ? posix.join(target.value, name) : target.value, text))
      return false
  const brought = mounts.filter(({ at }) => at === step.at)
  // Another stage or image that brings all of `/usr` or `/` has no server of its own.
  if (brought.length < sources.length) return step.from !== null && !isBelow(target.value, home.directory)
  for (const mount of brought)
    for (const path of filesAt(files, mount.target, home.directory)) copied.add(path)
  return true
}

/** The files at a path or below it, as far as they are in a directory. */
function filesAt(files: FileSystem, path: string, directory: string): readonly string[] {
  if (files.kind(path) === 'file') return [path]
  return overlap(path, directory)
    ? (files.list(path) ?? []).flatMap(({ name }) => filesAt(files, posix.join(path, name), directory))
    : []
}

function takeRun(
  build: Build,
  { command, documents, directory }: DockerRun,
  variables: ReadonlyMap<string, string>,
): boolean {
  build.directory = directory?.known === true ? directory.value : null
  if (command.form === 'exec') return takeScript(build, command.words, variables)
  if (documents.length > 0) return takeDocuments(build, { command, documents })
  return takeScript(build, command.script, variables)
}

/** `cat <<EOF > file` and nothing else: of other commands with such texts nobody reads what they do. */
function takeDocuments(
  build: Build,
  { command, documents: [only, ...others] }: Pick<DockerRun, 'command' | 'documents'>,
): boolean {
  const written = CAT.exec(commandText(command))?.slice(1).find(Boolean)
  if (only === undefined || others.length > 0 || written === undefined)
    return ![commandText(command), ...[only, ...others].map(each => each?.text.text ?? '')].some(text =>
      build.home.mentions.test(text),
    )
  return placeText(build, posix.resolve('/', written), only.text)
}

/** Has a text of the Dockerfile stand in the image. */
function placeText(build: Build, place: string, written: WrittenText): boolean {
  const path = pathInHome(build.home, place)
  if (path === null) return !overlap(place, build.home.directory)
  const text = nestedAt(build, placeOf(written))
  if (text === null || build.copied.has(place)) return false
  build.tree.links.delete(path)
  build.tree.texts.set(path, text)
  return true
}

const CAT =
  /^\s*(?:cat\s*<<-?\s*["']?\w+["']?\s*>\s*["']?(\/[\w./@-]+)["']?|cat\s*>\s*["']?(\/[\w./@-]+)["']?\s*<<-?\s*["']?\w+["']?|tee\s+["']?(\/[\w./@-]+)["']?\s*<<-?\s*["']?\w+["']?(?:\s*>\s*\/dev\/null)?)\s*$/
