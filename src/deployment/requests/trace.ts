import type { ClientRequest, Layer, RequestEnd, RequestStep } from './answer.ts'

/** A request that a person wants to see followed. */
export type TraceRequest = ClientRequest

export type TraceStep = Omit<RequestStep, 'directive'>

/** Where a request ends, as `trace` shows it: plain data, without the model that it came from. */
export type TraceEnd =
  /** A server answers by itself. */
  | { readonly kind: 'status'; readonly by: Layer; readonly status: number; readonly reason: string }
  | { readonly kind: 'redirect'; readonly by: Layer; readonly status: number; readonly location: string }
  | {
      readonly kind: 'file'
      readonly by: Layer
      readonly path: string
      readonly exists: true | null
      /** Absent for 200. */
      readonly status?: number
    }
  /** A handler inside a server: `server-status`, `stub_status`. */
  | { readonly kind: 'handler'; readonly by: Layer; readonly name: string; readonly path?: string }
  | {
      readonly kind: 'application'
      readonly script: string
      /** Empty for embedded mode; null where that is not known. */
      readonly processGroup: string | null
      /** `wsgi.url_scheme`; null where the client or something unread decides it. */
      readonly scheme: 'http' | 'https' | null
    }
  /** A program that is neither nginx nor Apache, or none of the audit. */
  | {
      readonly kind: 'backend'
      readonly address: string
      readonly reason: string
      /** The file that FastCGI is to run. */
      readonly script?: string
    }
  /** No connection, or one that is closed without an answer. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'loop'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string }

export interface Trace {
  readonly request: TraceRequest
  readonly steps: readonly TraceStep[]
  readonly end: TraceEnd
}

/** The end of a followed request as `trace` shows it. */
export function traceEnd(end: RequestEnd): TraceEnd {
  switch (end.kind) {
    case 'status':
      return { kind: 'status', by: end.by, status: end.status, reason: end.reason }
    case 'redirect':
      return { kind: 'redirect', by: end.by, status: end.status, location: end.location }
    case 'file': {
      const { by, path, exists, status } = end
      return { kind: 'file', by, path, exists, ...(status !== 200 && { status }) }
    }
    case 'handler':
      return { kind: 'handler', by: end.by, name: end.name, ...(end.path !== null && { path: end.path }) }
    case 'application': {
      const { script, processGroup, scheme } = end
      return { kind: 'application', script, processGroup, scheme }
    }
    case 'backend': {
      const { address, reason, script } = end
      return { kind: 'backend', address, reason, ...(script !== null && { script }) }
    }
    default:
      return { kind: end.kind, reason: end.reason }
  }
}
