import { readFileSync } from 'node:fs'

/** A section of docs/why.md: one deployment of test/corpus/ten. */
export interface WhySection {
  readonly deployment: string
  /** The lines of all fenced blocks of a language, in the order of the page. */
  readonly lines: Readonly<Record<'nginx' | 'apache' | 'python' | 'text' | 'console', readonly string[]>>
}

/** A command of the page, and the lines that it prints. */
export interface WhyCommand {
  readonly command: string
  readonly output: readonly string[]
}

const FENCE = /^```(\w+)\n([\s\S]*?)^```$/gm

export function readWhyPage(): {
  readonly introduction: WhySection
  readonly sections: readonly WhySection[]
} {
  const page = readFileSync(new URL('../../docs/why.md', import.meta.url), 'utf8')
  const [head = '', ...parts] = page.split(/^## /m)
  return { introduction: readSection(head), sections: parts.map(readSection) }
}

function readSection(text: string): WhySection {
  const lines: Record<keyof WhySection['lines'], string[]> = {
    nginx: [],
    apache: [],
    python: [],
    text: [],
    console: [],
  }
  for (const [, language = '', block = ''] of text.matchAll(FENCE)) {
    if (!(language in lines)) throw new RangeError(`docs/why.md: a block of ${language}`)
    lines[language as keyof WhySection['lines']].push(...block.trimEnd().split('\n'))
  }
  return { deployment: /^`([\w-]+)`/m.exec(text)?.[1] ?? '', lines }
}

export function commandsOf({ lines }: WhySection): readonly WhyCommand[] {
  const commands: { command: string; output: string[] }[] = []
  for (const line of lines.console) {
    if (line.startsWith('$ ')) commands.push({ command: line.slice(2), output: [] })
    else commands.at(-1)?.output.push(line)
  }
  return commands
}
