import { stepText } from '../../parsers/dockerfile/command-text.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { conf } from '../../src/engine/conf.ts'

const compose = (image: string, lines = ''): string => conf`
  services:
    web:
      image: nginx:1.27
      volumes:
        - ./site.conf:/etc/nginx/conf.d/default.conf:ro
        - ./src:/var/www/html
    app:
      image: ${image}
      volumes:
        - ./src:/var/www/html
      ${lines}
`
const fastcgi = (port: number): string => conf`
  server {
      listen 80;
      root /var/www/html;
      location ~ \.php$ {
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          «fastcgi_pass» app:${port};
      }
  }
`
const http = (port: number): string => conf`
  server {
      listen 80;
      location / {
          «proxy_pass» http://app:${port};
      }
  }
`
const plain = (text: string): string => text.replaceAll(/[«»]/g, '')

export default defineRule({
  summary: 'nginx speaks another protocol than the image of PHP, or connects to one that starts no server',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'An image of PHP with `fpm` in its tag speaks FastCGI on port 9000, one with `apache` HTTP on port 80, and one with neither starts `php -a`, which ends at once. Another protocol or port ends in 502 Bad Gateway: `upstream prematurely closed connection`, `upstream sent unsupported FastCGI protocol version`, or `Connection refused`.',
  remedy:
    'Use `fastcgi_pass` with port 9000 for an `fpm` image, and `proxy_pass` with port 80 for an `apache` image',
  references: ['https://hub.docker.com/_/php', 'https://hub.docker.com/_/wordpress'],
  unproven: 'The live tests start no containers, and the image says what is spoken',
  bad: [
    {
      title: 'HTTP to PHP-FPM',
      files: { 'docker-compose.yml': compose('php:8.3-fpm'), 'site.conf': http(9000) },
    },
    {
      title: 'FastCGI to Apache',
      files: { 'docker-compose.yml': compose('wordpress:6-apache'), 'site.conf': fastcgi(9000) },
    },
    {
      title: 'another port than that of PHP-FPM',
      files: { 'docker-compose.yml': compose('php:8.3-fpm-alpine'), 'site.conf': fastcgi(9001) },
    },
    {
      title: 'an image for the command line',
      files: { 'docker-compose.yml': compose('php:8.3-cli'), 'site.conf': fastcgi(9000) },
    },
    {
      title: 'an image that is built, with extensions alone',
      files: {
        'docker-compose.yml': compose('php:8.3-fpm').replace('image: php:8.3-fpm', 'build: .'),
        Dockerfile: conf`
          FROM php:8.3-fpm
          RUN docker-php-ext-install pdo_mysql
          COPY src /var/www/html
        `,
        'src/index.php': '<?php',
        'site.conf': fastcgi(9001),
      },
    },
  ],
  good: [
    {
      title: 'FastCGI to PHP-FPM',
      files: { 'docker-compose.yml': compose('php:8.3-fpm'), 'site.conf': plain(fastcgi(9000)) },
    },
    {
      title: 'HTTP to Apache',
      files: { 'docker-compose.yml': compose('wordpress:6-apache'), 'site.conf': plain(http(80)) },
    },
    {
      title: 'an image that is built, with another port',
      files: {
        'docker-compose.yml': compose('php:8.3-fpm').replace('image: php:8.3-fpm', 'build: .'),
        Dockerfile: conf`
          FROM php:8.3-fpm
          RUN sed -i 's/9000/9001/' /usr/local/etc/php-fpm.d/zz-docker.conf
        `,
        'site.conf': plain(fastcgi(9001)),
      },
    },
    {
      title: 'an image for the command line with a server of its own',
      files: {
        'docker-compose.yml': compose('php:8.3-cli').replace('image: php:8.3-cli', 'build: .'),
        Dockerfile: conf`
          FROM php:8.3-cli
          CMD ["php", "-S", "0.0.0.0:9000"]
        `,
        'site.conf': plain(http(9000)),
      },
    },
    {
      title: 'a command of its own',
      files: {
        'docker-compose.yml': compose('php:8.3-fpm', 'command: php -S 0.0.0.0:9000'),
        'site.conf': plain(http(9000)),
      },
    },
    {
      title: 'a pool of its own',
      files: {
        'docker-compose.yml': compose('php:8.3-fpm')
          .replace('./src:/var/www/html\n  ', './src:/var/www/html\n  ')
          .concat('      - ./pool.conf:/usr/local/etc/php-fpm.d/zz.conf\n'),
        'pool.conf': '[www]\nlisten = 9001\n',
        'site.conf': plain(fastcgi(9001)),
      },
    },
  ],
  *check({ connections }) {
    for (const { pass, targets, from } of connections.nginx) {
      if (from.machine.container === null && targets.every(({ machine }) => machine?.container == null))
        continue
      for (const { machine, port, at } of targets) {
        const container = machine?.container ?? null
        const spoken = container === null ? null : spokenBy(container)
        if (container === null || spoken === null || port === null) continue
        if (spoken.pass === null) {
          yield {
            at: namePlace(pass),
            message: `the image \`${spoken.image}\` starts \`php -a\`, which ends at once, so nothing listens on port ${port}: Connection refused`,
            label: 'no server there',
            related: [{ at: container.service.image?.at ?? container.service.at, message: 'its image' }],
            help: 'Take an image with `fpm` in its tag',
          }
          continue
        }
        const isSpoken = pass.name === spoken.pass
        if (isSpoken && port === spoken.port) continue
        // Apache may be told to open any port; FPM that pools move is the audit's to know.
        if (isSpoken && spoken.pass === 'proxy_pass') continue
        yield {
          at: namePlace(pass),
          message: isSpoken
            ? `PHP-FPM of the image \`${spoken.image}\` listens on port ${spoken.port}, and nginx connects to port ${port}`
            : `the image \`${spoken.image}\` speaks ${spoken.pass === 'proxy_pass' ? 'HTTP on port 80' : 'FastCGI on port 9000'}, and nginx connects by \`${pass.name}\``,
          label: isSpoken ? 'another port' : 'another protocol',
          related: [
            { at, message: 'the container' },
            { at: container.service.image?.at ?? container.service.at, message: 'its image' },
          ],
        }
      }
    }
  },
})

interface Spoken {
  /** Null for what starts no server. */
  readonly pass: 'proxy_pass' | 'fastcgi_pass' | null
  readonly port: number
  readonly image: string
}

const IMAGES = /^(?:php|wordpress|nextcloud|drupal|matomo|phpmyadmin):\S*?(fpm|apache)\b/

/** Those of PHP itself that have neither word in their tag. */
const COMMAND_LINE = /^php(?::(?![\w.-]*(?:fpm|apache|zts-swoole))[\w.-]+)?$/

/** What a step of a build may be about that moves a port, or starts something else. */
const MOVING =
  /fpm|apache|a2en|\blisten\b|\b9000\b|\.sh\b|\/usr\/local\/(?:etc|bin|sbin)?\/?$|supervisor|entrypoint|ansible|\bmake\b(?! install)/i

/** Of the images whose tag says what they speak, where nothing changes what they start. */
function spokenBy({ service, image, reference, mounts }: Container): Spoken | null {
  if (!service.complete || service.command !== null || service.entrypoint !== null) return null
  if (image !== null && (image.command !== null || image.entrypoint !== null)) return null
  const kind = IMAGES.exec(reference ?? '')?.[1] ?? (COMMAND_LINE.test(reference ?? '') ? 'cli' : undefined)
  if (reference === null || kind === undefined) return null
  const isChanged =
    mounts.some(({ target }) => /php-fpm|apache2|fpm\.d/.test(target)) ||
    (image?.steps ?? []).some(step =>
      'sources' in step
        ? !step.target.known || MOVING.test(step.target.value)
        : MOVING.test(stepText(step.command)),
    )
  if (isChanged) return null
  if (kind === 'cli') return { pass: null, port: 0, image: reference }
  return kind === 'fpm'
    ? { pass: 'fastcgi_pass', port: 9000, image: reference }
    : { pass: 'proxy_pass', port: 80, image: reference }
}
