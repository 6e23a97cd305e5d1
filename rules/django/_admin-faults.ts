import { posix } from 'node:path'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { meantOfDjango } from './_names-of-django.ts'
import {
  entryPlace,
  settingPlace,
  type SettingsFault,
  settingTexts,
  settingValue,
} from './_setting-entries.ts'

const ADMIN = 'django.contrib.admin'
const ENGINE = 'django.template.backends.django.DjangoTemplates'

/** What the admin needs of other settings, as its own checks say it (`admin.E402` and those that follow). */
export function* adminFaults(settings: DjangoSettings, files: FileSystem): Iterable<SettingsFault> {
  const apps = settingTexts(settings, 'INSTALLED_APPS')
  if (apps?.includes(ADMIN) !== true || isBaseOfOthers(settings, files)) return
  if (!apps.includes(null) && !apps.some(name => name?.startsWith('django.contrib.messages')))
    yield* fault(
      entryPlace(settings, 'INSTALLED_APPS', [apps.indexOf(ADMIN)], 'value'),
      'E406',
      "'django.contrib.messages' must be in INSTALLED_APPS",
      'django.contrib.messages',
    )
  yield* templatesOf(settings)
  yield* middlewareOf(settings)
}

/** True for a module that another one of its directory begins with, or a sample of one, and may take the admin out of. */
function isBaseOfOthers({ files: [path = ''] }: DjangoSettings, files: FileSystem): boolean {
  const directory = posix.dirname(path)
  const own = posix.basename(path, '.py')
  if (own === '__init__') return false
  const brought = new RegExp(`^\\s*from\\s+(?:\\.|[\\w.]+\\.)${own}\\s+import\\s+\\*`, 'm')
  return (files.list(directory) ?? []).some(({ name, kind }) => {
    const beside =
      kind === 'file' && /\.py\b/.test(name) ? sourceAt(files, posix.join(directory, name)) : null
    return beside !== null && beside.path !== path && brought.test(beside.code)
  })
}

function* templatesOf(settings: DjangoSettings): Iterable<SettingsFault> {
  const engines = settingValue(settings, 'TEMPLATES')
  if (!Array.isArray(engines)) return
  const all = engines as readonly unknown[]
  const own = all.flatMap((engine, index) =>
    engine instanceof Map && engine.get('BACKEND') === ENGINE ? [{ engine, index }] : [],
  )
  const [only, ...others] = own
  if (all.some(engine => !(engine instanceof Map)) || only === undefined || others.length > 0) return
  const options: unknown = only.engine.get('OPTIONS')
  const processors: unknown = options instanceof Map ? options.get('context_processors') : undefined
  if (!Array.isArray(processors) || processors.some(name => typeof name !== 'string')) return
  const at = entryPlace(settings, 'TEMPLATES', [only.index, 'OPTIONS', 'context_processors'], 'key')
  for (const [code, name] of [
    ['E402', 'django.contrib.auth.context_processors.auth'],
    ['E404', 'django.contrib.messages.context_processors.messages'],
  ] as const) {
    // Another backend of users does without.
    if (code === 'E402' && settings.get('AUTHENTICATION_BACKENDS') !== null) continue
    if (!isNamed(processors, name))
      yield* fault(at, code, `'${name}' must be enabled in DjangoTemplates (TEMPLATES)`, name)
  }
}

/** Middleware that is what it says; another one may stand for those of Django. */
const PLAIN = /^(?:django|whitenoise|corsheaders|debug_toolbar|allauth|simple_history)\./

function* middlewareOf(settings: DjangoSettings): Iterable<SettingsFault> {
  const texts = settingTexts(settings, 'MIDDLEWARE')
  if (texts === null || !texts.every(text => text !== null && PLAIN.test(text))) return
  const at = settingPlace(settings, 'MIDDLEWARE') ?? entryPlace(settings, 'MIDDLEWARE', [], 'value')
  for (const [code, name] of [
    ['E408', 'django.contrib.auth.middleware.AuthenticationMiddleware'],
    ['E409', 'django.contrib.messages.middleware.MessageMiddleware'],
    ['E410', 'django.contrib.sessions.middleware.SessionMiddleware'],
  ] as const)
    if (!isNamed(texts, name)) yield* fault(at, code, `'${name}' must be in MIDDLEWARE`, name)
}

/** True too where a slip of the pen is meant for it, which is a finding of its own. */
function isNamed(texts: readonly unknown[], name: string): boolean {
  return texts.some(text => text === name || (typeof text === 'string' && meantOfDjango(text) === name))
}

function* fault(
  at: SettingsFault['at'] | null,
  code: string,
  says: string,
  name: string,
): Iterable<SettingsFault> {
  if (at !== null)
    yield {
      at,
      message: `\`manage.py migrate\` stops: (admin.${code}) ${says} in order to use the admin application`,
      label: `without \`${name.replace(/^.*\./, '')}\``,
      help: `Add \`${name}\``,
    }
}
