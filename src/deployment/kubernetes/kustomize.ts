import { posix } from 'node:path'
import {
  isKustomization,
  readKustomization,
  readKustomizeFunctions,
} from '../../../parsers/kubernetes/read-kustomization.ts'
import { isBelow } from '../../../parsers/text/is-below.ts'
import type { Source } from '../../../parsers/text/source.ts'

/** What Kustomize makes of the manifests of a repository. */
export interface Kustomized {
  /** Files that a kustomization names for its own functions: no objects of a cluster. */
  readonly told: ReadonlySet<string>
  /** True where it puts them together, and may add to any of them. */
  readonly hasPatches: boolean
  /** True where it makes objects, or gives them other names. */
  readonly isRenamed: boolean
  /** True where it gives objects a namespace. */
  readonly setsNamespace: boolean
  /** True for a manifest whose objects are others by the time that they reach the cluster, or may be. */
  readonly isChanged: (path: string) => boolean
}

/** What it puts together; labels are the same in what selects and in what is selected. */
const ADDS = /^(?:patches\w*|components|transformers|replacements|commonLabels|labels|vars|openapi):/m

/** What it makes objects of, and what gives them other names. */
const MAKING =
  /^(?:configMapGenerator|secretGenerator|generators|helmCharts|namePrefix|nameSuffix|components|transformers):/m

/** What it changes of pods and Services. */
const CHANGES =
  /^(?:patches\w*|components|transformers|replacements|vars|generators|namePrefix|nameSuffix):|^[ \t-]+newName:/m

/** @param sources of the manifests of a repository, those that Kustomize begins with among them */
export function readKustomize(sources: readonly Source[]): Kustomized {
  const own = sources.filter(({ path }) => isKustomization(path))
  const changed = changedBy(own)
  return {
    told: new Set(
      own.flatMap(source =>
        readKustomizeFunctions(source).map(({ path }) => posix.join(posix.dirname(source.path), path)),
      ),
    ),
    hasPatches: own.some(({ text }) => ADDS.test(text)),
    isRenamed: own.some(({ text }) => MAKING.test(text)),
    setsNamespace: own.some(({ text }) => /^namespace:/m.test(text)),
    isChanged: path => changed.some(place => isBelow(path, place)),
  }
}

/** Files and directories of which a kustomization changes something, those that it reads by another one too. */
function changedBy(own: readonly Source[]): readonly string[] {
  const changed = new Set<string>()
  const follow = (source: Source): void => {
    const directory = posix.dirname(source.path)
    if (changed.has(directory)) return
    changed.add(directory)
    for (const { path } of readKustomization(source)) {
      const place = posix.join(directory, path).replace(/(.)\/$/, '$1')
      const next = own.find(each => posix.dirname(each.path) === place)
      if (next === undefined) changed.add(place)
      else follow(next)
    }
  }
  for (const source of own) if (CHANGES.test(source.text)) follow(source)
  return [...changed]
}
