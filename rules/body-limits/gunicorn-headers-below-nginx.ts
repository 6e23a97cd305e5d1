import type { AppServer } from '../../parsers/app-server/app-server.ts'
import type { Place } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, proxiedServer } from '../_examples.ts'
import { serviceUnit } from '../app-server/_examples.ts'
import { raisedBuffers } from './_raised-buffers.ts'

const tree = (line: string, command: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(proxiedServer(line, '127.0.0.1:8000')),
  'etc/systemd/system/shop.service': serviceUnit(command),
})
const RAISED = 'large_client_header_buffers 4 32k;'
export default defineRule({
  summary: 'gunicorn refuses request lines or headers that nginx was told to take',
  severity: 'warning',
  otherSeverities: {
    info: 'for headers, where the limit of the request line was raised, which may be all that is needed',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Long queries, large cookies or tokens made somebody raise nginx’s buffers, and gunicorn has limits of its own: it answers 400 to a request line above `limit_request_line`, 4094 bytes by itself, and to a header above `limit_request_field_size`, 8190.',
  remedy: 'Raise the limits of gunicorn, too: `--limit-request-line 0 --limit-request-field_size 32768`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#large_client_header_buffers',
    'https://docs.gunicorn.org/en/stable/settings.html#limit-request-line',
    'https://docs.gunicorn.org/en/stable/settings.html#limit-request-field-size',
  ],
  bad: [
    {
      title: 'a request line of gunicorn',
      files: tree(RAISED, '«/usr/bin/gunicorn» --bind 127.0.0.1:8000 shop:app'),
    },
    {
      title: 'as long as gunicorn’s own option allows, and less than nginx takes',
      files: tree(RAISED, '/usr/bin/gunicorn --limit-request-line «8190» --bind 127.0.0.1:8000 shop:app'),
    },
    {
      title: 'a header of gunicorn',
      files: tree(RAISED, '«/usr/bin/gunicorn» --limit-request-line 0 --bind 127.0.0.1:8000 shop:app'),
    },
  ],
  good: [
    {
      title: 'no limit of gunicorn for the line, and as much for a header',
      files: tree(
        RAISED,
        '/usr/bin/gunicorn --limit-request-line 0 --limit-request-field_size 32768 --bind 127.0.0.1:8000 shop:app',
      ),
    },
    {
      title: 'raised in neither',
      files: tree('', '/usr/bin/gunicorn --bind 127.0.0.1:8000 shop:app'),
    },
    {
      title: 'what nginx has by itself, written out',
      files: tree('large_client_header_buffers 4 8k;', '/usr/bin/gunicorn --bind 127.0.0.1:8000 shop:app'),
    },
    {
      title: 'a configuration that is not here',
      files: tree(RAISED, '/usr/bin/gunicorn -c /srv/shop/gunicorn.conf.py --bind 127.0.0.1:8000 shop:app'),
    },
  ],
  *check({ connections }) {
    for (const connection of connections.http) {
      const raised = raisedBuffers(connection)
      if (raised === null) continue
      for (const { to } of connection.targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server') continue
        const { server } = to.listener.program
        if (server.program !== 'gunicorn') continue
        const limit = limitsOf(server).find(({ bytes }) => bytes !== 0 && bytes < raised.size)
        if (limit === undefined) continue
        // Whoever raised it for long queries has no long headers.
        const isSpare = limit.of === 'headerLimit' && server.requestLineLimit !== null
        yield {
          at: limit.at ?? server.at,
          ...(isSpare && { severity: 'info' as const }),
          message: `${limit.what} above ${limit.bytes} bytes, where nginx takes ${raised.size}`,
          label: limit.at === null ? 'its own limit' : 'less than nginx takes',
          related: [{ at: argumentPlace(raised.directive, 1), message: 'raised here' }],
          help: limit.help,
        }
      }
    }
  },
})

interface Limit {
  readonly of: 'requestLineLimit' | 'headerLimit'
  readonly bytes: number
  /** Null where the program’s own default holds. */
  readonly at: Place | null
  readonly what: string
  readonly help: string
}

/** What gunicorn takes at most, as far as it is known. */
function limitsOf(server: AppServer): readonly Limit[] {
  return [
    ...limitOf(server, 'requestLineLimit', 4094, {
      what: 'gunicorn answers 400 to request lines',
      help: 'Start gunicorn with `--limit-request-line 0`, which is no limit',
    }),
    ...limitOf(server, 'headerLimit', 8190, {
      what: 'gunicorn answers 400 to headers',
      help: 'Start gunicorn with `--limit-request-field_size 32768`',
    }),
  ]
}

/** None where a file that was not read may say something else. */
function limitOf(
  server: AppServer,
  of: Limit['of'],
  byDefault: number,
  texts: Pick<Limit, 'what' | 'help'>,
): readonly Limit[] {
  const fact = server[of]
  if (fact === null) return server.complete ? [{ of, bytes: byDefault, at: null, ...texts }] : []
  return fact.known ? [{ of, bytes: fact.value, at: fact.at, ...texts }] : []
}
