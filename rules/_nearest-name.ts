import { posix } from 'node:path'
import { isSlip } from '../parsers/text/slip.ts'
import type { Place } from '../parsers/text/source.ts'
import { propose, replacePlace } from '../src/deployment/edits.ts'
import type { RuleFinding } from '../src/engine/rule.ts'
import type { FileSystem } from '../src/files/file-system.ts'

/** A part of a path that is not there, and what is there beside it. */
export interface NearName {
  readonly missing: string
  readonly present: string
}

/** What is said of a word that names a file or directory by such a slip, and its fix. */
export function slipFinding(at: Place, { missing, present }: NearName): RuleFinding {
  const index = at.source.text.slice(at.start, at.end).lastIndexOf(missing)
  const start = at.start + index
  const edits =
    index === -1 ? [] : [replacePlace({ source: at.source, start, end: start + missing.length }, present)]
  return {
    at,
    message: `\`${missing}\` does not exist, and \`${present}\` does`,
    ...propose(`Write \`${present}\``, 'unsafe', edits),
  }
}

/** The first part of a path that is not there, and the one name beside it that differs by a letter. */
export function nearestName(files: FileSystem, path: string): NearName | null {
  let directory = '/'
  for (const missing of path.split('/').slice(1)) {
    if (/[*?[]/.test(missing)) return null
    const next = posix.join(directory, missing)
    if (files.kind(next) !== null) {
      directory = next
      continue
    }
    const names = files.list(directory) ?? []
    // A link that leads nowhere has the name and is no slip.
    if (names.some(({ name }) => name === missing)) return null
    const near = names.filter(({ name }) => isSlip(name.toLowerCase(), missing.toLowerCase(), 1))
    const [only] = near
    return only !== undefined && near.length === 1 ? { missing, present: only.name } : null
  }
  return null
}

/** The file in the directory of one that is not there, with such an ending, whose name differs by a letter. */
export function fileNearBeside(files: FileSystem, path: string, ending = posix.extname(path)): string | null {
  const directory = posix.dirname(path)
  const near = (files.list(directory) ?? []).find(
    ({ name, kind }) =>
      kind === 'file' && posix.extname(name) === ending && isSlip(name, posix.basename(path), 1),
  )
  return near === undefined ? null : posix.join(directory, near.name)
}
