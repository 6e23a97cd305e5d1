import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { once } from '../../parsers/collections/once.ts'
import type { ComposeService } from '../../parsers/compose/compose.ts'
import { readCompose } from '../../parsers/compose/read-project.ts'
import { variablesOfService } from '../../parsers/compose/service-variables.ts'
import { dockerfilePaths } from '../../parsers/dockerfile/dockerfile-paths.ts'
import { imageOfStage } from '../../parsers/dockerfile/image-of-stage.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import type { KnownValue, Place, Source } from '../../parsers/text/source.ts'

/**
 * The value that a variable has in the environment of every service of a compose file that has a template; null where
 * nothing tells it, or two of them have it with two values.
 */
export type EnvironmentValue = (path: string, name: string) => KnownValue | null

/**
 * @param paths those of the repository
 * @param read gives one source for each file; null where it cannot be read
 */
export function environmentValues(paths: readonly string[], read: Read): EnvironmentValue {
  const services = once(() => servicesIn(paths, read))
  const byPath = new Map<string, readonly Service[]>()
  return (path, name) => {
    const known = byPath.get(path) ?? services().filter(service => brings(service, path, read))
    byPath.set(path, known)
    const values = known.map(service => valueIn(service, name, read)).filter(value => value !== 'not set')
    return onlyOne(values)
  }
}

/** What all of some values are; null where they differ, one of them is unknown, or there are none. */
export function onlyOne(values: readonly (KnownValue | null)[]): KnownValue | null {
  const [first = null] = values
  return values.every(value => value?.text === first?.text) ? first : null
}

/** One service, as each file of its directory writes it: nobody knows which of them are laid over each other. */
type Service = readonly ComposeService[]
type Read = (path: string) => Source | null

const COMPOSE = /(?:^|\/)(?:docker-)?compose[^/]*\.ya?ml$/
const MOST_FILES = 200

function servicesIn(paths: readonly string[], read: Read): readonly Service[] {
  const found = new Map<string, ComposeService[]>()
  for (const path of paths.filter(each => COMPOSE.test(each)).slice(0, MOST_FILES)) {
    const source = read(path)
    if (source === null) continue
    for (const service of readCompose([source], { read }).services.values()) {
      const key = posix.join(posix.dirname(path), service.name)
      const same = found.get(key) ?? []
      same.push(service)
      found.set(key, same)
    }
  }
  return [...found.values()]
}

/** True where a mount or the image puts a file of the repository into the container. */
function brings(service: Service, path: string, read: Read): boolean {
  return service.some(
    ({ volumes, build }) =>
      volumes.some(
        ({ kind, source }) => kind === 'bind' && source?.known === true && isBelow(path, source.value),
      ) || copies(build, path, read),
  )
}

function copies(build: ComposeService['build'], path: string, read: Read): boolean {
  if (build === null || !build.context.known) return false
  const context = build.context.value
  return (
    isBelow(path, context) &&
    stagesOf(build, read).some(stage =>
      stage.copies.some(
        ({ from, sources }) =>
          from === null &&
          sources.some(source => source.known && isBelow(path, posix.join(context, source.value))),
      ),
    )
  )
}

function dockerfileOf({ context, dockerfile }: NonNullable<ComposeService['build']>, read: Read) {
  if (!context.known || (dockerfile !== null && !dockerfile.known)) return null
  for (const path of dockerfilePaths(context.value, dockerfile?.value ?? null)) {
    const source = read(path)
    if (source !== null) return dockerfileIn(source)
  }
  return null
}

const dockerfileIn = memo((source: Source) => readDockerfile(source))

function stagesOf(build: NonNullable<ComposeService['build']>, read: Read) {
  return dockerfileOf(build, read)?.stages ?? []
}

type Value = KnownValue | null | 'not set'

function toValue({ value, at }: { readonly value: Fact<string> | null; readonly at: Place }): Value {
  return value?.known === true ? { text: value.value, at } : null
}

/** `environment` counts before `env_file`, and that before what the image sets. */
function valueIn(service: Service, name: string, read: Read): Value {
  const written = service.map(each => writtenIn(each, name, read)).filter(value => value !== 'not set')
  if (written.length > 0) return onlyOne(written)
  const ofImages = service.map(({ build }) => ofImage(build, name, read)).filter(value => value !== 'not set')
  return ofImages.length === 0 ? 'not set' : onlyOne(ofImages)
}

function writtenIn(service: ComposeService, name: string, read: Read): Value {
  if (!service.complete) return null
  const { variables, complete } = variablesOfService(service, read)
  const isOwn = service.environment.some(each => each.name === name)
  // A file of variables that is not here may have it.
  if (!complete && !isOwn) return null
  const line = variables.findLast(each => each.name === name)
  return line === undefined ? 'not set' : toValue(line)
}

function ofImage(build: ComposeService['build'], name: string, read: Read): Value {
  if (build === null) return 'not set'
  const dockerfile = dockerfileOf(build, read)
  if (dockerfile === null || (build.target !== null && !build.target.known)) return null
  const image = imageOfStage(dockerfile, build.target?.value ?? null)
  const line = image?.environment.findLast(each => each.name === name)
  return line === undefined ? 'not set' : toValue(line)
}
