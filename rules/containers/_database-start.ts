import { givenVariables } from '../../parsers/compose/given-variables.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerImage } from '../../parsers/dockerfile/image-of-stage.ts'
import type { ComposeService } from '../../parsers/compose/compose.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import { optionsGone } from './_mysql-options.ts'

/** A database by the image that it starts from, and where that is written. */
export interface Started {
  readonly reference: string
  readonly at: Place
}

/** True for a Dockerfile that leaves the entry point of a database alone, and makes no data of its own. */
export function isDatabaseAsItIs({ entrypoint, command, steps, user }: DockerImage): boolean {
  return (
    entrypoint === null &&
    user === null &&
    (command === null || /^(?:postgres|mysqld|mariadbd)\b/.test(commandText(command))) &&
    !steps.some(step =>
      OF_START.test(
        'command' in step ? commandText(step.command) : step.target.known ? step.target.value : 'initdb',
      ),
    )
  )
}

/** What starts the database in another way, or makes its data during the build. */
const OF_START =
  /entrypoint\.sh|initdb\b(?!\.d)|^\/usr\/local\/bin\/?$|\/var\/lib\/(?:postgresql|mysql)|PGDATA|pg_ctl|mysqld|mariadbd/

/** Images of extensions, which start as that of PostgreSQL does. */
export const FROM_POSTGRES =
  /^(?:docker\.io\/)?(?:postgis\/postgis|pgvector\/pgvector|timescale\/timescaledb(?=:latest|:2|$))(?:[:@]|$)/

export const IMAGE = /^(?:docker\.io\/)?(?:library\/)?(postgres|mysql|mariadb)(?::(\d+)|[:@]|$)/

/**
 * Releases whose images were last made before they asked for a password (February 2020).
 * https://github.com/docker-library/postgres/pull/658
 */
const BEFORE_PASSWORDS =
  /:(?:9\.[0-3](?!\d)|9\.4\.(?:1?\d|2[0-5])(?!\d)|9\.5\.(?:1?\d|20)(?!\d)|9\.6\.(?:\d|1[0-6])(?!\d)|10\.(?:\d|1[01])(?!\d)|11\.[0-6](?!\d)|12\.[01](?!\d))/

type IsSet = (name: RegExp) => boolean

/** True also where a template may set it, or a file leaves it to whoever copies it: empty, or in a comment. */
export function isSetIn(service: ComposeService, files: FileSystem, image: DockerImage | null): IsSet {
  const { variables, sources, complete } = serviceVariables(service, files)
  const all = [service.at.source, ...sources, ...(image === null ? [] : [image.stage.at.source])]
  return pattern =>
    !complete ||
    all.some(({ branches }) => branches.length > 0) ||
    [...variables, ...(image?.environment ?? [])].some(({ name }) => pattern.test(name)) ||
    all.some(({ text }) => [...text.matchAll(COMMENTED)].some(([, name = '']) => pattern.test(name)))
}

const COMMENTED = /^[ \t]*#[ \t-]*["']?([A-Z][A-Z_]+)[ \t]*[:=]/gm

/**
 * True where other nodes are listened for on loopback alone, or nobody knows where: Elasticsearch then checks nothing.
 * https://www.elastic.co/guide/en/elasticsearch/reference/7.17/bootstrap-checks.html
 */
function hearsItselfAlone(service: ComposeService): boolean {
  return givenVariables(service).some(
    ({ name, value }) =>
      /^(?:transport\.(?:bind_|publish_)?|network\.)host$/.test(name) &&
      !(value?.known === true && value.value === '0.0.0.0'),
  )
}

export function imagePlace({ image, at }: ComposeService): Place {
  return image?.at ?? at
}

/** The key of a service whose image is written elsewhere. */
function besides({ at }: ComposeService, image: Place): Pick<RuleFinding, 'related'> {
  return at === image ? {} : { related: [{ at, message: 'the service' }] }
}

/** What the entry point reads from a variable or from a file, and never from both. */
export function* setTwice(service: ComposeService) {
  const environment = givenVariables(service)
  for (const { name, value, at } of environment) {
    const file = environment.find(each => each.name === `${name}_FILE`)
    if (!ONCE.test(name) || value?.known !== true || value.value === '' || file?.value?.known !== true)
      continue
    if (file.value.value === '') continue
    yield {
      at: file.at,
      message: `the image ends at once: both ${name} and ${name}_FILE are set (but are exclusive)`,
      label: 'set twice',
      related: [{ at, message: 'set here as well' }],
      help: `Take one of the two away`,
    }
  }
}

const ONCE =
  /^(?:POSTGRES_(?:PASSWORD|USER|DB|INITDB_ARGS)|(?:MYSQL|MARIADB)_(?:ROOT_PASSWORD|PASSWORD|USER|DATABASE))$/

export function* refusedByPostgres(
  service: ComposeService,
  { reference, at: image }: Started,
  version: string | undefined,
  has: IsSet,
) {
  const asks = !BEFORE_PASSWORDS.test(reference)
  if (asks && !has(/^POSTGRES_(?:PASSWORD(?:_FILE)?|HOST_AUTH_METHOD)$/))
    yield {
      at: image,
      message:
        'no `POSTGRES_PASSWORD` is set, so the image makes no database and ends: superuser password is not specified',
      label: 'no password',
      ...besides(service, image),
    }
  const isNewest = NEWEST_POSTGRES.test(reference)
  if ((version === undefined ? !isNewest : Number(version) < 18) || has(/^PGDATA$/)) return
  const release = version ?? '18'
  for (const { target, at } of service.volumes) {
    if (!target.known || target.value.replace(/\/$/, '') !== '/var/lib/postgresql/data') continue
    yield {
      at,
      message: `${version === undefined ? 'the newest image of PostgreSQL, 18 or later,' : `the image of PostgreSQL ${version}`} keeps its data in \`/var/lib/postgresql/${release}/docker\`, and ends where a volume stands at \`/var/lib/postgresql/data\``,
      label: 'the directory of older images',
      related: [{ at: image, message: 'the image' }],
      help:
        version === undefined
          ? 'Name the release that made the data (`postgres:17`), or mount a new volume at `/var/lib/postgresql`'
          : 'Mount the volume at `/var/lib/postgresql`',
    }
  }
}

/** What is pulled without a release is the newest one: 18 since September 2025. */
const NEWEST_POSTGRES =
  /^(?:docker\.io\/)?(?:library\/)?postgres(?::(?:latest|alpine(?:3\.\d+)?|bookworm|trixie))?$/

export function* refusedByMysql(service: ComposeService, { at: image }: Started, kind: string, has: IsSet) {
  const name = kind === 'mysql' ? 'MYSQL_ROOT_PASSWORD' : 'MARIADB_ROOT_PASSWORD'
  if (
    !has(
      /^(?:MYSQL|MARIADB)_(?:ROOT_PASSWORD(?:_FILE|_HASH(?:_FILE)?)?|(?:ALLOW_EMPTY|RANDOM_ROOT|ALLOW_EMPTY_ROOT)_PASSWORD)$/,
    )
  )
    yield {
      at: image,
      message: `no \`${name}\` is set, so the image makes no database and ends: Database is uninitialized and password option is not specified`,
      label: 'no password',
      ...besides(service, image),
      help: `Set \`${name}\` in the environment of the service`,
    }
  if (kind !== 'mysql') return
  yield* optionsGone(service)
  for (const { name: variable, value } of givenVariables(service)) {
    if (variable !== 'MYSQL_USER' || value?.known !== true || value.value !== 'root') continue
    yield {
      at: value.at ?? service.at,
      message:
        '`root` is no further user, and the image ends: MYSQL_USER="root", MYSQL_USER and MYSQL_PASSWORD are for configuring a regular user',
      label: 'not for root',
      help: 'Leave `MYSQL_USER` and `MYSQL_PASSWORD` out, or name another user',
    }
  }
}

/** Since version 7 it wants to know how it finds the others, or that there are none. */
export const ELASTICSEARCH =
  /^(?:docker\.elastic\.co\/elasticsearch\/|(?:docker\.io\/)?(?:library\/)?)elasticsearch(?:-oss)?:([789])(?:\.|$)/

/**
 * The image listens on all addresses, for which Elasticsearch checks what it is told of other nodes. Version 8 writes
 * that itself where it may set up its security.
 */
export function* aloneElasticsearch(service: ComposeService, version: number, has: IsSet) {
  const { complete, build, entrypoint, command, volumes } = service
  if (!complete || build !== null || entrypoint !== null || command !== null) return
  if (hearsItselfAlone(service)) return
  if (has(/^(?:discovery|cluster\.initial\w*|node\.roles)(?:[._]|$)|^ES_SETTING_/i)) return
  if (version > 7 && !has(/^xpack\.security\.enabled$/)) return
  if (volumes.some(({ target }) => !target.known || /\/config(?:\/|$)/.test(target.value))) return
  yield {
    at: imagePlace(service),
    message:
      'no `discovery.type` is set, so Elasticsearch ends: the default discovery settings are unsuitable for production use',
    label: 'waits for other nodes',
    related: [{ at: service.at, message: 'the service' }],
    help: 'Add `discovery.type=single-node` to the environment of the service',
  }
}
