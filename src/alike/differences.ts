import { isSlip } from '../../parsers/text/slip.ts'
import type { DirectoryEntry, FileSystem } from '../files/file-system.ts'
import type { Site } from './group-sites.ts'
import type { Asked } from './shown-files.ts'
import type { Spread } from './spread.ts'
import { isSpoken, mayBeName, replaceWords, wordsOf } from './words.ts'

/**
 * The sites that something else tells from the one that stands for them: a file that names them alone, one that has
 * nearly their name, a directory of theirs that holds more. Null where a name may be matched by a pattern.
 *
 * @param alike all sites whose files are compared already
 */
export function sitesThatDiffer(
  files: FileSystem,
  asked: Asked,
  spreads: readonly Spread[],
  alike: readonly Site[],
): ReadonlySet<Site> | null {
  const different = new Set<Site>()
  const siteOfName = new Map<string, Site>()
  for (const { from, to } of spreads)
    for (const site of [from, ...to]) for (const name of site.names) siteOfName.set(name.toLowerCase(), site)
  const hidden = new Set(spreads.flatMap(({ to }) => to))
  const names = new Set(alike.flatMap(site => site.names.map(name => name.toLowerCase())))
  const others = new Set<string>()
  const see = (text: string): void => {
    for (const word of wordsOf(text)) {
      const site = siteOfName.get(word.toLowerCase())
      if (site !== undefined) different.add(site)
      else if (!names.has(word.toLowerCase())) others.add(word.toLowerCase())
    }
  }
  const known = new Set(alike.flatMap(({ files }) => files.map(({ source }) => source.path)))
  for (const path of new Set([...asked.looked, ...asked.listed, ...asked.read])) {
    const owners = wordsOf(path).flatMap(word => siteOfName.get(word.toLowerCase()) ?? [])
    // What is asked of one that is not there was written down elsewhere.
    for (const site of owners) if (hidden.has(site)) different.add(site)
    if (asked.listed.has(path)) {
      const entries = files.list(path) ?? []
      compareEntries(entries, siteOfName, spreads, different)
      for (const { name } of entries)
        if (!wordsOf(name).some(word => siteOfName.has(word.toLowerCase()))) see(name)
    }
    const isOwn = wordsOf(path).some(word => names.has(word.toLowerCase()))
    if (isOwn || !asked.read.has(path) || files.kind(path) !== 'file') continue
    const read = files.read(path)
    if (read.kind !== 'source' || known.has(read.source.path)) continue
    if (PATTERNS.test(read.source.text)) return null
    see(read.source.text)
  }
  const near = nearTo([...others].filter(mayBeMistaken))
  for (const [name, site] of siteOfName) if (near(name)) different.add(site)
  for (const spread of spreads) compareLookups(files, asked, spread, different)
  return different
}

/** Adds the sites whose names stand otherwise in a directory than those of the one that stands for them. */
function compareEntries(
  entries: readonly DirectoryEntry[],
  siteOfName: ReadonlyMap<string, Site>,
  spreads: readonly Spread[],
  different: Set<Site>,
): void {
  const entriesOf = new Map<Site, string[]>()
  for (const { name, kind } of entries) {
    const [owner, ...others] = new Set(
      wordsOf(name).flatMap(word => siteOfName.get(word.toLowerCase()) ?? []),
    )
    if (owner === undefined) continue
    for (const site of others.length === 0 ? [] : [owner, ...others]) different.add(site)
    const masked = replaceWords(name, word => {
      const place = owner.names.indexOf(word)
      return place === -1 ? word : `/${place}`
    })
    const known = entriesOf.get(owner)
    if (known === undefined) entriesOf.set(owner, [`${masked}:${kind}`])
    else known.push(`${masked}:${kind}`)
  }
  if (entriesOf.size === 0) return
  for (const { from, to } of spreads) {
    const expected = entriesOf.get(from)?.sort().join('\n')
    for (const site of to) if (entriesOf.get(site)?.sort().join('\n') !== expected) different.add(site)
  }
}

/** Names by a pattern, of nginx or Apache, of which nobody tells here which sites they match. */
const PATTERNS = /\bserver_name\b[^;]*\s["']?~|^[ \t]*["']?~|^[ \t]*ServerAlias\b.*(?:[\w-][*?]|[*?][\w-])/im

/** Rules tell whose name was meant where one that is not there is nearly the same: at most so many letters differ. */
const MOST_SLIPS = 2

/** Whether a name is nearly one of some words. */
function nearTo(words: readonly string[]): (name: string) => boolean {
  const known = words.map(word => ({ word, letters: lettersOf(word) }))
  return name => {
    const letters = lettersOf(name)
    return known.some(
      other =>
        // Another letter in the place of one changes two bits.
        countBits(letters ^ other.letters) <= 2 * MOST_SLIPS && isSlip(name, other.word, MOST_SLIPS),
    )
  }
}

/** Which letters a word has, one bit for those that end alike. */
function lettersOf(word: string): number {
  let letters = 0
  for (let at = 0; at < word.length; at++) letters |= 1 << (word.charCodeAt(at) & 31)
  return letters
}

function countBits(bits: number): number {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++
  return count
}

function mayBeMistaken(word: string): boolean {
  return /[a-z]/.test(word) && mayBeName(word) && word.length > 2 && !isSpoken(word)
}

/** Adds the sites for which the files answer otherwise than for the one that stands for them. */
function compareLookups(files: FileSystem, asked: Asked, { from, to }: Spread, different: Set<Site>): void {
  const places = new Map(from.names.map((name, index) => [name, index]))
  const own = new Set(from.files.flatMap(({ path, source }) => [path, source.path]))
  for (const path of new Set([...asked.looked, ...asked.listed, ...asked.read])) {
    if (own.has(path) || !wordsOf(path).some(word => places.has(word))) continue
    const ways = { listed: asked.listed.has(path), read: asked.read.has(path) }
    const answer = answerFor(files, path, ways)
    if (answer === null && isAbsentForAll(files, path, places)) continue
    for (const site of to) {
      if (different.has(site)) continue
      const rename = (text: string): string =>
        replaceWords(text, word => site.names[places.get(word) ?? -1] ?? word)
      const other = answerFor(files, rename(path), ways)
      if ((answer === null ? null : rename(answer)) !== other) different.add(site)
    }
  }
}

/** How a path was asked for, beside what is there. */
interface Ways {
  readonly listed: boolean
  readonly read: boolean
}

/** All that the files answer about a path; null where nothing is there. */
function answerFor(files: FileSystem, path: string, { listed, read }: Ways): string | null {
  const kind = files.kind(path)
  const refusal = files.refusal(path)
  if (kind === null && refusal === null) return files.covers(path) ? 'not there' : null
  const names = listed ? (files.list(path) ?? []).map(({ name, kind }) => `${name}:${kind}`) : []
  const found = read && kind === 'file' ? files.read(path) : null
  const text = found?.kind === 'source' ? found.source.text : (found?.kind ?? '')
  return [kind, refusal, files.mode(path), files.realPath(path), ...names, text].join('\n')
}

/** True where no directory is there that could hold the like of it for another site. */
function isAbsentForAll(files: FileSystem, path: string, names: ReadonlyMap<string, number>): boolean {
  const parts = path.split('/')
  const first = parts.findIndex(part => wordsOf(part).some(word => names.has(word)))
  const above = parts.slice(0, first).join('/')
  return files.kind(above === '' ? '/' : above) === null && files.refusal(above) === null
}
