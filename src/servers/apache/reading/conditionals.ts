import { splitWords } from '../../../../parsers/apache/split-words.ts'
import type { ApacheLineNode } from '../../../../parsers/apache/syntax.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import { type Branch, branch, isIn, otherwise } from '../../presence.ts'
import { apacheDirective, apacheSection } from '../directives.ts'
import { apacheModule, apacheModuleOfFile, isLoadedUnder, moduleMeantBy } from '../modules.ts'
import { isMissing } from '../validate/paths.ts'
import { compareVersions } from '../../version.ts'
import { evaluateVersion } from './if-version.ts'
import { absolutePath } from './paths.ts'
import { modulesNeeded } from './modules-needed.ts'
import { lineOf, placeOf } from './places.ts'
import { type Cursor, isEveryLoadRead, leaveOpen, MPMS, note, type Reading, refuse } from './reading.ts'

/** A condition's truth, or the branch under which it is true where nothing here decides it. */
type Truth = boolean | Branch
type Condition = (reading: Reading, argument: string) => Truth

/** The conditional sections that act while they are read, by lower-case name. */
export const CONDITIONS: ReadonlyMap<string, Condition> = new Map<string, Condition>([
  ['ifmodule', isModuleThere],
  ['ifdefine', isDefined],
  ['iffile', isFileThere],
  ['ifdirective', isDirectiveThere],
  ['ifsection', isSectionThere],
])

/** `<IfModule>`, `<IfDefine>`, `<IfFile>`, `<IfDirective>` and `<IfSection>`. */
export function readConditional(
  reading: Reading,
  node: ApacheLineNode,
  name: string,
  cursor: Cursor,
  condition: Condition,
): void {
  const at = placeOf(reading.stream, node, node.words[0])
  const bracket = node.text.lastIndexOf('>')
  if (bracket === -1) {
    refuse(reading, 'conditional-malformed', `\`<${name}>\` has no closing \`>\``, at)
    readWhere(reading, node, name, cursor, false)
    return
  }
  // The `!` is the first letter of the raw text: inside quotes it belongs to the name.
  const negated = node.text.startsWith('!')
  const argument = splitWords(node.text, negated ? 1 : 0, bracket)[0]?.value ?? ''
  if (argument === '') {
    refuse(reading, 'conditional-malformed', `\`<${name}>\` says nothing to ask for`, at)
    readWhere(reading, node, name, cursor, false)
    return
  }
  const truth = isUnknownWord(argument) ? branch(`<${name} ${argument}>`) : condition(reading, argument)
  readWhere(reading, node, name, cursor, negated ? negation(truth) : truth)
}

/** `<IfVersion>`. */
export function readVersionConditional(reading: Reading, node: ApacheLineNode, cursor: Cursor): void {
  const words = splitWords(node.text).map(word => word.value)
  const verdict = evaluateVersion(words, reading.version.value)
  if (!('holds' in verdict)) {
    refuse(reading, verdict.code, verdict.message, placeOf(reading.stream, node, node.words[0]))
    readWhere(reading, node, 'IfVersion', cursor, false)
    return
  }
  const holds = isVersionOpen(reading, words) ? undefined : verdict.holds
  readWhere(reading, node, 'IfVersion', cursor, holds ?? branch(`<IfVersion ${words.join(' ')}`))
}

/** True where only the version is assumed, and the releases of 2.4 do not agree. */
function isVersionOpen({ version }: Reading, words: readonly string[]): boolean {
  if (version.from !== 'assumed') return false
  const asked = words.flatMap(word => /^2\.4\.\d+/.exec(word)?.[0] ?? [])
  const verdicts = ['2.4.0', version.value, ...asked].map(release => evaluateVersion(words, release))
  return new Set(verdicts.map(verdict => 'holds' in verdict && verdict.holds)).size > 1
}

function negation(truth: Truth): Truth {
  return typeof truth === 'boolean' ? !truth : otherwise(truth)
}

function readWhere(reading: Reading, node: ApacheLineNode, name: string, cursor: Cursor, truth: Truth): void {
  // Where `Error` would be met httpd does not start: what runs is what is there without it.
  const settled = typeof truth !== 'boolean' && refusesToStart(reading) ? false : truth
  if (typeof settled === 'boolean') {
    readBody(reading, node, name, cursor, settled)
    return
  }
  const { world, presence, stream } = reading
  reading.presence = [...presence, settled]
  readBody(reading, node, name, cursor, isIn(world, settled))
  reading.presence = presence
  const closer = reading.stream === stream ? stream.nodes[stream.next - 1] : undefined
  const end = closer?.start ?? Number.POSITIVE_INFINITY
  world.guard(stream.source.path, { ...settled, start: node.end, end }, presence)
}

/** Lines in which an `Error` is looked for: nobody puts one behind many, and bodies in bodies take no longer. */
const LONGEST_REFUSAL = 40

/** True where `Error` stands in the body that follows, under no further condition. */
function refusesToStart({ stream: { nodes, next } }: Reading): boolean {
  let depth = 0
  const end = Math.min(nodes.length, next + LONGEST_REFUSAL)
  for (let index = next; index < end && depth >= 0; index++) {
    const node = nodes[index]
    if (node?.kind === 'open') depth++
    else if (node?.kind === 'close') depth--
    else if (node?.kind === 'directive' && depth === 0 && node.name.value.toLowerCase() === 'error')
      return true
  }
  return false
}

function readBody(
  reading: Reading,
  node: ApacheLineNode,
  name: string,
  cursor: Cursor,
  holds: boolean,
): void {
  if (holds) {
    const at = placeOf(reading.stream, node)
    const closed = reading.readBody(
      reading,
      { floor: cursor.parent, parent: cursor.parent, depth: cursor.depth + 1 },
      name,
    )
    if (!closed && !reading.stopped) note(reading, { kind: 'conditional-left-open', at, name })
  } else skipBody(reading, node, name)
}

/**
 * Skips a false conditional as httpd does, by the first word of each line alone: any `<X` has to be
 * closed, nothing is expanded, and a closer loses its last character whatever that is.
 */
export function skipBody(reading: Reading, node: ApacheLineNode, name: string): void {
  const opener = reading.stream
  const open = [name]
  for (;;) {
    const line = nextLine(reading)
    if (line === null) {
      refuse(
        reading,
        'conditional-unclosed',
        `\`<${open.at(-1)}>\` is not closed before the end of the file`,
        placeOf(opener, node),
      )
      return
    }
    if (line.kind === 'directive') {
      // Whoever starts httpd chooses the MPM by `-D`, as mod_wsgi-express does, and how is not known here.
      if (loadsProcessingModule(line) && isStartUnknown(reading, open)) leaveOpen(reading)
      continue
    }
    if (line.kind === 'open') {
      open.push(line.name.value)
      continue
    }
    const word = splitWords(lineOf(reading.stream, line))[0]?.value ?? ''
    const closed = word.slice(2, -1)
    const expected = open.pop() ?? ''
    if (closed.toLowerCase() !== expected.toLowerCase()) {
      refuse(
        reading,
        'section-mismatched',
        `\`<${expected}>\` is closed by \`</${closed}>\``,
        placeOf(opener, node),
        { related: [{ at: placeOf(reading.stream, line), message: 'the closer' }] },
      )
      return
    }
    if (open.length === 0) return
  }
}

function loadsProcessingModule({ name, words }: ApacheLineNode): boolean {
  return name.value.toLowerCase() === 'loadmodule' && words[0]?.value.startsWith('mpm_') === true
}

function isStartUnknown({ environment }: Reading, open: readonly string[]): boolean {
  return !environment.complete && open.some(name => name.toLowerCase() === 'ifdefine')
}

/** The next line of the stream that is no comment; null at its end. */
export function nextLine(reading: Reading): ApacheLineNode | null {
  for (;;) {
    const { stream } = reading
    const node = stream.nodes[stream.next]
    if (node === undefined) {
      if (stream.rest === null) return null
      reading.stream = stream.rest
      continue
    }
    stream.next++
    if (node.kind !== 'comment') return node
  }
}

function isModuleThere(reading: Reading, name: string): Truth {
  if (isLoadedUnder(reading.modules, name)) return true
  // A name that no module has is false everywhere.
  if (isEveryLoadRead(reading) || moduleMeantBy(name) !== null) return false
  const id = apacheModule(name)?.id ?? apacheModuleOfFile(name)?.id ?? name
  if (id === ACCESS && !isBefore24(reading)) return true
  if (modulesNeeded(reading.stream.source).has(id)) return true
  const mpm = MPMS.indexOf(id)
  if (mpm === -1)
    return isThreadUnsafe(id) && THREADED.some(each => reading.modules.has(each)) ? false : moduleBranch(id)
  // Exactly one of them runs, if none of another's making.
  return MPMS.some(other => reading.modules.has(other))
    ? false
    : branch('the processing module', mpm, MPMS.length + 1)
}

/** It has `Require`, and no httpd 2.4 is without it: who asks for it asks whether this is 2.2. */
const ACCESS = 'authz_core_module'

function isBefore24({ version }: Reading): boolean {
  return compareVersions(version.value, '2.4') < 0
}

/**
 * PHP, which distributions build for one thread a process: beside a threaded processing module httpd refuses it, `your
 * PHP Module is not compiled to be threadsafe`. Whoever writes `<IfModule !mod_php.c>` beside one has PHP-FPM.
 */
function isThreadUnsafe(id: string): boolean {
  return /^(?:mod_php\d*\.c|php\d*_module)$/.test(id)
}

const THREADED = ['mpm_event_module', 'mpm_worker_module'] as const

function moduleBranch(id: string): Branch {
  return branch(`module ${id}`)
}

/** True where what was not defined so far is known not to be. */
function isEverythingRead({ fragments, complete }: Reading): boolean {
  return !fragments && complete
}

function isDefined(reading: Reading, name: string): Truth {
  if (reading.defines.has(name)) return true
  return isEverythingRead(reading) || reading.environment.complete ? false : branch(`<IfDefine ${name}>`)
}

function isFileThere(reading: Reading, name: string): Truth {
  const path = absolutePath(reading, name)
  if (path === null) return branch(`<IfFile ${name}>`)
  if (reading.files.kind(path) !== null) return true
  return isMissing(path, reading.files) ? false : branch(`<IfFile ${path}>`)
}

function isDirectiveThere(reading: Reading, name: string): Truth {
  const lower = name.toLowerCase()
  const facts = lower.startsWith('<') ? apacheSection(lower.slice(1)) : apacheDirective(lower)
  const isWritten = facts?.section !== true || lower.startsWith('<')
  return isOwned(reading, lower, isWritten ? facts?.modules : undefined)
}

function isSectionThere(reading: Reading, name: string): Truth {
  const lower = name.toLowerCase()
  return isOwned(reading, `<${lower}`, apacheSection(lower)?.modules)
}

function isOwned(reading: Reading, written: string, modules: readonly string[] | undefined): Truth {
  if (modules?.some(id => reading.modules.has(id))) return true
  if (isEveryLoadRead(reading)) return false
  return modules?.length === 1 ? moduleBranch(modules[0] ?? '') : branch(`<IfDirective ${written}>`)
}
