import type { ComposeProject, ComposeService, NetworkAttachment } from '../../parsers/compose/compose.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const tree = (label: string, network = '', networks = '[proxy, inner]'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      traefik:
        image: traefik:v3.1
        command: ["--providers.docker=true"]
        ports: ["80:80"]
        networks: [proxy]
      site:
        image: nginx:1.27
        networks: ${networks}
        labels:
          - ${label}
          - traefik.http.routers.site.rule=Host(\`example.org\`)
    networks:
      proxy:
        ${network}
      inner:
  `,
})

export default defineRule({
  summary: 'Traefik is told of a network by its key, and Docker calls it otherwise',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Compose puts the name of the project before the key of a network that has no `name`: `proxy` is `shop_proxy` to Docker. Traefik finds no network of the name in `traefik.docker.network`, says `Could not find network named "proxy" for container` and takes the first that the container has. Where that is another than its own, the site answers 504 Gateway Timeout, on one start and not on the next.',
  remedy: 'Give the network its `name` at the root of the file, or write the whole name into the label',
  references: [
    'https://doc.traefik.io/traefik/reference/routing-configuration/other-providers/docker/#traefik-docker-network',
    'https://docs.docker.com/reference/compose-file/networks/#name',
  ],
  unproven: 'The live tests have neither Docker nor Traefik',
  bad: [
    { title: 'the key', files: tree('«traefik.docker.network=proxy»') },
    {
      title: 'the name that Docker Compose gave it before',
      files: tree('«traefik.docker.network=proxy»', 'driver: bridge'),
    },
  ],
  good: [
    { title: 'a name of its own', files: tree('traefik.docker.network=proxy', 'name: proxy') },
    { title: 'one that is there before', files: tree('traefik.docker.network=proxy', 'external: true') },
    { title: 'with the project', files: tree('traefik.docker.network=shop_proxy') },
    { title: 'the only network', files: tree('traefik.docker.network=proxy', '', '[proxy]') },
    {
      title: 'Traefik in both networks',
      files: {
        'docker-compose.yml': tree('traefik.docker.network=proxy')['docker-compose.yml']!.replace(
          'networks: [proxy]',
          'networks: [proxy, inner]',
        ),
      },
    },
    {
      title: 'Traefik in another project',
      files: {
        'docker-compose.yml': tree('traefik.docker.network=proxy')['docker-compose.yml']!.replace(
          'image: traefik:v3.1',
          'image: example/other',
        ),
      },
    },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      const label = container?.service.labels.find(({ name }) => name === 'traefik.docker.network')
      if (container == null || label?.value?.known !== true) continue
      const { project, service } = container
      const network = project.networks.get(label.value.value)
      if (
        project.startedBy !== 'compose' ||
        network === undefined ||
        network.external ||
        network.name !== null ||
        !service.complete
      )
        continue
      if (!isPlain(project) || !mayMiss(project, service)) continue
      yield {
        at: label.at,
        message: `Docker calls this network \`PROJECT_${network.key}\`, so Traefik does not find it, and takes any network of the container: 504 Gateway Timeout`,
        label: 'the key, and not the name',
        related: [{ at: network.at, message: 'it has no `name`' }],
        help: `Write \`name: ${network.key}\` below it`,
      }
    }
  },
})

/** True where Traefik runs in the project and is not in every network of a service: it takes any of them. */
function mayMiss({ services }: ComposeProject, { networks }: ComposeService): boolean {
  const proxies = [...services.values()].filter(
    ({ image }) => image?.known === true && /(?:^|\/)traefik(?::|$)/.test(image.value),
  )
  const [proxy] = proxies
  if (proxy === undefined || proxies.length > 1 || !proxy.complete) return false
  const own = networks ?? []
  const shared = new Set((proxy.networks ?? []).map(({ network }) => nameOf(network)))
  return own.every(({ network }) => network.known) && own.some(({ network }) => !shared.has(nameOf(network)))
}

function nameOf(network: NetworkAttachment['network']): string | null {
  return network.known ? network.value : null
}

/** A stack of a swarm has other names. */
function isPlain({ complete, sources }: ComposeProject): boolean {
  return complete && !sources.some(({ text }) => /\boverlay\b|^\s*placement:/m.test(text))
}
