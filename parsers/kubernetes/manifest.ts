import type { Fact } from '../text/fact.ts'
import type { Place } from '../text/source.ts'
import type { ManifestProblem } from './manifest-problem.ts'
import type { PodRun } from './read-pod-run.ts'

/** What a file of manifests says of servers and of what leads to them; templates and what stands in them are left out. */
export interface Manifests {
  readonly configMaps: readonly ConfigMap[]
  readonly workloads: readonly Workload[]
  readonly services: readonly ClusterService[]
  /** What Kubernetes refuses of them. */
  readonly problems: readonly ManifestProblem[]
  /** False where some of the file could not be read, or a template makes it: more may be there. */
  readonly complete: boolean
}

export interface ConfigMap {
  readonly name: string
  /** `metadata.namespace`; null where none is written. */
  readonly namespace: string | null
  readonly at: Place
  /** The keys of `data` and `binaryData`, with the places where they are written. */
  readonly keys: ReadonlyMap<string, Place>
  /** The values of `data`; one that a template makes is unknown. */
  readonly texts: ReadonlyMap<string, string>
  /** Where the values of `data` stand. */
  readonly values: ReadonlyMap<string, Place>
}

/** What makes pods: a Deployment, a StatefulSet, a DaemonSet, a Pod and their like. */
export interface Workload {
  readonly kind: string
  readonly name: string
  /** `metadata.namespace`; null where none is written. */
  readonly namespace: string | null
  readonly at: Place
  /** `spec.replicas`, as written. */
  readonly replicas: Fact<string> | null
  readonly labels: ReadonlyMap<string, string>
  /** `spec.selector.matchLabels`; null where a workload says none. */
  readonly selector: { readonly labels: ReadonlyMap<string, string>; readonly at: Place } | null
  readonly containers: readonly PodContainer[]
  /** Those that run before the others, and those beside them that start first: {@link Workload.sidecars}. */
  readonly initContainers: readonly PodContainer[]
  /** The names of those that run first and go on, beside the others. */
  readonly sidecars: ReadonlySet<string>
  readonly volumes: ReadonlyMap<string, PodVolume>
  readonly hostNetwork: boolean
  /** True where the pod has names of its own for addresses. */
  readonly hasAliases: boolean
  /** By which the pod itself is in its file of hosts; null where it gets a name that is made up. */
  readonly hostname: string | null
}

export interface PodContainer {
  readonly name: string
  readonly at: Place
  /** As written; null where a template or nobody says it. */
  readonly image: string | null
  /** True where `command` or `args` is written. */
  readonly hasCommand: boolean
  /** The words of both, as far as no template makes them. */
  readonly words: readonly string[]
  readonly ports: readonly { readonly port: number; readonly name: string | null; readonly at: Place }[]
  readonly mounts: readonly PodMount[]
  /** What it asks for, itself or by its limits: `cpu`, `memory`; null where a template may say more. */
  readonly requests: ReadonlySet<string> | null
  /** `readOnlyRootFilesystem: true`. */
  readonly readOnlyRoot: Place | null
  /** `runAsUser` of the container, else of the pod, where it is not root; or `runAsNonRoot: true` without it. */
  readonly otherUser: Place | null
  /** `drop: [ALL]` of its capabilities, and those that `add` gives back, without `CAP_`. */
  readonly dropsAll: { readonly at: Place; readonly kept: ReadonlySet<string> } | null
  /** Ports that probes connect to. */
  readonly probes: readonly PodProbe[]
  /** The variables of `env` with their values, null for those that are written elsewhere. */
  readonly variables: ReadonlyMap<string, string | null>
  /** Where the names of the variables of `env` stand. */
  readonly variablePlaces: ReadonlyMap<string, Place>
  /** The variables of `env` that have their value from a key of a ConfigMap. */
  readonly keyReferences: ReadonlyMap<string, { readonly configMap: string; readonly key: string }>
  /** The ConfigMaps of `envFrom` whose keys are variables under their own names. */
  readonly environmentMaps: readonly string[]
  readonly run: PodRun
}

export interface PodProbe {
  readonly name: string
  readonly port: number | string
  /** The port. */
  readonly at: Place
  /** What is asked by HTTP; null where a connection is all. */
  readonly http: ProbedUrl | null
}

/** What a probe asks for by HTTP. */
export interface ProbedUrl {
  readonly at: Place
  readonly hasHost: boolean
  readonly path: string
  /** The path; null where none is written. */
  readonly pathAt: Place | null
  /** True for a probe in plain HTTP that sends no header of its own. */
  readonly isPlain: boolean
  /** True for a probe that is told to speak TLS. */
  readonly isSecure: boolean
}

export interface PodMount {
  readonly volume: string
  readonly path: string
  readonly at: Place
  readonly subPath: { readonly value: string; readonly at: Place } | null
}

export interface PodVolume {
  readonly kind: 'configMap' | 'secret' | 'emptyDir' | 'other'
  /** The name of the ConfigMap or Secret. */
  readonly source: string | null
  /** The files that `items` makes, by the key they are of; null where every key is a file. */
  readonly items: ReadonlyMap<string, string> | null
}

export interface ClusterService {
  readonly name: string
  /** `metadata.namespace`; null where none is written. */
  readonly namespace: string | null
  readonly at: Place
  readonly selector: ReadonlyMap<string, string>
  /** What is written behind `selector:`; the name where nothing is. */
  readonly selectorAt: Place
  readonly ports: readonly {
    readonly name: string | null
    readonly port: number
    /** A number, or the name of a container's port; the port itself where it is not written. */
    readonly target: number | string
    readonly at: Place
    readonly targetAt: Place
  }[]
  /** One without an address of its own: its name leads to the pods themselves. */
  readonly headless: boolean
}
