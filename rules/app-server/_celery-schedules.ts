import { closingBracket } from '../../parsers/python/closing-bracket.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { hangsOnCondition, pythonCode } from './_celery-queues.ts'

const SCHEDULE = /\b(CELERY_?BEAT_SCHEDULE|beat_schedule)\b["']?\s*(?::[^=\n{}]+)?[=:]\s*(?=\{)/g
const CALLS = /(?<=\b\w+\.)(add_periodic_task)\s*\(/g
const ROWS = /\b(PeriodicTask)\.objects\.(?:(?:update|get)_or_create|create)\s*\(/g

/** Where a file says that beat has tasks to send: `beat_schedule`, `add_periodic_task`, rows of django-celery-beat. */
export const schedulesIn = memo((source: Source): readonly Place[] => {
  if (!/beat_?schedule|periodic_?task/i.test(source.text)) return []
  const code = pythonCode(source)
  const written = [...code.matchAll(SCHEDULE)].filter(found => {
    const start = found.index + found[0].length
    const end = closingBracket(code, start)
    return (
      end !== null &&
      /["']task["']\s*:/.test(code.slice(start, end)) &&
      !hangsOnCondition(code, found.index) &&
      !/^[ \t]*(?:if|elif)\b/.test(lineBefore(code, found.index))
    )
  })
  const calls = /\bcelery\b/i.test(code) ? [...code.matchAll(CALLS)] : []
  const rows = /\bdjango_celery_beat\b/.test(code) ? [...code.matchAll(ROWS)] : []
  return [...written, ...calls, ...rows].map(({ index, 1: name = '' }) => ({
    source,
    start: index,
    end: index + name.length,
  }))
})

function lineBefore(code: string, index: number): string {
  return code.slice(0, code.lastIndexOf('\n', index)).split('\n').at(-1) ?? ''
}

/** True where the code itself starts beat, or may. */
export const startsBeat = memo((source: Source): boolean => {
  if (!/beat|-B\b/i.test(source.text)) return false
  const code = pythonCode(source)
  return /celery[^\n]*[\s"'](?:beat\b|-\w*B\b)|["'](?:beat|-\w*B|--beat)["']|\b(?:Beat|EmbeddedService)\(/.test(
    code,
  )
})
