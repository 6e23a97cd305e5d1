import { posix } from 'node:path'
import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import { namePlace } from '../../src/deployment/places.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { isNginxImage } from '../../src/deployment/containers/nginx-image.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { isAtLeast } from '../../src/servers/version.ts'
import { outerFile } from '../../src/deployment/outer-file.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { runImages } from '../containers/_images.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      location /ws/ {
          proxy_pass http://127.0.0.1:9000;
          ${lines}
          proxy_set_header Connection "upgrade";
      }
    `),
  )

const image = (tag: string, mark = (name: string): string => name): Record<string, string> => ({
  'web/Dockerfile': conf`
    FROM nginx${tag}
    COPY site.conf /etc/nginx/conf.d/default.conf
  `,
  'web/site.conf': conf`
    server {
        listen 80;
        location /ws/ {
            proxy_pass http://192.0.2.7:9000;
            ${mark('proxy_set_header')} Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
        }
    }
  `,
})

/** A compose file whose command writes a file of nginx before it starts it. */
const written = (path: string, lines: string): string => conf`
  services:
    web:
      image: nginx:latest
      ports:
        - 80:80
      entrypoint:
        - sh
        - -euc
        - |
          cat <<EOF > ${path}
          ${lines}
          EOF
          nginx -g "daemon off;"
`
const WRITTEN_SERVER = conf`
  server {
    listen 80;
    location /ws/ {
      proxy_pass http://192.0.2.7:9000;
      proxy_set_header Upgrade \$$http_upgrade;
      proxy_set_header Connection "upgrade";
    }
  }
`

export default defineRule({
  summary: 'The Upgrade header is sent by HTTP/1.0',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx speaks HTTP/1.0 to backends unless told otherwise, and HTTP/1.0 knows no `Upgrade`: RFC 6455 wants 1.1. The `websockets` of Python answer the handshake with 400; Node.js, uvicorn, Tornado and aiohttp switch all the same.',
  remedy: 'Write `proxy_http_version 1.1;` beside the two headers',
  references: [
    'https://nginx.org/en/docs/http/websocket.html',
    'https://www.rfc-editor.org/rfc/rfc6455#section-4.1',
  ],
  bad: [
    {
      title: 'the two headers alone',
      files: { 'etc/nginx/nginx.conf': nginx('«proxy_set_header» Upgrade $http_upgrade;') },
    },
    {
      title: 'a location that servers include',
      files: {
        'ws.conf': conf`
          location /ws/ {
              proxy_pass http://127.0.0.1:9000;
              «proxy_set_header» Upgrade $http_upgrade;
              proxy_set_header Connection "upgrade";
          }
        `,
      },
    },
    {
      title: 'an image of a release before the default changed',
      files: image(':1.27-alpine', name => `«${name}»`),
    },
  ],
  good: [
    { title: 'the newest image, which speaks HTTP/1.1 by default', files: image('') },
    { title: 'the newest image of Alpine', files: image(':mainline-alpine') },
    {
      title: 'the newest image, whose main file a compose file mounts',
      files: {
        'web/nginx.conf': nginx('proxy_set_header Upgrade $http_upgrade;'),
        'docker-compose.yml': conf`
          services:
            web:
              image: nginx:latest
              ports:
                - 80:80
              volumes:
                - ./web/nginx.conf:/etc/nginx/nginx.conf
        `,
      },
    },
    {
      title: 'the newest image, whose command writes the file',
      files: { 'docker-compose.yml': written('/etc/nginx/conf.d/default.conf', WRITTEN_SERVER) },
    },
    {
      title: 'the newest image, whose command writes the main file, beside another project',
      files: {
        'simple/docker-compose.yml': written(
          '/etc/nginx/nginx.conf',
          conf`
            events {}
            http {
              ${WRITTEN_SERVER}
            }
          `,
        ),
        'large/docker-compose.yml': conf`
          services:
            web:
              image: nginx:alpine
              volumes:
                - ./nginx.conf:/etc/nginx/nginx.conf:ro
        `,
        'large/nginx.conf': nginx('proxy_http_version 1.1;'),
      },
    },
    {
      title: 'with the version',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
        `),
      },
    },
    {
      title: 'a location of its own with the version',
      files: {
        'ws.conf': conf`
          location /ws/ {
              proxy_pass http://127.0.0.1:9000;
              proxy_http_version 1.1;
              proxy_set_header Upgrade $http_upgrade;
              proxy_set_header Connection "upgrade";
          }
        `,
      },
    },
    {
      title: 'a location of NixOS, whose module may write the version for all servers',
      files: {
        'web.nix': conf`
          {
            services.nginx.recommendedProxySettings = true;
            services.nginx.virtualHosts."example.org".extraConfig = ''
              location /ws {
                proxy_pass http://127.0.0.1:8000;
                proxy_set_header Upgrade $http_upgrade;
                proxy_set_header Connection "upgrade";
              }
            '';
          }
        `,
      },
    },
    {
      title: 'the header is cleared',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_set_header Upgrade "";') },
    },
  ],
  *check(deployment) {
    let newest: Newest | null = null
    for (const { server, block, headers } of deployment.connections.http) {
      const upgrade = headers.written.find(({ name, state }) => name === 'upgrade' && state !== 'cleared')
      if (upgrade === undefined) continue
      const { configuration } = server
      // The default is 1.1 since nginx 1.29.7.
      if (isAtLeast(configuration.version, '1.29.7')) continue
      const version = effectiveAtHand(configuration, block, 'proxy_http_version')
      if (!version.known) continue
      const [line] = version.value.directives
      if (line !== undefined && line.args[0]?.value !== '1.0') continue
      const at = namePlace(upgrade.directive)
      // The module of NixOS writes the version for all servers, where `recommendedProxySettings` asks it to.
      if (line === undefined && outerFile(at.source)?.endsWith('.nix') === true) continue
      if (configuration.version.from === 'assumed') {
        newest ??= ofNewestImages(deployment)
        if (newest.configurations.has(configuration) || isBelow(at.source.path, newest.paths)) continue
      }
      yield {
        at,
        message: '`Upgrade` is sent by HTTP/1.0, for which some backends do not switch to WebSocket',
        label: 'needs `proxy_http_version 1.1`',
        related: line === undefined ? [] : [{ at: namePlace(line), message: 'the version' }],
        // What includes a fragment may say another version.
        ...(configuration.main === null && line === undefined && { confidence: 'medium' as const }),
        ...(line === undefined
          ? propose('Use HTTP/1.1 for the backend', 'safe', [
              insertBefore(at, `proxy_http_version 1.1;\n${indentationAt(at)}`),
            ])
          : {}),
      }
    }
  },
})

/** References of an image without a release: what is pulled today speaks HTTP/1.1 by default. */
const NEWEST = /^[^:@]+(?::(?:latest|mainline|stable|1)?(?:-?(?:alpine|perl|slim|otel))*)?$/

/** What images of the newest nginx hold. */
interface Newest {
  /** Files and directories of the repository. */
  readonly paths: ReadonlySet<string>
  readonly configurations: ReadonlySet<NginxConfiguration>
}

function ofNewestImages(deployment: Deployment): Newest {
  const paths = new Set<string>()
  const configurations = new Set<NginxConfiguration>()
  for (const { base, reference, mounts, machine } of runImages(deployment)) {
    if (!isNginxImage(base)) continue
    if (!NEWEST.test(reference ?? '')) continue
    for (const { path } of mounts) if (path !== null) paths.add(path)
    if (machine.container === null) continue
    for (const program of machine.programs)
      if (program.kind === 'nginx') configurations.add(program.configuration)
  }
  return { paths, configurations }
}

function isBelow(path: string, directories: ReadonlySet<string>): boolean {
  for (let at = path; ; at = posix.dirname(at)) {
    if (directories.has(at)) return true
    if (at === posix.dirname(at)) return false
  }
}
