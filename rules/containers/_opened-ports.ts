import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import type { Place } from '../../parsers/text/source.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { isNginxImage, MAIN } from '../../src/deployment/containers/nginx-image.ts'
import type { AppServerProgram, Deployment, Machine, Protocol } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { ANY_V6, type Endpoint } from '../../src/servers/address.ts'
import { readsEveryInclude } from '../../src/servers/apache/configuration.ts'
import { isStandIn } from '../../parsers/text/stand-in.ts'
import { claimsOf } from './_claimed-ports.ts'
import { imagePorts } from './_image-ports.ts'
import { knowsFiles } from './_mounted.ts'

/** The one server of a container, with every port that it opens. */
interface Opener {
  readonly machine: Machine
  readonly name: string
  /** True for the server of an application, which may open ports by itself. */
  readonly isServer: boolean
  readonly opened: readonly (Endpoint & { readonly at: Place; readonly protocol?: Fact<Protocol> })[]
}

/** What a proxy connects to in a container, where no line of the audit opens the port. */
interface Asked {
  readonly at: Place
  readonly port: number
  /** The proxy's name. */
  readonly proxy: string
}

export const unclaimedIn = memo(({ connections }: Deployment): ReadonlyMap<Machine, readonly Asked[]> => {
  const asked = new Map<Machine, Asked[]>()
  for (const connection of connections.all)
    for (const { machine, to, port, at, local } of connection.targets) {
      if (machine?.container == null || machine === connection.from.machine || port === null) continue
      // A port of the host is another one inside, and `claimsOf` has the line that publishes it.
      if (to.kind !== 'unclaimed' || local === true) continue
      const one = { at, port, proxy: 'server' in connection ? 'nginx' : 'Apache' }
      const before = asked.get(machine)
      if (before === undefined) asked.set(machine, [one])
      else before.push(one)
    }
  return asked
})

export function* openers(deployment: Deployment): Iterable<Opener> {
  for (const program of programsOfKind(deployment, 'app-server')) {
    const { machine } = program
    if (machine.container?.service.complete !== true || !isAlone(program)) continue
    const opened = program.sockets.flatMap(({ endpoint, at }) =>
      endpoint.known && endpoint.value.port !== null ? [{ ...endpoint.value, at }] : [],
    )
    if (opened.length > 0) yield { machine, name: programName(program), isServer: true, opened }
  }
  for (const machine of deployment.machines) {
    const opened = openedByNginx(deployment, machine)
    if (opened !== null && opened.length > 0) yield { machine, name: 'nginx', isServer: false, opened }
    else {
      const apache = openedByApache(deployment, machine)
      if (apache.length > 0) yield { machine, name: 'Apache', isServer: false, opened: apache }
      const image = machine.programs.length === 0 ? openedByImage(deployment, machine) : []
      if (image.length > 0)
        yield {
          machine,
          name: `\`${machine.container!.reference}\``,
          isServer: false,
          opened: image,
        }
    }
  }
}

/** What an image opens as it comes, of a container that others ask for some port. */
function openedByImage(deployment: Deployment, machine: Machine): Opener['opened'] {
  const { container } = machine
  if (container === null || !isAsked(deployment, machine) || isJoined(container)) return []
  const at = container.service.image?.at ?? container.service.at
  return (imagePorts(container) ?? []).map(port => ({ address: ANY_V6, port, at }))
}

const listenersOf = memo(({ listeners }: Deployment) => groupBy(listeners, ({ program }) => program))

export function isOfFour({ address }: Endpoint): boolean {
  return address.kind === 'ip' && address.family === 4
}

/** True where something is told to connect to a container. */
function isAsked(deployment: Deployment, machine: Machine): boolean {
  return claimsOf(machine.container).length > 0 || unclaimedIn(deployment).has(machine)
}

/** What the Apache of its own image, or of Debian’s, opens, of which the main file is known and all that it reads. */
function openedByApache(deployment: Deployment, machine: Machine): Opener['opened'] {
  const { container, programs } = machine
  const [program, ...others] = programs
  if (container === null || program?.kind !== 'apache' || others.length > 0) return []
  const { configuration } = program
  const { main } = configuration
  if (main === null || !readsEveryInclude(configuration)) return []
  // Where the main file of Debian's package stands in, every step that changes its files was followed.
  if (!isStandIn(main) && !(container.base === 'httpd' && knowsFiles(container))) return []
  if (isJoined(container) || !isAsked(deployment, machine)) return []
  return (listenersOf(deployment).get(program) ?? []).filter(({ port }) => port !== null)
}

/** What the nginx of its own image opens; null where more of its configuration may be elsewhere. */
function openedByNginx(deployment: Deployment, machine: Machine): Opener['opened'] | null {
  const { container, programs } = machine
  const [program, ...others] = programs
  if (container === null || program?.kind !== 'nginx' || others.length > 0) return null
  if (!isNginxImage(container.base) || !knowsFiles(container) || isJoined(container)) return null
  const { main } = program.configuration
  if (!isAsked(deployment, machine) || !program.listensKnown || main === null) return null
  if (!isStandIn(main) && container.files.kind(MAIN) === null) return null
  return (listenersOf(deployment).get(program) ?? []).filter(({ port }) => port !== null)
}

/** True for the one program of its container, with every socket known and no other container on its network. */
function isAlone({ machine: { container, programs }, server, listensKnown }: AppServerProgram): boolean {
  if (container === null || !listensKnown || programs.length > 1) return false
  // What a supervisor or a script starts, it starts beside others.
  const { service, image, project } = container
  const { source } = server.at
  if (!project.sources.includes(source) && source !== image?.stage.at.source) return false
  const words = service.command?.words ?? service.entrypoint?.words
  const text = words?.map(word => word.text).join(' ') ?? imageCommand(container)
  if (/&(?!&)|nginx|caddy|apache|httpd|haproxy/.test(text.replaceAll('&&', ''))) return false
  return !isJoined(container)
}

/** True where another container may use the network of one. */
function isJoined({ project }: Container): boolean {
  return [...project.services.values()].some(
    ({ networkMode }) =>
      networkMode !== null && !(networkMode.known && !/^(?:service|container):/.test(networkMode.value)),
  )
}

function imageCommand({ image }: Container): string {
  const command = image?.command ?? image?.entrypoint ?? null
  return command === null ? '' : commandText(command)
}
