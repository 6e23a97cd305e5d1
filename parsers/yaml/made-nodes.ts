import type { Place } from '../text/source.ts'
import { placeOf, type WrittenText } from '../text/written-text.ts'
import type { YamlEntry, YamlList, YamlMap, YamlNode, YamlScalar } from './yaml-node.ts'

/** A text of another language as the scalar that would say the same in YAML. */
export function madeScalar(text: WrittenText): YamlScalar {
  return { kind: 'scalar', tag: null, at: placeOf(text), text, plain: false }
}

export function madeList(items: readonly YamlNode[], at: Place): YamlList {
  return { kind: 'list', tag: null, at, items }
}

/** A map; of two values of one key the later one counts. */
export function madeMap(entries: readonly (readonly [string, YamlNode])[], at: Place): YamlMap {
  return {
    kind: 'map',
    tag: null,
    at,
    entries: new Map(
      entries.map(([name, value]): [string, YamlEntry] => [name, { name, key: value.at, value }]),
    ),
  }
}
