import { memo } from '../../parsers/collections/memo.ts'
import type { PythonExpression } from '../../parsers/python/python-module.ts'
import { type Fact, known, unknown } from '../../parsers/text/fact.ts'
import { type Place, placeText, type Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { assignedValue } from '../django/_behind-nginx.ts'
import { literalPlace } from '../django/_literal-place.ts'
import { type ContainerVariable, containerVariables } from './_container-variables.ts'
import { type Database, type DatabaseKind, kindOfScheme, OF_SQL } from './_databases.ts'

/** What a container is told to connect to. */
export interface DatabaseClient {
  readonly kind: DatabaseKind | null
  readonly host: string
  readonly port: Fact<string> | null
  readonly user: Fact<string> | null
  readonly password: Fact<string> | null
  readonly database: Fact<string> | null
  /** True where it names no other host but by a name: an unknown one is a fault. */
  readonly whole: boolean
  /** True where it asks for TLS. */
  readonly tls: boolean
  /** True for a URL, whose missing password is none. */
  readonly isUrl: boolean
  /** True where a file that is kept to be copied says it, which may hold other passwords than the deployment. */
  readonly isExample: boolean
  readonly at: Place
}

/** All that a container is told to connect to, by its variables and by the settings of its projects. */
export function* databaseClients(
  container: Container,
  settings: readonly DjangoSettings[],
  databases: ReadonlyMap<string, Database>,
): Iterable<DatabaseClient> {
  const variables = containerVariables(container)
  yield* urlsOf([...variables, ...urlsIn(settings)])
  yield* hostsOf(variables, databases)
  const given = new Set(variables.map(({ value }) => (value?.known === true ? value.value : null)))
  for (const each of settings) yield* databasesIn(each, given)
}

/** The settings of the projects that containers run. */
export const settingsOfContainers = memo(
  (deployment: Deployment): ReadonlyMap<Container, readonly DjangoSettings[]> => {
    const found = new Map<Container, readonly DjangoSettings[]>()
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { container } = program.machine
      const settings = container === null ? null : (deployment.moduleOf(program)?.settings ?? null)
      if (container !== null && settings !== null)
        found.set(container, [...(found.get(container) ?? []), settings])
    }
    return found
  },
)

/** The entries of `DATABASES`, without what a variable of the container (`given`) says. */
function* databasesIn(settings: DjangoSettings, given: ReadonlySet<string | null>): Iterable<DatabaseClient> {
  const fact = settings.get('DATABASES')
  if (fact?.known !== true || fact.at === null || !(fact.value instanceof Map)) return
  const whole = assignedValue(fact.at)
  for (const entry of (fact.value as ReadonlyMap<unknown, unknown>).values()) {
    if (!(entry instanceof Map)) continue
    const set = (key: string): Fact<string> | null => {
      const value: unknown = entry.get(key)
      if (typeof value !== 'string' && typeof value !== 'number') return null
      const text = String(value)
      return text === '' ? null : known(text, literalPlace(settings, 'DATABASES', text) ?? whole)
    }
    const [host, engine] = [set('HOST'), set('ENGINE')]
    if (
      host?.known !== true ||
      host.at === null ||
      given.has(host.value) ||
      !/^[a-z0-9][\w-]*$/i.test(host.value)
    )
      continue
    const backend =
      engine?.known === true ? /\.(postgresql|postgis|mysql)\b/.exec(engine.value)?.[1] : undefined
    const kind = kindOfScheme(backend ?? '')
    if (kind === null) continue
    yield {
      kind,
      host: host.value.toLowerCase(),
      port: set('PORT'),
      user: set('USER'),
      password: set('PASSWORD'),
      database: set('NAME'),
      whole: true,
      tls: false,
      isUrl: false,
      isExample: false,
      at: host.at,
    }
  }
}

const BROKERS = ['CELERY_BROKER_URL', 'CELERY_RESULT_BACKEND', 'BROKER_URL', 'REDIS_URL']

/** The addresses of caches and brokers that are written out in settings of Django. */
function* urlsIn(all: readonly DjangoSettings[]): Iterable<ContainerVariable> {
  for (const settings of all) {
    for (const name of BROKERS) {
      const assigned = settings.expressionOf(name)
      if (assigned !== null) yield* literal(name, assigned.expression, assigned.source)
    }
    const caches = settings.expressionOf('CACHES')
    if (caches?.expression.kind !== 'dict') continue
    for (const { value } of caches.expression.entries) {
      const location = value.kind === 'dict' ? value.entries.find(isLocation)?.value : undefined
      if (location !== undefined) yield* literal('LOCATION', location, caches.source)
    }
  }
}

function isLocation({ key }: { readonly key: PythonExpression }): boolean {
  return key.kind === 'string' && key.value === 'LOCATION'
}

function* literal(name: string, expression: PythonExpression, source: Source): Iterable<ContainerVariable> {
  if (expression.kind !== 'string') return
  const { value, start, end } = expression
  yield { name, value: known(value, { source, start, end }) }
}

/** What stands in a URL for a variable. */
const HIDDEN = '\uFFFD'

const URL_FORM =
  /^(postgres(?:ql)?|postgis|mysql2?|mariadb|rediss?|mongodb|amqp)(?:\+\w+)?:\/\/(?:([^:@/\s]*)(?::([^@/\s]*))?@)?([a-zA-Z0-9][\w.-]*)(?::(\d{1,5}))?(?=[/?]|$)/

function* urlsOf(variables: readonly ContainerVariable[]): Iterable<DatabaseClient> {
  for (const { value, isExample = false } of variables) {
    if (value === null || value.at === null) continue
    // A variable of Compose hides a password, and the rest of the URL stands there all the same.
    const text = value.known ? value.value : placeText(value.at).replace(/\$(?:\{[^{}]*\}|\w+)/g, HIDDEN)
    const found = text.includes('://') ? URL_FORM.exec(text) : null
    if (found === null) continue
    const [, scheme = '', user, password, host = '', port] = found
    const { at } = value
    const kind = kindOfScheme(scheme)
    // Drivers of MongoDB take a login beside the URL.
    const isElsewhere = kind === 'MongoDB' && variables.some(({ name }) => /user|login|pass/i.test(name))
    const query = text.slice(found[0].length)
    const fact = (text: string | undefined): Fact<string> | null =>
      text === undefined || text === ''
        ? null
        : text.includes(HIDDEN)
          ? unknown('a variable of Compose', at)
          : known(decoded(text), at)
    yield {
      kind,
      host: host.toLowerCase(),
      port: fact(port),
      user:
        fact(user) ??
        (isElsewhere ? unknown('another variable may say it', at) : null) ??
        (/[?&](?:user(?:name)?)=/i.test(query) ? unknown('the query says it', at) : null),
      password:
        fact(password) ??
        (/[?&](?:pass(?:word|wd)?|pwd|auth)=/i.test(query) ? unknown('the query says it', at) : null),
      database: fact(/^\/([\w-]+)(?=[?]|$)/.exec(query)?.[1]),
      whole: true,
      tls: scheme === 'rediss',
      isUrl: true,
      isExample,
      at,
    }
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const HOST =
  /^((?:[A-Z0-9]+_)*?(?:DB|DATABASE|POSTGRES|POSTGRESQL|PG|MYSQL|MARIADB|REDIS|SQL|MONGO|RABBITMQ|PMA)(?:_SERVER)?)_?(?:HOST|HOSTNAME|SERVER|ADDRESS)$/

/** Kinds that a name says by itself. */
const NAMED: readonly (readonly [RegExp, DatabaseKind])[] = [
  [/MYSQL|MARIADB|PMA$|^WORDPRESS_DB$/, 'MySQL'],
  [/POSTGRES|PG$/, 'PostgreSQL'],
  [/REDIS$/, 'Redis'],
  [/MONGO$/, 'MongoDB'],
  [/RABBITMQ$/, 'RabbitMQ'],
]
/** `DB_HOST` and its siblings. */
function* hostsOf(
  variables: readonly ContainerVariable[],
  databases: ReadonlyMap<string, Database>,
): Iterable<DatabaseClient> {
  for (const { name, value, isExample = false } of variables) {
    const prefix = HOST.exec(name)?.[1]
    if (prefix === undefined || value?.known !== true || value.at === null) continue
    const [, host = '', written] = /^([a-z0-9][\w-]*)(?::(\d{1,5}))?$/.exec(value.value.toLowerCase()) ?? []
    if (host === '') continue
    const set = (...suffixes: readonly string[]): Fact<string> | null => {
      const wanted = suffixes.flatMap(suffix => [`${prefix}_${suffix}`, `${prefix}${suffix}`])
      return variables.findLast(each => wanted.includes(each.name))?.value ?? null
    }
    const own = new Set([...databases.values()].map(({ kind }) => kind).filter(kind => OF_SQL.has(kind)))
    const [only] = own
    const kind =
      NAMED.find(([pattern]) => pattern.test(prefix.replace(/_SERVER$/, '')))?.[1] ??
      (own.size === 1 ? (only ?? null) : null)
    yield {
      kind: databases.has(host) ? null : kind,
      host,
      port: written === undefined ? set('PORT') : known(written, value.at),
      database: set('NAME', 'DATABASE', 'DB'),
      user: set('USER', 'USERNAME'),
      password: set('PASSWORD', 'PASS', 'PASSWD'),
      whole: kind !== null,
      tls: false,
      isUrl: false,
      isExample,
      at: value.at,
    }
  }
}
