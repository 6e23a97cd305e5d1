import type { ComposeProject, ComposeService } from '../../../parsers/compose/compose.ts'
import type { DockerFault } from '../../../parsers/dockerfile/dockerfile.ts'
import type { DockerImage } from '../../../parsers/dockerfile/image-of-stage.ts'
import type { Place } from '../../../parsers/text/source.ts'
import type { FileSystem } from '../../files/file-system.ts'

/** A service of a compose file, or a container of a pod: a machine of its own, with the files that mounts and its image bring. */
export interface Container {
  readonly project: ComposeProject
  readonly service: ComposeService
  /** What its Dockerfile builds; null where none of it is in the audit. */
  readonly image: DockerImage | null
  /** The first line at which Docker refuses its Dockerfile. */
  readonly fault: DockerFault | null
  /** The image that all of it stands on, without registry and tag: `nginx`, `php`; null where nobody knows. */
  readonly base: string | null
  /** The same as it is written, with its tag: `nginx:1.27-alpine`; Docker's own registry is left out. */
  readonly reference: string | null
  /** Paths as the container sees them; what the image brings besides is not among them. */
  readonly files: FileSystem
  /** Files of the host that a path of a compose file or Dockerfile names. */
  readonly hostFiles: FileSystem
  /** What stands where; the first at a path counts. */
  readonly mounts: readonly ContainerMount[]
  /** Networks by their keys in the compose file, `default` where none is written. */
  readonly networks: readonly string[]
  /** Lower-case names by which containers on its networks reach it. */
  readonly names: readonly string[]
  /** The first container of a pod of several, which all have its network; null for one that is alone in its network. */
  readonly sharesWith: ComposeService | null
  /** Names of the containers of every project of the repository, which may be started together. */
  readonly allNames: ReadonlySet<string>
  /** Every project of the repository, its own among them: `-f` may lay their files over each other. */
  readonly projects: readonly ComposeProject[]
  /** True where no compose file runs it: what its image says is all that is known of it. */
  readonly isAlone: boolean
}

/** What a path in a container shows. */
export interface ContainerMount {
  /** The path in the container. */
  readonly target: string
  /** A file or directory of the repository; null where a volume, or something unknown, stands there. */
  readonly path: string | null
  /** The key of a named volume; null for everything else. */
  readonly volume: string | null
  readonly from: 'volumes' | 'configs' | 'COPY'
  readonly at: Place
  /** True for a directory in which nothing is but what other mounts show there. */
  readonly isFilled?: boolean
}
