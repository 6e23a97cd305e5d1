import { splitQuotedWords } from '../text/quoted-words.ts'
import { placeOf, sliceWritten } from '../text/written-text.ts'
import type { YamlMap, YamlScalar } from '../yaml/yaml-node.ts'

/** What a module is given, as a map or as `path=/run/shop state=directory`. */
export function optionsIn(value: YamlMap | YamlScalar): Iterable<readonly [string, YamlScalar]> {
  return value.kind === 'map' ? scalarsOf(value) : assignedIn(value)
}

function scalarsOf({ entries }: YamlMap): readonly (readonly [string, YamlScalar])[] {
  return [...entries.values()].flatMap(({ name, value }) =>
    value.kind === 'scalar' ? [[name, value] as const] : [],
  )
}

/** `path=/run/shop state=directory`: all of them are texts. */
function assignedIn({ text }: YamlScalar): readonly (readonly [string, YamlScalar])[] {
  return splitQuotedWords(text).flatMap(word => {
    const equals = word.text.indexOf('=')
    if (equals < 1) return []
    const value = sliceWritten(word, equals + 1)
    const scalar = { kind: 'scalar', tag: null, at: placeOf(value), text: value, plain: false } as const
    return [[word.text.slice(0, equals), scalar] as const]
  })
}
