import { posix } from 'node:path'
import type { DockerCommand } from '../../parsers/dockerfile/dockerfile.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeIn, placeOf, wholeText, type WrittenText } from '../../parsers/text/written-text.ts'
import { type Leaving, whoLeaves } from './_leaving.ts'
import { scriptAt, type Started } from './_started-words.ts'

/** The last command of what a shell runs as the first process of a container, which does not stay. */
export interface LastCommand {
  readonly at: Place
  readonly words: readonly string[]
  /** What went into the background by itself; null for what `&` puts there, and for a service of another kind. */
  readonly program: Leaving | null
  /** True where `&` puts it into the background. */
  readonly isSent: boolean
  /** Where the container starts the script, of one that is a file. */
  readonly startedAt: Place | null
}

/** Null where what a container starts first is no list of commands, where it stays, and where nobody knows. */
export function endsInBackground(started: Started): LastCommand | null {
  const first = firstScript(started)
  if (first === null) return null
  const { script, startedAt } = first
  const last = lastLeaving(script.text)
  return last === null ? null : { ...last, at: placeIn(script, last.start, last.end), startedAt }
}

interface FirstScript {
  readonly script: WrittenText
  readonly startedAt: Place | null
}

const SHELL = /^(?:\/(?:usr\/)?bin\/)?(?:ba|da|a)?sh$/
/** What starts another program and takes its place, or hands on signals. */
const WRAPPERS = /^(?:tini|dumb-init|catatonit|exec)$/

function firstScript(started: Started): FirstScript | null {
  const { service, image } = started
  if (service !== null && !service.complete) return null
  const own = service?.entrypoint ?? null
  if (own !== null) return own.rest === null ? ofWords(started, own.words) : null
  if (image?.entrypoint != null) return ofCommand(started, image.entrypoint)
  const command = service?.command ?? null
  if (command !== null) return command.rest === null ? ofWords(started, command.words) : null
  return image?.command == null ? null : ofCommand(started, image.command)
}

function ofCommand(started: Started, command: DockerCommand): FirstScript | null {
  if (command.form === 'exec') return ofWords(started, command.words)
  const { script } = command
  // The name of a script alone, or a list of commands.
  const [, path] = /^\s*(?:(?:\/(?:usr\/)?bin\/)?(?:ba|da|a)?sh\s+)?([\w./-]+)\s*$/.exec(script.text) ?? []
  const file = path === undefined ? null : scriptAt(started, { text: path })
  if (file === null) return { script, startedAt: command.at }
  return ofFile(file.source.text) ? { script: wholeText(file.source), startedAt: command.at } : null
}

function ofWords(started: Started, written: readonly WrittenText[]): FirstScript | null {
  const start = written.findIndex(
    ({ text }) => !WRAPPERS.test(posix.basename(text)) && !/^-(?:-|s|g|v+|w)?$/.test(text),
  )
  const words = start === -1 ? [] : written.slice(start)
  const [first, second, third] = words
  if (first === undefined) return null
  const isShell = SHELL.test(first.text)
  if (isShell && /^-[a-z]*c$/.test(second?.text ?? ''))
    return third === undefined ? null : { script: third, startedAt: null }
  const named = isShell ? words.slice(1).find(({ text }) => !/^-[a-z]+$/.test(text)) : first
  const file = named === undefined ? null : scriptAt(started, named)
  if (named === undefined || file === null || !ofFile(file.source.text)) return null
  return { script: wholeText(file.source), startedAt: placeOf(named) }
}

/** True for a script of a shell that the kernel reads as one. */
function ofFile(text: string): boolean {
  return (
    /^#!.*sh\b/.test(text) || (!text.startsWith('#!') && !/[\u0000-\u0008\uFFFD]/.test(text.slice(0, 200)))
  )
}

interface Piece {
  readonly text: string
  readonly start: number
  readonly end: number
  /** What stands behind it. */
  readonly operator: string
}

const PIECE =
  /\\[\s\S]|"(?:\\[\s\S]|[^"\\])*"|'[^']*'|(?:(?<=^|\s)#[^\n]*)|\d?>{1,2}(?:&\d|[ \t]*[^\s;&|]+)|&>{1,2}[ \t]*[^\s;&|]+|(&&|\|\||;;?|&|\n)|[\s\S]/g

/** The commands of a list, with what parts each from the next. */
function piecesOf(script: string): readonly Piece[] {
  const pieces: Piece[] = []
  let text = ''
  let start: number | null = null
  let end = 0
  const add = (operator: string): void => {
    if (text.trim() !== '') pieces.push({ text: text.trim(), start: start ?? 0, end, operator })
    text = ''
    start = null
  }
  for (const { 0: written, 1: operator, index } of script.matchAll(PIECE)) {
    if (operator !== undefined) add(operator)
    else if (/^(?:#|\d?>|&>)/.test(written)) text += ' '
    else {
      if (!/^(?:\s|\\\n)$/.test(written)) {
        start ??= index
        end = index + written.length
      }
      text += written === '\\\n' ? ' ' : written
    }
  }
  add('')
  return pieces
}

/** Words of control structures, and what waits for what is in the background: whoever writes them may stay by them. */
const MAY_STAY =
  /^(?:while|until|for|do|done|case|esac|select|trap|wait|fg|function|source|\.)(?:\s|$)|^\w[\w-]*\s*\(\)|^[{}()]|<<|\$@|\$\*/
/** Programs that stay in the foreground as they are: what stands behind them is not reached. */
const STAYS: readonly RegExp[] = [
  /\b(?:FOREGROUND|NO_DETACH|foreground|daemon off|runserver|supervisord|gunicorn|uvicorn|hypercorn|daphne|waitress\w*|uwsgi|celery|streamlit|puma)\b(?!.*\s(?:--daemon\w*|-D)\b)/,
  /\bartisan\s+(?:serve|queue:\w+|horizon|schedule:work|octane\S*|reverb\S*)|\bsleep\s+(?:inf|\d{4,}|\d+[hd])|\bphp-fpm\b(?!.*\s-\w*D)/,
  /^(?:\S*\/)?(?:tail|watch|node|nodemon|npx|bun|deno|java|dotnet|flask|rails|unicorn|traefik|mysqld\w*|postgres|redis-server|mongod|bash|sh|zsh|su|inotifywait)(?:\s|$)/,
  /^(?:npm|yarn|pnpm)\b(?!\s+(?:ci|install|i|(?:run\s+)?build)\b)|^caddy\b(?!\s+(?:start|validate|fmt))/,
  /^\.?\/(?!etc\/init\.d\/|(?:usr\/)?s?bin\/)|^\S*python[\d.]*\s+\S+\.py\b(?!\s+(?:migrate|collectstatic|makemigrations|createsuperuser|loaddata|check|compilemessages|create\w*)\b)/,
]
const ENDS =
  /^(?:echo|printf|true|:|exit|chmod|chown|mkdir|rm|ls|ps|date|env|(?:\/usr\/sbin\/)?service\s+\S+\s+(?:status|reload)|nginx\s+-(?:t|s\s+reload))(?:\s|$)/
const SERVICE =
  /^(?:\/usr\/sbin\/)?(?:service\s+[\w@.-]+\s+(?:re)?start|\/etc\/init\.d\/[\w@.-]+\s+(?:re)?start|(?:rc-service|systemctl)\s+(?:[\w@.-]+\s+(?:re)?start|(?:re)?start\s+[\w@.\s-]+))$/

type Last = Omit<LastCommand, 'at' | 'startedAt'> & { readonly start: number; readonly end: number }

/** The last command of a script, where the shell ends with it, and what it started goes on in the background. */
export function lastLeaving(script: string): Last | null {
  const pieces = withoutWaits(piecesOf(script))
  // What follows `||` is done where something failed.
  const main = pieces.filter((_, index) => index === 0 || pieces[index - 1]?.operator !== '||')
  const end = main.findLastIndex(({ text }) => !ENDS.test(text))
  const last = main[end]
  if (last === undefined || pieces.some(({ text }) => MAY_STAY.test(commandOf(text)))) return null
  // Inside of a condition nobody knows whether it is done.
  if (/^(?:fi|then|else|elif)\b/.test(last.text)) return null
  const before = main.slice(0, end)
  const reached = before.every(({ text, operator }) => operator === '&' || !mayStay(commandOf(text)))
  if (!reached) return null
  const text = last.text.replace(/^(?:exec|sudo|nohup)\s+/, '')
  const words = text.split(/\s+/)
  const place = { words, start: last.start, end: last.end }
  const isLast = main.length === end + 1
  const program = whoLeaves(words)
  if (program !== null) return { ...place, program, isSent: false }
  if (SERVICE.test(text)) return { ...place, program: null, isSent: false }
  return last.operator === '&' && isLast ? { ...place, program: null, isSent: true } : null
}

/** Loops that come to an end by themselves: those that wait for a database, and those over a list. */
const WAITS = /^(?:until|for)\s|^while\s+(?:!|\[{1,2}\s+!)\s/
const LOOPS = /^(?:(?:do|then|else)\s+)*(?:while|until|for|select)\s/

/** The commands without the loops that stand before the first server and start none: what follows them is reached. */
function withoutWaits(pieces: readonly Piece[]): readonly Piece[] {
  const kept: Piece[] = []
  for (let at = 0; at < pieces.length; at++) {
    const piece = pieces[at]
    if (piece === undefined) break
    if (!WAITS.test(piece.text) || kept.some(isStart)) {
      kept.push(piece)
      continue
    }
    const end = endOfLoop(pieces, at)
    const loop = end === null ? [] : pieces.slice(at, end + 1)
    if (end === null || loop.some(isStart)) return [...kept, ...pieces.slice(at)]
    at = end
  }
  return kept
}

function isStart({ text, operator }: Piece): boolean {
  const command = commandOf(text.replace(/^do\s+/, '')).replace(/^(?:exec|sudo|nohup)\s+/, '')
  return (
    operator === '&' || mayStay(command) || SERVICE.test(command) || whoLeaves(command.split(/\s+/)) !== null
  )
}

function endOfLoop(pieces: readonly Piece[], start: number): number | null {
  let depth = 0
  for (const [index, { text }] of pieces.entries()) {
    if (index < start) continue
    if (LOOPS.test(text)) depth++
    if (/^done\b/.test(text) && --depth === 0) return index
  }
  return null
}

function mayStay(command: string): boolean {
  return /^exec\s/.test(command) || STAYS.some(pattern => pattern.test(command))
}

function commandOf(text: string): string {
  return text.replace(/^(?:(?:if|then|elif|else|!|[A-Za-z_]\w*=\S*)\s+)+/, '')
}
