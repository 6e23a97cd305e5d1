import { isLimit, MOST_ITEMS, TOO_MANY_ITEMS } from '../../../parsers/text/limits.ts'
import { posix } from 'node:path'
import type { Environment, Scope } from '../../../parsers/python/evaluate-expression.ts'
import { fillsSettings } from '../../../parsers/python/first-reads.ts'
import type {
  PythonAssignment,
  PythonCall,
  PythonExpression,
  PythonImport,
  PythonModule,
  PythonParser,
  PythonStatement,
} from '../../../parsers/python/python-module.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import { type Fact, known, unknown } from '../../servers/fact.ts'
import { isPlain, isPython2 } from './is-plain-python.ts'
import { type DefaultAsType, defaultsAsTypes } from './environment-mistakes.ts'
import { decided, heldConditions } from './conditions.ts'
import { type FoundFile, findFile } from './find-module.ts'
import { findSample } from './settings-sample.ts'
import { changedList } from './changed-list.ts'
import { environmentMisreads } from './environment-misreads.ts'
import { type EnvironmentReaders, readBy, readersAfter } from './environment-readers.ts'
import { evaluateWithin, LimitReached } from './evaluate-expression.ts'
import {
  type MixedAddition,
  mixedAdditions,
  mixedAppending,
  type NameKind,
  sequenceKind,
} from './sequence-kinds.ts'
import type { AssignedExpression, DjangoSettings, SettingValue, StarImport } from './settings.ts'

/** Deeper chains of star imports are given up: their names are unknown. */
const MAXIMUM_DEPTH = 12

interface Names {
  readonly values: Map<string, Fact<SettingValue>>
  readonly expressions: Map<string, AssignedExpression>
  /** Of every name that is a list, a tuple or a text whichever of its lines run. */
  readonly kinds: Map<string, NameKind>
  readers: EnvironmentReaders
  /** Why a name that is not in `values` may be set all the same; null where it is not. */
  open: string | null
  /** Where in the module that begins; null where it does not. */
  openFrom: number | null
}

/**
 * Reads a settings module and what it star-imports.
 *
 * @param searchPath directories in which Python would look for the module, best first
 * @returns null where the module's file is not in the audited root
 */
export function readSettings(
  files: FileSystem,
  parser: PythonParser,
  module: string,
  searchPath: readonly string[],
  environment?: Environment,
): DjangoSettings | null {
  const found = findFile(files, module, searchPath) ?? findSample(files, module, searchPath)
  if (found === null) return null
  const read: string[] = []
  const seen: Seen = {
    undefinedNames: [],
    assigned: [],
    mixedAdditions: [],
    defaultsAsTypes: [],
    misreads: [],
    starImports: [],
    broken: [],
  }
  const names = evaluateModule({ files, parser, searchPath, environment, read, seen, depth: 0 }, found)
  return {
    module,
    files: read,
    limit: limitOf(names),
    undefinedNames: seen.undefinedNames,
    assigned: seen.assigned,
    mixedAdditions: seen.mixedAdditions,
    defaultsAsTypes: seen.defaultsAsTypes,
    misreads: seen.misreads,
    starImports: seen.starImports,
    brokenAt: seen.broken[0] ?? null,
    get(name) {
      return names.values.get(name) ?? (names.open === null ? null : unknown(names.open))
    },
    names: new Set(names.values.keys()),
    expressionOf: name => names.expressions.get(name) ?? null,
  }
}

function limitOf({ values }: Names): DjangoSettings['limit'] {
  for (const [name, fact] of values)
    if (!fact.known && fact.at !== null && isLimit(fact.reason))
      return { path: fact.at.source.path, reason: `\`${name}\`: ${fact.reason}` }
  return null
}

type UndefinedName = DjangoSettings['undefinedNames'][number]

/** What is told of the files that surely run, beside their values. */
interface Seen {
  readonly undefinedNames: UndefinedName[]
  readonly assigned: DjangoSettings['assigned'][number][]
  readonly mixedAdditions: (MixedAddition & { readonly conditional: boolean })[]
  readonly defaultsAsTypes: DefaultAsType[]
  readonly misreads: DjangoSettings['misreads'][number][]
  readonly starImports: StarImport[]
  readonly broken: Place[]
}

interface Context {
  readonly files: FileSystem
  readonly parser: PythonParser
  readonly searchPath: readonly string[]
  readonly environment: Environment | undefined
  readonly read: string[]
  readonly seen: Seen
  readonly depth: number
}

function evaluateModule(context: Context, file: FoundFile): Names {
  const { source, path } = file
  context.read.push(path)
  const begin = context.read.length
  const module = context.parser.parse(source)
  const names: Names = {
    values: new Map(),
    expressions: new Map(),
    kinds: new Map(),
    readers: new Map(),
    open: module.broken ? `${source.path} is not all Python 3` : null,
    openFrom: module.broken ? 0 : null,
  }
  const lookup = (name: string): SettingValue | undefined => {
    const fact = names.values.get(name)
    if (fact?.known === true) return fact.value
    if (fact !== undefined && isLimit(fact.reason)) throw new LimitReached(fact.reason)
    return undefined
  }
  const scope: Scope = {
    lookup,
    file: path,
    environment: context.environment,
    library: (call, evaluate, environment) => readBy(names.readers, call, evaluate, environment),
  }
  const holds = heldConditions(condition => evaluate(condition, scope))
  for (const written of module.statements) {
    const statement = decided(written, holds)
    for (const each of expressionsOf(written)) {
      context.seen.defaultsAsTypes.push(...defaultsAsTypes(each, source, names.readers))
      for (const misread of environmentMisreads(each, source, names.readers))
        context.seen.misreads.push({ ...misread, conditional: statement?.conditional ?? true })
    }
    if (statement === null) {
      if (written.kind === 'assignment')
        context.seen.assigned.push({
          name: written.target,
          expression: written.value,
          source,
          method: null,
          conditional: true,
        })
      continue
    }
    names.readers = readersAfter(names.readers, statement)
    const at: Place = { source, start: statement.start, end: statement.end }
    if (statement.kind === 'import') {
      importNames(context, path, statement, at, names)
    } else if (statement.kind === 'assignment') {
      const { target, conditional, appends } = statement
      context.seen.assigned.push({
        name: target,
        expression: statement.value,
        source,
        method: null,
        conditional,
      })
      if (!module.broken && isPlain(source)) readKinds(statement, source, names, context.seen)
      const value = evaluate(statement.value, scope)
      const [, whole, keys] = /^([A-Za-z_]\w*)((?:\[[^\]]*\])+)$/.exec(target) ?? []
      if (whole !== undefined && keys !== undefined && names.values.has(whole)) {
        const isSure = !conditional && !appends && !(value instanceof LimitReached)
        const changed = isSure
          ? withItem(names.values.get(whole), keys.slice(1, -1).split(']['), value)
          : undefined
        names.values.set(
          whole,
          changed === undefined ? unknown('an item of it is set later', at) : known(changed, at),
        )
        names.expressions.delete(whole)
      }
      if (conditional || appends) names.expressions.delete(target)
      else names.expressions.set(target, { expression: statement.value, source })
      names.values.set(
        target,
        value instanceof LimitReached
          ? unknown(value.message, at)
          : settle(names.values.get(target), value, { at, conditional, appends }),
      )
    } else if (statement.kind === 'call' && fillsModule(statement.call)) {
      const { callee } = statement.call
      names.open ??= `${callee} may set it`
      names.openFrom ??= at.start
      forget(names, unknown(`${callee} may set it`, at), /heroku/.test(callee) ? OF_HEROKU : null)
    } else if (statement.kind === 'call') {
      // `INSTALLED_APPS.append(…)` and the like change what stands before their last dot.
      const changed = changedBy(statement.call)
      const { callee, args } = statement.call
      for (const expression of args)
        context.seen.assigned.push({
          name: changed,
          expression,
          source,
          method: callee.slice(callee.lastIndexOf('.') + 1),
          conditional: statement.conditional,
        })
      const list = changedList(names.values.get(changed), statement, changed, each => {
        const value = evaluate(each, scope)
        return value instanceof LimitReached ? undefined : value
      })
      if (names.values.has(changed))
        names.values.set(
          changed,
          list === null || list.length > MOST_ITEMS
            ? unknown('it is changed by a call', at)
            : known(list, at),
        )
      names.expressions.delete(changed)
    }
  }
  if (module.brokenAt !== null && isPlain(source) && !isPython2(source))
    context.seen.broken.push({ source, ...module.brokenAt })
  // `from .local import *` at the end brings nothing to what is read above it.
  const { openFrom } = names
  const imported = context.read.slice(begin)
  context.seen.undefinedNames.push(
    ...undefinedNames(module, name => imported.some(each => mentions(context.files, each, name))).filter(
      ({ at }) => openFrom === null || at.start < openFrom,
    ),
  )
  return names
}

/** What is given the names of the module it is called in, or which module that is, and may change any of them. */
function fillsModule({ callee, receiver, args, keywords }: PythonCall): boolean {
  if (fillsSettings(callee)) return true
  // Without a dictionary of its own a text is run among the names of the module.
  if (/^exec(?:file)?$/.test(callee) && args.length === 1) return true
  const given = [...args, ...Object.values(keywords), ...(receiver === null ? [] : [receiver])]
  return given.some(
    each =>
      (each.kind === 'name' && each.name === '__name__') ||
      (each.kind === 'call' && /^(?:locals|globals|vars)$/.test(each.callee)),
  )
}

/** What `django_heroku.settings(locals())` sets. */
const OF_HEROKU: ReadonlySet<string> = new Set(
  'DATABASES LOGGING LOGGING_CONFIG STATIC_URL STATIC_ROOT STATICFILES_STORAGE MIDDLEWARE ALLOWED_HOSTS SECRET_KEY TEST_RUNNER'.split(
    ' ',
  ),
)

/** No name has a value any more that is known, or none of these. */
function forget(
  { values, expressions, kinds }: Names,
  why: Fact<SettingValue>,
  only: ReadonlySet<string> | null = null,
): void {
  for (const key of values.keys()) {
    if (only?.has(key) === false) continue
    values.set(key, why)
    expressions.delete(key)
    kinds.delete(key)
  }
}

/** The name before the last dot, or before the items that a method is called on: `DATABASES['default'].update(…)`. */
function changedBy({ callee, receiver }: PythonCall): string {
  if (receiver?.kind !== 'subscript') return callee.replace(/\.\w+$/, '')
  let inner: PythonExpression = receiver
  while (inner.kind === 'subscript') inner = inner.of
  return inner.kind === 'name' ? inner.name : ''
}

function expressionsOf(statement: PythonStatement): readonly PythonExpression[] {
  return statement.kind === 'assignment'
    ? [statement.value]
    : statement.kind === 'call'
      ? [statement.call]
      : []
}

/** Whether Python adds what an assignment adds, and what the name is from there on. */
function readKinds(
  { target, value, appends, conditional }: PythonAssignment,
  source: Source,
  { kinds }: Names,
  seen: Seen,
): void {
  for (const mixed of mixedAdditions(value, source, kinds))
    seen.mixedAdditions.push({ ...mixed, conditional })
  if (appends) {
    const mixed = mixedAppending(target, value, source, kinds)
    if (mixed !== null) seen.mixedAdditions.push({ ...mixed, conditional })
    return
  }
  const kind = sequenceKind(value, source, kinds)
  if (kind !== null && (!conditional || kinds.get(target) === kind)) kinds.set(target, kind)
  else kinds.delete(target)
}

/** What a module reads and does not have, of one that is Python as it stands and no template of it. */
function undefinedNames(
  { source, firstReads }: PythonModule,
  isImported: (name: string) => boolean,
): readonly UndefinedName[] {
  if (!isPlain(source)) return []
  return firstReads()
    .filter(({ name }) => !isImported(name))
    .map(({ name, start, end }) => ({ name, at: { source, start, end } }))
}

function mentions(files: FileSystem, path: string, name: string): boolean {
  const source = sourceAt(files, path)
  return source === null || new RegExp(`\\b${name}\\b`).test(source.text)
}

/** A dictionary in which the item under some keys has another value; undefined where it is none, or not known. */
function withItem(
  before: Fact<SettingValue> | undefined,
  keys: readonly string[],
  value: SettingValue | undefined,
): SettingValue | undefined {
  if (before?.known !== true || value === undefined) return undefined
  const set = (outer: unknown, [key, ...rest]: readonly string[]): Map<string, SettingValue> | undefined => {
    if (!(outer instanceof Map) || key === undefined || key === '') return undefined
    const inner = rest.length === 0 ? value : set(outer.get(key), rest)
    return inner === undefined ? undefined : new Map<string, SettingValue>([...outer, [key, inner]])
  }
  return set(before.value, keys)
}

function evaluate(expression: PythonExpression, scope: Scope): SettingValue | undefined | LimitReached {
  try {
    return evaluateWithin(expression, scope)
  } catch (error) {
    if (error instanceof LimitReached) return error
    throw error
  }
}

function settle(
  before: Fact<SettingValue> | undefined,
  value: SettingValue | undefined,
  {
    at,
    conditional,
    appends,
  }: { readonly at: Place; readonly conditional: boolean; readonly appends: boolean },
): Fact<SettingValue> {
  if (conditional) return unknown('a condition decides', at)
  if (!appends) return value === undefined ? unknown('the running program decides', at) : known(value, at)
  if (before?.known !== true || !Array.isArray(before.value) || !Array.isArray(value)) {
    return unknown('the running program decides', at)
  }
  if (before.value.length + value.length > MOST_ITEMS) return unknown(TOO_MANY_ITEMS, at)
  return known([...before.value, ...value], at)
}

function importNames(
  context: Context,
  importer: string,
  statement: PythonImport,
  at: Place,
  into: Names,
): void {
  if (statement.names === null) {
    if (statement.module === 'pathlib' && !statement.conditional) into.kinds.set('pathlib.Path', 'Path')
    return
  }
  const imported = resolveImport(context, importer, statement.module)
  const inner =
    imported === null || context.depth >= MAXIMUM_DEPTH || context.read.includes(imported.path)
      ? null
      : evaluateModule(
          {
            ...context,
            depth: context.depth + 1,
          },
          imported,
        )
  for (const { name, as } of statement.names) {
    if (name === '*') {
      const { module, conditional } = statement
      const found = imported?.path ?? null
      context.seen.starImports.push({
        module,
        from: importer,
        found,
        conditional,
        at: modulePlace(at, module),
      })
    }
    if (name !== '*') {
      const fact = inner?.values.get(name)
      const reader = inner?.readers.get(name)
      if (reader !== undefined && !statement.conditional)
        into.readers = new Map([...into.readers, [as, reader]])
      into.expressions.delete(as)
      const kind = inner?.kinds.get(name)
      if (statement.module === 'pathlib' && name === 'Path' && !statement.conditional)
        into.kinds.set(as, 'Path')
      else if (kind === undefined || statement.conditional) into.kinds.delete(as)
      else into.kinds.set(as, kind)
      if (fact === undefined) readImported(context, importer, `${statement.module}.${name}`)
      // Names that a package of Django or of the system brings are no settings unless they look like one.
      if (fact !== undefined)
        into.values.set(as, statement.conditional ? unknown('a condition decides', at) : fact)
      else if (/^[A-Z][A-Z0-9_]*$/.test(as))
        into.values.set(as, unknown(`it comes from ${statement.module}`, at))
      continue
    }
    if (inner === null) {
      into.open = `${statement.module} was not read`
      into.openFrom ??= at.start
      forget(into, unknown(`${statement.module} may set it`, at))
      continue
    }
    into.open ??= inner.open
    if (inner.open !== null) into.openFrom ??= at.start
    if (!statement.conditional) into.readers = new Map([...into.readers, ...inner.readers])
    for (const [key, fact] of inner.values) {
      const kind = inner.kinds.get(key)
      if (kind !== undefined && (!statement.conditional || into.kinds.get(key) === kind))
        into.kinds.set(key, kind)
      else into.kinds.delete(key)
      into.values.set(key, statement.conditional ? unknown('a condition decides', at) : fact)
      const expression = inner.expressions.get(key)
      if (expression === undefined || statement.conditional) into.expressions.delete(key)
      else into.expressions.set(key, expression)
    }
  }
}

/** Where a statement names the module that it imports from. */
function modulePlace({ source, start, end }: Place, module: string): Place {
  const begin = source.code.indexOf(module, start + 'from'.length)
  return begin === -1 || begin > end
    ? { source, start, end }
    : { source, start: begin, end: begin + module.length }
}

/** A module that is imported as a whole, `from . import base`: its names are none of the settings, its faults are. */
function readImported(context: Context, importer: string, module: string): void {
  const found = resolveImport(context, importer, module.replace(/^(\.+)\./, '$1'))
  if (found === null || context.depth >= MAXIMUM_DEPTH || context.read.includes(found.path)) return
  evaluateModule({ ...context, depth: context.depth + 1 }, found)
}

function resolveImport({ files, searchPath }: Context, importer: string, module: string): FoundFile | null {
  const dots = /^\.*/.exec(module)?.[0].length ?? 0
  if (dots === 0) return findFile(files, module, searchPath)
  let directory = posix.dirname(importer)
  for (let level = 1; level < dots; level++) directory = posix.dirname(directory)
  return findFile(files, module.slice(dots), [directory])
}
