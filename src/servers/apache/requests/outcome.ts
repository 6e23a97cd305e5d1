import type { Place } from '../../../../parsers/text/source.ts'
import { fromBytes, toBytes } from '../../regex.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import { directivesAt, effective, serverLevels } from '../queries/effective.ts'
import { argumentPlace, isSettled, namePlace } from '../queries/places.ts'
import type { VirtualHost } from '../queries/virtual-hosts.ts'
import { answer } from './content.ts'
import { redirectEnvironment } from './environment.ts'
import { process } from './process.ts'
import {
  type ApacheEnd,
  type ApacheRequest,
  type ApacheStep,
  type ApacheWalk,
  addStep,
  failed,
  type RequestRecord,
  type StatusPhase,
  type Subrequest,
  type WalkOptions,
} from './request.ts'
import { escapeUri, isUrl, splitUri } from './url-text.ts'

export type { ApacheEnd, ApacheRequest, ApacheStep, WalkOptions } from './request.ts'

export interface ApacheOutcome {
  readonly steps: readonly ApacheStep[]
  readonly end: ApacheEnd
}

/** More records than any request makes that comes to an end. */
const MOST_RECORDS = 200

/**
 * Follows a request through httpd, from its virtual host (null: the main server) to whatever answers: every
 * phase, the rules of mod_rewrite in servers, directories and `.htaccess` files, subrequests for the index,
 * internal redirects and error documents. What nobody here can know ends it as unknown, with the reason.
 */
export function apacheOutcome(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  request: ApacheRequest,
  options: WalkOptions = { files: null },
): ApacheOutcome {
  const walk: ApacheWalk = {
    configuration,
    host,
    request,
    options,
    steps: [],
    records: 0,
    targets: new Set(),
    lookUp,
  }
  const record = newRecord(walk, toBytes(request.target), { method: request.method })
  return { end: follow(record), steps: walk.steps }
}

interface Origin {
  readonly method: string
  readonly prev?: RequestRecord
  readonly main?: RequestRecord
  readonly status?: number
}

function newRecord(
  walk: ApacheWalk,
  uri: string,
  { method, prev, main, status = 200 }: Origin,
): RequestRecord {
  const { path, args } = splitUri(uri)
  walk.records++
  return {
    walk,
    prev: prev ?? null,
    main: main ?? prev?.main ?? null,
    method,
    unparsed: uri,
    uri: path,
    args,
    filename: null,
    pathInfo: '',
    status,
    kind: undefined,
    handler: null,
    handlerLine: null,
    contentType: null,
    levels: serverLevels(walk.host),
    isProxied: false,
    isScriptAliased: false,
    passedBy: null,
    context: null,
    env: prev === undefined ? new Map(main?.env) : redirectEnvironment(prev, prev.status),
    forcedType: null,
    forcedHandler: null,
    isCanonical: false,
    // An internal redirect remembers `[END]`, a subrequest does not.
    rewriting: prev?.rewriting ?? { ended: false },
    looked: [],
  }
}

function follow(record: RequestRecord): ApacheEnd {
  if (record.walk.records > MOST_RECORDS)
    return { kind: 'unknown', reason: 'the request does not come to an end', at: null }
  const phase = process(record)
  if (phase.kind === 'unknown') return phase
  if (phase.kind === 'status') return die(record, phase)
  const content = answer(record)
  switch (content.kind) {
    case 'end':
      return content.end
    case 'unknown':
      return content
    case 'status':
      return die(record, content)
    case 'redirect':
      return redirectInside(record, content.uri, record.status, content.at)
  }
}

/** An internal redirect: the request starts anew with another URI. */
function redirectInside(record: RequestRecord, uri: string, status: number, at: Place | null): ApacheEnd {
  if (exceedsRecursion(record)) {
    const limit = recursionLimits(record).redirects
    return die(record, failed(500, `more than ${limit} internal redirects (\`LimitInternalRecursion\`)`, at))
  }
  addStep(record, 'internal-redirect', `internal redirect to \`${fromBytes(uri)}\``, at)
  return follow(newRecord(record.walk, uri, { method: record.method, prev: record, status }))
}

const USUAL_LIMIT = 10

interface RecursionLimits {
  readonly redirects: number
  readonly subrequests: number
}

function recursionLimits({ walk: { configuration, host } }: RequestRecord): RecursionLimits {
  const { directives } = effective(configuration, serverLevels(host), 'LimitInternalRecursion')
  const [first, second] = (directives.at(-1)?.args ?? []).map(({ value }) => Number.parseInt(value, 10))
  const redirects = first !== undefined && first > 0 ? first : USUAL_LIMIT
  return { redirects, subrequests: second !== undefined && second > 0 ? second : redirects }
}

/** Whether a request has come from too many internal redirects and subrequests to start another of either. */
function exceedsRecursion(record: RequestRecord): boolean {
  const limits = recursionLimits(record)
  let redirects = 0
  let subrequests = 0
  let top = record
  for (;;) {
    if (top.prev !== null) {
      if (++redirects >= limits.redirects) return true
      top = top.prev
    }
    if (top.prev !== null) continue
    if (top.main === null) return false
    if (++subrequests >= limits.subrequests) return true
    top = top.main
  }
}

/** A subrequest runs every phase up to the handler, which it does not call. */
function lookUp(record: RequestRecord, uri: string): Subrequest {
  const { walk } = record
  const base = record.uri.slice(0, record.uri.lastIndexOf('/') + 1)
  const whole = uri.startsWith('/') ? uri : escapeUri(base) + uri
  const sub = newRecord(walk, whole, { method: 'GET', main: record })
  if (walk.records > MOST_RECORDS)
    return {
      record: sub,
      phase: { kind: 'unknown', reason: 'the request does not come to an end', at: null },
    }
  if (exceedsRecursion(record))
    return { record: sub, phase: failed(500, 'too many subrequests (`LimitInternalRecursion`)', null) }
  return { record: sub, phase: process(sub) }
}

/** Sends a status, by the `ErrorDocument` in force for it unless the request is one already. */
function die(record: RequestRecord, failure: StatusPhase): ApacheEnd {
  const { status, location, reason, at } = failure
  if (record.status !== 200) {
    // The document of an error cannot be had: the first error is told, without a document.
    let first = record
    while (first.prev !== null && first.prev.status !== 200) first = first.prev
    const told = first === record ? status : first.status
    return { kind: 'response', status: told, location: null, reason, at }
  }
  record.status = status
  const document = errorDocument(record, status)
  if (document === 'unknown')
    return {
      kind: 'unknown',
      reason: `the answer is ${status}, unless an \`ErrorDocument\` that may apply takes over`,
      at,
    }
  const target = document?.args[1]?.value ?? ''
  if (document === null || target.includes(' ')) return { kind: 'response', status, location, reason, at }
  const documentAt = argumentPlace(document, 1)
  if (target.startsWith('/')) {
    addStep(record, 'error-document', `\`ErrorDocument ${status} ${target}\``, namePlace(document), document)
    record.method = 'GET'
    return redirectInside(record, toBytes(target), status, documentAt)
  }
  if (isUrl(target) && status !== 401) {
    addStep(record, 'error-document', `\`ErrorDocument ${status} ${target}\``, namePlace(document), document)
    return {
      kind: 'response',
      status: 302,
      location: target,
      reason: '`ErrorDocument` redirects',
      at: documentAt,
    }
  }
  return { kind: 'response', status, location, reason, at }
}

/** The line in force for a status, the innermost one. */
function errorDocument(
  { walk: { configuration }, levels }: RequestRecord,
  status: number,
): ApacheDirective | 'unknown' | null {
  let found: ApacheDirective | 'unknown' | null = null
  for (const level of levels) {
    for (const line of directivesAt(configuration, level, 'ErrorDocument')) {
      if (line.args[0]?.value !== String(status)) continue
      const target = line.args[1]?.value ?? ''
      if (level.applies === undefined || !isSettled(target) || target.includes('%{')) found = 'unknown'
      else found = target.toLowerCase() === 'default' ? null : line
    }
  }
  return found
}
