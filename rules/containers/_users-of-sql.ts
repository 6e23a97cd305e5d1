import { memoByKey } from '../../parsers/collections/memo.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { filesBelow, type FileSystem, sourceAt } from '../../src/files/file-system.ts'

const REACH = { levels: 8, skipped: /^(?:\.git|node_modules|vendor|third_party|dist)$/ }
const MADE =
  /\b(?:create\s+(?:user|role)(?:\s+if\s+not\s+exists)?|grant\s[^;]{1,400}?\sto)\s+(["'`]?)([\w.-]+)\1/gi

/** The users that the texts of SQL below a directory make, or give rights to. */
const usersBelow = memoByKey((files: FileSystem, directory: string): ReadonlySet<string> => {
  const found = new Set<string>()
  for (const path of filesBelow(files, directory, REACH)) {
    if (!/\.sql(?:\.\w+)?$/i.test(path)) continue
    for (const match of sourceAt(files, path)?.text.matchAll(MADE) ?? []) found.add(match[2] ?? '')
  }
  return found
})

/** True where SQL of the repository makes a user of a database. */
export function isUserOfSql({ hostFiles, project }: Container, user: string): boolean {
  return usersBelow(hostFiles, project.directory).has(user)
}
