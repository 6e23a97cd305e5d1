import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerImage } from '../../parsers/dockerfile/image-of-stage.ts'
import type { Place } from '../../parsers/text/source.ts'
import { projectPackageVersion } from '../servers/package-version.ts'
import type { Machine } from './model.ts'

/** A release as its project made it, without the patches of a distribution. */
export interface UpstreamRelease {
  /** `1.20.0` */
  readonly version: string
  /** Where it is written. */
  readonly at: Place
}

/** Images that hold exactly the release of their tag; a shorter tag moves on. */
const IMAGES = {
  nginx:
    /^(?:docker\.io\/)?(?:(?:library\/)?nginx|nginxinc\/nginx-unprivileged):(\d+\.\d+\.\d+)(?:-[\w.-]+)?(?:@sha256:[\da-f]+)?$/,
  apache: /^(?:docker\.io\/)?(?:library\/)?httpd:(\d+\.\d+\.\d+)(?:-[\w.-]+)?(?:@sha256:[\da-f]+)?$/,
} as const

/** Commands that may bring another release in. */
const REPLACES = /\bupgrade\b|\b(?:install|add)\b[^&|;]*\b(?:nginx|apache2|httpd)\b|\bmake\b/

/**
 * Which release of nginx or Apache a machine runs: that of an official image with its whole number, or of nginx's own
 * package in the package database. Null for those of distributions, and where nobody can tell.
 */
export function upstreamRelease(
  { container, files }: Machine,
  program: keyof typeof IMAGES,
): UpstreamRelease | null {
  if (container === null) {
    const found = program === 'nginx' ? projectPackageVersion(files) : null
    return found?.at == null ? null : { version: found.value, at: found.at }
  }
  const { service, image } = container
  const fact = image === null ? (service.build === null ? service.image : null) : image.base
  if (fact?.known !== true || fact.at === null) return null
  const version = IMAGES[program].exec(fact.value)?.[1]
  return version === undefined || (image?.steps ?? []).some(mayReplaceServer)
    ? null
    : { version, at: fact.at }
}

/** A step of a Dockerfile that may put another program in the place of the image's. */
export function mayReplaceServer(step: DockerImage['steps'][number]): boolean {
  if ('sources' in step)
    return !step.target.known || /\/s?bin(?:\/|$)|^\/(?:usr\/?)?$/.test(step.target.value)
  const { command, documents } = step
  const text = commandText(command)
  return documents.length > 0 || REPLACES.test(text)
}
