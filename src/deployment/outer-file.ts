import type { Source } from '../../parsers/text/source.ts'
import { splitNested } from '../files/nested-path.ts'

/** The file that holds a source as a text, such as a script with a here-document; null for a file of its own. */
export function outerFile(source: Source): string | null {
  return splitNested(keptPath(source))?.outer ?? null
}

/** Where a source is kept: its own path, but for what a script or a playbook writes at another one. */
export function keptPath({ path, kept }: Source): string {
  return kept ?? path
}
