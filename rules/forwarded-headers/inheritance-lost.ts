import type { NginxConnection, SentHeader } from '../../src/deployment/model.ts'
import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import { isElsewhere, lostHeaders, type LostUpgrade, lostUpgrades } from './_lost-headers.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { placeText } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { nginxMain } from '../_examples.ts'

const SCHEME = new Set(['x-forwarded-proto', 'x-forwarded-protocol', 'x-forwarded-ssl', 'x-forwarded-scheme'])

const site = (server: string, location: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${server}
      location / {
          proxy_pass http://127.0.0.1:9000;
          ${location}
      }
  }
`
const SET =
  '    proxy_set_header Host $host;\n    proxy_set_header X-Forwarded-For $remote_addr;\n    proxy_set_header X-Forwarded-Proto $scheme;\n'

const UPGRADE = conf`
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection "upgrade";
`
const OWN = 'proxy_set_header Host $host;'

export default defineRule({
  summary: 'A location sets one header and thereby loses those of the level above',
  severity: 'error',
  otherSeverities: {
    warning: 'where `Host` and the scheme are still sent, or the backend is not Apache',
    info: 'where `Upgrade` alone is lost, which http sets and other servers send, and for a WebSocket, unless Action Cable compares its origin with `Host`',
  },
  confidence: 'high',
  since: '0.1.0',
  why: '`proxy_set_header` is inherited only by a level that has none of its own. The backend is then asked for `Host: 127.0.0.1:9000`, or for the name of the upstream, and no longer learns the scheme or the client: Django answers 400, redirects lead to the wrong place. Where `Upgrade` and `Connection` are lost, WebSocket begins no more: `WebSocket connection to … failed`, 400, `Unable to connect`.',
  remedy: 'Repeat the whole set in the location, best as a snippet that each location includes',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header'],
  bad: [
    {
      title: 'the location of Action Cable, which compares the origin with `Host`',
      files: {
        'config/nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              proxy_set_header Host $host;
              location / {
                  proxy_pass http://127.0.0.1:3000;
              }
              location /cable {
                  proxy_pass http://127.0.0.1:3000;
                  proxy_http_version 1.1;
                  «proxy_set_header» Upgrade $http_upgrade;
                  proxy_set_header Connection "upgrade";
              }
          }
        `,
        'config/environments/production.rb': conf`
          Rails.application.configure do
            # config.action_cable.allowed_request_origins = [ "https://example.org" ]
            config.eager_load = true
          end
        `,
      },
    },
    {
      title: 'one header for WebSockets',
      files: { 'nginx.conf': site(SET, '«proxy_set_header» Upgrade $http_upgrade;') },
    },
    {
      title: 'the client’s address, and nothing else',
      files: {
        'nginx.conf': site(
          SET,
          conf`
            «proxy_set_header» X-Real-IP $remote_addr;
            proxy_set_header Host $host;
          `,
        ),
      },
    },
    {
      title: 'the headers of WebSocket, which http sets for all',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          ${UPGRADE}
          ${site('', OWN.replace('proxy_set_header', '«proxy_set_header»'))}
        `),
      },
    },
    {
      title: 'the headers of WebSocket, which the server sets',
      files: { 'nginx.conf': site(UPGRADE, OWN.replace('proxy_set_header', '«proxy_set_header»')) },
    },
    {
      title: 'the headers of WebSocket, which another server sends',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          ${UPGRADE}
          ${site('', OWN.replace('proxy_set_header', '«proxy_set_header»'))}
          ${site('', '').replace('example.org', 'chat.example.org')}
        `),
      },
    },
  ],
  good: [
    {
      title: 'a name that Host says too',
      files: {
        'nginx.conf': site(
          'proxy_set_header X-Forwarded-Host $http_host;',
          'proxy_set_header Host $http_host;',
        ),
      },
    },
    {
      title: 'the headers of WebSocket repeated, by a snippet too',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          include websocket.conf;
          ${site('', `${OWN}\n${UPGRADE}`)}
          ${site('', `${OWN}\ninclude websocket.conf;`).replace('example.org', 'chat.example.org')}
        `),
        'etc/nginx/websocket.conf': UPGRADE,
      },
    },
    {
      title: 'the headers of WebSocket, for which another location is',
      files: {
        'nginx.conf': site(
          conf`
          ${UPGRADE}
          location /live/ {
              proxy_pass http://127.0.0.1:9000;
          }
        `,
          OWN,
        ),
      },
    },
    {
      title: 'a location that wants connections kept alive, and one of files',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              ${UPGRADE}
              location / {
                  proxy_pass http://127.0.0.1:9000;
                  proxy_set_header Connection "";
                  ${OWN}
              }
              location /static/ {
                  proxy_pass http://127.0.0.1:9000;
                  ${OWN}
              }
          }
        `,
      },
    },
    { title: 'nothing of its own', files: { 'nginx.conf': site(SET, '') } },
    {
      title: 'the whole set repeated',
      files: {
        'nginx.conf': site(
          SET,
          conf`
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto https;
            proxy_set_header Upgrade $http_upgrade;
          `,
        ),
      },
    },
    {
      title: 'repeated by a snippet',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
          ${site(
            'include proxy.conf;',
            conf`
              include proxy.conf;
              proxy_set_header Upgrade $http_upgrade;
            `,
          )}
          }
        `,
        'etc/nginx/proxy.conf': SET,
      },
    },
    {
      title: 'a service elsewhere that wants its own name',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              ${SET}
              location /maps/ {
                  proxy_pass https://tiles.example.com/;
                  proxy_set_header Authorization "";
              }
          }
        `,
      },
    },
  ],
  *check({ connections, filesOf }) {
    const found: Loss[] = []
    const upgrades = lostUpgrades(connections.http)
    for (const connection of connections.http) {
      const { level, written } = connection.headers
      const own = written[0]?.directive
      if (level === null || own === undefined || isElsewhere(connection)) continue
      const upgrade = upgrades.get(connection) ?? null
      const lost = lostHeaders(connection).filter(
        header =>
          (isForwarding(header) && !isToldAsHost(header, connection)) ||
          (upgrade !== null && isOfWebSocket(header)),
      )
      if (lost.length > 0) found.push({ connection, level, own, lost, upgrade })
    }
    for (const { connection, level, own, lost, upgrade } of found) {
      const isGrave = lost.some(({ name }) => name === 'host' || SCHEME.has(name))
      const known = connection.targets.some(
        ({ to }) => to.kind === 'listener' && to.listener.kind === 'apache',
      )
      // http says it for all servers, and this one need not be meant.
      const isDoubtful = upgrade?.isUsed === true && lost.every(isOfWebSocket)
      const isWebSocket = connection.headers.written.some(
        ({ name, state, directive }) =>
          name === 'upgrade' && state !== 'cleared' && directive.parent === level,
      )
      const list = lost.map(({ directive }) => `\`${directive.args[0]?.value}\``).join(', ')
      yield {
        at: namePlace(own),
        severity: isDoubtful
          ? 'info'
          : isGrave && known
            ? 'error'
            : isWebSocket &&
                !(lost.some(isHost) && asksForOrigin(filesOf(connection.server.configuration), level))
              ? 'info'
              : 'warning',
        message: `\`proxy_set_header\` in this \`${level.name}\` replaces the set of the level above, so ${list} ${lost.length === 1 ? 'is' : 'are'} no longer sent${consequence(lost, connection)}${upgrade === null ? '' : ', and no WebSocket begins in this server'}`,
        label: 'this one line replaces them all',
        related: lost.map(({ directive }) => ({ at: argumentPlace(directive, 0), message: 'lost here' })),
        ...copyMissing(level, own, lost),
      }
    }
  },
})

interface Loss {
  readonly connection: NginxConnection
  readonly level: NginxDirective
  /** The first line of the set that replaces the inherited one. */
  readonly own: NginxDirective
  readonly lost: readonly SentHeader[]
  readonly upgrade: LostUpgrade | null
}

function consequence(lost: readonly SentHeader[], { upstream, targets }: NginxConnection): string {
  if (!lost.some(({ name }) => name === 'host')) return ''
  const name = upstream?.args[0]?.value ?? targets[0]?.written
  return name === undefined ? '' : `, and the backend is asked for \`Host: ${name}\``
}

const isHost = ({ name }: SentHeader): boolean => name === 'host'

/**
 * True for the location of Action Cable in Rails that takes a connection whose `Origin` is of its own host, and names no
 * other: "Request origin not allowed". https://guides.rubyonrails.org/action_cable_overview.html#allowed-request-origins
 */
function asksForOrigin(files: FileSystem, { name, args, source }: NginxDirective): boolean {
  if (name !== 'location' || !/^\/cable\/?$/.test(args.at(-1)?.value ?? '')) return false
  const production = directoriesAbove(source.path)
    .map(directory => sourceAt(files, `${directory}/config/environments/production.rb`))
    .find(found => found !== null)
  const code = production?.text.replace(/^[ \t]*#.*$/gm, '')
  return code !== undefined && !/allowed_request_origins|disable_request_forgery_protection/.test(code)
}

function directoriesAbove(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/'))
}

function isOfWebSocket({ name }: SentHeader): boolean {
  return name === 'upgrade' || name === 'connection'
}

/** What a backend needs to know of the client's request. */
function isForwarding({ name, state, value }: SentHeader): boolean {
  if (state === 'cleared' || value === '$proxy_host') return false
  return name === 'host' || name === 'x-real-ip' || name.startsWith('x-forwarded-') || name === 'forwarded'
}

/** True for the name that the client asked for where `Host` is sent and says the same. */
function isToldAsHost({ name, value }: SentHeader, { headers }: NginxConnection): boolean {
  return (
    name === 'x-forwarded-host' &&
    headers.written.some(header => header.name === 'host' && header.value === value)
  )
}

function copyMissing(level: NginxDirective, own: NginxDirective, lost: readonly SentHeader[]) {
  // A snippet serves other blocks too: a line added there would be said twice in some of them.
  if (own.source !== level.source) return {}
  const place = namePlace(own)
  const indent = indentationAt(place)
  const lines = lost.map(({ directive }) => {
    const last = directive.args.at(-1) ?? directive.node.name
    const text = placeText({ source: directive.source, start: directive.node.start, end: last.end })
    return `${text};\n${indent}`
  })
  return propose('Repeat the headers of the level above', 'unsafe', [insertBefore(place, lines.join(''))])
}
