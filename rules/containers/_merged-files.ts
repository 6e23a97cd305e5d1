import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import type { Source } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** What tells how a project is started. */
const TELLING =
  /\.(?:sh|bash|md|rst|txt|env|mk|ya?ml|toml|py|json)$|^(?:Makefile|justfile|\.env\S*|README\S*|[a-z][\w-]*)$/
const OF_SCRIPTS = /^(?:scripts?|bin|docs?|tools?|\.github|workflows|ci|deploy(?:ment)?)$/
const LEVELS = 3
const MOST = 200

/** Several compose files for one command, or a list of them that a script makes. */
const SEVERAL =
  /(?:-f|--file)[ =]["']?\S*\.ya?ml(?:[^\n]|\\\n)*\s(?:-f|--file)[ =]|\bCOMPOSE_FILE\s*[=:]\s*\S+[:;,]\S+|(?:-f|--file)[ =]\\?["']?\$|(?:-f|--file) ["']?\s*\+|["'](?:-f|--file)["']|^include:/m

/** True where a script or a text, in a directory or above it, gives several compose files to one command. */
export const isMerged = memoByKey((files: FileSystem, directory: string): boolean => {
  let left = MOST
  const holds = (home: string, depth: number): boolean =>
    (files.list(home) ?? []).some(({ name, kind }) => {
      const path = posix.join(home, name)
      if (kind === 'directory') return depth > 0 && OF_SCRIPTS.test(name) && holds(path, depth - 1)
      if (!TELLING.test(name) || left-- <= 0) return false
      return SEVERAL.test(sourceAt(files, path)?.text ?? '')
    })
  for (let [home, above] = [directory, LEVELS]; above > 0; home = posix.dirname(home), above--) {
    if (holds(home, 2)) return true
    if (home === '/' || files.kind(posix.join(home, '.git')) !== null) return false
  }
  return false
})

/** One compose file behind `-f`. */
const FILE = /(?:^|\s)(?:-f|--file)[ =]["']?([^\s"']+)/g

/** The compose files that a command in one of these texts starts by themselves, as they are named there. */
export function startedAlone(texts: readonly Source[]): ReadonlySet<string> {
  return new Set(texts.flatMap(({ text }) => text.split('\n').flatMap(line => loneFile(line) ?? [])))
}

function loneFile(line: string): string | null {
  const begin = line.search(/\bcompose\b/)
  if (begin === -1 || line.includes('$') || /^\s*#/.test(line)) return null
  if (!/\s(?:up|run|start|build|pull|create)\b/.test(line.slice(begin))) return null
  const [only, ...others] = [...line.matchAll(FILE)].map(([, name = '']) => name.replace(/^(?:\.\/)+/, ''))
  return others.length === 0 ? (only ?? null) : null
}
