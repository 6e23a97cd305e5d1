import { isPackageAtLeast } from '../../src/deployment/django/django-version.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'
import { entryPlace, type SettingsFault, settingTexts, settingValue } from './_setting-entries.ts'

const project = (
  lines: string,
  apps: readonly string[] = ['django_filters', 'rest_framework.authtoken'],
): Record<string, string> => ({
  ...djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org", "web"]
      INSTALLED_APPS = ["rest_framework", ${apps.map(each => `"${each}"`).join(', ')}]
      REST_FRAMEWORK = {
          ${lines}
      }
    `,
  }),
  'web/requirements.txt': conf`
    Django==4.2.11
    djangorestframework==3.15.2
  `,
})

const TOKEN = '"rest_framework.authentication.TokenAuthentication"'
const FILTERS = '"django_filters.rest_framework.DjangoFilterBackend"'

export default defineRule({
  summary: 'Django REST framework does not take a setting, or lacks an application for it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The framework imports the classes of `REST_FRAMEWORK` when it needs them: a name that it does not have ends in `ImportError: Could not import …`. Tokens and filters have applications of their own: without `rest_framework.authtoken` each request with a token fails, and without `django_filters` each list that a browser shows (`TemplateDoesNotExist`).',
  remedy: 'Write the name that the framework has, and add the application to `INSTALLED_APPS`',
  references: [
    'https://www.django-rest-framework.org/api-guide/settings/',
    'https://www.django-rest-framework.org/api-guide/authentication/#tokenauthentication',
    'https://django-filter.readthedocs.io/en/stable/guide/rest_framework.html#quickstart',
  ],
  unproven: 'The machines of the live tests do not have Django REST framework',
  bad: [
    {
      title: 'filters without their application',
      files: project(`"DEFAULT_FILTER_BACKENDS": [«${FILTERS}»],`, []),
    },
    {
      title: 'tokens without their application',
      files: project(`"DEFAULT_AUTHENTICATION_CLASSES": [«${TOKEN}»],`, ['django_filters']),
    },
    {
      title: 'a permission that is misspelt',
      files: project('"DEFAULT_PERMISSION_CLASSES": [«"rest_framework.permissions.IsAuthenticate"»],'),
    },
    {
      title: 'filters where they were once',
      files: project('"DEFAULT_FILTER_BACKENDS": [«"rest_framework.filters.DjangoFilterBackend"»],'),
    },
  ],
  good: [
    // `api_settings` takes the dictionary as it is: only one that a program hands over is asked for removed names.
    { title: 'a setting that was removed, which nobody reads', files: project('"PAGINATE_BY": 20,') },
    {
      title: 'a class that the pinned release still has',
      files: {
        ...project('"DEFAULT_FILTER_BACKENDS": ["rest_framework.filters.DjangoFilterBackend"],'),
        'web/requirements.txt': '-r requirements/prod.txt\n',
        'web/requirements/prod.txt': 'Django==1.11.29\ndjangorestframework==3.1.0 \\\n    --hash=sha256:00\n',
      },
    },
    {
      title: 'with the applications',
      files: project(conf`
        "DEFAULT_FILTER_BACKENDS": [${FILTERS}],
        "DEFAULT_AUTHENTICATION_CLASSES": [${TOKEN}],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "PAGE_SIZE": 20,
      `),
    },
    {
      title: 'filters that no browser is shown',
      files: project(
        conf`
          "DEFAULT_FILTER_BACKENDS": [${FILTERS}],
          "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        `,
        [],
      ),
    },
    {
      title: 'applications by their configuration',
      files: project(`"DEFAULT_FILTER_BACKENDS": [${FILTERS}],`, ['django_filters.apps.FilterConfig']),
    },
    {
      title: 'a framework that is not installed',
      files: Object.fromEntries(
        Object.entries(project(`"DEFAULT_AUTHENTICATION_CLASSES": [${TOKEN}],`, [])).map(([path, text]) => [
          path,
          text.replace('"rest_framework", ', ''),
        ]),
      ),
    },
    {
      title: 'a class of the project',
      files: project('"DEFAULT_PERMISSION_CLASSES": ["shop.permissions.IsAuthenticate"],'),
    },
  ],
  *check(deployment) {
    for (const { settings, files } of djangoProjects(deployment)) yield* restFaults(settings, files)
  },
})

/** What Django REST framework refuses of `REST_FRAMEWORK`, or does not find. */
function* restFaults(settings: DjangoSettings, files: FileSystem): Iterable<SettingsFault> {
  const rest = settingValue(settings, 'REST_FRAMEWORK')
  if (!(rest instanceof Map)) return
  const apps = settingTexts(settings, 'INSTALLED_APPS')
  const isInstalled = (name: string): boolean | null =>
    apps === null || apps.includes(null) ? null : apps.some(each => each?.split('.apps.')[0] === name)
  // Nothing reads what is said to a framework that is not there.
  if (isInstalled('rest_framework') === false) return
  for (const [key, value] of rest as ReadonlyMap<string, unknown>) {
    const texts: readonly unknown[] = Array.isArray(value) ? value : []
    for (const [index, text] of texts.entries()) {
      const fault =
        typeof text === 'string' && !(text === OLD_FILTER && mayHaveFilter(settings, files))
          ? faultOf(text, key, rest, isInstalled)
          : null
      const at = fault === null ? null : entryPlace(settings, 'REST_FRAMEWORK', [key, index], 'value')
      if (fault !== null && at !== null) yield { at, ...fault }
    }
  }
}

const OLD_FILTER = 'rest_framework.filters.DjangoFilterBackend'

/** True where the requirements do not leave the choice to pip, or name a Django that no later framework takes. */
function mayHaveFilter(settings: DjangoSettings, files: FileSystem): boolean {
  const isAtLeast = isPackageAtLeast('djangorestframework', '3.7', settings, files)
  if (isAtLeast !== undefined) return !isAtLeast
  return (
    isPackageAtLeast('djangorestframework', 3, settings, files) !== undefined ||
    isPackageAtLeast('django', 2, settings, files) === false
  )
}

/** All that these modules ever had, so that anything else is a slip. */
const CLASSES: Readonly<Record<string, string>> = {
  authentication:
    'BaseAuthentication BasicAuthentication SessionAuthentication TokenAuthentication RemoteUserAuthentication OAuthAuthentication OAuth2Authentication UserBasicAuthentication CSRFCheck',
  permissions:
    'BasePermission AllowAny IsAuthenticated IsAdminUser IsAuthenticatedOrReadOnly DjangoModelPermissions DjangoModelPermissionsOrAnonReadOnly DjangoObjectPermissions DjangoObjectLevelModelPermissions TokenHasReadWriteScope',
  parsers: 'BaseParser JSONParser FormParser MultiPartParser FileUploadParser XMLParser YAMLParser',
  throttling: 'BaseThrottle SimpleRateThrottle AnonRateThrottle UserRateThrottle ScopedRateThrottle',
}

function faultOf(
  text: string,
  key: string,
  rest: ReadonlyMap<string, unknown>,
  isInstalled: (name: string) => boolean | null,
): Omit<SettingsFault, 'at'> | null {
  const [, module = '', name = ''] = /^rest_framework\.(\w+)\.(\w+)$/.exec(text) ?? []
  const known = CLASSES[module]
  if (known !== undefined && !known.split(' ').includes(name))
    return {
      message: `the framework has no \`${name}\`: ImportError: Could not import '${text}' for API setting '${key}'`,
      label: 'no such class',
    }
  if (text === OLD_FILTER && isInstalled('django_filters') === true)
    return {
      message: `Django REST framework 3.7 removed this: ImportError: Could not import '${text}' for API setting '${key}'`,
      label: 'no longer there',
      help: 'Write `django_filters.rest_framework.DjangoFilterBackend`',
    }
  if (text === 'rest_framework.authentication.TokenAuthentication' && isInstalled(TOKENS) === false)
    return {
      message: `every request with a token is answered with 500: the model of \`${TOKENS}\` is abstract where the application is not installed, and has no rows`,
      label: 'its application is not installed',
      help: `Add \`"${TOKENS}"\` to \`INSTALLED_APPS\``,
    }
  if (
    /^django_filters\.rest_framework\./.test(text) &&
    isInstalled('django_filters') === false &&
    isBrowsed(rest)
  )
    return {
      message:
        'each list in the browser is answered with 500: TemplateDoesNotExist: django_filters/rest_framework/form.html',
      label: 'its application is not installed',
      help: 'Add `"django_filters"` to `INSTALLED_APPS`',
    }
  return null
}

const TOKENS = 'rest_framework.authtoken'

/** Only its pages for people show the form of a filter; they are there where nothing says otherwise. */
function isBrowsed(rest: ReadonlyMap<string, unknown>): boolean {
  if (!rest.has('DEFAULT_RENDERER_CLASSES')) return true
  const renderers = rest.get('DEFAULT_RENDERER_CLASSES')
  return Array.isArray(renderers) && renderers.includes('rest_framework.renderers.BrowsableAPIRenderer')
}
