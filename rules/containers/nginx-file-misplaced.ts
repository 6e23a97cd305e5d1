import { posix } from 'node:path'
import type { NginxDirectiveNode } from '../../parsers/nginx/syntax.ts'
import { parseNginx } from '../../parsers/nginx/parse.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ContainerMount } from '../../src/deployment/containers/container.ts'
import { isNginxImage } from '../../src/deployment/containers/nginx-image.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { siteTo } from './_examples.ts'
import { movesTemplates, runImages } from './_images.ts'

const compose = (volume: string): string => conf`
  services:
    web:
      image: nginx:1.27
      ports:
        - "80:80"
      volumes:
        - ${volume}
    app:
      image: example/app
      expose: ["8000"]
`
const MAIN = conf`
  events {
  }
  http {
      ${siteTo('app:8000')}
  }
`

const STREAM = conf`
  stream {
      server {
          listen 5432;
          proxy_pass db.internal:5432;
      }
  }
`

export default defineRule({
  summary: 'A file of nginx is placed in an image where nginx expects one of another kind',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The image of nginx has a main file, `/etc/nginx/nginx.conf`, which includes `conf.d/*.conf` in its `http` block. A whole configuration in `conf.d`, or a `server` alone in place of the main file, is refused: `"http" directive is not allowed here`, `"server" directive is not allowed here`.',
  remedy:
    'Mount a file with `http` and `events` as `/etc/nginx/nginx.conf`, and one with `server` alone as `/etc/nginx/conf.d/default.conf`',
  references: ['https://hub.docker.com/_/nginx'],
  unproven: 'The live tests place the main file of nginx themselves',
  bad: [
    {
      title: 'a whole configuration as a site',
      files: {
        'docker-compose.yml': compose('«./nginx.conf:/etc/nginx/conf.d/default.conf:ro»'),
        'nginx.conf': MAIN,
      },
    },
    {
      title: 'a site as the main file',
      files: {
        'docker-compose.yml': compose('«./site.conf:/etc/nginx/nginx.conf:ro»'),
        'site.conf': siteTo('app:8000'),
      },
    },
    {
      title: 'a Dockerfile without a compose file',
      files: {
        Dockerfile: conf`
          FROM node:22 AS build
          RUN npm run build
          FROM nginx:1.27
          «COPY» nginx.conf /etc/nginx/conf.d/default.conf
          COPY --from=build /app/dist /usr/share/nginx/html
        `,
        'nginx.conf': nginxMain(
          nginxServer(conf`
            root /usr/share/nginx/html;
          `),
        ),
      },
    },
    {
      title: 'a `stream` in a directory of sites',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27
          «COPY» conf.d/ /etc/nginx/conf.d/
        `,
        'conf.d/database.conf': STREAM,
      },
    },
  ],
  good: [
    {
      title: 'a `stream` beside a main file that includes it at its top',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27
          COPY nginx.conf /etc/nginx/nginx.conf
          COPY conf.d/ /etc/nginx/conf.d/
        `,
        'nginx.conf': conf`
          events {
          }
          include /etc/nginx/conf.d/*.conf;
        `,
        'conf.d/database.conf': STREAM,
      },
    },
    {
      title: 'a `stream` in a directory that nothing includes',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27
          COPY streams/ /etc/nginx/conf.d/streams/
        `,
        'streams/database.conf': STREAM,
      },
    },
    {
      title: 'the main file at its place',
      files: {
        'docker-compose.yml': compose('./nginx.conf:/etc/nginx/nginx.conf:ro'),
        'nginx.conf': MAIN,
      },
    },
    {
      title: 'a site at its place',
      files: {
        'docker-compose.yml': compose('./site.conf:/etc/nginx/conf.d/default.conf:ro'),
        'site.conf': siteTo('app:8000'),
      },
    },
    {
      title: 'a main file that is made of a template',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27
          ENV NGINX_ENVSUBST_OUTPUT_DIR=/etc/nginx
          COPY nginx.conf /etc/nginx/templates/nginx.conf.template
        `,
        'nginx.conf': nginxMain(
          nginxServer(conf`
            root /usr/share/nginx/html;
          `),
        ),
      },
    },
    {
      title: 'a main file that is named on the command line',
      files: {
        'docker-compose.yml': compose('./nginx.conf:/etc/nginx/conf.d/own.conf:ro').replace(
          'image: nginx:1.27',
          conf`
            image: nginx:1.27
                command: nginx -c /etc/nginx/conf.d/own.conf -g "daemon off;"
          `.trimEnd(),
        ),
        'nginx.conf': MAIN,
      },
    },
  ],
  *check(deployment) {
    for (const run of runImages(deployment)) {
      const { base, mounts, command, files } = run
      if (!isNginxImage(base) || command === undefined || namesMain(command?.words ?? [])) continue
      const hasOwnMain = mounts.some(({ target }) => /^\/etc(?:\/nginx(?:\/nginx\.conf)?)?$/.test(target))
      for (const { target, path, at } of mounts.flatMap(mount => filesOf(mount, files))) {
        if (path === null) continue
        const isMain = target === '/etc/nginx/nginx.conf'
        if (!isMain && (hasOwnMain || !INCLUDED.test(target))) continue
        if (target.endsWith('.template') && movesTemplates(run)) continue
        const foreign = foreignIn(files, path, isMain)
        if (foreign === null) continue
        yield {
          at,
          message: isMain
            ? `\`${foreign.name}\` is not allowed at the top of \`${target}\`, which is the main file`
            : `\`${foreign.name}\` is not allowed in \`${target}\`, which the main file includes in its \`http\``,
          label: 'nginx does not start',
          related: [{ at: foreign.at, message: 'refused here' }],
          help: isMain
            ? 'Place it at `/etc/nginx/conf.d/default.conf`'
            : 'Place it at `/etc/nginx/nginx.conf`',
        }
      }
    }
  },
})

/** What the main file of the image includes in `http`, and what its start script makes such files of. */
const INCLUDED = /^\/etc\/nginx\/(?:conf\.d\/[^/]+\.conf|templates\/[^/]+\.template)$/

/** A directory that stands at `conf.d` file by file, as nginx includes it; everything else as it is. */
function filesOf(mount: ContainerMount, files: FileSystem): readonly ContainerMount[] {
  const { target, path } = mount
  if (path === null || target.replace(/\/$/, '') !== '/etc/nginx/conf.d' || files.kind(path) !== 'directory')
    return [mount]
  return (files.list(path) ?? []).map(({ name }) => ({
    ...mount,
    target: posix.join(target, name),
    path: posix.join(path, name),
  }))
}

const OF_MAIN: ReadonlySet<string> = new Set([
  'events',
  'http',
  'load_module',
  'mail',
  'pid',
  'stream',
  'user',
  'worker_processes',
  'worker_rlimit_nofile',
])
const OF_HTTP: ReadonlySet<string> = new Set(['server', 'upstream', 'location', 'map', 'limit_req_zone'])

/** True where the command names a main file itself. */
function namesMain(words: readonly string[]): boolean {
  return /(?:^|\s)-c(?:\s|$)/.test(
    words.filter((word, index) => !(word === '-c' && /sh$/.test(words[index - 1] ?? ''))).join(' '),
  )
}

/** The first directive at the top of a file that the place does not take; null for none, or a file of both kinds. */
function foreignIn(
  files: FileSystem,
  path: string,
  isMain: boolean,
): { readonly name: string; readonly at: Place } | null {
  const read = files.kind(path) === 'file' ? files.read(path) : null
  if (read?.kind !== 'source') return null
  const nodes = parseNginx(read.source).children.filter(
    (node): node is NginxDirectiveNode => node.kind === 'directive',
  )
  const named = nodes.map(({ name }) => ({
    name: read.source.text.slice(name.start, name.end),
    at: { source: read.source, start: name.start, end: name.end },
  }))
  if (isMain && named.some(({ name }) => OF_MAIN.has(name) || name === 'include')) return null
  return named.find(({ name }) => (isMain ? OF_HTTP : OF_MAIN).has(name)) ?? null
}
