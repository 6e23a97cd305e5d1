import type { NestedText } from './nested-text.ts'

/**
 * Comments, strings, and what attributes are made of: also `virtualHosts.${name}`. An indented string is cut off behind its
 * opening.
 */
const TOKEN =
  /#[^\n]*|\$\{[^{}\n]*\}|\/\*[\s\S]*?\*\/|"(?:[^"\\]|\\[\s\S])*"|(?<![\w'])''|[{}[\]();=]|[A-Za-z_][\w'-]*/g
/** What is no end of an indented string, and its end. */
const ENDS = /'''|''\$|''\\.|''/g
/** A string that holds lines of its own. */
const HAS_LINES = /^''[ \t]*\r?\n/

/**
 * The indented strings of Nix that hold lines of their own, `extraConfig = ''` …, and those of one line that an option of
 * NixOS puts into the configuration of a server, in order.
 *
 * @see https://nix.dev/manual/nix/latest/language/string-literals
 */
export function nixStrings(text: string, most: number): readonly NestedText[] {
  const found: NestedText[] = []
  const around: (readonly string[])[] = []
  /** The path of the attribute that is being set, and the names that have been read of the next one. */
  let attribute: readonly string[] = []
  let names: string[] = []
  TOKEN.lastIndex = 0
  for (let token = TOKEN.exec(text); token !== null && found.length < most; token = TOKEN.exec(text)) {
    const [word] = token
    const from = token.index
    if (word === '=' && text[from + 1] === '=') TOKEN.lastIndex++
    else if (word === '=') attribute = names
    else if (word === '{') around.push(attribute)
    else if (word === '}') attribute = around.pop() ?? []
    else if (word === ';') attribute = []
    const isName = /^["$A-Za-z_]/.test(word)
    if (!isName) names = []
    if (word === '{') attribute = []
    const isString = word === "''" || (word.startsWith('"') && names.length === 0)
    const owner = isString ? ownerOf([...around.flat(), ...attribute]) : undefined
    if (word === "''") {
      const start = from + 2
      const end = endOf(text, start)
      if (end === -1) break
      if (owner !== undefined || HAS_LINES.test(text.slice(from, from + 200)))
        found.push({ start, end, filledInBy: 'nix', ...(owner !== undefined && { owner }) })
      TOKEN.lastIndex = end + 2
    } else if (owner !== undefined && !word.includes('\n')) {
      const end = from + word.length - 1
      found.push({ start: from + 1, end, filledInBy: 'nix', quoting: 'double', owner })
    } else if (isName) names.push(word.replace(/^"|"$/g, ''))
  }
  return found
}

function endOf(text: string, start: number): number {
  ENDS.lastIndex = start
  let end = ENDS.exec(text)
  while (end !== null && end[0] !== "''") end = ENDS.exec(text)
  return end?.index ?? -1
}

/** Options whose value becomes lines of the server's own file. */
const OPTIONS: Readonly<Record<string, RegExp>> = {
  nginx:
    /^(?:extraConfig|config|(?:append|common)HttpConfig|appendConfig|eventsConfig|httpConfig|streamConfig)$/,
  httpd: /^extraConfig$/,
}

/** @see https://search.nixos.org/options?query=services.nginx */
function ownerOf(path: readonly string[]): NestedText['owner'] {
  const service = path[path.indexOf('services') + 1] ?? ''
  if (!path.includes('services') || OPTIONS[service]?.test(path.at(-1) ?? '') !== true) return undefined
  return service === 'nginx' ? 'nginx' : 'apache'
}
