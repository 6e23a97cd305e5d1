import type { DeploymentMap } from '../../deployment/map/deployment-map.ts'
import { jsonText } from '../json-text.ts'

/** `{ "version": 1, "deployments": [ … ] }`: one entry for every machine, and for the files that stand alone. */
export function mapJson(maps: readonly DeploymentMap[]): string {
  return jsonText({ version: 1, deployments: maps })
}
