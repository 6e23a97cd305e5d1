import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import { hostAt } from '../../src/deployment/fronts-of.ts'
import type { ApacheConnection, Deployment } from '../../src/deployment/model.ts'
import { type Fact, known, unknown } from '../../src/servers/fact.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { timeouts } from '../../src/servers/apache/queries/server-settings.ts'

/** Seconds between two reads from a backend; unknown where some backend has a time of its own by `ProxySet`. */
export function waitingTime(deployment: Deployment, { from, host, pass }: ApacheConnection): Fact<number> {
  const { configuration } = from
  const index = pass.args.findIndex(({ value }) => /^timeout=/i.test(value))
  if (index >= 0) {
    const seconds = /^timeout=(\d+)$/i.exec(pass.args[index]?.value ?? '')?.[1]
    return seconds === undefined
      ? unknown('it is not a plain number')
      : known(Number(seconds), argumentPlace(pass, index))
  }
  if (setsTimes(configuration)) return unknown('a backend has a time of its own')
  return timesOf(deployment, { from, host })?.proxyTimeout ?? unknown('the virtual host is not known')
}

/** The same, where it is written for backends alone; null for `Timeout`, which is that of clients too. */
export function writtenWaitingTime(
  deployment: Deployment,
  connection: ApacheConnection,
): { readonly seconds: number; readonly at: Place } | null {
  const time = waitingTime(deployment, connection)
  if (!time.known || time.at === null) return null
  const ofClients = timesOf(deployment, connection)?.timeout
  const isOfClients =
    ofClients?.known !== true ||
    (ofClients.at?.source === time.at.source && ofClients.at.start === time.at.start)
  return isOfClients ? null : { seconds: time.value, at: time.at }
}

function timesOf(deployment: Deployment, { from, host }: Pick<ApacheConnection, 'from' | 'host'>) {
  return host === null ? timeouts(from.configuration, null) : hostAt(deployment, host)?.timeouts
}

const setsTimes = memo(({ occurrences }: ApacheConfiguration): boolean =>
  ['proxyset', 'balancermember'].some(name =>
    occurrences.get(name)?.some(({ args }) => args.some(({ value }) => /^timeout=/i.test(value))),
  ),
)
