import { isDjangoAtLeast, isPackageAtLeast } from '../../src/deployment/django/django-version.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { entryPlace, type SettingsFault, settingTexts, settingValue } from './_setting-entries.ts'

/** What keeps the applications, middleware and templates that settings name from working together. */
export function* applicationFaults(settings: DjangoSettings, files: FileSystem): Iterable<SettingsFault> {
  yield* applications(settings, files)
  yield* daphneFirst(settings)
  yield* sessionsFirst(settings)
  yield* sessionsInstalled(settings)
  yield* templateLoaders(settings)
  yield* allauth(settings, files)
}

function* applications(settings: DjangoSettings, files: FileSystem): Iterable<SettingsFault> {
  // The registry of applications came with 1.7.
  if (isDjangoAtLeast(2, settings, files) === false && isDjangoAtLeast('1.7', settings, files) !== true)
    return
  const texts = settingTexts(settings, 'INSTALLED_APPS') ?? []
  const seen = new Set<string>()
  for (const [index, text] of texts.entries()) {
    if (text === null) continue
    const [, whole = '', last = '', config = ''] = /^((?:\w+\.)*(\w+))\.apps\.(\w+)$/.exec(text) ?? []
    const isOwn =
      config.replace(/(?:App)?Config$/, '').toLowerCase() === last.replaceAll('_', '').toLowerCase()
    const name = whole !== '' && isOwn ? whole : text
    if (!seen.has(name)) {
      seen.add(name)
      continue
    }
    const at = entryPlace(settings, 'INSTALLED_APPS', [index], 'value')
    if (at === null) continue
    yield {
      at,
      message: `\`${name}\` is installed a second time, so Django does not start: Application labels aren't unique, duplicates: ${name.replace(/^.*\./, '')}`,
      label: 'a second time',
    }
  }
}

/** https://github.com/django/daphne/blob/main/daphne/checks.py */
function* daphneFirst(settings: DjangoSettings): Iterable<SettingsFault> {
  const texts = settingTexts(settings, 'INSTALLED_APPS') ?? []
  const index = texts.findIndex(text => text === 'daphne' || text === 'daphne.apps.DaphneConfig')
  const before = texts.findIndex(text =>
    /^django\.contrib\.staticfiles(?:\.apps\.StaticFilesConfig)?$/.test(text ?? ''),
  )
  if (index === -1 || before === -1 || before > index) return
  if (settings.get('SILENCED_SYSTEM_CHECKS') !== null) return
  const at = entryPlace(settings, 'INSTALLED_APPS', [index], 'value')
  if (at !== null)
    yield {
      at,
      message:
        '`manage.py` stops, with `migrate` too: (daphne.E001) Daphne must be listed before django.contrib.staticfiles in INSTALLED_APPS',
      label: 'behind `django.contrib.staticfiles`',
      help: 'Put it first',
    }
}

const SESSIONS = 'django.contrib.sessions.middleware.SessionMiddleware'
const USERS = 'django.contrib.auth.middleware.AuthenticationMiddleware'
const MESSAGES = 'django.contrib.messages.middleware.MessageMiddleware'

function* sessionsFirst(settings: DjangoSettings): Iterable<SettingsFault> {
  const texts = settingTexts(settings, 'MIDDLEWARE') ?? []
  for (const name of [USERS, MESSAGES]) {
    const index = texts.indexOf(name)
    // A middleware of the project, or one that nobody knows, may make the session.
    const mayMake = (text: string | null): boolean => text === null || /session/i.test(text)
    if (index === -1 || texts.slice(0, index).some(mayMake)) continue
    if (name === MESSAGES && settings.get('MESSAGE_STORAGE') !== null) continue
    if (!texts.includes(SESSIONS) && texts.some(mayMake)) continue
    const at = entryPlace(settings, 'MIDDLEWARE', [index], 'value')
    if (at === null) continue
    yield {
      at,
      message: `\`${name.replace(/^.*\./, '')}\` needs the session, which no middleware before it makes, so every request is answered with 500`,
      label: texts.includes(SESSIONS) ? '`SessionMiddleware` stands behind it' : 'no `SessionMiddleware`',
      help: `Put \`${SESSIONS}\` before it`,
    }
  }
}

const IN_DATABASE: ReadonlySet<unknown> = new Set([
  undefined,
  'django.contrib.sessions.backends.db',
  'django.contrib.sessions.backends.cached_db',
])

/** Sessions that are kept in a table, whose model is that of the application. */
function* sessionsInstalled(settings: DjangoSettings): Iterable<SettingsFault> {
  const installed = settingTexts(settings, 'INSTALLED_APPS')
  const middleware = settingTexts(settings, 'MIDDLEWARE')
  const engine = settings.get('SESSION_ENGINE')
  if (installed === null || middleware === null || engine?.known === false) return
  if (!IN_DATABASE.has(engine?.value) || installed.some(each => each === null || /session/i.test(each)))
    return
  const index = middleware.indexOf(SESSIONS)
  const at = index === -1 ? null : entryPlace(settings, 'MIDDLEWARE', [index], 'value')
  if (at !== null)
    yield {
      at,
      message:
        "the sessions are kept in a table that no application makes, so every login is answered with 500: Model class django.contrib.sessions.models.Session doesn't declare an explicit app_label and isn't in an application in INSTALLED_APPS",
      label: '`django.contrib.sessions` is not installed',
      help: 'Add `django.contrib.sessions` to `INSTALLED_APPS`',
    }
}

function* templateLoaders(settings: DjangoSettings): Iterable<SettingsFault> {
  const engines = settingValue(settings, 'TEMPLATES')
  if (!Array.isArray(engines)) return
  for (const [index, engine] of (engines as readonly unknown[]).entries()) {
    if (!(engine instanceof Map) || engine.get('APP_DIRS') !== true) continue
    if (engine.get('BACKEND') !== 'django.template.backends.django.DjangoTemplates') continue
    const options: unknown = engine.get('OPTIONS')
    if (!(options instanceof Map) || !options.has('loaders')) continue
    const at = entryPlace(settings, 'TEMPLATES', [index, 'APP_DIRS'], 'value')
    if (at === null) continue
    yield {
      at,
      message:
        'no template is found, for `loaders` says where they are: app_dirs must not be set when loaders is defined',
      label: 'beside `loaders`',
      help: 'Leave `APP_DIRS` out, and name `django.template.loaders.app_directories.Loader` among the loaders',
    }
  }
}

const ACCOUNTS = 'allauth.account.middleware.AccountMiddleware'

function* allauth(settings: DjangoSettings, files: FileSystem): Iterable<SettingsFault> {
  const middleware = settingTexts(settings, 'MIDDLEWARE')
  if (settingTexts(settings, 'INSTALLED_APPS')?.includes('allauth.account') !== true) return
  if (middleware === null || middleware.some(each => each === null || each.includes('AccountMiddleware')))
    return
  const at = entryPlace(settings, 'MIDDLEWARE', [], 'value')
  if (at !== null && isPackageAtLeast('django-allauth', '0.56', settings, files) === true)
    yield {
      at,
      message: `the application does not start: ${ACCOUNTS} must be added to settings.MIDDLEWARE`,
      label: 'without `AccountMiddleware`',
      help: `Add \`${ACCOUNTS}\` at its end`,
    }
}
