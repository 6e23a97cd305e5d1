import { isUnknownWord } from '../../../../parsers/text/source.ts'
import { pcreReleases } from '../../pcre/releases.ts'
import type { NginxContext, NginxDirective } from '../configuration.ts'
import { contextInside } from '../contexts.ts'
import { externalModuleOf, type NginxDirectiveFacts, nginxDirective } from '../directives.ts'
import type { NginxProblem } from '../reading-order.ts'
import { checkBuffers, checkCharsets, checkHeaderBuffers } from './buffers.ts'
import { CHECKS } from './checks.ts'
import { checkConnections } from './connections.ts'
import { checkFilledIn, countMessage } from './filled-in.ts'
import {
  asNginxReads,
  foreignModules,
  isOfPlus,
  isSocketOfTengine,
  TENGINE,
  valueOfPlus,
} from './foreign-values.ts'
import { checkDuplicateLocations } from './locations.ts'
import { checkLoneLine } from './lone-lines.ts'
import { checkTargets, checkVerification } from './passes.ts'
import { compileArguments, compileMerged } from './script.ts'
import { checkCompleteServers, checkServerNames } from './servers.ts'
import { warnOfSpdy } from './spdy.ts'
import { checkCertificates, checkCiphers, checkLoneCiphers, checkPasswordFile, checkTlsFiles } from './tls.ts'
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
import { BYTE_ORDER_MARK, isPatched, reportUnknown } from './unknown-directive.ts'
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
    hasForeignNames: foreignModules(unit.occurrences).size > 0,
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
    if (nginxDirective(name).length === 0 && FOREIGN_SIGN.test(name)) return true
  return foreignModules(occurrences).has(TENGINE)
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
    else if (directive.parent === null && reading.unit.fragments && !directive.source.template)
      checkLoneLine(reading, directive, level)
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
  if (isSocketOfTengine(directive)) return
  if (name.startsWith('spdy_')) warnOfSpdy(reading, directive)
  const isSound = checkDirective(reading, asNginxReads(reading.unit, directive), facts, level)
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
  const foreign = valueOfPlus(reading, directive)
  if (foreign !== null) {
    if (reading.foreign || isOfPlus(reading.unit)) return true
    const message = `only NGINX Plus takes \`${foreign}\` here, and any other nginx does not start`
    const help = 'Leave it out, unless this is NGINX Plus'
    report(reading, 'module-not-loaded', directive, null, message, {
      fatal: false,
      help,
      build: 'NGINX Plus',
    })
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
  checkCiphers(reading, http.servers)
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
  checkCiphers(reading, program.servers)
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
    // Those in a block `http` were asked at its end.
    checkCiphers(
      reading,
      reading.http.servers.filter(({ directive }) => directive.parent === null),
    )
    checkLoneCiphers(reading)
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
