import { pcreReleases } from '../../pcre/releases.ts'
import type { Problem } from '../../problem.ts'
import type { ApacheDirective } from '../configuration.ts'
import { ALLOW, type ApacheDirectiveFacts, apacheDirective, apacheSection, scopeBits } from '../directives.ts'
import type { ApacheProblemCode } from '../problem-codes.ts'
import { arityFault, surplusFault } from './arity.ts'
import { authorizationSection } from './authorization.ts'
import {
  contextBit,
  type Fault,
  isUnknownDirective,
  markOf,
  mayBeLoaded,
  type Scope,
  type ValidationUnit,
  type Walk,
} from './check.ts'
import { checkOf } from './checks.ts'
import { openSection } from './sections.ts'
import { countProcessingModules, defaultLogFault } from './server-checks.ts'
import { endsUnknown } from '../../../../parsers/text/placeholder.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import { hasForeignModule, unknownFault, unloadedFault } from './unknown-directive.ts'

export type { ValidationUnit } from './check.ts'

/**
 * What httpd's walking phase, and the check after it, say of a configuration that was read without an
 * error. The first fatal problem is the one that `apache2 -t` names; those behind it are what it would
 * name next.
 *
 * Outcomes that hang on more than the files (a resolver, the users of the machine, ports in use,
 * permissions) are left out.
 */
export function validateApache(whole: ValidationUnit): readonly Problem<ApacheProblemCode>[] {
  const { problem, modulesKnown } = countProcessingModules(whole)
  const unit: ValidationUnit = { ...whole, modulesComplete: modulesKnown }
  const problems: Problem<ApacheProblemCode>[] = []
  const later: Problem<ApacheProblemCode>[] = []
  const seen = new Map<object, Set<string>>()
  const walk = newWalk(
    unit,
    (directive, fault) => add(problems, seen, directive, fault),
    (directive, fault) => add(later, seen, directive, fault),
  )
  if (problem !== null) problems.push(problem)
  walkList(unit.top, mainScope(unit), walk)
  const log = defaultLogFault(unit)
  return log === null ? [...problems, ...later] : [...problems, log, ...later]
}

function newWalk(unit: ValidationUnit, report: Walk['report'], reportLater: Walk['reportLater']): Walk {
  const pcre = pcreReleases('apache', unit.version)
  const names = {
    ssl: mayBeLoaded(unit, 'ssl_module'),
    open: hasForeignModule(unit) || !unit.modulesComplete,
    pcre,
  }
  return { unit, names, pcre, defined: new Map(), report, reportLater }
}

/** What the server's own files define that a line of `.htaccess` may name. */
const DEFINERS = [
  'authnprovideralias',
  'authzprovideralias',
  'extfilterdefine',
  'filterdeclare',
  'filterprovider',
  'limit',
  'limitexcept',
  'luaoutputfilter',
] as const

/**
 * The faults of a `.htaccess` file for which httpd answers 500, in reading order: of names, arguments and values.
 * What `AllowOverride` has to say of it is no part of this.
 *
 * @param unit the server whose file it is
 * @param directory with its last slash
 * @param over what httpd passes over once it knows the name
 */
export function validateHtaccess(
  unit: ValidationUnit,
  children: readonly ApacheDirective[],
  directory: string,
  over: ReadonlySet<ApacheDirective>,
): readonly Problem<ApacheProblemCode>[] {
  const problems: Problem<ApacheProblemCode>[] = []
  const seen = new Map<object, Set<string>>()
  const silent = newWalk(
    unit,
    () => {},
    () => {},
  )
  for (const name of DEFINERS)
    for (const directive of unit.occurrences.get(name) ?? []) walkList([directive], mainScope(unit), silent)
  const walk: Walk = {
    ...newWalk(
      unit,
      (directive, fault) => add(problems, seen, directive, fault),
      () => {},
    ),
    defined: silent.defined,
    perDirectory: true,
    over,
  }
  const scope: Scope = {
    bits: ANYWHERE,
    around: 0,
    virtualHost: null,
    path: directory,
    limited: null,
    authorization: authorizationSection('any', NOWHERE),
    branch: { open: false },
  }
  walkList(children, scope, walk)
  return problems.filter(({ fatal }) => fatal)
}

/** Every bit: whether a line may stand in the file is another question. */
const ANYWHERE = ALLOW.any | ALLOW.section | ALLOW.server | ALLOW.proxy

/** One text that a thousand sites include is reported once. */
function add(
  list: Problem<ApacheProblemCode>[],
  seen: Map<object, Set<string>>,
  directive: ApacheDirective,
  fault: Fault,
): void {
  const { source } = directive
  const mark = markOf(directive, fault.word)
  const key = `${mark.start} ${fault.code} ${fault.message}`
  const keys = seen.get(source)
  if (keys?.has(key)) return
  if (keys === undefined) seen.set(source, new Set([key]))
  else keys.add(key)
  list.push({
    code: fault.code,
    // Only the engine knows what a template's lines come to.
    fatal: fault.fatal !== false && !source.template,
    message: fault.message,
    at: { source, start: mark.start, end: mark.end },
    ...(fault.related === undefined ? {} : { related: fault.related }),
    ...(fault.help === undefined ? {} : { help: fault.help }),
  })
}

const NOWHERE = {} as ApacheDirective

function mainScope(unit: ValidationUnit): Scope {
  return {
    // A fragment may be what a section includes, so that anything may stand in it.
    bits: unit.fragments ? scopeBits('proxy') | ALLOW.server : scopeBits('server'),
    around: 0,
    virtualHost: null,
    path: null,
    limited: null,
    authorization: authorizationSection('any', unit.top[0] ?? NOWHERE),
    branch: { open: false },
  }
}

function walkList(directives: readonly ApacheDirective[], scope: Scope, walk: Walk): void {
  for (const directive of directives) {
    const fault = directive.section ? walkSection(directive, scope, walk) : judge(directive, scope, walk)
    if (fault !== null) walk.report(directive, fault)
  }
}

function judge(directive: ApacheDirective, scope: Scope, walk: Walk): Fault | null {
  // A name, and where it stands, are wrong whatever a template puts behind it.
  if (isUnknownWord(directive.name)) return null
  const lower = directive.name.toLowerCase()
  const facts = apacheDirective(lower)
  if (facts === undefined || facts.section) return unknownFault(directive, walk)
  const fault = placeFault(directive, facts, scope, walk)
  if (fault !== null) return fault
  if (facts.documentedOnly || facts.executed || walk.over?.has(directive)) return null
  if (isUnknownDirective(directive)) {
    // What a template fills in may be what its section lacks.
    if (lower === 'require') scope.authorization.positives++
    return refusedFault(directive, facts, scope) ?? surplusFault(directive, facts)
  }
  return (
    arityFault(directive, facts) ??
    refusedFault(directive, facts, scope) ??
    checkOf(lower)?.(directive, scope, walk) ??
    null
  )
}

/** Whether a loaded module owns the name, and whether the bits of the scope let it stand here. */
function placeFault(
  directive: ApacheDirective,
  facts: ApacheDirectiveFacts,
  scope: Scope,
  walk: Walk,
): Fault | null {
  const { unit } = walk
  if (unit.modulesComplete && !facts.modules.some(id => unit.modules.has(id))) {
    if (facts.documentedOnly && facts.modules.includes('core_module')) return null
    return unloadedFault(facts)
  }
  if (facts.documentedOnly || facts.executed || (facts.allowed & scope.bits) !== 0) return null
  const { parent } = directive
  const where = parent === null ? 'at the top of the configuration' : `in \`<${parent.name}>\``
  const shown = facts.section ? `<${facts.name}>` : facts.name
  return { code: 'not-allowed-here', message: `\`${shown}\` stands ${where}, where it is not allowed` }
}

function refusedFault(directive: ApacheDirective, facts: ApacheDirectiveFacts, scope: Scope): Fault | null {
  for (const context of facts.refused) {
    if ((scope.around & contextBit(context)) === 0) continue
    const shown = facts.section ? `<${directive.name}>` : directive.name
    return {
      code: 'not-allowed-here',
      message: `\`${shown}\` stands ${INSIDE[context]}, where it is not allowed`,
    }
  }
  return null
}

const INSIDE = {
  server: 'in the main server',
  virtualhost: 'in `<VirtualHost>`',
  directory: 'in `<Directory>`',
  location: 'in `<Location>`',
  files: 'in `<Files>`',
  if: 'in `<If>`',
  limit: 'in `<Limit>`',
  proxy: 'in `<Proxy>`',
} as const

/** Judges a section and all that is in it; what is found behind the children is the section's own. */
function walkSection(directive: ApacheDirective, scope: Scope, walk: Walk): Fault | null {
  const lower = directive.name.toLowerCase()
  const facts = apacheSection(lower)
  if (facts === undefined) return isUnknownWord(directive.name) ? null : unknownFault(directive, walk)
  const misplaced = placeFault(directive, facts, scope, walk) ?? refusedFault(directive, facts, scope)
  if (misplaced !== null) return misplaced
  if (facts.documentedOnly || facts.executed || walk.over?.has(directive)) return null
  const opening = openSection(lower, directive, scope, walk)
  const hidden = isUnknownDirective(directive)
  // The `>` is part of no value, so that a template does not fill it in.
  const isUnclosed = !directive.text.includes('>') && !endsUnknown(directive.text)
  if (opening.fault !== null && (!hidden || isUnclosed)) walk.report(directive, opening.fault)
  if (opening.inside === null) return null
  walkList(directive.children, opening.inside, walk)
  const after = opening.after?.(walk) ?? null
  return opening.fault !== null || hidden ? null : after
}
