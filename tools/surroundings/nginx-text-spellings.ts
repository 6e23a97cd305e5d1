import type { NginxDirectiveNode } from '../../parsers/nginx/syntax.ts'
import { nginxDirective } from '../../src/servers/nginx/directives.ts'
import { entriesOf, type Lay } from './files.ts'
import {
  argumentsOf,
  eachDirective,
  eachFile,
  edited,
  type Nested,
  nestedIn,
  type NginxEdit,
  type NginxFile,
  nginxFiles,
  replaced,
} from './nginx-edits.ts'

/** Whose variables are those of a condition or a definition, or stand in an expression. */
const NAMES_VARIABLES = /^(?:if|location|rewrite|server_name|map|geo|types|split_clients|geoip2|log_format)$/

/** The same lines with other letters between and in the words. */
export const nginxTextSpellings: Readonly<Record<string, Lay>> = {
  tabs: eachFile(({ text }) => text.replace(/^ +/gm, spaces => '\t'.repeat(Math.ceil(spaces.length / 4)))),
  windowsLines: eachFile(({ text }) => text.replace(/\n/g, '\r\n')),
  commented: eachFile(file =>
    edited(
      file.text,
      [...nestedIn(file.children)].flatMap(each => commentBehind(each, file)),
    ),
  ),
  braceBelow: eachDirective(({ node }) =>
    node.block === null ? [] : [{ start: endOfWords(node), end: node.block.start, text: '\n' }],
  ),
  squeezed: eachFile(squeezed),
  aligned: eachDirective(({ node: { name, args } }) =>
    args[0] === undefined ? [] : [{ start: name.end, end: args[0].start, text: '\t\t    ' }],
  ),
  wordPerLine: eachDirective(({ node: { args } }) =>
    args.slice(1).flatMap((word, index) => {
      const start = args[index]?.end ?? word.start
      return start < word.start ? [{ start, end: word.start, text: '\n            ' }] : []
    }),
  ),
  doubleQuoted: eachDirective((nested, file) => quoted(nested, file, '"')),
  singleQuoted: eachDirective((nested, file) => quoted(nested, file, "'")),
  bracedVariables: eachDirective(({ node }, { text }) =>
    NAMES_VARIABLES.test(node.name.value)
      ? []
      : node.args.slice(/set$/.test(node.name.value) ? 1 : 0).map(({ start, end }) => ({
          start,
          end,
          text: text.slice(start, end).replace(/\$([a-z_]\w*)/g, '${$1}'),
        })),
  ),
  bigUnits: measured({ size: bigger, time: inMinutes }),
  smallUnits: measured({ size: smaller, time: inSeconds }),
  bareUnits: measured({ size: inBytes, time: bare }),
  smallHeaders: headers(name => name.toLowerCase()),
  shoutedHeaders: headers(name => name.toUpperCase()),
  absoluteInclude: includes(path => (path.startsWith('/') ? path : `/etc/nginx/${path}`)),
  relativeInclude: includes(path => path.replace(/^\/etc\/nginx\//, '')),
}

function endOfWords({ name, args }: NginxDirectiveNode): number {
  return (args.at(-1) ?? name).end
}

function commentBehind({ node }: Nested, { text }: NginxFile): readonly NginxEdit[] {
  const end = node.block === null ? node.end : node.block.start + 1
  return /^[ \t]*\n/.test(text.slice(end)) ? [{ start: end, end, text: ' # as before; { }' }] : []
}

/** Nothing between the words that need not be there. */
function squeezed({ children, text }: NginxFile): string {
  const written = (nodes: NginxFile['children']): string =>
    nodes
      .map(node => {
        if (node.kind !== 'directive') return ''
        const words = [node.name, ...node.args].map(({ start, end }) => text.slice(start, end)).join(' ')
        if (node.block === null) return `${words};`
        // A dollar and a brace begin a variable.
        return `${words}${words.endsWith('$') ? ' ' : ''}{${written(node.block.children)}}`
      })
      .join('')
  return `${written(children)}\n`
}

function quoted({ node, around }: Nested, { text }: NginxFile, quote: string): readonly NginxEdit[] {
  if (
    /^(?:if|log_format)$/.test(node.name.value) ||
    around.some(({ name }) => /^(?:types|split_clients|charset_map)$/.test(name.value))
  )
    return []
  return node.args.flatMap(word => {
    const written = text.slice(word.start, word.end)
    return /["'\\]/.test(written) ? [] : [{ start: word.start, end: word.end, text: quote + written + quote }]
  })
}

interface Measures {
  readonly size: (text: string) => string
  readonly time: (text: string, isFine: boolean) => string
}

/** Sizes and times in other units, by what nginx's table of directives says of each. */
function measured({ size, time }: Measures): Lay {
  return eachDirective(({ node }) => {
    const kinds = new Set(nginxDirective(node.name.value).map(({ value }) => value))
    const [word] = node.args
    if (word === undefined || kinds.size !== 1) return []
    const [kind] = kinds
    const { start, end, value } = word
    if (kind === 'size' || kind === 'offset') return [{ start, end, text: size(value) }]
    if (kind === 'time-s' || kind === 'time-ms')
      return [{ start, end, text: time(value, kind === 'time-ms') }]
    return []
  })
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }
const SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }

function bytesOf(text: string): number | null {
  const [, digits, unit = ''] = /^(\d+)([kmg]?)$/i.exec(text) ?? []
  return digits === undefined ? null : Number(digits) * (UNITS[unit.toLowerCase()] ?? 1)
}

function secondsOf(text: string): number | null {
  const [, digits, unit = ''] = /^(\d+)([smhd]?)$/.exec(text) ?? []
  return digits === undefined ? null : Number(digits) * (SECONDS[unit] ?? 1)
}

function bigger(text: string): string {
  const bytes = bytesOf(text)
  if (bytes === null || bytes === 0) return text
  return bytes % 1024 ** 2 === 0 ? `${bytes / 1024 ** 2}M` : bytes % 1024 === 0 ? `${bytes / 1024}K` : text
}

function smaller(text: string): string {
  const bytes = bytesOf(text)
  return bytes === null || bytes === 0 || bytes % 1024 !== 0 ? text : `${bytes / 1024}k`
}

function inBytes(text: string): string {
  return String(bytesOf(text) ?? text)
}

function inMinutes(text: string): string {
  const seconds = secondsOf(text)
  if (seconds === null || seconds === 0) return text
  return seconds % 3600 === 0 ? `${seconds / 3600}h` : seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`
}

function inSeconds(text: string, isFine: boolean): string {
  const seconds = secondsOf(text)
  if (seconds === null) return text
  return isFine ? `${seconds * 1000}ms` : `${seconds}s`
}

function bare(text: string): string {
  return String(secondsOf(text) ?? text)
}

/** Names of headers, which nobody reads by their case. */
function headers(spelled: (name: string) => string): Lay {
  return eachDirective(({ node: { name, args } }) => {
    const [word] = args
    if (
      word === undefined ||
      !/^(?:proxy_set_header|grpc_set_header|add_header|(?:proxy|fastcgi|uwsgi)_hide_header)$/.test(
        name.value,
      )
    )
      return []
    return [{ start: word.start, end: word.end, text: spelled(word.value) }]
  })
}

/** Includes of a whole tree, from nginx's directory or from the root. */
function includes(spelled: (path: string) => string): Lay {
  const lay = eachDirective(({ node }) => {
    const [path] = argumentsOf(node)
    return node.name.value === 'include' && path !== undefined
      ? [replaced(node, `include ${spelled(path)};`)]
      : []
  })
  return files =>
    nginxFiles(files).length > 0 && entriesOf(files).some(([path]) => path === 'etc/nginx/nginx.conf')
      ? lay(files)
      : null
}
