import { posix } from 'node:path'
import type {
  ComposeMount,
  ComposeService,
  ComposeVariable,
  GrantedFile,
} from '../../../parsers/compose/compose.ts'
import { expandVariables } from '../../../parsers/kubernetes/expand-variables.ts'
import type { ConfigMap, PodContainer, PodMount, Workload } from '../../../parsers/kubernetes/manifest.ts'
import { type Fact, known, unknown } from '../../../parsers/text/fact.ts'
import type { Place } from '../../../parsers/text/source.ts'
import { plainService } from '../containers/plain-service.ts'

type Words = PodContainer['run']['command']
type Values = ReadonlyMap<string, Fact<string> | null>

/** A container of a pod in the words of a compose file. */
export function podService(
  name: string,
  pod: PodContainer,
  workload: Workload,
  maps: readonly ConfigMap[],
): ComposeService {
  const { run } = pod
  const fromMaps = run.environmentMaps.map(({ name, prefix }) => variablesOf(name, prefix, maps))
  const isKnown = run.knowsEnvironment && fromMaps.every(each => each !== null)
  // The later of two ConfigMaps counts, and `env` before all.
  const environment = [...fromMaps.flatMap(each => each ?? []), ...ownVariables(pod, maps)]
  const values = new Map(environment.map(({ name, value }) => [name, value]))
  const mounts = pod.mounts.map(mount => mounted(mount, workload, maps))
  return {
    ...plainService(name, pod.at),
    image: run.image,
    entrypoint: wordsOf(run.command, values),
    command: wordsOf(run.args, values),
    environment,
    expose: pod.ports.map(({ port, at }) => ({
      at,
      port: known({ first: port, last: port }, at),
      protocol: known('tcp'),
    })),
    volumes: mounts.flatMap(({ volumes }) => volumes),
    configs: mounts.flatMap(({ configs }) => configs),
    envFiles: isKnown
      ? []
      : [{ at: pod.at, path: unknown('a Secret or a ConfigMap that is not here'), required: true }],
    workingDirectory: run.workingDirectory,
    user: run.user,
    ...(pod.readOnlyRoot !== null && { readOnly: known('true', pod.readOnlyRoot) }),
    ...(run.check !== null && { healthcheck: { ...run.check, shell: false } }),
  }
}

function wordsOf(written: Words, values: Values): ComposeService['command'] {
  if (written === null) return null
  return { at: written.at, words: written.words.map(word => expandVariables(word, values)), rest: null }
}

/** `env`, what stands in a ConfigMap of the repository filled in. */
function ownVariables(pod: PodContainer, maps: readonly ConfigMap[]): readonly ComposeVariable[] {
  const values = new Map<string, Fact<string> | null>()
  return pod.run.environment.map(({ name, value, at }) => {
    const told = value === null ? referred(name, pod, maps, at) : expanded(value, values)
    values.set(name, told)
    return { name, value: told, at }
  })
}

function referred(
  name: string,
  { keyReferences }: PodContainer,
  maps: readonly ConfigMap[],
  at: Place,
): Fact<string> {
  const reference = keyReferences.get(name)
  const map = reference === undefined ? null : onlyMap(reference.configMap, maps)
  const text = map?.texts.get(reference?.key ?? '')
  return text === undefined || text.includes('\uFFFD')
    ? unknown('it is written elsewhere', at)
    : known(text, at)
}

/** `$(NAME)` is the value of a variable that is written before; one that is not is no reference. */
function expanded(value: Fact<string>, before: Values): Fact<string> {
  if (!value.known || !value.value.includes('$')) return value
  let isKnown = true
  const text = value.value.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name?: string) => {
    if (name === undefined) return '$'
    const own = before.get(name)
    if (own === undefined) return whole
    if (own?.known !== true) isKnown = false
    return own?.known === true ? own.value : whole
  })
  return isKnown ? known(text, value.at) : unknown('it is made of one that is not known', value.at)
}

/** The keys of a ConfigMap as variables; null where it is none of the repository's, or one of several of that name. */
function variablesOf(
  name: string,
  prefix: string,
  maps: readonly ConfigMap[],
): readonly ComposeVariable[] | null {
  const map = onlyMap(name, maps)
  if (map === null) return null
  return [...map.texts].flatMap(([key, text]) => {
    const at = map.keys.get(key)
    const value = text.includes('\uFFFD')
      ? unknown('a template says it', at ?? null)
      : known(text, at ?? null)
    return at === undefined ? [] : [{ name: `${prefix}${key}`, value, at }]
  })
}

function onlyMap(name: string, maps: readonly ConfigMap[]): ConfigMap | null {
  const [map, ...others] = maps.filter(each => each.name === name)
  return map === undefined || others.length > 0 ? null : map
}

interface Mounted {
  readonly volumes: readonly ComposeMount[]
  readonly configs: readonly GrantedFile[]
}

/** What a mount shows: the files of a ConfigMap of the repository, or something that nobody knows. */
function mounted(
  { volume, path, at, subPath }: PodMount,
  { volumes }: Workload,
  maps: readonly ConfigMap[],
): Mounted {
  const seen = volumes.get(volume)
  const map = seen?.kind === 'configMap' && seen.source !== null ? onlyMap(seen.source, maps) : null
  const files =
    map === null
      ? null
      : seen?.items == null
        ? [...map.keys.keys()].map(key => [key, key] as const)
        : [...seen.items]
  if (map === null || files === null) return { volumes: [unknownMount(path, at)], configs: [] }
  const grant = (key: string, target: string): GrantedFile => ({
    at,
    source: known(`${map.name}/${key}`, at),
    target: known(target, at),
  })
  if (subPath === null)
    return {
      volumes: [{ ...unknownMount(path, at), holdsConfigs: true }],
      configs: files.map(([key, name]) => grant(key, posix.join(path, name))),
    }
  const file = files.find(([, name]) => name === posix.normalize(subPath.value))
  return file === undefined
    ? { volumes: [unknownMount(path, at)], configs: [] }
    : { volumes: [], configs: [grant(file[0], path)] }
}

function unknownMount(path: string, at: Place): ComposeMount {
  return {
    at,
    kind: 'unknown',
    source: null,
    target: known(path, at),
    readOnly: unknown('a volume of Kubernetes'),
    subpath: null,
  }
}
