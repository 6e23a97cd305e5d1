import type { Place } from '../../../../parsers/text/source.ts'
import type { ApacheDirective } from '../configuration.ts'
import { isInNetwork, isLocalClient } from './client-address.ts'
import { isSettled, namePlace } from './places.ts'

/** Who asks. What is left out is not known, and the answer may hang on it. */
export interface Client {
  /** Where the connection comes from (after mod_remoteip, if that is used). */
  readonly address?: string
  /** The server's end of the connection. */
  readonly server?: string
  readonly method?: string
  /** False for a client that sends no credentials. */
  readonly authenticated?: boolean
}

/** mod_authz_core's results; `open` where it depends on what is not known. */
export type Authorization = 'granted' | 'denied' | 'denied-no-user' | 'neutral' | 'open'

/** `Require` lines and their containers, as mod_authz_core keeps them. */
export type RequireTree =
  | {
      readonly kind: 'all' | 'any'
      readonly negated: boolean
      readonly children: readonly RequireTree[]
      readonly at: Place
      readonly methods: Methods
    }
  | {
      readonly kind: 'require'
      readonly negated: boolean
      readonly words: readonly string[]
      readonly at: Place
      readonly methods: Methods
    }

/** The methods that `<Limit>` and `<LimitExcept>` leave; null for all. */
export type Methods = { readonly only: boolean; readonly names: readonly string[] } | null

/** The `Require` lines of one scope's children: any of them grants. Null where there are none. */
export function requireTree(children: readonly ApacheDirective[]): RequireTree | null {
  const trees = treesOf(children, null)
  const [first] = trees
  if (first === undefined) return null
  return { kind: 'any', negated: false, children: trees, at: first.at, methods: null }
}

function treesOf(children: readonly ApacheDirective[], methods: Methods): readonly RequireTree[] {
  const trees: RequireTree[] = []
  for (const directive of children) {
    switch (directive.name) {
      case 'Require':
        trees.push(requireOf(directive, methods))
        break
      case 'RequireAll':
        trees.push(container('all', false, directive, methods))
        break
      case 'RequireAny':
        trees.push(container('any', false, directive, methods))
        break
      case 'RequireNone':
        trees.push(container('any', true, directive, methods))
        break
      case 'Limit':
      case 'LimitExcept':
        for (const tree of treesOf(directive.children, limitOf(directive))) trees.push(tree)
    }
  }
  return trees
}

/** The methods of a `<Limit>` or `<LimitExcept>`. */
export function limitOf(directive: ApacheDirective): Methods {
  return { only: directive.name === 'Limit', names: directive.args.map(({ value }) => value) }
}

function container(
  kind: 'all' | 'any',
  negated: boolean,
  directive: ApacheDirective,
  methods: Methods,
): RequireTree {
  return { kind, negated, children: treesOf(directive.children, methods), at: namePlace(directive), methods }
}

function requireOf(directive: ApacheDirective, methods: Methods): RequireTree {
  const words = directive.args.map(({ value }) => value)
  const negated = words[0]?.toLowerCase() === 'not'
  const at = { source: directive.source, start: directive.start, end: directive.end }
  return { kind: 'require', negated, words: negated ? words.slice(1) : words, at, methods }
}

/** True where the method of the request is among those; GET stands for HEAD. Undefined where it is not known. */
export function concerns(methods: Methods, client: Client): boolean | undefined {
  if (methods === null) return true
  if (client.method === undefined) return undefined
  const method = client.method === 'HEAD' ? 'GET' : client.method
  return methods.names.includes(method) === methods.only
}

/** mod_authz_core's own evaluation, one result more: `open`. */
export function authorize(tree: RequireTree, client: Client, parent: 'all' | 'any' = 'all'): Authorization {
  const concerned = concerns(methodsOf(tree), client)
  // A scope whose lines are all for other methods has nothing against this one.
  if (concerned === false) return parent === 'all' ? 'granted' : 'neutral'
  const result =
    tree.kind === 'require' ? check(tree.words, client) : combine(tree.kind, tree.children, client)
  const final = tree.negated ? negate(result) : result
  return concerned === undefined && final !== 'granted' ? 'open' : final
}

/** A container is limited to what its children together are. */
function methodsOf(tree: RequireTree): Methods {
  if (tree.kind === 'require' || tree.methods !== null) return tree.methods
  let first: Methods = null
  for (const child of tree.children) {
    const methods = methodsOf(child)
    if (methods === null || (first !== null && !isSame(methods, first))) return null
    first ??= methods
  }
  return first
}

function isSame(a: NonNullable<Methods>, b: NonNullable<Methods>): boolean {
  return a.only === b.only && a.names.join() === b.names.join()
}

function negate(result: Authorization): Authorization {
  if (result === 'granted') return 'denied'
  // Not to be turned away is no reason to be let in.
  return result === 'denied' || result === 'denied-no-user' ? 'neutral' : result
}

function combine(kind: 'all' | 'any', children: readonly RequireTree[], client: Client): Authorization {
  let result: Authorization = 'neutral'
  let open = false
  const last = kind === 'all' ? 'denied' : 'granted'
  for (const child of children) {
    const own = authorize(child, client, kind)
    if (own === 'neutral') continue
    if (own === last) return own
    if (own === 'open') open = true
    else if (
      kind === 'all'
        ? own === 'denied-no-user' || result === 'neutral'
        : result === 'neutral' || own === 'denied-no-user'
    )
      result = own
  }
  return open ? 'open' : result
}

function check(words: readonly string[], client: Client): Authorization {
  const [provider = '', ...args] = words
  if (!words.every(isSettled)) return 'open'
  switch (provider.toLowerCase()) {
    case 'all':
      return args[0]?.toLowerCase() === 'granted' ? 'granted' : 'denied'
    case 'ip':
      return client.address === undefined
        ? 'open'
        : anyOf(args.map(network => isInNetwork(client.address!, network)))
    case 'local':
      return client.address === undefined ? 'open' : anyOf([isLocalClient(client.address, client.server)])
    case 'method':
      if (client.method === undefined) return 'open'
      return anyOf(args.map(name => name === (client.method === 'HEAD' ? 'GET' : client.method)))
    case 'user':
    case 'group':
    case 'valid-user':
    case 'file-owner':
    case 'file-group':
      return client.authenticated === false ? 'denied-no-user' : 'open'
    default:
      return 'open'
  }
}

function anyOf(matches: readonly (boolean | undefined)[]): Authorization {
  if (matches.includes(true)) return 'granted'
  return matches.includes(undefined) ? 'open' : 'denied'
}
