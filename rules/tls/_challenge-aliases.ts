import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, originOf } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'

/** Every `Alias` of Apache for the challenge, with the virtual hosts of plain HTTP for which it stands. */
export function* challengeAliases(
  deployment: Deployment,
): Iterable<{ readonly asked: AskedHost; readonly alias: ApacheDirective }> {
  const aliases = new Map(
    deployment.apache.flatMap(configuration => {
      const lines = (configuration.occurrences.get('alias') ?? []).filter(({ args }) =>
        OF_CHALLENGES.test(args[0]?.value ?? ''),
      )
      return lines.length === 0 ? [] : [[configuration, lines] as const]
    }),
  )
  if (aliases.size === 0) return
  for (const asked of hostsHolding(deployment, ['alias'])) {
    const alias = aliases.get(asked.configuration)?.find(line => {
      const home = virtualHostSection(line)
      return home === null || home === asked.host?.directive
    })
    if (alias !== undefined && originOf(asked).scheme === 'http') yield { asked, alias }
  }
}

/** A path of a location or an alias that is for the challenge, or for what is around it. */
export const OF_CHALLENGES = /^\/\.well-known(?:\/acme-challenge)?\/?$/
