import { memo } from '../collections/memo.ts'
import { type Fact, known, unknown } from '../text/fact.ts'
import type { Place, Source } from '../text/source.ts'
import { isPutTogether, scriptsOf } from './scripts-of.ts'
import { type JsToken, jsTokens } from './tokens.ts'

/** A call by which a script in a browser connects to Socket.IO. */
export interface SocketIoClient {
  /** Where the path is written; the call's name where none is. */
  readonly at: Place
  /** The host and port of a URL that is written out; null for those of the page, unknown where a variable has it. */
  readonly host: Fact<string> | null
  /** The path of the requests, without a slash at its end. */
  readonly path: Fact<string>
}

/** What Socket.IO calls its path where nothing says another. */
export const SOCKET_IO_PATH = '/socket.io'

/**
 * The clients of Socket.IO that a script, or the scripts in a page, connect.
 *
 * @see https://socket.io/docs/v4/client-options/#path
 */
export const socketIoClients = memo((source: Source): readonly SocketIoClient[] => {
  const code = scriptsOf(source)
  if (isPutTogether(code)) return []
  if (namesOf(code, 'socket\\.io').length > 0) return []
  const names = new Set(namesOf(code, 'socket\\.io-client'))
  if (names.size === 0 && !/\b(?:const|let|var|function|import)\s+\{?\s*io\b|\bio\s*=[^=]/.test(code))
    names.add('io')
  const tokens = jsTokens(code)
  return tokens.flatMap(({ kind, text, start, end }, index): SocketIoClient[] => {
    if (kind !== 'name' || !names.has(text) || /^(?:\.|function)$/.test(tokens[index - 1]?.text ?? ''))
      return []
    const isConnect = tokens[index + 1]?.text === '.' && tokens[index + 2]?.text === 'connect'
    const open = isConnect ? index + 3 : index + 1
    if (tokens[open]?.text !== '(') return []
    return [clientOf(source, argumentsAt(tokens, open), { source, start, end })]
  })
})

/** The path that the one server of Socket.IO of a script answers at; null where it makes none. */
export const socketIoServerPath = memo((source: Source): Fact<string> | null => {
  const { code } = source
  const names = namesOf(code, 'socket\\.io')
  const tokens = jsTokens(code)
  const calls = tokens.flatMap((_, index) => {
    const open = serverCall(tokens, index, names)
    return open === null ? [] : [argumentsAt(tokens, open)]
  })
  const [call, ...others] = calls
  if (call === undefined) return null
  if (others.length > 0 || /\.(?:path|attach)\(/.test(code)) return unknown('several lines may say its path')
  const [first, ...rest] = call
  const given = [first, ...rest].find(argument => argument?.[0]?.text === '{')
  if (rest.some(argument => argument !== given) || (first !== given && !isServer(first, code)))
    return unknown('its options are a value of the running program')
  return given === undefined ? known(SOCKET_IO_PATH) : pathIn(source, given).path
})

/** The bracket that opens the arguments of a call that makes a server; null where none is called. */
function serverCall(tokens: readonly JsToken[], index: number, names: readonly string[]): number | null {
  const { kind, text } = tokens[index]!
  const textAt = (offset: number): string => tokens[index + offset]?.text ?? ''
  if (text === 'require' && textAt(2) === 'socket.io' && textAt(4) === '(') return index + 4
  if (kind !== 'name' || !names.includes(text) || textAt(-1) === '.' || textAt(-1) === 'function') return null
  if (textAt(1) === '(') return index + 1
  return textAt(1) === '.' && /^(?:Server|listen)$/.test(textAt(2)) && textAt(3) === '(' ? index + 3 : null
}

/** True for what is surely no object of options: a port, or a name that a server was given. */
function isServer(argument: readonly JsToken[] | undefined, code: string): boolean {
  const [token, ...more] = argument ?? []
  if (token === undefined || token.kind === 'number') return true
  if (more.length > 0) return /^(?:Number|parseInt|process)$/.test(token.text)
  const name = token.text.replace(/\$/g, '\\$')
  return new RegExp(
    String.raw`\b${name}\s*(?::[^=\n]*)?=\s*(?:await\s+)?(?:new\s+)?[\w.()'"]*(?:createServer|listen|Server)\s*\(`,
  ).test(code)
}

function clientOf(source: Source, args: readonly (readonly JsToken[])[], at: Place): SocketIoClient {
  const isOptions = args[0]?.[0]?.text === '{'
  const [address, options, ...more] = isOptions ? [[], ...args] : args
  const host = hostOf(address ?? [])
  if (more.length > 0) return { at, host, path: unknown('more than two arguments') }
  if (options === undefined) return { at, host, path: known(SOCKET_IO_PATH) }
  if (options[0]?.text !== '{') return { at, host, path: unknown('its options are written elsewhere') }
  const { path, written } = pathIn(source, options)
  return { at: written ?? at, host, path }
}

/** The host of the page itself. */
const OF_PAGE =
  /^(?:(?:window|document|globalThis)\.)?location\.(?:origin|host|href)$|^undefined$|^\$\{(?:(?:window|document|globalThis)\.)?location\.origin\}\/[\w/-]*$/
/** The same in front of a namespace: `location.origin + '/chat'`. */
const ORIGIN = /^(?:(?:window|document|globalThis)\.)?location\.origin\+$/

/** Where the first argument leads: what is behind the host names a namespace and is no part of the path. */
function hostOf(address: readonly JsToken[]): SocketIoClient['host'] {
  const [token, ...more] = address
  if (token === undefined) return null
  const text = address.map(each => each.text).join('')
  if (OF_PAGE.test(text)) return null
  const namespace = address.at(-1)
  if (
    namespace?.kind === 'string' &&
    namespace.text.startsWith('/') &&
    ORIGIN.test(text.slice(0, -namespace.text.length))
  )
    return null
  const isText = more.length === 0 && (token.kind === 'string' || token.kind === 'template')
  if (!isText || token.text.includes('${')) return unknown('a value of the running program')
  if (token.text.startsWith('/') && !token.text.startsWith('//')) return null
  const host = /^(?:https?|wss?):\/\/([\w.-]+(?::\d+)?)(?:\/|$)/i.exec(token.text)?.[1]
  return host === undefined ? unknown('no URL') : known(host.toLowerCase())
}

/** The member `path` of an object of options. */
function pathIn(
  source: Source,
  options: readonly JsToken[],
): { readonly path: Fact<string>; readonly written: Place | null } {
  let depth = 0
  for (const [index, { text }] of options.entries()) {
    if (/^[[({]$/.test(text)) depth++
    else if (/^[\])}]$/.test(text)) depth--
    else if (depth === 1 && text === '...')
      return { path: unknown('options of another object'), written: null }
    else if (depth === 1 && text === 'path' && /^[{,]$/.test(options[index - 1]?.text ?? '')) {
      const value = options[index + 2]
      const isLast = /^[,}]$/.test(options[index + 3]?.text ?? '')
      const isText = value?.kind === 'string' || value?.kind === 'template'
      if (options[index + 1]?.text !== ':' || !isText || !isLast || !/^\/[\w./-]*$/.test(value.text))
        return { path: unknown('a value of the running program'), written: null }
      return {
        path: known(value.text.replace(/\/$/, '')),
        written: { source, start: value.start, end: value.end },
      }
    }
  }
  return { path: known(SOCKET_IO_PATH), written: null }
}

/** The words of each argument of a call whose bracket opens at an index. */
function argumentsAt(tokens: readonly JsToken[], open: number): readonly (readonly JsToken[])[] {
  const found: JsToken[][] = [[]]
  let depth = 0
  for (const token of tokens.slice(open)) {
    const { kind, text } = token
    const isSign = kind === 'sign'
    if (isSign && /^[[({]$/.test(text) && depth++ === 0) continue
    if (isSign && /^[\])}]$/.test(text) && --depth === 0) break
    if (isSign && text === ',' && depth === 1) found.push([])
    else found.at(-1)!.push(token)
  }
  return found.filter(({ length }) => length > 0)
}

/** The names that a script gives to what a package exports. */
function namesOf(code: string, name: string): readonly string[] {
  const pattern = new RegExp(
    String.raw`\b(?:const|let|var|import)\s+([\w${'$'}{}\s,*:]+?)\s*(?:=\s*(?:await\s+import|require)\(\s*|from\s*)['"]${name}['"]`,
    'g',
  )
  return [...code.matchAll(pattern)].flatMap(([, names = '']) =>
    names
      .replace(/[{}*]/g, ' ')
      .split(',')
      .map(each =>
        each
          .trim()
          .split(/\s+as\s+|\s*:\s*/)
          .at(-1)!
          .replace(/^as\s+/, '')
          .trim(),
      )
      .filter(each => /^[\w$]+$/.test(each)),
  )
}
