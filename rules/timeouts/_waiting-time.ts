import { memo } from '../../parsers/collections/memo.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import type { Place } from '../../parsers/text/source.ts'
import { hostAt } from '../../src/deployment/fronts-of.ts'
import type { ApacheConnection, ApacheHost, Deployment } from '../../src/deployment/model.ts'
import { type Fact, known, unknown } from '../../src/servers/fact.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { type Timeouts, timeouts } from '../../src/servers/apache/queries/server-settings.ts'

/** Seconds between two reads from a backend; unknown where a time of a backend may or may not be that of this one. */
export function waitingTime(deployment: Deployment, connection: ApacheConnection): Fact<number> {
  const { from, pass, written } = connection
  const own = timeOf(pass)
  if (own !== null) return own
  for (const { url, time } of workerTimes(from.configuration)) {
    const isThis = isWorkerOf(url, written)
    if (isThis === undefined) return unknown('a backend has a time of its own')
    if (isThis) return time
  }
  return (
    longest(hostTimes(deployment, connection).map(each => each.proxyTimeout)) ??
    unknown('the virtual host is not known')
  )
}

/** The same, where it is written for backends alone; null for `Timeout`, which is that of clients too. */
export function writtenWaitingTime(
  deployment: Deployment,
  connection: ApacheConnection,
): { readonly seconds: number; readonly at: Place } | null {
  const time = waitingTime(deployment, connection)
  if (!time.known || time.at === null) return null
  const { at } = time
  const isOfClients = hostTimes(deployment, connection).some(
    ({ timeout }) => !timeout.known || (timeout.at?.source === at.source && timeout.at.start === at.start),
  )
  return isOfClients ? null : { seconds: time.value, at }
}

/** The times of the virtual hosts in which a line holds: what the main server says, all of them inherit. */
function hostTimes(
  deployment: Deployment,
  { from, host }: Pick<ApacheConnection, 'from' | 'host'>,
): readonly Timeouts[] {
  if (host !== null) return [hostAt(deployment, host)].flatMap(each => each?.timeouts ?? [])
  const hosts = hostsByConfiguration(deployment).get(from.configuration) ?? []
  return hosts.length === 0 ? [timeouts(from.configuration, null)] : hosts.map(each => each.timeouts)
}

const hostsByConfiguration = memo(
  ({ apacheHosts }: Deployment): ReadonlyMap<ApacheConfiguration, readonly ApacheHost[]> =>
    groupBy(apacheHosts, ({ configuration }) => configuration),
)

/** The most of some times; unknown where one is, null where there is none. */
function longest(times: readonly Fact<number>[]): Fact<number> | null {
  const open = times.find(time => !time.known)
  if (open !== undefined) return open
  return times.reduce<Fact<number> | null>(
    (most, time) => (most?.known === true && time.known && most.value >= time.value ? most : time),
    null,
  )
}

interface WorkerTime {
  readonly url: string
  readonly time: Fact<number>
}

/** `timeout=` of backends that have lines of their own, by the URL by which these name them. */
const workerTimes = memo(({ occurrences }: ApacheConfiguration): readonly WorkerTime[] =>
  ['proxyset', 'balancermember', 'proxy'].flatMap(name =>
    (occurrences.get(name) ?? []).flatMap(line => {
      const time = timeOf(line)
      const url = time === null ? null : workerUrl(line)
      return time === null || url === null ? [] : [{ url, time }]
    }),
  ),
)

/** The URL of the backend that a line sets something for: its own, or that of the section around it. */
function workerUrl({ name, args, parent }: ApacheDirective): string | null {
  const own = args.find(({ value }) => value.includes('://'))?.value
  if (own !== undefined && (!/^BalancerMember$/i.test(name) || parent === null)) return own
  const around = parent !== null && /^Proxy/i.test(parent.name) ? parent.args[0]?.value : undefined
  return around ?? own ?? null
}

function timeOf(line: ApacheDirective): Fact<number> | null {
  const index = line.args.findIndex(({ value }) => /^timeout=/i.test(value))
  if (index < 0) return null
  const seconds = /^timeout=(\d+)$/i.exec(line.args[index]?.value ?? '')?.[1]
  return seconds === undefined
    ? unknown('it is not a plain number')
    : known(Number(seconds), argumentPlace(line, index))
}

/**
 * Whether a URL names the backend of a target; undefined where one begins as the other does, and httpd decides by the
 * longest.
 */
function isWorkerOf(url: string, target: string): boolean | undefined {
  const [one = '', other = ''] = [url, target].map(text =>
    text.toLowerCase().replace(/^"?(?:proxy:)?|\/?"?$/g, ''),
  )
  if (one === other) return true
  const [plain = '', wanted = ''] = [one, other].map(text => text.replace(/^unix:[^|]*\|/, ''))
  const isPattern = /[*?$]/.test(plain) || /^\*?$/.test(plain)
  return isPattern || wanted.startsWith(plain) || plain.startsWith(wanted) ? undefined : false
}
