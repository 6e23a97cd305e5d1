import type { HbaRecord } from '../../parsers/postgres/parse-hba.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { PostgresProgram } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isLoopback, parseHost } from '../../src/servers/address.ts'
import { isHbaOfThisMachine } from '../../src/servers/addresses/postgres.ts'
import { djangoProject, modWsgiMain, virtualHost, wsgiApplication } from '../_examples.ts'
import { behindNginx, serviceUnit, WSGI } from '../app-server/_examples.ts'
import { assignedValue } from './_behind-nginx.ts'
import { clientsOf } from './_clients.ts'
import { hbaOf, loneHba } from './_hba.ts'

const HBA = conf`
  local all postgres peer
  local all all peer
  host all all 127.0.0.1/32 scram-sha-256
`
const tree = (database: string, hba = HBA, port = '5432'): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi'), {
    'etc/shop/shop/__init__.py': '',
    'etc/shop/shop/wsgi.py': WSGI,
    'etc/shop/shop/settings.py': conf`
      ALLOWED_HOSTS = ["*"]
      DATABASES = ${database}
    `,
    'etc/postgresql/15/main/postgresql.conf': conf`
      listen_addresses = 'localhost'
      port = ${port}
    `,
    'etc/postgresql/15/main/pg_hba.conf': hba,
  })
const database = (lines: string): string =>
  `{"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", ${lines}}}`

export default defineRule({
  summary: 'PostgreSQL refuses the connection of Django',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The first record of `pg_hba.conf` that fits decides. By the socket, `peer` wants the account of the process to have the name of the database user: `Peer authentication failed for user`. A record for another database leaves `no pg_hba.conf entry for host`, and a second cluster, as an upgrade leaves one behind, listens on 5433. Every page that asks the database is a 500.',
  remedy: 'Connect to `127.0.0.1` with a password, and give both the same port',
  references: [
    'https://www.postgresql.org/docs/current/auth-pg-hba-conf.html',
    'https://www.postgresql.org/docs/current/auth-peer.html',
    'https://docs.djangoproject.com/en/stable/ref/settings/#databases',
  ],
  unproven: 'The live tests start no database',
  bad: [
    {
      title: 'another account than the user of the database',
      files: tree(database('"USER": "shop"'), HBA.replace('all peer\nhost', 'all «peer»\nhost')),
    },
    {
      title: 'a repository with pg_hba.conf alone',
      files: Object.fromEntries(
        Object.entries(
          tree(database('"USER": "shop"'), HBA.replace('all peer\nhost', 'all «peer»\nhost')),
        ).filter(([path]) => !path.endsWith('postgresql.conf')),
      ),
    },
    {
      title: 'the account of Apache',
      files: {
        'etc/apache2/apache2.conf': `User www-data\n${modWsgiMain(virtualHost(wsgiApplication()))}`,
        ...djangoProject(`DATABASES = ${database('"USER": "shop"')}`),
        'etc/postgresql/15/main/postgresql.conf': conf`port = 5432`,
        'etc/postgresql/15/main/pg_hba.conf': HBA.replace('local all all peer', 'local all all «peer»'),
      },
    },
    {
      title: 'the port of the cluster before the upgrade',
      files: tree(`«${database('"USER": "shop", "HOST": "127.0.0.1", "PORT": "5432"')}»`, HBA, '5433'),
    },
    {
      title: 'no record of this database',
      files: tree(
        `«${database('"USER": "shop", "HOST": "localhost"')}»`,
        conf`
          local all postgres peer
          host blog shop 127.0.0.1/32 scram-sha-256
        `,
      ),
    },
    {
      title: 'a record before it that rejects',
      files: tree(
        database('"USER": "shop", "HOST": "127.0.0.1"'),
        conf`
          host all all 127.0.0.1/32 «reject»
          host shop shop 127.0.0.1/32 scram-sha-256
        `,
      ),
    },
  ],
  good: [
    { title: 'by loopback with a password', files: tree(database('"USER": "shop", "HOST": "127.0.0.1"')) },
    { title: 'an account of the same name', files: tree(database('"USER": "www-data"')) },
    {
      title: 'accounts that a map translates',
      files: tree(database('"USER": "shop"'), HBA.replace('all peer\nhost', 'all peer map=web\nhost')),
    },
    {
      title: 'a password by the socket',
      files: tree(database('"USER": "shop"'), 'local all all scram-sha-256\n'),
    },
    {
      title: 'the port of both',
      files: tree(database('"USER": "shop", "HOST": "127.0.0.1", "PORT": 5433'), HBA, '5433'),
    },
    {
      title: 'two clusters',
      files: {
        ...Object.fromEntries(
          Object.entries(tree(database('"USER": "shop"'))).filter(
            ([path]) => !path.endsWith('postgresql.conf'),
          ),
        ),
        'etc/postgresql/16/main/pg_hba.conf': 'local all all scram-sha-256\n',
      },
    },
    {
      title: 'a database elsewhere',
      files: tree(database('"USER": "shop", "HOST": "db.example.net"'), HBA, '5433'),
    },
    {
      title: 'every address of the host records',
      files: tree(
        database('"USER": "shop", "HOST": "127.0.0.1"'),
        'host sameuser all samehost md5\nhost all +web all md5\n',
      ),
    },
  ],
  *check(deployment) {
    const servers = programsOfKind(deployment, 'postgres')
    for (const { settings, machine, account } of clientsOf(deployment)) {
      const here = servers.filter(each => each.machine === machine)
      const wanted = databaseOf(settings)
      if (wanted === null) continue
      if (here.length === 0) {
        if (wanted.port === 5432) yield* refusals(wanted, loneHba(machine.files), account)
        continue
      }
      const server = here.find(each => portOf(each) === wanted.port)
      if (server === undefined) {
        const [only] = here
        const port = only === undefined ? null : portOf(only)
        // A pool such as PgBouncer may have the port.
        if (only === undefined || here.length > 1 || port === null || wanted.port !== 5432) continue
        yield {
          at: wanted.at,
          message: `Django connects to port ${wanted.port}, and PostgreSQL listens on ${port}: connection refused`,
          label: 'another port',
          related: [{ at: only.setting('port')?.at ?? only.at, message: 'the port of PostgreSQL' }],
        }
        continue
      }
      yield* refusals(wanted, hbaOf(server), account)
    }
  },
})

interface Wanted {
  readonly at: Place
  readonly name: string
  readonly user: string
  readonly isSocket: boolean
  readonly port: number
}

/** The default database, where it is PostgreSQL of this machine and all of it is known. */
function databaseOf(settings: DjangoSettings): Wanted | null {
  const fact = settings.get('DATABASES')
  if (fact?.known !== true || fact.at === null || !(fact.value instanceof Map)) return null
  const database: unknown = fact.value.get('default')
  if (!(database instanceof Map)) return null
  const text = (key: string): unknown => (database.has(key) ? database.get(key) : '')
  const [engine, host, port, name, user] = ['ENGINE', 'HOST', 'PORT', 'NAME', 'USER'].map(text)
  if (typeof engine !== 'string' || !/\.(?:postgresql|postgresql_psycopg2|postgis)$/.test(engine)) return null
  if (typeof host !== 'string' || typeof name !== 'string' || typeof user !== 'string') return null
  if (database.has('OPTIONS') || name === '' || user === '') return null
  const isSocket = host === '' || host.startsWith('/')
  if (!isSocket && isLoopback(parseHost(host)) !== true && host !== 'localhost') return null
  const number = port === '' ? 5432 : Number(port)
  return Number.isInteger(number) ? { at: assignedValue(fact.at), name, user, isSocket, port: number } : null
}

function portOf(server: PostgresProgram): number | null {
  const port = server.setting('port')
  if (port === null) return 5432
  return port.known && /^\d+$/.test(port.value) ? Number(port.value) : null
}

function* refusals(wanted: Wanted, records: readonly HbaRecord[] | null, account: string | null) {
  const [first] = records ?? []
  if (records === null || first === undefined) return
  for (const record of records) {
    const fits = fitsConnection(record, wanted)
    if (fits === undefined) return
    if (!fits) continue
    const related = [{ at: wanted.at, message: 'the database of Django' }]
    if (record.method === 'reject')
      yield {
        at: record.methodAt,
        message: `this rejects Django's connection to \`${wanted.name}\`, and no later record is asked`,
        label: 'the first that fits',
        related,
      }
    else if (
      record.method === 'peer' &&
      account !== null &&
      account !== wanted.user &&
      record.options.length === 0
    )
      yield {
        at: record.methodAt,
        message: `the process runs as \`${account}\` and asks for the database user \`${wanted.user}\`: Peer authentication failed`,
        label: 'wants the same name',
        related,
        help: `Set \`HOST\` to \`127.0.0.1\`, or write \`scram-sha-256\` here`,
      }
    return
  }
  yield {
    at: wanted.at,
    message: wanted.isSocket
      ? `no record of pg_hba.conf is for \`${wanted.user}\` and \`${wanted.name}\` by the socket: no pg_hba.conf entry`
      : `no record of pg_hba.conf is for \`${wanted.user}\` and \`${wanted.name}\` from this machine: no pg_hba.conf entry for host "127.0.0.1"`,
    label: 'no record fits',
    related: [{ at: first.at, message: 'the records' }],
  }
}

/** Undefined where a group, or what only the server knows, decides. */
function fitsConnection(record: HbaRecord, { name, user, isSocket }: Wanted): boolean | undefined {
  if ((record.type === 'local') !== isSocket) return false
  // Django asks for TLS where the server has it, and goes on without.
  if (!isSocket && record.type !== 'host') return undefined
  if (!isSocket) {
    if (/^[a-z.]/i.test(record.address) && !/^(?:all|localhost|samehost|samenet)$/.test(record.address))
      return undefined
    if (
      record.address !== 'all' &&
      !isHbaOfThisMachine(record.address, record.mask) &&
      !mayHoldLoopback(record)
    )
      return false
    if (record.address === '::1/128' || record.address === '::1') return undefined
  }
  const databases = matches(record.databases, name, /^(?:sameuser|samerole|samegroup)$|^\//)
  const users = matches(record.users, user, /^[+/]/)
  if (databases === false || users === false) return false
  return databases === undefined || users === undefined ? undefined : true
}

function matches(names: readonly string[], wanted: string, open: RegExp): boolean | undefined {
  if (names.includes('all') || names.includes(wanted)) return true
  return names.some(each => open.test(each)) ? undefined : false
}

/** `0.0.0.0/0` holds 127.0.0.1 too. */
function mayHoldLoopback({ address }: HbaRecord): boolean {
  return /^(?:0\.0\.0\.0|127\.|::\/0)/.test(address)
}
