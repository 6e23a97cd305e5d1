import type { Connection } from '../src/deployment/model.ts'

/** A program of whose clients some encode a slash in a path, which it takes decoded as well. */
export interface SlashedProgram {
  readonly image: RegExp
  readonly name: string
  /** How people call the site or the machine that they give it, as a part of a name. */
  readonly word: RegExp
  /** The port of its pages, in a container and where a package or an archive is installed. */
  readonly ports: readonly number[]
  /** A path of its own in which a slash is encoded. */
  readonly asked: string
}

/** A program whose own URLs hold names with an encoded slash, and which knows no other. */
export interface EncodingProgram extends SlashedProgram {
  readonly said: string
  /** How it is told that it stands below a path. */
  readonly prefix: string
}

export const RABBITMQ: EncodingProgram = {
  // https://www.rabbitmq.com/docs/management#path-prefix
  image: /^(?:bitnami\/|bitnamilegacy\/)?rabbitmq$/,
  name: 'RabbitMQ',
  word: word('rabbit(?:mq)?'),
  ports: [15672],
  asked: '/api/queues/%2F/jobs',
  said: '404',
  prefix: '`management.path_prefix = PATH`',
}

function word(text: string): RegExp {
  return new RegExp(String.raw`(?:^|[/._-])${text}\d?(?:[/._-]|$)`, 'i')
}

/** Programs that put names with a slash into paths. */
const PROGRAMS: readonly EncodingProgram[] = [
  RABBITMQ,
  {
    // https://www.jenkins.io/doc/book/system-administration/reverse-proxy-configuration-troubleshooting/
    image: /^jenkins\/jenkins$/,
    name: 'Jenkins',
    word: word('jenkins'),
    ports: [8080],
    asked: '/a%2Fb',
    said: 'reverse proxy set up is broken',
    prefix: '`--prefix=PATH` in `JENKINS_OPTS`',
  },
  {
    // https://docs.gitlab.com/api/rest/#namespaced-paths
    image: /^gitlab\/gitlab-(?:ce|ee)$/,
    name: 'GitLab',
    word: word('gitlab'),
    // The last are those of the Omnibus package inside, which another proxy may ask in place of its nginx.
    ports: [80, 443, 8080, 8181],
    asked: '/api/v4/projects/group%2Fproject',
    said: '404',
    prefix: '`PATH` into `external_url`',
  },
  {
    // https://gerrit-review.googlesource.com/Documentation/config-reverseproxy.html
    image: /^gerritcodereview\/gerrit$/,
    name: 'Gerrit',
    word: word('gerrit'),
    ports: [8080],
    asked: '/projects/group%2Fproject',
    said: 'Not Found',
    prefix: '`PATH` into `httpd.listenUrl`',
  },
]

/** npm asks a registry for the package `@acme/ui` by `/@acme%2fui`. */
const REGISTRIES: readonly SlashedProgram[] = [
  {
    // https://help.sonatype.com/en/run-behind-a-reverse-proxy.html
    image: /^sonatype\/nexus3$/,
    name: 'Nexus',
    word: word('nexus'),
    ports: [8081],
    asked: '/repository/npm/@acme%2fui',
  },
  {
    // https://verdaccio.org/docs/reverse-proxy/#apache
    image: /^verdaccio\/verdaccio$/,
    name: 'Verdaccio',
    // Nothing else has its port, whatever the site is called.
    word: /./,
    ports: [4873],
    asked: '/@acme%2fui',
  },
  {
    // https://jfrog.com/help/r/jfrog-installation-setup-documentation/reverse-proxy-configuration
    image: /(?:^|\/)artifactory-(?:oss|pro|jcr)$/,
    name: 'Artifactory',
    word: word('artifactory'),
    ports: [8081, 8082],
    asked: '/artifactory/api/npm/npm/@acme%2fui',
  },
]

/** The program of that kind that a connection leads to; null where none is known to be there. */
export function encodingProgram({ targets }: Pick<Connection, 'targets'>): EncodingProgram | null {
  return programOfImage(targets, PROGRAMS)
}

/** The same, and programs that take the slash decoded as well. */
export function slashedProgram({ targets }: Pick<Connection, 'targets'>): SlashedProgram | null {
  return programOfImage(targets, PROGRAMS) ?? programOfImage(targets, REGISTRIES)
}

/**
 * The program that a site is for, as its name and the port behind it tell.
 *
 * @param names of the site, its path and the machine behind it
 */
export function programOfName(
  { targets }: Pick<Connection, 'targets'>,
  names: readonly string[],
): SlashedProgram | null {
  const ports = targets.flatMap(({ port, machine }) => (machine?.container == null ? [port] : []))
  return (
    [...PROGRAMS, ...REGISTRIES].find(
      program =>
        names.some(name => program.word.test(name)) &&
        ports.some(port => port !== null && program.ports.includes(port)),
    ) ?? null
  )
}

function programOfImage<T extends SlashedProgram>(
  targets: Connection['targets'],
  programs: readonly T[],
): T | null {
  for (const { machine, port } of targets) {
    const container = machine?.container ?? null
    if (container === null || container.service.build !== null || port === null) continue
    const found = programs.find(
      ({ image, ports }) => image.test(container.base ?? '') && ports.includes(port),
    )
    if (found !== undefined) return found
  }
  return null
}
