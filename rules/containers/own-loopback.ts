import { addressOf } from '../../parsers/compose/compose.ts'
import { holdsPort } from '../../parsers/compose/holds-port.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { Machine, Target } from '../../src/deployment/model.ts'
import { shareNetwork } from '../../src/deployment/build/published-ports.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { placeText } from '../../parsers/text/source.ts'
import { formatEndpoint, isLoopback } from '../../src/servers/address.ts'
import { composeWith, siteTo } from './_examples.ts'
import { deploymentOf, nginxPod, serviceFor } from './_pod-examples.ts'
import { runsOnlyWebServer } from './_runs-only.ts'

const APPLICATION = conf`
  - name: web
    image: registry.example.org/shop:1.4
    args: [gunicorn, --bind, "0.0.0.0:8000", shop.wsgi]
    ports:
      - containerPort: 8000
`

export default defineRule({
  summary: 'A proxy in a container connects to its own loopback, where nothing listens',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Each container has a network of its own: `127.0.0.1` and `localhost` are the container of the proxy, not the host and not the container of the application. Every request is answered with 502 Bad Gateway, `connect() failed (111: Connection refused)`.',
  remedy: 'Connect to the name of the service, and to the port that it listens on',
  references: [
    'https://docs.docker.com/compose/how-tos/networking/',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
  ],
  bad: [
    {
      title: 'the port of the application, on the loopback of nginx',
      files: { 'docker-compose.yml': composeWith(), 'nginx/site.conf': siteTo('«127.0.0.1:8000»') },
    },
    {
      title: 'localhost, in an upstream',
      files: {
        'docker-compose.yml': composeWith({ web: 'expose: ["8000"]', command: './start' }),
        'nginx/site.conf': conf`
          upstream shop {
              server «localhost:8000»;
          }
          ${siteTo('shop')}
        `,
      },
    },
    {
      title: 'a pod, and another one',
      files: {
        'k8s/shop.yaml': conf`
          ${nginxPod(siteTo('«127.0.0.1:8000»'))}
          ${deploymentOf('web', APPLICATION)}
          ${serviceFor('web', 'port: 80\n  targetPort: 8000')}
        `,
      },
    },
  ],
  good: [
    {
      title: 'a container of the same pod',
      files: { 'k8s/shop.yaml': nginxPod(siteTo('127.0.0.1:8000'), APPLICATION) },
    },
    {
      title: 'the name of a Service, whose port is another one',
      files: {
        'k8s/shop.yaml': conf`
          ${nginxPod(siteTo('web'))}
          ${deploymentOf('web', APPLICATION)}
          ${serviceFor('web', 'port: 80\n  targetPort: 8000')}
        `,
      },
    },
    {
      title: 'containers that Uffizzi runs in one network',
      files: {
        'docker-compose.uffizzi.yml': `x-uffizzi:\n  ingress:\n    service: nginx\n    port: 80\n${composeWith()}`,
        'nginx/site.conf': siteTo('127.0.0.1:8000'),
      },
    },
    {
      title: 'the name of the service',
      files: { 'docker-compose.yml': composeWith(), 'nginx/site.conf': siteTo('web:8000') },
    },
    {
      title: 'the network of the host, where the port is published',
      files: {
        'docker-compose.yml': composeWith({
          nginx: 'network_mode: host',
          web: 'ports: ["127.0.0.1:8000:8000"]',
        }),
        'nginx/site.conf': siteTo('127.0.0.1:8000'),
      },
    },
    {
      title: 'one network for both containers',
      files: {
        'docker-compose.yml': composeWith({ web: 'network_mode: "service:nginx"' }),
        'nginx/site.conf': siteTo('127.0.0.1:8000'),
      },
    },
    {
      title: 'an image of which nobody knows what it starts besides nginx',
      files: {
        'docker-compose.yml': composeWith().replace('nginx:1.27', 'example/nginx-with-app'),
        'nginx/site.conf': siteTo('127.0.0.1:8000'),
      },
    },
  ],
  *check({ connections, machines, listeners }) {
    for (const { from, targets } of connections.all) {
      const { container } = from.machine
      if (container === null || container.service.networkMode !== null) continue
      for (const target of targets) {
        const { address, port, to, at } = target
        if (to.kind !== 'unclaimed' || port === null || isLoopback(address) !== true) continue
        if (isNeighbour(from.machine, machines) || !runsOnlyWebServer(container)) continue
        const beside = machines.filter(other => other !== from.machine && shareNetwork(from.machine, other))
        const meant = listeners.find(
          listener =>
            listener.port === port &&
            listener.loopback === false &&
            beside.includes(listener.program.machine),
        )
        const service = meant?.program.machine ?? beside.find(other => exposes(other, port))
        const name = service?.name ?? null
        const there = service?.container == null ? null : addressOf(service.container.service, port)
        yield {
          at,
          message: `\`${formatEndpoint(target)}\` is the loopback of the container \`${from.machine.name}\` itself, where only ${programName(from)} runs`,
          label: 'nothing listens here',
          related: [
            ...(meant === undefined
              ? []
              : [
                  {
                    at: meant.at,
                    message: `${programName(meant.program)} listens here, in the container \`${name}\``,
                  },
                ]),
            ...(meant === undefined && service?.container != null
              ? [
                  {
                    at: service.container.service.at,
                    message: `the service \`${name}\` says that it has this port`,
                  },
                ]
              : []),
          ],
          ...(there === null ? {} : fixOf(target, there)),
        }
      }
    }
  },
})

function fixOf(target: Target, there: string) {
  const written = placeText(target.at)
  const here = formatEndpoint(target)
  return {
    help: `Connect to \`${there}\``,
    ...propose(`Connect to ${there}`, 'unsafe', [
      written.split(here).length === 2 ? replacePlace(target.at, written.replace(here, there)) : null,
    ]),
  }
}

/** True where another container uses the network of this one. */
function isNeighbour({ container }: Machine, machines: readonly Machine[]): boolean {
  if (container === null) return false
  return [...container.project.services.values()].some(
    ({ networkMode, name }) =>
      networkMode !== null &&
      name !== container.service.name &&
      !(networkMode.known && /^(?:host|none|bridge|default)$/.test(networkMode.value)) &&
      machines.every(({ container: other }) => other?.service.name !== name),
  )
}

function exposes({ container }: Machine, port: number): boolean {
  if (container === null) return false
  const { service, image } = container
  const ranges = [
    ...service.expose.map(each => each.port),
    ...service.ports.map(each => each.target),
    ...(image?.exposes ?? []).map(each => each.port),
  ]
  return ranges.some(range => range.known && holdsPort(range.value, port))
}
