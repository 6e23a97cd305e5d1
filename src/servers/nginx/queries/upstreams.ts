import { memo } from '../../../../parsers/collections/memo.ts'
import { isUnknownWord, type Place } from '../../../../parsers/text/source.ts'
import { type NginxTarget, parseNginxTarget } from '../../addresses/nginx.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { argumentPlace, namePlace, wordPlace } from './places.ts'
import { childrenNamed, hasUnreadInclude } from './scope.ts'

/** A `server` of an upstream. */
export interface UpstreamServer {
  /** Null where the address is a placeholder or malformed, or where Lua chooses another one. The port is 80 where none is written. */
  readonly target: NginxTarget | null
  readonly weight: number
  readonly backup: boolean
  readonly down: boolean
  /** True for `resolve` or `service=`, which ask DNS while nginx runs. */
  readonly dynamic: boolean
  /** The address as written. */
  readonly at: Place
  readonly directive: NginxDirective
}

export interface Upstream {
  /** As written; nginx compares names without case. */
  readonly name: string
  readonly servers: readonly UpstreamServer[]
  /** Idle connections kept by each worker process; null where `keepalive` is not written. */
  readonly keepalive: { readonly connections: number; readonly at: Place } | null
  /** False where unread files may add servers. */
  readonly complete: boolean
  /** The name. */
  readonly at: Place
  readonly directive: NginxDirective
}

/** The `upstream` blocks of http by lower-case name. */
export const upstreams = memo((configuration: NginxConfiguration): ReadonlyMap<string, Upstream> => {
  const built = new Map<string, Upstream>()
  for (const directive of configuration.occurrences.get('upstream') ?? []) {
    const name = directive.args[0]?.value
    if (directive.context !== 'http' || name === undefined || isUnknownWord(name)) continue
    const key = name.toLowerCase()
    if (!built.has(key)) built.set(key, readUpstream(configuration, directive, name))
  }
  return built
})

function readUpstream(configuration: NginxConfiguration, directive: NginxDirective, name: string): Upstream {
  const keepalive = childrenNamed(directive, 'keepalive')[0]
  // The grammar asks for a `server` there, which nobody connects to.
  const isChosenByLua = directive.children.some(({ name }) => name.startsWith('balancer_by_lua'))
  const connections = Number.parseInt(keepalive?.args[0]?.value ?? '', 10)
  return {
    name,
    servers: childrenNamed(directive, 'server').map(server => ({
      ...readServer(server),
      ...(isChosenByLua && { target: null }),
    })),
    keepalive:
      keepalive === undefined || Number.isNaN(connections) ? null : { connections, at: namePlace(keepalive) },
    complete: !hasUnreadInclude(configuration, directive),
    at: argumentPlace(directive, 0),
    directive,
  }
}

function readServer(directive: NginxDirective): UpstreamServer {
  const [address, ...parameters] = directive.args
  const values = parameters.map(word => word.value)
  const weight = values.find(value => value.startsWith('weight='))
  return {
    target:
      address === undefined || isUnknownWord(address.value) ? null : parseNginxTarget(address.value, 80),
    weight: weight === undefined ? 1 : Number.parseInt(weight.slice(7), 10) || 1,
    backup: values.includes('backup'),
    down: values.includes('down'),
    dynamic: values.some(value => value === 'resolve' || value.startsWith('service=')),
    at: address === undefined ? namePlace(directive) : wordPlace(directive, address),
    directive,
  }
}
