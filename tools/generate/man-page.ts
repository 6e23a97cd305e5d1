import { optionHead } from '../../src/cli/help.ts'
import { COMMAND_SPECS, COMMANDS, EXIT_CODES, OPTION_LIST, SECTIONS } from '../../src/cli/options.ts'
import type { GeneratedFile } from '../generated-file.ts'

/** The man page, made from the table of options. */
export function generateManPage(): GeneratedFile {
  const lines = [
    '.\\" Written by `npm run generate`.',
    '.TH DEPLOY-AUDIT 1 "" "deploy-audit" "User Commands"',
    '.SH NAME',
    'deploy-audit \\- audits nginx, Apache, mod_wsgi and Django as one deployment',
    '.SH SYNOPSIS',
    ...COMMANDS.flatMap(name => [
      '.B deploy-audit',
      roff(
        [name === 'audit' ? '[audit]' : name, '[OPTION]…', COMMAND_SPECS[name].words]
          .filter(Boolean)
          .join(' '),
      ),
      '.br',
    ]),
    '.SH COMMANDS',
    ...COMMANDS.flatMap(name => ['.TP', `.B ${name}`, ...COMMAND_SPECS[name].about.map(roff)]),
    '.SH OPTIONS',
    ...SECTIONS.flatMap(section => [
      `.SS ${section}`,
      ...OPTION_LIST.filter(([, option]) => option.section === section).flatMap(([name, option]) => [
        '.TP',
        `.B ${roff(optionHead(name, option).trim())}`,
        roff(
          `${option.text} (${option.commands.length === COMMANDS.length ? 'every command' : option.commands.join(', ')})`,
        ),
      ]),
    ]),
    '.SH EXIT STATUS',
    ...EXIT_CODES.flatMap(([code, text]) => ['.TP', `.B ${code}`, roff(text)]),
    '.SH FILES',
    '.TP',
    '.B .auditrc',
    'The nearest one from the audited path upwards, as far as the top of its repository.',
    '.SH EXAMPLES',
    ...COMMANDS.flatMap(name =>
      COMMAND_SPECS[name].examples.flatMap(([line, what]) => ['.TP', `.B ${roff(line)}`, roff(what)]),
    ),
    '.SH SEE ALSO',
    'https://github.com/deploy-audit/deploy-audit',
  ]
  return { path: 'docs/deploy-audit.1', content: `${lines.join('\n')}\n` }
}

/** A line of text as roff reads it: hyphens that can be copied, and no request at its beginning. */
function roff(text: string): string {
  return (
    text
      .replaceAll('\\', '\\e')
      .replaceAll('-', '\\-')
      .replace(/^(?=[.'])/, '\\&')
      // Of other characters roff has to be told which they are: it reads bytes.
      .replace(
        /[^\x20-\x7E]/gu,
        char => `\\[u${char.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
      )
  )
}
