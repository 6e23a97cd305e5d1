import type { Container } from '../../src/deployment/containers/container.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { containerVariables } from '../containers/_container-variables.ts'

/**
 * Sites that lead every path to the pages of Mastodon, whose timelines another container answers.
 *
 * @see https://github.com/mastodon/mastodon/blob/main/dist/nginx.conf
 */
export function* streamingUnreached({ connections, machines }: Deployment): Iterable<RuleFinding> {
  const containers = machines.flatMap(({ container }) =>
    container !== null && IMAGE.test(container.base ?? '') ? [container] : [],
  )
  const streaming = containers.find(isStreaming)
  if (streaming === undefined || isLedTo(connections.all, streaming)) return
  for (const connection of connections.http) {
    const { block, pass, reachable, server } = connection
    if (reachable === false || block.name !== 'location') continue
    const { modifier, name } = readLocation(block)
    if (!/^(?:\/|@\w+)$/.test(name) || !/^(?:\^~|@)?$/.test(modifier)) continue
    if (!connection.targets.some(({ machine }) => isPages(machine?.container ?? null, streaming))) continue
    if (hasUnreadInclude(server.configuration, server.directive)) continue
    if (connections.httpOf(server).some(isOfStreaming)) continue
    yield {
      at: argumentPlace(pass, 0),
      message: `\`${streaming.service.name}\` answers \`/api/v1/streaming\` of Mastodon, and this server leads every path to its pages, which answer 404: no timeline is updated before it is loaded again`,
      label: 'with `/api/v1/streaming`',
      related: [{ at: streaming.service.at, message: 'a process of its own for it' }],
      help: 'Write `location ^~ /api/v1/streaming` with `proxy_pass` to port 4000, `proxy_http_version 1.1` and the headers of WebSocket',
    }
  }
}

const IMAGE = /^(?:ghcr\.io\/)?(?:mastodon|tootsuite|glitch-soc)\/mastodon(?:-streaming)?$/

function wordsOf({ service }: Container): string {
  return [...(service.entrypoint?.words ?? []), ...(service.command?.words ?? [])]
    .map(({ text }) => text)
    .join(' ')
}

function isStreaming(container: Container): boolean {
  return container.base?.endsWith('-streaming') === true || /\bnode\b.*\bstreaming\b/.test(wordsOf(container))
}

/** The container of the pages, of which no variable names another address for what it does not answer itself. */
function isPages(container: Container | null, streaming: Container): boolean {
  if (container === null || container.project !== streaming.project || isStreaming(container)) return false
  if (!IMAGE.test(container.base ?? '') || !/\b(?:puma|rails s)/.test(wordsOf(container))) return false
  return (
    serviceVariables(container.service, container.hostFiles).complete &&
    !containerVariables(container).some(({ name }) => name === 'STREAMING_API_BASE_URL')
  )
}

function isLedTo(connections: Deployment['connections']['all'], { service }: Container): boolean {
  return connections.some(({ targets }) =>
    targets.some(({ machine }) => machine?.container?.service === service),
  )
}

/** True for a location that is called so, and for what leads to the port of the image, wherever that is. */
function isOfStreaming({ block, targets }: NginxConnection): boolean {
  const name = block.name === 'location' ? readLocation(block).name : ''
  return name.includes('streaming') || targets.some(({ port }) => port === 4000)
}
