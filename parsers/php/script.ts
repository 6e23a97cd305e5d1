import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'

/** What a script sets to a value that is written in it. */
export interface PhpSetting {
  /** `WP_HOME` of a `define` or `const`, `$CFG->wwwroot`, `$config[base_url]`, `$live_site`, `overwritehost` of a list. */
  readonly name: string
  /** Null for what is computed, and for a text with a variable in it. */
  readonly value: string | boolean | number | null
  /** The value without its quotes; the name where the value is computed. */
  readonly at: Place
  /** True below an `if`, a loop or a function. */
  readonly conditional: boolean
}

interface Script {
  readonly code: string
  /** Offsets at which a block begins that may not run. */
  readonly inside: (offset: number) => boolean
}

/** A file that a script surely loads, by its path from the directory of the script. */
interface PhpRequired {
  readonly path: string
  readonly at: Place
}

/** `require __DIR__.'/../vendor/autoload.php'` and its like, outside of conditions and functions. */
export function phpRequired(source: Source): readonly PhpRequired[] {
  const { code, inside } = readScript(source)
  const found: PhpRequired[] = []
  for (const match of code.matchAll(REQUIRED)) {
    const [whole, above, path = ''] = match
    if (inside(match.index) || isGuarded(code, match.index) || /[$\\{]/.test(path)) continue
    const at = { source, start: match.index, end: match.index + whole.trimEnd().length - 1 }
    found.push({ path: `${above === undefined ? '' : '..'}${path}`.replace(/^\//, ''), at })
  }
  return found
}

const REQUIRED =
  /\brequire(?:_once)?\s*\(?\s*(?:__DIR__|dirname\(\s*__FILE__\s*\)|(dirname\(\s*__DIR__\s*\)))\s*\.\s*['"](\/[^'"\n]+)['"]\s*\)?\s*;/g

/** The text of a script with blanks in place of its comments; of one length with it. */
export function phpCode(source: Source): string {
  return readScript(source).code
}

/**
 * The setting of a name where nothing but one literal decides it; null where it is not set, undefined where nobody
 * knows. A constant keeps its first value, everything else its last.
 */
export function phpSetting(source: Source, name: string): PhpSetting | null | undefined {
  const all = settingsOf(source).get(name)
  if (all === undefined) return null
  if (all.some(({ value, conditional }) => value === null || conditional)) return undefined
  return /^[A-Z]\w*$/.test(name) ? all[0] : all.at(-1)
}

const SETTING =
  /\b(?:define|\\define)\s*\(\s*(?<quote>['"])(?<constant>\w+)\k<quote>\s*,\s*|\bconst\s+(?<declared>\w+)\s*=\s*|(?<variable>\$\w+(?:->\w+)*(?:\[\s*['"][\w.-]+['"]\s*\])*)\s*=(?![=>~])\s*|(?<mark>['"])(?<key>[\w.-]+)\k<mark>\s*=>\s*/g
const LITERAL = /(?:(['"])((?:(?!\1)[^\\]|\\.)*)\1|(true|false|null)\b|(-?\d+)\b)\s*(?=[;,)\]]|$)/iy

const settingsOf = memo((source: Source): ReadonlyMap<string, readonly PhpSetting[]> => {
  const { code, inside } = readScript(source)
  const isConditional = (at: number): boolean => inside(at) || isGuarded(code, at)
  const settings = new Map<string, PhpSetting[]>()
  for (const match of code.matchAll(SETTING)) {
    const { constant, declared, variable, key } = match.groups ?? {}
    const name =
      constant ?? declared ?? key ?? (variable ?? '').replace(/\[\s*['"]([^'"]*)['"]\s*\]/g, '[$1]')
    const start = match.index + match[0].length
    LITERAL.lastIndex = start
    const literal = LITERAL.exec(code)
    const value = literal === null ? null : literalValue(literal)
    const quoted = literal?.[1] === undefined ? 0 : 1
    const written = literal === null ? '' : literal[0].trimEnd()
    const setting: PhpSetting = {
      name,
      value,
      at:
        literal === null
          ? { source, start: match.index, end: match.index + match[0].trimEnd().length }
          : { source, start: start + quoted, end: start + written.length - quoted },
      conditional: isConditional(constant === undefined ? match.index : asked(code, match.index, constant)),
    }
    const all = settings.get(name)
    if (all === undefined) settings.set(name, [setting])
    else all.push(setting)
  }
  return settings
})

/** Nobody writes more before what is defined. */
const LONGEST_GUARD = 200

/**
 * Where the statement begins that defines a constant unless it is there: `if (!defined('WP_HOME')) define('WP_HOME', …)`
 * and `defined('WP_HOME') || define('WP_HOME', …)`, as PHP itself leaves the first value of a constant.
 */
function asked(code: string, at: number, constant: string): number {
  const from = Math.max(0, at - LONGEST_GUARD)
  const [guard, below, before] = UNLESS_DEFINED.exec(code.slice(from, at)) ?? []
  if (guard === undefined || (below ?? before) !== constant) return at
  // What is loaded before may be what it asks for.
  return /\b(?:require|include)(?:_once)?\b/.test(code.slice(0, at)) ? at : at - guard.length
}

const UNLESS_DEFINED =
  /\b(?:if\s*\(\s*!\s*defined\s*\(\s*['"](\w+)['"]\s*\)\s*\)\s*[{:]?|defined\s*\(\s*['"](\w+)['"]\s*\)\s*(?:\|\||\bor\b))\s*$/i

function literalValue([, quote, text = '', word, digits]: RegExpExecArray): PhpSetting['value'] {
  if (digits !== undefined) return Number(digits)
  if (word !== undefined) return /^null$/i.test(word) ? '' : /^true$/i.test(word)
  if (quote === '"' && /\$[A-Za-z_{]|\{\$/.test(text)) return null
  return text.replace(/\\(['"\\/])/g, '$1')
}

/** True behind a condition in the same statement: `if (…) define(…)`, `defined(…) or define(…)`. */
function isGuarded(code: string, at: number): boolean {
  const from = Math.max(
    code.lastIndexOf(';', at - 1),
    code.lastIndexOf('{', at - 1),
    code.lastIndexOf('}', at - 1),
  )
  return /\b(?:if|else|elseif|or|and|while|for|foreach|case)\b|\|\||&&|\?(?!php)/.test(
    code.slice(from + 1, at),
  )
}

const readScript = memo((source: Source): Script => {
  const { text } = source
  const parts: string[] = []
  /** Where blocks that may not run begin and end, in order. */
  const edges: number[] = []
  const open: boolean[] = []
  let guarded = 0
  let kept = 0
  let statement = 0
  const piece =
    /(['"`])(?:(?!\1)[^\\]|\\[\s\S])*(?:\1|$)|\/\*[\s\S]*?(?:\*\/|$)|(?:\/\/|#(?!\[))[^\n]*|[{};]/g
  for (let match = piece.exec(text); match !== null; match = piece.exec(text)) {
    const [found] = match
    if (found === '{') {
      const isType = /\b(?:class|namespace|trait)\b/.test(text.slice(statement, match.index))
      open.push(!isType)
      if (!isType && guarded++ === 0) edges.push(match.index)
    } else if (found === '}') {
      if (open.pop() === true && --guarded === 0) edges.push(match.index)
    } else if (/^(?:\/\*|\/\/|#)/.test(found)) {
      parts.push(text.slice(kept, match.index), found.replace(/[^\n]/g, ' '))
      kept = match.index + found.length
    }
    if (/^[{};]$/.test(found)) statement = match.index + 1
  }
  parts.push(text.slice(kept))
  return {
    code: parts.join(''),
    inside(offset) {
      let low = 0
      let high = edges.length
      while (low < high) {
        const middle = (low + high) >> 1
        if ((edges[middle] ?? 0) < offset) low = middle + 1
        else high = middle
      }
      // An odd number of edges before it: inside of a block.
      return low % 2 === 1
    },
  }
})
