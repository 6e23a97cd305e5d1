import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import type { Connection } from '../../src/deployment/model.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { containerVariables } from '../containers/_container-variables.ts'

/** At which path the program of a container answers. */
export interface ServedPath {
  readonly name: string
  /** The container's image, or where else the program is named. */
  readonly at: Place
  /** The path above all that it answers, without a slash at its end: empty for the root. */
  readonly base: string
  /** Besides, the first parts of the paths that it answers: at the root all that there are. */
  readonly parts: ReadonlySet<string>
  /** What tells it another path. */
  readonly told: (path: string) => string
}

interface Program {
  readonly image: RegExp
  readonly name: string
  /** Null where nobody knows. */
  readonly base: (container: Container) => string | null
  readonly parts: readonly string[]
  readonly told: (path: string) => string
}

/** Of Tomcat, which leaves everything outside of the application to nobody. */
const ofContext =
  (usual: string): Program['base'] =>
  container =>
    container.service.build === null &&
    knowsVariables(container) &&
    !containerVariables(container).some(({ name }) => /CONTEXT|CATALINA_OPTS|JAVA_OPTS/.test(name)) &&
    !container.mounts.some(({ target }) => /webapps|\.war$|server\.xml$/.test(target))
      ? usual
      : null

const PROGRAMS: readonly Program[] = [
  {
    image: /(?:^|\/)(?:keycloak\/keycloak|jboss\/keycloak)$/,
    name: 'Keycloak',
    base: baseOfKeycloak,
    parts: [
      'realms',
      'resources',
      'admin',
      'js',
      'health',
      'metrics',
      'robots.txt',
      '.well-known',
      'lb-check',
    ],
    told: path => `KC_HTTP_RELATIVE_PATH: ${path}`,
  },
  {
    image: /^guacamole\/guacamole$/,
    name: 'Guacamole',
    base: ofContext('/guacamole'),
    parts: [],
    told: path => `WEBAPP_CONTEXT: ${path === '/' ? 'ROOT' : path.slice(1)}`,
  },
  {
    image: /^(?:docker\.osgeo\.org|kartoza)\/geoserver$/,
    name: 'GeoServer',
    base: ofContext('/geoserver'),
    parts: [],
    told: path => `proxy_pass http://geoserver:8080/geoserver${path === '/' ? '/' : ''}`,
  },
]

/** Where the program answers to which every target of a connection leads; null where it is none of these, or not known. */
export function servedPathBehind({ targets }: Pick<Connection, 'targets'>): ServedPath | null {
  const served = targets.map(({ machine, port }) =>
    // At this port Keycloak answers those who look after it.
    machine?.container == null || port === 9000 ? null : servedPathOf(machine.container),
  )
  const [first = null] = served
  return served.every(each => each !== null && each.base === first?.base) ? first : null
}

function servedPathOf(container: Container): ServedPath | null {
  const { base: image, service } = container
  const program = image === null ? undefined : PROGRAMS.find(each => each.image.test(image))
  const base = program?.base(container) ?? null
  if (program === undefined || base === null) return null
  const { name, parts, told } = program
  return { name, at: service.image?.at ?? service.at, base, parts: new Set(parts), told }
}

/** True where a path leads to nothing that the program answers. */
export function isNotServed({ base, parts }: ServedPath, path: string): boolean {
  const whole = path.replace(/\/+$/, '')
  if (whole === base || whole.startsWith(`${base}/`)) {
    const part = whole.slice(base.length + 1).split('/')[0] ?? ''
    return base === '' && part !== '' && parts.size > 0 && !parts.has(part)
  }
  return !`${base}/`.startsWith(`${whole}/`)
}

function knowsVariables({ service, hostFiles }: Container): boolean {
  return service.complete && serviceVariables(service, hostFiles).complete
}

/** What its commands, its file and a Dockerfile call the setting, and what stands behind it. */
const RELATIVE_PATH = /(?<!management[-_])relative[-_]path["']?\s*[=:,\s]\s*["']?([^\s"',\]]*)/gi
const FILE = '/opt/keycloak/conf/keycloak.conf'

/**
 * The distribution of WildFly, which ended with release 16, answers below `/auth`; that of Quarkus at the root, unless it
 * is built or started with `http-relative-path`. https://www.keycloak.org/migration/migrating-to-quarkus
 */
function baseOfKeycloak(container: Container): string | null {
  const { service, image, mounts, files } = container
  const reference = image === null ? (service.build === null ? service.image : null) : image.base
  if (reference?.known !== true || !knowsVariables(container)) return null
  const release = /:(\d+)(?:[.\-@]|$)/.exec(reference.value)?.[1]
  const words = [service.command, service.entrypoint]
    .flatMap(command => command?.words ?? [])
    .map(({ text }) => text)
    .join(' ')
  if (/[\0\uFFFD\uE000]/.test(words)) return null
  if (/jboss\/|-legacy\b/.test(reference.value) || (release !== undefined && Number(release) < 17))
    return image === null &&
      !/context/.test(words) &&
      mounts.every(({ target }) => MOUNT_OF_DATA.test(target))
      ? '/auth'
      : null
  const file = sourceAt(files, FILE)
  if (
    file === null &&
    mounts.some(({ target }) => /^\/opt\/keycloak(?:\/conf(?:\/.*\.conf)?)?\/?$/.test(target))
  )
    return null
  const dockerfile = image?.stage.at.source.code ?? ''
  if (file === null && /^\s*COPY\s+(?!--from).*\bconf\b/im.test(dockerfile)) return null
  const variables = containerVariables(container).filter(({ name }) =>
    /^(?:KC_|QUARKUS_|JAVA_OPTS)/.test(name),
  )
  if (variables.some(({ name }) => /ROOT_PATH|^KC_CONFIG|^JAVA_OPTS/.test(name))) return null
  const written = [words, file?.code ?? '', dockerfile].join('\n')
  if (/root-path|config-file/.test(written)) return null
  const told = variables.find(({ name }) => name === 'KC_HTTP_RELATIVE_PATH')
  const said = new Set([
    ...[...written.matchAll(RELATIVE_PATH)].map(([, path = '']) => path),
    ...(told === undefined ? [] : [told.value?.known === true ? told.value.value : '$']),
  ])
  const [path = '/', ...others] = said
  if (others.length > 0 || !/^\/?[\w./-]*$/.test(path)) return null
  return `/${path}`.replace(/\/+/g, '/').replace(/\/$/, '')
}

const MOUNT_OF_DATA =
  /^\/(?:opt\/jboss\/keycloak\/(?:themes|standalone\/data)|tmp|etc\/(?:localtime|timezone|x509))/
