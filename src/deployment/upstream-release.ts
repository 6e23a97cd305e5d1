import type { Place } from '../../parsers/text/source.ts'
import type { Program } from '../files/program.ts'
import { projectPackageVersion } from '../servers/package-version.ts'
import { releaseOfTag } from './containers/image-release.ts'
import type { Machine } from './model.ts'

/** A release as its project made it, without the patches of a distribution. */
export interface UpstreamRelease {
  /** `1.20.0` */
  readonly version: string
  /** Where it is written. */
  readonly at: Place
}

/**
 * Which release of nginx or Apache a machine runs: that of an official image with its whole number, or of nginx's own
 * package in the package database. Null for those of distributions, and where nobody can tell.
 */
export function upstreamRelease({ container, files }: Machine, program: Program): UpstreamRelease | null {
  const found = container !== null ? releaseOfTag(container, program) : ofPackage(files, program)
  const isWhole = found !== null && /^\d+\.\d+\.\d/.test(found.value)
  return isWhole && found.at !== null ? { version: found.value, at: found.at } : null
}

function ofPackage(files: Machine['files'], program: Program): ReturnType<typeof projectPackageVersion> {
  return program === 'nginx' ? projectPackageVersion(files) : null
}
