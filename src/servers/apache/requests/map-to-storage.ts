import type { Place } from '../../../../parsers/text/source.ts'
import type { FileKind } from '../../../files/file-system.ts'
import { fromBytes } from '../../regex.ts'
import { htaccessIn, htaccessReader, unreadHtaccess } from '../queries/htaccess.ts'
import { htaccessFault } from '../queries/htaccess-fault.ts'
import { overridesFor, refusals } from '../queries/overrides.ts'
import { namePlace } from '../queries/places.ts'
import { type HtaccessReader, type Level, sectionsFor } from '../queries/sections-for.ts'
import { conditionDecider } from './evaluate-expression.ts'
import { assumeTarget, fileKind } from './file-kind.ts'
import { type ApacheWalk, addStep, failed, OK, type Phase, type RequestRecord, undecided } from './request.ts'
import { canonicalFile } from './url-text.ts'

/** The sections that hold for the URL alone, before it is mapped. */
export function locationLevels(record: RequestRecord): readonly Level[] {
  const { configuration, host } = record.walk
  return sectionsFor(configuration, host, { uri: fromBytes(record.uri) }, undefined, conditionDecider(record))
}

/** Finds the file of a mapped request, what stands behind it, and the sections that hold for it. */
export function mapToStorage(record: RequestRecord): Phase {
  const { configuration, host } = record.walk
  const uri = fromBytes(record.uri)
  if (record.isProxied) {
    const proxy = (record.filename ?? '').slice('proxy:'.length)
    record.levels = sectionsFor(configuration, host, { uri, proxy }, undefined, conditionDecider(record))
    record.kind = null
    return OK
  }
  const path = canonicalFile(record.filename ?? '')
  if (path === null) return failed(403, 'the path leads above the root', null)
  if (record.prev !== null || record.main !== null) assumeTarget(record.walk, path)
  const split = splitFile(record.walk, path)
  if (split === null) return undecided(`what stands at \`${fromBytes(path)}\` is not known`, null)
  const { kind } = split
  record.filename = split.filename
  record.pathInfo = split.rest + record.pathInfo
  record.kind = kind
  if (kind === 'other') return failed(403, 'the path is no file and no directory', null)
  return findSections(record, uri)
}

function findSections(record: RequestRecord, uri: string): Phase {
  const { configuration, host, options } = record.walk
  const watch = watchedReader(record.walk)
  const file = fromBytes(record.filename ?? '')
  const path = { uri, file, directory: record.kind === 'directory' }
  const levels = sectionsFor(configuration, host, path, watch.reader, conditionDecider(record))
  const { fault, unread } = watch.found()
  if (fault !== null) return failed(500, fault.reason, fault.at)
  if (unread !== null) {
    const reason = `\`${unread}.htaccess\` is not part of the audit`
    if (options.skipsUnreadHtaccess?.(unread) !== true) return undecided(reason, null)
    addStep(record, 'doubt', `${reason}: taken as missing`, null)
  }
  record.levels = levels
  return OK
}

interface Watched {
  readonly reader: HtaccessReader
  readonly found: () => { readonly fault: Fault | null; readonly unread: string | null }
}

interface Fault {
  readonly reason: string
  readonly at: Place
}

/** Reads each directory's `.htaccess`, and notes the first that httpd refuses and the first that nobody can see. */
function watchedReader({
  configuration,
  host,
  options: { files, skipsUnreadHtaccess },
}: ApacheWalk): Watched {
  let fault: Fault | null = null
  let unread: string | null = null
  const read = files === null ? null : htaccessReader(configuration, files, host)
  const reader: HtaccessReader = (directory, above) => {
    const children = read === null ? unreadHtaccess(configuration, above) : read(directory, above)
    // One that is not skipped decides.
    if (children === undefined) {
      if (unread === null || skipsUnreadHtaccess?.(directory) === false) unread = directory
    } else if (children !== null && files !== null && fault === null) {
      const file = htaccessIn(configuration, files, host, directory)
      const overrides = overridesFor(configuration, above)
      const broken =
        file === null || !overrides.known ? null : htaccessFault(configuration, files, file, overrides.value)
      const refused = overrides.known ? refusals(children, overrides.value)[0] : undefined
      if (broken !== null) fault = { reason: broken.message, at: broken.at }
      else if (refused !== undefined) {
        const reason = `\`${refused.directive.name}\` is not allowed in this \`.htaccess\``
        fault = { reason, at: namePlace(refused.directive) }
      }
    }
    return children
  }
  return { reader, found: () => ({ fault, unread }) }
}

interface SplitFile {
  readonly filename: string
  /** What stands behind the file, with its slash. */
  readonly rest: string
  readonly kind: FileKind | null | undefined
}

/**
 * Cuts a path at the first part that is no directory, as httpd walks down; what stands behind is `PATH_INFO`.
 * Where nobody knows what is there, the whole path is taken for the file; null where it ends in a slash.
 */
function splitFile(walk: ApacheWalk, path: string): SplitFile | null {
  const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  const whole = fileKind(walk, bare)
  if (whole === 'directory' || (whole === 'file' && bare === path))
    return { filename: path, rest: '', kind: whole }
  for (let slash = path.indexOf('/', 1); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    const above = path.slice(0, slash)
    const kind = fileKind(walk, above)
    if (kind === undefined) break
    if (kind !== 'directory') return { filename: above, rest: path.slice(slash), kind }
  }
  if (whole === undefined) return bare === path ? { filename: path, rest: '', kind: whole } : null
  return { filename: bare, rest: path.slice(bare.length), kind: whole }
}
