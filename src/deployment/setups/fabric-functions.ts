import type { Source } from '../../../parsers/text/source.ts'
import { UNKNOWN } from '../../../parsers/text/source.ts'
import { MappedText } from '../../../parsers/text/text-map.ts'
import type { WrittenText } from '../../../parsers/text/written-text.ts'

const CALL =
  /^[ \t]*(?:\w+[ \t]*=[ \t]*)?(?:with[ \t]+)?(?:\w+\.)?(run|sudo|cd|prefix)\([ \t]*(f?)(["'])([^"'\n]*)\3[^\n]*$/
const NO_CALL =
  /^[ \t]*(?:$|#|@|"""|def |print\(|(?:env\.)?\w+[ \t]*=|import |from |with (?:settings|\w+\.prefix|Connection)\(|[)\]}])/
const ASSIGNS = /^[ \t]*([A-Za-z_]\w*)[ \t]*=[ \t]*["']([^"'\n]*)["'][ \t]*$/gm

/**
 * The scripts that the functions of a file of Fabric have executed on the server, a function an item; none of a
 * function with lines that are no such calls.
 */
export function fabricFunctions(source: Source): readonly (readonly WrittenText[])[] {
  const { text } = source
  const values = new Map([...text.matchAll(ASSIGNS)].map(([, name = '', value = '']) => [name, value]))
  const functions: WrittenText[][] = []
  let scripts: WrittenText[] = []
  let isPlain = true
  const close = (): void => {
    if (isPlain) functions.push(scripts)
    scripts = []
    isPlain = true
  }
  let at = 0
  for (const line of text.split('\n')) {
    if (/^(?:@|(?:async )?def )/.test(line)) close()
    const match = CALL.exec(line)
    if (match === null) isPlain &&= NO_CALL.test(line)
    else if (match[1] !== 'prefix') {
      const [all, name, f, , words = ''] = match
      const start = at + all.indexOf(words, all.indexOf('('))
      scripts.push(scriptAt(source, start, words, name === 'cd' ? 'cd ' : '', f === '' ? null : values))
    }
    at += line.length + 1
  }
  close()
  return functions
}

/** A text of Python, with what stands before it, and the values that an f-string takes. */
function scriptAt(
  source: Source,
  start: number,
  words: string,
  lead: string,
  values: ReadonlyMap<string, string> | null,
): WrittenText {
  const script = new MappedText(words, null, start)
  script.replace(0, 0, lead)
  let done = 0
  for (const match of values === null ? [] : words.matchAll(/\{(\w+)\}/g)) {
    const end = match.index + match[0].length
    script.copy(done, match.index)
    script.replace(match.index, end, values?.get(match[1] ?? '') ?? UNKNOWN)
    done = end
  }
  script.copy(done, words.length)
  return { source, text: script.text, map: script.finish() }
}
