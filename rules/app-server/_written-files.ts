import { posix } from 'node:path'
import { isBelow } from '../../parsers/text/is-below.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import type { DjangoSettings, WsgiScript } from '../../src/deployment/django/settings.ts'
import { directoryOfUrl, keepsUploadsInFiles } from '../../src/deployment/django/static-settings.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import type { Fact } from '../../src/servers/fact.ts'
import { entryPlace } from '../django/_setting-entries.ts'
import { sqliteFiles } from './_sqlite-files.ts'
import { writtenByNode } from './_written-by-node.ts'

export const UPLOADS = 'keep uploads in'
export const DATABASE = 'write'

/** A file or directory that an application writes. */
export interface Written {
  readonly path: string
  readonly at: Place
  /** What the application does with it when it is used; left out for what is made at the start. */
  readonly kept?: typeof UPLOADS | typeof DATABASE
  /** Where it may lie instead. */
  readonly or?: readonly string[]
}

/** What the application itself writes, by its settings of Django. */
export function keptBy(deployment: Deployment, program: AppServerProgram): readonly Written[] {
  const loaded = deployment.moduleOf(program)
  const settings = loaded?.settings ?? null
  if (settings !== null) return [...logsOf(settings), ...databaseOf(settings), ...uploadsOf(settings)]
  return [
    ...(loaded?.script == null ? [] : uploadsOfFlask(loaded.script, program)),
    ...sqliteFiles(deployment, program).map(
      ({ paths: [path = '', ...or], at }): Written => ({ path, at, or, kept: DATABASE }),
    ),
    ...writtenByNode(program).map(
      ({ path, at, what }): Written =>
        // Multer makes its directory when the script is loaded.
        what === 'database' ? { path, at, kept: DATABASE } : { path, at },
    ),
  ]
}

/** `UPLOAD_FOLDER`, as the documentation of Flask calls it, in a module that saves what is uploaded. */
function uploadsOfFlask({ config }: WsgiScript, { directory }: AppServerProgram): readonly Written[] {
  const written = config.get('UPLOAD_FOLDER')
  if (written?.known !== true || written.at === null || typeof written.value !== 'string') return []
  const { source } = written.at
  const home = directory?.known === true ? directory.value : null
  if (!/\.save\(/.test(source.code)) return []
  // What is made of the path of the file holds where the file lies on the machine as it does here.
  const isLiteral =
    placeText(written.at).includes(written.value) || (home !== null && isBelow(source.path, home))
  const path = written.value.startsWith('/')
    ? written.value
    : home === null
      ? null
      : posix.resolve(home, written.value)
  return path === null || !isLiteral ? [] : [{ path, at: written.at, kept: UPLOADS }]
}

/** Handlers of `LOGGING` open their files when Django starts. */
function logsOf(settings: DjangoSettings): readonly Written[] {
  const handlers = itemsOf(settings.get('LOGGING'), 'handlers')
  return handlers.flatMap(([name, handler]): Written[] => {
    const path = handler.get('filename')
    if (!/(?:^|\.)\w*FileHandler$/.test(String(handler.get('class'))) || handler.get('delay') !== undefined)
      return []
    const at = entryPlace(settings, 'LOGGING', ['handlers', name, 'filename'], 'value')
    return typeof path === 'string' && at !== null ? [{ path, at }] : []
  })
}

/** SQLite writes its journal beside the file, so that the directory has to be open. */
function databaseOf(settings: DjangoSettings): readonly Written[] {
  return itemsOf(settings.get('DATABASES'), null).flatMap(([name, database]): Written[] => {
    const path = database.get('NAME')
    if (name !== 'default' || !/\.(?:sqlite3|spatialite)$/.test(String(database.get('ENGINE')))) return []
    const at = entryPlace(settings, 'DATABASES', [name, 'NAME'], 'value')
    return typeof path === 'string' && at !== null ? [{ path, at, kept: DATABASE }] : []
  })
}

/** Entries of a setting, or of one of its entries, that have entries themselves. */
function itemsOf(
  fact: Fact<unknown> | null,
  key: string | null,
): readonly (readonly [string, ReadonlyMap<unknown, unknown>])[] {
  if (fact?.known !== true || !(fact.value instanceof Map)) return []
  const held: unknown = key === null ? fact.value : fact.value.get(key)
  if (!(held instanceof Map)) return []
  return [...held].flatMap(([name, value]: [unknown, unknown]) =>
    typeof name === 'string' && value instanceof Map ? [[name, value] as const] : [],
  )
}

/** Where the application keeps what its users upload, as nginx hands it out from there. */
function uploadsOf(settings: DjangoSettings): readonly Written[] {
  const media = directoryOfUrl(settings, 'MEDIA')
  if (media?.directoryAt == null || !keepsUploadsInFiles(settings)) return []
  return [{ path: media.directory, at: media.directoryAt, kept: UPLOADS }]
}

/** The files that an application server makes: its sockets, its logs and the file with its number. */
export function writtenBy({ server, sockets }: AppServerProgram): readonly Written[] {
  const made: Written[] = []
  for (const { endpoint, at, unit } of sockets)
    if (unit === null && endpoint.known && endpoint.value.address.kind === 'unix')
      made.push({ path: endpoint.value.address.path, at })
  for (const name of FILES.get(server.program) ?? []) {
    const path = server.settings.get(name)
    if (path?.known === true && path.at !== null && typeof path.value === 'string')
      made.push({ path: path.value, at: path.at })
  }
  return made
}

/** Settings that name a file which is opened for writing at the start. */
export const FILES: ReadonlyMap<string, readonly string[]> = new Map([
  ['gunicorn', ['errorlog', 'accesslog', 'pidfile']],
  ['uwsgi', ['pidfile', 'pidfile2', 'safe-pidfile', 'logto', 'logto2', 'daemonize']],
])
