import { posix } from 'node:path'
import type { AppCommand } from './app-server.ts'
import { memo } from '../collections/memo.ts'
import { type JsLiteral, memberOfScript } from '../javascript/literal.ts'
import { splitQuotedWords } from '../text/quoted-words.ts'
import { type Fact, known, unknown } from '../text/fact.ts'
import { type Place, type Source, UNKNOWN } from '../text/source.ts'
import { placeOf, type WrittenText, writtenFor } from '../text/written-text.ts'

/** An application of an `ecosystem.config.js`, as PM2 starts it. https://pm2.keymetrics.io/docs/usage/application-declaration/ */
export interface Pm2App {
  /** `script`. */
  readonly at: Place
  readonly name: string | null
  /** The program first; the interpreter that PM2 chooses by itself stands for the script as a whole. */
  readonly words: readonly WrittenText[]
  /** `cwd`, as written; null for the directory in which PM2 is started. */
  readonly directory: Fact<string> | null
  /** How many processes: Infinity for `max`; null where one is started. */
  readonly instances: Fact<number> | null
  /** True where each process opens its port by itself, and not the one that all of a cluster share. */
  readonly forks: boolean
  /** A variable of `env` and its like: null where none of them sets it. */
  readonly environment: AppCommand['environment']
  /** The same where PM2 is told `--env NAME`. */
  readonly environmentWith: (name: string) => AppCommand['environment']
  /** `increment_var`: a variable that each process gets with a value of its own. */
  readonly incremented: string | null
}

type Members = ReadonlyMap<string, JsLiteral>

/** The applications of a file; empty for a file of something else. */
export const readEcosystem = memo((source: Source): readonly Pm2App[] => {
  const apps = memberOfScript(source, 'apps')
  if (apps?.kind !== 'list') return []
  return apps.items.flatMap(item => {
    const app = item.kind === 'object' ? readApp(item.members) : null
    return app === null ? [] : [app]
  })
})

function readApp(members: Members): Pm2App | null {
  const script = members.get('script')
  if (script?.kind !== 'text' || script.text.text.trim() === '') return null
  const interpreter = textOf(members.get('interpreter') ?? members.get('exec_interpreter'))
  const words = wordsOf(script.text, argumentsOf(members.get('args')), interpreter)
  const instances = instancesOf(members.get('instances'))
  return {
    at: script.at,
    name: textOf(members.get('name')),
    words,
    directory: directoryOf(members.get('cwd')),
    instances,
    forks: forksOf(members, words, instances),
    environment: environmentOf(members, /^env(?:_\w+)?$/),
    environmentWith: name => laidOver(members, name),
    incremented: textOf(members.get('increment_var')),
  }
}

function textOf(literal: JsLiteral | undefined): string | null {
  return literal?.kind === 'text' ? literal.text.text : null
}

function argumentsOf(literal: JsLiteral | undefined): readonly WrittenText[] {
  if (literal === undefined) return []
  if (literal.kind === 'text') return splitQuotedWords(literal.text)
  const { source, start, end } = literal.at
  const hidden = (at: Place): WrittenText => writtenFor(source, UNKNOWN, at.start, at.end)
  if (literal.kind !== 'list') return [hidden({ source, start, end })]
  return literal.items.map(item => {
    if (item.kind === 'text') return item.text
    return item.kind === 'number'
      ? writtenFor(source, String(item.value), item.at.start, item.at.end)
      : hidden(item.at)
  })
}

/** Programs that are found by their names, and those that lie in `node_modules` without an extension. */
const PROGRAM =
  /^(?:npm|npx|yarn|pnpm|bun|next|nuxt|vite|serve|node|gunicorn|uvicorn|hypercorn|daphne|uwsgi|celery|puma|rails)$/

const INTERPRETERS: ReadonlyMap<string, string> = new Map([
  ['.sh', 'bash'],
  ['.py', 'python'],
  ['.rb', 'ruby'],
  ['.php', 'php'],
  ['.pl', 'perl'],
])

/** PM2 gives a script with a blank to a shell, and every other to the interpreter of its extension, else to Node.js. */
function wordsOf(
  script: WrittenText,
  args: readonly WrittenText[],
  interpreter: string | null,
): readonly WrittenText[] {
  const { source, start, end } = placeOf(script)
  const word = (text: string): WrittenText => writtenFor(source, text, start, end)
  if (/\s/.test(script.text)) return [word('/bin/sh'), word('-c'), script]
  if (interpreter === 'none') return [script, ...args]
  if (interpreter !== null) return [word(interpreter.replace(/^node@.*$/, 'node')), script, ...args]
  const extension = posix.extname(script.text)
  const isProgram = extension === '' && PROGRAM.test(posix.basename(script.text))
  return isProgram ? [script, ...args] : [word(INTERPRETERS.get(extension) ?? 'node'), script, ...args]
}

function directoryOf(literal: JsLiteral | undefined): Fact<string> | null {
  if (literal === undefined || (literal.kind === 'name' && literal.name === '__dirname')) return null
  return literal.kind === 'text'
    ? known(literal.text.text, literal.at)
    : unknown('a script decides', literal.at)
}

function instancesOf(literal: JsLiteral | undefined): Fact<number> | null {
  if (literal === undefined) return null
  const { at } = literal
  if (literal.kind === 'number')
    return known(literal.value > 0 ? literal.value : Number.POSITIVE_INFINITY, at)
  const text = textOf(literal)
  if (text === 'max') return known(Number.POSITIVE_INFINITY, at)
  return text !== null && /^\d+$/.test(text) ? known(Number(text), at) : unknown('a script decides', at)
}

/** Node.js alone shares a port, where PM2 starts the script itself; what npm starts is a process of its own. */
function forksOf(members: Members, words: readonly WrittenText[], instances: Fact<number> | null): boolean {
  const mode = members.get('exec_mode')
  if (mode !== undefined) {
    if (/^fork(?:_mode)?$/.test(textOf(mode) ?? '')) return true
    if (mode.kind !== 'text') return false
  } else if (instances === null) return true
  return !/^(?:node|next)$/.test(posix.basename(words[0]?.text ?? ''))
}

/** `env`, over which `env_production` and its like are laid where PM2 is told of one by `--env`. */
function environmentOf(members: Members, wanted: RegExp): AppCommand['environment'] {
  const all = [...members].flatMap(([name, literal]) => (wanted.test(name) ? [literal] : []))
  const isOpen = members.has('env_file') || all.some(each => each.kind !== 'object' || each.open)
  return name => {
    const values = all.flatMap(each => (each.kind === 'object' ? (each.members.get(name) ?? []) : []))
    const texts = new Set(values.map(writtenValue))
    const [text] = texts
    const at = values.at(-1)?.at ?? null
    if (text === undefined) return unknown(isOpen ? 'a script decides' : 'whoever starts PM2 may set it')
    return text === null || texts.size > 1 || isOpen ? unknown('PM2 is told which one', at) : known(text, at)
  }
}

/** `env_production` is laid over `env`: what it has of a name counts. */
function laidOver(members: Members, name: string): AppCommand['environment'] {
  const chosen = members.get(`env_${name}`)
  const others = environmentOf(members, /^env$/)
  if (chosen === undefined) return others
  const own = environmentOf(members, new RegExp(`^env_${name}$`))
  return variable => {
    const isOwn = chosen.kind !== 'object' || chosen.open || chosen.members.has(variable)
    return isOwn ? own(variable) : others(variable)
  }
}

function writtenValue(literal: JsLiteral): string | null {
  if (literal.kind === 'text') return literal.text.text
  return literal.kind === 'number' || literal.kind === 'boolean' ? String(literal.value) : null
}
