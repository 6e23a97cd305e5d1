import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow, overlap } from '../../parsers/text/is-below.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { ComposeService } from '../../parsers/compose/compose.ts'
import type { RenewalWebroot } from '../../parsers/certbot/renewal.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { clientRequest, EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { probeRedirects } from '../../src/deployment/requests/probe.ts'
import { CHALLENGE, servedNames } from './_challenges.ts'

/**
 * The webroot of a certbot that runs in another container of the project: a directory that both mount; for every name
 * that nginx has a certificate of certbot for.
 */
export function webrootsInContainer(
  deployment: Deployment,
  { container }: Machine,
): readonly RenewalWebroot[] {
  if (container === null || !container.service.complete) return []
  const directories = [...container.project.services.values()].flatMap(service =>
    sharedWebroots(service, container.service),
  )
  const [only] = directories
  if (only === undefined || directories.length > 1) return []
  const { domains, ...webroot } = only
  return namesToRenew(deployment, container, domains).map(name => ({ name, ...webroot }))
}

/** Those that certbot is told of, else those that a container has certificates or a location for the challenge for. */
function namesToRenew(
  deployment: Deployment,
  container: Container,
  domains: readonly string[],
): readonly string[] {
  return domains.length > 0 ? [...new Set(domains)] : (certifiedNames(deployment).get(container) ?? [])
}

/** A webroot of a certbot in another container of the project, which no directory of a web server's container is. */
interface LonelyWebroot {
  readonly at: Place
  readonly message: string
}

export function lonelyWebroots(deployment: Deployment, machine: Machine): readonly LonelyWebroot[] {
  const { container } = machine
  if (container === null || !isKnown(container.service)) return []
  const certbots = [...container.project.services.values()].filter(service => webrootOf(service) !== null)
  const [certbot] = certbots
  const told = certbot === undefined ? null : webrootOf(certbot)
  if (certbot === undefined || certbots.length > 1 || told === null) return []
  const { webroot, domains, at } = told
  if (webroot === undefined || !isKnown(certbot)) return []
  const mount = certbot.volumes.find(
    ({ target }) => target.known && isBelow(webroot, cleanPath(target.value)),
  )
  const source = mount?.source ?? null
  if (source !== null && !source.known) return []
  const path = source === null ? null : cleanPath(source.value)
  const isShared =
    path !== null &&
    container.service.volumes.some(other => {
      if (other.source?.known !== true) return false
      const own = cleanPath(other.source.value)
      return overlap(own, path)
    })
  if (isShared) return []
  for (const name of namesToRenew(deployment, container, domains)) {
    if (!servedNames(deployment).get(machine)?.has(name)) continue
    const request = clientRequest({ scheme: 'http', host: name, target: CHALLENGE, machine })
    const { requests, end } = probeRedirects(deployment, request)
    const last = requests.at(-1)
    if (end.kind !== 'answered' || last?.end.kind !== 'file') continue
    return [
      {
        at: mount?.at ?? at,
        message:
          mount === undefined
            ? `certbot puts the challenge for \`${name}\` into \`${webroot}\` of its own container, where \`${container.service.name}\` does not find it`
            : `certbot puts the challenge for \`${name}\` into a volume that \`${container.service.name}\` does not have, and it is looked for as \`${last.end.path.replace(EXISTING, '…')}\``,
      },
    ]
  }
  return []
}

function isKnown({ complete, volumes, volumesFrom }: ComposeService): boolean {
  return (
    complete &&
    volumesFrom.length === 0 &&
    volumes.every(({ target, source }) => target.known && source?.known !== false)
  )
}

interface SharedWebroot extends Pick<RenewalWebroot, 'directory' | 'at'> {
  /** Those that certbot is told of; none where its command names none. */
  readonly domains: readonly string[]
}

/** What the command of a certbot says that proves names by files; null for every other service. */
function webrootOf({ image, command, entrypoint, at }: ComposeService): {
  readonly webroot: string | undefined
  readonly domains: readonly string[]
  readonly at: Place
} | null {
  if (image?.known !== true || !/(?:^|\/)certbot\/certbot(?:[:@]|$)/.test(image.value)) return null
  const words = [command, entrypoint].flatMap(each => each?.words.map(({ text }) => text) ?? []).join(' ')
  // What listens itself, or proves a name by DNS, needs no directory.
  if (/standalone|dns|manual|--nginx|\$/.test(words.replace(/\$\$?\{?!\}?/g, ''))) return null
  const webroot = /(?:^|\s)(?:-w|--webroot-path)[\s=]+([^\s;'"]+)/.exec(words)?.[1]
  return {
    webroot: webroot === undefined ? undefined : cleanPath(webroot),
    domains: [...words.matchAll(/(?:^|\s)(?:-d|--domains?)[\s=]*([^\s;'"]+)/g)].flatMap(([, names = '']) =>
      names.toLowerCase().split(','),
    ),
    at: command?.at ?? entrypoint?.at ?? at,
  }
}

/** Directories that certbot writes below, as the container of a web server has them. */
function sharedWebroots(service: ComposeService, server: ComposeService): readonly SharedWebroot[] {
  const told = webrootOf(service)
  if (told === null) return []
  const { webroot, domains } = told
  return service.volumes.flatMap(({ source, target, at }) => {
    if (source?.known !== true || !target.known || OF_CERTBOT.test(target.value)) return []
    if (webroot !== undefined && webroot !== cleanPath(target.value)) return []
    return server.volumes.flatMap(other =>
      other.source?.known === true &&
      cleanPath(other.source.value) === cleanPath(source.value) &&
      other.target.known
        ? [{ directory: cleanPath(other.target.value), at, domains }]
        : [],
    )
  })
}

/** What certbot keeps for itself. */
const OF_CERTBOT = /^\/etc\/|^\/var\/(?:lib|log)\//

/** The names of servers with a certificate that certbot keeps, or a location for its challenge, by their container. */
const certifiedNames = memo((deployment: Deployment): ReadonlyMap<Container, readonly string[]> => {
  const found = new Map<Container, string[]>()
  for (const { configuration, directive, names } of deployment.servers) {
    const { container } = deployment.programOf(configuration).machine
    if (container === null) continue
    const isCertified = directive.children.some(
      ({ name, args }) =>
        (name === 'ssl_certificate' && /^\/etc\/letsencrypt\//.test(args[0]?.value ?? '')) ||
        (name === 'location' && /^\/\.well-known\/acme-challenge\/?$/.test(args.at(-1)?.value ?? '')),
    )
    if (!isCertified) continue
    const kept = found.get(container)
    const own = names.filter(({ exact }) => exact).map(({ name }) => name)
    if (kept === undefined) found.set(container, own)
    else kept.push(...own)
  }
  return found
})
