/**
 * The audit cannot be done as it was asked: a wrong option, a path that is not there, nothing to audit.
 * The message is the one line that the user reads.
 */
export class InputError extends Error {
  override readonly name = 'InputError'
}
