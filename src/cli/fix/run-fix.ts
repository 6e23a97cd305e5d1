import { dirname, resolve } from 'node:path'
import type { Source } from '../../../parsers/text/source.ts'
import { isDirectory } from '../../files/disk-file-system.ts'
import { printableLines } from '../../report/printable.ts'
import { redactorFor } from '../../redactor-for.ts'
import type { Arguments } from '../arguments.ts'
import type { Audited } from '../audit-once.ts'
import { writeText } from '../command-output.ts'
import type { Terminal } from '../terminal.ts'
import { type AuditedState, fixInPasses } from './fix-passes.ts'
import { type Replacement, writeFixed } from './write-fixed.ts'

interface State extends AuditedState {
  readonly audited: Audited
}

/**
 * Applies the fixes of an audit in memory until nothing changes, and then writes the files, or prints what would be
 * written. Throws `InputError`, with nothing written, where a file cannot be replaced.
 *
 * @param auditWith audits with texts in place of files, by absolute path of this machine
 */
export async function runFix(
  first: Audited,
  given: Arguments,
  terminal: Terminal,
  auditWith: (texts: ReadonlyMap<string, string>) => Promise<Audited>,
): Promise<{ readonly audited: Audited; readonly isChanged: boolean }> {
  const { workingDirectory, warn } = terminal
  const start = stateOf(first)
  const fixed = await fixInPasses(start, given.fix === 'unsafe', async texts =>
    stateOf(
      await auditWith(new Map([...texts].map(([file, text]) => [resolve(workingDirectory, file), text]))),
    ),
  )
  const within = [
    ...first.prepared.paths.map(path => (isDirectory(path) ? path : dirname(path))),
    ...rootsOf(first, workingDirectory),
  ]
  const replacements = [...fixed.texts].flatMap(([file, text]): readonly Replacement[] => {
    const source = start.readable(file)
    if (source === undefined || source.text === text) return []
    return [{ name: file, path: resolve(workingDirectory, file), source, text, within }]
  })
  if (given.diff) {
    writeText(given, terminal, await diffOf(replacements, first))
  } else {
    writeFixed(replacements)
    if (!given.quiet || fixed.applied.length > 0)
      warn(
        `${count(fixed.applied.length, 'fix', 'fixes')} applied in ${count(replacements.length, 'file', 'files')}`,
      )
  }
  for (const { finding, fix } of fixed.rejected) {
    const { file, line } = finding.at
    warn(`${file}:${line}: not fixed (${fix.title}): something else would be wrong then`)
  }
  return { audited: (fixed.state as State).audited, isChanged: replacements.length > 0 }
}

function count(number: number, one: string, several: string): string {
  return `${number} ${number === 1 ? one : several}`
}

function rootsOf({ prepared }: Audited, workingDirectory: string): readonly string[] {
  return prepared.machines.map(({ root }) => resolve(workingDirectory, root)).filter(isDirectory)
}

/** What an audit read of the disk: a dump and standard input are nobody's files. */
function stateOf(audited: Audited): State {
  let sources: Map<string, Source> | null = null
  return {
    audited,
    report: audited.report,
    whole: audited.whole,
    readable(file) {
      if (sources === null) {
        sources = new Map()
        for (const { files, fileName, isDump } of audited.prepared.machines) {
          if (isDump) continue
          for (const source of files.sources()) sources.set(fileName(source.path), source)
        }
      }
      return sources.get(file)
    },
  }
}

/** A unified diff, as `patch` reads it; secrets in the lines around a change are masked. */
async function diffOf(replacements: readonly Replacement[], { prepared }: Audited): Promise<string> {
  if (replacements.length === 0) return ''
  const { createTwoFilesPatch } = await import('diff')
  const redact = redactorFor(prepared.machines, [])
  const patches = replacements.map(({ name, source, text }) =>
    createTwoFilesPatch(`a/${name}`, `b/${name}`, redact.code(source.text), redact.code(text), '', '', {
      context: 3,
      headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true },
    }),
  )
  return printableLines(patches.join(''))
}
