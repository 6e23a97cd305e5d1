import type { Source } from '../../parsers/text/source.ts'
import { TESTS_DIRECTORY } from './test-directories.ts'

/** So much of a file says whether it is a manifest: comments of a licence stand in front of some. */
const BEGINNING = 16_384

/** What Kustomize and Helmfile read, which needs neither a kind nor a version. */
const WITHOUT_KIND = /(?:^|\/)(?:kustomization|helmfile)\.ya?ml$/

/** What tests read may be wrong on purpose. */
const OF_TESTS = new RegExp(
  String.raw`/(?:testdata|test[-_]data|fixtures|__fixtures__|${TESTS_DIRECTORY}|e2e|__tests__|node_modules|vendor|\.github|\.gitlab)/`,
)

/** True of a file that may hold manifests of Kubernetes, wherever it lies; its first lines tell. */
export function isManifest(path: string, beginningOf: (bytes: number) => string | null): boolean {
  if (!/\.ya?ml$/.test(path) || OF_TESTS.test(path)) return false
  if (WITHOUT_KIND.test(path)) return true
  const beginning = beginningOf(BEGINNING) ?? ''
  return /^apiVersion:/m.test(beginning) && OTHER_THAN_DEFINITION.test(beginning)
}

/** Definitions of kinds are long, and run nothing. */
const OTHER_THAN_DEFINITION = /^kind:(?! *["']?CustomResourceDefinition\b)/m

/** True of a file with objects that run something in a cluster, or lead to what runs there. */
export function runsInCluster({ text }: Source): boolean {
  return (
    /^apiVersion:/m.test(text) &&
    /^(?:- +| {2,4})?kind: *["']?(?:Deployment|StatefulSet|DaemonSet|ReplicaSet|ReplicationController|Pod|Job|CronJob|Service|Ingress|DeploymentConfig)["']?[ \t]*(?:#.*)?$/m.test(
      text,
    )
  )
}
