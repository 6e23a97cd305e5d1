import { posix } from 'node:path'
import { fromBytes } from '../../regex.ts'
import { type ApacheDirective, isModuleLoaded } from '../configuration.ts'
import { directivesAt } from '../queries/effective.ts'
import { namePlace } from '../queries/places.ts'
import { optionsFor } from './options.ts'
import { DECLINED, type Phase, type RequestRecord, undecided } from './request.ts'

/** The content type that mod_mime gives to a directory, which then is its handler as well. */
export const DIRECTORY_TYPE = 'httpd/unix-directory'

/** Types that are handlers of modules of old, as `AddType application/x-httpd-php .php` uses them. */
const HANDLER_TYPE = /^application\/x-httpd-/i

/** What the suffixes of a file's name say of its handler. */
export function findHandler(record: RequestRecord): Phase {
  const variants = multiViews(record)
  if (variants !== null) return variants
  const { configuration } = record.walk
  if (record.kind === 'directory') {
    record.contentType = DIRECTORY_TYPE
    return DECLINED
  }
  if (record.isProxied || isModuleLoaded(configuration, 'mime_module') === false) return DECLINED
  const mappings = suffixMappings(record)
  if (mappings === null) return undecided('a section that may apply maps the suffix of the file', null)
  const name = posix.basename(record.filename ?? '').replace(/^\.+/, '')
  for (const suffix of name.split('.').slice(1)) {
    const found = mappings.get(suffix.toLowerCase())
    if (found?.handler) {
      record.handler = found.handler
      record.handlerLine = found.line
    }
    if (found?.type) record.contentType = found.type
  }
  return DECLINED
}

interface Mapping {
  handler: string | null
  /** The `AddHandler`. */
  line: ApacheDirective | null
  type: string | null
}

/** The handlers and the types by suffix; null where a section that may apply has one. */
function suffixMappings(record: RequestRecord): ReadonlyMap<string, Mapping> | null {
  const { configuration } = record.walk
  const mappings = new Map<string, Mapping>()
  const change = (words: readonly { readonly value: string }[], from: number, to: Partial<Mapping>) => {
    for (const { value } of words.slice(from)) {
      const suffix = value.replace(/^\./, '').toLowerCase()
      mappings.set(suffix, { ...(mappings.get(suffix) ?? { handler: null, line: null, type: null }), ...to })
    }
  }
  for (const level of record.levels) {
    const lines = ['AddHandler', 'RemoveHandler', 'AddType', 'RemoveType'].map(name =>
      directivesAt(configuration, level, name),
    )
    if (lines.every(list => list.length === 0)) continue
    const [added = [], removed = [], typed = [], untyped = []] = lines
    const handlers = typed.filter(({ args }) => HANDLER_TYPE.test(args[0]?.value ?? ''))
    if (level.applies === undefined) {
      if (added.length + removed.length + handlers.length + untyped.length > 0) return null
      continue
    }
    for (const line of added)
      change(line.args, 1, { handler: line.args[0]?.value.toLowerCase() ?? null, line })
    for (const { args } of handlers) change(args, 1, { type: args[0]?.value.toLowerCase() ?? null })
    // Within one section what is removed goes last, whatever the order.
    for (const { args } of removed) change(args, 0, { handler: null, line: null })
    for (const { args } of untyped) change(args, 0, { type: null })
  }
  return mappings
}

/** `Options MultiViews` looks for files of the same name with suffixes, where no file has the name itself. */
function multiViews(record: RequestRecord): Phase | null {
  const {
    configuration,
    options: { files },
  } = record.walk
  if (record.kind !== null || !configuration.modules.has('negotiation_module')) return null
  const options = optionsFor(record)
  if (!options.known) return undecided(options.reason, options.at)
  if (!options.value.has('multiviews')) return null
  const at = options.value.directive === null ? null : namePlace(options.value.directive)
  const path = fromBytes(record.filename ?? '')
  const directory = posix.dirname(path)
  const entries = files?.list(directory) ?? null
  const name = `${posix.basename(path)}.`
  if (entries?.some(entry => entry.name.startsWith(name)))
    return undecided('`MultiViews` chooses among files of that name', at)
  // What is not there has no variants either, where the directory is known to be whole.
  return entries !== null || files?.covers(directory) ? null : undecided('`MultiViews` may find a file', at)
}
