import { memo } from '../collections/memo.ts'
import { fillIn } from '../text/placeholder.ts'
import { internName } from '../text/intern-name.ts'
import type { Source } from '../text/source.ts'
import {
  BUFFER_SIZE,
  CLOSE_BRACE,
  CLOSE_PARENTHESIS,
  CR,
  DOUBLE_QUOTE,
  decodeWord,
  HASH,
  isSpace,
  OPEN_BRACE,
  overflowsBuffer,
  SEMICOLON,
  SINGLE_QUOTE,
  scanQuoted,
  scanWord,
} from './lexer.ts'
import { scanLuaBlock } from './lua.ts'
import type {
  NginxBlock,
  NginxDirectiveNode,
  NginxLuaNode,
  NginxNode,
  NginxSyntaxCode,
  NginxSyntaxProblem,
  NginxTree,
  NginxUnfinished,
  NginxWord,
} from './syntax.ts'
import { unclosedBlock } from './unclosed-block.ts'

/**
 * The tree of one file, read as nginx 1.22 reads it; the same tree again for the same source.
 *
 * Never throws. What nginx would refuse is a problem and the tree goes on behind it: a directive that a `}`
 * cuts short ends there, a block that the file leaves open ends with the file.
 */
export const parseNginx = memo((source: Source): NginxTree => new Parser(source).parse())

/** A block that is still open. A nameless one (`{ … }`) hands its children to the block around it. */
interface OpenBlock {
  readonly name: NginxWord | null
  readonly args: readonly NginxWord[]
  readonly open: number
  readonly children: NginxNode[]
}

/** Braces of a regular expression: how often it wants what stands before (`{4}`, `{2,}`), and which sign (`\p{L}`). */
const BRACES = /\{\d+(?:,\d*)?\}|(?<=\\[pPxgk])\{[\w^]+\}/y

const NO_ARGS: readonly NginxWord[] = []
const NO_PROBLEMS: readonly NginxSyntaxProblem[] = []

class Parser {
  private readonly code: string
  private readonly text: string
  private readonly wide: boolean
  private readonly values: Source['values']
  private readonly blocks: OpenBlock[] = []
  private readonly problems: NginxSyntaxProblem[] = []
  private children: NginxNode[] = []
  /** The words since the last `;` or brace; only the first `count` count, so that one array serves all. */
  private readonly words: NginxWord[] = []
  private count = 0
  /** The quote that the file never closes. */
  private openQuote: NginxUnfinished | null = null

  constructor(source: Source) {
    this.code = source.code
    this.text = source.text
    this.wide = source.encoding === 'utf8'
    this.values = source.values
  }

  parse(): NginxTree {
    const { code } = this
    const length = code.length
    const top = this.children
    let at = 0
    while (at < length) {
      const char = code.charCodeAt(at)
      if (isSpace(char)) at++
      else if (char === SEMICOLON) at = this.semicolon(at)
      else if (char === OPEN_BRACE) at = this.openBrace(at)
      else if (char === CLOSE_BRACE) at = this.closeBrace(at)
      else if (char === HASH) at = this.comment(at)
      else if (char === DOUBLE_QUOTE || char === SINGLE_QUOTE) at = this.quoted(at)
      else at = this.word(at)
    }
    this.endOfFile(top)
    return { children: top, problems: this.problems.length === 0 ? NO_PROBLEMS : this.problems }
  }

  private word(start: number): number {
    const { code } = this
    const end = this.pattern(start, scanWord(code, start))
    // A whitespace that ends the word still lies in the same buffer, a `;` or `{` is the last one read.
    const reach = end < code.length && isSpace(code.charCodeAt(end)) ? end + 1 : end
    if (overflowsBuffer(this.text, start, reach, this.wide)) this.tooLong(start, 'a parameter')
    this.push(start, end, decodeWord(code.slice(start, end)))
    return end
  }

  /**
   * The end of a word, or of what was meant as one: a regular expression without quotes, at whose brace nginx begins a
   * block. It refuses every file that has one, and the rest of it is read as it was meant.
   */
  private pattern(start: number, cut: number): number {
    const { code } = this
    let end = cut
    while (code.charCodeAt(end) === OPEN_BRACE) {
      BRACES.lastIndex = end
      const braces = BRACES.exec(code)?.[0]
      if (braces === undefined) break
      if (end === cut && !this.isPattern(code.slice(start, cut))) break
      end = scanWord(code, end + braces.length)
    }
    if (end > cut) {
      const word = shorten(code.slice(start, end))
      const message = `nginx ends the regular expression \`${word}\` at this \`{\`, for no quotes are around it`
      this.problem('brace-in-pattern', message, cut, cut + 1)
    }
    return end
  }

  private isPattern(word: string): boolean {
    const before = this.count === 0 ? '' : (this.words[this.count - 1]?.value ?? '')
    return /~\*?$/.test(before) || /[\\^()[\]|+?]/.test(word)
  }

  private quoted(start: number): number {
    const { code } = this
    const close = scanQuoted(code, start)
    const closing = close === -1 ? code.length : close
    const end = close === -1 ? code.length : close + 1
    if (close === -1) this.openQuote = { what: 'quote', start, end: start + 1 }
    const next = code.charCodeAt(end)
    const spaced = isSpace(next)
    if (overflowsBuffer(this.text, start + 1, closing, this.wide)) {
      const message = `the quote opened here is not closed within ${BUFFER_SIZE} bytes`
      this.problem('too-long-parameter', message, start, start + 1)
    } else if (overflowsBuffer(this.text, start + 1, spaced ? end + 1 : end, this.wide))
      this.tooLong(start, 'a parameter')
    this.push(start, end, decodeWord(code.slice(start + 1, closing)))
    if (spaced || next === SEMICOLON || next === OPEN_BRACE || next === CLOSE_PARENTHESIS) return end
    if (end === code.length) return end
    const character = String.fromCodePoint(code.codePointAt(end) ?? 0)
    this.problem(
      'unexpected-after-quote',
      `a closing quote is followed by \`${character}\` instead of a space, \`;\`, \`{\` or \`)\``,
      end,
      end + character.length,
      { what: 'quote', start, end: start + 1 },
    )
    // `"off"}`: said once, and the brace closes its block.
    if (next === CLOSE_BRACE) this.endDirective(end, end)
    return end
  }

  private push(start: number, end: number, written: string): void {
    const value = this.values === null ? written : fillIn(written, this.values)
    this.words[this.count] = { start, end, value: this.count === 0 ? internName(value) : value }
    this.count++
  }

  private comment(start: number): number {
    const { code } = this
    const lineEnd = code.indexOf('\n', start)
    const end = lineEnd === -1 ? code.length : lineEnd
    if (overflowsBuffer(this.text, start, end, this.wide)) this.tooLong(start, 'a comment')
    // The CR of a CRLF is no part of what the comment says.
    const shown = lineEnd !== -1 && code.charCodeAt(end - 1) === CR ? end - 1 : end
    this.children.push({ kind: 'comment', start, end: shown })
    return end
  }

  private semicolon(at: number): number {
    if (this.count === 0) {
      this.problem('unexpected-semicolon', 'this `;` ends no directive', at, at + 1)
      this.children.push({ kind: 'invalid', start: at, end: at + 1 })
    } else this.endDirective(at, at + 1)
    return at + 1
  }

  private openBrace(at: number): number {
    if (this.count === 0) {
      this.problem('unexpected-open-brace', 'this `{` opens a block that has no name', at, at + 1)
      this.children.push({ kind: 'invalid', start: at, end: at + 1 })
      this.blocks.push({ name: null, args: NO_ARGS, open: at, children: this.children })
      return at + 1
    }
    const name = this.takeName()
    const args = this.takeArgs()
    if (name.value.endsWith('_by_lua_block')) return this.luaBlock(name, args, at)
    this.blocks.push({ name, args, open: at, children: this.children })
    this.children = []
    return at + 1
  }

  private luaBlock(name: NginxWord, args: readonly NginxWord[], open: number): number {
    const close = scanLuaBlock(this.code, open)
    const end = close === -1 ? this.code.length : close
    if (close === -1) {
      const message = `the file ends inside the Lua code of \`${name.value}\``
      this.problem('unexpected-end-of-file', message, end, end, unfinished('block', name))
    }
    this.children.push(directive(name, args, { kind: 'lua', start: open, end }, open, end))
    return end
  }

  private closeBrace(at: number): number {
    if (this.count > 0) {
      const message = `\`${shorten(this.words[0]?.value ?? '')}\` is not ended by \`;\` before this \`}\``
      this.problem('unexpected-close-brace', message, at, at + 1, unfinished('directive', this.words[0]))
      this.endDirective(at, this.words[this.count - 1]?.end ?? at)
    }
    if (this.blocks.length === 0) {
      if (this.problems.at(-1)?.start !== at)
        this.problem('unexpected-close-brace', 'this `}` closes no block of this file', at, at + 1)
      this.children.push({ kind: 'invalid', start: at, end: at + 1 })
    } else this.closeBlock(at + 1, true)
    return at + 1
  }

  private closeBlock(end: number, closed: boolean): void {
    const block = this.blocks.pop()
    if (block === undefined) return
    const { name, args, open } = block
    if (name !== null) {
      // A copy holds no spare room, which growing arrays have plenty of.
      const node = directive(name, args, this.children.slice(), open, end)
      this.children = block.children
      this.children.push(node)
    } else if (closed) this.children.push({ kind: 'invalid', start: end - 1, end })
  }

  private endDirective(terminator: number, end: number): void {
    const name = this.takeName()
    this.children.push(directive(name, this.takeArgs(), null, terminator, end))
  }

  private endOfFile(top: readonly NginxNode[]): void {
    const isSaid = this.count > 0
    const isOpen = this.blocks.length > 0
    if (!isSaid && !isOpen) return
    const end = this.end()
    if (isSaid) {
      const last = this.words[this.count - 1]
      const problem = this.problems.at(-1)
      // Of a word that overflows its buffer nginx never sees the end.
      if (problem?.code !== 'too-long-parameter' || problem.start !== last?.start) {
        const name = shorten(this.words[0]?.value ?? '')
        const message =
          this.openQuote === null
            ? `the file ends before \`;\` or \`{\` ends \`${name}\``
            : `the file ends inside a quote of \`${name}\``
        this.problem(
          'unexpected-end-of-file',
          message,
          end,
          end,
          this.openQuote ?? unfinished('directive', this.words[0]),
        )
      }
      this.endDirective(end, end)
    }
    const name = this.blocks.at(-1)?.name ?? null
    while (this.blocks.length > 0) this.closeBlock(end, false)
    if (isSaid || !isOpen) return
    const unclosed = unclosedBlock(this.code, top) ?? name
    const block = unclosed === null ? 'a block' : `the block of \`${shorten(unclosed.value)}\``
    const message = `the file ends inside ${block}: a \`}\` is missing`
    this.problem('unexpected-end-of-file', message, end, end, unfinished('block', unclosed))
  }

  /** Behind a text that stands in another file, of which the code is blank around it, lies the rest of that. */
  private end(): number {
    const { code, text } = this
    const written = code.trimEnd().length
    return text.slice(written).trim() === '' ? code.length : written
  }

  private takeName(): NginxWord {
    return this.words[0] as NginxWord
  }

  private takeArgs(): readonly NginxWord[] {
    const args = this.count === 1 ? NO_ARGS : this.words.slice(1, this.count)
    this.count = 0
    return args
  }

  private tooLong(start: number, what: string): void {
    const message = `${what} longer than nginx's buffer of ${BUFFER_SIZE} bytes begins here`
    this.problem('too-long-parameter', message, start, start + 1)
  }

  private problem(
    code: NginxSyntaxCode,
    message: string,
    start: number,
    end: number,
    unfinished: NginxUnfinished | null = null,
  ): void {
    this.problems.push({ code, message, start, end, unfinished })
  }
}

function unfinished(
  what: NginxUnfinished['what'],
  word: NginxWord | null | undefined,
): NginxUnfinished | null {
  return word == null ? null : { what, start: word.start, end: word.end }
}

function directive(
  name: NginxWord,
  args: readonly NginxWord[],
  body: readonly NginxNode[] | NginxLuaNode | null,
  terminator: number,
  end: number,
): NginxDirectiveNode {
  const block: NginxBlock | null =
    body === null ? null : { kind: 'block', start: terminator, end, children: 'kind' in body ? [body] : body }
  return { kind: 'directive', start: name.start, end, name, args, block, terminator }
}

function shorten(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`
}
