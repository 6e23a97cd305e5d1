import { posix } from 'node:path'
import type { ComposeService } from '../../parsers/compose/compose.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow, overlap } from '../../parsers/text/is-below.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import { isNginxImage } from '../../src/deployment/containers/nginx-image.ts'
import { filesInside } from '../../src/deployment/containers/read-containers.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { isMounted, type RunImage, runImages, startedText } from '../containers/_images.ts'
import { nearest, pageOfStatus, pathOf } from './_pages.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${lines}
      location / {
          proxy_pass http://shop.internal:8000;
      }
  }
`
const PAGE = conf`
  error_page 502 504 «/error.html»;
  location = /error.html {
      internal;
      root /usr/share/nginx/html;
  }
`
const image = (steps: string, lines = PAGE): Record<string, string> => ({
  Dockerfile: conf`
    FROM nginx:1.27-alpine
    COPY site.conf /etc/nginx/conf.d/default.conf
    ${steps}
  `,
  'site.conf': site(lines),
})
const compose = (volume: string, lines = PAGE): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
          ${volume}
  `,
  'site.conf': site(lines),
})

export default defineRule({
  summary: 'The page for an error is not in the container of nginx',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`error_page` is an internal redirect: where the page is not there, its answer is another error, 404, and clients, caches and monitoring get that in place of the 502 or 504. The image of nginx has `index.html` and `50x.html` in `/usr/share/nginx/html`, and nothing else.',
  remedy: 'Copy or mount the page to the directory in which nginx looks for it',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page'],
  unproven: 'The live tests start no containers: what is in one, its Dockerfile and its compose file say',
  bad: [
    {
      title: 'an image that copies the start page alone',
      files: image(conf`
        RUN apk update && \
            apk add --no-cache openssl
        ENV HOME_OF_NGINX=/etc/nginx
        RUN mkdir -p \${HOME_OF_NGINX}/certs
      `),
    },
    { title: 'a container without files of its own', files: compose('') },
    {
      title: 'a directory of the repository that has other pages',
      files: {
        ...compose('- ./pages:/usr/share/nginx/html:ro'),
        'pages/start.html': 'a page\n',
      },
    },
  ],
  good: [
    {
      title: 'a page that is copied',
      files: { ...image('COPY error.html /usr/share/nginx/html/'), 'error.html': 'an error\n' },
    },
    {
      title: 'a page that is mounted',
      files: {
        ...compose('- ./error.html:/usr/share/nginx/html/error.html:ro'),
        'error.html': 'an error\n',
      },
    },
    { title: 'the page of the image', files: image('', PAGE.replaceAll('error.html', '50x.html')) },
    { title: 'a volume above it', files: image('VOLUME /usr/share/nginx') },
    { title: 'a step that writes it', files: image('RUN echo error > /usr/share/nginx/html/error.html') },
    {
      title: 'what another stage has built',
      files: image('COPY --from=build /app/dist /usr/share/nginx/html'),
    },
    {
      title: 'a page that turns the site off while it is there',
      files: compose(
        '',
        conf`
          root /srv/www;
          error_page 503 /down.html;
          if (-f $document_root/down.html) {
              return 503;
          }
          location = /down.html {
          }
        `,
      ),
    },
    { title: 'a volume', files: compose('- pages:/usr/share/nginx/html') },
    { title: 'a directory that is built first', files: compose('- ./dist:/usr/share/nginx/html') },
    {
      title: 'a page of the application',
      files: compose('', 'error_page 502 504 /error.html;'),
    },
  ],
  *check(deployment) {
    const servers = serversAround(deployment)
    for (const run of runImages(deployment)) {
      const { container } = run.machine
      if (!isNginxImage(run.base) || container?.service.complete === false || run.fault !== null) continue
      const files = container?.files ?? filesInside(run.mounts, run.files)
      for (const program of run.machine.programs) {
        if (program.kind !== 'nginx') continue
        const { configuration } = program
        for (const line of configuration.occurrences.get('error_page') ?? []) {
          const uri = line.args.at(-1)?.value ?? ''
          const server = serverAround(line)
          if (server === null || !servers.has(server) || !/^\/[\w./-]+\.\w+$/.test(uri)) continue
          if (container === null && !isMounted(line.source, run.mounts)) continue
          const meant = pathOf(configuration, server, uri)
          if (meant === null || !isSurelyMissing(run, files, meant.path)) continue
          if (isSwitch(configuration, meant.path)) continue
          // Another page of nearly the name is told of by `static-files/page-not-there`.
          if ((nearest(files, meant.path) ?? pageOfStatus(files, line, meant.path)) !== null) continue
          const at = container?.service.at ?? run.image?.stage.image.at
          yield {
            at: argumentPlace(line, line.args.length - 1),
            message: `nothing brings \`${meant.path}\` into the container, so ${namesOf(line)} is answered with nginx’s own 404`,
            label: 'not in the container',
            related: [
              ...(at == null ? [] : [{ at, message: 'the container of nginx' }]),
              ...(meant.base === null
                ? []
                : [{ at: argumentPlace(meant.base, 0), message: 'looked for below this' }]),
            ],
          }
        }
      }
    }
  },
})

/** True for a page that turns a site off while it is there: `if (-f $document_root/down.html)`. */
function isSwitch({ occurrences }: NginxConfiguration, path: string): boolean {
  return (occurrences.get('if') ?? []).some(({ args }) =>
    args.some(({ value }) => value.includes(posix.basename(path))),
  )
}

/** The errors that a line is for, in the words of a sentence. */
function namesOf({ args }: NginxDirective): string {
  const statuses = args.map(({ value }) => value).filter(value => /^\d{3}$/.test(value))
  return statuses.length > 3 ? 'each of these errors' : statuses.join(' or ')
}

/** What nginx's own image has to serve. */
const OF_IMAGE = /^\/usr\/share\/nginx\/html\/(?:index|50x)\.html$|^\/usr\/share\/nginx\/html$/
/** Steps that bring no page: what a shell writes, and what another program may, is none of these. */
const BRINGS_NONE =
  /^\s*(?:apk|apt|apt-get|rm|mkdir|chown|chmod|adduser|addgroup|groupadd|useradd|true|set)\b(?:[^>`$]|\$(?!\())*$/

/** True where every mount, copy and step is known, and none brings the file. */
function isSurelyMissing(run: RunImage, inside: FileSystem, path: string): boolean {
  const { image, mounts, files } = run
  const service = run.machine.container?.service ?? null
  if (OF_IMAGE.test(path) || inside.kind(path) !== null) return false
  if (service !== null && !bringsAllByMounts(service, image !== null)) return false
  if (mounts.some(({ target }) => overlap(target, '/docker-entrypoint.d'))) return false
  const started = startedText(run)
  if (/\.sh\b|\bcp\b|>/.test(started) || started.includes(posix.dirname(path))) return false
  // A volume is filled while the container runs, or from a directory of the host.
  if ((image?.volumes ?? []).some(each => !each.known || isAround(cleanPath(each.value), path))) return false
  const around = mounts.filter(({ target }) => isAround(cleanPath(target), path))
  if (around.some(mount => mount.path === null || files.kind(mount.path) !== 'directory')) return false
  if (around.some(mount => (files.list(mount.path!) ?? []).length === 0)) return false
  return (image?.steps ?? []).every(step =>
    'sources' in step
      ? step.target.known &&
        ((step.kind === 'COPY' && step.from === null) || !isAround(cleanPath(step.target.value), path))
      : commandText(step.command)
          .replaceAll('\\\n', ' ')
          .split(/&&|\|\||;|\n/)
          .every(command => command.trim() === '' || BRINGS_NONE.test(command)),
  )
}

/** True where every volume of a service is known, and its image too. */
function bringsAllByMounts({ build, volumes, volumesFrom, tmpfs }: ComposeService, isRead: boolean): boolean {
  return (
    (build === null || isRead) &&
    volumesFrom.length + tmpfs.length === 0 &&
    volumes.every(({ target }) => target.known)
  )
}

function isAround(target: string, path: string): boolean {
  return target === path || isBelow(path, target)
}
