import type { Place, Source } from '../text/source.ts'

/** A record of pg_hba.conf: the first that fits a connection decides. */
export interface HbaRecord {
  /** The whole record. */
  readonly at: Place
  /** `local`, `host`, `hostssl`, `hostnossl`, `hostgssenc`, `hostnogssenc`. */
  readonly type: string
  readonly databases: readonly string[]
  readonly users: readonly string[]
  /** Empty for `local`. */
  readonly address: string
  /** A mask in a field of its own; empty where there is none. */
  readonly mask: string
  readonly method: string
  readonly methodAt: Place
  /** `map=…` and the like. */
  readonly options: readonly string[]
}

/** The records in their order; null where the file includes others, which nobody reads here. */
export function parseHba(source: Source): readonly HbaRecord[] | null {
  const records: HbaRecord[] = []
  for (const { index, 0: line } of source.code.matchAll(/^.*$/gm)) {
    const fields = [...line.replace(/#.*/, '').matchAll(/(?:"[^"]*"|[^\s"])+/g)]
    const [type, databases, users, ...rest] = fields
    if (type === undefined) continue
    if (/^(?:@|include)/.test(type[0])) return null
    if (databases === undefined || users === undefined || !/^(?:local|host\w*)$/.test(type[0])) continue
    if (/^@|,@/.test(`${databases[0]} ${users[0]}`)) return null
    const address = type[0] === 'local' ? null : rest.shift()
    const mask = address != null && /^[\d.:a-f]+$/i.test(rest[0]?.[0] ?? '') ? rest.shift() : undefined
    const [method, ...options] = rest
    if (address === undefined || method === undefined) continue
    const last = fields.at(-1)!
    const place = (from: RegExpExecArray, to: RegExpExecArray): Place => ({
      source,
      start: index + from.index,
      end: index + to.index + to[0].length,
    })
    records.push({
      at: place(type, last),
      type: type[0],
      databases: namesOf(databases[0]),
      users: namesOf(users[0]),
      address: address?.[0] ?? '',
      mask: mask?.[0] ?? '',
      method: method[0],
      methodAt: place(method, method),
      options: options.map(each => each[0]),
    })
  }
  return records
}

function namesOf(field: string): readonly string[] {
  return field.split(',').map(each => each.replaceAll('"', ''))
}
