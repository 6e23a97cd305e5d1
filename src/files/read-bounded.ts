import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** Why {@link readBounded} gives no bytes. */
export type Refusal = 'not-regular' | 'too-large'

export interface BoundedOptions {
  /** Bytes of the largest file that is read. */
  readonly maximum: number
  /** True where a fifo is read too, which waits for its writer. */
  readonly fifo?: boolean
}

/**
 * The bytes of a file of this machine, of which never more than `maximum` are asked for: what the system
 * says of a size may change until it is read, and of what lies in /proc it says nothing. A regular file of
 * no size is empty: some of /proc never ends, and some of it waits for an event.
 *
 * Throws what the system throws.
 */
export function readBounded(path: string, { maximum, fifo = false }: BoundedOptions): Buffer | Refusal {
  // Opening a fifo waits for a writer unless asked not to; a device may do anything.
  const file = openSync(path, constants.O_RDONLY | (fifo ? 0 : constants.O_NONBLOCK))
  try {
    const stats = fstatSync(file)
    if (!stats.isFile() && !(fifo && stats.isFIFO())) return 'not-regular'
    if (stats.isFile() && stats.size === 0) return Buffer.alloc(0)
    if (stats.size > maximum) return 'too-large'
    return readAll(file, stats.isFile() ? stats.size : 0, maximum)
  } finally {
    closeSync(file)
  }
}

function readAll(file: number, expected: number, maximum: number): Buffer | 'too-large' {
  const chunks: Buffer[] = []
  let total = 0
  for (;;) {
    // One more than expected, so that a whole file takes one reading to see and one to see its end.
    const chunk = Buffer.allocUnsafe(Math.max(expected - total, 65_536))
    const count = readSync(file, chunk, 0, chunk.length, null)
    if (count === 0) return chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks)
    total += count
    if (total > maximum) return 'too-large'
    chunks.push(chunk.subarray(0, count))
  }
}
