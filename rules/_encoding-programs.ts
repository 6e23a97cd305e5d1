import type { Connection } from '../src/deployment/model.ts'

/** A program whose own URLs hold names with an encoded slash. */
export interface EncodingProgram {
  readonly image: RegExp
  readonly name: string
  /** The port of its pages, in a container. */
  readonly ports: readonly number[]
  /** A path of its own in which a slash is encoded. */
  readonly asked: string
  readonly said: string
  /** How it is told that it stands below a path. */
  readonly prefix: string
}

export const RABBITMQ: EncodingProgram = {
  // https://www.rabbitmq.com/docs/management#path-prefix
  image: /^(?:bitnami\/|bitnamilegacy\/)?rabbitmq$/,
  name: 'RabbitMQ',
  ports: [15672],
  asked: '/api/queues/%2F/jobs',
  said: '404',
  prefix: '`management.path_prefix = PATH`',
}

/** Programs that put names with a slash into paths. */
const PROGRAMS: readonly EncodingProgram[] = [
  RABBITMQ,
  {
    // https://www.jenkins.io/doc/book/system-administration/reverse-proxy-configuration-troubleshooting/
    image: /^jenkins\/jenkins$/,
    name: 'Jenkins',
    ports: [8080],
    asked: '/a%2Fb',
    said: 'reverse proxy set up is broken',
    prefix: '`--prefix=PATH` in `JENKINS_OPTS`',
  },
  {
    // https://docs.gitlab.com/api/rest/#namespaced-paths
    image: /^gitlab\/gitlab-(?:ce|ee)$/,
    name: 'GitLab',
    ports: [80, 443],
    asked: '/api/v4/projects/group%2Fproject',
    said: '404',
    prefix: '`PATH` into `external_url`',
  },
  {
    // https://gerrit-review.googlesource.com/Documentation/config-reverseproxy.html
    image: /^gerritcodereview\/gerrit$/,
    name: 'Gerrit',
    ports: [8080],
    asked: '/projects/group%2Fproject',
    said: 'Not Found',
    prefix: '`PATH` into `httpd.listenUrl`',
  },
]

/** The program of that kind that a connection leads to; null where none is known to be there. */
export function encodingProgram({ targets }: Pick<Connection, 'targets'>): EncodingProgram | null {
  for (const { machine, port } of targets) {
    const container = machine?.container ?? null
    if (container === null || container.service.build !== null || port === null) continue
    const found = PROGRAMS.find(
      ({ image, ports }) => image.test(container.base ?? '') && ports.includes(port),
    )
    if (found !== undefined) return found
  }
  return null
}
