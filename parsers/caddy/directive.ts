import type { CaddyToken } from './tokens.ts'

/** True for a word that says for which requests a directive is: `*`, `/api/*`, `@name`. */
export function isMatcher({ text }: CaddyToken): boolean {
  return /^(?:\*$|[/@])/.test(text)
}

/** A directive with its block. */
export interface Directive {
  readonly name: CaddyToken
  readonly args: readonly CaddyToken[]
  readonly block: readonly Directive[]
}
