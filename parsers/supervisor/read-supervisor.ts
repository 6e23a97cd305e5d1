import { posix } from 'node:path'
import type { Fact } from '../text/fact.ts'
import { marginOf } from '../text/margin.ts'
import { splitQuotedWords } from '../text/quoted-words.ts'
import { type Place, type Source, UNKNOWN } from '../text/source.ts'
import { MappedText } from '../text/text-map.ts'
import {
  factOf,
  finishWritten,
  placeOf,
  readFact,
  sliceWritten,
  trimWritten,
  type WrittenText,
  writtenAt,
} from '../text/written-text.ts'
import { matchesName } from '../wildcard/libc-fnmatch.ts'
import { fillExpansions } from './fill-expansions.ts'
import { hasWildcard } from '../wildcard/tokens.ts'
import {
  checkGroups,
  checkLogs,
  checkNames,
  checkSection,
  type SupervisorProblem,
  type SupervisorSection,
} from './check-supervisor.ts'

/** A `[program:x]`, or a `[fcgi-program:x]`, whose socket supervisord opens. Null where its default holds. */
export interface SupervisorProgram {
  readonly name: string
  /** The section's header. */
  readonly at: Place
  /** Null where it is missing or its quotes are not closed. */
  readonly words: readonly WrittenText[] | null
  /** The command as a whole. */
  readonly command: Place | null
  readonly directory: Fact<string> | null
  readonly user: Fact<string> | null
  readonly umask: Fact<number> | null
  readonly environment: readonly { readonly name: string; readonly value: Fact<string>; readonly at: Place }[]
  /** `stopsignal`, as written; null where its default holds, which is TERM. */
  readonly stopSignal: Fact<string> | null
  /** Seconds between that signal and SIGKILL; null where its default holds, 10. */
  readonly stopWait: Fact<number> | null
  /** Whether SIGKILL goes to the whole group of processes, and not to the first one alone. */
  readonly killsGroup: Fact<boolean> | null
  readonly autostart: Fact<boolean> | null
  readonly processes: Fact<number> | null
  /** Of a FastCGI program: `unix:///path` or `tcp://host:port`, its owner and mode. */
  readonly socket: Fact<string> | null
  readonly socketOwner: Fact<string> | null
  readonly socketMode: Fact<number> | null
}

/** What supervisord is told of itself; a section of an included file adds to that of the main one. */
export interface SupervisorMain {
  /** The header. */
  readonly at: Place
  /** Null where its default holds, which is to go into the background. */
  readonly nodaemon: Fact<boolean> | null
  /** Where it starts programs that have no directory of their own; null where it stays where it was started. */
  readonly directory: Fact<string> | null
  /** The account that it becomes, and with it each program that names none; null where it stays what it was. */
  readonly user: Fact<string> | null
}

export interface SupervisorConfiguration {
  readonly programs: readonly SupervisorProgram[]
  /** What supervisord says of its files, in reading order; of groups only where all programs are known. */
  readonly problems: readonly SupervisorProblem[]
  /** `[supervisord]`, the last one; null where there is none. */
  readonly main: SupervisorMain | null
  readonly sources: readonly Source[]
  /** False where an include could not be followed: more programs may be there. */
  readonly complete: boolean
}

export interface SupervisorFiles {
  readonly read: (path: string) => Source | null
  /** Names in a directory; null where it is not there. */
  readonly list: (directory: string) => readonly string[] | null
}

/** No configuration has more files. */
const MOST_FILES = 500

interface Section extends SupervisorSection {
  readonly values: Map<string, WrittenText>
}

/**
 * Reads supervisord's main file and its includes, or the files of `conf.d` alone.
 *
 * @param mains the main file, or several files in the order of their names
 */
export function readSupervisor(mains: readonly Source[], files: SupervisorFiles): SupervisorConfiguration {
  const sources = new Set(mains)
  const programs: SupervisorProgram[] = []
  const sections: Section[] = []
  const missed: SupervisorProblem[] = []
  let complete = true
  for (const source of sources) {
    for (const section of readSections(source)) {
      sections.push(section)
      const match = /^(?:fcgi-)?program:(.*)$/.exec(section.name)
      if (match !== null) programs.push(programOf(section, match[1]!.trim()))
      // Only the main file's includes are followed, as supervisord does it.
      if (section.name !== 'include' || !mains.includes(source)) continue
      const found = included(section, source, files)
      if (found === null) complete = false
      for (const each of found ?? []) if (sources.size < MOST_FILES) sources.add(each)
      if (found?.length === 0) missed.push(...passedOver(section, source, files))
    }
  }
  const isWhole = complete && sections.some(({ name }) => name === 'supervisord')
  return {
    programs,
    main: mainOf(sections),
    sources: [...sources],
    complete,
    get problems() {
      return [
        ...sections.flatMap(each => [...checkSection(each)]),
        ...(isWhole ? checkGroups(sections) : []),
        ...checkNames(sections, isWhole && mains.length === 1),
        ...checkLogs(sections),
        ...missed,
      ]
    },
  }
}

function mainOf(sections: readonly Section[]): SupervisorMain | null {
  const all = sections.filter(({ name }) => name === 'supervisord')
  const [first] = all
  if (first === undefined) return null
  const nodaemon = all.flatMap(({ values }) => values.get('nodaemon') ?? []).at(-1)
  const text = (name: string): Fact<string> | null => {
    const written = all.flatMap(({ values }) => values.get(name) ?? []).at(-1)
    return written === undefined ? null : readFact(written, value => value)
  }
  return {
    at: first.at,
    nodaemon: nodaemon === undefined ? null : readFact(nodaemon, readBoolean),
    directory: text('directory'),
    user: text('user'),
  }
}

/** Null where the directory of a pattern is not known. */
function included(
  { values }: Section,
  { path }: Source,
  { read, list }: SupervisorFiles,
): readonly Source[] | null {
  const found: Source[] = []
  const here = posix.dirname(path)
  for (const pattern of (values.get('files')?.text ?? '').split(/\s+/).filter(each => each !== '')) {
    if (pattern.includes('%') || pattern.includes(UNKNOWN)) return null
    const whole = posix.resolve(here, pattern)
    if (!hasWildcard(whole)) {
      const source = read(whole)
      if (source === null) return null
      found.push(source)
      continue
    }
    const directory = posix.dirname(whole)
    const names = hasWildcard(directory) ? null : list(directory)
    if (names === null) return null
    for (const name of names.filter(each => matchesName(posix.basename(whole), each)).sort()) {
      const source = read(posix.join(directory, name))
      if (source !== null) found.push(source)
    }
  }
  return found
}

/** A pattern to which no file of its directory belongs, though others there have programs. */
function* passedOver(
  { values }: Section,
  { path }: Source,
  files: SupervisorFiles,
): Iterable<SupervisorProblem> {
  const written = values.get('files')
  const [pattern, ...others] = written?.text.split(/\s+/).filter(each => each !== '') ?? []
  if (written === undefined || pattern === undefined || others.length > 0) return
  const directory = posix.dirname(posix.resolve(posix.dirname(path), pattern))
  const names = (files.list(directory) ?? []).filter(each => /\.(?:conf|ini|supervisor)$/.test(each))
  const [first] = names.filter(name => {
    const source = files.read(posix.join(directory, name))
    return source !== null && /^\[(?:fcgi-)?program:/m.test(source.code)
  })
  if (first !== undefined) yield { code: 'include-matches-none', at: placeOf(written), about: first }
}

/**
 * Sections of Python's ConfigParser as supervisord uses it: `name = value` or `name: value`, lines that begin
 * with a blank continue the value, ` ;` and ` #` begin a comment.
 */
function readSections(source: Source): readonly Section[] {
  const { code } = source
  const margin = marginOf(source)
  const sections: Section[] = []
  let value: { name: string; text: MappedText; start: number } | null = null
  const finish = (): void => {
    const values = sections.at(-1)?.values
    if (value !== null && values !== undefined) {
      const base = writtenAt(source, value.start, value.start)
      values.set(value.name, trimWritten(finishWritten(value.text, base)))
    }
    value = null
  }
  for (let at = 0; at < code.length; ) {
    const newline = code.indexOf('\n', at)
    const end = newline === -1 ? code.length : newline
    const line = code.slice(at, end)
    const comment = line.search(/\s[;#]/)
    const stop = comment === -1 ? end : at + comment
    const content = code.slice(at, stop)
    const trimmed = content.trim()
    if (/^[#;]/.test(line.trimStart()) || trimmed === '') {
      // Comments and empty lines do not end a value.
    } else if (/^[ \t]/.test(line.slice(margin)) && value !== null) {
      const first = at + content.length - content.trimStart().length
      const open: { name: string; text: MappedText; start: number } = value
      open.text.replace(Math.max(at - 1, 0), at, '\n')
      open.text.copy(first, first + trimmed.length)
    } else {
      finish()
      const header = /^\s*\[([^\]]*)\]/.exec(content)
      const setting = /^\s*([^\s=:[][^=:]*?)\s*[=:]\s*/.exec(content)
      if (header !== null) {
        const start = at + header[0].indexOf('[')
        sections.push({
          name: header[1]!.trim(),
          at: { source, start, end: at + header[0].length },
          values: new Map(),
        })
      } else if (setting !== null) {
        const start = at + setting[0].length
        const text = new MappedText(code, null, 0)
        text.copy(start, at + content.trimEnd().length)
        value = { name: setting[1]!.toLowerCase(), text, start: Math.min(start, code.length) }
      }
    }
    at = end + 1
  }
  finish()
  return sections
}

function programOf({ at, values }: Section, name: string): SupervisorProgram {
  const get = (key: string): WrittenText | null => {
    const value = values.get(key)
    return value === undefined || value.text === '' ? null : fillExpansions(value, name, at.source)
  }
  const fact = (key: string): Fact<string> | null => {
    const value = get(key)
    return value === null ? null : factOf(value)
  }
  const command = get('command')
  const octal = (key: string): Fact<number> | null => {
    const value = get(key)
    if (value === null) return null
    return readFact(value, text => (/^[0-7]{1,5}$/.test(text) ? Number.parseInt(text, 8) : undefined))
  }
  const boolean = (key: string): Fact<boolean> | null => {
    const value = get(key)
    return value === null ? null : readFact(value, readBoolean)
  }
  const number = (key: string): Fact<number> | null => {
    const value = get(key)
    return value === null
      ? null
      : readFact(value, text => (/^\d{1,6}$/.test(text) ? Number(text) : undefined))
  }
  return {
    name,
    at,
    words: command === null ? null : splitQuotedWords(command),
    command: command === null ? null : placeOf(command),
    directory: fact('directory'),
    user: fact('user'),
    umask: octal('umask'),
    environment: readEnvironment(get('environment')),
    stopSignal: fact('stopsignal'),
    stopWait: number('stopwaitsecs'),
    killsGroup: boolean('killasgroup'),
    autostart: boolean('autostart'),
    processes: number('numprocs'),
    socket: fact('socket'),
    socketOwner: fact('socket_owner'),
    socketMode: octal('socket_mode'),
  }
}

function readBoolean(text: string): boolean | undefined {
  if (/^(?:true|yes|on|1)$/i.test(text)) return true
  return /^(?:false|no|off|0)$/i.test(text) ? false : undefined
}

/** `KEY="value",KEY2=value2`. */
function readEnvironment(value: WrittenText | null): SupervisorProgram['environment'] {
  if (value === null) return []
  const { text } = value
  const variables: { name: string; value: Fact<string>; at: Place }[] = []
  const pair = /[\s,]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(?:"([^"]*)"|'([^']*)'|([^,\s]*))/y
  for (let match = pair.exec(text); match !== null; match = pair.exec(text)) {
    const { lastIndex: end } = pair
    const quoted = match[2] ?? match[3]
    const { length } = quoted ?? match[4] ?? ''
    const last = quoted === undefined ? end : end - 1
    const lead = /^[\s,]*/.exec(match[0])?.[0].length ?? 0
    variables.push({
      name: match[1]!,
      value: factOf(sliceWritten(value, last - length, last)),
      at: placeOf(sliceWritten(value, match.index + lead, end)),
    })
  }
  return variables
}
