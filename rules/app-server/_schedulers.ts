import { memo } from '../../parsers/collections/memo.ts'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { loadedBy } from './_loaded-files.ts'
import { calledAtImport, codeOfModule, runsAtImport } from './_python-at-import.ts'

const MADE =
  /^(\w+)\s*(?::[^=\n]+)?=\s*(?:\w+\.)*(?:BackgroundScheduler|AsyncIOScheduler|GeventScheduler|APScheduler)\(/gm
const AT_START =
  /^@\w+\.on_event\(\s*["']startup["']\s*\)\s*\n(?:async[ \t]+)?def[ \t]+\w+\([^)]*\)[^\n]*:\s*\n((?:[ \t]+[^\n]*\n?|\n)+)/gm
/** Whoever has processes agree on one of them names what they agree by. */
const GUARDED = /lock|fcntl|flock|setnx|worker_id|\bgetpid\b|preload|WERKZEUG_RUN_MAIN|RUN_SCHEDULER/i

/**
 * Where a module starts a scheduler of APScheduler in each process that loads it: at its top, or when an application
 * of FastAPI starts. Null where something may keep it to one of them.
 */
export const schedulerStarted = memo((source: Source): Place | null => {
  const code = withoutComments(source.code)
  if (!/apscheduler/i.test(code) || GUARDED.test(code)) return null
  for (const [, name] of code.matchAll(MADE)) {
    const start = new RegExp(`(?:^|\\n)(${name}\\.start)\\(`).exec(code)
    if (start !== null) return placeOf(source, start.index + start[0].indexOf(name!), start[1]!)
    for (const body of code.matchAll(AT_START)) {
      const call = new RegExp(`^[ \\t]+(${name}\\.start)\\(`, 'm').exec(body[1]!)
      // Inside of a condition it stands deeper than the first line.
      const depth = /^[ \t]+/.exec(body[1]!)?.[0]
      if (call === null || depth === undefined || !call[0].startsWith(`${depth}${name}`)) continue
      const from = body.index + body[0].length - body[1]!.length
      return placeOf(source, from + call.index + depth.length, call[1]!)
    }
  }
  return null
})

/**
 * The same of a scheduler that one module makes, and another one starts whenever the application is loaded: in the
 * factory that a command names, or that a module calls.
 */
export function schedulerInFactory(deployment: Deployment, program: AppServerProgram): Place | null {
  const loaded = loadedBy(deployment, program)
  const sources = loaded?.paths.flatMap(path => sourceAt(loaded.files, path) ?? []) ?? []
  const modules = sources.map(source => ({ source, code: codeOfModule(source) }))
  if (!modules.some(({ code }) => /apscheduler/i.test(code))) return null
  if (modules.some(({ source, code }) => source.template || GUARDED.test(code))) return null
  const factory = /^(\w+)\(/.exec(deployment.moduleOf(program)?.attribute ?? '')?.[1]
  const called = new Set([
    ...modules.flatMap(({ code }) => calledAtImport(code)),
    ...(factory === undefined ? [] : [factory]),
  ])
  const names = modules.flatMap(({ code }) => [...code.matchAll(MADE)].map(match => match[1]!))
  if (names.length === 0) return null
  const starts = new RegExp(`(?<=^[ \\t]*)(?:${names.join('|')})\\.start(?=\\()`, 'gm')
  for (const { source, code } of modules)
    for (const { index, 0: text } of code.matchAll(starts)) {
      if (!runsAtImport(code, index, called) || mayReturnBefore(code, index)) continue
      return placeOf(source, index, text)
    }
  return null
}

/** True where the function around a line may end above it. */
function mayReturnBefore(code: string, offset: number): boolean {
  const header = code.slice(0, offset).search(/^def[ \t](?![\s\S]*^def[ \t])/m)
  return header !== -1 && /\breturn\b|\braise\b/.test(code.slice(header, offset))
}

function placeOf(source: Source, start: number, text: string): Place {
  return { source, start, end: start + text.length }
}
