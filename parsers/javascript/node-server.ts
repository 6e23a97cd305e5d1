import { type Fact, known, unknown } from '../text/fact.ts'
import type { Place, Source } from '../text/source.ts'
import { importOf } from './imported-as.ts'
import { changedObjects, type Taken, takenOfEnvironment } from './bound-names.ts'
import { type JsToken, jsTokens } from './tokens.ts'

/** What the literals of one script say of the server that it starts. */
export interface NodeScript {
  /** The one `listen(…)`; null where there is none, or several. */
  readonly listen: {
    /** The call's name. */
    readonly at: Place
    /** A port, or the path of a Unix socket. */
    readonly port: Fact<number | string>
    /** Null where none is given, so that every address is meant. */
    readonly host: Fact<string> | null
    readonly tls: boolean
  } | null
  /** True where the script makes an application of Express. */
  readonly express: boolean
  /** `app.set('trust proxy', …)`; null where no line of it says it. */
  readonly trustProxy: Fact<boolean | number | string> | null
  /** `cookie: { secure: true }` of a session. */
  readonly secureCookie: Place | null
  /** A condition that asks Express whether a request came over TLS, before a redirect. */
  readonly asksForTls: Place | null
  /** Where `express-rate-limit` is called, and by nothing but the address it counts whom. */
  readonly rateLimit: Place | null
  /** Where the package `compression` is called, without a filter of its own. */
  readonly compression: Place | null
  /** Origins that the package `cors`, or the `cors` of Socket.IO, is told to allow: texts and variables alone. */
  readonly corsOrigins: readonly Fact<string>[]
  /** `*` for an origin beside `credentials: true`, which no browser takes. */
  readonly corsForAll: Place | null
  /** Bytes: the largest body that a parser of Express is told to take. */
  readonly bodyLimit: Fact<number> | null
  /** Where it reads headers by which proxies tell of the client, or whose names have a `_`; names in lower case. */
  readonly headersRead: ReadonlyMap<string, Place>
  /** Other scripts that it loads by a relative path. */
  readonly loads: readonly string[]
  /** Those of them that surely never get hold of the application of Express which it makes. */
  readonly loadsWithoutApplication: ReadonlySet<string>
}

/** A variable of the environment: null where it is not set. */
type Environment = (name: string) => Fact<string> | null
type Value = Fact<string | number | boolean> | null

/** What a condition chooses between, `a ? b : c`. */
interface Branches {
  readonly question: number
  readonly met: readonly [number, number]
  readonly unmet: readonly [number, number]
}

/** Functions that give back what they get, as a number or as it is. */
const PASSING = new Set(['Number', 'parseInt', 'normalizePort', 'String'])
/** What proxies tell of the client. */
const OF_PROXIES =
  /^(?:x-(?:forwarded-(?:for|proto|host)|real-ip|client-ip)|cf-connecting-ip|true-client-ip)$/i
/** A name as few headers have it, which nginx drops. */
const UNDERSCORED = /^[a-z][a-z\d-]*_[\w-]*$/i
/** What people call the package `cookie-session`. */
const PACKAGE_CALL = /^cookie_?session$/i
const READERS = /^(?:json|urlencoded|text|raw)$/

const PACKAGES = {
  'express-rate-limit': importOf('express-rate-limit'),
  compression: importOf('compression'),
}

/** Words of an expression that are looked at: what is longer is no plain value. */
const LONGEST_EXPRESSION = 500
/** UTF-16 units: what is longer, a tool has put together. */
const LONGEST_SCRIPT = 300_000

/** What a script says; of one that is longer than anybody writes, that it does not say where it listens. */
export function readNodeScript(source: Source, environment: Environment): NodeScript {
  return source.code.length > LONGEST_SCRIPT ? NOTHING_SAID : new Reader(source, environment).read()
}

/** Other scripts that a script loads by a relative path. */
export function loadsOfScript(source: Source): readonly string[] {
  return readNodeScript(source, () => null).loads
}

const NOTHING_SAID: NodeScript = {
  listen: null,
  express: false,
  trustProxy: null,
  secureCookie: null,
  asksForTls: null,
  rateLimit: null,
  compression: null,
  corsOrigins: [],
  corsForAll: null,
  bodyLimit: null,
  headersRead: new Map(),
  loads: [],
  loadsWithoutApplication: new Set(),
}

class Reader {
  private readonly tokens: readonly JsToken[]
  private readonly values = new Map<string, readonly [number, number] | null>()
  private readonly source: Source
  private readonly environment: Environment
  private takenNames: ReadonlyMap<string, Taken | null> | undefined
  private changedNames: ReadonlySet<string> | undefined

  constructor(source: Source, environment: Environment) {
    this.source = source
    // What a file of dotenv sets is known to nobody here, and what the process has it leaves alone.
    const mayLoad = /dotenv|--env-file|loadEnvFile/.test(source.code)
    this.environment = name => {
      const fact = environment(name)
      return fact === null && mayLoad ? unknown('a file that dotenv loads may set it') : fact
    }
    this.tokens = jsTokens(source.code)
    this.readConstants()
  }

  read(): NodeScript {
    const { code } = this.source
    const calls = this.listenCalls()
    const [call] = calls
    const cors = this.corsOptions()
    return {
      listen: call === undefined || calls.length > 1 ? null : this.listenOf(call),
      express: /['"]express['"]/.test(code),
      trustProxy: this.trustProxy(),
      secureCookie: this.secureCookie(),
      asksForTls: this.asksForTls(),
      rateLimit: this.rateLimit(),
      compression: this.packageCall('compression'),
      corsOrigins: cors.flatMap(options => this.textsOf(options.get('origin'))),
      corsForAll: this.corsForAll(cors),
      bodyLimit: this.bodyLimit(),
      headersRead: this.headersRead(),
      loads: this.loads(),
      loadsWithoutApplication: this.loadsWithoutApplication(),
    }
  }

  private is(at: number, text: string): boolean {
    return this.tokens[at]?.text === text && this.tokens[at]?.kind !== 'string'
  }

  private place(from: number, to = from): Place {
    const first = this.tokens[from]!
    return { source: this.source, start: first.start, end: this.tokens[to]?.end ?? first.end }
  }

  /** Names that one line gives a value, by the words of it. */
  private readConstants(): void {
    for (let at = 0; at < this.tokens.length - 3; at++) {
      const name = this.tokens[at + 1]!
      if (!/^(?:const|let|var)$/.test(this.tokens[at]!.text) || name.kind !== 'name') continue
      let equals = at + 2
      // A type of TypeScript may stand before it.
      while (equals < at + 6 && !/^[=;]$/.test(this.tokens[equals]?.text ?? ';')) equals++
      if (!this.is(equals, '=')) continue
      const end = this.expressionEnd(equals + 1)
      this.values.set(name.text, this.values.has(name.text) ? null : [equals + 1, end])
    }
    for (let at = 0; at < this.tokens.length - 1; at++) {
      const { kind, text } = this.tokens[at]!
      if (kind !== 'name' || !this.is(at + 1, '=') || this.is(at - 1, '.')) continue
      const before = this.tokens[at - 1]?.text ?? ''
      if (this.values.has(text) && !/^(?:const|let|var)$/.test(before)) this.values.set(text, null)
    }
  }

  /** Behind the last word of an expression: a comma, a semicolon, a closing bracket or a new line outside of brackets. */
  private expressionEnd(start: number): number {
    let depth = 0
    let at = start
    const last = Math.min(this.tokens.length, start + LONGEST_EXPRESSION)
    for (; at < last; at++) {
      const { kind, text, start: offset } = this.tokens[at]!
      if (kind === 'sign') {
        if (/^[([{]$/.test(text)) depth++
        else if (/^[)\]}]$/.test(text)) {
          if (depth === 0) break
          depth--
        } else if (depth === 0 && /^[,;]$/.test(text)) break
      }
      const before = this.tokens[at - 1]
      if (at === start || depth > 0 || before === undefined) continue
      const isNewLine = this.source.code.slice(before.end, offset).includes('\n')
      const goesOn = kind === 'sign' || (before.kind === 'sign' && !/^[)\]}]$/.test(before.text))
      if (isNewLine && !goesOn) break
    }
    return at
  }

  /** The arguments of a call whose parenthesis opens here, each from its first word to behind its last. */
  private argumentsAt(open: number): readonly (readonly [number, number])[] {
    const found: [number, number][] = []
    let start = open + 1
    for (let guard = 0; guard < 50 && start < this.tokens.length && !this.is(start, ')'); guard++) {
      let depth = 0
      let at = start
      for (; at < this.tokens.length; at++) {
        const { kind, text } = this.tokens[at]!
        if (kind !== 'sign') continue
        if (/^[([{]$/.test(text)) depth++
        else if (/^[)\]}]$/.test(text)) {
          if (depth === 0) break
          depth--
        } else if (text === ',' && depth === 0) break
      }
      found.push([start, at])
      if (!this.is(at, ',')) break
      start = at + 1
    }
    return found
  }

  /** Null where an expression is no value that a script writes down. */
  private evaluate(start: number, end: number, depth = 0): Value {
    const first = this.tokens[start]
    if (first === undefined || start >= end || depth > 8) return null
    const at = this.place(start, end - 1)
    const typed = this.withoutType(start, end)
    if (typed < end) return this.evaluate(start, typed, depth + 1)
    const branches = this.branchesOf(start, end)
    if (branches !== null) {
      const condition = this.evaluate(start, branches.question, depth + 1)
      if (condition?.known !== true) return condition
      const isMet = condition.value !== UNSET && Boolean(condition.value)
      const [from, to] = isMet ? branches.met : branches.unmet
      return this.evaluate(from, to, depth + 1)
    }
    // The default is taken where what stands before it is not set.
    const or = this.splitAt(start, end, /^(?:\|\||\?\?)$/)
    if (or !== null) {
      const value = this.evaluate(start, or, depth + 1)
      if (value === null) return null
      if (value.known && value.value !== '' && value.value !== UNSET) return value
      return value.known ? this.evaluate(or + 1, end, depth + 1) : value
    }
    if (first.kind === 'number' && end === start + 1) return known(Number(first.text.replaceAll('_', '')), at)
    if (first.kind === 'string' && end === start + 1)
      return first.text.includes('\\') ? null : known(first.text, at)
    if (first.kind === 'template' && end === start + 1)
      return /[\\$]/.test(first.text) ? null : known(first.text, at)
    if (end === start + 1 && /^(?:true|false)$/.test(first.text)) return known(first.text === 'true', at)
    const comparison = this.splitAt(start, end, /^[!=]==?$/)
    if (comparison !== null) return this.compare(start, comparison, end, depth + 1)
    if (this.is(start, '!')) {
      const value = this.evaluate(start + 1, end, depth + 1)
      return value?.known === true ? known(value.value === UNSET || !value.value, at) : value
    }
    if (this.is(start, '+')) return this.evaluate(start + 1, end, depth + 1)
    if (this.is(start, '(') && this.is(end - 1, ')')) return this.evaluate(start + 1, end - 1, depth + 1)
    if (
      first.kind === 'name' &&
      PASSING.has(first.text) &&
      this.is(start + 1, '(') &&
      this.is(end - 1, ')')
    ) {
      const [argument] = this.argumentsAt(start + 1)
      return argument === undefined ? null : this.evaluate(argument[0], argument[1], depth + 1)
    }
    const variable = this.variableAt(start, end)
    if (variable !== null) {
      const fact = this.environment(variable)
      if (fact === null) return known(UNSET, at)
      // Where nobody can tell how it is started, it is told what servers are told.
      return fact.known || variable !== 'NODE_ENV' ? fact : known('production', at)
    }
    if (first.kind === 'name' && end === start + 1) {
      const range = this.values.get(first.text)
      return range == null ? this.taken(first.text, depth + 1) : this.evaluate(range[0], range[1], depth + 1)
    }
    const range = this.memberAt(start, end) ?? this.settingAt(start, end)
    return range === null ? null : this.evaluate(range[0], range[1], depth + 1)
  }

  /** Behind `!` or `as string` of TypeScript nothing of a value stands. */
  private withoutType(start: number, end: number): number {
    if (end - start > 1 && this.is(end - 1, '!')) return end - 1
    const isType = end - start > 2 && this.is(end - 2, 'as') && this.tokens[end - 1]?.kind === 'name'
    return isType ? end - 2 : end
  }

  private branchesOf(start: number, end: number): Branches | null {
    const question = this.splitAt(start, end, /^\?$/)
    const colon = question === null ? null : this.splitAt(question + 1, end, /^:$/)
    if (question === null || colon === null) return null
    return { question, met: [question + 1, colon], unmet: [colon + 1, end] }
  }

  private namesTaken(): ReadonlyMap<string, Taken | null> {
    this.takenNames ??= takenOfEnvironment(this.tokens, at => this.argumentsAt(at))
    return this.takenNames
  }

  /** A name of `const { PORT = 3000, HOST: host } = process.env`, once in the script. */
  private taken(name: string, depth: number): Value {
    const found = this.values.has(name) ? undefined : this.namesTaken().get(name)
    if (found == null) return null
    const fact = this.environment(found.variable)
    if (fact !== null) return fact
    return found.fallback === null ? known(UNSET) : this.evaluate(...found.fallback, depth)
  }

  /** `config.port` of an object that one line gives its name, and of which no line changes a member. */
  private memberAt(start: number, end: number): readonly [number, number] | null {
    const root = this.tokens[start]
    if (root?.kind !== 'name' || !this.is(start + 1, '.') || (end - start) % 2 === 0) return null
    this.changedNames ??= changedObjects(this.tokens)
    let range = this.changedNames.has(root.text) ? undefined : this.values.get(root.text)
    for (let at = start + 1; at < end; at += 2) {
      if (range == null || !this.is(at, '.') || !this.is(range[0], '{')) return null
      // What is spread may have the member too.
      if (this.argumentsAt(range[0]).some(([first]) => this.is(first, '...'))) return null
      range = this.entriesOf(range[0]).get(this.tokens[at + 1]!.text)
    }
    return range ?? null
  }

  /** What `app.set('port', …)` gave the one time that it is called for what `app.get('port')` asks for. */
  private settingAt(start: number, end: number): readonly [number, number] | null {
    const name = this.tokens[start + 4]
    const isAsked = end === start + 6 && this.is(start + 2, 'get') && this.is(start + 3, '(')
    if (!isAsked || name?.kind !== 'string') return null
    const set = [...this.tokens.keys()].filter(
      at => this.is(at, 'set') && this.is(at + 1, '(') && this.tokens[at + 2]?.text === name.text,
    )
    const [only] = set
    return only === undefined || set.length > 1 ? null : (this.argumentsAt(only + 1)[1] ?? null)
  }

  /** `process.env.NODE_ENV === 'production'`. */
  private compare(start: number, operator: number, end: number, depth: number): Value {
    const left = this.evaluate(start, operator, depth)
    const right = this.evaluate(operator + 1, end, depth)
    if (left === null || right === null) return null
    if (!left.known) return left
    if (!right.known) return right
    const isEqual = left.value === right.value
    return known(this.tokens[operator]!.text.startsWith('=') ? isEqual : !isEqual, left.at)
  }

  /** Whether an expression is surely `true`, be it by a condition. */
  private isTrue([start, end]: readonly [number, number]): boolean {
    const value = this.evaluate(start, end)
    return value?.known === true && value.value === true
  }

  /** The name in `process.env.NAME` or `process.env['NAME']`, and that of what Express calls `env`. */
  private variableAt(start: number, end: number): string | null {
    if (end === start + 6 && this.is(start + 1, '.') && this.is(start + 2, 'get') && this.is(start + 3, '('))
      return this.is(start, 'app') && this.tokens[start + 4]?.text === 'env' ? 'NODE_ENV' : null
    if (!this.is(start, 'process') || !this.is(start + 1, '.') || !this.is(start + 2, 'env')) return null
    if (end === start + 5 && this.is(start + 3, '.')) return this.tokens[start + 4]?.text ?? null
    if (end === start + 6 && this.is(start + 3, '[') && this.tokens[start + 4]?.kind === 'string')
      return this.tokens[start + 4]?.text ?? null
    return null
  }

  /** The last operator outside of brackets. */
  private splitAt(start: number, end: number, pattern: RegExp): number | null {
    let depth = 0
    for (let at = start; at < end; at++) {
      const { kind, text } = this.tokens[at]!
      if (kind !== 'sign') continue
      if (/^[([{]$/.test(text)) depth++
      else if (/^[)\]}]$/.test(text)) depth--
      else if (depth === 0 && pattern.test(text)) return at
    }
    return null
  }

  private listenCalls(): readonly number[] {
    return this.tokens.flatMap(({ kind, text }, at) =>
      kind === 'name' &&
      this.is(at + 1, '(') &&
      ((text === 'listen' && this.is(at - 1, '.')) || this.isWebSocketServer(at))
        ? [at]
        : [],
    )
  }

  /** `new WebSocketServer({ port: 4100 })` of the package `ws`, which listens without a further call. */
  private isWebSocketServer(at: number): boolean {
    const made =
      (this.is(at, 'WebSocketServer') && this.is(at - 1, 'new')) ||
      (this.is(at, 'Server') &&
        this.is(at - 1, '.') &&
        /^(?:web_?sockets?(?:server)?|wss?)$/i.test(this.tokens[at - 2]?.text ?? '') &&
        this.is(at - 3, 'new'))
    return (
      made &&
      /['"]ws['"]/.test(this.source.code) &&
      this.is(at + 2, '{') &&
      this.entriesOf(at + 2).has('port')
    )
  }

  private listenOf(call: number): NodeScript['listen'] {
    const given = this.argumentsAt(call + 1)
    const [first, second] = given
    const at = this.place(call)
    const nobody = unknown('the running program decides', at)
    const tls = /\b(?:https|http2|spdy)['"]?\)?\s*\.?createS|https\.createServer|createSecureServer/.test(
      this.source.code,
    )
    const byItself = this.isFastify(call) ? known('localhost', at) : null
    if (first === undefined) return { at, port: nobody, host: byItself, tls }
    if (this.is(first[0], '{')) {
      const entries = this.entriesOf(first[0])
      const port = entries.get('port')
      const host = entries.get('host')
      const path = entries.get('path')
      return {
        at,
        port: this.portOf(port ?? path ?? null, nobody),
        host: host === undefined ? byItself : (this.textOf(host, nobody) ?? byItself),
        tls,
      }
    }
    const text = second === undefined ? null : this.evaluate(second[0], second[1])
    const isFunction = second !== undefined && this.isFunction(second)
    return {
      at,
      port: this.portOf(first, nobody),
      host: second === undefined || isFunction ? byItself : (this.hostOf(text, nobody) ?? byItself),
      tls,
    }
  }

  /** Fastify, and NestJS upon it, listen on `localhost` where no host is given. */
  private isFastify(call: number): boolean {
    const name = this.tokens[call - 2]
    const range = name?.kind === 'name' ? this.values.get(name.text) : undefined
    if (range == null) return false
    const value = this.tokens.slice(range[0], range[1])
    const [called] = value
    if (value.some(({ text }) => text === 'FastifyAdapter')) return true
    if (called?.kind !== 'name') return false
    if (/^fastify$/i.test(called.text) && value[1]?.text === '(') return true
    return called.text === 'require' && value[2]?.text === 'fastify' && value[4]?.text === '('
  }

  /** A callback, which begins with words of a function or is a name without a value. */
  private isFunction([start, end]: readonly [number, number]): boolean {
    if (/^(?:function|async)$/.test(this.tokens[start]?.text ?? '')) return true
    for (let at = start; at < end; at++) if (this.is(at, '=>')) return true
    const name = end === start + 1 && this.tokens[start]?.kind === 'name' ? this.tokens[start].text : null
    return name !== null && !this.values.has(name) && !this.namesTaken().has(name)
  }

  private hostOf(value: Value, nobody: Fact<never>): Fact<string> | null {
    if (value === null || !value.known) return nobody
    if (value.value === UNSET) return null
    // A number is the length of the queue.
    return typeof value.value === 'string' ? known(value.value, value.at) : null
  }

  private textOf([start, end]: readonly [number, number], nobody: Fact<never>): Fact<string> | null {
    return this.hostOf(this.evaluate(start, end), nobody)
  }

  private portOf(range: readonly [number, number] | null, nobody: Fact<never>): Fact<number | string> {
    const value = range === null ? null : this.evaluate(range[0], range[1])
    if (value === null || !value.known) return nobody
    if (typeof value.value === 'number') return known(value.value, value.at)
    if (typeof value.value !== 'string') return nobody
    if (/^\d{1,5}$/.test(value.value)) return known(Number(value.value), value.at)
    return value.value.startsWith('/') ? known(value.value, value.at) : nobody
  }

  /** The entries of an object, by their plain keys. */
  private entriesOf(open: number): ReadonlyMap<string, readonly [number, number]> {
    const entries = new Map<string, readonly [number, number]>()
    for (const [start, end] of this.argumentsAt(open)) {
      const key = this.tokens[start]
      if (key === undefined) continue
      if (this.is(start + 1, ':')) entries.set(key.text, [start + 2, end])
      else if (end === start + 1) entries.set(key.text, [start, end])
    }
    return entries
  }

  /** `req.headers['x-real-ip']`, `req.headers.api_key`, `req.get('X-Real-IP')`; the first of a name. */
  private headersRead(): NodeScript['headersRead'] {
    const found = new Map<string, Place>()
    for (const [at, { kind, text }] of this.tokens.entries()) {
      if (!UNDERSCORED.test(text) && !(kind === 'string' && OF_PROXIES.test(text))) continue
      const before = this.tokens[at - 2]?.text ?? ''
      const isAsked = this.asksForHeader(at, kind, before)
      const name = text.toLowerCase()
      if (isAsked && !found.has(name)) found.set(name, this.place(at))
    }
    return found
  }

  /** An object that is called `headers` may be that of a request to somebody else, or of an answer. */
  private asksForHeader(at: number, kind: JsToken['kind'], before: string): boolean {
    const ofRequest = /^(?:req|request|ctx)$/
    const asked = this.tokens[at - 4]?.text ?? ''
    if (kind === 'name')
      return /^\??\.$/.test(this.tokens[at - 1]?.text ?? '') && before === 'headers' && ofRequest.test(asked)
    if (kind !== 'string') return false
    const isAsked = this.is(at - 1, '[') ? before === 'headers' : /^(?:get|header)$/.test(before)
    return isAsked && (OF_PROXIES.test(this.tokens[at]!.text) || ofRequest.test(asked))
  }

  private trustProxy(): NodeScript['trustProxy'] {
    for (const [at, { kind, text }] of this.tokens.entries()) {
      if (kind !== 'string' || text !== 'trust proxy') continue
      if (this.is(at - 1, '(') && this.is(at - 2, 'enable')) return known(true, this.place(at))
      if (!this.is(at - 1, '(') || !this.is(at - 2, 'set') || !this.is(at + 1, ',')) continue
      const value = this.argumentsAt(at - 1)[1]
      const found = value === undefined ? null : this.evaluate(value[0], value[1])
      return found === null || (found.known && found.value === UNSET)
        ? unknown('the running program decides', this.place(at))
        : found
    }
    return /trust.?proxy|\.proxy\s*=\s*true/i.test(this.source.code)
      ? unknown('the running program decides')
      : null
  }

  /**
   * What a session of `express-session` or `cookie-session` is told of its cookie. One that is told `proxy: true` takes the
   * scheme from the header by itself; other packages with a `cookie: {…}`, such as csurf, ask for no scheme.
   */
  private secureCookie(): Place | null {
    const { code } = this.source
    if (/\bproxy\s*:\s*true/.test(code) || !/['"](?:express|cookie)-session['"]/.test(code)) return null
    for (const [at, { text }] of this.tokens.entries()) {
      const secure =
        text === 'cookie' ? this.secureOfCookie(at) : PACKAGE_CALL.test(text) ? this.secureOfCall(at) : null
      if (secure !== null && this.isTrue(secure)) return this.place(secure[0], secure[1] - 1)
    }
    return null
  }

  /** `cookie: { secure: … }`, and `options.cookie.secure = …` of a script that may run in production. */
  private secureOfCookie(at: number): readonly [number, number] | null {
    if (this.is(at + 1, '.') && this.is(at + 2, 'secure') && this.is(at + 3, '=')) {
      const mode = this.environment('NODE_ENV')
      const isProduction = mode !== null && (!mode.known || mode.value === 'production')
      return isProduction ? [at + 4, this.expressionEnd(at + 4)] : null
    }
    if (!this.is(at + 1, ':') || this.isOfCsrf(at)) return null
    return this.secureIn(at + 2)
  }

  /** `cookieSession({ secure: … })`, which swallows what the package `cookies` throws. */
  private secureOfCall(at: number): readonly [number, number] | null {
    return this.is(at + 1, '(') ? this.secureIn(at + 2) : null
  }

  /** The value of `secure` in an object, or in that of a name. */
  private secureIn(at: number): readonly [number, number] | null {
    const name = this.tokens[at]
    const open = this.is(at, '{') ? at : name?.kind === 'name' ? this.values.get(name.text)?.[0] : undefined
    return open !== undefined && this.is(open, '{') ? (this.entriesOf(open).get('secure') ?? null) : null
  }

  /** True for a key of `csrf({…})`. */
  private isOfCsrf(key: number): boolean {
    let depth = 0
    for (let at = key - 1; at >= Math.max(0, key - LONGEST_EXPRESSION); at--) {
      const { kind, text } = this.tokens[at]!
      if (kind !== 'sign') continue
      if (/^[)\]}]$/.test(text)) depth++
      else if (/^[([{]$/.test(text) && depth-- === 0)
        return this.is(at - 1, '(') && /csu?rf/i.test(this.tokens[at - 2]?.text ?? '')
    }
    return false
  }

  /**
   * `if (!req.secure)` or `if (req.protocol !== 'https')`, with a redirect to https close behind it, or `req.secure` and
   * the redirect behind `next()`.
   */
  private asksForTls(): Place | null {
    for (const [at, { kind, text }] of this.tokens.entries()) {
      if (kind !== 'name' || !/^(?:req|request)$/.test(text) || !this.is(at + 1, '.')) continue
      if (this.is(at + 2, 'secure') && /^[?)]$/.test(this.tokens[at + 3]?.text ?? '')) {
        const words = this.tokens.slice(at + 3, at + 40).map(token => token.text)
        const goesOn = words.indexOf('next')
        const redirects = words.indexOf('redirect')
        const isNext = goesOn !== -1 && goesOn < 6 && redirects > goesOn && !this.is(at - 1, '!')
        if (isNext && words.slice(redirects).some(word => /^https:/.test(word))) return this.place(at, at + 2)
      }
      const negated = this.is(at + 2, 'secure') && this.is(at - 1, '!') && this.is(at - 2, '(')
      const compared =
        this.is(at + 2, 'protocol') &&
        /^!==?$/.test(this.tokens[at + 3]?.text ?? '') &&
        this.tokens[at + 4]?.text === 'https' &&
        this.is(at - 1, '(')
      if (!negated && !compared) continue
      const closes = negated ? at + 3 : at + 5
      if (!this.is(closes, ')')) continue
      const behind = this.tokens.slice(closes, closes + 20)
      const redirects = behind.some(token => token.text === 'redirect')
      if (redirects && behind.some(token => /^https:/.test(token.text)))
        return this.place(negated ? at - 1 : at, closes - 1)
    }
    return null
  }

  /** Where what a package gives by itself is called: `app.use(compression())`. */
  private packageCall(
    name: 'express-rate-limit' | 'compression',
    isMeant = (_: number) => true,
  ): Place | null {
    const match = PACKAGES[name].exec(this.source.code)
    if (match?.[1] === undefined) return null
    const called = match[1]
    const at = this.tokens.findIndex(
      (token, index) => token.text === called && this.is(index + 1, '(') && isMeant(index + 1),
    )
    return at === -1 ? null : this.place(at)
  }

  /** Options with a `keyGenerator`, and those that are not written out, may count something else than addresses. */
  private rateLimit(): Place | null {
    return this.packageCall('express-rate-limit', open => {
      const [options] = this.argumentsAt(open)
      if (options === undefined) return true
      const range = this.is(options[0], '{') ? options : this.values.get(this.tokens[options[0]]?.text ?? '')
      if (range == null || !this.is(range[0], '{')) return false
      return this.tokens.slice(...range).every(({ text }) => text !== 'keyGenerator' && text !== '...')
    })
  }

  /** What `cors({…})` is given, and `cors: {…}` of Socket.IO. */
  private corsOptions(): readonly ReadonlyMap<string, readonly [number, number]>[] {
    if (!/['"](?:cors|socket\.io)['"]/.test(this.source.code)) return []
    return this.tokens.flatMap(({ kind, text }, at) => {
      if (kind !== 'name' || text !== 'cors' || !/^[(:]$/.test(this.tokens[at + 1]?.text ?? '')) return []
      if (this.is(at + 2, '{')) return [this.entriesOf(at + 2)]
      const name = this.tokens[at + 2]
      const range = name?.kind === 'name' && this.is(at + 3, ')') ? this.values.get(name.text) : undefined
      return range != null && this.is(range[0], '{') ? [this.entriesOf(range[0])] : []
    })
  }

  /** A text, a variable of the environment, or a list of them; nothing for what is neither. */
  private textsOf(range: readonly [number, number] | undefined, depth = 0): readonly Fact<string>[] {
    if (range === undefined || depth > 2) return []
    const [start, end] = range
    if (this.is(start, '[') && this.is(end - 1, ']'))
      return this.argumentsAt(start).flatMap(each => this.textsOf(each, depth + 1))
    const first = this.tokens[start]
    const named = first?.kind === 'name' && end === start + 1 ? this.values.get(first.text) : undefined
    if (named != null) return this.textsOf(named, depth + 1)
    const isText = /^(?:string|template)$/.test(first?.kind ?? '') || this.variableAt(start, end) !== null
    const value = isText ? this.evaluate(start, end) : null
    return value?.known === true && typeof value.value === 'string' && value.value !== UNSET
      ? [known(value.value, value.at)]
      : []
  }

  private corsForAll(all: ReturnType<Reader['corsOptions']>): Place | null {
    for (const options of all) {
      const credentials = options.get('credentials')
      const origin = options.get('origin')
      if (credentials === undefined || origin === undefined || !this.is(credentials[0], 'true')) continue
      const [first] = this.textsOf(origin)
      // In a list it is one text among others.
      if (first?.known === true && first.value === '*' && !this.is(origin[0], '['))
        return this.place(origin[0], origin[1] - 1)
    }
    return null
  }

  private bodyLimit(): Fact<number> | null {
    let largest: Fact<number> | null = null
    for (const [at, { kind, text }] of this.tokens.entries()) {
      if (kind !== 'name' || !READERS.test(text) || !this.is(at + 1, '(') || !this.is(at + 2, '{')) continue
      const limit = this.entriesOf(at + 2).get('limit')
      const value = limit === undefined ? null : this.evaluate(limit[0], limit[1])
      if (limit === undefined || value?.known !== true) continue
      const bytes = bytesOf(value.value)
      if (bytes !== null && (largest === null || !largest.known || bytes > largest.value))
        largest = known(bytes, this.place(limit[0], limit[1] - 1))
    }
    return largest
  }

  private loads(): readonly string[] {
    return this.tokens.flatMap(({ kind, text }, at) => {
      if (kind !== 'string' || !/^\.{1,2}(?:\/|$)/.test(text)) return []
      const before = this.tokens[at - 1]?.text
      const isLoaded =
        before === 'from' ||
        before === 'import' ||
        (before === '(' && /^(?:require|import)$/.test(this.tokens[at - 2]?.text ?? ''))
      return isLoaded ? [text] : []
    })
  }

  /**
   * `app.use('/users', require('./users'))`, `const passport = require('./passport')`: a module sets nothing of an
   * application that no call hands to it. Whoever loads the script to get it comes later.
   */
  private loadsWithoutApplication(): ReadonlySet<string> {
    const { tokens } = this
    const applications = new Set(
      [...this.values].flatMap(([name, range]) =>
        range !== null &&
        range[1] === range[0] + 3 &&
        this.is(range[0], 'express') &&
        this.is(range[0] + 1, '(')
          ? [name]
          : [],
      ),
    )
    const isShared = tokens.some(({ kind, text }) => kind === 'name' && /^(?:global|globalThis)$/.test(text))
    if (applications.size === 0 || isShared) return new Set()
    const given = new Set<string>()
    for (const [at, { kind, text }] of tokens.entries()) {
      if (kind !== 'name' || !applications.has(text) || this.is(at + 1, '.')) continue
      if (/^(?:const|let|var)$/.test(tokens[at - 1]?.text ?? '') || this.isExported(at)) continue
      const calls = this.callsAround(at)
      // Under another name anything may have it.
      if (calls.length === 0) return new Set()
      for (const name of calls.flatMap(open => this.namesOfCall(open))) given.add(name)
    }
    return new Set(
      this.loads().filter(path => {
        const names = this.namesOf(path)
        return names !== null && !names.some(name => given.has(name))
      }),
    )
  }

  /** True for the name in `module.exports = { app }`, `exports.app = app`, `export { app }` and `export default app`. */
  private isExported(word: number): boolean {
    if (this.is(word - 1, 'default')) return true
    let at = word - 1
    while (this.is(at, ',') || (this.tokens[at]?.kind === 'name' && !this.is(at, 'export'))) at--
    if (this.is(at, '{')) at--
    return (
      this.is(at, 'export') ||
      (this.is(at, '=') && (this.is(at - 1, 'exports') || this.is(at - 3, 'exports')))
    )
  }

  /** The parentheses of the calls among whose arguments a word is. */
  private callsAround(word: number): readonly number[] {
    const found: number[] = []
    let depth = 0
    for (let at = word - 1; at >= Math.max(0, word - LONGEST_EXPRESSION); at--) {
      const { kind, text } = this.tokens[at]!
      if (kind !== 'sign') continue
      if (/^[)\]}]$/.test(text)) depth++
      else if (/^[([{]$/.test(text) && depth-- === 0) {
        depth = 0
        if (text === '(') found.push(at)
      }
    }
    return found
  }

  /** The first name of what is called, and those of its arguments: `settings` of `settings.apply({ app })`. */
  private namesOfCall(open: number): readonly string[] {
    let first = open - 1
    while (this.is(first - 1, '.')) first -= 2
    const inside = this.argumentsAt(open).flatMap(([start, end]) => this.tokens.slice(start, end))
    return [this.tokens[first], ...inside].flatMap(token => (token?.kind === 'name' ? [token.text] : []))
  }

  /** The names under which the script has what it loads; null where it is called at once, or for its effect alone. */
  private namesOf(path: string): readonly string[] | null {
    const names: string[] = []
    for (const [at, { kind, text }] of this.tokens.entries()) {
      if (kind !== 'string' || text !== path) continue
      if (this.is(at - 1, 'from')) {
        for (let before = at - 2; before >= 0 && !this.is(before, 'import'); before--)
          if (this.tokens[before]!.kind === 'name') names.push(this.tokens[before]!.text)
        continue
      }
      if (!this.is(at - 1, '(') || !this.is(at - 2, 'require') || !this.is(at + 1, ')')) return null
      if (this.is(at - 3, '=')) {
        for (
          let before = at - 4;
          before >= 0 && !/^(?:const|let|var|;)$/.test(this.tokens[before]!.text);
          before--
        )
          if (this.tokens[before]!.kind === 'name') names.push(this.tokens[before]!.text)
        if (/^[(.]$/.test(this.tokens[at + 2]?.text ?? '')) return null
        continue
      }
      // An argument of `app.use(…)`, which is no call of it.
      const [open = 0] = this.callsAround(at - 2)
      if (!this.is(open - 1, 'use') || !/^[,)]$/.test(this.tokens[at + 2]?.text ?? '')) return null
    }
    return names
  }
}

/** Stands for a variable that is not set. */
const UNSET = '\0unset'

const UNITS: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

/** A size as Express's `bytes` reads it. */
function bytesOf(value: string | number | boolean): number | null {
  if (typeof value === 'number') return value
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*([kmg]?b)?$/i.exec(value.trim()) : null
  if (match === null) return null
  return Math.floor(Number(match[1]) * (UNITS[(match[2] ?? 'b').toLowerCase()] ?? 1))
}
