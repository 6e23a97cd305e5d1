import type { Source } from '../../parsers/text/source.ts'
import { mayHoldSuppressions } from '../suppressions/read-suppressions.ts'
import type { SiteFile } from './site-files.ts'
import { BESIDE_LETTER, mayBeName, replaceWords, shapeOf, wordsOf } from './words.ts'

/** The files that share names which no other file has, and these names. */
export interface Site {
  readonly files: readonly SiteFile[]
  /** In the order in which they are met in its files. */
  readonly names: readonly string[]
}

/** Fewer sites that are alike are each looked at. So many words in one place are names, and nothing that means more. */
export const MANY = 32

/** In more files than a site has, a word is nobody's own. */
const MOST_FILES = 12

/**
 * Sites that differ in their names alone, in the order of their files: whoever exchanges the names of two of them in
 * all files, in the texts as in the paths, gets the same files. Groups of few are left out.
 *
 * Two names may be exchanged that rules cannot tell apart but by their length (see {@link shapeOf}).
 */
export function groupSites(files: readonly SiteFile[]): readonly (readonly Site[])[] {
  const read = readFiles(files)
  const groups = new Map<string, Site[]>()
  for (const members of sitesOf(files, read)) {
    const names: string[] = []
    const key = describe(members, files, read, names)
    if (key === null || names.length === 0) continue
    const site = { files: members.map(index => files[index] as SiteFile), names }
    const known = groups.get(key)
    if (known === undefined) groups.set(key, [site])
    else known.push(site)
  }
  return [...groups.values()].filter(sites => sites.length >= MANY)
}

/** What some files have in common, and the words that few of them have. */
interface ReadFiles {
  /** Of files that many share but for one word. */
  readonly forms: readonly (FilledForm | null)[]
  /** The lines of each other file, by their numbers. */
  readonly linesOf: readonly (readonly number[])[]
  /** The text of each line that few files have; null for one that many have. */
  readonly rare: readonly (string | null)[]
  /** The words that few files have, as they are written. */
  readonly own: ReadonlySet<string>
  readonly ownOf: readonly ReadonlySet<string>[]
}

function readFiles(files: readonly SiteFile[]): ReadFiles {
  const common = new Set<string>()
  const forms = fillForms(files, common)
  const numbers = new Map<string, number>()
  const counts: number[] = []
  const linesOf = files.map(({ source: { text } }, file) =>
    forms[file] === null ? numberLines(text, numbers, counts) : [],
  )
  const rare: (string | null)[] = []
  const wordsOfLine: (readonly string[])[] = []
  for (const [line, number] of numbers) {
    const isRare = (counts[number] as number) <= MOST_FILES
    rare.push(isRare ? line : null)
    wordsOfLine.push(isRare ? wordsOf(line) : [])
    if (!isRare) for (const word of wordsOf(line)) common.add(word.toLowerCase())
  }
  /** How many files have a word, in whichever case. */
  const filesWith = new Map<string, number>()
  const wordsIn = files.map(({ path, source }, file) => {
    const words = new Set(wordsOf(path))
    if (source.path !== path) for (const word of wordsOf(source.path)) words.add(word)
    for (const line of linesOf[file] as readonly number[])
      for (const word of wordsOfLine[line] as readonly string[]) words.add(word)
    // The name that fills a form is one of the path.
    for (const word of words) {
      const key = word.toLowerCase()
      filesWith.set(key, (filesWith.get(key) ?? 0) + 1)
    }
    return words
  })
  const own = new Set<string>()
  for (const words of wordsIn) {
    for (const word of words) {
      const key = word.toLowerCase()
      if ((filesWith.get(key) as number) <= MOST_FILES && !common.has(key) && mayBeName(word)) own.add(word)
      else words.delete(word)
    }
  }
  return { forms, linesOf, rare, own, ownOf: wordsIn }
}

/** A text that many files have around a word, and that word. */
interface FilledForm {
  readonly form: number
  readonly name: string
}

/**
 * The files that differ in one word alone, which is a word of their path, as most of those differ that a program
 * wrote: what they have in common is looked at once.
 *
 * @param common gets the words of each form
 */
function fillForms(files: readonly SiteFile[], common: Set<string>): readonly (FilledForm | null)[] {
  const forms: (FilledForm | null)[] = files.map(() => null)
  const filesOf = new Map<string, number[]>()
  const names = files.map(({ path, source: { text } }, file) => {
    const name = longest(wordsOf(path.slice(path.lastIndexOf('/') + 1)).filter(mayBeName))
    if (name === '' || text.includes('\0')) return name
    const form = text.replaceAll(name, '\0')
    const known = filesOf.get(form)
    if (known === undefined) filesOf.set(form, [file])
    else known.push(file)
    return name
  })
  let count = 0
  for (const [form, all] of filesOf) {
    if (all.length < MANY || BESIDE_LETTER.test(form)) continue
    for (const word of wordsOf(form)) common.add(word.toLowerCase())
    for (const file of all) forms[file] = { form: count, name: names[file] as string }
    count++
  }
  return forms
}

function longest(words: readonly string[]): string {
  return words.reduce((longest, word) => (word.length > longest.length ? word : longest), '')
}

/** The lines of a text by their numbers, each of which stands for one text, and counts the files that have it. */
function numberLines(text: string, numbers: Map<string, number>, counts: number[]): readonly number[] {
  const lines: number[] = []
  const before = counts.length
  for (let start = 0; start <= text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline === -1 ? text.length : newline
    const line = text.slice(start, end)
    let number = numbers.get(line)
    if (number === undefined) {
      number = counts.length
      numbers.set(line, number)
      counts.push(1)
    } else if (number < before && !lines.includes(number)) counts[number] = (counts[number] as number) + 1
    lines.push(number)
    start = end + 1
  }
  return lines
}

/** The files, by their index, in sets that share words of their own. */
function sitesOf(files: readonly SiteFile[], { ownOf }: ReadFiles): Iterable<readonly number[]> {
  const parents = files.map((_, index) => index)
  const rootOf = (index: number): number => {
    let root = index
    while (parents[root] !== root) root = parents[root] as number
    parents[index] = root
    return root
  }
  const firstWith = new Map<string, number>()
  for (const [index, words] of ownOf.entries()) {
    for (const word of words) {
      const key = word.toLowerCase()
      const first = firstWith.get(key)
      if (first === undefined) firstWith.set(key, index)
      else {
        const [one, other] = [rootOf(first), rootOf(index)]
        parents[Math.max(one, other)] = Math.min(one, other)
      }
    }
  }
  const sites = new Map<number, number[]>()
  for (const index of files.keys()) {
    const root = rootOf(index)
    const known = sites.get(root)
    if (known === undefined) sites.set(root, [index])
    else known.push(index)
  }
  return sites.values()
}

/**
 * The same for two sites that differ in their names alone: their files with the place of a name in `names`, which it
 * fills, and its shape in place of the name. Null for a site that is not to be compared.
 */
function describe(
  members: readonly number[],
  files: readonly SiteFile[],
  { forms, linesOf, rare, own }: ReadFiles,
  names: string[],
): string | null {
  const places = new Map<string, number>()
  const mask = (text: string): string =>
    replaceWords(text, word => {
      const place = places.get(word)
      if (place !== undefined) return `\0${place}`
      if (!own.has(word)) return word
      places.set(word, names.length)
      names.push(word)
      return `\0${shapeOf(word)}\0`
    })
  const key: string[] = []
  for (const index of members) {
    const { path, source } = files[index] as SiteFile
    if (!isPlain(source)) return null
    key.push(mask(path), source.path === path ? '' : mask(source.path))
    const form = forms[index] ?? null
    if (form !== null) key.push(`#${form.form} ${mask(form.name)}`)
    for (const line of linesOf[index] as readonly number[]) {
      const text = rare[line] ?? null
      key.push(text === null ? `=${line}` : `~${mask(text)}`)
    }
  }
  return key.join('\n')
}

/** False where what stands in the text is more than directives: templates, comments for the audit. */
function isPlain(source: Source): boolean {
  const { template, encoding, text } = source
  return !template && encoding === 'utf8' && !mayHoldSuppressions(source) && !text.includes('\0')
}
