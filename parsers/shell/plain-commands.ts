import { UNKNOWN } from '../text/source.ts'
import { MappedText } from '../text/text-map.ts'
import { finishWritten, sliceWritten, type WrittenText } from '../text/written-text.ts'

/** A simple command of a script. */
export interface PlainCommand {
  /** Without quotes, what is known of variables filled in; `UNKNOWN` stands for what is not. */
  readonly words: readonly WrittenText[]
  /** The file that takes its output; null where none does. */
  readonly output: { readonly path: string; readonly append: boolean } | null
  /** The file from which it reads, as `< a` says; null where nothing says so. */
  readonly input: string | null
  /** The here-document that it reads; null where it has none. */
  readonly document: HereDocument | null
  /** True where it reads what the command before it prints. */
  readonly isPiped: boolean
}

export interface HereDocument {
  /** As written: no variable is filled in. */
  readonly text: WrittenText
  /** True for `<< 'EOF'`, in which the shell fills in no variables. */
  readonly isLiteral: boolean
}

const NAMED = /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/y
/** As far as anybody writes one: where nothing ends it, the whole script is looked through for each. */
const EXPANSION = /\$\{[^}]{0,500}\}|\$\((?:[^()]|\([^()]{0,500}\)){0,500}\)|\$[\d@*#?$!-]|`[^`]{0,500}`/y
const REDIRECTION = />>|>\||<<<|<<-?|>&|<&|[<>]/y
const OPERATOR = /&&|\|\||[;&|\n]/y
const LETTERS = /[^\\'"$`<>;&|\s]+/y
const QUOTED_LETTERS = /[^\\"$`]+/y

/**
 * The simple commands of a script, in their order, as far as words and operators tell: words of control structures
 * (`if`, `then`, `{`) are words of the command behind them, whether a command runs at all is not asked.
 *
 * @param variables those that are known: a command sees what was set in them while those before it were looked at. What
 * a substitution prints is known by its text without quotes and blanks: `$(cd$(dirname$0)&&pwd)`
 */
export function plainCommands(
  script: WrittenText,
  variables: ReadonlyMap<string, string> = new Map(),
): Iterable<PlainCommand> {
  return new Reading(script, variables).commands()
}

type Redirection = 'input' | 'output' | 'append' | 'document' | 'other'

class Reading {
  readonly #text: string
  #at = 0
  #words: WrittenText[] = []
  #word: MappedText | null = null
  #wordStart = 0
  #redirection: Redirection | null = null
  #output: PlainCommand['output'] = null
  #input: string | null = null
  #document: HereDocument | null = null
  #isPiped = false
  /** Where the script goes on behind the here-documents of this line. */
  #behindDocuments: number | null = null

  constructor(
    private readonly script: WrittenText,
    private readonly variables: ReadonlyMap<string, string>,
  ) {
    this.#text = script.text
  }

  *commands(): Iterable<PlainCommand> {
    const text = this.#text
    while (this.#at < text.length) {
      const char = text[this.#at]!
      if (char === '\\') this.#readEscape(/[^\n]/)
      else if (char === "'") this.#readSingle()
      else if (char === '"') this.#readDouble()
      else if (char === '$' || char === '`') this.#readExpansion()
      else if (char === '#' && this.#word === null) this.#at = this.#endOfLine()
      else if (char === '>' || char === '<') this.#readRedirection()
      else if (char === '&' && text[this.#at + 1] === '>') {
        this.#endWord()
        this.#redirection = 'other'
        this.#at += text[this.#at + 2] === '>' ? 3 : 2
      } else {
        const operator = this.#match(OPERATOR)?.[0]
        if (operator !== undefined) {
          const command = this.#endCommand(operator === '|')
          if (command !== null) yield command
          if (operator === '\n' && this.#behindDocuments !== null) {
            this.#at = this.#behindDocuments
            this.#behindDocuments = null
          } else this.#at += operator.length
        } else if (/\s/.test(char)) {
          this.#endWord()
          this.#at++
        } else this.#copy(this.#match(LETTERS)![0].length)
      }
    }
    const command = this.#endCommand(false)
    if (command !== null) yield command
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    return pattern.exec(this.#text)
  }

  #endOfLine(): number {
    const end = this.#text.indexOf('\n', this.#at)
    return end === -1 ? this.#text.length : end
  }

  /** The word that is being read. */
  #open(): MappedText {
    if (this.#word === null) this.#wordStart = this.#at
    this.#word ??= new MappedText(this.#text, this.script.map, 0)
    return this.#word
  }

  #copy(length: number): void {
    this.#open().copy(this.#at, this.#at + length)
    this.#at += length
  }

  #endWord(): void {
    if (this.#word === null) return
    const word = finishWritten(this.#word, this.script, this.#wordStart, this.#at)
    const redirection = this.#redirection
    this.#word = null
    this.#redirection = null
    if (redirection === null) this.#words.push(word)
    else if (redirection === 'input') this.#input = word.text
    else if (redirection === 'document') this.#readDocument(word.text)
    else if (redirection !== 'other') this.#output = { path: word.text, append: redirection === 'append' }
  }

  #endCommand(pipes: boolean): PlainCommand | null {
    this.#endWord()
    const command = {
      words: this.#words,
      output: this.#output,
      input: this.#input,
      document: this.#document,
      isPiped: this.#isPiped,
    }
    this.#redirection = null
    this.#words = []
    this.#output = null
    this.#input = null
    this.#document = null
    this.#isPiped = pipes
    return command.words.length > 0 || command.output !== null ? command : null
  }

  /** A backslash before a line end joins the lines; before another character than those it stays itself. */
  #readEscape(escapes: RegExp): void {
    const next = this.#text[this.#at + 1] ?? ''
    if (next === '\n') this.#at += 2
    else if (escapes.test(next)) {
      const word = this.#open()
      word.copy(this.#at + 1, this.#at + 2)
      this.#at += 2
    } else this.#copy(1)
  }

  #readSingle(): void {
    const close = this.#text.indexOf("'", this.#at + 1)
    const end = close === -1 ? this.#text.length : close
    this.#open().copy(this.#at + 1, end)
    this.#at = end + 1
  }

  #readDouble(): void {
    this.#open()
    this.#at++
    while (this.#at < this.#text.length && this.#text[this.#at] !== '"') {
      const char = this.#text[this.#at]!
      if (char === '\\') this.#readEscape(/["\\$`]/)
      else if (char === '$' || char === '`') this.#readExpansion()
      else this.#copy(this.#match(QUOTED_LETTERS)![0].length)
    }
    this.#at++
  }

  /** A variable, or what another command prints. */
  #readExpansion(): void {
    const named = this.#match(NAMED)
    const other = named === null ? this.#match(EXPANSION) : null
    if (
      named === null &&
      other === null &&
      !this.#text.startsWith('`', this.#at) &&
      !/[({]/.test(this.#text[this.#at + 1] ?? '')
    ) {
      this.#copy(1)
      return
    }
    const name = named === null ? (other?.[0].replace(/["'\s]/g, '') ?? '') : (named[1] ?? named[2] ?? '')
    const value = this.variables.get(name)
    const end = this.#at + ((named ?? other)?.[0].length ?? 1)
    this.#open().replace(this.#at, end, value ?? UNKNOWN)
    this.#at = end
  }

  /** `2>&1` and `&>/dev/null` are no output that is kept. */
  #readRedirection(): void {
    const [operator] = this.#match(REDIRECTION)!
    const descriptor: string | null = this.#word?.text ?? null
    if (descriptor !== null && /^\d$/.test(descriptor)) this.#word = null
    this.#endWord()
    this.#at += operator.length
    if (operator === '<<' || operator === '<<-') this.#redirection = 'document'
    else if (operator === '<' && /^0?$/.test(descriptor ?? '')) this.#redirection = 'input'
    else if (/^[<]|>&/.test(operator) || /^[02-9]$/.test(descriptor ?? '')) this.#redirection = 'other'
    else this.#redirection = operator === '>>' ? 'append' : 'output'
  }

  /** The lines below, up to that of the delimiter: it may be indented, as whoever writes it means it to end them. */
  #readDocument(delimiter: string): void {
    const text = this.#text
    const start = this.#behindDocuments ?? this.#endOfLine() + 1
    let end = Math.min(start, text.length)
    let behind = text.length
    while (end < text.length) {
      const newline = text.indexOf('\n', end)
      const lineEnd = newline === -1 ? text.length : newline
      if (text.slice(end, lineEnd).trim() === delimiter) {
        behind = Math.min(lineEnd + 1, text.length)
        break
      }
      end = Math.min(lineEnd + 1, text.length)
    }
    this.#behindDocuments = behind
    this.#document = {
      text: sliceWritten(this.script, Math.min(start, end), end),
      isLiteral: /["'\\]/.test(text.slice(this.#wordStart, this.#at)),
    }
  }
}
