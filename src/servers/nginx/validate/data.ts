import type { NginxWord } from '../../../../parsers/nginx/syntax.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import { compareIps } from '../../addresses/ip.ts'
import { parseNginxIpv4, parseNginxNetwork } from '../../addresses/nginx.ts'
import type { NginxDirective } from '../configuration.ts'
import { checkKeys, type HashedKey } from './hashes.ts'
import { compileRegex } from './rewrite.ts'
import { compile, defineVariable, useVariable } from './script.ts'
import { type Check, isBefore, nameOf, type Program, programOf, type Reading, report } from './unit.ts'
import { warnOfHostBits } from './values.ts'

/** The words of an entry: its first is the node's name. */
function wordsOf(entry: NginxDirective): readonly NginxWord[] {
  return [entry.node.name, ...entry.args]
}

function refuseEntry(reading: Reading, entry: NginxDirective, word: NginxWord, message: string): false {
  report(reading, 'invalid-entry', entry, word, message)
  return false
}

function refuseTwice(
  reading: Reading,
  entry: NginxDirective,
  first: NginxDirective,
  message: string,
  fatal = true,
): void {
  if (reading.unit.fragments && entry.source !== first.source) return
  const related = [{ at: nameOf(first), message: 'here it is for the first time' }]
  report(reading, 'duplicate-entry', entry, entry.node.name, message, { related, fatal })
}

/** An `include` among the entries, whose files follow as entries of their own. */
function isInclude(reading: Reading, entry: NginxDirective): boolean {
  if (entry.name !== 'include') return false
  if (entry.args.length !== 1)
    report(reading, 'argument-count', entry, entry.node.name, '`include` takes one argument')
  return true
}

export const checkMap: Check = (reading, directive, facts) => {
  const [source, variable] = directive.args
  if (source === undefined || variable === undefined) return
  const program = programOf(reading, facts)
  if (!compile(reading, program, directive, source)) return
  if (!defineVariable(reading, program, directive, variable)) return
  const keys = new Map<string, NginxDirective>()
  let fallback: NginxDirective | null = null
  for (const entry of directive.children) {
    if (entry.node.block !== null || isFilledIn(entry)) continue
    const { name, args } = entry
    const [value] = args
    if (value === undefined && (name === 'hostnames' || name === 'volatile')) continue
    if (value === undefined || args.length > 1) {
      refuseEntry(
        reading,
        entry,
        entry.node.name,
        `an entry of \`map\` has two words, not ${args.length + 1}`,
      )
      continue
    }
    if (isInclude(reading, entry)) continue
    if (!compile(reading, program, entry, value)) continue
    if (name === 'default') {
      if (fallback !== null) refuseTwice(reading, entry, fallback, 'this `map` has a `default` already')
      else fallback = entry
    } else if (name.startsWith('~')) {
      const pattern = name.slice(name.startsWith('~*') ? 2 : 1)
      // The empty one, which `server_name` refuses, matches everything here.
      compileRegex(reading, program, entry, entry.node.name, pattern)
    } else {
      const key = (name.startsWith('\\') ? name.slice(1) : name).toLowerCase()
      const first = keys.get(key)
      if (first !== undefined)
        refuseTwice(reading, entry, first, `this \`map\` has the key \`${name}\` already`)
      else keys.set(key, entry)
    }
  }
  const outer = directive.parent
  if (outer === null) return
  const hostnames = directive.children.some(({ name, args }) => name === 'hostnames' && args.length === 0)
  const isBefore = (line: NginxDirective): boolean =>
    outer.children.indexOf(line) < outer.children.indexOf(directive)
  checkKeys(reading, 'map_hash_bucket_size', outer, exactKeys(keys, hostnames), isBefore)
}

/** The keys that nginx compares as they are; those for names below others are kept label by label. */
function* exactKeys(keys: ReadonlyMap<string, NginxDirective>, hostnames: boolean): Iterable<HashedKey> {
  for (const [key, directive] of keys)
    if (!(hostnames && /^\*?\.|\.\*$/.test(key))) yield { key, directive, word: directive.node.name }
}

/** True for an entry in which a template fills in some word. */
function isFilledIn(entry: NginxDirective): boolean {
  return entry.source.template && wordsOf(entry).some(({ value }) => isUnknownWord(value))
}

export const checkGeo: Check = (reading, directive, facts) => {
  const program = programOf(reading, facts)
  const [first, second] = directive.args
  if (first === undefined) return
  const variable = second ?? first
  if (second !== undefined && !isVariable(reading, program, directive, first)) return
  if (!defineVariable(reading, program, directive, variable)) return
  let ranges = false
  let entries = 0
  for (const entry of directive.children) {
    if (entry.node.block !== null || isFilledIn(entry)) continue
    const { name, args } = entry
    if (args.length === 0) {
      if (name === 'ranges' && entries === 0) {
        ranges = true
        continue
      }
      if (name === 'ranges') {
        refuseEntry(reading, entry, entry.node.name, '`ranges` is not the first entry of this `geo`')
        continue
      }
      if (name === 'proxy_recursive' || (name === 'volatile' && !isBefore(reading, '1.29.3'))) continue
    }
    if (args.length !== 1) {
      refuseEntry(
        reading,
        entry,
        entry.node.name,
        `an entry of \`geo\` has two words, not ${args.length + 1}`,
      )
      continue
    }
    if (isInclude(reading, entry)) continue
    if (checkGeoEntry(reading, entry, ranges)) entries++
  }
}

function isVariable(reading: Reading, program: Program, directive: NginxDirective, word: NginxWord): boolean {
  if (word.value.startsWith('$') && word.value.length > 1) {
    // All behind the `$` is the name, whatever characters it has.
    useVariable(program, word.value.slice(1).toLowerCase(), directive, word)
    return true
  }
  report(reading, 'invalid-variable-name', directive, word, `\`${word.value}\` is no variable`)
  return false
}

function checkGeoEntry(reading: Reading, entry: NginxDirective, ranges: boolean): boolean {
  const { name, args } = entry
  if (name === 'default') return true
  const word = name === 'delete' || name === 'proxy' ? (args[0] ?? entry.node.name) : entry.node.name
  const text = name === 'delete' || name === 'proxy' ? word.value : name
  if (ranges && name !== 'proxy') {
    const [low = '', high = '', ...more] = text.split('-')
    const from = parseNginxIpv4(low)
    const to = parseNginxIpv4(high)
    if (from !== null && to !== null && compareIps(from, to) <= 0 && more.length === 0) return true
    return refuseEntry(reading, entry, word, `\`${text}\` is no range of addresses`)
  }
  if (text === '255.255.255.255') return true
  const network = parseNginxNetwork(text)
  if (network === null) return refuseEntry(reading, entry, word, `\`${text}\` is no network`)
  if (network.hostBits) warnOfHostBits(reading, 'invalid-entry', entry, word, text)
  return true
}

export const checkSplitClients: Check = (reading, directive, facts) => {
  const [key, variable] = directive.args
  if (key === undefined || variable === undefined) return
  const program = programOf(reading, facts)
  if (!compile(reading, program, directive, key)) return
  if (!defineVariable(reading, program, directive, variable)) return
  let total = 0
  for (const entry of directive.children) {
    if (entry.node.block !== null || isFilledIn(entry)) continue
    const { name } = entry
    if (name === '*') {
      // The rest of all: whatever comes behind it is too much.
      total = 10_000
      continue
    }
    const match = /^(\d*)(?:\.(\d{0,2}))?%$/.exec(name)
    const percent = match === null ? 0 : Number(`${match[1] || '0'}.${match[2] || '0'}`)
    if (percent === 0) {
      refuseEntry(reading, entry, entry.node.name, `\`${name}\` is no percentage`)
      continue
    }
    total += Math.round(percent * 100)
    if (total <= 10_000) continue
    // nginx adds up at the end of the block.
    reading.closing = directive
    refuseEntry(reading, entry, entry.node.name, 'the percentages add up to more than 100%')
    reading.closing = undefined
    return
  }
}

export const checkTypes: Check = (reading, directive) => {
  for (const entry of directive.children)
    if (entry.node.block === null && !isFilledIn(entry)) isInclude(reading, entry)
}

export const checkCharsetMap: Check = (reading, directive) => {
  const [from, to] = directive.args
  if (from === undefined || to === undefined) return
  if (from.value.toLowerCase() === to.value.toLowerCase()) {
    const message = 'a `charset_map` leads from a charset to itself'
    report(reading, 'invalid-value', directive, to, message)
    return
  }
  for (const entry of directive.children) {
    if (entry.node.block !== null || isFilledIn(entry)) continue
    const words = wordsOf(entry)
    if (words.length !== 2) {
      refuseEntry(
        reading,
        entry,
        entry.node.name,
        `an entry of \`charset_map\` has two words, not ${words.length}`,
      )
      continue
    }
    // Two digits for a byte; the right side may be several of them where it is UTF-8.
    for (const word of words)
      if (!/^(?:[0-9a-fA-F]{1,2}|(?:[0-9a-fA-F]{2})+)$/.test(word.value)) {
        refuseEntry(reading, entry, word, `\`${word.value}\` is no hexadecimal code of a character`)
        break
      }
  }
}
