import { posix } from 'node:path'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { ComposeMount, ComposeProject, ComposeService } from '../../parsers/compose/compose.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { directoryOfUrl } from '../../src/deployment/django/static-settings.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { proxiedServer } from '../_examples.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { settingsOfContainers } from './_database-clients.ts'
import { foundForRoot } from './_new-volumes.ts'
import { scriptAt, startedWords, textsRun } from './_started-words.ts'

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

const service = (lines: string, dockerfile: string, more = ''): Record<string, string> => ({
  'nginx.conf': proxiedServer(),
  'docker-compose.yml': conf`
    services:
      web:
        build: .
        ${lines}
      ${more}
    volumes:
      uploads:
  `,
  Dockerfile: dockerfile,
})
const image = (lines: string, from = 'python:3.12-slim'): string => conf`
  FROM ${from}
  RUN useradd --system --uid 10001 app
  WORKDIR /app
  COPY --chown=app:app . .
  ${lines}
`
const VOLUME = conf`
  volumes:
    - uploads:/data/uploads
`
const MARKED = VOLUME.replace('uploads:/data/uploads', '«uploads:/data/uploads»')

export default defineRule({
  summary: 'A volume belongs to root, and the container runs as another user',
  severity: 'error',
  otherSeverities: { warning: 'where the program is not seen to write: nothing else would fill the volume' },
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
    {
      title: 'uploads, in an image whose build collects static files',
      files: tree({
        volume: '«static:/app/media»',
        command: 'gunicorn --bind 0.0.0.0:8000 shop.wsgi',
        lines: 'RUN SECRET_KEY=build DEBUG="" python manage.py collectstatic --noinput\nUSER app',
      }),
    },
    { title: 'a directory that the image does not have', files: service(MARKED, image('USER app')) },
    {
      title: 'a directory that a step makes for root',
      files: service(MARKED, image('RUN mkdir -p /data/uploads /data/cache\nUSER 10001:10001', 'node:22')),
    },
    { title: 'the user of a compose file', files: service(`user: "10001"\n${MARKED}`, image('')) },
    {
      title: 'an anonymous volume',
      files: service('volumes: [«/data/uploads»]', image('USER app')),
    },
    {
      title: 'a directory beside the one in which packages are installed',
      files: service(
        MARKED,
        image(
          'RUN npm install -g pnpm@9\nWORKDIR /app/web\nRUN pnpm install\nWORKDIR /data\nUSER app',
          'node:22',
        ),
      ),
    },
    {
      title: 'a worker with the same image',
      files: service(
        MARKED,
        image('USER app'),
        conf`
          worker:
            build: .
            command: celery -A shop worker
            volumes: ["«uploads:/data/uploads»"]
        `,
      ),
    },
    {
      title: 'static files of the repository, which are root’s',
      files: { ...tree({ volume: '«static:/app/static»' }), 'web/static/site.css': 'body { }\n' },
    },
  ],
  good: [
    {
      title: 'static files that the build collects',
      files: tree({
        command: 'gunicorn --bind 0.0.0.0:8000 shop.wsgi',
        lines: 'RUN SECRET_KEY=build python manage.py collectstatic --noinput\nUSER app',
      }),
    },
    {
      title: 'a directory of the user',
      files: tree({ lines: 'RUN mkdir -p /app/static && chown app /app/static\nUSER app' }),
    },
    { title: 'root', files: tree({ lines: '' }) },
    { title: 'root, as the compose file says', files: tree({ user: 'user: root' }) },
    { title: 'a directory of the host', files: tree({ volume: './static:/app/static' }) },
    {
      title: 'static files that are copied for the user',
      files: Object.fromEntries(
        Object.entries({ ...tree(), 'web/static/site.css': 'body { }\n' }).map(([path, text]) => [
          path,
          text.replace('COPY .', 'COPY --chown=app .'),
        ]),
      ),
    },
    { title: 'a step that may make it', files: tree({ lines: 'RUN ./prepare.sh\nUSER app' }) },
    {
      title: 'a directory that a step makes for the user',
      files: service(VOLUME, image('RUN install -d -o app -g app /data/uploads\nUSER app')),
    },
    {
      title: 'one that the user makes',
      files: service(VOLUME, image('USER app\nRUN mkdir -p /app/uploads').replaceAll('/app', '/data')),
    },
    {
      title: 'one that is given away',
      files: service(VOLUME, image('RUN mkdir -p /data/uploads && chown -R app /data\nUSER app')),
    },
    {
      title: 'the home of the user',
      files: service(VOLUME, image('RUN useradd --home-dir /data/uploads --create-home web\nUSER web')),
    },
    {
      title: 'one that is made where `cd` leads to',
      files: service(
        VOLUME,
        image('RUN mkdir /data && chown app /data\nUSER app\nRUN cd /data && mkdir uploads'),
      ),
    },
    {
      title: 'one that scripts of Composer may make as the user',
      files: service(
        VOLUME.replace('/data/uploads', '/app/var'),
        image('USER app\nRUN composer install', 'php:8.3-cli'),
      ),
    },
    {
      title: 'packages of a directory above the last one',
      files: service(
        conf`
          user: "10001"
          volumes: ['./web:/srv/web', '/srv/web/node_modules']
        `,
        conf`
          FROM node:22
          WORKDIR /srv/web
          COPY package.json pnpm-lock.yaml ./
          RUN corepack enable && pnpm install --frozen-lockfile
          WORKDIR /srv/web/apps/shop
          CMD ["pnpm", "dev"]
        `,
      ),
    },
    { title: 'a user that a variable names', files: service(`user: \${OWNER}\n${VOLUME}`, image('')) },
    {
      title: 'a container that prepares it',
      files: service(
        VOLUME,
        image('USER app'),
        conf`
          prepare:
            image: busybox
            command: chown 10001 /data
            volumes: ["uploads:/data"]
        `,
      ),
    },
    {
      title: 'a script that prepares it',
      files: {
        ...service(VOLUME, image('USER app')),
        'deploy.sh': 'docker compose run --rm --user root web chown app /data/uploads\n',
      },
    },
    {
      title: 'a volume that is there',
      files: Object.fromEntries(
        Object.entries(service(VOLUME, image('USER app'))).map(([path, text]) => [
          path,
          text.replace(/ {2}uploads:\n$/, '  uploads:\n    external: true\n'),
        ]),
      ),
    },
    { title: 'only read', files: service(VOLUME.replace('uploads\n', 'uploads:ro\n'), image('USER app')) },
    { title: 'an image of somebody else', files: service(VOLUME, image('USER app', 'example/python:3')) },
  ],
  *check(deployment) {
    const settings = settingsOfContainers(deployment)
    for (const { container } of deployment.machines) {
      if (container === null || container.isAlone) continue
      const user = userOf(container)
      if (user === null || mayBeRoot(container)) continue
      const written = (settings.get(container) ?? []).flatMap(each => [...writtenBy(container, each)])
      for (const volume of container.service.volumes) {
        if (volume.kind !== 'volume' || !volume.target.known || !isWritable(volume)) continue
        const target = cleanPath(volume.target.value)
        const own = foundForRoot(container, target)
        if (own === null || !isNew(deployment, container, volume)) continue
        const found = written.find(({ path }) => isBelow(path, target))
        // Copied files may be all that the volume is for.
        if (found === undefined && own === 'copied') continue
        if (isMounted(container, volume, target) || isGivenAway(deployment, target)) continue
        yield {
          at: volume.at,
          severity: found === undefined ? 'warning' : 'error',
          message: `${own === 'nothing' ? `the image has no \`${target}\`` : `\`${target}\` of the image belongs to root`}, so the volume is root’s, and ${found === undefined ? `\`${user.name}\` may not write to it` : `${found.what} as \`${user.name}\` fails`}: Permission denied`,
          label: 'belongs to root',
          related: [
            { at: user.at, message: 'another user than root' },
            ...(found?.at == null ? [] : [{ at: found.at, message: 'written here' }]),
          ],
          help: `Write \`RUN mkdir -p ${target} && chown ${user.name} ${target}\` ${user.ofImage ? 'above `USER`' : 'into its Dockerfile'}`,
        }
      }
    }
  },
})

interface User {
  readonly name: string
  readonly at: Place
  /** True where the Dockerfile names it. */
  readonly ofImage: boolean
}

/** The user that a container runs as; null for root, and where nobody knows. */
function userOf({ image, service }: Container): User | null {
  const user = service.user ?? image?.user ?? null
  if (user?.known !== true || user.at === null || !service.complete || service.volumesFrom.length > 0)
    return null
  const [name = ''] = user.value.split(':')
  return /^(?:root|0*)$|[$\0\uFFFD]/.test(name) ? null : { name, at: user.at, ofImage: service.user === null }
}

/** True where the rights of root may come by another way, or from a script that is not read. */
function mayBeRoot(container: Container): boolean {
  const texts = textsRun(container)
  if (texts.some(text => /\b(?:sudo|gosu|su-exec|setpriv|doas)\b/.test(text))) return true
  return startedWords(container).some(word => /\.sh\b/.test(word.text) && scriptAt(container, word) === null)
}

const isWritable = ({ readOnly }: ComposeMount): boolean => readOnly.known && !readOnly.value

/** Servers that are given files to read: they run as root, and give nothing away. */
const READS_ONLY = /^(?:nginx|httpd|caddy|traefik)(?=[:@]|$)/

/** A volume that Docker makes; a container with another user of it may prepare it. */
function isNew(deployment: Deployment, container: Container, { source, subpath }: ComposeMount): boolean {
  if (source === null) return subpath === null
  if (!source.known || subpath !== null) return false
  const { project, projects, service } = container
  const resource = project.volumes.get(source.value)
  if (resource === undefined || resource.external || resource.driver !== null || resource.device !== null)
    return false
  // Files that `-f` lays over each other name the same volumes and services.
  return (overlaid(projects).get(project.directory) ?? [project]).every(each => {
    const { byVolume, unknown, isWhole } = mountsOf(each)
    const again = each.services.get(service.name)
    if (!isWhole || unknown || (again !== undefined && again !== service && again.user !== null)) return false
    return (byVolume.get(source.value) ?? []).every(
      other => other.service === service || isNoOwner(deployment, other),
    )
  })
}

interface MountOfService {
  readonly service: ComposeService
  readonly mount: ComposeMount
}

const overlaid = memo((projects: readonly ComposeProject[]) => groupBy(projects, each => each.directory))

const mountsOf = memo(({ services, complete }: ComposeProject) => {
  const all = [...services.values()]
  const mounts = all.flatMap(service => service.volumes.map((mount): MountOfService => ({ service, mount })))
  return {
    isWhole: complete && all.every(each => each.complete),
    unknown: mounts.some(({ mount: { kind, source } }) => kind === 'unknown' || source?.known === false),
    byVolume: groupBy(
      mounts.filter(({ mount }) => mount.kind === 'volume'),
      ({ mount }) => (mount.source?.known === true ? mount.source.value : ''),
    ),
  }
})

/** True where a container leaves the volume root’s: it only reads, or its image has the directory for root, too. */
function isNoOwner(deployment: Deployment, { service, mount }: MountOfService): boolean {
  return (
    !isWritable(mount) ||
    (service.image?.known === true && READS_ONLY.test(service.image.value)) ||
    isForRoot(deployment, service, mount)
  )
}

/** True where another container does not prepare the volume: it runs as another user, and its image has it for root. */
function isForRoot(deployment: Deployment, service: ComposeService, { target }: ComposeMount): boolean {
  const container = containersOfServices(deployment).get(service)
  return (
    container !== undefined &&
    target.known &&
    userOf(container) !== null &&
    !mayBeRoot(container) &&
    foundForRoot(container, cleanPath(target.value)) !== null
  )
}

const containersOfServices = memo(
  ({ machines }: Deployment): ReadonlyMap<ComposeService, Container> =>
    new Map(
      machines.flatMap(({ container }) => (container === null ? [] : [[container.service, container]])),
    ),
)

/** True where something else is mounted above it. */
function isMounted({ service }: Container, own: ComposeMount, path: string): boolean {
  return service.volumes.some(
    each =>
      each !== own &&
      each.kind !== 'bind' &&
      (!each.target.known || isBelow(path, cleanPath(each.target.value))),
  )
}

/** True where a script that deploys gives the directory to somebody. */
function isGivenAway(deployment: Deployment, path: string): boolean {
  const texts = deployment.setups()
  return (
    texts === null ||
    texts.some(
      ({ text }) =>
        /\bcho(?:wn|mod)\b/.test(text) &&
        /\b(?:docker|podman)\b/.test(text) &&
        text.split(/[\s/"':{},;]+/).includes(posix.basename(path)),
    )
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
