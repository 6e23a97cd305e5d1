import { cleanPath } from '../text/clean-path.ts'
import type { Place, Source } from '../text/source.ts'

/** A directory below which an ACME client puts the files of its challenges, as a setting or a command names it. */
export interface WrittenWebroot {
  /** Without its last slash. */
  readonly directory: string
  readonly at: Place
}

/** What asks for certificates by files: certbot, acme.sh and lego all make `.well-known/acme-challenge` below the directory. */
const CLIENT =
  /\b(?:certbot(?:-auto)?|letsencrypt(?:-auto)?|acme\.sh|lego)(?=["']?[ \t])((?:[^\n\\;&|]|\\\n|\\.)*)/g
const OPTION =
  /\s(?:-w|--webroot-path|--webroot|--http\.webroot)(?:[ \t]*=[ \t]*|(?:[ \t]|\\\n)+)(["']?)(\/[\w./-]+)\1(?=\s|\\|$)/g

/** The webroots of the commands of a script, a table of cron or a unit. */
export function commandWebroots(source: Source): readonly WrittenWebroot[] {
  if (!/webroot|\s-w\s/.test(source.text)) return []
  const found: WrittenWebroot[] = []
  for (const command of source.text.matchAll(CLIENT)) {
    if (!isOfMachine(source.text, command.index)) continue
    const from = command.index + command[0].length - command[1]!.length
    for (const { 0: text, 2: path = '', index } of command[1]!.matchAll(OPTION)) {
      const start = from + index + text.lastIndexOf(path)
      found.push({ directory: cleanPath(path), at: { source, start, end: start + path.length } })
    }
  }
  return found
}

/** The webroot of a `cli.ini` of certbot that also says that files prove the names. */
export function settingWebroots(source: Source): readonly WrittenWebroot[] {
  const { text } = source
  if (!/^[ \t]*authenticator[ \t]*=[ \t]*webroot[ \t]*$|^[ \t]*webroot[ \t]*=[ \t]*true[ \t]*$/im.test(text))
    return []
  return [...text.matchAll(/^[ \t]*(?:webroot-path|w)[ \t]*=[ \t]*(\/[\w./-]+)[ \t]*$/gm)].map(match => {
    const start = match.index + match[0].lastIndexOf(match[1]!)
    return { directory: cleanPath(match[1]!), at: { source, start, end: start + match[1]!.length } }
  })
}

/** False for a comment, and for what runs in a container, where the directory has another name. */
function isOfMachine(text: string, offset: number): boolean {
  const line = text.slice(text.lastIndexOf('\n', offset) + 1, offset)
  return !/^[ \t]*#|\b(?:docker|podman|compose|kubectl|nerdctl)\b/.test(line)
}
