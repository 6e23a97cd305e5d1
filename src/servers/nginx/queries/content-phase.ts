import type { Place } from '../../../../parsers/text/source.ts'
import { fromBytes } from '../../regex.ts'
import { effective, isOn } from './effective.ts'
import { interpolate } from './interpolate.ts'
import { escapeUri } from './normalise-uri.ts'
import { argumentPlace, namePlace } from './places.ts'
import { effectivePass, proxyTarget } from './proxy-target.ts'
import { requestVariables } from './request.ts'
import { sentUri } from './sent-uri.ts'
import { fileBase, filePath } from './static-content.ts'
import { endUnknown, fail, internalRedirect, misplacedAlias, type Next, step, type Walk } from './walk.ts'

const HANDLERS: ReadonlySet<string> = new Set([
  'stub_status',
  'empty_gif',
  'flv',
  'mp4',
  'perl',
  'js_content',
  'api',
  'status',
  'echo',
  'content_by_lua',
  'content_by_lua_file',
  'content_by_lua_block',
  'vhost_traffic_status_display',
  'rtmp_stat',
])

/** Who answers: a pass, a handler of a module, or a file. */
export function contentStep(walk: Walk): Next {
  const { configuration, scope } = walk.state
  const pass = effectivePass(configuration, scope)
  if (pass !== null) {
    const target = proxyTarget(configuration, pass, requestVariables(walk.state))
    const at = argumentPlace(pass, 0)
    if (!target.known) {
      const written = interpolate(pass.args[0]?.value ?? '', requestVariables(walk.state))
      // nginx reads an address made of variables anew for each request, and answers 500 where it cannot.
      if (written.known) return fail(walk, 500, `\`${written.value}\` is no address`, at)
      return endUnknown(walk, target.reason, at)
    }
    step(walk, 'pass', `\`${pass.name}\` hands it on`, at)
    if (pass.name !== 'proxy_pass')
      return {
        kind: 'end',
        end: { kind: 'pass', target: target.value, uri: null, status: walk.status, scope, at },
      }
    const uri = sentUri(walk.state, target.value)
    if (!uri.known) return endUnknown(walk, uri.reason, at)
    return {
      kind: 'end',
      end: { kind: 'pass', target: target.value, uri: uri.value, status: walk.status, scope, at },
    }
  }
  const handler = scope.children.find(child => HANDLERS.has(child.name))
  if (handler !== undefined)
    return { kind: 'end', end: { kind: 'handler', name: handler.name, at: namePlace(handler) } }
  return fileStep(walk)
}

function fileStep(walk: Walk): Next {
  const { state, files } = walk
  const base = fileBase(state.configuration, state.scope)
  if (!base.known) return endUnknown(walk, base.reason, base.at)
  const misplaced = misplacedAlias(walk, base.value)
  if (misplaced !== null) return misplaced
  const path = filePath(base.value, state.uri, requestVariables(state), state.addsUri)
  if (!path.known) return endUnknown(walk, path.reason, path.at)
  const isFolder = state.uri.endsWith('/')
  if (isFolder && ['GET', 'HEAD', 'POST'].includes(walk.state.method))
    return indexStep(walk, path.value, path.at)
  if (isFolder) return fail(walk, 403, 'a folder takes no such method', path.at)
  if (!['GET', 'HEAD', 'POST'].includes(walk.state.method))
    return fail(walk, 405, 'files take no such method', path.at)
  const kind = files?.kind(path.value) ?? null
  if (kind === null) {
    if (files?.covers(path.value)) return fail(walk, 404, `\`${path.value}\` is not there`, path.at)
    return fileEnd(walk, path.value, null, path.at)
  }
  if (kind === 'directory') {
    const query = state.args === '' ? '' : `?${state.args}`
    return fail(
      walk,
      301,
      'nginx adds the last slash of a folder',
      path.at,
      `${escapeUri(state.uri)}/${query}`,
    )
  }
  if (walk.state.method === 'POST') return fail(walk, 405, 'files take no `POST`', path.at)
  return fileEnd(walk, path.value, true, path.at)
}

function fileEnd(walk: Walk, path: string, exists: true | null, at: Place | null): Next {
  step(walk, 'file', `\`${path}\``, at)
  return { kind: 'end', end: { kind: 'file', path, exists, status: walk.status ?? 200, at } }
}

function indexStep(walk: Walk, folder: string, at: Place | null): Next {
  const { state, files } = walk
  const { configuration, scope } = state
  const fact = effective(configuration, scope, 'index')
  if (!fact.known && configuration.main !== null) return endUnknown(walk, fact.reason, at)
  const written = fact.known ? fact.value.directives.flatMap(directive => directive.args) : []
  const names = written.length === 0 ? ['index.html'] : written.map(word => word.value)
  const indexAt =
    fact.known && fact.value.directives[0] !== undefined ? namePlace(fact.value.directives[0]) : at
  for (const name of names) {
    const value = interpolate(name, requestVariables(state))
    if (!value.known) return endUnknown(walk, value.reason, indexAt)
    if (value.value.startsWith('/')) return internalRedirect(walk, value.value, state.args, indexAt)
    const path = folder + fromBytes(value.value)
    const kind = files?.kind(path) ?? null
    if (kind === null && !files?.covers(path)) return fileEnd(walk, path, null, indexAt)
    if (kind === null) {
      if (files?.kind(folder.replace(/\/+$/, '') || '/') !== 'directory')
        return fail(walk, 404, `\`${folder}\` is not there`, at)
      continue
    }
    step(walk, 'index', `\`${path}\` is there`, indexAt)
    return internalRedirect(walk, state.uri + value.value, state.args, indexAt)
  }
  const listing = isOn(configuration, scope, 'autoindex', false)
  if (listing.known && listing.value) {
    step(walk, 'file', `a listing of \`${fromBytes(folder)}\``, listing.at)
    return { kind: 'end', end: { kind: 'handler', name: 'autoindex', at: listing.at } }
  }
  return fail(walk, 403, `\`${folder}\` has no index file, and listings are off`, at)
}
