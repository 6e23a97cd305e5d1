import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container, ContainerMount } from '../../src/deployment/containers/container.ts'
import { directoryOfUrl } from '../../src/deployment/django/static-settings.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { settingsOfContainers } from './_database-clients.ts'
import { buildSteps, scriptAt, startedWords, textsRun } from './_started-words.ts'

const COLLECT =
  'sh -c "python manage.py collectstatic --noinput && exec gunicorn --bind 0.0.0.0:8000 shop.wsgi"'
const tree = ({
  volume = 'static:/app/static',
  lines = 'USER app',
  command = COLLECT,
  user = '',
} = {}): Record<string, string> => {
  const files = djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["*"]
      STATIC_URL = "/static/"
      STATIC_ROOT = "/app/static"
      MEDIA_URL = "/media/"
      MEDIA_ROOT = "/app/media"
    `,
    command,
    environment: conf`
      volumes:
        - ${volume}
      ${user}
    `,
  })
  return {
    ...files,
    'docker-compose.yml': conf`
      ${files['docker-compose.yml'] ?? ''}
      volumes:
        static:
    `,
    'web/Dockerfile': conf`
      FROM python:3.12-slim
      WORKDIR /app
      RUN useradd --create-home app
      COPY . .
      ${lines}
    `,
  }
}

export default defineRule({
  summary: 'A volume belongs to root, and the container runs as another user',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Docker gives a new volume the owner of the directory that the image has there. Where it has none, Docker makes one for root: `collectstatic` and uploads of an application that runs as another user end with `PermissionError: [Errno 13] Permission denied`.',
  remedy:
    'Make the directory in the image for the user, before `USER`: `RUN mkdir -p /app/static && chown app:app /app/static`',
  references: [
    'https://docs.docker.com/engine/storage/volumes/#populate-a-volume-using-a-container',
    'https://docs.docker.com/reference/dockerfile/#user',
  ],
  unproven: 'The live tests build no images',
  bad: [
    { title: 'static files', files: tree({ volume: '«static:/app/static»' }) },
    {
      title: 'static files, which the entry point collects',
      files: {
        ...tree({
          volume: '«static:/app/static»',
          command: 'gunicorn --bind 0.0.0.0:8000 shop.wsgi',
          lines: 'RUN chmod +x /app/entrypoint.sh\nUSER app\nENTRYPOINT ["/app/entrypoint.sh"]',
        }),
        'web/entrypoint.sh': '#!/bin/sh\npython manage.py collectstatic --noinput\nexec "$@"\n',
      },
    },
    {
      title: 'uploads',
      files: tree({ volume: '«static:/app/media»', command: 'gunicorn --bind 0.0.0.0:8000 shop.wsgi' }),
    },
  ],
  good: [
    {
      title: 'a directory of the user',
      files: tree({ lines: 'RUN mkdir -p /app/static && chown app /app/static\nUSER app' }),
    },
    { title: 'root', files: tree({ lines: '' }) },
    { title: 'root, as the compose file says', files: tree({ user: 'user: root' }) },
    { title: 'a directory of the host', files: tree({ volume: './static:/app/static' }) },
    { title: 'static files of the repository', files: { ...tree(), 'web/static/site.css': 'body { }\n' } },
    { title: 'a step that may make it', files: tree({ lines: 'RUN ./prepare.sh\nUSER app' }) },
    {
      title: 'nothing writes to it',
      files: tree({ command: 'gunicorn --bind 0.0.0.0:8000 shop.wsgi' }),
    },
  ],
  *check(deployment) {
    for (const [container, all] of settingsOfContainers(deployment)) {
      const user = userOf(container)
      if (user === null || mayMakeDirectories(container)) continue
      for (const mount of container.mounts) {
        const target = cleanPath(mount.target)
        if (!isNew(container, mount) || mayHave(container, target)) continue
        const written = all.flatMap(settings => [...writtenBy(container, settings)])
        const found = written.find(({ path }) => isBelow(path, target))
        if (found === undefined) continue
        yield {
          at: mount.at,
          message: `the image has no \`${target}\`, so the volume is root's, and ${found.what} as \`${user.name}\` fails: Permission denied`,
          label: 'belongs to root',
          related: [
            { at: user.at, message: 'another user than root' },
            ...(found.at === null ? [] : [{ at: found.at, message: 'written here' }]),
          ],
          help: `Write \`RUN mkdir -p ${target} && chown ${user.name} ${target}\` above \`USER\``,
        }
      }
    }
  },
})

/** The user of an image that stands on Python's, where nothing of the compose file says another; null for root. */
function userOf({
  image,
  service,
  reference,
}: Container): { readonly name: string; readonly at: Place } | null {
  const user = image?.user
  if (user?.known !== true || user.at === null || service.user !== null || !service.complete) return null
  if (!/^python(?=[:@]|$)/.test(reference ?? '') || service.volumesFrom.length > 0) return null
  const [name = ''] = user.value.split(':')
  return /^(?:root|0*)$|[$\0\uFFFD]/.test(name) ? null : { name, at: user.at }
}

/** What surely makes no directory of an application. */
const HARMLESS =
  /^(?:set|export|apt-get|apt|apk|pip3?|(?:\S*\/)?python[\d.]* -m (?:pip|venv)|useradd|adduser|groupadd|addgroup|usermod|chown|chmod|rm|echo|true|dos2unix|sed|uv (?:pip|sync)|poetry (?:install|config|export)|find|ls|locale-gen)(?:\s|$)/

/** True where a step of the build, or what stands before the application, may make any directory or its owner. */
function mayMakeDirectories(container: Container): boolean {
  const isHarmless = (step: string): boolean =>
    !/[`]|\$\(|>|<</.test(step) &&
    step
      .replace(/\\\n/g, ' ')
      .split(/&&|\|\||[;\n]/)
      .map(each => each.trim().replace(/^--mount=\S+\s+/, ''))
      .every(each => each === '' || each.startsWith('#') || HARMLESS.test(each))
  if (!buildSteps(container).every(isHarmless)) return true
  // The rights of root by another way, or a script that is not read.
  const texts = textsRun(container)
  if (texts.some(text => /\b(?:sudo|gosu|su-exec|setpriv)\b/.test(text))) return true
  return startedWords(container).some(word => /\.sh\b/.test(word.text) && scriptAt(container, word) === null)
}

/** A named volume that Docker makes; one with another user of it may be prepared there. */
function isNew({ project, service }: Container, { volume, from }: ContainerMount): boolean {
  const resource = volume === null || from !== 'volumes' ? undefined : project.volumes.get(volume)
  if (resource === undefined || resource.external || resource.driver !== null || resource.device !== null)
    return false
  return [...project.services.values()].every(
    each =>
      each === service ||
      (each.complete &&
        each.volumes.every(
          ({ source, readOnly }) =>
            source?.known !== true ||
            source.value !== volume ||
            (readOnly.known && readOnly.value) ||
            (each.image?.known === true && /^nginx(?=[:@]|$)/.test(each.image.value)),
        )),
  )
}

/** True where the image may have the directory. */
function mayHave({ image, files, mounts }: Container, target: string): boolean {
  if (image === null || files.kind(target) !== null) return true
  if (!/^\/(?:app|code|src|srv|opt|usr\/src|home|data|var\/www|web|project|workspace)\/./.test(target))
    return true
  const isAt = (path: string): boolean => isBelow(cleanPath(path), target)
  if (image.workingDirectory?.known !== true || isAt(image.workingDirectory.value)) return true
  if (image.volumes.some(each => !each.known || isAt(each.value))) return true
  if (
    mounts.some(
      each =>
        each.from === 'volumes' &&
        cleanPath(each.target) !== target &&
        isBelow(target, cleanPath(each.target)),
    )
  )
    return true
  return image.steps.some(
    step =>
      'sources' in step &&
      (!step.target.known ||
        isAt(step.target.value) ||
        (step.from !== null && isBelow(target, cleanPath(step.target.value)))),
  )
}

/** Where the application writes when it starts, and where uploads go. */
function* writtenBy(
  container: Container,
  settings: DjangoSettings,
): Iterable<{ readonly path: string; readonly what: string; readonly at: Place | null }> {
  const { service, image } = container
  const words = service.command?.words.map(({ text }) => text) ?? []
  const own = image?.command == null ? '' : commandText(image.command)
  const root = directoryOfUrl(settings, 'STATIC')
  if (root !== null && [...textsRun(container), ...words, own].some(text => /\bcollectstatic\b/.test(text)))
    yield { path: root.directory, what: '`collectstatic`', at: root.directoryAt }
  const media = directoryOfUrl(settings, 'MEDIA')
  const isStored = ['DEFAULT_FILE_STORAGE', 'STORAGES'].some(name => settings.names.has(name))
  if (media !== null && !isStored) yield { path: media.directory, what: 'each upload', at: media.directoryAt }
}
