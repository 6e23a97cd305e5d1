import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'

/** The last `bind` of a `redis.conf`, which is the one that counts. */
export interface RedisBind {
  readonly addresses: readonly string[]
  /** The addresses as written, from the first to the last. */
  readonly at: Place
}

/** Null where none is written, or another file is included behind it. */
export const readRedisBind = memo((source: Source): RedisBind | null => {
  let found: RedisBind | null = null
  for (const line of source.code.matchAll(/^[ \t]*(bind|include)[ \t]+(\S.*?)[ \t]*$/gim)) {
    if (line[1]?.toLowerCase() === 'include') {
      found = null
      continue
    }
    const written = line[2]!
    const start = line.index + line[0].indexOf(written)
    found = {
      addresses: written.split(/\s+/).map(each => each.replace(/^(["'])(.*)\1$/, '$2')),
      at: { source, start, end: start + written.length },
    }
  }
  return found
})
