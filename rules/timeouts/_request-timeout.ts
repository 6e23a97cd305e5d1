import type { Place } from '../../parsers/text/source.ts'
import type { ApacheHost, Application } from '../../src/deployment/model.ts'

/** How long Apache and mod_wsgi stay with one request of an application in a daemon process. */
export interface RequestTimeout {
  readonly seconds: number
  /** True where `request-timeout` ends it, false where Apache only stops to wait for the answer. */
  readonly ends: boolean
  /** Null where it is the default of a minute. */
  readonly at: Place | null
}

/** Null where an application of this host is embedded, which nothing limits, or where a value is not known. */
export function requestTimeoutOf({ daemon }: Application, host: ApacheHost): RequestTimeout | null {
  if (daemon === null) return null
  const socket = daemon.options.has('socket-timeout')
    ? daemon.number('socket-timeout')
    : host.timeouts.timeout
  const request = daemon.requestTimeout
  if (!socket.known || !request.known) return null
  return request.value > 0 && request.value <= socket.value
    ? { seconds: request.value, ends: true, at: request.at }
    : { seconds: socket.value, ends: false, at: socket.at }
}
