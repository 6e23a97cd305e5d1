import type { FileSystem } from './file-system.ts'
import type { Notice } from './notice.ts'

/** What is to be audited below one root; every path is absolute inside it. */
export interface Machine {
  /** As a report names it: `.`, `web1`, `/`. */
  readonly root: string
  readonly files: FileSystem
  /** A path inside the root as a report names it. */
  readonly fileName: (path: string) => string
  /** Main files by the names under which the servers open them, which may be links. */
  readonly nginxMains: readonly string[]
  readonly apacheMains: readonly string[]
  /** Files that stand alone, but for those that a main file reached: by program, paths without links. */
  readonly fragments: (reached: ReadonlySet<string>) => {
    readonly nginx: readonly string[]
    readonly apache: readonly string[]
  }
  /** True where something of Apache's is among the files. */
  readonly hasApache: boolean
  readonly htaccess: readonly string[]
  /** True for the files of an `nginx -T` dump: what they lack may still be on the machine. */
  readonly isDump: boolean
  /** What could not be read or followed; to be asked after the audit, which reads most. */
  readonly notices: () => readonly Notice[]
}
