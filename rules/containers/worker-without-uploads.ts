import { posix } from 'node:path'
import type { ComposeMount, ComposeService } from '../../parsers/compose/compose.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import { matchedPlace, type Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { directoryOfUrl, keepsUploadsInFiles } from '../../src/deployment/django/static-settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { cronWithoutNextcloud } from './_nextcloud-cron.ts'
import { settingsOfContainers } from './_database-clients.ts'

const OPENS = conf`
  from celery import shared_task
  from .models import Document

  @shared_task
  def extract(pk):
      document = Document.objects.get(pk=pk)
      return open(document.file.path).read()
`
const tree = (worker: string, { tasks = OPENS, settings = '' } = {}): Record<string, string> => {
  const files = djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["*"]
      MEDIA_URL = "/media/"
      MEDIA_ROOT = "/app/media"
      ${settings}
    `,
    environment: 'volumes: ["media:/app/media"]',
  })
  return {
    ...files,
    'docker-compose.yml': conf`
      ${files['docker-compose.yml'] ?? ''}
        ${worker}
      volumes:
        media:
    `,
    'web/documents/tasks.py': tasks,
  }
}
const worker = (lines = '', name = '«worker»'): string => conf`
  ${name}:
    build: ./web
    command: celery -A shop worker --loglevel info
    ${lines}
`

/** Nextcloud, and a second container of its image. */
const nextcloud = (name: string, lines: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      app:
        image: nextcloud:29-apache
        volumes:
          - html:/var/www/html
          - /srv/files:/var/www/html/data
      ${name}
        image: nextcloud:29-apache
        ${lines}
    volumes:
      html:
      cron:
      other:
  `,
})

export default defineRule({
  summary: 'A worker does not mount the volume in which the files of its application are',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Uploads lie in a volume that the container of the application mounts. The worker runs from the same image in another container, whose directory of that name is its own and empty: each task that opens an upload ends with FileNotFoundError, and what a task writes there nobody sees. The image of Nextcloud installs it into `/var/www/html`: a container of it with `/cron.sh` that does not mount what the first one has there finds no `cron.php`, and no background job runs.',
  remedy: 'Mount the volume in the service of the worker, too',
  references: [
    'https://docs.docker.com/engine/storage/volumes/',
    'https://docs.djangoproject.com/en/stable/ref/settings/#media-root',
    'https://github.com/nextcloud/docker/blob/master/.examples/docker-compose/insecure/mariadb/apache/compose.yaml',
  ],
  unproven: 'The live tests build no images',
  bad: [
    { title: 'Celery', files: tree(worker()) },
    { title: 'the background jobs of Nextcloud', files: nextcloud('«cron»:', 'entrypoint: /cron.sh') },
    {
      title: 'the background jobs of Nextcloud, with another volume',
      files: nextcloud(
        '«cron»:',
        conf`
          command: ["sh", "-c", "exec /cron.sh"]
          volumes: ["cron:/var/www/html", "/srv/files:/var/www/html/data"]
        `,
      ),
    },
    {
      title: 'the background jobs of Nextcloud, without its files',
      files: nextcloud('«cron»:', 'entrypoint: ["/cron.sh"]\nvolumes: ["html:/var/www/html"]'),
    },
    { title: 'another volume', files: tree(worker('volumes: ["media:/app/files"]')) },
    {
      title: 'a task that writes into the storage',
      files: tree(worker(), {
        tasks: conf`
          from django.core.files.storage import default_storage
          def report():
              default_storage.save("report.pdf", render())
        `,
      }),
    },
  ],
  good: [
    {
      title: 'the background jobs of Nextcloud, with all that it has',
      files: nextcloud(
        'cron:',
        'entrypoint: /cron.sh\nvolumes: ["html:/var/www/html", "/srv/files:/var/www/html/data"]',
      ),
    },
    {
      title: 'the background jobs of Nextcloud, with the volumes of its container',
      files: nextcloud('cron:', 'entrypoint: /cron.sh\nvolumes_from: [app]'),
    },
    {
      title: 'another Nextcloud',
      files: nextcloud('other:', 'volumes: ["other:/var/www/html"]'),
    },
    { title: 'the volume of the uploads', files: tree(worker('volumes: ["media:/app/media"]', 'worker')) },
    { title: 'a directory above it', files: tree(worker('volumes: ["./web:/app"]', 'worker')) },
    {
      title: 'tasks that open no uploads',
      files: tree(worker('', 'worker'), { tasks: 'def send(pk):\n    mail(pk)\n' }),
    },
    {
      title: 'uploads that another storage keeps',
      files: tree(worker('', 'worker'), {
        settings: 'DEFAULT_FILE_STORAGE = "storages.backends.s3boto3.S3Boto3Storage"',
      }),
    },
    {
      title: 'what starts tasks, and runs none',
      files: tree(worker('', 'worker').replace(' worker --loglevel', ' beat --loglevel')),
    },
  ],
  *check(deployment) {
    yield* cronWithoutNextcloud(deployment)
    for (const [web, all] of settingsOfContainers(deployment)) {
      for (const settings of all) {
        const media = keepsUploadsInFiles(settings) ? directoryOfUrl(settings, 'MEDIA') : null
        const volume = media === null ? null : volumeAt(web, media.directory)
        if (media === null || volume === null) continue
        for (const service of web.project.services.values()) {
          if (!isWorker(service) || !isOfSameImage(service, web.service)) continue
          if (mayHave(service, media.directory)) continue
          const opened = openedIn(web)
          if (opened === null) continue
          yield {
            at: service.at,
            message: `uploads are in the volume of \`${media.directory}\` that \`${web.service.name}\` mounts and \`${service.name}\` does not: a task that opens one ends with FileNotFoundError`,
            label: 'without the volume',
            related: [
              { at: volume.at, message: 'mounted here' },
              { at: opened, message: 'opened by a task' },
            ],
          }
        }
      }
    }
  },
})

/** The volume in which a directory is; null where none is, or something else. */
function volumeAt({ service }: Container, directory: string): ComposeMount | null {
  const found = service.volumes.filter(
    ({ target }) => !target.known || isBelow(directory, cleanPath(target.value)),
  )
  const [volume] = found
  return found.length === 1 && volume?.kind === 'volume' && volume.source?.known === true ? volume : null
}

/** True for a command of Celery that runs tasks. */
function isWorker({ command, entrypoint, complete }: ComposeService): boolean {
  const text = command?.words.map(word => word.text).join(' ') ?? ''
  return complete && entrypoint === null && /\bcelery\b.*\sworker\b/.test(text)
}

function isOfSameImage(one: ComposeService, other: ComposeService): boolean {
  const context = one.build?.context
  return (
    context?.known === true &&
    other.build?.context?.known === true &&
    context.value === other.build.context.value
  )
}

function mayHave({ volumes, volumesFrom }: ComposeService, directory: string): boolean {
  return (
    volumesFrom.length > 0 ||
    volumes.some(({ target }) => !target.known || isBelow(directory, cleanPath(target.value)))
  )
}

/** Where a module of tasks opens what a field of files, or the storage, has. */
function openedIn({ service, hostFiles }: Container): Place | null {
  const context = service.build?.context
  if (context?.known !== true || !context.value.startsWith('/')) return null
  for (const path of tasksBelow(hostFiles, context.value)) {
    const source = sourceAt(hostFiles, path)
    const match = source === null ? null : OPENED.exec(source.code)
    if (source !== null && match !== null) return matchedPlace(source, match)
  }
  return null
}

/** A field of a model by the names that such fields have, and `default_storage`. */
const OPENED =
  /\b\w+\.\w*(?:file|image|document|photo|picture|upload|attachment|avatar|video|audio|media)\w*\.(?:path|open|save)\b|\bdefault_storage\.(?:open|save|path)\b/i

/** The `tasks.py` of the applications of a project. */
function tasksBelow(files: FileSystem, context: string): readonly string[] {
  const directories = (path: string): readonly string[] =>
    (files.list(path) ?? []).flatMap(({ name, kind }) =>
      kind === 'directory' && !/^(?:\.|node_modules$|static$|media$)/.test(name)
        ? [posix.join(path, name)]
        : [],
    )
  const first = directories(context)
  return [...first, ...first.flatMap(directories)]
    .map(path => `${path}/tasks.py`)
    .filter(path => files.kind(path) === 'file')
}
