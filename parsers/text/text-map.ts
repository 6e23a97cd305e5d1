/**
 * Where the characters of a made-up text were written: of a line that continuation joined, `${}` expanded
 * or a macro filled in. Pieces stand in the order of the text and cover it without a gap.
 */
export interface TextMap {
  readonly pieces: readonly TextPiece[]
}

export interface TextPiece {
  /** Index in the made-up text at which the piece begins. */
  readonly at: number
  /** The stretch of the source, UTF-16 and half-open. */
  readonly start: number
  readonly end: number
  /** True where the piece repeats its stretch letter by letter; false where it stands for all of it. */
  readonly exact: boolean
}

/** The source offset at which the character `index` of the text was written. */
export function mapStart(map: TextMap, index: number): number {
  const piece = pieceAt(map, index)
  if (piece === undefined) return 0
  return piece.exact ? Math.min(piece.start + (index - piece.at), piece.end) : piece.start
}

/** The source offset behind the last character before `index`. */
export function mapEnd(map: TextMap, index: number): number {
  if (index <= 0) return mapStart(map, 0)
  const piece = pieceAt(map, index - 1)
  if (piece === undefined) return 0
  return piece.exact ? Math.min(piece.start + (index - piece.at), piece.end) : piece.end
}

function pieceAt(map: TextMap, index: number): TextPiece | undefined {
  return map.pieces[pieceIndexAt(map, index)]
}

/** The index of the last piece that begins at or before a character. */
function pieceIndexAt({ pieces }: TextMap, index: number): number {
  let low = 0
  let high = pieces.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((pieces[middle]?.at ?? 0) <= index) low = middle
    else high = middle - 1
  }
  return low
}

/** Puts a text together out of stretches of another, and keeps account of where each was written. */
export class MappedText {
  text = ''
  private readonly pieces: TextPiece[] = []
  private readonly from: string
  private readonly map: TextMap | null
  private readonly offset: number

  /** `map` tells where `from` was written; without one it begins at `offset` of its source. */
  constructor(from: string, map: TextMap | null, offset: number) {
    this.from = from
    this.map = map
    this.offset = offset
  }

  /** Appends the characters `start`..`end` of the other text as they are. */
  copy(start: number, end: number): void {
    if (start >= end) return
    const at = this.text.length
    if (this.map === null) {
      this.pieces.push({ at, start: this.offset + start, end: this.offset + end, exact: true })
    } else {
      const { pieces } = this.map
      for (let index = pieceIndexAt(this.map, start); index < pieces.length; index++) {
        const piece = pieces[index]!
        if (piece.at >= end) break
        const length = (pieces[index + 1]?.at ?? this.from.length) - piece.at
        const first = Math.max(start, piece.at)
        const last = Math.min(end, piece.at + length)
        if (first >= last) continue
        const written = piece.exact
          ? { start: piece.start + first - piece.at, end: piece.start + last - piece.at }
          : { start: piece.start, end: piece.end }
        this.pieces.push({ at: at + first - start, ...written, exact: piece.exact })
      }
    }
    this.text += this.from.slice(start, end)
  }

  /** Appends a value that stands for the characters `start`..`end` of the other text. */
  replace(start: number, end: number, value: string): void {
    if (value === '') return
    this.pieces.push({
      at: this.text.length,
      start: this.map === null ? this.offset + start : mapStart(this.map, start),
      end: this.map === null ? this.offset + end : mapEnd(this.map, end),
      exact: false,
    })
    this.text += value
  }

  /** Appends a text that was put together elsewhere, out of the same source. */
  append(text: string, map: TextMap): void {
    if (text === '') return
    const at = this.text.length
    for (const piece of map.pieces) this.pieces.push({ ...piece, at: at + piece.at })
    this.text += text
  }

  /** Drops all but the first `length` characters. */
  truncate(length: number): void {
    this.text = this.text.slice(0, length)
    for (let last = this.pieces.at(-1); last !== undefined && last.at >= length; last = this.pieces.at(-1)) {
      this.pieces.pop()
    }
    const last = this.pieces.at(-1)
    if (last?.exact) {
      this.pieces[this.pieces.length - 1] = {
        ...last,
        end: Math.min(last.end, last.start + length - last.at),
      }
    }
  }

  finish(): TextMap {
    return { pieces: this.pieces }
  }
}
