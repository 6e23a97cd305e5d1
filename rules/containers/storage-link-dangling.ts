import { posix } from 'node:path'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { overlap } from '../../parsers/text/is-below.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { hasAt, knowsFiles, targetsOf } from './_mounted.ts'
import { shellTexts } from './_shell-texts.ts'

/** Laravel with PHP-FPM in one container, and nginx in another. */
const tree = ({
  app = ['public:/var/www/html/public', 'storage:/var/www/html/storage'],
  nginx = ['«public:/var/www/html/public:ro»'],
  image = 'image: nginx:1.27',
  step = 'RUN php artisan storage:link',
  location = '',
}: {
  app?: readonly string[]
  nginx?: readonly string[]
  image?: string
  step?: string
  location?: string
} = {}): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      app:
        build: .
        volumes:
          ${app.map(each => `- ${each}`)}
      nginx:
        ${image}
        ports: ["80:80"]
        volumes:
          ${[...nginx, './site.conf:/etc/nginx/conf.d/default.conf:ro'].map(each => `- ${each}`)}
    volumes:
      public:
      storage:
  `,
  Dockerfile: conf`
    FROM php:8.3-fpm
    WORKDIR /var/www/html
    COPY . .
    ${step}
  `,
  'public/index.php': '<?php',
  'site.conf': conf`
    server {
        listen 80;
        root /var/www/html/public;
        ${location}
        location / {
            try_files $uri $uri/ /index.php?$query_string;
        }
        location ~ \.php$ {
            fastcgi_pass app:9000;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            include fastcgi_params;
        }
    }
  `,
})

export default defineRule({
  summary: 'The link `public/storage` of Laravel leads nowhere in the container of nginx',
  severity: 'warning',
  otherSeverities: {
    info: 'where neither a volume for `storage` nor a location of nginx shows that uploads are kept there',
  },
  confidence: 'high',
  since: '0.1.0',
  why: '`php artisan storage:link` makes `public/storage` a link to `storage/app/public`, by the absolute path in the container of PHP. nginx follows it in its own container, where `public` alone is mounted: every uploaded file is answered with 404, though it lies on the disk, and `open() "…/public/storage/…" failed (2: No such file or directory)` is in the error log.',
  remedy: 'Mount the volume of `storage` into the container of nginx, at the same path',
  references: [
    'https://laravel.com/docs/filesystem#the-public-disk',
    'https://docs.docker.com/reference/compose-file/services/#volumes',
  ],
  unproven: 'What a container sees, its compose file says: no loopback has another file system',
  bad: [
    { title: 'volumes of both, of which nginx has one', files: tree() },
    {
      title: 'the directory of the host',
      files: tree({ app: ['.:/var/www/html'], nginx: ['«./public:/var/www/html/public:ro»'] }),
    },
    {
      title: 'an image of nginx into which the public directory is copied',
      files: {
        ...tree({ nginx: [], image: 'build: { context: ., dockerfile: nginx.Dockerfile }' }),
        'nginx.Dockerfile': conf`
          FROM nginx:1.27
          «COPY» public /var/www/html/public
        `,
      },
    },
    {
      title: 'no volume, and a location for uploads',
      files: tree({
        app: ['public:/var/www/html/public'],
        location: 'location /storage/ { expires 7d; }',
      }),
    },
    {
      title: 'nothing that shows uploads',
      files: tree({ app: ['public:/var/www/html/public'] }),
    },
    {
      title: 'a start script that makes the link',
      files: {
        ...tree({ step: 'ENTRYPOINT ["sh", "/var/www/html/start.sh"]' }),
        'start.sh': conf`
          #!/bin/sh
          php artisan storage:link --force
          exec php-fpm
        `,
      },
    },
  ],
  good: [
    {
      title: 'both volumes for both',
      files: tree({
        nginx: ['public:/var/www/html/public:ro', 'storage:/var/www/html/storage:ro'],
      }),
    },
    {
      title: 'the directory of uploads alone',
      files: tree({
        nginx: ['public:/var/www/html/public:ro', 'uploads:/var/www/html/storage/app/public:ro'],
      }),
    },
    {
      title: 'the uploads in the place of the link',
      files: tree({
        nginx: ['public:/var/www/html/public:ro', 'uploads:/var/www/html/public/storage:ro'],
      }),
    },
    {
      title: 'the whole project',
      files: tree({ app: ['.:/var/www/html'], nginx: ['.:/var/www/html:ro'] }),
    },
    {
      title: 'a location that has them elsewhere',
      files: tree({
        nginx: ['public:/var/www/html/public:ro', 'storage:/srv/storage:ro'],
        location: 'location /storage/ { alias /srv/storage/app/public/; }',
      }),
    },
    {
      title: 'nobody makes the link',
      files: tree({ step: 'RUN php artisan view:cache', nginx: ['public:/var/www/html/public:ro'] }),
    },
  ],
  *check(deployment) {
    for (const { server, from, pass, targets } of deployment.connections.nginx) {
      const nginx = from.machine.container
      if (nginx === null || pass.name !== 'fastcgi_pass' || !knowsFiles(nginx)) continue
      const written = server.directive.children.find(({ name }) => name === 'root')?.args[0]?.value ?? ''
      if (!/^\/[^$]+\/public\/?$/.test(written) || keepsUploadsElsewhere(server.directive)) continue
      const root = cleanPath(written)
      const uploads = posix.join(root, '../storage/app/public')
      const brought = nginx.mounts.find(({ target }) => cleanPath(target) === root)
      if (brought === undefined || hasAt(nginx, uploads) || isReplaced(nginx, posix.join(root, 'storage')))
        continue
      const app = targets.map(({ machine }) => machine?.container ?? null).find(each => each !== null)
      if (app == null || app === nginx || !targetsOf(app).some(target => overlap(uploads, target))) continue
      if (!makesLink(deployment, app)) continue
      const volume = app.service.volumes.find(
        ({ target }) => target.known && overlap(uploads, cleanPath(target.value)),
      )
      const isUsed = volume !== undefined || server.directive.children.some(isOfUploads)
      yield {
        at: brought.at,
        ...(!isUsed && { severity: 'info' as const }),
        message: `\`public/storage\` is a link to \`${uploads}\`, which nothing brings into the container of nginx: 404 for every uploaded file`,
        label: 'the link, without what it leads to',
        related: [
          ...(volume === undefined ? [] : [{ at: volume.at, message: 'PHP has the uploads here' }]),
          { at: app.service.at, message: '`php artisan storage:link` is run here' },
        ],
      }
    }
  },
})

/** True where something is mounted in the place of the link. */
function isReplaced(nginx: Container, link: string): boolean {
  return targetsOf(nginx).some(target => target === link || target.startsWith(`${link}/`))
}

/** The link is made when the image is built, when it starts, or by hand as the project tells. */
function makesLink(deployment: Deployment, app: Container): boolean {
  const texts = [...shellTexts(app)].map(({ text }) => text)
  const told = [...(deployment.setups() ?? []), ...deployment.guides()].map(({ text }) => text)
  return [...texts, ...told].some(text => /\bartisan\s+storage:link\b/.test(text))
}

const isOfUploads = (directive: NginxDirective): boolean =>
  directive.name === 'location' && readLocation(directive).name.includes('/storage')

/** True where a location for them does more than to look below the `root` of the server. */
function keepsUploadsElsewhere({ children }: NginxDirective): boolean {
  return children.some(
    child =>
      isOfUploads(child) &&
      child.children.some(({ name }) => /^(?:root|alias|return|rewrite|include|\w+_pass)$/.test(name)),
  )
}
