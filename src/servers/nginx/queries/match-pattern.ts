import { compilePcre, type PcreMatch } from '../../regex.ts'

/** The first match of one of nginx's patterns in a text of bytes; null for none, undefined where nobody here can tell. */
export function matchPattern(
  pattern: string,
  subject: string,
  caseless = false,
): PcreMatch | null | undefined {
  const regex = compilePcre(pattern, { caseless })
  return regex === null ? undefined : regex.match(subject)
}
