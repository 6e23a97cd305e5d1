import { findDirectives } from '../../../parsers/nginx/find-directives.ts'
import { parseNginx } from '../../../parsers/nginx/parse.ts'
import { textSource } from '../../../parsers/text/source.ts'
import { isGlob, matchesPath } from './glob.ts'

/** One file of an `nginx -T` dump; the first of a dump is the main file. */
export interface DumpedFile {
  readonly path: string
  readonly text: string
}

const HEADER = /^# configuration file (\/.*):\r?$/

/** What nginx writes to standard error, which `2>&1` mixes in; no directive is called `nginx:`. */
const CHATTER =
  /^nginx: (?:the configuration file .* syntax is ok|configuration file .* test (?:is successful|failed)|\[\w+\] .*)$/

/**
 * Takes an `nginx -T` dump apart into its files, or returns null for a text that is none.
 *
 * nginx writes each file once, in the order in which it first reads them: a header, the bytes of the file,
 * a line end. A line that looks like a header and names a file that no file before it includes is a
 * comment of the file it stands in, such as one that was made from a dump.
 */
export function splitNginxDump(text: string): readonly DumpedFile[] | null {
  const lines = text.split('\n').filter(line => !line.startsWith('nginx: ') || !CHATTER.test(line.trimEnd()))
  const first = lines.findIndex(line => line.trim() !== '')
  const main = HEADER.exec(lines[first] ?? '')?.[1]
  if (main === undefined) return null

  const files: DumpedFile[] = []
  const includes = new IncludedPaths(main.slice(0, main.lastIndexOf('/')))
  if (lines.at(-1) === '') lines.pop()
  let path = main
  let start = first + 1
  let unread = start
  includes.take(main)
  for (let at = start; at < lines.length; at++) {
    const line = lines[at] ?? ''
    const next = line.startsWith('# configuration file ') ? HEADER.exec(line)?.[1] : undefined
    if (next === undefined) continue
    includes.read(lines.slice(unread, at).join('\n'))
    unread = at
    if (!includes.has(next)) continue
    files.push({ path, text: lines.slice(start, at).join('\n') })
    path = next
    start = at + 1
    unread = start
    includes.take(next)
  }
  files.push({ path, text: lines.slice(start).join('\n') })
  return files
}

/** The paths that the files read so far include. */
class IncludedPaths {
  private readonly directory: string
  private readonly literal = new Set<string>()
  /** Patterns by their directory; under the empty name those whose directory is a pattern too. */
  private readonly patterns = new Map<string, Set<string>>()
  private readonly taken = new Set<string>()

  constructor(directory: string) {
    this.directory = directory
  }

  /** nginx writes no file twice. */
  take(path: string): void {
    this.taken.add(path)
  }

  read(text: string): void {
    if (!text.includes('include')) return
    for (const { args } of findDirectives(parseNginx(textSource(this.directory, text)).children, 'include')) {
      const value = args[0]?.value
      if (value !== undefined) this.add(value.startsWith('/') ? value : `${this.directory}/${value}`)
    }
  }

  has(path: string): boolean {
    if (this.taken.has(path)) return false
    if (this.literal.has(path)) return true
    for (const directory of [path.slice(0, path.lastIndexOf('/')), ''])
      for (const pattern of this.patterns.get(directory) ?? []) if (matchesPath(path, pattern)) return true
    return false
  }

  private add(path: string): void {
    this.literal.add(path)
    if (!isGlob(path)) return
    const directory = path.slice(0, path.lastIndexOf('/'))
    const key = isGlob(directory) || directory.includes('//') ? '' : directory
    const known = this.patterns.get(key)
    if (known === undefined) this.patterns.set(key, new Set([path]))
    else known.add(path)
  }
}
