import { toBytes } from '../../regex.ts'
import { isModuleLoaded } from '../configuration.ts'
import { argumentPlace } from '../queries/places.ts'
import { redirectInDirectory } from './aliases.ts'
import { fixUpDirectory } from './directory-index.ts'
import { setPlainly } from './environment.ts'
import { DECLINED, OK, type Phase, type RequestRecord, undecided } from './request.ts'
import { rewriteInDirectory } from './rewrite/directory-rewrite.ts'
import { lineFor } from './settings.ts'

/** The last phase before the handler, in the order of httpd's hooks. */
export function fixUp(record: RequestRecord): Phase {
  for (const hook of [setHandler, rewriteInDirectory, redirectInDirectory, setEnvironment, fixUpDirectory]) {
    const phase = hook(record)
    if (phase.kind === 'status' || phase.kind === 'unknown') return phase
  }
  if (record.forcedType !== null) record.contentType = record.forcedType
  if (record.forcedHandler !== null) {
    record.handler = record.forcedHandler
    record.handlerLine = null
  }
  return OK
}

/** `SetHandler` and `ForceType` of the innermost section that has one. */
function setHandler(record: RequestRecord): Phase {
  const line = lineFor(record, 'SetHandler')
  if (!line.known) return undecided(line.reason, line.at)
  const written = line.value?.args[0]?.value
  if (line.value === null || written === undefined || written.toLowerCase() === 'none') return DECLINED
  const at = argumentPlace(line.value, 0)
  if (/%\{|\$\{/.test(written)) return undecided('`SetHandler` is an expression', at)
  record.handler = /^proxy:/i.test(written) ? toBytes(written) : written.toLowerCase()
  record.handlerLine = line.value
  record.passedBy = line.value
  return DECLINED
}

function setEnvironment(record: RequestRecord): Phase {
  if (isModuleLoaded(record.walk.configuration, 'env_module') !== false) setPlainly(record)
  return DECLINED
}
