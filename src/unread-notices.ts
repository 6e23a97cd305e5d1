import { fileNotice, limitNotice, type Notice, type NoticeCode, noticeLine } from './files/notice.ts'
import { posix } from 'node:path'
import { hasWildcard } from '../parsers/wildcard/tokens.ts'
import { isBelow } from '../parsers/text/is-below.ts'
import { positionAt } from '../parsers/text/source.ts'
import { isReadInImage } from './deployment/containers/brought-files.ts'
import type { Container } from './deployment/containers/container.ts'
import { whyUnread } from './files/file-system.ts'
import type { Machine } from './files/machine.ts'
import type { ApacheConfiguration } from './servers/apache/configuration.ts'
import type { NginxConfiguration } from './servers/nginx/configuration.ts'
import { isStandIn } from '../parsers/text/stand-in.ts'
import type { UnreadFile, UnreadReason } from './servers/unread-file.ts'

const CODES: Readonly<Record<UnreadReason, NoticeCode>> = {
  outside: 'include-outside',
  unreadable: 'unreadable',
  'too-large': 'too-large',
  irregular: 'include-irregular',
}

/**
 * What a server includes and the audit could not read, as notices: one for each line that includes
 * something outside, however many files it names, and one for each file that the system did not give.
 */
export function unreadNotices(
  configuration: NginxConfiguration | ApacheConfiguration,
  { files: tree, fileName }: Pick<Machine, 'files' | 'fileName'>,
): readonly Notice[] {
  const notices: Notice[] = []
  const outside = new Map<string, UnreadFile[]>()
  for (const file of configuration.unread ?? []) {
    if (isStandIn(file.at.source)) continue
    if (file.reason === 'outside') {
      const key = `${file.at.source.path}\0${file.at.start}`
      const sameLine = outside.get(key)
      if (sameLine === undefined) outside.set(key, [file])
      else sameLine.push(file)
      continue
    }
    // What a container alone has is told of by the name of the file of the host.
    if (file.reason !== 'irregular' && tree.kind(file.path) === null && tree.refusal(file.path) === null)
      continue
    const text = file.reason === 'irregular' ? 'it is no regular file' : whyUnread(tree, file.path)
    const incomplete = file.reason !== 'irregular'
    notices.push({ code: CODES[file.reason], path: fileName(file.path), line: null, text, incomplete })
  }
  for (const files of outside.values())
    notices.push(outsideNotice(files, fileName, path => tree.kind(path) === 'directory'))
  if (configuration.limit !== undefined && configuration.limit !== null) {
    const { main, program, limit } = configuration
    const path = main === null || isStandIn(main) ? null : fileName(main.path)
    notices.push(
      limitNotice(
        path,
        `${program === 'nginx' ? 'nginx' : 'Apache'} is read up to ${limit}; the rest is not audited`,
      ),
    )
  }
  return notices
}

/** Of templates, that some of their lines are there under conditions alone which nothing in the audit decides. */
export function branchNotices(
  { sources }: NginxConfiguration | ApacheConfiguration,
  fileName: (path: string) => string,
): readonly Notice[] {
  return [...sources]
    .filter(source => source.branches.length > 0 && !isStandIn(source))
    .map(({ path }) =>
      fileNotice(
        'template-branch',
        fileName(path),
        'some of its lines are there under conditions of the template that nothing in the audit decides',
      ),
    )
}

/** What was not followed to its end of some files, as notices; of one file the first. */
export function limitNotices(
  limits: readonly ({ readonly path: string; readonly reason: string } | null)[],
  fileName: (path: string) => string,
): readonly Notice[] {
  const byPath = new Map<string, string>()
  for (const limit of limits)
    if (limit !== null && !byPath.has(limit.path)) byPath.set(limit.path, limit.reason)
  return [...byPath].map(([path, reason]) =>
    limitNotice(fileName(path), `what it sets was not followed to its end: ${reason}`),
  )
}

function outsideNotice(
  files: readonly UnreadFile[],
  fileName: (path: string) => string,
  hasDirectory: (path: string) => boolean,
): Notice {
  const [first] = files
  if (first === undefined) throw new RangeError('no file lies outside')
  const { source, start } = first.at
  const more = files.length > 1 ? ` and ${files.length - 1} more like it` : ''
  return {
    code: 'include-outside',
    path: fileName(source.path),
    line: positionAt(source, start).line,
    text:
      hasWildcard(posix.basename(first.path)) && hasDirectory(posix.dirname(first.path))
        ? `nothing here is one of \`${first.path}\`${more}, which it includes`
        : `\`${first.path}\`${more}, which it includes, lies outside of what is audited`,
    incomplete: false,
  }
}

/**
 * Marks what the system refused of files that containers have where a server reads them.
 *
 * @param fileName a path of the host as a report names it
 */
export function withBrought(
  notices: readonly Notice[],
  containers: () => readonly Container[],
  fileName: (path: string) => string,
): readonly Notice[] {
  if (!notices.some(({ code, incomplete }) => code === 'unreadable' && !incomplete)) return notices
  const mounts = containers().flatMap(({ mounts }) =>
    mounts.flatMap(({ path, target }) => (path === null ? [] : [{ name: fileName(path), target }])),
  )
  const isRead = (refused: string): boolean =>
    mounts.some(({ name, target }) => {
      if (isBelow(refused, name)) return isReadInImage(posix.join(target, refused.slice(name.length)))
      // Of a refused directory nobody sees whether it holds what is mounted.
      return isBelow(name, refused) && isReadInImage(target)
    })
  return notices.map(notice =>
    notice.code === 'unreadable' && notice.path !== null && isRead(notice.path)
      ? { ...notice, incomplete: true }
      : notice,
  )
}

/** The notices of one machine, each file's once: what a server reads counts more than that it was refused. */
export function joinNotices(servers: readonly Notice[], files: readonly Notice[]): readonly Notice[] {
  const joined = new Map<string, Notice>()
  const read = new Set(
    servers.filter(({ line, incomplete }) => line === null && incomplete).map(({ path }) => path),
  )
  for (const notice of servers) joined.set(noticeLine(notice), notice)
  for (const notice of files) if (!read.has(notice.path)) joined.set(noticeLine(notice), notice)
  return [...joined.values()]
}

/** Those of all machines, of which several may have met one file: what a server reads counts more. */
export function withoutRepeated(notices: readonly Notice[]): readonly Notice[] {
  const incomplete = new Set(notices.filter(notice => notice.incomplete).map(noticeLine))
  const seen = new Set<string>()
  return notices.filter(notice => {
    if (notice.path === null) return true
    const line = noticeLine(notice)
    if (seen.has(line) || (incomplete.has(line) && !notice.incomplete)) return false
    seen.add(line)
    return true
  })
}
