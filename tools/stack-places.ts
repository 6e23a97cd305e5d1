import { inAscii } from './bundle.ts'

/** A place in a script, both counted from 0; columns are units of UTF-16. */
export interface ScriptPlace {
  readonly line: number
  readonly column: number
}

/** A stack with its places in the bundle replaced by what stands for them; null leaves one as it is. */
export function readStack(stack: string, read: (place: ScriptPlace) => string | null): string {
  return stack.replace(/[^\s()]*program\.cjs:(\d+):(\d+)/g, (place, line: string, column: string) => {
    return read({ line: Number(line) - 1, column: Number(column) - 1 }) ?? place
  })
}

/** Where a place of the script in ASCII lies in the one that esbuild wrote, given its lines. */
export function placeInScript(lines: readonly string[], { line, column }: ScriptPlace): ScriptPlace {
  const text = lines[line] ?? ''
  let left = column
  for (let index = 0; index < text.length; index++) {
    if (left <= 0) return { line, column: index }
    left -= inAscii(text[index] ?? '').length
  }
  return { line, column: text.length + left }
}
