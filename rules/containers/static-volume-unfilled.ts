import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { ComposeMount, ComposeService } from '../../parsers/compose/compose.ts'
import type { Container, ContainerMount } from '../../src/deployment/containers/container.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { servedDirectory } from '../../src/deployment/requests/url-of-file.ts'
import { directoryOfUrl, keepsUploadsInFiles } from '../../src/deployment/django/static-settings.ts'
import { buildSteps, textsRun } from './_started-words.ts'
import { placeText } from '../../parsers/text/source.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'

const site = (line: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      location /static/ {
          ${line}
      }
      location / {
          proxy_pass http://web:8000;
          proxy_set_header Host $host;
      }
  }
`
const compose = (nginx: string, web = '', image = 'nginx:1.27'): string => conf`
  services:
    web:
      build: ./web
      command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
      ${web}
    nginx:
      image: ${image}
      volumes:
        - ./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro
        - ${nginx}
  volumes:
    static:
`

const collecting = (volume: string): Record<string, string> => ({
  'docker-compose.yml': compose(
    'static:/srv/static:ro',
    conf`
      volumes:
        - ${volume}
    `,
  ),
  'nginx/site.conf': site('alias /srv/static/;'),
  'web/Dockerfile': conf`
    FROM python:3.12
    WORKDIR /app
    COPY . .
  `,
  'web/shop/__init__.py': '',
  'web/shop/wsgi.py': conf`
    import os
    from django.core.wsgi import get_wsgi_application
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    application = get_wsgi_application()
  `,
  'web/shop/settings.py': conf`
    STATIC_URL = "/static/"
    STATIC_ROOT = "/app/staticfiles"
  `,
})

/** The same with an image of nginx that is built: its files are copied where the volume is not. */
const withBuiltNginx = (files: Record<string, string>, steps: string): Record<string, string> => ({
  ...files,
  'docker-compose.yml': files['docker-compose.yml']!.replace('image: nginx:1.27', 'build: ./nginx').replace(
    /^.*site\.conf.*\n/m,
    '',
  ),
  'nginx/Dockerfile': conf`
    FROM nginx:1.27
    RUN rm /etc/nginx/conf.d/default.conf
    COPY site.conf /etc/nginx/conf.d/
    ${steps}
  `,
})

const uploading = (volume: string): Record<string, string> => ({
  ...collecting(volume),
  'nginx/site.conf': site('alias /srv/static/;').replace('location /static/', 'location /media/'),
  'web/shop/settings.py': conf`
    ALLOWED_HOSTS = ["example.org"]
    DEBUG = False
    MEDIA_URL = "/media/"
    MEDIA_ROOT = "/app/media"
  `,
})

export default defineRule({
  summary: 'nginx serves files of a volume that the application does not have',
  severity: 'error',
  otherSeverities: { warning: 'where the volume is a directory of the host, which something else may fill' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Each container has files of its own. What `collectstatic` or an upload writes in the container of the application is there for nginx only where both mount the same volume: otherwise every file is 404.',
  remedy: 'Mount the volume in the container of the application, at the directory that it writes to',
  references: [
    'https://docs.docker.com/reference/compose-file/services/#volumes',
    'https://docs.djangoproject.com/en/stable/ref/contrib/staticfiles/#collectstatic',
  ],
  bad: [
    {
      title: 'a volume of nginx alone',
      files: {
        'docker-compose.yml': compose('static:/srv/static:ro'),
        'nginx/site.conf': site('alias «/srv/static/»;'),
      },
    },
    {
      title: 'the same below a `root`',
      files: {
        'docker-compose.yml': compose('static:/srv/static:ro'),
        'nginx/site.conf': site('root «/srv»;'),
      },
    },
    {
      title: 'a directory of the host that the application does not mount',
      files: {
        'docker-compose.yml': compose('${STATIC_DIR}:/srv/static:ro'),
        'nginx/site.conf': site('alias «/srv/static/»;'),
      },
    },
    {
      title: 'a volume beside the directory that Django collects into',
      files: collecting('«static:/app/static»'),
    },
    {
      title: 'a volume beside the directory of uploads',
      files: uploading('«static:/app/uploads»'),
    },
    {
      title: 'the same beside an image of nginx that is built',
      files: withBuiltNginx(collecting('«static:/app/static»'), 'RUN mkdir -p /srv/static'),
    },
  ],
  good: [
    { title: 'a volume at the directory of uploads', files: uploading('static:/app/media') },
    {
      title: 'uploads that are kept elsewhere',
      files: {
        ...uploading('static:/app/uploads'),
        'web/shop/settings.py': conf`
          ALLOWED_HOSTS = ["example.org"]
          DEBUG = False
          MEDIA_URL = "/media/"
          MEDIA_ROOT = "/app/media"
          STORAGES = {"default": {"BACKEND": "storages.backends.s3.S3Storage"}}
        `,
      },
    },
    {
      title: 'a volume at the directory that Django collects into',
      files: collecting('static:/app/staticfiles'),
    },
    {
      title: 'a volume of both',
      files: {
        'docker-compose.yml': compose('static:/srv/static:ro', 'volumes: ["static:/app/static"]'),
        'nginx/site.conf': site('alias /srv/static/;'),
      },
    },
    {
      title: 'files of the repository',
      files: {
        'docker-compose.yml': compose('./static:/srv/static:ro'),
        'nginx/site.conf': site('alias /srv/static/;'),
        'static/site.css': 'body { }',
      },
    },
    {
      title: 'a directory of the host for both',
      files: {
        'docker-compose.yml': compose(
          '${STATIC_DIR}:/srv/static:ro',
          'volumes: ["${STATIC_DIR}:/app/static"]',
        ),
        'nginx/site.conf': site('alias /srv/static/;'),
      },
    },
    {
      title: 'an image of nginx that is built with the files',
      files: withBuiltNginx(collecting('static:/app/static'), 'COPY --from=assets /out /srv/static'),
    },
    {
      title: 'an image of nginx that fetches the files when it is built',
      files: withBuiltNginx(
        collecting('static:/app/static'),
        'RUN wget -q -O /srv/static/site.css https://example.org/site.css',
      ),
    },
    {
      title: 'an image of nginx with the files in it, with which a new volume begins',
      files: {
        'docker-compose.yml': compose('static:/srv/static:ro', '', 'example/nginx-with-files'),
        'nginx/site.conf': site('alias /srv/static/;'),
      },
    },
    {
      title: 'a volume that is made elsewhere',
      files: {
        'docker-compose.yml': compose('static:/srv/static:ro').replace(
          'static:\n',
          'static:\n    external: true\n',
        ),
        'nginx/site.conf': site('alias /srv/static/;'),
      },
    },
  ],
  *check(deployment) {
    for (const { configuration, machine } of programsOfKind(deployment, 'nginx')) {
      const { container } = machine
      if (container === null || !/^nginx/.test(container.base ?? '')) continue
      if (container.service.build !== null && container.image === null) continue
      const beside = writers(deployment, container)
      if (beside.length === 0) continue
      for (const directive of directoriesOf(configuration.occurrences)) {
        const path = [servedDirectory(directive), directive.args[0]?.value ?? ''].find(
          each => each.startsWith('/') && mountAt(container, each)?.path === null,
        )
        const mount = path === undefined ? null : mountAt(container, path)
        if (path === undefined || mount === null || mount.from !== 'volumes') continue
        if (bringsFiles(container, mount.target)) continue
        const key = keyOf(container.service, mount)
        if (key === null || (mount.volume !== null && isFilledElsewhere(container, mount.volume))) continue
        const holder = beside.find(({ service }) => service.volumes.some(own => sourceOf(own) === key))
        if (holder !== undefined) {
          yield* besideRoot(deployment, holder, mount, path, directive)
          continue
        }
        const { services } = container.project
        const others = [...services.values()].filter(({ name }) => name !== container.service.name)
        if (
          others.some(
            each =>
              each.volumesFrom.length > 0 ||
              !each.complete ||
              each.volumes.some(own => sourceOf(own) === key),
          )
        )
          continue
        // Another kind of directory, such as the one that certbot writes to, may be filled by a program beside it.
        if (mount.volume === null && !isStatic(directive)) continue
        const [writer] = beside
        yield {
          at: argumentPlace(directive, 0),
          severity: mount.volume === null ? ('warning' as const) : ('error' as const),
          message: `no other container mounts \`${key}\`, so what \`${writer?.service.name}\` writes does not get to \`${path}\``,
          label: 'nothing fills it',
          related: [
            { at: mount.at, message: 'mounted for nginx alone' },
            ...beside.map(each => ({ at: each.service.at, message: 'the application has files of its own' })),
          ],
        }
      }
    }
  },
})

/** A volume that the application has too, and not where its settings collect static files or keep uploads. */
function* besideRoot(
  deployment: Deployment,
  holder: Container,
  mount: ContainerMount,
  path: string,
  directive: NginxDirective,
): Iterable<RuleFinding> {
  const program = programsOfKind(deployment, 'app-server').find(({ machine }) => machine.container === holder)
  const settings = program === undefined ? null : (deployment.moduleOf(program)?.settings ?? null)
  const own = holder.mounts.find(({ volume }) => volume !== null && volume === mount.volume)
  if (settings === null || own === undefined || copiesFiles(holder)) return
  const location = directive.parent?.name === 'location' ? (directive.parent.args.at(-1)?.value ?? '') : ''
  const kind = (['STATIC', 'MEDIA'] as const).find(
    each => directoryOfUrl(settings, each)?.url === `${location}/`.replace('//', '/'),
  )
  const files = kind === undefined ? null : directoryOfUrl(settings, kind)
  if (files === null || (kind === 'MEDIA' && !keepsUploadsInFiles(settings))) return
  const { directory } = files
  if (holder.mounts.some(each => each.from !== 'COPY' && isBelow(directory, each.target))) return
  if (isBelow(own.target, directory)) return
  yield {
    at: own.at,
    message: `\`${mount.volume}\` is \`${own.target}\` here, and Django ${kind === 'STATIC' ? 'collects its static files into' : 'keeps uploads in'} \`${directory}\`, so none of them gets to \`${path}\` of nginx`,
    label: `not the directory of \`${kind}_ROOT\``,
    related: [
      ...(files.directoryAt === null
        ? []
        : [{ at: files.directoryAt, message: kind === 'STATIC' ? 'collected here' : 'kept here' }]),
      { at: argumentPlace(directive, 0), message: 'nginx looks here' },
    ],
    help: `Mount it at \`${directory}\``,
  }
}

/** True where the image of nginx may have files at a path, with which a new volume begins. */
function bringsFiles(container: Container, path: string): boolean {
  const isAbove = (target: string): boolean => isBelow(path, target) || isBelow(target, path)
  const { steps } = container.image ?? { steps: [] }
  return (
    steps.some(step => 'sources' in step && (!step.target.known || isAbove(cleanPath(step.target.value)))) ||
    buildSteps(container).some(text =>
      text
        .split(/[;&|\n]+/)
        .some(command => command.includes(path) && !/^\s*(?:mkdir|chown|chmod)\b/.test(command)),
    )
  )
}

/** True where what the container starts may copy the files to where they are wanted. */
function copiesFiles(container: Container): boolean {
  return textsRun(container).some(text => /\b(?:cp|rsync|mv|ln|make)\b/.test(text))
}

function directoriesOf(
  occurrences: ReadonlyMap<string, readonly NginxDirective[]>,
): readonly NginxDirective[] {
  return [...(occurrences.get('alias') ?? []), ...(occurrences.get('root') ?? [])]
}

/** The containers of application servers that this one proxies to. */
function writers(deployment: Deployment, container: Container): readonly Container[] {
  const found = new Set<Container>()
  for (const { from, targets } of deployment.connections.nginx) {
    if (from.machine.container !== container) continue
    for (const { to } of targets)
      if (
        to.kind === 'listener' &&
        to.listener.kind === 'app-server' &&
        to.listener.program.machine.container !== null
      )
        found.add(to.listener.program.machine.container)
  }
  return [...found]
}

/** The innermost mount over a path. */
function mountAt({ mounts }: Container, path: string): ContainerMount | null {
  const clean = cleanPath(path)
  let best: ContainerMount | null = null
  for (const mount of mounts) {
    const isOver = clean === mount.target || clean.startsWith(`${mount.target}/`)
    if (isOver && mount.target.length > (best?.target.length ?? 0)) best = mount
  }
  return best
}

/** What tells one volume from another: its key, or the path of the host as it is written. */
function keyOf(service: ComposeService, mount: ContainerMount): string | null {
  const own = service.volumes.find(({ at }) => at === mount.at)
  return own === undefined ? null : sourceOf(own)
}

function sourceOf({ kind, source, target, at }: ComposeMount): string | null {
  if (kind === 'tmpfs') return null
  if (source?.known === true) return source.value
  const written = placeText(at)
  const behind = target.known ? written.indexOf(`:${target.value}`) : -1
  return behind > 0 ? written.slice(0, behind) : null
}

function isFilledElsewhere({ project }: Container, volume: string): boolean {
  const resource = project.volumes.get(volume)
  return (
    resource === undefined ||
    resource.external ||
    resource.driver !== null ||
    resource.device !== null ||
    resource.name !== null
  )
}

function isStatic({ parent }: NginxDirective): boolean {
  return (
    parent?.name === 'location' && parent.args.some(({ value }) => /static|media|assets|uploads/i.test(value))
  )
}
