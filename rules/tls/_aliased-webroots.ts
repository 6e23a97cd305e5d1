import { posix } from 'node:path'
import type { WrittenWebroot } from '../../parsers/certbot/written-webroots.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { Place } from '../../parsers/text/source.ts'
import { acmeWebroots, machineWebroots, webrootsIn } from '../../src/deployment/acme-challenges.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { type Proposal, propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { argumentPlace as apacheArgument } from '../../src/servers/apache/queries/places.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { challengeAliases, OF_CHALLENGES } from './_challenge-aliases.ts'
import { CHALLENGE } from './_challenges.ts'

interface AliasedWebroot {
  /** The directory of the alias. */
  readonly at: Place
  /** Where the server looks for the challenge. */
  readonly served: string
  readonly webroot: WrittenWebroot
  readonly fix: Proposal
}

/**
 * Aliases for the challenge that lead to the webroot itself, where what asks for certificates makes
 * `.well-known/acme-challenge` below it. For which names need not be known: nothing that it writes is found.
 */
export function* aliasedWebroots(deployment: Deployment): Iterable<AliasedWebroot> {
  for (const { alias, server } of aliasesOfNginx(deployment)) {
    const webroot = webrootAt(deployment, server.configuration, alias.args[0]?.value ?? '')
    const [listen] = server.plainListens
    if (webroot === null || listen === undefined) continue
    const end = askServer(deployment, server, CHALLENGE, { listen })?.end
    const served = end?.kind === 'file' ? posix.dirname(posix.normalize(end.path)) : null
    if (served === null || !isLost(deployment.filesOf(server.configuration), served, webroot)) continue
    const at = argumentPlace(alias, 0)
    const fix = propose('Write `root` for `alias`', 'unsafe', [
      replacePlace(namePlace(alias), 'root'),
      replacePlace(at, webroot.directory),
    ])
    yield { at, served, webroot, fix }
  }
  for (const { alias, asked } of challengeAliases(deployment)) {
    const webroot = webrootAt(deployment, asked.configuration, alias.args[1]?.value ?? '')
    if (webroot === null) continue
    const { end } = askHost(deployment, asked, CHALLENGE)
    const served = end.kind === 'file' ? posix.dirname(posix.normalize(end.path)) : null
    if (served === null || !isLost(deployment.filesOf(asked.configuration), served, webroot)) continue
    const at = apacheArgument(alias, 1)
    const below = `${webroot.directory}${alias.args[0]?.value}`
    yield {
      at,
      served,
      webroot,
      fix: propose('Name the directory below', 'unsafe', [replacePlace(at, below)]),
    }
  }
}

/** Each with the server that it stands in, where a client reaches that by plain HTTP. */
function* aliasesOfNginx(
  deployment: Deployment,
): Iterable<{ readonly alias: NginxDirective; readonly server: NginxServer }> {
  for (const configuration of deployment.nginx)
    for (const alias of configuration.occurrences.get('alias') ?? []) {
      const { parent } = alias
      if (parent?.name !== 'location' || !OF_CHALLENGES.test(readLocation(parent).name)) continue
      const outer = enclosingServer(parent)
      const server = outer === null ? undefined : serverIndex(deployment.servers).get(outer)
      if (server !== undefined && !isRenewedByName(deployment, server)) yield { alias, server }
    }
}

/** Of these it is known where each challenge lies, and asked by name. */
function isRenewedByName(deployment: Deployment, { configuration, names }: NginxServer): boolean {
  const renewed = acmeWebroots(deployment.filesOf(configuration))
  return renewed.some(({ name }) => names.some(each => each.exact && each.name === name))
}

/** What writes below exactly the directory that an alias names; null in a container, whose paths are its own. */
function webrootAt(
  deployment: Deployment,
  configuration: NginxConfiguration | ApacheConfiguration,
  alias: string,
): WrittenWebroot | null {
  if (!alias.startsWith('/')) return null
  const { machine } = deployment.programOf(configuration)
  const { files } = machine
  // dehydrated and its like write the file into the directory itself.
  if (files.kind('/etc/dehydrated') !== null) return null
  const directory = cleanPath(alias)
  const own = machineWebroots(files).find(each => each.directory === directory)
  if (own !== undefined) return own
  return machine.container !== null
    ? null
    : (scriptWebroots(deployment).find(each => each.directory === directory) ?? null)
}

/** Of scripts and playbooks that set machines up, wherever these are. */
export const scriptWebroots = memo((deployment: Deployment): readonly WrittenWebroot[] =>
  (deployment.setups() ?? []).flatMap(webrootsIn),
)

/** True where the server looks beside the directory that is made, and no link brings them together. */
function isLost(files: FileSystem, served: string, { directory }: WrittenWebroot): boolean {
  const wanted = posix.dirname(`${directory}${CHALLENGE}`)
  if (served === wanted || !(served === directory || served.startsWith(`${directory}/`))) return false
  const real = files.realPath(served)
  return real === null || real !== files.realPath(wanted)
}
