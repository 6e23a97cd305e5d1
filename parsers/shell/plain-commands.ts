/** A simple command of a script. */
export interface PlainCommand {
  /** Without quotes, what is known of variables filled in; {@link OPEN} stands for what is not. */
  readonly words: readonly string[]
  /** The file that takes its output; null where none does. */
  readonly output: { readonly path: string; readonly append: boolean } | null
  /** True where it reads what the command before it prints. */
  readonly isPiped: boolean
}

/** In the place of a variable that nobody knows, and of what another command prints. */
export const OPEN = '\uFFFD'

/** As far as anybody writes one: where nothing ends it, the whole script is looked through for each. */
const EXPANSION = /^\$\{[^}]{0,500}\}|^\$\((?:[^()]|\([^()]{0,500}\)){0,500}\)|^\$[\d@*#?$!-]|^`[^`]{0,500}`/

const OPERATOR = /^(?:&&|\|\||[;&|\n])/

/**
 * The simple commands of a script, in their order, as far as words and operators tell: words of control structures
 * (`if`, `then`, `{`) are words of the command behind them, whether a command runs at all is not asked.
 *
 * @param variables those that are known
 */
export function plainCommands(
  script: string,
  variables: ReadonlyMap<string, string> = new Map(),
): readonly PlainCommand[] {
  const commands: PlainCommand[] = []
  let words: string[] = []
  let word: string | null = null
  let redirect: 'output' | 'append' | 'other' | null = null
  let output: PlainCommand['output'] = null
  let isPiped = false
  const endWord = (): void => {
    if (word === null) return
    if (redirect === null) words.push(word)
    else if (redirect !== 'other') output = { path: word, append: redirect === 'append' }
    redirect = null
    word = null
  }
  const endCommand = (pipes: boolean): void => {
    endWord()
    redirect = null
    if (words.length > 0 || output !== null) commands.push({ words, output, isPiped })
    words = []
    output = null
    isPiped = pipes
  }
  const add = (text: string): void => {
    word = (word ?? '') + text
  }
  /** Adds a variable or what a command prints, and returns the offset behind it. */
  const addExpansion = (at: number): number => {
    const rest = script.slice(at)
    const [whole, plain, braced] = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/.exec(rest) ?? []
    const name = plain ?? braced
    if (whole !== undefined && name !== undefined) {
      add(variables.get(name) ?? OPEN)
      return at + whole.length
    }
    const other = EXPANSION.exec(rest)?.[0]
    add(other === undefined && !/^(?:`|\$[({])/.test(rest) ? '$' : OPEN)
    return at + (other?.length ?? 1)
  }
  let at = 0
  while (at < script.length) {
    const char = script[at]!
    if (char === '\\') {
      if (script[at + 1] !== '\n') add(script[at + 1] ?? '')
      at += 2
    } else if (char === "'") {
      const close = script.indexOf("'", at + 1)
      const end = close === -1 ? script.length : close
      add(script.slice(at + 1, end))
      at = end + 1
    } else if (char === '"') {
      add('')
      at++
      while (at < script.length && script[at] !== '"') {
        const inner = script[at]!
        if (inner === '\\' && /["\\$`\n]/.test(script[at + 1] ?? '')) {
          add(script[at + 1] === '\n' ? '' : script[at + 1]!)
          at += 2
        } else if (inner === '$' || inner === '`') at = addExpansion(at)
        else {
          add(inner)
          at++
        }
      }
      at++
    } else if (char === '$' || char === '`') at = addExpansion(at)
    else if (char === '#' && word === null) {
      const end = script.indexOf('\n', at)
      at = end === -1 ? script.length : end
    } else if (char === '>' || char === '<') {
      // `2>&1` and `&>/dev/null` are no output that is kept.
      const [whole] = /^(?:>>|>\||<<<?-?|>&|<&|[<>])/.exec(script.slice(at))!
      const descriptor: string | null = word
      const isOther =
        whole.startsWith('<') || whole === '>&' || (descriptor !== null && /^[02-9&]$/.test(descriptor))
      if (descriptor !== null && /^\d$/.test(descriptor)) word = null
      endWord()
      redirect = isOther ? 'other' : whole === '>>' ? 'append' : 'output'
      at += whole.length
    } else {
      const operator = OPERATOR.exec(script.slice(at, at + 2))?.[0]
      if (operator === '&' && script[at + 1] === '>') {
        endWord()
        redirect = 'other'
        at += script[at + 2] === '>' ? 3 : 2
      } else if (operator !== undefined) {
        endCommand(operator === '|')
        at += operator.length
      } else if (/\s/.test(char)) {
        endWord()
        at++
      } else {
        add(char)
        at++
      }
    }
  }
  endCommand(false)
  return commands
}
