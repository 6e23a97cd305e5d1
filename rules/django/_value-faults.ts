import { isDjangoAtLeast, pinnedDjango } from '../../src/deployment/django/django-version.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { isTimeZone } from '../../src/deployment/time-zone.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { entryPlace, type SettingsFault, settingTexts, settingValue } from './_setting-entries.ts'

/** Values that Django, or a check of `manage.py`, refuses by themselves. */
export function* valueFaults(settings: DjangoSettings, files: FileSystem): Iterable<SettingsFault> {
  yield* textFaults(settings, files)
  yield* withoutDefault(settings)
  yield* oneDatabase(settings)
  yield* siteNumber(settings, files)
  yield* sessionCache(settings)
  yield* ages(settings)
  yield* people(settings, files)
}

/** What `LANGUAGE_CODE` may be, of `django.utils.translation`. */
const LANGUAGE = /^[a-z]{1,8}(?:-[a-z0-9]{1,8})*(?:@[a-z0-9]{1,20})?$/i

interface Refusal {
  readonly isRefused: (value: string) => boolean
  readonly says: (value: string) => string
  readonly label: string
  readonly help?: (value: string) => string
}

const REFUSALS: Readonly<Record<string, Refusal>> = {
  AUTH_USER_MODEL: {
    isRefused: value => value.split('.').length !== 2,
    says: () => "Django does not start: AUTH_USER_MODEL must be of the form 'app_label.model_name'",
    label: 'no model of an application',
    help: () => 'Write the label of the application and the name of the model: `accounts.User`',
  },
  TIME_ZONE: {
    isRefused: value => value !== '' && !isTimeZone(value),
    says: value => `Django does not start: Incorrect timezone setting: ${value}`,
    label: 'no time zone',
    help: () => 'Write a name of the tz database: `Europe/Berlin`, `UTC`',
  },
  LANGUAGE_CODE: {
    isRefused: value => !LANGUAGE.test(value),
    says: value =>
      `\`manage.py\` stops: (translation.E001) You have provided an invalid value for the LANGUAGE_CODE setting: '${value}'`,
    label: 'no name of a language',
    help: value => `Write \`${value.replaceAll('_', '-').toLowerCase()}\``,
  },
}

function* textFaults(settings: DjangoSettings, files: FileSystem): Iterable<SettingsFault> {
  for (const [name, { isRefused, says, label, help }] of Object.entries(REFUSALS)) {
    const value = settingValue(settings, name)
    // What a template fills in is no value yet.
    if (typeof value !== 'string' || /[{}<>%]/.test(value) || !isRefused(value)) continue
    if (name === 'LANGUAGE_CODE' && !checksLanguages(settings, files)) continue
    const at = entryPlace(settings, name, [], 'value')
    if (at !== null)
      yield { at, message: says(value), label, ...(help !== undefined && { help: help(value) }) }
  }
}

/** Django has had that check since 2.2. */
function checksLanguages(settings: DjangoSettings, files: FileSystem): boolean {
  return (
    isDjangoAtLeast(2, settings, files) !== false &&
    !/^2\.[01]\b/.test(pinnedDjango(settings, files)?.version ?? '')
  )
}

const NEED_DEFAULT = [
  ['DATABASES', "Django does not start: You must define a 'default' database"],
  ['CACHES', "`manage.py` stops: (caches.E001) You must define a 'default' cache in your CACHES setting"],
] as const

/** The names in a setting that is one whole dictionary; null where there may be others. */
function aliases(settings: DjangoSettings, name: string): ReadonlySet<unknown> | null {
  const expression = settings.expressionOf(name)?.expression
  const value = settingValue(settings, name)
  if (expression?.kind !== 'dict' || !expression.complete || !(value instanceof Map)) return null
  return new Set(value.keys())
}

function* withoutDefault(settings: DjangoSettings): Iterable<SettingsFault> {
  for (const [name, message] of NEED_DEFAULT) {
    const names = aliases(settings, name)
    const at =
      names === null || names.size === 0 || names.has('default')
        ? null
        : entryPlace(settings, name, [], 'value')
    if (at !== null) yield { at, message, label: 'no `default`' }
  }
}

/** What reads the URL of one database, and gives back the settings of that alone. */
const READS_DATABASE = /^(?:dj_database_url\.(?:config|parse)|\w*env\w*\.(?:db|db_url|dj_db_url))$/i

function* oneDatabase(settings: DjangoSettings): Iterable<SettingsFault> {
  const expression = settings.expressionOf('DATABASES')?.expression
  if (expression?.kind !== 'call' || !READS_DATABASE.test(expression.callee)) return
  const at = entryPlace(settings, 'DATABASES', [], 'value')
  if (at !== null)
    yield {
      at,
      message: `\`${expression.callee}()\` is one database, and \`DATABASES\` names several, so Django does not start: You must define a 'default' database`,
      label: 'no `default`',
      help: `Write \`DATABASES = {"default": ${expression.callee}(…)}\``,
    }
}

function* siteNumber(settings: DjangoSettings, files: FileSystem): Iterable<SettingsFault> {
  const value = settingValue(settings, 'SITE_ID')
  if (typeof value !== 'string' || isDjangoAtLeast(3, settings, files) !== true) return
  if (settingTexts(settings, 'INSTALLED_APPS')?.includes('django.contrib.sites') !== true) return
  const at = entryPlace(settings, 'SITE_ID', [], 'value')
  if (at !== null)
    yield {
      at,
      message: '`manage.py` stops: (sites.E101) The SITE_ID setting must be an integer',
      label: 'a text',
      help: /^\d+$/.test(value) ? `Write \`${value}\`` : 'Write the number of the site',
    }
}

const IN_CACHE: ReadonlySet<unknown> = new Set([
  'django.contrib.sessions.backends.cache',
  'django.contrib.sessions.backends.cached_db',
])

function* sessionCache(settings: DjangoSettings): Iterable<SettingsFault> {
  const alias = settingValue(settings, 'SESSION_CACHE_ALIAS')
  const caches = aliases(settings, 'CACHES')
  if (typeof alias !== 'string' || caches === null || caches.has(alias)) return
  if (!IN_CACHE.has(settingValue(settings, 'SESSION_ENGINE'))) return
  const at = entryPlace(settings, 'SESSION_CACHE_ALIAS', [], 'value')
  if (at !== null)
    yield {
      at,
      message: `every request with a session is answered with 500: The connection '${alias}' doesn't exist`,
      label: 'not in `CACHES`',
    }
}

/** What Django adds to the time. */
function* ages(settings: DjangoSettings): Iterable<SettingsFault> {
  const databases = settingValue(settings, 'DATABASES')
  if (!(databases instanceof Map)) return
  for (const [alias, database] of databases as ReadonlyMap<string, unknown>) {
    const age: unknown = database instanceof Map ? database.get('CONN_MAX_AGE') : undefined
    const at =
      typeof age === 'string' ? entryPlace(settings, 'DATABASES', [alias, 'CONN_MAX_AGE'], 'value') : null
    if (at !== null)
      yield {
        at,
        message:
          "`CONN_MAX_AGE` is a text, so Django connects to no database: TypeError: unsupported operand type(s) for +: 'float' and 'str'",
        label: 'a text',
        help: `Write \`${typeof age === 'string' && /^\d+$/.test(age) ? age : '60'}\``,
      }
  }
}

function* people(settings: DjangoSettings, files: FileSystem): Iterable<SettingsFault> {
  // Django 6.0 takes addresses alone.
  if (isDjangoAtLeast(6, settings, files) !== false) return
  for (const name of ['ADMINS', 'MANAGERS']) {
    const value = settingValue(settings, name)
    if (!Array.isArray(value)) continue
    const items = value as readonly unknown[]
    if (!items.some(each => typeof each === 'string')) continue
    const at = entryPlace(settings, name, [], 'value')
    if (at !== null)
      yield {
        at,
        message: `no mail of an error is sent: The ${name} setting must be a list of 2-tuples`,
        label: 'no pairs of a name and an address',
        help: `Write \`${name} = [("Name", "name@example.org")]\``,
      }
  }
}
