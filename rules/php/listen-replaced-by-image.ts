import { posix } from 'node:path'
import type { Connection } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const SOCKET = '/run/php/php-fpm.sock'

/** nginx and PHP-FPM that share the directory of a socket, and the file of the pool at a place of its own. */
const project = (
  name: string,
  { listen = SOCKET, more = '', pool = 'www' } = {},
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      php:
        build: .
        volumes: ["run:/run/php"]
      nginx:
        image: nginx:1.27
        ports: ["80:80"]
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
          - run:/run/php
    volumes:
      run:
  `,
  Dockerfile: conf`
    FROM php:8.3-fpm
    ${more}
    COPY pool.conf /usr/local/etc/php-fpm.d/${name}
  `,
  'pool.conf': conf`
    [${pool}]
    listen = ${listen}
    listen.mode = 0666
  `,
  'site.conf': conf`
    server {
        listen 80;
        root /var/www/html;
        location = /index.php {
            include fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_pass unix:${SOCKET};
        }
    }
  `,
})

export default defineRule({
  summary: 'The image of PHP-FPM replaces the `listen` of a pool that nginx connects to',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'PHP-FPM reads the files of `php-fpm.d` in the order of their names, and the last value of a pool holds. `zz-docker.conf` of the official images says `listen = 9000` for `[www]`, behind every `www.conf`. No socket is made, although PHP-FPM is “ready to handle connections”: `connect() to unix:… failed (2: No such file or directory)`, 502 Bad Gateway.',
  remedy:
    'Give the file a name behind that of the image, such as `zzz-www.conf`, or put it in the place of `zz-docker.conf`',
  references: [
    'https://github.com/docker-library/php/issues/241',
    'https://www.php.net/manual/en/install.fpm.configuration.php#listen',
  ],
  unproven: 'The live tests have no image of PHP; its `zz-docker.conf` is part of its Dockerfile',
  bad: [
    {
      title: 'a file that is read before that of the image',
      files: project('www.conf', { listen: `«${SOCKET}»` }),
    },
    {
      title: 'a name that begins with z',
      files: project('z-socket.conf', { listen: `«/run/php/./php-fpm.sock»` }),
    },
    {
      title: 'a file that is mounted',
      files: {
        ...project('www.conf', { listen: `«${SOCKET}»` }),
        'docker-compose.yml': project('')
          ['docker-compose.yml']!.replace('build: .', 'image: php:8-fpm-alpine')
          .replace(
            '["run:/run/php"]',
            '["run:/run/php", "./pool.conf:/usr/local/etc/php-fpm.d/www.conf:ro"]',
          ),
        Dockerfile: '',
      },
    },
  ],
  good: [
    { title: 'a file that is read behind it', files: project('zzz-www.conf') },
    { title: 'one behind it by a letter', files: project('zz-www.conf') },
    { title: 'one in its place', files: project('zz-docker.conf') },
    { title: 'a pool of another name', files: project('shop.conf', { pool: 'shop' }) },
    {
      title: 'an image that takes the other away',
      files: project('www.conf', { more: 'RUN rm /usr/local/etc/php-fpm.d/zz-docker.conf' }),
    },
    {
      title: 'nginx that connects to the port',
      files: {
        ...project('www.conf'),
        'site.conf': project('')['site.conf']!.replace(`unix:${SOCKET}`, 'php:9000'),
      },
    },
  ],
  *check(deployment) {
    const replaced = programsOfKind(deployment, 'php-fpm').filter(each => each.replacedListen !== null)
    if (replaced.length === 0) return
    const connected = socketsConnected(deployment.connections.all)
    for (const { machine, replacedListen: listen } of replaced) {
      if (listen?.address.known !== true || listen.address.value.kind !== 'unix') continue
      const pass = connected.get(posix.normalize(listen.address.value.path))
      if (pass === undefined) continue
      yield {
        at: listen.at,
        message: `\`zz-docker.conf\` of \`${machine.container?.reference ?? 'php-fpm'}\` is read behind \`${posix.basename(machine.container?.mounts.find(({ path }) => path === listen.at.source.path)?.target ?? listen.at.source.path)}\` and says \`listen = 9000\`, so no socket is made: No such file or directory`,
        label: 'replaced by the image',
        related: [{ at: pass, message: 'the connection to the socket' }],
        help: 'Copy the file to `/usr/local/etc/php-fpm.d/zzz-www.conf`',
      }
    }
  },
})

/** Where the first connection to each socket is written. */
function socketsConnected(connections: readonly Connection[]) {
  const found = new Map<string, Connection['targets'][number]['at']>()
  for (const { targets } of connections)
    for (const { address, at } of targets)
      if (address.kind === 'unix' && !found.has(posix.normalize(address.path)))
        found.set(posix.normalize(address.path), at)
  return found
}
