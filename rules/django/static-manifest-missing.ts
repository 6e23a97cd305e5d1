import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container, ContainerMount } from '../../src/deployment/containers/container.ts'
import { type DjangoSettings, projectDirectory } from '../../src/deployment/django/settings.ts'
import { directoryOfUrl } from '../../src/deployment/django/static-settings.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { filesBelow, type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { isCovered, isForDevelopment } from '../containers/_mount-over.ts'
import { scriptAt, startedWords, textsRun } from '../containers/_started-words.ts'
import { WSGI } from '../app-server/_examples.ts'
import { entryPlace, settingTexts, settingValue } from './_setting-entries.ts'

const project = (
  storage: string,
  more: {
    readonly run?: string
    readonly service?: string
    readonly others?: string
    readonly debug?: string
  } = {},
): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      web:
        build: .
        ports: ["8000:8000"]
        ${more.service ?? ''}
      ${more.others ?? ''}
  `,
  Dockerfile: conf`
    FROM python:3.13
    WORKDIR /app
    COPY . .
    RUN pip install -r requirements.txt
    ${more.run ?? ''}
    CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]
  `,
  'requirements.txt': 'django==5.2.1\ngunicorn==23.0.0\nwhitenoise==6.9.0\n',
  'manage.py': '',
  'shop/__init__.py': '',
  'shop/wsgi.py': WSGI,
  'shop/settings.py': conf`
    SECRET_KEY = "k"
    DEBUG = ${more.debug ?? 'False'}
    ALLOWED_HOSTS = ["example.org"]
    INSTALLED_APPS = ["django.contrib.admin", "django.contrib.staticfiles"]
    STATIC_URL = "/static/"
    STATIC_ROOT = "/app/staticfiles"
    ${storage}
  `,
})
/** What no compose file runs. */
const alone = (storage: string): Record<string, string> =>
  Object.fromEntries(Object.entries(project(storage)).filter(([path]) => path !== 'compose.yaml'))
const NEW = (name = '"whitenoise.storage.CompressedManifestStaticFilesStorage"'): string => conf`
  STORAGES = {
      "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
      "staticfiles": {"BACKEND": ${name}},
  }
`

const COLLECT = 'RUN python manage.py collectstatic --noinput'

const withoutAdmin = (storage: string): Record<string, string> => {
  const files = project(storage)
  return {
    ...files,
    'shop/settings.py': files['shop/settings.py']!.replace('"django.contrib.admin", ', ''),
  }
}

export default defineRule({
  summary: 'Django looks for the manifest of static files, and nothing makes it',
  severity: 'error',
  confidence: 'medium',
  since: '0.1.0',
  why: 'A storage with a manifest reads the names of static files from `staticfiles.json`, which `collectstatic` writes. In an image in which nobody has run it each page with `{% static %}`, and the whole admin, is 500: `ValueError: Missing staticfiles manifest entry`. So it is where a directory of the host is mounted over the one in which the build collected them. With `DEBUG = True`, on the machine where the application is written, the manifest is not read.',
  remedy:
    'Add `RUN python manage.py collectstatic --noinput` to the Dockerfile, and mount nothing over what it writes',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/contrib/staticfiles/#manifeststaticfilesstorage',
    'https://whitenoise.readthedocs.io/en/stable/django.html#add-compression-and-caching-support',
  ],
  unproven: 'The live tests start no containers: which steps an image has, its Dockerfile says',
  bad: [
    {
      title: 'the storage of WhiteNoise',
      files: project(NEW('«"whitenoise.storage.CompressedManifestStaticFilesStorage"»')),
    },
    {
      title: 'the storage of Django, by its older setting',
      files: project(
        'STATICFILES_STORAGE = «"django.contrib.staticfiles.storage.ManifestStaticFilesStorage"»',
      ),
    },
    {
      title: 'a template that names a file, without the admin',
      files: {
        ...withoutAdmin(NEW('«"whitenoise.storage.CompressedManifestStaticFilesStorage"»')),
        'shop/templates/shop.html': `{% load static %}<link rel="stylesheet" href="{% static 'site.css' %}">\n`,
      },
    },
    {
      title: 'an entry point that does something else',
      files: {
        ...project(NEW('«"whitenoise.storage.CompressedManifestStaticFilesStorage"»'), {
          run: 'ENTRYPOINT ["/app/entrypoint.sh"]',
        }),
        'entrypoint.sh': '#!/bin/sh\npython manage.py migrate --noinput\nexec "$@"\n',
      },
    },
    {
      title: 'an image that a platform starts',
      files: alone(NEW('«"whitenoise.storage.CompressedManifestStaticFilesStorage"»')),
    },
    {
      title: 'a mount of the project over what the build collects',
      files: project(NEW(), { run: COLLECT, service: 'volumes: ["«.:/app»"]' }),
    },
    {
      title: 'a mount over the directory of the static files alone',
      files: project(NEW(), { run: COLLECT, service: 'volumes: ["«./staticfiles:/app/staticfiles»"]' }),
    },
  ],
  good: [
    {
      title: 'an image that a platform starts, with a command for each release',
      files: {
        ...alone(NEW()),
        'fly.toml': '[deploy]\nrelease_command = "python manage.py collectstatic --noinput"\n',
      },
    },
    {
      title: 'an image that is run as its documentation says',
      files: {
        ...alone(NEW()),
        'README.md': 'docker run -v static:/app/staticfiles shop manage.py collectstatic\n',
      },
    },
    {
      title: 'a volume over that directory, which begins with what the image has',
      files: project(NEW(), {
        run: COLLECT,
        service: 'volumes: [".:/app", "/app/staticfiles"]',
      }),
    },
    {
      title: 'a mount of the project, whose manifest is in the tree',
      files: {
        ...project(NEW(), { run: COLLECT, service: 'volumes: [".:/app"]' }),
        'staticfiles/staticfiles.json': '{}\n',
      },
    },
    {
      title: 'a mount of the project, in which the container collects',
      files: project(NEW(), {
        run: COLLECT,
        service: conf`
          volumes: [".:/app"]
          command: sh -c "python manage.py collectstatic --noinput && gunicorn -b 0.0.0.0:8000 shop.wsgi"
        `,
      }),
    },
    {
      title: 'a mount of the project, in which the README says to collect',
      files: {
        ...project(NEW(), { run: COLLECT, service: 'volumes: [".:/app"]' }),
        'README.md': 'Run `python manage.py collectstatic` once.\n',
      },
    },
    {
      title: 'a mount of a part of the project',
      files: project(NEW(), { run: COLLECT, service: 'volumes: ["./shop:/app/shop"]' }),
    },
    {
      title: 'a compose file for development',
      files: Object.fromEntries(
        Object.entries(project(NEW(), { run: COLLECT, service: 'volumes: [".:/app"]' })).map(
          ([path, text]) => [path === 'compose.yaml' ? 'docker-compose.dev.yml' : path, text],
        ),
      ),
    },
    {
      title: 'a script that deploys collects them in the container',
      files: {
        ...project(NEW()),
        'deploy.sh':
          'docker compose up -d\ndocker compose exec -T web python manage.py collectstatic --noinput\n',
      },
    },
    {
      title: 'an entry point that collects them',
      files: {
        ...project(NEW(), { run: 'ENTRYPOINT ["/app/entrypoint.sh"]' }),
        'entrypoint.sh': '#!/bin/sh\npython manage.py collectstatic --noinput\nexec "$@"\n',
      },
    },
    {
      title: 'an application that shows no page with them',
      files: { ...withoutAdmin(NEW()), 'shop/templates/shop.html': '<p>shop</p>\n' },
    },
    {
      title: 'the build collects the files',
      files: project(NEW(), { run: 'RUN python manage.py collectstatic --noinput' }),
    },
    {
      title: 'the container collects them when it starts',
      files: project(NEW(), {
        service:
          'command: sh -c "python manage.py collectstatic --noinput && gunicorn -b 0.0.0.0:8000 shop.wsgi"',
      }),
    },
    {
      title: 'a volume, into which somebody may have collected them',
      files: project(NEW(), { service: 'volumes: [".:/app"]' }),
    },
    { title: 'they are in the tree', files: { ...project(NEW()), 'staticfiles/staticfiles.json': '{}\n' } },
    {
      title: 'a storage without a manifest',
      files: project(NEW('"whitenoise.storage.CompressedStaticFilesStorage"')),
    },
    { title: 'DEBUG, with which nothing looks for it', files: project(NEW(), { debug: 'True' }) },
    {
      title: 'a script that nobody has seen starts the container',
      files: project(NEW(), { service: 'entrypoint: /start.sh' }),
    },
    {
      title: 'another service that collects them',
      files: project(NEW(), {
        others: conf`
          collect:
            build: .
            command: python manage.py collectstatic --noinput
        `,
      }),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { container } = program.machine
      const settings = container === null ? null : (deployment.moduleOf(program)?.settings ?? null)
      if (container === null || settings === null || settingValue(settings, 'DEBUG') !== false) continue
      const at = manifestStorage(settings)
      const directory = directoryOfUrl(settings, 'STATIC')?.directory
      if (at === null || directory === undefined || !usesStaticFiles(settings, container)) continue
      const hidden = hiddenManifest(container, directory)
      if (hidden !== null) {
        yield {
          at: hidden.mount.at,
          message: `this hides \`${directory}\` of the image, where the build runs \`collectstatic\`, and pages with \`{% static %}\` are 500: Missing staticfiles manifest entry`,
          label: 'hides the manifest',
          related: [
            { at: hidden.at, message: 'collected here' },
            { at, message: 'needs a manifest' },
          ],
          help: `Take the mount away, or run \`collectstatic\` when the container starts`,
        }
        continue
      }
      if (mayCollect(container) || mayBeThere(container, directory)) continue
      yield {
        at,
        message: `nothing of this image runs \`collectstatic\`, so there is no \`${posix.join(directory, 'staticfiles.json')}\`, and pages with \`{% static %}\` are 500: Missing staticfiles manifest entry`,
        label: 'needs a manifest',
        related: [{ at: container.image?.stage.at ?? container.service.at, message: 'the image' }],
      }
    }
  },
})

const MANIFEST =
  /^(?:whitenoise\.storage\.CompressedManifest|django\.contrib\.staticfiles\.storage\.Manifest)StaticFilesStorage$/

function manifestStorage(settings: DjangoSettings): Place | null {
  const older = settingValue(settings, 'STATICFILES_STORAGE')
  if (typeof older === 'string')
    return MANIFEST.test(older) && settings.get('STORAGES') === null
      ? entryPlace(settings, 'STATICFILES_STORAGE', [], 'value')
      : null
  const value = settingValue(settings, 'STORAGES')
  const entry: unknown = value instanceof Map ? value.get('staticfiles') : undefined
  const backend: unknown = entry instanceof Map ? entry.get('BACKEND') : undefined
  if (typeof backend !== 'string' || !MANIFEST.test(backend)) return null
  return entryPlace(settings, 'STORAGES', ['staticfiles', 'BACKEND'], 'value')
}

/** The admin has them on each of its pages; of others their templates tell. */
function usesStaticFiles(settings: DjangoSettings, container: Container): boolean {
  const apps = settingTexts(settings, 'INSTALLED_APPS') ?? []
  if (!apps.includes('django.contrib.staticfiles')) return false
  if (apps.includes('django.contrib.admin')) return true
  const directory = projectDirectory(settings)
  return directory !== null && hasStaticInTemplates(container.files, directory)
}

/** No project needs more templates to show it. */
const MOST_TEMPLATES = 300
const REACH = { levels: 6, skipped: /^(?:node_modules|\.git|venv|\.venv|locale|media|tests?)$/ }

/** True where a template, or a view that writes its page, asks for the address of a static file. */
const hasStaticInTemplates = memoByKey((files: FileSystem, directory: string): boolean => {
  let left = MOST_TEMPLATES
  for (const path of filesBelow(files, directory, REACH)) {
    if (!/\.html?$|\.jinja2?$/.test(path)) continue
    if (left-- <= 0) return false
    if (/\{%-?\s*static\s+["']/.test(sourceAt(files, path)?.text ?? '')) return true
  }
  return false
})

/** True where something collects the files, or a script that was not read may. */
function mayCollect(container: Container): boolean {
  const { image, isAlone, project, service } = container
  if (image === null || (!isAlone && !service.complete)) return true
  const texts = [
    ...textsRun(container),
    image.stage.at.source.text,
    ...container.projects.flatMap(({ sources }) => sources.map(({ text }) => text)),
    ...project.sources.map(({ text }) => text),
  ]
  return (
    texts.some(text => /collectstatic|\bmake\b|\bmanage\.sh\b/.test(text)) ||
    startsUnseen(container) ||
    // Whoever runs an image by hand may collect them by hand.
    isCollectedByHand(container, isAlone ? DOCUMENTS : undefined)
  )
}

/** True where a script that is not here, or another one that it starts, may do anything. */
function startsUnseen(container: Container): boolean {
  const words = startedWords(container)
  const scripts = words.flatMap(word => scriptAt(container, word)?.source.text ?? [])
  if (scripts.length > 0)
    return scripts.some(text => /\.(?:sh|py)\b/.test(text.replace(/\bmanage\.py\b/g, '')))
  return (
    words.some(({ text }) => /\.(?:sh|py)$|^\/(?!usr|bin|app\/)/.test(text)) ||
    container.image?.entrypoint != null
  )
}

/** A directory of the host that is mounted over what the build collects, and that has nothing of the kind. */
function hiddenManifest(
  container: Container,
  directory: string,
): { readonly mount: ContainerMount; readonly at: Place } | null {
  const { image, isAlone, service, mounts, files, projects } = container
  if (isAlone || !service.complete || service.volumesFrom.length > 0) return null
  const run = image?.steps.find(step => !('sources' in step) && COLLECTS.test(commandText(step.command)))
  const mount = mounts.find(({ target, from }) => from === 'volumes' && isBelow(directory, cleanPath(target)))
  if (run === undefined || mount === undefined || mount.path === null) return null
  if (files.kind(directory) !== null || isCovered(container, directory, mount)) return null
  if (isForDevelopment(container, mount)) return null
  const words = startedWords(container)
  const texts = [
    ...words.map(({ text }) => text),
    ...words.flatMap(word => scriptAt(container, word)?.source.text ?? []),
    ...projects.flatMap(({ sources }) => sources.map(({ text }) => text)),
  ]
  const isCollected =
    texts.some(text => /collectstatic|\bmake\b|\bmanage\.sh\b/.test(text)) ||
    startsUnseen(container) ||
    isCollectedByHand(container, DOCUMENTS)
  return isCollected ? null : { mount, at: run.at }
}

const COLLECTS = /\bmanage\.py\s+collectstatic\b/

const DOCUMENTS = /\.(?:md|rst|txt)$/
const BY_HAND =
  /^(?:[Mm]akefile|[Jj]ustfile|Jenkinsfile|Procfile|fabfile\.py|tasks\.py|(?:app|railway)\.json)$|\.(?:sh|ya?ml|toml)$/
const MOST_FILES = 200

/**
 * True where a script of the repository, or its pipeline, runs it in the container or before the build.
 *
 * @param documents texts that tell people to do so, which count as well
 */
function isCollectedByHand({ service, hostFiles }: Container, documents?: RegExp): boolean {
  const context = service.build?.context
  if (context?.known !== true || !context.value.startsWith('/')) return true
  let left = MOST_FILES
  for (const path of filesBelow(hostFiles, context.value, {
    levels: 3,
    skipped: /^(?:node_modules|\.git|venv|\.venv)$/,
  })) {
    const isRead = BY_HAND.test(posix.basename(path)) || documents?.test(path) === true
    if (!isRead || left-- <= 0) continue
    if (sourceAt(hostFiles, path)?.text.includes('collectstatic') === true) return true
  }
  return false
}

/** True where the manifest is in the tree, or a mount or an earlier stage may have it. */
function mayBeThere({ files, mounts, image }: Container, directory: string): boolean {
  const isNear = (path: string): boolean => {
    const own = cleanPath(path)
    return directory === own || directory.startsWith(`${own}/`) || own.startsWith(`${directory}/`)
  }
  return (
    files.kind(directory) !== null ||
    mounts.some(({ target, from }) => from !== 'COPY' && isNear(target)) ||
    (image?.steps ?? []).some(
      step => 'sources' in step && step.from !== null && (!step.target.known || isNear(step.target.value)),
    )
  )
}
