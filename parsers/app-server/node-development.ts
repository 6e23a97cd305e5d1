import { posix } from 'node:path'
import { type JsToken, jsTokens } from '../javascript/tokens.ts'
import { type Fact, known, unknown } from '../text/fact.ts'
import type { Place, Source } from '../text/source.ts'
import { placeOf, sliceWritten, type WrittenText } from '../text/written-text.ts'
import type { AppCommand, AppFiles, AppServer } from './app-server.ts'
import { HTTP, hostPortBind } from './binds.ts'
import { NOTHING_SAID } from './no-server.ts'

/** Where a command line says that a development server listens. */
interface GivenAddress {
  readonly host: Fact<string> | null
  readonly port: Fact<number> | null
  /** Words that are no options. */
  readonly words: readonly string[]
  /** The options whose meaning is not known here. */
  readonly others: readonly string[]
}

/** An option without a value, as `--host` may be, is every address. */
const EVERYWHERE = '0.0.0.0'

function givenAddress(options: readonly WrittenText[]): GivenAddress {
  let host: Fact<string> | null = null
  let port: Fact<number> | null = null
  const words: string[] = []
  const others: string[] = []
  for (let at = 0; at < options.length; at++) {
    const option = options[at]!
    const [, name = '', given] = /^--?([\w-]+)(?:=(.*))?$/s.exec(option.text) ?? []
    if (name === '') {
      if (option.text !== '--') words.push(option.text)
      continue
    }
    if (name !== 'host' && name !== 'port') {
      others.push(name)
      continue
    }
    const next = options[at + 1]
    const isNext = given === undefined && next !== undefined && !next.text.startsWith('-')
    const value =
      given !== undefined ? sliceWritten(option, option.text.length - given.length) : isNext ? next : null
    if (isNext) at++
    const place = placeOf(value ?? option)
    const text = value?.text ?? EVERYWHERE
    if (name === 'host') host = /^[\w.:[\]-]+$/.test(text) ? known(text, place) : unknown('a variable', place)
    else port = /^\d{1,5}$/.test(text) ? known(Number(text), place) : unknown('a variable', place)
  }
  return { host, port, words, others }
}

const NO_CONFIGURATION = unknown('its configuration is not here')
const CONFIGURATIONS = ['js', 'ts', 'mjs', 'mts', 'cjs', 'cts'].map(ending => `vite.config.${ending}`)

/** `vite`, `vite dev` and `vite preview`, which listen on `localhost` where nothing says another address. */
export function readVite(command: AppCommand, { read }: AppFiles): AppServer | null {
  const [program, ...options] = command.words
  if (program === undefined) return null
  const { host, port, words, others } = givenAddress(options)
  const [verb = 'dev', ...roots] = words
  const isPreview = verb === 'preview'
  if (!/^(?:dev|serve|preview)$/.test(verb) || roots.length > 0) return null
  const isElsewhere = others.some(name => /^(?:c|config|configLoader)$/.test(name))
  const written =
    host !== null && port !== null
      ? NOTHING_WRITTEN
      : isElsewhere || command.directory?.known !== true
        ? null
        : configuredAddress(command.directory.value, isPreview ? 'preview' : 'server', read)
  return {
    ...NOTHING_SAID,
    program: 'vite',
    at: placeOf(program),
    application: null,
    binds: [
      hostPortBind(
        host ?? (written === null ? NO_CONFIGURATION : written.host),
        port ?? (written === null ? NO_CONFIGURATION : written.port),
        HTTP,
        'localhost',
        isPreview ? 4173 : 5173,
      ),
    ],
    directory: command.directory,
    development: true,
  }
}

interface WrittenAddress {
  readonly host: Fact<string> | null
  readonly port: Fact<number> | null
}

const NOTHING_WRITTEN: WrittenAddress = { host: null, port: null }
const UNREAD: WrittenAddress = { host: NO_CONFIGURATION, port: NO_CONFIGURATION }

/** What the configuration in a directory says; unknown where none that is there can be read. */
function configuredAddress(
  directory: string,
  section: 'server' | 'preview',
  read: AppFiles['read'],
): WrittenAddress {
  for (const name of CONFIGURATIONS) {
    const source = read(posix.join(directory, name))
    if (source === null) continue
    if (source !== 'missing') return addressIn(source, section)
  }
  // A project without any says so by what is certainly not there.
  return CONFIGURATIONS.every(name => read(posix.join(directory, name)) === 'missing')
    ? NOTHING_WRITTEN
    : UNREAD
}

/** The keys of `server: { … }`, where it is written out. */
function addressIn(source: Source, section: string): WrittenAddress {
  const tokens = jsTokens(source.code)
  const starts = tokens.flatMap(({ text, kind }, at) =>
    text === section && kind !== 'sign' && tokens[at - 1]?.text !== '.' ? [at] : [],
  )
  const [start] = starts
  if (start === undefined)
    return tokens.some(({ text }) => text === '...' || text === 'mergeConfig') ? UNREAD : NOTHING_WRITTEN
  if (starts.length > 1 || tokens[start + 1]?.text !== ':' || tokens[start + 2]?.text !== '{') return UNREAD
  let host: Fact<string> | null = null
  let port: Fact<number> | null = null
  let depth = 0
  for (let at = start + 2; at < tokens.length; at++) {
    const { text } = tokens[at]!
    if (/^[{[(]$/.test(text) && tokens[at]!.kind === 'sign') depth++
    else if (/^[}\])]$/.test(text) && tokens[at]!.kind === 'sign' && --depth === 0) break
    else if (depth === 1 && text === '...') return UNREAD
    else if (depth === 1 && (text === 'host' || text === 'port')) {
      if (tokens[at + 1]?.text !== ':') return UNREAD
      const value = plainValue(tokens, at + 2)
      const place = placeIn(source, tokens[at + 2] ?? tokens[at]!)
      if (text === 'port')
        port = value?.kind === 'number' ? known(Number(value.text), place) : unknown('an expression', place)
      else host = hostOf(value, place)
    }
  }
  return { host, port }
}

/** A literal that is all of a value. */
function plainValue(tokens: readonly JsToken[], at: number): JsToken | null {
  const token = tokens[at]
  return token !== undefined && /^[,}]$/.test(tokens[at + 1]?.text ?? '') ? token : null
}

function hostOf(value: JsToken | null, place: Place): Fact<string> | null {
  if (value?.kind === 'string') return known(value.text, place)
  if (value?.text === 'true') return known(EVERYWHERE, place)
  return value?.text === 'false' ? null : unknown('an expression', place)
}

function placeIn(source: Source, { start, end }: JsToken): Place {
  return { source, start, end }
}

/** `ng serve`, which listens on `localhost` where nothing says another address. */
export function readAngular(command: AppCommand, { read }: AppFiles): AppServer | null {
  const [program, ...options] = command.words
  const { host, port, words } = givenAddress(options)
  if (program === undefined || !/^(?:serve|s|dev)$/.test(words[0] ?? '')) return null
  const workspace =
    command.directory?.known === true ? read(posix.join(command.directory.value, 'angular.json')) : null
  const isWritten =
    workspace === null || workspace === 'missing' || /"(?:host|port)"\s*:/.test(workspace.text)
  return {
    ...NOTHING_SAID,
    program: 'ng',
    at: placeOf(program),
    application: null,
    binds: [
      hostPortBind(
        host ?? (isWritten ? NO_CONFIGURATION : null),
        port ?? (isWritten ? NO_CONFIGURATION : null),
        HTTP,
        'localhost',
        4200,
      ),
    ],
    directory: command.directory,
    development: true,
  }
}
