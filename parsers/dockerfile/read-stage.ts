import { cleanPath } from '../text/clean-path.ts'
import { posix } from 'node:path'
import { type Fact, known, unknown } from '../text/fact.ts'
import type { Place } from '../text/source.ts'
import { factOf, placeIn, placeOf, readFact, sliceWritten, type WrittenText } from '../text/written-text.ts'
import type {
  DockerCommand,
  DockerCopy,
  DockerDocument,
  DockerPort,
  DockerReference,
  DockerRun,
  DockerStage,
  DockerUser,
  DockerVariable,
  ReplacedLine,
} from './dockerfile.ts'
import { expandDockerWord, jsonWords, splitAtBlanks, splitRawWords } from './words.ts'

/** What a stage starts from. */
export interface StageStart {
  readonly at: Place
  readonly name: string | null
  readonly image: Fact<string>
  readonly base: number | null
  readonly parent: DockerStage | null
  readonly escaper: '\\' | '`'
  readonly args: ReadonlyMap<string, Fact<string>>
  readonly globals: ReadonlyMap<string, string | undefined>
  readonly stages: readonly DockerStage[]
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Reads the instructions of one stage in their order. */
export class StageReading {
  private readonly copies: DockerCopy[] = []
  private readonly runs: DockerRun[] = []
  private readonly exposes: DockerPort[] = []
  private readonly volumes: Fact<string>[] = []
  private readonly environment: DockerVariable[] = []
  private readonly args: DockerVariable[] = []
  private readonly unset: DockerReference[] = []
  private readonly users: DockerUser[] = []
  private readonly started: Pick<ReplacedLine, 'kind' | 'at'>[] = []
  private readonly last: Mutable<
    Pick<DockerStage, 'workingDirectory' | 'user' | 'command' | 'entrypoint' | 'healthcheck' | 'shell'>
  > = {
    workingDirectory: null,
    user: null,
    command: null,
    entrypoint: null,
    healthcheck: null,
    shell: null,
  }
  /** `ENV` before `ARG`, in that order, as they stand at this line. */
  private readonly variables = new Map<string, string | undefined>()
  private readonly arguments = new Map<string, string | null | undefined>()

  constructor(private readonly start: StageStart) {
    const inherited: DockerVariable[][] = []
    for (let stage = start.parent; stage !== null; ) {
      inherited.unshift([...stage.environment])
      stage = stage.base === null ? null : (start.stages[stage.base] ?? null)
    }
    for (const { name, value } of inherited.flat())
      this.variables.set(name, value.known ? value.value : undefined)
  }

  finish(): DockerStage {
    const { at, name, image, base } = this.start
    const { copies, runs, exposes, volumes, environment, args, unset, users } = this
    const replaced = this.started.flatMap(({ kind, at: line }, index) => {
      const by = this.started.slice(index + 1).findLast(other => other.kind === kind)
      return by === undefined ? [] : [{ kind, at: line, by: by.at }]
    })
    return {
      at,
      name,
      image,
      base,
      copies,
      runs,
      exposes,
      volumes,
      environment,
      args,
      users,
      unset,
      replaced,
      ...this.last,
    }
  }

  /** @param rest what stands behind the instruction's name */
  read(name: string, rest: WrittenText, documents: readonly DockerDocument[], at: Place): void {
    if (name === 'CMD' || name === 'ENTRYPOINT' || name === 'HEALTHCHECK')
      this.started.push({ kind: name, at })
    switch (name) {
      case 'COPY':
      case 'ADD':
        this.copy(name, rest, documents, at)
        return
      case 'RUN': {
        const { words } = cutFlags(rest)
        const directory = this.workingDirectory()
        const script = scriptOf(words.text, documents)
        const command: DockerCommand =
          script === null ? this.commandOf(words, at) : { form: 'shell', at, script }
        // What goes on behind a command that fails is no step like others.
        const isStep = script !== null && stopsAtFault(script.text)
        this.runs.push({ at, directory, command, documents: isStep ? [] : documents })
        return
      }
      case 'CMD':
        this.last.command = this.commandOf(rest, at)
        return
      case 'ENTRYPOINT':
        this.last.entrypoint = this.commandOf(rest, at)
        return
      case 'HEALTHCHECK':
        this.health(cutFlags(rest).words, at)
        return
      case 'SHELL':
        this.last.shell = jsonWords(rest) ?? this.last.shell
        return
      case 'EXPOSE':
        for (const word of splitAtBlanks(rest)) this.exposes.push(portOf(this.expand(word)))
        return
      case 'VOLUME':
        for (const word of jsonWords(rest) ?? splitAtBlanks(rest))
          this.volumes.push(factOf(this.expand(word)))
        return
      case 'USER':
        this.last.user = factOf(this.expand(rest))
        this.users.push({ at, account: this.last.user })
        return
      case 'WORKDIR':
        this.last.workingDirectory = this.inWorkingDirectory(this.expand(rest))
        return
      case 'ENV':
        this.env(rest)
        return
      case 'ARG':
        for (const word of splitRawWords(rest, this.start.escaper)) this.arg(word)
    }
  }

  private expand(word: WrittenText): WrittenText {
    return expandDockerWord(word, this.start.escaper, name => {
      if (this.variables.has(name)) return this.variables.get(name)
      if (this.arguments.has(name)) return this.arguments.get(name)
      const use = new RegExp(`\\$(?:${name}(?!\\w)|\\{${name}\\})`).exec(word.text)
      if (use !== null) {
        const { index } = use
        this.unset.push({ name, at: placeIn(word, index, index + use[0].length) })
      }
      // The base image may set it.
      return undefined
    })
  }

  private env(rest: WrittenText): void {
    const words = splitRawWords(rest, this.start.escaper)
    const [first] = words
    if (first === undefined) return
    const pairs: [WrittenText, WrittenText, Place][] = []
    if (first.text.includes('=')) {
      for (const word of words) {
        const equals = word.text.indexOf('=')
        if (equals < 1) continue
        pairs.push([sliceWritten(word, 0, equals), sliceWritten(word, equals + 1), placeOf(word)])
      }
    } else {
      const after = rest.text.slice(first.text.length)
      const blank = after.length - after.trimStart().length
      pairs.push([first, sliceWritten(rest, first.text.length + blank), placeOf(rest)])
    }
    // All of one line see what was set above it.
    const read = pairs.map(([name, value, at]) => ({
      name: name.text,
      value: factOf(this.expand(value)),
      at,
    }))
    for (const variable of read) {
      this.environment.push(variable)
      this.variables.set(variable.name, variable.value.known ? variable.value.value : undefined)
    }
  }

  private health(rest: WrittenText, at: Place): void {
    const type = /^(NONE|CMD)(?=[ \t]|$)[ \t]*/i.exec(rest.text)
    if (type === null) return
    this.last.healthcheck =
      type[1]!.toUpperCase() === 'NONE' ? 'none' : this.commandOf(sliceWritten(rest, type[0].length), at)
  }

  private arg(word: WrittenText): void {
    const equals = word.text.indexOf('=')
    const name = equals === -1 ? word.text : word.text.slice(0, equals)
    const at = placeOf(word)
    const { args, globals } = this.start
    const global = globals.get(name)
    const value =
      args.get(name) ??
      (equals !== -1
        ? factOf(this.expand(sliceWritten(word, equals + 1)))
        : global === undefined
          ? unknown('whoever builds the image decides', at)
          : known(global, at))
    this.args.push({ name, value, at })
    const isGiven = args.has(name) || equals !== -1 || globals.has(name)
    this.arguments.set(name, value.known ? value.value : isGiven ? undefined : null)
  }

  private copy(
    kind: 'COPY' | 'ADD',
    rest: WrittenText,
    documents: readonly DockerDocument[],
    at: Place,
  ): void {
    const { flags, words: text } = cutFlags(rest)
    const words = (jsonWords(text) ?? splitAtBlanks(text)).map(word => this.expand(word))
    const last = words.at(-1)
    if (last === undefined || words.length < 2) return
    const flag = (name: string): Fact<string> | null => {
      const written = flags.get(name)
      return written === undefined ? null : factOf(this.expand(written))
    }
    const from = flag('from')
    const names = words.slice(0, -1).filter(({ text: name }) => !/^\d*<</.test(name))
    this.copies.push({
      at,
      kind,
      from,
      stage: from?.known === true ? this.stageOf(from.value) : null,
      sources: names.map(name => readFact(name, path => (isUrl(path) ? path : posix.join('/', path)))),
      documents,
      target: this.inWorkingDirectory(last),
      intoDirectory: /[/]\.?$|^\.$/.test(last.text) || words.length > 2,
      owner: flag('chown'),
      mode: flag('chmod'),
    })
  }

  private stageOf(name: string): number | null {
    const { stages } = this.start
    const index = stages.findLastIndex(stage => stage.name !== null && stage.name === name.toLowerCase())
    if (index !== -1) return index
    return /^\d+$/.test(name) && Number(name) < stages.length ? Number(name) : null
  }

  /** A path as the working directory at this line makes it absolute. */
  private inWorkingDirectory(written: WrittenText): Fact<string> {
    const path = factOf(written)
    if (!path.known) return path
    if (path.value.startsWith('/')) return known(cleanPath(path.value), path.at)
    const directory = this.workingDirectory()
    if (directory === null || !directory.known)
      return unknown('the base image decides its working directory', path.at)
    return known(cleanPath(posix.join(directory.value, path.value)), path.at)
  }

  private workingDirectory(): Fact<string> | null {
    if (this.last.workingDirectory !== null) return this.last.workingDirectory
    let { image } = this.start
    for (let stage = this.start.parent; stage !== null; ) {
      if (stage.workingDirectory !== null) return stage.workingDirectory
      image = stage.image
      stage = stage.base === null ? null : (this.start.stages[stage.base] ?? null)
    }
    const home = image.known ? HOMES.find(([name]) => name.test(image.value)) : undefined
    return home === undefined ? null : known(home[1])
  }

  private commandOf(text: WrittenText, at: Place): DockerCommand {
    const words = jsonWords(text)
    return words === null ? { form: 'shell', at, script: text } : { form: 'exec', at, words }
  }
}

/** The working directories of images, where a Dockerfile names none. An empty image has the root alone. */
const HOMES: readonly (readonly [RegExp, string])[] = [
  [/^scratch$/, '/'],
  [/^(?:docker\.io\/)?(?:library\/)?(?:php:\S*(?:apache|fpm)|wordpress(?::(?!cli)|$))/, '/var/www/html'],
  [/^(?:docker\.io\/)?(?:library\/)?httpd(?::|$)/, '/usr/local/apache2'],
]

function isUrl(path: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:\/\/|git@)/.test(path)
}

function cutFlags(rest: WrittenText): { flags: ReadonlyMap<string, WrittenText>; words: WrittenText } {
  const flags = new Map<string, WrittenText>()
  const flag = /[ \t]*--([a-z-]+)(?:=(\S*))?(?=[ \t]|$)/y
  let at = 0
  for (let match = flag.exec(rest.text); match !== null; match = flag.exec(rest.text)) {
    at = flag.lastIndex
    const value = match[2] ?? ''
    flags.set(match[1]!, sliceWritten(rest, at - value.length, at))
  }
  const { text } = rest
  const blank = text.slice(at).length - text.slice(at).trimStart().length
  return { flags, words: at === 0 ? rest : sliceWritten(rest, at + blank) }
}

/** The here-document that is all of a `RUN`: the shell runs it, unless its first line names another interpreter. */
function scriptOf(words: string, [document]: readonly DockerDocument[]): WrittenText | null {
  if (document === undefined || !/^<<-?(["']?)\w+\1[ \t]*$/.test(words)) return null
  const { text } = document.text
  return text.startsWith('#!') && !/^#!\S*\b(?:env[ \t]+)?(?:ba|da|a)?sh\b/.test(text) ? null : document.text
}

/** True for a script that ends at the first command that fails, or that has one command. */
function stopsAtFault(script: string): boolean {
  const lines = script.split('\n').flatMap(line => {
    const text = line.trim()
    return text === '' || text.startsWith('#') ? [] : [text]
  })
  const [first = ''] = lines
  return /^set -\w*e/.test(first) || (lines.length === 1 && !/[;|&]/.test(first))
}

function portOf(written: WrittenText): DockerPort {
  const slash = written.text.indexOf('/')
  const before = slash === -1 ? written : sliceWritten(written, 0, slash)
  const port = readFact(before, text => {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
    if (match === null) return undefined
    const first = Number(match[1])
    const last = Number(match[2] ?? match[1])
    return first <= last && last <= 65535 ? { first, last } : undefined
  })
  const protocol = slash === -1 ? known('tcp') : factOf(sliceWritten(written, slash + 1))
  return { at: placeOf(written), port, protocol }
}
