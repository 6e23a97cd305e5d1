import type { SkipReason } from '../files/machine.ts'

/** A file that was read and as what, or one that looks like a server's and was not. */
export type ListedFile = {
  /** As a report names it. */
  readonly path: string
  /** The root of the machine that it belongs to. */
  readonly machine: string
} & (
  | {
      readonly as: ReadFileAs
      /** How it is read where that is not plain, one line without the path. */
      readonly text?: string
    }
  | {
      readonly skipped: SkipReason
      /** Why, one line without the path. */
      readonly text: string
    }
)

/** `other`: a file that servers do not read and that says something of the deployment. */
export type ReadFileAs = 'nginx-main' | 'nginx' | 'apache-main' | 'apache' | 'htaccess' | 'other'
