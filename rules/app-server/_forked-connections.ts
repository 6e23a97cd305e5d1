import { posix } from 'node:path'
import type { Place, Source } from '../../parsers/text/source.ts'
import { importedNames } from '../../src/deployment/django/imported-names.ts'
import { requiredLibraries } from '../../src/deployment/django/python-libraries.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { type LoadedFiles, loadedBy } from './_loaded-files.ts'
import {
  calledAtImport,
  codeOfModule,
  isRebound,
  isUsedInFunction,
  runsAtImport,
} from './_python-at-import.ts'
import { enginesIn, urlOf } from './_sqlalchemy-engines.ts'

/** A connection that an application opens while it is loaded, and that its functions use later. */
export interface ForkedConnection {
  readonly at: Place
  /** What processes do that have it together. */
  readonly harm: string
  /** False for a client that copes with a fork, and only warns of it. */
  readonly breaks: boolean
}

interface Module {
  readonly path: string
  readonly source: Source
  readonly code: string
}

/** Whoever thinks of processes has a way of his own. */
const KNOWS_FORKS =
  /^[ \t]*(?:import|from)[ \t]+uwsgi|postfork|post_fork|register_at_fork|\bgetpid\b|\.dispose\(|\bNullPool\b|\bpoolclass\b|connect[ \t]*=[ \t]*False/m

/** The first connection that a program has open before it forks; null where none is seen. */
export function connectionBeforeFork(
  deployment: Deployment,
  program: AppServerProgram,
): ForkedConnection | null {
  const loaded = loadedBy(deployment, program)
  if (loaded === null) return null
  const modules = loaded.paths.flatMap((path): readonly Module[] => {
    const source = sourceAt(loaded.files, path)
    return source === null || source.template ? [] : [{ path, source, code: codeOfModule(source) }]
  })
  if (!modules.some(({ code }) => OPENS.test(code)) || modules.some(({ code }) => KNOWS_FORKS.test(code)))
    return null
  for (const module of modules) {
    const found = connectionIn(module, modules, loaded)
    if (found !== null) return found
  }
  return pooledConnection(program, loaded, modules, factoryOf(deployment, program))
}

const OPENS =
  /\bconnect\(|ConnectionPool\(|BlockingConnection\(|MongoClient\(|Producer\(|\bcreate_engine\(|\bSQLAlchemy\(/

interface Client {
  /** What makes one, as the import calls it. */
  readonly call: string
  readonly harm: string
  readonly breaks?: false
}

const OF_POSTGRES =
  'SSL error: decryption failed or bad record mac, lost synchronization with server, server closed the connection unexpectedly'
const OF_MYSQL =
  'Packet sequence number wrong, Commands out of sync, Lost connection to MySQL server during query'
const answers = (said: string): string => `take each other’s answers: ${said}`
const UNSENT =
  'have no thread that sends, so that nothing arrives: the thread is in the process that loaded it'

/** Clients by the module that has them. */
const CLIENTS: ReadonlyMap<string, Client> = new Map([
  ['psycopg2', { call: 'connect', harm: answers(OF_POSTGRES) }],
  ['psycopg', { call: 'connect', harm: answers(OF_POSTGRES) }],
  ['psycopg2.pool', { call: '(?:Simple|Threaded)ConnectionPool', harm: answers(OF_POSTGRES) }],
  ['MySQLdb', { call: 'connect', harm: answers(OF_MYSQL) }],
  ['pymysql', { call: 'connect', harm: answers(OF_MYSQL) }],
  ['mariadb', { call: 'connect', harm: answers(OF_MYSQL) }],
  ['mysql.connector', { call: 'connect', harm: answers(OF_MYSQL) }],
  ['mysql.connector.pooling', { call: 'MySQLConnectionPool', harm: answers(OF_MYSQL) }],
  ['pika', { call: 'BlockingConnection', harm: answers('StreamLostError, UNEXPECTED_FRAME') }],
  ['kafka', { call: 'KafkaProducer', harm: UNSENT }],
  ['confluent_kafka', { call: 'Producer', harm: UNSENT }],
  [
    'pymongo',
    {
      call: 'MongoClient',
      harm: 'may wait for ever for its locks: MongoClient opened before fork. May not be entirely fork-safe, proceed with caution',
      breaks: false,
    },
  ],
])

function connectionIn(
  module: Module,
  modules: readonly Module[],
  loaded: LoadedFiles,
): ForkedConnection | null {
  const { source, code } = module
  for (const [library, { call, harm, breaks = true }] of CLIENTS) {
    const callee = calleeOf(code, library, call)
    if (callee === null) continue
    for (const match of code.matchAll(
      new RegExp(`^([ \\t]*)(\\w+)[ \\t]*(?::[^=\\n]+)?=[ \\t]*(${callee})\\([ \\t\\n]*([^\\n]*)`, 'gm'),
    )) {
      const [whole, depth = '', name = '', made = '', first = ''] = match
      // A pool that begins empty opens nothing yet.
      if (/Pool$/.test(made) && /^(?:minconn[ \t]*=[ \t]*)?0\b/.test(first)) continue
      const start = match.index + whole.indexOf(made, depth.length + name.length)
      if (!runsAtImport(code, start, new Set()) || !isUsedLater(name, module, modules, loaded)) continue
      return { at: { source, start, end: start + made.length }, harm, breaks }
    }
  }
  return null
}

/** A pattern of the names by which a module calls what a library has; null where it does not import it. */
function calleeOf(code: string, library: string, call: string): string | null {
  const escaped = library.replaceAll('.', '\\.')
  const [, alias] = new RegExp(`^import[ \\t]+${escaped}(?:[ \\t]+as[ \\t]+(\\w+))?[ \\t]*(?:,|$)`, 'm').exec(
    code,
  ) ?? [null]
  const [parent, last] = [
    posix.dirname(library.replaceAll('.', '/')).replaceAll('/', '.'),
    library.split('.').at(-1)!,
  ]
  const names = [
    ...(alias === null ? [] : [`${alias ?? escaped}\\.${call}`]),
    ...(new RegExp(`^from[ \\t]+${escaped}[ \\t]+import\\b[^\\n]*\\b${call}\\b(?![ \\t]+as)`, 'm').test(code)
      ? [call]
      : []),
    ...(parent !== '.' &&
    new RegExp(
      `^from[ \\t]+${parent.replaceAll('.', '\\.')}[ \\t]+import\\b[^\\n]*\\b${last}\\b(?![ \\t]+as)`,
      'm',
    ).test(code)
      ? [`${last}\\.${call}`]
      : []),
  ]
  return names.length === 0 ? null : names.join('|')
}

/** True where functions use what a module has made, or what it makes of it: a cursor, a channel, a database. */
function isUsedLater(
  name: string,
  module: Module,
  modules: readonly Module[],
  { files }: LoadedFiles,
): boolean {
  const derived = [...module.code.matchAll(new RegExp(`^(\\w+)[ \\t]*=[ \\t]*${name}[.[]`, 'gm'))].map(
    match => match[1]!,
  )
  const names = [name, ...derived]
  if (names.some(each => isRebound(module.code, each))) return false
  if (names.some(each => isUsedInFunction(module.code, each))) return true
  const own = posix.basename(module.path, '.py')
  return modules.some(other => {
    if (other === module) return false
    const imports = importedNames(files, other.path)
    const isImported = imports.some(
      imported => imported.name === own || (imported.name === null && imported.module === own),
    )
    return names.some(
      each =>
        !isRebound(other.code, each) &&
        ((imports.some(imported => imported.name === each) && isUsedInFunction(other.code, each)) ||
          (isImported && isUsedInFunction(other.code, `${own}.${each}`))),
    )
  })
}

/** The function that a command has make the application: `create_app` of `shop:create_app()`. */
function factoryOf(deployment: Deployment, program: AppServerProgram): string | null {
  return /^(\w+)\(/.exec(deployment.moduleOf(program)?.attribute ?? '')?.[1] ?? null
}

/** A connection that goes back to the pool of an engine of SQLAlchemy, from which all processes then take it. */
function pooledConnection(
  program: AppServerProgram,
  loaded: LoadedFiles,
  modules: readonly Module[],
  factory: string | null,
): ForkedConnection | null {
  const said = databaseErrors(program, loaded, modules)
  if (said === null) return null
  const called = new Set([
    ...modules.flatMap(({ code }) => calledAtImport(code)),
    ...(factory === null ? [] : [factory]),
  ])
  const names = (pattern: RegExp): readonly string[] =>
    modules.flatMap(({ code }) => [...code.matchAll(pattern)].map(match => match[1]!))
  const engines = names(/^(\w+)[ \t]*(?::[^=\n]+)?=[ \t]*(?:\w+\.)*create_engine\(/gm)
  const databases = names(/^(\w+)[ \t]*(?::[^=\n]+)?=[ \t]*(?:\w+\.)*SQLAlchemy\(/gm)
  const makers = names(/^(\w+)[ \t]*(?::[^=\n]+)?=[ \t]*(?:\w+\.)*(?:sessionmaker|scoped_session)\(/gm)
  const sessions = [
    ...makers,
    ...(makers.length === 0
      ? []
      : names(new RegExp(`^(\\w+)[ \\t]*=[ \\t]*(?:\\w+\\.)?(?:${makers.join('|')})\\(\\)`, 'gm'))),
  ]
  const uses = [
    ...engines.flatMap(engine => [
      `\\b${engine}\\.(?:connect|begin|execute|scalar|raw_connection)(?=\\()`,
      `\\b\\w+(?:\\.\\w+)*\\.(?:create_all|drop_all|reflect)(?=\\((?:bind[ \\t]*=[ \\t]*)?(?:\\w+\\.)?${engine}\\b)`,
      `\\b(?:\\w+\\.)?(?:inspect|read_sql\\w*)(?=\\((?:[^()\\n]*[, ])?(?:con[ \\t]*=[ \\t]*)?${engine}[ \\t]*[,)])`,
      `\\bautoload_with(?=[ \\t]*=[ \\t]*${engine}\\b)`,
    ]),
    ...databases.map(
      database =>
        `\\b${database}\\.(?:create_all|drop_all|reflect|session\\.(?:query|execute|scalars?|commit))(?=\\()`,
    ),
    ...sessions.map(session => `\\b${session}\\.(?:query|execute|scalars?)(?=\\()`),
  ]
  if (uses.length === 0) return null
  const use = new RegExp(uses.join('|'), 'g')
  for (const { source, code } of modules)
    for (const match of code.matchAll(use)) {
      const { index: start, 0: text } = match
      if (!runsAtImport(code, start, called)) continue
      return { at: { source, start, end: start + text.length }, harm: answers(said), breaks: true }
    }
  return null
}

const SERVERS: readonly (readonly [scheme: RegExp, library: RegExp, errors: string])[] = [
  [/^(?:postgres|postgresql|cockroachdb)\b/, /^(?:psycopg(?:2(?:-binary)?)?|pg8000)$/, OF_POSTGRES],
  [/^(?:mysql|mariadb)\b/, /^(?:mysqlclient|pymysql|mysql-connector-python|mariadb)$/, OF_MYSQL],
]

/**
 * What the clients of the server say to which all engines of an application connect; null where one of them may be a
 * file, or where nobody knows.
 */
function databaseErrors(
  program: AppServerProgram,
  { files, own }: LoadedFiles,
  modules: readonly Module[],
): string | null {
  const engines = modules.flatMap(({ source }) => enginesIn(source))
  if (engines.length === 0 || engines.some(({ isAsync }) => isAsync)) return null
  const errors = engines.map(engine => {
    const url = urlOf(engine, program)
    if (url !== null) return SERVERS.find(([scheme]) => scheme.test(url.text))?.[2] ?? null
    if (modules.some(({ code }) => /\bsqlite/i.test(code))) return null
    const required = requiredLibraries(files, own)
    return SERVERS.find(([, library]) => required.some(({ name }) => library.test(name)))?.[2] ?? null
  })
  return errors.includes(null) ? null : (errors[0] ?? null)
}
