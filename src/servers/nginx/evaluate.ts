import { posix } from 'node:path'
import { findDirectives } from '../../../parsers/nginx/find-directives.ts'
import { parseNginx } from '../../../parsers/nginx/parse.ts'
import type { NginxBlock, NginxNode, NginxSyntaxProblem, NginxWord } from '../../../parsers/nginx/syntax.ts'
import { isUnknownWord, type Source } from '../../../parsers/text/source.ts'
import { claimsOf } from '../../files/claims.ts'
import type { FileSystem } from '../../files/file-system.ts'
import { type Alternative, environmentsAmong } from '../../files/variants.ts'
import { branch, CERTAIN, firstWorld, isIn, type Presence, presenceAt, type World } from '../presence.ts'
import type { Related } from '../problem.ts'
import type { UnreadFile } from '../unread-file.ts'
import type { ServerVersion } from '../version.ts'
import type { NginxConfiguration, NginxContext, NginxDirective } from './configuration.ts'
import { contextInside, honoursInclude } from './contexts.ts'
import { fragmentContexts } from './fragments.ts'
import { isGlob } from './glob.ts'
import {
  type IncludeMapping,
  type IncludeRequest,
  type IncludeStep,
  includeResolver,
  loadsModulesAlone,
  setsParametersAlone,
} from './includes.ts'
import { exceedsLongestValue } from './longest-values.ts'
import { plainArguments } from './plain-variables.ts'
import { inReadingOrder, type NginxProblem, type TimedProblem } from './reading-order.ts'
import { syntaxProblem } from './syntax-problem.ts'
import { bringsLines, certainProblems } from './template-problems.ts'
import { validateNginx } from './validate/validate.ts'

/** `default`, `default.conf`, `default-rtmp`, `default_https.conf`. */
const DEFAULT_SITE = /\/default(?:[-_][\w-]+)?(?:\.conf)?$/

const NO_ALTERNATIVES: ReadonlyMap<string, Alternative> = new Map()

/** One nginx to evaluate. */
export interface NginxInput {
  readonly files: FileSystem
  /** The main file; null where there are only fragments. */
  readonly main: Source | null
  /** The path by which nginx opens the main file, where a link makes it another than the source's own. */
  readonly mainPath?: string
  /** Read where there is no main file, in this order. */
  readonly fragments: readonly Source[]
  /** The paths of fragments that one nginx reads side by side; of the others each may be of a machine of its own. */
  readonly together?: ReadonlySet<string>
  /** True where the main file of fragments is the one of nginx's own image. */
  readonly stockMain?: boolean
  /** Where the top of a fragment stands; what its directives tell where absent. */
  readonly fragmentContext?: NginxContext
  readonly version: ServerVersion
  readonly includeMap?: readonly IncludeMapping[]
  /** The text of a file that an `include` names and nginx's package brings, where nobody keeps it. */
  readonly ofPackage?: (value: string) => Source | null
  /** True where the files came from an `nginx -T` dump, which holds all that nginx reads. */
  readonly isDump?: boolean
  /** How a template's statements come out; the first branch of each where absent. */
  readonly world?: World
}

/**
 * What nginx makes of its files: every directive where it acts, includes in their place, each with its
 * context, and all that `nginx -t` would say in the order in which it would say it.
 *
 * Never throws. Files that are not there, cannot be read or are templates leave parts unknown.
 */
export function evaluateNginx(input: NginxInput): NginxConfiguration {
  const { main, version, files } = input
  const evaluation = new Evaluation(input)
  if (main === null) evaluation.readFragments(input.fragments)
  else evaluation.readMain(main)
  const { top, occurrences, sources, included, unread, problems, limit } = evaluation
  const { hasUnknownParts, unknownServers, mayLoadModules } = evaluation
  const fragments = main === null
  const unit = {
    ...{ top, occurrences, version, main, files, fragments },
    ...{ hasUnknownParts, unknownServers, mayLoadModules },
    together: input.together,
  }
  // What a template's placeholders would change, nobody can say against it.
  const meaning = validateNginx(unit).filter(
    ({ at, inTemplate }) => !at.source.template || inTemplate !== undefined,
  )
  return {
    program: 'nginx',
    main,
    ...(input.stockMain === true && main === null && { stockMain: true }),
    version,
    sources,
    top,
    occurrences,
    included,
    unread,
    limit: limit ?? (exceedsLongestValue(occurrences) ? 'values of 65,536 characters' : null),
    problems: inReadingOrder(top, problems, meaning),
  }
}

/** The server that a directive stands in, at whatever depth. */
function serverAbove({ parent }: NginxDirective): NginxDirective | null {
  for (let block = parent; block !== null; block = block.parent) if (block.name === 'server') return block
  return null
}

/** A directive while its block is being read; the configuration shows it read-only. */
interface OpenDirective extends NginxDirective {
  children: readonly NginxDirective[]
  standIn?: NginxDirective
}

/** One reading of a file: what nginx has not yet met of its syntax problems. */
interface Reading {
  readonly source: Source
  readonly problems: readonly NginxSyntaxProblem[]
  next: number
  readonly isRepeated: boolean
  /** True where some variable may be written in braces. */
  readonly hasBraces: boolean
}

const NONE: readonly NginxDirective[] = []
const NO_PROBLEMS: readonly NginxSyntaxProblem[] = []

/** nginx itself ends with its stack; nobody nests a tenth as deep. */
const DEEPEST = 1000

/**
 * Directives of repeated files after which no file is read again: files that include each other twice over, forty deep,
 * would keep nginx busy for days. Ten thousand sites with long snippets have half of the most, and those are long
 * themselves: what a few lines repeat is less.
 */
const MOST_REPEATED = 1_000_000
const MOST_REPEATED_OF_FEW = 100_000
const MOST_REPEATED_BY_ONE = 100

/** Five times what ten thousand sites come to. */
const MOST_DIRECTIVES = 2_000_000

/** Further places that include the same missing file, named beside the first. */
const MOST_RELATED = 10

class Evaluation {
  readonly top: NginxDirective[] = []
  readonly occurrences = new Map<string, NginxDirective[]>()
  readonly sources: Source[] = []
  readonly included = new Map<NginxDirective, readonly Source[]>()
  readonly problems: TimedProblem[] = []
  readonly unread: UnreadFile[] = []
  /** True where something that nginx reads is not known here, and so might set anything. */
  hasUnknownParts: boolean
  /** The servers with an include that nobody here can read; null where something else is unknown, too. */
  unknownServers: Set<NginxDirective> | null
  /** True where the files that name the modules of the packages were not read. */
  mayLoadModules = false
  /** The limit behind which nothing was read; null where all was. */
  limit: string | null = null
  private readonly resolve: (request: IncludeRequest) => readonly IncludeStep[]
  private readonly seen = new Set<Source>()
  /** The files that are open now, each inside the one before it. */
  private readonly open = new Set<Source>()
  private readonly absent = new Map<string, { readonly related: Related[]; readonly words: Set<NginxWord> }>()
  private readonly lists = new Map<Source, readonly Source[]>()
  private readonly world: World
  private readonly files: FileSystem
  private readonly fragmentContext: NginxContext | null
  /** The branches around the file that is read. */
  private presence: Presence = CERTAIN
  private time = 0
  /** How many directives stand in files that were read before. */
  private repeated = 0
  private depth = 0
  /** How many directives stand in files that are read for the first time. */
  private fresh = 0

  constructor(input: NginxInput) {
    const { main, files } = input
    const path = input.mainPath ?? main?.path ?? null
    this.world = input.world ?? firstWorld()
    this.files = files
    this.fragmentContext = input.fragmentContext ?? null
    this.hasUnknownParts = main === null
    this.unknownServers = main === null ? null : new Set()
    this.resolve = includeResolver(
      files,
      path === null ? null : path.slice(0, path.lastIndexOf('/')),
      input.includeMap,
      input.isDump,
      input.ofPackage,
    )
  }

  readMain(main: Source): void {
    this.readFile(main, 'main', null, this.top)
  }

  /** A fragment that another one includes is read there; of fragments that include each other, the first is. */
  readFragments(fragments: readonly Source[]): void {
    const included = this.includedBy(fragments)
    for (const fragment of fragments)
      if (!included.has(fragment)) this.readFile(fragment, 'unknown', null, this.top)
    for (const fragment of fragments)
      if (!this.seen.has(fragment)) this.readFile(fragment, 'unknown', null, this.top)
  }

  private includedBy(fragments: readonly Source[]): ReadonlySet<Source> {
    const included = new Set<Source>()
    for (const from of fragments) {
      if (!from.code.includes('include')) continue
      for (const { args } of findDirectives(parseNginx(from).children, 'include')) {
        const value = args[0]?.value
        if (value === undefined || isUnknownWord(value)) continue
        for (const step of this.resolve({ value, from, literal: false }))
          if (step.kind === 'source' && step.source !== from) included.add(step.source)
      }
    }
    return included
  }

  private readFile(
    source: Source,
    context: NginxContext,
    parent: NginxDirective | null,
    into: NginxDirective[],
  ): void {
    const { children, problems } = parseNginx(source)
    const isFirst = !this.seen.has(source)
    this.world.read(source, this.presence)
    if (isFirst) {
      this.seen.add(source)
      this.sources.push(source)
      if (bringsLines(source)) this.meetUnknown(null)
    }
    // A file that is read a thousand times says once what is wrong in it.
    const told = isFirst ? certainProblems(source, problems) : NO_PROBLEMS
    const hasBraces = source.code.includes('${')
    const reading = { source, problems: told, next: 0, isRepeated: !isFirst, hasBraces }
    this.open.add(source)
    if (context === 'unknown' && parent === null) {
      const told = this.fragmentContext
      const contextOf = told === null ? fragmentContexts(source) : (): NginxContext => told
      const first = into.length
      for (const node of children)
        if (node.kind === 'directive') this.readNodes([node], reading, contextOf(node), null, into)
      standServerAround(source, into.slice(first))
    } else this.readNodes(children, reading, context, parent, into)
    this.meet(reading, Number.POSITIVE_INFINITY)
    this.open.delete(source)
  }

  private readNodes(
    nodes: readonly NginxNode[],
    reading: Reading,
    context: NginxContext,
    parent: NginxDirective | null,
    into: NginxDirective[],
  ): void {
    const { source } = reading
    for (const node of nodes) {
      if (node.kind !== 'directive') continue
      if (reading.next < reading.problems.length) this.meet(reading, node.terminator + 1)
      const name = node.name.value
      const { block } = node
      const args = reading.hasBraces ? plainArguments(node) : node.args
      const directive: OpenDirective = { name, args, node, source, context, parent, children: NONE }
      this.time++
      if (reading.isRepeated) this.repeated++
      else if (++this.fresh > MOST_DIRECTIVES) {
        this.reachLimit(`${MOST_DIRECTIVES} directives`)
        return
      }
      into.push(directive)
      if (context !== 'data') this.record(name, directive)
      if (block !== null) {
        if (context === 'data') this.meetDataBlock(directive)
        if (block.children.length > 0) directive.children = this.readBlock(block.children, reading, directive)
        if (reading.next < reading.problems.length) this.meet(reading, closingBrace(source, block))
        this.time++
      } else if (name === 'include') this.include(directive, into)
    }
  }

  private readBlock(
    nodes: readonly NginxNode[],
    reading: Reading,
    directive: NginxDirective,
  ): readonly NginxDirective[] {
    if (this.depth === DEEPEST) {
      this.reachLimit(`blocks nested ${DEEPEST} deep`)
      return NONE
    }
    const children: NginxDirective[] = []
    this.depth++
    this.readNodes(nodes, reading, contextInside(directive.name, directive.context), directive, children)
    this.depth--
    // A copy holds no spare room, which growing arrays have plenty of.
    return children.length === 0 ? NONE : children.slice()
  }

  private mostRepeated(): number {
    return Math.min(MOST_REPEATED, MOST_REPEATED_OF_FEW + MOST_REPEATED_BY_ONE * this.fresh)
  }

  /** Something is not known: in a server, or (null) wherever. */
  private meetUnknown(server: NginxDirective | null): void {
    this.hasUnknownParts = true
    if (server === null) this.unknownServers = null
    else this.unknownServers?.add(server)
  }

  private reachLimit(limit: string): void {
    this.meetUnknown(null)
    this.limit ??= limit
  }

  private record(name: string, directive: NginxDirective): void {
    const known = this.occurrences.get(name)
    if (known === undefined) {
      this.occurrences.set(name, [directive])
      // It may be any directive.
      if (isUnknownWord(name)) this.meetUnknown(null)
    } else known.push(directive)
  }

  private include(directive: NginxDirective, into: NginxDirective[]): void {
    const { args, source, parent, context } = directive
    const [word] = args
    if (word === undefined || args.length !== 1) return
    if (context === 'data' && parent !== null && !honoursInclude(parent.name)) return
    if (isUnknownWord(word.value)) {
      this.meetUnknown(null)
      return
    }
    const literal = context === 'data' && parent?.name === 'geo'
    const brought: Source[] = []
    const { presence } = this
    this.presence = presenceAt(presence, source, directive.node.start)
    const steps = this.resolve({ value: word.value, from: source, literal })
    const environments = this.environmentsIn(steps)
    for (const step of steps) {
      if (step.kind === 'source' && !this.isInWorld(environments.get(step.path), step.source)) continue
      if (step.kind === 'unread') this.meetUnread(step, directive, word)
      else if (step.kind === 'problem') this.meetAbsence(step, directive, word)
      else if (this.open.has(step.source)) this.meetCycle(step.source, directive, word)
      else if (this.depth === DEEPEST) this.reachLimit(`includes nested ${DEEPEST} deep`)
      else if (this.repeated > this.mostRepeated() && this.seen.has(step.source))
        this.reachLimit(`${this.repeated} directives of files that are included again`)
      else {
        brought.push(step.source)
        this.depth++
        this.readFile(step.source, context, parent, into)
        this.depth--
      }
    }
    this.presence = presence
    const [first] = brought
    if (first !== undefined) this.included.set(directive, brought.length === 1 ? this.alone(first) : brought)
  }

  /**
   * In a repository `dev.conf` and `production.conf` are there for one to be deployed, and so are two default sites
   * of one name.
   */
  private environmentsIn(steps: readonly IncludeStep[]): ReadonlyMap<string, Alternative> {
    const [first] = steps
    if (first === undefined || steps.length < 2 || this.files.covers(first.path)) return NO_ALTERNATIVES
    const environments = environmentsAmong(steps.map(({ path }) => path))
    const defaults = steps.filter(({ path }) => !environments.has(path) && DEFAULT_SITE.test(path))
    if (defaults.length < 2) return environments
    const names = defaults.flatMap(step =>
      step.kind === 'source' ? [...claimsOf(step.source, 'nginx').names] : [],
    )
    if (new Set(names).size === names.length) return environments
    const all = new Map(environments)
    for (const [index, { path }] of defaults.entries())
      all.set(path, { key: `${posix.dirname(path)}/default`, index, count: defaults.length })
    return all
  }

  private isInWorld(alternative: Alternative | undefined, { path }: Source): boolean {
    if (alternative === undefined) return true
    const { key, index, count } = alternative
    const choice = branch(`one of ${key}`, index, count)
    this.world.guard(path, { ...choice, start: 0, end: Number.POSITIVE_INFINITY }, this.presence)
    return isIn(this.world, choice)
  }

  /** The same list for the same file, which thousands of servers may include. */
  private alone(source: Source): readonly Source[] {
    let list = this.lists.get(source)
    if (list === undefined) {
      list = [source]
      this.lists.set(source, list)
    }
    return list
  }

  /** Takes up the syntax problems that nginx meets before it reaches the offset. */
  private meet(reading: Reading, before: number): void {
    const { source, problems } = reading
    for (let found = problems[reading.next]; found !== undefined && found.start < before; ) {
      this.tell(syntaxProblem(source, found))
      found = problems[++reading.next]
    }
  }

  private meetDataBlock({ source, node, parent }: NginxDirective): void {
    if (source.template || parent === null || !CORE_DATA_BLOCKS.has(parent.name)) return
    const at = { source, start: node.terminator, end: node.terminator + 1 }
    const message = `an entry of \`${parent.name}\` opens a block, where nginx takes words and a \`;\` alone`
    this.tell({ code: 'unexpected-open-brace', fatal: true, message, at })
  }

  private meetUnread(
    { path, reason }: Extract<IncludeStep, { kind: 'unread' }>,
    directive: NginxDirective,
    word: NginxWord,
  ): void {
    if (loadsModulesAlone(path)) this.mayLoadModules = true
    else if (!setsParametersAlone(path)) this.meetUnknown(serverAbove(directive))
    const key = `\0unread\0${path}`
    if (this.absent.has(key)) return
    this.absent.set(key, { related: [], words: new Set() })
    const at = { source: directive.source, start: word.start, end: word.end }
    this.unread.push({ path, reason, at, optional: isGlob(path) })
  }

  private meetAbsence(
    step: Extract<IncludeStep, { kind: 'problem' }>,
    { source }: NginxDirective,
    word: NginxWord,
  ): void {
    if (source.template) {
      this.meetUnknown(null)
      return
    }
    const at = { source, start: word.start, end: word.end }
    const known = this.absent.get(step.path)
    if (known === undefined) {
      const related: Related[] = []
      this.absent.set(step.path, { related, words: new Set([word]) })
      const { code, message, help } = step
      this.tell({ code, fatal: true, message, at, help, related })
    } else if (!known.words.has(word)) {
      known.words.add(word)
      if (known.related.length < MOST_RELATED) known.related.push({ at, message: 'included here too' })
    }
  }

  private meetCycle(target: Source, { source }: NginxDirective, word: NginxWord): void {
    const key = `\0${source.path}\0${word.start}`
    if (this.absent.has(key)) return
    this.absent.set(key, { related: [], words: new Set() })
    const itself = target === source ? 'itself' : `\`${target.path}\`, which includes this file`
    const message = `this file includes ${itself}: nginx opens files until the system refuses`
    const at = { source, start: word.start, end: word.end }
    const help = 'Take one `include` of the circle out'
    this.tell({ code: 'include-cycle', fatal: !source.template, message, at, help })
  }

  private tell(problem: NginxProblem): void {
    this.problems.push({ time: this.time, problem })
  }
}

/** Gives the locations at the top of a fragment, and what stands beside them, a server around them. */
function standServerAround(source: Source, top: readonly OpenDirective[]): void {
  const children = top.filter(({ context }) => context === 'server')
  const first = children.find(({ name }) => name === 'location')
  if (first === undefined) return
  const { node } = first
  const block: NginxBlock = { kind: 'block', start: 0, end: source.code.length, children: [] }
  const server: NginxDirective = {
    name: 'server',
    args: [],
    node: { ...node, args: [], block },
    source: first.source,
    context: 'http',
    parent: null,
    children,
  }
  for (const child of children) child.standIn = server
}

/** Blocks whose every line nginx's own modules read as words. */
const CORE_DATA_BLOCKS: ReadonlySet<string> = new Set(['map', 'geo', 'types', 'split_clients', 'charset_map'])

/** The offset behind the `}` that closes a block; beyond everything where the file ended first. */
function closingBrace({ code }: Source, { end, children }: NginxBlock): number {
  const isClosed = code.endsWith('}', end) && children.at(-1)?.end !== end
  return isClosed ? end : Number.POSITIVE_INFINITY
}
