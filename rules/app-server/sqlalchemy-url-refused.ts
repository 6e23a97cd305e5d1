import { posix } from 'node:path'
import { releaseIn } from '../../src/deployment/django/django-version.ts'
import type { AppServerProgram } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { loadedBy } from './_loaded-files.ts'
import { enginesIn, type SqlAlchemyEngine, urlOf } from './_sqlalchemy-engines.ts'

const api = (
  url: string,
  engine: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      db:
        image: postgres:17
        environment:
          POSTGRES_PASSWORD: shop
      api:
        build: .
        environment:
          DATABASE_URL: ${url}
        ports: ["8000:8000"]
  `,
  Dockerfile: conf`
    FROM python:3.13
    WORKDIR /srv
    COPY . .
    RUN pip install -r requirements.txt
    CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]
  `,
  'requirements.txt': 'fastapi\nuvicorn\nsqlalchemy[asyncio]\nasyncpg\npsycopg2-binary\n',
  'main.py': conf`
    from fastapi import FastAPI
    from database import engine
    app = FastAPI()
  `,
  'database.py': engine,
  ...more,
})
const ASYNC = /* @__PURE__ */ conf`
  import os
  from sqlalchemy.ext.asyncio import create_async_engine
  engine = create_async_engine(os.environ["DATABASE_URL"], pool_pre_ping=True)
`
const SYNC = /* @__PURE__ */ conf`
  import os
  from sqlalchemy import create_engine
  DATABASE_URL = os.getenv("DATABASE_URL", "sqlite:///shop.db")
  engine = create_engine(DATABASE_URL)
`
const flask = (lines: string, unit = ''): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/gunicorn -b 127.0.0.1:8000 shop:app', unit), {
    'etc/shop/shop.py': conf`
      import os
      from flask import Flask
      from flask_sqlalchemy import SQLAlchemy
      app = Flask(__name__)
      ${lines}
      db = SQLAlchemy(app)
    `,
  })

export default defineRule({
  summary: 'SQLAlchemy does not take the URL of the database as it is written',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The scheme of the URL names the driver. Without one SQLAlchemy takes `psycopg2` for `postgresql://` before its release 2.1, and an engine of asyncio refuses it when the application is loaded: `The asyncio extension requires an async driver to be used`. An engine without asyncio cannot await `asyncpg`: each query ends with `MissingGreenlet`. And `postgres://`, as platforms and other libraries write it, is no scheme of SQLAlchemy since 1.4.',
  remedy:
    'Write the scheme with its driver: `postgresql+asyncpg://` for asyncio, `postgresql+psycopg://` or `postgresql://` without it',
  references: [
    'https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html',
    'https://docs.sqlalchemy.org/en/20/changelog/changelog_14.html#change-3687655465c25a39b968b4f5f6e9170b',
  ],
  unproven: 'The machines of the live tests have no SQLAlchemy',
  bad: [
    {
      title: 'a driver without asyncio, in the environment',
      files: api('«postgresql://postgres:shop@db/shop»', ASYNC),
    },
    {
      title: 'a driver without asyncio, for a class of settings',
      files: api(
        '«postgresql+psycopg2://postgres:shop@db/shop»',
        'from settings import settings\nfrom sqlalchemy.ext.asyncio import create_async_engine\nengine = create_async_engine(str(settings.DATABASE_URL))\n',
        {
          'settings.py': conf`
          from pydantic_settings import BaseSettings

          class Settings(BaseSettings):
              DATABASE_URL: str

          settings = Settings()
        `,
        },
      ),
    },
    {
      title: 'a driver without asyncio, written out',
      files: api(
        '""',
        'from sqlalchemy.ext.asyncio import create_async_engine\nengine = create_async_engine("«sqlite:///shop.db»")\n',
      ),
    },
    {
      title: 'a driver of asyncio for an engine without it',
      files: api('«postgresql+asyncpg://postgres:shop@db/shop»', SYNC),
    },
    {
      title: 'the scheme that platforms write',
      files: flask(
        'app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]',
        'Environment="DATABASE_URL=«postgres://shop:pw@127.0.0.1/shop»"',
      ),
    },
  ],
  good: [
    { title: 'a driver of asyncio', files: api('postgresql+asyncpg://postgres:shop@db/shop', ASYNC) },
    {
      title: 'a driver with and without asyncio',
      files: api('postgresql+psycopg://postgres:shop@db/shop', ASYNC),
    },
    { title: 'no driver, and no asyncio', files: api('postgresql://postgres:shop@db/shop', SYNC) },
    {
      title: 'no driver where SQLAlchemy 2.1 takes one that asyncio has',
      files: api('postgresql://postgres:shop@db/shop', ASYNC, {
        'requirements.txt': 'fastapi\nuvicorn\nsqlalchemy[asyncio]\npsycopg[binary]\n',
      }),
    },
    {
      title: 'a scheme that the application changes',
      files: api(
        'postgresql://postgres:shop@db/shop',
        conf`
          import os
          from sqlalchemy.ext.asyncio import create_async_engine
          url = os.environ["DATABASE_URL"]
          if url.startswith("postgresql://"):
              url = url.replace("postgresql://", "postgresql+asyncpg://", 1)
          engine = create_async_engine(url)
        `,
      ),
    },
    {
      title: 'a scheme that a class of settings changes',
      files: api(
        'postgresql://postgres:shop@db/shop',
        'from settings import settings\nfrom sqlalchemy.ext.asyncio import create_async_engine\nengine = create_async_engine(settings.DATABASE_URL)\n',
        {
          'settings.py': conf`
          from pydantic import field_validator
          from pydantic_settings import BaseSettings

          class Settings(BaseSettings):
              DATABASE_URL: str

              @field_validator("DATABASE_URL")
              def with_driver(cls, url):
                  return url.replace("://", "+asyncpg://", 1)

          settings = Settings()
        `,
        },
      ),
    },
    {
      title: 'an engine that becomes one of asyncio',
      files: api(
        'postgresql+asyncpg://postgres:shop@db/shop',
        conf`
          import os
          from sqlmodel import create_engine
          from sqlalchemy.ext.asyncio import AsyncEngine
          engine = AsyncEngine(create_engine(os.environ["DATABASE_URL"], future=True))
        `,
      ),
    },
    {
      title: 'a SQLAlchemy that still took it',
      files: {
        ...flask(
          'app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]',
          'Environment="DATABASE_URL=postgres://shop:pw@127.0.0.1/shop"',
        ),
        'etc/shop/requirements.txt': 'flask\nflask-sqlalchemy==2.4.4\nsqlalchemy==1.3.24\n',
      },
    },
    {
      title: 'a scheme that is put right in the same line',
      files: flask(
        'app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"].replace("postgres://", "postgresql://", 1)',
        'Environment="DATABASE_URL=postgres://shop:pw@127.0.0.1/shop"',
      ),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const loaded = loadedBy(deployment, program)
      if (loaded === null) continue
      const { files, own, paths } = loaded
      const home = posix.dirname(own)
      const sources = paths.flatMap(each => sourceAt(files, each) ?? [])
      const engines = sources.flatMap(enginesIn)
      if (engines.length === 0) continue
      // Whoever names schemes in the code may put one right.
      const isChanged = sources.some(({ code }) => CHANGES.test(code))
      for (const engine of engines) {
        const url = urlOf(engine, program)
        if (url === null || (engine.url.kind === 'variable' && isChanged)) continue
        const fault = faultOf(engine, url.text)
        if (fault === null) continue
        if (fault.kind === 'dialect' && releaseIn('sqlalchemy', 2, home, files) === false) continue
        if (fault.kind === 'default' && requiresPsycopg3(files, home)) continue
        yield {
          at: url.at,
          message: fault.message,
          label: fault.label,
          ...(url.at.source !== engine.at.source && { related: [{ at: engine.at, message: 'the engine' }] }),
          help: fault.help,
        }
      }
    }
  },
})

/** Where the code makes another scheme of the one that it is given. */
const CHANGES =
  /\bdrivername\b|\+(?:asyncpg|aiosqlite|aiomysql|asyncmy|psycopg)\b|\b(?:replace|sub|r?partition|split)\([^\n]*(?:postgres|mysql|sqlite|:\/\/)/

interface Fault {
  readonly kind: 'dialect' | 'default' | 'driver'
  readonly message: string
  readonly label: string
  readonly help: string
}

/** Drivers of each dialect without asyncio, the one that is taken by itself first; and one with it. */
const DRIVERS: ReadonlyMap<string, readonly [own: string, others: readonly string[], asyncio: string]> =
  new Map([
    ['postgresql', ['psycopg2', ['psycopg2cffi', 'pg8000'], 'asyncpg']],
    ['mysql', ['mysqldb', ['pymysql', 'mysqlconnector'], 'aiomysql']],
    ['mariadb', ['mysqldb', ['pymysql', 'mysqlconnector', 'mariadbconnector'], 'aiomysql']],
    ['sqlite', ['pysqlite', ['pysqlcipher'], 'aiosqlite']],
  ])

function faultOf({ isAsync }: SqlAlchemyEngine, text: string): Fault | null {
  const [, dialect = '', driver] = /^(\w+)(?:\+(\w+))?:\/\//.exec(text) ?? []
  if (dialect === 'postgres')
    return {
      kind: 'dialect',
      message:
        "`postgres` is no dialect of SQLAlchemy since 1.4: Can't load plugin: sqlalchemy.dialects:postgres",
      label: 'no such dialect',
      help: `Write \`postgresql${isAsync ? '+asyncpg' : ''}://\``,
    }
  const drivers = DRIVERS.get(dialect)
  if (drivers === undefined) return null
  const [own, others, asyncio] = drivers
  if (isAsync && (driver === undefined || driver === own || others.includes(driver)))
    return {
      kind: driver === undefined && dialect === 'postgresql' ? 'default' : 'driver',
      message: `\`create_async_engine\` refuses it: The asyncio extension requires an async driver to be used. The loaded '${driver ?? own}' is not async`,
      label: driver === undefined ? 'no driver for asyncio' : 'a driver without asyncio',
      help: `Write \`${dialect}+${asyncio}://\``,
    }
  if (isAsync || !/^(?:asyncpg|aiomysql|asyncmy|aiosqlite)$/.test(driver ?? '')) return null
  return {
    kind: 'driver',
    message: `\`${driver}\` is for asyncio, and this engine is not, so each query ends with: MissingGreenlet: greenlet_spawn has not been called`,
    label: 'a driver of asyncio',
    help: `Write \`${dialect}://\`, or make the engine by \`create_async_engine\``,
  }
}

/** True where the requirements beside a project, or above it, name the driver that SQLAlchemy 2.1 takes by itself. */
function requiresPsycopg3(files: AppServerProgram['machine']['files'], home: string): boolean {
  return [home, posix.dirname(home), posix.dirname(posix.dirname(home))].some(directory =>
    (files.list(directory) ?? []).some(
      ({ name }) =>
        /requirements.*\.txt$|^pyproject\.toml$|^Pipfile$/.test(name) &&
        /\bpsycopg(?![\w-])/.test(sourceAt(files, posix.join(directory, name))?.code ?? ''),
    ),
  )
}
