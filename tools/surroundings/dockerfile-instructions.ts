import { isDockerfile } from './compose-values.ts'
import type { Files, Lay } from './files.ts'

/** An instruction with its lines, or a comment, an empty line. */
export interface Instruction {
  /** In capitals; null for a comment. */
  readonly name: string | null
  /** What stands behind the name, its lines joined. */
  readonly rest: string
  readonly text: string
}

export function ofDockerfiles(
  change: (instructions: readonly Instruction[], files: Files) => readonly string[] | null,
): Lay {
  return files => {
    let isChanged = false
    const laid = Object.entries(files).map(([path, text]) => {
      const instructions = isDockerfile(path) ? instructionsOf(text) : null
      const changed = instructions === null ? null : change(instructions, files)
      if (changed === null) return [path, text] as const
      const laid = `${changed.join('\n')}${text.endsWith('\n') ? '\n' : ''}`
      isChanged ||= laid !== text
      return [path, laid] as const
    })
    return isChanged ? Object.fromEntries(laid) : null
  }
}

export function instructionsOf(text: string): readonly Instruction[] | null {
  // Here-documents, another escape character, carriage returns, placeholders.
  if (/<<|^# *escape *=|\r|\{\{/im.test(text)) return null
  const found: Instruction[] = []
  for (const [whole] of text.matchAll(/(?:[^\n]*\\[ \t]*\n(?:[ \t]*#[^\n]*\n)*)*[^\n]*(?:\n|$)/g)) {
    if (whole === '') continue
    const line = whole.replace(/\n$/, '')
    const name = /^[ \t]*([A-Za-z]+)[ \t]/.exec(line)?.[1]?.toUpperCase() ?? null
    const rest = line
      .replace(/^[ \t]*#.*\n/gm, '')
      .replace(/\\[ \t]*\n/g, ' ')
      .replace(/^[ \t]*\w+[ \t]+/, '')
    found.push({ name: line.trimStart().startsWith('#') ? null : name, rest: rest.trim(), text: line })
  }
  return found
}

/** Each instruction of one name; null leaves it. */
export function each(
  name: string,
  change: (instruction: Instruction, all: readonly Instruction[], files: Files) => string | null,
): Lay {
  return ofDockerfiles((all, files) =>
    all.map(
      instruction => (instruction.name === name ? change(instruction, all, files) : null) ?? instruction.text,
    ),
  )
}

export function has(all: readonly Instruction[], name: string): boolean {
  return all.some(instruction => instruction.name === name)
}

/** The words of the exec form; null for the shell form. */
export function execForm(rest: string): readonly string[] | null {
  if (!rest.startsWith('[')) return null
  try {
    const words: unknown = JSON.parse(rest)
    return Array.isArray(words) && words.every(word => typeof word === 'string') ? words : null
  } catch {
    return null
  }
}

export function inJson(words: readonly string[]): string {
  return `[${words.map(word => JSON.stringify(word)).join(', ')}]`
}
