import type { Fact } from '../../parsers/text/fact.ts'

/** What PHP itself takes, and what the php.ini of distributions writes. */
const STOCK = { upload_max_filesize: 2 * 1024 ** 2, post_max_size: 8 * 1024 ** 2 }

export interface UploadLimit {
  readonly bytes: number
  readonly facts: readonly Fact<string>[]
}

/** The largest upload, where somebody raised it; null where it is PHP's own, or not known. */
export function uploadLimit(setting: (name: string) => Fact<string> | null): UploadLimit | null {
  const upload = setting('upload_max_filesize')
  const post = setting('post_max_size')
  const facts = [upload, post].filter(fact => fact !== null)
  const file = upload === null ? STOCK.upload_max_filesize : bytesOf(upload)
  const body = post === null ? STOCK.post_max_size : bytesOf(post)
  if (file === null || body === null || file <= STOCK.upload_max_filesize) return null
  const bytes = body === 0 ? file : Math.min(file, body)
  return bytes > STOCK.upload_max_filesize ? { bytes, facts } : null
}

function bytesOf(fact: Fact<string>): number | null {
  return fact.known ? bytesOfSize(fact.value) : null
}

/** A number with `k`, `m` or `g`, as PHP and nginx have it; null for anything else. */
export function bytesOfSize(text: string): number | null {
  const match = /^\s*(\d{1,12})\s*([kmg]?)\s*$/i.exec(text)
  if (match === null) return null
  return Number(match[1]) * 1024 ** ['', 'k', 'm', 'g'].indexOf(match[2]!.toLowerCase())
}

export function size(bytes: number): string {
  for (const [unit, power] of [
    ['g', 3],
    ['m', 2],
    ['k', 1],
  ] as const)
    if (bytes >= 1024 ** power && bytes % 1024 ** power === 0) return `${bytes / 1024 ** power}${unit}`
  return String(bytes)
}
