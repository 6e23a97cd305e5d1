import type { Place, Source } from '../../parsers/text/source.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Program } from '../files/program.ts'
import type { ServerVersion } from '../servers/version.ts'
import { projectPackageVersion } from '../servers/package-version.ts'
import { releaseOfTag } from './containers/image-release.ts'
import { placesIn } from './containers/places-in.ts'
import type { Deployment, Machine } from './model.ts'

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

/**
 * The releases of nginx or Apache in the containers that a file of the repository is put into, by a mount or a copy:
 * empty where none is, or one of them has another image. What is given the whole project reads no single file of it.
 */
export function releasesWith(
  deployment: Deployment,
  { path }: Source,
  program: Program,
): readonly ServerVersion[] {
  const homes = deployment.containers().filter(({ mounts, project: { directory } }) => {
    const parts = mounts.filter(mount => mount.path === null || !isBelow(directory, mount.path))
    return placesIn({ mounts: parts }, path).length > 0
  })
  const releases = homes.flatMap(container => releaseOfTag(container, program) ?? [])
  return releases.length === homes.length ? releases : []
}

function ofPackage(files: Machine['files'], program: Program): ReturnType<typeof projectPackageVersion> {
  return program === 'nginx' ? projectPackageVersion(files) : null
}
