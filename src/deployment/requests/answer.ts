import type { Place } from '../../../parsers/text/source.ts'
import type { FileKind } from '../../files/file-system.ts'
import type { Address } from '../../servers/address.ts'
import type { ApacheDirective } from '../../servers/apache/configuration.ts'
import type { NginxDirective } from '../../servers/nginx/configuration.ts'
import type { ReceivedHeaders } from '../../servers/received-headers.ts'
import type { Connection, Machine, Target } from '../model.ts'

/** A request as its client sends it. */
export interface ClientRequest {
  readonly scheme: 'http' | 'https'
  /** The host of the URL, lower case and without port. */
  readonly host: string
  readonly port: number
  /** Path and query, escaped as in the URL. */
  readonly target: string
  readonly method: string
  /** The address that the client connects to; absent for any. */
  readonly address?: Address
  /** The machine that it connects to; absent for whichever listens on the port. */
  readonly machine?: Machine
  /** The client's own address; absent where it may have any. */
  readonly client?: string
  /** Absent where nobody knows them. */
  readonly headers?: ReceivedHeaders
}

/** The `Host` header of a request: the port is written where it is not the usual one. */
export function hostOf({ scheme, host, port }: Pick<ClientRequest, 'scheme' | 'host' | 'port'>): string {
  return port === (scheme === 'https' ? 443 : 80) ? host : `${host}:${port}`
}

/** A request as it reaches httpd. */
export interface ApacheArrival {
  readonly address: Address
  readonly port: number
  /** The `Host` header; null where there is none, undefined where it is not known. */
  readonly host: string | null | undefined
  readonly tls: boolean
  /** Path and query, escaped. */
  readonly target: string
  readonly method: string
  /** The client's end of the connection. */
  readonly client?: string
  readonly headers: ReceivedHeaders
  /** True where what is not known of the headers is what the client itself sends. */
  readonly isFromClient: boolean
}

export type Layer = 'nginx' | 'apache' | 'mod_wsgi' | 'django'

/** One decision on the way. */
export interface RequestStep {
  readonly layer: Layer
  readonly text: string
  /** Null where a default decided and nothing was written. */
  readonly at: Place | null
  /** False for what nobody can read from the files. */
  readonly known: boolean
  /** The line that decided, where the server names one. */
  readonly directive: NginxDirective | ApacheDirective | null
}

/** Where a request ends. */
export type RequestEnd = { readonly at: Place | null } & (
  | {
      /** A server answers by itself: an error, a refusal, `return 200`. */
      readonly kind: 'status'
      readonly by: Layer
      readonly status: number
      readonly reason: string
    }
  | {
      readonly kind: 'redirect'
      readonly by: Layer
      readonly status: number
      /** As it is sent: a whole URL, or a path where the server leaves it at that. */
      readonly location: string
    }
  | {
      /** The content of a file. */
      readonly kind: 'file'
      readonly by: Layer
      readonly path: string
      /** Null where the audit does not cover the path. */
      readonly exists: true | null
      readonly status: number
    }
  | {
      /** A handler inside a server: `server-status`, `stub_status`, `application/x-httpd-php`. */
      readonly kind: 'handler'
      readonly by: Layer
      readonly name: string
      /** The file that it runs or lists; null where it needs none. */
      readonly path: string | null
      readonly status: number
    }
  | {
      readonly kind: 'application'
      readonly script: string
      /** Empty for embedded mode; null where that is not known. */
      readonly processGroup: string | null
      /** `wsgi.url_scheme`; null where the client or something unread decides it. */
      readonly scheme: 'http' | 'https' | null
      readonly exists: true | null
    }
  | {
      /** A program that is neither nginx nor Apache, or none of the audit. */
      readonly kind: 'backend'
      readonly connection: Connection
      readonly target: Target
      readonly address: string
      readonly reason: string
      /** What is asked for: path and query, or the URL of mod_proxy; null where the protocol has none. */
      readonly uri: string | null
      /** The file that FastCGI is to run; null where that is not known. */
      readonly script: string | null
    }
  /** No connection, or one that is closed without an answer. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'loop'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string }
)

export interface FollowedRequest {
  readonly request: ClientRequest
  readonly steps: readonly RequestStep[]
  readonly end: RequestEnd
}

/** What one layer did. */
export interface Leg {
  readonly steps: readonly RequestStep[]
  readonly end: RequestEnd
}

export interface FollowOptions {
  /** What stands where the audit does not look: null for nothing, undefined where that is not known. */
  readonly assume?: (path: string) => FileKind | null | undefined
  /** True for a reader who wants to see how it goes on: what is not known is taken as missing, and said so. */
  readonly goesOn?: boolean
}

/** How deep the request is, and what it may assume. */
export interface FollowContext {
  readonly options: FollowOptions
  /** Connections so far. */
  readonly depth: number
}

/** A list of steps under way. */
export class Steps {
  readonly list: RequestStep[] = []
  readonly #layer: Layer

  constructor(layer: Layer) {
    this.#layer = layer
  }

  add(text: string, at: Place | null, directive: RequestStep['directive'] = null, layer = this.#layer): void {
    this.list.push({ layer, text, at, known: true, directive })
  }

  doubt(text: string, at: Place | null, layer = this.#layer): void {
    this.list.push({ layer, text, at, known: false, directive: null })
  }

  end(end: RequestEnd): Leg {
    return { steps: this.list, end }
  }

  unknown(reason: string, at: Place | null = null): Leg {
    return this.end({ kind: 'unknown', reason, at })
  }
}
