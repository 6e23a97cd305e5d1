import type { NginxDirectiveNode, NginxWord } from '../../../parsers/nginx/syntax.ts'
import type { Source } from '../../../parsers/text/source.ts'
import type { Problem } from '../problem.ts'
import type { UnreadFile } from '../unread-file.ts'
import type { ServerVersion } from '../version.ts'

/** The context a directive stands in, by nginx's own names (`location if` is nginx's `if in location`). */
export type NginxContext =
  | 'main'
  | 'events'
  | 'http'
  | 'server'
  | 'location'
  | 'server if'
  | 'location if'
  | 'limit_except'
  | 'upstream'
  | 'stream'
  | 'stream server'
  | 'stream upstream'
  | 'mail'
  | 'mail server'
  /** The inside of a block whose entries are data of a module: `map`, `geo`, `types`, `split_clients`… */
  | 'data'
  /** The inside of a block that only a module outside this table knows, or a fragment that tells nothing. */
  | 'unknown'

/**
 * A directive where nginx acts on it: the same syntax node appears once for every place that includes
 * its file. `children` holds the block's directives in the order nginx reads them, every `include`
 * followed by what it brought (the `include` itself stays, with its files as no children of its own).
 */
export interface NginxDirective {
  /** Decoded and interned: comparing names compares pointers. */
  readonly name: string
  readonly args: readonly NginxWord[]
  readonly node: NginxDirectiveNode
  readonly source: Source
  readonly context: NginxContext
  /** The enclosing block's directive, through includes; null at the top of main, or of a fragment. */
  readonly parent: NginxDirective | null
  readonly children: readonly NginxDirective[]
  /**
   * At the top of a fragment of locations: the server that stands for those that include it, whose names, sockets
   * and other lines nobody knows. It is among no occurrences, and holds what the fragment holds.
   */
  readonly standIn?: NginxDirective
}

/** One nginx: a main file with all it includes, or the joined fragments of a tree that has none. */
export interface NginxConfiguration {
  readonly program: 'nginx'
  /** The main file; null where there are only fragments, whose outer part nobody knows. */
  readonly main: Source | null
  /** True for fragments whose main file is the one of nginx's own image: it sets little that servers inherit. */
  readonly stockMain?: boolean
  readonly version: ServerVersion
  /** Every file read, once, in the order of the first reading. */
  readonly sources: readonly Source[]
  /** The directives of context main; in fragments, what stands at their top, each with its inferred context. */
  readonly top: readonly NginxDirective[]
  /**
   * Every directive of a name, in reading order: rules look here and walk nothing. Entries of data blocks
   * (`map`, `types` and their like) are no directives and not among them.
   */
  readonly occurrences: ReadonlyMap<string, readonly NginxDirective[]>
  /** What each `include` brought, in order; none for one whose files are not there or cannot be read. */
  readonly included?: ReadonlyMap<NginxDirective, readonly Source[]>
  /** What nginx reads and the audit could not, each path once, in reading order; none where absent. */
  readonly unread?: readonly UnreadFile[]
  /** The limit of the audit behind which nothing was read; null or absent where all was. */
  readonly limit?: string | null
  /** What `nginx -t` would say, in its order; syntax, includes and meaning together. */
  readonly problems: readonly Problem<NginxProblemCode>[]
  /** Of fragments: what it would say besides unless their main file defines more than any that a package brings. */
  readonly supposed?: readonly Problem<NginxProblemCode>[]
}

export type { NginxProblemCode } from './problem-codes.ts'

import type { NginxProblemCode } from './problem-codes.ts'
