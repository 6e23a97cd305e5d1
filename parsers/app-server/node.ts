import { posix } from 'node:path'
import { readNodeScript } from '../javascript/node-server.ts'
import { helmetCall } from '../javascript/helmet.ts'
import { jsTokens } from '../javascript/tokens.ts'
import { splitQuotedWords, unquotedIndex } from '../text/quoted-words.ts'
import { type Fact, known, unknown } from '../text/fact.ts'
import { isUnknownWord, type Source } from '../text/source.ts'
import { factOf, placeOf, sliceWritten, writtenAt, type WrittenText } from '../text/written-text.ts'
import { optionTable, programArguments } from './arguments.ts'
import type { AppAddress, AppBind, AppCommand, AppFiles, AppServer, AppValue } from './app-server.ts'
import { HTTP, hostPortBind } from './binds.ts'
import { argumentLayer, numberSetting, prefixedLayer, layered, textSetting } from './layers.ts'
import { readBuiltByFramework } from './node-frameworks.ts'
import { NOTHING_SAID } from './no-server.ts'

/** Options of Node.js that take the next word. */
const WITH_VALUE = new Set([
  '-r',
  '--require',
  '--import',
  '--loader',
  '--experimental-loader',
  '-C',
  '--conditions',
])

/** `node server.js`: the one `listen` of the script that it starts. Null where the script says nothing of it. */
export function readNode(command: AppCommand, files: AppFiles): AppServer | null {
  const [program, ...rest] = command.words
  let at = 0
  for (; at < rest.length && rest[at]!.text.startsWith('-'); at++) if (WITH_VALUE.has(rest[at]!.text)) at++
  const word = rest[at]
  if (program === undefined || word === undefined || isUnknownWord(word.text)) return null
  if (/^-(?:e|p|-eval|-print)/.test(rest[at - 1]?.text ?? '')) return null
  return (
    scriptServer(word.text, program, command, files) ??
    standaloneNext(word, program, command, files) ??
    readBuiltByFramework(word, program, command, files)
  )
}

/** The `server.js` that `output: 'standalone'` makes: it listens on `HOSTNAME` and `PORT`. */
function standaloneNext(
  { text }: WrittenText,
  program: WrittenText,
  command: AppCommand,
  { built }: AppFiles,
): AppServer | null {
  if (!/(?:^|\/)server\.js$/.test(text)) return null
  const isStandalone = (built?.() ?? []).some(
    ({ path, code }) => /Dockerfile/.test(path) && /\.next\/standalone\b/.test(code),
  )
  if (!isStandalone) return null
  const get = layered([prefixedLayer('', ['port', 'hostname'], command)])
  const host = textSetting(get('hostname')) ?? unknown('Docker sets it to the name of the container')
  return {
    ...NOTHING_SAID,
    program: 'node',
    at: placeOf(program),
    application: null,
    binds: [hostPortBind(host, numberSetting(get('port')), HTTP, '::', 3000)],
    directory: command.directory,
    settings: OF_NEXT,
  }
}

/**
 * A script that nothing is seen to start, with the address that it opens where no variable of the environment is set.
 * Whatever else hangs on one is unknown. Null where the script does not listen itself.
 */
export function readNodeScriptAlone(
  source: Source,
  notSeen: Fact<never>,
  read: AppFiles['read'],
): AppServer | null {
  const directory = known(posix.dirname(source.path))
  const files: AppFiles = { read, python: null }
  const server = (environment: AppCommand['environment']): AppServer | null =>
    scriptServer(source.path, null, { words: [], directory, environment }, files)
  const open = server(() => notSeen)
  const opened = open === null ? null : server(() => known(''))
  const binds = opened?.binds ?? []
  return open === null || !binds.every(({ address }) => address.known)
    ? null
    : { ...open, binds, complete: false }
}

/** @param program the word that names Node.js; null where nothing is seen to start the script */
function scriptServer(
  path: string,
  program: WrittenText | null,
  command: AppCommand,
  { read: readInside, earlier }: AppFiles,
): AppServer | null {
  const { directory } = command
  const whole = path.startsWith('/')
    ? path
    : directory?.known === true
      ? posix.join(directory.value, path)
      : null
  if (whole === null) return null
  const sources: Source[] = []
  const main =
    findScript(whole, readInside) ?? findBuilt(whole, readInside) ?? builtInStage(earlier?.(whole) ?? null)
  if (main === null) return null
  const { source, read } = main
  const script = readNodeScript(source, command.environment)
  sources.push(source)
  const loaded = script.loads.map(each => findScript(posix.resolve(posix.dirname(main.path), each), read))
  const found = loaded.filter(each => each !== null)
  const others = found.map(each => readNodeScript(each.source, command.environment))
  const listens = [script, ...others].flatMap(({ listen }) => (listen === null ? [] : [listen]))
  const [listen] = listens
  if (listen === undefined || listens.length > 1) return null
  const settings = new Map<string, Fact<AppValue>>()
  // A script that is not in the audit may say it in the place of this one, if it gets the application.
  const isWhole = loaded.every((each, at) => {
    const name = script.loads[at]!
    return each !== null || name.endsWith('.json') || script.loadsWithoutApplication.has(name)
  })
  const trust = [script, ...others].find(({ trustProxy }) => trustProxy !== null)?.trustProxy ?? null
  if (trust !== null) settings.set('trust proxy', trust)
  else if (!isWhole || others.some(({ loads }, at) => tellOfProxy(loads, found[at]!.path, read)))
    settings.set('trust proxy', unknown('a script that was not read may set it'))
  const policy = [source, ...found.map(each => each.source)].map(helmetCall).find(call => call !== null)
  // `merged` where the policy is one with directives of the script's own.
  if (policy !== undefined)
    settings.set('upgrade-insecure-requests', known(policy.isMerged ? 'merged' : 'default', policy.at))
  for (const each of [script, ...others]) {
    if (each.express) settings.set('express', known(true))
    if (each.secureCookie !== null) settings.set('cookie.secure', known(true, each.secureCookie))
    if (each.asksForTls !== null) settings.set('req.secure', known(true, each.asksForTls))
    if (each.rateLimit !== null) settings.set('rate limit', known(true, each.rateLimit))
    if (each.compression !== null) settings.set('compression', known(true, each.compression))
    if (each.corsForAll !== null) settings.set('cors for all', known(true, each.corsForAll))
    for (const origin of each.corsOrigins) settings.set(`cors origin ${settings.size}`, origin)
  }
  const bind: AppBind = {
    at: listen.port.at ?? listen.at,
    protocol: listen.tls ? known('https', listen.at) : HTTP,
    address: addressOf(listen.port, listen.host),
  }
  return {
    ...NOTHING_SAID,
    program: 'node',
    at: program === null ? listen.at : placeOf(program),
    application: null,
    binds: [bind],
    bodyLimit: [script, ...others].find(({ bodyLimit }) => bodyLimit !== null)?.bodyLimit ?? null,
    directory,
    headersRead: new Map([script, ...others].flatMap(each => [...each.headersRead]).reverse()),
    settings,
    complete: listen.port.known && listen.host?.known !== false,
    sources,
  }
}

function addressOf(port: Fact<number | string>, host: Fact<string> | null): Fact<AppAddress> {
  if (!port.known) return port
  if (typeof port.value === 'string') return known({ kind: 'unix', path: port.value }, port.at)
  if (host?.known === false) return host
  return known({ kind: 'ip', host: host?.value ?? '::', port: port.value }, host?.at ?? port.at)
}

/** Where compilers put what they make of `src`, or of the directory itself. */
const BUILT = /\/(?:dist|build|out|lib)(?=\/)/g

/** The script that a compiler made one of that is in no repository: `src/main.ts` of `dist/main.js`. */
function findBuilt(path: string, read: AppFiles['read']): FoundScript | null {
  const bare = path.replace(/\.[cm]?js$/, '')
  const places = [...bare.matchAll(BUILT)].flatMap(({ 0: name, index }) =>
    ['/src', ''].map(each => bare.slice(0, index) + each + bare.slice(index + name.length)),
  )
  for (const place of places)
    for (const each of [`${place}.ts`, `${place}/index.ts`, `${place}.js`, `${place}.mjs`]) {
      const source = read(each)
      if (source !== null && source !== 'missing') return { path: each, source, read }
    }
  return null
}

/** The same where the compiler ran in an earlier stage of an image, which alone has what it read. */
function builtInStage(file: ReturnType<NonNullable<AppFiles['earlier']>>): FoundScript | null {
  return file === null ? null : findBuilt(file.path, file.read)
}

/** True where one of these, which are not read themselves, has the name of the setting. */
function tellOfProxy(loads: readonly string[], by: string, read: AppFiles['read']): boolean {
  return loads.some(each => {
    const source = scriptAt(posix.resolve(posix.dirname(by), each), read)
    return source !== null && /trust.?proxy/i.test(source.code)
  })
}

/** As `require` finds it: the file, with an extension, or the index of a directory. */
export function scriptAt(path: string, read: AppFiles['read']): Source | null {
  return findScript(path, read)?.source ?? null
}

interface FoundScript {
  /** As the machine sees it: in a container another path than its source has, by which others are found beside it. */
  readonly path: string
  readonly source: Source
  /** Reads what lies beside it. */
  readonly read: AppFiles['read']
}

function findScript(path: string, read: AppFiles['read']): FoundScript | null {
  const ends = ['.js', '.ts', '.mjs', '.cjs', '/index.js', '/index.ts']
  // A module of TypeScript is imported by the name of what is made of it.
  const paths = [path, ...ends.map(end => path + end), path.replace(/\.js$/, '.ts')]
  for (const each of paths) {
    if (!/\.[cm]?[jt]s$|\/www$/.test(each)) continue
    const source = read(each)
    if (source !== null && source !== 'missing') return { path: each, source, read }
  }
  return null
}

/** The script of `package.json` that `npm start`, `npm run NAME` and their like start; null where none is found. */
export function scriptOfPackage(command: AppCommand, { read }: AppFiles): AppCommand | null {
  const [program, ...given] = command.words
  // The scripts of the packages below it.
  if (given.some(({ text }) => /^(?:-r|--recursive|--filter(?:=.*)?|--workspaces?|-ws?)$/.test(text)))
    return null
  const words = given.filter(({ text }) => !text.startsWith('-'))
  const [verb, name] = words
  const wanted = verb?.text === 'run' || verb?.text === 'run-script' ? name?.text : verb?.text
  if (wanted === undefined || !/^[\w:-]+$/.test(wanted) || command.directory?.known !== true) return null
  const source = read(posix.join(command.directory.value, 'package.json'))
  if (source === null || source === 'missing') return null
  const tokens = jsTokens(source.code)
  const scripts = tokens.findIndex(({ kind, text }) => kind === 'string' && text === 'scripts')
  for (let at = scripts + 1; scripts !== -1 && at < tokens.length && tokens[at]!.text !== '}'; at++) {
    const value = tokens[at + 2]
    if (tokens[at]!.text !== wanted || tokens[at + 1]?.text !== ':' || value?.kind !== 'string') continue
    if (value.text.includes('\\')) return null
    const text = writtenAt(source, value.start + 1, value.end - 1)
    // Of several commands, or with a variable in front, a shell decides.
    if (unquotedIndex(text.text, ';&|<>$') < text.text.length) return null
    const { words, environment } = withVariables(splitQuotedWords(text), command.environment)
    return { ...command, environment, words: [...words, ...passedOn(program?.text ?? '', given, wanted)] }
  }
  return null
}

/** `NODE_ENV=production node server.js`, as a shell starts it. */
function withVariables(
  words: readonly WrittenText[],
  environment: AppCommand['environment'],
): Pick<AppCommand, 'words' | 'environment'> {
  const count = words.findIndex(({ text }) => !/^[A-Za-z_]\w*=/.test(text))
  const set = new Map(
    words.slice(0, Math.max(0, count)).map(word => {
      const equals = word.text.indexOf('=')
      return [word.text.slice(0, equals), factOf(sliceWritten(word, equals + 1))]
    }),
  )
  return set.size === 0
    ? { words, environment }
    : { words: words.slice(count), environment: name => set.get(name) ?? environment(name) }
}

/** The words that a script gets: of npm those behind `--`, of the others all behind its name. */
function passedOn(program: string, given: readonly WrittenText[], name: string): readonly WrittenText[] {
  const dashes = given.findIndex(({ text }) => text === '--')
  if (dashes !== -1) return given.slice(dashes + 1)
  const at = given.findIndex(({ text }) => text === name)
  return /npm$/.test(program) && !/pnpm$/.test(program) ? [] : given.slice(at + 1)
}

const OF_NEXT: AppServer['settings'] = new Map([['framework', known('Next.js')]])

const NEXT = optionTable(`
  port -p --port
  hostname -H --hostname
`)

/** `next start`. */
export function readNext(command: AppCommand): AppServer {
  const { program, given } = programArguments(command.words, NEXT)
  const get = layered([argumentLayer(given), prefixedLayer('', ['port'], command)])
  return {
    ...NOTHING_SAID,
    program: 'node',
    at: placeOf(program),
    application: null,
    binds: [hostPortBind(textSetting(get('hostname')), numberSetting(get('port')), HTTP, '::', 3000)],
    directory: command.directory,
    settings: OF_NEXT,
    complete: !given.open,
  }
}
