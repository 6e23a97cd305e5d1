import { type ExpressionNames, parseCondition, parseText } from '../expression/parse.ts'

export type { ExpressionNames } from '../expression/parse.ts'

/**
 * What httpd's `ap_expr` parser refuses in a boolean expression, or in the text of a string expression
 * (`%{…}` and `$1` inside plain text); null where it accepts the text.
 */
export function expressionFault(
  text: string,
  kind: 'boolean' | 'string',
  names: ExpressionNames,
): string | null {
  const parsed = kind === 'boolean' ? parseCondition(text, names) : parseText(text, names)
  return parsed.ok ? null : parsed.fault
}
