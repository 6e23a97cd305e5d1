import { cdataSections } from './cdata-sections.ts'
import type { Line, NestedText } from './nested-text.ts'
import { nixStrings } from './nix-strings.ts'
import { placeholder, UNKNOWN } from './placeholder.ts'
import { echoedLines, stringFrom } from './shell-strings.ts'

/** Nobody keeps more of them in one file, and a hostile one costs no more. */
const MOST_TEXTS = 200

/** `name: |`, `- content: |2-`: a literal block; a folded one keeps no lines. */
const BLOCK =
  /^([ \t]*(?:- +)*)(?:"[^"\n]*"|'[^'\n]*'|[^\s#"'|>][^\n:]*?(?::[^\s:][^\n:]*?)*):[ \t]+\|[-+\d]*[ \t]*(?:#.*)?\r?$/
const HERE_DOCUMENT = /<<([-~]?)[ \t]*(\\|["']?)([A-Za-z_]\w*)(["']?)/

/**
 * The texts in a file, in order; `kind` is the language of the file. A here-document may stand in a block of YAML, too.
 */
export function nestedTexts(
  text: string,
  kind: 'yaml' | 'compose' | 'shell' | 'dockerfile' | 'hcl' | 'ruby' | 'nix' | 'xml',
): readonly NestedText[] {
  if (kind === 'nix') return nixStrings(text, MOST_TEXTS)
  if (kind === 'xml') return cdataSections(text, MOST_TEXTS)
  const lines = linesOf(text)
  const ends = delimiterLines(lines)
  const found: NestedText[] = []
  let left = MOST_TEXTS
  /** Where the here-document of the file's own language ends in which a script may have more of them. */
  let outerEnd = 0
  for (let index = 0; index < lines.length && found.length < MOST_TEXTS; index++) {
    const line = lines[index]?.line ?? ''
    const isYaml = (kind === 'yaml' || kind === 'compose') && line.length < LONGEST_KEY && line.includes('|')
    const block = isYaml ? BLOCK.exec(line) : null
    if (block !== null) {
      const end = endOfBlock(lines, index + 1, block[1]?.length ?? 0)
      if (end > index + 1)
        found.push({
          ...stretch(lines, index + 1, end),
          filledInBy: kind === 'compose' ? 'compose' : 'nobody',
          ...destinationOf(line),
          ...(CONF_KEY.test(line) && { isWhole: true }),
          ...installedAt(pathBeside(lines, index, end)),
        })
      continue
    }
    const mayEcho = (kind === 'shell' || kind === 'dockerfile') && left > 0 && line.length < LONGEST_KEY
    const string = mayEcho ? (echoedLines(lines, index) ?? stringFrom(text, lines, index)) : null
    if (string === undefined) left--
    else if (string !== null) {
      found.push(string.found)
      index = string.last
      continue
    }
    const here = line.includes('<<') && !/^[ \t]*#/.test(line) ? HERE_DOCUMENT.exec(line) : null
    if (here === null || line[here.index + 2] === '<' || line[here.index - 1] === '<') continue
    const [, , quote = '', word = ''] = here
    const end = ends.after(word, index)
    if (end <= index + 1) continue
    const isOuter = (kind === 'hcl' || kind === 'ruby') && index >= outerEnd
    if (isOuter) outerEnd = end
    const outer = kind === 'hcl' || kind === 'ruby' ? kind : 'nobody'
    const filledInBy = quote === '' ? (isOuter ? outer : 'shell') : kind === 'hcl' ? 'hcl' : 'nobody'
    found.push({
      ...stretch(lines, index + 1, end),
      filledInBy,
      ...destinationOf(line),
      ...(writesWhole(line, text) && { isWhole: true }),
      ...installedAt(line),
    })
  }
  return found
}

/** What the line that begins a text says of where it goes. */
function destinationOf(line: string): Pick<NestedText, 'isHtaccess' | 'isSnippet'> {
  return {
    ...(HTACCESS.test(line) && { isHtaccess: true }),
    ...(SNIPPET.test(line) && { isSnippet: true }),
  }
}

/**
 * True for `cat > /etc/nginx/conf.d/shop.conf <<EOF` and `| sudo tee "/etc/apache2/sites-available/shop.conf" <<EOF` where
 * no line of the script adds to that file.
 */
function writesWhole(line: string, script: string): boolean {
  const path = WRITTEN.exec(line)?.[1]
  if (path === undefined) return false
  return ![...script.matchAll(ADDED)].some(([, added = '']) => added === path || added.includes('$'))
}

const WRITTEN =
  /(?:(?<![>&\d])>(?!>)|\btee\b(?!\s+-\w*a))\s*["']?([^\s"'>|;&]*\/(?:nginx|apache2|httpd)\/[^\s"'>|;&]+)/
const ADDED = /(?:>>|\btee\s+(?:-\w*a\w*|--append))\s*["']?([^\s"'|;&]+)/g

/** A file by its name: a key of a ConfigMap. */
const CONF_KEY = /^[ \t]*["']?[\w.-]*\.conf["']?:[ \t]/

function installedAt(line: string): Pick<NestedText, 'installedAt'> {
  const path = INSTALLED.exec(line)?.[1]
  return path === undefined || ADDS.test(line) ? {} : { installedAt: path }
}

/** Where systemd, supervisord, uWSGI and PHP-FPM read files, and what holds the environment of an application. */
const PLACES = [
  String.raw`(?:/etc|(?:/usr)?/lib)/systemd/system/[\w@.-]+\.(?:service|socket|timer)`,
  String.raw`/etc/(?:supervisor/conf\.d|supervisord?\.d)/[\w@.-]+\.(?:conf|ini)`,
  String.raw`/etc/uwsgi/[\w-]+/[\w@.-]+\.ini`,
  String.raw`/etc/(?:php(?:/[^/\s"']+|5)/fpm/pool\.d|php-fpm\.d)/[\w@.-]+\.conf`,
  String.raw`/etc/(?:default|sysconfig)/[\w@.-]+`,
  String.raw`(?:/[\w@.-]+)+/\.env`,
].join('|')
/** What writes a file there names it whole. */
const INSTALLED = new RegExp(String.raw`(?:^|[\s"'=:>])(${PLACES})(?![\w./-])`)
const ADDS = />>|\btee\s+(?:-\w*a|--append)/

/** True for a text that may write a file which programs other than nginx and Apache look for. */
export function mayInstallFiles(text: string): boolean {
  return INSTALLED.test(text)
}

/** The line beside a block of YAML that says where it is written: `path:` of cloud-init, `dest:` of Ansible. */
function pathBeside(lines: readonly Line[], index: number, end: number): string {
  const column = ({ line }: Line): number => line.search(/[^ -]/)
  const isItem = ({ line }: Line): boolean => /^ *- /.test(line)
  const own = lines[index]
  if (own === undefined) return ''
  const first = column(own)
  let above = index
  for (let left = MOST_KEYS; left > 0 && above > 0 && !isItem(lines[above]!); left--) {
    const before = lines[--above]!
    if (column(before) !== -1 && column(before) < first) break
    if (column(before) === first && WRITTEN_TO.test(before.line)) return before.line
  }
  for (const line of lines.slice(end, end + MOST_KEYS)) {
    if (isItem(line) || (column(line) !== -1 && column(line) < first)) break
    if (column(line) === first && WRITTEN_TO.test(line.line)) return line.line
  }
  return ''
}

const WRITTEN_TO = /^[ -]*(?:path|dest):/

/** So many lines of one item are looked at, on both sides of the text. */
const MOST_KEYS = 8

/** Annotations of an Ingress, and keys of its controller's ConfigMap. */
export const SNIPPET = /(?:^|[\s"'/])(?:http|server|location|configuration|auth)-snippets?["']?\s*[:=]/m

const HTACCESS = /(?:^|[\s/"'>])\.htaccess(?![\w.-])/

/** No line that begins a block is longer. */
const LONGEST_KEY = 400

/** The lines that may end a here-document; asked for from the first line on. */
function delimiterLines(lines: readonly Line[]): { after: (word: string, index: number) => number } {
  const known = new Map<string, { readonly at: number[]; next: number }>()
  for (const [index, { line }] of lines.entries()) {
    const word = /^[ \t]*([A-Za-z_]\w*)[ \t]*\r?$/.exec(line)?.[1]
    if (word === undefined) continue
    const delimiter = known.get(word)
    if (delimiter === undefined) known.set(word, { at: [index], next: 0 })
    else delimiter.at.push(index)
  }
  return {
    after(word, index) {
      const delimiter = known.get(word)
      if (delimiter === undefined) return -1
      while ((delimiter.at[delimiter.next] ?? Number.POSITIVE_INFINITY) <= index) delimiter.next++
      return delimiter.at[delimiter.next] ?? -1
    },
  }
}

function linesOf(text: string): readonly Line[] {
  let start = 0
  return text.split('\n').map(line => {
    const at = start
    start += line.length + 1
    const indent = line.search(/[^ ]/)
    return { start: at, line, indent: indent === -1 || line.trim() === '' ? null : indent }
  })
}

/** A line that an engine's tag has to itself. */
const TAG_LINE = /^\s*\{(?:\{[-~]?\s*([^}]*)\}|%[-+]?\s*([^%]*)%|#.*#)\}\s*$/
const OPENS = /^(?:if|unless|with|range|for|define|block|macro)\b/
const CLOSES = /^end\w*\b/
const TURNS = /^(?:else|elif|elsif)\b/

/**
 * The index behind the last line of a block whose key stands at a column. What an engine's tags make of the file is
 * YAML, so that these may stand where they like: one belongs to the block where it opens something in it.
 */
function endOfBlock(lines: readonly Line[], first: number, column: number): number {
  let end = first
  const opened: number[] = []
  for (let index = first; index < lines.length; index++) {
    const { indent = null, line = '' } = lines[index] ?? {}
    if (indent === null) continue
    const tag = line.includes('{') && line.length < LONGEST_KEY ? TAG_LINE.exec(line) : null
    if (tag === null) {
      if (indent <= column) break
      end = index + 1
      continue
    }
    const word = (tag[1] ?? tag[2] ?? '').trim()
    const isClose = CLOSES.test(word)
    if (opened.length === 0 && indent <= column && (isClose || TURNS.test(word))) break
    const from = isClose ? opened.pop() : undefined
    if (OPENS.test(word)) opened.push(index)
    if (indent > column || (from !== undefined && end > from + 1)) end = index + 1
  }
  return end
}

function stretch(lines: readonly Line[], from: number, to: number): { start: number; end: number } {
  const last = lines[to - 1]
  return { start: lines[from]?.start ?? 0, end: (last?.start ?? 0) + (last?.line.length ?? 0) }
}

/**
 * The text of the outer file in which all but the inner one is blank, of the same length, as the inner file's
 * parser may read it: what the shell or compose fill in is a placeholder, what they unescape stands on its line, and
 * the words behind it begin where they did.
 */
export function codeOfNested(text: string, { start, end, filledInBy, parts }: NestedText): string {
  let code = ''
  let at = 0
  for (const part of parts ?? [{ start, end }]) {
    const inner = text.slice(part.start, part.end)
    code +=
      blank(text.slice(at, part.start)) + (filledInBy === 'nobody' ? inner : FILLED_IN[filledInBy](inner))
    at = part.end
  }
  return code + blank(text.slice(at))
}

function blank(text: string): string {
  return text
    .split('\n')
    .map(line => (line.endsWith('\r') ? `${' '.repeat(line.length - 1)}\r` : ' '.repeat(line.length)))
    .join('\n')
}

const SHELL_VALUE = /\\[\\$`]|\$(?:[A-Za-z_]\w*|\{[^}\n]*\}|\([^()\n]*\)|[@*#?$!\d-])|`[^`\n]*`/g
/** Between double quotes they may be escaped too. */
const STRING_VALUE = /\\[\\$`"]|\$(?:[A-Za-z_]\w*|\{[^}\n]*\}|\([^()\n]*\)|[@*#?$!\d-])|`[^`\n]*`/g
const COMPOSE_VALUE = /\$\$|\$(?:[A-Za-z_]\w*|\{[^}\n]*\})/g

function afterShell(text: string): string {
  return settle(text, SHELL_VALUE, match => (match[0] === '\\' ? (match[1] ?? '') : null))
}

/** A directive of Terraform's templates leaves a hole where it stands. */
const HCL_VALUE = /[$%]{2}\{|\$\{[^}\n]*\}|%\{[^}\n]*\}/g
const RUBY_VALUE = /#\{[^}\n]*\}|\\[\\$`"#]/g

function afterHcl(text: string): string {
  return settle(text, HCL_VALUE, match =>
    match.length === 3 ? match.slice(1) : match[0] === '%' ? ' '.repeat(match.length) : null,
  )
}

function afterRuby(text: string): string {
  return settle(text, RUBY_VALUE, match => (match[0] === '\\' ? (match[1] ?? '') : null))
}

const FILLED_IN = {
  shell: afterShell,
  string: afterString,
  compose: afterCompose,
  hcl: afterHcl,
  ruby: afterRuby,
  echo: afterEcho,
  nix: afterNix,
} as const

/** `''$` is a dollar of the text, `'''` two apostrophes. */
const NIX_VALUE = /''\$|'''|''\\[a-z$]|\$\{[^}\n]*\}/g

function afterNix(text: string): string {
  return settle(text, NIX_VALUE, match => {
    if (match[0] === '$') return null
    return match === "''$" ? '$' : match === "'''" ? "''" : ' '
  })
}

/** What `echo` and `printf` make the end of a line of, and Docker's own end of one, which it takes away. */
const ENDS_OF_LINES = /\\n(?:\\(?=\r?\n))?|\\(?=\r?\n)/g

function afterEcho(text: string): string {
  return text.replace(ENDS_OF_LINES, match => ' '.repeat(match.length))
}

function afterString(text: string): string {
  return settle(afterEcho(text), STRING_VALUE, match => (match[0] === '\\' ? (match[1] ?? '') : null))
}

function afterCompose(text: string): string {
  return settle(text, COMPOSE_VALUE, match => (match === '$$' ? '$' : null))
}

/** Puts what each match stands for in its place, or a placeholder; what grew shorter is filled up behind its word. */
function settle(text: string, pattern: RegExp, meaningOf: (match: string) => string | null): string {
  let code = ''
  let at = 0
  let owed = 0
  let quote = ''
  /** Between the braces of `${name}`, which end no word. */
  let isName = false
  const copy = (part: string): void => {
    for (const character of part.split('')) {
      const isOfName = isName || (character === '{' && code.endsWith('$'))
      isName = isOfName && character !== '}' && character !== '\n'
      const ends = quote === '' && !isOfName && /[\s;{}]/.test(character)
      if (owed > 0 && (ends || character === '\n' || character === '\r')) {
        code += ' '.repeat(owed)
        owed = 0
      }
      if (character === '"' || character === "'")
        quote = quote === '' ? character : quote === character ? '' : quote
      if (character === '\n') quote = ''
      code += character
    }
  }
  for (const { 0: match, index } of text.matchAll(pattern)) {
    copy(text.slice(at, index))
    const value = meaningOf(match)
    code += value ?? (match.length < 3 ? UNKNOWN.repeat(match.length) : placeholder(match))
    owed += value === null ? 0 : match.length - value.length
    at = index + match.length
  }
  copy(text.slice(at))
  return code + ' '.repeat(owed)
}
