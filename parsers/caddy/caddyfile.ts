import type { Place, Source } from '../text/source.ts'

/** What a Caddyfile says of the sites that it serves, as far as they lead to other servers. */
export interface Caddyfile {
  readonly source: Source
  readonly sites: readonly CaddySite[]
  /** True where `auto_https off` or another port for HTTPS says that addresses alone do not tell of TLS. */
  readonly changesHttps: boolean
  /** The ports of addresses without one: 80 and 443, unless global options say otherwise; null where a variable does. */
  readonly httpPort: number | null
  readonly httpsPort: number | null
  /** False where `auto_https` keeps it from redirecting plain HTTP to the addresses that it serves with TLS. */
  readonly redirects: boolean
  /** False where an `import` brings options and sites of other files. */
  readonly complete: boolean
}

/** A block of a site. */
export interface CaddySite {
  readonly addresses: readonly CaddyAddress[]
  /** Every `reverse_proxy`, those of `handle`, `route` and snippets too, in the order of the file. */
  readonly proxies: readonly CaddyProxy[]
  /** False where an `import` could not be followed: more may be there. */
  readonly complete: boolean
}

/** `example.org`, `http://example.org:8080`, `:443`. */
export interface CaddyAddress {
  readonly text: string
  readonly at: Place
  /**
   * True where Caddy serves it with TLS: it does for each address that has a host and neither `http://` nor the port 80.
   * Null where a variable or a port without a host leaves that open.
   * @see https://caddyserver.com/docs/automatic-https
   */
  readonly tls: boolean | null
  /** In small letters; empty where there is none, and null where a variable may say it. */
  readonly host: string | null
  readonly port: number | null
}

/** `reverse_proxy [matcher] upstream…`. */
export interface CaddyProxy {
  /** The directive's name. */
  readonly at: Place
  readonly upstreams: readonly CaddyUpstream[]
  /** The headers that `header_up` sets, adds or takes away, in small letters, without `+`, `-` and `>`. */
  readonly changedHeaders: ReadonlySet<string>
  /** The paths that come to it; null for all of them, and where nobody knows. */
  readonly paths: CaddyPaths | null
}

/** `handle_path /api/*`, `handle /api/*`, `reverse_proxy /api/* app:3000`. */
export interface CaddyPaths {
  /** What stands before `/*` or `*`: `/api`. */
  readonly prefix: string
  /** True where it is taken away. */
  readonly isStripped: boolean
  /** The word to change: `handle_path`, `uri`, the matcher. */
  readonly at: Place
}

/** Where a `reverse_proxy` connects to. */
export interface CaddyUpstream {
  readonly text: string
  readonly at: Place
  /** `app` of `app:80`, in small letters; null for a Unix socket, and where a variable or placeholder says it. */
  readonly host: string | null
  readonly port: number | null
  /** The path of a Unix socket. */
  readonly socket: string | null
  /** True where Caddy speaks TLS to it. */
  readonly tls: boolean
}
