import type { Place } from '../../parsers/text/source.ts'
import { timeouts } from '../servers/apache/queries/server-settings.ts'
import type { Application } from './applications.ts'
import { daemonOf } from './daemon-of.ts'
import type { Deployment } from './deployment.ts'
import { hostOf } from './fronts-of.ts'

/** How long Apache and mod_wsgi stay with one request of an application in a daemon process. */
export interface Patience {
  readonly seconds: number
  /** True where `request-timeout` ends it, false where Apache only stops to wait for the answer. */
  readonly ends: boolean
  /** Null where it is the default of a minute. */
  readonly at: Place | null
}

/** Null where the application is embedded, which nothing limits, or where a value is not known. */
export function patienceOf(deployment: Deployment, application: Application): Patience | null {
  const daemon = daemonOf(deployment, application)
  const host = hostOf(deployment, application)
  if (daemon === null || host === null) return null
  const socket = daemon.options.has('socket-timeout')
    ? daemon.number('socket-timeout')
    : timeouts(host.configuration, host.virtualHost).timeout
  const request = daemon.number('request-timeout')
  if (!socket.known || !request.known) return null
  return request.value > 0 && request.value <= socket.value
    ? { seconds: request.value, ends: true, at: request.at }
    : { seconds: socket.value, ends: false, at: socket.at }
}
