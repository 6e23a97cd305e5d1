import type { Place } from '../text/source.ts'
import type { YamlNode } from './yaml-node.ts'

/** A map or a list without the blanks up to what follows it, which belong to it in YAML. */
export function writtenPlace({ at }: YamlNode): Place {
  return { ...at, end: at.start + at.source.text.slice(at.start, at.end).trimEnd().length }
}
