import type { AppServer } from '../../parsers/app-server/app-server.ts'
import type { Place } from '../../parsers/text/source.ts'
import { valueOrNull } from '../../src/servers/fact.ts'
import type { NginxConnection, Target } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const tree = (read: string, options: string, config = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        upstream shop {
            server unix:/run/shop.sock;
        }
        server {
            listen 80;
            server_name example.org;
            location / {
                proxy_pass http://shop;
                proxy_set_header Host $host;
                ${read}
            }
        }
    }
  `,
  'etc/systemd/system/shop.service': conf`
    [Service]
    WorkingDirectory=/etc/shop
    ExecStart=/opt/shop/bin/gunicorn --bind unix:/run/shop.sock ${options}shop.wsgi
  `,
  ...(config === '' ? {} : { 'etc/shop/gunicorn.conf.py': config }),
})

const mark = (files: Record<string, string>, path: string, text: string): Record<string, string> => ({
  ...files,
  [path]: files[path]!.replace(text, `«${text}»`),
})

export default defineRule({
  summary: 'gunicorn kills the workers that nginx waits for',
  severity: 'warning',
  otherSeverities: {
    info: 'where neither was told anything: nginx waits a minute, and gunicorn kills after half of one',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx was told to wait for slow pages, but a synchronous worker that is silent for longer than `--timeout`, half a minute by itself, is killed in the middle of its request: the client gets a 502.',
  remedy: 'Raise gunicorn’s `--timeout` to what nginx waits',
  references: [
    'https://docs.gunicorn.org/en/stable/settings.html#timeout',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout',
  ],
  bad: [
    {
      title: 'raised in nginx, and not in gunicorn',
      files: tree('proxy_read_timeout «300s»;', ''),
    },
    {
      title: 'less in its configuration file',
      files: tree('proxy_read_timeout «300s»;', '', conf`timeout = 120`),
    },
    {
      title: 'the defaults of both',
      files: mark(tree('', ''), 'etc/systemd/system/shop.service', '/opt/shop/bin/gunicorn'),
    },
  ],
  good: [
    {
      title: 'raised in both',
      files: tree('proxy_read_timeout 300s;', '--timeout 300 '),
    },
    {
      title: 'workers with threads, which answer for themselves',
      files: tree('proxy_read_timeout 300s;', '--threads 4 '),
    },
    {
      title: 'asynchronous workers',
      files: tree('proxy_read_timeout 300s;', '-k gevent '),
    },
    { title: 'a minute in gunicorn, too', files: tree('', '--timeout 60 ') },
  ],
  *check(deployment) {
    if (!deployment.programs.some(({ kind }) => kind === 'app-server')) return
    for (const connection of deployment.connections.http) {
      const waits = valueOrNull(connection.readTimeout)
      if (waits === null) continue
      const { value: seconds, directive } = waits
      const limit = limitFor(connection)
      if (directive === null) {
        if (limit !== null && !limit.isWritten)
          yield {
            at: limit.at,
            severity: 'info',
            message: `gunicorn kills a worker after ${limit.seconds} seconds, and nginx would wait ${seconds} for its answer`,
            label: 'no --timeout',
            related: [{ at: namePlace(connection.pass), message: 'nginx waits here' }],
            help: `Start gunicorn with \`--timeout ${seconds}\` where a page may take so long`,
          }
        continue
      }
      // The minute that nginx waits by itself says nothing of slow pages.
      if (limit === null || seconds <= Math.max(limit.isWritten ? 2 * limit.seconds : limit.seconds, 60))
        continue
      yield {
        at: argumentPlace(directive, 0),
        message: `nginx waits ${seconds} seconds for an answer, but gunicorn kills the worker after ${limit.seconds}`,
        label: 'longer than a worker lives',
        related: [
          {
            at: limit.at,
            message: limit.isWritten
              ? 'gunicorn waits this long'
              : 'half a minute, as nothing says otherwise',
          },
        ],
        help: `Start gunicorn with \`--timeout ${seconds}\``,
      }
    }
  },
})

interface Limit {
  readonly seconds: number
  readonly isWritten: boolean
  readonly at: Place
}

/** The time that a synchronous worker may be silent; null for others, and where it is not known. */
function limitFor({ targets }: NginxConnection): Limit | null {
  const server = targets.map(gunicornAt).find(found => found !== null) ?? null
  if (server === null) return null
  const { workerClass, threads, timeout, at } = server
  if (workerClass !== null && !(workerClass.known && workerClass.value === 'sync')) return null
  if (threads !== null && !(threads.known && threads.value === 1)) return null
  if (timeout === null) return { seconds: 30, isWritten: false, at }
  if (!timeout.known || timeout.value === 0) return null
  return { seconds: timeout.value, isWritten: true, at: timeout.at ?? at }
}

function gunicornAt({ to }: Target): AppServer | null {
  if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server') return null
  const { server } = to.listener.program
  return server.program === 'gunicorn' ? server : null
}
