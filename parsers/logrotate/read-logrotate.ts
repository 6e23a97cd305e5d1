import type { Place, Source } from '../text/source.ts'

/** What a file of logrotate says. */
export interface LogrotateFile {
  readonly blocks: readonly LogrotateBlock[]
  /** Keywords outside of all blocks, which hold for those below them. */
  readonly globals: readonly LogrotateLine[]
  /** A script that nothing ends: logrotate passes over the whole file. */
  readonly unended: Place | null
}

/** The logs of one section, and how they are rotated. */
export interface LogrotateBlock {
  readonly patterns: readonly LogrotateWord[]
  readonly lines: readonly LogrotateLine[]
  readonly scripts: readonly LogrotateScript[]
}

export interface LogrotateWord {
  readonly text: string
  readonly at: Place
}

/** A keyword, and what stands behind it. */
export interface LogrotateLine {
  readonly name: LogrotateWord
  readonly value: LogrotateWord | null
}

/** What stands between `postrotate` and `endscript`. */
export interface LogrotateScript {
  readonly kind: string
  readonly text: string
  readonly at: Place
}

const SCRIPT = /^(?:postrotate|prerotate|firstaction|lastaction|preremove)$/

/** Reads line by line, as logrotate does; a word in quotes is one. */
export function readLogrotate(source: Source): LogrotateFile {
  const blocks: LogrotateBlock[] = []
  const globals: LogrotateLine[] = []
  let patterns: LogrotateWord[] = []
  let block: { patterns: LogrotateWord[]; lines: LogrotateLine[]; scripts: LogrotateScript[] } | null = null
  let script: { kind: LogrotateWord; start: number } | null = null
  let begin = 0
  for (const line of source.code.split('\n')) {
    const start = begin
    begin += line.length + 1
    if (script !== null) {
      if (!/^\s*endscript\b/.test(line)) continue
      const { kind, start: from } = script
      block?.scripts.push({
        kind: kind.text,
        text: source.code.slice(from, start),
        at: { source, start: from, end: start },
      })
      script = null
      continue
    }
    const words = wordsOf(source, line, start)
    const [first, ...rest] = words
    if (first === undefined) continue
    if (first.text === '}') {
      block = null
      continue
    }
    if (block === null && (/^[/~"']/.test(first.text) || first.text === '{' || patterns.length > 0)) {
      const open = words.findIndex(({ text }) => text === '{')
      patterns = [...patterns, ...(open === -1 ? words : words.slice(0, open))]
      if (open === -1) continue
      block = { patterns, lines: [], scripts: [] }
      blocks.push(block)
      patterns = []
      continue
    }
    if (SCRIPT.test(first.text)) {
      script = { kind: first, start: begin }
      continue
    }
    const parsed: LogrotateLine = { name: first, value: rest[0] ?? null }
    if (block === null) globals.push(parsed)
    else block.lines.push(parsed)
  }
  return { blocks, globals, unended: script?.kind.at ?? null }
}

function wordsOf(source: Source, line: string, start: number): readonly LogrotateWord[] {
  if (/^\s*#/.test(line)) return []
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|([{}])|([^\s"'{}=]+)/g)].map(match => {
    const text = match[1] ?? match[2] ?? match[3] ?? match[4] ?? ''
    const from = start + match.index + match[0].indexOf(text)
    return { text, at: { source, start: from, end: from + text.length } }
  })
}
