import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { AppServerProgram, Application, Deployment, Machine } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { type PostgresLimit, postgresOf } from './_postgres-clients.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoProject, modWsgiMain } from '../_examples.ts'
import type { WsgiDaemon } from '../../src/servers/apache/queries/wsgi-daemons.ts'

const tree = (options: string, postgres: string, database = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': modWsgiMain(conf`
    <VirtualHost 127.0.0.1:9000>
        ServerName example.org
        WSGIDaemonProcess shop ${options}
        WSGIProcessGroup shop
        WSGIScriptAlias / /opt/shop/shop/wsgi.py
    </VirtualHost>
  `),
  'etc/postgresql/15/main/postgresql.conf': postgres,
  ...djangoProject(conf`
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "shop",
            ${database}
        }
    }
  `),
})

const containers = (threads: string, postgres: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      db:
        image: postgres:16
        command: postgres ${postgres}
        environment:
          POSTGRES_PASSWORD: shop
      web:
        build: .
        command: gunicorn --bind 0.0.0.0:8000 --workers 4 --threads ${threads} shop.wsgi
  `,
  Dockerfile: conf`
    FROM python:3.12
    WORKDIR /opt/shop
    COPY opt/shop .
  `,
  ...djangoProject(conf`
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "shop",
            "HOST": "db",
            "PASSWORD": "shop",
        }
    }
  `),
})

export default defineRule({
  summary: 'More threads than PostgreSQL takes connections',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Django opens a connection for each thread that asks the database. When all of them do, PostgreSQL refuses the last with “FATAL: sorry, too many clients already”, which clients see as a 500, under load alone.',
  remedy: 'Use fewer threads, raise `max_connections`, or put pgbouncer between them',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/databases/#connection-management',
    'https://www.postgresql.org/docs/current/runtime-config-connection.html',
  ],
  unproven: 'PostgreSQL is not among the servers that live tests start',
  bad: [
    {
      title: 'a hundred and twenty threads, a hundred connections',
      files: tree(
        'processes=8 «threads=15»',
        conf`
          port = 5432
          max_connections = 100
        `,
      ),
    },
    {
      title: 'the hundred that nobody wrote',
      files: tree('processes=10 «threads=10»', conf`port = 5432`),
    },
    {
      title: 'four times eight threads of gunicorn, and a container that takes twenty',
      files: containers('«8»', '-c max_connections=20'),
    },
  ],
  good: [
    { title: 'fewer threads of gunicorn', files: containers('4', '-c max_connections=20') },
    { title: 'a container that takes a hundred by itself', files: containers('8', '') },
    {
      title: 'a container with a configuration of its own',
      files: containers('30', '-c config_file=/etc/postgresql.conf'),
    },
    {
      title: 'workers with a loop of events',
      files: containers('30 -k gevent', '-c max_connections=20'),
    },
    { title: 'fewer threads', files: tree('processes=2 threads=15', conf`max_connections = 100`) },
    {
      title: 'pgbouncer between them',
      files: tree('processes=8 threads=15', conf`max_connections = 100`, '"PORT": "6432",'),
    },
    {
      title: 'a database on another machine',
      files: tree('processes=8 threads=15', conf`max_connections = 100`, '"HOST": "db.internal",'),
    },
  ],
  *check(deployment) {
    for (const { limit, clients } of clientsOf(deployment)) {
      const total = clients.reduce((sum, { threads }) => sum + threads, 0)
      const largest = clients.reduce((a, b) => (b.threads > a.threads ? b : a))
      if (total <= limit.free) continue
      yield {
        at: largest.at,
        message: `The applications may ask PostgreSQL from ${total} threads at once, and it takes ${limit.free} connections of theirs`,
        related: [
          ...(limit.at === null ? [] : [{ at: limit.at, message: `less ${limit.kept} for administrators` }]),
          ...clients
            .filter(client => client !== largest)
            .slice(0, 5)
            .map(({ threads, at }) => ({ at, message: `${threads} of the threads` })),
        ],
      }
    }
  },
})

interface Client {
  readonly threads: number
  readonly at: Place
}

interface Clients {
  readonly limit: PostgresLimit
  readonly clients: readonly [Client, ...Client[]]
}

/** Those of each server: a process group once, and every application server. */
function clientsOf(deployment: Deployment): Iterable<Clients> {
  const found = new Map<unknown, { limit: PostgresLimit; clients: [Client, ...Client[]] }>()
  const add = (client: Client, settings: DjangoSettings, machine: Machine): void => {
    const limit = postgresOf(deployment, settings, machine)
    if (limit === null) return
    const known = found.get(limit.server)
    if (known === undefined) found.set(limit.server, { limit, clients: [client] })
    else known.clients.push(client)
  }
  const seen = new Set<unknown>()
  for (const application of deployment.applications) {
    const home = application.daemon
    const client = home === null ? embedded(deployment, application) : daemonClient(home)
    const key = home ?? application.configuration
    const settings = deployment.pythonOf(application)?.settings
    if (client === null || settings == null || seen.has(key)) continue
    const { machine } = deployment.programOf(application.configuration)
    if (postgresOf(deployment, settings, machine) === null) continue
    seen.add(key)
    add(client, settings, machine)
  }
  for (const program of programsOfKind(deployment, 'app-server')) {
    const client = serverClient(program)
    const settings = client === null ? null : (deployment.moduleOf(program)?.settings ?? null)
    if (client !== null && settings !== null) add(client, settings, program.machine)
  }
  return found.values()
}

/** Workers whose threads each have a connection; of those with a loop of events nobody knows how many. */
function serverClient({ server }: AppServerProgram): Client | null {
  const { program, workers, threads, workerClass, complete } = server
  if (!complete || (program !== 'gunicorn' && program !== 'uwsgi')) return null
  if (workerClass !== null && !(workerClass.known && /^(?:sync|gthread)$/.test(workerClass.value)))
    return null
  if (workers?.known === false || threads?.known === false) return null
  const [processes, each] = [workers?.value ?? 1, threads?.value ?? 1]
  const at = (each > 1 ? threads?.at : null) ?? workers?.at ?? server.at
  return { threads: processes * each, at }
}

function daemonClient({ threads, processes, options, at }: WsgiDaemon): Client | null {
  if (!threads.known || !processes.known) return null
  const written = options.get('threads') ?? options.get('processes')
  return { threads: threads.value * processes.value, at: written?.at ?? at }
}

/** In Apache's own processes every worker may ask. */
function embedded(
  { workers }: Deployment,
  { configuration, processGroup, alias }: Application,
): Client | null {
  if (!processGroup.known || processGroup.value !== '') return null
  const own = workers.find(each => each.configuration === configuration)
  return own === undefined ? null : { threads: own.capacity.workers, at: alias.scriptAt }
}
