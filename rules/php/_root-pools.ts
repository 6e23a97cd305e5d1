import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { FpmPool } from '../../parsers/php/fpm.ts'
import { readPhpIniLines } from '../../parsers/php/ini-settings.ts'
import { readUnit, unitNames } from '../../parsers/systemd/read-unit.ts'
import { isUnknownWord, type Source } from '../../parsers/text/source.ts'
import { unitFilesOf } from '../../src/deployment/build/programs/app-commands.ts'
import { fpmIniSources } from '../../src/deployment/build/programs/php-fpm.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Machine } from '../../src/deployment/model.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import type { Fault } from './_pool-faults.ts'

/** The script that is loaded when FPM starts, where FPM starts as root: as whom, has to be said. */
export function* preloadedByRoot({ files, container, programs }: Machine): Iterable<Fault> {
  const isFpm =
    container === null ? programs.some(({ kind }) => kind === 'php-fpm') : startsFpmAsRoot(container)
  if (!isFpm) return
  const lines = fpmIniSources(files)
    .flatMap(readPhpIniLines)
    .flatMap(line => (line.kind === 'setting' && line.index === null ? [line] : []))
  const preload = lines.findLast(({ name }) => name === 'opcache.preload')
  if (preload === undefined || preload.value.text === '' || isUnknownWord(preload.value.text)) return
  if (lines.some(({ name, value }) => name === 'opcache.preload_user' && value.text !== '')) return
  // Without the extension nothing reads the line.
  const isLoaded =
    lines.some(({ name, value }) => name === 'zend_extension' && value.text.includes('opcache')) ||
    (container?.image?.steps ?? []).some(
      step => !('sources' in step) && /opcache/.test(commandText(step.command)),
    )
  if (!isLoaded) return
  yield {
    at: preload.at,
    message:
      '`opcache.preload` is set for an FPM that root starts, and FPM ends: "opcache.preload_user" has not been defined',
    label: 'as which user?',
  }
}

/** True for the image of PHP-FPM, or one that starts it, whose first process is root's. */
function startsFpmAsRoot({ base, image, service }: Container): boolean {
  if (base !== 'php' || service.user !== null || image === null || image.user !== null || !service.complete)
    return false
  const isFpm = image.base.known && /:\S*fpm/.test(image.base.value)
  return (
    isFpm && !image.steps.some(step => !('sources' in step) && /preload_user/.test(commandText(step.command)))
  )
}

/** Who starts FPM in a container may let it run as root, and what starts it there is not always seen. */
export function asRoot({ container, files }: Machine, { user }: FpmPool): Fault | null {
  if (container !== null || user?.known !== true || user.at === null) return null
  if (!/^(?:root|0)$/.test(user.value) || letsRootRun(files)) return null
  return { at: user.at, message: 'please specify user and group other than root', label: 'root' }
}

function letsRootRun(files: FileSystem): boolean {
  const units = unitFilesOf(files)
  return (
    unitNames(units, '.service').some(name =>
      readUnit(units, name).settings.some(({ value }) => LETS_ROOT_RUN.test(value)),
    ) || startScripts(files).some(({ text }) => LETS_ROOT_RUN.test(text))
  )
}

const LETS_ROOT_RUN = /fpm\S*[ \t](?:.*[ \t])?(?:-R|--allow-to-run-as-root)\b/

/** What s6 and runit start services by. */
function startScripts(files: FileSystem): readonly Source[] {
  return ['/etc/services.d', '/etc/s6-overlay/s6-rc.d', '/etc/service', '/etc/sv'].flatMap(directory =>
    (files.list(directory) ?? []).flatMap(({ name }) => sourceAt(files, `${directory}/${name}/run`) ?? []),
  )
}
