import { posix } from 'node:path'
import { programName } from '../../src/deployment/destination-words.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { AppServerProgram } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'
import { installedPackages } from './_python-packages.ts'
import { buildSteps, startedWords } from './_started-words.ts'

const project = (
  requirements: string,
  command = 'gunicorn --bind 0.0.0.0:8000 shop.wsgi',
  install = 'RUN pip install --no-cache-dir -r requirements.txt',
  base = 'python:3.12-slim',
): Record<string, string> => ({
  'docker-compose.yml': composeWith({ command }),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': conf`
    FROM ${base}
    WORKDIR /app
    COPY requirements.txt .
    ${install}
    COPY . .
  `,
  'web/requirements.txt': requirements,
})

export default defineRule({
  summary: 'The image starts a server that nothing installs',
  severity: 'error',
  confidence: 'medium',
  since: '0.1.0',
  why: 'On the machine where an application is written gunicorn is installed already; in the image is what `requirements.txt` names. Without it there the container ends at once: `exec: "gunicorn": executable file not found in $PATH`. Without the package of its class of workers gunicorn ends too: `class uri \'gevent\' invalid or not found`.',
  remedy: 'Add the package to `requirements.txt`',
  references: [
    'https://docs.gunicorn.org/en/stable/install.html',
    'https://docs.gunicorn.org/en/stable/settings.html#worker-class',
  ],
  unproven: 'The live tests build no images',
  bad: [
    {
      title: 'gunicorn',
      files: project('Django==5.2.1\npsycopg2-binary==2.9.10\n', '«gunicorn» --bind 0.0.0.0:8000 shop.wsgi'),
    },
    {
      title: 'a class of workers',
      files: project(
        'Django==5.2.1\ngunicorn==23.0.0\n',
        'gunicorn -k «gevent» --bind 0.0.0.0:8000 shop.wsgi',
      ),
    },
    {
      title: 'a build that installs nothing at all',
      files: project('gunicorn\n', '«gunicorn» --bind 0.0.0.0:8000 shop.wsgi', 'RUN mkdir -p /app/media'),
    },
    {
      title: 'uvicorn, whose workers gunicorn uses',
      files: project(
        'fastapi\ngunicorn\n',
        'gunicorn -k «uvicorn.workers.UvicornWorker» --bind 0.0.0.0:8000 main:app',
      ),
    },
  ],
  good: [
    {
      title: 'a command that installs first',
      files: project('gunicorn\n', 'sh -c "pip install -r requirements.txt && gunicorn shop.wsgi"', ''),
    },
    {
      title: 'an image that installs the requirements by itself',
      files: project('gunicorn\n', undefined, 'RUN mkdir -p /app/media', 'python:3.5-onbuild'),
    },
    { title: 'a script that may install', files: project('gunicorn\n', undefined, 'RUN ./setup') },
    { title: 'in the requirements', files: project('Django==5.2.1\ngunicorn==23.0.0\n') },
    {
      title: 'in a line of its own',
      files: project(
        'Django==5.2.1\n',
        undefined,
        'RUN pip install -r requirements.txt && pip install gunicorn',
      ),
    },
    {
      title: 'an extra that brings it',
      files: project('fastapi[standard]\n', 'uvicorn --host 0.0.0.0 main:app'),
    },
    {
      title: 'a release of FastAPI that brings it without the extra',
      files: project('fastapi==0.111.0\n', 'uvicorn --host 0.0.0.0 main:app'),
    },
    {
      title: 'an extra of gunicorn',
      files: project('Django\ngunicorn[gevent]\n', 'gunicorn -k gevent -b 0.0.0.0:8000 shop.wsgi'),
    },
    { title: 'a package that may bring it', files: project('Django\nmlflow\n') },
    {
      title: 'an image of somebody else',
      files: project('Django\n', undefined, undefined, 'example.org/gunicorn'),
    },
    { title: 'another program that installs', files: project('Django\n', undefined, 'RUN poetry install') },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { container } = program.machine
      const wanted = container === null ? null : wantedPackage(program)
      if (container === null || wanted === null) continue
      const names = installedPackages(container) ?? (installsNothing(container) ? NONE : null)
      if (names === null || names.has(wanted.name) || ![...names].every(name => PLAIN.test(name))) continue
      yield {
        at: wanted.at,
        message: wanted.isClass
          ? `nothing installs \`${wanted.name}\`, so gunicorn does not start: class uri '${wanted.written}' invalid or not found`
          : `nothing installs ${programName(program)}, so the container ends: exec: "${wanted.name}": executable file not found in $PATH`,
        label: 'not in the requirements',
        help: `Add \`${wanted.name}\` to the requirements`,
      }
    }
  },
})

const NONE: ReadonlySet<string> = new Set()

/** True for a build on Python's own image whose steps prepare files alone, and that starts the server itself. */
function installsNothing(container: Container): boolean {
  const { image, base, service, mounts, hostFiles } = container
  if (image === null || base !== 'python' || image.entrypoint !== null || service.entrypoint !== null)
    return false
  const context = service.build?.context
  // Without a list nobody meant to install one, and the Dockerfile is a part of something.
  if (context?.known !== true || hostFiles.kind(posix.join(context.value, 'requirements.txt')) !== 'file')
    return false
  // An image of the kind `onbuild` installs the requirements by itself.
  if (/onbuild/.test(container.reference ?? '')) return false
  if (image.steps.some(step => 'sources' in step && (step.from !== null || step.kind === 'ADD'))) return false
  if (mounts.some(({ target, path }) => path === null && /^\/(?:usr|opt|venv|root)?(?:\/|$)/.test(target)))
    return false
  if (image.environment.some(({ name }) => /^(?:PATH|PYTHONPATH|VIRTUAL_ENV)$/.test(name))) return false
  const [first] = startedWords(container)
  return (
    SERVERS.test(first?.text ?? '') &&
    buildSteps(container).every(step =>
      step
        .split(/&&|;|\n/)
        .every(part =>
          /^\s*(?:mkdir|chown|chmod|useradd|adduser|groupadd|addgroup|rm|echo|touch)\s/.test(part),
        ),
    )
  )
}

const SERVERS = /^(?:gunicorn|uvicorn|hypercorn|daphne|waitress|granian)$/
const CLASSES: readonly (readonly [RegExp, string])[] = [
  [/^gevent/, 'gevent'],
  [/^eventlet$/, 'eventlet'],
  [/^tornado$/, 'tornado'],
  [/^uvicorn\.workers\./, 'uvicorn'],
  [/^uvicorn_worker\./, 'uvicorn-worker'],
]

function wantedPackage({ server, by }: AppServerProgram) {
  if (by !== 'container' || !SERVERS.test(server.program)) return null
  const kind = server.program === 'gunicorn' ? server.workerClass : null
  const written = kind?.known === true && kind.at !== null ? kind.value : null
  const name = written === null ? undefined : CLASSES.find(([pattern]) => pattern.test(written))?.[1]
  if (name !== undefined && written !== null && kind?.at != null)
    return { name, written, at: kind.at, isClass: true }
  return { name: server.program, written: server.program, at: server.at, isClass: false }
}

/** Packages of which it is known that they bring no server. */
const PLAIN =
  /^(?:django|flask|jinja2|werkzeug|sqlalchemy|alembic|psycopg2?|psycopg2-binary|mysqlclient|pymysql|redis|hiredis|celery|kombu|requests|httpx|pillow|whitenoise|python-dotenv|python-decouple|environs|dj-database-url|boto3|botocore|pydantic|pydantic-settings|fastapi|starlette|sqlmodel|asyncpg|aiosqlite|passlib|bcrypt|python-jose|pyjwt|cryptography|python-multipart|markdown|pytz|tzdata|sqlparse|asgiref|djangorestframework(?:-\w+)?|drf-\w+|gunicorn|uvicorn|daphne|channels|channels-redis|numpy|pandas|black|isort|flake8|ruff|mypy|pytest|coverage|ipython|click|itsdangerous|markupsafe|blinker|rq|dramatiq|apscheduler|arq|loguru|structlog|orjson|aiohttp|tenacity|pymongo|motor|uvloop|httptools|gevent|eventlet|urllib3|certifi|idna|charset-normalizer|six|packaging|setuptools|wheel|pip|stripe|sentry-sdk|python-slugify|beautifulsoup4|lxml|openpyxl|factory-boy|faker|marshmallow|email-validator|(?:django|flask|pytest|types)-[\w-]+)$/
