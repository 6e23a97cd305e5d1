import type { PythonParser } from '../python/python-module.ts'
import type { Fact } from '../text/fact.ts'
import type { Place, Source } from '../text/source.ts'
import type { WrittenText } from '../text/written-text.ts'
import type { MistakenOption } from './arguments.ts'
import type { YamlFile } from '../yaml/yaml-node.ts'

export type AppProgram =
  | 'gunicorn'
  | 'uvicorn'
  | 'hypercorn'
  | 'daphne'
  | 'waitress'
  | 'granian'
  | 'uwsgi'
  | 'runserver'
  | 'flask'
  | 'fastapi'
  | 'php'
  | 'node'
  | 'vite'
  | 'puma'
  | 'unicorn'
  | 'tomcat'
  /** The nginx that GitLab of the Omnibus package brings. */
  | 'gitlab'
  | 'rails'
  | 'ng'
  | 'dotnet'
  | 'spring'
  | 'go'
  /** One of those that run an application of Python; nobody knows which. */
  | 'python'

export type AppProtocol = 'http' | 'https' | 'uwsgi' | 'fastcgi' | 'scgi' | 'ajp'

/**
 * A program that answers requests for an application, as its command line, environment and configuration
 * files start it. Null where the program's own default holds, unknown where a file that was not read, or a
 * variable that nobody here knows, may say something.
 */
export interface AppServer {
  readonly program: AppProgram
  /** The word of the command that names the program, or the header of its section. */
  readonly at: Place
  /** `module:attribute` or what the program takes in its place, as written. */
  readonly application: Fact<string> | null
  /** Where it takes connections; what the program opens by itself has no place. */
  readonly binds: readonly AppBind[]
  readonly workers: Fact<number> | null
  readonly threads: Fact<number> | null
  readonly workerClass: Fact<string> | null
  /** Seconds after which a request, or a worker that makes no progress, is ended; 0 is never. */
  readonly timeout: Fact<number> | null
  readonly gracefulTimeout: Fact<number> | null
  /** Seconds that an idle connection is kept. */
  readonly keepAlive: Fact<number> | null
  /** Bytes: the longest request line, and all headers together or each, as the program counts. */
  readonly requestLineLimit: Fact<number> | null
  readonly headerLimit: Fact<number> | null
  readonly bodyLimit: Fact<number> | null
  /** Requests at one time beyond which it answers 503. */
  readonly concurrencyLimit: Fact<number> | null
  /** Whether it takes scheme and client from headers of a proxy. */
  readonly proxyHeaders: Fact<boolean> | null
  /** Of which proxies: addresses between commas, or `*`. */
  readonly forwardedAllowIps: Fact<string> | null
  /** The path below which the application is told to be. */
  readonly rootPath: Fact<string> | null
  /** The directory that it changes to before it loads the application. */
  readonly directory: Fact<string> | null
  /** Further directories in which it looks for modules. */
  readonly pythonPath: readonly Fact<string>[]
  readonly user: Fact<string> | null
  readonly group: Fact<string> | null
  readonly umask: Fact<number> | null
  /** Mode and owner that it gives to its socket file. */
  readonly socketMode: Fact<number> | null
  readonly socketOwner: Fact<string> | null
  /** Variables that it sets for the application. */
  readonly environment: readonly AppVariable[]
  /** Where the application's own script reads headers by which proxies tell of the client, or with a `_` in their names. */
  readonly headersRead: ReadonlyMap<string, Place>
  /** True for a server that is meant for development. */
  readonly development: boolean
  /** Options of its command line that it does not have, so that it does not start. */
  readonly mistakenOptions: readonly MistakenOption[]
  /** Every setting by the name that the program's own configuration gives it. */
  readonly settings: ReadonlyMap<string, Fact<AppValue>>
  /** False where more may be set than is known. */
  readonly complete: boolean
  /** The configuration files that it reads. */
  readonly sources: readonly Source[]
}

export type AppValue = string | number | boolean | null | readonly string[]

export interface AppBind {
  /** Null where the program chose it itself. */
  readonly at: Place | null
  /** Without a certificate it is `http`, though a file that was not read might name one: see `complete`. */
  readonly protocol: Fact<AppProtocol>
  readonly address: Fact<AppAddress>
}

export type AppAddress =
  | { readonly kind: 'unix'; readonly path: string }
  /** `host` as written: a name, an address without brackets, `''` or `*` for all. */
  | { readonly kind: 'ip'; readonly host: string; readonly port: number }
  /** A socket that whoever starts the program has opened. */
  | { readonly kind: 'inherited'; readonly descriptor: number }

export interface AppVariable {
  readonly name: string
  readonly value: Fact<string>
  readonly at: Place
}

/** A command and what it is started with. */
export interface AppCommand {
  /** The program first; parts that nobody knows are `UNKNOWN` characters. */
  readonly words: readonly WrittenText[]
  /** The working directory; null where nobody says it. */
  readonly directory: Fact<string> | null
  /** A variable of the environment: null where it is not set, unknown where nobody knows. */
  readonly environment: (name: string) => Fact<string> | null
}

/** What a reader of commands may look at. */
export interface AppFiles {
  /** A file by its path, null where it cannot be read, `missing` where it is certainly not there. */
  readonly read: (path: string) => Source | 'missing' | null
  /** Null where Python's grammar is not loaded: then what such a file says is unknown. */
  readonly python: PythonParser | null
  /** Reads YAML and JSON; without it what such a file says is unknown. */
  readonly yaml?: ((source: Source) => YamlFile) | null
  /** The sources of which the program of a container is built, its Dockerfile among them; absent where nobody knows. */
  readonly built?: () => readonly Source[]
  /** The scripts of `package.json` that have led here, each by its place. */
  readonly scripts?: readonly string[]
  /** Where a file of an image was copied from an earlier stage of its build; null where it was not. */
  readonly earlier?: (path: string) => (Pick<AppFiles, 'read'> & { readonly path: string }) | null
}
