import { isModuleLoaded } from '../../configuration.ts'
import { namePlace } from '../../queries/places.ts'
import { documentRoot } from '../document-root.ts'
import { optionsFor } from '../options.ts'
import { DECLINED, failed, OK, type Phase, type RequestRecord, undecided } from '../request.ts'
import { absoluteLength } from '../url-text.ts'
import { applyRules } from './apply-rules.ts'
import { type DirectoryRules, directoryRules } from './rule-set.ts'
import { settleElsewhere, statusPhase } from './server-rewrite.ts'

/** The handler that starts an internal redirect for mod_rewrite. */
export const REDIRECT_HANDLER = 'redirect-handler'

/** The rules of the directory that the request was mapped to. */
export function rewriteInDirectory(record: RequestRecord): Phase {
  const { configuration } = record.walk
  if (isModuleLoaded(configuration, 'rewrite_module') === false) return DECLINED
  const fact = directoryRules(configuration, record.levels)
  if (!fact.known) return undecided(fact.reason, fact.at)
  const own = fact.value
  const { directory } = own
  if (!own.enabled || directory === null || isBareDirectory(record, own) || record.rewriting.ended)
    return DECLINED
  const options = optionsFor(record)
  const first = own.rules[0]?.directive
  const firstAt = first === undefined ? null : namePlace(first)
  if (!options.known) return undecided(options.reason, options.at)
  if (!options.value.has('followsymlinks') && !options.value.has('symlinksifownermatch')) {
    const line = options.value.directive
    const reason = '`Options` without `FollowSymLinks` forbids to rewrite here'
    return failed(403, reason, line === null ? firstAt : namePlace(line))
  }
  const { filename: before, args } = record
  record.filename ??= record.uri
  const result = applyRules(record, own.rules, own)
  switch (result.kind) {
    case 'unchanged':
      record.filename = before
      return DECLINED
    case 'unknown':
      return undecided(result.reason, result.at)
    case 'status':
      return statusPhase(record, result)
    case 'changed': {
      record.filename = withBase(record.filename ?? '', own)
      const other = settleElsewhere(record, result, args)
      if (other !== null) return other
      return startRedirect(record, own, before, namePlace(result.rule.directive))
    }
  }
}

/** The directory itself without its slash: mod_dir's redirect comes first, unless `AllowNoSlash`. */
function isBareDirectory(
  { filename, isProxied }: RequestRecord,
  { options, directory }: DirectoryRules,
): boolean {
  if (options.has('allownoslash') || (isProxied && filename?.startsWith('proxy:'))) return false
  return directory !== null && `${filename}/` === directory
}

function startRedirect(
  record: RequestRecord,
  own: DirectoryRules,
  before: string | null,
  at: ReturnType<typeof namePlace>,
): Phase {
  const filename = record.filename ?? ''
  if (!filename.startsWith('/')) return failed(400, 'the rewritten URL is no path', at)
  // The rules lead to where the request already is.
  if (filename === before) return OK
  const url = urlOf(record, own, filename)
  if (url === null) return undecided('the `DocumentRoot` is not known here', at)
  record.filename = `redirect:${url}`
  record.handler = REDIRECT_HANDLER
  return OK
}

/** The URL of a rewritten path: below `RewriteBase`, else without the document root, else below the alias. */
function urlOf(
  record: RequestRecord,
  { base, directory, options }: DirectoryRules,
  filename: string,
): string | null {
  if (base !== null) {
    const url = replacePrefix(filename, directory ?? '', base)
    if (url !== filename) return url
  } else {
    const root = documentRoot(record.walk)
    if (!root.known) return null
    if (filename.startsWith(`${root.value}/`)) return filename.slice(root.value.length)
  }
  const { context } = record
  if (options.has('ignorecontextinfo') || context === null) return filename
  return replacePrefix(filename, context.root, context.prefix)
}

function replacePrefix(text: string, prefix: string, by: string): string {
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix
  if (!text.startsWith(`${bare}/`)) return text
  return (by.endsWith('/') || by === '' ? by : `${by}/`) + text.slice(bare.length + 1)
}

/** A redirect to a relative target holds the directory's path, in whose place `RewriteBase` comes. */
function withBase(uri: string, { base, directory }: DirectoryRules): string {
  const scheme = absoluteLength(uri)
  if (base === null || scheme === 0) return uri
  const slash = uri.indexOf('/', scheme)
  if (slash === -1) return uri
  const prefix = directory?.startsWith('/') ? directory.slice(1) : (directory ?? '')
  return uri.slice(0, slash + 1) + replacePrefix(uri.slice(slash + 1), prefix, base.slice(1))
}
