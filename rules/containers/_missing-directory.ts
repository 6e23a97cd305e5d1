import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow, overlap } from '../../parsers/text/is-below.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { textsRun } from './_started-words.ts'

/** True where something that runs before, or one of the files that are loaded, may make directories. */
export function makesDirectories(container: Container, loaded: readonly string[]): boolean {
  const { service, image, hostFiles } = container
  if (!service.complete || image === null || service.volumesFrom.length > 0) return true
  if (!/^python(?=[:@]|$)/.test(container.reference ?? '')) return true
  const given = [service.entrypoint, service.command].flatMap(
    each => each?.words.map(({ text }) => text) ?? [],
  )
  const own = [image.entrypoint, image.command].flatMap(each => (each === null ? [] : [commandText(each)]))
  const texts = [...textsRun(container), ...given, ...own]
  if (
    texts.some(text =>
      /\bmkdir\b|(?:^|[;&|]\s*)install\s+-|\bcp\b|\btouch\b|\bgit\b|\btar\b|\bsupervisord\b/.test(text),
    )
  )
    return true
  // A script that is not read may do anything.
  const scripts = texts.filter(text => /\.sh\b/.test(text)).length
  const read = textsRun(container).filter(text => text.includes('\n')).length
  if (scripts > read) return true
  return loaded.some(path => {
    const source = sourceAt(container.files, path) ?? sourceAt(hostFiles, path)
    return source === null || /mkdir|makedirs|Path\([^)]*\)\.touch|ensure_/.test(source.text)
  })
}

/** Why an image surely has no such directory: copied from a repository without it, or never made; else null. */
export function missingIn(container: Container, directory: string): 'copied' | 'never' | null {
  const { image, mounts, files, service } = container
  if (image === null || files.kind(directory) !== null) return null
  const targets = [
    ...mounts.filter(({ from }) => from !== 'COPY').map(({ target }) => target),
    // Docker makes the directory of a `VOLUME` when it starts the container.
    ...[...service.tmpfs, ...image.volumes].map(each => (each.known ? each.value : '/')),
  ]
  if (targets.some(target => overlap(directory, cleanPath(target)))) return null
  if (image.workingDirectory?.known === true && isBelow(cleanPath(image.workingDirectory.value), directory))
    return null
  const copies = image.steps.flatMap(step => ('sources' in step ? [step] : []))
  if (
    copies.some(
      ({ target, from }) => !target.known || (from !== null && isBelow(directory, cleanPath(target.value))),
    )
  )
    return null
  if (copies.some(({ target }) => target.known && isBelow(cleanPath(target.value), directory))) return null
  if (
    copies.some(
      ({ target }) => target.known && target.value !== '/' && isBelow(directory, cleanPath(target.value)),
    )
  )
    return 'copied'
  const home = image.workingDirectory
  // What the image from outside brings is not below the directory of the application.
  const isOwn = home?.known === true && home.value !== '/' && isBelow(directory, cleanPath(home.value))
  const isOfLogs = /^\/var\/log\/[^/]+/.test(directory) && directory !== '/var/log/apt'
  return isOwn || isOfLogs ? 'never' : null
}
