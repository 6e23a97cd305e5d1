import type { NginxWord } from '../../../../parsers/nginx/syntax.ts'
import type { NginxDirective } from '../configuration.ts'
import { parseNumber, parseSize, parseTime } from './numbers.ts'
import { compile } from './script.ts'
import {
  areReadTogether,
  type Check,
  declaresOpenly,
  firstOf,
  hasUnknownArgument,
  isWhole,
  type Level,
  nameOf,
  programOf,
  type Reading,
  report,
} from './unit.ts'
import { parameter, refuse, refuseParameter } from './values.ts'

/**
 * Names a stretch of shared memory. The first to give a size decides it; whoever gives none may stand
 * before or behind. False where it clashes with what is there.
 */
export function declareZone(
  reading: Reading,
  directive: NginxDirective,
  word: NginxWord,
  owner: string,
  name: string,
  size: number | null,
): boolean {
  const zone = reading.zones.get(name)
  if (zone === undefined) {
    reading.zones.set(name, { owner, directive, word, size })
    return true
  }
  if (!areReadTogether(reading, zone.directive, directive)) return true
  const related = [{ at: nameOf(zone.directive), message: 'here it is declared' }]
  if (zone.owner !== owner) {
    const message = `the zone \`${name}\` is declared for a different use already`
    report(reading, 'conflicting-zone', directive, word, message, { related })
    return false
  }
  if (size === null) return true
  if (zone.size === null) zone.size = size
  else if (zone.size !== size) {
    const message = `the zone \`${name}\` is declared with another size already`
    report(reading, 'conflicting-zone', directive, word, message, { related })
    return false
  }
  return true
}

function declaresZone(name: string): boolean {
  return /_(?:zone|cache_path)$/.test(name)
}

/** Zones that were used and never given a size: nginx finds them when everything is read. */
export function checkZones(reading: Reading): void {
  if (!isWhole(reading) || declaresOpenly(reading, declaresZone)) return
  for (const [name, zone] of reading.zones)
    if (zone.size === null) {
      const message = `no directive declares the zone \`${name}\``
      report(reading, 'unknown-zone', zone.directive, zone.word, message)
    }
}

/** `zone=name:size` or `keys_zone=name:size`; reports what is wrong. */
function readNamedSize(
  reading: Reading,
  directive: NginxDirective,
  word: NginxWord,
  text: string,
  smallest: number,
): { readonly name: string; readonly size: number } | null {
  const colon = text.indexOf(':')
  const name = text.slice(0, colon)
  const size = colon === -1 ? null : parseSize(text.slice(colon + 1))
  if (colon < 1 || size === null) {
    refuse(reading, directive, word, `\`${word.value}\` names no zone and size such as \`zone=name:10m\``)
    return null
  }
  if (size < smallest) {
    refuse(
      reading,
      directive,
      word,
      `the zone \`${name}\` is too small: it takes at least ${smallest / 1024}k`,
    )
    return null
  }
  return { name, size }
}

export const checkLimitReqZone: Check = (reading, directive, facts) => {
  const [key, ...parameters] = directive.args
  if (key === undefined || !compile(reading, programOf(reading, facts), directive, key)) return
  let zone: { readonly name: string; readonly size: number } | null = null
  for (const word of parameters) {
    const size = parameter(word, 'zone')
    const rate = parameter(word, 'rate')
    if (size !== null) {
      zone = readNamedSize(reading, directive, word, size, 32_768)
      if (zone === null) return
    } else if (rate !== null) {
      if (!(parseNumber(rate.replace(/r\/[sm]$/, '')) ?? 0)) {
        refuse(reading, directive, word, `\`${rate}\` is no rate such as \`10r/s\``)
        return
      }
    } else if (word.value !== 'sync') {
      refuseParameter(reading, directive, word)
      return
    }
  }
  bindZone(reading, directive, zone, 'limit_req')
}

export const checkLimitConnZone: Check = (reading, directive, facts) => {
  const [key, ...parameters] = directive.args
  if (key === undefined || !compile(reading, programOf(reading, facts), directive, key)) return
  let zone: { readonly name: string; readonly size: number } | null = null
  for (const word of parameters) {
    const size = parameter(word, 'zone')
    if (size === null) {
      refuseParameter(reading, directive, word)
      return
    }
    zone = readNamedSize(reading, directive, word, size, 32_768)
    if (zone === null) return
  }
  bindZone(reading, directive, zone, `${facts.program} limit_conn`)
}

/** `limit_zone NAME $key SIZE`, as it was before `limit_conn_zone`. */
export const checkLimitZone: Check = (reading, directive, facts) => {
  const [name, , size] = directive.args
  if (name === undefined || size === undefined) return
  declareZone(reading, directive, name, `${facts.program} limit_conn`, name.value, parseSize(size.value) ?? 0)
}

function bindZone(
  reading: Reading,
  directive: NginxDirective,
  zone: { readonly name: string; readonly size: number } | null,
  owner: string,
): void {
  if (zone === null) {
    refuse(reading, directive, directive.node.name, `\`${directive.name}\` has no \`zone\``)
    return
  }
  const word = directive.args.find(arg => arg.value.includes('zone=')) ?? directive.node.name
  const bound = reading.zones.get(zone.name)
  if (
    bound?.owner === owner &&
    bound.size !== null &&
    (!reading.unit.fragments || areReadTogether(reading, bound.directive, directive))
  ) {
    const related = [{ at: nameOf(bound.directive), message: 'here it is declared' }]
    const message = `the zone \`${zone.name}\` is declared already`
    report(reading, 'conflicting-zone', directive, word, message, { related })
    return
  }
  declareZone(reading, directive, word, owner, zone.name, zone.size)
}

export const checkLimitReq: Check = (reading, directive, _facts, level) => {
  let zone: string | null = null
  for (const word of directive.args) {
    const name = parameter(word, 'zone')
    const burst = parameter(word, 'burst')
    const delay = parameter(word, 'delay')
    if (name !== null) {
      zone = name
      if (!declareZone(reading, directive, word, 'limit_req', name, null)) return
    } else if (burst !== null || delay !== null) {
      if (!(parseNumber(burst ?? delay ?? '') ?? 0)) {
        refuse(reading, directive, word, `\`${word.value}\` is no number of requests`)
        return
      }
    } else if (word.value !== 'nodelay') {
      refuseParameter(reading, directive, word)
      return
    }
  }
  if (zone === null) refuse(reading, directive, directive.node.name, '`limit_req` has no `zone`')
  else checkOnce(reading, directive, level, zone)
}

export const checkLimitConn: Check = (reading, directive, facts, level) => {
  const [name, count] = directive.args
  if (name === undefined || count === undefined) return
  if (!declareZone(reading, directive, name, `${facts.program} limit_conn`, name.value, null)) return
  if (!checkOnce(reading, directive, level, name.value)) return
  const limit = parseNumber(count.value)
  if (limit === null || limit < 1 || limit > 65535)
    refuse(reading, directive, count, `\`${count.value}\` is no number of connections from 1 to 65535`)
}

function checkOnce(reading: Reading, directive: NginxDirective, level: Level, zone: string): boolean {
  const key = `${directive.name} ${zone}`
  const first = firstOf(level, key, directive)
  if (first === null) return true
  const related = [{ at: nameOf(first), message: 'here it stands already' }]
  const message = `\`${directive.name}\` names the zone \`${zone}\` twice in one block`
  report(reading, 'duplicate-directive', directive, null, message, { related })
  return false
}

const CACHE_NUMBERS = new Set(['loader_files', 'manager_files', 'purger_files'])
const CACHE_TIMES = new Set([
  'loader_sleep',
  'loader_threshold',
  'manager_sleep',
  'manager_threshold',
  'purger_sleep',
  'purger_threshold',
])

export const checkCachePath: Check = (reading, directive, facts) => {
  const [path, ...parameters] = directive.args
  if (path === undefined) return
  let zone: { readonly name: string; readonly size: number } | null = null
  for (const word of parameters) {
    const equals = word.value.indexOf('=')
    const name = equals === -1 ? '' : word.value.slice(0, equals)
    const text = word.value.slice(equals + 1)
    if (name === 'keys_zone') {
      zone = readNamedSize(reading, directive, word, text, 8192)
      if (zone === null) return
    } else if (!isCacheParameter(name, text)) {
      if (CACHE_PARAMETERS.has(name)) refuse(reading, directive, word, `\`${word.value}\` is no value here`)
      else refuseParameter(reading, directive, word)
      return
    }
  }
  if (zone === null) {
    refuse(reading, directive, path, `\`${directive.name}\` has no \`keys_zone\``)
    return
  }
  const owner = directive.name.replace('_path', '')
  bindZone(reading, directive, zone, `${facts.program} ${owner}`)
  declareDirectory(reading, directive, true)
}

export const checkTempPath: Check = (reading, directive) => declareDirectory(reading, directive, false)

/**
 * A cache shares its directory with nothing, and temporary files of one directory have one depth. nginx compares the
 * names as they are written: a slash at the end makes another one.
 */
function declareDirectory(reading: Reading, directive: NginxDirective, isCache: boolean): void {
  const [path, ...rest] = directive.args
  if (path === undefined || hasUnknownArgument(directive)) return
  const levels = isCache ? '' : rest.map(({ value }) => value).join(' ')
  const first = reading.directories.get(path.value)
  if (first === undefined) {
    reading.directories.set(path.value, { directive, isCache, levels })
    return
  }
  if (!areReadTogether(reading, first.directive, directive)) return
  if (!isCache && !first.isCache && first.levels === levels) return
  const related = [{ at: nameOf(first.directive), message: 'here it is used already' }]
  const message =
    isCache || first.isCache
      ? `the directory \`${path.value}\` is used already, and a cache shares its own with nothing`
      : `the directory \`${path.value}\` is used already with other levels`
  report(reading, 'conflicting-directory', directive, path, message, { related })
}

const CACHE_PARAMETERS = new Set([
  'levels',
  'use_temp_path',
  'inactive',
  'max_size',
  'min_free',
  'purger',
  ...CACHE_NUMBERS,
  ...CACHE_TIMES,
])

function isCacheParameter(name: string, text: string): boolean {
  switch (name) {
    case 'levels':
      return /^[12](?::[12]){0,2}$/.test(text)
    case 'use_temp_path':
    case 'purger':
      return text === 'on' || text === 'off'
    case 'inactive':
      return parseTime(text, true) !== null
    case 'max_size':
    case 'min_free':
      return parseSize(text, true) !== null
    default:
      if (CACHE_NUMBERS.has(name)) return parseNumber(text) !== null
      return CACHE_TIMES.has(name) && parseTime(text, false) !== null
  }
}

/** `proxy_cache` and its like: `off`, a zone, or a name made of variables. */
export const checkCache: Check = (reading, directive, facts) => {
  const [name] = directive.args
  if (name === undefined || name.value === 'off' || name.value.includes('$')) return
  const zone = reading.zones.get(name.value)
  const owner = `${facts.program} ${directive.name}`
  if (zone !== undefined && zone.owner !== owner && areReadTogether(reading, zone.directive, directive)) {
    const related = [{ at: nameOf(zone.directive), message: 'here it is declared' }]
    const message = `the zone \`${name.value}\` is declared for a different use already`
    report(reading, 'conflicting-zone', directive, name, message, { related })
    return
  }
  programOf(reading, facts).caches.push({ directive, word: name })
}

/** When `http` ends, the zone of each cache is there, wherever its path was written. */
export function checkCaches(
  reading: Reading,
  caches: readonly { readonly directive: NginxDirective; readonly word: NginxWord }[],
): void {
  if (!isWhole(reading) || declaresOpenly(reading, declaresZone)) return
  for (const { directive, word } of caches)
    if (reading.zones.get(word.value) === undefined)
      report(
        reading,
        'unknown-zone',
        directive,
        word,
        `no \`${directive.name}_path\` declares the zone \`${word.value}\``,
      )
}

export const checkCacheValid: Check = (reading, directive) => {
  const { args } = directive
  const time = args[args.length - 1]
  if (time === undefined) return
  if (parseTime(time.value, true) === null) {
    refuse(reading, directive, time, `\`${time.value}\` is no time in seconds`)
    return
  }
  for (const word of args.slice(0, -1)) {
    const status = parseNumber(word.value)
    if (word.value !== 'any' && (status === null || status < 100 || status > 599)) {
      refuse(reading, directive, word, `\`${word.value}\` is no status of a response`)
      return
    }
  }
}
