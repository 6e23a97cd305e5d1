import { type Notice, type NoticeCode, noticeLine } from '../files/notice.ts'
import { printable } from './printable.ts'
import type { Paint } from './reporter.ts'
import { wrapWords } from './wrap-words.ts'

/** What notices of a kind come to, for one and for several. */
const COUNTED: Readonly<Record<NoticeCode, readonly [one: string, several: string]>> = {
  unreadable: ['path could not be read', 'paths could not be read'],
  'too-large': ['file is too large', 'files are too large'],
  'name-not-utf8': ['name is not UTF-8', 'names are not UTF-8'],
  'link-outside': ['link leads out of the audit', 'links lead out of the audit'],
  'include-outside': ['include leads out of the audit', 'includes lead out of the audit'],
  'not-enabled': [
    'directory holds files that are not enabled',
    'directories hold files that are not enabled',
  ],
  'read-as-fragments': [
    'directory of available files is read as fragments',
    'directories of available files are read as fragments',
  ],
  'other-program': ['note of files of other programs', 'notes of files of other programs'],
  'not-recognised': ['file is not recognised', 'files are not recognised'],
  backup: ['copy that is not live', 'copies that are not live'],
  stock: [
    'directory holds files of packages that are not enabled',
    'directories hold files of packages that are not enabled',
  ],
  'not-included': ['file that no main file includes', 'files that no main file includes'],
  'template-branch': [
    'template has conditions that nothing decides',
    'templates have conditions that nothing decides',
  ],
  'test-data': ['note of files that tests read', 'notes of files that tests read'],
  'read-as': ['named file is read as its lines tell', 'named files are read as their lines tell'],
  limit: ['limit was reached', 'limits were reached'],
  failed: ['part of the audit failed', 'parts of the audit failed'],
  'include-irregular': ['include names no regular file', 'includes name no regular file'],
}

/** The notices of a report as lines: one that counts them, or each where `all` are asked for. */
export function noticeLines(
  notices: readonly Notice[],
  all: boolean,
  width: number,
  chalk: Paint,
): readonly string[] {
  if (notices.length === 0) return []
  const incomplete = notices.filter(notice => notice.incomplete)
  const line = (notice: Notice): string => `${chalk.cyan('notice')}: ${printable(noticeLine(notice))}`
  const named = notices.filter(({ code }) => code === 'read-as')
  const shown = named.length > MOST_NAMED ? [] : named
  const rest = notices.filter(notice => !shown.includes(notice))
  const lines = all
    ? notices.map(line)
    : [...shown.map(line), ...(rest.length > 0 ? wrapWords(`${counted(rest)} (-v lists them)`, width) : [])]
  if (incomplete.length === 0) return lines
  return [...lines, chalk.yellow.bold('incomplete: a server reads what the audit could not')]
}

/** Who names more of them, as a hook does, knows what they are. */
const MOST_NAMED = 3

function counted(notices: readonly Notice[]): string {
  const counts = new Map<NoticeCode, number>()
  for (const { code } of notices) counts.set(code, (counts.get(code) ?? 0) + 1)
  const phrases = [...counts].map(([code, count]) => `${count} ${COUNTED[code][count === 1 ? 0 : 1]}`)
  return `${notices.length === 1 ? 'notice' : 'notices'}: ${phrases.join(', ')}`
}
