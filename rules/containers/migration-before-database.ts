import type { Container } from '../../src/deployment/containers/container.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isConditional } from './_conditional.ts'
import { containerVariables } from './_container-variables.ts'
import { databasesOf, OF_SQL } from './_databases.ts'
import { scriptAt, startedWords } from './_started-words.ts'

const SCRIPT = 'set -e\nalembic upgrade head\nexec uvicorn depot.main:app --host 0.0.0.0 --port 8000\n'
const tree = (service: string, script = SCRIPT, database = ''): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      api:
        build: .
        ports: ["127.0.0.1:8000:8000"]
        ${service}
      db:
        image: postgres:16
        environment:
          POSTGRES_PASSWORD: ${'${DB_PASSWORD:?}'}
        ${database}
  `,
  Dockerfile: conf`
    FROM python:3.12-slim
    WORKDIR /app
    COPY . .
    ENTRYPOINT ["/app/entrypoint.sh"]
  `,
  'entrypoint.sh': `#!/bin/sh\n${script}`,
})
/** A migration that a variable decides. */
const branch = (test: string): string => conf`
  if [ ${test} ]; then
    alembic upgrade head
  fi
  exec uvicorn depot.main:app --host 0.0.0.0 --port 8000
`
const AFTER = conf`
  depends_on:
      - «db»
`.trimEnd()
const PLAIN = AFTER.replace(/[«»]/g, '')

export default defineRule({
  summary: 'A container migrates its database at once, and nothing waits until that listens',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: '`depends_on` in its short form waits until the container of the database has been started, not until the database takes connections, which on the first day takes seconds. The migration fails, `connection refused`, and the container ends; without `restart` nobody starts it again.',
  remedy: 'Give the database a `healthcheck`, and write `condition: service_healthy`',
  references: ['https://docs.docker.com/compose/how-tos/startup-order/'],
  unproven: 'The live tests start no containers',
  bad: [
    { title: 'in the entry point', files: tree(AFTER) },
    {
      title: 'in a branch that the compose file opens',
      files: tree(
        `${AFTER}\n    environment:\n      RUN_MIGRATIONS: "true"`,
        branch('"$RUN_MIGRATIONS" = "true"'),
      ),
    },
    {
      title: 'in a branch that a variable would close',
      files: tree(AFTER, branch('"$SKIP_MIGRATIONS" != "true"')),
    },
    {
      title: 'in the command, started before the other is',
      files: tree(
        `${AFTER.replace('- «db»', '«db»:\n          condition: service_started')}\n    entrypoint: []\n    command: sh -c "python manage.py migrate && gunicorn -b 0.0.0.0:8000 shop.wsgi"`,
      ),
    },
  ],
  good: [
    {
      title: 'until the database is healthy',
      files: tree(
        'depends_on:\n      db:\n        condition: service_healthy',
        SCRIPT,
        'healthcheck:\n      test: ["CMD", "pg_isready"]',
      ),
    },
    { title: 'started again until it succeeds', files: tree(`${PLAIN}\n    restart: unless-stopped`) },
    {
      title: 'a script that waits',
      files: tree(PLAIN, `until pg_isready -h db; do sleep 1; done\n${SCRIPT}`),
    },
    {
      title: 'in a branch for which nothing sets the variable',
      files: tree(PLAIN, branch('"$RUN_MIGRATIONS" = "true"')),
    },
    {
      title: 'a command of the project that waits',
      files: tree(PLAIN, `python manage.py wait_for_db\n${SCRIPT}`),
    },
    { title: 'no migration', files: tree(PLAIN, 'exec gunicorn -b 0.0.0.0:8000 shop.wsgi\n') },
    {
      title: 'a program that waits by itself in front of it',
      files: tree(PLAIN, `dockerize -wait tcp://db:5432\n${SCRIPT}`),
    },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      if (container === null || !startsOnce(container)) continue
      const migration = migrationOf(container)
      if (migration === null) continue
      const databases = databasesOf(container)
      for (const { service, condition, at } of container.service.dependsOn) {
        const database = service.known ? databases.get(service.value.toLowerCase()) : undefined
        if (database === undefined || !OF_SQL.has(database.kind)) continue
        if (condition !== null && !(condition.known && condition.value === 'service_started')) continue
        yield {
          at,
          message: `\`${migration}\` runs as soon as the container of ${database.kind} has been started, before it takes connections: connection refused`,
          label: 'started, and not ready',
        }
      }
    }
  },
})

/** False where it is started again, or may be, and where something else of it waits. */
function startsOnce({ service }: Container): boolean {
  const { restart, dependsOn, complete, at } = service
  if (!complete || (restart !== null && !(restart.known && restart.value === 'no'))) return false
  if (dependsOn.some(({ condition }) => condition?.known === true && condition.value !== 'service_started'))
    return false
  return !/\brestart_policy\b/.test(at.source.code)
}

const MIGRATION =
  /\b(?:manage\.py migrate|alembic (?:-\S+ \S+ )*upgrade|flask db upgrade|artisan migrate|prisma migrate deploy|prisma db push|rails db:(?:migrate|prepare)|rake db:migrate|sequelize(?:-cli)? db:migrate|knex migrate:latest|typeorm migration:run|doctrine:migrations:migrate)\b/
const WAITING =
  /\b(?:wait|until|while|for|sleep|retry|retries|attempts?|nc|ncat|pg_isready|mysqladmin|mariadb-admin|dockerize|timeout|ping|psql|telnet)\b|wait[-_]?for|[-_]wait|\/dev\/tcp|await/i

/** The migration that it starts with, where none of the texts that it runs may wait; null for any other start. */
function migrationOf(container: Container): string | null {
  const words = [...startedWords(container), ...(container.service.command?.words ?? [])]
  const texts = words.map(word => scriptAt(container, word)?.source.code ?? word.text)
  // A script that is not here may wait.
  if (words.some(word => /\.sh$/.test(word.text) && scriptAt(container, word) === null)) return null
  if (texts.some(text => WAITING.test(text) || CALLED.test(text))) return null
  for (const text of texts) {
    const found = MIGRATION.exec(text)
    if (found !== null && !isSwitchedOff(container, text, found.index)) return found[0]
  }
  return null
}

/** What a variable says for yes; without one of these a branch that asks for it may not be entered. */
const ON = /^(?:1|true|yes|on|y|t)$/i

/** The last condition of a text, and what stands behind it. */
const IF = /.*\b(?:el)?if\b(.*)$/s
const TEST = /.*(?:\[\[?(?=\s)|\btest\b)(.*)$/s

/** True of a command in a branch that a variable has to open, where nothing sets one of its condition. */
function isSwitchedOff(container: Container, script: string, offset: number): boolean {
  if (!isConditional(script, offset)) return false
  const before = script.slice(0, offset)
  const condition = (IF.exec(before) ?? TEST.exec(before))?.[1] ?? ''
  // It is entered where the variable is not there.
  if (/!=|-z\b|!\s/.test(condition)) return false
  const names = [...condition.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name = '']) => name)
  const variables = containerVariables(container)
  return (
    names.length > 0 &&
    !variables.some(
      ({ name, value }) => names.includes(name) && value?.known === true && ON.test(value.value),
    )
  )
}

/** Another script, a recipe or a script of npm. */
const CALLED = /(?:^|[\s/])[\w-]+\.(?:sh|bash)\b|\b(?:make|npm run|yarn|pnpm|source|just|invoke)\s/m
