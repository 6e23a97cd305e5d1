import { closingBracket } from '../../parsers/python/closing-bracket.ts'
import { readPgBouncer } from '../../parsers/postgres/read-pgbouncer.ts'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { firstInProject } from '../django/_project-sources.ts'
import { djangoProjects } from '../django/_projects.ts'
import { entryPlace, settingValue } from '../django/_setting-entries.ts'
import { djangoProject, modWsgiMain, virtualHost, wsgiApplication } from '../_examples.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { loadedBy } from './_loaded-files.ts'

const POOL = 'etc/pgbouncer/pgbouncer.ini'
const pool = (lines = 'pool_mode = transaction'): string => conf`
  [databases]
  shop = host=127.0.0.1 port=5432

  [pgbouncer]
  listen_port = 6432
  ${lines}
`
const asyncpg = (call: string, ini = pool()): Record<string, string> =>
  behindNginx(
    serviceUnit(
      '/usr/bin/uvicorn --port 8000 api:app',
      'Environment=DATABASE_URL=postgresql://shop@127.0.0.1:6432/shop',
    ),
    {
      [POOL]: ini,
      'etc/shop/api.py': conf`
        import os
        import asyncpg
        from fastapi import FastAPI

        app = FastAPI()

        @app.on_event("startup")
        async def connect():
            app.state.pool = await ${call}
      `,
    },
  )
const django = (settings: string, view: string, ini = pool()): Record<string, string> => ({
  [POOL]: ini,
  'etc/apache2/apache2.conf': modWsgiMain(virtualHost(wsgiApplication())),
  ...djangoProject(settings),
  'opt/shop/shop/views.py': view,
})
const database = (lines = '', port = '6432'): string => conf`
  DATABASES = {
      "default": {
          "ENGINE": "django.db.backends.postgresql",
          "HOST": "127.0.0.1",
          "PORT": «${port}»,
          ${lines}
      }
  }
`
const unmarked = (text: string): string => text.replace(/[«»]/g, '')
const EXPORT = conf`
  def export(request):
      return write(Order.objects.all().iterator())
`

export default defineRule({
  summary: 'An application keeps something on a connection that PgBouncer gives away after each transaction',
  severity: 'error',
  otherSeverities: {
    warning: 'for cursors, which only some queries use',
    info: 'for statements that PgBouncer 1.24 and later prepare by themselves',
  },
  confidence: 'medium',
  since: '0.1.0',
  why: 'With `pool_mode = transaction` the next transaction may come to another connection of PostgreSQL. asyncpg prepares its statements on the one that it had: `prepared statement "__asyncpg_stmt_1__" does not exist`, or already exists. `iterator()` of Django reads with a cursor of the server: `cursor "_django_curs_…" does not exist`.',
  remedy:
    'Set `statement_cache_size=0` for asyncpg, or `max_prepared_statements` of PgBouncer 1.21 and later; set `DISABLE_SERVER_SIDE_CURSORS` for Django',
  references: [
    'https://magicstack.github.io/asyncpg/current/faq.html#why-am-i-getting-prepared-statement-errors',
    'https://docs.djangoproject.com/en/stable/ref/databases/#transaction-pooling-and-server-side-cursors',
    'https://www.pgbouncer.org/config.html',
  ],
  unproven: 'The live tests start no PgBouncer',
  bad: [
    { title: 'a pool of asyncpg', files: asyncpg('«asyncpg.create_pool»(os.environ["DATABASE_URL"])') },
    {
      title: 'no statements, as the line says',
      files: asyncpg(
        '«asyncpg.create_pool»(os.environ["DATABASE_URL"], min_size=2)',
        pool('pool_mode = transaction\nmax_prepared_statements = 0'),
      ),
    },
    { title: 'a cursor of Django', files: django(database(), EXPORT) },
  ],
  good: [
    {
      title: 'no cache of statements',
      files: asyncpg('asyncpg.create_pool(os.environ["DATABASE_URL"], statement_cache_size=0)'),
    },
    {
      title: 'a whole session',
      files: asyncpg('asyncpg.create_pool(os.environ["DATABASE_URL"])', pool('pool_mode = session')),
    },
    {
      title: 'a PgBouncer that prepares statements itself',
      files: asyncpg(
        'asyncpg.create_pool(os.environ["DATABASE_URL"])',
        pool('pool_mode = transaction\nmax_prepared_statements = 100'),
      ),
    },
    { title: 'another port', files: asyncpg('asyncpg.create_pool("postgresql://shop@127.0.0.1:5432/shop")') },
    {
      title: 'no cursors of the server',
      files: django(unmarked(database('"DISABLE_SERVER_SIDE_CURSORS": True,')), EXPORT),
    },
    {
      title: 'a view that is one transaction',
      files: django(unmarked(database('"ATOMIC_REQUESTS": True,')), EXPORT),
    },
    {
      title: 'a query in a transaction',
      files: django(
        unmarked(database()),
        conf`
          from django.db import transaction

          @transaction.atomic
          def export(request):
              for item in Item.objects.all().iterator():
                  print(item)
        `,
      ),
    },
    { title: 'PostgreSQL itself', files: django(unmarked(database('', '5432')), EXPORT) },
    {
      title: 'an iterator of something else',
      files: django(unmarked(database()), 'def rows(table):\n    return table.iterator()\n'),
    },
  ],
  *check(deployment) {
    const pools = deployment.machines.flatMap(({ files }) => poolsIn(files))
    if (pools.length === 0) return
    for (const each of pools) {
      if ((each.preparedStatements ?? 0) === 0)
        for (const program of programsOfKind(deployment, 'app-server'))
          yield* statementsOf(deployment, program, each)
      for (const { settings, files } of djangoProjects(deployment)) yield* cursorsOf(settings, files, each)
    }
  },
})

interface Pool {
  readonly port: number
  readonly at: Place
  /** `max_prepared_statements`; null where the version decides. */
  readonly preparedStatements: number | null
}

function poolsIn(files: FileSystem): readonly Pool[] {
  const source = sourceAt(files, '/etc/pgbouncer/pgbouncer.ini')
  const { port, poolMode, preparedStatements } = source === null ? NO_POOL : readPgBouncer(source)
  if (poolMode === null || !/^(?:transaction|statement)$/.test(poolMode.text)) return []
  return [{ port, at: poolMode.at, preparedStatements }]
}

const NO_POOL = { port: 0, poolMode: null, preparedStatements: null }

const CALL = /\basyncpg\.(?:create_pool|connect)\(/g

/** Calls of asyncpg that keep statements, by a URL with the port of the pool. */
function* statementsOf(
  deployment: Deployment,
  program: AppServerProgram,
  { port, at: mode, preparedStatements }: Pool,
): Iterable<RuleFinding> {
  const loaded = loadedBy(deployment, program)
  for (const path of loaded?.paths ?? []) {
    const source = loaded === null ? null : sourceAt(loaded.files, path)
    if (source === null || !source.text.includes('asyncpg')) continue
    const code = withoutComments(source.code)
    for (const { 0: name, index } of code.matchAll(CALL)) {
      const end = closingBracket(code, index + name.length - 1)
      const given = end === null ? null : code.slice(index + name.length, end)
      if (given === null || /statement_cache_size|\*\*/.test(given)) continue
      if (!leadsToPort(given, source, program, port)) continue
      yield {
        at: { source, start: index, end: index + name.length - 1 },
        ...(preparedStatements === null && { severity: 'info' as const }),
        message: `asyncpg prepares statements on a connection that PgBouncer${preparedStatements === null ? ', before 1.24,' : ''} gives away after the transaction: prepared statement "__asyncpg_stmt_1__" does not exist`,
        label: 'keeps prepared statements',
        related: [{ at: mode, message: 'gives connections away' }],
        help: 'Add `statement_cache_size=0`',
      }
    }
  }
}

/** True where the first argument, or the variable that it reads, is a URL with the port. */
function leadsToPort(
  given: string,
  source: Source,
  { environment }: Pick<AppServerProgram, 'environment'>,
  port: number,
): boolean {
  const [first = ''] = given.split(',')
  const variable = /os\.(?:environ\s*\[\s*|environ\.get\(\s*|getenv\(\s*)(["'])(\w+)\1/.exec(first)?.[2]
  const named = /^\s*(?:dsn\s*=\s*)?([A-Za-z_]\w*)\s*$/.exec(first)?.[1]
  const line = named === undefined ? null : new RegExp(`^${named}\\s*=([^\\n]*)$`, 'm').exec(source.code)?.[1]
  if (line != null) return leadsToPort(line, source, { environment }, port)
  const fact = variable === undefined ? null : environment(variable)
  const url = fact?.known === true ? fact.value : first
  return new RegExp(`:${port}(?:[/"'?\\s]|$)`).test(url)
}

/** Queries of Django with a cursor of the server. */
function* cursorsOf(
  settings: DjangoSettings,
  files: FileSystem,
  { port, at: mode }: Pool,
): Iterable<RuleFinding> {
  const databases = settingValue(settings, 'DATABASES')
  const own: unknown = databases instanceof Map ? databases.get('default') : null
  if (!(own instanceof Map) || own.get('DISABLE_SERVER_SIDE_CURSORS') === true) return
  // Inside of a transaction, which a view may be as a whole, the connection stays.
  const isAtomic = own.get('ATOMIC_REQUESTS')
  if (isAtomic !== undefined && isAtomic !== false) return
  if (!/postg(?:resql|is)/.test(String(own.get('ENGINE'))) || Number(own.get('PORT')) !== port) return
  const at = entryPlace(settings, 'DATABASES', ['default', 'PORT'], 'value')
  const query = firstInProject(
    files,
    settings,
    /\bobjects\b[^\n]*\.iterator\(/,
    ({ text }) => !/\batomic\b/.test(text),
  )
  if (at === null || query === null) return
  yield {
    at,
    severity: 'warning',
    message:
      'Django reads with a cursor of a connection that PgBouncer gives away after the transaction: cursor "_django_curs_…" does not exist',
    label: 'the port of PgBouncer',
    related: [
      { at: query, message: 'a cursor of the server' },
      { at: mode, message: 'gives connections away' },
    ],
    help: 'Add `"DISABLE_SERVER_SIDE_CURSORS": True` to the database',
  }
}
