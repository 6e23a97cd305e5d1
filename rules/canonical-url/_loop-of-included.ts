import { serversAround } from '../../src/deployment/build/servers.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { standIns } from '../../src/servers/nginx/queries/servers.ts'
import { isRedirect, pathsToAsk } from './_loop-requests.ts'

/**
 * A redirect to the very path that was asked for, in a file that servers include: whatever its server is called, the same
 * one is asked again.
 */
export function* loopsOfIncluded(
  deployment: Deployment,
  configuration: NginxConfiguration,
): Generator<RuleFinding> {
  const servers = serversAround(deployment)
  for (const home of standIns(configuration)) {
    const server = servers.get(home)
    if (server === undefined) continue
    const blocks = [home, ...home.children.filter(({ name }) => name === 'location')]
    for (const block of blocks) if (block.children.some(isRedirect)) yield* loopsOf(deployment, server, block)
  }
}

function* loopsOf(
  deployment: Deployment,
  server: NginxServer,
  block: NginxDirective,
): Generator<RuleFinding> {
  const told = new Set<NginxDirective>()
  for (const path of pathsToAsk(deployment, server, block)) {
    const answer = askServer(deployment, server, path, { into: block })
    if (answer === null || answer.end.kind !== 'response' || answer.end.location === null) continue
    const by = block.children.findLast(
      child => isRedirect(child) && answer.steps.some(({ directive }) => directive === child),
    )
    if (by === undefined || told.has(by)) continue
    const index = by.name === 'rewrite' || by.args.length > 1 ? 1 : 0
    // A target without a host is one of the same server.
    if (by.args[index]?.value.startsWith('/') !== true || by.args[index].value.startsWith('//')) continue
    if (answer.end.location.replace(/^https?:\/\/[^/]*/, '') !== path) continue
    told.add(by)
    yield {
      at: argumentPlace(by, index),
      message: `this redirect leads back to itself: \`${path}\` → \`${path}\`, in whatever server includes this`,
      label: 'answered by a redirect again',
    }
  }
}
