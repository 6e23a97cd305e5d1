import { virtualHostOf } from '../../servers/apache/queries/virtual-hosts.ts'
import type { ApacheConnection, Deployment } from '../model.ts'
import { askHost } from './ask-host.ts'
import { MISSING } from './made-up-requests.ts'

/**
 * The path that Apache asks a backend for by a line, of a request for a page below a path; null where the line takes
 * no such request, or nobody can tell.
 */
export function requestBehind(
  deployment: Deployment,
  { from: { configuration }, pass }: ApacheConnection,
  path: string,
): string | null {
  const host = virtualHostOf(configuration, pass)
  const target = `${path.replace(/\/$/, '')}/${MISSING}`
  const { end } = askHost(deployment, { configuration, host }, target)
  if (end.kind !== 'pass' || end.directive !== pass) return null
  return /^(?:unix:[^|]*\|)?\w+:\/\/[^/]*(\/.*)?$/.exec(end.url)?.[1] ?? null
}
