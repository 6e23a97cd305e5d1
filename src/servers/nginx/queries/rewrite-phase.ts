import { fromBytes } from '../../regex.ts'
import type { NginxDirective } from '../configuration.ts'
import { conditionHolds, conditionWords } from './conditions.ts'
import { effective } from './effective.ts'
import { childrenNamed, hasUnreadInclude, readBefore } from './scope.ts'
import { interpolate } from './interpolate.ts'
import { locationTitle, PASSES } from './locations.ts'
import { escapeUri } from './normalise-uri.ts'
import { argumentPlace, namePlace } from './places.ts'
import { enteredBlock, keepMatch, requestVariables } from './request.ts'
import { applyRewrite } from './rewrite.ts'
import { selectLocation } from './select-location.ts'
import { endUnknown, fail, GO, type Next, respond, step, type Walk } from './walk.ts'

/** As {@link Next}; `changed` where a rewrite asks for a new location, `stopped` behind a `break`. */
export type Rewritten = Next | { readonly kind: 'changed' } | { readonly kind: 'stopped' }

/** Runs the rewrite module's directives of a server or location, those of an `if` that holds in their place. */
export function runDirectives(walk: Walk, scope: NginxDirective): Rewritten {
  const { children } = scope
  const run: Run = { changed: false }
  const read = isSureToRun(walk, scope) ? children.length : readBefore(walk.state.configuration, scope)
  const before = read === children.length ? children : children.slice(0, read)
  const result = runList(walk, before, run)
  if (result.kind === 'go' && read < children.length)
    return endUnknown(walk, 'something here was not read', namePlace(scope))
  if (result.kind === 'go' || result.kind === 'stopped') return run.changed ? { kind: 'changed' } : GO
  return result
}

/** Whether a rewrite without flag has changed the URI by now. */
interface Run {
  changed: boolean
}

/**
 * True where what was not read hardly keeps the lines that are here from being run: a block that answers every request
 * by itself would have no use for other lines that do; nor does a file of a server answer what a location is made for.
 * No file that a location includes beside a pass of its own has another (nginx refuses it), and what such files set is
 * headers and times.
 */
function isSureToRun({ state }: Walk, scope: NginxDirective): boolean {
  const { configuration, server, uri } = state
  if (childrenNamed(scope, 'return').length > 0) return true
  if (scope !== server && scope.children.some(({ name }) => ANSWERING.has(name))) return true
  const into = enteredBlock(state)
  if (scope !== server) return false
  if (into === server) return true
  if (!hasUnreadInclude(configuration, server)) return true
  const selected = selectLocation(configuration, server, uri, into)
  return selected.known && selected.value.location !== null
}

function runList(walk: Walk, directives: readonly NginxDirective[], run: Run): Rewritten {
  for (const directive of directives) {
    const result = runOne(walk, directive, run)
    if (result.kind !== 'go') return result
  }
  return GO
}

function runOne(walk: Walk, directive: NginxDirective, run: Run): Rewritten {
  switch (directive.name) {
    case 'set':
      return runSet(walk, directive)
    case 'rewrite':
      return runRewrite(walk, directive, run)
    case 'return':
      return runReturn(walk, directive)
    case 'break':
      if (run.changed) walk.state.validLocation = false
      run.changed = false
      step(walk, 'break', '`break` ends the rewriting', namePlace(directive), directive)
      return { kind: 'stopped' }
    case 'if':
      return runIf(walk, directive, run)
    default:
      return GO
  }
}

function runSet(walk: Walk, directive: NginxDirective): Rewritten {
  const name = (directive.args[0]?.value ?? '').replace(/^\$/, '').toLowerCase()
  const value = interpolate(directive.args[1]?.value ?? '', requestVariables(walk.state))
  const { state } = walk
  if (name === 'args') {
    if (!value.known) return endUnknown(walk, value.reason, namePlace(directive))
    state.args = value.value
    state.unchanged = false
  } else state.values.set(name, value)
  step(
    walk,
    'set',
    `\`$${name}\` is ${value.known ? `\`${value.value}\`` : 'unknown'}`,
    namePlace(directive),
    directive,
  )
  return GO
}

function runRewrite(walk: Walk, directive: NginxDirective, run: Run): Rewritten {
  const { state } = walk
  const at = namePlace(directive)
  const result = applyRewrite(state, directive)
  switch (result.kind) {
    case 'no-match':
      return GO
    case 'unknown':
      return endUnknown(walk, result.reason, at)
    case 'error':
      return fail(walk, result.status, result.reason, at)
    case 'redirect':
      step(walk, 'rewrite', `\`rewrite\` redirects to \`${result.location}\``, at, directive)
      return fail(walk, result.status, 'a `rewrite` redirects', at, result.location)
    case 'changed':
      step(walk, 'rewrite', `\`rewrite\` to \`${fromBytes(state.uri)}\``, at, directive)
      run.changed = result.flow !== 'break'
      return result.flow === 'continue' ? GO : { kind: 'stopped' }
  }
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

function runReturn(walk: Walk, directive: NginxDirective): Rewritten {
  const [first, text] = directive.args
  const at = namePlace(directive)
  const code = /^[0-9]{1,3}$/.test(first?.value ?? '') ? Number(first?.value) : null
  const status = code ?? 302
  const written = code === null ? first : text
  step(walk, 'return', `\`return ${status}\``, at, directive)
  if (status === 444) return { kind: 'end', end: { kind: 'closed', at } }
  if (REDIRECTS.has(status)) {
    const target = interpolate(written?.value ?? '', requestVariables(walk.state))
    if (!target.known)
      return endUnknown(walk, `${status} to an address made of what is not known: ${target.reason}`, at)
    return fail(walk, status, 'a `return` redirects', at, target.value)
  }
  if (status >= 400 && (written === undefined || written.value === ''))
    return fail(walk, status, 'a `return` answers', at)
  return respond(walk, status, 'a `return` answers', at)
}

function runIf(walk: Walk, directive: NginxDirective, run: Run): Rewritten {
  const holds = conditionHolds(walk.state, directive, walk.view)
  const text = `\`if (${conditionWords(directive).join(' ')})\``
  if (!holds.known) {
    if (isHarmless(directive)) {
      forget(walk, directive)
      return GO
    }
    return endUnknown(walk, `${text} cannot be decided: ${holds.reason}`, argumentPlace(directive, 0))
  }
  step(walk, 'if', `${text} is ${holds.value ? 'true' : 'false'}`, namePlace(directive), directive)
  if (!holds.value) return GO
  // In a location the block's own settings hold from here on; in a server it has none.
  if (directive.context === 'location') walk.state.scope = directive
  return runList(walk, directive.children, run)
}

const ANSWERING: ReadonlySet<string> = new Set([...PASSES, 'try_files'])

const DECIDING: ReadonlySet<string> = new Set([...PASSES, 'return', 'rewrite', 'break', 'root', 'alias'])

/** True where it makes no difference to where the request ends whether the block is taken. */
function isHarmless(directive: NginxDirective): boolean {
  if (directive.children.some(child => DECIDING.has(child.name))) return false
  // An `if` that holds in a location takes its `try_files` out of force.
  const outer = directive.parent
  return directive.context !== 'location' || outer === null || childrenNamed(outer, 'try_files').length === 0
}

/** What a block that may have been taken sets is known to nobody. */
function forget(walk: Walk, directive: NginxDirective): void {
  for (const set of childrenNamed(directive, 'set')) {
    const name = (set.args[0]?.value ?? '').replace(/^\$/, '').toLowerCase()
    walk.state.values.set(name, {
      known: false,
      reason: `\`$${name}\` is set in an \`if\` that cannot be decided`,
      at: namePlace(set),
    })
  }
}

/** Finds the location of the current URI. */
export function locationStep(walk: Walk): Next {
  const { state } = walk
  const fact = selectLocation(state.configuration, state.server, state.uri, enteredBlock(state))
  if (!fact.known) return endUnknown(walk, fact.reason, fact.at)
  const { location, reason, match } = fact.value
  if (match !== null) keepMatch(state, match)
  state.location = location?.directive ?? null
  state.scope = location?.directive ?? state.server
  if (location === null) {
    step(walk, 'location', 'no location matches', namePlace(state.server))
    return GO
  }
  step(
    walk,
    'location',
    `\`${locationTitle(location.directive)}\` (${reason})`,
    location.at,
    location.directive,
  )
  // A location inside an internal one is internal too.
  const internal = effective(state.configuration, location.directive, 'internal')
  if (internal.known && internal.value.directives.length > 0 && !state.internal)
    return fail(walk, 404, 'the location is `internal`', internal.at)
  if (reason === 'auto-redirect') {
    step(walk, 'auto-redirect', `the URI lacks the last slash of \`${location.name}\``, location.at)
    const query = state.args === '' ? '' : `?${state.args}`
    return fail(walk, 301, 'nginx adds the last slash', location.at, escapeUri(`${state.uri}/`) + query)
  }
  const excepted = methodBlock(location.directive, state.method)
  if (excepted !== null) {
    step(walk, 'location', `\`limit_except\` applies to \`${state.method}\``, namePlace(excepted), excepted)
    state.scope = excepted
  }
  return GO
}

/** The `limit_except` that holds for a method; one that lists `GET` lists `HEAD` with it. */
function methodBlock(location: NginxDirective, method: string): NginxDirective | null {
  const block = childrenNamed(location, 'limit_except')[0]
  if (block === undefined) return null
  const listed = block.args.map(word => word.value.toUpperCase())
  const isListed = listed.includes(method) || (method === 'HEAD' && listed.includes('GET'))
  return isListed ? null : block
}
