/** What XML 1.0 has no place for, not even escaped. */
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Cs}/gu

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
}

/** What a terminal or a reader would not see, or obey, and what a log would take for a command. */
const HIDDEN = /[\u007F-\u009F\p{Cf}\p{Zl}\p{Zp}]|[\u{E0100}-\u{E01EF}]|#(?=#(?:\[|vso\[|teamcity\[))/giu

/** A text as it stands in an attribute or between tags; what is hidden is escaped, not lost. */
export function xmlText(text: string): string {
  return text
    .replace(FORBIDDEN, '\uFFFD')
    .replace(/[&<>"\n\r\t]/g, character => ENTITIES[character] ?? '')
    .replace(HIDDEN, character => `&#${character.codePointAt(0)};`)
}

/** An element with its attributes, and its children each on lines of their own. */
export function xmlElement(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  children: readonly string[] = [],
): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${xmlText(String(value))}"`)
  const open = `<${name}${written.join('')}`
  if (children.length === 0) return `${open}/>`
  return `${open}>\n${children.join('\n').replace(/^(?=.)/gm, '  ')}\n</${name}>`
}

/** A document of one element. */
export function xmlDocument(element: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element}\n`
}
