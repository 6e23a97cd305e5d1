import { posix } from 'node:path'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Machine, Target } from '../../src/deployment/model.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'

const MOUNT = './nginx/site.conf:/etc/nginx/conf.d/default.conf:ro'
const COMMAND = 'gunicorn --bind unix:/run/shop/shop.sock shop.wsgi'

export default defineRule({
  summary: 'A Unix socket of another container is not there for nginx',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A socket is a file. The application creates it in the file system of its own container, where nginx in another one finds nothing: 502 Bad Gateway, `connect() to unix:… failed (2: No such file or directory)`.',
  remedy: 'Mount one volume over the directory of the socket in both containers, or bind a port',
  references: ['https://docs.docker.com/reference/compose-file/services/#volumes'],
  unproven: 'What a container sees, its compose file says: no loopback has another file system',
  bad: [
    {
      title: 'no volume',
      files: {
        'docker-compose.yml': composeWith({ command: COMMAND }),
        'nginx/site.conf': siteTo('«unix:/run/shop/shop.sock»'),
      },
    },
    {
      title: 'a volume of the application alone',
      files: {
        'docker-compose.yml': composeWith({
          command: COMMAND,
          web: 'volumes: ["run:/run/shop"]',
          more: 'volumes: {run: }',
        }),
        'nginx/site.conf': siteTo('«unix:/run/shop/shop.sock»'),
      },
    },
  ],
  good: [
    {
      title: 'one volume for both',
      files: {
        'docker-compose.yml': composeWith({
          command: COMMAND,
          web: 'volumes: ["run:/run/shop"]',
          more: 'volumes: {run: }',
        }).replace(MOUNT, `${MOUNT}\n      - run:/run/shop`),
        'nginx/site.conf': siteTo('unix:/run/shop/shop.sock'),
      },
    },
    {
      title: 'a socket that nothing of the project opens',
      files: { 'docker-compose.yml': composeWith({}), 'nginx/site.conf': siteTo('unix:/run/other.sock') },
    },
  ],
  *check({ connections, machines }) {
    for (const { from, targets } of connections.nginx) {
      const { container } = from.machine
      if (container === null || !isKnown(container)) continue
      for (const target of targets) {
        const { address, to, at } = target
        if (address.kind !== 'unix' || to.kind === 'listener' || hasDirectory(container, address.path))
          continue
        const opened = openedBy(machines, from.machine, target)
        if (opened === null) continue
        yield {
          at,
          message: `\`${address.path}\` is a socket of the container \`${opened.machine}\`, and nothing brings its directory into that of nginx`,
          label: 'not in this container',
          related: [{ at: opened.at, message: `${opened.name} opens it here` }],
          help: `Mount one volume at \`${posix.dirname(address.path)}\` in both services`,
        }
      }
    }
  },
})

function isKnown({ service }: Container): boolean {
  return (
    service.complete &&
    service.volumesFrom.length === 0 &&
    service.volumes.every(({ target }) => target.known)
  )
}

function hasDirectory({ mounts }: Container, socket: string): boolean {
  return mounts.some(
    ({ target }) => socket === target || socket.startsWith(target === '/' ? '/' : `${target}/`),
  )
}

/** The application server of another container that opens the path. */
function openedBy(machines: readonly Machine[], own: Machine, { address }: Target) {
  for (const machine of machines) {
    if (machine === own || machine.container === null) continue
    for (const program of machine.programs) {
      if (program.kind !== 'app-server') continue
      for (const { endpoint, at } of program.sockets)
        if (
          endpoint.known &&
          endpoint.value.address.kind === 'unix' &&
          address.kind === 'unix' &&
          endpoint.value.address.path === address.path
        )
          return { at, name: programName(program), machine: machine.name ?? '' }
    }
  }
  return null
}
