import type { FileSystem } from '../../../files/file-system.ts'
import { memo } from '../../../../parsers/collections/memo.ts'
import { readPattern } from '../../pcre/read-pattern.ts'
import type { PcreMatch } from '../../regex.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { accessStep } from './access-phase.ts'
import { contentStep } from './content-phase.ts'
import { effective, isOn } from './effective.ts'
import { type Assumption, type FileView, fileView } from './file-view.ts'
import { locationStep, runDirectives } from './rewrite-phase.ts'
import { normaliseUri } from './normalise-uri.ts'
import { namePlace } from './places.ts'
import { BY_HOST, keepMatch, type NginxRequest, type OutcomeStep, type RequestState } from './request.ts'
import { childrenNamed } from './scope.ts'
import { socketsOf } from './select-server.ts'
import { tryFilesStep } from './try-files.ts'
import {
  type BackendAnswer,
  endUnknown,
  fail,
  GO,
  type Next,
  type OutcomeEnd,
  type PassEnd,
  type Walk,
} from './walk.ts'

export type { BackendAnswer, OutcomeEnd, PassEnd } from './walk.ts'

export interface Outcome {
  readonly steps: readonly OutcomeStep[]
  readonly end: OutcomeEnd
  /** True where nginx gave up on a request that went from location to location. */
  readonly isCycle: boolean
}

export interface OutcomeOptions {
  /** Where files are looked for; null where none can be. */
  readonly files: FileSystem | null
  /** The match of a `server_name` expression, as `selectServer` gives it. */
  readonly match?: PcreMatch | null
  /** What stands where the audit does not look. */
  readonly assume?: Assumption
  /**
   * What the backend of a pass answers, for a caller who knows: then `error_page` may take over for what failed,
   * and with `proxy_intercept_errors` for what the backend says.
   */
  readonly backend?: (pass: PassEnd) => BackendAnswer | null
  /** A block of whose requests is asked: what nobody here has read around it takes some of them away, but not all. */
  readonly into?: NginxDirective
  /** True for a request in plain HTTP to a socket that speaks TLS: nginx counts it as 497. */
  readonly plainToTls?: boolean
}

/** nginx goes to another location ten times, and answers 500 to the next. */
const MOST_CHANGES = 11

/**
 * Follows a request through a server as nginx's phases do: rewrites of the server, location, rewrites of the
 * location, access, `try_files`, content; with every internal redirect starting anew. What nobody here can
 * know ends it as unknown, with the reason.
 */
export function outcome(
  configuration: NginxConfiguration,
  server: NginxDirective,
  request: NginxRequest,
  options: OutcomeOptions = { files: null },
): Outcome {
  const normal = normaliseUri(request.target, mergesSlashes(configuration, server, request))
  if (normal === null) {
    const reason = 'the request line is malformed'
    return {
      steps: [],
      end: { kind: 'response', status: 400, location: null, reason, at: null },
      isCycle: false,
    }
  }
  const state: RequestState = {
    configuration,
    server,
    request,
    scope: server,
    location: null,
    uri: normal.uri,
    args: normal.args,
    quoted: normal.quoted,
    plus: normal.plus,
    internal: false,
    unchanged: true,
    validLocation: true,
    addsUri: false,
    subrequest: false,
    into: options.into ?? null,
    method: request.method,
    captures: null,
    values: new Map(),
    mapped: new Map(),
  }
  keepMatch(state, options.match ?? null)
  const groups = options.match == null ? groupsOfNames(server) : null
  if (groups !== null) {
    state.captures = 'server_name'
    for (const name of groups) state.values.set(name, BY_HOST)
  }
  const view = fileView(configuration, options.files, options.assume)
  const { backend = () => null } = options
  const walk: Walk = { ...newWalk(state, view, backend), subrequest: uri => followSubrequest(walk, uri) }
  const first: Next = options.plainToTls ? refusePlain(walk) : { kind: 'jump', to: 'server' }
  const end = follow(walk, first)
  return { end, steps: walk.steps, isCycle: walk.changes <= 0 }
}

function newWalk(state: RequestState, view: FileView, backend: Walk['backend']): Omit<Walk, 'subrequest'> {
  return { state, view, backend, steps: [], changes: MOST_CHANGES, errorPage: false, status: null }
}

/** A subrequest starts in the server, internal and without a query; of its steps nothing is told. */
function followSubrequest({ state, view, backend }: Walk, uri: string): OutcomeEnd {
  const own: RequestState = {
    ...state,
    scope: state.server,
    location: null,
    uri,
    args: '',
    internal: true,
    unchanged: false,
    validLocation: true,
    addsUri: false,
    subrequest: true,
    into: null,
    method: 'GET',
    values: new Map(state.values),
  }
  const fail: OutcomeEnd = { kind: 'unknown', reason: 'a subrequest starts another', at: null }
  return follow({ ...newWalk(own, view, backend), subrequest: () => fail }, { kind: 'jump', to: 'server' })
}

/** nginx has a status of its own for this, for which there may be an `error_page`; else it sends 400. */
function refusePlain(walk: Walk): Next {
  const reason = 'plain HTTP request sent to a port that speaks TLS'
  const next = fail(walk, 497, reason, namePlace(walk.state.server))
  if (next.kind !== 'end' || next.end.kind !== 'response' || next.end.status !== 497) return next
  return { kind: 'end', end: { ...next.end, status: 400 } }
}

/**
 * Whether runs of slashes become one. nginx reads the request line before it knows the host, so over plain
 * HTTP the default server of the socket decides; over TLS the server that SNI named.
 */
export function mergesSlashes(
  configuration: NginxConfiguration,
  server: NginxDirective,
  request: Pick<NginxRequest, 'scheme' | 'port'>,
): boolean {
  const socket = socketsOf(configuration, server).find(found => found.socket.port === request.port)?.socket
  const first = socket?.defaultServer.known ? socket.defaultServer.value.server : server
  const merge = isOn(configuration, request.scheme === 'https' ? server : first, 'merge_slashes', true)
  return merge.known ? merge.value : true
}

function follow(walk: Walk, first: Next): OutcomeEnd {
  let next = first
  // Each turn is an internal redirect, of which nginx allows ten.
  for (let turn = 0; turn <= 2 * MOST_CHANGES; turn++) {
    if (next.kind === 'end') return next.end
    if (next.kind === 'go') break
    next = phases(walk, next.to)
  }
  return { kind: 'unknown', reason: 'the request does not come to an end', at: namePlace(walk.state.server) }
}

const SCRIPTED = /^(?:server_)?(?:rewrite|access)_by_lua/

/** What a script of Lua does before the content is not known. */
function scriptedPhase(walk: Walk): Next | null {
  const { configuration, scope } = walk.state
  for (const name of configuration.occurrences.keys()) {
    if (!SCRIPTED.test(name)) continue
    const fact = effective(configuration, scope, name)
    const line = fact.known ? fact.value.directives[0] : undefined
    if (line !== undefined) return endUnknown(walk, `\`${name}\` may answer`, namePlace(line))
  }
  return null
}

/** Runs the phases from an entry on: to an end, or to the next jump. */
function phases(walk: Walk, from: 'server' | 'find' | 'named'): Next {
  const { state } = walk
  if (from === 'server') {
    const rewritten = runDirectives(walk, state.server)
    if (rewritten.kind === 'end' || rewritten.kind === 'jump') return rewritten
  }
  if (from !== 'named') {
    const found = locationStep(walk)
    if (found.kind !== 'go') return found
  }
  // `limit_except` has its own settings, and none of its location's rewrites or answers.
  if (state.location !== null && state.scope.name !== 'limit_except') {
    const rewritten = runDirectives(walk, state.location)
    if (rewritten.kind === 'end' || rewritten.kind === 'jump') return rewritten
    if (rewritten.kind === 'changed') {
      walk.changes--
      if (walk.changes === 0) return fail(walk, 500, 'more than ten rewrites', null)
      return { kind: 'jump', to: 'find' }
    }
  }
  const scripted = scriptedPhase(walk)
  if (scripted !== null) return scripted
  const access = state.subrequest ? GO : accessStep(walk)
  if (access.kind !== 'go') return access
  const tried = tryFilesStep(walk)
  if (tried.kind !== 'go') return tried
  return contentStep(walk)
}

/** The named groups of a server that expressions alone lead to, which have no match where nobody says which host is asked for; null for any other. */
const groupsOfNames = memo((server: NginxDirective): readonly string[] | null => {
  const names = childrenNamed(server, 'server_name').flatMap(({ args }) => args.map(({ value }) => value))
  if (names.length === 0 || !names.every(name => name.startsWith('~'))) return null
  return names.flatMap(name => readPattern(name.slice(1))?.names ?? []).map(({ name }) => name.toLowerCase())
})
