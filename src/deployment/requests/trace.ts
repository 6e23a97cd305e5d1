import type { Place } from '../../../parsers/text/source.ts'
import type { Address } from '../../servers/address.ts'

/** A request as its client would send it. */
export interface TraceRequest {
  readonly scheme: 'http' | 'https'
  /** The host of the URL, without port. */
  readonly host: string
  readonly port: number
  /** Path and query, escaped as in the URL. */
  readonly target: string
  readonly method: string
  /** The address of this machine that the client connects to; undefined for any. */
  readonly address?: Address
}

/** One decision on the way, with the line that made it. */
export interface TraceStep {
  readonly layer: 'nginx' | 'apache' | 'mod_wsgi'
  readonly text: string
  /** Null where a default decided and nothing was written. */
  readonly at: Place | null
  /** False for what nobody can read from the files. */
  readonly known: boolean
}

export interface Trace {
  readonly request: TraceRequest
  readonly steps: readonly TraceStep[]
  readonly end: TraceEnd
}

/** Where a request ends. */
export type TraceEnd =
  /** A server answers by itself. */
  | {
      readonly kind: 'status'
      readonly by: TraceStep['layer']
      readonly status: number
      readonly reason: string
    }
  | {
      readonly kind: 'redirect'
      readonly by: TraceStep['layer']
      readonly status: number
      readonly location: string
    }
  | {
      readonly kind: 'file'
      readonly by: TraceStep['layer']
      readonly path: string
      readonly exists: true | null
    }
  /** A handler inside a server: `server-status`, `stub_status`. */
  | { readonly kind: 'handler'; readonly by: TraceStep['layer']; readonly name: string }
  | {
      readonly kind: 'application'
      readonly script: string
      /** Empty for Apache's own processes; null where that is not known. */
      readonly processGroup: string | null
      /** `wsgi.url_scheme`; null where the client or something unread decides it. */
      readonly scheme: 'http' | 'https' | null
    }
  /** A program that is not in the audit. */
  | { readonly kind: 'backend'; readonly address: string; readonly reason: string }
  /** No connection, or one that is closed without an answer. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'loop'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string }

/** What one layer did: its steps, and where it ended. */
export interface TraceLeg {
  readonly steps: readonly TraceStep[]
  readonly end: TraceEnd
}

/** A list of steps under way. */
export class Steps {
  readonly list: TraceStep[] = []
  readonly #layer: TraceStep['layer']

  constructor(layer: TraceStep['layer']) {
    this.#layer = layer
  }

  add(text: string, at: Place | null, layer = this.#layer): void {
    this.list.push({ layer, text, at, known: true })
  }

  doubt(text: string, at: Place | null, layer = this.#layer): void {
    this.list.push({ layer, text, at, known: false })
  }

  end(end: TraceEnd): TraceLeg {
    return { steps: this.list, end }
  }
}
