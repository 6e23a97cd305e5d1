import type { Place } from '../../../../parsers/text/source.ts'
import type { FileKind, FileSystem } from '../../../files/file-system.ts'
import type { Address } from '../../address.ts'
import type { Fact } from '../../fact.ts'
import type { ReceivedHeaders } from '../../received-headers.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'
import type { Level } from '../queries/sections-for.ts'
import type { VirtualHost } from '../queries/virtual-hosts.ts'

/** A request as it reaches httpd. */
export interface ApacheRequest {
  readonly method: string
  /** Path and query of the request line: `/a%20b?c=d`. */
  readonly target: string
  /** The `Host` header as sent; null for a request without one. */
  readonly host: string | null
  /** What the connection itself speaks. */
  readonly scheme: 'http' | 'https'
  /** The local end of the connection. */
  readonly address?: Address
  readonly port: number
  /** Absent where nobody knows any of them. */
  readonly headers?: ReceivedHeaders
  /** The client's address, where it is known. */
  readonly client?: string
}

/** What the walk looks at beside the configuration. */
export interface WalkOptions {
  /** Where files are looked for; null where none can be. */
  readonly files: FileSystem | null
  /**
   * What stands at a path that the audit does not cover, for a caller who may assume it: null for nothing,
   * undefined where it does not know either.
   */
  readonly assume?: (path: string) => FileKind | null | undefined
  /**
   * Whether a `.htaccess` that the audit cannot see is taken as missing in a directory (with its last slash); a step
   * says so.
   */
  readonly skipsUnreadHtaccess?: (directory: string) => boolean
  /** The one name of an index that directories are asked for, whatever `DirectoryIndex` says. */
  readonly index?: string
}

/** One thing that happened to the request, for a reader to follow. */
export interface ApacheStep {
  readonly kind:
    | 'section'
    | 'redirect'
    | 'rewrite'
    | 'alias'
    | 'proxy'
    | 'document-root'
    | 'access'
    | 'index'
    | 'fallback'
    | 'internal-redirect'
    | 'error-document'
    | 'handler'
    | 'doubt'
  readonly text: string
  readonly at: Place | null
  /** The line that decided; null where a default did. */
  readonly directive: ApacheDirective | null
}

/** Where a request ends. */
export type ApacheEnd = { readonly at: Place | null } & (
  | {
      readonly kind: 'response'
      readonly status: number
      /** The `Location` of a redirect; null for other answers. */
      readonly location: string | null
      readonly reason: string
    }
  /** A file is sent as it is; `exists` is null where that is not part of the audit. */
  | { readonly kind: 'file'; readonly path: string; readonly exists: true | null; readonly status: number }
  /** A handler of a module answers: `server-status`, `cgi-script`, `application/x-httpd-php`, `autoindex`. */
  | {
      readonly kind: 'handler'
      readonly name: string
      /** The file that it runs or lists. */
      readonly path: string
      readonly exists: true | null
      readonly status: number
    }
  /** Another server answers. */
  | {
      readonly kind: 'pass'
      /** `http://127.0.0.1:8000/a?b`, `fcgi://localhost/srv/www/x.php`, `balancer://pool/`. */
      readonly url: string
      /** The Unix socket in front of the URL; null for none. */
      readonly socket: string | null
      readonly directive: ApacheDirective | null
    }
  /** A script of mod_wsgi: the alias that leads to it, null where a handler does. */
  | {
      readonly kind: 'wsgi'
      readonly alias: ApacheDirective | null
      readonly path: string
      readonly exists: true | null
      /** The sections that hold for it. */
      readonly levels: readonly Level[]
    }
  | { readonly kind: 'unknown'; readonly reason: string }
)

/** What all records of one request share. */
export interface ApacheWalk {
  readonly configuration: ApacheConfiguration
  /** Null for the main server. */
  readonly host: VirtualHost | null
  readonly request: ApacheRequest
  readonly options: WalkOptions
  readonly steps: ApacheStep[]
  /** Records made so far: whatever goes round in circles ends here. */
  records: number
  /** Files that are only taken to be there (see `assumeTarget`). */
  readonly targets: Set<string>
  /** Follows a subrequest for a URI up to its handler. */
  readonly lookUp: (record: RequestRecord, uri: string) => Subrequest
}

/** A subrequest, and what its phases came to. */
export interface Subrequest {
  readonly record: RequestRecord
  readonly phase: Phase
}

/** What mod_alias left for mod_rewrite: the prefix of the URL and the path that took its place. */
export interface AliasContext {
  readonly prefix: string
  readonly root: string
}

/** httpd's `request_rec`: a request, one of its internal redirects, or a subrequest. Texts are bytes. */
export interface RequestRecord {
  readonly walk: ApacheWalk
  /** What an internal redirect or an error document started from. */
  readonly prev: RequestRecord | null
  /** What a subrequest is part of. */
  readonly main: RequestRecord | null
  method: string
  /** As asked, escaped. */
  readonly unparsed: string
  /** The path, decoded. */
  uri: string
  args: string | null
  /** Null until it is mapped; `proxy:…` for another server. */
  filename: string | null
  pathInfo: string
  /** 200, or the error whose document this is. */
  status: number
  /** What stands at `filename`; undefined where nobody knows. */
  kind: FileKind | null | undefined
  handler: string | null
  /** The line that gives it; null where none does. */
  handlerLine: ApacheDirective | null
  contentType: string | null
  levels: readonly Level[]
  isProxied: boolean
  /** `ScriptAlias` runs scripts without `Options ExecCGI`. */
  isScriptAliased: boolean
  /** The line that sends the request to another server or script. */
  passedBy: ApacheDirective | null
  context: AliasContext | null
  readonly env: Map<string, Fact<string>>
  /** By `[T]` and `[H]`. */
  forcedType: string | null
  forcedHandler: string | null
  /** `[NE]` of a proxied URL: it goes out as it is. */
  isCanonical: boolean
  /** True from `[END]` on, for every record of the same request. */
  readonly rewriting: { ended: boolean }
  /** What happened to it, where it is a subrequest. */
  readonly looked: ApacheStep[]
}

/** What a phase comes to. */
export type Phase =
  /** The next module, or the next phase. */
  | { readonly kind: 'declined' | 'ok' }
  | StatusPhase
  | { readonly kind: 'unknown'; readonly reason: string; readonly at: Place | null }

/** httpd answers with a status, unless an `ErrorDocument` takes over. */
export interface StatusPhase {
  readonly kind: 'status'
  readonly status: number
  readonly location: string | null
  readonly reason: string
  readonly at: Place | null
}

export const DECLINED: Phase = { kind: 'declined' }
export const OK: Phase = { kind: 'ok' }

export function failed(status: number, reason: string, at: Place | null): StatusPhase {
  return { kind: 'status', status, location: null, reason, at }
}

export function redirected(status: number, location: string, reason: string, at: Place | null): StatusPhase {
  return { kind: 'status', status, location, reason, at }
}

export function undecided(reason: string, at: Place | null): Phase {
  return { kind: 'unknown', reason, at }
}

export function addStep(
  { walk: { steps }, main, looked }: RequestRecord,
  kind: ApacheStep['kind'],
  text: string,
  at: Place | null,
  directive: ApacheDirective | null = null,
): void {
  // What a subrequest only looks at is no step of the request itself.
  ;(main === null ? steps : looked).push({ kind, text, at, directive })
}

/** A subrequest decided what is answered, so that its steps are those of the request. */
export function takeSteps({ walk: { steps }, main, looked }: RequestRecord, found: RequestRecord): void {
  ;(main === null ? steps : looked).push(...found.looked)
}
