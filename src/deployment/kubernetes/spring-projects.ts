import { posix } from 'node:path'
import { propertyOf } from '../../../parsers/app-server/built-servers.ts'
import { memoByKey } from '../../../parsers/collections/memo.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'

/** A project of Spring Boot below whose path everything is answered, what its actuator says too. */
export interface SpringProject {
  readonly name: string
  readonly directory: string
  readonly contextPath: string
  readonly at: Place
  readonly port: number
}

/** So far above a chart or a Dockerfile a project lies beside it. */
const LEVELS = 5
const RESOURCES = 'src/main/resources'
/** Where a project may have its settings. */
export const SPRING_SETTINGS = ['', '/config'].flatMap(inside =>
  ['application.yml', 'application.yaml', 'application.properties'].map(
    name => `${RESOURCES}${inside}/${name}`,
  ),
)

/** The projects of the nearest directory at or above one that has any, there or one level below. */
export const springProjectsAround = memoByKey((files: FileSystem, from: string): readonly Source[] => {
  for (let [directory, left] = [from, LEVELS]; left > 0; directory = posix.dirname(directory), left--) {
    const below = (files.list(directory) ?? []).flatMap(({ name, kind }) =>
      kind === 'directory' && !/^\.|node_modules/.test(name) ? [posix.join(directory, name)] : [],
    )
    const found = [directory, ...below].flatMap(home =>
      SPRING_SETTINGS.flatMap(name => sourceAt(files, posix.join(home, name)) ?? []),
    )
    if (found.length > 0) return found
    if (directory === '/' || files.kind(posix.join(directory, '.git')) !== null) return []
  }
  return []
})

const NAMES = [
  'server.servlet.context-path',
  'server.servlet.contextPath',
  'server.context-path',
  'server.contextPath',
]
/** What gives the actuator another port or path, or may give the whole another one. */
const MOVED =
  /\bmanagement[\w.-]*\.(?:server|port|context-?path)|^[ \t]+(?:base-path|basePath|context-path):|\bbase-?[pP]ath\b|webflux|config\.import|on-profile/m

const NAMED = /^(?:application|bootstrap)\b.*\.(?:ya?ml|properties)$/

/** What a file of settings says of the path and port of its project; null where another one may hold. */
export function springProject(files: FileSystem, source: Source): SpringProject | null {
  const found = NAMES.flatMap(name => propertyOf(source, name, () => null) ?? [])
  const [fact] = found
  if (fact?.known !== true || fact.at === null || found.length > 1) return null
  const contextPath = fact.value.replace(/\/+$/, '')
  if (!/^\/[\w./-]+$/.test(contextPath)) return null
  if (isMoved(source, fact.at)) return null
  const directory = posix.dirname(source.path)
  const resources = directory.replace(/\/config$/, '')
  const home = resources.slice(0, -RESOURCES.length - 1)
  const others = [resources, `${resources}/config`].flatMap(each =>
    (files.list(each) ?? []).flatMap(({ name }) => {
      const path = posix.join(each, name)
      return NAMED.test(name) && path !== source.path ? [path] : []
    }),
  )
  const isOther = others.some(path => {
    const other = sourceAt(files, path)
    return other === null || /context-?path|\bmanagement\b|\bport\b/i.test(other.code)
  })
  const build = ['pom.xml', 'build.gradle', 'build.gradle.kts'].flatMap(
    name => sourceAt(files, posix.join(home, name)) ?? [],
  )
  // WebFlux reads another property.
  if (isOther || build.some(({ code }) => /webflux|spring-cloud-starter-(?:config|bootstrap)/.test(code)))
    return null
  const port = propertyOf(source, 'server.port', () => null)
  if (port !== null && !(port.known && /^\d{1,5}$/.test(port.value))) return null
  return {
    name: posix.basename(home),
    directory: home,
    contextPath,
    at: fact.at,
    port: port === null ? 8080 : Number(port.value),
  }
}

function isMoved(source: Source, { start, end }: Place): boolean {
  const { code } = source
  if (
    [
      'management.server.port',
      'management.port',
      'management.server.base-path',
      'management.server.servlet.context-path',
    ].some(name => propertyOf(source, name, () => null) !== null)
  )
    return true
  const [first, last] = [code.lastIndexOf('\n', start) + 1, code.indexOf('\n', end)]
  return MOVED.test(code.slice(0, first) + (last === -1 ? '' : code.slice(last)))
}
