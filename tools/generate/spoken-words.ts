import { readFileSync } from 'node:fs'
import glob from 'fast-glob'
import type { GeneratedFile } from '../generated-file.ts'

const PATH = 'src/alike/spoken-words.generated.ts'

/**
 * Every word, and every number that may be a port, in what reads files and judges them: it may know them from others.
 */
export function spokenWords(): GeneratedFile {
  const lines = new Map<string, Set<string>>()
  for (const path of glob.sync(['parsers/**/*.ts', 'rules/**/*.ts', 'src/**/*.ts'], { ignore: [PATH] })) {
    for (const [word] of readFileSync(path, 'utf8')
      .toLowerCase()
      .matchAll(/[a-z]{2,}|\b\d{4,5}\b/g)) {
      const line = lines.get(word.slice(0, 2)) ?? new Set()
      lines.set(word.slice(0, 2), line.add(word))
    }
  }
  // A line for each beginning, so that a new word changes one of them.
  const text = [...lines.values()].map(words => [...words].sort().join(' ')).sort()
  return {
    path: PATH,
    content: `// Written by \`npm run generate\`.

/** The words of the parsers, the model and the rules, with blanks and line ends between them. */
export const SPOKEN_WORDS = \`${text.join('\n')}\`
`,
  }
}
