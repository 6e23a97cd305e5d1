import { posix } from 'node:path'
import { once } from '../../parsers/collections/once.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { hasWildcard } from '../../parsers/wildcard/tokens.ts'
import { everyContainer, setsOfContainers } from '../deployment/containers/brought-files.ts'
import { joinedByImage } from '../deployment/containers/servers-of-image.ts'
import type { Configurations } from '../deployment/containers/join-containers.ts'
import type { FragmentSet } from '../files/fragment-sets.ts'
import type { Machine } from '../files/machine.ts'
import { type ApacheConfiguration, readsEveryInclude } from '../servers/apache/configuration.ts'
import type { NginxConfiguration } from '../servers/nginx/configuration.ts'
import { matchesPath } from '../servers/nginx/glob.ts'
import { CERTAIN } from '../servers/presence.ts'
import type { ServerReader } from './server-reader.ts'

/** Fragments as they were read in one world, where they are alike in every other one: by the paths of a set. */
export type KeptSets = Map<string, Configurations>

/** The servers that a set of fragments makes. */
export interface ReadSet extends Configurations {
  readonly joint: boolean
  /** The paths of the set: the same in every world. */
  readonly key: string
  /** True where it is alike in every world. */
  readonly isSteady: boolean
}

/**
 * Reads what no main file of a machine reaches.
 *
 * @param reached what main files read
 * @param known the sets that another world has read; null in the first one
 * @param kept takes those that need not be read anew
 */
export function readSets(
  reader: ServerReader,
  mains: Configurations,
  reached: ReadonlySet<string>,
  known: KeptSets | null,
  kept: KeptSets | null,
): readonly ReadSet[] {
  const { machine, world } = reader
  const read = (set: FragmentSet): ReadSet => {
    const { joint } = set
    const key = [...set.nginx, '', ...set.apache].join('\0')
    const before = known?.get(key)
    if (before !== undefined) {
      for (const { sources } of [...before.nginx, ...before.apache])
        for (const source of sources) world.read(source, CERTAIN)
      return { joint, key, isSteady: true, ...before }
    }
    const turns = world.turns
    const failed = reader.failures.length
    const servers = reader.readSet(machine, set)
    const isSteady = kept !== null && world.turns === turns && reader.failures.length === failed
    if (isSteady) kept.set(key, servers)
    return { joint, key, isSteady, ...servers }
  }
  const whole = {
    nginx: mains.nginx.every(readsAllNginx),
    apache: mains.apache.every(readsAllApache),
  }
  const patterns = once(() => [
    ...mains.nginx.flatMap(nginxPatterns),
    ...mains.apache.flatMap(apachePatterns),
  ])
  const isTaken = (path: string): boolean => patterns().some(pattern => matchesPath(path, pattern))
  return fragmentSets(reader, machine, reached, whole, isTaken).map(read)
}

/** What no main file of a machine reaches, as the containers read it that it goes into. */
export function fragmentSets(
  { projects }: ServerReader,
  machine: Machine,
  reached: ReadonlySet<string>,
  complete: { readonly nginx: boolean; readonly apache: boolean },
  isTaken?: (path: string) => boolean,
): readonly FragmentSet[] {
  const { repository } = machine
  const sets = machine.fragments(reached, complete, isTaken)
  if (repository === undefined) return sets
  return joinedByImage(setsOfContainers(sets, repository, projects), repository, () =>
    everyContainer(repository, projects),
  )
}

/** The patterns of what a server includes, absolute. */
function nginxPatterns({ main, occurrences }: NginxConfiguration): readonly string[] {
  if (main === null) return []
  const directory = posix.dirname(main.path)
  return patternsAmong(occurrences.get('include') ?? []).map(pattern => posix.resolve(directory, pattern))
}

function apachePatterns({ executed = [], serverRoot }: ApacheConfiguration): readonly string[] {
  const patterns = patternsAmong(executed.filter(({ name }) => /^include(?:optional)?$/i.test(name)))
  return patterns.flatMap(pattern =>
    serverRoot.known ? posix.resolve(serverRoot.value, pattern) : pattern.startsWith('/') ? pattern : [],
  )
}

function patternsAmong(
  includes: readonly { readonly args: readonly { readonly value: string }[] }[],
): readonly string[] {
  const patterns = includes.flatMap(({ args: [word] }) => word?.value ?? [])
  return [...new Set(patterns)].filter(pattern => hasWildcard(pattern) && !isUnknownWord(pattern))
}

/** True where all was read that a main file includes, so that a file it did not include is not in use. */
function readsAllNginx({ unread = [], occurrences }: NginxConfiguration): boolean {
  const includes = occurrences.get('include') ?? []
  return unread.length === 0 && !includes.some(({ args }) => isUnknownWord(args[0]?.value ?? ''))
}

function readsAllApache(configuration: ApacheConfiguration): boolean {
  return readsEveryInclude(configuration) && configuration.modulesComplete
}
