import { cdataSections } from './cdata-sections.ts'
import type { Line, NestedText } from './nested-text.ts'
import { nixStrings } from './nix-strings.ts'
import { placeholder, UNKNOWN } from './placeholder.ts'
import { afterFolding, quotedScalars, type QuotedScalar, UNQUOTING } from './quoted-scalars.ts'
import { echoedLines, stringFrom } from './shell-strings.ts'

/** Nobody keeps more of them in one file, and a hostile one costs no more. */
const MOST_TEXTS = 200

/** `name: |`, `- content: |2-`, `name: >`. */
const BLOCK =
  /^([ \t]*(?:- +)*)("[^"\n]*"|'[^'\n]*'|[^\s#"'|>][^\n:]*?(?::[^\s:][^\n:]*?)*):[ \t]+([|>])[-+\d]*[ \t]*(?:#.*)?\r?$/
/** `cat /etc/nginx/conf.d/shop.conf <<EOF`, without `>`: `cat` prints the file that is named, and reads no other text. */
const UNREAD_BY_CAT =
  /^[ \t]*(?:sudo[ \t]+)?cat[ \t]+[\w/.${}"'~][^\s<>|;&()]*[ \t]*<<[-~]?[ \t]*["']?\w+["']?[ \t]*$/
const HERE_DOCUMENT = /<<([-~]?)[ \t]*(\\|["']?)([A-Za-z_]\w*)(["']?)/

/**
 * The texts in a file, in order; `kind` is the language of the file. A here-document may stand in a block of YAML, too.
 */
export function nestedTexts(
  text: string,
  kind: 'yaml' | 'compose' | 'json' | 'shell' | 'dockerfile' | 'hcl' | 'ruby' | 'nix' | 'xml',
): readonly NestedText[] {
  if (kind === 'nix') return nixStrings(text, MOST_TEXTS)
  if (kind === 'xml') return cdataSections(text, MOST_TEXTS)
  const lines = linesOf(text)
  if (kind === 'json') return quotedTexts(text, lines, kind)
  const ends = delimiterLines(lines)
  const found: NestedText[] = []
  const isYaml = kind === 'yaml' || kind === 'compose'
  const filler = fillerOf(text, kind)
  let left = MOST_TEXTS
  /** Where the here-document of the file's own language ends in which a script may have more of them. */
  let outerEnd = 0
  for (let index = 0; index < lines.length && found.length < MOST_TEXTS; index++) {
    const line = lines[index]?.line ?? ''
    const mayBeBlock = isYaml && line.length < LONGEST_KEY && /[|>]/.test(line)
    const block = mayBeBlock ? BLOCK.exec(line) : null
    if (block !== null) {
      const [, before = '', key = '', style] = block
      const end = endOfBlock(lines, index + 1, before.length)
      if (end > index + 1)
        found.push({
          ...stretch(lines, index + 1, end),
          filledInBy: filler,
          ...(style === '>' && { quoting: 'folded' }),
          ...destinationOf(line),
          ...ofKey(withoutQuotes(key), pathBeside(lines, index, end)),
        })
      continue
    }
    const mayEcho = (kind === 'shell' || kind === 'dockerfile') && left > 0 && line.length < LONGEST_KEY
    const string = mayEcho ? (echoedLines(lines, index) ?? stringFrom(text, lines, index)) : null
    if (string === undefined) left--
    else if (string !== null) {
      index = string.last
      const { start = 0, line: lastLine = '' } = lines[index] ?? {}
      found.push({ ...string.found, ...destinationOf(lastLine.slice(string.found.end - start)) })
      continue
    }
    const here = line.includes('<<') && !/^[ \t]*#/.test(line) ? HERE_DOCUMENT.exec(line) : null
    if (here === null || line[here.index + 2] === '<' || line[here.index - 1] === '<') continue
    const [, , quote = '', word = ''] = here
    const end = ends.after(word, index)
    if (end <= index + 1) continue
    // The lines of a text that goes nowhere begin none.
    if (kind === 'shell' && UNREAD_BY_CAT.test(line)) {
      index = end
      continue
    }
    const isOuter = (kind === 'hcl' || kind === 'ruby') && index >= outerEnd
    if (isOuter) outerEnd = end
    const outer = kind === 'hcl' || kind === 'ruby' ? kind : 'nobody'
    const filledInBy = quote === '' ? (isOuter ? outer : 'shell') : kind === 'hcl' ? 'hcl' : 'nobody'
    found.push({
      ...stretch(lines, index + 1, end),
      filledInBy,
      ...destinationOf(line),
      ...(writesWhole(line, text) && { isWhole: true, ...ownedBy('', WRITTEN.exec(line)?.[1] ?? '') }),
      ...installedAt(line),
    })
  }
  if (!isYaml) return found
  const quoted = quotedTexts(text, lines, kind)
  return quoted.length === 0 ? found : [...found, ...quoted].sort((one, other) => one.start - other.start)
}

/** The quoted scalars that could be a server's file, or are written where another program looks. */
function quotedTexts(
  text: string,
  lines: readonly Line[],
  kind: 'yaml' | 'compose' | 'json',
): readonly NestedText[] {
  const found: NestedText[] = []
  const filler = fillerOf(text, kind)
  for (const scalar of quotedScalars(text)) {
    const { key, keyStart, start, end, quoting } = scalar
    const value = text.slice(start, end)
    if (!MAY_BE_FILE.test(value) || found.length >= MOST_TEXTS) continue
    const path = scalar.isFlow ? pathAround(text, scalar) : pathBesideScalar(lines, scalar)
    const about = ofKey(key, path)
    // What else is in JSON are messages, documents and the snippets of editors.
    const isServers =
      kind === 'json' ? about.owner !== undefined || about.isWhole === true : hasServersWord(value)
    const destination = destinationOf(`${text.slice(keyStart, start - 1).replace(/["']/g, '')} `)
    if (!isServers && about.owner === undefined && about.installedAt === undefined && !destination.isSnippet)
      continue
    found.push({
      start,
      end,
      quoting,
      filledInBy: filler,
      ...destination,
      ...about,
    })
  }
  return found
}

function fillerOf(text: string, kind: string): NestedText['filledInBy'] {
  if (kind === 'compose') return 'compose'
  return parametersOf(text).length > 0 ? 'openshift' : PARAMS.test(text) ? 'params' : 'nobody'
}

/**
 * The parameters of a template of OpenShift, which `oc process` fills in wherever `${NAME}` stands in it.
 * @see https://docs.openshift.com/container-platform/latest/openshift_images/using-templates.html
 */
function parametersOf(text: string): readonly string[] {
  if (!OPENSHIFT.test(text)) return []
  const list = PARAMETERS.exec(text)?.[1] ?? parametersInJson(text)
  return [...list.matchAll(NAME_OF_PARAMETER)].map(([, name = '']) => name)
}

function parametersInJson(text: string): string {
  const opened = PARAMETERS_IN_JSON.exec(text)
  const end = opened === null ? -1 : text.indexOf(`\n${opened[1]}]`, opened.index + opened[0].length)
  return opened === null || end === -1 ? '' : text.slice(opened.index + opened[0].length, end)
}

const OPENSHIFT = /^[ \t{]*"?kind"?:[ \t]*["']?Template\b/m
/** Items of a list may stand as far left as its key. */
const PARAMETERS = /^parameters:[ \t]*\r?\n((?:(?:[ \t#-].*)?\r?\n)+)/m
const PARAMETERS_IN_JSON = /^([ \t]*)"parameters"[ \t]*:[ \t]*\[[ \t]*\r?\n/m
const NAME_OF_PARAMETER = /(?:^[ \t-]*|["{,]\s*)name"?:[ \t]*["']?(\w+)/gm

/** Names that `$name` stands for in all texts of the file, as Discourse's builder of images has them. */
const PARAMS = /^params:[ \t]*\r?\n((?:(?:[ \t]+.*)?\r?\n)+)/m

/** A line of a server ends in one of these, or begins with it; so does a line of a unit. */
const MAY_BE_FILE = /[;{<\\\n]/

function withoutQuotes(key: string): string {
  return /^["']/.test(key) ? key.slice(1, -1) : key
}

/** What the key of a text, and a line beside it that names a path, say of the file that it becomes. */
function ofKey(key: string, line: string): Pick<NestedText, 'isWhole' | 'owner' | 'installedAt'> {
  const isContent = /^contents?$/.test(key)
  const path = (isContent ? PATH_IN_LINE.exec(line)?.[1] : null) ?? ''
  return {
    ...(CONF_KEY.test(key) && { isWhole: true }),
    ...ownedBy(key, path),
    ...(isContent && installedAt(line)),
  }
}

const PATH_IN_LINE = /:\s*["']?([^\s"',}]+)/

function ownedBy(key: string, path: string): Pick<NestedText, 'owner'> {
  for (const name of [path, key])
    for (const [owner, pattern] of OWNERS) if (pattern.test(name)) return { owner }
  return {}
}

/** The directories of the servers' packages and images, and the names that their files have wherever they lie. */
const OWNERS = [
  ['nginx', /^(?:\/\S*)?\/nginx\/\S+\.(?:conf|inc)$|^nginx[\w.-]*\.conf$/],
  [
    'apache',
    /^(?:\/\S*)?\/(?:apache2|httpd)\/\S+\.conf$|^(?:httpd|apache2?)(?:[._-][\w.-]*)?\.conf$|^(?:000-default|default-ssl)[\w.-]*\.conf$/,
  ],
] as const

/** Words without one of which nothing of a server is in a text; the end of a line may be written before one. */
const SERVERS_WORD =
  /(?:\b|\\[nt])(?:server|location|upstream|proxy_pass)\b|<VirtualHost|<Directory|<Location|ProxyPass|RewriteRule/
/** A file that its place says to be a server's, whatever is in it. */
const SERVERS_FILE =
  /\/(?:nginx|apache2|httpd)\/|\b(?:nginx|httpd)\b[^\n=;]*=|\b(?:nginx|httpd|apache2?|000-default|default-ssl)[\w.-]*\.conf\b/

/** True where a text could be a server's: the others of a file cost nothing more. */
export function hasServersWord(text: string): boolean {
  return SERVERS_WORD.test(text)
}

/** True where a text in a file may be a server's by the path at which it is written, or by an option of NixOS. */
export function namesServersFile(text: string): boolean {
  return SERVERS_FILE.test(text)
}

/** What the line that begins a text, or the words behind its end, say of where it goes. */
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
const CONF_KEY = /^[\w.-]*\.conf$/

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

const WRITTEN_TO = /^[ -]*["']?(?:path|dest)["']?:/

function pathBesideScalar(lines: readonly Line[], { keyStart, end }: QuotedScalar): string {
  return pathBeside(lines, lineAt(lines, keyStart), lineAt(lines, end) + 1)
}

/** The index of the line in which an offset lies. */
function lineAt(lines: readonly Line[], offset: number): number {
  let low = 0
  let high = lines.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((lines[middle]?.start ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return low
}

/** The same between braces: `{path: /etc/nginx/nginx.conf, content: "…"}`. */
function pathAround(text: string, { keyStart, end }: QuotedScalar): string {
  const before = text.slice(Math.max(0, keyStart - MOST_AROUND), keyStart)
  const after = text.slice(end, end + MOST_AROUND)
  const close = after.indexOf('}')
  const pairs = [before.slice(before.lastIndexOf('{') + 1), close === -1 ? after : after.slice(0, close)]
  return pairs.map(pair => FLOW_PATH.exec(pair)?.[1] ?? '').find(pair => pair !== '') ?? ''
}

const MOST_AROUND = 400
const FLOW_PATH = /(?:^|[\s,"'])((?:path|dest)["']?\s*:\s*["']?[^\s"',}]+)/

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
export function codeOfNested(text: string, { start, end, filledInBy, parts, quoting }: NestedText): string {
  let code = ''
  let at = 0
  for (const part of parts ?? [{ start, end }]) {
    const inner = unquoted(text.slice(part.start, part.end), quoting)
    code +=
      blank(text.slice(at, part.start)) +
      (filledInBy === 'nobody' ? inner : FILLED_IN[filledInBy](inner, text))
    at = part.end
  }
  return code + blank(text.slice(at))
}

function unquoted(text: string, quoting: NestedText['quoting']): string {
  if (quoting === undefined) return text
  if (quoting === 'folded') return afterFolding(text)
  const { pattern, meaningOf } = UNQUOTING[quoting]
  return settle(text, pattern, meaningOf)
}

function blank(text: string): string {
  return text
    .split('\n')
    .map(line => (line.endsWith('\r') ? `${' '.repeat(line.length - 1)}\r` : ' '.repeat(line.length)))
    .join('\n')
}

const SHELL_VALUE = /\\[\\$`]|\$(?:[A-Za-z_]\w*|\{[^}\n]*\}|\([^()\n]*\)|[@*#?$!\d-])|`[^`\n]*`/g
/** Between double quotes they may be escaped too, and a word stands where the string ends and begins again: `php"$1"`. */
const STRING_VALUE =
  /\\[\\$`"]|"[^\s"'`;&|<>()\\]+"|\$(?:[A-Za-z_]\w*|\{[^}\n]*\}|\([^()\n]*\)|[@*#?$!\d-])|`[^`\n]*`/g
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
  params: afterParams,
  openshift: afterOpenshift,
} as const

/** `${{NAME}}` stands for a value that is no string. */
function afterOpenshift(inner: string, text: string): string {
  const names = parametersOf(text).join('|')
  return settle(inner, new RegExp(`\\$\\{(?:\\{(?:${names})\\}|(?:${names}))\\}`, 'g'), () => null)
}

/** @see https://github.com/discourse/pups#replace, which puts a value in wherever the name stands */
function afterParams(inner: string, text: string): string {
  const names = [...(PARAMS.exec(text)?.[1] ?? '').matchAll(/^[ \t]+([A-Za-z_]\w*):/gm)]
    .map(([, name = '']) => name)
    .sort((one, other) => other.length - one.length)
  return names.length === 0 ? inner : settle(inner, new RegExp(`\\$(?:${names.join('|')})`, 'g'), () => null)
}

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
/** Apache, too, goes on with the next line behind a backslash. */
const OF_APACHE = /^[ \t]*<\w/m

function afterEcho(text: string): string {
  const goesOn = OF_APACHE.test(text)
  return text.replace(ENDS_OF_LINES, match => (goesOn && match === '\\' ? match : ' '.repeat(match.length)))
}

function afterString(text: string): string {
  return settle(afterEcho(text), STRING_VALUE, match => {
    if (match[0] === '\\') return match[1] ?? ''
    return match[0] === '"' && !match.includes('$') ? match.slice(1, -1) : null
  })
}

function afterCompose(text: string): string {
  return settle(text, COMPOSE_VALUE, match => (match === '$$' ? '$' : null))
}

const isEnd = (character: string | undefined): boolean => character === '\n' || character === '\r'

/** Puts what each match stands for in its place, or a placeholder; what grew shorter is filled up behind its word. */
function settle(text: string, pattern: RegExp, meaningOf: (match: string) => string | null): string {
  let code = ''
  let at = 0
  let owed = 0
  let quote = ''
  /** Between the braces of `${name}`, which end no word. */
  let isName = false
  const copy = (part: string): void => {
    for (const [index, character] of part.split('').entries()) {
      const isOfName = isName || (character === '{' && code.endsWith('$'))
      isName = isOfName && character !== '}' && character !== '\n'
      const ends = quote === '' && !isOfName && /[\s;{}]/.test(character)
      const endsLine = isEnd(character) || (character === '\\' && isEnd(part[index + 1]))
      if (owed > 0 && (ends || endsLine)) {
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
    if (value !== null && /^(?: |\n+)$/.test(value)) {
      code += value + ' '.repeat(owed + match.length - value.length)
      owed = 0
      if (value !== ' ') quote = ''
      at = index + match.length
      continue
    }
    code += value ?? (match.length < 3 ? UNKNOWN.repeat(match.length) : placeholder(match))
    owed += value === null ? 0 : match.length - value.length
    at = index + match.length
  }
  copy(text.slice(at))
  return code + ' '.repeat(owed)
}
