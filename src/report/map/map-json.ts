import type { DeploymentMap } from '../../deployment/map/deployment-map.ts'

/** `{ "version": 1, "deployments": [ … ] }`: one entry for every machine, and for the files that stand alone. */
export function mapJson(maps: readonly DeploymentMap[]): string {
  return `${JSON.stringify({ version: 1, deployments: maps }, null, 2)}\n`
}
