import { memo } from '../../parsers/collections/memo.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { type AskedHost, askHost } from '../../src/deployment/requests/ask-host.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { headerLine } from '../../src/servers/apache/queries/header-tables.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { isModuleLoaded } from '../../src/servers/apache/configuration.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { addedHeaders, toHeader } from '../response-headers/_added-headers.ts'
import { hostPlace, reachedHosts, reachedServers } from './_servers.ts'

/** What makes a page have a header: its lower-case name and its value. */
export type IsMeant = (name: string, value: string) => boolean

/**
 * The servers and virtual hosts that send files of their own without a header. What a program behind them sends
 * nobody sees here: of those nothing is said.
 *
 * @param title the header as the message names it
 */
export function* withoutHeader(
  deployment: Deployment,
  title: string,
  isMeant: IsMeant,
): Generator<RuleFinding> {
  for (const server of reachedServers(deployment)) {
    if (!isSiteOfFiles(deployment, server) || mayBeAdded(server, isMeant)) continue
    yield {
      at: namePlace(server.directive),
      cause: server.configuration,
      per: 'servers',
      message: often => `the files of this server are sent without ${title}${often}`,
      also: 'nor in this one',
    }
  }
  for (const asked of reachedHosts(deployment)) {
    if (!isHostOfFiles(deployment, asked) || isSetIn(asked.configuration, isMeant)) continue
    const at = hostPlace(asked)
    if (at === null) continue
    yield {
      at,
      cause: asked.configuration,
      per: 'virtual hosts',
      message: often => `the files of this virtual host are sent without ${title}${often}`,
      also: 'nor in this one',
    }
  }
}

function isSiteOfFiles({ connections }: Deployment, server: NginxServer): boolean {
  if (server.answer.kind !== 'content' || connections.of(server).length > 0) return false
  const { configuration } = server
  return !mayHoldUnread(configuration) && !OF_PROGRAMS.some(name => configuration.occurrences.has(name))
}

/** What answers, or adds headers, in ways of its own. */
const OF_PROGRAMS = ['perl', 'js_content', 'js_header_filter', 'content_by_lua_block', 'more_set_headers']

/** True where a line of the server, one of its locations or `http` adds it: that it is lost is another rule's. */
function mayBeAdded({ configuration, directive }: NginxServer, isMeant: IsMeant): boolean {
  const inForce = addedHeaders(configuration, directive)
  if (inForce === null || inForce.some(({ name, value }) => isMeant(name, value))) return true
  const lines = directivesByServer(configuration, 'add_header').get(directive) ?? []
  return lines.map(toHeader).some(({ name, value }) => isMeant(name, value))
}

function isHostOfFiles(deployment: Deployment, asked: AskedHost): boolean {
  const { end, steps } = askHost(deployment, asked, `/${EXISTING}.html`)
  return end.kind === 'file' && !steps.some(({ kind }) => kind === 'doubt')
}

/** The headers that Apache sets anywhere, most of them in many virtual hosts alike. */
const headersOf = memo((configuration: ApacheConfiguration) => {
  const lines = (configuration.occurrences.get('header') ?? []).map(headerLine)
  const set = lines.filter(line => line !== null && line.action !== 'unset')
  return new Map(
    set.map(line => [
      `${line?.name} ${line?.value}`,
      { name: line?.name.toLowerCase() ?? '', value: line?.value ?? '' },
    ]),
  )
})

function isSetIn(configuration: ApacheConfiguration, isMeant: IsMeant): boolean {
  if (configuration.main === null || isModuleLoaded(configuration, 'headers_module') === undefined)
    return true
  return [...headersOf(configuration).values()].some(({ name, value }) => isMeant(name, value))
}
