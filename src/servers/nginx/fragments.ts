import { ownTable } from '../../../parsers/text/own-table.ts'
import { memo } from '../../../parsers/collections/memo.ts'
import { parseNginx } from '../../../parsers/nginx/parse.ts'
import type { NginxDirectiveNode, NginxNode } from '../../../parsers/nginx/syntax.ts'
import { isUnknownWord, type Source } from '../../../parsers/text/source.ts'
import type { NginxContext } from './configuration.ts'
import { type NginxProgram, nginxDirective, nginxVariable } from './directives.ts'

/** The context of each directive at the top of a fragment. */
export type FragmentContexts = (node: NginxDirectiveNode) => NginxContext

/**
 * Tells where the directives at the top of a fragment belong: where a comment
 * `# deploy-audit-context http,server` says so (the blocks around the file, outermost first), else where
 * all of them may stand together, else where each may stand. `unknown` where that leaves a choice.
 */
export const fragmentContexts = memo(inferContexts)

function inferContexts(source: Source): FragmentContexts {
  const told = contextTold(source)
  if (told !== null) return () => told
  const nodes = parseNginx(source).children.filter(node => node.kind === 'directive')
  const program = programOf(source, nodes)
  const shared = sharedContexts(nodes, program)
  const together = shared === null ? null : choose(shared, nodes)
  if (together !== null) return () => together
  return node => {
    const own = contextsFor(node, program)
    return (own === null ? null : choose(own, [node])) ?? 'unknown'
  }
}

const CONTEXT_COMMENT = /^#\s*deploy-audit-context\s+([a-z_]+(?:\s*,\s*[a-z_]+)*)\s*$/

function contextTold(source: Source): NginxContext | null {
  if (!source.code.includes('deploy-audit-context')) return null
  for (const node of parseNginx(source).children) {
    if (node.kind !== 'comment') continue
    const match = CONTEXT_COMMENT.exec(source.code.slice(node.start, node.end))
    if (match === null) continue
    let context: NginxContext | null = 'main'
    for (const block of (match[1] ?? '').split(',')) context = contextNamed(block.trim(), context)
    return context
  }
  return null
}

const NAMED: Readonly<Record<string, readonly NginxContext[]>> = ownTable({
  main: ['main'],
  events: ['events'],
  http: ['http'],
  stream: ['stream'],
  mail: ['mail'],
  server: ['server', 'stream server', 'mail server'],
  upstream: ['upstream', 'stream upstream'],
  location: ['location'],
  limit_except: ['limit_except'],
  if: ['server if', 'location if'],
})

/** The context that a word of the comment names inside `outer`; `server` alone is one of http. */
function contextNamed(block: string, outer: NginxContext): NginxContext {
  const candidates = NAMED[block] ?? ['unknown']
  return candidates.find(context => context.startsWith(`${outer} `)) ?? candidates[0] ?? 'unknown'
}

/** The program that a fragment configures; http where nothing tells another. */
function programOf(source: Source, nodes: readonly NginxDirectiveNode[]): NginxProgram {
  let other: NginxProgram | null = null
  let isOfConnections = /\/streams?[-_.a-z]*\//.test(source.path)
  for (const node of nodes) {
    const servers = node.name.value === 'server' ? (node.block?.children ?? []) : []
    isOfConnections ||= passesConnections(servers)
    for (const said of [node, ...servers]) {
      if (said.kind !== 'directive') continue
      const program = programTold(said)
      if (program === 'http') return 'http'
      other ??= program
      isOfConnections ||= isUnknownToHttp(said)
    }
  }
  return other ?? (isOfConnections ? 'stream' : 'http')
}

/** A server of http passes requests on in its locations, and has a name where it does so by mistake. */
function passesConnections(children: readonly NginxNode[]): boolean {
  const has = (name: string): boolean =>
    children.some(child => child.kind === 'directive' && child.name.value === name)
  return has('proxy_pass') && !has('server_name')
}

function isUnknownToHttp({ name }: NginxDirectiveNode): boolean {
  const facts = nginxDirective(name.value)
  return facts.length > 0 && facts.every(({ program }) => program === 'stream' || program === 'mail')
}

/** The one program that a directive belongs to, by its name or by its arguments; null where it fits several. */
function programTold({ name, args }: NginxDirectiveNode): NginxProgram | null {
  const [value = ''] = args.map(arg => arg.value)
  switch (name.value) {
    case 'proxy_pass':
      if (value === '' || isUnknownWord(value) || value.startsWith('$')) return null
      return /^https?:\/\//i.test(value) ? 'http' : 'stream'
    case 'listen':
      return args.some(arg => arg.value === 'udp') ? 'stream' : null
    case 'return':
      // A stream server sends its argument as it is; one of http wants a status or a URL.
      if (args.length !== 1 || isUnknownWord(value)) return 'http'
      return /^(?:\d+|https?:\/\/.*|\$scheme.*)$/i.test(value) ? 'http' : 'stream'
    case 'map':
    case 'log_format':
      return programOfVariables(args.map(arg => arg.value).join(' '))
  }
  const programs = new Set(nginxDirective(name.value).map(({ program }) => program))
  if (programs.has('core') || programs.size !== 1) return null
  return [...programs][0] ?? null
}

/** The one program that has a variable which is read here; null where both have all of them. */
function programOfVariables(text: string): NginxProgram | null {
  for (const [, name = ''] of text.matchAll(/\$\{?(\w+)/g)) {
    const ofHttp = nginxVariable('http', name.toLowerCase()) !== null
    const ofStream = nginxVariable('stream', name.toLowerCase()) !== null
    if (ofHttp !== ofStream) return ofHttp ? 'http' : 'stream'
  }
  return null
}

/** Where this directive may stand, by its name and whether it opens a block; null where nobody knows. */
function contextsFor(node: NginxDirectiveNode, program: NginxProgram): readonly NginxContext[] | null {
  const facts = nginxDirective(node.name.value).filter(({ block }) => block === (node.block !== null))
  const fitting = facts.filter(fact => fact.program === 'core' || fact.program === program)
  const contexts = (fitting.length === 0 ? facts : fitting).flatMap(fact => fact.contexts)
  return contexts.length === 0 ? null : contexts
}

function sharedContexts(
  nodes: readonly NginxDirectiveNode[],
  program: NginxProgram,
): readonly NginxContext[] | null {
  let shared: readonly NginxContext[] | null = null
  for (const node of nodes) {
    const own = contextsFor(node, program)
    if (own === null) continue
    shared = shared === null ? own : shared.filter(context => own.includes(context))
    if (shared.length === 0) return null
  }
  return shared
}

/** The one context among several that is meant beyond doubt, or null. */
function choose(
  contexts: readonly NginxContext[],
  nodes: readonly NginxDirectiveNode[],
): NginxContext | null {
  const [first] = contexts
  if (first !== undefined && contexts.every(context => context === first)) return first
  // Inside a location there are also `if` blocks and `limit_except`, which nobody keeps in a file.
  const blocks = contexts.filter(context => !context.endsWith(' if') && context !== 'limit_except')
  const [block] = blocks
  if (block !== undefined && blocks.every(context => context === block)) return block
  // Locations inside locations are rare, and files that hold them rarer.
  const isServers = nodes.some(node => node.name.value === 'location') && blocks.includes('server')
  if (!isServers) return null
  return blocks.includes('location') && nodes.some(isConditionOfLocation) ? 'location' : 'server'
}

/** True for an `if` with a line that it may hold in a location alone, such as `add_header`. */
function isConditionOfLocation({ name, block }: NginxDirectiveNode): boolean {
  if (name.value !== 'if' || block === null) return false
  return block.children.some(child => {
    const own = child.kind === 'directive' ? contextsFor(child, 'http') : null
    return own?.includes('location if') && !own.includes('server if')
  })
}
