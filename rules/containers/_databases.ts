import { memoByKey } from '../../parsers/collections/memo.ts'
import type { ComposeProject, ComposeService } from '../../parsers/compose/compose.ts'
import { type Fact, known, unknown } from '../../parsers/text/fact.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'

/** Databases, caches and brokers, by the server that clients speak to. */
export type DatabaseKind = 'PostgreSQL' | 'MySQL' | 'Redis' | 'MongoDB' | 'RabbitMQ' | 'Memcached'

interface Server {
  readonly kind: DatabaseKind
  /** The last part of the names of its images. */
  readonly images: readonly string[]
  readonly port: number
  readonly schemes: readonly string[]
}

const SERVERS: readonly Server[] = [
  {
    kind: 'PostgreSQL',
    images: ['postgres', 'postgis', 'timescaledb', 'pgvector'],
    port: 5432,
    schemes: ['postgres', 'postgresql', 'postgis', 'pgsql'],
  },
  { kind: 'MySQL', images: ['mysql', 'mariadb'], port: 3306, schemes: ['mysql', 'mysql2', 'mariadb'] },
  { kind: 'Redis', images: ['redis', 'valkey'], port: 6379, schemes: ['redis', 'rediss'] },
  { kind: 'MongoDB', images: ['mongo'], port: 27017, schemes: ['mongodb'] },
  { kind: 'RabbitMQ', images: ['rabbitmq'], port: 5672, schemes: ['amqp'] },
  { kind: 'Memcached', images: ['memcached'], port: 11211, schemes: [] },
]

const BY_SCHEME: ReadonlyMap<string, DatabaseKind> = new Map(
  SERVERS.flatMap(({ schemes, kind }) => schemes.map(scheme => [scheme, kind] as const)),
)

/** The database that a URL of this scheme is for (`postgresql`), or null. */
export function kindOfScheme(scheme: string): DatabaseKind | null {
  return BY_SCHEME.get(scheme) ?? null
}

/** The database that an image holds, by the first word of its name's last part (`redis-stack`), or null. */
export function kindOfImage(image: string): DatabaseKind | null {
  return serverOf(/^[a-z]+/.exec(nameOf(image))?.[0] ?? '')?.kind ?? null
}

/** The last part of an image's name: `registry:5000/library/postgres:16` is `postgres`. */
function nameOf(image: string): string {
  return image.replace(/^.*\//, '').replace(/[:@].*$/, '')
}

function serverOf(name: string): Server | null {
  return SERVERS.find(({ images }) => images.includes(name)) ?? null
}

/** A service of a project that runs an image of a database as it is. */
export interface Database {
  readonly service: ComposeService
  readonly kind: DatabaseKind
  /** Where clients reach it by its name; null where its command or configuration says. */
  readonly port: number | null
  /** True where it surely speaks no TLS. */
  readonly plain: boolean
  readonly user: Fact<string> | null
  readonly password: Fact<string> | null
  /** Of the account that may make others. */
  readonly rootPassword: Fact<string> | null
  /** The one that its image makes at its first start. */
  readonly database: Fact<string> | null
  /** A name of a database in a variable that its image does not know, where none that it knows says one. */
  readonly unread: { readonly name: string; readonly value: Fact<string>; readonly at: Place } | null
}

/** The variables that say what an image makes at its first start; the first that is set counts. */
interface Made {
  readonly user: readonly string[]
  readonly password: readonly string[]
  readonly rootPassword: readonly string[]
  readonly database: readonly string[]
}

const MADE: Readonly<Partial<Record<DatabaseKind, Made>>> = {
  PostgreSQL: {
    user: ['POSTGRES_USER'],
    password: ['POSTGRES_PASSWORD'],
    rootPassword: ['POSTGRES_PASSWORD'],
    database: ['POSTGRES_DB', 'POSTGRES_USER'],
  },
  MySQL: {
    user: ['MYSQL_USER', 'MARIADB_USER'],
    password: ['MYSQL_PASSWORD', 'MARIADB_PASSWORD'],
    rootPassword: ['MYSQL_ROOT_PASSWORD', 'MARIADB_ROOT_PASSWORD'],
    database: ['MYSQL_DATABASE', 'MARIADB_DATABASE'],
  },
  MongoDB: {
    user: ['MONGO_INITDB_ROOT_USERNAME'],
    password: ['MONGO_INITDB_ROOT_PASSWORD'],
    rootPassword: [],
    database: [],
  },
  RabbitMQ: {
    user: ['RABBITMQ_DEFAULT_USER'],
    password: ['RABBITMQ_DEFAULT_PASS'],
    rootPassword: [],
    database: [],
  },
}

/** What other images, and programs, call the name of a database, by those that know no such variable. */
const UNREAD: readonly (readonly [RegExp, RegExp, readonly string[]])[] = [
  [
    /^(?:postgres|postgis\/postgis|timescale\/timescaledb|pgvector\/pgvector)(?:[:@]|$)/,
    /^(?:POSTGRES|POSTGRESQL|PG)_?(?:NAME|DATABASE|DATABASE_NAME|DB_?NAME|DBS|DATABASES)$|^POSTGRESQL_DB$/,
    ['POSTGRES_DB', 'POSTGRES_DB_FILE'],
  ],
  [
    /^(?:mysql|mariadb)(?:[:@]|$)/,
    /^(?:MYSQL|MARIADB)_?(?:NAME|DB|DATABASE_NAME|DB_?NAME|DATABASES)$/,
    ['MYSQL_DATABASE', 'MARIADB_DATABASE', 'MYSQL_DATABASE_FILE', 'MARIADB_DATABASE_FILE'],
  ],
]

type Given = ReturnType<typeof serviceVariables>['variables']

function unreadOf(image: string, variables: Given): Database['unread'] {
  const [, names, known] = UNREAD.find(([pattern]) => pattern.test(image.replace(/^library\//, ''))) ?? []
  if (names === undefined || variables.some(({ name }) => known?.includes(name) === true)) return null
  const found = variables.find(
    ({ name, value }) => names.test(name) && value?.known === true && value.value !== '',
  )
  return found === undefined || found.value === null
    ? null
    : { name: found.name, value: found.value, at: found.at }
}

export const OF_SQL: ReadonlySet<DatabaseKind> = new Set(['MySQL', 'PostgreSQL'])

/** The databases beside a container, by the names that they have on the networks of its project, in small letters. */
export function databasesOf({
  project,
  hostFiles,
}: Pick<Container, 'project' | 'hostFiles'>): ReadonlyMap<string, Database> {
  return databasesIn(project, hostFiles)
}

const databasesIn = memoByKey(({ services }: ComposeProject, files: FileSystem) => {
  const found = new Map<string, Database>()
  for (const service of services.values()) {
    const image = service.image?.known === true && service.build === null ? service.image.value : ''
    const server = serverOf(nameOf(image))
    if (server === null || !service.complete || service.networkMode !== null) continue
    const { kind, port } = server
    const given = serviceVariables(service, files)
    const set = (name: string): Fact<string> | null =>
      given.variables.findLast(each => each.name === name)?.value ?? null
    const words = [...(service.command?.words ?? []), ...(service.entrypoint?.words ?? [])].map(
      ({ text }) => text,
    )
    const isPlain = service.entrypoint === null && service.configs.length === 0 && !hasConfiguration(service)
    const made = isPlain && given.complete ? MADE[kind] : undefined
    const first = (part: keyof Made): Fact<string> | null =>
      made?.[part].map(set).find(fact => fact !== null) ?? null
    const moves =
      words.some(text => /^-p\d*$|port|\.(?:conf|cnf)|[$\0\uFFFD]/.test(text)) || set('PGPORT') !== null
    const database: Database = {
      service,
      kind,
      port: isPlain && !moves ? port : null,
      plain: kind === 'Redis' && isPlain && words.every(text => !/tls|\.conf|[$\0\uFFFD]/.test(text)),
      user: first('user'),
      password: kind === 'Redis' && isPlain ? requiredPassword(service) : first('password'),
      rootPassword: first('rootPassword'),
      database: first('database'),
      unread: made === undefined ? null : unreadOf(image, given.variables),
    }
    for (const { name, ports } of service.reachedAs ?? [])
      found.set(name, { ...database, port: ports === null ? database.port : outerPort(ports, database.port) })
    if (service.reachedAs !== undefined) continue
    for (const name of [
      service.name,
      service.containerName?.known === true ? service.containerName.value : service.name,
    ])
      found.set(name.toLowerCase(), database)
  }
  return found
})

/** The one port of a name that leads to a port; null where none does, or several do. */
function outerPort(ports: ReadonlyMap<number, number | null>, inner: number | null): number | null {
  const [first, ...others] = [...ports].flatMap(([outer, behind]) => (behind === inner ? [outer] : []))
  return first === undefined || others.length > 0 ? null : first
}

/** Files that may say another port, user or password. */
function hasConfiguration({ volumes }: ComposeService): boolean {
  return volumes.some(
    ({ target }) =>
      !target.known || /\.(?:conf|cnf)$|^\/etc(?:\/|$)|initdb|^\/usr\/local\/etc/.test(target.value),
  )
}

/** `--requirepass` of the command. */
function requiredPassword({ command }: ComposeService): Fact<string> | null {
  const words = command?.words ?? []
  const index = words.findIndex(({ text }) => text === '--requirepass')
  const word = index === -1 ? undefined : words[index + 1]
  if (word === undefined || command === null || word.text === '') return null
  if (/[$\0\uFFFD]/.test(word.text)) return unknown('a variable of Compose', command.at)
  return known(word.text, command.at)
}
