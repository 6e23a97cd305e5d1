import { posix } from 'node:path'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { isStandIn } from '../../parsers/text/stand-in.ts'
import { hasWildcard } from '../../parsers/wildcard/tokens.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { isNginxImage } from '../../src/deployment/containers/nginx-image.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { isBrought, knowsFiles } from './_mounted.ts'

const tree = (include: string, volume = '', image = 'nginx:1.27'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: ${image}
        ports: ["80:80"]
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
          ${volume}
  `,
  'site.conf': nginxServer(conf`
    location / {
        ${include}
        proxy_pass http://192.0.2.1:8000;
    }
  `),
})

export default defineRule({
  summary: 'nginx in a container includes a file that nothing brings into it',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'A container has the files of its image and what is mounted or copied. The image of nginx has no `proxy_params` and no `snippets`, which are Debian’s. nginx does not start: `open() "/etc/nginx/proxy_params" failed (2: No such file or directory)`.',
  remedy: 'Mount the file, or write its lines in place of the `include`',
  references: ['https://nginx.org/en/docs/ngx_core_module.html#include'],
  unproven: 'What a container sees, its compose file says: no loopback has another file system',
  bad: [
    { title: 'a file of Debian’s package', files: tree('include «proxy_params»;') },
    {
      title: 'a file beside the site, which alone is mounted',
      files: {
        ...tree('include «/etc/nginx/snippets/headers.conf»;'),
        'snippets/headers.conf': 'proxy_set_header Host $host;\n',
      },
    },
    {
      title: 'a directory that is mounted, and not below that of nginx',
      files: {
        ...tree('include «snippets/headers.conf»;', '- ./snippets:/snippets:ro'),
        'snippets/headers.conf': 'proxy_set_header Host $host;\n',
      },
    },
  ],
  good: [
    {
      title: 'files of the image',
      files: tree(conf`
        include fastcgi_params;
        include /etc/nginx/mime.types;
      `),
    },
    {
      title: 'a directory that is mounted',
      files: {
        ...tree('include snippets/headers.conf;', '- ./snippets:/etc/nginx/snippets:ro'),
        'snippets/headers.conf': 'proxy_set_header Host $host;\n',
      },
    },
    { title: 'a pattern, which may find nothing', files: tree('include /etc/nginx/snippets/*.conf;') },
    {
      title: 'a main file of its own',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: nginx:1.27
              ports: ["80:80"]
              volumes:
                - ./nginx.conf:/etc/nginx/nginx.conf:ro
                - ./headers.conf:/etc/nginx/headers.conf:ro
        `,
        'nginx.conf': nginxMain(conf`
          include mime.types;
          include headers.conf;
        `),
        'headers.conf': 'proxy_set_header Host $host;\n',
      },
    },
    {
      title: 'an image with the files of Debian’s package',
      files: tree('include proxy_params;', '', 'ubuntu/nginx'),
    },
    {
      title: 'a step of the build that may write the file',
      files: {
        ...tree('include snippets/headers.conf;'),
        'docker-compose.yml': conf`
          services:
            web:
              build: .
              ports: ["80:80"]
        `,
        Dockerfile: conf`
          FROM nginx:1.27
          COPY site.conf /etc/nginx/conf.d/default.conf
          RUN ./write-snippets
        `,
      },
    },
  ],
  *check(deployment) {
    for (const { configuration, machine } of programsOfKind(deployment, 'nginx')) {
      const { container } = machine
      if (container === null || !isNginxImage(container.base) || !knowsFiles(container)) continue
      if (startsOtherMain(container)) continue
      for (const include of configuration.occurrences.get('include') ?? []) {
        const written = include.args[0]?.value ?? ''
        if (written === '' || isUnknownWord(written) || hasWildcard(written) || /[$\0\uFFFD]/.test(written))
          continue
        const path = posix.resolve(HOME, written)
        if (isStandIn(include.source) || OF_IMAGE.test(path) || isBrought(container, path)) continue
        yield {
          at: argumentPlace(include, 0),
          message: `nothing brings \`${path}\` into the container, so nginx does not start: open() "${path}" failed (2: No such file or directory)`,
          label: 'not in this container',
          related: [{ at: container.service.at, message: 'the container of nginx' }],
        }
      }
    }
  },
})

/** Where the main file of the image lies, from which nginx takes relative paths. */
const HOME = '/etc/nginx'

/** True for `nginx -c /srv/nginx.conf`. */
function startsOtherMain({ service, image }: Container): boolean {
  const words = service.command?.words ?? (image?.command?.form === 'exec' ? image.command.words : [])
  return / -c \//.test(words.map(({ text }) => text).join(' '))
}

/** What nginx.org's packages bring, in old releases and in Alpine's too, and what is no file of an image. */
const OF_IMAGE =
  /^\/etc\/nginx\/(?:(?:mime\.types|fastcgi_params|fastcgi\.conf|scgi_params|uwsgi_params|koi-utf|koi-win|win-utf)$|(?:modules|conf\.d)\/)|^\/(?:usr|run|var\/run|dev|proc|tmp)\//
