/**
 * What kept a file from being read, followed or recognised, or how it was read where that is not plain. A
 * closed list: programs select by it.
 */
export const NOTICE_CODES = [
  /** The system refused: permissions, an input/output error. */
  'unreadable',
  /** Larger than what is read. */
  'too-large',
  /** A name that is not UTF-8, by which Node cannot open the file. */
  'name-not-utf8',
  /** A symbolic link that leads nowhere, or out of what is audited. */
  'link-outside',
  /** A server includes it, and it lies outside of what is audited. */
  'include-outside',
  /** A server includes what is no regular file. */
  'include-irregular',
  /** Files that wait in a directory such as `sites-available`, and that nothing enables. */
  'not-enabled',
  /** Files that look like a server's and belong to another program. */
  'other-program',
] as const
export type NoticeCode = (typeof NOTICE_CODES)[number]

/** Something that the audit could not do, or did otherwise than one might think. */
export interface Notice {
  readonly code: NoticeCode
  /** The file it speaks of, as a report names it; null where it is about no single one. */
  readonly path: string | null
  /** One-based; null where it is about the file as a whole. */
  readonly line: number | null
  /** One line without the path, no full stop. */
  readonly text: string
  /** True where a server reads what the audit could not: then more may be wrong than what was found. */
  readonly incomplete: boolean
}

/** A notice about a file as a whole that leaves nothing out of the audit. */
export function fileNotice(code: NoticeCode, path: string, text: string): Notice {
  return { code, path, line: null, text, incomplete: false }
}

/** `path:line: text`, as far as they are known. */
export function noticeLine({ path, line, text }: Notice): string {
  if (path === null) return text
  return line === null ? `${path}: ${text}` : `${path}:${line}: ${text}`
}
