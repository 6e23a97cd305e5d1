import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A generated file: its path from the repository's root and its whole text. */
interface GeneratedFile {
  readonly path: string
  readonly content: string
}

const FACTS = fileURLToPath(new URL('../facts/apache-modules.tsv', import.meta.url))

/**
 * Turns tools/facts/apache-modules.tsv into the table of httpd's modules. The names were read out of the
 * binaries of Debian's httpd 2.4.71; a module without a shared object is compiled in.
 */
export function generateApacheModules(): GeneratedFile {
  const rows = readFileSync(FACTS, 'utf8').trimEnd().split('\n').slice(1)
  const content =
    '// Generated from tools/facts/apache-modules.tsv by `npm run generate`: edit that file instead.\n' +
    '\n' +
    '/** A module a line: id, shared object (empty where compiled in), source file. */\n' +
    `export const MODULE_ROWS = \`${rows.join('\n')}\`\n`
  return { path: 'src/servers/apache/modules.generated.ts', content }
}
