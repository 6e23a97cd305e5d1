import { groupBy } from '../../../parsers/collections/group-by.ts'
import type { ComposeProject, ComposeResource, ComposeService } from '../../../parsers/compose/compose.ts'
import type { BuildCommand } from '../../../parsers/docker-run/read-build.ts'
import { sourceAt } from '../../files/file-system.ts'
import type { Repository } from '../../files/machine.ts'
import { type ContainerText, containerText, servicesOf } from './started-containers.ts'

/** So many texts are read of a repository, */
const MOST_TEXTS = 300
/** and no text is longer that a person writes (UTF-16 units). */
const LONGEST = 200_000
/** A text that starts more containers of one name than these is a list of examples. */
const MOST_ALTERNATIVES = 4

/**
 * The containers that scripts, units, tasks of Ansible and Quadlets start, as projects: those of one directory, or of one
 * playbook, run together. Where two have one name only one of them can run, and each text, and each branch of it, is a
 * project of its own.
 */
export function startedProjects({ files, containerStarters }: Repository): readonly ComposeProject[] {
  const texts = containerStarters.slice(0, MOST_TEXTS).flatMap(path => {
    const source = sourceAt(files, path)
    return source === null || source.text.length > LONGEST ? [] : [containerText(files, source)]
  })
  const buildOf = (image: string, own: ContainerText): BuildCommand['build'] | null =>
    buildIn([own], image) ??
    buildIn(
      texts.filter(({ home }) => home === own.home),
      image,
    ) ??
    buildIn(texts, image)
  const starting = texts.filter(({ started }) => started.length > 0)
  const groups = groupBy(starting, ({ home, startedBy }) => `${startedBy} ${home}`)
  return [...groups.values()].flatMap(group => {
    const read = group
      .map(text => ({ text, services: servicesOf(text, files, buildOf) }))
      .filter(({ services }) => services.length > 0)
    const names = read.flatMap(({ services }) => [...new Set(services.map(({ name }) => name))])
    const together = new Set(names).size === names.length ? [read] : read.map(each => [each])
    return together.filter(each => each.length > 0).flatMap(alternatives)
  })
}

interface Read {
  readonly text: ContainerText
  readonly services: readonly ComposeService[]
}

/** What an image of a name is built from, where the texts say it once. */
function buildIn(texts: readonly ContainerText[], image: string): BuildCommand['build'] | null {
  const builds = texts.flatMap(each => each.builds).filter(({ tags }) => tags.some(tag => isSame(tag, image)))
  const [first, ...others] = builds
  if (first === undefined) return null
  return others.every(({ build }) => contextOf(build) === contextOf(first.build)) ? first.build : null
}

const contextOf = (build: BuildCommand['build']): string =>
  ['context', 'dockerfile', 'target']
    .map(key => {
      const value = build.entries.get(key)?.value
      return value?.kind === 'scalar' ? value.text.text : ''
    })
    .join('\n')

/** `shop` is `shop:latest`. */
function isSame(tag: string, image: string): boolean {
  const whole = (reference: string): string => (/:[^/]+$/.test(reference) ? reference : `${reference}:latest`)
  return whole(tag) === whole(image)
}

function alternatives(read: readonly Read[]): readonly ComposeProject[] {
  const byName = groupBy(
    read.flatMap(({ services }) => services),
    ({ name }) => name,
  )
  const most = Math.max(...[...byName.values()].map(each => each.length))
  if (most > MOST_ALTERNATIVES) return []
  return Array.from({ length: most }, (_, index) =>
    projectOf(
      read.map(({ text }) => text),
      [...byName.values()].flatMap(each => each[Math.min(index, each.length - 1)] ?? []),
    ),
  )
}

function projectOf(texts: readonly ContainerText[], services: readonly ComposeService[]): ComposeProject {
  const made = new Set(texts.flatMap(({ networks }) => networks))
  const [first] = texts
  const resources = (facts: readonly ComposeService['image'][], isOwn: (key: string) => boolean) =>
    new Map(
      facts.flatMap(fact =>
        fact?.known === true && fact.at !== null
          ? [[fact.value, resource(fact.value, fact.at, !isOwn(fact.value))] as const]
          : [],
      ),
    )
  return {
    startedBy: first?.startedBy ?? 'docker run',
    directory: first?.home ?? '/',
    name: null,
    services: new Map(services.map(service => [service.name, service])),
    networks: resources(
      services.flatMap(({ networks }) => (networks ?? []).map(({ network }) => network)),
      key => made.has(key),
    ),
    volumes: resources(
      services.flatMap(({ volumes }) =>
        volumes.flatMap(({ kind, source }) => (kind === 'volume' ? [source] : [])),
      ),
      () => true,
    ),
    configs: new Map(),
    secrets: new Map(),
    enabledProfiles: new Set(),
    sources: texts.map(({ source }) => source),
    faults: [],
    legacy: false,
    // Of a container without a known name nobody knows which name it has.
    complete: services.every(({ containerName }) => containerName === null || containerName.known),
  }
}

function resource(key: string, at: ComposeResource['at'], external: boolean): ComposeResource {
  return { key, at, name: null, external, driver: null, device: null, subnets: [], file: null, content: null }
}
