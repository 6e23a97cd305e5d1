import type { CaddyToken } from './tokens.ts'

/** A directive with its block. */
export interface Directive {
  readonly name: CaddyToken
  readonly args: readonly CaddyToken[]
  readonly block: readonly Directive[]
}
