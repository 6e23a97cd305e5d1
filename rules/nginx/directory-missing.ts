import { posix } from 'node:path'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { overlap } from '../../parsers/text/is-below.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { isStandIn } from '../../parsers/text/stand-in.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { isNginxImage } from '../../src/deployment/containers/nginx-image.ts'
import type { NginxProgram } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { isAbsent } from '../../src/deployment/is-absent.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { hasAt, knowsFilesAt } from '../containers/_mounted.ts'
import { nginxMain, WHOLE_MACHINE } from '../_examples.ts'

const machine = (lines: string): Record<string, string> => ({
  ...WHOLE_MACHINE,
  'etc/nginx/nginx.conf': nginxMain(conf`
    ${lines}
    server {
        listen 80;
        return 200 "shop";
    }
  `),
  'var/log/nginx/': '',
  'var/cache/': '',
})
const container = (line: string, volume = ''): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        ports: ["80:80"]
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
          ${volume}
  `,
  'site.conf': conf`
    ${line}
    server {
        listen 80;
        return 200 "shop";
    }
  `,
})

export default defineRule({
  summary: 'A log or a cache of nginx in a directory that is not there',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx makes the file of a log, and of a cache its last directory, and no directory above them: it does not start, `open() "/var/log/nginx/shop/access.log" failed (2: No such file or directory)`. A container has the directories of its image and what is mounted, whatever the host has.',
  remedy:
    'Make the directory before nginx starts, or write a path in one that is there: `/var/log/nginx/shop.access.log`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_log_module.html#access_log',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_path',
  ],
  bad: [
    {
      title: 'a directory for the logs of a site',
      files: machine('access_log «/var/log/nginx/shop/access.log»;'),
    },
    {
      title: 'a cache two levels below what is there',
      files: machine('proxy_cache_path «/var/cache/nginx/shop» keys_zone=shop:1m;'),
    },
    {
      title: 'a log in a container',
      files: container('error_log «/var/log/nginx/shop/error.log» warn;'),
    },
    {
      title: 'a cache in a container, which has no such directory of the host',
      files: container('proxy_cache_path «/data/nginx/cache» keys_zone=shop:1m;'),
    },
    {
      title: 'a relative path in a container',
      files: container('access_log «logs/access.log»;'),
    },
  ],
  good: [
    {
      title: 'directories that are there',
      files: {
        ...machine(conf`
          access_log /var/log/nginx/shop/access.log;
          proxy_cache_path /var/cache/nginx/shop keys_zone=shop:1m;
        `),
        'var/log/nginx/shop/': '',
        'var/cache/nginx/': '',
      },
    },
    {
      title: 'the last directory of a cache, which nginx makes',
      files: machine('proxy_cache_path /var/cache/nginx keys_zone=shop:1m;'),
    },
    {
      title: 'what is no file, or is opened with each request',
      files: machine(conf`
        access_log /var/log/nginx/sites/$host.log;
        error_log stderr;
        server {
            listen 81;
            access_log syslog:server=127.0.0.1;
        }
        server {
            listen 82;
            access_log off;
        }
      `),
    },
    {
      title: 'a volume in the container',
      files: container('access_log /var/log/nginx/shop/access.log;', '- ./logs:/var/log/nginx/shop'),
    },
    {
      title: 'directories of the image',
      files: container(conf`
        access_log /var/log/nginx/shop.log;
        proxy_cache_path /var/cache/nginx/shop keys_zone=shop:1m;
      `),
    },
    {
      title: 'a step of the build that makes the directory',
      files: {
        ...container('access_log /data/logs/access.log;'),
        'docker-compose.yml': conf`
          services:
            nginx:
              build: .
              ports: ["80:80"]
        `,
        Dockerfile: conf`
          FROM nginx:1.27
          RUN mkdir -p /data/logs
          COPY site.conf /etc/nginx/conf.d/default.conf
        `,
      },
    },
    {
      title: 'a repository, which has no logs',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          access_log /var/log/nginx/shop/access.log;
          server { listen 80; }
        `),
      },
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'nginx')) {
      const { occurrences } = program.configuration
      for (const [name, isLog] of OPENED)
        for (const directive of occurrences.get(name) ?? []) {
          const written = directive.args[0]?.value ?? ''
          if (isStandIn(directive.source) || !isPath(written)) continue
          const path = wholePath(program, written)
          if (path === null || !isMissing(program, posix.dirname(path))) continue
          yield {
            at: argumentPlace(directive, 0),
            message: isLog
              ? `no such directory: \`${posix.dirname(path)}\`, so nginx does not start: open() "${path}" failed (2: No such file or directory)`
              : `nginx makes the last directory alone, and \`${posix.dirname(path)}\` is not there, so it does not start: mkdir() "${path}" failed (2: No such file or directory)`,
          }
        }
    }
  },
})

/** What nginx opens when it starts: logs, of which it makes the file, and directories, of which it makes the last. */
const OPENED: ReadonlyMap<string, boolean> = new Map([
  ['access_log', true],
  ['error_log', true],
  ...['proxy', 'fastcgi', 'uwsgi', 'scgi'].flatMap(protocol => [
    [`${protocol}_cache_path`, false] as const,
    [`${protocol}_temp_path`, false] as const,
  ]),
  ['client_body_temp_path', false],
])

/** False for what goes to no file, or to one that a variable names for each request. */
function isPath(written: string): boolean {
  return (
    written !== '' &&
    !/^(?:off|stderr)$|^(?:syslog|memory):|[$\0\uFFFD]/.test(written) &&
    !isUnknownWord(written)
  )
}

/** A relative path is below what nginx was built for; that of its image is known. */
function wholePath({ machine: { container } }: NginxProgram, written: string): string | null {
  if (written.startsWith('/')) return cleanPath(written)
  return container === null ? null : posix.join('/etc/nginx', written)
}

function isMissing({ machine }: NginxProgram, directory: string): boolean {
  const { container, files } = machine
  return container === null ? isAbsent(files, directory) : isMissingInImage(container, directory)
}

/** Directories of the image of nginx, and those of every Linux below which it may have others. */
const OF_IMAGE =
  /^\/(?:srv|opt|mnt|media|home|root|boot|var|etc|docker-entrypoint\.d|etc\/nginx(?:\/conf\.d)?|var\/(?:log|cache)(?:\/(?:nginx|apt|apk|debconf))?)$|^\/(?:usr|dev|proc|sys|run|tmp|lib|bin|sbin|etc\/(?!nginx\/)|var\/(?!log\/|cache\/|www\/))|^\/$/

function isMissingInImage(container: Container, directory: string): boolean {
  const { base, image, service } = container
  if (!isNginxImage(base) || OF_IMAGE.test(directory)) return false
  const made = [image?.workingDirectory, service.workingDirectory, ...(image?.volumes ?? [])]
  return (
    knowsFilesAt(container, directory) &&
    !hasAt(container, directory) &&
    made.every(each => each == null || (each.known && !overlap(directory, cleanPath(each.value))))
  )
}
