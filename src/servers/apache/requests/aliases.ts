import { mainServerLines } from '../queries/main-server-lines.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import { fromBytes, toBytes } from '../../regex.ts'
import type { ApacheDirective } from '../configuration.ts'
import { directivesAt, effective } from '../queries/effective.ts'
import { argumentPlace, isSettled, namePlace } from '../queries/places.ts'
import { isPrefixOf } from '../queries/wsgi-script-aliases.ts'
import { serverRelative } from './document-root.ts'
import { matchPattern } from './match-pattern.ts'
import { constructUrl } from './named-host.ts'
import { prefixLength } from './prefix-length.ts'
import {
  addStep,
  DECLINED,
  failed,
  OK,
  type Phase,
  type RequestRecord,
  redirected,
  undecided,
} from './request.ts'
import { isOnFor } from './settings.ts'
import { escapeRedirect, escapeUri, isUrl, substitute } from './url-text.ts'

const REDIRECTS = ['redirect', 'redirectmatch', 'redirectpermanent', 'redirecttemp'] as const
const ALIASES = ['alias', 'aliasmatch', 'scriptalias', 'scriptaliasmatch'] as const

/** `Redirect` and `RedirectMatch` of the virtual host, then those of the main server: the first that matches. */
export function tryRedirect(record: RequestRecord): Phase {
  const located = locationRedirect(record)
  if (located !== null) return located
  for (const line of serverLines(record, REDIRECTS)) {
    const phase = applyRedirect(record, line)
    if (phase !== null) return phase
  }
  return DECLINED
}

/** Those of directories and `.htaccess` files, which come after the request is mapped, the innermost first. */
export function redirectInDirectory(record: RequestRecord): Phase {
  const located = locationRedirect(record)
  if (located !== null) return located
  for (const level of [...record.levels].reverse()) {
    if (level.kind === 'server' || level.kind === 'virtual-host') continue
    for (const line of levelLines(record, level)) {
      if (readRedirect(line).prefix === null) continue
      if (level.applies === undefined) return undecided('a section that may apply redirects', namePlace(line))
      const phase = applyRedirect(record, line)
      if (phase !== null) return phase
    }
  }
  return DECLINED
}

function levelLines(
  record: RequestRecord,
  level: RequestRecord['levels'][number],
): readonly ApacheDirective[] {
  const { configuration } = record.walk
  if (!REDIRECTS.some(name => directivesAt(configuration, level, name).length > 0)) return []
  return inOrder(level.htaccess ?? level.section?.children ?? [], REDIRECTS)
}

function inOrder(
  directives: readonly ApacheDirective[],
  names: readonly string[],
): readonly ApacheDirective[] {
  return directives.filter(({ name }) => names.includes(name.toLowerCase()))
}

/** The lines of the virtual host, then those of the main server, each in reading order. */
function* serverLines(
  { walk: { configuration, host } }: RequestRecord,
  names: readonly string[],
): Iterable<ApacheDirective> {
  const written = names.some(name => configuration.occurrences.has(name))
  if (!written) return
  if (host !== null) yield* inOrder(host.directive.children, names)
  yield* inOrder(mainServerLines(configuration), names)
}

interface Redirection {
  readonly status: number
  /** Null inside a section that is the path itself. */
  readonly prefix: string | null
  readonly target: string | null
}

const STATUS: Readonly<Record<string, number>> = { permanent: 301, temp: 302, seeother: 303, gone: 410 }

function readRedirect({ name, args, parent }: ApacheDirective): Redirection {
  const words = args.map(({ value }) => value)
  const first = words[0] ?? ''
  let status = name.toLowerCase() === 'redirectpermanent' ? 301 : 302
  const isStatus = STATUS[first.toLowerCase()] !== undefined || /^[0-9]/.test(first)
  if (isStatus) {
    status = STATUS[first.toLowerCase()] ?? Number.parseInt(first, 10)
    words.shift()
  }
  const isRedirect = status >= 300 && status <= 399
  const isInSection = parent !== null && parent.name !== 'VirtualHost' && /^Redirect$/i.test(name)
  // One word is all that is left: the section is the path.
  if (isInSection && words.length === (isRedirect ? 1 : 0))
    return { status, prefix: null, target: words[0] ?? null }
  return { status, prefix: words[0] ?? '', target: words[1] ?? null }
}

/** `Redirect` with a target alone, inside a `<Location>`, `<If>` or `<Directory>`: the last one counts. */
function locationRedirect(record: RequestRecord): Phase | null {
  const { configuration } = record.walk
  if (!configuration.occurrences.has('redirect') && !record.levels.some(({ htaccess }) => htaccess !== null))
    return null
  let found: ApacheDirective | null = null
  for (const level of record.levels) {
    if (level.kind === 'server' || level.kind === 'virtual-host') continue
    const line = directivesAt(configuration, level, 'Redirect').findLast(
      directive => readRedirect(directive).prefix === null,
    )
    if (line === undefined) continue
    if (level.applies === undefined) return undecided('a section that may apply redirects', namePlace(line))
    found = line
  }
  if (found === null) return null
  const { status, target } = readRedirect(found)
  // Such a target is an expression, in which `%{…}` and `$1` mean something.
  if (target !== null && (!isSettled(target) || /%\{|\$[0-9]/.test(target)))
    return undecided(
      'the target of the redirect is an expression',
      argumentPlace(found, found.args.length - 1),
    )
  return answer(record, found, status, target === null ? '' : escapeRedirect(toBytes(target)))
}

/** Null where the line does not match. */
function applyRedirect(record: RequestRecord, line: ApacheDirective): Phase | null {
  const { status, prefix, target } = readRedirect(line)
  if (prefix === null) return null
  const at = namePlace(line)
  if (isUnknownWord(prefix) || prefix.includes('${'))
    return undecided(`\`${line.name}\` may apply, of which a part is not known here`, at)
  const { uri } = record
  let found: string
  if (line.name.toLowerCase() === 'redirectmatch') {
    const match = matchPattern(prefix, uri)
    if (match === undefined) return undecided(`\`${prefix}\` cannot be evaluated here`, at)
    if (match === null) return null
    found = target === null ? '' : escapeRedirect(substitute(toBytes(target), match.captures))
  } else {
    const bytes = toBytes(prefix)
    if (!isPrefixOf(bytes, uri)) return null
    found = target === null ? '' : toBytes(target) + escapeUri(uri.slice(prefixLength(bytes, uri)))
  }
  if (target !== null && !isSettled(target))
    return undecided('the target of the redirect is not known here', at)
  return answer(record, line, status, found)
}

function answer(record: RequestRecord, line: ApacheDirective, status: number, found: string): Phase {
  const at = namePlace(line)
  const text = `\`${line.name} ${line.args.map(({ value }) => value).join(' ')}\``
  addStep(record, 'redirect', text, at, line)
  const reason = `\`${line.name}\` answers`
  if (status < 300 || status > 399) return failed(status, reason, at)
  let location = found
  const relative = isOnFor(record, 'RedirectRelative', false)
  if (!relative.known) return undecided(relative.reason, relative.at)
  if (!(relative.value && location.startsWith('/'))) {
    if (location.startsWith('/')) {
      const whole = constructUrl(record, location)
      if (!whole.known) return undecided(whole.reason, whole.at)
      location = whole.value
    }
    if (!isUrl(location)) return failed(500, `the target of \`${line.name}\` is no URL`, at)
  }
  if (record.args !== null && !location.includes('?')) location += `?${record.args}`
  return redirected(status, location, reason, at)
}

/** `Alias` and its like, and one with a path alone inside a `<Location>`. */
export function tryAlias(record: RequestRecord): Phase {
  const { configuration } = record.walk
  const located = locationAlias(record)
  if (located !== null) return located
  for (const line of serverLines(record, ALIASES)) {
    const [pattern = '', target = ''] = line.args.map(({ value }) => value)
    const at = namePlace(line)
    if (!isSettled(pattern)) return undecided(`\`${line.name}\` may match, whose URL is not known here`, at)
    const mapped = mapAlias(record, line.name.toLowerCase(), toBytes(pattern), toBytes(target))
    if (mapped === null) continue
    if (mapped === undefined) return undecided(`\`${pattern}\` cannot be evaluated here`, at)
    if (!isSettled(target)) return undecided('the target of the alias is not known here', at)
    const path = serverRelative(configuration, mapped)
    if (!path.known) return undecided(path.reason, path.at)
    return mapTo(record, line, path.value)
  }
  return DECLINED
}

/** Null where the line does not match, undefined where its pattern cannot be evaluated. */
function mapAlias(
  record: RequestRecord,
  name: string,
  pattern: string,
  target: string,
): string | null | undefined {
  const { uri } = record
  if (name.endsWith('match')) {
    const match = matchPattern(fromBytes(pattern), uri)
    return match === undefined || match === null ? match : substitute(target, match.captures)
  }
  if (!isPrefixOf(pattern, uri)) return null
  record.context = { prefix: pattern, root: target }
  return target + uri.slice(prefixLength(pattern, uri))
}

function mapTo(record: RequestRecord, line: ApacheDirective, path: string): Phase {
  record.filename = path
  if (line.name.toLowerCase().startsWith('script')) {
    record.handler = 'cgi-script'
    record.isScriptAliased = true
  }
  addStep(
    record,
    'alias',
    `\`${line.name} ${line.args[0]?.value ?? ''}\`: ${fromBytes(path)}`,
    namePlace(line),
    line,
  )
  return OK
}

function locationAlias(record: RequestRecord): Phase | null {
  for (const name of ['Alias', 'ScriptAlias']) {
    if (!record.walk.configuration.occurrences.has(name.toLowerCase())) continue
    const levels = record.levels.filter(({ kind }) => kind === 'location' || kind === 'if')
    const { directives, open } = effective(record.walk.configuration, levels, name)
    const line = directives[0]
    if (line === undefined || line.args.length !== 1) continue
    const target = line.args[0]?.value ?? ''
    if (open !== null || !isSettled(target) || /%\{|\$[0-9]/.test(target))
      return undecided('the target of the alias is an expression', namePlace(line))
    const path = serverRelative(record.walk.configuration, toBytes(target))
    if (!path.known) return undecided(path.reason, path.at)
    // Only `AliasPreservePath On` puts the rest of the URL behind it.
    const keeps = isOnFor(record, 'AliasPreservePath', false)
    if (!keeps.known || keeps.value) return undecided('`AliasPreservePath` keeps the path', namePlace(line))
    return mapTo(record, line, path.value)
  }
  return null
}
