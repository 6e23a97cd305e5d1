import { posix } from 'node:path'
import { unwrapCommand } from '../../parsers/app-server/unwrap.ts'
import type { DockerCommand } from '../../parsers/dockerfile/dockerfile.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { placeOf, sliceWritten, type WrittenText } from '../../parsers/text/written-text.ts'
import { matchesName } from '../../parsers/wildcard/libc-fnmatch.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { type Script, type Started, scriptAt } from './_started-words.ts'

const SHELL = /^(?:\/(?:usr\/)?bin\/)?(?:ba|da|a)?sh$/
/** What a step rewrites line ends with. */
const REWRITES = /dos2unix|\\r|\\015|sed\b/

/** Scripts with the line ends of Windows that the container starts, its build or the entry point of its image. */
export function* carriageReturns(started: Started, steps: readonly string[]): Iterable<RuleFinding> {
  if (steps.some(step => REWRITES.test(step))) return
  for (const { script, byShell, at } of scriptsStarted(started)) {
    const { source } = script
    if (!/^[^\n]*\r\n/.test(source.text) || hasAttribute(source, started.hostFiles)) continue
    const shebang = /^#!\s*(\S+)(?:[ \t]+(?:-S[ \t]+)?(\S+))?[^\r\n]*/.exec(source.text)
    yield {
      at: shebang === null ? firstLine(source) : nameIn(source, shebang),
      message: byShell
        ? 'the lines end in CR LF, and the shell takes the CR for the last letter of every command'
        : 'the lines end in CR LF, and the kernel looks for a program whose name ends in CR: no such file or directory',
      label: 'CR behind it',
      ...(at !== null && { related: [{ at, message: 'the container starts it here' }] }),
      help: 'Save the file with LF, and write `*.sh text eol=lf` in `.gitattributes`',
    }
  }
}

interface StartedScript {
  readonly script: Script
  /** True where a shell reads it, and the kernel does not start it. */
  readonly byShell: boolean
  readonly at: Place | null
}

function* scriptsStarted(started: Started): Iterable<StartedScript> {
  const { service, image, files, reference } = started
  const own = service?.entrypoint ?? null
  const entrypoint = own === null ? headsOf(image?.entrypoint) : headsOfWords(own.words)
  const command =
    service?.command != null
      ? headsOfWords(service.command.words)
      : own === null
        ? headsOf(image?.command)
        : []
  const steps = (image?.steps ?? []).flatMap(step => ('sources' in step ? [] : headsOf(step.command)))
  const starts = entrypoint.flatMap(head => scriptOf(started, head))
  yield* starts
  // An entry point that is a program of its own takes the command for arguments.
  if (entrypoint.length === 0 || starts.length > 0) for (const head of command) yield* scriptOf(started, head)
  for (const head of steps) yield* scriptOf(started, head)
  // The entry point of nginx’s image starts those that are executable.
  if (entrypoint.length > 0 || !/^nginx(?=[:@]|$)/.test(reference ?? '')) return
  for (const { name } of files.list('/docker-entrypoint.d') ?? []) {
    const script = name.endsWith('.sh') ? scriptAt(started, { text: `/docker-entrypoint.d/${name}` }) : null
    if (script?.mode != null && (script.mode & 0o111) !== 0) yield { script, byShell: false, at: null }
  }
}

function scriptOf(started: Started, { word, byShell }: Head): readonly StartedScript[] {
  const script = scriptAt(started, word) ?? (byShell ? null : scriptInPath(started, word.text))
  return script === null ? [] : [{ script, byShell, at: placeOf(word) }]
}

/** A name without a slash is looked for in the directories of `PATH`. */
function scriptInPath({ service, image, files }: Started, name: string): Script | null {
  const own = [...(image?.environment ?? []), ...(service?.environment ?? [])]
  if (name.includes('/') || own.some(variable => variable.name === 'PATH')) return null
  for (const directory of BINARIES) {
    const path = posix.join(directory, name)
    const source = sourceAt(files, path)
    if (source !== null) return { source, mode: files.mode(path) }
  }
  return null
}

export const BINARIES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** A word that names what is started. */
interface Head {
  readonly word: WrittenText
  readonly byShell: boolean
}

function headsOf(command: DockerCommand | null | undefined): readonly Head[] {
  if (command == null) return []
  return command.form === 'exec' ? headsOfWords(command.words) : headsOfText(command.script)
}

/** The program, behind `tini --` and its like, the script that a shell is given, and what stands behind `--`. */
function headsOfWords(written: readonly WrittenText[]): readonly Head[] {
  const { words } = unwrapCommand({ words: written, directory: null, environment: () => null })
  const [first, second, third] = words
  if (first === undefined) return []
  // What Python is given it reads itself, with any line ends.
  if (written.slice(0, written.indexOf(first)).some(({ text }) => /(?:^|\/)python[\d.]*$/.test(text)))
    return []
  const dashes = words.findIndex(({ text }) => text === '--')
  const behind = dashes === -1 ? [] : headsOfWords(words.slice(dashes + 1))
  if (!SHELL.test(first.text)) return [{ word: first, byShell: false }, ...behind]
  if (second === undefined) return []
  if (/^-\w*c$/.test(second.text)) return third === undefined ? [] : headsOfText(third)
  return second.text.startsWith('-') ? [] : [{ word: second, byShell: true }]
}

/** The first words of the commands of a shell’s text; what stands in quotes is none. */
function headsOfText(text: WrittenText): readonly Head[] {
  const plain = text.text.replace(/(["'])(?:(?!\1)[^\\]|\\.)*\1/gs, quoted => '"'.repeat(quoted.length))
  if (plain.includes('<<')) return []
  return [...plain.matchAll(/[^;&|\n]+/g)].flatMap(({ 0: part, index }) =>
    headsOfWords(
      [...part.matchAll(/\S+/g)]
        .filter(([word]) => word !== '\\')
        .map(match => sliceWritten(text, index + match.index, index + match.index + match[0].length)),
    ),
  )
}

/** True where `.gitattributes` has git write the file with LF, whatever this copy of it has. */
function hasAttribute({ path }: Source, files: FileSystem): boolean {
  for (let directory = posix.dirname(path); ; directory = posix.dirname(directory)) {
    const text = sourceAt(files, posix.join(directory, '.gitattributes'))?.text ?? ''
    for (const [, pattern = ''] of text.matchAll(/^[ \t]*([^#\s]\S*)[ \t][^\r\n]*\beol=lf\b/gm))
      if (fits(pattern.replace(/^\//, ''), posix.relative(directory, path))) return true
    if (directory === '/') return false
  }
}

function fits(pattern: string, path: string): boolean {
  if (!pattern.includes('/')) return matchesName(pattern, posix.basename(path))
  const directory = posix.dirname(pattern).replace(/\/?\*\*$/, '') || '.'
  return (
    (directory === '.' || isBelow(`/${path}`, `/${directory}`)) &&
    matchesName(posix.basename(pattern), posix.basename(path))
  )
}

/** `bash` of `/usr/bin/env bash`. */
export function nameOf([, program = '', name]: RegExpExecArray): string {
  return /(?:^|\/)env$/.test(program) && name !== undefined ? name : program
}

export function nameIn(source: Source, shebang: RegExpExecArray): Place {
  const name = nameOf(shebang)
  const start = shebang[0].lastIndexOf(name)
  return { source, start, end: start + name.length }
}

export function firstLine(source: Source): Place {
  const end = source.text.search(/\r?\n|$/)
  return { source, start: 0, end: Math.max(end, 1) }
}
