import { APACHE_OPTIONS } from '../../pcre/read-pattern.ts'
import { compilePcre, type PcreMatch } from '../../regex.ts'

/**
 * The first match of one of httpd's patterns in a text of bytes; null for none, undefined where nobody here can
 * tell. Since 2.4.30 httpd lets `.` take a line end and `$` stay off it.
 */
export function matchPattern(
  pattern: string,
  subject: string,
  caseless = false,
): PcreMatch | null | undefined {
  const regex = compilePcre(pattern, { ...APACHE_OPTIONS, caseless })
  return regex === null ? undefined : regex.match(subject)
}
