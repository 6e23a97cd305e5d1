import type { WrittenText } from '../../parsers/text/written-text.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { formatEndpoint, isLoopback } from '../../src/servers/address.ts'
import { conf } from '../../src/engine/conf.ts'
import { kubernetesDeployment } from '../_deployment-examples.ts'
import { composeWith, siteTo } from './_examples.ts'

/** An image that no compose file runs. */
const image = (lines: string): Record<string, string> => ({
  Dockerfile: conf`
    FROM python:3.12-slim
    WORKDIR /app
    COPY main.py .
    ${lines}
  `,
  'main.py': conf`
    from fastapi import FastAPI
    app = FastAPI()
  `,
})
const PORTS = 'ports: ["8000:8000"]'

export default defineRule({
  summary: 'A published port leads to what listens on the loopback of its container',
  severity: 'error',
  otherSeverities: { warning: 'where no compose file runs the image: a pod may have the proxy beside it' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Docker forwards connections on a published port to the address of the container. A server on `127.0.0.1` takes those of its own container alone: `Connection reset by peer`, whoever asks. The same holds of the port of an `EXPOSE`, which is there to be published.',
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
    {
      title: 'what uvicorn binds by itself, in an image that says its port',
      files: image(conf`
        EXPOSE 8000
        CMD ["«uvicorn»", "main:app"]
      `),
    },
    {
      title: 'what a pod starts, of which the manifest says the port',
      files: {
        ...image('CMD ["uvicorn", "main:app"]'),
        'deploy/web.yaml': kubernetesDeployment({
          image: 'registry.example.org/shop:1',
          container: conf`
            args: ["uvicorn", "main:app", "--host", "127.0.0.1", "--port", "«$(PORT)»"]
            env: [{ name: PORT, value: "8080" }]
            ports: [{ containerPort: 8080 }]
          `,
        }),
      },
    },
    {
      title: 'the host that a script for Node.js names',
      files: {
        ...image(conf`
          COPY server.js .
          EXPOSE 3000
          CMD ["node", "server.js"]
        `),
        'server.js': conf`
          const PORT = 3000
          const HOST = «'127.0.0.1'»
          require('http').createServer().listen(PORT, HOST)
        `,
      },
    },
  ],
  good: [
    {
      title: 'an image that starts nginx in front of it',
      files: {
        ...image(conf`
          RUN apt-get update && apt-get install -y nginx supervisor
          COPY supervisord.conf /etc/supervisor/conf.d/supervisord.conf
          EXPOSE 80 8000
          CMD ["/usr/bin/supervisord"]
        `),
        'supervisord.conf': conf`
          [supervisord]
          nodaemon=true

          [program:nginx]
          command=/usr/sbin/nginx -g "daemon off;"

          [program:app]
          directory=/app
          command=uvicorn main:app
        `,
      },
    },
    {
      title: 'every address, in an image that says its port',
      files: image(conf`
        EXPOSE 8000
        CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
      `),
    },
    {
      title: 'a pod with another container in it, which may be the proxy',
      files: {
        ...image('CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]'),
        'deploy/web.yaml': kubernetesDeployment({
          image: 'registry.example.org/shop:1',
          container: conf`
            args: ["uvicorn", "main:app", "--host", "127.0.0.1"]
            ports: [{ containerPort: 8000 }]
          `,
          pod: '  - { name: proxy, image: "envoyproxy/envoy:v1.31.0" }',
        }),
      },
    },
    {
      title: 'an address that the image sets',
      files: image(conf`
        EXPOSE 8000
        ENV UVICORN_HOST=0.0.0.0
        CMD ["uvicorn", "main:app"]
      `),
    },
    {
      title: 'an image that says the port of another program in it',
      files: image(conf`
        EXPOSE 80
        CMD service nginx start && uvicorn main:app
      `),
    },
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
    const fronted = new Set(
      deployment.commands.flatMap(({ machine, words }) => (words.some(isProxy) ? [machine] : [])),
    )
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { container } = program.machine
      if (container === null || !program.listensKnown) continue
      const isPod = container.project.startedBy === 'pods'
      const isUnpublished = container.isAlone || isPod
      // Whoever runs the image publishes the port of the proxy that it starts beside.
      if (isUnpublished && fronted.has(program.machine)) continue
      // What runs beside it in the pod reaches its loopback.
      if (isPod && container.service.networkMode !== null) continue
      for (const { at, first, last } of portsOf(container)) {
        const opened = program.sockets.flatMap(({ endpoint, at: place }) => {
          const { port = null } = endpoint.known ? endpoint.value : {}
          return endpoint.known && port !== null && port >= first && port <= last
            ? [{ ...endpoint.value, place: endpoint.at ?? place }]
            : []
        })
        const [only] = opened
        if (only === undefined || !opened.every(({ address }) => isLoopback(address) === true)) continue
        const name = programName(program)
        yield {
          at: only.place,
          ...(isUnpublished && { severity: 'warning' as const, confidence: 'medium' as const }),
          message: `${name} listens on \`${formatEndpoint(only)}\` of the container, which ${isPod ? 'no other pod reaches' : isUnpublished ? 'no published port reaches' : 'the published port does not reach'}`,
          label: 'the loopback of the container',
          related: [{ at, message: isUnpublished ? 'the port is for others' : 'the port is published here' }],
          help: `Bind \`0.0.0.0:${only.port}\``,
        }
      }
    }
  },
})

function isProxy({ text }: WrittenText): boolean {
  return /^(?:\S*\/)?(?:nginx|apache2|apache2?ctl|httpd|caddy|haproxy|traefik|envoy)$/.test(text)
}

/** The ports that a compose file publishes; of an image alone those that it, or the pod that runs it, says to publish. */
function portsOf({ service, image, isAlone, project }: Container) {
  const ports = service.ports.flatMap(({ at, target, published }) =>
    target.known && published !== null ? [{ at, ...target.value }] : [],
  )
  const exposed =
    isAlone || project.startedBy === 'pods' ? [...(image?.exposes ?? []), ...service.expose] : []
  return [...ports, ...exposed.flatMap(({ at, port }) => (port.known ? [{ at, ...port.value }] : []))]
}
