import type { Place, Source } from '../text/source.ts'
import { type WrittenText, writtenAt } from '../text/written-text.ts'
import { type JsToken, jsTokens } from './tokens.ts'

/** A value of JavaScript or JSON as far as it is written out. */
export type JsLiteral = { readonly at: Place } & (
  | { readonly kind: 'text'; readonly text: WrittenText }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'list'; readonly items: readonly JsLiteral[] }
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, JsLiteral>; readonly open: boolean }
  /** A lone name, such as `__dirname`. */
  | { readonly kind: 'name'; readonly name: string }
  /** Anything that only a running program knows. */
  | { readonly kind: 'unknown' }
)

/** The value of the first member or constant of a name in a script, or in JSON; null where it has none. */
export function memberOfScript(source: Source, name: string): JsLiteral | null {
  const tokens = jsTokens(source.code)
  const at = tokens.findIndex(
    ({ kind, text }, index) =>
      text === name && (kind === 'name' || kind === 'string') && /^[:=]$/.test(tokens[index + 1]?.text ?? ''),
  )
  return at === -1 ? null : new LiteralReader(source, tokens, at + 2).value()
}

const OPENING = /^[{[(]$/
const CLOSING = /^[}\])]$/

class LiteralReader {
  private readonly source: Source
  private readonly tokens: readonly JsToken[]
  private at: number

  constructor(source: Source, tokens: readonly JsToken[], at: number) {
    this.source = source
    this.tokens = tokens
    this.at = at
  }

  /** The value that begins here; what is behind a literal, such as an operator, makes it unknown. */
  value(): JsLiteral {
    const start = this.at
    const literal = this.literal()
    if (literal !== null && this.endsHere()) return literal
    this.at = start
    this.skip()
    return { kind: 'unknown', at: this.place(start, Math.max(start, this.at - 1)) }
  }

  private literal(): JsLiteral | null {
    const index = this.at++
    const token = this.tokens[index]
    const at = this.place(index, index)
    if (token === undefined) return null
    const { kind, text } = token
    if (kind === 'string' || (kind === 'template' && !text.includes('${'))) {
      if (text.includes('\\')) return null
      return { kind: 'text', at, text: writtenAt(this.source, token.start + 1, token.end - 1) }
    }
    if (kind === 'number') return { kind: 'number', at, value: Number(text.replaceAll('_', '')) }
    if (kind === 'name')
      return /^(?:true|false)$/.test(text)
        ? { kind: 'boolean', at, value: text === 'true' }
        : { kind: 'name', at, name: text }
    if (text === '-' && this.tokens[this.at]?.kind === 'number')
      return { kind: 'number', at, value: -Number(this.tokens[this.at++]!.text) }
    if (text === '[') return this.list(index)
    return text === '{' ? this.object(index) : null
  }

  private list(start: number): JsLiteral {
    const items: JsLiteral[] = []
    while (this.at < this.tokens.length && !this.is(']')) {
      items.push(this.value())
      if (this.is(',')) this.at++
    }
    return { kind: 'list', at: this.place(start, this.at++), items }
  }

  private object(start: number): JsLiteral {
    const members = new Map<string, JsLiteral>()
    let open = false
    while (this.at < this.tokens.length && !this.is('}')) {
      const name = this.tokens[this.at]!
      const isMember = name.kind !== 'sign' && this.tokens[this.at + 1]?.text === ':'
      if (isMember) {
        this.at += 2
        members.set(name.text, this.value())
      } else {
        // `...others`, a name that stands for its value, or a method.
        open = true
        this.skip()
      }
      if (this.is(',')) this.at++
    }
    return { kind: 'object', at: this.place(start, this.at++), members, open }
  }

  private is(text: string): boolean {
    const token = this.tokens[this.at]
    return token?.kind === 'sign' && token.text === text
  }

  private endsHere(): boolean {
    const token = this.tokens[this.at]
    return (
      token === undefined || (token.kind === 'sign' && /^[,;}\])]$/.test(token.text)) || token.kind === 'name'
    )
  }

  /** To the comma or the closing bracket behind the value. */
  private skip(): void {
    for (let depth = 0; this.at < this.tokens.length; this.at++) {
      const { kind, text } = this.tokens[this.at]!
      if (kind !== 'sign') continue
      if (depth === 0 && (text === ',' || text === ';' || CLOSING.test(text))) return
      if (OPENING.test(text)) depth++
      else if (CLOSING.test(text)) depth--
    }
  }

  private place(from: number, to: number): Place {
    const first = this.tokens[from]
    const start = first?.start ?? this.source.code.length
    return { source: this.source, start, end: this.tokens[to]?.end ?? first?.end ?? start }
  }
}
