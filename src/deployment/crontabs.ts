import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { withoutComments } from '../../parsers/shell/without-comments.ts'
import { escapePattern } from '../../parsers/text/escape-pattern.ts'
import type { Source } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../files/file-system.ts'
import { writtenName } from '../files/starters.ts'
import type { Deployment } from './model.ts'
import { toldTexts } from './setups/told-texts.ts'

/** A table of cron. */
export interface CrontabFile {
  /** Where cron finds it, which the file of a playbook's template is not called after. */
  readonly path: string
  /** True where it lies there as a template, whose name is not that of what it writes. */
  readonly isTemplate: boolean
  readonly source: Source
  /** Whose it is; null where each line says so. */
  readonly user: string | null
}

const SPOOLS = ['/var/spool/cron/crontabs', '/var/spool/cron']

/** The tables that cron of a machine reads, as far as they are in the audit. */
export function* crontabsOf(files: FileSystem): Iterable<CrontabFile> {
  const read = function* (directory: string, isSpool: boolean): Iterable<CrontabFile> {
    for (const { name, kind } of files.list(directory) ?? []) {
      const path = posix.join(directory, name)
      const source = kind === 'file' ? sourceAt(files, path) : null
      if (source !== null)
        yield { path, isTemplate: writtenName(name) !== name, source, user: isSpool ? name : null }
    }
  }
  yield* read('/etc/cron.d', false)
  const main = sourceAt(files, '/etc/crontab')
  if (main !== null) yield { path: '/etc/crontab', isTemplate: false, source: main, user: null }
  for (const directory of SPOOLS) yield* read(directory, true)
}

/**
 * True where the file at the place of a table of the system is another program's, or of an account: its lines name no
 * account, and cron does not look at its name. A repository may call it so that gives it to supercronic, loads it by
 * `crontab`, or puts it into an image elsewhere.
 */
export function isGivenByName(deployment: Deployment, path: string): boolean {
  const lines = linesOfCron(deployment)
  if (lines === null) return true
  const file = String.raw`(?<![\w.-])${escapePattern(path.slice(1))}(?![\w./-])`
  const isLoaded = new RegExp(
    String.raw`\bcrontab[ \t]+(?:-\w[ \t]+\S+[ \t]+)*\S*${file}|${file}.*(?:\|[ \t]*crontab\b|${SPOOL})`,
  )
  const copied = new RegExp(
    String.raw`(?:\b(?:COPY|ADD|cp|install|mv|ln)\b.*[ \t"'](?!/etc/)\S*${file}["',]*[ \t]+|${file}:)["']?([^\s:"']+)`,
  )
  return lines.some(line => {
    const to = isLoaded.test(line) ? '' : copied.exec(line)?.[1]
    return to !== undefined && !/^\/etc(?:$|\/$|\/cron)(?!tabs)/.test(to)
  })
}

/** The lines of a repository that speak of cron; null where a program of it reads such tables wherever they lie. */
const linesOfCron = memo((deployment: Deployment): readonly string[] | null => {
  const texts = toldTexts(deployment).filter(({ text }) => text.includes('cron'))
  return texts.some(({ text }) => READERS.test(text))
    ? null
    : texts.flatMap(({ text }) =>
        withoutComments(text)
          .split('\n')
          .filter(line => line.includes('cron')),
      )
})

/** Instead of cron; crond of BusyBox with a directory of its own. */
const READERS = /\b(?:supercronic|yacron|go-crond)\b|\bcrond\b.*[ \t]-c\b/
const SPOOL = '/var/spool/cron|/etc/crontabs|/var/cron/tabs'
