import type { Place, Source } from '../text/source.ts'

/** What `pgbouncer.ini` says of its pools. */
export interface PgBouncer {
  /** `listen_port`, 6432 where nothing says it. */
  readonly port: number
  /** `session`, `transaction` or `statement`; null where nothing says it, which is `session`. */
  readonly poolMode: { readonly text: string; readonly at: Place } | null
  /** `max_prepared_statements`; null where nothing says it, which is 0 before 1.24 and 200 from there on. */
  readonly preparedStatements: number | null
}

const LINE = /^[ \t]*(?:\[([^\]\n]*)\]|([a-z_]+)[ \t]*=[ \t]*([^\n]*?))[ \t]*$/gm

/**
 * The section `[pgbouncer]`; the last line of a name counts. Comments begin a line.
 *
 * @see https://www.pgbouncer.org/config.html
 */
export function readPgBouncer(source: Source): PgBouncer {
  const settings = new Map<string, { readonly text: string; readonly at: Place }>()
  let section = ''
  for (const match of source.code.matchAll(LINE)) {
    const [whole, header, name, text = ''] = match
    if (header !== undefined) section = header.trim()
    if (name === undefined || section !== 'pgbouncer') continue
    const start = match.index + whole.lastIndexOf(text)
    settings.set(name, { text, at: { source, start, end: start + text.length } })
  }
  const numberOf = (name: string): number | null => {
    const text = settings.get(name)?.text ?? ''
    return /^\d+$/.test(text) ? Number(text) : null
  }
  return {
    port: numberOf('listen_port') ?? 6432,
    poolMode: settings.get('pool_mode') ?? null,
    preparedStatements: numberOf('max_prepared_statements'),
  }
}
