import type { SkippedFile } from './machine.ts'

/**
 * The audit cannot be done as it was asked: a wrong option, a path that is not there, nothing to audit.
 * The message is the one line that the user reads.
 */
export class InputError extends Error {
  override readonly name: string = 'InputError'
}

/** Nothing of a server lies there, nor what starts an application; but some files may look as if it did. */
export class NothingToAudit extends InputError {
  override readonly name = 'NothingToAudit'

  constructor(
    message: string,
    readonly skipped: readonly SkippedFile[],
  ) {
    super(message)
  }
}
