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
    { title: 'for all locations of the server', files: tree('', 'proxy_read_timeout 300s;') },
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
  *check({ connections }) {
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
  const written = ['proxy', 'fastcgi', 'uwsgi', 'scgi', 'grpc'].filter(
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

function wording(rest: string, used: NginxConnection['pass']['name'], isThere: boolean): string {
  if (rest === 'read_timeout') return ', which waits 60 seconds by itself'
  return isThere ? `: here \`${used}_${rest}\` decides` : ''
}
