import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'

/** A file of an application that no client is to get. */
export interface ProgramFile {
  readonly machine: Machine
  readonly path: string
  readonly what: 'program' | 'database'
  readonly at: Place
}

/** The scripts that mod_wsgi runs and the modules that application servers load, with the settings that they name. */
export function programFiles(deployment: Deployment): readonly ProgramFile[] {
  const scripts = deployment.applications.flatMap(application => {
    const { alias } = application
    if (alias.regex || !alias.script.known || !alias.script.value.startsWith('/')) return []
    const { machine } = deployment.programOf(application.configuration)
    const settings = deployment.pythonOf(application)?.settings ?? null
    return filesOf(machine, alias.scriptAt, alias.script.value, settings)
  })
  const modules = programsOfKind(deployment, 'app-server').flatMap(program => {
    const { server, machine, isSeen, directory } = program
    const loaded = isSeen || directory?.known === true ? deployment.moduleOf(program) : null
    if (loaded === null || loaded.source === null || loaded.source === 'missing') return []
    return filesOf(machine, server.application?.at ?? server.at, loaded.source.path, loaded.settings)
  })
  return [...scripts, ...modules]
}

function filesOf(
  machine: Machine,
  at: Place,
  script: string,
  settings: DjangoSettings | null,
): readonly ProgramFile[] {
  const database = settings === null ? null : sqliteFile(settings)
  return [
    ...[script, ...(settings?.files ?? [])].map(path => ({ machine, path, what: 'program', at }) as const),
    ...(database === null ? [] : [{ machine, path: database, what: 'database', at } as const]),
  ]
}

/** The file of the default database, where it is SQLite's. */
function sqliteFile(settings: DjangoSettings): string | null {
  const databases = settings.get('DATABASES')
  const database =
    databases?.known === true && databases.value instanceof Map ? databases.value.get('default') : undefined
  if (!(database instanceof Map) || database.get('ENGINE') !== 'django.db.backends.sqlite3') return null
  const name = database.get('NAME')
  return typeof name === 'string' && name.startsWith('/') ? name : null
}
