import { memo } from '../../../../parsers/collections/memo.ts'
import { NO_BREAK_SPACE } from '../../../../parsers/text/no-break-space.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import { pcreReleases } from '../../pcre/releases.ts'
import type { NginxContext, NginxDirective } from '../configuration.ts'
import { contextInside } from '../contexts.ts'
import {
  externalModuleOf,
  type NginxDirectiveFacts,
  nearestDirective,
  nginxDirective,
} from '../directives.ts'
import type { NginxProblem } from '../reading-order.ts'
import { checkBuffers, checkCharsets, checkHeaderBuffers } from './buffers.ts'
import { CHECKS } from './checks.ts'
import { checkConnections } from './connections.ts'
import { checkFilledIn, countMessage } from './filled-in.ts'
import { checkDuplicateLocations } from './locations.ts'
import { checkTargets, checkVerification } from './passes.ts'
import { compileArguments, compileMerged } from './script.ts'
import { checkCompleteServers, checkServerNames } from './servers.ts'
import { warnOfSpdy } from './spdy.ts'
import { checkCertificates, checkCiphers, checkPasswordFile, checkTlsFiles } from './tls.ts'
import {
  firstOf,
  hasUnknownArgument,
  isBefore,
  isGone,
  knowsModules,
  type Level,
  type NginxUnit,
  nameOf,
  newProgram,
  programOf,
  type Reading,
  report,
} from './unit.ts'
import { checkUpstreams, endUpstream } from './upstream.ts'
import { checkValue } from './values.ts'
import { checkVariables } from './variables.ts'
import { checkCaches, checkZones } from './zones.ts'

export type { NginxUnit } from './unit.ts'

/**
 * What nginx says of a configuration beyond its syntax, in nginx's order: each directive as it is read,
 * each block as it closes, and the whole at its end. nginx stops at the first fatal problem; the list
 * goes on behind it. Pure: it reads no file, only asks `files` what is there.
 */
export function validateNginx(unit: NginxUnit): readonly NginxProblem[] {
  const reading: Reading = {
    unit,
    pcre: pcreReleases('nginx', unit.version),
    problems: [],
    closing: undefined,
    http: newProgram('http'),
    stream: newProgram('stream'),
    mail: newProgram('mail'),
    zones: new Map(),
    directories: new Map(),
    sockets: new Map(),
    modulesFixed: false,
    modules: new Set(),
    foreign: isForeignBuild(unit),
    hasForeignNames: hasForeignNames(unit),
  }
  readBlock(reading, { directive: null, context: 'main', seen: [] }, unit.top)
  endConfiguration(reading)
  return reading.problems
}

/** Modules that come with nginx itself and bring no names that the table lacks. */
const OWN_MODULES =
  /ngx_(?:stream|mail|http_(?:geoip|image_filter|perl|xslt_filter)|stream_geoip)_module(?:\.so)?$/

/** A sign of modules or of a build that this table does not describe. */
function isForeignBuild({ occurrences }: NginxUnit): boolean {
  for (const { args } of occurrences.get('load_module') ?? [])
    if (args[0] !== undefined && !OWN_MODULES.test(args[0].value)) return true
  for (const name of occurrences.keys())
    if (FOREIGN_SIGN.test(name) && nginxDirective(name).length === 0) return true
  return false
}

function hasForeignNames({ occurrences }: NginxUnit): boolean {
  for (const name of occurrences.keys())
    if (nginxDirective(name).length === 0 && externalModuleOf(name) !== null) return true
  return false
}

/** Directives that only OpenResty, Angie, Tengine, Passenger's, Plus's and PHP's builds have: there may be more of them. */
const FOREIGN_SIGN =
  /_by_[a-z]+|^(?:lua_|passenger_|more_|api$|status_zone$|zone_sync|acme_|js_|brotli|rtmp$|push_stream)/

function readBlock(reading: Reading, level: Level, directives: readonly NginxDirective[]): void {
  for (const directive of directives) readDirective(reading, level, directive)
}

function readDirective(reading: Reading, level: Level, directive: NginxDirective): void {
  const { name, context, children, node } = directive
  if (context === 'data') return
  const known = nginxDirective(name)
  const facts = context === 'unknown' ? undefined : definitionIn(reading, known, directive)
  if (facts === undefined) {
    if (context !== 'unknown' || name.startsWith(BYTE_ORDER_MARK)) reportStray(reading, directive, known)
    // What names a zone of it is not wrong too.
    if (name === 'limit_zone') for (const facts of known) CHECKS.get(name)?.(reading, directive, facts, level)
    // What stands in a block of unknown kind is unknown; a known block in a wrong place is read on.
    if (children.length > 0 && known.some(({ block }) => block)) readChildren(reading, directive)
    return
  }
  if (node.block === null && facts.block) {
    report(reading, 'missing-block', directive, null, `\`${name}\` has no block \`{ … }\``)
    return
  }
  if (node.block !== null && !facts.block) {
    report(
      reading,
      'missing-semicolon',
      directive,
      null,
      `\`${name}\` does not end in \`;\` but opens a block`,
    )
    return
  }
  if (name.startsWith('spdy_')) warnOfSpdy(reading, directive)
  const isSound = checkDirective(reading, directive, facts, level)
  if (node.block === null) return
  if (name === 'http' || name === 'events' || name === 'stream' || name === 'mail')
    reading.modulesFixed = true
  readChildren(reading, directive)
  if (isSound) endBlock(reading, directive)
}

function readChildren(reading: Reading, directive: NginxDirective): void {
  const context = contextInside(directive.name, directive.context)
  if (context === 'data' || directive.children.length === 0) return
  readBlock(reading, { directive, context, seen: [] }, directive.children)
}

/** The definition that holds here; of several, the one that wants this many arguments. */
function definitionIn(
  reading: Reading,
  known: readonly NginxDirectiveFacts[],
  { context, args }: NginxDirective,
): NginxDirectiveFacts | undefined {
  let found: NginxDirectiveFacts | undefined
  for (const facts of known) {
    if (
      (facts.contexts.length > 0 && !facts.contexts.includes(context)) ||
      (facts.since !== null && isBefore(reading, facts.since)) ||
      (facts.until !== null && isGone(reading, facts.until))
    )
      continue
    if (args.length >= facts.minimum && args.length <= facts.maximum) return facts
    found ??= facts
  }
  return found
}

/** A directive that nginx does not know, or not here, or not any more. */
function reportStray(
  reading: Reading,
  directive: NginxDirective,
  known: readonly NginxDirectiveFacts[],
): void {
  const { name, context } = directive
  if (isUnknownWord(name)) return
  if (known.length === 0) {
    reportUnknown(reading, directive)
    return
  }
  const inVersion = known.filter(
    ({ since, until }) =>
      (since === null || !isBefore(reading, since)) && (until === null || !isGone(reading, until)),
  )
  const [first] = inVersion
  if (first === undefined) {
    const [facts] = known
    const { value: version, from, at } = reading.unit.version
    const image = from === 'image' && at !== null ? { related: [{ at, message: 'the image' }] } : {}
    if (facts?.until !== null && facts?.until !== undefined && isGone(reading, facts.until))
      report(
        reading,
        'directive-removed',
        directive,
        null,
        `nginx ${version} has no \`${name}\`: ${facts.until} took it out`,
        image,
      )
    else
      report(
        reading,
        'directive-too-new',
        directive,
        null,
        `nginx ${version} has no \`${name}\`: it came with ${facts?.since}`,
        image,
      )
    return
  }
  if (reading.unit.fragments && directive.parent === null) return
  if (!knowsModules(reading) && isPatched(reading.unit)) return
  const places = [...new Set(inVersion.flatMap(({ contexts }) => contexts))]
  const message = `\`${name}\` may not stand in ${CONTEXT_WORDS[context] ?? `\`${context}\``}`
  const help = `Its place is ${places.map(place => CONTEXT_WORDS[place] ?? `\`${place}\``).join(', ')}`
  const isModule = externalModuleOf(name) !== null && reading.foreign
  report(reading, 'wrong-context', directive, null, message, { help, fatal: !isModule })
}

const CONTEXT_WORDS: Readonly<Partial<Record<NginxContext, string>>> = {
  main: 'the main context, outside of every block',
  'server if': '`if` of a `server`',
  'location if': '`if` of a `location`',
  'stream server': '`server` of `stream`',
  'stream upstream': '`upstream` of `stream`',
  'mail server': '`server` of `mail`',
}

/** nginx reads bytes, and takes the three of the mark for letters. */
const BYTE_ORDER_MARK = '\uFEFF'

/** What begins a comment in C, HTML or SQL. */
const OTHER_COMMENT = /^(?:\/\*|\/\/|<!--|--(?=$|[^\w]))/

function reportUnknown(reading: Reading, directive: NginxDirective): void {
  const { name, context } = directive
  if (name.startsWith(BYTE_ORDER_MARK)) {
    // What makes the file of a template may read the mark as one.
    if (directive.source.template) return
    const message = `a byte-order mark stands before \`${name.slice(1)}\`, and nginx takes it for a part of the name: unknown directive`
    const help = 'Save the file as UTF-8 without a byte-order mark (BOM)'
    report(reading, 'unknown-directive', directive, null, message, { help })
    return
  }
  const comment = OTHER_COMMENT.exec(name)?.[0]
  if (comment !== undefined) {
    const message = `\`${comment}\` begins no comment in nginx, which takes all up to the next \`;\` or \`{\` for a directive: unknown directive`
    report(reading, 'unknown-directive', directive, null, message, {
      help: 'Write `#` in front of each line of it',
    })
    return
  }
  if (name.includes(NO_BREAK_SPACE)) {
    const message =
      'a no-break space stands here, and nginx takes it for a letter of the name: unknown directive'
    const help = 'Write a plain space (the no-break space, U+00A0, comes of pasting from a page)'
    report(reading, 'unknown-directive', directive, null, message, { help })
    return
  }
  const module = externalModuleOf(name)
  if (module !== null) {
    if (reading.foreign || !knowsModules(reading)) return
    const message = `\`${name}\` belongs to the module ${module.name}, which no \`load_module\` here loads`
    const help = 'Load the module, unless this nginx was built with it'
    report(reading, 'module-not-loaded', directive, null, message, { fatal: false, help })
    return
  }
  const near = writtenOtherwise(directive) ?? nearestDirective(name, context)
  // Where other modules may be at work, only a slip of one letter is surely no directive of theirs.
  const isRest = isRestOfValue(directive)
  // A build with one module of others may have more of them.
  const knowsAll = knowsModules(reading) && !reading.hasForeignNames
  const fatal = isRest || (!reading.foreign && (knowsAll || (near !== null && !isPatched(reading.unit))))
  if (!fatal && near === null) return
  report(reading, 'unknown-directive', directive, null, `nginx knows no directive \`${name}\``, {
    fatal,
    ...(near === null ? {} : { help: `Did you mean \`${near}\`?` }),
  })
}

/** True for what a `;` too many cuts off a value, `/srv/www/;page.html;`: no module calls a directive like a file. */
function isRestOfValue({ source, node, name, args }: NginxDirective): boolean {
  return (
    args.length === 0 &&
    node.block === null &&
    source.text[node.name.start - 1] === ';' &&
    /^[\w-]*\/?[\w-]+\.[a-z]\w*$/i.test(name)
  )
}

/**
 * True where a name stands that is no slip in one that nginx knows: somebody built this nginx with directives of
 * their own, and what looks like a slip may be another of them.
 */
const isPatched = memo(({ occurrences }: NginxUnit): boolean => {
  for (const [name, [first]] of occurrences) {
    if (first === undefined || first.context === 'data' || first.context === 'unknown') continue
    if (!PATCHED_NAME.test(name) || nginxDirective(name).length > 0 || externalModuleOf(name) !== null)
      continue
    if (writtenOtherwise(first) === null && nearestDirective(name, first.context) === null) return true
  }
  return false
})

const PATCHED_NAME = /^[a-z][a-z\d]*_[a-z\d_]+$/

/** What nginx has for Apache's directives, in whose case no module of nginx writes its own. */
const OF_APACHE: ReadonlyMap<string, string> = new Map([
  ['DocumentRoot', 'root'],
  ['ServerName', 'server_name'],
  ['ServerAlias', 'server_name'],
  ['DirectoryIndex', 'index'],
  ['ErrorLog', 'error_log'],
  ['CustomLog', 'access_log'],
  ['ErrorDocument', 'error_page'],
  ['ProxyPass', 'proxy_pass'],
  ['RewriteRule', 'rewrite'],
  ['RewriteCond', 'if'],
])

/**
 * The directive that is surely meant: Apache's name for it, the same letters in capitals, its first two words
 * apart, or the name of a build's option, `http_` before a directive of `http`. No module of others is called so.
 */
function writtenOtherwise({ name, args }: NginxDirective): string | null {
  const own = OF_APACHE.get(name)
  if (own !== undefined) return own
  const lower = name.toLowerCase()
  // A word in capitals alone is a mark that some script replaces.
  if (lower !== name && /[a-z]/.test(name) && nginxDirective(lower).length > 0) return lower
  const [next] = args
  if (next !== undefined && WORD.test(next.value)) {
    const joined = `${name}_${next.value}`
    const known = nginxDirective(joined)
    if (known.some(({ minimum, maximum }) => args.length > minimum && args.length - 1 <= maximum))
      return joined
  }
  if (!name.startsWith('http_')) return null
  const rest = name.slice('http_'.length)
  return (
    [rest, `${rest}_path`].find(each => nginxDirective(each).some(({ program }) => program === 'http')) ??
    null
  )
}

const WORD = /^[a-z_]+$/

/** False where nginx would have stopped here. */
function checkDirective(
  reading: Reading,
  directive: NginxDirective,
  facts: NginxDirectiveFacts,
  level: Level,
): boolean {
  const { name, args } = directive
  if (hasUnknownArgument(directive)) {
    checkFilledIn(reading, directive, facts)
    return true
  }
  if (args.length < facts.minimum || args.length > facts.maximum) {
    report(reading, 'argument-count', directive, null, countMessage(name, args.length, facts))
    return false
  }
  const before = reading.problems.length
  if (facts.once) {
    const first = firstOf(level, name, directive)
    if (first !== null && (!reading.unit.fragments || first.source === directive.source)) {
      const related = [{ at: nameOf(first), message: 'here it stands already' }]
      report(reading, 'duplicate-directive', directive, null, `\`${name}\` stands twice in one block`, {
        related,
      })
      return false
    }
  }
  if (facts.value !== '' && !checkValue(reading, directive, facts)) return false
  if (facts.program !== 'core' && !compileArguments(reading, programOf(reading, facts), directive))
    return false
  CHECKS.get(name)?.(reading, directive, facts, level)
  if (name.endsWith('ssl_password_file')) checkPasswordFile(reading, directive)
  for (let index = before; index < reading.problems.length; index++)
    if (reading.problems[index]?.fatal === true) return false
  return true
}

/** What nginx finds at a block's `}`. */
function endBlock(reading: Reading, directive: NginxDirective): void {
  const { name, context } = directive
  if (name !== 'upstream' && context !== 'main') return
  reading.closing = directive
  if (name === 'upstream') endUpstream(reading, directive)
  else if (name === 'http') endHttp(reading)
  else if (name === 'stream' || name === 'mail') endProgram(reading, name)
  reading.closing = undefined
}

/** nginx merges every level, sorts the locations, looks up variables, hashes names: in this order. */
function endHttp(reading: Reading): void {
  const { http } = reading
  checkUpstreams(reading, http.upstreams.values())
  compileMerged(reading, http)
  checkTargets(reading, http)
  checkHeaderBuffers(reading, http)
  checkBuffers(reading)
  checkVerification(reading)
  checkCaches(reading, http.caches)
  for (const { directive } of http.servers) checkDuplicateLocations(reading, directive.children)
  checkCertificates(reading, http)
  checkCiphers(reading, http)
  checkTlsFiles(reading, http)
  checkCharsets(reading)
  checkVariables(reading, http)
  checkServerNames(reading, http)
}

function endProgram(reading: Reading, name: 'stream' | 'mail'): void {
  const program = reading[name]
  checkUpstreams(reading, program.upstreams.values())
  checkTargets(reading, program)
  checkCompleteServers(reading, program)
  checkCertificates(reading, program)
  checkCiphers(reading, program)
  checkTlsFiles(reading, program)
  checkVariables(reading, program)
}

function endConfiguration(reading: Reading): void {
  const { unit } = reading
  reading.closing = null
  if (unit.fragments || unit.main === null) {
    for (const directive of unit.top)
      if (directive.name === 'server' && directive.context === 'http')
        checkDuplicateLocations(reading, directive.children)
    return
  }
  // A file of `stream` alone is one that the main file of the machine includes behind its `http`.
  const isStream = unit.top.length > 0 && unit.top.every(({ name }) => name === 'stream')
  // Elsewhere than where nginx is installed, a file of comments alone waits for somebody to copy from it.
  const isPart =
    isStream || (unit.top.length === 0 && !/\/nginx\/(?:conf\/)?nginx\.conf$/.test(unit.main.path))
  // Before it asks for `events`, nginx stops at the mark, which may stand before that very word.
  const isMarked = unit.main.text.startsWith(BYTE_ORDER_MARK)
  if (!unit.hasUnknownParts && !isPart && !isMarked && !unit.occurrences.has('events')) {
    const at = { source: unit.main, start: 0, end: Math.min(1, unit.main.text.length) }
    const message = 'the configuration has no `events` block, which nginx wants even where it is empty'
    reading.problems.push({ code: 'no-events', fatal: true, message, at, closing: null })
  }
  if (!unit.hasUnknownParts && !reading.foreign) checkConnections(reading)
  checkZones(reading)
}
