import type { Source } from '../../parsers/text/source.ts'
import { splitNested } from '../files/nested-path.ts'

/** The file that holds a source as a text, such as a script with a here-document; null for a file of its own. */
export function outerFile({ path, outer }: Source): string | null {
  return outer ?? splitNested(path)?.outer ?? null
}
