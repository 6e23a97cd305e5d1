import { maskTemplate } from '../../parsers/text/mask-template.ts'
import { placeholdersIn } from '../../parsers/text/placeholder.ts'
import type { KnownValue, Source } from '../../parsers/text/source.ts'
import type { FilledWords } from '../../parsers/text/template/filled-words.ts'

/** What a repository tells of one of its files. */
export interface Filling {
  /** What commands fill in; null for a file that none of them touches. */
  readonly words: FilledWords | null
  /** True where commands add what the file leaves open. */
  readonly isContinued: boolean
  /** What a placeholder stands for, by how it is written; null where nothing tells. */
  readonly valueFor: (placeholder: string) => KnownValue | null
}

/** What a repository tells of a file, by its absolute path on this machine. */
export type FillingOf = (path: string) => Filling

/**
 * The source of a file's text, what only a template engine knows masked; `path` is the path inside the root.
 *
 * @param kept where it lies, if by another name: that of the template from which the file at the path is written
 */
export function toSource(
  path: string,
  text: string,
  encoding: Source['encoding'] = 'utf8',
  filling: Filling | null = null,
  kept: string | null = null,
): Source {
  const masked = maskTemplate(kept ?? path, text, filling?.words)
  const values = masked.template && filling !== null ? valuesIn(masked.code, filling) : null
  return {
    path,
    text,
    encoding,
    ...masked,
    values,
    ...(kept !== null && { kept }),
    ...(filling?.isContinued === true && { isContinued: true }),
  }
}

/** What a repository tells of the placeholders of a masked text; null where it tells of none. */
export function valuesIn(code: string, { valueFor }: Filling): Source['values'] {
  const values = new Map<string, KnownValue>()
  for (const placeholder of placeholdersIn(code)) {
    const value = valueFor(placeholder)
    if (value !== null) values.set(placeholder, value)
  }
  return values.size === 0 ? null : values
}
