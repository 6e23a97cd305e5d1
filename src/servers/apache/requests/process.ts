import { serverLevels } from '../queries/effective.ts'
import { checkAccess } from './access.ts'
import { setConditionally } from './environment.ts'
import { findHandler } from './find-handler.ts'
import { fixUp } from './fixups.ts'
import { locationLevels, mapToStorage } from './map-to-storage.ts'
import { DECLINED, failed, OK, type Phase, type RequestRecord, undecided } from './request.ts'
import { settingFor } from './settings.ts'
import { translate } from './translate.ts'
import { decodePath, normalisePath } from './url-text.ts'

/** Runs the phases of a request up to its handler, as httpd does for each request and subrequest. */
export function process(record: RequestRecord): Phase {
  const steps = [readUri, mapUrl, mapToStorage, mergeEnvironment, checkAccess, findHandler, fixUp]
  for (const step of steps) {
    const phase = step(record)
    if (phase.kind === 'status' || phase.kind === 'unknown') return phase
  }
  return OK
}

/** Decodes the path. */
function readUri(record: RequestRecord): Phase {
  record.levels = serverLevels(record.walk.host)
  const merges = settingFor(record, 'MergeSlashes')
  if (!merges.known) return undecided(merges.reason, merges.at)
  const normal = normalisePath(record.uri, merges.value?.toLowerCase() !== 'off')
  if (normal === null) return failed(400, 'the path of the URL is malformed', null)
  // A virtual host does not inherit it.
  record.levels = record.levels.slice(-1)
  const slashes = settingFor(record, 'AllowEncodedSlashes')
  record.levels = serverLevels(record.walk.host)
  if (!slashes.known) return undecided(slashes.reason, slashes.at)
  const mode = slashes.value?.toLowerCase()
  const decoded = decodePath(normal, mode === 'on' ? 'decode' : mode === 'nodecode' ? 'keep' : 'refuse')
  if (decoded === 400) return failed(400, 'the URL holds a malformed escape', null)
  if (decoded === 404) return failed(404, 'the URL holds an escaped slash or NUL', slashes.at)
  record.uri = decoded
  return DECLINED
}

function mapUrl(record: RequestRecord): Phase {
  record.levels = locationLevels(record)
  // A subrequest starts with the variables of its request.
  if (record.main === null)
    setConditionally(
      record,
      record.levels.filter(({ kind }) => kind === 'server' || kind === 'virtual-host'),
    )
  return translate(record)
}

function mergeEnvironment(record: RequestRecord): Phase {
  // Of subrequests, httpd looks at no headers again.
  if (record.main === null)
    setConditionally(
      record,
      record.levels.filter(({ kind }) => kind !== 'server' && kind !== 'virtual-host'),
    )
  return DECLINED
}
