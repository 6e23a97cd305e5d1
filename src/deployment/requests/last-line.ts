/** What a step of a request says of where it came from, in either server. */
interface Step<Kind extends string, Line> {
  readonly kind: Kind
  readonly directive: Line | null
}

/** The line behind the last step of these kinds; null where there was none, or a default made it. */
export function lastLine<Kind extends string, Line>(
  steps: readonly Step<Kind, Line>[],
  ...kinds: readonly NoInfer<Kind>[]
): Line | null {
  return steps.findLast(({ kind }) => kinds.includes(kind))?.directive ?? null
}
