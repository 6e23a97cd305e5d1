import { isUnknownWord, type Place } from '../../../../parsers/text/source.ts'
import { type Fact, known } from '../../fact.ts'
import { fromBytes } from '../../regex.ts'
import { withSupposed } from './file-view.ts'
import { effective, isOn } from './effective.ts'
import { interpolate } from './interpolate.ts'
import { escapeUri } from './normalise-uri.ts'
import { argumentPlace, namePlace } from './places.ts'
import { proxyRedirect } from './proxy-redirect.ts'
import { effectivePass, type ProxyTarget, proxyTarget, unnamedTarget } from './proxy-target.ts'
import { requestVariables } from './request.ts'
import { hasUnreadAround, hasUnreadInclude } from './scope.ts'
import { sentUri } from './sent-uri.ts'
import { sentValues } from './sent-values.ts'
import { fileBase, filePath } from './static-content.ts'
import {
  absoluteLocation,
  endUnknown,
  fail,
  hasErrorPage,
  internalRedirect,
  misplacedAlias,
  type Next,
  type PassEnd,
  step,
  type Walk,
} from './walk.ts'

const HANDLERS: ReadonlySet<string> = new Set([
  'stub_status',
  'empty_gif',
  'flv',
  'mp4',
  'perl',
  'js_content',
  'api',
  'status',
  'upstream_conf',
  'upstream_show',
  'check_status',
  'echo',
  'content_by_lua',
  'content_by_lua_file',
  'content_by_lua_block',
  'vhost_traffic_status_display',
  'rtmp_stat',
])

/** `content_by_php` of php-ngx and its like, which are named after the directives for Lua. */
const OF_OTHER_LANGUAGE = /^content_by_[a-z]+(?:_block|_file)?$/

/** Who answers: a pass, a handler of a module, or a file. */
export function contentStep(walk: Walk): Next {
  const { configuration, scope } = walk.state
  const pass = effectivePass(configuration, scope)
  if (pass !== null) {
    const target = proxyTarget(configuration, pass, requestVariables(walk.state))
    const at = argumentPlace(pass, 0)
    if (!target.known) {
      const unnamed = unnamedTarget(pass)
      if (unnamed !== null) return passTo(walk, passEnd(walk, unnamed, null))
      const written = interpolate(pass.args[0]?.value ?? '', requestVariables(walk.state))
      // nginx reads an address made of variables anew for each request, and answers 500 where it cannot.
      if (written.known) return fail(walk, 500, `\`${written.value}\` is not an address`, at)
      return endUnknown(walk, target.reason, at)
    }
    const uri = pass.name === 'proxy_pass' ? sentUri(walk.state, target.value) : null
    if (uri !== null && !uri.known) return endUnknown(walk, uri.reason, at)
    return passTo(walk, passEnd(walk, target.value, uri === null ? null : uri.value))
  }
  const handler = scope.children.find(({ name }) => HANDLERS.has(name) || OF_OTHER_LANGUAGE.test(name))
  if (handler !== undefined)
    return { kind: 'end', end: { kind: 'handler', name: handler.name, at: namePlace(handler) } }
  // Next to the lines of a location that look for files there may be one that passes them on.
  if (walk.state.location !== null && hasUnreadInclude(configuration, walk.state.location, 'fastcgi_pass'))
    return endUnknown(walk, 'something here was not read', namePlace(walk.state.location))
  return fileStep(walk)
}

function passEnd(walk: Walk, target: ProxyTarget, uri: string | null): PassEnd {
  const { directive, at } = target
  step(walk, 'pass', `\`${directive.name}\` to ${target.proxyHost}`, at, directive)
  const { state, status } = walk
  const sends = sentValues(state, target)
  return { kind: 'pass', target, uri, status, scope: state.scope, sends, answer: null, at }
}

/** `error_page` for what a backend does not answer, or answers and `proxy_intercept_errors` takes over. */
function passTo(walk: Walk, pass: PassEnd): Next {
  const answer = walk.backend(pass)
  if (answer === null) return { kind: 'end', end: pass }
  if (answer.kind === 'failed') return fail(walk, answer.status, answer.reason, pass.at)
  const { configuration, scope } = walk.state
  const protocol =
    /^(?:proxy|grpc|fastcgi|uwsgi|scgi|memcached)/.exec(pass.target.directive.name)?.[0] ?? 'proxy'
  const intercepts = isOn(configuration, scope, `${protocol}_intercept_errors`, false)
  const mayIntercept = answer.status >= 300 && intercepts.known && intercepts.value
  if (mayIntercept && hasErrorPage(walk, answer.status))
    return fail(walk, answer.status, `the backend answers ${answer.status}`, pass.at)
  const location = answer.location === null ? known(null) : clientLocation(walk, pass, answer.location)
  if (!location.known) return endUnknown(walk, location.reason, location.at)
  const { status } = answer
  return {
    kind: 'end',
    end: { ...pass, answer: { status: walk.status ?? status, location: location.value } },
  }
}

/** What `proxy_redirect` makes of the backend's `Location`; only then a path is made whole. */
function clientLocation({ state }: Walk, { target }: PassEnd, location: string): Fact<string> {
  const changed = proxyRedirect(state, target, location)
  if (!changed.known) return changed
  return known(changed.value === null ? location : absoluteLocation(state, changed.value))
}

function fileStep(walk: Walk): Next {
  const { state, view } = walk
  const base = fileBase(state.configuration, state.scope)
  if (!base.known) return endUnknown(walk, base.reason, base.at)
  const misplaced = misplacedAlias(walk, base.value)
  if (misplaced !== null) return misplaced
  const path = filePath(base.value, state.uri, requestVariables(state), state.addsUri, true)
  if (!path.known) return endUnknown(walk, path.reason, path.at)
  const isDirectory = state.uri.endsWith('/')
  if (isDirectory && isUnknownWord(path.value))
    return endUnknown(walk, 'a placeholder of a template stands here', path.at)
  if (isDirectory && ['GET', 'HEAD', 'POST'].includes(walk.state.method))
    return indexStep(walk, path.value, path.at)
  if (isDirectory) return fail(walk, 403, 'a directory takes no such method', path.at)
  if (!['GET', 'HEAD', 'POST'].includes(walk.state.method))
    return fail(walk, 405, 'files take no such method', path.at)
  const kind = view.kind(path.value)
  // Nobody knows where a placeholder leads.
  if (kind === null && isUnknownWord(path.value)) return fileEnd(walk, path.value, null, path.at)
  if (kind === null) return fail(walk, 404, `\`${path.value}\` does not exist`, path.at)
  if (kind === undefined) return fileEnd(walk, path.value, null, path.at)
  if (kind === 'directory') {
    const query = state.args === '' ? '' : `?${state.args}`
    return fail(
      walk,
      301,
      'nginx adds the last slash of a directory',
      path.at,
      `${escapeUri(state.uri)}/${query}`,
    )
  }
  if (walk.state.method === 'POST') return fail(walk, 405, 'files take no `POST`', path.at)
  return fileEnd(walk, path.value, view.supposed === path.value ? null : true, path.at)
}

function fileEnd(walk: Walk, path: string, exists: true | null, at: Place | null): Next {
  step(walk, 'file', `\`${path}\``, at)
  return { kind: 'end', end: { kind: 'file', path, exists, status: walk.status ?? 200, at } }
}

function indexStep(walk: Walk, directory: string, at: Place | null): Next {
  const { state, view } = walk
  const { configuration, scope } = state
  const fact = effective(configuration, scope, 'index')
  if (!fact.known && (configuration.main !== null || hasUnreadAround(configuration, scope, 'index')))
    return endUnknown(walk, fact.reason, at)
  const written = fact.known ? fact.value.directives.flatMap(directive => directive.args) : []
  const names = written.length === 0 ? ['index.html'] : written.map(word => word.value)
  const indexAt =
    fact.known && fact.value.directives[0] !== undefined ? namePlace(fact.value.directives[0]) : at
  for (const name of names) {
    const value = interpolate(name, requestVariables(state))
    if (!value.known) return endUnknown(walk, value.reason, indexAt)
    if (value.value.startsWith('/')) return internalRedirect(walk, value.value, state.args, indexAt)
    const path = directory + fromBytes(value.value)
    const kind = view.kind(path)
    // Where nobody knows, the first name is taken: nginx looks for the location of the file that it finds.
    if (kind === undefined) walk.view = withSupposed(view, path)
    if (kind === null) {
      if (view.kind(directory) !== 'directory') return fail(walk, 404, `\`${directory}\` does not exist`, at)
      continue
    }
    const doubt = kind === undefined ? ', if it exists' : ''
    step(walk, 'index', `index \`${path}\`${doubt}`, indexAt)
    return internalRedirect(walk, state.uri + value.value, state.args, indexAt)
  }
  const listing = isOn(configuration, scope, 'autoindex', false)
  if (!listing.known && hasUnreadAround(configuration, scope, 'autoindex'))
    return endUnknown(walk, listing.reason, at)
  if (listing.known && listing.value) {
    step(walk, 'file', `a listing of \`${fromBytes(directory)}\``, listing.at)
    return { kind: 'end', end: { kind: 'handler', name: 'autoindex', at: listing.at } }
  }
  return fail(walk, 403, `\`${directory}\` has no index file, and listings are off`, at)
}
