import { type Fact, known } from '../../parsers/text/fact.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { ContainerVariable } from './_container-variables.ts'
import type { DatabaseClient } from './_database-clients.ts'
import { type Database, type DatabaseKind, OF_SQL } from './_databases.ts'

/** True for one that logs in as the superuser that the image makes, and that may make other users. */
export function isMaker(own: DatabaseClient['user'], { kind, user }: Database): boolean {
  return kind === 'PostgreSQL' && user?.known === true && own?.known === true && own.value === user.value
}

/**
 * True where the container of a client has the password of the account that may make others beside one of its own: a
 * program that makes its user and its database itself.
 */
export function hasRootPassword(
  { password }: DatabaseClient,
  { rootPassword }: Database,
  variables: readonly ContainerVariable[],
): boolean {
  const root = writtenIn(rootPassword)
  return (
    root !== null &&
    writtenIn(password) !== root &&
    variables.some(({ name, value }) => /pass|pwd|secret/i.test(name) && writtenIn(value) === root)
  )
}

/** The value, or the variable of Compose that gives it. */
function writtenIn(fact: Fact<string> | null): string | null {
  if (fact?.known === true) return fact.value === '' ? null : fact.value
  return fact?.at == null ? null : (/\$(?:\{\w+|\w+)/.exec(placeText(fact.at))?.[0].replace('{', '') ?? null)
}

interface Seen {
  /** True where a client of the same container may make users. */
  readonly hasMaker: boolean
  /** True where the program of the client is seen to make no database. */
  readonly makesNone: boolean
  /** True where its code may say in which database of MongoDB the user is. */
  readonly saysAuthSource: () => boolean
}

/**
 * What a database refuses first of a client that reaches it; null where nothing is seen.
 *
 * @param seen what else is known of the container of the client
 */
export function refusal(
  client: DatabaseClient,
  database: Database,
  { hasMaker, makesNone, saysAuthSource }: Seen,
): RuleFinding | null {
  if (client.kind !== null && client.kind !== database.kind) return null
  return (
    otherPort(client, database) ??
    withoutTls(client, database) ??
    login(client, database, hasMaker, saysAuthSource) ??
    (makesNone ? noDatabase(client, database) : null)
  )
}

/** A database that the image does not make, since its name is in no variable that it reads, or another one is. */
function noDatabase(client: DatabaseClient, database: Database): RuleFinding | null {
  const { service, kind, unread } = database
  const { database: asked } = client
  if (!OF_SQL.has(kind) || asked?.known !== true || asked.value === '' || client.isExample) return null
  const made = madeBy(database)
  if (made === undefined || made === asked.value) return null
  const isUnread = unread?.value.known === true && unread.value.value === asked.value
  // Of MySQL without a variable nobody knows who makes it.
  if (kind === 'MySQL' && !isUnread) return null
  if (/^(?:postgres|template[01]|mysql)$/.test(asked.value)) return null
  const does = made === null ? 'makes no database' : `makes the database \`${made}\` alone`
  const said =
    kind === 'MySQL' ? `Unknown database '${asked.value}'` : `FATAL: database "${asked.value}" does not exist`
  return {
    at: isUnread ? unread.at : placed(client, asked),
    severity: 'warning',
    message: isUnread
      ? `the image of the service \`${service.name}\` does not know \`${unread.name}\` and ${does}: ${said}`
      : `the service \`${service.name}\` ${does}, and this asks for \`${asked.value}\`: ${said}`,
    label: isUnread ? 'read by the application alone' : 'no such database',
    related: given(service, isUnread ? null : database.database),
    help: `Set \`${kind === 'MySQL' ? 'MYSQL_DATABASE' : 'POSTGRES_DB'}: ${asked.value}\` for the database, before its first start`,
  }
}

/** The database that the image makes, null for none, undefined where nobody knows. */
function madeBy({ kind, database, password, unread }: Database): string | null | undefined {
  if (database !== null) return database.known ? database.value : undefined
  if (kind === 'PostgreSQL') return password === null ? undefined : 'postgres'
  return unread === null ? undefined : null
}

/** A name in a variable of the database itself, which its image does not know; null where it makes that one anyway. */
export function unreadName(database: Database): RuleFinding | null {
  const { service, kind, unread } = database
  const made = madeBy(database)
  if (unread?.value.known !== true || made === undefined || made === unread.value.value) return null
  if (!service.environment.some(({ name }) => name === unread.name)) return null
  const variable = kind === 'MySQL' ? 'MYSQL_DATABASE' : 'POSTGRES_DB'
  return {
    at: unread.at,
    severity: 'warning',
    message: `the image of the service \`${service.name}\` does not know \`${unread.name}\`, and makes ${made === null ? 'no database' : `the database \`${made}\` alone`}: ${kind === 'MySQL' ? `Unknown database '${unread.value.value}'` : `FATAL: database "${unread.value.value}" does not exist`}`,
    label: 'no variable of the image',
    help: `Write \`${variable}\``,
  }
}

export function otherPort(client: DatabaseClient, { service, kind, port }: Database): RuleFinding | null {
  if (port === null || client.port?.known !== true || !/^\d+$/.test(client.port.value)) return null
  const asked = Number(client.port.value)
  if (asked === port) return null
  const published = service.ports.find(
    each => each.published?.known === true && each.published.value.first === asked,
  )
  return {
    at: placed(client, client.port),
    message: `${kind} of the service \`${service.name}\` listens on port ${port}${published === undefined ? '' : `, and ${client.port.value} is a port of the host`}: Connection refused`,
    label: 'no port of the container',
    related: [
      {
        at: published?.at ?? service.at,
        message: published === undefined ? 'the database' : 'published here for the host',
      },
    ],
    help: `Connect to port ${port}`,
  }
}

function withoutTls(client: DatabaseClient, { service, plain }: Database): RuleFinding | null {
  if (!client.tls || !plain) return null
  return {
    at: client.at,
    message: `Redis of the service \`${service.name}\` speaks no TLS, which \`rediss://\` asks for: [SSL: WRONG_VERSION_NUMBER]`,
    label: 'TLS',
    related: [{ at: service.at, message: 'the database' }],
    help: 'Write `redis://`',
  }
}

function login(
  client: DatabaseClient,
  database: Database,
  hasMaker: boolean,
  saysAuthSource: () => boolean,
): RuleFinding | null {
  const { kind } = database
  if (kind === 'Redis') return withoutPassword(client, database) ?? otherPassword(client, database)
  if (kind === 'RabbitMQ') return otherUserOfRabbit(client, database) ?? otherPassword(client, database)
  if (kind === 'MongoDB')
    return (
      refusedByMongo(client, database, saysAuthSource) ??
      (isSameUser(client, database) ? otherPassword(client, database) : null)
    )
  // Its superuser may do all, with a password of its own.
  if (kind === 'MySQL' && (client.user?.known !== true || client.user.value === 'root')) return null
  const wanted = userOf(database)
  if (
    OF_SQL.has(kind) &&
    wanted?.known === true &&
    client.user?.known === true &&
    client.user.value !== '' &&
    client.user.value !== wanted.value
  )
    return hasMaker ? null : otherUser(client, database, client.user, wanted.value)
  return (hasMaker ? null : otherDatabase(client, database)) ?? otherPassword(client, database)
}

/** The user that the image makes. */
function userOf({ kind, user, password }: Database): Fact<string> | null {
  return user ?? (kind === 'PostgreSQL' && password !== null ? known('postgres', null) : null)
}

function isSameUser({ user: own }: DatabaseClient, { user }: Database): boolean {
  return own?.known === true && user?.known === true && own.value === user.value
}

function otherUserOfRabbit(client: DatabaseClient, { service, user }: Database): RuleFinding | null {
  const own = client.user ?? known('guest', client.at)
  if (!client.isUrl || user?.known !== true || !own.known) return null
  if (own.value === user.value || TO_REPLACE.test(user.value)) return null
  return {
    at: placed(client, own),
    message: `RabbitMQ of the service \`${service.name}\` has the user \`${user.value}\`, and no other one, and this logs in as \`${own.value}\`: ACCESS_REFUSED`,
    label: 'no such user',
    related: given(service, user),
  }
}

function withoutPassword(client: DatabaseClient, { service, password }: Database): RuleFinding | null {
  if (password === null || !client.isUrl || client.password !== null) return null
  return {
    at: client.at,
    message: `Redis of the service \`${service.name}\` asks for a password, and this has none: NOAUTH Authentication required`,
    label: 'no password',
    related: given(service, password),
    help: `Write the password in front of the host: \`redis://:PASSWORD@${service.name}:6379\``,
  }
}

/** The one user that its image makes is of the database `admin`, which a client looks for in the one that it names. */
function refusedByMongo(
  client: DatabaseClient,
  { service, user, password }: Database,
  saysAuthSource: () => boolean,
): RuleFinding | null {
  if (!client.isUrl || user === null || password === null) return null
  const related = [{ at: user.at ?? service.at, message: 'the database has this user' }]
  const url = placeText(client.at)
  const database = /^\W*[\w+]+:\/\/[^/]*\/([\w-]*)/.exec(url)?.[1] ?? ''
  if (client.user === null && client.password === null && !url.includes('@') && client.whole)
    return {
      at: client.at,
      message: `MongoDB of the service \`${service.name}\` asks for a login, and this has none: Command requires authentication`,
      label: 'no login',
      related,
    }
  // The password may be a variable; what else is one may say another database.
  const beside = url.replace(/^(\W*[\w+]+:\/\/)[^@/]*@/, '$1')
  const name = nameOfUser(client, user, url)
  if (
    name === null ||
    database === '' ||
    database === 'admin' ||
    /authSource|authMechanism|[$\0\uFFFD]/i.test(beside) ||
    saysAuthSource()
  )
    return null
  return {
    at: client.at,
    message: `the user \`${name}\` of the service \`${service.name}\` is one of the database \`admin\`, and is looked for in \`${database}\`: Authentication failed`,
    label: 'another `authSource`',
    related,
    help: 'Add `?authSource=admin` to the URL',
  }
}

/** The user of a URL, where it is the one that the image makes: by its name, or by one variable for both. */
function nameOfUser({ user: own }: DatabaseClient, user: Fact<string>, url: string): string | null {
  if (own?.known === true) return user.known && own.value === user.value ? own.value : null
  const [, written] = /^\W*[\w+]+:\/\/(\$(?:\{\w+\}|\w+)):/.exec(url) ?? []
  const variable = written?.replace(/[${}]/g, '')
  return variable !== undefined && !user.known && user.at !== null && isVariable(placeText(user.at), variable)
    ? written!
    : null
}

function isVariable(text: string, name: string): boolean {
  return new RegExp(`(?:^|[=:\\s"'])\\$(?:\\{${name}\\}|${name})["']?$`).test(text)
}

function otherUser(
  client: DatabaseClient,
  { service, kind, user }: Database,
  own: Fact<string> & { readonly known: true },
  wanted: string,
): RuleFinding {
  return {
    at: placed(client, own),
    severity: 'warning',
    message: `the service \`${service.name}\` makes the user \`${wanted}\`, and this logs in as \`${own.value}\`: ${REFUSALS[kind]}`,
    label: 'no such user',
    related: given(service, user),
  }
}

/** The user of MySQL may use the one database alone; the one of PostgreSQL may make others. */
function otherDatabase(client: DatabaseClient, { service, kind, database }: Database): RuleFinding | null {
  if (kind !== 'MySQL' || database?.known !== true || client.database?.known !== true) return null
  if (client.database.value === database.value || client.database.value === '') return null
  return {
    at: placed(client, client.database),
    severity: 'warning',
    message: `the service \`${service.name}\` makes the database \`${database.value}\`, and this asks for \`${client.database.value}\`: Unknown database`,
    label: 'no such database',
    related: given(service, database),
  }
}

function otherPassword(client: DatabaseClient, { service, kind, password }: Database): RuleFinding | null {
  if (password?.known !== true || client.password?.known !== true) return null
  if (client.password.value === password.value) return null
  // What everybody is to replace says nothing of what they write.
  if (TO_REPLACE.test(password.value) || TO_REPLACE.test(client.password.value)) return null
  return {
    at: placed(client, client.password),
    severity: 'warning',
    message: `the service \`${service.name}\` was given another password: ${REFUSALS[kind]}`,
    label: 'not the same',
    related: given(service, password),
  }
}

const REFUSALS: Readonly<Partial<Record<DatabaseKind, string>>> = {
  PostgreSQL: 'password authentication failed',
  MySQL: 'Access denied for user',
  Redis: 'WRONGPASS invalid username-password pair',
  MongoDB: 'Authentication failed',
  RabbitMQ: 'ACCESS_REFUSED',
}

/** A value that is left empty is to be filled in, too. */
const TO_REPLACE = /^$|^<.*>$|^\[.*\]$|\b(?:your|change.?me|replace.?me)\b/i

function placed({ at }: DatabaseClient, fact: Fact<string>): Place {
  return fact.at ?? at
}

function given({ at }: Database['service'], fact: Fact<string> | null): NonNullable<RuleFinding['related']> {
  return [{ at: fact?.at ?? at, message: 'the database has this one' }]
}
