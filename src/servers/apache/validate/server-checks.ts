import { posix } from 'node:path'
import type { Place } from '../../../../parsers/text/source.ts'
import type { Problem } from '../../problem.ts'
import type { ApacheDirective } from '../configuration.ts'
import { builtInModules } from '../modules.ts'
import type { ApacheProblemCode } from '../problem-codes.ts'
import type { ValidationUnit } from './check.ts'
import { isMissing, NOWHERE } from './paths.ts'

/**
 * What the number of multi-processing modules tells: httpd takes exactly one, and counts before it walks
 * the tree.
 *
 * A configuration that shows none was not seen whole, or belongs to a server with one compiled in, as
 * httpd's own build makes it; such a server loads `unixd_module` and its like, which Debian compiles in.
 * `modulesKnown` is false there: what else is loaded is then anybody's guess.
 */
export function countProcessingModules(unit: ValidationUnit): {
  readonly problem: Problem<ApacheProblemCode> | null
  readonly modulesKnown: boolean
} {
  const at = startOf(unit)
  if (unit.fragments || !unit.modulesComplete || at === null) return { problem: null, modulesKnown: false }
  const loaded = [...unit.modules.keys()].filter(id => id.startsWith('mpm_'))
  if (loaded.length === 1) return { problem: null, modulesKnown: true }
  if (loaded.length > 1) {
    const message = `${loaded.length} multi-processing modules are loaded, and httpd takes one: ${loaded.join(', ')}`
    const places = loaded.flatMap(id => unit.modules.get(id)?.at ?? [])
    const problem = mpmProblem(message, places.at(-1) ?? at, 'load one of them: `a2dismod` the others')
    const related = places.slice(0, -1).map(place => ({ at: place, message: 'loaded first' }))
    return { problem: { ...problem, related }, modulesKnown: true }
  }
  const builtIn = new Set(builtInModules().map(module => module.id))
  const loads = [...unit.modules.values()].filter(module => module.at)
  if (loads.length === 0 || loads.some(module => builtIn.has(module.id)) || !isShared(unit)) {
    return { problem: null, modulesKnown: false }
  }
  const message = 'no multi-processing module is loaded, so httpd does not start'
  return { problem: mpmProblem(message, at, 'load `mpm_event_module`'), modulesKnown: false }
}

/**
 * True where processing modules are files of their own. httpd's own build compiles one in, and a repository may
 * lack the file that loads it.
 */
function isShared({ files, main }: ValidationUnit): boolean {
  return files.covers(NOWHERE) || /^\s*#\s*LoadModule\s+mpm_/im.test(main?.text ?? '')
}

function mpmProblem(message: string, at: Place, help: string): Problem<ApacheProblemCode> {
  return { code: 'mpm-count', fatal: true, message, at, help }
}

/**
 * Without an `ErrorLog` httpd writes to `logs/error_log` below the server root, and refuses a
 * configuration whose root has no such directory. It looks only after the walk.
 */
export function defaultLogFault(unit: ValidationUnit): Problem<ApacheProblemCode> | null {
  const { serverRoot } = unit
  const at = startOf(unit)
  if (unit.fragments || at === null || !serverRoot.known) return null
  if (unit.occurrences.get('errorlog')?.some(directive => !isInVirtualHost(directive))) return null
  const directory = posix.join(serverRoot.value, 'logs')
  // Copies and repositories keep no directory of logs, and may stand elsewhere than their server's root.
  if (!unit.files.covers(NOWHERE) || !isMissing(directory, unit.files)) return null
  return {
    code: 'path-missing',
    fatal: true,
    message: `no \`ErrorLog\` is set, and the directory ${directory} of the default one is not there`,
    at,
    help: 'set `ErrorLog`',
  }
}

function isInVirtualHost(directive: ApacheDirective): boolean {
  for (let parent = directive.parent; parent !== null; parent = parent.parent) {
    if (parent.name.toLowerCase() === 'virtualhost') return true
  }
  return false
}

/** The main file's beginning: what is missing has no line of its own. */
function startOf(unit: ValidationUnit): Place | null {
  const first = unit.main
  if (first === null) return null
  return { source: first, start: 0, end: 0 }
}
