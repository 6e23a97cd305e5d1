import type { ReceivedHeaders } from '../../servers/received-headers.ts'
import type { Deployment } from '../model.ts'
import { followRequest } from './follow-request.ts'
import { isSameUrl } from './same-url.ts'
import { type Trace, type TraceRequest, traceEnd } from './trace.ts'

/** What a client sends is not known, but for a password: it sends none. */
const WITHOUT_PASSWORD: ReceivedHeaders = { values: new Map([['authorization', '']]), complete: false }

/** Follows one request for a reader: what is not known is taken as missing, said so, and the way goes on. */
export function traceRequest(deployment: Deployment, request: TraceRequest): Trace {
  const { headers = WITHOUT_PASSWORD } = request
  const { steps, end } = followRequest(deployment, { ...request, headers }, { goesOn: true })
  const shown = steps.map(({ layer, text, at, known }) => ({ layer, text, at, known }))
  // Whichever server says it, a redirect to the URL that was asked for is asked for again, and so on.
  if (end.kind === 'redirect' && isSameUrl(request, end.location))
    return { request, steps: shown, end: { kind: 'loop', reason: `${end.status} redirects to the same URL` } }
  return { request, steps: shown, end: traceEnd(end) }
}
