import { posix } from 'node:path'
import { type Place, type Source, UNKNOWN } from '../text/source.ts'
import { placeOf, sliceWritten, type WrittenText, writtenFor } from '../text/written-text.ts'
import type { AppCommand, AppFiles } from './app-server.ts'
import { fillUwsgi, fillUwsgiOptions, type RawOption, readRawOptions } from './uwsgi-file.ts'
import { isUwsgiFlag, UWSGI_FILES, uwsgiOptionName } from './uwsgi-options.ts'

/** An option that holds, placeholders filled in. */
export interface UwsgiOption {
  /** By its main name: `workers` for `processes` and `-p`. */
  readonly name: string
  readonly value: WrittenText
  readonly at: Place
  /** True where a condition that nobody here can decide stands before it. */
  readonly conditional: boolean
}

export interface UwsgiConfiguration {
  /** In the order in which uWSGI meets them. */
  readonly options: readonly UwsgiOption[]
  /** The configuration files that were read. */
  readonly sources: readonly Source[]
  /** False where a file could not be read, or a word may hold more options. */
  readonly complete: boolean
  /** The same, whatever variables of the environment say that nobody here knows. */
  readonly readsAll: boolean
}

/** Files that include each other are left at this depth, */
const DEEPEST = 16
/** and loops and includes at this many options. */
const MOST_OPTIONS = 5000
/** No configuration has more placeholders to fill in. */
const MOST_FILLS = 20_000

/** Reads the options of a uWSGI: of its variables, of its command line, of the files that they name. */
export function readUwsgiOptions(command: AppCommand, files: AppFiles): UwsgiConfiguration {
  const reading = new Reading(command, files)
  reading.variables()
  reading.words(command.words.slice(1))
  return reading.finish()
}

/** Reads one file as if it were given alone, as an emperor starts a vassal. */
export function readUwsgiFile(source: Source, command: AppCommand, files: AppFiles): UwsgiConfiguration {
  const reading = new Reading(command, files)
  reading.source(source, 'uwsgi', false, 0)
  return reading.finish()
}

/** Options that images and units give by variables. */
const VARIABLES = [
  ...[
    'ini',
    'socket',
    'http',
    'http-socket',
    'protocol',
    'module',
    'wsgi-file',
    'callable',
    'chdir',
    'master',
    'die-on-term',
    'hook-master-start',
  ],
  ...['processes', 'workers', 'threads', 'harakiri', 'buffer-size', 'uid', 'gid', 'chmod-socket', 'mount'],
  ...['plugins', 'plugin', 'enable-threads', 'lazy-apps'],
]

/** Loops over words, numbers, the lines of a file, and the files of a pattern. */
const LOOPS: ReadonlySet<string> = new Set(['for', 'for-times', 'for-readline', 'for-glob'])

class Reading {
  private readonly options: (UwsgiOption & { readonly written: string })[] = []
  /** The first option of each name, as it is written: what `%(name)` stands for. */
  private readonly firsts = new Map<string, number>()
  /** `%(_)` inside of a loop or a condition; undefined where there is none. */
  private item: { readonly value: string | undefined } | undefined
  private readonly sources = new Set<Source>()
  private first: string | null = null
  private fills = MOST_FILLS
  private complete = true
  private knowsVariables = true

  constructor(
    private readonly command: AppCommand,
    private readonly files: AppFiles,
  ) {}

  /** uWSGI fills in `%(name)` when it has met all options, one after the other. */
  finish(): UwsgiConfiguration {
    const options: UwsgiOption[] = []
    for (const [index, { written: _, ...option }] of this.options.entries()) {
      const value = fillUwsgiOptions(option.value, name => this.valueOf(name))
      options.push({ ...option, value })
      this.options[index] = { ...this.options[index]!, value }
    }
    const { complete, sources, knowsVariables } = this
    return { options, sources: [...sources], complete: complete && knowsVariables, readsAll: complete }
  }

  /** The value of the first option of a name, placeholders of its own filled in; undefined where there is none. */
  private valueOf(name: string, depth = 0): string | undefined {
    if (name === '_' && this.item !== undefined) return this.item.value ?? UNKNOWN
    const first = this.firsts.get(name)
    const option = first === undefined ? undefined : this.options[first]
    if (option === undefined) return undefined
    if (option.conditional || depth > DEEPEST || this.fills-- <= 0) return UNKNOWN
    return fillUwsgiOptions(option.value, each => this.valueOf(each, depth + 1)).text
  }

  /** `UWSGI_SOCKET` and its like. */
  variables(): void {
    for (const name of VARIABLES) {
      const fact = this.command.environment(`UWSGI_${name.toUpperCase().replaceAll('-', '_')}`)
      if (fact === null) continue
      if (fact.at === null) {
        this.knowsVariables = false
        continue
      }
      const value = writtenFor(fact.at.source, fact.known ? fact.value : UNKNOWN, fact.at.start, fact.at.end)
      this.add(name, value, fact.at, false, 0)
    }
  }

  words(words: readonly WrittenText[]): void {
    for (let index = 0; index < words.length; index++) {
      const word = words[index]!
      const { text } = word
      if (text.startsWith(UNKNOWN)) this.complete = false
      else if (text.startsWith('--')) {
        const equals = text.indexOf('=')
        const name = text.slice(2, equals === -1 ? undefined : equals)
        const next = words[index + 1]
        const isFlag = isUwsgiFlag(name) || next === undefined || next.text.startsWith('-')
        if (equals !== -1) this.add(name, sliceWritten(word, equals + 1), placeOf(word), false, 0)
        else if (isFlag) this.add(name, sliceWritten(word, text.length), placeOf(word), false, 0)
        else {
          index++
          this.add(name, next, placeOf(next), false, 0)
        }
      } else if (/^-[A-Za-z]/.test(text)) {
        const name = text[1]!
        if (isUwsgiFlag(uwsgiOptionName(name)))
          this.add(name, sliceWritten(word, text.length), placeOf(word), false, 0)
        else if (text.length > 2) this.add(name, sliceWritten(word, 2), placeOf(word), false, 0)
        else {
          const next = words[++index]
          if (next !== undefined) this.add(name, next, placeOf(next), false, 0)
        }
      } else this.file(word, 0)
    }
  }

  private add(
    written: string,
    value: WrittenText,
    at: Place,
    conditional: boolean,
    depth: number,
    self: Source | null = null,
  ): void {
    if (this.options.length >= MOST_OPTIONS) {
      this.complete = false
      return
    }
    const name = uwsgiOptionName(written)
    if (name === 'set' || name === 'set-ph' || name === 'set-placeholder') {
      const equals = value.text.indexOf('=')
      if (equals > 0)
        this.add(value.text.slice(0, equals), sliceWritten(value, equals + 1), at, conditional, depth)
      return
    }
    if (!this.firsts.has(written)) this.firsts.set(written, this.options.length)
    this.options.push({ name, written, value, at, conditional })
    if (UWSGI_FILES.has(name))
      this.file(
        fillUwsgiOptions(value, each => this.valueOf(each)),
        depth,
        conditional,
        self,
      )
  }

  /** `path`, `path:section`, or `:section` of the file itself. */
  private file(written: WrittenText, depth: number, conditional = false, self: Source | null = null): void {
    const { text } = written
    if (text.includes(UNKNOWN) || depth > DEEPEST) {
      this.complete = false
      return
    }
    const colon = text.indexOf(':')
    const path = colon === -1 ? text : text.slice(0, colon)
    const section = colon === -1 ? 'uwsgi' : text.slice(colon + 1)
    if (path === '') {
      const source = self ?? [...this.sources].at(-1)
      if (source !== undefined) this.source(source, section, conditional, depth)
      return
    }
    const { directory } = this.command
    const whole = path.startsWith('/')
      ? path
      : directory?.known === true
        ? posix.join(directory.value, path)
        : null
    const read = whole === null ? null : this.files.read(whole)
    if (read === null || read === 'missing') this.complete = false
    else this.source(read, section, conditional, depth)
  }

  source(source: Source, section: string, conditional: boolean, depth: number): void {
    const raw = readRawOptions(source, section, this.files.yaml ?? null)
    this.sources.add(source)
    this.first ??= source.path
    if (raw === null) this.complete = false
    else this.lines(raw, source, section, conditional, depth)
  }

  private lines(
    raw: readonly RawOption[],
    source: Source,
    section: string,
    outer: boolean,
    depth: number,
  ): void {
    /** The conditions around a line: true where it is there, undefined where nobody knows. */
    const open: (boolean | undefined)[] = []
    for (let index = 0; index < raw.length; index++) {
      const { name: writtenName, value: writtenValue, at } = raw[index]!
      const names = {
        file: source.path,
        first: this.first ?? source.path,
        section,
        variable: (name: string) => {
          const fact = this.command.environment(name)
          return fact === null ? null : fact.known ? fact.value : undefined
        },
      }
      const item = (written: WrittenText): WrittenText =>
        this.item === undefined
          ? written
          : fillUwsgiOptions(written, each => (each === '_' ? this.valueOf('_') : undefined))
      const name = item(fillUwsgi(writtenName, names)).text
      const value = item(fillUwsgi(writtenValue, names))
      if (name.startsWith('if-')) {
        open.push(this.holds(name.slice(3), value.text))
        continue
      }
      if (name === 'endif' || name === 'end-if') {
        open.pop()
        this.item = undefined
        continue
      }
      if (open.includes(false)) continue
      const conditional = outer || open.includes(undefined)
      if (LOOPS.has(name)) {
        const end = raw.findIndex((each, at) => at > index && /^end-?for$/.test(each.name.text))
        const body = raw.slice(index + 1, end === -1 ? raw.length : end)
        // Each line is repeated for each word before the next line is.
        const words = this.loopedOver(name, value.text)
        for (const line of body) {
          for (const word of words) {
            if (this.options.length >= MOST_OPTIONS || depth > DEEPEST) break
            this.item = { value: word.includes(UNKNOWN) ? undefined : word }
            this.lines([line], source, section, conditional, depth + 1)
          }
        }
        this.item = undefined
        index = end === -1 ? raw.length : end
      } else this.add(name, value, at, conditional, depth + 1, source)
    }
  }

  /** What `%(_)` becomes in a loop, one after the other. */
  private loopedOver(loop: string, value: string): readonly string[] {
    if (loop === 'for') return value.split(/\s+/).filter(each => each !== '')
    const read = loop === 'for-readline' && !value.includes(UNKNOWN) ? this.files.read(value) : null
    if (read === null || read === 'missing') return [UNKNOWN]
    return read.code.split('\n').filter((line, index, lines) => line !== '' || index < lines.length - 1)
  }

  private holds(condition: string, value: string): boolean | undefined {
    if (value.includes(UNKNOWN)) return undefined
    const isNot = condition.startsWith('not-')
    const truth = this.truth(isNot ? condition.slice(4) : condition, value)
    return truth === undefined || !isNot ? truth : !truth
  }

  private truth(condition: string, value: string): boolean | undefined {
    if (condition !== 'env' && condition !== 'opt') return undefined
    const equals = value.indexOf('=')
    const name = equals === -1 ? value : value.slice(0, equals)
    const wanted = equals === -1 ? null : value.slice(equals + 1)
    if (condition === 'opt') {
      const given = this.valueOf(name)
      if (given === undefined) return this.complete && this.knowsVariables ? false : undefined
      return given.includes(UNKNOWN) ? undefined : wanted === null || given === wanted
    }
    const fact = this.command.environment(name)
    if (fact === null) return false
    // Inside of the condition `%(_)` is what was found.
    this.item = { value: fact.known ? fact.value : undefined }
    return fact.known ? wanted === null || fact.value === wanted : undefined
  }
}
