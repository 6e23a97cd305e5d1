import { splitWords } from '../../../../parsers/apache/split-words.ts'
import type { ApacheLineNode } from '../../../../parsers/apache/syntax.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import { apacheDirective, apacheSection } from '../directives.ts'
import { isLoadedUnder, moduleMeantBy } from '../modules.ts'
import { isMissing } from '../validate/paths.ts'
import { evaluateVersion } from './if-version.ts'
import { absolutePath } from './paths.ts'
import { lineOf, placeOf } from './places.ts'
import { type Cursor, note, type Reading, refuse } from './reading.ts'

/** A condition's truth; undefined where the missing part of the configuration decides it. */
type Truth = boolean | undefined

/** The conditional sections that act while they are read, by lower-case name. */
export const CONDITIONS: ReadonlyMap<string, (reading: Reading, argument: string) => Truth> = new Map([
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
  condition: (reading: Reading, argument: string) => Truth,
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
  // Where nobody knows, the body is taken as written to be used, and its negation as the fallback.
  const truth = (isUnknownWord(argument) ? undefined : condition(reading, argument)) ?? true
  readWhere(reading, node, name, cursor, truth !== negated)
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
  readWhere(reading, node, 'IfVersion', cursor, verdict.holds ?? true)
}

function readWhere(
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
      if (loadsProcessingModule(line) && isStartUnknown(reading, open)) reading.complete = false
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
  return reading.fragments ? isPossibleModule(name) : false
}

/**
 * Of the MPMs exactly one runs, so one body of the three is enough: event's, the default. A name that no
 * module has is false everywhere.
 */
function isPossibleModule(name: string): Truth {
  return OTHER_MPMS.has(name) || moduleMeantBy(name) !== null ? false : undefined
}

const OTHER_MPMS: ReadonlySet<string> = new Set([
  'worker.c',
  'prefork.c',
  'mpm_worker_module',
  'mpm_prefork_module',
])

function isDefined(reading: Reading, name: string): Truth {
  if (reading.defines.has(name)) return true
  return reading.fragments && !reading.environment.complete ? undefined : false
}

function isFileThere(reading: Reading, name: string): Truth {
  const path = absolutePath(reading, name)
  if (path === null) return undefined
  if (reading.files.kind(path) !== null) return true
  return isMissing(path, reading.files) ? false : undefined
}

function isDirectiveThere(reading: Reading, name: string): Truth {
  const lower = name.toLowerCase()
  const facts = lower.startsWith('<') ? apacheSection(lower.slice(1)) : apacheDirective(lower)
  if (facts?.section && !lower.startsWith('<')) return isOwned(reading, undefined)
  return isOwned(reading, facts?.modules)
}

function isSectionThere(reading: Reading, name: string): Truth {
  return isOwned(reading, apacheSection(name.toLowerCase())?.modules)
}

function isOwned(reading: Reading, modules: readonly string[] | undefined): Truth {
  if (modules?.some(id => reading.modules.has(id))) return true
  return reading.fragments ? undefined : false
}
