import { distance } from 'fastest-levenshtein'

/**
 * What settings name of Django by its dotted name, of every release from 1.8 to 6.0, and of packages that most
 * projects have, by the module that has it.
 */
const NAMES: Readonly<Record<string, string>> = {
  'django.contrib':
    'admin admindocs auth contenttypes flatpages gis humanize messages postgres redirects sessions sitemaps sites staticfiles syndication webdesign',
  'django.contrib.admin.apps': 'AdminConfig SimpleAdminConfig',
  'django.contrib.auth.backends':
    'AllowAllUsersModelBackend AllowAllUsersRemoteUserBackend BaseBackend ModelBackend RemoteUserBackend',
  'django.contrib.auth.context_processors': 'auth',
  'django.contrib.auth.hashers':
    'Argon2PasswordHasher BCryptPasswordHasher BCryptSHA256PasswordHasher CryptPasswordHasher MD5PasswordHasher PBKDF2PasswordHasher PBKDF2SHA1PasswordHasher SHA1PasswordHasher ScryptPasswordHasher UnsaltedMD5PasswordHasher UnsaltedSHA1PasswordHasher',
  'django.contrib.auth.middleware':
    'AuthenticationMiddleware LoginRequiredMiddleware PersistentRemoteUserMiddleware RemoteUserMiddleware SessionAuthenticationMiddleware',
  'django.contrib.auth.password_validation':
    'CommonPasswordValidator MinimumLengthValidator NumericPasswordValidator UserAttributeSimilarityValidator',
  'django.contrib.flatpages.middleware': 'FlatpageFallbackMiddleware',
  'django.contrib.gis.db.backends': 'mysql oracle postgis spatialite',
  'django.contrib.messages.context_processors': 'messages',
  'django.contrib.messages.middleware': 'MessageMiddleware',
  'django.contrib.messages.storage.cookie': 'CookieStorage',
  'django.contrib.messages.storage.fallback': 'FallbackStorage',
  'django.contrib.messages.storage.session': 'SessionStorage',
  'django.contrib.redirects.middleware': 'RedirectFallbackMiddleware',
  'django.contrib.sessions.backends': 'base cache cached_db db file signed_cookies',
  'django.contrib.sessions.middleware': 'SessionMiddleware',
  'django.contrib.sessions.serializers': 'JSONSerializer PickleSerializer',
  'django.contrib.sites.middleware': 'CurrentSiteMiddleware',
  'django.contrib.staticfiles.finders':
    'AppDirectoriesFinder DefaultStorageFinder FileSystemFinder LegacyAppDirectoriesFinder',
  'django.contrib.staticfiles.storage':
    'CachedStaticFilesStorage ManifestStaticFilesStorage StaticFilesStorage',
  'django.core.cache.backends.db': 'DatabaseCache',
  'django.core.cache.backends.dummy': 'DummyCache',
  'django.core.cache.backends.filebased': 'FileBasedCache',
  'django.core.cache.backends.locmem': 'LocMemCache',
  'django.core.cache.backends.memcached': 'CacheClass MemcachedCache PyLibMCCache PyMemcacheCache',
  'django.core.cache.backends.redis': 'RedisCache',
  'django.core.context_processors': 'csrf debug i18n media request static tz',
  'django.core.files.storage': 'DefaultStorage FileSystemStorage InMemoryStorage Storage',
  'django.core.files.uploadhandler': 'MemoryFileUploadHandler TemporaryFileUploadHandler',
  'django.core.mail.backends.console': 'EmailBackend',
  'django.core.mail.backends.dummy': 'EmailBackend',
  'django.core.mail.backends.filebased': 'EmailBackend',
  'django.core.mail.backends.locmem': 'EmailBackend',
  'django.core.mail.backends.smtp': 'EmailBackend',
  'django.db.backends': 'dummy mysql oracle postgresql postgresql_psycopg2 sqlite3',
  'django.db.models': 'AutoField BigAutoField SmallAutoField',
  'django.middleware.cache': 'CacheMiddleware FetchFromCacheMiddleware UpdateCacheMiddleware',
  'django.middleware.clickjacking': 'XFrameOptionsMiddleware',
  'django.middleware.common': 'BrokenLinkEmailsMiddleware CommonMiddleware',
  'django.middleware.csp': 'ContentSecurityPolicyMiddleware',
  'django.middleware.csrf': 'CsrfMiddleware CsrfResponseMiddleware CsrfViewMiddleware',
  'django.middleware.doc': 'XViewMiddleware',
  'django.middleware.gzip': 'GZipMiddleware',
  'django.middleware.http': 'ConditionalGetMiddleware',
  'django.middleware.locale': 'LocaleMiddleware',
  'django.middleware.security': 'SecurityMiddleware',
  'django.middleware.transaction': 'TransactionMiddleware',
  'django.template.backends.django': 'DjangoTemplates',
  'django.template.backends.dummy': 'TemplateStrings',
  'django.template.backends.jinja2': 'Jinja2',
  'django.template.context_processors': 'csp csrf debug i18n media request static tz',
  'django.test.runner': 'DiscoverRunner',
  'django.test.simple': 'DjangoTestSuiteRunner',
  'corsheaders.middleware': 'CorsMiddleware CorsPostCsrfMiddleware',
  'debug_toolbar.middleware': 'DebugToolbarMiddleware',
  'whitenoise.middleware': 'WhiteNoiseMiddleware',
  'whitenoise.storage':
    'CompressedManifestStaticFilesStorage CompressedStaticFilesMixin CompressedStaticFilesStorage',
}

const NAMES_OF_DJANGO: ReadonlySet<string> = new Set(
  Object.entries(NAMES).flatMap(([module, names]) => names.split(' ').map(name => `${module}.${name}`)),
)

/** The one class of a module that is named in its place; null for every other text. */
export function classOfModule(text: string): string | null {
  const names = Object.hasOwn(NAMES, text) ? NAMES[text] : undefined
  return names !== undefined && /^[A-Z]\w*$/.test(names) ? `${text}.${names}` : null
}

/** Letters that a slip leaves, adds or changes. */
const MOST_LETTERS = 3

/** The one name that is nearly this; null for a name that is there, and for one that something else may have. */
export function meantOfDjango(text: string): string | null {
  if (!/^(?:django|whitenoise|corsheaders|debug_toolbar)\.[\w.]+$/.test(text) || NAMES_OF_DJANGO.has(text))
    return null
  const last = text.slice(text.lastIndexOf('.'))
  let nearest: string | null = null
  let least = MOST_LETTERS + 1
  for (const name of NAMES_OF_DJANGO) {
    if (Math.abs(name.length - text.length) > MOST_LETTERS) continue
    const letters = distance(name, text)
    if (letters > (name.endsWith(last) ? MOST_LETTERS : 2) || letters > least) continue
    nearest = letters < least ? name : null
    least = letters
  }
  return nearest
}
