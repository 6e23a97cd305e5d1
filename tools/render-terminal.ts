/** Draws what a program printed to a terminal as SVG; knows the colours that the text report uses. */

interface Style {
  readonly color: string | null
  readonly bold: boolean
}

const COLORS: Readonly<Record<string, string>> = {
  '31': '#ff7b72',
  '32': '#7ee787',
  '33': '#e3b341',
  '34': '#79c0ff',
  '36': '#76e3ea',
}
const PLAIN: Style = { color: null, bold: false }
const FONT_SIZE = 13
/** Of a monospaced font, in parts of its size. */
const ADVANCE = 0.602
const LINE_HEIGHT = 18
const PADDING = 16

interface Span {
  readonly text: string
  readonly style: Style
}

/**
 * @param text with SGR escapes, lines ended by LF
 * @param columns of the terminal, which breaks longer lines
 */
export function renderTerminal(text: string, columns: number): string {
  const lines = text
    .trimEnd()
    .split('\n')
    .flatMap(line => wrap(spans(line), columns))
  const width = Math.ceil(columns * FONT_SIZE * ADVANCE) + 2 * PADDING
  const height = lines.length * LINE_HEIGHT + 2 * PADDING
  const rows = lines.map((line, index) => {
    const y = PADDING + (index + 1) * LINE_HEIGHT - 5
    return `  <text x="${PADDING}" y="${y}">${line.map(draw).join('')}</text>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `  <rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    `  <g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="${FONT_SIZE}" fill="#e6edf3" xml:space="preserve" style="white-space: pre">`,
    ...rows,
    '  </g>',
    '</svg>',
    '',
  ].join('\n')
}

const SGR = /\u001b\[(\d+)m/g

function spans(line: string): readonly Span[] {
  const found: Span[] = []
  let style = PLAIN
  let at = 0
  for (const match of line.matchAll(SGR)) {
    found.push({ text: line.slice(at, match.index), style })
    style = applied(style, match[1] ?? '')
    at = match.index + match[0].length
  }
  return [...found, { text: line.slice(at), style }]
}

function wrap(line: readonly Span[], columns: number): readonly (readonly Span[])[] {
  const rows: Span[][] = [[]]
  let used = 0
  for (const { text, style } of line) {
    for (let at = 0; at < text.length; ) {
      if (used === columns) {
        rows.push([])
        used = 0
      }
      const part = text.slice(at, at + columns - used)
      rows.at(-1)?.push({ text: part, style })
      at += part.length
      used += part.length
    }
  }
  return rows
}

function applied(style: Style, code: string): Style {
  if (code === '1') return { ...style, bold: true }
  if (code === '22') return { ...style, bold: false }
  return code === '39' ? { ...style, color: null } : { ...style, color: COLORS[code] ?? style.color }
}

function draw({ text, style: { color, bold } }: Span): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  if (color === null && !bold) return escaped
  const attributes = `${color === null ? '' : ` fill="${color}"`}${bold ? ' font-weight="bold"' : ''}`
  return `<tspan${attributes}>${escaped}</tspan>`
}
