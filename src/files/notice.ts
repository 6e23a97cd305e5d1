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
  /** Files that wait in such a directory, and are read because nothing in the audit says which are enabled. */
  'read-as-fragments',
  /** A file that was named, and how it is read. */
  'read-as',
  /** A file that looks like a server's and belongs to another program. */
  'other-program',
  /** A file that looks like a server's by its name or its place, and nothing in it tells whose it is. */
  'not-recognised',
  /** A copy that is not live, or an example beside the file that was made from it. */
  'backup',
  /** Files that a package brings and nothing enables, as in `mods-available`. */
  'stock',
  /** A file that the main file, read whole, does not include, or a main file beside the one in use. */
  'not-included',
  /** A template of which some lines are there under conditions that nothing in the audit decides. */
  'template-branch',
  /** Files that look like a server's, and that tests of a program read. */
  'test-data',
  /** More than the audit reads of one thing or of all; the text names the limit. */
  'limit',
  /** A part of the audit failed, which is a defect of it: what that part would have found is missing. */
  'failed',
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
  /** Of what failed: where in the program, for whoever reports it. */
  readonly stack?: string
}

/** No message of what failed is longer; some quote what they were given. */
const LONGEST_MESSAGE = 500

/** A notice about a part of the audit that threw. */
export function failureNotice(part: string, path: string | null, error: unknown): Notice {
  const message = error instanceof Error ? error.message : String(error)
  return {
    code: 'failed',
    path,
    line: null,
    text: `${part} failed, which is a defect of deploy-audit: ${message.slice(0, LONGEST_MESSAGE)}`,
    incomplete: true,
    ...(error instanceof Error && error.stack !== undefined && { stack: error.stack }),
  }
}

/** A notice about a limit that was reached: what lies behind it was not read. */
export function limitNotice(path: string | null, text: string): Notice {
  return { code: 'limit', path, line: null, text, incomplete: true }
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
