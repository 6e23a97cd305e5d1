import { closingBracket } from '../../parsers/python/closing-bracket.ts'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { Place, Source } from '../../parsers/text/source.ts'

/** A queue to which tasks are sent by its name. */
export interface NamedQueue {
  readonly name: string
  readonly at: Place
}

/** A text of several lines, in which code is an example. */
const DOCUMENTATION = /("""|''')[\s\S]*?\1/g
const ROUTES = /\b(?:CELERY_(?:TASK_)?ROUTES|task_routes)["']?\s*[=:]\s*(?=[{[(])/g
const OPTIONS = /["']options["']\s*:\s*(?=\{)/g
const QUEUE = /(["'])queue\1\s*:\s*((["'])([\w.-]+)\3)/g
/** A route may be the name of its queue alone. */
const ROUTE_TEXT = /(["'])(?=[^"'\n]*[.*])[\w.*]+\1\s*:\s*((["'])([\w.-]+)\3)/g
const CALLS = /(?:\.apply_async|\bsend_task|@(?:\w+\.)*(?:shared_task|task))\s*(?=\()/g
const KEYWORD = /(?<=[(,]\s*)(queue)\s*=\s*((["'])([\w.-]+)\3)(?=\s*[,)])/g

/** Every queue that routes, tasks, their calls and the schedule of a file name by a text. */
export function queuesNamed(source: Source): readonly NamedQueue[] {
  if (!/queue|_routes|_ROUTES/.test(source.code)) return []
  const code = pythonCode(source)
  const isOfCelery = /celery/i.test(code) && !/\bprocrastinate\b/.test(code)
  return [
    ...namesIn(source, code, ROUTES, QUEUE),
    ...namesIn(source, code, ROUTES, ROUTE_TEXT),
    ...(/beat_?schedule/i.test(code) ? namesIn(source, code, OPTIONS, QUEUE) : []),
    ...(isOfCelery ? namesIn(source, code, CALLS, KEYWORD) : []),
  ]
}

function namesIn(source: Source, code: string, outer: RegExp, inner: RegExp): readonly NamedQueue[] {
  return [...code.matchAll(outer)].flatMap(found => {
    const start = found.index + found[0].length
    const end = closingBracket(code, start)
    if (end === null || hangsOnCondition(code, found.index)) return []
    return [...code.slice(start, end + 1).matchAll(inner)].map(match => {
      const last = start + match.index + match[0].length
      return { name: match[4]!, at: { source, start: last - match[2]!.length, end: last } }
    })
  })
}

/** True for a setting of a module of which a condition decides whether it is made. */
export function hangsOnCondition(code: string, index: number): boolean {
  const start = code.lastIndexOf('\n', index) + 1
  const isSetting = /^[ \t]+(?:\w+\.)*(?:CELERY_|task_)/.test(code.slice(start, index + 8))
  if (!isSetting) return false
  const header = code
    .slice(0, start)
    .split('\n')
    .findLast(line => /^\S/.test(line))
  return /^(?:if|elif|else|try|except|with|match)\b/.test(header ?? '')
}

/** Of what other workers take from, where none is told: the default queue, or those that the settings list; null where nobody knows. */
export function queuesByDefault(sources: readonly Source[]): readonly string[] | null {
  const codes = sources.map(pythonCode)
  const listed = codes.flatMap(code => [
    ...code.matchAll(/\b(?:CELERY_(?:TASK_)?QUEUES|task_queues)["']?\s*[=:]\s*/g),
  ])
  if (listed.length > 1) return null
  const [list] = listed
  if (list !== undefined) {
    const text = codes.find(code => code === list.input) ?? ''
    const start = list.index + list[0].length
    const end = closingBracket(text, start)
    if (end === null || hangsOnCondition(text, list.index)) return null
    const inside = text.slice(start, end + 1)
    const names = [...inside.matchAll(/\bQueue\(\s*(?:name\s*=\s*)?(["'])([\w.-]+)\1/g)].map(
      ([, , name]) => name!,
    )
    return names.length === 0 ||
      names.length !== inside.split('Queue(').length - 1 ||
      /\bfor\b|\*/.test(inside)
      ? null
      : names
  }
  const written = codes.flatMap(code => [
    ...code.matchAll(
      /\b(?:CELERY_(?:TASK_)?DEFAULT_QUEUE|task_default_queue)\b["']?\s*[=:]?\s*(?:(["'])([\w.-]+)\1)?/g,
    ),
  ])
  const names = new Set(written.map(([, , name]) => name))
  if (names.size === 0) return ['celery']
  const [only] = names
  return names.size > 1 || only === undefined ? null : [only]
}

export function pythonCode({ code }: Source): string {
  return withoutComments(code).replace(DOCUMENTATION, text => text.replace(/[^\n]/g, ' '))
}
