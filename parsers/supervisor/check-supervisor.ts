import { posix } from 'node:path'
import { isOneSlipAway } from '../text/one-slip-away.ts'
import { type Place, UNKNOWN } from '../text/source.ts'
import { placeIn, placeOf, type WrittenText } from '../text/written-text.ts'
import { fillExpansions } from './fill-expansions.ts'

/** What supervisord stops at, or, of `cut`, silently reads in another way. */
export type SupervisorProblemCode =
  | 'badly-formatted'
  | 'unknown-expansion'
  | 'environment-not-pairs'
  | 'environment-quote-open'
  | 'environment-cut'
  | 'no-process-num'
  | 'kill-without-group'
  | 'not-boolean'
  | 'not-integer'
  | 'not-octal'
  | 'not-autorestart'
  | 'not-account'
  | 'not-signal'
  | 'not-exitcodes'
  | 'not-bytes'
  | 'not-level'
  | 'no-events'
  | 'include-matches-none'
  | 'no-command'
  | 'unknown-program'
  | 'section-ignored'
  | 'section-twice'
  | 'log-not-seekable'
  | 'main-log-not-seekable'

export interface SupervisorProblem {
  readonly code: SupervisorProblemCode
  readonly at: Place
  /** The key, or what the code is about: a name of an expansion, a variable, a program. */
  readonly about: string
  /** Where the other one of two stands. */
  readonly other?: Place
}

/** A section as supervisord's ConfigParser has it, the names of its values in small letters. */
export interface SupervisorSection {
  readonly name: string
  readonly at: Place
  readonly values: ReadonlyMap<string, WrittenText>
}

const EXPANDED =
  /^(?:command|directory|user|umask|priority|autostart|autorestart|start(?:secs|retries)|stop(?:signal|waitsecs|asgroup)|killasgroup|exitcodes|redirect_stderr|numprocs|numprocs_start|process_name|environment|std(?:out|err)_(?:logfile(?:_maxbytes|_backups)?|events_enabled|syslog)|serverurl|username|password|port|file|logfile|pidfile|childlogdir)$/
const BOOLEANS: ReadonlySet<string> = new Set([
  'autostart',
  'stopasgroup',
  'killasgroup',
  'redirect_stderr',
  'stdout_events_enabled',
  'stderr_events_enabled',
])
const INTEGERS: ReadonlySet<string> = new Set([
  'priority',
  'startsecs',
  'startretries',
  'stopwaitsecs',
  'numprocs',
  'numprocs_start',
  'stdout_logfile_backups',
  'stderr_logfile_backups',
])
const SIZES: ReadonlySet<string> = new Set(['stdout_logfile_maxbytes', 'stderr_logfile_maxbytes'])
const SIGNALS =
  /^(?:SIG)?(?:ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IO|IOT|KILL|PIPE|POLL|PROF|PWR|QUIT|RTMAX|RTMIN|SEGV|STKFLT|STOP|SYS|TERM|TRAP|TSTP|TTIN|TTOU|URG|USR1|USR2|VTALRM|WINCH|XCPU|XFSZ)$/i
const LEVELS = /^(?:critical|error|warn|info|debug|trace|blather)$/i
const BOOLEAN = /^(?:yes|true|on|1|no|false|off|0)$/i

/** What supervisord says of one section while it starts, or rereads its files. */
export function* checkSection(section: SupervisorSection): Iterable<SupervisorProblem> {
  const { name, values } = section
  const program = name.replace(/^[^:]*:\s*/, '')
  const isProgram = /^(?:fcgi-)?program:/.test(name)
  const level = name === 'supervisord' ? values.get('loglevel') : undefined
  if (level !== undefined && !LEVELS.test(level.text) && !/[%\uE000]/.test(level.text))
    yield { code: 'not-level', at: placeOf(level), about: level.text }
  if (/^eventlistener:/.test(name) && !values.has('events'))
    yield { code: 'no-events', at: section.at, about: name }
  if (!isProgram && !/^(?:supervisord|(?:unix|inet)_http_server)$/.test(name)) return
  for (const [key, value] of values) {
    if (!EXPANDED.test(key)) continue
    yield* expansions(key, value)
    if (key === 'environment') yield* pairs(fillExpansions(value, program, section.at.source))
    else if (isProgram) yield* typeOfValue(key, value)
  }
  if (isProgram) yield* together(section)
}

/** Names of programs in `[group:…]` that no section has. */
export function* checkGroups(sections: readonly SupervisorSection[]): Iterable<SupervisorProblem> {
  const programs = new Set(
    sections.flatMap(({ name }) => /^(?:fcgi-)?program:\s*(.*?)\s*$/.exec(name)?.[1] ?? []),
  )
  for (const { name, values } of sections) {
    const named = name.startsWith('group:') ? values.get('programs') : undefined
    if (named === undefined || /[%\uE000]/.test(named.text)) continue
    for (const match of named.text.matchAll(/[^\s,][^,\n]*/g)) {
      const program = match[0].trim()
      if (!programs.has(program))
        yield {
          code: 'unknown-program',
          at: placeIn(named, match.index, match.index + program.length),
          about: program,
        }
    }
  }
}

/** What supervisord passes over, or makes one program of. */
export function* checkNames(
  sections: readonly SupervisorSection[],
  isWhole: boolean,
): Iterable<SupervisorProblem> {
  const programs = new Map<string, SupervisorSection>()
  for (const section of sections) {
    const { name, at, values } = section
    const [word = ''] = name.toLowerCase().split(/[^a-z]/)
    const isMeant = (meant: string): boolean => word === meant || isOneSlipAway(meant, word)
    if (
      (values.has('command') && isMeant('program') && !name.startsWith('program:')) ||
      (values.has('programs') && /^groups?$/.test(word) && !name.startsWith('group:'))
    )
      yield { code: 'section-ignored', at, about: values.has('command') ? 'program' : 'group' }
    const command = values.get('command')?.text
    if (!name.startsWith('program:') || command === undefined || name.includes(UNKNOWN)) continue
    const key = name.replace(/:\s+/, ':')
    const former = programs.get(key)
    if (former === undefined) {
      if (isAlways(section)) programs.set(key, section)
      continue
    }
    // Of files that nobody joins, each may be for a machine of its own.
    if (!isWhole && !areReadTogether(former.at.source.path, at.source.path, key.slice('program:'.length)))
      continue
    if (isAlways(section) && former.values.get('command')?.text !== command)
      yield { code: 'section-twice', at, about: key.slice('program:'.length), other: former.at }
  }
}

/**
 * True for one file, and for two of a directory whose files supervisord reads, of which one alone is called after the
 * program: where both are, either is installed.
 */
function areReadTogether(one: string, other: string, program: string): boolean {
  if (one === other) return true
  const directory = posix.dirname(one)
  const isOf = (path: string): boolean => posix.basename(path).includes(program)
  return directory === posix.dirname(other) && INCLUDED.test(directory) && isOf(one) !== isOf(other)
}

const INCLUDED = /(?:^|\/)(?:supervisord?\/conf|supervisord?)\.d$/

/** A line that no branch of a template decides about. */
function isAlways({ at: { source, start } }: SupervisorSection): boolean {
  return source.branches.every(branch => start < branch.start || start >= branch.end)
}

/** Output that goes where nobody can seek, with a size at which supervisord would turn to the next file. */
export function* checkLogs(sections: readonly SupervisorSection[]): Iterable<SupervisorProblem> {
  const main = sections.filter(({ name }) => name === 'supervisord')
  if (!main.some(({ values }) => /^(?:true|yes|on|1)$/i.test(values.get('nodaemon')?.text ?? ''))) return
  for (const { name, values } of sections) {
    const isMain = name === 'supervisord'
    if (!isMain && !/^(?:fcgi-)?program:/.test(name)) continue
    for (const key of isMain ? ['logfile'] : ['stdout_logfile', 'stderr_logfile']) {
      const file = values.get(key)
      if (
        file === undefined ||
        !/^\/(?:dev\/(?:std(?:out|err)|fd\/[12])|proc\/(?:1|self)\/fd\/[12])$/.test(file.text)
      )
        continue
      const isJoined =
        key === 'stderr_logfile' && /^(?:true|yes|on|1)$/i.test(values.get('redirect_stderr')?.text ?? '')
      const size = values.get(`${key}_maxbytes`)
      // Another file may set it, and only where it is included; several main files are of several daemons.
      const isSetElsewhere =
        isMain && size === undefined && main.some(each => each.values.has(`${key}_maxbytes`))
      if (
        isJoined ||
        isSetElsewhere ||
        (size !== undefined && (/^0+\s*(?:[kmg]b)?$/i.test(size.text) || size.text.includes(UNKNOWN)))
      )
        continue
      yield {
        code: isMain ? 'main-log-not-seekable' : 'log-not-seekable',
        at: placeOf(size ?? file),
        about: `${key}_maxbytes`,
      }
    }
  }
}

const KNOWN = /^(?:here|program_name|host_node_name|group_name|process_num|numprocs|ENV_\w+)$/

/** The `%` operator of Python's texts with a dictionary behind it. */
function* expansions(key: string, value: WrittenText): Iterable<SupervisorProblem> {
  const { text } = value
  for (const { 0: whole, 1: name, 2: conversion, index } of text.matchAll(
    /%(?:%|\((\w*)\)[#0 +-]*\d*(?:\.\d+)?([a-z]?)|[#0 +-]*(?:\d+|\*)?(?:\.\d+)?[sra]|)/g,
  )) {
    if (name === undefined && whole !== '%') continue
    // An escaped per cent sign, or one whose name a template makes.
    if (text[index + 1] === UNKNOWN || text.startsWith(`%(${UNKNOWN}`, index)) continue
    const at = placeIn(value, index, index + Math.max(whole.length, Math.min(2, text.length - index)))
    const isNumber = name === 'process_num' || name === 'numprocs'
    if (name === undefined || !(isNumber ? /^[a-z]$/ : /^[sra]$/).test(conversion ?? ''))
      yield { code: 'badly-formatted', at, about: key }
    else if (!KNOWN.test(name)) yield { code: 'unknown-expansion', at, about: name }
  }
}

function* typeOfValue(key: string, value: WrittenText): Iterable<SupervisorProblem> {
  const { text } = value
  if (text === '' || /[%\uE000]/.test(text)) return
  const code = BOOLEANS.has(key)
    ? !BOOLEAN.test(text) && 'not-boolean'
    : INTEGERS.has(key)
      ? !/^[+-]?\d[\d_]*$/.test(text) && 'not-integer'
      : key === 'umask'
        ? !/^(?:0o?)?[0-7]+$/i.test(text) && 'not-octal'
        : key === 'user'
          ? // Whether the machine has the account, no file says; none has such a name.
            /[:\s]/.test(text) && 'not-account'
          : key === 'stopsignal'
            ? !SIGNALS.test(text) && !/^\d{1,2}$/.test(text) && 'not-signal'
            : key === 'exitcodes'
              ? !/^\d+(?:\s*,\s*\d+)*\s*,?$/.test(text) && 'not-exitcodes'
              : SIZES.has(key)
                ? !/^\d[\d_]*\s*(?:[kmg]b)?$/i.test(text) && 'not-bytes'
                : key === 'autorestart' &&
                  !/^unexpected$/i.test(text) &&
                  !BOOLEAN.test(text) &&
                  'not-autorestart'
  if (code !== false) yield { code, at: placeOf(value), about: code === 'not-account' ? text : key }
}

function* together({ at, values }: SupervisorSection): Iterable<SupervisorProblem> {
  const textOf = (key: string): string | undefined => values.get(key)?.text
  const processes = values.get('numprocs')
  if (
    processes !== undefined &&
    /^\d+$/.test(processes.text) &&
    Number(processes.text) > 1 &&
    !/%\(process_num\)|\uE000/.test(textOf('process_name') ?? '')
  )
    yield { code: 'no-process-num', at: placeOf(values.get('process_name') ?? processes), about: 'numprocs' }
  const kills = values.get('killasgroup')
  if (
    kills !== undefined &&
    /^(?:no|false|off|0)$/i.test(kills.text) &&
    /^(?:yes|true|on|1)$/i.test(textOf('stopasgroup') ?? '')
  )
    yield { code: 'kill-without-group', at: placeOf(kills), about: 'killasgroup' }
  if (textOf('command') === undefined) yield { code: 'no-command', at, about: 'command' }
}

interface Token {
  readonly text: string
  readonly start: number
  readonly end: number
}

/**
 * `KEY=value,KEY2=value` as Python's `shlex` cuts it: letters, digits and `_/.+-():` are a word, quotes at the start of
 * one hold everything, `#` begins a comment, and any other character is a token of its own. supervisord takes three of
 * them, leaves the fourth out, whatever it is, and goes on.
 */
function* pairs(value: WrittenText): Iterable<SupervisorProblem> {
  const { text } = value
  const tokens: Token[] = []
  const cuts: SupervisorProblem[] = []
  for (const { 0: whole, index } of text.matchAll(
    /"[^"]*"|'[^']*'|#[^\n]*|[\w/.+\-():\uE000][\w/.+\-():"'\uE000]*|[^\s]/g,
  )) {
    const token = { text: whole, start: index, end: index + whole.length }
    if (/^["']$/.test(whole)) {
      yield { code: 'environment-quote-open', at: placeIn(value, token.start, token.end), about: whole }
      return
    }
    if (!whole.startsWith('#')) tokens.push(token)
    else if (/\S/.test(text[index - 1] ?? ' '))
      cuts.push({ code: 'environment-cut', at: placeIn(value, index, index + 1), about: '#' })
  }
  for (let at = 0; at < tokens.length; at += 4) {
    const [name, equals, own, comma] = tokens.slice(at, at + 4)
    if (name === undefined || [name, equals, own].some(each => each?.text.includes(UNKNOWN) === true)) break
    if (equals?.text !== '=' || own === undefined) {
      yield {
        code: 'environment-not-pairs',
        at: placeIn(value, name.start, name.end),
        about: tokens[at - 4]?.text ?? '',
      }
      return
    }
    if (comma !== undefined && comma.text !== ',' && comma.start === own.end)
      cuts.push({ code: 'environment-cut', at: placeIn(value, comma.start, comma.end), about: comma.text })
  }
  yield* cuts
}
