import { posix } from 'node:path'
import { plainCommands, type PlainCommand } from '../../../../parsers/shell/plain-commands.ts'
import { isUnknownWord, type Source } from '../../../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../../../parsers/text/written-text.ts'
import { takeCommand, writeFile } from './commands.ts'
import type { Build } from './image-tree.ts'
import { nestedAt } from './made-texts.ts'

/** What a command prints; null where nobody knows it. */
type Printed = string | null

type Command = Pick<PlainCommand, 'words' | 'output' | 'isPiped' | 'document'>

/**
 * Does what the commands of a script do to the files of an image, of a step that builds it or before its server starts.
 * What stands under a condition, in a loop or in a function may be done or not.
 *
 * @param script also the words of its one command
 * @param variables those that it knows
 * @returns false where nobody knows what is in the files afterwards
 */
export function takeScript(
  build: Build,
  script: WrittenText | readonly WrittenText[],
  variables: ReadonlyMap<string, string>,
): boolean {
  const known = new Map(variables)
  const commands: Iterable<Command> =
    'text' in script
      ? plainCommands(script, known)
      : [{ words: script, output: null, isPiped: false, document: null }]
  const structure = new Structure()
  let printed: Printed = null
  let written: WrittenText | null = null
  for (const { words: all, output, isPiped, document } of commands) {
    const words = all.map(({ text }) => text)
    const own = words.slice(structure.enter(words))
    const [program = ''] = own
    assign(known, own, structure.isOpen)
    const input: Printed = isPiped ? printed : null
    if (!isPiped) written = document?.text ?? all.at(-1) ?? null
    if (structure.closed !== null) printed = structure.closed
    else printed = printedBy(own, input)
    if (structure.isOpen) {
      const text = [...own, output?.path ?? '', document?.text.text ?? ''].join(' ')
      if (build.home.mentions.test(text) && !isTakenIfAtAll(build, own, output)) return false
      continue
    }
    if (program === 'tee' && (input !== null || document !== null)) {
      const append = own.includes('-a')
      for (const path of own.slice(1))
        if (!path.startsWith('-') && !writeFile(build, { path, append }, madeText(append, input)))
          return false
    } else if (!PRINTS.test(program) && !takeCommand(build, own, isPiped)) return false
    if (output !== null && !writeFile(build, output, madeText(output.append, printed))) return false
    if (output === null) structure.add(printed)
  }
  return true

  /** A file that a command makes anew is read where its text stands, as far as that is found. */
  function madeText(append: boolean, text: Printed): string | Source | null {
    return (append || written === null ? null : nestedAt(build, placeOf(written))) ?? text
  }
}

/** What a script sets itself is not what its environment has; under a condition it is either. */
function assign(known: Map<string, string>, words: readonly string[], isOpen: boolean): void {
  const isDeclared = /^(?:export|local|readonly|declare|typeset)$/.test(words[0] ?? '')
  if (words[0] === 'read') for (const name of words.slice(1)) known.delete(name)
  for (const word of isDeclared ? words.slice(1) : words) {
    const [, name, value = ''] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(word) ?? []
    if (name === undefined) return
    if (isOpen || isUnknownWord(value)) known.delete(name)
    else known.set(name, value)
  }
}

const PRINTS = /^(?:echo|printf|cat)?$/

function printedBy([program, ...words]: readonly string[], input: Printed): Printed {
  if (program === 'echo')
    return `${words.filter((word, index) => index > 0 || !/^-[neE]+$/.test(word)).join(' ')}\n`
  if (program === 'printf' && words.length === 1 && !words[0]!.includes('%'))
    return words[0]!.replaceAll('\\n', '\n').replaceAll('\\t', '\t')
  return program === 'tee' ? input : null
}

/** What looks at files, and changes none. */
const LOOKS = /^(?:\[|\[\[|test|echo|printf|grep|ls|chown|chmod|mkdir|exit|cat|exec)?$/

function isTakenIfAtAll(
  build: Build,
  [path = '', ...args]: readonly string[],
  output: Command['output'],
): boolean {
  if (output !== null && (isUnknownWord(output.path) || build.home.mentions.test(output.path))) return false
  const program = posix.basename(path)
  if (LOOKS.test(program)) return true
  return !args.some(isUnknownWord) && build.home.take(build, program, args, false) === true
}

/** The control structures around the commands of a script, as far as the words in front of them tell. */
class Structure {
  #depth = 0
  /** What the commands between `{` and `}` print; null outside of them. */
  #group: string | null = null
  /** What the group prints that ends here; null where none does. */
  closed: string | null = null

  /** True where a command may not be reached. */
  get isOpen(): boolean {
    return this.#depth > 0
  }

  /** @returns how many words of a command are of the structure */
  enter(words: readonly string[]): number {
    this.closed = null
    if (HEADS.test(words[0] ?? '')) {
      this.#depth++
      return words.length
    }
    let at = 0
    for (let word = words[at]; word !== undefined; word = words[++at]) {
      const isFunction = /^[\w-]+\(\)$/.test(word) || word === 'function'
      if (isFunction || OPENS.test(word)) this.#depth++
      else if (CLOSES.test(word)) this.#depth--
      else if (word === '{') this.#group = this.#depth > 0 ? this.#group : ''
      else if (word === '}') {
        if (this.#depth > 0 && this.#group === null) this.#depth--
        else {
          this.closed = this.#group
          this.#group = null
        }
      } else if (!BETWEEN.test(word)) break
    }
    return at
  }

  add(printed: Printed): void {
    if (this.#group !== null && printed !== null) this.#group += printed
  }
}

/** Behind these stand words that are no command. */
const HEADS = /^(?:case|for|select)$/
const OPENS = /^(?:if|while|until|\()$/
const CLOSES = /^(?:fi|done|esac|\))$/
const BETWEEN = /^(?:then|else|elif|do|in|!|;;)$/
