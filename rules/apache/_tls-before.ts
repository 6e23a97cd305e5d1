import { memo } from '../../parsers/collections/memo.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import type { ReceivedHeaders } from '../../src/servers/received-headers.ts'
import { type TlsInFront, tlsInFront } from '../forwarded-headers/_tls-in-front.ts'

/** What terminates TLS before Apache, by labels of its container or by the files of a platform; null for nothing. */
export function tlsBefore(deployment: Deployment, configuration: ApacheConfiguration): TlsInFront | null {
  const { machine } = deployment.programOf(configuration)
  return machine.container === null ? balancer(deployment) : tlsInFront(deployment, machine)
}

/** That of Elastic Beanstalk, once for all virtual hosts that ask. */
const balancer = memo((deployment: Deployment): TlsInFront | null => {
  const options = (deployment.setups() ?? []).filter(({ path }) => OPTIONS.test(path))
  if (options.some(({ code }) => TLS_BEHIND.test(code))) return null
  const [at] = options.flatMap(source => listenerOf(source) ?? [])
  return at === undefined ? null : { at, proxy: 'the load balancer' }
})

const OPTIONS = /(?:^|\/)\.ebextensions\/[^/]+\.config$/

/** What such a proxy says of a request that came over TLS: headers that nobody here knows may come with it. */
export const SAID_OF_TLS: ReceivedHeaders = {
  values: new Map([
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-port', '443'],
  ]),
  complete: false,
}

/** `ListenerProtocol` is of the classic balancer. */
const LISTENER =
  /(aws:elb(?:v2)?:listener:443)['"]?:(?:(?!aws:)[\s\S]){0,400}?\b(?:Listener)?Protocol:[ \t]*['"]?HTTPS\b/
/** Processes that speak TLS, or are handed it as it came. */
const TLS_BEHIND =
  /\bInstanceProtocol:[ \t]*['"]?(?:HTTPS|SSL|TCP)\b|process:[\w-]+['"]?:(?:(?!aws:)[\s\S]){0,400}?\bProtocol:[ \t]*['"]?HTTPS\b/

/**
 * The line by which the balancer of Elastic Beanstalk takes HTTPS and speaks plain HTTP to the machine.
 * https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/command-options-general.html
 */
function listenerOf(source: Source): Place | null {
  const match = LISTENER.exec(source.code)
  if (match === null) return null
  const { index: start, 1: name = '' } = match
  return { source, start, end: start + name.length }
}
