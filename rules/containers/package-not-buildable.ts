import { posix } from 'node:path'
import { commandText, stepText } from '../../parsers/dockerfile/command-text.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import type { DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import type { Source } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { composeWith, siteTo } from './_examples.ts'
import { runImages } from './_images.ts'
import { requirementLists } from './_pip.ts'

const tree = (base: string, requirements: string, lines = ''): Record<string, string> => ({
  'docker-compose.yml': composeWith(),
  'nginx/site.conf': siteTo('web:8000'),
  'web/requirements.txt': requirements,
  'web/Dockerfile': conf`
    FROM ${base}
    WORKDIR /app
    ${lines}
    COPY requirements.txt .
    RUN pip install --no-cache-dir -r requirements.txt
    COPY . .
  `,
})

const installing = (command: string, file: string, text: string): Record<string, string> => ({
  ...tree('python:3.12-slim', 'flask\n'),
  'web/Dockerfile': conf`
    FROM python:3.12-slim
    WORKDIR /app
    COPY . .
    RUN ${command}
  `,
  [`web/${file}`]: text,
})

export default defineRule({
  summary: 'A package of Python is compiled in an image that lacks what it is compiled with',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'psycopg2, mysqlclient, uWSGI and python-ldap come as source, and pip compiles them, against the library of their database or directory. The images `slim` and `alpine` have neither the library nor a compiler: `Error: pg_config executable not found`, `Exception: Can not find valid pkg-config name`, `gcc: No such file or directory`. Docker builds nothing, and the container that runs is the old one.',
  remedy:
    'Install `psycopg2-binary`, or the library in the Dockerfile before: `apt-get install -y gcc libpq-dev` (`default-libmysqlclient-dev pkg-config` for MySQL), `apk add gcc musl-dev postgresql-dev` on Alpine',
  references: [
    'https://www.psycopg.org/docs/install.html#build-prerequisites',
    'https://github.com/PyMySQL/mysqlclient#install',
    'https://hub.docker.com/_/python',
  ],
  unproven: 'The live tests build no images',
  bad: [
    { title: 'psycopg2 in a slim image', files: tree('python:3.12-slim', 'Django>=5\n«psycopg2==2.9.9»\n') },
    { title: 'mysqlclient on Alpine', files: tree('python:3.12-alpine', '«mysqlclient»\ngunicorn\n') },
    ...[
      'pip wheel --wheel-dir /wheels -r',
      'pip3 --no-cache-dir install -r',
      'uv pip install --system -r',
    ].map(install => ({
      title: `by \`${install}\``,
      files: installing(`${install} requirements.txt`, 'requirements.txt', 'flask\n«psycopg2==2.9.9»\n'),
    })),
    {
      title: 'by Poetry',
      files: installing(
        'pip install poetry && poetry install',
        'pyproject.toml',
        conf`
          [tool.poetry.dependencies]
          python = "^3.12"
          «psycopg2» = "^2.9"
        `,
      ),
    },
    {
      title: 'by Pipenv',
      files: installing(
        'pip install pipenv && pipenv install --system --deploy',
        'Pipfile',
        conf`
          [packages]
          «mysqlclient» = "*"
        `,
      ),
    },
    {
      title: 'as what the project needs',
      files: installing(
        'pip install --no-cache-dir .',
        'pyproject.toml',
        conf`
          [project]
          name = "shop"
          dependencies = [
              "flask>=3",
              "«psycopg2>=2.9»",
          ]
        `,
      ),
    },
    {
      title: 'other libraries alone',
      files: tree(
        'python:3.11-slim-bookworm',
        '«psycopg2 >= 2.9 ; python_version >= "3.8"»\n',
        'RUN apt-get update && apt-get install -y curl netcat-openbsd',
      ),
    },
    { title: 'uWSGI in a slim image', files: tree('python:3.11-slim', 'flask\n«uWSGI==2.0.28»\n') },
    {
      title: 'the library without a compiler',
      files: tree(
        'python:3.12-slim',
        '«psycopg2==2.9.10»\n',
        'RUN apt-get update && apt-get install -y --no-install-recommends libpq-dev',
      ),
    },
  ],
  good: [
    {
      title: 'compiled by somebody else',
      files: tree('python:3.12-slim', 'psycopg2-binary\npsycopg[binary]\n'),
    },
    {
      title: 'what is installed for development',
      files: installing(
        'pip install poetry && poetry install --only main',
        'pyproject.toml',
        conf`
          [tool.poetry.dependencies]
          psycopg2-binary = "^2.9"

          [tool.poetry.group.dev.dependencies]
          psycopg2 = "^2.9"
        `,
      ),
    },
    { title: 'the large image', files: tree('python:3.12', 'psycopg2\nmysqlclient\n') },
    {
      title: 'with its library',
      files: tree(
        'python:3.12-slim',
        'psycopg2\n',
        'RUN apt-get update && apt-get install -y --no-install-recommends gcc libpq-dev',
      ),
    },
    {
      title: 'a list of packages that a variable has',
      files: tree('python:3.12-alpine', 'psycopg2\n', 'ARG DEPS\nRUN apk add $DEPS'),
    },
    {
      title: 'a compiler that another package brings',
      files: tree(
        'python:3.12-alpine',
        'psycopg2\nuwsgi\n',
        'RUN apk add --no-cache alpine-sdk postgresql-dev',
      ),
    },
    { title: 'a script that installs', files: tree('python:3.12-alpine', 'psycopg2\n', 'RUN ./install.sh') },
    {
      title: 'a stage that has all of it',
      files: {
        ...tree('python:3.12-slim', 'psycopg2\n'),
        'web/Dockerfile': conf`
          FROM python:3.12 AS build
          COPY requirements.txt .
          RUN pip install --prefix=/install -r requirements.txt

          FROM python:3.12-slim
          COPY --from=build /install /usr/local
        `,
      },
    },
  ],
  *check(deployment) {
    const seen = new Set<Source>()
    for (const { image, machine, fault, files } of runImages(deployment)) {
      const source = image?.stage.at.source
      if (source === undefined || fault !== null || seen.has(source)) continue
      seen.add(source)
      const build = machine.container?.service.build?.context
      const context = build?.known === true ? build.value : posix.dirname(source.path)
      const { stages } = readDockerfile(source)
      const isBuilt = stages.find(({ at }) => at.start === image?.stage.at.start)
      for (const stage of stages)
        if (stage === isBuilt || usesStage(isBuilt, stages.indexOf(stage)))
          yield* uncompiled(stage, stages, context, files)
    }
  },
})

function usesStage(stage: DockerStage | undefined, index: number): boolean {
  return stage !== undefined && (stage.base === index || stage.copies.some(copy => copy.stage === index))
}

/** The file of the context that stands at a path of the image; null where none surely does. */
function copiedTo(
  path: string,
  chain: readonly DockerStage[],
  context: string,
  files: FileSystem,
): string | null {
  for (const { from, sources, target } of chain.flatMap(({ copies }) => copies).reverse()) {
    if (from !== null || !target.known) continue
    for (const source of sources) {
      if (!source.known || /[*?[$]/.test(source.value)) continue
      const own = posix.join(context, source.value).replace(/(.)\/$/, '$1')
      const at = target.value.replace(/(.)\/$/, '$1')
      if (files.kind(own) === 'directory') {
        const inside = posix.relative(at, path)
        if (!inside.startsWith('..') && files.kind(posix.join(own, inside)) === 'file')
          return posix.join(own, inside)
      } else if (path === at || path === posix.join(at, posix.basename(own))) return own
    }
  }
  return null
}

/** What installs a compiler, or a package that brings one. */
const COMPILER =
  /\bgcc\b|g\+\+|build-essential|build-base|alpine-sdk|\bclang\b|python3-pip|groupinstall|gfortran|\b(?:libtool|cmake|cargo|rustc?|golang(?:-go)?|dpkg-dev|debhelper|cython3|apache2-dev|libgdal-dev)\b/
const NO_COMPILER = 'gcc: No such file or directory'

/** What each needs of the system, as it is called where it is installed, and what pip says without it. */
const PACKAGES: readonly (readonly [
  name: RegExp,
  needs: readonly (readonly [installed: RegExp, said: string])[],
])[] = [
  [
    // Of 2.7 there were packages that are compiled.
    /^psycopg2(?![\w.-])(?!\s*==\s*2\.7\b)/i,
    [
      [/libpq-dev|postgresql\S*-dev|postgresql-devel|libpq5?-dev/, 'pg_config executable not found'],
      [COMPILER, NO_COMPILER],
    ],
  ],
  [
    /^mysqlclient(?![\w.-])/i,
    [
      [
        /libmysqlclient-dev|libmariadb-dev|mariadb(?:-connector-c)?-dev|mysql-devel|mysql-dev/,
        'Can not find valid pkg-config name',
      ],
      [COMPILER, NO_COMPILER],
    ],
  ],
  [/^uwsgi(?![\w.-])/i, [[COMPILER, 'you need a C compiler to build uWSGI']]],
  [
    /^python-ldap(?![\w.-])/i,
    [
      [/libldap|openldap-dev/, 'lber.h: No such file or directory'],
      [COMPILER, NO_COMPILER],
    ],
  ],
]

/** Files that name what a command installs. */
function installedLists(command: string): readonly string[] {
  return [
    ...requirementLists(command),
    ...(/\bpoetry\s+install\b|\buv\s+sync\b|\bpip[\d.]*\s+install\s+(?:-\S+\s+)*\.(?=\s|$)/.test(command)
      ? ['pyproject.toml']
      : []),
    ...(/\bpipenv\s+(?:install|sync)\b/.test(command) ? ['Pipfile'] : []),
  ]
}

/** Tables of Pipenv and Poetry, and the list of a project, with what is installed wherever it runs. */
const TABLES =
  /^\[(?:packages|tool\.poetry\.dependencies)\][ \t]*\n(?:(?!\[).*\n?)*|^dependencies\s*=\s*\[[^\]]*\]/gm
const REQUIRED = /^[ \t]*["']?([A-Za-z](?:[^\r\n#"']*(?=["'],?[ \t]*$)|[\w.-]*(?=\s*=)))/gm

/** Lines that name a package. */
function requirementLines(source: Source): readonly { readonly text: string; readonly start: number }[] {
  const { code, path } = source
  if (!/(?:^|\/)(?:Pipfile|pyproject\.toml)$/.test(path))
    return [...code.matchAll(/^[ \t]*[A-Za-z][^\r\n#]*/gm)].map(({ 0: line, index }) => {
      const text = line.trim()
      return { text, start: index + line.indexOf(text) }
    })
  return [...code.matchAll(TABLES)].flatMap(({ 0: table, index: at }) =>
    [...table.matchAll(REQUIRED)].map(({ 0: line, 1: text = '', index }) => ({
      text,
      start: at + index + line.indexOf(text),
    })),
  )
}

/** Packages that a stage compiles without what they need. */
function* uncompiled(
  stage: DockerStage,
  stages: readonly DockerStage[],
  context: string,
  files: FileSystem,
): Iterable<RuleFinding> {
  const chain = [stage]
  for (let base = stage.base; base !== null; base = stages[base]?.base ?? null) chain.unshift(stages[base]!)
  const { image } = chain[0]!
  if (!image.known || !/^(?:docker\.io\/)?(?:library\/)?python:\S*(?:slim|alpine)/.test(image.value)) return
  const steps = chain.flatMap(each => each.runs.map(({ command }) => stepText(command)))
  // Of a variable or a script nobody knows what it installs; wheels from elsewhere need nothing.
  if (
    steps.some(step =>
      /(?:apt|apk|apt-get)\b[^;&|]*\$|\.sh\b|--find-links|--only-binary|\bxargs\b/.test(step),
    )
  )
    return
  if (chain.some(each => each.copies.some(({ from }) => from !== null))) return
  const installed = stage.runs.flatMap(({ command }) => installedLists(commandText(command)))
  const [only] = installed
  if (only === undefined) return
  const directory =
    chain.findLast(({ workingDirectory }) => workingDirectory !== null)?.workingDirectory ?? null
  if (!only.startsWith('/') && directory?.known === false) return
  const path = copiedTo(
    posix.resolve(directory?.known === true ? directory.value : '/', only),
    chain,
    context,
    files,
  )
  const source = path === null ? null : sourceAt(files, path)
  if (source === null) return
  const all = steps.join('\n')
  for (const { text, start } of requirementLines(source)) {
    const [, needs = []] = PACKAGES.find(([name]) => name.test(text)) ?? []
    const lacks = needs.find(([installed]) => !installed.test(all))
    if (lacks === undefined) continue
    yield {
      at: { source, start, end: start + text.length },
      message: `\`${image.value}\` has not what this package is compiled with, so the image is not built: ${lacks[1]}`,
      label: 'compiled here',
      related: [{ at: stage.at, message: 'installed in this image' }],
    }
  }
}
