import { defineRule } from '../../src/engine/rule.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { besideTraefik, isSwitchedOff, traefikOf } from './_traefik.ts'
import { httpLabels } from './_traefik-labels.ts'

const RULE = 'traefik.http.routers.web.rule=Host(`example.org`)'
const NETWORKS = 'networks:\n  back:\n'

export default defineRule({
  summary: 'A container that Traefik is to reach shares no network with it',
  severity: 'error',
  otherSeverities: {
    warning: 'where it is on a network of Traefik, and on others, of which Traefik takes any',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Traefik takes the address of a container from Docker, that of a network it is not on as well. It connects to it in vain, and clients get 504 Gateway Timeout after half a minute. Of a container on several networks it takes the address that comes first, and that is another one each time.',
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
    {
      title: 'two networks, one of which is not for Traefik',
      files: besideTraefik([RULE], { web: 'networks: [default, «back»]', more: NETWORKS }),
    },
  ],
  good: [
    { title: 'the default network', files: besideTraefik([RULE]) },
    {
      title: 'a network more, and Traefik is told which one',
      files: besideTraefik([RULE, 'traefik.docker.network=shop_default'], {
        web: 'networks: [default, back]',
        more: NETWORKS,
      }),
    },
    {
      title: 'Traefik is told for all containers',
      files: besideTraefik([RULE], {
        options: ['--providers.docker.network=shop_default'],
        web: 'networks: [default, back]',
        more: NETWORKS,
      }),
    },
    {
      title: 'Traefik is on both',
      files: Object.fromEntries(
        Object.entries(besideTraefik([RULE], { web: 'networks: [default, back]', more: NETWORKS })).map(
          ([path, text]) => [
            path,
            text.replace('image: traefik:v3.1', 'image: traefik:v3.1\n    networks: [default, back]'),
          ],
        ),
      ),
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
      const own = networkNames(container)
      if (ways.has(null) || own.includes(null)) continue
      const related = [
        { at: (traefik.service.networks?.[0] ?? traefik.service).at, message: 'Traefik is here' },
      ]
      const other = own.findIndex(name => !ways.has(name))
      if (own.some(name => ways.has(name))) {
        if (other !== -1 && takesAny(container, traefik))
          yield {
            at: container.service.networks?.[other]?.at ?? first.at,
            severity: 'warning' as const,
            message: `Traefik takes the address of any network of \`${container.service.name}\`, and is not on this one: 504 Gateway Timeout now and then`,
            label: 'without Traefik',
            related,
            help: 'Write the name of their common network into the label `traefik.docker.network`',
          }
        continue
      }
      yield {
        at: first.at,
        message: `Traefik is not on the network of \`${container.service.name}\`, and connects to it in vain: 504 Gateway Timeout`,
        label: 'without Traefik',
        related,
      }
    }
  },
})

/** True where nothing tells Traefik by which network it reaches a container. */
function takesAny({ service }: Container, traefik: Container): boolean {
  const isTold = service.labels.some(({ name }) => /^traefik\.(?:docker|swarm)\./i.test(name))
  const words = traefik.service.command?.words ?? []
  return !isTold && !words.some(({ text }) => /^--providers\.docker\.(?:network|usebindportip)\b/i.test(text))
}

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
