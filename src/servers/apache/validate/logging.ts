import { isLoadedUnder } from '../modules.ts'
import { type Check, type Fault, invalid, mayBeLoaded, argument, type Walk } from './check.ts'
import { expressionFault } from './expression.ts'
import { directoryFault } from './paths.ts'
import { posix } from 'node:path'

const LEVELS = new Set(
  'emerg alert crit error warn notice info debug trace1 trace2 trace3 trace4 trace5 trace6 trace7 trace8'.split(
    ' ',
  ),
)

export const checkLogLevel: Check = (directive, _scope, walk) => {
  for (const word of directive.args) {
    const value = word.value
    if (value === '') return null
    const colon = value.indexOf(':')
    const level = value.slice(colon + 1)
    if (colon !== -1 && level === '') return invalid(`no level follows \`${value}\``, word)
    if (colon !== -1 && !knowsModule(value.slice(0, colon), walk)) {
      return {
        code: 'undefined-name',
        message: `no module \`${value.slice(0, colon)}\` is loaded, so it has no log level`,
        word,
      }
    }
    if (!LEVELS.has(level.toLowerCase())) {
      return invalid(
        `\`${level}\` is no log level`,
        word,
        'write emerg, alert, crit, error, warn, notice, info, debug or trace1 to trace8',
      )
    }
  }
  return null
}

/** A module is named `dir`, `dir_module` or `mod_dir.c`. */
function knowsModule(name: string, { unit, names }: Walk): boolean {
  if (names.open) return true
  return unit.modules.has(`${name}_module`) || isLoadedUnder(unit.modules, name)
}

/** Letters of access log formats in httpd's core and the modules that add some. */
const ACCESS_FORMATS = '%aABbCDefHhiklLmnopPqrRsTtuUvVX'
const MODULE_FORMATS: readonly (readonly [letters: string, module: string])[] = [
  ['IOS', 'logio_module'],
  ['xc', 'ssl_module'],
]

export const checkLogFormat: Check = (directive, _scope, walk) => formatFault(directive.args[0], walk)

export const checkCustomLog: Check = (directive, _scope, walk) => {
  const condition = directive.args[2]
  const fault = conditionFault(condition, walk) ?? formatFault(directive.args[1], walk)
  if (fault === null) laterFileFault(directive, walk)
  return fault
}

export const checkTransferLog: Check = (directive, _scope, walk) => {
  laterFileFault(directive, walk)
  return null
}

export const checkErrorLog: Check = (directive, _scope, walk) => {
  const value = argument(directive, 0)
  if (value !== 'syslog' && !value.startsWith('syslog:')) laterFileFault(directive, walk)
  return null
}

/** httpd asks only after the walk whether the directory of a log is there. */
function laterFileFault(directive: Parameters<Check>[0], walk: Walk): void {
  const value = argument(directive, 0)
  if (value.startsWith('|') || value === '') return
  const directory = posix.dirname(value)
  // A provider such as `syslog:` or `dbd:` is no file.
  if (/^[a-z0-9]+:/.test(value) || (directory === '.' && !value.includes('/'))) return
  const fault = directoryFault(directive, directory, directive.args[0], walk)
  if (fault !== null) walk.reportLater(directive, fault)
}

function conditionFault(word: Parameters<Check>[0]['args'][number] | undefined, walk: Walk): Fault | null {
  if (word === undefined) return null
  const lower = word.value.toLowerCase()
  if (lower.startsWith('env=')) {
    const name = word.value.slice(4)
    return name === '' || name === '!' ? invalid('`env=` names no variable', word) : null
  }
  if (lower.startsWith('expr=')) {
    const fault = expressionFault(word.value.slice(5), 'boolean', walk.names)
    return fault === null
      ? null
      : { code: 'invalid-expression', message: `the condition is no expression: ${fault}`, word }
  }
  return invalid(
    `\`${word.value}\` is no condition`,
    word,
    'write `env=name` or `expr=…`, or put the format into quotes',
  )
}

function formatFault(word: Parameters<Check>[0]['args'][number] | undefined, walk: Walk): Fault | null {
  if (word === undefined) return null
  const text = word.value
  let at = 0
  for (;;) {
    at = text.indexOf('%', at)
    if (at === -1) return null
    at++
    let letter = text[at]
    while (letter !== undefined && /[!<>,0-9{]/.test(letter)) {
      if (letter === '{') {
        const end = text.indexOf('}', at)
        at = end === -1 ? text.length : end
      }
      letter = text[++at]
    }
    if (letter === undefined)
      return invalid(
        `\`${text}\` ends in the middle of a \`%\` format`,
        word,
        'write `%%` for a percent sign',
      )
    if (letter === '^') {
      const special = text.slice(at, at + 3)
      if (
        special === '^FB' ? !mayBeLoaded(walk.unit, 'logio_module') : special !== '^ti' && special !== '^to'
      ) {
        if (!walk.names.open) return invalid(`\`%${special}\` is no format of a log line`, word)
      }
      at += 3
      continue
    }
    if (!knowsFormat(letter, walk)) return invalid(`\`%${letter}\` is no format of a log line`, word)
    at++
  }
}

function knowsFormat(letter: string, walk: Walk): boolean {
  if (ACCESS_FORMATS.includes(letter) || walk.names.open) return true
  return MODULE_FORMATS.some(
    ([letters, module]) => letters.includes(letter) && mayBeLoaded(walk.unit, module),
  )
}

const ERROR_FORMATS = '%aAcCeEFiklLmMnPTtvV \\'

export const checkErrorLogFormat: Check = (directive, _scope, walk) => {
  const { args } = directive
  const kind = argument(directive, 0).toLowerCase()
  const format = args[args.length > 1 ? 1 : 0]
  if (args.length > 1 && kind !== 'request' && kind !== 'connection') {
    return invalid(`\`${argument(directive, 0)}\` is neither \`request\` nor \`connection\``, args[0])
  }
  const letters = new Set<string>()
  for (const found of (format?.value ?? '').matchAll(/%(?:[-+0-9]|\{[^}]*\})*(.?)/gs)) {
    const letter = found[1] ?? ''
    letters.add(letter)
    if ((letter === '' || !ERROR_FORMATS.includes(letter)) && !walk.names.open) {
      return invalid(`\`%${letter}\` is no format of an error line`, format)
    }
  }
  if (args.length > 1 || letters.has('M')) return null
  return invalid('the error line has no `%M`, so it would hold no message', format)
}
