import type { Source } from '../../../parsers/text/source.ts'

/** False for what is filled in before Python reads it. */
export function isPlain({ code, text, branches, gaps }: Source): boolean {
  return code === text && branches.length + gaps.length === 0 && !/\{\{|\{%|<%/.test(text)
}

/** What Python 2 took, and the grammar does not. */
export function isPython2({ text }: Source): boolean {
  return /^[ \t]*(?:print|exec)[ \t]+[^=(\s]|^[ \t]*except[ \t]+\w+[ \t]*,|`|<>|\b[uU][rR]["']|\b0[0-7]{2,}\b/m.test(
    text,
  )
}
