import { posix } from 'node:path'
import { isUnknownWord, UNKNOWN } from '../text/source.ts'
import { placeAcross, placeOf, type WrittenText, writtenFor } from '../text/written-text.ts'
import { madeList, madeMap, madeScalar } from '../yaml/made-nodes.ts'
import type { YamlMap } from '../yaml/yaml-node.ts'
import { type OptionNames, readOptions } from './command-options.ts'

/** `docker build -t NAME DIRECTORY`. */
export interface BuildCommand {
  /** Without what is not known. */
  readonly tags: readonly string[]
  /** As `build:` of a service, its paths absolute where they are known. */
  readonly build: YamlMap
}

const OF_BUILD: OptionNames = {
  plain: new Set([
    ...['check', 'compress', 'debug', 'disable-content-trust', 'force-rm', 'help', 'layers', 'load'],
    ...['no-cache', 'pull', 'push', 'quiet', 'rm', 'squash', 'stdin', 'tls-verify'],
  ]),
  letters: { f: 'file', t: 'tag', q: 'quiet', o: 'output', m: 'memory', c: 'cpu-shares', D: 'debug' },
}

/**
 * What an image is built from.
 *
 * @param args what stands behind `build`
 * @param directory in which the command runs; null where nobody knows
 */
export function readBuildCommand(
  program: WrittenText,
  args: readonly WrittenText[],
  directory: string | null,
): BuildCommand | null {
  const { options, rest } = readOptions(args, OF_BUILD)
  const [context] = rest
  if (context === undefined) return null
  const valuesOf = (name: string): readonly WrittenText[] =>
    options.flatMap(each => (each.name === name && each.value !== null ? [each.value] : []))
  const inside = inDirectory(context.text, directory)
  const at = placeAcross(program, context)
  const file = valuesOf('file').at(-1)
  const target = valuesOf('target').at(-1)
  const args_ = valuesOf('build-arg').map(madeScalar)
  return {
    tags: valuesOf('tag').flatMap(({ text }) => (isUnknownWord(text) ? [] : [text])),
    build: madeMap(
      [
        ['context', madeScalar(said(context, inside ?? UNKNOWN))],
        // It is a path from the directory in which the command runs, and not from the context.
        ...(file === undefined
          ? []
          : [['dockerfile', madeScalar(said(file, fromContext(file.text, inside, directory)))] as const]),
        ...(target === undefined ? [] : [['target', madeScalar(target)] as const]),
        ...(args_.length === 0 ? [] : [['args', madeList(args_, at)] as const]),
      ],
      at,
    ),
  }
}

function said(written: WrittenText, text: string): WrittenText {
  const { source, start, end } = placeOf(written)
  return writtenFor(source, text, start, end)
}

function inDirectory(path: string, directory: string | null): string | null {
  if (isUnknownWord(path) || /^(?:-|~|[a-z][a-z0-9+.-]*:\/\/|git@|github\.com\/)/.test(path)) return null
  if (path.startsWith('/')) return posix.resolve(path)
  return directory === null ? null : posix.resolve(directory, path)
}

function fromContext(file: string, context: string | null, directory: string | null): string {
  const path = inDirectory(file, directory)
  return context === null || path === null ? UNKNOWN : posix.relative(context, path)
}
