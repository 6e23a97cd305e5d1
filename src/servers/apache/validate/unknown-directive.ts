import { ownTable } from '../../../../parsers/text/own-table.ts'
import { NO_BREAK_SPACE } from '../../../../parsers/text/no-break-space.ts'
import { distance } from 'fastest-levenshtein'
import type { ApacheDirective } from '../configuration.ts'
import {
  type ApacheDirectiveFacts,
  allApacheDirectives,
  apacheDirective,
  apacheSection,
  foreignModule,
} from '../directives.ts'
import { apacheModule } from '../modules.ts'
import { WITHOUT_MARK } from '../reading/reading.ts'
import type { Fault, ValidationUnit, Walk } from './check.ts'
import { continuesLineAbove, gluedTo, isNoName, isSlipped } from './slipped-name.ts'

/** Names that httpd 2.4 dropped, with what took their place. */
const DROPPED: Readonly<Record<string, string>> = ownTable({
  acceptmutex: 'write `Mutex`',
  authauthoritative: 'drop the line',
  authdefaultauthoritative: 'drop the line',
  authzdefaultauthoritative: 'drop the line: httpd 2.4 has no such switch',
  authzuserauthoritative: 'drop the line: httpd 2.4 has no such switch',
  authzgroupfileauthoritative: 'drop the line: httpd 2.4 has no such switch',
  cookielog: 'write `CustomLog` with a `%{cookie}n` format',
  lockfile: 'write `Mutex`',
  rewritelock: 'write `Mutex`',
  rewritelog: 'write `LogLevel rewrite:trace3`',
  rewriteloglevel: 'write `LogLevel rewrite:trace3`',
  sslmutex: 'write `Mutex`',
})

/** The names near to an unknown one cost a walk over the table: the same name is asked about once. */
const nearest = new Map<string, string | undefined>()

/** The fault of a name that no module in the table has. */
export function unknownFault(
  directive: ApacheDirective,
  { unit, perDirectory }: Pick<Walk, 'unit' | 'perDirectory'>,
): Fault | null {
  const lower = directive.name.toLowerCase()
  const foreign = foreignModule(lower)
  // What else a module may bring is not known; no module calls a directive all but as another one's is called.
  const glued = gluedTo(directive)
  const continues = continuesLineAbove(directive)
  if (lower.includes(NO_BREAK_SPACE))
    return {
      code: 'unknown-directive',
      message:
        'a no-break space stands here, and Apache takes it for a letter of the name: `Invalid command`',
      help: 'write a plain space (the no-break space, U+00A0, comes of pasting from a page)',
    }
  const isSlip =
    glued !== undefined ||
    continues ||
    (perDirectory === true && isNoName(directive)) ||
    (foreign === undefined && isMadeOfOwn(directive)) ||
    (isMarked(lower) && !directive.source.template) ||
    (foreign === undefined && isSlipped(directive))
  if (!isSlip && (!unit.modulesComplete || mayBeForeign(unit, lower))) return null
  const shown = directive.section ? `<${directive.name}>` : directive.name
  return {
    code: 'unknown-directive',
    message: unit.modulesComplete
      ? `no module that is loaded knows \`${shown}\``
      : `no module knows \`${shown}\``,
    help: continues
      ? 'end the line above in `\\`, of which this is the rest'
      : glued === undefined
        ? unknownHelp(directive, lower, foreign)
        : `write a space behind \`${glued}\``,
  }
}

/** True for the first word of a file that begins with a byte-order mark, which httpd takes for a part of it. */
function isMarked(lower: string): boolean {
  return lower.startsWith('\u00ef\u00bb\u00bf') || lower.startsWith('\ufeff')
}

/**
 * True for a name made of words of httpd's own families, as nobody else's module has them: a whole directive of
 * `Proxy…`, `SSL…` or `Rewrite…` at its beginning and a part of another one behind it, `ProxyPassReverse` and
 * `InterpolateEnv`.
 */
function isMadeOfOwn({ name, section }: ApacheDirective): boolean {
  const lower = name.toLowerCase()
  const family = FAMILY.exec(lower)?.[0]
  if (section || family === undefined || !/^[a-z]+$/.test(lower)) return false
  const names = [...allApacheDirectives()].flatMap(facts =>
    !facts.section && facts.name.toLowerCase().startsWith(family) ? [facts.name.toLowerCase()] : [],
  )
  return names.some(
    known =>
      known.length > family.length &&
      lower.length >= known.length + 6 &&
      lower.startsWith(known) &&
      names.some(other => other.endsWith(lower.slice(known.length))),
  )
}

const FAMILY = /^(?:proxy|ssl|rewrite)/

/** True where a module is loaded that the table does not know: what it brings is unknown. */
export function hasForeignModule(unit: ValidationUnit): boolean {
  for (const id of unit.modules.keys())
    if (apacheModule(id) === undefined && !WITHOUT_DIRECTIVES.test(id)) return true
  return false
}

/** What Red Hat and SUSE load for systemd brings no line that anybody writes, and the lines of PHP begin with its name. */
const WITHOUT_DIRECTIVES = /^(?:systemd|php\d?)_module$/

/** The lines of PHP are those of its own module, whose name has it, whatever else is loaded. */
function mayBeForeign(unit: ValidationUnit, lower: string): boolean {
  if (!/^php(?:inidir|_(?:admin_)?(?:value|flag))$/.test(lower)) return hasForeignModule(unit)
  return [...unit.modules.keys()].some(id => /php/i.test(id))
}

function unknownHelp(
  directive: ApacheDirective,
  lower: string,
  foreign: string | undefined,
): string | undefined {
  const dropped = DROPPED[lower]
  if (dropped !== undefined) return dropped
  if (isMarked(lower)) return WITHOUT_MARK
  if (/^\W*(?:https?:|\^|\()/.test(lower))
    return 'delete the line, or begin it with a directive such as `RewriteRule`'
  if (/^(?:;|\/\/|--|\/\*)/.test(lower)) return 'begin a comment with `#`'
  const twin = directive.section ? apacheDirective(lower) : apacheSection(lower)
  if (twin !== undefined && twin.section !== directive.section) {
    return directive.section
      ? `write \`${twin.name}\` without \`<\``
      : `write \`<${twin.name} …>\`: it is a section`
  }
  const near = nearestName(lower)
  if (near !== undefined) return `did you mean \`${near}\`?`
  return foreign === undefined ? undefined : `load the module of ${foreign}`
}

function nearestName(lower: string): string | undefined {
  if (nearest.has(lower)) return nearest.get(lower)
  const most = Math.max(1, Math.floor(lower.length / 4))
  let best: string | undefined
  let least = most + 1
  for (const facts of allApacheDirectives()) {
    if (Math.abs(facts.name.length - lower.length) >= least) continue
    const far = distance(facts.name.toLowerCase(), lower)
    if (far < least) {
      least = far
      best = facts.name
    }
  }
  nearest.set(lower, best)
  return best
}

/** The fault of a name whose modules are all known not to be loaded. */
export function unloadedFault(facts: ApacheDirectiveFacts): Fault {
  const module = facts.modules[0] ?? ''
  const shown = facts.section ? `<${facts.name}>` : facts.name
  const which =
    facts.modules.length > 1 ? `one of ${facts.modules.map(id => `\`${id}\``).join(', ')}` : `\`${module}\``
  return {
    code: 'module-not-loaded',
    message: `\`${shown}\` needs ${which}, and no \`LoadModule\` loads it`,
    help: `add \`LoadModule ${module} …\`, on Debian \`a2enmod ${module.replace(/_module$/, '')}\``,
  }
}
