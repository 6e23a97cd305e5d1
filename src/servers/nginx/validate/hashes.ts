import type { NginxWord } from '../../../../parsers/nginx/syntax.ts'
import { toBytes } from '../../regex.ts'
import type { NginxDirective } from '../configuration.ts'
import { effective } from './merge.ts'
import { parseSize } from './numbers.ts'
import { isWhole, type Reading, report } from './unit.ts'

/** The line of a processor's cache, on x86 and ARM: nginx's buckets have this size unless told, and a multiple of it. */
const CACHE_LINE = 64
const POINTER = 8

/** True where a key and what nginx keeps beside it fill more than one bucket of its tables (`ngx_hash_init`). */
function overflows(key: string, bucket: number): boolean {
  const length = toBytes(key).length + 2
  return POINTER + Math.ceil(length / POINTER) * POINTER + POINTER > bucket
}

/** A key of a table, where it is written. */
export interface HashedKey {
  readonly key: string
  readonly directive: NginxDirective
  readonly word: NginxWord
}

/**
 * Reports the first key that does not fit into a bucket of its table, for which nginx does not start; true for none.
 *
 * @param size the directive that makes the buckets larger, such as `map_hash_bucket_size`
 * @param block where it would be in force
 */
export function checkKeys(
  reading: Reading,
  size: string,
  block: NginxDirective,
  keys: Iterable<HashedKey>,
  isBefore: (line: NginxDirective) => boolean = () => true,
): boolean {
  if (!isWhole(reading)) return true
  const line = effective(block, size)
  const written = line === null || !isBefore(line) ? CACHE_LINE : parseSize(line.args[0]?.value ?? '')
  if (written === null) return true
  const bucket = Math.ceil(written / CACHE_LINE) * CACHE_LINE
  for (const { key, directive, word } of keys) {
    if (!overflows(key, bucket)) continue
    report(
      reading,
      'hash-too-small',
      directive,
      word,
      `\`${word.value}\` is too long for \`${size}\`, which is ${bucket}`,
      { help: `Write \`${size} ${bucketFor(key)};\` in front of it` },
    )
    return false
  }
  return true
}

/** The smallest power of two that a key fits into. */
function bucketFor(key: string): number {
  let bucket = CACHE_LINE
  while (overflows(key, bucket)) bucket *= 2
  return bucket
}
