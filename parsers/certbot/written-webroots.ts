import { posix } from 'node:path'
import { cleanPath } from '../text/clean-path.ts'
import { isUnknownWord, type Place, type Source } from '../text/source.ts'
import { placeOf, sliceWritten, type WrittenText } from '../text/written-text.ts'

/** A directory below which an ACME client puts the files of its challenges, as a setting or a command names it. */
export interface WrittenWebroot {
  /** Without its last slash. */
  readonly directory: string
  /** The names that are proven there, as far as they are written out; lower case. */
  readonly names: readonly string[]
  readonly at: Place
}

/** What asks for certificates by files: all of them make `.well-known/acme-challenge` below the directory. */
const CLIENT = /^(?:certbot(?:-auto)?|letsencrypt(?:-auto)?|acme\.sh|lego)$/
const WEBROOT = /^(?:-w|--webroot-path|--webroot|--http\.webroot)$/
const NAMES = /^(?:-d|--domains?)$/
/** In a container the directory has another name. */
const CONTAINERS = /^(?:docker|docker-compose|podman|kubectl|nerdctl)$/

/** The webroots of the words of a command; none of one that starts no such client. */
export function commandWebroots(words: readonly WrittenText[]): readonly WrittenWebroot[] {
  // What stands before it is what starts it, or when it runs.
  const client = words.findIndex(({ text }) => CLIENT.test(posix.basename(text)))
  if (client === -1 || words.slice(0, client).some(({ text }) => CONTAINERS.test(posix.basename(text))))
    return []
  const found: (Omit<WrittenWebroot, 'names'> & { readonly names: string[] })[] = []
  const before: string[] = []
  for (const [option, value] of optionsOf(words.slice(client + 1))) {
    if (WEBROOT.test(option)) {
      if (!/^\/[\w./-]+$/.test(value.text)) continue
      // The first one stands for the names before it, too.
      const names = found.length === 0 ? before : []
      found.push({ directory: cleanPath(value.text), names, at: placeOf(value) })
    } else if (NAMES.test(option) && !isUnknownWord(value.text))
      (found.at(-1)?.names ?? before).push(...value.text.toLowerCase().split(','))
  }
  return found
}

/** The options with their values: `-d a`, `--domain=a`. */
function* optionsOf(words: readonly WrittenText[]): Iterable<readonly [string, WrittenText]> {
  for (const [index, word] of words.entries()) {
    const [, option, glued] = /^(--[\w.-]+)=(.+)$/s.exec(word.text) ?? []
    if (option !== undefined && glued !== undefined) yield [option, sliceWritten(word, option.length + 1)]
    else if (word.text.startsWith('-') && words[index + 1] !== undefined) yield [word.text, words[index + 1]!]
  }
}

/** The webroot of a `cli.ini` of certbot that also says that files prove the names. */
export function settingWebroots(source: Source): readonly WrittenWebroot[] {
  const { text } = source
  if (!/^[ \t]*authenticator[ \t]*=[ \t]*webroot[ \t]*$|^[ \t]*webroot[ \t]*=[ \t]*true[ \t]*$/im.test(text))
    return []
  return [...text.matchAll(/^[ \t]*(?:webroot-path|w)[ \t]*=[ \t]*(\/[\w./-]+)[ \t]*$/gm)].map(match => {
    const start = match.index + match[0].lastIndexOf(match[1]!)
    const at = { source, start, end: start + match[1]!.length }
    return { directory: cleanPath(match[1]!), names: [], at }
  })
}
