import { posix } from 'node:path'
import { isCalledConfiguration } from './known-places.ts'
import type { SkippedFile, SkipReason } from './machine.ts'
import { failureNotice, fileNotice, type Notice, type NoticeCode } from './notice.ts'

/** Notices of files that are told one by one. */
const OF_FILES: Partial<Record<SkipReason, NoticeCode>> = {
  'other-program': 'other-program',
  'inside-program': 'other-program',
  'not-recognised': 'not-recognised',
  backup: 'backup',
  sample: 'backup',
  'not-included': 'not-included',
  'other-main': 'not-included',
}

/**
 * What was left out, as notices: one for each directory of files that nothing enables, one for each other file
 * that its name says to be a server's.
 *
 * @param hasMain true where a main file says itself which links it follows
 */
export function skippedNotices(skipped: readonly SkippedFile[], hasMain: boolean): readonly Notice[] {
  const of = (wanted: SkipReason): readonly SkippedFile[] => skipped.filter(({ reason }) => reason === wanted)
  const notices: Notice[] = [
    ...byDirectory('not-enabled', of('not-enabled'), files => `${files} in it not enabled, and not read`),
    ...byDirectory('stock', of('stock'), files => `${files} of packages in it not enabled, and not read`),
  ]
  if (!hasMain) {
    for (const { path, text } of of('link-outside')) notices.push(fileNotice('link-outside', path, text))
  }
  for (const { path, text } of of('failed'))
    notices.push(failureNotice('telling what the file is', path, text))
  const ofTests = of('test-data').length
  if (ofTests > 0) {
    const text = `${ofTests} ${ofTests === 1 ? 'file is' : 'files are'} what tests read (\`fixtures\`, \`testdata\`), and not read; name the directory to audit it`
    notices.push({ code: 'test-data', path: null, line: null, text, incomplete: false })
  }
  let others = 0
  for (const { path, reason, text } of skipped) {
    const code = OF_FILES[reason]
    if (code === undefined) continue
    // Of templates and of what lies at the top of a repository nobody expects that a server reads them.
    const isExpected = reason === 'inside-program' || isCalledConfiguration(path)
    if (isExpected) notices.push(fileNotice(code, path, `not read: ${text}`))
    else if (reason === 'other-program') others++
  }
  if (others > 0) {
    const text = `${others} ${others === 1 ? 'file belongs' : 'files belong'} to other programs, and not read`
    notices.push({ code: 'other-program', path: null, line: null, text, incomplete: false })
  }
  return notices
}

/** One for each directory, which says how many files of it there are. */
export function byDirectory(
  code: NoticeCode,
  files: readonly { readonly path: string }[],
  textOf: (files: string) => string,
): readonly Notice[] {
  const counts = new Map<string, number>()
  for (const { path } of files) {
    const directory = posix.dirname(path)
    counts.set(directory, (counts.get(directory) ?? 0) + 1)
  }
  return [...counts].map(([directory, count]) =>
    fileNotice(code, directory, textOf(`${count} ${count === 1 ? 'file' : 'files'}`)),
  )
}
