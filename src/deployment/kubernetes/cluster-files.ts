import { posix } from 'node:path'
import { groupBy } from '../../../parsers/collections/group-by.ts'
import { memo } from '../../../parsers/collections/memo.ts'
import type { Manifests } from '../../../parsers/kubernetes/manifest.ts'
import { type Autoscaler, readAutoscalers } from '../../../parsers/kubernetes/read-autoscalers.ts'
import { type Claims, readClaims } from '../../../parsers/kubernetes/read-claims.ts'
import { type Ingresses, readIngresses } from '../../../parsers/kubernetes/read-ingresses.ts'
import { readManifests } from '../../../parsers/kubernetes/read-manifests.ts'
import { type ManifestNames, readNames } from '../../../parsers/kubernetes/read-names.ts'
import { type ManifestLinks, readLinks } from '../../../parsers/kubernetes/read-references.ts'
import { readSecretValues, type SecretValues } from '../../../parsers/kubernetes/read-secret-values.ts'
import type { Source } from '../../../parsers/text/source.ts'
import { sourceAt } from '../../files/file-system.ts'
import type { Deployment, LooseFiles } from '../model.ts'
import { readKustomize } from './kustomize.ts'
import { MOST_MANIFESTS } from './manifest-sets.ts'

/** The manifests of a repository, each file by itself. */
export interface ClusterFiles {
  readonly files: readonly Manifests[]
  /** The same by their directories, of which each holds what belongs together. */
  readonly directories: readonly ClusterDirectory[]
  /** What the objects of all of them are called, and what they say of each other. */
  readonly links: ManifestLinks
  /** The Ingresses of ingress-nginx, and what makes the Secrets of certificates. */
  readonly ingresses: Ingresses
  /** The controller of nginx that the repository installs; null where it installs none, or may another. */
  readonly controller: IngressController | null
  /** The names of all objects, and by which names they ask for each other. */
  readonly names: ManifestNames
  readonly autoscalers: readonly Autoscaler[]
  /** PersistentVolumeClaims and what mounts them, of files that no template makes. */
  readonly claims: Claims
  /** Values of Secrets, and the variables that are filled from them. */
  readonly secretValues: SecretValues
  /** False where a template or Kustomize may make or rename objects that no file has. */
  readonly isComplete: boolean
  /** True where Kustomize makes objects, or gives them other names. */
  readonly isRenamed: boolean
  /** True where Kustomize puts them together, and may add to any of them. */
  readonly hasPatches: boolean
  /** True where Kustomize gives objects a namespace. */
  readonly setsNamespace: boolean
}

/** That of the Kubernetes project, and that of F5, which read annotations of their own. */
export type IngressController = 'ingress-nginx' | 'nginx-ingress'

/** The manifests of one directory. */
export interface ClusterDirectory {
  readonly path: string
  readonly files: readonly Manifests[]
  /** False where a template makes some of them. */
  readonly isComplete: boolean
}

/** What the repository of a deployment has of manifests; null where that is nothing. */
export const clusterFiles = memo(({ machines }: Deployment) => clusterOf(machines.map(({ loose }) => loose)))

/** The same, of the repository of an image that no compose file runs: a manifest may. */
export const clusterBeside = memo(({ machines }: Deployment) =>
  clusterOf(machines.map(({ beside }) => beside)),
)

function clusterOf(all: readonly (LooseFiles | null)[]): ClusterFiles | null {
  const sources = all.flatMap(loose =>
    loose === null ? [] : loose.manifests.flatMap(path => sourceAt(loose.files, path) ?? []),
  )
  const { told, hasPatches, isRenamed, setsNamespace } = readKustomize(sources)
  const own = sources.filter(
    ({ path, text }) => /^apiVersion:/m.test(text) && /^kind:/m.test(text) && !told.has(path),
  )
  const files = own.map(readManifests)
  if (files.length === 0) return null
  const links = own.map(readLinks)
  const ingresses = own.map(readIngresses)
  const names = own.map(readNames)
  const secretValues = own.map(readSecretValues)
  const claims = own.filter(source => readManifests(source).complete).map(readClaims)
  return {
    files,
    directories: [...groupBy(own, ({ path }) => posix.dirname(path))].map(([path, sources]) => {
      const read = sources.map(readManifests)
      return { path, files: read, isComplete: read.every(({ complete }) => complete) }
    }),
    links: {
      objects: links.flatMap(({ objects }) => objects),
      references: links.flatMap(({ references }) => references),
      binds: links.flatMap(({ binds }) => binds),
    },
    ingresses: {
      ingresses: ingresses.flatMap(each => each.ingresses),
      secrets: ingresses.flatMap(each => each.secrets),
    },
    controller: controllerIn(sources),
    names: {
      objects: names.flatMap(({ objects }) => objects),
      uses: names.flatMap(({ uses }) => uses),
    },
    autoscalers: own.flatMap(readAutoscalers),
    claims: {
      claims: claims.flatMap(each => each.claims),
      users: claims.flatMap(({ users }) => users),
    },
    secretValues: {
      values: secretValues.flatMap(({ values }) => values),
      variables: secretValues.flatMap(({ variables }) => variables),
    },
    isComplete: sources.length < MOST_MANIFESTS && files.every(({ complete }) => complete) && !isRenamed,
    isRenamed,
    hasPatches,
    setsNamespace,
  }
}

/** Charts, images and classes by which the controllers are installed. */
const CONTROLLERS: readonly (readonly [controller: IngressController, text: RegExp])[] = [
  [
    'ingress-nginx',
    /kubernetes\.github\.io\/ingress-nginx|\bingress-nginx\/ingress-nginx\b|(?:registry\.k8s|k8s\.gcr)\.io\/ingress-nginx\/controller|^\s*controller:\s*["']?k8s\.io\/ingress-nginx\b/m,
  ],
  [
    'nginx-ingress',
    /helm\.nginx\.com|ghcr\.io\/nginx(?:inc)?\/charts|\bnginx-stable\/nginx-ingress\b|\bnginx\/nginx-ingress\b|^\s*controller:\s*["']?nginx\.org\/ingress-controller\b/m,
  ],
]

function controllerIn(sources: readonly Source[]): IngressController | null {
  const found = CONTROLLERS.filter(([, text]) => sources.some(source => text.test(source.text)))
  return found.length === 1 ? (found[0]?.[0] ?? null) : null
}
