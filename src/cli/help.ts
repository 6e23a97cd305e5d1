import { wrapWords } from '../report/wrap-words.ts'
import {
  type Command,
  COMMAND_SPECS,
  COMMANDS,
  EXIT_CODES,
  FORMATS_OF,
  OPTION_LIST,
  type OptionName,
  type OptionSpec,
  SECTIONS,
} from './options.ts'

const WIDTH = 100
/** Columns of an option's or a command's name. */
const NAMES = 28

/** What `deploy-audit --help` prints, or `deploy-audit COMMAND --help`. */
export function helpText(command: Command | null): string {
  return `${(command === null ? overview() : helpOf(command)).join('\n')}\n`
}

function overview(): readonly string[] {
  return [
    'Usage: deploy-audit [COMMAND] [OPTION]… [PATH…]',
    '',
    'Audits nginx, Apache, mod_wsgi and Django as one deployment.',
    '',
    'Commands:',
    ...commandLines(),
    '',
    'Options of the audit (`deploy-audit COMMAND --help` lists those of each command):',
    ...optionLines('audit'),
    '',
    'Exit codes:',
    ...EXIT_CODES.map(([code, text]) => `  ${code}  ${text}`),
  ]
}

function commandLines(): readonly string[] {
  return COMMANDS.flatMap(name => {
    const { words, summary } = COMMAND_SPECS[name]
    return twoColumns(`${name === 'audit' ? '[audit]' : name} ${words}`.trimEnd(), summary)
  })
}

function helpOf(command: Command): readonly string[] {
  const { words, about, examples } = COMMAND_SPECS[command]
  const name = command === 'audit' ? '[audit]' : command
  return [
    `Usage: deploy-audit ${name} [OPTION]…${words === '' ? '' : ` ${words}`}`,
    '',
    ...wrapWords(about.join(' '), WIDTH),
    '',
    ...optionLines(command),
    '',
    'Examples:',
    ...examples.flatMap(([line, what]) => [`  ${line}`, `      ${what}`]),
  ]
}

function optionLines(command: Command): readonly string[] {
  const taken = OPTION_LIST.filter(([, { commands }]) => commands.includes(command))
  return SECTIONS.flatMap(section => {
    const rows = taken.filter(([, option]) => option.section === section)
    if (rows.length === 0) return []
    return [
      `${section}:`,
      ...rows.flatMap(([name, option]) =>
        twoColumns(optionHead(name, option), textOf(command, name, option)),
      ),
    ]
  })
}

/** `-f, --format FORMAT`. */
export function optionHead(name: OptionName, { short, value }: OptionSpec): string {
  const head = short === undefined ? '    ' : `-${short}, `
  return `${head}--${name}${value === undefined ? '' : ` ${value}`}`
}

function textOf(command: Command, name: OptionName, { text }: OptionSpec): string {
  const formats = name === 'format' ? FORMATS_OF[command] : undefined
  return formats === undefined ? text : `${oneOfList(formats)} (default text)`
}

/** `text, json or dot`. */
export function oneOfList(words: readonly string[]): string {
  return words.join(', ').replace(/, ([^,]*)$/, ' or $1')
}

function twoColumns(head: string, text: string): readonly string[] {
  const lines = wrapWords(text, WIDTH - NAMES)
  const first = `  ${head}`
  const indented = lines.map(line => `${' '.repeat(NAMES)}${line}`)
  if (first.length > NAMES - 2) return [first, ...indented]
  return [`${first.padEnd(NAMES)}${lines[0] ?? ''}`, ...indented.slice(1)]
}
