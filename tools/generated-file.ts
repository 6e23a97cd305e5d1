/** A file that a generator writes: its path from the top of the repository, and its whole content. */
export interface GeneratedFile {
  readonly path: string
  readonly content: string
}
