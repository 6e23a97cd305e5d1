import { memo } from '../../../parsers/collections/memo.ts'
import type { ApacheConfiguration } from '../../servers/apache/configuration.ts'
import { sslEngine } from '../../servers/apache/queries/server-settings.ts'
import { hostName, type VirtualHost } from '../../servers/apache/queries/virtual-hosts.ts'
import { type ApacheOutcome, apacheOutcome } from '../../servers/apache/requests/outcome.ts'
import { NO_HEADERS, type ReceivedHeaders } from '../../servers/received-headers.ts'
import type { Deployment } from '../model.ts'
import { CLIENT, UNKNOWN_HOST } from './made-up-requests.ts'
import { ASSUMING } from './probe.ts'

/** How a request to one virtual host is to differ from the GET of a client without any header. */
export interface HostQuestion {
  readonly method?: string
  readonly headers?: ReceivedHeaders
}

/**
 * What one virtual host of Apache (null: its main server) does with a made-up request, by whichever way it comes
 * there; see `probe`. Fragments answer too, which have no socket that a client could connect to.
 *
 * @param target path and query, escaped
 */
export function askHost(
  deployment: Deployment,
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  target: string,
  { method = 'GET', headers = NO_HEADERS }: HostQuestion = {},
): ApacheOutcome {
  const answers = answersOf(deployment)
  let ofHost = answers.get(host ?? configuration)
  if (ofHost === undefined) {
    ofHost = new Map()
    answers.set(host ?? configuration, ofHost)
  }
  const key = `${method} ${target} ${JSON.stringify([...headers.values])}`
  let answer = ofHost.get(key)
  if (answer === undefined) {
    const engine = sslEngine(configuration, host)
    const scheme = engine.known && engine.value ? 'https' : 'http'
    const name = host === null ? null : hostName(configuration, host)
    const usual = scheme === 'https' ? 443 : 80
    const sockets = (host?.addresses ?? []).flatMap(({ socket }) => (socket.known ? [socket.value.port] : []))
    const port = sockets.find(each => each !== null) ?? usual
    const shown = name?.known === true ? name.value.host : UNKNOWN_HOST
    const request = {
      method,
      target,
      host: port === usual ? shown : `${shown}:${port}`,
      scheme,
      port,
      client: CLIENT,
      headers,
    } as const
    answer = apacheOutcome(configuration, host, request, {
      files: deployment.filesOf(configuration),
      ...ASSUMING,
    })
    ofHost.set(key, answer)
  }
  return answer
}

const answersOf = memo((_: Deployment): Map<object, Map<string, ApacheOutcome>> => new Map())
