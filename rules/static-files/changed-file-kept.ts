import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import { type DjangoSettings, projectDirectory } from '../../src/deployment/django/settings.ts'
import { directoryOfUrl } from '../../src/deployment/django/static-settings.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { everyFileBelow, type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { djangoConnections } from '../django/_connections.ts'
import {
  djangoProject,
  modWsgiMain,
  nginxMain,
  proxiedServer,
  virtualHost,
  wsgiApplication,
} from '../_examples.ts'
import { entryPlace, settingValue } from '../django/_setting-entries.ts'
import { keptIn } from './_kept-for.ts'

const tree = (
  lines: string,
  {
    settings = '',
    link = "{% static 'css/site.css' %}",
  }: { readonly settings?: string; readonly link?: string } = {},
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    proxiedServer(conf`
      location /static/ {
          alias /opt/shop/static/;
          ${lines}
      }
    `),
  ),
  'etc/apache2/apache2.conf': modWsgiMain(virtualHost(wsgiApplication())),
  ...djangoProject(conf`
    INSTALLED_APPS = ["django.contrib.staticfiles"]
    STATIC_URL = "/static/"
    STATIC_ROOT = "/opt/shop/static"
    ${settings}
  `),
  'opt/shop/static/css/site.css': 'h1 { color: red }\n',
  'opt/shop/assets/css/site.css': 'h1 { color: red }\n',
  'opt/shop/templates/base.html': `{% load static %}\n<link rel="stylesheet" href="${link}">\n`,
})

export default defineRule({
  summary: 'Browsers keep files for months whose names stay the same when they change',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Within `expires` a browser does not ask for a file again. `StaticFilesStorage`, which Django has by itself, leaves the names as they are: after a release `/static/css/site.css` is the same URL, so pages are shown with the old styles and scripts until somebody reloads without the cache. `ManifestStaticFilesStorage` puts a hash of the content into each name.',
  remedy:
    'Use `django.contrib.staticfiles.storage.ManifestStaticFilesStorage`, or let browsers keep the files for an hour',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/contrib/staticfiles/#manifeststaticfilesstorage',
    'https://nginx.org/en/docs/http/ngx_http_headers_module.html#expires',
  ],
  bad: [
    { title: 'a year', files: tree('expires «1y»;') },
    { title: 'for ever', files: tree('expires «max»;') },
    {
      title: 'a header, and the storage written out',
      files: tree('add_header Cache-Control «"public, max-age=31536000, immutable"»;', {
        settings: 'STATICFILES_STORAGE = "django.contrib.staticfiles.storage.StaticFilesStorage"',
      }),
    },
  ],
  good: [
    { title: 'a month', files: tree('expires 30d;') },
    {
      title: 'names with a hash',
      files: tree('expires 1y;', {
        settings: 'STATICFILES_STORAGE = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"',
      }),
    },
    {
      title: 'another storage',
      files: tree('expires 1y;', {
        settings: 'STORAGES = {"staticfiles": {"BACKEND": "shop.storage.Hashed"}}',
      }),
    },
    {
      title: 'a query that changes',
      files: tree('expires 1y;', { link: "{% static 'css/site.css' %}?v=3" }),
    },
    {
      title: 'a tag of another package',
      files: tree('expires 1y;', { link: "{% versioned 'css/site.css' %}" }),
    },
    {
      title: 'what is never changed',
      files: tree('expires 1y;', { link: "{% static 'vendor/bootstrap.min.css' %}" }),
    },
  ],
  *check(deployment) {
    const seen = new Set<unknown>()
    for (const { connection, settings, machine } of djangoConnections(deployment)) {
      const { server } = connection
      const files = seen.has(server) || !keepsNames(settings) ? null : directoryOfUrl(settings, 'STATIC')
      if (files === null) continue
      seen.add(server)
      const link = linkedByName(machine.container?.files ?? machine.files, settings)
      if (link === null) continue
      const path = `${files.url}css/site.css`
      const answer = askServer(deployment, server, path, { assume: () => 'file' })
      const block = answer?.steps.findLast(({ kind }) => kind === 'location')?.directive
      if (answer?.end.kind !== 'file' || block === undefined) continue
      const line = keptIn(server.configuration, block, LONG)
      if (line === null) continue
      yield {
        at: argumentPlace(line, line.args.length === 1 ? 0 : 1),
        message: `browsers keep \`${files.url}\` so long, and Django gives a file that changes no new name, so they go on with the old one`,
        label: 'not asked for again',
        related: [
          { at: link, message: 'the same URL after each release' },
          ...[storagePlace(settings)].flatMap(at =>
            at === null ? [] : [{ at, message: 'leaves the names as they are' }],
          ),
        ],
      }
    }
  },
})

/** Half a year: whoever keeps files for less writes a time between two releases. */
const LONG = 180 * 86_400

const PLAIN = 'django.contrib.staticfiles.storage.StaticFilesStorage'

/** True where the storage of static files is surely the one that Django has by itself. */
function keepsNames(settings: DjangoSettings): boolean {
  if (settings.limit !== null) return false
  if (settings.names.has('STATICFILES_STORAGE'))
    return settingValue(settings, 'STATICFILES_STORAGE') === PLAIN
  if (!settings.names.has('STORAGES')) return true
  const storages = settingValue(settings, 'STORAGES')
  const own: unknown = storages instanceof Map ? storages.get('staticfiles') : null
  return own instanceof Map && own.get('BACKEND') === PLAIN
}

function storagePlace(settings: DjangoSettings): Place | null {
  const name = ['STORAGES', 'STATICFILES_STORAGE'].find(each => settings.names.has(each))
  return name === undefined
    ? null
    : entryPlace(settings, name, name === 'STORAGES' ? ['staticfiles', 'BACKEND'] : [], 'value')
}

/** Where a page names a style or a script of the project itself, without anything that changes with it. */
function linkedByName(files: FileSystem, settings: DjangoSettings): Place | null {
  const directory = projectDirectory(settings)
  return directory === null ? null : linkBelow(files, directory)
}

const linkBelow = memoByKey((files: FileSystem, directory: string): Place | null => {
  const reach = { levels: 6, skipped: OTHERS, most: MOST }
  const pages = everyFileBelow(files, directory, { ...reach, isWanted: name => name.endsWith('.html') })
  const own = everyFileBelow(files, directory, { ...reach, isWanted: name => /\.(?:css|js)$/.test(name) })
  if (pages === null || own === null) return null
  for (const path of pages) {
    const source = sourceAt(files, path)
    for (const match of source?.text.matchAll(STATIC_TAG) ?? []) {
      const name = match[2] ?? ''
      if (source === null || VENDORED.test(name) || !own.some(each => each.endsWith(`/${name}`))) continue
      const start = match.index + match[0].indexOf(name)
      return { source, start, end: start + posix.normalize(name).length }
    }
  }
  return null
})

const MOST = 2000
const OTHERS = /^(?:node_modules|\.git|venv|\.venv|env|locale|__pycache__|docs?)$/
/** `{% static 'css/site.css' %}` with nothing behind it. */
const STATIC_TAG = /\{%-?\s*static\s+(["'])([\w./-]+\.(?:css|js))\1\s*-?%\}(?!\?)/g
const VENDORED =
  /\.min\.|(?:^|\/)(?:vendors?|lib|libs|dist|build|plugins?|bootstrap|jquery|admin)(?:\/|[\d.-])|[.-][0-9a-f]{6,}\.|\d\.\d/
