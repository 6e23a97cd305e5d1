import type { ShellFault } from './_shell-fault.ts'
import { listFaults, sedFaults } from './_build-slips.ts'
import { slipFaults } from './_shell-slips.ts'

/** `ash` is that of BusyBox, which knows some of what bash does; of `sh` nobody knows which it is. */
export type Shell = 'bash' | 'dash' | 'ash' | 'sh'

/** What dash says before that of Debian 13, which has the option. */
export const PIPEFAIL = 'set: Illegal option -o pipefail'

/** What was found in texts: hundreds of Dockerfiles that a program writes have most of their lines in common. */
const answers = new Map<string, readonly ShellFault[]>()
const MOST_ANSWERS = 1000

/** What a shell refuses in a script, the first of each kind; none where the script asks which shell it has. */
export function shellFaults(script: string, shell: Shell): readonly ShellFault[] {
  const key = `${shell}:${script}`
  const known = answers.get(key)
  if (known !== undefined) return known
  const found = faultsIn(script, shell)
  if (answers.size >= MOST_ANSWERS) answers.clear()
  if (script.length < 20_000) answers.set(key, found)
  return found
}

function faultsIn(script: string, shell: Shell): readonly ShellFault[] {
  if (script.length > LONGEST || /\bBASH_(?:VERSION|SOURCE)\b|\bexec\s+(?:\S*\/)?bash\b/.test(script))
    return []
  const { bare, expanded } = readable(script)
  const ofKinds = KINDS.flatMap(kind => {
    const { shells, pattern, said, ends = false, inQuotes = false, failsStep = false, meant = null } = kind
    if (!shells.includes(shell) || kind.unless?.test(bare) === true) return []
    const match = pattern.exec(inQuotes ? expanded : bare)
    const [start, end] = match?.indices?.[1] ?? []
    if (match === null || start === undefined || end === undefined) return []
    const text = typeof said === 'string' ? said : said(match)
    return [{ start, end, said: text, ends, failsStep, ofBash: !shells.includes('bash'), meant }]
  })
  return [...ofKinds, ...slipFaults(bare), ...listFaults(bare), ...sedFaults(script, bare)]
}

/** No script that starts a container is longer (UTF-16 units). */
const LONGEST = 200_000

interface Kind {
  readonly shells: readonly Shell[]
  /** What is refused is its first group. */
  readonly pattern: RegExp
  readonly said: string | ((match: RegExpExecArray) => string)
  readonly ends?: boolean
  readonly failsStep?: boolean
  /** A script that has this is left alone. */
  readonly unless?: RegExp
  /** True for what a shell also reads between double quotes. */
  readonly inQuotes?: boolean
  readonly meant?: ShellFault['meant']
}

/** Where a command may begin. */
const BEGIN = String.raw`(?:^|[;&|{!]|\b(?:then|do|else|if|elif|while|until)\b)[ \t]*(?:![ \t]+)?`
const at = (rest: string): RegExp => new RegExp(BEGIN + rest, 'dm')

const ALL: readonly Shell[] = ['bash', 'dash', 'ash', 'sh']
const BASH: readonly Shell[] = ['bash']
const PLAIN: readonly Shell[] = ['dash', 'ash']
const DASH: readonly Shell[] = ['dash']

/** Instructions of a Dockerfile that are no words of anything else. */
const INSTRUCTION = 'RUN|COPY|WORKDIR|ENTRYPOINT|EXPOSE'

const KINDS: readonly Kind[] = [
  {
    shells: ALL,
    pattern: at(String.raw`(${INSTRUCTION})(?=[ \t]+[^\s=(])`),
    // A script may have a function of the name.
    unless: new RegExp(String.raw`\b(?:${INSTRUCTION})[ \t]*\(\)`),
    said: ([, name = '']) => `${name}: not found`,
    failsStep: true,
    meant: {
      label: 'of a Dockerfile',
      help: 'This is an instruction of a Dockerfile: begin it on a line of its own there, and leave the word out in a script',
    },
  },
  {
    shells: ALL,
    pattern: /(?:&&|\|\||[;|])[ \t\n]*(&&|\|\|)/d,
    said: ([, sign = '']) => `Syntax error: "${sign}" unexpected`,
    ends: true,
    meant: { label: 'behind another operator', help: 'Leave one of the two out' },
  },
  {
    shells: ALL,
    pattern: /(&&|\|\|)\s*$/d,
    said: 'Syntax error: end of file unexpected',
    ends: true,
    meant: { label: 'nothing behind it', help: 'Leave it out, or write the command that is to follow' },
  },
  {
    shells: ALL,
    pattern: at(
      String.raw`(?:fi|done|esac)[ \t]+(?!(?:fi|done|esac|then|else|elif|do)\b)([A-Za-z_./$][^\s;&|<>()]*)(?=[ \t;&|]|$)`,
    ),
    said: 'Syntax error: word unexpected',
    ends: true,
    meant: { label: 'behind the end of a command', help: 'Write `&&` or `;` in front of it' },
  },
  {
    shells: BASH,
    pattern: at(
      String.raw`\[\[[ \t]+((?:command|compgen|grep|test|type|which|docker|curl|wget)[ \t]+-(?!(?:eq|ne|lt|le|gt|ge|nt|ot|ef|a|o)\b)\w+)(?=[ \t])`,
    ),
    said: 'conditional binary operator expected',
    ends: true,
    meant: { label: 'a command', help: 'Leave the brackets out: `if` asks for the end of a command' },
  },
  {
    shells: ALL,
    pattern: at(
      String.raw`\[[ \t]+((?:command|compgen|grep|test|type|which|docker|curl|wget)[ \t]+-(?!(?:eq|ne|lt|le|gt|ge|nt|ot|ef|a|o)\b)\w+)(?=[ \t])`,
    ),
    said: '[: unexpected operator, and the test is false',
    meant: { label: 'a command', help: 'Leave the brackets out: `if` asks for the end of a command' },
  },
  {
    shells: ['ash'],
    pattern: at(String.raw`(apt(?:-get)?)(?=[ \t]+(?:-\S+[ \t]+)*(?:update|install)\b)`),
    unless: /\b(?:if|case|which)\b|command -v/,
    said: ([, name = '']) => `${name}: not found`,
    failsStep: true,
    meant: { label: 'of Debian', help: 'Alpine installs packages with `apk add --no-cache`' },
  },
  {
    shells: ['dash'],
    pattern: at(String.raw`(apk)(?=[ \t]+(?:-\S+[ \t]+)*(?:add|update)\b)`),
    unless: /\b(?:if|case|which)\b|command -v/,
    said: 'apk: not found',
    failsStep: true,
    meant: { label: 'of Alpine', help: 'Debian installs packages with `apt-get install`' },
  },
  {
    shells: ALL,
    pattern: at(String.raw`(\[{3,})(?=[ \t])`),
    said: ([, word = '']) => `${word}: not found`,
    meant: { label: 'a bracket too many', help: 'Write `[`, or `[[` where bash reads it' },
  },
  {
    shells: ALL,
    // `\\>` compares texts; a bracket that a command stands in is not looked into.
    pattern: at(
      String.raw`\[[ \t][^\]\n;&|<>()\x60]{1,400}[ \t]([<>])(?=[ \t]+[^\s<>&=()][^\]\n;&|<>()\x60]{0,200}[ \t]\])`,
    ),
    said: ([, sign]) =>
      sign === '>' ? 'the test is true, and writes a file' : 'the test reads a file of this name',
    meant: { label: 'a redirection', help: 'Compare numbers by `-gt` and `-lt`' },
  },
  {
    shells: ALL,
    // Of an address without quotes; what follows would be set as a variable of the shell.
    pattern:
      /\bhttps?:\/\/[^\s&;|<>()"'?]{1,300}\?[^\s&;|<>()"'=]{0,300}=[^\s&;|<>()"']{0,300}(&)[A-Za-z_][\w.-]{0,60}=/d,
    said: 'the address ends here, and the command runs in the background',
    meant: { label: 'no part of the address', help: 'Write the address between quotes' },
  },
  {
    shells: ALL,
    pattern: at(String.raw`(\[)(?=[ \t])[^\]\n]{0,400}$`),
    said: '[: missing ]',
  },
  {
    shells: ALL,
    pattern: at(String.raw`\[[ \t][^\]\n;&|]{0,400}[^\s\]](\])(?=[ \t]*(?:;|&&|\|\||$))`),
    said: '[: missing ]',
  },
  {
    shells: ALL,
    pattern: /\b(?:if|elif|while|until)[ \t]+(?:![ \t]+)?(\[(?:-[a-z]|"[^"\s]{0,400}"?|\$\w+))(?=[ \t])/dm,
    said: ([, word = '']) => `${word.replaceAll('"', '')}: not found`,
    inQuotes: true,
  },
  {
    shells: DASH,
    pattern: at(String.raw`(set[ \t]+(?:-\w+[ \t]+)*-\w*o[ \t]+pipefail)\b`),
    said: PIPEFAIL,
    ends: true,
  },
  { shells: DASH, pattern: at(String.raw`(\[\[)(?=[ \t])`), said: '[[: not found' },
  { shells: DASH, pattern: at(String.raw`(source)(?=[ \t]+[^ \t=(])`), said: 'source: not found' },
  {
    shells: DASH,
    pattern: at(String.raw`\[[ \t][^\]\n]{0,400}?[ \t](==)(?=[ \t])`),
    said: '[: unexpected operator',
  },
  {
    shells: DASH,
    pattern: /^[ \t]*(function)[ \t]+[\w:-]+[ \t]*(?:\(\)|\{|$)/dm,
    said: 'Syntax error: "(" or "}" unexpected',
    ends: true,
  },
  {
    shells: PLAIN,
    pattern: /(?:^|[;&|]|\b(?:local|export|readonly|declare)\b)[ \t]*[A-Za-z_]\w*\+?=(\()/dm,
    said: 'Syntax error: "(" unexpected',
    ends: true,
  },
  { shells: PLAIN, pattern: /(<<<)/d, said: 'Syntax error: redirection unexpected', ends: true },
  { shells: DASH, pattern: /[ \t]([<>]\()/d, said: 'Syntax error: "(" unexpected', ends: true },
  {
    shells: DASH,
    pattern: /(\$\{[A-Za-z_]\w*(?:\/|:\d|\[)[^}\n]{0,400}\})/d,
    said: 'Bad substitution',
    ends: true,
    inQuotes: true,
  },
  {
    shells: PLAIN,
    pattern: /(\$\{(?:[A-Za-z_]\w*(?:,,?|\^\^?)|![A-Za-z_]\w*)\})/d,
    said: 'Bad substitution',
    ends: true,
    inQuotes: true,
  },
]

/** What none of the characters is in that begin something. */
const PLAIN_TEXT = /[^\\#'"<\n]+/y

/** Behind double quotes that open at an offset, with the commands that stand in them. */
function endOfQuotes(script: string, from: number): number {
  /** What has to close: quotes, the command of a `$(`, the variable of a `${`. */
  const pending: ('"' | ')' | '}')[] = ['"']
  for (let at = from + 1; at < script.length; at++) {
    const char = script[at]
    if (char === '\\') at++
    else if (char === '"') {
      if (pending.at(-1) === '"') pending.pop()
      else pending.push('"')
    } else if (char === '$' && script[at + 1] === '(') {
      pending.push(')')
      at++
    } else if (char === '$' && script[at + 1] === '{') {
      pending.push('}')
      at++
    } else if (char === '}' && pending.at(-1) === '}') pending.pop()
    else if (pending.at(-1) === ')') {
      if (char === '(') pending.push(')')
      else if (char === ')') pending.pop()
      else if (char === "'") {
        const close = script.indexOf("'", at + 1)
        at = close === -1 ? script.length : close
      }
    }
    if (pending.length === 0) return at + 1
  }
  return script.length
}

/** A script of the same length in which quotes, comments and documents hold nothing, and a line that goes on is one. */
export function bareScript(script: string): string {
  return readable(script).bare
}

/**
 * A script without its comments and what a shell takes as it is, each of its old length: in `bare` what stands
 * between quotes is letters, in `expanded` double quotes stay. A line that goes on is one line.
 */
function readable(script: string): { readonly bare: string; readonly expanded: string } {
  const bare: string[] = []
  const expanded: string[] = []
  const put = (text: string, expandedToo = text): void => {
    bare.push(text)
    expanded.push(expandedToo)
  }
  const documents: { readonly end: string; readonly tabs: boolean }[] = []
  for (let at = 0; at < script.length; ) {
    const char = script[at]!
    const rest = (pattern: RegExp): string => {
      pattern.lastIndex = at
      return pattern.exec(script)?.[0] ?? char
    }
    let text = char
    if (char === '\\') {
      text = script.slice(at, at + 2)
      put(text === '\\\n' ? '  ' : 'q'.repeat(text.length))
    } else if (char === '#' && /[\s;&|(]|^$/.test(script[at - 1] ?? '')) {
      text = rest(/#[^\n]*/y)
      put(' '.repeat(text.length))
    } else if (char === "'") {
      text = rest(/'[^']*'?/y)
      put('q'.repeat(text.length))
    } else if (char === '"') {
      text = script.slice(at, endOfQuotes(script, at))
      put('q'.repeat(text.length), text.replaceAll('\n', ' '))
    } else if (
      char === '<' &&
      /<<-?[ \t]*["']?[A-Za-z_]/y.test(script.slice(at, at + 40)) &&
      script[at - 1] !== '<'
    ) {
      text = rest(/<<-?[ \t]*(?:"[^"\n]*"|'[^'\n]*'|\w+)/y)
      documents.push({ end: text.replace(/^<<-?[ \t]*|["']/g, ''), tabs: text.startsWith('<<-') })
      put(' '.repeat(text.length))
    } else if (char === '\n' && documents.length > 0) {
      text = char
      for (const { end, tabs } of documents.splice(0)) {
        for (let from = at + text.length; from < script.length; ) {
          const newline = script.indexOf('\n', from)
          const stop = newline === -1 ? script.length : newline
          const line = script.slice(from, stop)
          text = script.slice(at, stop)
          if ((tabs ? line.replace(/^\t+/, '') : line) === end) break
          text = script.slice(at, stop + 1)
          from = stop + 1
        }
      }
      put(text.replace(/[^\n]/g, ' '))
    } else {
      PLAIN_TEXT.lastIndex = at
      text = PLAIN_TEXT.exec(script)?.[0] ?? char
      put(text)
    }
    at += text.length
  }
  return { bare: bare.join(''), expanded: expanded.join('') }
}
