import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { once } from '../../parsers/collections/once.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { locationIndex, type NginxLocation, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { type Pcre, toBytes } from '../../src/servers/regex.ts'
import {
  type Expression,
  hides,
  isOpenAtEnd,
  looksAround,
  MOST_COMPARED,
  samplesOf,
} from './_hidden-patterns.ts'

/**
 * The location that is missed most behind a server that answers every request before it looks for one; null for none.
 * The lines of a file that a server or a location includes are such, too.
 */
export function hiddenBehind(line: NginxDirective, { top }: NginxConfiguration): NginxLocation | null {
  const { parent, source } = line
  if (parent !== null && (parent.name !== 'server' || parent.context !== 'http')) return null
  const lines = parent === null ? top.filter(each => each.source === source) : parent.children
  if (lines.find((each, index) => LEAVING.has(each.name) && !isRead(each, lines[index + 1])) !== line)
    return null
  const hidden = locationsAmong(lines).filter(
    ({ directive, modifier }) => modifier !== '@' && !isAlikeAnswer(directive, line),
  )
  return hidden.find(isOfChallenge) ?? hidden[0] ?? null
}

/** True for an `include` behind which the lines of its file stand. */
function isRead({ name, args, source }: NginxDirective, next: NginxDirective | undefined): boolean {
  const path = args[0]?.value ?? ''
  return (
    name === 'include' &&
    next !== undefined &&
    next.source !== source &&
    posix.basename(next.source.path).startsWith(posix.basename(path))
  )
}

function locationsAmong(lines: readonly NginxDirective[]): readonly NginxLocation[] {
  return lines.filter(({ name }) => name === 'location').map(readLocation)
}

function isOfChallenge({ name }: NginxLocation): boolean {
  return name.includes('well-known')
}

/**
 * True for a location that is left from before the site moved, not an exception that is missed: it sends files and no
 * more, is for error pages, or stands beside one for all of the rest.
 */
export function isLeft(location: NginxLocation): boolean {
  const { parent, children } = location.directive
  if (isOfChallenge(location)) return false
  return (
    children.every(child => ['root', 'alias', 'index', 'expires', 'access_log'].includes(child.name)) ||
    children.some(child => child.name === 'internal') ||
    (parent !== null &&
      locationsAmong(parent.children).some(({ modifier, name }) => modifier === '' && name === '/'))
  )
}

/** What may come before such a line and lead elsewhere. */
const LEAVING: ReadonlySet<string> = new Set([
  'return',
  'if',
  'rewrite',
  'break',
  'include',
  'set_by_lua_block',
])

/** True for a location that says what its server says. */
function isAlikeAnswer({ children }: NginxDirective, line: NginxDirective): boolean {
  const own = children.find(({ name }) => name === line.name)
  return own?.args.every(({ value }, index) => value === line.args[index]?.value) === true
}

/** Why no path is compared equal to the name of a prefix or exact location; null where one may be. */
export function unlikePath(directive: NginxDirective): string | null {
  const { modifier, name } = readLocation(directive)
  if (modifier === '~' || modifier === '~*' || modifier === '@' || directive.context !== 'server') return null
  if (isUnknownWord(name)) return null
  // What a program fills in is hardly ever written with a dot.
  if (/^\.[a-z][\w-]*$/.test(name)) return `every path begins with a slash, and \`${name}\` does not`
  // Nor is a directory, whose slash is written behind its name in small letters.
  const isName = directive.source.template
    ? /^(?:_?[a-z][a-z\d.-]*\/|[\w-]+\.(?:html?|php|txt|xml|json|ico|css|js)$)/.test(name)
    : /^(?:[a-z0-9][\w.-]*(?:\/|$)|_[a-z][a-z\d.-]*\/)/i.test(name)
  if (isName) return `every path begins with a slash, and \`${name}\` does not`
  return !directive.source.template && /%[0-9a-f]{2}/i.test(name)
    ? `the path is compared as it is decoded, in which \`${name}\` does not stand`
    : null
}

/** True where an expression matches every text that begins with a name, whatever comes behind it. */
export function takesAll({ name: pattern }: NginxLocation, regex: Pcre, name: string): boolean {
  if (regex.test(toBytes(name)) !== true || looksAround(pattern) || !isOpenAtEnd(pattern)) return false
  return BEHIND.every(text => regex.test(toBytes(name + text)) === true)
}

/** What may come behind a prefix, of every kind that a set in an expression may leave out. */
const BEHIND = ['', 'x', 'Z', '0', '/', '.', '-', '_', '%', '\u0001', '/x/y.z']

export function isOfLog({ name }: NginxDirective): boolean {
  return name === 'access_log' || name === 'log_not_found' || name === 'error_log'
}

/** Every word that begins with `@`, in the whole configuration. */
const namesLedTo = memo(({ occurrences }: NginxConfiguration): ReadonlySet<string> => {
  const names = new Set<string>()
  for (const [name, lines] of occurrences) {
    if (name === 'location' || name === 'server_name') continue
    for (const { args } of lines) for (const { value } of args) if (value.includes('@')) names.add(value)
  }
  return names
})

/** True in doubt too: where something was not read, or a script or a backend may send it there. */
export function isCalled(
  configuration: NginxConfiguration,
  { directive }: NginxServer,
  { name, directive: location }: NginxLocation,
): boolean {
  // By the probes of nginx itself.
  if (location.children.some(child => child.name === 'health_check')) return true
  const words = namesLedTo(configuration)
  if ([...words].some(word => word.includes(name))) return true
  if ([...configuration.occurrences.keys()].some(key => /lua|^js_|^perl/.test(key))) return true
  if (hasUnreadInclude(configuration, directive)) return true
  // A backend may name it in `X-Accel-Redirect`, and entries of a `map` are no words of directives.
  return configuration.occurrences.has('map') || configuration.sources.some(({ template }) => template)
}

interface Hidden {
  readonly location: NginxLocation
  readonly by: NginxLocation
}

export function hiddenIn(scope: NginxDirective): readonly Hidden[] {
  const { regexes } = locationIndex(scope)
  if (regexes.length < 2) return []
  const first = regexes.slice(0, MOST_COMPARED)
  return regexes.flatMap(({ location }, index) => {
    if (isUnknownWord(location.name)) return []
    const own = expressionOf(location)
    const samples = once(() => samplesOf(own))
    const by = first
      .slice(0, index)
      .find(
        ({ location: earlier }) => !isUnknownWord(earlier.name) && hides(expressionOf(earlier), own, samples),
      )
    return by === undefined || isAlike(by.location.directive, location.directive)
      ? []
      : [{ location, by: by.location }]
  })
}

function expressionOf({ name, modifier }: NginxLocation): Expression {
  return { pattern: name, caseless: modifier === '~*' }
}

/** True where it makes no difference which of the two answers: both refuse, or both say the same. */
export function isAlike(one: NginxDirective, other: NginxDirective): boolean {
  return (refuses(one) && refuses(other)) || textOf(one) === textOf(other)
}

export function refuses({ children }: NginxDirective): boolean {
  return children.some(
    ({ name, args }) =>
      (name === 'deny' && args[0]?.value === 'all') ||
      (name === 'return' && /^4\d\d$/.test(args[0]?.value ?? '')),
  )
}

function textOf({ children }: NginxDirective): string {
  return children
    .map(child => `${child.name} ${child.args.map(({ value }) => value).join(' ')}{${textOf(child)}}`)
    .sort()
    .join(';')
}
