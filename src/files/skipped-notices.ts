import { posix } from 'node:path'
import type { SkippedFile, SkipReason } from './machine.ts'
import { failureNotice, type Notice } from './notice.ts'

/**
 * What was left out, as notices: one for each directory of files that nothing enables, one for all that belongs
 * to other programs. The list of files names each.
 *
 * @param hasMain true where a main file says itself which links it follows
 */
export function skippedNotices(skipped: readonly SkippedFile[], hasMain: boolean): readonly Notice[] {
  const of = (wanted: SkipReason): readonly SkippedFile[] => skipped.filter(({ reason }) => reason === wanted)
  const notices: Notice[] = []
  const notEnabled = new Map<string, number>()
  for (const { path } of of('not-enabled')) {
    const directory = posix.dirname(path)
    notEnabled.set(directory, (notEnabled.get(directory) ?? 0) + 1)
  }
  for (const [path, count] of notEnabled) {
    const text = `${count} ${count === 1 ? 'file' : 'files'} in it not enabled, and not read`
    notices.push({ code: 'not-enabled', path, line: null, text, incomplete: false })
  }
  if (!hasMain) {
    for (const { path, text } of of('link-outside'))
      notices.push({ code: 'link-outside', path, line: null, text, incomplete: false })
  }
  for (const { path, text } of of('failed'))
    notices.push(failureNotice('telling what the file is', path, text))
  const ofTests = of('test-data').length
  if (ofTests > 0) {
    const text = `${ofTests} ${ofTests === 1 ? 'file is' : 'files are'} what tests read (\`fixtures\`, \`testdata\`), and not read; name the directory to audit it`
    notices.push({ code: 'test-data', path: null, line: null, text, incomplete: false })
  }
  const others = of('other-program').length
  if (others > 0) {
    const text = `${others} ${others === 1 ? 'file belongs' : 'files belong'} to other programs, and not read`
    notices.push({ code: 'other-program', path: null, line: null, text, incomplete: false })
  }
  const writers = of('inside-program').length
  if (writers > 0) {
    const text = `${writers} ${writers === 1 ? 'program writes' : 'programs write'} lines of a server, which are not read`
    notices.push({ code: 'other-program', path: null, line: null, text, incomplete: false })
  }
  return notices
}
