import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { ApacheHost, Deployment, Machine } from '../../src/deployment/model.ts'
import { askHost, originOf } from '../../src/deployment/requests/ask-host.ts'
import { entrance } from '../../src/deployment/requests/entrance.ts'
import type { ApacheEnd } from '../../src/servers/apache/requests/outcome.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { CHALLENGE } from './_challenges.ts'

interface LoneAnswer {
  readonly at: Place
  readonly words: string
}

/**
 * What a virtual host answers that is alone in its repository, so that no line says which ports Apache opens; null
 * where it serves the challenge from its webroot, and where nobody can tell.
 */
export function answerOfLoneHost(
  deployment: Deployment,
  machine: Machine,
  { name, directory }: { readonly name: string; readonly directory: string },
): LoneAnswer | null {
  if (entrance(deployment, { port: 80, host: name, machine }) !== null) return null
  const hosts = (hostsByName(deployment).get(name) ?? []).filter(
    ({ configuration }) => deployment.programOf(configuration).machine === machine,
  )
  const ask = (scheme: 'http' | 'https'): ApacheEnd | null => {
    const host = hosts.find(({ configuration, virtualHost }) => {
      const origin = originOf({ configuration, host: virtualHost })
      return origin.scheme === scheme && origin.port === (scheme === 'http' ? 80 : 443)
    })
    if (host === undefined) return null
    const { configuration, virtualHost } = host
    return askHost(deployment, { configuration, host: virtualHost }, CHALLENGE, { name }).end
  }
  const end = ask('http')
  const isSentToTls =
    end?.kind === 'response' &&
    end.location !== null &&
    fromBytes(end.location) === `https://${name}${CHALLENGE}`
  const last = isSentToTls ? ask('https') : end
  return last === null ? null : answerOf(last, directory)
}

function answerOf(end: ApacheEnd, directory: string): LoneAnswer | null {
  if (end.at === null) return null
  switch (end.kind) {
    case 'wsgi':
      return { at: end.at, words: 'answered by the application' }
    case 'pass':
      return { at: end.at, words: 'passed to a backend' }
    case 'file': {
      const isThere = posix.normalize(end.path).startsWith(`${directory}/`)
      return isThere ? null : { at: end.at, words: `looked for in \`${posix.dirname(end.path)}\`` }
    }
    default:
      return null
  }
}

const hostsByName = memo((deployment: Deployment): ReadonlyMap<string, readonly ApacheHost[]> => {
  const found = new Map<string, ApacheHost[]>()
  for (const host of deployment.apacheHosts)
    for (const name of host.names) {
      const known = found.get(name)
      if (known === undefined) found.set(name, [host])
      else known.push(host)
    }
  return found
})
