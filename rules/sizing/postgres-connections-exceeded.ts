import type { Application, Deployment, PostgresProgram } from '../../src/deployment/model.ts'
import { numberOf, postgresOf } from './_postgres-clients.ts'
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
  ],
  good: [
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
    if (!deployment.programs.some(({ kind }) => kind === 'postgres')) return
    for (const [server, clients] of clientsOf(deployment)) {
      const maximum = numberOf(server, 'max_connections', 100)
      const forSuperusers = numberOf(server, 'superuser_reserved_connections', 3)
      const forOthers = numberOf(server, 'reserved_connections', 0)
      if (maximum === null || forSuperusers === null || forOthers === null) continue
      const free = maximum - forSuperusers - forOthers
      const total = clients.reduce((sum, { threads }) => sum + threads, 0)
      const largest = clients.reduce((a, b) => (b.threads > a.threads ? b : a))
      if (total <= free) continue
      const written = server.setting('max_connections')?.at ?? null
      yield {
        at: largest.at,
        message: `The applications may ask PostgreSQL from ${total} threads at once, and it takes ${free} connections of theirs`,
        related: [
          ...(written === null
            ? []
            : [{ at: written, message: `less ${maximum - free} for administrators` }]),
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
  readonly at: WsgiDaemon['at']
}

/** Each process group once, with the server that an application of it uses. */
function clientsOf(deployment: Deployment): ReadonlyMap<PostgresProgram, readonly [Client, ...Client[]]> {
  const clients = new Map<PostgresProgram, [Client, ...Client[]]>()
  const seen = new Set<unknown>()
  for (const application of deployment.applications) {
    const home = application.daemon
    const client = home === null ? embedded(deployment, application) : daemonClient(home)
    const key = home ?? application.configuration
    if (client === null || seen.has(key)) continue
    const server = postgresOf(deployment, application)
    if (server === null) continue
    seen.add(key)
    const known = clients.get(server)
    if (known === undefined) clients.set(server, [client])
    else known.push(client)
  }
  return clients
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
