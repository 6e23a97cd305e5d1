import type { PodContainer, Workload } from '../../parsers/kubernetes/manifest.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'

/** A container of a pod in which nginx does not start. */
export interface UnwritablePod {
  readonly at: Place
  readonly why: string
  readonly label: string
}

const IMAGE = /^(?:docker\.io\/)?(?:library\/nginx|nginx|nginxinc\/nginx-unprivileged)(?=[:@]|$)/

/** The containers of the images of nginx itself that keep it from writing, or from giving away, what it makes. */
export function* unwritablePods(deployment: Deployment): Iterable<UnwritablePod> {
  const cluster = clusterFiles(deployment)
  if (cluster === null || cluster.hasPatches) return
  const moves = programsOfKind(deployment, 'nginx').some(({ configuration: { occurrences } }) =>
    TEMPORARY.some(name => occurrences.has(name)),
  )
  for (const { workloads } of cluster.files)
    for (const workload of workloads)
      for (const container of workload.containers) {
        if (!IMAGE.test(container.image ?? '') || container.hasCommand) continue
        const found = faultOf(container, workload, moves)
        if (found !== null) yield found
      }
}

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path`)

function faultOf(container: PodContainer, { volumes }: Workload, moves: boolean): UnwritablePod | null {
  const { mounts, readOnlyRoot, otherUser, dropsAll, image } = container
  // A main file of its own may name other places.
  if (mounts.some(({ path }) => /^\/etc(?:\/nginx(?:\/nginx\.conf)?)?$/.test(path))) return null
  const has = (...places: readonly string[]): boolean =>
    mounts.some(({ path, volume }) => places.includes(path) && volumes.has(volume))
  const isUnprivileged = /unprivileged/.test(image ?? '')
  if (isUnprivileged)
    return readOnlyRoot === null || has('/tmp')
      ? null
      : { at: readOnlyRoot, ...because('/tmp/nginx.pid', 'read-only', '30: Read-only file system') }
  const lacking =
    !has('/var/cache/nginx', '/var/cache') && !moves
      ? '/var/cache/nginx/client_temp'
      : has('/run', '/var/run')
        ? null
        : '/run/nginx.pid'
  if (readOnlyRoot !== null && lacking !== null)
    return { at: readOnlyRoot, ...because(lacking, 'read-only', '30: Read-only file system') }
  // Root is refused before nginx starts.
  if (otherUser !== null && placeText(otherUser) === 'true') return null
  if (otherUser !== null)
    return lacking === null
      ? null
      : { at: otherUser, ...because(lacking, 'another user than root', '13: Permission denied') }
  if (dropsAll === null || NEEDED.every(name => dropsAll.kept.has(name)) || dropsAll.kept.has('ALL'))
    return null
  const missing = NEEDED.filter(name => !dropsAll.kept.has(name))
  if (missing[0] === 'CHOWN' && moves) return null
  return {
    at: dropsAll.at,
    why:
      missing[0] === 'CHOWN'
        ? 'root may not give away the directories that it makes: chown("/var/cache/nginx/client_temp", 101) failed (1: Operation not permitted)'
        : `its workers cannot become another user without ${missing.join(' and ')}: (1: Operation not permitted)`,
    label: 'CHOWN, SETGID and SETUID, too',
  }
}

const NEEDED = ['CHOWN', 'SETGID', 'SETUID']

function because(path: string, label: string, error: string): Omit<UnwritablePod, 'at'> {
  return { why: `it may not create \`${path}\`: ${error}`, label }
}
