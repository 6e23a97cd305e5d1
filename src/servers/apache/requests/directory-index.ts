import { fromBytes, toBytes } from '../../regex.ts'
import { type ApacheDirective, isModuleLoaded } from '../configuration.ts'
import { effective } from '../queries/effective.ts'
import { namePlace } from '../queries/places.ts'
import { DIRECTORY_TYPE } from './find-handler.ts'
import { constructUrl } from './named-host.ts'
import {
  addStep,
  DECLINED,
  failed,
  OK,
  type Phase,
  type RequestRecord,
  redirected,
  takeSteps,
  undecided,
} from './request.ts'
import { REDIRECT_HANDLER } from './rewrite/directory-rewrite.ts'
import { isOnFor, lineFor, settingFor } from './settings.ts'
import { escapeUri } from './url-text.ts'

/** mod_dir: the last slash of a directory, its index, and `FallbackResource` for what is not there. */
export function fixUpDirectory(record: RequestRecord): Phase {
  const { configuration } = record.walk
  if (isModuleLoaded(configuration, 'dir_module') === false) return DECLINED
  if (record.kind === 'directory') return directory(record)
  if (record.handler !== null) return DECLINED
  if (record.kind === null) return fallback(record)
  const line = lineFor(record, 'FallbackResource')
  const isOff = line.known && (line.value === null || line.value.args[0]?.value.toLowerCase() === 'disabled')
  if (record.kind !== undefined || isOff) return DECLINED
  return undecided('whether `FallbackResource` answers depends on a file that is not known', line.at)
}

function directory(record: RequestRecord): Phase {
  record.handler ??= DIRECTORY_TYPE
  if (record.pathInfo !== '') return DECLINED
  if (!record.uri.endsWith('/')) return addSlash(record)
  if (record.handler === REDIRECT_HANDLER) return DECLINED
  const checks = isOnFor(record, 'DirectoryCheckHandler', false)
  if (!checks.known) return undecided(checks.reason, checks.at)
  if (checks.value && record.handler !== DIRECTORY_TYPE) return DECLINED
  return findIndex(record)
}

function addSlash(record: RequestRecord): Phase {
  const slash = isOnFor(record, 'DirectorySlash', true)
  if (!slash.known) return undecided(slash.reason, slash.at)
  if (!slash.value) return DECLINED
  const query = record.args === null ? '' : `?${record.args}`
  const location = constructUrl(record, `${escapeUri(record.uri)}/${query}`)
  if (!location.known) return undecided(location.reason, location.at)
  addStep(record, 'index', 'mod_dir adds the last slash of a directory', slash.at)
  return redirected(301, location.value, 'mod_dir adds the last slash of a directory', slash.at)
}

interface IndexNames {
  readonly names: readonly string[]
  readonly line: ApacheDirective | null
}

/** `DirectoryIndex`: one line after the other adds names, and `disabled` alone takes all away. */
function indexNames(record: RequestRecord): IndexNames | null {
  const { index } = record.walk.options
  if (index !== undefined) return { names: [index], line: null }
  const { directives, open } = effective(record.walk.configuration, record.levels, 'DirectoryIndex')
  const line = directives.at(-1) ?? null
  if (open !== null && !(record.walk.configuration.main === null && line === null)) return null
  if (line === null) return { names: ['index.html'], line }
  let names: string[] = []
  for (const { args } of directives) {
    const words = args.map(({ value }) => value)
    if (words.length === 1 && words[0]?.toLowerCase() === 'disabled') names = []
    else names.push(...words)
  }
  return { names, line }
}

function findIndex(record: RequestRecord): Phase {
  const index = indexNames(record)
  if (index === null) return undecided('the `DirectoryIndex` is not known here', null)
  const at = index.line === null ? null : namePlace(index.line)
  let error: Phase | null = null
  for (const name of index.names) {
    const query = record.args === null ? '' : `?${record.args}`
    const { record: found, phase } = record.walk.lookUp(record, toBytes(name) + query)
    if (phase.kind === 'unknown') return phase
    if (phase.kind !== 'status') {
      const isAnswer = found.handler === 'proxy-server' || found.kind === 'file'
      if (found.kind === undefined && !isAnswer && index.names.length > 1)
        return undecided(`whether \`${fromBytes(found.filename ?? '')}\` is there is not known`, at)
      if (!isAnswer && found.kind !== undefined) continue
      return takeIndex(record, found, index)
    }
    const { status } = phase
    const isOnly = index.names.length === 1
    if ((status >= 300 && status < 400) || (isOnly && (status === 401 || status === 406))) {
      takeSteps(record, found)
      return phase
    }
    if (status !== 404) error = phase
  }
  return error ?? DECLINED
}

function takeIndex(record: RequestRecord, found: RequestRecord, { line }: IndexNames): Phase {
  const at = line === null ? null : namePlace(line)
  const redirect = settingFor(record, 'DirectoryIndexRedirect')
  if (!redirect.known) return undecided(redirect.reason, redirect.at)
  const mode = redirect.value?.toLowerCase() ?? 'off'
  if (mode !== 'off') {
    const location = constructUrl(record, found.uri)
    if (!location.known) return undecided(location.reason, location.at)
    return redirected(
      INDEX_STATUS[mode] ?? Number.parseInt(mode, 10),
      location.value,
      '`DirectoryIndexRedirect`',
      redirect.at,
    )
  }
  addStep(record, 'index', `index: \`${fromBytes(found.filename ?? '')}\``, at, line)
  become(record, found)
  return OK
}

const INDEX_STATUS: Readonly<Record<string, number>> = { on: 302, permanent: 301, temp: 302, seeother: 303 }

/** A fast redirect: the request goes on as the subrequest. */
function become(record: RequestRecord, found: RequestRecord): void {
  const { uri, args, filename, pathInfo, kind, handler, handlerLine, contentType, levels } = found
  const { isProxied, passedBy } = found
  Object.assign(record, {
    uri,
    args,
    filename,
    pathInfo,
    kind,
    handler,
    handlerLine,
    contentType,
    levels,
    isProxied,
    passedBy,
  })
  record.isCanonical = found.isCanonical
  record.isScriptAliased = found.isScriptAliased
  record.forcedHandler = found.forcedHandler ?? record.forcedHandler
  record.forcedType = found.forcedType ?? record.forcedType
  for (const [name, value] of found.env) record.env.set(name, value)
}

function fallback(record: RequestRecord): Phase {
  const line = lineFor(record, 'FallbackResource')
  if (!line.known) return undecided(line.reason, line.at)
  const target = line.value?.args[0]?.value
  if (line.value === null || target === undefined || target.toLowerCase() === 'disabled') return DECLINED
  const at = namePlace(line.value)
  const query = record.args === null ? '' : `?${record.args}`
  const { record: found, phase } = record.walk.lookUp(record, toBytes(target) + query)
  if (phase.kind === 'unknown') return phase
  if (phase.kind === 'status') {
    if (phase.status === 404) return DECLINED
    if (phase.location === null) return failed(phase.status, phase.reason, phase.at)
    takeSteps(record, found)
    return phase
  }
  if (found.handler !== 'proxy-server' && found.kind !== 'file' && found.kind !== undefined) return DECLINED
  addStep(record, 'fallback', `\`FallbackResource ${target}\``, at, line.value)
  become(record, found)
  return OK
}
