import { programName } from '../../src/deployment/destination-words.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { formatEndpoint, isLoopback } from '../../src/servers/address.ts'
import { composeWith, siteTo } from './_examples.ts'

const PORTS = 'ports: ["8000:8000"]'

export default defineRule({
  summary: 'A published port leads to what listens on the loopback of its container',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Docker forwards connections on a published port to the address of the container. A server on `127.0.0.1` takes those of its own container alone: `Connection reset by peer`, whoever asks.',
  remedy: 'Bind `0.0.0.0`; the `ports` of the compose file say who may reach it',
  references: [
    'https://docs.docker.com/engine/network/port-publishing/',
    'https://docs.gunicorn.org/en/stable/settings.html#bind',
  ],
  bad: [
    {
      title: 'loopback',
      files: {
        'docker-compose.yml': composeWith({
          web: PORTS,
          command: 'gunicorn --bind «127.0.0.1:8000» shop.wsgi',
        }),
        'nginx/site.conf': siteTo('web.example.net:8000'),
      },
    },
    {
      title: 'what gunicorn binds by itself',
      files: {
        'docker-compose.yml': composeWith({ web: PORTS, command: '«gunicorn» shop.wsgi' }),
        'nginx/site.conf': siteTo('web.example.net:8000'),
      },
    },
  ],
  good: [
    {
      title: 'every address',
      files: { 'docker-compose.yml': composeWith({ web: PORTS }), 'nginx/site.conf': siteTo('web:8000') },
    },
    {
      title: 'a port that is not published',
      files: {
        'docker-compose.yml': composeWith({
          command: 'gunicorn --bind 0.0.0.0:8000 --bind 127.0.0.1:9000 shop.wsgi',
          web: PORTS,
        }),
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'the network of the host',
      files: {
        'docker-compose.yml': composeWith({
          web: 'network_mode: host',
          command: 'gunicorn --bind 127.0.0.1:8000 shop.wsgi',
        }),
        'nginx/site.conf': siteTo('host.docker.internal:8000'),
      },
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { container } = program.machine
      if (container === null || !program.listensKnown) continue
      for (const { at, target, published } of container.service.ports) {
        if (!target.known || published === null) continue
        const { first, last } = target.value
        const opened = program.sockets.flatMap(({ endpoint, at: place }) => {
          const { port = null } = endpoint.known ? endpoint.value : {}
          return endpoint.known && port !== null && port >= first && port <= last
            ? [{ ...endpoint.value, place }]
            : []
        })
        const [only] = opened
        if (only === undefined || !opened.every(({ address }) => isLoopback(address) === true)) continue
        const name = programName(program)
        yield {
          at: only.place,
          message: `${name} listens on \`${formatEndpoint(only)}\` of the container, which the published port does not reach`,
          label: 'the loopback of the container',
          related: [{ at, message: 'the port is published here' }],
          help: `Bind \`0.0.0.0:${only.port}\``,
        }
      }
    }
  },
})
