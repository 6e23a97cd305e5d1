import type { Fact } from '../text/fact.ts'
import type { ComposeBuild, ComposeService, ComposeVariable, NetworkAttachment } from './compose.ts'

/**
 * A service with what a later file says of it laid over: what is one value is replaced, what is many is
 * added, and what has a name (a variable, a path in the container, a network) replaces its namesake.
 *
 * @param replaced keys of the later file that take the earlier ones away (`!reset`, `!override`)
 */
export function mergeServices(
  earlier: ComposeService,
  later: ComposeService,
  replaced: ReadonlySet<string> = new Set(),
): ComposeService {
  const base = replaced.size === 0 ? earlier : withoutKeys(earlier, replaced)
  return {
    name: later.name,
    at: later.at,
    keys: [...base.keys, ...later.keys],
    image: later.image ?? base.image,
    build: mergeBuilds(base.build, later.build),
    ports: merge(base.ports, later.ports, port =>
      keyOf(port.hostIp, port.published, port.target, port.protocol),
    ),
    expose: merge(base.expose, later.expose, ({ port, protocol }) => keyOf(port, protocol)),
    volumes: merge(base.volumes, later.volumes, ({ target }) => keyOf(target)),
    volumesFrom: [...base.volumesFrom, ...later.volumesFrom],
    tmpfs: merge(base.tmpfs, later.tmpfs, target => keyOf(target)),
    configs: merge(base.configs, later.configs, ({ target }) => keyOf(target)),
    secrets: merge(base.secrets, later.secrets, ({ target }) => keyOf(target)),
    networks: mergeNetworks(base.networks, later.networks),
    networkMode: later.networkMode ?? base.networkMode,
    links: merge(base.links, later.links, ({ alias }) => keyOf(alias)),
    externalLinks: merge(base.externalLinks, later.externalLinks, ({ alias }) => keyOf(alias)),
    extraHosts: [...base.extraHosts, ...later.extraHosts],
    hostname: later.hostname ?? base.hostname,
    domainName: later.domainName ?? base.domainName,
    restart: later.restart ?? base.restart,
    containerName: later.containerName ?? base.containerName,
    dependsOn: merge(base.dependsOn, later.dependsOn, ({ service }) => keyOf(service)),
    command: later.command ?? base.command,
    healthcheck: later.healthcheck ?? base.healthcheck,
    entrypoint: later.entrypoint ?? base.entrypoint,
    user: later.user ?? base.user,
    workingDirectory: later.workingDirectory ?? base.workingDirectory,
    environment: mergeVariables(base.environment, later.environment),
    envFiles: merge(base.envFiles, later.envFiles, ({ path }) => keyOf(path)),
    labels: mergeVariables(base.labels, later.labels),
    readOnly: later.readOnly ?? base.readOnly,
    pullPolicy: later.pullPolicy ?? base.pullPolicy,
    unconfined: base.unconfined || later.unconfined,
    replicas: later.replicas ?? base.replicas,
    profiles: merge(base.profiles, later.profiles, profile => keyOf(profile)),
    complete: base.complete && later.complete,
  }
}

/** What is unknown has no namesake. */
function keyOf(...facts: readonly (Fact<unknown> | null)[]): unknown {
  if (facts.some(fact => fact?.known === false)) return {}
  return JSON.stringify(facts.map(fact => (fact?.known === true ? fact.value : null)))
}

function merge<T>(earlier: readonly T[], later: readonly T[], key: (item: T) => unknown): readonly T[] {
  if (later.length === 0) return earlier
  const merged = new Map<unknown, T>()
  for (const item of [...earlier, ...later]) merged.set(key(item), item)
  return [...merged.values()]
}

function mergeVariables(
  earlier: readonly ComposeVariable[],
  later: readonly ComposeVariable[],
): readonly ComposeVariable[] {
  return merge(earlier, later, ({ name }) => name)
}

function mergeNetworks(
  earlier: readonly NetworkAttachment[] | null,
  later: readonly NetworkAttachment[] | null,
): readonly NetworkAttachment[] | null {
  if (earlier === null || later === null) return later ?? earlier
  const merged = new Map<unknown, NetworkAttachment>()
  for (const attachment of [...earlier, ...later]) {
    const key = keyOf(attachment.network)
    const former = merged.get(key)
    merged.set(
      key,
      former === undefined
        ? attachment
        : {
            ...attachment,
            aliases: merge(former.aliases, attachment.aliases, alias => keyOf(alias)),
            address: attachment.address ?? former.address,
          },
    )
  }
  return [...merged.values()]
}

function mergeBuilds(earlier: ComposeBuild | null, later: ComposeBuild | null): ComposeBuild | null {
  if (earlier === null || later === null) return later ?? earlier
  return {
    at: later.at,
    // A context that nobody wrote is the directory itself.
    context: later.context.at === null ? earlier.context : later.context,
    dockerfile: later.dockerfile ?? earlier.dockerfile,
    dockerfileInline: later.dockerfileInline ?? earlier.dockerfileInline,
    target: later.target ?? earlier.target,
    args: mergeVariables(earlier.args, later.args),
  }
}

/** The parts of a service by Compose's own keys, as they are where nothing is written. */
const EMPTY: ReadonlyMap<string, Partial<ComposeService>> = new Map(
  Object.entries({
    image: { image: null },
    build: { build: null },
    ports: { ports: [] },
    expose: { expose: [] },
    volumes: { volumes: [] },
    volumes_from: { volumesFrom: [] },
    tmpfs: { tmpfs: [] },
    configs: { configs: [] },
    secrets: { secrets: [] },
    networks: { networks: null },
    network_mode: { networkMode: null },
    links: { links: [] },
    external_links: { externalLinks: [] },
    extra_hosts: { extraHosts: [] },
    hostname: { hostname: null },
    domainname: { domainName: null },
    restart: { restart: null },
    container_name: { containerName: null },
    depends_on: { dependsOn: [] },
    command: { command: null },
    healthcheck: { healthcheck: null },
    entrypoint: { entrypoint: null },
    user: { user: null },
    working_dir: { workingDirectory: null },
    environment: { environment: [] },
    env_file: { envFiles: [] },
    labels: { labels: [] },
    profiles: { profiles: [] },
  } satisfies Record<string, Partial<ComposeService>>),
)

export function withoutKeys(service: ComposeService, keys: ReadonlySet<string>): ComposeService {
  let result = service
  for (const key of keys) result = { ...result, ...EMPTY.get(key) }
  return result
}

/** The service that everything is laid over where a base cannot be read. */
export function incomplete(service: ComposeService): ComposeService {
  return { ...service, complete: false }
}
