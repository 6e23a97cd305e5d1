import type { Place } from '../text/source.ts'
import type { WrittenText } from '../text/written-text.ts'

/** A node of a YAML document with its aliases and merge keys already followed. */
export type YamlNode = YamlScalar | YamlList | YamlMap

interface Node {
  /** As written: `!reset`, `!override`, `!!str`; null where there is none. */
  readonly tag: string | null
  readonly at: Place
}

export interface YamlScalar extends Node {
  readonly kind: 'scalar'
  /** The text that the scalar stands for, quotes, escapes and folded lines read. */
  readonly text: WrittenText
  /** True for a plain scalar, which may be a number, a boolean or null; false for a quoted or block one. */
  readonly plain: boolean
}

export interface YamlList extends Node {
  readonly kind: 'list'
  readonly items: readonly YamlNode[]
}

export interface YamlMap extends Node {
  readonly kind: 'map'
  /** In the order of the file, what a merge key brings after the map's own. */
  readonly entries: ReadonlyMap<string, YamlEntry>
}

export interface YamlEntry {
  readonly name: string
  /** The key's own place, also where a merge key brought it. */
  readonly key: Place
  readonly value: YamlNode
}

export interface YamlFile {
  /** The root of each document that has one. */
  readonly documents: readonly YamlNode[]
  /** True where some of the file is no YAML, or more than this reader takes: what is missing may be there. */
  readonly broken: boolean
  /** What readers that are strict refuse: a key for the second time, and the first place that no such reader takes. */
  readonly faults: readonly YamlFault[]
}

/** A place at which programs of Go stop reading. */
export interface YamlFault {
  readonly at: Place
  /** In the words of Go's reader, without the line. */
  readonly said: string
  /** Where the key stands for the first time; null where another thing is wrong. */
  readonly former: Place | null
}

/** True for the plain scalars that stand for nothing. */
export function isNull(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.plain && /^(?:|~|null|Null|NULL)$/.test(node.text.text)
}
