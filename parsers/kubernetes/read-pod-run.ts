import { type Fact, known, unknown } from '../text/fact.ts'
import type { Place } from '../text/source.ts'
import type { WrittenText } from '../text/written-text.ts'
import { isNull, type YamlMap, type YamlNode } from '../yaml/yaml-node.ts'
import { entryAt, listAt, mapAt, textAt } from './yaml-paths.ts'

/** How Kubernetes starts a container of a pod. */
export interface PodRun {
  readonly image: Fact<string> | null
  /** `command`, which stands for the image's entry point; null where that holds. */
  readonly command: PodWords | null
  /** `args`, which stand for the image's command; null where that holds, unless `command` takes it away. */
  readonly args: PodWords | null
  /** `env`, in order. */
  readonly environment: readonly PodVariable[]
  /** ConfigMaps of `envFrom`, whose keys are variables. */
  readonly environmentMaps: readonly { readonly name: string; readonly prefix: string }[]
  /** False where `envFrom` has more than ConfigMaps, or a template says it. */
  readonly knowsEnvironment: boolean
  readonly workingDirectory: Fact<string> | null
  /** `runAsUser` of the container, else of the pod; unknown where only `runAsNonRoot` says something. */
  readonly user: Fact<string> | null
  /** The first probe that runs a program in the container. */
  readonly check: PodWords | null
}

export interface PodWords {
  readonly at: Place
  readonly words: readonly WrittenText[]
}

export interface PodVariable {
  readonly name: string
  /** Null for one whose value stands elsewhere. */
  readonly value: Fact<string> | null
  /** Name and value. */
  readonly at: Place
}

/**
 * Reads how a container is started.
 *
 * @param spec of the pod that holds it
 * @param probes the keys that may run a program in it, in the order in which they are asked
 * @see https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/
 */
export function podRun(container: YamlMap, spec: YamlMap, probes: readonly string[]): PodRun {
  const from = listAt(container, 'envFrom')
  const maps = from.flatMap(each => {
    const name = textAt(each, 'configMapRef', 'name')
    const isPlain = entryAt(each, 'prefix') === null || textAt(each, 'prefix') !== null
    return name === null || !isPlain ? [] : [{ name, prefix: textAt(each, 'prefix') ?? '' }]
  })
  const written = entryAt(container, 'envFrom')?.value
  return {
    image: factAt(container, 'image'),
    command: wordsAt(container, 'command'),
    args: wordsAt(container, 'args'),
    environment: listAt(container, 'env').flatMap(variableOf),
    environmentMaps: maps,
    knowsEnvironment:
      maps.length === from.length && (written === undefined || written.kind === 'list' || isNull(written)),
    workingDirectory: factAt(container, 'workingDir'),
    user: userOf(container, spec),
    check:
      probes.map(probe => wordsAt(container, probe, 'exec', 'command')).find(each => each !== null) ?? null,
  }
}

/** A text of a manifest; null where none is written. */
export function factAt(map: YamlMap, ...path: readonly string[]): Fact<string> | null {
  const node = entryAt(map, ...path)?.value
  if (node === undefined || isNull(node)) return null
  const text = textAt(map, ...path)
  return text === null ? unknown('a template says it', node.at) : known(text, node.at)
}

function wordsAt(map: YamlMap, ...path: readonly string[]): PodWords | null {
  const entry = entryAt(map, ...path)
  if (entry === null || entry.value.kind !== 'list') return null
  const words = entry.value.items.flatMap(item => (item.kind === 'scalar' ? [item.text] : []))
  return words.length === 0 ? null : { at: entry.key, words }
}

function variableOf(map: YamlMap): readonly PodVariable[] {
  const name = textAt(map, 'name')
  const key = entryAt(map, 'name')
  if (name === null || key === null) return []
  const value = entryAt(map, 'value')?.value
  const at = spanOf(key.value, value)
  if (entryAt(map, 'valueFrom') !== null) return [{ name, value: null, at }]
  return [{ name, value: value === undefined || isNull(value) ? known('', at) : factAt(map, 'value'), at }]
}

function spanOf({ at: first }: YamlNode, last: YamlNode | undefined): Place {
  const at = last?.at
  return at === undefined || at.source !== first.source || at.end < first.start
    ? first
    : { ...first, start: Math.min(first.start, at.start), end: Math.max(first.end, at.end) }
}

function userOf(container: YamlMap, spec: YamlMap): Fact<string> | null {
  const contexts = [container, spec].flatMap(each => mapAt(each, 'securityContext') ?? [])
  const told = contexts.flatMap(context => factAt(context, 'runAsUser') ?? [])[0]
  if (told !== undefined) return told
  const other = contexts.flatMap(context => entryAt(context, 'runAsNonRoot') ?? [])[0]
  return other === undefined ? null : unknown('Kubernetes checks it', other.key)
}
