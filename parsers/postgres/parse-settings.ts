import type { Source } from '../text/source.ts'

/** `name = value` of a postgresql.conf; offsets are UTF-16, half-open, and cover the value as written. */
export interface PostgresSetting {
  /** Lower case, as PostgreSQL compares it. */
  readonly name: string
  readonly value: string
  readonly start: number
  readonly end: number
}

/**
 * Reads a postgresql.conf: a setting a line, `=` optional, `#` begins a comment outside quotes, and a quote
 * inside a quoted value is doubled or escaped (PostgreSQL documentation, "Setting Parameters").
 *
 * Where a setting stands twice the last one counts, so all are returned in order. A line that is no setting
 * is left out: PostgreSQL itself refuses the file for it.
 */
export function parsePostgresSettings(source: Source): readonly PostgresSetting[] {
  const settings: PostgresSetting[] = []
  const pattern =
    /^[ \t]*([A-Za-z_][\w.$]*)[ \t]*(?:=[ \t]*|[ \t]+)('(?:[^'\\\n]|''|\\.)*'|[^\s#'=][^\s#']*)/gm
  for (const match of source.code.matchAll(pattern)) {
    const [whole, name = '', written = ''] = match
    const end = match.index + whole.length
    settings.push({ name: name.toLowerCase(), value: unquote(written), start: end - written.length, end })
  }
  return settings
}

function unquote(written: string): string {
  if (!written.startsWith("'")) return written
  return written
    .slice(1, -1)
    .replace(/''|\\(.)/g, (pair, escaped: string | undefined) => escaped ?? pair.charAt(0))
}
