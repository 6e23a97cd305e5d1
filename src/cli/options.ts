/**
 * The command line as a table: what is read, what `--help` says, the README's list, completions and the man page
 * are projections of it.
 */
import { CONFIDENCES, SEVERITIES } from '../engine/severity.ts'
import { RULE_PROGRAMS } from '../engine/rule-traits.ts'
import { READ_AS } from '../files/read-as.ts'

export const COMMANDS = ['audit', 'resolve', 'map', 'trace', 'explain', 'rules', 'init', 'help'] as const
export type Command = (typeof COMMANDS)[number]

export const FORMATS = [
  'text',
  'concise',
  'json',
  'sarif',
  'github',
  'gitlab',
  'junit',
  'checkstyle',
  'rdjson',
] as const
export type Format = (typeof FORMATS)[number]

export const MAP_FORMATS = ['text', 'json', 'mermaid', 'dot'] as const
export type MapFormat = (typeof MAP_FORMATS)[number]

export interface CommandSpec {
  /** What stands behind the command's name, as usage lines have it. */
  readonly words: string
  /** The most words that it takes; null for any number. */
  readonly most: number | null
  /** One line, no full stop. */
  readonly summary: string
  /** What `--help` says below the usage line. */
  readonly about: readonly string[]
  readonly examples: readonly (readonly [line: string, what: string])[]
}

const DEFAULT_PATH =
  'Without a PATH: this directory where it holds an .auditrc, a repository or a configuration, else /etc.'

export const COMMAND_SPECS: Readonly<Record<Command, CommandSpec>> = {
  audit: {
    words: '[PATH…]',
    most: null,
    summary: 'audit directories, main files, fragments, or `nginx -T` dumps',
    about: [
      'Reads nginx, Apache, mod_wsgi and Django as one deployment and reports where it breaks. The word `audit`',
      'may be left out. A PATH is a machine’s directory such as /etc, a repository, a file, or - for standard input.',
      DEFAULT_PATH,
    ],
    examples: [
      ['deploy-audit', 'the configuration here, or that of this machine'],
      ['deploy-audit web1/etc -f sarif -o report.sarif', 'a copy of a machine, for code scanning'],
      ['deploy-audit --only tls --fail-on error .', 'one group of rules; warnings do not fail'],
      ['deploy-audit --only hardening', 'what CIS and dev-sec ask for: a group that is off by default'],
      ['deploy-audit --diff .', 'what --fix would change'],
      ['ssh web1 nginx -T 2>/dev/null | deploy-audit -', 'another machine’s dump'],
    ],
  },
  resolve: {
    words: '[PATH…]',
    most: null,
    summary: 'print the configuration as the server reads it, includes in place',
    about: [
      'Prints what each server makes of its files: includes in place, conditionals decided, macros expanded.',
      'Secrets are masked. Exits with 1 where a server would refuse the configuration.',
      DEFAULT_PATH,
    ],
    examples: [
      ['deploy-audit resolve /etc/nginx', 'as `nginx -T`, without nginx'],
      ['deploy-audit resolve --show-secrets web1/etc', 'with passwords and keys as they are written'],
    ],
  },
  map: {
    words: '[PATH…]',
    most: null,
    summary: 'draw who listens, who proxies to whom and what answers',
    about: [
      'Draws the programs, their listeners and connections, and what answers behind them, each with its line.',
      DEFAULT_PATH,
    ],
    examples: [
      ['deploy-audit map', 'this machine, or the configuration here'],
      ['deploy-audit map --site shop.example.org web1/etc', 'one name alone'],
      ['deploy-audit map -f mermaid . > map.mmd', 'for a README'],
    ],
  },
  trace: {
    words: 'URL [PATH…]',
    most: null,
    summary: 'follow one request through every server, each decision with its line',
    about: [
      'Follows a request as the servers would, and says which line decided each step. Nothing is sent.',
      'A URL without a scheme is requested in plain HTTP.',
      DEFAULT_PATH,
    ],
    examples: [
      ['deploy-audit trace https://shop.example.org/cart', 'on this machine'],
      ['deploy-audit trace --method POST shop.example.org/upload web1/etc', 'a POST to a copy of a machine'],
    ],
  },
  explain: {
    words: 'RULE…',
    most: null,
    summary: 'say why a rule reports, what to do about it, with examples and references',
    about: ['Explains a rule, or each rule of a group.'],
    examples: [
      ['deploy-audit explain tls/weak-protocol', 'one rule'],
      ['deploy-audit explain tls', 'a group'],
    ],
  },
  rules: {
    words: '[GROUP…]',
    most: null,
    summary: 'list the rules, all or of some groups',
    about: [
      'Lists the rules, each with its severity, the kind of its fix (safe: --fix applies it, unsafe: --fix-unsafe',
      'does, -: it has none) and what it finds. Those of hardening are off unless --only or .auditrc asks for them.',
    ],
    examples: [
      ['deploy-audit rules tls --min-severity warning', 'those of a group that warn'],
      ['deploy-audit rules --program apache --fixable', 'those that mend something in files of Apache'],
      ['deploy-audit rules -f json', 'for programs'],
    ],
  },
  init: {
    words: '',
    most: 0,
    summary: 'write an .auditrc to begin with',
    about: ['Writes an .auditrc with comments into this directory, never over one that is there.'],
    examples: [['deploy-audit init', 'then edit .auditrc']],
  },
  help: {
    words: '[COMMAND]',
    most: 1,
    summary: 'print this, or the help of a command',
    about: ['Prints what the program, or one command, takes.'],
    examples: [['deploy-audit help trace', 'the same as `deploy-audit trace --help`']],
  },
}

/** What `--format` takes, by command; a command that is not here has no `--format`. */
export const FORMATS_OF: Readonly<Partial<Record<Command, readonly (Format | MapFormat)[]>>> = {
  audit: FORMATS,
  map: MAP_FORMATS,
  trace: ['text', 'json'],
  rules: ['text', 'json'],
}

export interface OptionSpec {
  readonly short?: string
  /** The placeholder of its value; an option without one takes none. */
  readonly value?: string
  readonly multiple?: true
  /** The values that it takes, where they are few. */
  readonly choices?: readonly string[]
  /** What a shell completes the value with. */
  readonly completes?: 'file' | 'directory' | 'rule'
  /** One line, no full stop. */
  readonly text: string
  readonly section: Section
  readonly commands: readonly Command[]
}

export const SECTIONS = ['What is read', 'What is reported', 'Fixing', 'Output', 'Other'] as const
type Section = (typeof SECTIONS)[number]

/** The commands that read a configuration. */
const READERS = ['audit', 'resolve', 'map', 'trace'] as const
const RULED = ['audit', 'map'] as const

export const OPTIONS = {
  root: {
    value: 'DIR',
    completes: 'directory',
    text: 'the directory that stands for / (default: the path tells)',
    section: 'What is read',
    commands: READERS,
  },
  define: {
    short: 'D',
    value: 'NAME',
    multiple: true,
    text: 'a name that httpd is started with as -D NAME; may be repeated',
    section: 'What is read',
    commands: READERS,
  },
  'nginx-version': {
    value: 'V',
    text: 'the nginx that will read the configuration, such as 1.24.0',
    section: 'What is read',
    commands: READERS,
  },
  config: {
    value: 'FILE',
    completes: 'file',
    text: 'read this .auditrc instead of the nearest one',
    section: 'What is read',
    commands: READERS,
  },
  'no-config': { text: 'read no .auditrc', section: 'What is read', commands: READERS },
  'list-files': {
    text: 'print each file, as what it is read or why not, and no findings (JSON always has the list)',
    section: 'What is read',
    commands: ['audit'],
  },
  as: {
    value: 'KIND',
    choices: READ_AS,
    text: 'what the named files are: nginx, nginx-location, apache or htaccess (default: their lines tell)',
    section: 'What is read',
    commands: READERS,
  },
  'stdin-filename': {
    value: 'NAME',
    completes: 'file',
    text: 'with the path -: the file that standard input stands for',
    section: 'What is read',
    commands: READERS,
  },
  site: {
    value: 'NAME',
    text: 'the sites of this name alone',
    section: 'What is reported',
    commands: ['map'],
  },
  method: {
    value: 'METHOD',
    text: 'the method of the request (default GET)',
    section: 'What is reported',
    commands: ['trace'],
  },
  address: {
    value: 'ADDRESS',
    text: 'the address that the client connects to',
    section: 'What is reported',
    commands: ['trace'],
  },
  only: {
    value: 'RULE',
    multiple: true,
    completes: 'rule',
    text: 'these rules or groups alone; may be repeated, or a list with commas',
    section: 'What is reported',
    commands: RULED,
  },
  skip: {
    value: 'RULE',
    multiple: true,
    completes: 'rule',
    text: 'all but these rules or groups',
    section: 'What is reported',
    commands: RULED,
  },
  'min-severity': {
    value: 'SEVERITY',
    choices: SEVERITIES,
    text: 'report info, warning or error and above (default info)',
    section: 'What is reported',
    commands: ['audit', 'rules'],
  },
  fixable: {
    text: 'those alone that have a fix, safe or unsafe',
    section: 'What is reported',
    commands: ['rules'],
  },
  program: {
    value: 'NAME',
    choices: RULE_PROGRAMS,
    text: 'those alone that report something in files of this program',
    section: 'What is reported',
    commands: ['rules'],
  },
  'min-confidence': {
    value: 'CONFIDENCE',
    choices: CONFIDENCES,
    text: 'report low, medium or high and above (default low)',
    section: 'What is reported',
    commands: ['audit'],
  },
  'fail-on': {
    value: 'SEVERITY',
    choices: [...SEVERITIES, 'never'],
    text: 'exit 1 at error, warning, info or never (default warning)',
    section: 'What is reported',
    commands: ['audit'],
  },
  baseline: {
    value: 'FILE',
    completes: 'file',
    text: 'accept what this file lists: new findings alone are reported and fail',
    section: 'What is reported',
    commands: ['audit'],
  },
  'write-baseline': {
    value: 'FILE',
    completes: 'file',
    text: 'list what is found now in this file, in place of printing it, and exit 0',
    section: 'What is reported',
    commands: ['audit'],
  },
  'prune-baseline': {
    text: 'take out of --baseline what is found no more',
    section: 'What is reported',
    commands: ['audit'],
  },
  fix: {
    text: 'apply the fixes after which the servers answer as before',
    section: 'Fixing',
    commands: ['audit'],
  },
  'fix-unsafe': {
    text: 'apply those, too, after which they may answer differently',
    section: 'Fixing',
    commands: ['audit'],
  },
  diff: {
    text: 'print what --fix or --fix-unsafe would change, and change nothing',
    section: 'Fixing',
    commands: ['audit'],
  },
  'allow-incomplete': {
    text: 'do not exit 4 where a file that a server reads could not be read',
    section: 'What is reported',
    commands: READERS,
  },
  'show-secrets': {
    text: 'print secrets as they are written',
    section: 'What is reported',
    commands: ['resolve'],
  },
  format: {
    short: 'f',
    value: 'FORMAT',
    text: 'how it is printed (default text)',
    section: 'Output',
    commands: Object.keys(FORMATS_OF) as readonly Command[],
  },
  output: {
    short: 'o',
    value: 'FILE',
    completes: 'file',
    text: 'write there instead of to standard output',
    section: 'Output',
    commands: READERS,
  },
  all: {
    text: 'show every finding: in text not ten of a kind, and each remark on mod_wsgi by itself',
    section: 'Output',
    commands: ['audit'],
  },
  'group-by': {
    value: 'WHAT',
    choices: ['file', 'rule', 'machine'],
    text: 'order the text by file, rule or machine (default file)',
    section: 'Output',
    commands: ['audit'],
  },
  statistics: {
    text: 'in text, how often each rule reports, and no findings',
    section: 'Output',
    commands: ['audit'],
  },
  category: {
    value: 'NAME',
    text: 'of SARIF: tells several runs for one commit apart',
    section: 'Output',
    commands: ['audit'],
  },
  color: {
    value: 'WHEN',
    choices: ['auto', 'always', 'never'],
    text: 'auto, always or never; NO_COLOR and FORCE_COLOR are honoured',
    section: 'Output',
    commands: ['audit', 'map', 'trace', 'explain'],
  },
  quiet: {
    short: 'q',
    text: 'findings alone; of resolve, the configuration alone',
    section: 'Output',
    commands: ['audit', 'resolve'],
  },
  verbose: { short: 'v', text: 'say what is read, and why', section: 'Output', commands: READERS },
  version: { short: 'V', text: 'print the version', section: 'Other', commands: COMMANDS },
  help: { short: 'h', text: 'print this', section: 'Other', commands: COMMANDS },
} as const satisfies Readonly<Record<string, OptionSpec>>

export type OptionName = keyof typeof OPTIONS

/** The table with its rows as {@link OptionSpec}, in the order in which help lists them. */
export const OPTION_LIST: readonly (readonly [OptionName, OptionSpec])[] = Object.entries(
  OPTIONS,
) as readonly (readonly [OptionName, OptionSpec])[]

export const EXIT_CODES: readonly (readonly [number, string])[] = [
  [0, 'nothing at or above --fail-on'],
  [1, 'findings'],
  [2, 'the audit cannot be done as asked; one line says why'],
  [3, 'a defect of deploy-audit'],
  [4, 'not all that a server reads could be read or understood'],
]
