import { ownTable } from '../../../../parsers/text/own-table.ts'
import type { NginxWord } from '../../../../parsers/nginx/syntax.ts'
import type { NginxDirective } from '../configuration.ts'
import { parseNginxAddress } from '../../addresses/nginx.ts'
import { parseNumber, parseSize, parseTime } from './numbers.ts'
import { compile, readScript, useVariable } from './script.ts'
import {
  areReadTogether,
  type Check,
  declaresOpenly,
  isWhole,
  nameOf,
  programOf,
  type Reading,
  report,
} from './unit.ts'
import { parameter, refuse, refuseParameter } from './values.ts'

/** What the log module reads by itself, beside the variables of all. */
const LOG_VARIABLES = new Set([
  'pipe',
  'time_local',
  'time_iso8601',
  'msec',
  'request_time',
  'status',
  'bytes_sent',
  'body_bytes_sent',
  'request_length',
])

export const checkLogFormat: Check = (reading, directive, facts) => {
  const [name, ...parts] = directive.args
  if (name === undefined) return
  const program = programOf(reading, facts)
  const first = program.logFormats.get(name.value)
  if (first !== undefined || (name.value === 'combined' && facts.program === 'http')) {
    if (reading.unit.fragments && (first === undefined || !areReadTogether(reading, first, directive))) return
    const related =
      first === undefined ? [] : [{ at: nameOf(first), message: 'here it is for the first time' }]
    const message = `the log format \`${name.value}\` is there twice`
    report(reading, 'duplicate-entry', directive, name, message, { related })
    return
  }
  program.logFormats.set(name.value, directive)
  const escaping = parts[0] === undefined ? null : parameter(parts[0], 'escape')
  if (escaping !== null && parts[0] !== undefined) {
    if (escaping !== 'default' && escaping !== 'json' && escaping !== 'none') {
      refuse(
        reading,
        directive,
        parts[0],
        `\`${escaping}\` is no escaping of a log: \`default\`, \`json\` or \`none\``,
      )
      return
    }
    parts.shift()
  }
  for (const part of parts) {
    const script = readScript(part.value, false)
    if (script.error !== null) {
      report(
        reading,
        'invalid-variable-name',
        directive,
        part,
        `a \`$\` in \`${part.value}\` names no variable`,
      )
      return
    }
    for (const variable of script.variables)
      if (!LOG_VARIABLES.has(variable)) useVariable(program, variable, directive, part)
  }
}

export const checkAccessLog: Check = (reading, directive, facts) => {
  const [path, format, ...parameters] = directive.args
  if (path === undefined) return
  const program = programOf(reading, facts)
  if (path.value === 'off') {
    if (format !== undefined) refuseParameter(reading, directive, format)
    return
  }
  if (path.value.startsWith('syslog:')) {
    if (!checkSyslog(reading, directive, path)) return
  } else if (!compile(reading, program, directive, path)) return
  if (format === undefined && facts.program === 'stream') {
    report(reading, 'argument-count', directive, path, 'a log of a stream names its format')
    return
  }
  if (format !== undefined && /\s/.test(format.value) && /\$[a-z]/.test(format.value)) {
    if (!program.logFormats.has(format.value))
      refuse(reading, directive, format, 'a format stands here, where nginx wants the name of a `log_format`')
    return
  }
  if (format !== undefined && format.value.toLowerCase() !== 'combined' && isWhole(reading)) {
    const lower = format.value.toLowerCase()
    let isKnown =
      program.logFormats.has(format.value) || declaresOpenly(reading, name => name === 'log_format')
    if (!isKnown)
      for (const name of program.logFormats.keys()) if (name.toLowerCase() === lower) isKnown = true
    if (!isKnown) {
      const message = `no \`log_format\` above names \`${format.value}\``
      report(reading, 'unknown-log-format', directive, format, message, {
        ...(LEVELS.has(format.value) && {
          help: 'levels are for `error_log`: leave the word out, or name a `log_format`',
        }),
      })
      return
    }
  }
  let buffered = false
  let flushed = false
  for (const word of parameters) {
    const buffer = parameter(word, 'buffer')
    const flush = parameter(word, 'flush')
    const gzip = parameter(word, 'gzip')
    const condition = parameter(word, 'if')
    if (buffer !== null) {
      if (!(parseSize(buffer) ?? 0)) return void refuse(reading, directive, word, `\`${buffer}\` is no size`)
      buffered = true
    } else if (flush !== null) {
      if (!(parseTime(flush, false) ?? 0))
        return void refuse(reading, directive, word, `\`${flush}\` is no time`)
      flushed = true
    } else if (word.value === 'gzip' || gzip !== null) {
      const compression = gzip === null ? 1 : parseNumber(gzip)
      if (compression === null || compression < 1 || compression > 9)
        return void refuse(reading, directive, word, `\`${gzip}\` is no level of compression from 1 to 9`)
      buffered = true
    } else if (condition !== null) {
      if (!compile(reading, program, directive, word, condition)) return
    } else return void refuseParameter(reading, directive, word)
  }
  if (flushed && !buffered)
    refuse(reading, directive, path, '`flush` without `buffer` or `gzip` has nothing to flush')
  else if (buffered && path.value.includes('$'))
    refuse(reading, directive, path, 'a log with a buffer may not have variables in its path')
  else if (buffered && path.value.startsWith('syslog:'))
    refuse(reading, directive, path, 'a log to syslog takes no buffer')
}

const FACILITIES = new Set(
  'kern user mail daemon auth intern lpr news uucp clock authpriv ftp ntp audit alert cron local0 local1 local2 local3 local4 local5 local6 local7'.split(
    ' ',
  ),
)
const SEVERITIES = new Set(['emerg', 'alert', 'crit', 'error', 'warn', 'notice', 'info', 'debug'])

/** What stands behind `syslog:`; false where nginx refuses it. */
function checkSyslog(reading: Reading, directive: NginxDirective, word: NginxWord): boolean {
  let server = false
  for (const part of word.value.slice('syslog:'.length).split(',')) {
    const equals = part.indexOf('=')
    const name = equals === -1 ? part : part.slice(0, equals + 1)
    const value = equals === -1 ? '' : part.slice(equals + 1)
    let isGood = true
    if (name === 'server=') {
      isGood = typeof parseNginxAddress(value) !== 'string'
      server = true
    } else if (name === 'facility=') isGood = FACILITIES.has(value)
    else if (name === 'severity=') isGood = SEVERITIES.has(value)
    else if (name === 'tag=') isGood = /^[A-Za-z0-9_]{0,32}$/.test(value)
    else if (name !== 'nohostname') isGood = false
    if (!isGood) return refuse(reading, directive, word, `\`${part}\` means nothing to syslog`)
  }
  return server || refuse(reading, directive, word, '`syslog:` names no `server`')
}

const LEVELS = new Set(['emerg', 'alert', 'crit', 'error', 'warn', 'notice', 'info', 'debug'])
const DEBUG_LEVELS = new Set([
  'debug_core',
  'debug_alloc',
  'debug_mutex',
  'debug_event',
  'debug_http',
  'debug_mail',
  'debug_stream',
])

export const checkErrorLog: Check = (reading, directive) => {
  const [path, ...levels] = directive.args
  if (path === undefined) return
  if (path.value.startsWith('syslog:') && !checkSyslog(reading, directive, path)) return
  const seen = new Set<string>()
  for (const word of levels) {
    const isLevel = LEVELS.has(word.value)
    if (!isLevel && !DEBUG_LEVELS.has(word.value)) {
      const isFormat = word.value === 'combined' || reading.http.logFormats.has(word.value)
      report(reading, 'invalid-value', directive, word, `\`${word.value}\` is no level of a log`, {
        ...(isFormat && { help: 'formats are for `access_log`: write a level such as `warn`' }),
      })
      return
    }
    // One level at most; the several `debug_…` may be joined with each other alone.
    if (seen.has(isLevel ? 'level' : word.value) || (isLevel && seen.size > 0) || seen.has('level')) {
      refuse(reading, directive, word, `\`${word.value}\` is a second level for one log`)
      return
    }
    seen.add(isLevel ? 'level' : word.value)
  }
}

const FILE_CACHE: Readonly<Record<string, (text: string) => boolean>> = ownTable({
  max: text => (parseNumber(text) ?? 0) > 0,
  inactive: text => parseTime(text, true) !== null,
  min_uses: text => parseNumber(text) !== null,
  valid: text => parseTime(text, true) !== null,
})

/** `open_file_cache` and `open_log_file_cache`. */
export const checkFileCache: Check = (reading, directive) => {
  const allowed = directive.name === 'open_file_cache' ? ['max', 'inactive'] : Object.keys(FILE_CACHE)
  let max = false
  for (const word of directive.args) {
    if (word.value === 'off') {
      max = true
      continue
    }
    const name = allowed.find(key => word.value.startsWith(`${key}=`))
    if (name === undefined || FILE_CACHE[name]?.(word.value.slice(name.length + 1)) !== true) {
      refuseParameter(reading, directive, word)
      return
    }
    if (name === 'max') max = true
  }
  if (!max) refuse(reading, directive, directive.node.name, `\`${directive.name}\` has no \`max\``)
}
