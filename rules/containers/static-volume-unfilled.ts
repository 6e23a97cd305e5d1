import { posix } from 'node:path'
import type { ComposeMount, ComposeService } from '../../parsers/compose/compose.ts'
import type { Container, ContainerMount } from '../../src/deployment/containers/container.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
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
      title: 'a directory of the host that the application does not mount',
      files: {
        'docker-compose.yml': compose('${STATIC_DIR}:/srv/static:ro'),
        'nginx/site.conf': site('alias «/srv/static/»;'),
      },
    },
  ],
  good: [
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
      if (container === null || !/^nginx/.test(container.base ?? '') || container.image !== null) continue
      const beside = writers(deployment, container)
      if (beside.length === 0) continue
      for (const directive of directoriesOf(configuration.occurrences)) {
        const path = directive.args[0]?.value ?? ''
        const mount = path.startsWith('/') ? mountAt(container, path) : null
        if (mount === null || mount.path !== null || mount.from !== 'volumes') continue
        const key = keyOf(container.service, mount)
        if (key === null || (mount.volume !== null && isFilledElsewhere(container, mount.volume))) continue
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
  const clean = posix.normalize(path).replace(/(.)\/$/, '$1')
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
