import { spawnSync } from 'node:child_process'
import { fromBytes, toBytes } from '../../../src/servers/regex.ts'
import type { PcreOptions } from '../../../parsers/pcre/parse-pcre.ts'

/** What the library says of a pattern: null where it compiles, else its message. */
export type Verdict = string | null

/** Of a subject: the whole match and the groups (null for one that is not set), null for none, or the error. */
export type RealMatch = readonly (string | null)[] | null | { readonly error: string }

export interface Question {
  readonly pattern: string
  readonly options: PcreOptions
  /** Text that is matched as its bytes. */
  readonly subjects: readonly string[]
}

export interface Answer {
  readonly verdict: Verdict
  readonly matches: readonly RealMatch[]
}

const MODIFIERS: Readonly<Record<keyof PcreOptions, string>> = {
  caseless: 'caseless',
  multiline: 'multiline',
  dotAll: 'dotall',
  dollarEndOnly: 'dollar_endonly',
  duplicateNames: 'dupnames',
}

/** Past this the library gives up in these tests, so that what it would do for seconds is an error at once. */
const MATCH_LIMIT = 100_000

const hex = (bytes: string): string =>
  [...bytes].map(byte => byte.charCodeAt(0).toString(16).padStart(2, '0')).join(' ')

/** Asks `pcre2test` about many patterns at once. */
export function askPcre2(questions: readonly Question[], program = 'pcre2test'): readonly Answer[] {
  const lines = [`#subject match_limit=${MATCH_LIMIT},callout_none,allcaptures,ovector=120`]
  for (const { pattern, options, subjects } of questions) {
    const set = Object.entries(options).filter(([, isSet]) => isSet)
    const modifiers = set.map(([name]) => `,${MODIFIERS[name as keyof PcreOptions]}`).join('')
    const bytes = toBytes(pattern)
    lines.push(
      bytes === ''
        ? `/(?:)/hexa`.replace('hexa', `x${modifiers.slice(0, 0)}`)
        : `/${hex(bytes)}/hex${modifiers}`,
    )
    for (const subject of subjects) lines.push(`    ${quote(toBytes(subject)) || '\\'}`)
    lines.push('')
  }
  const run = spawnSync(program, ['-q'], {
    input: `${lines.join('\n')}\n`,
    encoding: 'latin1',
    maxBuffer: 1 << 30,
  })
  if (run.error !== undefined) throw run.error
  return readAnswers(run.stdout, questions)
}

/** A subject line in which every byte is told by its number. */
function quote(bytes: string): string {
  return [...bytes].map(byte => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')
}

function readAnswers(output: string, questions: readonly Question[]): Answer[] {
  // Every pattern and subject is echoed, which parts the answers.
  const blocks = output.split(/^(?=\/(?:[0-9a-f]{2}[ /]|\(\?:\)\/))/m).slice(1)
  if (blocks.length !== questions.length) {
    throw new Error(`pcre2test answered ${blocks.length} of ${questions.length} questions`)
  }
  return blocks.map((block, index) => {
    const failed = /^Failed: error -?\d+ at offset \d+: (.*)$/m.exec(block)
    if (failed !== null) return { verdict: failed[1] ?? '', matches: [] }
    const parts = block.split(/^ {4}(?:(?:\\x[0-9a-f]{2})+|\\)\n/m).slice(1)
    const wanted = questions[index]?.subjects.length ?? 0
    if (parts.length !== wanted) throw new Error(`pcre2test answered ${parts.length} of ${wanted}: ${block}`)
    return { verdict: null, matches: parts.map(readMatch) }
  })
}

function readMatch(part: string): RealMatch {
  if (/^No match/.test(part)) return null
  if (/^(?:Failed|Error)/m.test(part)) return { error: part.trim() }
  const captures: (string | null)[] = []
  for (const line of part.split('\n')) {
    const match = /^ ?( ?\d+): (.*)$/s.exec(line)
    if (match === null) continue
    captures[Number(match[1])] = match[2] === '<unset>' ? null : (match[2] ?? '')
  }
  return captures
}

/** Bytes as `pcre2test` prints them; with UTF it prints characters. */
export function asPrinted(bytes: string, utf: boolean): string {
  return [...(utf ? fromBytes(bytes) : bytes)]
    .map(char => {
      const code = char.codePointAt(0) ?? 0
      if (code >= 32 && code < 127) return char
      const digits = code.toString(16).padStart(2, '0')
      return utf ? `\\x{${digits}}` : `\\x${digits}`
    })
    .join('')
}

/** PCRE1 through Python, whose package of tests no distribution has. */
const PCRE1 = `
import ctypes, json, sys
library = ctypes.CDLL('libpcre.so.3')
library.pcre_compile.restype = ctypes.c_void_p
bits = {'caseless': 1, 'multiline': 2, 'dotAll': 4, 'dollarEndOnly': 0x20, 'duplicateNames': 0x80000}
answers = []
for pattern, options in json.load(sys.stdin):
    error, offset = ctypes.c_char_p(), ctypes.c_int()
    flags = sum(bits[name] for name in options)
    compiled = library.pcre_compile(pattern.encode('latin1'), flags, ctypes.byref(error), ctypes.byref(offset), None)
    answers.append(None if compiled else error.value.decode())
json.dump(answers, sys.stdout)
`

/** Asks PCRE1's own library which patterns compile. */
export function askPcre1(questions: readonly Question[]): readonly Verdict[] {
  const input = questions.map(({ pattern, options }) => [
    toBytes(pattern),
    Object.entries(options).flatMap(([name, isSet]) => (isSet ? [name] : [])),
  ])
  const run = spawnSync('/usr/bin/python3', ['-c', PCRE1], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  })
  if (run.error !== undefined) throw run.error
  if (run.status !== 0) throw new Error(run.stderr)
  return JSON.parse(run.stdout) as Verdict[]
}
