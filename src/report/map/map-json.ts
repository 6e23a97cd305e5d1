import type { DeploymentMap } from '../../deployment/map/deployment-map.ts'
import { maskMessage } from '../mask.ts'

/** Values that repeat what is written in a file, where a secret may stand. */
const WRITTEN: ReadonlySet<string> = new Set(['message', 'pass', 'redirect'])

/** `{ "version": 1, "deployments": [ … ] }`: one entry for every machine, and for the files that stand alone. */
export function mapJson(maps: readonly DeploymentMap[]): string {
  const mask = (key: string, value: unknown): unknown =>
    typeof value === 'string' && WRITTEN.has(key) ? maskMessage(value) : value
  return `${JSON.stringify({ version: 1, deployments: maps }, mask, 2)}\n`
}
