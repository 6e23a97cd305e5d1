import type { Source } from '../../parsers/text/source.ts'

/**
 * Whether a text may hold what a hint stands for. A hint is true of a text wherever it is true of a part of it, so
 * that one question about many texts spares the same about each of them.
 */
export type Look = (hint: RegExp, text: string) => boolean

export const plainLook: Look = (hint, text) => hint.test(text)

/** Characters that are looked at in one go. */
const BATCH = 65_536

/** The files with a look that was already taken at them and their neighbours: of thousands few hold a secret. */
export function* withLooks(sources: Iterable<Source>): Generator<readonly [Source, Look]> {
  let batch: Source[] = []
  let length = 0
  for (const source of sources) {
    batch.push(source)
    length += source.text.length
    if (length < BATCH) continue
    yield* lookedAt(batch)
    batch = []
    length = 0
  }
  yield* lookedAt(batch)
}

function* lookedAt(batch: readonly Source[]): Generator<readonly [Source, Look]> {
  const all = batch.map(({ text }) => text).join('\n')
  const held = new Map<RegExp, boolean>()
  const look: Look = (hint, text) => {
    const isHeld = held.get(hint) ?? hint.test(all)
    held.set(hint, isHeld)
    return isHeld && hint.test(text)
  }
  for (const source of batch) yield [source, look]
}
