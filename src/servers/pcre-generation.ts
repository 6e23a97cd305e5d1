import { isAtLeast, type ServerVersion } from './version.ts'

/**
 * The library that compiles the patterns: PCRE 1 takes some of what PCRE2 refuses, such as `[\w-.]` and a
 * backslash before a letter that means nothing.
 */
export type PcreGeneration = 1 | 2

/** The first releases that are built with PCRE2 (the changelogs of nginx and httpd). */
const SINCE = { nginx: '1.21.5', apache: '2.4.52' } as const

/** The generation of a server; the milder one where nothing tells the version. */
export function pcreGeneration(program: keyof typeof SINCE, version: ServerVersion): PcreGeneration {
  return version.from !== 'assumed' && isAtLeast(version, SINCE[program]) ? 2 : 1
}
