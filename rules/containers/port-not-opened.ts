import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeOf, sliceWritten } from '../../parsers/text/written-text.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { AppServerProgram, Machine } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { formatEndpoint, isLoopback } from '../../src/servers/address.ts'
import { conf } from '../../src/engine/conf.ts'
import { healthCheck } from './_started-words.ts'

const compose = (web: string, command = 'gunicorn --bind 0.0.0.0:8000 shop.wsgi'): string => conf`
  services:
    proxy:
      image: nginxproxy/nginx-proxy
      ports: ["80:80"]
    web:
      image: example/shop
      command: ${command}
      ${web}
`

export default defineRule({
  summary: 'A port of a container is published, proxied to or checked, and nothing opens it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`ports` and `VIRTUAL_PORT` (or the label of Traefik) name the port inside the container. Where the application binds another one, or loopback alone, the proxy answers 502 Bad Gateway, a published port resets the connection, and a health check never succeeds.',
  remedy: 'Name the port that the command binds, and bind `0.0.0.0`',
  references: [
    'https://docs.docker.com/reference/compose-file/services/#ports',
    'https://github.com/nginx-proxy/nginx-proxy/tree/main/docs#virtual-ports',
    'https://doc.traefik.io/traefik/routing/providers/docker/#port',
  ],
  unproven: 'The live tests start no containers: what a port of one leads to, its compose file says',
  bad: [
    {
      title: 'another port for nginx-proxy',
      files: {
        'compose.yaml': compose(conf`
          environment:
            VIRTUAL_HOST: example.org
            «VIRTUAL_PORT: 8080»
        `),
      },
    },
    {
      title: 'a published port that nothing opens',
      files: { 'compose.yaml': compose('ports: ["«80:5000»"]') },
    },
    {
      title: 'another port for Traefik',
      files: {
        'compose.yaml': compose(conf`
          labels:
            - «traefik.http.services.shop.loadbalancer.server.port=80»
        `),
      },
    },
    {
      title: 'loopback behind nginx-proxy',
      files: {
        'compose.yaml': compose(
          conf`
            environment:
              - VIRTUAL_HOST=example.org
              - VIRTUAL_PORT=8000
          `,
          '«gunicorn» shop.wsgi',
        ),
      },
    },
    {
      title: 'a health check of another port',
      files: {
        'compose.yaml': compose(conf`
          healthcheck:
            test: curl -f «http://localhost:5000»/health || exit 1
        `),
      },
    },
    {
      title: 'a health check that the image brings',
      files: {
        'compose.yaml': conf`
          services:
            web:
              build: .
        `,
        Dockerfile: conf`
          FROM python:3.12
          WORKDIR /app
          COPY . .
          HEALTHCHECK --interval=10s CMD nc -z «localhost 8001» || exit 1
          CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]
        `,
      },
    },
  ],
  good: [
    {
      title: 'a health check of the image by the port of the environment',
      files: {
        'compose.yaml': conf`
          services:
            web:
              build: .
        `,
        Dockerfile: conf`
          FROM python:3.12
          WORKDIR /app
          COPY . .
          HEALTHCHECK CMD curl -f http://localhost:\${PORT:-5000}/ || exit 1
          CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]
        `,
      },
    },
    {
      title: 'the port that is bound',
      files: {
        'compose.yaml': compose(conf`
          environment:
            VIRTUAL_HOST: example.org
            VIRTUAL_PORT: 8000
          ports: ["8080:8000"]
        `),
      },
    },
    {
      title: 'a health check of the port, on the loopback that it has',
      files: {
        'compose.yaml': compose(
          conf`
            healthcheck:
              test: ["CMD", "curl", "-f", "http://127.0.0.1:8000/"]
          `,
          'gunicorn shop.wsgi',
        ),
      },
    },
    {
      title: 'a port besides, of a debugger or the like',
      files: { 'compose.yaml': compose('ports: ["8000:8000", "5678:5678"]') },
    },
    {
      title: 'a container to log in to',
      files: { 'compose.yaml': compose('ports: ["62202:8081", "62203:22"]') },
    },
    {
      title: 'a server on the network of the container',
      files: {
        'compose.yaml': conf`
          ${compose('ports: ["80:80"]', 'gunicorn --bind 127.0.0.1:8000 shop.wsgi')}
            front:
              image: caddy:2
              network_mode: service:web
        `,
      },
    },
    {
      title: 'a command that nobody knows',
      files: { 'compose.yaml': compose('ports: ["80:5000"]', './start.sh') },
    },
    {
      title: 'a port from the environment',
      files: { 'compose.yaml': compose('ports: ["80:5000"]', 'gunicorn --bind 0.0.0.0:$$PORT shop.wsgi') },
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { machine } = program
      if (machine.container?.service.complete !== true || !isAlone(program)) continue
      const opened = program.sockets.flatMap(({ endpoint, at }) =>
        endpoint.known && endpoint.value.port !== null ? [{ ...endpoint.value, at }] : [],
      )
      if (opened.length === 0) continue
      const name = programName(program)
      const listens = opened.map(formatEndpoint).join(' and ')
      const claims = claimsOf(machine)
      // It is made to work in: what runs in it is started by hand.
      if (claims.some(({ first, last }) => first <= 22 && last >= 22)) continue
      const isAnyRight = claims.some(
        ({ isPublished, first, last }) =>
          isPublished && opened.some(({ port }) => port! >= first && port! <= last),
      )
      for (const { at, first, last, text, isPublished, isInside } of claims) {
        const right = opened.filter(({ port }) => port! >= first && port! <= last)
        if (right.length === 0 && !(isPublished && isAnyRight)) {
          yield {
            at,
            message: `${text}, and ${name} listens on ${listens}`,
            label: 'nothing listens there',
            related: opened.map(each => ({ at: each.at, message: `${name} listens here` })),
          }
          continue
        }
        const [only] = right
        // Of published ports that is `containers/loopback-published`; a health check runs inside.
        if (
          isPublished ||
          isInside ||
          only === undefined ||
          !right.every(({ address }) => isLoopback(address) === true)
        )
          continue
        yield {
          at: only.at,
          message: `${name} listens on \`${formatEndpoint(only)}\` of the container, which no proxy in another container reaches`,
          label: 'the loopback of the container',
          related: [{ at, message: 'a proxy connects to this port' }],
          help: `Bind \`0.0.0.0:${only.port}\``,
        }
      }
    }
  },
})

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
  return [...project.services.values()].every(
    ({ networkMode }) =>
      networkMode === null || (networkMode.known && !/^(?:service|container):/.test(networkMode.value)),
  )
}

function imageCommand({ image }: Container): string {
  const command = image?.command ?? image?.entrypoint ?? null
  return command === null ? '' : commandText(command)
}

/** A port of a container to which something is told to connect. */
interface Claim {
  readonly at: Place
  readonly first: number
  readonly last: number
  readonly text: string
  readonly isPublished: boolean
  /** True for what connects from inside of the container. */
  readonly isInside: boolean
}

const TRAEFIK = /^traefik\.(?:http|tcp)\.services\.[^.]+\.loadbalancer\.server\.port$|^traefik\.port$/i

/** What a health check asks for in its own container. */
const LOCAL_URL =
  /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d{1,5}))?(?=[/\s"')?]|$)|(?<=\b(?:nc|netcat)(?:[ \t]+-\w+)*[ \t]+-\w*z\w*(?:[ \t]+-\w+)*[ \t]+)(?:localhost|127\.0\.0\.1|0\.0\.0\.0)[ \t]+(\d{1,5})(?=[\s"');&|]|$)/

function claimsOf({ container }: Machine): readonly Claim[] {
  if (container === null) return []
  const { ports, environment, labels } = container.service
  const claims: Claim[] = []
  for (const { at, target, published, protocol } of ports) {
    if (!target.known || published === null || !protocol.known || protocol.value !== 'tcp') continue
    const { first, last } = target.value
    claims.push({
      at,
      first,
      last,
      text: `port ${first} of the container is published`,
      isPublished: true,
      isInside: false,
    })
  }
  const names = [
    ...environment.filter(({ name }) => name === 'VIRTUAL_PORT'),
    ...labels.filter(({ name }) => TRAEFIK.test(name)),
  ]
  for (const { name, value, at } of names) {
    if (value?.known !== true || !/^\d{1,5}$/.test(value.value)) continue
    const port = Number(value.value)
    claims.push({
      at,
      first: port,
      last: port,
      text: `\`${name}\` names port ${port}`,
      isPublished: false,
      isInside: false,
    })
  }
  for (const word of healthCheck(container)?.words ?? []) {
    const found = LOCAL_URL.exec(word.text)
    if (found === null) continue
    const port = Number(found[1] ?? found[2] ?? 80)
    const at = placeOf(sliceWritten(word, found.index, found.index + found[0].length))
    claims.push({
      at,
      first: port,
      last: port,
      text: `the health check connects to port ${port}`,
      isPublished: false,
      isInside: true,
    })
  }
  return claims
}
