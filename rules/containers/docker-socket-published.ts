import type { ComposeService } from '../../parsers/compose/compose.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isEveryAddress } from './_every-address.ts'
import { composeServices } from './_compose-projects.ts'

/** Something that has the socket of Docker, beside a Traefik that asks it for containers. */
const tree = (service: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      traefik:
        image: traefik:v3.1
        command:
          - --providers.docker.endpoint=tcp://docker:2375
          - --entrypoints.web.address=:80
        ports: ["80:80"]
      docker:
        ${service}
  `,
})

const SOCKET = '/var/run/docker.sock:/var/run/docker.sock'

export default defineRule({
  summary: 'The API of Docker is open to the network',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 9.3,
  cwe: [306, 668],
  since: '0.1.0',
  why: 'The socket of Docker asks for no password, and what passes it on over TCP asks for none either. Whoever reaches the port starts containers that mount the whole disk of the host, or reads the variables of every container with the passwords in them. Docker opens a published port in front of most firewalls of the host. Containers of one network reach each other without it.',
  remedy: 'Leave `ports` out: Traefik and the like connect to it by the name of the service',
  references: [
    'https://docs.docker.com/engine/security/protect-access/',
    'https://github.com/Tecnativa/docker-socket-proxy#security-recommendations',
    'https://doc.traefik.io/traefik/providers/docker/#docker-api-access',
  ],
  unproven: 'The live tests start no containers, and have no socket of Docker',
  bad: [
    {
      title: 'a proxy in front of the socket',
      files: tree(conf`
        image: tecnativa/docker-socket-proxy
        environment: { CONTAINERS: 1, POST: 1 }
        ports: ["«2375:2375»"]
        volumes: ["${SOCKET}:ro"]
      `),
    },
    {
      title: 'socat, by another port and every address',
      files: tree(conf`
        image: alpine/socat
        command: tcp-listen:2375,fork,reuseaddr unix-connect:/var/run/docker.sock
        ports:
          - «0.0.0.0:12375:2375»
        volumes:
          - ${SOCKET}
      `),
    },
    {
      title: 'the long form',
      files: tree(conf`
        image: lscr.io/linuxserver/socket-proxy:latest
        ports:
          - «{ target: 2375, published: 2375, mode: host }»
        volumes:
          - type: bind
            source: /var/run/docker.sock
            target: /var/run/docker.sock
      `),
    },
  ],
  good: [
    {
      title: 'no port of the host',
      files: tree(conf`
        image: tecnativa/docker-socket-proxy
        expose: ["2375"]
        volumes: ["${SOCKET}:ro"]
      `),
    },
    {
      title: 'loopback alone',
      files: tree(conf`
        image: tecnativa/docker-socket-proxy
        ports: ["127.0.0.1:2375:2375"]
        volumes: ["${SOCKET}:ro"]
      `),
    },
    {
      title: 'another port of what has the socket',
      files: tree(conf`
        image: portainer/portainer-ce
        ports: ["9443:9443"]
        volumes: ["${SOCKET}"]
      `),
    },
    {
      title: 'a Docker of its own, which asks for a certificate',
      files: tree(conf`
        image: docker:27-dind
        privileged: true
        ports: ["2376:2376"]
      `),
    },
  ],
  *check(deployment) {
    for (const service of composeServices(deployment)) {
      const socket = service.volumes.find(isSocket)
      if (socket === undefined) continue
      for (const port of service.ports) {
        if (!isEveryAddress(port) || !port.target.known || port.target.value.first !== 2375) continue
        yield {
          at: port.at,
          message: 'the API of Docker answers on every address of the host, and asks for no password',
          label: 'no address in front',
          related: [{ at: socket.at, message: 'the socket of Docker' }],
        }
      }
    }
  },
})

function isSocket({ kind, source }: ComposeService['volumes'][number]): boolean {
  return kind === 'bind' && source?.known === true && /^(?:\/var)?\/run\/docker\.sock$/.test(source.value)
}
