import type { Place } from '../../../../parsers/text/source.ts'
import { fromBytes } from '../../regex.ts'
import { type ApacheConfiguration, isModuleLoaded, PHP_MODULES } from '../configuration.ts'
import { argumentPlace, namePlace } from '../queries/places.ts'
import { DIRECTORY_TYPE } from './find-handler.ts'
import { isHeld } from './file-kind.ts'
import { optionsFor } from './options.ts'
import { proxyUrl } from './proxy.ts'
import { handlerTarget, SCHEME_MODULES } from '../queries/handler-target.ts'
import { type ApacheEnd, addStep, failed, type Phase, type RequestRecord, undecided } from './request.ts'
import { REDIRECT_HANDLER } from './rewrite/directory-rewrite.ts'
import { settingFor } from './settings.ts'

/** Who answers: an end, an error, or the URI of an internal redirect. */
export type Content =
  | { readonly kind: 'end'; readonly end: ApacheEnd }
  | { readonly kind: 'redirect'; readonly uri: string; readonly at: Place | null }
  | Extract<Phase, { readonly kind: 'status' | 'unknown' }>

/** Asks the handlers. */
export function answer(record: RequestRecord): Content {
  const { configuration } = record.walk
  const at = record.passedBy === null ? null : namePlace(record.passedBy)
  const handler = record.handler ?? record.contentType
  if (handler === REDIRECT_HANDLER) {
    const query = record.args === null ? '' : `?${record.args}`
    return { kind: 'redirect', uri: (record.filename ?? '').slice('redirect:'.length) + query, at }
  }
  if (record.isProxied || isTakenByProxy(record)) return passOn(record, at)
  if (handler === 'wsgi-script' && isModuleLoaded(configuration, 'wsgi_module') !== false)
    return wsgiScript(record, at)
  if (handler === DIRECTORY_TYPE && record.kind === 'directory' && isGet(record)) {
    const listing = listDirectory(record)
    if (listing !== null) return listing
  }
  if (handler === 'cgi-script' || handler === 'application/x-httpd-cgi') {
    const script = cgiScript(record, at)
    if (script !== null) return script
  }
  const module = handler === null ? undefined : handlerModule(configuration, handler)
  const isRefused = ONLY_GET.has(handler ?? '') && !isGet(record)
  if (handler !== null && module !== undefined && !isRefused) return byHandler(record, handler, at)
  passUnanswered(record)
  return sendFile(record)
}

/** A handler that no module has leaves the request to the default one. */
function passUnanswered(record: RequestRecord): void {
  const { handler, handlerLine } = record
  if (handler === null || handlerLine === null || handler === 'default-handler') return
  const text = `no module has the handler \`${handler}\``
  addStep(record, 'handler', text, argumentPlace(handlerLine, 0), handlerLine)
}

function isGet({ method }: RequestRecord): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** A handler that no module of mod_proxy takes leaves the request to the next one, which sends the file. */
function isTakenByProxy({ handler, walk: { configuration } }: RequestRecord): boolean {
  if (handler === null || !/^proxy:/i.test(handler)) return false
  if (isModuleLoaded(configuration, 'proxy_module') === false) return false
  const target = handlerTarget(handler)
  if (target === 'ignored') return false
  const modules = target === 'refused' ? [] : (SCHEME_MODULES.get(target.scheme) ?? [])
  return modules.length === 0 || modules.some(id => isModuleLoaded(configuration, id) !== false)
}

function passOn(record: RequestRecord, at: Place | null): Content {
  if (!record.isProxied) record.filename = `${record.handler}${record.filename ?? ''}`
  const target = proxyUrl(record)
  if ('status' in target) return target
  const { url, socket } = target
  addStep(
    record,
    'proxy',
    `proxies to ${socket === null ? '' : `unix:${socket}|`}${fromBytes(url)}`,
    at,
    record.passedBy,
  )
  return { kind: 'end', end: { kind: 'pass', url, socket, directive: record.passedBy, at } }
}

function wsgiScript(record: RequestRecord, at: Place | null): Content {
  const path = fromBytes(record.filename ?? '')
  if (record.kind === null) return failed(404, `the script \`${path}\` does not exist`, at)
  if (record.kind === 'directory') return failed(403, `\`${path}\` is a directory, and no script`, at)
  const alias = record.passedBy?.name.startsWith('WSGIScriptAlias') ? record.passedBy : null
  const exists = isHeld(record.walk, path)
  return { kind: 'end', end: { kind: 'wsgi', alias, path, exists, levels: record.levels, at } }
}

/** mod_autoindex; null where it is not loaded. */
function listDirectory(record: RequestRecord): Content | null {
  const { configuration } = record.walk
  const isLoaded = isModuleLoaded(configuration, 'autoindex_module')
  if (isLoaded === false) return null
  const options = optionsFor(record)
  if (!options.known) return undecidedContent(options.reason, options.at)
  const { directive } = options.value
  const at = directive === null ? null : namePlace(directive)
  const path = fromBytes(record.filename ?? '')
  if (!options.value.has('indexes'))
    return failed(403, `\`${path}\` has no index, and \`Options\` lacks \`Indexes\``, at)
  const exists = isHeld(record.walk, path)
  return { kind: 'end', end: { kind: 'handler', name: 'autoindex', path, exists, status: record.status, at } }
}

function undecidedContent(reason: string, at: Place | null): Content {
  return undecided(reason, at) as Extract<Phase, { readonly kind: 'unknown' }>
}

/** mod_cgi and mod_cgid; null where neither is loaded, and the file is sent as it is. */
function cgiScript(record: RequestRecord, at: Place | null): Content | null {
  const { configuration } = record.walk
  const loaded = ['cgi_module', 'cgid_module'].map(id => isModuleLoaded(configuration, id))
  if (loaded.every(is => is === false)) return null
  const path = fromBytes(record.filename ?? '')
  const options = optionsFor(record)
  if (!options.known) return undecidedContent(options.reason, options.at)
  if (!options.value.has('execcgi') && !record.isScriptAliased)
    return failed(403, '`Options` lacks `ExecCGI`', at ?? options.at)
  if (record.kind === null) return failed(404, `the script \`${path}\` does not exist`, at)
  if (record.kind === 'directory') return failed(403, `\`${path}\` is a directory, and no script`, at)
  return byHandler(record, 'cgi-script', at)
}

function byHandler(record: RequestRecord, name: string, at: Place | null): Content {
  const path = fromBytes(record.filename ?? '')
  const exists = isHeld(record.walk, path)
  if (NEEDS_FILE.test(name) && record.kind === null) return failed(404, `\`${path}\` does not exist`, at)
  addStep(record, 'handler', `handler \`${name}\``, at, record.passedBy)
  return { kind: 'end', end: { kind: 'handler', name, path, exists, status: record.status, at } }
}

/** These leave every other method to the next handler, which sends files. */
const ONLY_GET = new Set(['server-status', 'server-info', 'ldap-status'])

const NEEDS_FILE = /php/

/** The modules that answer for a handler's name; any of them will do. */
const MODULES: Readonly<Record<string, readonly string[]>> = {
  'server-status': ['status_module'],
  'server-info': ['info_module'],
  'ldap-status': ['ldap_module'],
  'balancer-manager': ['proxy_balancer_module'],
  'cgi-script': ['cgi_module', 'cgid_module'],
  'fcgid-script': ['fcgid_module'],
  'send-as-is': ['asis_module'],
  'imap-file': ['imagemap_module'],
  'type-map': ['negotiation_module'],
  'lua-script': ['lua_module'],
  'application/x-httpd-php': PHP_MODULES,
  'application/x-httpd-php-source': PHP_MODULES,
  'php-script': PHP_MODULES,
  'php7-script': PHP_MODULES,
  'php5-script': PHP_MODULES,
  'perl-script': ['perl_module'],
  'default-handler': [],
}

/** True where a module answers, undefined for nobody: then httpd sends the file itself, whatever it is. */
function handlerModule(configuration: ApacheConfiguration, handler: string): true | undefined {
  const modules = MODULES[handler]
  const action = configuration.occurrences
    .get('action')
    ?.some(({ args }) => args[0]?.value.toLowerCase() === handler)
  if (action) return true
  if (modules === undefined) {
    // What a module outside of the table answers for is not known.
    const isForeign = [...configuration.modules.values()].some(({ file }) => file === null)
    return handler.includes('/') && !isForeign ? undefined : isForeign ? true : undefined
  }
  if (modules.length === 0) return undefined
  return modules.some(id => isModuleLoaded(configuration, id) !== false) ? true : undefined
}

/** The default handler. */
function sendFile(record: RequestRecord): Content {
  const { method, kind, walk } = record
  const path = fromBytes(record.filename ?? '')
  const at = null
  if (!isGet(record) && method !== 'POST')
    return failed(method === 'OPTIONS' ? 200 : 405, `files take no \`${method}\``, at)
  if (kind === null) return failed(404, `\`${path}\` does not exist`, at)
  if (kind === 'directory') return failed(404, `\`${path}\` is a directory`, at)
  const accepts = settingFor(record, 'AcceptPathInfo')
  if (!accepts.known) return undecidedContent(accepts.reason, accepts.at)
  if (record.pathInfo !== '' && accepts.value?.toLowerCase() !== 'on')
    return failed(404, `nothing stands below the file \`${path}\``, at)
  const exists = isHeld(walk, path)
  if (exists === null && !walk.options.files)
    addStep(record, 'doubt', `whether \`${path}\` is there is not known`, at)
  return { kind: 'end', end: { kind: 'file', path, exists, status: record.status, at } }
}
