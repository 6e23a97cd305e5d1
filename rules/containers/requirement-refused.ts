import { posix } from 'node:path'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import type { Source } from '../../parsers/text/source.ts'
import { imageReference } from '../../src/deployment/containers/read-containers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { composeWith, siteTo } from './_examples.ts'
import { runImages } from './_images.ts'
import { requirementsIn, stageChain } from './_requirements.ts'

const project = (
  base: string,
  requirements: string,
  system = '',
  install = 'RUN pip install --no-cache-dir -r requirements.txt',
): Record<string, string> => ({
  'docker-compose.yml': composeWith(),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': conf`
    FROM ${base}
    WORKDIR /app
    ${system}
    COPY requirements.txt .
    ${install}
    COPY . .
  `,
  'web/requirements.txt': requirements,
})

export default defineRule({
  summary: 'The image has not what a requirement is installed with',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A few packages come as source alone: psycopg2, mysqlclient, uWSGI and python-ldap are compiled when they are installed, for which the slim and Alpine images of Python have neither compiler nor headers: `pg_config executable not found`, `gcc: No such file or directory`. And pip finds no Django that the Python of the image is too old for: `No matching distribution found`. Either way the build fails.',
  remedy:
    'Install the packages of the system before it (`apt-get install -y gcc libpq-dev`), or take `psycopg2-binary`, `psycopg[binary]`, or an image of Python that has them',
  references: [
    'https://www.psycopg.org/docs/install.html#build-prerequisites',
    'https://docs.djangoproject.com/en/stable/faq/install/#what-python-version-can-i-use-with-django',
    'https://hub.docker.com/_/python',
  ],
  unproven: 'The live tests build no images',
  bad: [
    {
      title: 'psycopg2 in a slim image',
      files: project(
        'python:3.12-slim',
        conf`
          Django==5.2.1
          «psycopg2»==2.9.10
        `,
      ),
    },
    {
      title: 'psycopg2 with its headers and no compiler',
      files: project(
        'python:3.12-slim-bookworm',
        conf`
          gunicorn
          «psycopg2»>=2.9
        `,
        'RUN apt-get update && apt-get install -y --no-install-recommends libpq-dev',
      ),
    },
    { title: 'mysqlclient on Alpine', files: project('python:3.12-alpine', '«mysqlclient»==2.2.7\n') },
    { title: 'uWSGI in a slim image', files: project('python:3.11-slim', 'flask\n«uWSGI»==2.0.28\n') },
    {
      title: 'requirements of another file',
      files: {
        ...project('python:3.12-slim', '-r requirements/base.txt\ngunicorn\n'),
        'web/requirements/base.txt': '«psycopg2»\n',
      },
    },
    {
      title: 'a Django that is too new',
      files: project('python:3.9-slim', 'gunicorn==23.0.0\n«Django»==5.2.1\n'),
    },
  ],
  good: [
    { title: 'a package that is compiled', files: project('python:3.12-slim', 'psycopg2-binary==2.9.10\n') },
    { title: 'an image with a compiler', files: project('python:3.12', 'psycopg2==2.9.10\n') },
    {
      title: 'a compiler and headers',
      files: project(
        'python:3.12-slim',
        'psycopg2==2.9.10\nuwsgi\n',
        conf`
          RUN apt-get update \\
              && apt-get install -y --no-install-recommends gcc libpq-dev libc6-dev \\
              && rm -rf /var/lib/apt/lists/*
        `,
      ),
    },
    {
      title: 'a compiler and headers of Alpine',
      files: project(
        'python:3.12-alpine',
        'mysqlclient==2.2.7\n',
        'RUN apk add --no-cache --virtual .build build-base mariadb-dev',
      ),
    },
    {
      title: 'a list of packages that stands elsewhere',
      files: project('python:3.12-slim', 'psycopg2\n', 'RUN sh /tmp/packages.sh'),
    },
    {
      title: 'for another system',
      files: project('python:3.12-slim', 'psycopg2==2.9.10; sys_platform == "win32"\n'),
    },
    {
      title: 'packages of one’s own, compiled before',
      files: project(
        'python:3.12-slim',
        'psycopg2==2.9.10\n',
        '',
        'RUN pip install --no-index --find-links=/wheels -r requirements.txt',
      ),
    },
    { title: 'a Python that is new enough', files: project('python:3.12-slim', 'Django==5.2.1\n') },
    {
      title: 'an image of somebody else',
      files: project('example.org/python:3.9', 'Django==5.2.1\npsycopg2\n'),
    },
    {
      title: 'requirements that this image does not install',
      files: project('python:3.9-slim', 'Django==5.2.1\npsycopg2\n', '', 'RUN pip install flask'),
    },
  ],
  *check(deployment) {
    const seen = new Set<Source>()
    for (const run of runImages(deployment)) {
      if (run.image === null || run.fault !== null) continue
      const { source } = run.image.stage.at
      const build = run.machine.container?.service.build
      const context =
        run.machine.container === null
          ? posix.dirname(source.path)
          : build?.context.known === true && build.context.value.startsWith('/')
            ? build.context.value
            : null
      if (context === null || seen.has(source)) continue
      seen.add(source)
      const { stages } = readDockerfile(source)
      for (const stage of stages) yield* refused(stages, stage, context, run.files)
    }
  },
})

interface Package {
  readonly name: RegExp
  /** What of the system it needs, each as it is called where it is installed, and what pip says without it. */
  readonly needs: readonly (readonly [installed: RegExp, said: string])[]
}

const COMPILER = /\bgcc\b|g\+\+|build-essential|build-base|\bclang\b|python3-pip|groupinstall/
const NO_COMPILER = 'gcc: No such file or directory'
const FROM_SOURCE: readonly Package[] = [
  {
    name: /^psycopg2$/i,
    needs: [
      [/libpq-dev|postgresql[\d.]*-(?:dev|server-dev)|\blibpq\b/, 'pg_config executable not found'],
      [COMPILER, NO_COMPILER],
    ],
  },
  {
    name: /^mysqlclient$/i,
    needs: [
      [
        /libmysqlclient-dev|libmariadb-dev|mariadb-(?:connector-c-)?dev|mysql-dev/,
        'Can not find valid pkg-config name',
      ],
      [COMPILER, NO_COMPILER],
    ],
  },
  { name: /^uwsgi$/i, needs: [[COMPILER, 'you need a C compiler to build uWSGI']] },
  {
    name: /^python-ldap$/i,
    needs: [
      [/libldap|openldap-dev/, 'lber.h: No such file or directory'],
      [COMPILER, NO_COMPILER],
    ],
  },
]

/** The least Python 3 of a Django. */
const PYTHON_OF: readonly (readonly [django: number, minor: number])[] = [
  [6, 12],
  [5, 10],
  [4, 8],
]

const IMAGE = /^python:(?:3\.(\d+))?\S*$/
/** What installs what it likes. */
const SCRIPTED = /\.sh\b|xargs|(?:install|add)\b[^&;|]*(?:\$|`)|ansible|\bCONDA|conda\b|mamba\b/
const INSTALL =
  /(?:^|[\s;&|])(?:pip3?|python3? -m pip|uv pip)\s+install\s+(?:[^;&|]*?\s)?(?:-r|--requirement)[\s=]*(\S+\.(?:txt|in))/g

function* refused(stages: readonly DockerStage[], stage: DockerStage, context: string, files: FileSystem) {
  const chain = stageChain(stages, stage)
  const image = imageReference(chain[0]?.image ?? null)
  const [reference, minor] = IMAGE.exec(image ?? '') ?? []
  if (reference === undefined) return
  const isBare = /slim|alpine/.test(reference)
  const before: string[] = chain.slice(0, -1).flatMap(({ runs }) => runs.map(run => commandText(run.command)))
  for (const { command, documents } of stage.runs) {
    const text = commandText(command)
    before.push(text)
    if (documents.length > 0 || before.some(each => SCRIPTED.test(each))) return
    for (const { 0: installs, 1: path = '' } of text.matchAll(INSTALL)) {
      if (/--find-links|\s-f\s|--no-index|extra-index|index-url|--no-deps|download|wheel\b/.test(installs))
        continue
      const named = files.kind(posix.join(context, path)) === 'file' ? path : posix.basename(path)
      for (const { name, release, at } of requirementsIn(files, posix.join(context, named))) {
        const [, least = 0] =
          name.toLowerCase() === 'django' && release !== null
            ? (PYTHON_OF.find(([django]) => release >= django) ?? [])
            : []
        const lacks = isBare
          ? FROM_SOURCE.find(each => each.name.test(name))?.needs.find(
              ([installed]) => !before.some(each => installed.test(each)),
            )
          : undefined
        if (minor !== undefined && Number(minor) < least)
          yield {
            at,
            message: `this Django needs Python 3.${least}, and the image has 3.${minor}, so the build fails: No matching distribution found`,
            label: `\`${reference}\``,
            related: [{ at: chain[0]!.at, message: 'the image' }],
          }
        else if (lacks !== undefined)
          yield {
            at,
            message: `\`${name}\` is compiled when it is installed, for which \`${reference}\` has not what it needs, so the build fails: ${lacks[1]}`,
            label: 'compiled',
            related: [{ at: chain[0]!.at, message: 'the image' }],
          }
      }
    }
  }
}
