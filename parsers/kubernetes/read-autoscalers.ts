import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'
import { readYaml } from '../yaml/read-yaml.ts'
import type { YamlMap } from '../yaml/yaml-node.ts'
import { entryAt, itemsOf, listAt, textAt } from './yaml-paths.ts'

/** A HorizontalPodAutoscaler that compares what pods use with what they ask for. */
export interface Autoscaler {
  readonly name: string
  readonly namespace: string | null
  /** What it scales. */
  readonly kind: string
  readonly target: string
  /** `cpu`, `memory`, of which it looks at a share of the request. */
  readonly shares: readonly { readonly resource: string; readonly at: Place }[]
  /** How many pods it makes at most; null where a template says it. */
  readonly most: { readonly count: number; readonly at: Place } | null
  /** True where it looks at one thing alone. */
  readonly isOnly: boolean
}

/** The autoscalers of a file. */
export const readAutoscalers = memo((source: Source): readonly Autoscaler[] =>
  readYaml(source)
    .documents.flatMap(itemsOf)
    .flatMap(map => {
      const name = textAt(map, 'metadata', 'name')
      const kind = textAt(map, 'spec', 'scaleTargetRef', 'kind')
      const target = textAt(map, 'spec', 'scaleTargetRef', 'name')
      if (textAt(map, 'kind') !== 'HorizontalPodAutoscaler' || name === null) return []
      if (kind === null || target === null) return []
      const namespace = textAt(map, 'metadata', 'namespace')
      const isOnly = listAt(map, 'spec', 'metrics').length < 2
      return [{ name, namespace, kind, target, shares: sharesOf(map), most: mostOf(map), isOnly }]
    }),
)

function mostOf(map: YamlMap): Autoscaler['most'] {
  const text = textAt(map, 'spec', 'maxReplicas')
  const entry = entryAt(map, 'spec', 'maxReplicas')
  return text === null || entry === null || !/^\d{1,5}$/.test(text)
    ? null
    : { count: Number(text), at: entry.value.at }
}

function sharesOf(map: YamlMap): Autoscaler['shares'] {
  // Of version 1 there is this alone.
  const first = entryAt(map, 'spec', 'targetCPUUtilizationPercentage')
  const metrics = listAt(map, 'spec', 'metrics').flatMap(metric => {
    const name = entryAt(metric, 'resource', 'name')
    const resource = textAt(metric, 'resource', 'name')
    const isShare =
      entryAt(metric, 'resource', 'target', 'averageUtilization') !== null ||
      entryAt(metric, 'resource', 'targetAverageUtilization') !== null
    return textAt(metric, 'type') === 'Resource' && isShare && name !== null && resource !== null
      ? [{ resource, at: name.value.at }]
      : []
  })
  return [...(first === null ? [] : [{ resource: 'cpu', at: first.key }]), ...metrics]
}
