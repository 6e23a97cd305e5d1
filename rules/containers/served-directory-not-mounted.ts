import { cleanPath } from '../../parsers/text/clean-path.ts'
import { overlap } from '../../parsers/text/is-below.ts'
import { placeText } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { directoryOfUrl } from '../../src/deployment/django/static-settings.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isPass, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { conf } from '../../src/engine/conf.ts'
import { djangoConnections } from '../django/_connections.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { composeWith } from './_examples.ts'
import { hasAt, isBelow, knowsFiles, OF_IMAGE } from './_mounted.ts'

const site = (directory: string): string => conf`
  server {
      listen 80;
      location /static/ {
          alias ${directory};
      }
      location / {
          proxy_pass http://web:8000;
      }
  }
`

const MOUNT = './nginx/site.conf:/etc/nginx/conf.d/default.conf:ro'

/** The project, with one more mount for nginx. */
const mounting = (mount: string): string =>
  composeWith({ web: 'volumes: ["static:/app/static"]', more: 'volumes: {static: }' }).replace(
    MOUNT,
    `${MOUNT}\n      - ${mount}`,
  )

const siteOfPhp = (root: string, lines = ''): string => conf`
  server {
      listen 80;
      root ${root};
      index index.php;
      location / {
          try_files $uri $uri/ /index.php?$args;
      }
      location ~ \.php$ {
          ${lines}
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass wordpress:9000;
      }
  }
`

const wordpress = (mount: string): string => conf`
  services:
    wordpress:
      image: wordpress:6-fpm
      volumes: ["html:/var/www/html"]
    nginx:
      image: nginx:1.27
      ports: ["80:80"]
      volumes:
        - ${MOUNT}
        ${mount}
  volumes:
    html:
`

export default defineRule({
  summary: 'nginx serves a directory that its container does not have',
  severity: 'warning',
  otherSeverities: {
    error: 'where nginx looks for the scripts of an application there, too, and answers 404 to every page',
    info: 'where no other service of the project has the directory either, and Django is not seen to send clients there',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'A container sees the files of its image and what is mounted into it. A path of the application’s container, or of the host, is not there for nginx: 404 for every style sheet and script, `open() "…" failed (2: No such file or directory)` in its error log.',
  remedy:
    'Mount the volume that the application writes to into the container of nginx, at the path that nginx serves',
  references: [
    'https://docs.docker.com/reference/compose-file/services/#volumes',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#alias',
  ],
  unproven: 'What a container sees, its compose file says: no loopback has another file system',
  bad: [
    {
      title: 'mounted for the application alone',
      files: {
        'docker-compose.yml': composeWith({
          web: 'volumes: ["static:/app/static"]',
          more: 'volumes: {static: }',
        }),
        'nginx/site.conf': site('«/app/static/»'),
      },
    },
    {
      title: 'mounted at another path',
      files: {
        'docker-compose.yml': mounting('static:/srv/static:ro'),
        'nginx/site.conf': site('«/app/static/»'),
      },
    },
    {
      title: 'uploads of Django that no service brings to nginx',
      files: djangoBehindNginx({
        settings: conf`
          ALLOWED_HOSTS = ["example.org"]
          MEDIA_URL = "/media/"
          MEDIA_ROOT = "/app/media"
        `,
        environment: 'volumes: ["./media:/app/media"]',
        site: 'location /media/ { alias «/srv/media/»; }',
      }),
    },
    {
      title: 'a directory that no service has',
      files: { 'docker-compose.yml': composeWith({}), 'nginx/site.conf': site('«/data/static/»') },
    },
    {
      title: 'WordPress behind FPM',
      files: { 'docker-compose.yml': wordpress(''), 'nginx/site.conf': siteOfPhp('«/var/www/html»') },
    },
    {
      title: 'WordPress behind FPM, and nginx that looks for its scripts',
      files: {
        'docker-compose.yml': wordpress(''),
        'nginx/site.conf': siteOfPhp('«/var/www/html»', 'try_files $uri =404;'),
      },
    },
  ],
  good: [
    {
      title: 'WordPress and nginx with one volume',
      files: {
        'docker-compose.yml': wordpress('- html:/var/www/html:ro'),
        'nginx/site.conf': siteOfPhp('/var/www/html'),
      },
    },
    {
      title: 'a file for a part of the work, beside the one that mounts it',
      files: {
        'docker-compose.yml': mounting('static:/srv/static:ro'),
        'docker-compose-certificates.yml': conf`
          services:
            nginx:
              image: nginx:1.27
              ports: ["80:80"]
              volumes: ["./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro"]
        `,
        'nginx/site.conf': site('/srv/static/'),
      },
    },
    {
      title: 'mounted where nginx serves it',
      files: {
        'docker-compose.yml': mounting('static:/srv/static:ro'),
        'nginx/site.conf': site('/srv/static/'),
      },
    },
    {
      title: 'mounted above it',
      files: {
        'docker-compose.yml': mounting('./files:/srv:ro'),
        'nginx/site.conf': site('/srv/static/'),
      },
    },
    {
      title: 'an image of its own',
      files: {
        'docker-compose.yml': composeWith({}).replace('image: nginx:1.27', 'build: ./nginx'),
        'nginx/Dockerfile': conf`
          FROM nginx:1.27
          COPY static /app/static
        `,
        'nginx/site.conf': site('/app/static/'),
        'nginx/static/a.css': '',
      },
    },
    {
      title: 'a directory of the image',
      files: { 'docker-compose.yml': composeWith({}), 'nginx/site.conf': site('/usr/share/nginx/html/') },
    },
  ],
  *check(deployment) {
    yield* rootsOfApplications(deployment)
    for (const { configuration, machine } of programsOfKind(deployment, 'nginx')) {
      const { container } = machine
      if (container === null || !knowsFiles(container)) continue
      const isOfDjango = urlsOfDjango(deployment, configuration)
      for (const name of ['alias', 'root']) {
        for (const directive of configuration.occurrences.get(name) ?? []) {
          const written = directive.args[0]?.value ?? ''
          if (!servesFiles(directive) || !written.startsWith('/') || written.includes('$')) continue
          const path = cleanPath(written)
          if (OF_IMAGE.test(path) || hasAt(container, path)) continue
          const others = elsewhere(container, path)
          if (others.length === 0 && isMountedByNamesake(container, path)) continue
          yield {
            at: argumentPlace(directive, 0),
            // Another file of the project may mount it, where no service here has the directory.
            ...(others.length === 0 &&
              !isOfDjango(directive) && { severity: 'info' as const, confidence: 'medium' as const }),
            message: `nothing brings \`${path}\` into the container of nginx, so every file of it is answered with 404`,
            label: 'not in this container',
            related: [
              { at: container.service.at, message: 'the container of nginx' },
              ...others.map(at => ({ at, message: `another container has \`${path}\`` })),
            ],
            help:
              others[0] === undefined
                ? `Mount the directory at \`${path}\``
                : `Mount \`${
                    placeText(others[0])
                      .replace(/^["']|["']$/g, '')
                      .split(':')[0]
                  }:${path}:ro\` for nginx, too`,
          }
        }
      }
    }
  },
})

/** Applications of PHP with pages of their own, whose style sheets lie in their image. */
const WITH_PAGES = /^(?:wordpress|nextcloud|drupal|matomo|joomla)$/

/** The `root` of a server that leaves scripts to the container of an application, and has none of its files. */
function* rootsOfApplications({ connections }: Deployment): Iterable<RuleFinding> {
  const seen = new Set<NginxDirective>()
  for (const { pass, server, from, targets, block } of connections.nginx) {
    const { container } = from.machine
    if (pass.name !== 'fastcgi_pass' || container === null || seen.has(server.directive)) continue
    seen.add(server.directive)
    const application = targets
      .map(({ machine }) => machine?.container ?? null)
      .find(each => WITH_PAGES.test(each?.base ?? ''))
    const root = server.directive.children.find(({ name }) => name === 'root')
    const written = root?.args[0]?.value ?? ''
    if (application == null || root === undefined || !/^\/[^$]*$/.test(written)) continue
    const path = cleanPath(written)
    if (!knowsFiles(container) || OF_IMAGE.test(path) || hasAt(container, path)) continue
    if (!server.directive.children.some(servesFromRoot)) continue
    const isElsewhere = block !== server.directive && block.children.some(({ name }) => name === 'root')
    const tried = isElsewhere ? undefined : block.children.find(looksForScript)
    yield {
      at: argumentPlace(root, 0),
      ...(tried !== undefined && { severity: 'error' as const }),
      message:
        tried === undefined
          ? `nothing brings \`${path}\` into the container of nginx: pages come from \`${application.service.name}\`, and every style sheet and script of them is answered with 404`
          : `nothing brings \`${path}\` into the container of nginx, where its \`try_files\` looks for the scripts of \`${application.service.name}\`: every page is answered with 404, and every style sheet`,
      label: 'not in this container',
      related: [
        { at: container.service.at, message: 'the container of nginx' },
        { at: application.service.at, message: 'the application has its files in its image' },
        ...(tried === undefined ? [] : [{ at: namePlace(tried), message: 'finds no script' }]),
      ],
      help: `Give both services one volume at \`${path}\``,
    }
  }
}

/** True for a `try_files` of one file and a refusal: `$uri =404`. */
function looksForScript({ name, args }: NginxDirective): boolean {
  const [file, last, ...others] = args.map(({ value }) => value)
  return (
    name === 'try_files' &&
    /^\$(?:uri|fastcgi_script_name|document_uri)$/.test(file ?? '') &&
    /^=4\d\d$/.test(last ?? '') &&
    others.length === 0
  )
}

/** True for `location /` and its like, where nothing else answers. */
function servesFromRoot({ name, args, children }: NginxDirective): boolean {
  return (
    name === 'location' &&
    args.at(-1)?.value === '/' &&
    children.every(
      child => !/^(?:root|alias|return|rewrite|include|if)$/.test(child.name) && !isPass(child.name),
    )
  )
}

/** Whether a location is the one in which an application behind the same server has its static files or uploads. */
function urlsOfDjango(
  deployment: Deployment,
  configuration: NginxConfiguration,
): (directive: NginxDirective) => boolean {
  const urls = new Set<string>()
  for (const { connection, settings } of djangoConnections(deployment)) {
    if (connection.server.configuration !== configuration) continue
    for (const kind of ['STATIC', 'MEDIA'] as const) {
      const own = directoryOfUrl(settings, kind)
      if (own !== null) urls.add(own.url)
    }
  }
  return ({ parent }) => parent !== null && urls.has(`${readLocation(parent).name.replace(/\/$/, '')}/`)
}

/** True for a block of its own that answers out of the directory. */
function servesFiles({ parent }: NginxDirective): boolean {
  if (parent?.name !== 'location') return false
  return !parent.children.some(({ name }) => isPass(name) || name === 'return' || name === 'rewrite')
}

/** True where the service of another compose file has the path: this one may be there for a part of the work alone. */
function isMountedByNamesake({ projects, project, service }: Container, path: string): boolean {
  return projects.some(
    each =>
      each !== project &&
      each.services
        .get(service.name)
        ?.volumes.some(({ target }) => target.known && overlap(path, cleanPath(target.value))) === true,
  )
}

/** Where another service of the project has the path. */
function elsewhere({ project, service }: Container, path: string) {
  return [...project.services.values()]
    .filter(({ name }) => name !== service.name)
    .flatMap(({ volumes }) =>
      volumes.flatMap(({ target, at, kind }) => {
        if (!target.known || kind === 'tmpfs') return []
        const own = cleanPath(target.value)
        return own === path || isBelow(path, own) ? [at] : []
      }),
    )
    .slice(0, 3)
}
