import { posix } from 'node:path'
import { isBelow } from '../text/is-below.ts'
import { isUnknownWord, type Place } from '../text/source.ts'
import { placeOf, type WrittenText } from '../text/written-text.ts'
import { type HereDocument, plainCommands } from './plain-commands.ts'

/** A file or a link that a script makes, wherever and however it is run. */
export interface ScriptWrite {
  /** Absolute. */
  readonly at: string
  readonly by: /** A text, and where it stands. */
    | { readonly kind: 'text'; readonly text: Place }
    /** A file, as the script names it. */
    | { readonly kind: 'copy'; readonly from: string }
    /** Absolute. */
    | { readonly kind: 'link'; readonly to: string }
}

/**
 * What scripts write whole and once: by `cat` and `tee` with a here-document, by `cp`, `install` and `ln`. What is
 * under a condition, in a loop, in a function that is called so, or changed by another command is left out: nobody knows
 * what is there in the end.
 *
 * @param scripts what one shell after the other reads
 * @param given what is there before
 */
export function scriptWrites(
  scripts: readonly WrittenText[],
  given: readonly ScriptWrite[] = [],
): readonly ScriptWrite[] {
  const read = scripts.map(readCommands)
  const commands = read.flatMap(each => each ?? [])
  const called = certainFunctions(commands)
  const written = [
    ...given.map(write => ({ command: null, write })),
    ...commands.flatMap(command => writesOf(command).map(write => ({ command, write }))),
  ]
  const isRun = ({ isSure, within }: Command): boolean => isSure && (within === null || called.has(within))
  const isLeft = (own: Command | null, { at }: ScriptWrite): boolean =>
    (own === null || isRun(own)) &&
    written.filter(({ write }) => write.at === at).length === 1 &&
    !commands.some(
      other => other !== own && (mayChange(other, at) || removesLater(other, at, own?.start ?? -1)),
    )
  return read.includes(null)
    ? []
    : written.flatMap(({ command, write }) => (isLeft(command, write) ? [write] : []))
}

/** A command of a script, and where it stands. */
interface Command {
  /** Without what only starts it, such as `sudo`. */
  readonly words: readonly WrittenText[]
  readonly output: { readonly path: string; readonly append: boolean } | null
  /** What it reads: its own here-document, or that of the `cat` that is piped into it. */
  readonly document: HereDocument | null
  readonly start: number
  /** False where a condition or a loop is around it. */
  readonly isSure: boolean
  /** The function in which it stands; null for one of the script itself. */
  readonly within: string | null
}

/** What is open at a command: `if`, `case`, a loop, a group, or a function by its name and `()`. */
type Open = 'if' | 'case' | 'loop' | '{' | `${string}()`

const OPENS: Readonly<Record<string, Open>> = {
  if: 'if',
  case: 'case',
  for: 'loop',
  select: 'loop',
  while: 'loop',
  until: 'loop',
}
const CLOSES: Readonly<Record<string, Open>> = { fi: 'if', esac: 'case', done: 'loop' }
const BEGINS = new Set(['then', 'else', 'elif', 'do', '!', 'time'])
/** What asks something, so that `&&` behind it is a condition. */
const ASKS = /^(?:\[\[?|test|e?grep|command|which|type|id|getent|dpkg|rpm|systemctl)$/

/** Null where the words that open and close do not fit together as far as they are read. */
function readCommands(script: WrittenText): readonly Command[] | null {
  const found: Command[] = []
  const variables = new Map<string, string>()
  const opened: Open[] = []
  let named: Open | null = null
  let piped: HereDocument | null = null
  let before = ''
  for (const { words: all, output, document, isPiped } of plainCommands(script, variables)) {
    let words = all
    while (words.length > 0) {
      const [first, second] = words.map(({ text }) => text)
      const word = first ?? ''
      const opens = Object.hasOwn(OPENS, word) ? OPENS[word]! : null
      const name = functionNamed(words)
      if (name !== null) {
        named = `${name.name}()`
        words = words.slice(name.length)
      } else if (word === '{') {
        opened.push(named ?? '{')
        named = null
        words = words.slice(1)
      } else if (opens !== null) {
        opened.push(opens)
        const behind = opens === 'case' ? words.findIndex(({ text }) => text === 'in') + 1 : 1
        if (behind === 0) return null
        words = word === 'for' || word === 'select' ? [] : words.slice(behind)
      } else if (Object.hasOwn(CLOSES, word) || word === '}') {
        const last = opened.pop()
        if (word === '}' ? last !== '{' && last?.endsWith('()') !== true : last !== CLOSES[word]) return null
        words = words.slice(1)
      } else if (BEGINS.has(word)) words = words.slice(1)
      else if (opened.at(-1) === 'case' && /^[^(]*\)$/.test(word)) words = words.slice(1)
      else if (opened.at(-1) === 'case' && second?.endsWith(')') === true && word === '(')
        words = words.slice(2)
      else break
    }
    const read = document ?? (isPiped ? piped : null)
    piped = document
    if (words.length === 0) continue
    const start = placeOf(words[0]!).start
    const lead = script.source.text
      .slice(Math.max(0, start - 100), start)
      .replace(/\\\n/g, '')
      .trimEnd()
    const asks = lead.endsWith('||') || (lead.endsWith('&&') && ASKS.test(before))
    before = words[0]!.text
    const functions = opened.filter(open => open.endsWith('()'))
    const isSure = !asks && opened.every(open => open === '{' || open.endsWith('()'))
    assign(words, variables, script.text)
    found.push({
      words: unwrapped(words),
      output,
      document: read,
      start,
      isSure,
      within: functions.at(-1)?.slice(0, -2) ?? null,
    })
  }
  return opened.length === 0 ? found : null
}

/** `name() {`, `name () {`, `function name {`. */
function functionNamed(
  words: readonly WrittenText[],
): { readonly name: string; readonly length: number } | null {
  const [first = '', second = '', third = ''] = words.map(({ text }) => text)
  if (first === 'function') return { name: second.replace(/\(\)$/, ''), length: third === '()' ? 3 : 2 }
  if (/^[\w.:-]+\(\)$/.test(first)) return { name: first.slice(0, -2), length: 1 }
  return second === '()' && /^[\w.:-]+$/.test(first) ? { name: first, length: 2 } : null
}

const ASSIGNMENT = /^([A-Za-z_]\w*)=(.*)$/s

/** A variable is known where the script gives it one value, and nothing else does. */
function assign(words: readonly WrittenText[], variables: Map<string, string>, script: string): void {
  const given = /^(?:export|readonly)$/.test(words[0]?.text ?? '') ? words.slice(1) : words
  for (const { text } of given) {
    const [, name, value] = ASSIGNMENT.exec(text) ?? []
    if (name === undefined || value === undefined) return
    if (!isUnknownWord(value) && isSetOnce(name, script)) variables.set(name, value)
  }
}

function isSetOnce(name: string, script: string): boolean {
  const sets = new RegExp(
    String.raw`(?<![\w$-])${name}\+?=|\b(?:read|for|select|getopts|printf[ \t]+-v|mapfile|unset)\b[^\n;]*\b${name}\b`,
    'g',
  )
  return [...script.matchAll(sets)].length === 1
}

/** `sudo -E tee` and its like, without what only starts the command. */
function unwrapped(words: readonly WrittenText[]): readonly WrittenText[] {
  if (!/^(?:\/usr\/bin\/)?(?:sudo|doas)$/.test(words[0]?.text ?? '')) return words
  let at = 1
  while (words[at]?.text.startsWith('-') === true) at += /^-[ugpC]$/.test(words[at]!.text) ? 2 : 1
  return words.slice(at)
}

/** The functions that are surely called. */
function certainFunctions(commands: readonly Command[]): ReadonlySet<string> {
  const known = new Set<string>()
  for (let before = -1; before < known.size; ) {
    before = known.size
    for (const { words, isSure, within } of commands)
      if (isSure && (within === null || known.has(within))) known.add(words[0]?.text ?? '')
  }
  return known
}

const isPath = (text: string): boolean => /^\/[\w.@+/-]+$/.test(text) && !text.startsWith('/dev/')

function writesOf({ words, output, document }: Command): readonly ScriptWrite[] {
  const [program = '', ...args] = words.map(({ text }) => text)
  const name = posix.basename(program)
  if (document !== null && (name === 'cat' || name === 'tee')) {
    const text = placeOf(document.text)
    const paths =
      name === 'tee' ? args.filter(text => !text.startsWith('-')) : output === null ? [] : [output.path]
    const adds = name === 'tee' ? args.some(text => /^-\w*a|^--append/.test(text)) : output?.append === true
    return adds ? [] : paths.filter(isPath).map(at => ({ at, by: { kind: 'text', text } }))
  }
  if (name === 'a2ensite')
    return args.flatMap(site => {
      const file = `${site.replace(/\.conf$/, '')}.conf`
      const link = (directory: string): string => `/etc/apache2/${directory}/${file}`
      return isUnknownWord(file) || file.startsWith('-')
        ? []
        : { at: link('sites-enabled'), by: { kind: 'link', to: link('sites-available') } }
    })
  if (!/^(?:ln|cp|install)$/.test(name)) return []
  const [from, to, ...others] = withoutOptions(args)
  if (from === undefined || to === undefined || others.length > 0 || !isPath(to)) return []
  const at = posix.resolve(IS_DIRECTORY.test(to) ? `${to}/${posix.basename(from)}` : to)
  if (isUnknownWord(at) || (isUnknownWord(from) && name === 'ln')) return []
  if (name !== 'ln') return from.endsWith('/') ? [] : [{ at, by: { kind: 'copy', from } }]
  return [{ at, by: { kind: 'link', to: posix.resolve(posix.dirname(at), from) } }]
}

const IS_DIRECTORY = /\/$|\/(?:sites|conf|mods)-enabled$|\.d$|\/systemd\/system$/

/** What is left without `-m 644`, `-o root` and their like. */
function withoutOptions(texts: readonly string[]): readonly string[] {
  return texts.filter(
    (text, index) =>
      !text.startsWith('-') && !/^-(?:\w*[mogS]|-(?:mode|owner|group))$/.test(texts[index - 1] ?? ''),
  )
}

const CHANGES = /^(?:sed|perl|mv|ed|ex|envsubst|patch|truncate|crudini|dos2unix|awk|yq|jq|htpasswd|openssl)$/

/** True for a command that may make another text of a file. */
function mayChange({ words, output }: Command, path: string): boolean {
  if (output?.path === path) return true
  const [program = '', ...args] = words.map(({ text }) => text)
  const name = posix.basename(program)
  const isNamed = args.some(text => text === path || (hasPattern(text) && isBelowPattern(path, text)))
  return (
    isNamed && (CHANGES.test(name) || (name === 'tee' && args.some(text => /^-\w*a|^--append/.test(text))))
  )
}

const hasPattern = (text: string): boolean => text.startsWith('/') && /[*?[]/.test(text)

function isBelowPattern(path: string, pattern: string): boolean {
  return path.startsWith(pattern.slice(0, pattern.search(/[*?[]/)))
}

/** True for a command further down that takes a file away. */
function removesLater({ words, start }: Command, path: string, from: number): boolean {
  const [program = '', ...args] = words.map(({ text }) => text)
  const name = posix.basename(program)
  if (start < from || !/^(?:rm|unlink|rmdir|a2dissite)$/.test(name)) return false
  return args.some(text => {
    if (hasPattern(text)) return isBelowPattern(path, text)
    const removed =
      name === 'a2dissite' ? `/etc/apache2/sites-enabled/${text.replace(/\.conf$/, '')}.conf` : text
    return removed.startsWith('/') && isBelow(path, removed.replace(/\/$/, ''))
  })
}
