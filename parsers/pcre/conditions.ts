import { isPcre1, isWord, MOST_GROUPS, type Reading, readName, readNumber, refuse } from './reading.ts'
import type { PcreCondition, PcreLook } from './tree.ts'

/** The condition of `(?(…)…)`, from its own parenthesis to behind what closes it. */
export function readCondition(reading: Reading, readLook: (reading: Reading) => PcreLook): PcreCondition {
  const { text } = reading
  const next = text[reading.at + 1]
  if (next === undefined) refuse(reading, 'unclosed-group')
  if (next === '?' || (next === '*' && !isPcre1(reading))) return { kind: 'look', look: readLook(reading) }
  reading.at++
  const condition = readTest(reading)
  if (text[reading.at] !== ')') refuse(reading, 'unclosed-condition')
  reading.at++
  return condition
}

function readTest(reading: Reading): PcreCondition {
  const { text } = reading
  const number = readNumber(reading, {
    relative: reading.groups,
    most: MOST_GROUPS,
    tooBig: 'group-number-too-big',
  })
  if (number !== null) {
    if (number === 0) refuse(reading, 'no-such-group')
    return setCondition(reading, number)
  }
  const { at } = reading
  if (!isPcre1(reading) && text.startsWith('VERSION', at) && text[at + 7] !== ')' && text.length - at >= 10) {
    return version(reading)
  }
  if (text.startsWith('R&', at)) {
    reading.at += 2
    return calledCondition(reading, nameBeforeParenthesis(reading))
  }
  const quote = text[at] === '<' ? '>' : text[at] === "'" ? "'" : null
  if (quote !== null) {
    reading.at++
    return setCondition(reading, readName(reading, quote))
  }
  if (isPcre1(reading) && !isWord(text[at])) refuse(reading, 'assertion-expected')
  return byName(reading, nameBeforeParenthesis(reading))
}

function nameBeforeParenthesis(reading: Reading): string {
  const name = readName(reading, ')')
  reading.at--
  return name
}

/** A name is that of a group where there is one, before it is `DEFINE` or says what is called. */
function byName(reading: Reading, name: string): PcreCondition {
  // PCRE2 takes the word alone for it, whatever groups there are.
  if (name === 'DEFINE' && !isPcre1(reading)) return { kind: 'define' }
  const isRecursion = /^R[0-9]*$/.test(name)
  if (name !== 'DEFINE' && !isRecursion) return setCondition(reading, name)
  const condition: { kind: PcreCondition['kind']; groups: readonly number[] | null } = {
    kind: name === 'DEFINE' ? 'define' : 'called',
    groups: null,
  }
  const called = Number(name.slice(1))
  reading.pending.push({
    to: name,
    offset: reading.at,
    // PCRE1 does not ask whether the group is there.
    otherwise: isPcre1(reading) ? 0 : called || 0,
    resolve: found => {
      if (found.length > 0) {
        condition.kind = 'set'
        condition.groups = found
      } else if (called > 0) condition.groups = [called]
    },
  })
  return condition as PcreCondition
}

function setCondition(reading: Reading, to: number | string): PcreCondition {
  const groups: number[] = []
  reading.pending.push({ to, offset: reading.at, resolve: found => groups.push(...found) })
  return { kind: 'set', groups }
}

function calledCondition(reading: Reading, to: string): PcreCondition {
  const groups: number[] = []
  reading.pending.push({ to, offset: reading.at, resolve: found => groups.push(...found) })
  return { kind: 'called', groups }
}

/** `VERSION>=10.4` */
function version(reading: Reading): PcreCondition {
  const syntax = /VERSION(>?)=([0-9]+)(?:\.([0-9])([0-9])?)?(?=\))/y
  syntax.lastIndex = reading.at
  const match = syntax.exec(reading.text)
  if (match === null || Number(match[2]) > 1000) refuse(reading, 'bad-version-condition')
  reading.at += match[0].length
  const wanted = Number(match[2]) * 100 + Number(match[3] ?? 0) * 10 + Number(match[4] ?? 0)
  const own = Math.round(reading.release * 100)
  return { kind: 'constant', holds: match[1] === '>' ? own >= wanted : own === wanted }
}
