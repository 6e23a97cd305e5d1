import { posix } from 'node:path'
import { exampleOf } from '../../parsers/dotenv/example-of.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { directoriesAbove } from '../../parsers/text/directories-above.ts'
import { escapePattern } from '../../parsers/text/escape-pattern.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { setupCommands } from '../../src/deployment/setups/setup-commands.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** A line of a file of variables that `docker run --env-file` reads. */
export interface RunVariable {
  readonly name: string
  /** As it is written; docker run takes it so, quotes and all. */
  readonly value: string
  /** The value. */
  readonly at: Place
  /** The word that names the file. */
  readonly given: Place
  /** True where the file is the one that is kept to be copied. */
  readonly isExample: boolean
}

/** The variables of the files that scripts, jobs and units of the repository give to `docker run`. */
export const variablesOfRun = memo((deployment: Deployment): readonly RunVariable[] => {
  const places = fileSystems(deployment)
  const found = new Map<Source, RunVariable[]>()
  for (const source of deployment.setups() ?? []) {
    if (!source.text.includes('--env-file') || !/\bdocker\b/.test(source.text)) continue
    for (const { words, assigned } of setupCommands(source)) {
      const texts = words.map(({ text }) => text)
      // Of `ExecStart=/usr/bin/docker run` in a unit a shell would take the first word for a variable.
      const command = [assigned.get('ExecStart') ?? '', ...texts.slice(0, 3)].join(' ').trim()
      if (!RUNS.test(command)) continue
      for (const [index, word] of texts.entries()) {
        const [, glued] = /^--env-file(?:=(.*))?$/s.exec(word) ?? [null, null]
        if (glued === null) continue
        const at = glued === undefined ? words[index + 1] : words[index]
        const path = glued ?? texts[index + 1] ?? ''
        const file = at === undefined || isChanged(source, path) ? null : fileOf(path, source, places)
        if (file === null || found.has(file.source)) continue
        found.set(file.source, linesOf(file.source, placeOf(at!), file.isExample))
      }
    }
  }
  return [...found.values()].flat()
})

const RUNS = /^(?:\S*\/)?docker (?:container )?(?:run|create)\b/

/** True where the script makes the file, or takes its quotes away. */
function isChanged({ text }: Source, path: string): boolean {
  const name = escapePattern(posix.basename(path))
  return new RegExp(
    String.raw`\b(?:sed|tr|envsubst|awk|perl)\b[^\n]*${name}|>\s*["']?[^\n]*${name}|\btee\b[^\n]*${name}`,
  ).test(text)
}

function fileSystems({ machines }: Deployment): readonly FileSystem[] {
  return [
    ...new Set(
      machines.flatMap(({ container, loose, beside, files }) => [
        container?.hostFiles ?? loose?.files ?? beside?.files ?? files,
      ]),
    ),
  ]
}

/** The file of the repository that a path of the server is: the longest end of it that lies there. */
function fileOf(
  path: string,
  { path: script }: Source,
  places: readonly FileSystem[],
): { readonly source: Source; readonly isExample: boolean } | null {
  if (!/^[\w./~@+-]+$/.test(path)) return null
  const parts = path.replace(/^~?\/|^\.\//, '').split('/')
  if (parts.includes('..')) return null
  // In one of them the repository begins.
  const homes = directoriesAbove(script)
  for (const files of places)
    for (let first = 0; first < parts.length; first++)
      for (const home of homes) {
        const candidate = posix.join(home, ...parts.slice(first))
        const source = files.kind(candidate) === 'file' ? sourceAt(files, candidate) : null
        if (source !== null) return { source, isExample: false }
        const example = exampleOf(candidate, each => sourceAt(files, each))
        if (example !== null) return { source: example, isExample: true }
      }
  return null
}

function linesOf(source: Source, given: Place, isExample: boolean): RunVariable[] {
  if (source.template) return []
  return [...source.code.matchAll(/^([A-Za-z_][\w.-]*)=(.*)$/gm)].map(match => {
    const [line, name = '', value = ''] = match
    const start = match.index + name.length + 1
    return {
      name,
      value: value.trimEnd(),
      at: { source, start, end: match.index + line.trimEnd().length },
      given,
      isExample,
    }
  })
}
