import type { Place } from '../../../parsers/text/source.ts'
import type { DjangoSettings, SettingValue } from './settings.ts'

/** What in the settings reads the `Authorization` header. */
export interface HeaderAuthentication {
  readonly name: string
  readonly at: Place | null
}

/** Applications whose clients send a token or a password in the header. */
const APPLICATIONS = new Set([
  'rest_framework.authtoken',
  'rest_framework_simplejwt',
  'rest_framework_jwt',
  'knox',
  'oauth2_provider',
  'tastypie',
  'drf_social_oauth2',
  'graphql_jwt.refresh_token',
])
/** Classes of Django REST Framework and of its extensions, and middleware and backends of the same kind. */
const CLASS = /(?:Token|JWT|JSONWebToken|Basic|Bearer|OAuth2)\w*(?:Authentication|Middleware|Backend)$/

/**
 * The first setting that makes an application read the `Authorization` header; null where none is known
 * to, as with sessions alone.
 */
export function readsAuthorization(settings: DjangoSettings): HeaderAuthentication | null {
  const framework = settings.get('REST_FRAMEWORK')
  if (framework?.known && framework.value instanceof Map) {
    const classes: SettingValue | undefined = framework.value.get('DEFAULT_AUTHENTICATION_CLASSES')
    const found = strings(classes).find(name => CLASS.test(name))
    if (found !== undefined) return { name: found, at: framework.at }
  }
  // A header of another name is passed as it is.
  const jwt = settings.get('SIMPLE_JWT')
  if (jwt?.known && jwt.value instanceof Map) {
    const header: SettingValue | undefined = jwt.value.get('AUTH_HEADER_NAME')
    if (typeof header === 'string' && header !== 'HTTP_AUTHORIZATION') return null
  }
  for (const setting of ['MIDDLEWARE', 'AUTHENTICATION_BACKENDS', 'INSTALLED_APPS']) {
    const fact = settings.get(setting)
    if (!fact?.known) continue
    const found = strings(fact.value).find(name =>
      setting === 'INSTALLED_APPS' ? APPLICATIONS.has(name) : CLASS.test(name),
    )
    if (found !== undefined) return { name: found, at: fact.at }
  }
  return null
}

function strings(value: SettingValue | undefined): readonly string[] {
  if (!Array.isArray(value)) return []
  const items: readonly unknown[] = value
  return items.filter(item => typeof item === 'string')
}
