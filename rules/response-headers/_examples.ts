import { apacheBackend } from '../_examples.ts'

/** Apache behind nginx, for `example.org`, with mod_headers. */
export const headersOfApache = (lines: string): string => apacheBackend(lines, ['headers'])
