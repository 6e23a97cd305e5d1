import { posix } from 'node:path'
import type { ApacheLineNode } from '../../../../parsers/apache/syntax.ts'
import type { Place, Source } from '../../../../parsers/text/source.ts'
import { matchesAprName } from '../../../../parsers/wildcard/apr-fnmatch.ts'
import { hasWildcard } from '../../../../parsers/wildcard/tokens.ts'
import { presenceAt } from '../../presence.ts'
import type { UnreadReason } from '../../unread-file.ts'
import { compareVersions } from '../../version.ts'
import { isMissing } from '../validate/paths.ts'
import { absolutePath, nearFragment } from './paths.ts'
import { placeOf } from './places.ts'
import { type Cursor, hasModuleDirectory, leaveOpen, note, type Reading, refuse } from './reading.ts'

/** httpd's AP_MAX_INCLUDE_DEPTH, for files and for directories alike. */
const MAXIMUM_DEPTH = 128

/** One Include at work. */
interface Including {
  readonly reading: Reading
  readonly cursor: Cursor
  readonly optional: boolean
  /** The word that names the path. */
  readonly at: Place
  /** The absolute path that it names. */
  readonly path: string
}

/** `Include`: reads files in place; relative ones begin at the ServerRoot of this moment. */
export function include(reading: Reading, node: ApacheLineNode, cursor: Cursor): void {
  includeWord(reading, node, cursor, false)
}

/** `IncludeOptional`: the same, content with finding nothing. */
export function includeOptional(reading: Reading, node: ApacheLineNode, cursor: Cursor): void {
  includeWord(reading, node, cursor, true)
}

function includeWord(reading: Reading, node: ApacheLineNode, cursor: Cursor, optional: boolean): void {
  const word = node.words[0]
  if (word === undefined) return
  const at = placeOf(reading.stream, node, word)
  const near = reading.fragments ? nearFragment(reading.files, at.source.path, word.value) : null
  const path = near ?? absolutePath(reading, word.value)
  if (path === null) {
    skipUnread({ reading, cursor, optional, at, path: word.value }, word.value)
    return
  }
  if (reading.includeDepth >= MAXIMUM_DEPTH) {
    refuse(
      reading,
      'include-too-deep',
      `includes are nested more than ${MAXIMUM_DEPTH} deep: this one leads back to itself`,
      at,
    )
    reading.stopped = true
    return
  }
  reading.includeDepth++
  const including: Including = { reading, cursor, optional, at, path }
  if (hasWildcard(path)) includePattern(including, '/', path.split('/').slice(1))
  else includePath(including, path, 0)
  reading.includeDepth--
}

/** Walks a pattern component by component, in byte order. */
function includePattern(including: Including, directory: string, components: readonly string[]): void {
  const { reading, optional, at } = including
  const [component = '', ...rest] = components
  if (!hasWildcard(component)) {
    const path = posix.join(directory, component)
    if (rest.length === 0) includePath(including, path, 0)
    else includePattern(including, path, rest)
    return
  }
  const { files } = reading
  const entries = files.list(directory)
  if (entries === null) {
    const kind = files.kind(directory)
    if (kind === 'directory' || (kind === null && !isAbsent(including, directory))) {
      skipUnread(including, directory, files.refusal(directory) === null ? 'outside' : 'unreadable')
      return
    }
    if (optional && kind === null) {
      noteNothing(including)
      return
    }
    refuse(reading, 'include-missing', `\`${directory}\` is no directory`, at)
    return
  }
  // A repository keeps the modules that somebody touched, and the package's own stay on the machine.
  if (MODULE_DIRECTORY.test(directory) && !files.covers(posix.join(directory, 'any'))) {
    reading.complete = false
    reading.loadsComplete = false
  }
  let matched = false
  for (const { name, kind } of entries) {
    if (!matchesAprName(component, name) || (rest.length > 0 && kind !== 'directory')) continue
    matched = true
    const path = posix.join(directory, name)
    if (rest.length === 0 && !isMeant(component, name)) noteCopy(including, name, path)
    if (rest.length === 0) includePath(including, path, 0)
    else includePattern(including, path, rest)
    if (reading.stopped) return
  }
  if (matched) return
  if (!files.covers(posix.join(directory, 'any'))) {
    skipUnread(including, posix.join(directory, component))
    return
  }
  // Before 2.4 a pattern was content with nothing.
  if (optional || compareVersions(reading.version.value, '2.3.6') < 0) {
    noteNothing(including)
    return
  }
  refuse(reading, 'include-no-match', `nothing in \`${directory}\` matches \`${component}\``, at, {
    help: 'write `IncludeOptional` where the directory may be empty',
  })
}

/** Where distributions keep one file for each module. */
const MODULE_DIRECTORY = /\/(?:(?:conf[.-])?modules?[.-]d|mods?[-_.](?:enabled|d)|modules-enabled)$/

/** Reads a file, or everything below a directory: hidden files and editors' backups too. */
function includePath(including: Including, path: string, depth: number): void {
  const { reading, optional, at } = including
  const { files } = reading
  const result = files.read(path)
  switch (result.kind) {
    case 'source':
      reading.includes++
      readIncluded(including, result.source, path)
      return
    case 'directory':
      includeDirectory(including, path, depth)
      return
    case 'other':
      if (path !== '/dev/null') skipUnread(including, path, 'irregular')
      return
    case 'unreadable':
    case 'too-large':
      skipUnread(including, path, result.kind)
      return
    case 'missing':
      if (isAbsent(including, path)) {
        if (optional) noteNothing(including)
        else refuse(reading, 'include-missing', `\`${path}\` does not exist`, at)
      } else skipUnread(including, path)
  }
}

function readIncluded({ reading, cursor, at }: Including, source: Source, path: string): void {
  const { presence } = reading
  reading.presence = presenceAt(presence, at.source, at.start)
  reading.readFile(reading, source, path, cursor.parent, cursor.depth)
  reading.presence = presence
}

function includeDirectory(including: Including, path: string, depth: number): void {
  const { reading, at } = including
  if (depth > MAXIMUM_DEPTH) {
    refuse(
      reading,
      'include-too-deep',
      `directories below \`${path}\` are nested more than ${MAXIMUM_DEPTH} deep`,
      at,
    )
    reading.stopped = true
    return
  }
  const entries = reading.files.list(path)
  if (entries === null) {
    skipUnread(including, path, 'unreadable')
    return
  }
  for (const { name } of entries) {
    const inner = posix.join(path, name)
    noteCopy(including, name, inner)
    includePath(including, inner, depth + 1)
    if (reading.stopped) return
  }
}

/** What editors and package managers leave beside a file, and hidden files, which only a directory brings in. */
const COPY =
  /(?:~|\.(?:sw[op]|bak|orig|rej|old|save|tmp|dpkg-[a-z]+|ucf-[a-z]+|rpm(?:save|new|orig)))$|^\.|^#.*#$/

function noteCopy({ reading, at }: Including, name: string, path: string): void {
  if (COPY.test(name)) note(reading, { kind: 'copy-included', at, path })
}

/** A pattern such as `*.old` asks for what it gets. */
function isMeant(component: string, name: string): boolean {
  const suffix = /[^*?\]]*$/.exec(component)?.[0] ?? ''
  return suffix !== '' && COPY.test(`x${suffix}`) && name.endsWith(suffix)
}

function noteNothing({ reading, at, path }: Including): void {
  note(reading, { kind: 'nothing-included', at, path })
}

/** Only an audit of the whole machine covers this. */
const NOWHERE = '/no/such/directory'

/**
 * A missing file is evidence where the audit holds its place. A link is not, unless the root is the whole
 * machine: what it leads to may lie outside.
 */
function isAbsent({ reading: { files } }: Including, path: string): boolean {
  return files.covers(NOWHERE) ? files.kind(path) === null : isMissing(path, files)
}

/** Directories of Debian's layout whose files load no module. */
const LOADS_NOTHING = /\/(?:conf|sites)-enabled(?:\/[^/]*\.conf)?$/

/** From here on anything may be defined that the audit does not see, and loaded, unless it is known where that is done. */
function skipUnread(
  { reading, optional, at }: Including,
  path: string,
  reason: UnreadReason = 'outside',
): void {
  if (optional && LOADS_NOTHING.test(path) && hasModuleDirectory(reading)) reading.complete = false
  else leaveOpen(reading)
  const key = `${at.source.path}\0${at.start}\0${path}`
  if (!reading.unread.has(key)) reading.unread.set(key, { reason, path, at, optional })
}
