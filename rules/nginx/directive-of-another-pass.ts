import { memo } from '../../parsers/collections/memo.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import {
  type ParameterProtocol,
  requestParametersAtHand,
} from '../../src/servers/nginx/queries/request-headers.ts'
import { hasUnreadInclude, mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { parseTime } from '../../src/servers/nginx/validate/numbers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const tree = (line: string, more = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      ${more}
      location / {
          include uwsgi_params;
          uwsgi_pass unix:/run/shop.sock;
          ${line}
      }
    `),
  ),
  'etc/uwsgi/apps-enabled/shop.ini': conf`
    [uwsgi]
    socket = /run/shop.sock
    module = shop.wsgi
    buffer-size = 32768
  `,
})

export default defineRule({
  summary: 'A directive is written for another protocol than the location speaks',
  severity: 'warning',
  otherSeverities: {
    info: 'for what hardly changes an answer: time to connect, sizes of buffers; and for headers, most of which the parameters hold in other words',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Each module of nginx that talks to backends has directives of its own. `proxy_read_timeout` holds for `proxy_pass`, and says nothing of `uwsgi_pass` or `fastcgi_pass`, which wait their usual minute: nginx answers 504 to pages that were to have more time, and calls the configuration good.',
  remedy: 'Write the directive of the protocol: `fastcgi_read_timeout` beside `fastcgi_pass`, and so on',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_uwsgi_module.html#uwsgi_read_timeout',
    'https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_read_timeout',
  ],
  bad: [
    { title: 'the time of proxy_pass beside uwsgi_pass', files: tree('«proxy_read_timeout» 300s;') },
    {
      title: 'the time of FastCGI beside proxy_pass',
      files: {
        'nginx.conf': nginxServer(conf`
          location / {
              proxy_pass http://127.0.0.1:9000;
              «fastcgi_read_timeout» 300s;
          }
        `),
      },
    },
    {
      title: 'a header for the application',
      files: tree(conf`
        proxy_set_header Host $host;
        «proxy_set_header» X-Forwarded-Port 443;
        proxy_set_header X-Forwarded-Proto $scheme;
      `),
    },
    {
      title: 'buffers that were to be off',
      files: {
        'nginx.conf': nginxServer(conf`
          location ~ \.php$ {
              include fastcgi_params;
              fastcgi_pass unix:/run/php.sock;
              «proxy_buffering» off;
          }
        `),
      },
    },
    {
      title: 'for all locations of a server, which are of another protocol',
      files: tree('', '«proxy_read_timeout» 300s;'),
    },
    {
      title: 'the time of uWSGI for all of a site of proxy_pass',
      files: {
        'nginx.conf': nginxServer(conf`
          «uwsgi_read_timeout» 10m;
          location / {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'for all servers, of which none has such a location',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          «proxy_read_timeout» 600;
          ${nginxServer(conf`
            location ~ \.php$ {
                include fastcgi_params;
                fastcgi_pass unix:/run/php/php-fpm.sock;
            }
          `)}
        `),
      },
    },
  ],
  good: [
    { title: 'the directive of the protocol', files: tree('uwsgi_read_timeout 300s;') },
    {
      title: 'the header as a parameter, beside that of another protocol',
      files: tree(conf`
        proxy_set_header X-Forwarded-Proto $scheme;
        uwsgi_param HTTP_X_FORWARDED_PROTO $scheme;
      `),
    },
    {
      title: 'the name of the client, which is sent by itself',
      files: tree('proxy_set_header Host $http_host;'),
    },
    {
      title: 'both',
      files: tree(conf`
        proxy_read_timeout 300s;
        uwsgi_read_timeout 300s;
      `),
    },
    {
      title: 'for another location of the server, and for other servers',
      files: tree(
        '',
        conf`
          proxy_read_timeout 300s;
          location /api/ {
              proxy_pass http://127.0.0.1:9000;
          }
        `,
      ),
    },
    {
      title: 'the time of each protocol for the whole server, and less than there is by itself',
      files: tree(
        '',
        conf`
          uwsgi_read_timeout 300s;
          proxy_read_timeout 300s;
          fastcgi_read_timeout 30s;
        `,
      ),
    },
    {
      title: 'a file of the server that is not here may have the other',
      files: tree(
        '',
        conf`
          include /srv/shop/nginx/*.conf;
          proxy_read_timeout 300s;
        `,
      ),
    },
    {
      title: 'for a location inside',
      files: {
        'nginx.conf': nginxServer(conf`
          location / {
              include uwsgi_params;
              uwsgi_pass unix:/run/shop.sock;
              proxy_read_timeout 300s;
              location /api/ {
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `),
      },
    },
    {
      title: 'a file that locations of several kinds include',
      files: {
        ...tree('include snippets/slow.conf;'),
        'etc/nginx/snippets/slow.conf': conf`
          proxy_read_timeout 300s;
          fastcgi_read_timeout 300s;
        `,
      },
    },
  ],
  *check({ connections, nginx: configurations }) {
    for (const configuration of configurations)
      if (mixes(configuration)) yield* inheritedByNone(configuration)
    for (const connection of connections.nginx) {
      const { server, block, pass } = connection
      const used = protocolOf(pass.name)
      if (used === null || !mixes(server.configuration) || block.name !== 'location') continue
      yield* unsentHeader(connection, used)
      for (const directive of block.children) {
        const [, other, rest] = /^(proxy|fastcgi|uwsgi|scgi|grpc)_(\w+)$/.exec(directive.name) ?? []
        if (other === undefined || rest === undefined || other === used) continue
        const weight = WEIGHTS.get(rest)
        if (weight === undefined || directive.source !== block.source || holdsPass(block, other)) continue
        const own = effectiveAtHand(server.configuration, block, `${used}_${rest}`)
        if (!own.known || own.value.directives.length > 0 || !own.value.complete) continue
        const isThere = used !== 'grpc' || GRPC.has(rest)
        yield {
          at: namePlace(directive),
          severity: weight,
          message: `\`${directive.name}\` says nothing of \`${pass.name}\`${wording(rest, used, isThere)}`,
          label: `not for \`${pass.name}\``,
          related: [{ at: namePlace(pass), message: 'what this location does' }],
          ...(isThere
            ? {
                help: `Write \`${used}_${rest}\``,
                ...propose(`Write the directive of ${used}_pass`, 'unsafe', [
                  replacePlace(namePlace(directive), `${used}_${rest}`),
                ]),
              }
            : {}),
        }
      }
    }
  },
})

/**
 * Lines of a server, or of `http`, below which no location speaks their protocol: written for the one that is there. Only
 * for what makes answers differ, and where the default of the protocol that is spoken holds.
 */
function* inheritedByNone(configuration: NginxConfiguration): Iterable<RuleFinding> {
  for (const [rest, isChanged] of INHERITED) {
    for (const other of PROTOCOLS) {
      for (const line of configuration.occurrences.get(`${other}_${rest}`) ?? []) {
        const home = line.parent
        if (home === null || (home.name !== 'server' && home.name !== 'http')) continue
        const value = line.args[0]?.value ?? ''
        if (isUnknownWord(value) || !isChanged(value) || passesIn(configuration, home, other).length > 0)
          continue
        const isOpen =
          home.name === 'server' ? holdsUnread(configuration, home) : mayHoldUnread(configuration)
        if (isOpen) continue
        const found = firstWithout(configuration, home, rest)
        if (found === null) continue
        const { pass, used } = found
        yield {
          at: namePlace(line),
          message: `\`${line.name}\` says nothing of \`${pass.name}\`${wording(rest, used, true)}, and no location ${home.name === 'http' ? 'of any server' : 'here'} has a \`${other}_pass\``,
          label: `not for \`${pass.name}\``,
          related: [{ at: namePlace(pass), message: 'what a location does' }],
          help: `Write \`${used}_${rest}\``,
          ...propose(`Write the directive of ${pass.name}`, 'unsafe', [
            replacePlace(namePlace(line), `${used}_${rest}`),
          ]),
        }
      }
    }
  }
}

/** By what is set: whether a value differs from the one that there is without the line. */
const INHERITED: readonly (readonly [string, (value: string) => boolean])[] = [
  ['read_timeout', value => (parseTime(value, false) ?? 0) > MINUTE],
  ['buffering', value => value === 'off'],
  ['request_buffering', value => value === 'off'],
]
const MINUTE = 60_000

/** The lines of one protocol that hand requests on, in a server or (`http`) in all of them. */
function passesIn(
  configuration: NginxConfiguration,
  home: NginxDirective,
  protocol: string,
): readonly NginxDirective[] {
  const name = `${protocol}_pass`
  if (home.name !== 'server') return configuration.occurrences.get(name) ?? []
  return directivesByServer(configuration, name).get(home) ?? []
}

/** A location that waits as long as its protocol does by itself. */
function firstWithout(configuration: NginxConfiguration, home: NginxDirective, rest: string) {
  for (const used of PROTOCOLS) {
    if (used === 'grpc' && !GRPC.has(rest)) continue
    for (const pass of passesIn(configuration, home, used)) {
      const block = pass.parent
      if (block?.name !== 'location') continue
      const own = effectiveAtHand(configuration, block, `${used}_${rest}`)
      if (own.known && own.value.directives.length === 0 && own.value.complete) return { pass, used }
    }
  }
  return null
}

/** True where the server, or a block in it, includes what nobody here has read. */
function holdsUnread(configuration: NginxConfiguration, block: NginxDirective): boolean {
  return (
    hasUnreadInclude(configuration, block) ||
    block.children.some(child => child.children.length > 0 && holdsUnread(configuration, child))
  )
}

const PROTOCOLS = ['proxy', 'fastcgi', 'uwsgi', 'scgi', 'grpc'] as const

const WEIGHTS: ReadonlyMap<string, 'warning' | 'info'> = new Map([
  ['read_timeout', 'warning'],
  ['buffering', 'warning'],
  ['request_buffering', 'warning'],
  ['send_timeout', 'info'],
  ['connect_timeout', 'info'],
  ['buffer_size', 'info'],
  ['buffers', 'info'],
  ['busy_buffers_size', 'info'],
  ['max_temp_file_size', 'info'],
])

/**
 * A header that is set for HTTP, where the backend is sent parameters: the first of a location, which has them all for
 * one reason.
 */
function* unsentHeader({ server, block, pass }: NginxConnection, used: string): Iterable<RuleFinding> {
  if (used === 'proxy' || used === 'grpc' || holdsPass(block, 'proxy') || holdsPass(block, 'grpc')) return
  const lines = block.children.filter(
    ({ name, source }) => /^(?:proxy|grpc)_set_header$/.test(name) && source === block.source,
  )
  const [line] = lines
  if (line === undefined) return
  const parameters = requestParametersAtHand(server.configuration, block, used as ParameterProtocol)
  const sent = new Set(parameters.known ? parameters.value.headers.map(({ name }) => name) : [])
  const unsent = lines
    .flatMap(({ args }) => args[0]?.value ?? [])
    // The one of the client is sent by itself.
    .filter(name => name.toLowerCase() !== 'host' && !isUnknownWord(name) && !sent.has(parameterOf(name)))
  const [header] = unsent
  if (header === undefined) return
  const at = lines.find(({ args }) => args[0]?.value === header) ?? line
  yield {
    at: namePlace(at),
    severity: 'info',
    message: `\`${at.name}\` says nothing of \`${pass.name}\`, so the application is sent no \`${header}\` by nginx`,
    label: `not for \`${pass.name}\``,
    related: [{ at: namePlace(pass), message: 'what this location does' }],
    help: `Write \`${used}_param ${parameterOf(header)} …;\`, or leave the line out`,
  }
}

function parameterOf(header: string): string {
  return `HTTP_${header.toUpperCase().replaceAll('-', '_')}`
}

/** What gRPC has of these. */
const GRPC: ReadonlySet<string> = new Set(['read_timeout', 'send_timeout', 'connect_timeout', 'buffer_size'])

function protocolOf(pass: string): string | null {
  return /^(proxy|fastcgi|uwsgi|scgi|grpc)_pass$/.exec(pass)?.[1] ?? null
}

/** True where directives of more than one protocol are written: of most configurations there is one. */
const mixes = memo(({ occurrences }: NginxConfiguration): boolean => {
  const written = PROTOCOLS.filter(
    protocol =>
      occurrences.has(`${protocol}_pass`) ||
      occurrences.has(`${protocol}_set_header`) ||
      [...WEIGHTS.keys()].some(rest => occurrences.has(`${protocol}_${rest}`)),
  )
  return written.length > 1
})

function holdsPass(block: NginxDirective, protocol: string): boolean {
  return block.children.some(child => child.name === `${protocol}_pass` || holdsPass(child, protocol))
}

function wording(rest: string, used: string, isThere: boolean): string {
  if (rest === 'read_timeout') return ', which waits 60 seconds by itself'
  return isThere ? `: here \`${used}_${rest}\` decides` : ''
}
