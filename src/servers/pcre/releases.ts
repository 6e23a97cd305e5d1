import type { PcreRelease } from '../../../parsers/pcre/release.ts'
import { isAtLeast, type ServerVersion } from '../version.ts'

/**
 * The releases of the library that a server may be built with, the likeliest first. A pattern is only broken
 * where none of them takes it.
 */
export type PcreReleases = readonly PcreRelease[]

/** The first releases that are built with PCRE2 (the changelogs of nginx and httpd). */
const SINCE = { nginx: '1.21.5', apache: '2.4.52' } as const

export const PCRE1_ALONE: PcreReleases = [8.39]
/** Debian 12's; what was added since, and what was taken back before. */
export const PCRE2_ALONE: PcreReleases = [10.42, 10.47, 10.36]
export const ANY_RELEASE: PcreReleases = [10.42, 8.39, 10.47, 10.36]

export function pcreReleases(program: keyof typeof SINCE, version: ServerVersion): PcreReleases {
  // Which library an image of Apache was built with, its release does not tell.
  if (version.from === 'assumed' || (program === 'apache' && version.from === 'image')) return ANY_RELEASE
  return isAtLeast(version, SINCE[program]) ? PCRE2_ALONE : PCRE1_ALONE
}
