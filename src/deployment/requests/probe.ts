import { memo } from '../../../parsers/collections/memo.ts'
import type { Deployment } from '../model.ts'
import type { ClientRequest, FollowedRequest, FollowOptions } from './answer.ts'
import { type FollowedRedirects, followRedirects, urlOf } from './follow-redirects.ts'
import { followRequest } from './follow-request.ts'
import { EXISTING, MISSING } from './made-up-requests.ts'

/**
 * A made-up request of some client out on the network, with no password and no header of its own, and its
 * answer. What a probe cannot decide is unknown, as everywhere.
 *
 * Each question is asked once of a deployment, however many rules ask it.
 */
export function probe(deployment: Deployment, request: ClientRequest): FollowedRequest {
  const { answers } = kept(deployment)
  const key = keyOf(request)
  let answer = answers.get(key)
  if (answer === undefined) {
    answer = followRequest(deployment, request, ASSUMING)
    answers.set(key, answer)
  }
  return answer
}

/** The same, followed through redirects as a browser does. */
export function probeRedirects(deployment: Deployment, request: ClientRequest): FollowedRedirects {
  const { chains } = kept(deployment)
  const key = keyOf(request)
  let chain = chains.get(key)
  if (chain === undefined) {
    chain = followRedirects(deployment, request, ASSUMING, probe)
    chains.set(key, chain)
  }
  return chain
}

interface Kept {
  readonly answers: Map<string, FollowedRequest>
  readonly chains: Map<string, FollowedRedirects>
}

const kept = memo((_: Deployment): Kept => ({ answers: new Map(), chains: new Map() }))

function keyOf(request: ClientRequest): string {
  const { method, address, client, machine, headers } = request
  const from = `${client ?? ''} ${address === undefined ? '' : JSON.stringify(address)} ${machine?.name ?? ''}`
  const sent = headers === undefined ? '?' : JSON.stringify([[...headers.values], headers.complete])
  return `${method} ${urlOf(request)} ${from} ${sent}`
}

/**
 * Outside of the audit a missing page is no file, and an existing file is one, wherever they are mapped to.
 */
export const ASSUMING: FollowOptions = {
  assume(path) {
    if (path.includes(MISSING)) return null
    return path.includes(EXISTING) ? 'file' : undefined
  },
}
