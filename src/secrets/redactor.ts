import { memo } from '../../parsers/collections/memo.ts'
import type { Source } from '../../parsers/text/source.ts'
import { isSpoken } from '../alike/words.ts'
import { findSecrets, findSecretsInProse } from './find-secrets.ts'
import { withLooks } from './look.ts'
import { isSecretFile } from './secret-file.ts'
import { secretName } from './secret-names.ts'
import { joinStretches, type Stretch, starOut } from './stretch.ts'

/** Hides secrets in what leaves the program. Every masked text keeps its length, so that columns stay true. */
export interface Redactor {
  /** A sentence, of which the words between backticks are code; `about` is the file that it speaks of. */
  readonly message: (text: string, about?: Source) => string
  /** Lines of a configuration. */
  readonly code: (text: string) => string
  /** The same object where nothing is secret in it. */
  readonly source: (source: Source) => Source
  /** Plain data with every text in it masked as a sentence. */
  readonly value: <T>(value: T) => T
}

/**
 * A redactor that knows what looks like a secret, and by heart those that stand in some files: a word that
 * is one where it is written is hidden wherever it turns up, for whatever reason.
 *
 * @param sources all files that were read; asked for once, when the first text is to be masked
 */
export function redactor(sources: () => Iterable<Source> = () => []): Redactor {
  let known: KnownSecrets | null = null
  const secrets = (): KnownSecrets => {
    known ??= knownSecrets(sources())
    return known
  }
  const said = new Map<string, string>()
  const message = (text: string, about?: Source): string => {
    if (about !== undefined && isSecretSource(about)) return hideQuoted(text)
    let hidden = said.get(text)
    if (hidden === undefined) {
      hidden = starOut(text, joinStretches([...findSecretsInProse(text), ...secrets().find(text)]))
      if (said.size < MOST_SAID) said.set(text, hidden)
    }
    return hidden
  }
  const value = (given: unknown, name: string | null): unknown => {
    if (typeof given === 'string') {
      if (name !== null && secretName(name) === 'always') return given.replace(/\S/g, '*')
      return message(given)
    }
    if (Array.isArray(given)) return given.map(item => value(item, name))
    if (given === null || typeof given !== 'object') return given
    if (given instanceof Map)
      return new Map([...given].map(([key, inner]) => [key, value(inner, String(key))]))
    return Object.fromEntries(Object.entries(given).map(([key, inner]) => [key, value(inner, key)]))
  }
  return {
    message,
    code: text => starOut(text, joinStretches([...findSecrets(text), ...secrets().find(text)])),
    source: memo((source: Source) =>
      maskSource(source, [...secrets().in(source), ...secrets().find(source.text)]),
    ),
    value: given => value(given, null) as typeof given,
  }
}

/** Thousands of findings say the same, and help with the same; those that do not are each looked at. */
const MOST_SAID = 10_000

const isSecretSource = memo(({ path, text }: Source): boolean => isSecretFile(path, text))

/** Whatever a server says of such a file, it quotes it. */
function hideQuoted(text: string): string {
  return text.replace(
    /`[^`]*`|"[^"]*"|“[^”]*”/g,
    quoted => quoted[0] + quoted.slice(1, -1).replace(/\S/g, '*') + quoted.at(-1),
  )
}

function maskSource(source: Source, secrets: readonly Stretch[]): Source {
  const stretches = joinStretches(secrets)
  if (stretches.length === 0) return source
  const text = starOut(source.text, stretches)
  return { ...source, text, code: source.code === source.text ? text : starOut(source.code, stretches) }
}

interface KnownSecrets {
  /** Those that turn up again in a text. */
  readonly find: (text: string) => readonly Stretch[]
  /** Those that a file shows by itself; each file is looked through once. */
  readonly in: (source: Source) => readonly Stretch[]
}

/** A known secret by its longest run of letters and digits. */
interface Known {
  readonly text: string
  /** Where that run begins in it. */
  readonly offset: number
}

const RUN = /[\p{L}\p{N}_]+/gu
/** More than any machine has; what comes after them is masked by its own look alone. */
const MOST_KNOWN = 200_000

function knownSecrets(sources: Iterable<Source>): KnownSecrets {
  const byRun = new Map<string, Known[]>()
  const seen = new Set<string>()
  const add = (text: string): void => {
    if (seen.size >= MOST_KNOWN || seen.has(text) || !isDistinctive(text)) return
    seen.add(text)
    let best = { run: '', offset: 0 }
    for (const match of text.matchAll(RUN))
      if (match[0].length > best.run.length) best = { run: match[0], offset: match.index }
    if (best.run === '') return
    const others = byRun.get(best.run)
    const known = { text, offset: best.offset }
    if (others === undefined) byRun.set(best.run, [known])
    else if (others.length < MOST_OF_ONE_RUN) others.push(known)
  }
  const found = new Map<Source, readonly Stretch[]>()
  const plain = new Set<string>()
  for (const [source, look] of withLooks(sources)) {
    const secrets = findSecrets(source.text, source.path, look)
    found.set(source, secrets)
    if (secrets.length === 0) continue
    const isWhole = isSecretSource(source)
    const names = namesIn(source)
    for (const { start, end } of secrets) {
      const text = source.text.slice(start, end)
      for (const word of isWhole || text.includes('\n') ? (text.match(RUN) ?? []) : [text.trim()]) {
        // Of a text of several lines, help for people too, only what no sentence holds.
        if (names.has(word) || (!isWhole && text.includes('\n') && LETTERS.test(word))) continue
        if (PLAIN_WORD.test(word) && plain.size < MOST_PLAIN) plain.add(word)
        else add(word)
        // A server takes the backslashes out.
        if (word.includes('\\')) add(word.replace(/\\(.)/g, '$1'))
      }
    }
  }
  for (const word of plain) if (!isNameIn(word, found.keys())) add(word)
  return {
    find: text => (byRun.size === 0 ? [] : findKnown(text, byRun)),
    in: source => found.get(source) ?? findSecrets(source.text, source.path),
  }
}

/** Secrets that share a run are told apart one after the other. */
const MOST_OF_ONE_RUN = 20

function findKnown(text: string, byRun: ReadonlyMap<string, readonly Known[]>): readonly Stretch[] {
  const found: Stretch[] = []
  for (const { 0: run, index } of text.matchAll(RUN)) {
    for (const known of byRun.get(run) ?? []) {
      const start = index - known.offset
      if (start >= 0 && text.startsWith(known.text, start))
        found.push({ start, end: start + known.text.length })
    }
  }
  return joinStretches(found)
}

/**
 * What a file gives accounts, databases and hosts for a name: where it is a password too, the word stands in names
 * everywhere, and starred out there it hides nothing.
 */
function namesIn({ text }: Source): ReadonlySet<string> {
  return new Set([...text.matchAll(NAMED)].map(([, name = '']) => name))
}

const NAMED =
  /(?:USER(?:NAME)?|DB|DATABASE|DB_?NAME|HOST(?:NAME)?)["']?[ \t]{0,20}[:=][ \t]{0,20}["']?([a-z][\w-]{3,39})(?![\w-])/gi

const LETTERS = /^\p{L}+$/u
/** A password that may as well be the name of a project, `pgadmin4`. */
const PLAIN_WORD = /^[a-z]+\d{0,2}$/
/** Each of them is looked for in all files. */
const MOST_PLAIN = 20

/** True for a word of which directories, files and hosts are called: starred out there, it hides nothing either. */
function isNameIn(word: string, sources: Iterable<Source>): boolean {
  const name = new RegExp(`[/.]${word}(?!\\w)|(?<![\\w:])${word}[/.]\\w`)
  for (const { path, text } of sources) if (name.test(path) || name.test(text)) return true
  return false
}

/** An address that a server listens on, a release: `0.0.0.0`, `127.0.0.1:8000`. */
const NUMBERS = /^\d+(?:\.\d+)+(?::\d+)?$/

const KINDS = [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z\d]/]

/**
 * True for a text that nobody writes without meaning this secret: not `admin`, not `Upgrade`, not `8080`, and no word of
 * findings and of the servers: starred out there, it would hide nothing and say no more what is wrong.
 */
function isDistinctive(text: string): boolean {
  if (text.length < 4 || text.length > 4000 || secretName(text) !== null) return false
  if (NUMBERS.test(text) || (LETTERS.test(text) && isSpoken(text.toLowerCase()))) return false
  const plain = /^[A-Z][a-z]+$/.test(text) ? text.toLowerCase() : text
  const kinds = KINDS.filter(kind => kind.test(plain)).length
  return kinds >= 2 || (text.length >= 8 && !/^\d+$/.test(text)) || text.length >= 12
}
