import { posix } from 'node:path'
import { type Source, UNKNOWN } from '../text/source.ts'
import { MappedText } from '../text/text-map.ts'
import { finishWritten, type WrittenText } from '../text/written-text.ts'

/** `%(program_name)s`; what depends on supervisord or its environment is unknown, `%%` is a per cent sign. */
export function fillExpansions(value: WrittenText, name: string, source: Source): WrittenText {
  const { text } = value
  if (!text.includes('%')) return value
  const into = new MappedText(text, value.map, 0)
  let at = 0
  for (const { index, 0: whole, 1: key } of text.matchAll(/%(?:\((\w+)\)(?:s|\d*d)|%)/g)) {
    into.copy(at, index)
    const filled =
      key === undefined
        ? '%'
        : key === 'program_name' || key === 'group_name'
          ? name
          : key === 'here'
            ? posix.dirname(source.path)
            : UNKNOWN
    into.replace(index, index + whole.length, filled)
    at = index + whole.length
  }
  into.copy(at, text.length)
  return finishWritten(into, value)
}
