import { mainServerLines } from '../../queries/main-server-lines.ts'
import { memo, memoByKey } from '../../../../../parsers/collections/memo.ts'
import { type Fact, known, unknown } from '../../../fact.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../configuration.ts'
import { namePlace } from '../../queries/places.ts'
import { type Level, WALKS } from '../../queries/sections-for.ts'
import { type VirtualHost, virtualHostOf } from '../../queries/virtual-hosts.ts'
import { canonicalFile } from '../url-text.ts'
import { type RewriteRule, rewriteRules } from './rules.ts'

/** What mod_rewrite keeps for one directory, after all sections that hold are merged. */
export interface DirectoryRules {
  readonly enabled: boolean
  readonly options: ReadonlySet<string>
  /** `RewriteBase`, null for none. */
  readonly base: string | null
  /** The directory, or the path of a `<Location>`, with its last slash; null where only the server has lines. */
  readonly directory: string | null
  readonly rules: readonly RewriteRule[]
}

/** What a section says to mod_rewrite; what it does not say is null. */
interface OwnLines {
  readonly engine: boolean | null
  readonly options: ReadonlySet<string> | null
  readonly base: string | null
  readonly rules: readonly RewriteRule[]
}

const NAMES: ReadonlySet<string> = new Set([
  'RewriteEngine',
  'RewriteOptions',
  'RewriteBase',
  'RewriteCond',
  'RewriteRule',
])

/** Null where none of mod_rewrite's lines stands among the directives of a section or file. */
const linesOf = memo((directives: readonly ApacheDirective[]): OwnLines | null => {
  const lines = directives.filter(({ name }) => NAMES.has(name))
  if (lines.length === 0) return null
  const engine = lines.findLast(({ name }) => name === 'RewriteEngine')
  const written = lines.filter(({ name }) => name === 'RewriteOptions')
  const base = lines.findLast(({ name }) => name === 'RewriteBase')
  const options = written.flatMap(({ args }) => args.map(({ value }) => value.toLowerCase()))
  return {
    engine: engine === undefined ? null : engine.args[0]?.value.toLowerCase() === 'on',
    options: written.length === 0 ? null : new Set(options),
    base: base?.args[0]?.value ?? null,
    rules: rewriteRules(lines),
  }
})

const NONE: ReadonlySet<string> = new Set()

/** How the rules of an outer and an inner scope come together. */
function mergedRules(
  outer: readonly RewriteRule[],
  outerOptions: ReadonlySet<string>,
  inner: readonly RewriteRule[],
  options: ReadonlySet<string>,
): readonly RewriteRule[] {
  switch (inheritance(outerOptions, options)) {
    case 'after':
      return [...inner, ...outer]
    case 'before':
      return [...outer, ...inner]
    default:
      return inner
  }
}

/** Where the rules of the outer scope come; null where they do not. */
function inheritance(outer: ReadonlySet<string>, inner: ReadonlySet<string>): 'after' | 'before' | null {
  const isIgnored = inner.has('ignoreinherit')
  if (inner.has('inherit') || (outer.has('inheritdown') && !isIgnored)) return 'after'
  if (inner.has('inheritbefore') || (outer.has('inheritdownbefore') && !isIgnored)) return 'before'
  return null
}

/** Whether a virtual host takes over rules and maps of the main server. */
export function inheritsFromServer(configuration: ApacheConfiguration, host: VirtualHost): boolean {
  const outer = linesOf(mainServerLines(configuration))?.options ?? NONE
  return inheritance(outer, linesOf(host.directive.children)?.options ?? outer) !== null
}

/** The virtual hosts that hold any line of mod_rewrite: one in a directory of theirs gives them a state of their own. */
const hostsWithLines = memo((configuration: ApacheConfiguration): ReadonlySet<VirtualHost | null> => {
  const lines = [...NAMES].flatMap(name => configuration.occurrences.get(name.toLowerCase()) ?? [])
  return new Set(lines.map(line => virtualHostOf(configuration, line)))
})

export interface ServerRules {
  readonly options: ReadonlySet<string>
  readonly rules: readonly RewriteRule[]
}

/**
 * The rules of a virtual host (null: the main server), with those of the main server where `RewriteOptions`
 * says so. Null for a virtual host that holds no line of mod_rewrite at all: then none apply, whatever the
 * main server says.
 */
export const serverRules = memoByKey(
  (configuration: ApacheConfiguration, host: VirtualHost | null): ServerRules | null => {
    const main = linesOf(mainServerLines(configuration))
    const outer: ServerRules = { options: main?.options ?? NONE, rules: main?.rules ?? [] }
    if (host === null) return outer
    const own = linesOf(host.directive.children)
    if (own === null && !hostsWithLines(configuration).has(host)) return null
    const options = own?.options ?? outer.options
    return { options, rules: mergedRules(outer.rules, outer.options, own?.rules ?? [], options) }
  },
)

const EMPTY: DirectoryRules = { enabled: false, options: NONE, base: null, directory: null, rules: [] }

/** What holds for the sections of a request; unknown where a section that may apply has a line. */
export function directoryRules(
  configuration: ApacheConfiguration,
  levels: readonly Level[],
): Fact<DirectoryRules> {
  let merged: Merged = { ...EMPTY, engine: null }
  let walk: Merged | null = null
  let current = 0
  for (const level of levels) {
    const { section, htaccess, kind } = level
    const isServer = kind === 'server' || kind === 'virtual-host'
    const children = htaccess ?? section?.children ?? mainServerLines(configuration)
    const own = linesOf(children)
    if (own === null) continue
    const line = children.find(({ name }) => NAMES.has(name))
    if (level.applies === undefined)
      return unknown('a section that may apply rewrites URLs', line === undefined ? null : namePlace(line))
    if (WALKS[kind] !== current) {
      if (walk !== null) merged = merge(merged, walk)
      walk = null
      current = WALKS[kind]
    }
    const inner: Merged = {
      engine: own.engine,
      enabled: own.engine ?? false,
      options: own.options ?? NONE,
      optionsSet: own.options !== null,
      base: own.base,
      directory: isServer ? null : directoryOf(level),
      rules: isServer ? [] : own.rules,
    }
    walk = walk === null ? inner : merge(walk, inner)
  }
  if (walk !== null) merged = merge(merged, walk)
  return known(merged)
}

interface Merged extends DirectoryRules {
  readonly engine: boolean | null
  readonly optionsSet?: boolean
}

function merge(outer: Merged, inner: Merged): Merged {
  const engine = inner.engine ?? outer.engine
  const options = inner.optionsSet ? inner.options : outer.options
  return {
    engine,
    enabled: engine ?? false,
    options,
    optionsSet: (inner.optionsSet ?? false) || (outer.optionsSet ?? false),
    base: options.has('mergebase') ? (inner.base ?? outer.base) : inner.base,
    directory: inner.directory,
    rules: mergedRules(outer.rules, outer.options, inner.rules, options),
  }
}

/** The path that httpd keeps for a section: rules take it off the file's path, and put it before a relative target. */
function directoryOf({ kind, section, directory }: Level): string {
  if (directory !== undefined) return directory
  if (kind === 'if') return '*If/'
  const [first, second] = section?.args ?? []
  const written = (first?.value === '~' ? second?.value : first?.value) ?? ''
  const path = kind === 'directory' ? (canonicalFile(written) ?? written) : written
  return path.endsWith('/') ? path : `${path}/`
}
