import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { exampleOf } from '../../parsers/dotenv/example-of.ts'
import { parseDotenv } from '../../parsers/dotenv/parse-dotenv.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { isLaravel, PROJECT_FILES } from '../_php-projects.ts'

/** A variable that the program of a container finds. */
export interface ContainerVariable {
  readonly name: string
  /** Null where only the name is written. */
  readonly value: Fact<string> | null
  /** True where it stands in the file that is kept to be copied: `.env.example`, and `.env` is not in the audit. */
  readonly isExample?: boolean
}

/**
 * The variables that are written for the program of a container, the one that counts of each name: those of Compose
 * before its `env_file`, then `ENV` of the image, then the `.env` of an application that reads one by itself.
 */
export const containerVariables = memo((container: Container): readonly ContainerVariable[] => {
  const { service, image, hostFiles } = container
  const found = new Map<string, ContainerVariable>()
  for (const variable of applicationVariables(container)) found.set(variable.name, variable)
  for (const { name, value } of image?.environment ?? []) found.set(name, { name, value })
  for (const { path } of service.envFiles) {
    for (const variable of path.known ? variablesAt(path.value, hostFiles) : [])
      found.set(variable.name, variable)
  }
  for (const { name, value } of service.environment) found.set(name, { name, value })
  return [...found.values()]
})

/** What a file of variables says, or in its place the one that is kept to be copied. */
export function variablesAt(path: string, files: FileSystem): readonly ContainerVariable[] {
  const source = sourceAt(files, path)
  if (source !== null) return parseDotenv(source)
  const example = exampleOf(path, each => sourceAt(files, each))
  // Whoever copies it fills in secrets; addresses are what the project has.
  const variables = example === null ? [] : parseDotenv(example)
  return variables.map(({ name, value }) => ({ name, value, isExample: true }))
}

/** True for the directory of an application that reads the `.env` beside it. */
function readsDotenv(files: FileSystem, path: string): boolean {
  return (
    isLaravel(files, path) ||
    Object.values(PROJECT_FILES).some(name => files.kind(posix.join(path, name)) === 'file')
  )
}

/** Of a server of files the application in the same directory is another container's. */
const NO_APPLICATION = /(?:^|\/)(?:nginx|httpd|caddy|traefik|openresty)(?:$|[\w-]*$)/

function applicationVariables({ base, mounts, hostFiles }: Container): readonly ContainerVariable[] {
  if (base === null || NO_APPLICATION.test(base)) return []
  const homes = new Set(
    mounts.flatMap(({ path }) => (path !== null && readsDotenv(hostFiles, path) ? [path] : [])),
  )
  const [home] = homes
  if (home === undefined || homes.size > 1) return []
  const read = (name: string) => {
    const source = sourceAt(hostFiles, posix.join(home, name))
    return source === null ? null : parseDotenv(source)
  }
  const own = read('.env')
  // A container of another language, which builds the style sheets, is given the same directory.
  if (own === null && base === 'php' && isLaravel(hostFiles, home))
    return variablesAt(posix.join(home, '.env'), hostFiles)
  if (own === null) return []
  if (hostFiles.kind(posix.join(home, PROJECT_FILES.Symfony)) !== 'file') return own
  // What Symfony reads there are defaults, which a file that is in no repository replaces.
  const local = read('.env.local')
  return local === null ? own.map(({ name }) => ({ name, value: null })) : [...own, ...local]
}
