import { memo } from '../../parsers/collections/memo.ts'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { UwsgiServer } from '../../parsers/app-server/uwsgi.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { loadedBy } from './_loaded-files.ts'
import { schedulerStarted } from './_schedulers.ts'

/** A thread of its own that an application starts when it is loaded. */
export interface ApplicationThread {
  readonly at: Place
  /** The subject of a sentence, with what is lost. */
  readonly harm: string
}

/** The first of them in the files that a program loads, and in the settings of its Django; null where none is seen. */
export function applicationThread(
  deployment: Deployment,
  program: AppServerProgram,
): ApplicationThread | null {
  const module = deployment.moduleOf(program)
  if (module === null || module.source === null || module.source === 'missing') return null
  const own = threadIn(module.source)
  if (own !== null) return own
  const settings = module.settingsSource === null ? null : threadIn(module.settingsSource)
  if (settings !== null) return settings
  const loaded = loadedBy(deployment, program)
  for (const path of loaded?.paths ?? []) {
    const source = sourceAt(loaded!.files, path)
    const found = source === null ? null : threadIn(source)
    if (found !== null) return found
  }
  return null
}

/** At the beginning of a line a call is one of the module itself, which runs whenever it is loaded. */
const STARTED_AT_ONCE =
  /^(?:threading\.)?(?:Thread|Timer)\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\.start(?=\(\))/m
const MADE = /^(\w+)[ \t]*(?::[^=\n]+)?=[ \t]*(?:threading\.)?(?:Thread|Timer)\(/gm
/** Sends what went wrong from a thread of its own. */
const SENTRY = /^sentry_sdk\.init(?=\()/m
/** Whoever knows of uWSGI has its own way. */
const KNOWS_UWSGI = /^[ \t]*(?:import|from)[ \t]+uwsgi/m

const threadIn = memo((source: Source): ApplicationThread | null => {
  const scheduler = schedulerStarted(source)
  if (scheduler !== null) return { at: scheduler, harm: 'this scheduler does no job' }
  const code = withoutComments(source.code).replace(/("""|''')[\s\S]*?\1/g, text =>
    text.replace(/[^\n]/g, ' '),
  )
  if (KNOWS_UWSGI.test(code)) return null
  const thread = /\bthreading\b/.test(code) ? threadStarted(code) : null
  if (thread !== null)
    return { at: { source, ...thread }, harm: 'this thread stands still while no request is answered' }
  const sentry = SENTRY.exec(code)
  if (sentry === null) return null
  const at = { source, start: sentry.index, end: sentry.index + sentry[0].length }
  return { at, harm: 'what Sentry sends from its thread waits for requests, and may be lost' }
})

function threadStarted(code: string): { readonly start: number; readonly end: number } | null {
  const once = STARTED_AT_ONCE.exec(code)
  if (once !== null) return { start: once.index, end: once.index + once[0].indexOf('(') }
  for (const [, name] of code.matchAll(MADE)) {
    const start = new RegExp(`^${name}\\.start(?=\\(\\))`, 'm').exec(code)
    // What is waited for has done its work before the first request.
    if (start !== null && !new RegExp(`^${name}\\.join\\(`, 'm').test(code))
      return { start: start.index, end: start.index + start[0].length }
  }
  return null
}

/** True where something lets uWSGI run the threads of the application. */
export function runsThreads({ settings }: UwsgiServer): boolean {
  return [
    'enable-threads',
    'threads',
    'gevent',
    'gevent-early-monkey-patch',
    'asyncio',
    'greenlet',
    'py-call-osafterfork',
    'py-call-uwsgi-fork-hooks',
  ].some(name => settings.has(name))
}
