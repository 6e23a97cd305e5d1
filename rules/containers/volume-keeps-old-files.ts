import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerCopy, DockerRun } from '../../parsers/dockerfile/dockerfile.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container, ContainerMount } from '../../src/deployment/containers/container.ts'
import { directoryOfUrl } from '../../src/deployment/django/static-settings.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { settingsOfContainers } from './_database-clients.ts'
import { siteTo } from './_examples.ts'
import { fillsAtStart, isRefilled } from './_refilled-volumes.ts'
import { runsOnlyWebServer } from './_runs-only.ts'

const page = (volume: string, { more = '', front = '', volumes = 'html:' } = {}): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      front:
        build: ./front
        ports: ["80:80"]
        volumes:
          - ${volume}
        ${front}
    volumes:
      ${volumes}
  `,
  'front/Dockerfile': conf`
    FROM node:22 AS build
    WORKDIR /src
    COPY . .
    RUN npm ci && npm run build

    FROM nginx:1.27
    COPY --from=build /src/dist /usr/share/nginx/html
    ${more}
  `,
  'front/package.json': '{ "scripts": { "build": "vite build" } }\n',
})
const collected = (
  build: string,
  command = 'gunicorn --bind 0.0.0.0:8000 shop.wsgi',
  volume = 'static:/app/static',
  beside = '',
) => ({
  'docker-compose.yml': conf`
    services:
      web:
        build: ./web
        command: ${command}
        volumes:
          - ${volume}
      nginx:
        image: nginx:1.27
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
          - static:/app/static:ro
      ${beside}
    volumes:
      static:
  `,
  'site.conf': siteTo(
    'web:8000',
    conf`
      }
      location /static/ {
          alias /app/static/;
    `,
  ),
  'web/Dockerfile': conf`
    FROM python:3.12
    WORKDIR /app
    COPY . .
    ${build}
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
    STATIC_ROOT = "/app/static"
  `,
})
const COLLECT = 'RUN python manage.py collectstatic --noinput'

export default defineRule({
  summary: 'A volume keeps the files of an older image',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Docker fills a named volume from the image once, when it is empty. Whatever a later build writes into that directory lies below the volume, where nobody sees it: after `docker compose up --build` the site still has the scripts and style sheets of the first day, and new pages ask for files that are 404.',
  remedy:
    'Take the volume away where one container alone has it, or copy or collect the files into it when the container starts',
  references: [
    'https://docs.docker.com/engine/storage/volumes/#mounting-a-volume-over-existing-data',
    'https://docs.djangoproject.com/en/stable/ref/contrib/staticfiles/#collectstatic',
  ],
  unproven: 'The live tests build no images',
  bad: [
    { title: 'what a stage of the build wrote', files: page('«html:/usr/share/nginx/html»') },
    {
      title: 'the pages of the repository',
      files: {
        ...page('«html:/usr/share/nginx/html»'),
        'front/Dockerfile': conf`
          FROM nginx:1.27
          COPY pages /usr/share/nginx/html
        `,
        'front/pages/index.html': '<h1>Shop</h1>\n',
      },
    },
    {
      title: 'the program itself',
      files: {
        'docker-compose.yml': conf`
          services:
            php:
              build: .
              volumes:
                - «code:/var/www/shop»
            nginx:
              image: nginx:1.27
              volumes:
                - code:/var/www/shop:ro
          volumes:
            code:
        `,
        Dockerfile: conf`
          FROM php:8.3-fpm
          WORKDIR /var/www/shop
          COPY . .
        `,
        'index.php': '<?php\n',
      },
    },
    { title: 'what the build collected', files: collected(COLLECT, undefined, '«static:/app/static»') },
    {
      title: 'what the build collected, and a deploy that does not',
      files: {
        ...collected(COLLECT, undefined, '«static:/app/static»'),
        'deploy.sh': conf`
          docker compose build web
          docker compose run --rm web python manage.py migrate --noinput
          docker compose exec -T db pg_dump shop > backup.tar
          docker compose up -d --build
        `,
        Makefile: 'clean:\n\tdocker compose down -v\n',
        '.github/workflows/release.yml': conf`
          jobs:
            test:
              runs-on: ubuntu-latest
              steps:
                - run: docker compose up -d && docker compose exec -T web python manage.py collectstatic
                - run: docker compose down -v
        `,
      },
    },
  ],
  good: [
    {
      title: 'collected when the container starts',
      files: collected(COLLECT, 'sh -c "python manage.py collectstatic --noinput && gunicorn shop.wsgi"'),
    },
    { title: 'not collected by the build', files: collected('') },
    { title: 'a directory of the host', files: page('./html:/usr/share/nginx/html') },
    { title: 'a volume beside the files', files: page('html:/usr/share/nginx/html/uploads') },
    {
      title: 'copied when the container starts',
      files: page('html:/usr/share/nginx/html', {
        front: 'command: sh -c "cp -r /dist/. /usr/share/nginx/html && exec nginx -g \'daemon off;\'"',
      }),
    },
    {
      title: 'collected by each deploy',
      files: {
        ...collected(COLLECT),
        'deploy.sh': conf`
          docker compose build web
          docker compose run --rm web python manage.py collectstatic --noinput
          docker compose up -d
        `,
      },
    },
    {
      title: 'collected by make, whose program is a variable',
      files: {
        ...collected(COLLECT),
        Makefile: conf`
          COMPOSE = docker compose -f docker-compose.yml
          deploy:
          	$(COMPOSE) up -d --build
          	$(COMPOSE) exec -T web ./manage.py collectstatic --noinput
        `,
      },
    },
    {
      title: 'collected in a here-document, by a workflow',
      files: {
        ...collected(COLLECT),
        '.github/workflows/deploy.yml': conf`
          jobs:
            deploy:
              runs-on: ubuntu-latest
              steps:
                - uses: appleboy/ssh-action@v1
                  with:
                    script: |
                      docker compose up -d --build
                      docker compose exec -T web sh <<EOF
                      python manage.py migrate
                      python manage.py collectstatic --noinput
                      EOF
        `,
      },
    },
    {
      title: 'collected by a playbook',
      files: {
        ...collected(COLLECT),
        'deploy/site.yml': conf`
          - hosts: web
            tasks:
              - community.docker.docker_compose_v2: { project_src: /srv/shop, build: always }
              - community.docker.docker_container_exec:
                  container: shop-web-1
                  command: python manage.py collectstatic --noinput
        `,
      },
    },
    {
      title: 'a script that is run in the container',
      files: {
        ...collected(COLLECT),
        'deploy.sh': 'docker compose up -d --build\ndocker compose exec web sh /app/bin/release.sh\n',
        'web/bin/release.sh': 'python manage.py migrate\npython manage.py collectstatic --noinput\n',
      },
    },
    {
      title: 'a deploy that removes the volume',
      files: {
        ...collected(COLLECT),
        'deploy.sh': 'docker compose down -v\ndocker compose up -d --build\n',
      },
    },
    {
      title: 'docker cp',
      files: {
        ...page('html:/usr/share/nginx/html'),
        'deploy.sh':
          'docker compose up -d --build\ndocker compose cp front/dist/. front:/usr/share/nginx/html\n',
      },
    },
    {
      title: 'another service that collects',
      files: collected(
        COLLECT,
        undefined,
        undefined,
        conf`
          collect:
            build: ./web
            command: python manage.py collectstatic --noinput
            volumes:
              - static:/app/static
        `,
      ),
    },
    {
      title: 'a volume in memory',
      files: page('html:/usr/share/nginx/html', {
        volumes: conf`
          html:
            driver_opts: { type: tmpfs, device: tmpfs }
        `,
      }),
    },
  ],
  *check(deployment) {
    for (const { container } of deployment.machines) {
      if (container === null || container.image === null || !container.service.complete) continue
      const volumes = container.mounts.filter(mount => isKept(container, mount))
      if (volumes.length === 0 || fillsAtStart(container)) continue
      const filled = [...copied(container), ...collectedBy(deployment, container)]
      for (const { target, volume, at } of volumes) {
        const found = filled.find(({ path }) => isBelow(path, cleanPath(target)))
        if (found === undefined || volume === null || isRefilled(deployment, container, volume)) continue
        yield {
          at,
          message: `\`${volume}\` is filled once, so what a later build ${found.how} \`${found.path}\` is never seen`,
          label: 'the files of the first image stay',
          related: [{ at: found.at, message: 'each build writes here' }],
        }
      }
    }
  },
})

/** True for a named volume that outlives its container. */
function isKept({ project }: Container, { volume, from }: ContainerMount): boolean {
  const resource = volume === null || from !== 'volumes' ? undefined : project.volumes.get(volume)
  return resource !== undefined && !resource.external && resource.driver === null && resource.device === null
}

interface Filled {
  readonly path: string
  readonly how: string
  readonly at: Place
}

/** Directories that the image has of a stage that builds them, the pages of a web server, and the whole program. */
function copied(container: Container): readonly Filled[] {
  return (container.image?.steps ?? []).flatMap(step => {
    if (!isCopy(step) || !step.target.known || step.sources.length > 1) return []
    const [source] = step.sources
    const path = cleanPath(step.target.value)
    const isFilled =
      source?.known === true &&
      (step.stage === null
        ? (path === PAGES && runsOnlyWebServer(container)) || isProgram(source.value, path, container)
        : OUTPUT.test(source.value))
    return isFilled ? [{ path, how: 'copies to', at: step.at }] : []
  })
}

const PAGES = '/usr/share/nginx/html'

/** True for `COPY . .`, which brings the program itself. */
function isProgram(source: string, target: string, { image }: Container): boolean {
  const directory = image?.workingDirectory
  return source === '/' && directory?.known === true && cleanPath(directory.value) === target
}

/** What build tools call the directory that they write. */
const OUTPUT = /\/(?:dist|build|out|public|html|static|staticfiles|assets|www|\.output|\.next)(?:\/|$)/

/** Where `collectstatic` of the build writes. */
function collectedBy(deployment: Deployment, container: Container): readonly Filled[] {
  const run = container.image?.steps.find(
    step => !isCopy(step) && /\bcollectstatic\b/.test(commandText(step.command)),
  )
  if (run === undefined) return []
  return (settingsOfContainers(deployment).get(container) ?? []).flatMap(settings => {
    const directory = directoryOfUrl(settings, 'STATIC')?.directory
    return directory === undefined ? [] : [{ path: directory, how: 'collects into', at: run.at }]
  })
}

function isCopy(step: DockerCopy | DockerRun): step is DockerCopy {
  return 'sources' in step
}
