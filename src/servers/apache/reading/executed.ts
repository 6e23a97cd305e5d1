import { posix } from 'node:path'
import type { ApacheLineNode } from '../../../../parsers/apache/syntax.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import { known, unknown } from '../../fact.ts'
import { apacheModule, apacheModuleOfSharedObject, sourceFileOf } from '../modules.ts'
import { isMissing } from '../validate/paths.ts'
import { CONDITIONS, readConditional, readVersionConditional, skipBody } from './conditionals.ts'
import { include, includeOptional } from './includes.ts'
import { defineMacro, undefineMacro, useMacro } from './macros.ts'
import { absolutePath } from './paths.ts'
import { placeOf } from './places.ts'
import { type Cursor, leaveOpen, type LineName, type Reading, refuse, refuseLine } from './reading.ts'

interface Executed {
  readonly run: (reading: Reading, node: ApacheLineNode, cursor: Cursor) => void
  readonly least: number
  readonly most: number
}

/**
 * What acts while it is read and leaves no directive behind, by lower-case name, `<` for sections, with
 * the number of arguments that httpd insists on before it acts.
 */
const EXECUTED: ReadonlyMap<string, Executed> = new Map<string, Executed>([
  ['include', { run: include, least: 1, most: 1 }],
  ['includeoptional', { run: includeOptional, least: 1, most: 1 }],
  ['define', { run: define, least: 1, most: 2 }],
  ['undefine', { run: undefine, least: 1, most: 1 }],
  ['loadmodule', { run: loadModule, least: 2, most: 2 }],
  ['loadfile', { run: loadFile, least: 1, most: Number.POSITIVE_INFINITY }],
  ['serverroot', { run: setServerRoot, least: 1, most: 1 }],
  ['defaultruntimedir', { run: checkRuntimeDirectory, least: 1, most: 1 }],
  ['use', { run: useMacro, least: 0, most: Number.POSITIVE_INFINITY }],
  ['undefmacro', { run: undefineMacro, least: 1, most: 1 }],
  ['luaauthzprovider', { run: () => {}, least: 3, most: 3 }],
])

/** Runs a directive that acts while it is read; false for all others, which belong into the tree. */
export function execute(reading: Reading, node: ApacheLineNode, name: LineName, cursor: Cursor): boolean {
  if (node.kind === 'open') return executeSection(reading, node, name, cursor)
  if (reading.perDirectory) return false
  const executed = EXECUTED.get(name.lower)
  if (executed === undefined || !isOwnerThere(reading, name)) return false
  const { length } = node.words
  const unknown = node.words.some(word => isUnknownWord(word.value))
  if (unknown && (length < executed.least || length > executed.most)) return true
  // Of the arguments that are counted none may be empty: to httpd an empty word is a missing one.
  const empty = executed.least > 0 && node.words.slice(0, executed.least).some(word => word.value === '')
  if (length < executed.least || length > executed.most || empty) {
    refuse(
      reading,
      'read-arguments',
      `\`${name.name}\` takes ${amount(executed.least, executed.most)}`,
      placeOf(reading.stream, node, node.words[executed.most] ?? node.name),
    )
    return true
  }
  executed.run(reading, node, cursor)
  return true
}

function executeSection(reading: Reading, node: ApacheLineNode, name: LineName, cursor: Cursor): boolean {
  const condition = CONDITIONS.get(name.lower)
  if (condition !== undefined) readConditional(reading, node, name.name, cursor, condition)
  else if (name.lower === 'ifversion' && isOwnerThere(reading, name)) {
    readVersionConditional(reading, node, cursor)
  } else if (reading.perDirectory) return false
  else if (name.lower === 'macro' && isOwnerThere(reading, name)) defineMacro(reading, node)
  else if (name.facts?.executed && name.lower.startsWith('lua') && isOwnerThere(reading, name)) {
    // The body is a Lua program up to the closer.
    skipBody(reading, node, name.name)
  } else return false
  return true
}

/** Without its module a name means nothing yet: the line goes into the tree, and the walk refuses it. */
function isOwnerThere(reading: Reading, name: LineName): boolean {
  return reading.fragments || (name.facts?.modules.some(id => reading.modules.has(id)) ?? false)
}

function amount(least: number, most: number): string {
  if (least === most) return `${least} argument${least === 1 ? '' : 's'}`
  return most === Number.POSITIVE_INFINITY ? `at least ${least} argument` : `${least} or ${most} arguments`
}

function define(reading: Reading, node: ApacheLineNode, cursor: Cursor): void {
  const [name, value] = node.words
  if (name === undefined) return
  if (name.value.includes(':')) {
    const at = placeOf(reading.stream, node, name)
    refuse(reading, 'define-malformed', `the name \`${name.value}\` has a \`:\``, at)
    return
  }
  // An empty value is none: `${}` stays undefined.
  const text = value === undefined || value.value === '' ? null : value.value
  if (!reading.defines.has(name.value) || text !== null) reading.defines.set(name.value, text)
  if (text === null) return
  reading.variables.set(name.value.toLowerCase(), {
    value: text,
    at: placeOf(reading.stream, node, name),
    section: cursor.parent,
  })
}

function undefine(reading: Reading, node: ApacheLineNode): void {
  const [name] = node.words
  if (name === undefined) return
  if (name.value.includes(':')) {
    const at = placeOf(reading.stream, node, name)
    refuse(reading, 'define-malformed', `the name \`${name.value}\` has a \`:\``, at)
    return
  }
  reading.defines.delete(name.value)
  reading.variables.delete(name.value.toLowerCase())
}

function loadModule(reading: Reading, node: ApacheLineNode): void {
  const [id, object] = node.words
  if (id === undefined || object === undefined) return
  if (isUnknownWord(id.value)) {
    leaveOpen(reading)
    return
  }
  const before = reading.modules.get(id.value)
  // httpd warns of a module that is loaded already and leaves it, file or no file.
  if (before?.at) return
  const name = posix.basename(object.value)
  if (before?.file?.startsWith('mod_') && isDebianModule(object.value)) {
    const at = placeOf(reading.stream, node, id)
    refuse(reading, 'module-unloadable', `\`${id.value}\` is built in and cannot be loaded`, at)
    return
  }
  const expected = apacheModuleOfSharedObject(name)
  if (expected !== undefined && expected.id !== id.value) {
    const at = placeOf(reading.stream, node, id)
    refuse(reading, 'module-unloadable', `\`${name}\` holds \`${expected.id}\`, not \`${id.value}\``, at)
  } else if (isObjectMissing(reading, object.value)) {
    const at = placeOf(reading.stream, node, object)
    refuse(reading, 'module-unloadable', `\`${object.value}\` does not exist`, at)
  }
  refuseTooEarly(reading, id.value)
  const at = { source: reading.stream.source, start: node.start, end: node.end }
  const file = apacheModule(id.value)?.file ?? sourceFileOf(id.value)
  reading.modules.set(id.value, { id: id.value, file, at })
}

/**
 * The modules that take functions of another one, which the loader looks for at once. Where that is loaded nowhere it
 * may be built in; where it is loaded below, it is not.
 */
const BASES: ReadonlyMap<string, RegExp> = new Map([
  [
    'proxy_module',
    /^proxy_(?:ajp|balancer|connect|express|fcgi|fdpass|ftp|hcheck|http2?|scgi|uwsgi|wstunnel)_module$/,
  ],
  ['cache_module', /^cache_(?:disk|socache)_module$/],
  ['dav_module', /^dav_(?:fs|lock)_module$/],
  ['session_module', /^session_(?:cookie|crypto|dbd)_module$/],
])

function refuseTooEarly(reading: Reading, base: string): void {
  const dependents = BASES.get(base)
  if (dependents === undefined) return
  for (const { id, at } of reading.modules.values())
    if (at && dependents.test(id)) {
      const message = `\`${id}\` needs \`${base}\`, which is loaded below it: undefined symbol`
      const start = at.source.code.indexOf(id, at.start)
      refuseLine(reading, 'module-unloadable', message, { ...at, start, end: start + id.length })
      return
    }
}

function isDebianModule(path: string): boolean {
  return path.startsWith('/usr/lib/apache2/modules/')
}

function loadFile(reading: Reading, node: ApacheLineNode): void {
  for (const word of node.words) {
    if (!isObjectMissing(reading, word.value)) continue
    const at = placeOf(reading.stream, node, word)
    refuse(reading, 'module-unloadable', `\`${word.value}\` does not exist`, at)
    return
  }
}

const MODULE_FOLDERS = ['/usr/lib/apache2/modules', '/usr/lib64/httpd/modules', '/usr/lib/httpd/modules']

/**
 * The audited tree seldom holds the server's own files: only where it has a modules directory does a missing
 * object mean something. A bare name goes through the loader's search path.
 */
function isObjectMissing(reading: Reading, object: string): boolean {
  const { files } = reading
  const path = absolutePath(reading, object)
  if (path === null || !isMissing(path, files)) return false
  return MODULE_FOLDERS.some(directory => files.kind(directory) === 'directory')
}

function setServerRoot(reading: Reading, node: ApacheLineNode): void {
  const [word] = node.words
  if (word === undefined) return
  const at = placeOf(reading.stream, node, word)
  if (isUnknownWord(word.value)) {
    reading.serverRoot = unknown('its value is not known here', at)
    return
  }
  if (!word.value.startsWith('/')) {
    // Relative to the directory in which httpd was started, which no file tells.
    reading.serverRoot = unknown('it hangs on the directory in which httpd is started', at)
    return
  }
  const path = posix.normalize(word.value)
  const kind = reading.files.kind(path)
  if (kind === 'file' || (kind === null && isMissing(path, reading.files))) {
    refuse(reading, 'server-root-invalid', `\`${path}\` is no directory`, at)
  }
  reading.serverRoot = known(path, at)
}

/** What the system makes anew at each boot is no evidence when it is not there. */
const VOLATILE = ['/run/', '/var/run/', '/tmp/', '/var/tmp/']

function checkRuntimeDirectory(reading: Reading, node: ApacheLineNode): void {
  const [word] = node.words
  const path = word === undefined ? null : absolutePath(reading, word.value)
  if (path === null || VOLATILE.some(directory => `${path}/`.startsWith(directory))) return
  const kind = reading.files.kind(path)
  if (kind === 'directory' || (kind === null && !isMissing(path, reading.files))) return
  const at = placeOf(reading.stream, node, word)
  refuse(reading, 'runtime-directory-invalid', `\`${path}\` is no directory`, at)
}
