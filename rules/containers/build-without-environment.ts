import { posix } from 'node:path'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerRun, DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { placeOf, sliceWritten } from '../../parsers/text/written-text.ts'
import type { LoadedModule } from '../../src/deployment/django/loaded-module.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { composeWith, siteTo } from './_examples.ts'

const MANAGE = conf`
  import os, sys
  from django.core.management import execute_from_command_line
  os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
  execute_from_command_line(sys.argv)
`
const WSGI = conf`
  import os
  from django.core.wsgi import get_wsgi_application
  os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
  application = get_wsgi_application()
`
const DATABASE = conf`
  DATABASES = {
      "default": {
          "ENGINE": "django.db.backends.postgresql",
          "NAME": "shop",
          "HOST": "db",
      }
  }
`
const KEY = conf`
  import os
  SECRET_KEY = os.environ["SECRET_KEY"]
`
const project = (
  build: string,
  settings: string,
  more: Record<string, string> = {},
): Record<string, string> => ({
  'docker-compose.yml': composeWith({
    web: conf`
      environment:
        SECRET_KEY: \${SECRET_KEY}
    `,
    more: conf`
        db:
          image: postgres:16
      volumes:
        data:
    `,
  }),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': conf`
    FROM python:3.12-slim
    WORKDIR /app
    COPY . .
    RUN pip install -r requirements.txt
    ${build}
  `,
  'web/manage.py': MANAGE,
  'web/shop/__init__.py': '',
  'web/shop/wsgi.py': WSGI,
  'web/shop/settings.py': settings,
  ...more,
})

export default defineRule({
  summary: 'A build runs a command of Django that needs what only the running container has',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'What a compose file sets in `environment` or `env_file`, and the network with the database, are there when the container runs, and not while its image is built. `RUN python manage.py migrate` finds no host `db`, and every command whose settings read `os.environ["SECRET_KEY"]` ends with KeyError: the build fails.',
  remedy:
    'Migrate when the container starts, in its entry point or command; give the build a value of its own: `RUN SECRET_KEY=build python manage.py collectstatic --noinput`',
  references: [
    'https://docs.docker.com/build/building/variables/',
    'https://docs.docker.com/compose/how-tos/environment-variables/set-environment-variables/',
  ],
  unproven: 'The live tests build no images',
  bad: [
    {
      title: 'a database that is not there yet',
      files: project('RUN «python manage.py migrate» --noinput', DATABASE),
    },
    {
      title: 'a variable of the compose file',
      files: project('RUN «python manage.py collectstatic» --noinput', KEY),
    },
    {
      title: 'one command of several',
      files: project(
        conf`
          RUN python -m compileall shop && \\
              «python3 ./manage.py compilemessages»
        `,
        KEY,
      ),
    },
  ],
  good: [
    {
      title: 'static files, which need no database',
      files: project('RUN python manage.py collectstatic --noinput', DATABASE),
    },
    {
      title: 'a value for this line',
      files: project('RUN SECRET_KEY=build python manage.py collectstatic --noinput', KEY),
    },
    {
      title: 'a value for the build',
      files: project(
        conf`
          ENV SECRET_KEY=build
          RUN python manage.py collectstatic --noinput
        `,
        KEY,
      ),
    },
    {
      title: 'settings of their own',
      files: project('RUN python manage.py collectstatic --noinput --settings=shop.build', KEY),
    },
    {
      title: 'a secret that the build is lent',
      files: project(
        'RUN --mount=type=secret,id=key,env=SECRET_KEY python manage.py collectstatic --noinput',
        KEY,
      ),
    },
    {
      title: 'a failure that the build passes over',
      files: project('RUN python manage.py migrate --noinput || true', DATABASE),
    },
    {
      title: 'a database in a file',
      files: project(
        'RUN python manage.py migrate --noinput',
        'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/app/shop.db"}}',
      ),
    },
    {
      title: 'another database while the image is built',
      files: project(
        'RUN python manage.py migrate --noinput',
        conf`
          import os
          HOST = os.environ.get("DB_HOST")
          DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/app/shop.db"}}
          if HOST:
              DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": HOST}}
        `,
      ),
    },
    {
      title: 'a default',
      files: project(
        'RUN python manage.py collectstatic --noinput',
        conf`
          import os
          SECRET_KEY = os.environ.get("SECRET_KEY", "build")
        `,
      ),
    },
  ],
  *check(deployment) {
    const seen = new Set<Source>()
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { container } = program.machine
      const source = container?.image?.stage.at.source
      const module = source === undefined ? null : deployment.moduleOf(program)
      if (container == null || source === undefined || module?.settings == null || seen.has(source)) continue
      seen.add(source)
      yield* failing(container, source, module)
    }
  },
})

/** What opens the database. */
const NEEDS_DATABASE =
  /^(?:migrate|createsuperuser|loaddata|createcachetable|dumpdata|flush|inspectdb|clearsessions|ensure_superuser|create_superuser)$/

const COMMAND = /(?<=^|\s)python(?:3(?:\.\d+)?)?\s+(?:-\S+\s+)*(?:\S*\/)?manage\.py\s+(\w+)/

function* failing(container: Container, source: Source, module: LoadedModule) {
  const variables = new Set(module.demanded.map(({ name }) => name))
  const database = serviceOfDatabase(container, module)
  if (variables.size === 0 && database === null) return
  const { stages } = readDockerfile(source)
  for (const stage of stages) {
    const chain = chainOf(stages, stage)
    if (chain.some(each => each.environment.some(({ name }) => name === 'DJANGO_SETTINGS_MODULE'))) continue
    for (const run of stage.runs) {
      const found = commandIn(run)
      if (found === null || !usesSettings(container, module)) continue
      const missing = module.demanded.find(({ name }) => !isGiven(name, chain, run))
      const isMigration = NEEDS_DATABASE.test(found.name) && database !== null
      if (missing !== undefined)
        yield {
          at: found.at,
          message: `the build has no \`${missing.name}\`, so it fails here: KeyError: '${missing.name}'`,
          label: 'run while the image is built',
          related: [{ at: missing.at, message: 'read here' }],
        }
      else if (isMigration)
        yield {
          at: found.at,
          message: `the database \`${database}\` is not there while the image is built, so the build fails here: could not translate host name "${database}" to address`,
          label: 'run while the image is built',
        }
    }
  }
}

/** The service of the project that is the database of the settings; null where another one may be used in the build. */
function serviceOfDatabase({ project }: Container, { settings }: LoadedModule): string | null {
  const databases = settings?.get('DATABASES')
  const expression = settings?.expressionOf('DATABASES')?.expression
  if (databases?.known !== true || !(databases.value instanceof Map) || expression?.kind !== 'dict')
    return null
  const database = databases.value.get('default')
  const written = expression.entries.find(
    ({ key }) => key.kind === 'string' && key.value === 'default',
  )?.value
  const engine =
    written?.kind === 'dict'
      ? written.entries.find(({ key }) => key.kind === 'string' && key.value === 'ENGINE')?.value
      : undefined
  if (!(database instanceof Map) || engine?.kind !== 'string' || !/postgres|mysql/.test(engine.value))
    return null
  const host: unknown = database.get('HOST')
  return typeof host === 'string' && project.services.has(host) ? host : null
}

function chainOf(stages: readonly DockerStage[], stage: DockerStage): readonly DockerStage[] {
  const below = stage.base === null ? undefined : stages[stage.base]
  return below === undefined ? [stage] : [...chainOf(stages, below), stage]
}

/** The first command of Django that this line surely runs, and whose failure ends the build. */
function commandIn({
  at,
  command,
  documents,
}: DockerRun): { readonly name: string; readonly at: Place } | null {
  if (documents.length > 0 || command.form === 'exec') return null
  const { script } = command
  const match = COMMAND.exec(script.text)
  const flags = at.source.code.slice(at.end, placeOf(script).start)
  if (match === null || flags.includes('--')) return null
  // Failures that a shell passes over, values that it sets, files that it reads.
  if (/\|\||;|--settings|\b(?:if|set|export|source|env)\b|(?:^|\s)\.\s|\.env/.test(script.text)) return null
  if (/DJANGO_SETTINGS_MODULE|DJANGO_CONFIGURATION/.test(script.text)) return null
  const place = placeOf(sliceWritten(script, match.index, match.index + match[0].length))
  return { name: match[1] ?? '', at: place }
}

/** True where `manage.py` names the settings that the server runs with. */
function usesSettings({ files, service, image }: Container, { settings }: LoadedModule): boolean {
  const directory = service.workingDirectory ?? image?.workingDirectory ?? null
  if (directory?.known !== true || settings === null) return false
  const source = sourceAt(files, posix.join(directory.value, 'manage.py'))
  const named = /DJANGO_SETTINGS_MODULE["'],\s*["']([\w.]+)["']/.exec(source?.text ?? '')?.[1]
  return named === settings.module
}

function isGiven(name: string, chain: readonly DockerStage[], run: DockerRun): boolean {
  const isNamed = (each: { readonly name: string }): boolean => each.name === name
  return (
    chain.some(({ environment, args }) => environment.some(isNamed) || args.some(isNamed)) ||
    commandText(run.command).includes(`${name}=`)
  )
}
