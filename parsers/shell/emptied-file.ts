/** A file that a command reads, and that the shell empties before, for it writes there too. */
export interface EmptiedFile {
  readonly command: string
  readonly file: string
  /** Of the word behind `>`, in the text. */
  readonly start: number
  readonly end: number
}

/**
 * Commands of a script such as `envsubst < a > a`, or `sed s/x/y/ a > a`: the shell opens what stands behind `>`,
 * and empties it, before the program is there. What stands in quotes or behind `#` is no command.
 */
export function emptiedFiles(script: string): readonly EmptiedFile[] {
  if (!/>[ \t]*[^\s>&|]/.test(script) || !READER.test(script)) return []
  const found: EmptiedFile[] = []
  for (const words of simpleCommands(script)) {
    const file = emptied(words)
    if (file !== null) found.push(file)
  }
  return found
}

/** Programs that read the files that their arguments name. */
const READER =
  /\b(?:envsubst|sed|awk|gawk|mawk|grep|egrep|jq|sort|uniq|cut|tr|head|tail|tac|cat|perl|openssl)\b/
const NAMED = /^(?:sed|g?awk|mawk|jq|sort|uniq|cut|head|tail|tac|cat)$/

interface Word {
  readonly text: string
  readonly start: number
  readonly end: number
}

function emptied(words: readonly Word[]): EmptiedFile | null {
  let first = 0
  while (first < words.length && /^(?:\w+=.*|then|do|else|exec|sudo|!|\{|\()$/s.test(words[first]!.text))
    first++
  const command = words[first]?.text.replace(/^.*\//, '') ?? ''
  if (!READER.test(command)) return null
  const into = words.findIndex(({ text }) => text === '>')
  const target = into === -1 ? undefined : words[into + 1]
  if (target === undefined || target.text.length < 2) return null
  const isRead = words.some(({ text }, index) => {
    if (text !== target.text || index === into + 1 || index <= first) return false
    const before = words[index - 1]!.text
    return before === '<' || (NAMED.test(command) && !/^[<>]/.test(before))
  })
  // `sed -i` writes the file itself.
  const inPlace = words.some(({ text }) => /^-(?:[a-zA-Z]*i|-in-place)/.test(text) && command === 'sed')
  return isRead && !inPlace ? { command, file: target.text, start: target.start, end: target.end } : null
}

/** Words of one command after the other, quotes taken away, `<` and `>` words of their own. */
function* simpleCommands(script: string): Iterable<readonly Word[]> {
  let words: Word[] = []
  let text = ''
  let start = -1
  const finish = (end: number): void => {
    if (start !== -1) words.push({ text, start, end })
    text = ''
    start = -1
  }
  for (let at = 0; at < script.length; at++) {
    const char = script[at]!
    if (char === '\\') {
      if (script[at + 1] === '\n') finish(at)
      else {
        if (start === -1) start = at
        text += script[at + 1] ?? ''
      }
      at++
    } else if (char === '"' || char === "'") {
      const close = closingQuote(script, at)
      if (close === -1) return
      if (start === -1) start = at
      text += script.slice(at + 1, close)
      at = close
    } else if (char === '#' && start === -1) {
      const end = script.indexOf('\n', at)
      at = (end === -1 ? script.length : end) - 1
    } else if (/[\n;&|]/.test(char)) {
      // `2>&1` goes on.
      if (char === '&' && script[at - 1] === '>') {
        text = ''
        start = -1
        continue
      }
      finish(at)
      if (words.length > 0) yield words
      words = []
    } else if (char === '<' || char === '>') {
      const isNumber = /^\d+$/.test(text)
      if (isNumber) start = -1
      finish(at)
      let end = at + 1
      while (script[end] === '<' || script[end] === '>') end++
      // Only what a program writes as its output, and reads as its input.
      const sign = script.slice(at, end)
      words.push({ text: isNumber && sign === '>' ? '2>' : sign, start: at, end })
      at = end - 1
    } else if (/\s/.test(char)) finish(at)
    else {
      if (start === -1) start = at
      text += char
    }
  }
  finish(script.length)
  if (words.length > 0) yield words
}

function closingQuote(script: string, open: number): number {
  const quote = script[open]!
  for (let at = open + 1; at < script.length; at++) {
    if (quote === '"' && script[at] === '\\') at++
    else if (script[at] === quote) return at
  }
  return -1
}
