import type { Place, Source } from '../text/source.ts'
import { isUnknownWord } from '../text/source.ts'
import { placeIn, placeOf, sliceWritten, trimWritten, type WrittenText } from '../text/written-text.ts'
import type { DockerFault } from './dockerfile.ts'
import type { LogicalLine } from './logical-lines.ts'
import { jsonWords, splitAtBlanks, splitRawWords } from './words.ts'

const INSTRUCTIONS: ReadonlySet<string> = new Set(
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(
    ' ',
  ),
)
/** What a template engine or a preprocessor turns into something else before Docker reads the file. */
const OF_TEMPLATE = /\{[{%#]|<%|^[@$#{<%]|^(?:INCLUDE|IMPORT|define|ifdef|ifelse|divert|changequote|dnl)\b/
/** Another front end may know more instructions. */
const FOREIGN_SYNTAX =
  /^#[ \t]*syntax[ \t]*=[ \t]*(?!(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@]|\s|$))\S/im

/**
 * The line at which Docker refuses a Dockerfile: it reads the whole file before it builds anything, and stops at
 * the first. Null where there is none, or a template makes the file.
 */
export function dockerFault(
  source: Source,
  lines: readonly LogicalLine[],
  escaper: '\\' | '`',
): DockerFault | null {
  if (source.template || FOREIGN_SYNTAX.test(source.code.slice(0, 2000))) return null
  if (lines.some(({ text }) => OF_TEMPLATE.test(text.text) || isUnknownWord(firstWord(text).text)))
    return null
  let isFirst = true
  let staged = false
  let before: LogicalLine | null = null
  for (const line of lines) {
    const word = firstWord(line.text)
    const name = word.text.toUpperCase()
    if (!INSTRUCTIONS.has(name))
      return {
        at: placeOf(word),
        said: `unknown instruction: ${word.text}`,
        continues: before === null ? null : endOf(before),
      }
    if (isFirst && name !== 'FROM' && name !== 'ARG')
      return { at: placeOf(word), said: 'no build stage in current context', continues: null }
    if (name === 'FROM') staged = true
    else if (!staged && name !== 'ARG')
      return { at: placeOf(word), said: 'no build stage in current context', continues: null }
    isFirst = false
    const rest = trimWritten(sliceWritten(line.text, word.text.length))
    const fault = argumentFault(name, withoutFlags(rest), rest, escaper)
    if (fault !== null) return { at: fault.at ?? placeOf(word), said: fault.said, continues: null }
    before = line
  }
  return null
}

function firstWord(text: WrittenText): WrittenText {
  return sliceWritten(text, 0, /^[^ \t]*/.exec(text.text)![0].length)
}

/** The last character of a line, behind which a backslash would join it with the next. */
function endOf({ text }: LogicalLine): Place {
  return placeIn(text, Math.max(0, text.text.length - 1), text.text.length)
}

function withoutFlags(rest: WrittenText): WrittenText {
  const flags = /^(?:--[a-z-]+(?:=\S*)?[ \t]+)*(?:--[a-z-]+(?:=\S*)?$)?/.exec(rest.text)![0].length
  return sliceWritten(rest, flags)
}

interface ArgumentFault {
  readonly said: string
  readonly at?: Place
}

function argumentFault(
  name: string,
  rest: WrittenText,
  all: WrittenText,
  escaper: '\\' | '`',
): ArgumentFault | null {
  const isEmpty = rest.text === ''
  switch (name) {
    case 'FROM': {
      const words = splitAtBlanks(rest)
      const isRight = words.length === 1 || (words.length === 3 && /^as$/i.test(words[1]!.text))
      if (isRight) return null
      const extra = /^as$/i.test(words[1]?.text ?? '') ? (words[3] ?? words[1]) : words[1]
      return {
        said: 'FROM requires either one or three arguments',
        ...(extra !== undefined && { at: placeOf(extra) }),
      }
    }
    case 'COPY':
    case 'ADD':
      return (jsonWords(rest) ?? splitAtBlanks(rest)).length === 1
        ? {
            said: `${name} requires at least two arguments, but only one was provided. Destination could not be determined`,
          }
        : null
    case 'ENV':
    case 'LABEL':
      return pairFault(name, rest, escaper)
    case 'WORKDIR':
    case 'USER':
    case 'STOPSIGNAL':
    case 'MAINTAINER':
      return isEmpty ? { said: `${name} requires exactly one argument` } : null
    case 'ARG':
    case 'EXPOSE':
    case 'VOLUME':
      if (isEmpty) return { said: `${name} requires at least one argument` }
      return name === 'EXPOSE' ? portFault(rest) : null
    case 'SHELL':
      // Docker long read the array and left alone what follows it.
      if (/^\s*\[(?:\s*"[^"\n]*"\s*,?)*\]\s*\S/.test(rest.text)) return null
      return jsonWords(rest) === null ? { said: 'SHELL requires the arguments to be in JSON form' } : null
    case 'HEALTHCHECK':
      return healthFault(rest, all)
    default:
      return null
  }
}

/** BuildKit cuts at the first blank, also in quotes, and then looks for the end of the quote. */
function loneWordFault(name: string, text: string): ArgumentFault {
  const quote = /^(["'])[^"']*\s/.exec(text)?.[1]
  if (quote === undefined) return { said: `${name} must have two arguments` }
  const kind = quote === '"' ? 'double' : 'single'
  return { said: `unexpected end of statement while looking for matching ${kind}-quote` }
}

function pairFault(name: string, rest: WrittenText, escaper: string): ArgumentFault | null {
  const words = splitRawWords(rest, escaper)
  const [first] = words
  if (first === undefined) return { said: `${name} requires at least one argument` }
  // The first format: a name, and everything behind it is the value.
  if (!first.text.includes('=')) return words.length === 1 ? loneWordFault(name, first.text) : null
  const lone = words.find(({ text }) => !text.includes('='))
  return lone === undefined
    ? null
    : {
        said: `can't find = in "${lone.text}". Must be of the form: name=value`,
        at: placeOf(lone),
      }
}

function portFault(rest: WrittenText): ArgumentFault | null {
  const wrong = splitAtBlanks(rest).find(
    ({ text }) =>
      !/[$:]/.test(text) && !isUnknownWord(text) && !/^"?\d+(?:-\d+)?(?:\/[a-z]+)?"?$/i.test(text),
  )
  return wrong === undefined ? null : { said: `invalid containerPort: ${wrong.text}`, at: placeOf(wrong) }
}

function healthFault(rest: WrittenText, all: WrittenText): ArgumentFault | null {
  const unitless = /--(interval|timeout|start-period|start-interval)=(\d+)(?=[ \t]|$)/.exec(
    all.text.slice(0, all.text.length - rest.text.length),
  )
  if (unitless !== null && unitless[2] !== '0')
    return {
      said: `time: missing unit in duration "${unitless[2]}"`,
      at: placeIn(all, unitless.index, unitless.index + unitless[0].length),
    }
  const [first, second] = splitAtBlanks(rest)
  if (first === undefined) return { said: 'HEALTHCHECK requires at least one argument' }
  const type = first.text.toUpperCase()
  if (type === 'NONE') return null
  if (type !== 'CMD') return { said: `unknown type "${type}" in HEALTHCHECK (try CMD)`, at: placeOf(first) }
  return second === undefined ? { said: 'missing command after HEALTHCHECK CMD', at: placeOf(first) } : null
}
