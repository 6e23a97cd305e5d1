import { posix } from 'node:path'
import type { ComposeMount, ComposeService } from '../../parsers/compose/compose.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { overlap } from '../../parsers/text/is-below.ts'
import { placeText } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment, NginxProgram } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { servedDirectory } from '../../src/deployment/requests/url-of-file.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'
import { targetsOf } from './_mounted.ts'

const MOUNT = './nginx/site.conf:/etc/nginx/conf.d/default.conf:ro'

/** nginx with one mount, certbot with another, and their volumes. */
const challenges = (ofNginx: string, ofCertbot: string, volumes = 'webroot:'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        ports: ["80:80"]
        volumes:
          - ${MOUNT}
          - ${ofNginx}
      certbot:
        image: certbot/certbot
        volumes:
          - ${ofCertbot}
    volumes:
      ${volumes}
  `,
  'nginx/site.conf': conf`
    server {
        listen 80;
        location /.well-known/acme-challenge/ {
            root /var/www/certbot;
        }
    }
  `,
})

/** Django with one mount at the path of its files, and nginx with another. */
const files = (
  ofWeb: string,
  ofNginx: string,
  { more = '', nginx = '', served = 'alias /app/media/;' } = {},
): Record<string, string> => ({
  'docker-compose.yml': composeWith({
    web: conf`
      volumes:
        - ${ofWeb}
    `,
    nginx,
    more: conf`
        ${more}
      volumes:
        media:
        files:
    `,
  }).replace(MOUNT, `${MOUNT}\n      - ${ofNginx}`),
  'nginx/site.conf': siteTo('web:8000').replace(
    '    location / {',
    () => `    location /media/ {\n        ${served}\n    }\n    location / {`,
  ),
})

export default defineRule({
  summary: 'Two containers mount different volumes where they are to share files',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A path in one container has nothing to do with the same path in another: what both see there is what both mount there. `./certbot/www` is a directory of the host beside the compose file, `certbot-www` a volume that Docker keeps. What one container writes into the one, the other does not find: 404 for every challenge of Let’s Encrypt, every upload and every style sheet, or `connect() to unix:… failed (2: No such file or directory)`.',
  remedy: 'Mount the same volume, or the same directory of the host, in both services',
  references: [
    'https://docs.docker.com/reference/compose-file/services/#volumes',
    'https://docs.docker.com/engine/storage/',
  ],
  unproven: 'What a container sees, its compose file says: no loopback has another file system',
  bad: [
    {
      title: 'a directory for nginx, a volume for certbot',
      files: challenges('«./certbot/www:/var/www/certbot:ro»', 'webroot:/var/www/certbot'),
    },
    {
      title: 'two volumes',
      files: challenges('«www:/var/www/certbot:ro»', 'webroot:/var/www/certbot', 'www:\nwebroot:'),
    },
    {
      title: 'two directories',
      files: challenges('«./www:/var/www/certbot/»', './certbot/www:/var/www/certbot'),
    },
    {
      title: 'uploads of an application',
      files: files('media:/app/media', '«./media:/app/media:ro»'),
    },
    {
      title: 'the socket of PHP-FPM',
      files: {
        'docker-compose.yml': conf`
          services:
            php:
              build: .
              volumes: ["./run:/run/php"]
            nginx:
              image: nginx:1.27
              ports: ["80:80"]
              volumes:
                - ${MOUNT}
                - «run:/run/php»
          volumes:
            run:
        `,
        'nginx/site.conf': conf`
          server {
              listen 80;
              root /srv/www;
              location = /index.php {
                  include fastcgi_params;
                  fastcgi_pass unix:/run/php/fpm.sock;
              }
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'one volume',
      files: challenges('webroot:/var/www/certbot:ro', 'webroot:/var/www/certbot'),
    },
    {
      title: 'one directory, written in two ways',
      files: challenges('./certbot/www/:/var/www/certbot', './certbot/../certbot/www:/var/www/certbot'),
    },
    {
      title: 'a directory of the host that others may fill',
      files: challenges('/srv/certbot/www:/var/www/certbot', 'webroot:/var/www/certbot'),
    },
    {
      title: 'a volume that is the directory',
      files: challenges(
        './www:/var/www/certbot',
        'webroot:/var/www/certbot',
        'webroot:\n  driver_opts: { type: none, o: bind, device: ./www }',
      ),
    },
    {
      title: 'a volume from outside',
      files: challenges('./www:/var/www/certbot', 'webroot:/var/www/certbot', 'webroot:\n  external: true'),
    },
    {
      title: 'a directory with files of the repository',
      files: { ...files('media:/app/media', './media:/app/media:ro'), 'media/index.html': 'hello\n' },
    },
    {
      title: 'another service writes to the one of nginx',
      files: files('media:/app/media', './media:/app/media:ro', {
        more: conf`
            worker:
              build: ./web
              volumes: ["./media:/srv/media"]
        `,
      }),
    },
    {
      title: 'a path that nginx does not serve',
      files: files('files:/app/data', './data:/app/data'),
    },
    {
      title: 'the same beside what it looks for below a `root`',
      files: files('files:/app/data', './data:/app/data', { served: 'root /app;' }),
    },
    {
      title: 'another file mounts it otherwise',
      files: {
        ...files('media:/app/media', './media:/app/media:ro'),
        'docker-compose.prod.yml': conf`
          services:
            nginx:
              volumes: ["media:/app/media:ro"]
        `,
      },
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'nginx')) {
      const { container } = program.machine
      if (container === null || !container.service.complete || container.service.volumesFrom.length > 0)
        continue
      const others = [...container.project.services.values()].filter(each => each !== container.service)
      const served = servedPaths(deployment, program)
      for (const mount of container.service.volumes) {
        const target = pathOf(mount)
        if (target === null || target === '/' || !isShared(mount, container)) continue
        if (!served.some(path => overlap(path, target))) continue
        const own = idOf(mount, container)
        if (own === null || hasFiles(own, container) || isBrought(container, target)) continue
        if (others.some(each => each.volumes.some(other => mayBe(other, own, container)))) continue
        if (isLaidOver(container, [container.service.name], target)) continue
        for (const other of others) {
          if (isWebServer(other) || !other.complete) continue
          const theirs = other.volumes.find(each => pathOf(each) === target)
          if (theirs === undefined || !isWritable(theirs) || !isShared(theirs, container)) continue
          const id = idOf(theirs, container)
          if (id === null || id === own || isLaidOver(container, [other.name], target)) continue
          yield {
            at: mount.at,
            message: `nginx has \`${nameOf(mount)}\` at \`${target}\`, and \`${other.name}\` has \`${nameOf(theirs)}\` there: nginx finds nothing of what \`${other.name}\` writes`,
            label: 'another place',
            related: [{ at: theirs.at, message: `\`${other.name}\` writes here` }],
            help: `Mount \`${nameOf(theirs)}\` at \`${target}\` in both services`,
          }
          break
        }
      }
    }
  },
})

/** Directories out of which nginx answers, and those of the sockets that it connects to. */
function servedPaths({ connections }: Deployment, program: NginxProgram): readonly string[] {
  const served = ['root', 'alias']
    .flatMap(name => program.configuration.occurrences.get(name) ?? [])
    .map(servedDirectory)
    .filter(path => /^\/[^$]+$/.test(path))
  const sockets = connections.nginx
    .filter(({ from }) => from === program)
    .flatMap(({ targets }) =>
      targets.flatMap(({ address }) => (address.kind === 'unix' ? [posix.dirname(address.path)] : [])),
    )
  return [...served, ...sockets].map(path => cleanPath(path)).filter(path => path !== '/')
}

/** A volume of the project, or a directory beside its files: of those of the host others may know more. */
function isShared({ kind, source, subpath }: ComposeMount, { project }: Container): boolean {
  if (source?.known !== true || subpath !== null) return false
  if (kind === 'bind') return source.at !== null && /^["']?\./.test(placeText(source.at))
  if (kind !== 'volume') return false
  const volume = project.volumes.get(source.value)
  return volume !== undefined && !volume.external && volume.driver === null && volume.device === null
}

/** What tells a source apart from the others of its project; null where nobody knows. */
function idOf({ kind, source }: ComposeMount, { project }: Container): string | null {
  if (source?.known !== true) return null
  if (kind === 'bind') return cleanPath(source.value)
  const name = project.volumes.get(source.value)?.name ?? null
  if (name !== null && !name.known) return null
  return name === null ? `key ${source.value}` : `name ${name.value}`
}

/** True where a mount of another service has, or may have, the same source, or one above or below it. */
function mayBe(mount: ComposeMount, own: string, container: Container): boolean {
  if (mount.source === null || mount.kind === 'tmpfs') return false
  const id = idOf(mount, container)
  if (id === null || mount.kind === 'unknown' || mount.kind === 'other') return true
  return id === own || (id.startsWith('/') && own.startsWith('/') && overlap(id, own))
}

/** A directory with files of the repository has what nginx is to serve. */
function hasFiles(id: string, { hostFiles }: Container): boolean {
  const kind = id.startsWith('/') ? hostFiles.kind(id) : null
  return kind === 'file' || (hostFiles.list(id) ?? []).some(({ name }) => !name.startsWith('.'))
}

/** What the image of nginx has there fills a new volume. */
function isBrought(container: Container, target: string): boolean {
  const { image, service } = container
  if (service.build !== null && image === null) return true
  const others = targetsOf({ ...container, mounts: [] })
  return image !== null && others.some(each => overlap(each, target))
}

/** True where another file of the repository says more of a service, which `-f` may lay over this one. */
function isLaidOver({ projects, project }: Container, names: readonly string[], target: string): boolean {
  return projects.some(
    other =>
      other !== project &&
      names.some(name => other.services.get(name)?.volumes.some(each => pathOf(each) === target) === true),
  )
}

function isWritable({ readOnly }: ComposeMount): boolean {
  return readOnly.known && !readOnly.value
}

function isWebServer({ image }: ComposeService): boolean {
  return image?.known === true && /(?:^|\/)(?:nginx|httpd|caddy|traefik|haproxy)/.test(image.value)
}

function pathOf({ target }: ComposeMount): string | null {
  return target.known ? cleanPath(target.value) : null
}

function nameOf({ source }: ComposeMount): string {
  return source?.at == null ? '' : placeText(source.at).replace(/["']/g, '')
}
