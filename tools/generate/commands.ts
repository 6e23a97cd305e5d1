import { readFileSync } from 'node:fs'
import { COMMAND_SPECS, COMMANDS } from '../../src/cli/options.ts'
import type { GeneratedFile } from '../generated-file.ts'
import { betweenMarks } from '../between-marks.ts'

const NOTE = '<!-- Written by `npm run generate` from tools/readme.md. -->\n\n'

/** The README: `tools/readme.md` with the commands of `deploy-audit --help`. */
export function generateCommands(): GeneratedFile {
  const rows = COMMANDS.filter(name => name !== 'help').map(name => {
    const { words, summary } = COMMAND_SPECS[name]
    const line = ['deploy-audit', name === 'audit' ? '' : name, words].filter(Boolean).join(' ')
    return `| \`${line}\` | ${summary} |`
  })
  const text = [
    '| command | what it does |',
    '| --- | --- |',
    ...rows,
    '',
    '`deploy-audit --help` has every option, `deploy-audit COMMAND --help` those of one command with examples.',
  ]
  return {
    path: 'README.md',
    content:
      NOTE + betweenMarks(readFileSync('tools/readme.md', 'utf8'), 'tools/readme.md', 'commands', text),
  }
}
