import {
  type Flags,
  type Item,
  isDigit,
  isPcre1,
  isWord,
  MOST_GROUPS,
  type Reading,
  readName,
  readNumber,
  refuse,
} from './reading.ts'
import { readCondition } from './conditions.ts'
import { backReference, call } from './references.ts'
import type { PcreLook, PcreNode, PcreSequence, PcreVerbName } from './tree.ts'

/** `(…)` of any kind, from its parenthesis. */
export function readGroup(reading: Reading): Item {
  const { text } = reading
  const start = reading.at
  reading.at++
  const char = text[reading.at]
  if (char === '*' && isVerb(reading)) return readStarred(reading, start)
  if (char !== '?') {
    if (char === undefined) refuse(reading, 'unclosed-group')
    if (char === '*' && !isPcre1(reading)) refuse(reading, 'nothing-to-repeat')
    return reading.flags.noAutoCapture ? plainGroup(reading, start) : capturingGroup(reading, start, null)
  }
  reading.at++
  return readQuestioned(reading, start)
}

/** True where a name follows `(*`; to PCRE1 only a letter or `:` begins one. */
function isVerb(reading: Reading): boolean {
  const next = reading.text[reading.at + 1]
  if (isPcre1(reading)) return next === ':' || (next !== undefined && /^[A-Za-z]$/.test(next))
  return next !== undefined && next !== ')'
}

/** Behind `(?`. */
function readQuestioned(reading: Reading, start: number): Item {
  const { text } = reading
  const char = text[reading.at]
  const next = text[reading.at + 1]
  switch (char) {
    case undefined:
      return refuse(reading, 'unclosed-group')
    case ':':
      reading.at++
      return plainGroup(reading, start)
    case '|':
      reading.at++
      reading.resetsGroups = true
      return group(reading, start, { resets: true })
    case '>':
      reading.at++
      return group(reading, start, { atomic: true })
    case '=':
    case '!':
      reading.at++
      return look(reading, start, { behind: false, negated: char === '!' })
    case '*':
      if (isPcre1(reading)) break
      reading.at++
      return look(reading, start, { behind: false, negated: false, atomic: false })
    case '<':
      if (next === '=' || next === '!' || (next === '*' && !isPcre1(reading))) {
        reading.at += 2
        return look(reading, start, { behind: true, negated: next === '!', atomic: next !== '*' })
      }
      return namedGroup(reading, start, '>')
    case "'":
      return namedGroup(reading, start, "'")
    case 'P':
      return pythonGroup(reading, start)
    case '&':
      reading.at++
      return callByName(reading, start)
    case 'R':
      return recursion(reading, start)
    case '+':
      if (!isDigit(next)) refuse(reading, 'digit-expected')
      return callByNumber(reading, start)
    case 'C':
      return callout(reading, start)
    case '(':
      return conditional(reading, start)
    case '[':
      if (reading.release > 10.42) return perlClass(reading, start)
  }
  if (isDigit(char) || (char === '-' && isDigit(next))) return callByNumber(reading, start)
  return options(reading, start)
}

interface GroupSyntax {
  readonly capture?: number
  readonly name?: string | null
  readonly atomic?: boolean
  readonly resets?: boolean
}

/** The inside of a group up to behind its `)`; options that are set in it end with it. */
function body(reading: Reading, resets = false): PcreSequence[] {
  const { flags } = reading
  reading.depth++
  const alternatives = reading.alternatives(reading, resets)
  if (reading.text[reading.at] !== ')') refuse(reading, 'unclosed-group')
  reading.at++
  reading.depth--
  reading.flags = flags
  return alternatives
}

function group(reading: Reading, start: number, syntax: GroupSyntax): Item {
  const alternatives = body(reading, syntax.resets)
  const node: PcreNode = {
    kind: 'group',
    capture: syntax.capture ?? null,
    name: syntax.name ?? null,
    atomic: syntax.atomic ?? false,
    alternatives,
    start: reading.place(start),
    end: reading.placeBehind(reading.at),
  }
  return { node, isQuantifiable: true }
}

function plainGroup(reading: Reading, start: number): Item {
  return group(reading, start, {})
}

function capturingGroup(reading: Reading, start: number, name: string | null): Item {
  if (reading.groups >= MOST_GROUPS) refuse(reading, 'too-many-groups')
  const capture = ++reading.groups
  if (name !== null) addName(reading, name, capture)
  return group(reading, start, { capture, name })
}

const MOST_NAMES = 10_000

function addName(reading: Reading, name: string, group: number): void {
  if (reading.names.length >= MOST_NAMES) refuse(reading, 'too-many-names')
  for (const known of reading.names) {
    if (known.name === name) {
      // The same number under the same name is the same group, told once.
      if (known.group === group) return
      if (!reading.flags.duplicateNames) refuse(reading, 'duplicate-name')
    } else if (known.group === group) refuse(reading, 'different-names')
  }
  reading.names.push({ name, group })
}

function namedGroup(reading: Reading, start: number, terminator: string): Item {
  reading.at++
  // PCRE1 takes an empty name, except right behind `(?<`.
  const mayBeEmpty = isPcre1(reading) && reading.text[start + 2] !== '<'
  return capturingGroup(reading, start, readName(reading, terminator, mayBeEmpty))
}

/** `(?P<name>…)`, `(?P=name)`, `(?P>name)`. */
function pythonGroup(reading: Reading, start: number): Item {
  reading.at++
  switch (reading.text[reading.at]) {
    case '<':
      return namedGroup(reading, start, '>')
    case '>':
      reading.at++
      return callByName(reading, start)
    case '=':
      reading.at++
      return backReference(reading, start, readName(reading, ')'))
    case undefined:
      return refuse(reading, 'unclosed-group')
  }
  return refuse(reading, 'unknown-python-group')
}

interface LookSyntax {
  readonly behind: boolean
  readonly negated: boolean
  readonly atomic?: boolean
}

/** A look-around, from its inside. */
function look(reading: Reading, start: number, syntax: LookSyntax): Item & { readonly node: PcreLook } {
  reading.lookarounds++
  const alternatives = body(reading)
  reading.lookarounds--
  const node: PcreLook = {
    kind: 'look',
    behind: syntax.behind,
    negated: syntax.negated,
    atomic: syntax.atomic ?? true,
    alternatives,
    start: reading.place(start),
    end: reading.placeBehind(reading.at),
  }
  return { node, isQuantifiable: true }
}

/** `(?R)`; PCRE1 takes a number behind it. */
function recursion(reading: Reading, start: number): Item {
  reading.at++
  if (isPcre1(reading) && /[-+0-9]/.test(reading.text[reading.at] ?? '')) return callByNumber(reading, start)
  return closeCall(reading, start, 0, 'unclosed-recursion')
}

function callByNumber(reading: Reading, start: number): Item {
  const relative = isDigit(reading.text[reading.at]) ? null : reading.groups
  const number = readNumber(reading, { relative, most: MOST_GROUPS, tooBig: 'group-number-too-big' })
  if (number === null) refuse(reading, 'digit-expected')
  return closeCall(reading, start, number, 'unclosed-group')
}

function callByName(reading: Reading, start: number): Item {
  if (reading.release <= 10.42) return call(reading, start, readName(reading, ')'))
  const name = /[^)(]*/y
  name.lastIndex = reading.at
  const end = reading.at + (name.exec(reading.text)?.[0].length ?? 0)
  if (reading.text[end] !== '(') return call(reading, start, readName(reading, ')'))
  const to = readName(reading, '(')
  reading.at--
  return closeCall(reading, start, to, 'unclosed-group')
}

/** The end of a call; from 10.47 on a list of groups may stand before it, whose captures are kept. */
function closeCall(
  reading: Reading,
  start: number,
  to: number | string,
  unclosed: 'unclosed-group' | 'unclosed-recursion',
): Item {
  let returns = false
  if (reading.release > 10.42 && reading.text[reading.at] === '(') {
    readGroupList(reading)
    returns = true
  }
  if (reading.text[reading.at] !== ')') refuse(reading, unclosed)
  reading.at++
  return call(reading, start, to, returns)
}

/** `(1,<name>,'name')` */
function readGroupList(reading: Reading): void {
  const { text } = reading
  do {
    reading.at++
    const quote = text[reading.at] === '<' ? '>' : text[reading.at] === "'" ? "'" : null
    if (quote !== null) {
      reading.at++
      const to = readName(reading, quote)
      reading.pending.push({ to, offset: reading.at, resolve: () => {} })
    } else {
      const to = readNumber(reading, {
        relative: reading.groups,
        most: MOST_GROUPS,
        tooBig: 'group-number-too-big',
      })
      if (to === null || to === 0) refuse(reading, 'digit-expected')
      reading.pending.push({ to, offset: reading.at, resolve: () => {} })
    }
  } while (text[reading.at] === ',')
  if (text[reading.at] !== ')') refuse(reading, 'unclosed-group')
  reading.at++
}

const CALLOUT_DELIMITERS: Readonly<Record<string, string>> = {
  '`': '`',
  "'": "'",
  '"': '"',
  '^': '^',
  '%': '%',
  '#': '#',
  $: '$',
  '{': '}',
}

/** `(?C)`, `(?C1)`, `(?C"text")`, from its letter. */
function callout(reading: Reading, start: number): Item {
  const { text } = reading
  reading.at++
  const char = text[reading.at]
  if (char === undefined) refuse(reading, isPcre1(reading) ? 'unclosed-callout' : 'unclosed-group')
  if (char !== ')' && !isDigit(char) && !isPcre1(reading)) {
    const delimiter = CALLOUT_DELIMITERS[char]
    if (delimiter === undefined) refuse(reading, 'unknown-callout-delimiter')
    for (;;) {
      const end = text.indexOf(delimiter, reading.at + 1)
      if (end === -1) refuse(reading, 'unclosed-callout-string')
      reading.at = end + 1
      if (text[reading.at] !== delimiter) break
    }
  } else {
    let number = 0
    while (isDigit(text[reading.at])) {
      number = number * 10 + Number(text[reading.at])
      reading.at++
      if (number > 255) refuse(reading, 'callout-too-big')
    }
  }
  if (text[reading.at] !== ')') refuse(reading, 'unclosed-callout')
  reading.at++
  const node: PcreNode = {
    kind: 'callout',
    start: reading.place(start),
    end: reading.placeBehind(reading.at),
  }
  return { node, isQuantifiable: false }
}

/** `(?(condition)yes|no)`, from the parenthesis of its condition. */
function conditional(reading: Reading, start: number): Item {
  const { flags } = reading
  reading.depth++
  const condition = readCondition(reading, conditionLook)
  const alternatives = reading.alternatives(reading, false)
  if (reading.text[reading.at] !== ')') refuse(reading, 'unclosed-group')
  if (condition.kind === 'define' && alternatives.length > 1) refuse(reading, 'too-many-define-branches')
  if (alternatives.length > 2) refuse(reading, 'too-many-branches')
  reading.at++
  reading.depth--
  reading.flags = flags
  const node: PcreNode = {
    kind: 'conditional',
    condition,
    alternatives,
    start: reading.place(start),
    end: reading.placeBehind(reading.at),
  }
  return { node, isQuantifiable: true }
}

/** A look-around as a condition, from its parenthesis. */
function conditionLook(reading: Reading): PcreLook {
  const { text } = reading
  const start = reading.at
  for (const isSecond of [false, true]) {
    if (!text.startsWith('(?C', reading.at) || isSecond) break
    reading.at += 2
    callout(reading, start)
  }
  const opener = /\(\?(<?)([=!])/y
  opener.lastIndex = reading.at
  const match = opener.exec(text)
  if (match !== null) {
    reading.at += match[0].length
    return look(reading, start, { behind: match[1] === '<', negated: match[2] === '!' }).node
  }
  if (!isPcre1(reading) && /^\(\*[a-z]/.test(text.slice(reading.at, reading.at + 3))) {
    reading.at++
    const item = readStarred(reading, start)
    if (item.node?.kind === 'look' && item.node.atomic) return item.node
    refuse(reading, item.node?.kind === 'look' ? 'atomic-assertion-expected' : 'assertion-expected')
  }
  return refuse(reading, 'assertion-expected')
}

/** `(?i)`, `(?i-s:…)`, `(?^)`, from behind the question mark. */
function options(reading: Reading, start: number): Item {
  const { text } = reading
  const { flags } = reading
  reading.flags = readFlags(reading)
  if (text[reading.at] === ')') {
    reading.at++
    return { node: null, isQuantifiable: false }
  }
  reading.at++
  const changed = reading.flags
  reading.flags = changed
  const item = plainGroup(reading, start)
  reading.flags = flags
  return item
}

/** The flags up to the `)` or `:` that ends them. */
function readFlags(reading: Reading): Flags {
  const { text } = reading
  const set = new Set<string>()
  const unset = new Set<string>()
  let target = set
  let flags = reading.flags
  let hyphenMay = true
  if (!isPcre1(reading) && text[reading.at] === '^') {
    reading.at++
    hyphenMay = false
    flags = {
      ...flags,
      caseless: false,
      multiline: false,
      dotAll: false,
      extended: 0,
      noAutoCapture: false,
    }
  }
  for (; ; reading.at++) {
    const char = text[reading.at]
    if (char === undefined) refuse(reading, 'unclosed-group')
    if (char === ')' || char === ':') break
    if (char === '-') {
      if (!hyphenMay) refuse(reading, 'invalid-hyphen')
      hyphenMay = isPcre1(reading)
      target = unset
    } else if (isPcre1(reading) ? 'JimsxUX'.includes(char) : 'JimnsUx'.includes(char)) {
      const isDouble = char === 'x' && !isPcre1(reading) && text[reading.at + 1] === 'x'
      if (isDouble) reading.at++
      target.add(isDouble ? 'xx' : char)
    } else if (reading.release > 10.42 && (char === 'a' || char === 'r')) {
      if (char === 'a' && /[DSWPT]/.test(text[reading.at + 1] ?? '')) reading.at++
    } else refuse(reading, 'unknown-option')
  }
  const flag = (letter: string, before: boolean): boolean => !unset.has(letter) && (before || set.has(letter))
  const setsExtended: Flags['extended'] = set.has('xx') ? 2 : set.has('x') ? 1 : flags.extended
  return {
    caseless: flag('i', flags.caseless),
    multiline: flag('m', flags.multiline),
    dotAll: flag('s', flags.dotAll),
    extended: unset.has('x') || unset.has('xx') ? 0 : setsExtended,
    noAutoCapture: flag('n', flags.noAutoCapture),
    ungreedy: flag('U', flags.ungreedy),
    duplicateNames: flag('J', flags.duplicateNames),
  }
}

/** Perl's `(?[…])`, whose inside this reader passes over. */
function perlClass(reading: Reading, start: number): Item {
  const { text } = reading
  let depth = 0
  for (; reading.at < text.length; reading.at++) {
    const char = text[reading.at]
    if (char === '\\') reading.at++
    else if (char === '[') depth++
    else if (char === ']' && --depth === 0) break
  }
  if (text[reading.at + 1] !== ')') refuse(reading, 'unclosed-class')
  reading.at += 2
  const node: PcreNode = {
    kind: 'set',
    negated: false,
    members: [{ kind: 'unread' }],
    caseless: reading.flags.caseless,
    start: reading.place(start),
    end: reading.placeBehind(reading.at),
  }
  return { node, isQuantifiable: true }
}

const VERBS: ReadonlyMap<string, PcreVerbName> = new Map([
  ['', 'mark'],
  ['MARK', 'mark'],
  ['ACCEPT', 'accept'],
  ['F', 'fail'],
  ['FAIL', 'fail'],
  ['COMMIT', 'commit'],
  ['PRUNE', 'prune'],
  ['SKIP', 'skip'],
  ['THEN', 'then'],
])

const LOOKS: ReadonlyMap<string, LookSyntax> = new Map([
  ['pla', { behind: false, negated: false }],
  ['positive_lookahead', { behind: false, negated: false }],
  ['plb', { behind: true, negated: false }],
  ['positive_lookbehind', { behind: true, negated: false }],
  ['nla', { behind: false, negated: true }],
  ['negative_lookahead', { behind: false, negated: true }],
  ['nlb', { behind: true, negated: true }],
  ['negative_lookbehind', { behind: true, negated: true }],
  ['napla', { behind: false, negated: false, atomic: false }],
  ['non_atomic_positive_lookahead', { behind: false, negated: false, atomic: false }],
  ['naplb', { behind: true, negated: false, atomic: false }],
  ['non_atomic_positive_lookbehind', { behind: true, negated: false, atomic: false }],
])

const SCRIPT_RUNS: ReadonlyMap<string, boolean> = new Map([
  ['sr', false],
  ['script_run', false],
  ['asr', true],
  ['atomic_script_run', true],
])

/** `(*VERB)`, `(*VERB:NAME)` and `(*pla:…)`, from the star. */
function readStarred(reading: Reading, start: number): Item {
  const { text } = reading
  const begin = reading.at + 1
  let end = begin
  if (isPcre1(reading)) while (/^[A-Za-z]$/.test(text[end] ?? '')) end++
  else while (isWord(text[end])) end++
  const name = text.slice(begin, end)
  reading.at = end
  if (!isPcre1(reading) && /^[a-z]/.test(name)) return alphaAssertion(reading, start, name)
  return readVerb(reading, start, name)
}

function alphaAssertion(reading: Reading, start: number, name: string): Item {
  if (reading.text[reading.at] !== ':') refuse(reading, 'unknown-assertion')
  reading.at++
  const syntax = LOOKS.get(name)
  if (syntax !== undefined) return look(reading, start, syntax)
  if (name === 'atomic') return group(reading, start, { atomic: true })
  const isScan = name === 'scs' || name === 'scan_substring'
  if (isScan && reading.release > 10.42) {
    if (reading.text[reading.at] !== '(') refuse(reading, 'unknown-assertion')
    readGroupList(reading)
  }
  const atomic = SCRIPT_RUNS.get(name)
  if (atomic === undefined && !(isScan && reading.release > 10.42)) refuse(reading, 'unknown-assertion')
  const alternatives = body(reading)
  const span = { start: reading.place(start), end: reading.placeBehind(reading.at) }
  const node: PcreNode =
    atomic === undefined
      ? { kind: 'scan', alternatives, ...span }
      : { kind: 'script-run', atomic, alternatives, ...span }
  return { node, isQuantifiable: true }
}

function readVerb(reading: Reading, start: number, name: string): Item {
  const { text } = reading
  const mark = text[reading.at]
  if (mark !== ':' && mark !== ')') refuse(reading, 'unknown-verb')
  const verb = VERBS.get(name)
  const close = mark === ')' ? reading.at : text.indexOf(')', reading.at)
  if (verb === undefined || close === -1) refuse(reading, 'unknown-verb')
  const argument = mark === ')' ? '' : text.slice(reading.at + 1, close)
  if (argument.length > 255) refuse(reading, 'verb-name-too-long')
  if (verb === 'mark' && argument === '') refuse(reading, 'mark-without-argument')
  const mayNot = verb === 'accept' || verb === 'fail' || verb === 'commit'
  if (isPcre1(reading) && mayNot && argument !== '') refuse(reading, 'verb-argument')
  reading.at = close + 1
  const node: PcreNode = {
    kind: 'verb',
    verb,
    argument: argument === '' ? null : argument,
    start: reading.place(start),
    end: reading.placeBehind(reading.at),
  }
  return { node, isQuantifiable: verb === 'accept' && !isPcre1(reading) }
}
