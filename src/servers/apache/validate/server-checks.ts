import { posix } from 'node:path'
import type { Place } from '../../../../parsers/text/source.ts'
import type { Problem } from '../../problem.ts'
import type { ApacheDirective } from '../configuration.ts'
import type { ApacheProblemCode } from '../problem-codes.ts'
import type { ValidationUnit } from './check.ts'
import { isMissing } from './paths.ts'

/** Faults of the server as a whole, which httpd names without a line. */
export function serverFaults(unit: ValidationUnit): readonly Problem<ApacheProblemCode>[] {
  if (unit.fragments || !unit.modulesComplete) return []
  const at = startOf(unit)
  if (at === null) return []
  const loaded = [...unit.modules.keys()].filter(id => id.startsWith('mpm_'))
  if (loaded.length === 1) return []
  return [
    {
      code: 'mpm-count',
      fatal: true,
      message:
        loaded.length === 0
          ? 'no multi-processing module is loaded, so httpd does not start'
          : `${loaded.length} multi-processing modules are loaded, and httpd takes one: ${loaded.join(', ')}`,
      at,
      help: loaded.length === 0 ? 'load `mpm_event_module`' : 'load one of them',
    },
  ]
}

/**
 * Without an `ErrorLog` httpd writes to `logs/error_log` below the server root, and refuses a
 * configuration whose root has no such folder. It looks only after the walk.
 */
export function defaultLogFault(unit: ValidationUnit): Problem<ApacheProblemCode> | null {
  const { serverRoot } = unit
  const at = startOf(unit)
  if (unit.fragments || at === null || !serverRoot.known) return null
  if (unit.occurrences.get('errorlog')?.some(directive => !isInVirtualHost(directive))) return null
  const folder = posix.join(serverRoot.value, 'logs')
  if (!isMissing(folder, unit.files)) return null
  return {
    code: 'path-missing',
    fatal: true,
    message: `no \`ErrorLog\` is set, and the folder ${folder} of the default one is not there`,
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
