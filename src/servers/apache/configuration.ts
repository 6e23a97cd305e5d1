import type { ApacheWord } from '../../../parsers/apache/syntax.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import type { Fact } from '../fact.ts'
import type { World } from '../presence.ts'
import type { Problem } from '../problem.ts'
import type { UnreadFile } from '../unread-file.ts'
import type { ServerVersion } from '../version.ts'
import type { ApacheEnvironment } from './environment.ts'
import type { ApacheProblemCode } from './problem-codes.ts'

export type { ApacheProblemCode } from './problem-codes.ts'

/**
 * A directive or section of httpd's own configuration tree, after the reading phase: conditionals and
 * macros are gone, includes stand in place, `${}` is expanded, executed directives (`Define`,
 * `LoadModule`, `Include`…) are absent, as in `-D DUMP_CONFIG`.
 */
export interface ApacheDirective {
  /** The canonical spelling of the table (`ServerName`), or as written where no module owns the name. No `<`. */
  readonly name: string
  /** True for a section such as `<VirtualHost>`. */
  readonly section: boolean
  /** The words after expansion. A word that came out of `${}` or a macro points at the text that was written. */
  readonly args: readonly ApacheWord[]
  /** The raw arguments after expansion, quotes kept, a section's `>` included: what DUMP_CONFIG prints. */
  readonly text: string
  /** Where it is written; for a macro's body, the place inside `<Macro>`. */
  readonly source: Source
  readonly start: number
  readonly end: number
  /** Offsets of the name alone. */
  readonly nameStart: number
  readonly nameEnd: number
  /** The line that httpd names: the last physical one, or the index inside a macro's body. */
  readonly line: number
  /** The file name that httpd names: the source's path, or `macro 'm' (defined on line …) used on line …`. */
  readonly file: string
  /** The enclosing section; null at the top. */
  readonly parent: ApacheDirective | null
  readonly children: readonly ApacheDirective[]
}

/** One thing that httpd accepts in silence while it reads. */
export type ReadingNote =
  /** A true conditional that only the end of its file closes. */
  | { readonly kind: 'conditional-left-open'; readonly at: Place; readonly name: string }
  /** A value that was defined inside a section, used outside of it. */
  | {
      readonly kind: 'definition-leaked'
      readonly at: Place
      readonly name: string
      readonly definition: Place
      readonly section: string
    }
  /** A file that no one named: a directory or a pattern brought an editor's or a package's copy in. */
  | { readonly kind: 'copy-included'; readonly at: Place; readonly path: string }
  /** An `IncludeOptional` that found nothing; `path` is absolute and may be a pattern. */
  | { readonly kind: 'nothing-included'; readonly at: Place; readonly path: string }

/** A `LoadModule` that was executed, or a module that is compiled in (`at` null). */
export interface ApacheModule {
  /** `headers_module` */
  readonly id: string
  /** `mod_headers.c`; null for a module outside the table. */
  readonly file: string | null
  /** The `LoadModule`; null or absent for what is compiled in. */
  readonly at?: Place | null
}

/** One httpd: a main file with all it includes, or the joined fragments of a tree that has none. */
export interface ApacheConfiguration {
  readonly program: 'apache'
  /** The main file; null where there are only fragments, whose outer part nobody knows. */
  readonly main: Source | null
  readonly version: ServerVersion
  readonly serverRoot: Fact<string>
  readonly sources: readonly Source[]
  /** The tree as the walking phase sees it, main server first, in reading order. */
  readonly top: readonly ApacheDirective[]
  /** By lower-case name, sections too (`virtualhost`), in reading order: rules look here and walk nothing. */
  readonly occurrences: ReadonlyMap<string, readonly ApacheDirective[]>
  /**
   * What acted while it was read and is gone from the tree, in reading order: `Include`, `Define`,
   * `LoadModule`, `ServerRoot`, `Use`, the conditional sections and `<Macro>`, false ones too.
   */
  readonly executed?: readonly ApacheDirective[]
  /** What the reading phase accepts in silence and its writer may not have meant, in reading order. */
  readonly notes?: readonly ReadingNote[]
  /** Modules by id, in loading order, after the whole reading phase. */
  readonly modules: ReadonlyMap<string, ApacheModule>
  /** False for fragments or where a LoadModule could not be read: a module that is not in `modules` may be there. */
  readonly modulesComplete: boolean
  readonly defines: ReadonlyMap<string, string | null>
  /** In which httpd is started, as far as its files tell; absent where nobody asked. */
  readonly environment?: ApacheEnvironment
  /** How the conditions came out that its files do not decide. */
  readonly world: World
  /** What httpd reads and the audit could not, once for a word and a path, in reading order; none where absent. */
  readonly unread?: readonly UnreadFile[]
  /** The limit of the audit behind which nothing was read; null or absent where all was. */
  readonly limit?: string | null
  /** What `apache2 -t` would say, in its order: the reading phase first, and where that fails nothing else. */
  readonly problems: readonly Problem<ApacheProblemCode>[]
}

/** False where httpd includes a file that the audit could not read, which may define or load anything. */
export function readsEveryInclude({ unread = [] }: ApacheConfiguration): boolean {
  return unread.every(({ path }) => isOfCertbot(path))
}

/** True where httpd includes a file outside of the audit that may hold sections, and not modules or ports alone. */
export function mayHoldSectionsUnread({ unread = [] }: ApacheConfiguration): boolean {
  return unread.some(({ path }) => !WITHOUT_SECTIONS.test(path))
}

/** As `mayHoldSectionsUnread`, but for Debian's `conf-enabled`, whose files grant what packages have below `/usr`. */
export function mayHoldSitesUnread({ unread = [] }: ApacheConfiguration): boolean {
  return unread.some(
    ({ path }) => !WITHOUT_SECTIONS.test(path) && !/\bconf-(?:enabled|available)\b/.test(path),
  )
}

/** True for the file of certbot's that each virtual host with its certificate includes: TLS, turned on, and formats of logs. */
export function isOfCertbot(path: string): boolean {
  return OF_CERTBOT.test(path)
}

const OF_CERTBOT = /(?:^|\/)options-ssl-apache\.conf$/

const WITHOUT_SECTIONS =
  /\b(?:mods-\w+|(?:conf\.)?modules?\.d|mime\.types|magic|ports\.conf|options-ssl-apache\.conf|(?:ssl|tls)[-_](?:params?|settings?|options?|common)\.conf)\b/

/** The names that the module of PHP has had, the newest first. */
export const PHP_MODULES = ['php_module', 'php7_module', 'php5_module'] as const

/** True where httpd is seen to load the module of PHP. */
export function loadsPhp({ modules }: ApacheConfiguration): boolean {
  return PHP_MODULES.some(name => modules.has(name))
}

/** True, false, or undefined where the missing outer part may load it. `id` as in `headers_module`. */
export function isModuleLoaded(configuration: ApacheConfiguration, id: string): boolean | undefined {
  if (configuration.modules.has(id)) return true
  return configuration.modulesComplete ? false : undefined
}
