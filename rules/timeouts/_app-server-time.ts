import type { AppServer } from '../../parsers/app-server/app-server.ts'
import type { Fact } from '../../src/servers/fact.ts'

/** What is written as the time of one request; null where nothing is, or where it means something else. */
export function timeOfRequest(server: AppServer): Fact<number> | null {
  if (server.program === 'uwsgi') return server.timeout
  return killsSlowRequests(server) ? server.timeout : null
}

/** True for gunicorn whose workers stand still while they answer, so that its `timeout` is that of a request. */
export function killsSlowRequests({ program, workerClass, threads }: AppServer): boolean {
  if (program !== 'gunicorn') return false
  if (workerClass !== null && !(workerClass.known && workerClass.value === 'sync')) return false
  return threads === null || (threads.known && threads.value === 1)
}
