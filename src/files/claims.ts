import { memo } from '../../parsers/collections/memo.ts'
import { parseApache } from '../../parsers/apache/parse.ts'
import { parseNginx } from '../../parsers/nginx/parse.ts'
import type { NginxDirectiveNode, NginxNode } from '../../parsers/nginx/syntax.ts'
import { isUnknownWord, type Source } from '../../parsers/text/source.ts'
import type { Program } from './program.ts'

/**
 * What a file takes for itself, as far as its own lines say: two files that take the same were not written to
 * be read together.
 */
export interface Claims {
  /** A server's name at its port, an upstream's, a log format's… */
  readonly names: ReadonlySet<string>
  /** Addresses and ports that it opens, `*:80` where it names no address. */
  readonly sockets: ReadonlySet<string>
}

export function claimsOf(source: Source, program: Program): Claims {
  return program === 'nginx' ? nginxClaims(source) : apacheClaims(source)
}

/** True where two sockets of these, as {@link socketOf} writes them, are one port on every address or on the same. */
export function shareSocket(some: Iterable<string>, others: Iterable<string>): boolean {
  for (const socket of some) {
    const colon = socket.lastIndexOf(':')
    const address = socket.slice(0, colon)
    const port = socket.slice(colon)
    for (const its of others) {
      if (!its.endsWith(port)) continue
      const rest = its.slice(0, -port.length)
      if (rest === address || rest === '*' || address === '*') return true
    }
  }
  return false
}

/** Directives of nginx's http whose first argument is a name that only one of them may have. */
const NGINX_NAMED: Readonly<Record<string, (args: readonly string[]) => string | undefined>> = {
  upstream: args => args[0],
  log_format: args => args[0],
  map: args => args[1],
  geo: args => args.at(-1),
  split_clients: args => args[1],
  limit_req_zone: args => args.find(arg => arg.startsWith('zone=')),
  limit_conn_zone: args => args.find(arg => arg.startsWith('zone=')),
  proxy_cache_path: args => args.find(arg => arg.startsWith('keys_zone=')),
  fastcgi_cache_path: args => args.find(arg => arg.startsWith('keys_zone=')),
}

const nginxClaims = memo((source: Source): Claims => {
  const names = new Set<string>()
  const sockets = new Set<string>()
  const visit = (nodes: readonly NginxNode[]): void => {
    for (const node of nodes) {
      if (node.kind !== 'directive') continue
      const { value: name } = node.name
      const args = node.args.map(({ value }) => value)
      if (node.block !== null && (name === 'http' || name === 'stream')) visit(node.block.children)
      else if (name === 'server' && node.block !== null) claimServer(node, names, sockets)
      else {
        const key = NGINX_NAMED[name]?.(args)
        if (key !== undefined && !isUnknownWord(key)) names.add(`${name} ${key}`)
      }
    }
  }
  visit(parseNginx(source).children)
  return { names, sockets }
})

function claimServer({ block }: NginxDirectiveNode, names: Set<string>, sockets: Set<string>): void {
  const lines = (block?.children ?? []).filter(node => node.kind === 'directive')
  const argumentsOf = (name: string): readonly (readonly string[])[] =>
    lines.filter(line => line.name.value === name).map(({ args }) => args.map(({ value }) => value))
  const listens = argumentsOf('listen')
  const ports = listens.length === 0 ? ['*:80'] : listens.map(([address = '']) => socketOf(address, '80'))
  const served = argumentsOf('server_name').flat()
  for (const port of ports) {
    if (isUnknownWord(port) || port.startsWith('unix:')) continue
    sockets.add(port)
    for (const name of served.length === 0 ? [''] : served) {
      // `.example.org` is `example.org` too.
      if (!isUnknownWord(name)) for (const each of namesIn(name)) names.add(`server ${port} ${each}`)
    }
  }
  for (const args of listens) {
    const [address = ''] = args
    if (!isUnknownWord(address) && args.some(arg => arg === 'default_server' || arg === 'default'))
      names.add(`default_server ${socketOf(address, '80')}`)
  }
}

function namesIn(written: string): readonly string[] {
  const name = written.startsWith('~') ? written : written.toLowerCase()
  return name.startsWith('.') ? [name.slice(1), `*${name}`] : [name]
}

const apacheClaims = memo((source: Source): Claims => {
  const names = new Set<string>()
  const sockets = new Set<string>()
  let addresses: readonly string[] | null = null
  let hasName = false
  for (const node of parseApache(source)) {
    if (node.kind === 'comment') continue
    const name = node.name.value.toLowerCase()
    const words = node.words.map(({ value }) => value)
    const [first = ''] = words
    if (name === 'virtualhost') {
      if (node.kind === 'open') {
        addresses = words.map(word => socketOf(word, '*')).filter(isKnown)
        for (const address of addresses) if (!address.endsWith(':*')) sockets.add(address)
        hasName = false
      } else {
        if (!hasName) for (const address of addresses ?? []) names.add(`host ${address}`)
        addresses = null
      }
    } else if (node.kind === 'directive' && isKnown(first)) {
      if (name === 'servername') {
        hasName = true
        for (const address of addresses ?? []) names.add(`host ${address} ${first.toLowerCase()}`)
      } else if (name === 'listen') {
        sockets.add(socketOf(first, '80'))
        names.add(`listen ${socketOf(first, '80')}`)
      } else if (name === 'wsgidaemonprocess' || name === 'serverroot' || name === 'pidfile') {
        names.add(`${name} ${name === 'wsgidaemonprocess' ? first : ''}`)
      }
    }
  }
  return { names, sockets }
})

function isKnown(word: string): boolean {
  return word !== '' && !isUnknownWord(word) && !word.includes('${')
}

/** A written address as `address:port`, with `*` for every address. */
export function socketOf(written: string, port: string): string {
  if (written.startsWith('unix:')) return written
  if (/^\d+$/.test(written)) return `*:${written}`
  const match = /^(.*?)(?::(\d+|\*))?$/.exec(written)
  const isBareIpv6 = written.startsWith('[') && written.endsWith(']')
  const address = isBareIpv6 ? written : (match?.[1] ?? written)
  const isEvery = /^(?:\*|_default_|0\.0\.0\.0|\[::\])?$/i.test(address)
  return `${isEvery ? '*' : address}:${isBareIpv6 ? port : (match?.[2] ?? port)}`
}
