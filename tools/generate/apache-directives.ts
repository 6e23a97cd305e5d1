import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { GeneratedFile } from '../generated-file.ts'

const FACTS = fileURLToPath(new URL('../facts/apache-directives.tsv', import.meta.url))
const PATH = 'src/servers/apache/directives.generated.ts'

/**
 * Turns tools/facts/apache-directives.tsv into the table of httpd's directives.
 *
 * Rows marked `tables` were read out of the command tables of the binaries of httpd 2.4.71 and
 * mod_wsgi 4.9.4; `refused` is what their handlers turn away beyond that, as seen on the server. Rows
 * marked `documentation` are of other platforms or later releases.
 */
export function generateApacheDirectives(): GeneratedFile {
  const rows = readFileSync(FACTS, 'utf8').trimEnd().split('\n').slice(1)
  const lines = rows.map(row => {
    const [name, section, modules, kind, executed, allowed, refused, value, , syntax, source] =
      row.split('\t')
    const flags = [section && 's', executed && 'x', source === 'documentation' && 'd']
      .filter(Boolean)
      .join('')
    return [name, flags, modules, kind, allowed, refused, value, syntax].join('\t')
  })
  const text = lines.join('\n').replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')
  const content =
    '// Generated from tools/facts/apache-directives.tsv by `npm run generate`: edit that file instead.\n' +
    '\n' +
    '/** A directive a line: name, flags, modules, arguments, allowed, refused, default, syntax. */\n' +
    `export const DIRECTIVE_ROWS = \`${text}\`\n`
  return { path: PATH, content }
}
