import { posix } from 'node:path'
import type { Source } from '../text/source.ts'
import { blurAssigned } from './blur-assigned.ts'
import { type ExpandedWord, expandWord } from './expand-word.ts'
import type { Scope } from './scope.ts'
import { placeOf, type ScriptRun } from './script-run.ts'
import { unknownValue } from './shell-environment.ts'
import type { ShellWord } from './split-words.ts'
import { changeDirectory, recordCommand, setParameters, shifted } from './record-command.ts'
import { type Status, testExpression } from './test-expression.ts'

const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)(\[[^\]]*\])?(\+)?=/
/** Builtins before which an assignment stays, in a POSIX shell. */
const SPECIAL = new Set([
  ':',
  '.',
  'eval',
  'exec',
  'exit',
  'export',
  'readonly',
  'return',
  'set',
  'shift',
  'trap',
  'unset',
])

/** Executes one simple command: assignments before a name, and the builtins that change variables. */
export function runCommand(words: readonly ShellWord[], scope: Scope, run: ScriptRun): Status {
  const { code } = run.source
  const first = words.findIndex(word => !ASSIGNMENT.test(code.slice(word.start, word.end)))
  if (first === -1) {
    for (const word of words) assign(word, scope, run)
    // A command substitution in a value gives the statement its status.
    return words.some(word => /\$\(|`/.test(code.slice(word.start, word.end))) ? undefined : true
  }
  const command = words.slice(first)
  const name = expandWord(placeOf(command[0]!, run), scope)
  if (first > 0 && name.value.known && SPECIAL.has(name.value.value))
    for (const word of words.slice(0, first)) assign(word, scope, run)
  if (run.record !== null) recordCommand(words.slice(0, first), command, scope, run, run.record)
  if (!name.value.known || /\s/.test(name.value.value)) {
    scope.blurAll('a command whose name is not known may change it')
    return undefined
  }
  return runNamed(name.value.value, command.slice(1), scope, run)
}

function assign(word: ShellWord, scope: Scope, run: ScriptRun): void {
  const match = ASSIGNMENT.exec(run.source.code.slice(word.start, word.end))
  if (match === null) return
  const [whole, name = '', index, plus] = match
  const place = placeOf(word, run)
  if (index !== undefined || plus !== undefined) {
    scope.assign(name, unknownValue('shells differ on it'), place)
    return
  }
  const { value } = expandWord({ ...place, start: word.start + whole.length }, scope)
  scope.assign(name, value, place)
}

function runNamed(name: string, args: readonly ShellWord[], scope: Scope, run: ScriptRun): Status {
  const body = run.functions.get(name)
  if (body !== undefined) {
    run.call(name, args, scope)
    blurAssigned(body, `the function \`${name}\` may change it`, scope, run.functions, run.steps)
    return undefined
  }
  switch (name) {
    case 'export':
    case 'readonly':
    case 'declare':
    case 'typeset':
    case 'local':
      return declare(name, args, scope, run)
    case '.':
    case 'source':
      return include(args[0], scope, run)
    case 'command':
    case 'builtin':
      return args.length === 0 ? true : runCommand(args, scope, run)
  }
  const values = args.map(word => expandWord(placeOf(word, run), scope))
  switch (name) {
    case ':':
    case 'true':
      return true
    case 'false':
      return false
    case 'test':
      return testExpression(values, false, run.options.kind)
    case '[':
      return testExpression(values.slice(0, -1), false, run.options.kind)
    case 'unset':
      return unset(values, scope)
    case 'set':
      setOptions(values, scope)
      setParameters(args, scope, run)
      return true
    case 'exit':
    case 'return':
      scope.ended = true
      return undefined
    case 'exec':
      // With redirections alone the shell goes on.
      if (args.length > 0 && run.record !== null) scope.ended = true
      return undefined
    case 'cd':
      changeDirectory(args, scope, run)
      return undefined
    case 'shift':
      scope.positional = shifted(scope.positional, values)
      return true
    case 'eval':
      scope.blurAll('`eval` may change it')
      return undefined
    case 'read':
    case 'getopts':
    case 'mapfile':
    case 'readarray':
    case 'let':
    case 'printf':
      for (const { value } of values)
        for (const found of value.known ? (value.value.match(/[A-Za-z_][A-Za-z0-9_]*/g) ?? []) : [])
          if (name !== 'printf' || values[0]?.value.known === false || isVariableFlag(values))
            scope.blur(found, `\`${name}\` gives it its value`)
      return undefined
    default:
      return undefined
  }
}

function isVariableFlag(values: readonly ExpandedWord[]): boolean {
  const first = values[0]?.value
  return first?.known === true && first.value === '-v'
}

function unset(values: readonly ExpandedWord[], scope: Scope): Status {
  for (const { value } of values) {
    if (!value.known) {
      scope.blurAll('`unset` may remove it')
      return undefined
    }
    if (value.value === '-f') return true
    if (!value.value.startsWith('-')) scope.unset(value.value)
  }
  return true
}

function setOptions(values: readonly ExpandedWord[], scope: Scope): void {
  for (const [index, { value }] of values.entries()) {
    if (!value.known) return
    const on = value.value.startsWith('-')
    if (!on && !value.value.startsWith('+')) continue
    if (value.value === '--') return
    const next = values[index + 1]?.value
    const long = value.value.endsWith('o') && next?.known === true && next.value === 'allexport'
    if (long || value.value.includes('a')) scope.exportAll = on
  }
}

function declare(command: string, args: readonly ShellWord[], scope: Scope, run: ScriptRun): Status {
  const { code } = run.source
  let flags = ''
  for (const word of args) {
    const text = code.slice(word.start, word.end)
    const name = ASSIGNMENT.exec(text)?.[1] ?? (/^[A-Za-z_][A-Za-z0-9_]*$/.exec(text)?.[0] || undefined)
    if (name === undefined) {
      const { value } = expandWord(placeOf(word, run), scope)
      if (value.known && /^[-+][A-Za-z]+$/.test(value.value)) {
        flags += value.value
        continue
      }
      const given = value.known ? /^([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?$/s.exec(value.value) : null
      if (given === null) scope.blurAll(`\`${command}\` may set it`)
      else {
        if (given[2] !== undefined)
          scope.assign(given[1]!, { known: true, value: given[2] }, placeOf(word, run))
        if (command === 'export') scope.export(given[1]!, !flags.includes('-n'))
      }
      continue
    }
    if (flags.includes('f') || flags.includes('p')) continue
    // The mark comes first, so that the assignment itself is an exported one.
    if (command === 'export') scope.export(name, !flags.includes('n'))
    else if (/-\w*x/.test(flags)) scope.export(name, true)
    else if (/\+\w*x/.test(flags)) scope.export(name, false)
    if (ASSIGNMENT.test(text)) assign(word, scope, run)
  }
  return args.some(word => /\$\(|`/.test(code.slice(word.start, word.end))) ? undefined : true
}

/** A relative path belongs to the working directory, where it is known. */
function readFrom(path: string, scope: Scope, run: ScriptRun): Source | 'missing' | null {
  const whole = path.startsWith('/')
    ? path
    : scope.directory === null
      ? null
      : posix.join(scope.directory, path)
  return whole === null || !(path.startsWith('/') || path.includes('/'))
    ? null
    : (run.options.read?.(whole) ?? null)
}

/** What the script of Python's venv and virtualenv sets, which is no part of a repository. */
const OF_ENVIRONMENT = ['VIRTUAL_ENV', 'VIRTUAL_ENV_PROMPT', 'PATH', 'PS1', 'PYTHONHOME']

function include(word: ShellWord | undefined, scope: Scope, run: ScriptRun): Status {
  const path = word === undefined ? null : expandWord(placeOf(word, run), scope).value
  const found = path?.known === true ? readFrom(path.value, scope, run) : null
  if (found === 'missing') return false
  if (found !== null && run.include(found, scope)) return undefined
  const name = path?.known === true ? `\`${path.value}\`` : 'a file'
  if (path?.known === true && /(?:^|\/)bin\/activate$/.test(path.value)) {
    for (const variable of OF_ENVIRONMENT) scope.blur(variable, `${name} sets it`)
    return undefined
  }
  scope.blurAll(`${name} may set it, and is not part of the audit`)
  return undefined
}
