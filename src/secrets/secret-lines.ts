import { type Look, plainLook } from './look.ts'
import type { Stretch } from './stretch.ts'

const BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g
const END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g

/** Nobody's key is longer. */
const LONGEST_KEY = 50_000

/** Private keys. */
export function findSecretBlocks(text: string): Stretch[] {
  const found: Stretch[] = []
  if (!text.includes('-----BEGIN')) return found
  let isClosed = true
  BEGIN.lastIndex = 0
  for (let match = BEGIN.exec(text); match !== null; match = BEGIN.exec(text)) {
    const start = match.index + match[0].length
    END.lastIndex = start
    const close: RegExpExecArray | null = isClosed ? END.exec(text) : null
    isClosed = close !== null
    const end = Math.min(close?.index ?? text.length, start + LONGEST_KEY, text.length)
    found.push({ start, end })
    BEGIN.lastIndex = end
  }
  return found
}

/** A line of a key alone: base64, or the digits of `openssl rand -hex`. */
const KEY_LINE = /^[ \t]*(?:[A-Za-z0-9+/]{48,}={0,2}|[0-9a-f]{32,}|[0-9A-F]{32,})[ \t]*\r?$/gm
/** A path whose parts are words, which base64 makes of no key. */
const PATH_OF_WORDS = /^[ \t]*(?:\/(?:[A-Z]?[a-z]+|[A-Z]+)\d{0,4})+\/?[ \t]*\r?$/
/** Enough of the beginning of such a line to look at it. */
const KEY_HINT = /(?:^|\n)[ \t]{0,20}[A-Za-z0-9+/]{32}/

interface Command {
  /** What has to be in the text for the pattern to be tried. */
  readonly hint: RegExp
  /** Its first group is the secret. */
  readonly pattern: RegExp
}

/** Secrets that no name announces: the place in a line makes them one. */
const COMMANDS: readonly Command[] = [
  {
    hint: /htpasswd/i,
    pattern:
      /\bhtpasswd[ \t][^\n;|]{0,200}?-[A-Za-z]{0,8}b[A-Za-z]{0,8}[ \t]+\S{1,200}[ \t]+\S{1,200}[ \t]+(\S{1,500})/g,
  },
  { hint: /mysql|maria/i, pattern: /\b(?:mysql|maria)\w*[ \t][^\n;|]{0,300}?[ \t]-p["']?([^\s"']{1,300})/g },
  { hint: /redis/i, pattern: /\bredis-cli[ \t][^\n;|]{0,300}?-a[ \t]+["']?([^\s"']{1,300})/g },
  { hint: /sshpass/i, pattern: /\bsshpass[ \t]+-p[ \t]*["']?([^\s"']{1,300})/g },
  {
    hint: /curl|wget/i,
    pattern: /\b(?:curl|wget)[ \t][^\n]{0,300}?(?:-u|--user)[ =]["']?[^\s:"']{0,100}:([^\s"']{1,300})/g,
  },
  {
    hint: /AuthBasicFake/i,
    pattern: /^[ \t]*AuthBasicFake[ \t]+(?:"[^"\n]{0,300}"|\S{1,300})[ \t]+("[^"\n]{1,500}"|\S{1,500})/gim,
  },
  { hint: /secure_link_md5/, pattern: /\bsecure_link_md5\s+("[^"]{1,1000}"|'[^']{1,1000}'|[^\s;]{1,1000})/g },
  { hint: /requirepass|masterauth/, pattern: /^[ \t]*(?:requirepass|masterauth)[ \t]+(\S{1,500})/gm },
]

/** What the text of any of them holds. */
const COMMAND_HINT =
  /htpasswd|mysql|maria|redis|sshpass|curl|wget|authbasicfake|secure_link_md5|requirepass|masterauth/i

export function findSecretLines(text: string, look: Look = plainLook): Stretch[] {
  const found: Stretch[] = []
  const add = (start: number, secret: string): void => {
    // Variables in it are no secrets, and tell a reader what is signed.
    let at = start
    for (const part of secret.split(/(\$\{?\w+\}?|%\{[^}]*\}\w?)/)) {
      if (!/^[$%]/.test(part) && /\w/.test(part)) found.push({ start: at, end: at + part.length })
      at += part.length
    }
  }
  if (look(KEY_HINT, text))
    for (const match of text.matchAll(KEY_LINE))
      if (!PATH_OF_WORDS.test(match[0]))
        found.push({ start: match.index, end: match.index + match[0].length })
  if (!look(COMMAND_HINT, text)) return found
  for (const { hint, pattern } of COMMANDS) {
    if (!hint.test(text)) continue
    for (const match of text.matchAll(pattern)) {
      const written = match[1] ?? ''
      const secret = written.replace(/^["']|["']$/g, '')
      add(match.index + match[0].length - written.length + written.indexOf(secret), secret)
    }
  }
  return found
}
