import type { Place } from '../../../../parsers/text/source.ts'
import type { Problem } from '../../problem.ts'
import type { ApacheProblemCode } from '../problem-codes.ts'
import type { ValidationUnit } from './check.ts'

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

/** The main file's beginning: what is missing has no line of its own. */
function startOf(unit: ValidationUnit): Place | null {
  const first = unit.main
  if (first === null) return null
  return { source: first, start: 0, end: 0 }
}
