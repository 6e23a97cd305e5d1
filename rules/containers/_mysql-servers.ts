import { posix } from 'node:path'
import type { ComposeService } from '../../parsers/compose/compose.ts'
import { givenVariables } from '../../parsers/compose/given-variables.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { filesBelow, sourceAt } from '../../src/files/file-system.ts'
import { databasesOf } from './_databases.ts'

/** A MySQL of a compose file whose new accounts log in with `caching_sha2_password`. */
export interface ModernMysql {
  readonly service: ComposeService
  readonly image: string
  readonly at: Place
  readonly names: readonly string[]
}

/** Official images since 8.0, and those that move on. */
const MODERN =
  /^(?:docker\.io\/)?(?:(?:library\/)?mysql|mysql\/mysql-server)(?::(?:8|9|latest|lts|innovation)\b|@|$)/
const NATIVE = /native[-_]password|authentication[-_](?:plugin|policy)|caching_sha2_password/i
const REACH = { levels: 2, skipped: /^\..*/ }

/** The MySQLs beside a container that are nowhere told of another way to log in. */
export function modernMysqls(container: Container): readonly ModernMysql[] {
  const byService = new Map<ComposeService, string[]>()
  for (const [name, { service, kind }] of databasesOf(container))
    if (kind === 'MySQL') byService.set(service, [...(byService.get(service) ?? []), name])
  return [...byService].flatMap(([service, names]) => {
    const { image } = service
    if (image?.known !== true || image.at === null || !MODERN.test(image.value)) return []
    if (isTold(service, container)) return []
    return [{ service, image: image.value, at: image.at, names }]
  })
}

/** True where its command, its files or a script of its first start may say another way. */
function isTold(service: ComposeService, { hostFiles, project }: Container): boolean {
  const { command, entrypoint, volumes, configs } = service
  const words = [...(command?.words ?? []), ...(entrypoint?.words ?? [])].map(({ text }) => text)
  if (words.some(text => NATIVE.test(text) || /defaults-|[$\0\uFFFD]|\.cnf/.test(text))) return true
  if (entrypoint !== null || command?.rest != null || configs.length > 0) return true
  if (givenVariables(service).some(({ name }) => NATIVE.test(name))) return true
  return volumes.some(({ source, target, kind }) => {
    if (!target.known) return true
    if (kind !== 'bind') return /^\/etc(?:\/|$)|initdb/.test(target.value)
    if (
      isBelow(cleanPath(target.value), '/var/lib/mysql') ||
      /^\/etc\/(?:localtime|timezone)$/.test(target.value)
    )
      return false
    if (source?.known !== true) return true
    if (!isBelow(source.value, posix.dirname(project.directory))) return true
    const kindOfPath = hostFiles.kind(source.value)
    if (kindOfPath === null) return true
    const paths = kindOfPath === 'file' ? [source.value] : [...filesBelow(hostFiles, source.value, REACH)]
    return paths.some(path => {
      const text = sourceAt(hostFiles, path)?.text
      return text === undefined || NATIVE.test(text)
    })
  })
}
