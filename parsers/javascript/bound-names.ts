import type { JsToken } from './tokens.ts'

/** A name that `const { PORT = 3000, HOST: host } = process.env` gives. */
export interface Taken {
  readonly variable: string
  /** The words of its default; null where it has none. */
  readonly fallback: readonly [number, number] | null
}

type Ranges = (open: number) => readonly (readonly [number, number])[]

/** Every name that a script takes of its environment so; null for one that it takes several times. */
export function takenOfEnvironment(
  tokens: readonly JsToken[],
  entriesAt: Ranges,
): ReadonlyMap<string, Taken | null> {
  const found = new Map<string, Taken | null>()
  const is = (at: number, text: string): boolean => tokens[at]?.kind !== 'string' && tokens[at]?.text === text
  for (let at = 0; at < tokens.length - 6; at++) {
    if (!is(at, 'process') || !is(at + 1, '.') || !is(at + 2, 'env') || !is(at - 1, '=')) continue
    if (is(at + 3, '.') || is(at + 3, '[') || !is(at - 2, '}')) continue
    const open = openingOf(tokens, at - 2)
    if (open === null || !/^(?:const|let|var)$/.test(tokens[open - 1]?.text ?? '')) continue
    for (const [start, end] of entriesAt(open)) {
      const own = is(start + 1, ':') ? start + 2 : start
      const name = tokens[own]?.text ?? ''
      const fallback: Taken['fallback'] = is(own + 1, '=') ? [own + 2, end] : null
      found.set(name, found.has(name) ? null : { variable: tokens[start]?.text ?? '', fallback })
    }
  }
  return found
}

/** Nobody takes more of the environment at once. */
const LONGEST = 300

function openingOf(tokens: readonly JsToken[], close: number): number | null {
  for (let at = close - 1; at >= Math.max(0, close - LONGEST); at--) {
    const token = tokens[at]
    if (token?.kind === 'sign' && token.text === '{') return at
    if (token?.kind === 'sign' && token.text === '}') return null
  }
  return null
}

/** Objects of which a line of the script sets a member, or gives them to `Object.assign`. */
export function changedObjects(tokens: readonly JsToken[]): ReadonlySet<string> {
  const found = new Set<string>()
  const textAt = (at: number): string => tokens[at]?.text ?? ''
  for (let at = 0; at < tokens.length; at++) {
    if (tokens[at]?.kind !== 'name' || textAt(at - 1) === '.') continue
    if (textAt(at - 2) === 'assign') found.add(textAt(at))
    let behind = at + 1
    while (/^[.[\]]$/.test(textAt(behind)) && tokens[behind]?.kind === 'sign')
      behind += textAt(behind) === ']' ? 1 : 2
    if (behind > at + 1 && textAt(behind) === '=') found.add(textAt(at))
    else if (behind > at + 1) at = behind - 1
  }
  return found
}

/**
 * Where the braces of an object open that is given to a call, by itself or by the name of the one constant that is it;
 * null where it is anything else, or another line changes it.
 */
export function objectAt(tokens: readonly JsToken[], at: number): number | null {
  const textAt = (offset: number): string => tokens[offset]?.text ?? ''
  if (tokens[at]?.kind === 'sign') return textAt(at) === '{' ? at : null
  if (tokens[at]?.kind !== 'name' || textAt(at + 1) !== ')') return null
  const name = textAt(at)
  const uses = [...tokens.keys()].filter(each => textAt(each) === name && textAt(each - 1) !== '.')
  const made = uses.filter(each => /^(?:const|let|var)$/.test(textAt(each - 1)))
  const [only] = made
  if (only === undefined || made.length > 1 || uses.length !== 2) return null
  return textAt(only + 1) === '=' && textAt(only + 2) === '{' ? only + 2 : null
}
