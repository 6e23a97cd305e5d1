import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'

/** The last `bind-address` that an option file gives the server. */
export interface MysqlBind {
  readonly address: string
  readonly at: Place
}

/** Groups that the servers of MySQL and MariaDB read. */
const OF_SERVER = /^(?:mysqld(?:-\d+\.\d+)?|server|mariadbd?(?:-\d+\.\d+)?)$/i

/**
 * Reads an option file of MySQL (`my.cnf`): groups in brackets, `name = value`, `-` and `_` alike in names, `#` and `;`
 * begin a comment. Null where it says no `bind-address`, or includes another file behind it.
 */
export const readMysqlBind = memo((source: Source): MysqlBind | null => {
  let group = ''
  let found: MysqlBind | null = null
  const line =
    /^[ \t]*(?:\[([^\]\n]+)\]|(!include(?:dir)?)\b.*|(bind[-_]address)[ \t]*=[ \t]*(["']?)([^\s"'#;]+))/gim
  for (const match of source.code.matchAll(line)) {
    const [whole, opened, included, name, , address] = match
    if (opened !== undefined) group = opened.trim()
    else if (included !== undefined) found = null
    else if (name !== undefined && address !== undefined && OF_SERVER.test(group)) {
      const end = match.index + whole.length
      found = { address, at: { source, start: end - address.length, end } }
    }
  }
  return found
})
