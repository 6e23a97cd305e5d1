import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { overlap } from '../../parsers/text/is-below.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { runsOnlyWebServer } from './_runs-only.ts'

/** The step that many an image of nginx begins with. */
const REMOVES_DEFAULT = /^\s*rm\s+(?:-\w+\s+)*\/etc\/nginx\/conf\.d\/(?:default\.conf|\*|\*\.conf)\s*$/

/** A command that makes no page of a site, wherever it may write. */
const LEAVES_FILES =
  /^[\s\\]*(?:$|(?:rm|chmod|chown|chgrp|touch|adduser|addgroup|useradd|groupadd|apk|apt-get|apt|echo\s[^>]*$)(?:\s|$))/

const SCRIPTS = '/docker-entrypoint.d'

/** What the image of nginx has, and what a running system has anyway. */
export const OF_IMAGE = /^\/(?:usr|etc|dev|proc|sys|run|tmp|var\/(?:log|cache|lib|run))(?:\/|$)|^\/$/

/** True where nothing but mounts and copies that are known brings files into a container. */
export function knowsFiles(container: Container): boolean {
  return bringsKnownFiles(container, text => REMOVES_DEFAULT.test(text))
}

/** True where nothing but mounts and copies that are known can bring files to one path of a container. */
export function knowsFilesAt(container: Container, path: string): boolean {
  return bringsKnownFiles(
    container,
    text => !text.includes(path) && text.split(/&&|\|\|?|;|\n/).every(command => LEAVES_FILES.test(command)),
  )
}

/** True where mounts and copies are known, and all that the build runs besides leaves the files alone. */
function bringsKnownFiles(container: Container, leavesAlone: (step: string) => boolean): boolean {
  const { service, image } = container
  if (service.volumesFrom.length > 0 || !runsOnlyWebServer(container)) return false
  if (service.volumes.some(({ target }) => !target.known)) return false
  // What the image of nginx runs before it starts may write any file.
  if (targetsOf(container).some(target => SCRIPTS === target || isBelow(target, SCRIPTS))) return false
  if (image === null) return service.build === null
  return image.steps.every(step =>
    'sources' in step ? step.target.known && step.kind === 'COPY' : leavesAlone(commandText(step.command)),
  )
}

/** Paths at which mounts and copies put something, clean. */
export function targetsOf({ service, image, mounts }: Container): readonly string[] {
  return [
    ...mounts.map(({ target }) => target),
    ...service.tmpfs.flatMap(each => (each.known ? [each.value] : [])),
    ...(image?.steps ?? []).flatMap(step =>
      'sources' in step && step.target.known ? [step.target.value] : [],
    ),
  ].map(each => cleanPath(each))
}

/** True where something stands at a path, above it or below it. */
export function hasAt(container: Container, path: string): boolean {
  return targetsOf(container).some(target => overlap(path, target))
}

/** True where a mount or a copy may bring the file of a clean path: itself, or a directory above it. */
export function isBrought(container: Container, path: string): boolean {
  return targetsOf(container).some(target => target === path || isBelow(path, target))
}

export function isBelow(path: string, directory: string): boolean {
  return path.startsWith(directory === '/' ? '/' : `${directory}/`)
}
