import type { Fact } from '../text/fact.ts'
import type { Place, Source } from '../text/source.ts'
import type { WrittenText } from '../text/written-text.ts'

/**
 * Containers that are started together and reach each other by their names: what `docker compose up` would read in one
 * directory, its files merged and `extends` followed, or what else starts containers, in the same words.
 */
export interface ComposeProject {
  /**
   * What starts the containers. Of all but Compose the services are what a compose file would say of the same containers:
   * nothing of Compose's own, such as its checks, its order and its network, is true of them.
   */
  readonly startedBy: ContainerStarter
  /** The directory to which relative paths of the main file and its overrides belong. */
  readonly directory: string
  /** `name:`, or null where Compose takes the directory's name. */
  readonly name: Fact<string> | null
  readonly services: ReadonlyMap<string, ComposeService>
  /** Top-level `networks:` and `volumes:`, by the key that services use. */
  readonly networks: ReadonlyMap<string, ComposeResource>
  readonly volumes: ReadonlyMap<string, ComposeResource>
  /** Top-level `configs:` and `secrets:`. */
  readonly configs: ReadonlyMap<string, ComposeResource>
  readonly secrets: ReadonlyMap<string, ComposeResource>
  /** `COMPOSE_PROFILES` of the `.env` beside it; `*` is all of them. */
  readonly enabledProfiles: ReadonlySet<string>
  /** Every file that was read: the first is the main one. */
  readonly sources: readonly Source[]
  /** What Compose refuses in these files, so that it starts nothing. */
  readonly faults: readonly ComposeFault[]
  /** True for the first format, whose services stand at the root and share no network of their own. */
  readonly legacy: boolean
  /** False where a file is broken or one that is named could not be read: more may be there. */
  readonly complete: boolean
}

/**
 * Compose; `docker run` in a script or a unit; a task of Ansible; a Quadlet of Podman; the pods of Kubernetes; `nobody` of
 * an image alone.
 */
export type ContainerStarter = 'compose' | 'docker run' | 'ansible' | 'quadlet' | 'pods' | 'nobody'

/** Something that Compose's schema does not allow. */
export interface ComposeFault {
  readonly at: Place
  /** In Compose's words. */
  readonly said: string
  /** The key that was meant; null where nobody knows. */
  readonly meant: string | null
  /** Where a key belongs that stands in the wrong place. */
  readonly home: string | null
  /** True for what Compose 1 refuses, and Compose 5 again, and those between them pass by. */
  readonly isOfSomeVersions?: true
}

/** An entry of the top-level `networks`, `volumes`, `configs` or `secrets`. */
export interface ComposeResource {
  readonly key: string
  readonly at: Place
  /** `name:`, where it has another than Compose gives it. */
  readonly name: Fact<string> | null
  readonly external: boolean
  readonly driver: Fact<string> | null
  /** `driver_opts.device` of a volume that is a bind mount by another name. */
  readonly device: Fact<string> | null
  /** `ipam.config[].subnet` of a network; empty where Docker chooses one. */
  readonly subnets: readonly Fact<string>[]
  /** `file:` of a config or secret, as a path. */
  readonly file: Fact<string> | null
  /** `content:` of a config. */
  readonly content: Fact<string> | null
}

export interface ComposeService {
  readonly name: string
  /** The service's key, in the last file that has one. */
  readonly at: Place
  /** The keys of this service in every file. */
  readonly keys: readonly Place[]
  readonly image: Fact<string> | null
  readonly build: ComposeBuild | null
  readonly ports: readonly PublishedPort[]
  readonly expose: readonly ExposedPort[]
  readonly volumes: readonly ComposeMount[]
  readonly volumesFrom: readonly Fact<string>[]
  readonly tmpfs: readonly Fact<string>[]
  readonly configs: readonly GrantedFile[]
  readonly secrets: readonly GrantedFile[]
  /**
   * Null where none are written: then it is on the network `default`. Empty where it is on Docker's own bridge, on which
   * no container has a name.
   */
  readonly networks: readonly NetworkAttachment[] | null
  /** `host`, `none`, `bridge`, `service:NAME`, `container:NAME`. */
  readonly networkMode: Fact<string> | null
  readonly links: readonly ComposeLink[]
  readonly externalLinks: readonly ComposeLink[]
  readonly extraHosts: readonly ExtraHost[]
  readonly hostname: Fact<string> | null
  readonly domainName: Fact<string> | null
  readonly containerName: Fact<string> | null
  /** `always`, `unless-stopped`, `on-failure` with or without a number, `no`. */
  readonly restart: Fact<string> | null
  readonly dependsOn: readonly ServiceReference[]
  /** Null where the image's own holds; without words it was cleared. */
  readonly command: ComposeCommand | null
  /** Null where the image's own holds, or none. */
  readonly healthcheck: ComposeHealthCheck | null
  /** One that is written also takes the image's command away. */
  readonly entrypoint: ComposeCommand | null
  readonly user: Fact<string> | null
  readonly workingDirectory: Fact<string> | null
  readonly environment: readonly ComposeVariable[]
  readonly envFiles: readonly EnvFile[]
  /** What those of the files that could be read set, and `environment` does not; left out where that is nothing. */
  readonly fileVariables?: readonly ComposeVariable[]
  readonly labels: readonly ComposeVariable[]
  /** `read_only`, as written. */
  readonly readOnly: Fact<string> | null
  /** True where it has no label of SELinux of its own making: `privileged`, or a `label` in `security_opt`. */
  readonly unconfined: boolean
  /** `deploy.replicas`, else `scale`: how many containers it is, as written. */
  readonly replicas: Fact<string> | null
  /** `pull_policy`, as written. */
  readonly pullPolicy: Fact<string> | null
  /** Empty where it always starts. */
  readonly profiles: readonly Fact<string>[]
  /** Parts that could not be read, such as an `extends` whose file is not there: more may be set. */
  readonly complete: boolean
  /**
   * The names by which others reach it, where the ports behind them are not its own: the Services of Kubernetes that
   * select a pod. Left out where it is reached by its own name, its aliases and its own ports.
   */
  readonly reachedAs?: readonly ReachedName[]
}

/** A name by which other containers reach one. */
export interface ReachedName {
  readonly name: string
  /**
   * The port of the container that is behind each port of the name, null for one that nobody knows; null where the name
   * leads to the container itself, and every port is its own.
   */
  readonly ports: ReadonlyMap<number, number | null> | null
}

/** The port of a service that is behind a port of one of its names; null where there is none, or nobody knows. */
export function portBehind(
  { reachedAs }: Pick<ComposeService, 'reachedAs'>,
  name: string,
  port: number,
): number | null {
  const reached = reachedAs?.find(each => each.name === name.toLowerCase())
  return reached?.ports == null ? port : (reached.ports.get(port) ?? null)
}

/** By which name and port others reach a port of a service, `web:8000`; null where no name leads there. */
export function addressOf(
  { name, reachedAs }: Pick<ComposeService, 'name' | 'reachedAs'>,
  port: number,
): string | null {
  if (reachedAs === undefined) return `${name}:${port}`
  for (const { name: own, ports } of reachedAs) {
    if (ports === null) return `${own}:${port}`
    for (const [outer, inner] of ports) if (inner === port) return `${own}:${outer}`
  }
  return null
}

/** False for a part of a service, of which another file says what it runs. */
export function saysWhatRuns({ image, build }: Pick<ComposeService, 'image' | 'build'>): boolean {
  return image !== null || build !== null
}

export interface ComposeBuild {
  readonly at: Place
  /** A path; a URL where it is one. */
  readonly context: Fact<string>
  /** As written, relative to the context; null where it is `Dockerfile`. */
  readonly dockerfile: Fact<string> | null
  readonly dockerfileInline: Fact<string> | null
  readonly target: Fact<string> | null
  readonly args: readonly ComposeVariable[]
}

export interface PortRange {
  readonly first: number
  readonly last: number
}

/** `ports`: a port of the host that leads into the container. */
export interface PublishedPort {
  readonly at: Place
  /** The host's address; null where it is every one. */
  readonly hostIp: Fact<string> | null
  /** Null where Docker chooses. */
  readonly published: Fact<PortRange> | null
  readonly target: Fact<PortRange>
  /** `tcp`, `udp`, `sctp`. */
  readonly protocol: Fact<string>
}

/** `expose`: a statement alone, it opens nothing. */
export interface ExposedPort {
  readonly at: Place
  readonly port: Fact<PortRange>
  readonly protocol: Fact<string>
}

export interface ComposeMount {
  readonly at: Place
  readonly kind: 'bind' | 'volume' | 'tmpfs' | 'other' | 'unknown'
  /** Of a bind mount the path on the host, of a volume its key; null for an anonymous volume. */
  readonly source: Fact<string> | null
  /** The path in the container. */
  readonly target: Fact<string>
  readonly readOnly: Fact<boolean>
  /** `volume.subpath`. */
  readonly subpath: Fact<string> | null
  /** True for a directory that holds nothing but the files that `configs` grant below it. */
  readonly holdsConfigs?: true
}

/** A config or secret in a container. */
export interface GrantedFile {
  readonly at: Place
  /** The key of the top-level entry. */
  readonly source: Fact<string>
  /** The path in the container. */
  readonly target: Fact<string>
}

export interface NetworkAttachment {
  readonly at: Place
  readonly network: Fact<string>
  readonly aliases: readonly Fact<string>[]
  readonly address: Fact<string> | null
}

/** `links: [service:alias]`. */
export interface ComposeLink {
  readonly at: Place
  readonly target: Fact<string>
  readonly alias: Fact<string>
}

export interface ExtraHost {
  readonly at: Place
  readonly name: Fact<string>
  readonly address: Fact<string>
}

export interface ServiceReference {
  readonly at: Place
  readonly service: Fact<string>
  /** `condition`; null where it is that the other has been started. */
  readonly condition: Fact<string> | null
  /** False where it is started without the other, if need be: `required: false`. */
  readonly required: boolean
}

export interface ComposeCommand {
  readonly at: Place
  /** As the process gets them, quotes and Compose's variables read; no shell stands in between. */
  readonly words: readonly WrittenText[]
  /** What Compose leaves out of a text: from the first operator of a shell on. */
  readonly rest: WrittenText | null
}

/** `healthcheck.test`. */
export interface ComposeHealthCheck {
  readonly at: Place
  /** Program and arguments, or the one script of a shell; empty where it is switched off. */
  readonly words: readonly WrittenText[]
  readonly shell: boolean
}

/** An entry of `environment`, `labels` or `build.args`. */
export interface ComposeVariable {
  readonly name: string
  /** Null where only the name is written, and the value comes from the environment of Compose. */
  readonly value: Fact<string> | null
  /** Name and value. */
  readonly at: Place
}

export interface EnvFile {
  readonly at: Place
  readonly path: Fact<string>
  readonly required: boolean
}

/** Where Compose's files come from. */
export interface ComposeOptions {
  /** A file by its path; null where it is not there or cannot be read. */
  readonly read: (path: string) => Source | null
}
