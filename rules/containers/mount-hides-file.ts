import { posix } from 'node:path'
import { argumentPlace } from '../../src/deployment/places.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { isNginxImage } from '../../src/deployment/containers/nginx-image.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { OF_NGINX_IMAGE } from './_images.ts'

const tree = (
  lines: string,
  more: Record<string, string> = {},
  volume = './nginx:/etc/nginx:ro',
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      proxy:
        image: nginx:1.27
        ports: ["80:80"]
        volumes:
          - ${volume}
  `,
  'nginx/nginx.conf': conf`
    events {
    }
    http {
        ${lines}
        server {
            listen 80;
            root /usr/share/nginx/html;
        }
    }
  `,
  ...more,
})

export default defineRule({
  summary: 'A mount over `/etc/nginx` hides a file of the image that nginx includes',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A directory that is mounted stands in the place of all that the image has there: of `/etc/nginx` no `mime.types`, no `fastcgi_params` and no `uwsgi_params` is left but those in the directory itself. nginx does not start: `open() "/etc/nginx/mime.types" failed (2: No such file or directory)`.',
  remedy: 'Mount `nginx.conf` and the directory `conf.d` by themselves, or copy the file into the directory',
  references: [
    'https://docs.docker.com/engine/storage/bind-mounts/#bind-mount-over-existing-data',
    'https://github.com/docker-library/docs/tree/master/nginx#complex-configuration',
  ],
  unproven: 'The live tests start no containers: what a mount hides, no loopback shows',
  bad: [
    { title: 'the types', files: tree('include «mime.types»;') },
    {
      title: 'parameters of FastCGI',
      files: tree('include «/etc/nginx/fastcgi_params»;\n    include mime.types;', {
        'nginx/mime.types': 'types {}\n',
      }),
    },
  ],
  good: [
    {
      title: 'a directory that has them',
      files: tree('include mime.types;', { 'nginx/mime.types': 'types {}\n' }),
    },
    {
      title: 'the file alone',
      files: tree('include mime.types;', {}, './nginx/nginx.conf:/etc/nginx/nginx.conf'),
    },
    {
      title: 'a mount of its own beside it',
      files: tree(
        'include mime.types;',
        { 'shared/mime.types': 'types {}\n' },
        './nginx:/etc/nginx:ro\n      - ./shared/mime.types:/etc/nginx/mime.types:ro',
      ),
    },
    {
      title: 'another image, which may have its files elsewhere',
      files: {
        ...tree('include mime.types;'),
        'docker-compose.yml': tree('')['docker-compose.yml']!.replace('nginx:1.27', 'example/nginx'),
      },
    },
  ],
  *check(deployment) {
    for (const { configuration, machine } of programsOfKind(deployment, 'nginx')) {
      const { container } = machine
      if (container === null || !isNginxImage(container.base) || !container.service.complete) continue
      const mount = container.mounts.find(({ target, from }) => target === '/etc/nginx' && from === 'volumes')
      if (mount?.path == null || container.hostFiles.kind(mount.path) !== 'directory') continue
      for (const line of configuration.occurrences.get('include') ?? []) {
        const written = line.args[0]?.value ?? ''
        const path = posix.resolve('/etc/nginx', written)
        if (!/^[\w./-]+$/.test(written) || !OF_NGINX_IMAGE.test(path)) continue
        const own = posix.join(mount.path, posix.relative('/etc/nginx', path))
        if (container.hostFiles.kind(own) !== null || container.mounts.some(({ target }) => target === path))
          continue
        yield {
          at: argumentPlace(line, 0),
          message: `the mount over \`/etc/nginx\` hides this file of the image, so nginx does not start: open() "${path}" failed`,
          label: 'hidden',
          related: [{ at: mount.at, message: 'mounted here' }],
        }
      }
    }
  },
})
