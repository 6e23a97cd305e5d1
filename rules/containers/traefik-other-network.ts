import { defineRule } from '../../src/engine/rule.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { besideTraefik, isSwitchedOff, traefikOf } from './_traefik.ts'
import { httpLabels } from './_traefik-labels.ts'

const RULE = 'traefik.http.routers.web.rule=Host(`example.org`)'
const NETWORKS = 'networks:\n  back:\n'

export default defineRule({
  summary: 'A container that Traefik is to reach shares no network with it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Traefik takes the address of a container from Docker, that of a network it is not on as well. It connects to it in vain, and clients get 504 Gateway Timeout after half a minute.',
  remedy:
    'Put both on one network, and name it in `traefik.docker.network` where the container is on several',
  references: [
    'https://doc.traefik.io/traefik/reference/routing-configuration/other-providers/docker/',
    'https://docs.docker.com/compose/how-tos/networking/',
  ],
  unproven: 'The live tests have neither Docker nor Traefik',
  bad: [
    {
      title: 'a network of its own',
      files: besideTraefik([RULE], { web: 'networks: [«back»]', more: NETWORKS }),
    },
  ],
  good: [
    { title: 'the default network', files: besideTraefik([RULE]) },
    {
      title: 'a network more',
      files: besideTraefik([RULE], { web: 'networks: [default, back]', more: NETWORKS }),
    },
    {
      title: 'not for Traefik',
      files: besideTraefik(['traefik.enable=false', RULE], { web: 'networks: [back]', more: NETWORKS }),
    },
  ],
  *check(deployment) {
    for (const { container } of deployment.machines) {
      if (container === null || !isRouted(container)) continue
      const traefik = traefikOf(deployment, container)?.container
      const [first] = container.service.networks ?? []
      if (traefik === undefined || first === undefined || traefik.service.networkMode !== null) continue
      const ways = new Set(networkNames(traefik))
      if (ways.has(null) || networkNames(container).some(name => name === null || ways.has(name))) continue
      yield {
        at: first.at,
        message: `Traefik is not on the network of \`${container.service.name}\`, and connects to it in vain: 504 Gateway Timeout`,
        label: 'without Traefik',
        related: [{ at: (traefik.service.networks?.[0] ?? traefik.service).at, message: 'Traefik is here' }],
      }
    }
  },
})

function isRouted({ service }: Container): boolean {
  return (
    !isSwitchedOff(service) &&
    service.complete &&
    service.networkMode === null &&
    httpLabels(service).some(({ path }) => path[1]?.toLowerCase() === 'routers')
  )
}

/** What Docker calls the networks of a container, as far as the project tells them apart; null for what is unknown. */
function networkNames({ service, project }: Container): readonly (string | null)[] {
  if (service.networks === null) return ['default']
  return service.networks.map(({ network }) => {
    if (!network.known) return null
    const name = project.networks.get(network.value)?.name ?? null
    return name === null ? network.value : name.known ? name.value : null
  })
}
