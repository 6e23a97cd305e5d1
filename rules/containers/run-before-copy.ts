import { posix } from 'node:path'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerCopy, DockerRun, DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import type { Source } from '../../parsers/text/source.ts'
import { matchesName } from '../../parsers/wildcard/libc-fnmatch.ts'
import { hasWildcard } from '../../parsers/wildcard/tokens.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { composeWith, siteTo } from './_examples.ts'
import { type RunImage, runImages } from './_images.ts'
import { instructionWord } from './_instruction-word.ts'

const image = (lines: string, files: Record<string, string> = {}): Record<string, string> => ({
  'docker-compose.yml': composeWith({ command: '["node", "index.js"]' }),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': lines,
  ...files,
})
const PACKAGE = { 'web/package.json': '{ "dependencies": { "express": "4" } }\n' }

export default defineRule({
  summary: 'A build runs a program before the files that it reads are copied',
  severity: 'error',
  otherSeverities: {
    warning:
      'where `yarn install`, or `npm install` of npm 6, finds no `package.json`, and ends well all the same',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'A Dockerfile is built from top to bottom: what a `COPY` brings is not there above it. `npm install`, `pnpm install`, `bundle install`, `composer install` and `pip install -r` end the build; Yarn 1, and npm up to version 6, install nothing, say so to nobody, and the container ends with `Cannot find module`.',
  remedy: 'Copy the files that the program reads above its line',
  references: [
    'https://docs.docker.com/build/building/best-practices/',
    'https://docs.docker.com/reference/dockerfile/#copy',
  ],
  unproven: 'The live tests build no images',
  bad: [
    {
      title: 'npm behind what installs packages',
      files: image(
        conf`
          FROM node:22
          WORKDIR /app
          RUN apt-get update && apt-get install -y curl git
          «RUN» npm ci
          COPY . .
        `,
        PACKAGE,
      ),
    },
    {
      title: 'npm before anything is copied',
      files: image(
        conf`
          FROM node:22
          WORKDIR /app
          «RUN» npm install
          COPY . .
        `,
        PACKAGE,
      ),
    },
    {
      title: 'npm 6, which ends well',
      files: image(
        conf`
          FROM node:14-alpine
          WORKDIR /app
          «RUN» npm install
          COPY . .
        `,
        PACKAGE,
      ),
    },
    {
      title: 'pnpm before its file',
      files: image(
        conf`
          FROM node:22
          WORKDIR /app
          RUN corepack enable
          «RUN» pnpm install --frozen-lockfile
          COPY . .
        `,
        PACKAGE,
      ),
    },
    {
      title: 'a command of Django, with the requirements alone',
      files: image(
        conf`
          FROM python:3.12
          WORKDIR /app
          COPY requirements.txt .
          RUN pip install -r requirements.txt
          «RUN» python manage.py collectstatic --noinput
          COPY . .
        `,
        { 'web/requirements.txt': 'django\n', 'web/manage.py': 'import django\n' },
      ),
    },
    {
      title: 'Prisma, of which no schema is there yet',
      files: image(
        conf`
          FROM node:22
          WORKDIR /app
          COPY package.json package-lock.json ./
          «RUN» npm ci
          COPY . .
        `,
        {
          'web/package.json': '{ "scripts": { "postinstall": "prisma generate" } }\n',
          'web/package-lock.json': '{}\n',
          'web/prisma/schema.prisma': 'datasource db { }\n',
        },
      ),
    },
    {
      title: 'Composer before its file',
      files: image(
        conf`
          FROM php:8.3-fpm
          COPY --from=composer:2 /usr/bin/composer /usr/bin/composer
          WORKDIR /var/www/html
          «RUN» composer install --no-dev
          COPY . .
        `,
        { 'web/composer.json': '{}\n' },
      ),
    },
  ],
  good: [
    {
      title: 'a list of gems of another name',
      files: image(
        conf`
          FROM ruby:3.3
          WORKDIR /app
          COPY Gemfile.next Gemfile.next.lock ./
          ENV BUNDLE_GEMFILE=Gemfile.next
          RUN bundle install
          COPY . .
        `,
        { 'web/Gemfile': 'source "x"\n', 'web/Gemfile.next': 'source "x"\n' },
      ),
    },
    {
      title: 'the package of another directory',
      files: image(
        conf`
          FROM node:22
          WORKDIR /app
          COPY ui/package.json ui/
          RUN npm ci --prefix=ui
          COPY . .
        `,
        { ...PACKAGE, 'web/ui/package.json': '{}\n' },
      ),
    },
    {
      title: 'the package first',
      files: image(
        conf`
          FROM node:22
          WORKDIR /app
          COPY package*.json ./
          RUN npm ci
          COPY . .
        `,
        PACKAGE,
      ),
    },
    {
      title: 'a directory that only a context above this one has',
      files: image(
        conf`
          FROM node:22
          WORKDIR /app
          COPY shop/ .
          RUN npm ci
          COPY . .
        `,
        PACKAGE,
      ),
    },
    {
      title: 'all of the project first',
      files: image(
        conf`
          FROM node:22
          WORKDIR /app
          COPY . .
          RUN npm install && npm run build
        `,
        PACKAGE,
      ),
    },
    {
      title: 'packages by their names',
      files: image(
        conf`
          FROM node:22
          RUN npm install -g pm2
          WORKDIR /app
          COPY . .
          RUN npm ci
        `,
        PACKAGE,
      ),
    },
    {
      title: 'a file that the build lends to the line',
      files: image(
        conf`
          FROM node:22
          WORKDIR /app
          RUN --mount=type=bind,source=package.json,target=package.json npm install
          COPY . .
        `,
        PACKAGE,
      ),
    },
    {
      title: 'an image of somebody else, which may have the files',
      files: image(
        conf`
          FROM example.org/base
          RUN npm install
          COPY . .
        `,
        PACKAGE,
      ),
    },
    {
      title: 'a second time, when all is there',
      files: image(
        conf`
          FROM node:22
          WORKDIR /app
          RUN npm install
          COPY . .
          RUN npm install
        `,
        PACKAGE,
      ),
    },
    {
      title: 'Prisma with its schema',
      files: image(
        conf`
          FROM node:22
          WORKDIR /app
          COPY package.json ./
          COPY prisma ./prisma
          RUN npm install
          COPY . .
        `,
        {
          'web/package.json': '{ "scripts": { "postinstall": "prisma generate" } }\n',
          'web/prisma/schema.prisma': 'datasource db { }\n',
        },
      ),
    },
  ],
  *check(deployment) {
    const seen = new Set<Source>()
    for (const run of runImages(deployment)) {
      if (run.image === null || run.fault !== null) continue
      const { source } = run.image.stage.at
      const context = contextOf(run, source)
      if (context === null || seen.has(source)) continue
      seen.add(source)
      for (const stage of readDockerfile(source).stages) yield* tooEarly(stage, context, run.files)
    }
  },
})

function contextOf({ machine: { container } }: RunImage, { path }: Source): string | null {
  if (container === null) return posix.dirname(path)
  const build = container.service.build
  return build?.context.known === true && build.context.value.startsWith('/') ? build.context.value : null
}

/** Images that bring a language and no project. */
const LANGUAGES =
  /^(?:docker\.io\/)?(?:library\/)?(?:node|python|ruby|golang|php|composer|rust|maven|gradle|eclipse-temurin|debian|ubuntu|alpine)(?::(?!\S*onbuild)[\w.-]+)?(?:@\S+)?$/

interface Program {
  readonly pattern: RegExp
  /** The file that it reads, by the words of the command. */
  readonly file: (match: RegExpExecArray) => string
  readonly said: string
  /** True where it ends well without it, in an image: it installs nothing. */
  readonly isQuiet?: (image: string) => boolean
  /** True where it makes up for another one of its file that ran too early. */
  readonly installsAll?: true
}

/** Since npm 7, which came with Node.js 15, `npm install` wants a `package.json`, too. */
const WITH_NPM_6 = /(?:^|\/)node:(?:\d|1[0-4])(?![\d])/

const OPTIONS = '(?:\\s+-{1,2}[\\w-]+(?:=\\S+)?)*'
const PROGRAMS: readonly Program[] = [
  {
    pattern: new RegExp(`^(?:npm\\s+(?:ci|clean-install)|npm\\s+run\\s+[\\w:-]+)${OPTIONS}$`),
    file: () => 'package.json',
    said: 'npm error code ENOENT',
  },
  {
    pattern: new RegExp(`^npm\\s+(?:install|i)${OPTIONS}$`),
    file: () => 'package.json',
    said: 'npm error code ENOENT',
    isQuiet: image => WITH_NPM_6.test(image),
    installsAll: true,
  },
  {
    pattern: new RegExp(`^pnpm\\s+(?:install|i)${OPTIONS}$`),
    file: () => 'package.json',
    said: 'ERR_PNPM_NO_PKG_MANIFEST',
    installsAll: true,
  },
  {
    pattern: new RegExp(`^yarn(?:\\s+install)?${OPTIONS}$`),
    file: () => 'package.json',
    said: 'nothing is installed',
    isQuiet: () => true,
    installsAll: true,
  },
  {
    pattern:
      /^(?:\S*python[\d.]*\s+-m\s+)?pip3?\s+install\s+(?:-\S+\s+)*(?:-r|--requirement)[\s=]+([\w.-]+)\b/,
    file: match => match[1] ?? '',
    said: 'Could not open requirements file',
  },
  {
    pattern: /^\S*python[\d.]*\s+manage\.py\s/,
    file: () => 'manage.py',
    said: "can't open file 'manage.py'",
  },
  {
    pattern: new RegExp(`^bundle\\s+install${OPTIONS}(?:\\s+\\d+)?$`),
    file: () => 'Gemfile',
    said: 'Could not locate Gemfile',
  },
  {
    pattern: new RegExp(`^composer\\s+install${OPTIONS}$`),
    file: () => 'composer.json',
    said: 'Composer could not find a composer.json file',
  },
  { pattern: /^go\s+mod\s+(?:download|tidy)$/, file: () => 'go.mod', said: 'go.mod file not found' },
]

/** The first lines of a stage that run a program whose file no line above has copied. */
function* tooEarly(stage: DockerStage, context: string, files: FileSystem) {
  if (stage.base !== null || !stage.image.known || !LANGUAGES.test(stage.image.value)) return
  const told = new Set<string>()
  for (const run of stage.runs) {
    if (run.documents.length > 0 || isMounted(run)) continue
    const above = stage.copies.filter(({ at }) => at.start < run.at.start)
    if (above.some(copy => mayBringAll(copy))) continue
    // What another program writes or fetches may be any file.
    const before = stage.runs.filter(({ at }) => at.start < run.at.start)
    if (before.some(each => FETCHES.test(commandText(each.command).replace(INSTALLED, '')))) continue
    const variables = [...stage.args, ...stage.environment].map(({ name }) => name)
    for (const part of commandText(run.command).split(/\s*(?:&&|\|\||;|\n)\s*/)) {
      if (OF_OTHER_FILE.test(part) || variables.some(name => NAMES_FILE.test(name))) continue
      if (FETCHES.test(part.replace(INSTALLED, ''))) break
      const program = PROGRAMS.find(({ pattern }) => pattern.test(part.trim()))
      const match = program?.pattern.exec(part.trim())
      if (program === undefined || match == null) continue
      const missing = missingOf(program.file(match), above, context, files)
      if (missing === null || told.has(missing.file)) continue
      const below = stage.copies.find(
        copy => copy.at.start > run.at.start && copies(copy, missing.file, context, files),
      )
      if (below === undefined || isRepeated(stage, run, program)) continue
      told.add(missing.file)
      const isQuiet = !missing.isSchema && program.isQuiet?.(stage.image.value) === true
      const said = isQuiet ? 'nothing is installed' : program.said
      yield {
        at: instructionWord(run.at),
        severity: isQuiet ? ('warning' as const) : ('error' as const),
        message: `\`${part.trim()}\` runs before \`${missing.file}\` is copied: ${missing.isSchema ? 'Could not find Prisma Schema' : said}`,
        label: 'not there yet',
        related: [{ at: instructionWord(below.at), message: 'copied here' }],
        help: `Copy \`${missing.file}\` above this line`,
      }
    }
  }
}

/** Packages by their names. */
const INSTALLED = /\b(?:apt-get|apt|apk|yum|dnf)\b[^;&|\n]*/g
/** What brings files by itself. */
const FETCHES =
  /\bgit\s+clone\b|\bcurl\b|\bwget\b|\btar\b|\bunzip\b|>\s*\S|\b(?:npm|yarn|pnpm|composer|npx|cargo|go|bundle|rails|django-admin|symfony|laravel)\s+(?:mod\s+)?(?:init|create|new|create-\S+|startproject)\b|\bcp\b|\bmv\b|\bcd\b|\bln\b/

/** Options and variables by which a program reads another file, or the one of another directory. */
const OF_OTHER_FILE = /\s--(?:gemfile|prefix|working-dir|cwd|dir|modfile|project-dir)\b/
const NAMES_FILE = /^(?:BUNDLE_GEMFILE|COMPOSER|npm_config_prefix|NPM_CONFIG_PREFIX)$/

function isMounted({ at }: DockerRun): boolean {
  const { code } = at.source
  return (
    /^RUN\s+(?:\\\s*)?--mount/i.test(code.slice(at.start, at.start + 200)) ||
    /type=bind/.test(code.slice(at.start, at.end))
  )
}

function mayBringAll({ from, sources, target, documents }: DockerCopy): boolean {
  if (documents.length > 0 || !target.known) return true
  // A program of another image is no file of the project.
  if (from !== null) return !/^\/(?:usr\/)?(?:local\/)?s?bin(?:\/|$)/.test(target.value)
  return sources.some(source => !source.known)
}

/** The file that no line above brings; null where one may. */
function missingOf(
  file: string,
  above: readonly DockerCopy[],
  context: string,
  files: FileSystem,
): { readonly file: string; readonly isSchema: boolean } | null {
  if (files.kind(posix.join(context, file)) !== 'file') return null
  const own = above.filter(({ from }) => from === null)
  if (!own.some(copy => copies(copy, file, context, files))) return { file, isSchema: false }
  const manifest = file === 'package.json' ? sourceAt(files, posix.join(context, file)) : null
  const generates = /"(?:postinstall|prepare|install)"\s*:\s*"[^"]*\bprisma generate\b(?![^"]*--schema)/
  if (manifest === null || !generates.test(manifest.text)) return null
  const schema = 'prisma/schema.prisma'
  if (files.kind(posix.join(context, schema)) !== 'file') return null
  return own.some(copy => copies(copy, 'prisma', context, files) || copies(copy, schema, context, files))
    ? null
    : { file: schema, isSchema: true }
}

/** True where a copy brings a file of the context, or may. */
function copies({ from, sources }: DockerCopy, file: string, context: string, files: FileSystem): boolean {
  if (from !== null) return false
  return sources.some(source => {
    if (!source.known) return true
    const path = posix.normalize(source.value).replace(/^\/|\/$/g, '')
    if (path === '' || path === '.' || path === file || file.startsWith(`${path}/`)) return true
    if (hasWildcard(path)) return matchesName(posix.basename(path), posix.basename(file))
    if (posix.basename(path) === file) return true
    // What is not there lies in another context than this one, and may hold the file.
    if (files.kind(posix.join(context, path)) === null) return true
    return files.kind(posix.join(context, path, file)) !== null
  })
}

/** True where the same kind of program runs again further down, when all is there. */
function isRepeated(stage: DockerStage, run: DockerRun, { pattern, file }: Program): boolean {
  const kinds = PROGRAMS.filter(each => each.file(['', ''] as never) === file(['', ''] as never))
  return stage.runs.some(
    other =>
      other.at.start > run.at.start &&
      commandText(other.command)
        .split(/\s*(?:&&|\|\||;|\n)\s*/)
        .some(
          part =>
            pattern.test(part.trim()) ||
            kinds.some(each => each.installsAll === true && each.pattern.test(part.trim())),
        ),
  )
}
