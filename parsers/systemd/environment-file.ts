import type { Source } from '../text/source.ts'

/** One variable of an `EnvironmentFile=`. */
export interface FileVariable {
  readonly name: string
  readonly value: string
  readonly start: number
  readonly end: number
}

/**
 * Reads an `EnvironmentFile=` (systemd.exec(5)): `NAME=value` lines with a shell's quotes but none of its
 * expansions; `#` and `;` begin comments, and only at the start of a line.
 */
export function parseEnvironmentFile(source: Source): readonly FileVariable[] {
  const { code } = source
  const variables: FileVariable[] = []
  const line =
    /^[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*((?:"(?:[^"\\]|\\[\s\S])*"|'[^']*'|\\[\s\S]|[^\n"'\\])*)$/gm
  for (const match of code.matchAll(line)) {
    const [whole, name = '', written = ''] = match
    const value = written
      .trim()
      .replace(/"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'|\\([\s\S])/g, (_, double, single, char) => {
        if (double !== undefined)
          return double.replace(/\\(["\\`$\n])/g, (_: string, c: string) => (c === '\n' ? '' : c))
        return single ?? (char === '\n' ? '' : char)
      })
    const start = match.index + whole.indexOf(name)
    variables.push({ name, value, start, end: match.index + whole.trimEnd().length })
  }
  return variables
}
