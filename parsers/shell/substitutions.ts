import { isUnknownWord } from '../text/source.ts'
import type { WrittenText } from '../text/written-text.ts'
import { sliceWritten } from '../text/written-text.ts'
import { plainCommands } from './plain-commands.ts'
import { type ReplacedWord, replacedWords } from './replaced-words.ts'

/** What a command fills in, in a file: `envsubst '$PORT' < a > b`, `sed -i "s/APP_PORT/$PORT/" a`. */
export interface Substitution {
  /** As it is written; `UNKNOWN` stands for what nobody knows of it. */
  readonly file: string
  /** True where the file is whatever lies below a directory. */
  readonly isDirectory: boolean
  /** Names of variables, `all` where the command says none. */
  readonly variables: ReadonlySet<string> | 'all'
  readonly words: readonly ReplacedWord[]
}

/** A file that a command makes of another one. */
export interface CopiedFile {
  readonly from: string
  readonly to: string
}

export interface Substitutions {
  readonly substitutions: readonly Substitution[]
  readonly copies: readonly CopiedFile[]
  /** Files of which commands end what they leave open: they add such lines, or put several files together. */
  readonly continued: readonly string[]
}

/** True for a text in which a command of a shell may fill in another file. */
export function maySubstitute(text: string): boolean {
  return /\benvsubst\b|\bg?sed\b|\bperl[ \t]+-\w*[pi]/.test(text)
}

/** True for a text in which a command of a shell may add lines to a server's file, or put one together. */
export function mayContinue(text: string): boolean {
  return ADDS.test(text) || JOINS.test(text)
}

const ADDS =
  /(?:>>|\btee[ \t]+-\w{0,9}a\w{0,9})[ \t]*[^\s;|&<>]{0,300}(?:\.conf\b|\.inc\b|htaccess|vhost|nginx|apache|httpd|\/sites)/
const JOINS =
  /\bcat[ \t]+[^\s;|&<>]{1,300}[ \t]+[^\n;|&<>]{1,300}>[ \t]*[^\s;|&<>]{0,300}(?:\.conf\b|vhost|nginx|apache|httpd|\/sites)/

/** What the commands of a script fill in, and which files they copy. */
export function substitutionsIn(script: WrittenText): Substitutions {
  const reading = new Reading()
  reading.read(script, 0)
  return reading
}

/** The same of one command, its words as the system gives them to a program. */
export function substitutionsOf(words: readonly WrittenText[]): Substitutions {
  const reading = new Reading()
  reading.take(words, NOTHING_AROUND, 0)
  return reading
}

const DEEPEST = 3
/** `echo "$(envsubst < a)" > a` */
const INNER = /\$\(((?:[^()]|\([^()]{0,500}\)){1,2000})\)/g

interface Around {
  /** What it reads but for the files that its words name. */
  readonly files: readonly string[]
  readonly output: string | null
  /** True where the output is added to what the file has. */
  readonly adds: boolean
  /** What it reads, as far as a here-document or the command before it has that written out. */
  readonly lines: string
}

const NOTHING_AROUND: Around = { files: [], output: null, adds: false, lines: '' }

class Reading implements Substitutions {
  readonly substitutions: Substitution[] = []
  readonly copies: CopiedFile[] = []
  readonly continued: string[] = []
  readonly #variables = new Map<string, string>()

  read(script: WrittenText, depth: number): void {
    if (depth > DEEPEST) return
    let piped: readonly string[] = []
    let printed = ''
    for (const command of plainCommands(script, this.#variables)) {
      const words = this.#withoutAssignments(command.words)
      const files = command.input !== null ? [command.input] : command.isPiped ? piped : []
      const around = {
        files,
        output: command.output?.path ?? null,
        adds: command.output?.append === true,
        lines: command.document?.text.text ?? (command.isPiped ? printed : ''),
      }
      printed = command.words.map(({ text }) => text).join(' ')
      piped = this.take(words, around, depth)
    }
    for (const { index, 1: inner = '' } of script.text.matchAll(INNER))
      if (maySubstitute(inner))
        this.read(sliceWritten(script, index + 2, index + 2 + inner.length), depth + 1)
  }

  /** Gives the files whose texts, filled in or not, the command prints. */
  take(words: readonly WrittenText[], around: Around, depth: number): readonly string[] {
    const { files, output } = around
    const texts = words.map(({ text }) => text)
    const name = programOf(texts[0] ?? '')
    this.#continue(name, texts, around)
    if (SHELL.test(name)) {
      const script = words[texts.findIndex(text => /^-\w*c$/.test(text)) + 1]
      if (script !== undefined && script !== words[0]) this.read(script, depth + 1)
      return []
    }
    const inner = texts.findIndex((text, index) => index > 0 && FILLS.test(programOf(text)))
    if (RUNS_OTHERS.test(name) && inner !== -1) {
      // `find DIR -exec sed … {} +`, `grep -l WORD DIR | xargs sed …`.
      const below =
        name === 'find'
          ? texts
              .slice(1, inner)
              .filter(text => text.includes('/'))
              .slice(0, 1)
          : files
      this.#fill(texts.slice(inner), below, true)
      return []
    }
    if (/^(?:grep|ls|find)$/.test(name))
      return texts
        .slice(1)
        .filter(text => /^[^-].*\//.test(text))
        .slice(-1)
    if (name === 'cat') return texts.length === 1 ? files : texts.slice(1)
    const read = FILLS.test(name) ? this.#fill(texts, files, false) : this.#copy(name, texts, files)
    if (output !== null) for (const from of read) this.copies.push({ from, to: output })
    return read
  }

  #continue(name: string, texts: readonly string[], { output, adds, lines }: Around): void {
    const added = name === 'tee' && texts.some(text => /^-\w*a/.test(text)) ? (texts.at(-1) ?? null) : null
    const target = adds ? output : added
    const named = name === 'cat' ? texts.slice(1).filter(text => !text.startsWith('-')) : []
    if (target !== null && (named.length > 0 || endsMore(lines === '' ? texts.join(' ') : lines)))
      this.continued.push(target)
    if (named.length > 1 && output !== null) this.continued.push(...named)
  }

  #fill(
    [program = '', ...words]: readonly string[],
    piped: readonly string[],
    isDirectory: boolean,
  ): readonly string[] {
    const { files, variables, replaced } =
      programOf(program) === 'envsubst' ? envsubst(words) : streamEditor(words)
    const read = files.length === 0 || isDirectory ? piped : files
    if (variables !== null || replaced.length > 0)
      for (const file of read.flatMap(each => each.split('\n')))
        this.substitutions.push({ file, isDirectory, variables: variables ?? new Set(), words: replaced })
    return read
  }

  #copy(name: string, texts: readonly string[], files: readonly string[]): readonly string[] {
    if (name === 'tee') {
      const to = texts.find((text, index) => index > 0 && !text.startsWith('-'))
      if (to !== undefined) for (const from of files) this.copies.push({ from, to })
      return files
    }
    if (!/^(?:cp|mv|install|ln)$/.test(name)) return []
    const named = texts.slice(1).filter(text => !text.startsWith('-') && !/^\d{3,4}$/.test(text))
    const to = named.at(-1) ?? ''
    for (const from of named.slice(0, -1)) this.copies.push({ from, to })
    return []
  }

  /** Keeps what variables are, and what a loop names one after the other. */
  #withoutAssignments(words: readonly WrittenText[]): readonly WrittenText[] {
    let at = 0
    for (; at < words.length; at++) {
      const word = words[at]!
      const text = word.text.replace(/^[({]+/, '')
      const [, name = '', value = ''] = /^(\w+)=(.*)$/s.exec(text) ?? []
      if (name !== '') this.#variables.set(name, value)
      else if (text === 'for' && words[at + 2]?.text === 'in') {
        const named = words.slice(at + 3).map(each => each.text)
        this.#variables.set(words[at + 1]!.text, named.join('\n'))
        return []
      } else if (!LEADING.test(text)) break
    }
    return words.slice(at)
  }
}

/** True for lines that end a block or a section which they have not begun. */
function endsMore(lines: string): boolean {
  const count = (pattern: RegExp): number => lines.match(pattern)?.length ?? 0
  return count(/\}/g) > count(/\{/g) || count(/<\/[A-Z]/gi) > count(/<[A-Z]/gi)
}

const SHELL = /^(?:ba|da|k|z|a)?sh$/
const FILLS = /^(?:envsubst|g?sed|perl)$/
const RUNS_OTHERS = /^(?:find|xargs)$/
/** Words in front of a command that leave it what it is. */
const LEADING =
  /^(?:|if|then|else|elif|do|while|until|!|\{|sudo|exec|env|time|command|nohup|export|local|readonly|declare|-[EHnx])$/

function programOf(word: string): string {
  return word.replace(/^[({@]+/, '').replace(/^.*\//, '')
}

interface Filled {
  readonly files: readonly string[]
  readonly variables: Substitution['variables'] | null
  readonly replaced: readonly ReplacedWord[]
}

const NOTHING: Filled = { files: [], variables: null, replaced: [] }

/** Its words hold no file: a list of variables alone. */
function envsubst(words: readonly string[]): Filled {
  if (words.some(word => /^-(?:v|V|h|-variables|-version|-help)$/.test(word))) return NOTHING
  const list = words.filter(word => !word.startsWith('-')).join(' ')
  const names = [...list.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name)
  return {
    files: [],
    variables: names.length === 0 || isUnknownWord(list) ? 'all' : new Set(names),
    replaced: [],
  }
}

/** `sed` and `perl -p`, whose files are the words behind the script. */
function streamEditor(words: readonly string[]): Filled {
  const scripts: string[] = []
  const named: string[] = []
  let isGiven = false
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    const [, joined] = /^(?:--expression=|-(?!-)\w*?e(?=[sy][^\w\s]))(.+)$/s.exec(word) ?? []
    if (joined !== undefined) scripts.push(joined)
    else if (/^(?:-(?!-)[a-zA-Z]*e|--expression)$/.test(word)) scripts.push(words[++at] ?? '')
    else if (/^(?:-(?!-)[a-zA-Z]*f|--file)$/.test(word)) at++
    else if (word === "''" || (word === '' && words[at - 1] === '-i')) continue
    else if (!word.startsWith('-')) {
      named.push(word)
      continue
    } else continue
    isGiven = true
  }
  const files = isGiven ? named : named.slice(1)
  if (!isGiven && named[0] !== undefined) scripts.push(named[0])
  return {
    files: files.filter(file => file !== '{}' && file !== '+'),
    variables: null,
    replaced: scripts.flatMap(replacedWords),
  }
}
