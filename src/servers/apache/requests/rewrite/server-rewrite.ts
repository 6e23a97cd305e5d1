import { isAtLeast } from '../../../version.ts'
import { isModuleLoaded } from '../../configuration.ts'
import { namePlace } from '../../queries/places.ts'
import { mapToDocumentRoot } from '../core-translate.ts'
import { documentRoot } from '../document-root.ts'
import { firstPartExists } from '../file-kind.ts'
import { DECLINED, failed, OK, type Phase, type RequestRecord, redirected, undecided } from '../request.ts'
import { absoluteLength, canonicalFile, escapeUri } from '../url-text.ts'
import { applyRules, type Rewritten } from './apply-rules.ts'
import { directoryRules, serverRules } from './rule-set.ts'

/** The rules of a virtual host or of the main server, before the URL is mapped to a file. */
export function rewriteInServer(record: RequestRecord): Phase {
  const { configuration, host } = record.walk
  if (isModuleLoaded(configuration, 'rewrite_module') === false) return DECLINED
  const own = directoryRules(configuration, record.levels)
  if (!own.known) return undecided(own.reason, own.at)
  const server = serverRules(configuration, host)
  // `RewriteEngine` in a `<Location>` turns the rules of the server on and off as well.
  if (!own.value.enabled || server === null || record.rewriting.ended) return DECLINED
  const before = record.args
  record.filename ??= record.uri
  const result = applyRules(record, server.rules, null)
  switch (result.kind) {
    case 'unchanged':
      return DECLINED
    case 'unknown':
      return undecided(result.reason, result.at)
    case 'status':
      return statusPhase(record, result)
    case 'changed':
      return settle(record, result, before)
  }
}

/** mod_rewrite forgets that the request is the document of an error. */
export function statusPhase(
  record: RequestRecord,
  result: Extract<Rewritten, { readonly kind: 'status' }>,
): Phase {
  if (result.rule.isRefusal || result.status === 500) record.status = 200
  return failed(result.status, result.reason, namePlace(result.rule.directive))
}

export type Changed = Extract<Rewritten, { readonly kind: 'changed' }>

function settle(record: RequestRecord, changed: Changed, before: string | null): Phase {
  const other = settleElsewhere(record, changed, before)
  if (other !== null) return other
  const filename = record.filename ?? ''
  const at = namePlace(changed.rule.directive)
  if (changed.passesThrough) {
    // Other modules see the rewritten URL, a redirect with `[PT]` too: then none of them knows what to do.
    record.uri = filename
    return DECLINED
  }
  if (!filename.startsWith('/')) return failed(400, 'the rewritten URL is no path', at)
  if (filename.startsWith('/~')) return undecided('the home directory of a user is not known', at)
  if (changed.reduced || !isFilePath(record, filename, changed)) return mapToDocumentRoot(record, filename)
  record.filename = canonicalFile(filename) ?? filename
  return OK
}

/**
 * Whether a rewritten path is one of the file system: its first part is there, and the rule wrote that part
 * itself, or the path lies in the document root.
 */
function isFilePath(record: RequestRecord, path: string, { rule }: Changed): boolean {
  if (!firstPartExists(record.walk, path)) return false
  // Before 2.4.60 every rule could name one.
  if (rule.flags.has('UNSAFEPREFIXSTAT') || !isAtLeast(record.walk.configuration.version, '2.4.60'))
    return true
  const first = /^\/+[^/]*/.exec(path)?.[0] ?? '/'
  const root = documentRoot(record.walk)
  return rule.output.startsWith(first) || (root.known && path.startsWith(root.value))
}

/** A proxied URL or a redirect; null for what stays here. */
export function settleElsewhere(
  record: RequestRecord,
  changed: Changed,
  before: string | null,
): Phase | null {
  const { configuration } = record.walk
  const { directive } = changed.rule
  const filename = record.filename ?? ''
  const at = namePlace(directive)
  // `[PT]` takes it for a path, whatever it is.
  const scheme = changed.passesThrough ? 0 : absoluteLength(filename)
  if (record.args !== null && !(scheme > 0 && changed.escapes) && /[\0-\x20\x7f]/.test(record.args))
    return failed(403, 'the rewritten query holds a blank or a control character', at)
  if (filename.startsWith('proxy:') && !changed.passesThrough) {
    if (isModuleLoaded(configuration, 'proxy_module') === false)
      return failed(403, '`[P]` needs `proxy_module`, which is not loaded', at)
    if (!changed.escapes && record.args !== null) record.filename = `${filename}?${record.args}`
    record.isCanonical = !changed.escapes
    record.isProxied = true
    record.passedBy = directive
    record.handler = 'proxy-server'
    return OK
  }
  if (scheme === 0) return null
  const { status } = record
  const isRedirect = status >= 300 && status <= 399
  if (isRedirect) record.status = 200
  return redirected(
    isRedirect ? status : 302,
    redirectTarget(record, changed, scheme, before),
    '`RewriteRule` redirects',
    at,
  )
}

function redirectTarget(
  record: RequestRecord,
  { escapes }: Changed,
  scheme: number,
  before: string | null,
): string {
  const filename = record.filename ?? ''
  const target = escapes ? escapeAbsolute(filename, scheme) : filename
  if (record.args === null) return target
  return `${target}?${escapes && record.args !== before ? escapeUri(record.args) : record.args}`
}

/** Escapes what stands behind scheme and host. */
function escapeAbsolute(uri: string, scheme: number): string {
  if (uri[scheme - 1] !== '/') return uri.slice(0, scheme) + escapeUri(uri.slice(scheme))
  const slash = uri.indexOf('/', scheme)
  return slash === -1 ? uri : uri.slice(0, slash + 1) + escapeUri(uri.slice(slash + 1))
}
