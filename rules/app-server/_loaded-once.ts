import type { Place } from '../../parsers/text/source.ts'
import type { AppServerProgram } from '../../src/deployment/model.ts'

/**
 * True where one process loads the application before it forks the workers: none of its threads goes on in them, and
 * all of them have its open connections.
 */
export function isLoadedOnce({ server: { program, settings } }: AppServerProgram): boolean {
  if (program === 'uwsgi') return !settings.has('lazy-apps') && !settings.has('lazy')
  if (program !== 'gunicorn') return false
  const preload = settings.get('preload_app')
  return preload !== undefined && !(preload.known && preload.value === false)
}

/** What has gunicorn load the application before it forks, for certain; null where nothing does. */
export function preloadedBy({ server }: AppServerProgram): Place | null {
  const preload = server.program === 'gunicorn' ? server.settings.get('preload_app') : undefined
  return preload?.known === true && preload.value === true ? (preload.at ?? server.at) : null
}
