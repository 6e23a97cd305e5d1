import { commandText } from '../../../parsers/dockerfile/command-text.ts'
import type { DockerImage } from '../../../parsers/dockerfile/image-of-stage.ts'
import type { Program } from '../../files/program.ts'
import type { ServerVersion } from '../../servers/version.ts'
import type { Container } from './container.ts'

/** Official images, whose tags begin with the release that they hold. */
const IMAGES: Readonly<Record<Program, RegExp>> = {
  nginx:
    /^(?:docker\.io\/)?(?:(?:library\/)?nginx|nginxinc\/nginx-unprivileged|nginx\/nginx):(\d+\.\d+(?:\.\d+)?)(?:-[\w.-]+)?(?:@sha256:[\da-f]+)?$/,
  apache: /^(?:docker\.io\/)?(?:library\/)?httpd:(\d+\.\d+(?:\.\d+)?)(?:-[\w.-]+)?(?:@sha256:[\da-f]+)?$/,
}

/** Commands that may bring another release in. */
const REPLACES = /\bupgrade\b|\b(?:install|add)\b[^&|;]*\b(?:nginx|apache2|httpd)\b|\bmake\b/

/**
 * The release that the tag of a container's official image names, `1.27.4` or the branch `1.26`; null for any other
 * image, for a tag that names none, and where a step may put another program in.
 */
export function releaseOfTag({ service, image }: Container, program: Program): ServerVersion | null {
  const fact = image === null ? (service.build === null ? service.image : null) : image.base
  if (fact?.known !== true || fact.at === null) return null
  const value = IMAGES[program].exec(fact.value)?.[1]
  if (value === undefined || (image?.steps ?? []).some(mayReplaceServer)) return null
  return { value, from: 'image', at: fact.at }
}

/**
 * The release as which a container's server is read: a whole number, a stable branch of nginx, which takes nothing new
 * in, or one of Apache that has ended. Null where the tag moves on.
 *
 * @see https://nginx.org/en/download.html
 */
export function releaseOfImage(container: Container, program: Program): ServerVersion | null {
  const release = releaseOfTag(container, program)
  if (release === null) return null
  const [, minor = 0, patch] = release.value.split('.').map(Number)
  return patch !== undefined || (program === 'nginx' ? minor % 2 === 0 : minor < 4) ? release : null
}

/** A step of a Dockerfile that may put another program in the place of the image's. */
export function mayReplaceServer(step: DockerImage['steps'][number]): boolean {
  if ('sources' in step)
    return !step.target.known || /\/s?bin(?:\/|$)|^\/(?:usr\/?)?$/.test(step.target.value)
  const { command, documents } = step
  const text = commandText(command)
  return documents.length > 0 || REPLACES.test(text)
}
