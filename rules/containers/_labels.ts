import type { PodContainer } from '../../parsers/kubernetes/manifest.ts'

/** True where the labels of a pod are those that a selector asks for, and perhaps more. */
export function hasLabels(labels: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>): boolean {
  return [...wanted].every(([key, value]) => labels.get(key) === value)
}

/** The port of a container that a Service or a probe means; null for a name that no port has. */
export function portOf({ ports }: PodContainer, target: number | string): number | null {
  if (typeof target === 'number') return target
  return ports.find(({ name }) => name === target)?.port ?? null
}
