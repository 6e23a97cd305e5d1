import { posix } from 'node:path'
import type { NginxConnection, NginxServer } from '../../src/deployment/model.ts'
import { uploadUrls } from './_upload-urls.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { locationPath } from '../../src/deployment/requests/location-path.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { anonymousRequestOnly } from '../../src/deployment/requests/anonymous-request.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'

const server = (lines: string): Record<string, string> => ({
  'nginx.conf': conf`
    server {
        listen 80;
        server_name example.org;
        root /srv/www;
        ${lines}
    }
  `,
})

export default defineRule({
  summary: 'Directories are listed to everybody',
  severity: 'warning',
  otherSeverities: { info: 'on a host of files alone, which may be a mirror' },
  confidence: 'high',
  securitySeverity: 5.3,
  cwe: [548],
  since: '0.1.0',
  why: 'Where a directory has no index file nginx lists what is in it: backups, other clients’ uploads, and everything else whose only protection was that nobody knew its name.',
  remedy: 'Leave `autoindex` off but for directories that are meant to be browsed',
  references: ['https://nginx.org/en/docs/http/ngx_http_autoindex_module.html'],
  bad: [
    {
      title: 'every directory of the site',
      files: server(
        conf`
          autoindex «on»;
          location /shop/ {
              proxy_pass http://127.0.0.1:9000;
          }
        `,
      ),
    },
    {
      title: 'a host of files alone, which may be meant to be browsed',
      files: server('autoindex «on»;'),
    },
    {
      title: 'a host of files of which another one has those that are missing',
      files: server(conf`
        location / {
            autoindex «on»;
        }
        location ~ \.rpm$ {
            try_files $uri @store;
        }
        location @store {
            proxy_pass http://127.0.0.1:9000;
        }
      `),
    },
    {
      title: 'a mirror that fetches a part from another host, which may be meant to be browsed',
      files: server(conf`
        autoindex «on»;
        location /stable/ {
            proxy_pass https://download.example.net;
        }
      `),
    },
    {
      title: 'one directory, which may be meant to be browsed',
      files: server(conf`
        location /files/ {
            autoindex «on»;
        }
      `),
    },
  ],
  good: [
    {
      title: 'off',
      files: server(conf`
        location /files/ {
            autoindex off;
        }
      `),
    },
    {
      title: 'behind a password',
      files: server(
        conf`
          location /files/ {
              auth_basic "Staff";
              auth_basic_user_file /etc/nginx/htpasswd;
              autoindex on;
          }
        `,
      ),
    },
    {
      title: 'where another server asks who is there',
      files: server(
        conf`
          location /files/ {
              auth_request /who;
              autoindex on;
          }
          location = /who {
              internal;
              proxy_pass http://127.0.0.1:9000;
          }
        `,
      ),
    },
    {
      title: 'requests that are proxied see no listing',
      files: server(
        conf`
          autoindex on;
          location / {
              proxy_pass http://127.0.0.1:9000;
          }
        `,
      ),
    },
  ],
  *check(deployment) {
    if (!deployment.nginx.some(({ occurrences }) => occurrences.has('autoindex'))) return
    const servers = serverIndex(deployment.servers)
    const media = uploadUrls(deployment)
    for (const { occurrences } of deployment.nginx) {
      for (const directive of occurrences.get('autoindex') ?? []) {
        if (directive.args[0]?.value.toLowerCase() !== 'on') continue
        const listed = listedPath(directive, servers)
        if (listed === null) continue
        const holdsUploads = (media.get(listed.server) ?? []).some(
          ({ url }) => url.startsWith(listed.path) || listed.path.startsWith(url),
        )
        // A host that has nothing but files may be a mirror, whose listings are its pages.
        const isWide =
          (directive.parent?.name !== 'location' || listed.path === '/') &&
          deployment.connections
            .httpOf(listed.server)
            .some(each => !isFallback(each.block) && !isElsewhere(each))
        const at = argumentPlace(directive, 0)
        yield {
          at,
          severity: isWide || holdsUploads ? 'warning' : 'info',
          message: holdsUploads
            ? `nginx lists the uploads of all clients below \`${listed.path}\``
            : `nginx lists every directory below \`${listed.path}\` that has no index file`,
          ...propose('Turn listings off', 'unsafe', [replacePlace(at, 'off')]),
        }
      }
    }
  },
})

/** True where a host of the Internet answers: a mirror passes on what it does not keep itself. */
function isElsewhere({ pass, targets }: NginxConnection): boolean {
  return (
    pass.args[0]?.value.startsWith('https://') === true &&
    targets.length > 0 &&
    targets.every(
      ({ address, local }) => local !== true && address.kind === 'name' && address.name.includes('.'),
    )
  )
}

/** True for a named location: it answers only for files that are not there. */
function isFallback({ name, args }: NginxDirective): boolean {
  return name === 'location' && args[0]?.value.startsWith('@') === true
}

interface Listed {
  readonly server: NginxServer
  readonly path: string
}

/** A directory that an anonymous client gets a listing of; null where none does for sure. */
function listedPath(
  directive: NginxDirective,
  servers: ReadonlyMap<NginxDirective, NginxServer>,
): Listed | null {
  const scope = directive.parent
  const home = scope === null ? null : enclosingServer(scope)
  const server = home === null ? undefined : servers.get(home)
  if (scope === null || server === undefined) return null
  const written = scope.name === 'location' ? locationPath(scope) : '/'
  if (written === null) return null
  const path = written.endsWith('/') ? written : `${written}/`
  // An index file at the top hides that directory alone, so a directory below is asked for.
  const directory = `${path}directory/`
  const base = fileBase(server.configuration, scope)
  if (!base.known || base.value.path.includes('$')) return null
  const { kind, prefix, path: top } = base.value
  const inside = kind === 'root' ? directory : prefix === null ? null : directory.slice(prefix.length)
  if (inside === null) return null
  const end = anonymousRequestOnly(server, directory, posix.normalize(`${top}/${inside}/file`))
  return end.kind === 'handler' && end.name === 'autoindex' ? { server, path } : null
}
