import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'
import type { CaddyAddress, Caddyfile, CaddyProxy, CaddySite, CaddyUpstream } from './caddyfile.ts'
import { ALL_PATHS, hasOtherPath, pathsInside, pathsOfProxy, type Way } from './proxied-paths.ts'
import { type Directive, isMatcher } from './directive.ts'
import { caddyLines, type CaddyToken } from './tokens.ts'

/** Directives that nobody here knows are passed over; nothing is thrown, whatever stands there. */
export const readCaddyfile = memo((source: Source): Caddyfile => {
  const { options, sites, snippets, complete } = caddyBlocks(source)
  const automatic = options.filter(({ name }) => name.text === 'auto_https').map(({ args }) => args[0]?.text)
  return {
    source,
    sites: sites.map(block => siteOf(block, snippets)),
    changesHttps:
      options.some(({ name }) => /^https?_port$/.test(name.text)) ||
      automatic.some(word => word !== 'disable_redirects'),
    httpPort: portOf(options, 'http_port', 80),
    httpsPort: portOf(options, 'https_port', 443),
    redirects: automatic.every(word => word === 'disable_certs' || word === 'ignore_loaded_certs'),
    complete,
  }
})

function portOf(options: readonly Directive[], name: string, byDefault: number): number | null {
  const option = options.findLast(each => each.name.text === name)
  if (option === undefined) return byDefault
  const [word] = option.args
  return word !== undefined && /^\d+$/.test(word.text) ? Number(word.text) : null
}

/** The parts of a Caddyfile: its global options, its snippets by their names, and the blocks of its sites. */
export interface CaddyBlocks {
  readonly options: readonly Directive[]
  readonly snippets: Snippets
  readonly sites: readonly Directive[]
  /** False where an `import` brings more of them. */
  readonly complete: boolean
}

export const caddyBlocks = memo((source: Source): CaddyBlocks => {
  const all = blocksOf(source)
  const snippets = new Map(
    all.flatMap(block => {
      const [, name] = /^\(([^()]+)\)$/.exec(block.name.text) ?? []
      return name === undefined || block.name.isQuoted ? [] : [[name, block.block] as const]
    }),
  )
  const options = all.find(({ name }) => name.text === '{')?.block ?? []
  return {
    options,
    snippets,
    complete: [...all, ...options].every(({ name }) => name.text !== 'import'),
    sites: all.filter(({ name }) => !/^(?:\{|import)$|^&?\(/.test(name.text)),
  }
})

/** The blocks at the top: the global options, snippets and sites; a file of one site alone may have no braces. */
function blocksOf(source: Source): readonly Directive[] {
  const lines = caddyLines(source)
  const [first] = lines
  const hasBraces = lines.some(line => isOpening(line.at(-1)))
  if (first?.[0] !== undefined && !hasBraces)
    return [{ name: first[0], args: first.slice(1), block: new Reading(lines.slice(1)).block() }]
  return new Reading(lines).block()
}

const isOpening = (token: CaddyToken | undefined): boolean => token?.text === '{' && !token.isQuoted

class Reading {
  readonly #lines: readonly (readonly CaddyToken[])[]
  #at = 0

  constructor(lines: readonly (readonly CaddyToken[])[]) {
    this.#lines = lines
  }

  /** Up to the brace that closes it, or to the end. */
  block(depth = 0): readonly Directive[] {
    const found: Directive[] = []
    let waiting: CaddyToken[] = []
    while (this.#at < this.#lines.length) {
      const line = this.#lines[this.#at++]!
      if (line[0]!.text === '}' && !line[0]!.isQuoted) {
        if (depth > 0) return found
        continue
      }
      const opens = isOpening(line.at(-1))
      // The addresses of a site may stand on several lines, behind commas.
      const words = [...waiting, ...(opens && line.length > 1 ? line.slice(0, -1) : line)]
      waiting = []
      if (depth === 0 && !opens && words.at(-1)!.text.endsWith(',')) {
        waiting = words
        continue
      }
      const block = opens && depth < MOST_DEPTH ? this.block(depth + 1) : []
      found.push({ name: words[0]!, args: words.slice(1), block })
    }
    return found
  }
}

const MOST_DEPTH = 50

export type Snippets = ReadonlyMap<string, readonly Directive[]>

function siteOf({ name, args, block }: Directive, snippets: Snippets): CaddySite {
  const found: CaddyProxy[] = []
  const complete = collectProxies(block, snippets, found, 0, pathsInside(block, ALL_PATHS))
  return { addresses: [name, ...args].flatMap(addressesOf), proxies: found, complete }
}

/** Blocks whose directives are of the site, too. */
const HOLDS = /^(?:handle|handle_path|route)$/

/** False where an import could not be followed. */
function collectProxies(
  block: readonly Directive[],
  snippets: Snippets,
  into: CaddyProxy[],
  depth: number,
  way: Way,
): boolean {
  let complete = depth < 10
  for (const directive of complete ? block : []) {
    const { name, args } = directive
    if (name.text === 'reverse_proxy') into.push(proxyOf(directive, snippets, way))
    else if (HOLDS.test(name.text)) {
      const inner = pathsInside(directive.block, pathsOfProxy(directive, way))
      complete = collectProxies(directive.block, snippets, into, depth + 1, inner) && complete
    } else if (name.text === 'import') {
      const snippet = snippets.get(args[0]?.text ?? '')
      // What it brings may be asked for another path.
      complete =
        snippet !== undefined && collectProxies(snippet, snippets, into, depth + 1, 'unknown') && complete
    }
  }
  return complete
}

function proxyOf(directive: Directive, snippets: Snippets, way: Way): CaddyProxy {
  const { name, args, block } = directive
  const lines = block.flatMap(line =>
    line.name.text === 'import' ? (snippets.get(line.args[0]?.text ?? '') ?? []) : [line],
  )
  const [first] = args
  const hasMatcher = first !== undefined && isMatcher(first)
  const named = lines.filter(line => line.name.text === 'to').flatMap(line => line.args)
  const paths = hasOtherPath(lines) ? 'unknown' : pathsOfProxy(directive, way)
  const overTls = lines.some(
    line => line.name.text === 'transport' && line.block.some(each => /^tls/.test(each.name.text)),
  )
  return {
    at: name.at,
    paths: typeof paths === 'string' ? null : paths,
    upstreams: [...args.slice(hasMatcher ? 1 : 0), ...named].map(token => upstreamOf(token, overTls)),
    changedHeaders: new Set(
      lines
        .filter(line => line.name.text === 'header_up' || line.name.text === 'import')
        .map(line =>
          line.name.text === 'import'
            ? '*'
            : (line.args[0]?.text.replace(/^[+>?-]/, '').toLowerCase() ?? '*'),
        ),
    ),
  }
}

function upstreamOf({ text, at }: CaddyToken, overTls: boolean): CaddyUpstream {
  const none = { text, at, host: null, port: null, socket: null }
  const socket = /^unix(?:\+h2c)?\/(\/[^{}|]*)(?:\|\d+)?$/.exec(text)?.[1]
  if (socket !== undefined) return { ...none, socket, tls: overTls }
  const [, scheme, host, port] =
    /^(?:([a-z0-9]+):\/\/)?(\[[\da-f:]+\]|[\w.-]*)(?::(\d+))?\/?$/i.exec(text) ?? []
  if (host === undefined) return { ...none, tls: overTls || text.startsWith('https:') }
  return {
    ...none,
    // Without a host it is this machine.
    host: host === '' ? 'localhost' : host.toLowerCase(),
    port: port === undefined ? (scheme === 'https' ? 443 : 80) : Number(port),
    tls: overTls || scheme === 'https' || (scheme === undefined && port === '443'),
  }
}

function addressesOf({ text, at }: CaddyToken): readonly CaddyAddress[] {
  let start = 0
  return text.split(',').flatMap(part => {
    const place: Place = { ...at, start: at.start + start, end: at.start + start + part.length }
    start += part.length + 1
    return part === '' ? [] : [{ text: part, at: place, tls: servesTls(part), ...hostAndPort(part) }]
  })
}

const ADDRESS = /^(?:(\w+):\/\/)?(\[[\da-f:]+\]|[^:/]*)(?::(\d+))?(?:\/.*)?$/i

function hostAndPort(address: string): Pick<CaddyAddress, 'host' | 'port'> {
  const [, , host = null, port] = address.includes('{') ? [] : (ADDRESS.exec(address) ?? [])
  return { host: host?.toLowerCase() ?? null, port: port === undefined ? null : Number(port) }
}

/** True for an address that Caddy serves with TLS; null where nobody can tell. */
export function servesTls(address: string): boolean | null {
  if (/^http:\/\//.test(address)) return false
  // A variable may hold the scheme and the port.
  if (address.includes('{')) return /^https:\/\//.test(address) ? true : null
  const [, scheme, host = '', port] = ADDRESS.exec(address) ?? []
  if (scheme === 'https') return true
  if (port === '80') return false
  if (host === '') return port === '443' ? null : false
  return scheme === undefined ? true : null
}
