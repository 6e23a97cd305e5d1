import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { type RequireTree, requireTree } from '../../src/servers/apache/queries/require-tree.ts'

/** Whom the lines of one section let in: `mixed` for what is asked for beside or in place of something else. */
export type LetIn = 'everybody' | 'nobody' | 'network' | 'user' | 'mixed'

/** What one section says of who is let in. */
export interface Admission {
  readonly letIn: LetIn
  /** A section replaces the lines of its own module in those before it. */
  readonly module: 'authz_core' | 'access_compat'
  readonly lines: readonly ApacheDirective[]
  /** The lines as they are written, in one text. */
  readonly words: string
  /** False where lines join it with other sections, or are for some methods alone. */
  readonly isPlain: boolean
}

/** Null where a section says nothing of it. */
export function admissionOf(children: readonly ApacheDirective[]): Admission | null {
  const requires = children.filter(({ name }) => /^Require(?:All|Any|None)?$/i.test(name))
  const hosts = children.filter(({ name }) => /^(?:Order|Allow|Deny)$/i.test(name))
  const isPlain = !children.some(({ name }) => JOINING.test(name))
  const lines = requires.length > 0 ? requires : hosts
  if (lines.length === 0 && isPlain) return null
  const words = lines.map(shown).join('; ')
  const module = requires.length > 0 ? 'authz_core' : 'access_compat'
  const letIn = module === 'authz_core' ? byRequire(requires) : byHost(hosts)
  return { letIn, module, lines, words, isPlain: isPlain && (requires.length === 0 || hosts.length === 0) }
}

const JOINING = /^(?:AuthMerging|Limit|LimitExcept|If|ElseIf|Else|Satisfy)$/i

function shown({ name, section, args }: ApacheDirective): string {
  return section ? `<${name}>` : [name, ...args.map(({ value }) => value)].join(' ')
}

function byRequire(lines: readonly ApacheDirective[]): LetIn {
  const tree = requireTree(lines)
  const kinds = new Set(tree === null ? [] : leavesOf(tree).map(kindOf))
  // Whoever else is named, nobody is kept out.
  if (kinds.has('everybody')) return kinds.size === 1 ? 'everybody' : 'mixed'
  const [only, second] = [...kinds].filter(kind => kind !== 'nobody')
  return second === undefined ? (only ?? 'nobody') : 'mixed'
}

type Leaf = Extract<RequireTree, { kind: 'require' }>

function leavesOf(tree: RequireTree): readonly Leaf[] {
  return tree.kind === 'require' ? [tree] : tree.children.flatMap(leavesOf)
}

function kindOf({ words, negated }: Leaf): LetIn {
  const [provider = '', argument = ''] = words.map(word => word.toLowerCase())
  if (negated) return 'mixed'
  if (provider === 'all') return argument === 'granted' ? 'everybody' : 'nobody'
  if (/^(?:ip|host|local|forward-dns)$/.test(provider)) return 'network'
  return /^(?:valid-user|user|group|(?:ldap|dbm|dbd)-[a-z-]+)$/.test(provider) ? 'user' : 'mixed'
}

function byHost(lines: readonly ApacheDirective[]): LetIn {
  const allowed = fromOf(lines, 'allow')
  const denied = fromOf(lines, 'deny')
  if (allowed.includes('all')) return denied.length === 0 ? 'everybody' : 'mixed'
  if (!denied.every(from => from === 'all')) return 'mixed'
  return allowed.length > 0 ? 'network' : denied.length > 0 ? 'nobody' : 'mixed'
}

function fromOf(lines: readonly ApacheDirective[], name: string): readonly string[] {
  return lines
    .filter(line => line.name.toLowerCase() === name)
    .flatMap(({ args }) => args.slice(1).map(({ value }) => value.toLowerCase()))
}
