import { posix } from 'node:path'
import { isUnknownWord, UNKNOWN } from '../text/source.ts'
import { type WrittenText, writtenAt, writtenFor } from '../text/written-text.ts'
import { type ExpandedWord, expandWord } from './expand-word.ts'
import { type Scope, UNSET } from './scope.ts'
import { placeOf, type Recording, type ScriptRun } from './script-run.ts'
import type { ShellWord } from './split-words.ts'

/** No script starts more programs. */
const MOST_COMMANDS = 500

/** What a shell does itself; `exec` and `command` start what stands behind them. */
const BUILTINS = new Set(
  `. : [ alias bg break builtin cd continue declare dirs echo eval exit export false fg getopts hash jobs let local
  mapfile popd printf pushd pwd read readarray readonly return set shift shopt source test times trap true type
  typeset ulimit umask unalias unset wait`.split(/\s+/),
)

/** Writes down the program that a simple command starts. */
export function recordCommand(
  assignments: readonly ShellWord[],
  words: readonly ShellWord[],
  scope: Scope,
  run: ScriptRun,
  record: Recording,
): void {
  if (record.commands.length >= MOST_COMMANDS) return
  const expanded = expandArguments(words, scope, run)
  const [first] = expanded
  if (first === undefined || BUILTINS.has(first.text) || run.functions.has(first.text)) return
  // `command` is executed again without its own name.
  if (first.text === 'command') return
  const before = new Map(assignments.map(word => assignmentOf(word, scope, run)))
  const snapshot = scope.copy()
  record.commands.push({
    words: expanded,
    environment: name => {
      if (before.has(name)) return before.get(name)
      const variable = snapshot.get(name)
      if (variable === UNSET) return null
      if (!variable.exported) return variable.value.known ? null : undefined
      return variable.value.known ? variable.value.value : undefined
    },
    directory: scope.directory,
    certain: record.undecided === 0,
    background: record.background > 0,
  })
}

function assignmentOf(word: ShellWord, scope: Scope, run: ScriptRun): readonly [string, string | undefined] {
  const place = placeOf(word, run)
  const text = run.source.code.slice(word.start, word.end)
  const equals = text.indexOf('=')
  const { value } = expandWord({ ...place, start: word.start + equals + 1 }, scope)
  return [text.slice(0, equals).replace(/\+$/, ''), value.known ? value.value : undefined]
}

const ALL_PARAMETERS = /^(?:"\$@"|\$@|\$\*|"\$\{@\}"|\$\{@\}|\$\{1\+"\$@"\})$/

/** The words of a command as the program gets them: expanded, cut at blanks, `"$@"` for what it stands for. */
export function expandArguments(
  words: readonly ShellWord[],
  scope: Scope,
  run: ScriptRun,
): readonly WrittenText[] {
  const expanded: WrittenText[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    const text = run.source.code.slice(word.start, word.end)
    // A redirection is none of the program's words; its file may stand behind a blank.
    if (/^\d*(?:[<>]|&>)/.test(text)) {
      if (/^\d*(?:<<?|>>?|&>>?|>\||<>)$/.test(text)) index++
    } else if (ALL_PARAMETERS.test(text))
      expanded.push(...(scope.positional ?? [writtenFor(run.source, UNKNOWN, word.start, word.end)]))
    else expanded.push(...splitExpanded(expandWord(placeOf(word, run), scope), word, text, run))
  }
  return expanded
}

function splitExpanded(
  { outline, quoted }: ExpandedWord,
  word: ShellWord,
  text: string,
  { source }: ScriptRun,
): readonly WrittenText[] {
  const inner = text.slice(1, -1)
  if (outline === text && outline !== '') return [writtenAt(source, word.start, word.end)]
  if (outline === inner && outline !== '' && /^["']/.test(text))
    return [writtenAt(source, word.start + 1, word.end - 1)]
  if (quoted) return [writtenFor(source, outline, word.start, word.end)]
  return outline
    .split(/[ \t\n]+/)
    .filter(part => part !== '')
    .map(part => writtenFor(source, part, word.start, word.end))
}

/** `cd "$(dirname "$0")"`: the directory of the script itself. */
const OWN_DIRECTORY =
  /^"?\$\(\s*(?:cd\s+"?\$\(\s*)?dirname\s+(?:--\s+)?"?\$(?:0|\{0\}|BASH_SOURCE|\{BASH_SOURCE(?:\[0\])?\})"?\s*\)"?(?:\s*(?:&&|;)\s*pwd(?:\s+-P)?\s*\)"?)?$/

/** Follows `cd`; what nobody knows leaves no directory. */
export function changeDirectory(args: readonly ShellWord[], scope: Scope, run: ScriptRun): void {
  if (run.options.start === undefined) return
  const words = args.filter(word => !/^-[LPe]$|^--$/.test(run.source.code.slice(word.start, word.end)))
  const [word] = words
  if (word === undefined || words.length > 1) {
    scope.directory = null
    return
  }
  if (OWN_DIRECTORY.test(run.source.code.slice(word.start, word.end))) {
    scope.directory = posix.dirname(run.source.path)
    return
  }
  const { value } = expandWord(placeOf(word, run), scope)
  if (!value.known || value.value === '-' || value.value === '') scope.directory = null
  else if (value.value.startsWith('/')) scope.directory = posix.normalize(value.value)
  else scope.directory = scope.directory === null ? null : posix.join(scope.directory, value.value)
}

/** `set -- words`; options alone change nothing. */
export function setParameters(args: readonly ShellWord[], scope: Scope, run: ScriptRun): void {
  const texts = args.map(word => run.source.code.slice(word.start, word.end))
  const dashes = texts.indexOf('--')
  if (dashes !== -1) scope.positional = expandArguments(args.slice(dashes + 1), scope, run)
  else if (texts.some((text, index) => !/^[-+]/.test(text) && !/^[-+]\w*o$/.test(texts[index - 1] ?? '')))
    scope.positional = null
}

/** `shift`, with or without a number. */
export function shifted(
  positional: readonly WrittenText[] | null,
  values: readonly ExpandedWord[],
): readonly WrittenText[] | null {
  if (positional === null) return null
  const count = values[0]?.value
  if (count === undefined) return positional.slice(1)
  if (!count.known || !/^\d{1,4}$/.test(count.value)) return null
  return positional.some(({ text }) => isUnknownWord(text)) ? null : positional.slice(Number(count.value))
}
