import { posix } from 'node:path'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerCopy, DockerRun, DockerStage, DockerUser } from '../../parsers/dockerfile/dockerfile.ts'
import { imageOfStage } from '../../parsers/dockerfile/image-of-stage.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow, overlap } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'
import { instructionWord } from './_instruction-word.ts'
import { baseOf, type BuiltFile, builtFiles, chainOf } from './_stages.ts'

const image = (lines: string): Record<string, string> => ({
  'docker-compose.yml': composeWith({ command: '["./start"]' }),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': lines,
  'web/package.json': '{ "dependencies": { "express": "4" } }\n',
  'web/package-lock.json': '{}\n',
})
const node = (lines: string, base = 'node:22-slim'): Record<string, string> =>
  image(conf`
    FROM ${base}
    WORKDIR /app
    ${lines}
    CMD ["node", "server.js"]
  `)

export default defineRule({
  summary: 'A step of an image writes as a user for whom the directory is not writable',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: "What `WORKDIR` makes belongs to root, if no other `USER` stands above it, and so does what `COPY` makes without `--chown`. The steps below `USER node` run as that account: `npm ci` may not make `node_modules` there, and the build ends with `EACCES: permission denied, mkdir '/app/node_modules'`. `COPY --chown` gives away the files that it copies, and not a directory that was there before.",
  remedy:
    'Give the directory to the account before `USER`: `RUN chown node:node /app`; or install as root and switch below it',
  references: [
    'https://docs.docker.com/reference/dockerfile/#workdir',
    'https://docs.docker.com/reference/dockerfile/#user',
    'https://github.com/nodejs/docker-node/blob/main/docs/BestPractices.md#non-root-user',
  ],
  unproven: 'The live tests build no images',
  bad: [
    {
      title: 'packages of npm',
      files: node(conf`
        USER node
        COPY package*.json ./
        «RUN» npm ci --omit=dev
        COPY . .
      `),
    },
    {
      title: 'files that are given away, in a directory that is not',
      files: node(conf`
        COPY --chown=node:node package.json package-lock.json ./
        USER node
        «RUN» npm install
        COPY --chown=node:node . .
      `),
    },
    {
      title: 'an account that is made, and a stage that stands on another one',
      files: image(conf`
        FROM node:22-alpine AS base
        WORKDIR /srv/shop
        RUN addgroup -S shop && adduser -S shop -G shop
        FROM base
        COPY package.json yarn.lock ./
        USER shop
        «RUN» yarn install --frozen-lockfile && yarn cache clean
      `),
    },
    {
      title: 'a directory below a home',
      files: image(conf`
        FROM node:22
        WORKDIR /home/node/app
        USER node
        COPY package.json .
        «RUN» npm install
      `),
    },
    {
      title: 'a virtual environment',
      files: image(conf`
        FROM python:3.12-slim
        RUN useradd --create-home shop
        WORKDIR /app
        USER shop
        «RUN» python -m venv venv
        COPY . .
      `),
    },
    {
      title: 'directories',
      files: node(conf`
        COPY . .
        USER 1000
        «RUN» mkdir -p uploads logs
      `),
    },
    {
      title: 'a directory elsewhere',
      files: image(conf`
        FROM python:3.12-slim
        RUN useradd shop
        USER shop
        «RUN» mkdir /data
      `),
    },
    {
      title: 'packages of PHP',
      files: image(conf`
        FROM php:8.3-cli
        WORKDIR /srv/shop
        COPY --from=composer:2 /usr/bin/composer /usr/bin/composer
        COPY composer.json composer.lock ./
        USER www-data
        «RUN» composer install --no-dev
      `),
    },
    {
      title: 'a build of Maven',
      files: image(conf`
        FROM maven:3.9-eclipse-temurin-21
        WORKDIR /build
        COPY . .
        USER ubuntu
        «RUN» mvn -B -q package
      `),
    },
  ],
  good: [
    { title: 'root', files: node('COPY package*.json ./\nRUN npm ci\nUSER node\nCOPY . .') },
    {
      title: 'a directory that was given away',
      files: node('RUN chown node:node /app\nUSER node\nCOPY package*.json ./\nRUN npm ci'),
    },
    {
      title: 'the directory that is given away by a dot',
      files: node('COPY . .\nRUN chown -R node .\nUSER node\nRUN npm ci'),
    },
    {
      title: 'a directory that the account’s own step makes',
      files: image(conf`
        FROM node:22
        USER node
        WORKDIR /home/node/app
        COPY package.json .
        RUN npm ci
      `),
    },
    {
      title: 'a `WORKDIR` below `USER`, which BuildKit makes for the account',
      files: image('FROM node:22\nUSER node\nWORKDIR /app\nCOPY package.json .\nRUN npm ci\n'),
    },
    {
      title: 'a home',
      files: image('FROM node:22\nWORKDIR /home/node\nUSER node\nCOPY package.json .\nRUN npm ci\n'),
    },
    {
      title: 'a copy of everything with an owner',
      files: node('COPY --chown=node:node . .\nUSER node\nRUN npm ci'),
    },
    {
      title: 'a directory that a copy makes with an owner',
      files: image(conf`
        FROM node:22
        COPY --chown=node package.json /app/
        WORKDIR /app
        USER node
        RUN npm ci
      `),
    },
    { title: 'an image of somebody else', files: node('USER node\nRUN npm ci', 'example/node:22') },
    { title: 'a step that nobody reads', files: node('RUN ./prepare.sh\nUSER node\nRUN npm ci') },
    { title: 'a user that comes from outside', files: node('ARG WHO\nUSER $WHO\nRUN npm ci') },
    { title: 'root in between', files: node('USER node\nUSER root\nRUN npm ci\nUSER node') },
    { title: 'packages elsewhere', files: node('USER node\nRUN npm install --prefix /home/node/app') },
    { title: 'a step that may fail', files: node('USER node\nRUN mkdir logs || true') },
    {
      title: 'a directory of the account elsewhere',
      files: image(conf`
        FROM python:3.12-slim
        RUN useradd shop && mkdir /data && chown shop /data
        USER shop
        RUN mkdir -p /data/uploads
      `),
    },
    { title: 'the home of the account', files: node('USER node\nRUN mkdir -p /home/node/.cache ~/.npm') },
    {
      title: 'the directory of the image of PHP',
      files: image('FROM php:8.3-apache\nWORKDIR /var/www/html\nUSER www-data\nRUN mkdir uploads\n'),
    },
    {
      title: 'modules of a mount',
      files: node('USER node\nRUN --mount=type=cache,target=/app/node_modules,uid=1000 npm ci'),
    },
    {
      title: 'an account whose home it is',
      files: image(conf`
        FROM python:3.12
        RUN useradd -m -d /app shop
        WORKDIR /app
        USER shop
        RUN python -m venv venv
      `),
    },
    {
      title: 'the user’s own packages',
      files: image('FROM python:3.12\nWORKDIR /app\nUSER 1000\nRUN pip install --user flask\n'),
    },
  ],
  *check(deployment) {
    for (const file of builtFiles(deployment))
      for (const stage of file.dockerfile.stages) {
        const found = failingStep(file, stage)
        if (found === null) continue
        const { run, account, path, said, user, directory } = found
        yield {
          at: instructionWord(run.at),
          message: `this runs as \`${account}\`, and \`${path}\` belongs to root: ${said}`,
          label: 'not as root',
          related: [
            { at: user.at, message: 'the account of the lines below' },
            ...(directory === null ? [] : [{ at: directory, message: 'made for root' }]),
          ],
          help: `Write \`RUN chown ${account} ${path}\` above \`USER\`, or move this line above it`,
        }
      }
  },
})

interface Failing {
  readonly run: DockerRun
  readonly account: string
  /** The directory that belongs to root. */
  readonly path: string
  readonly said: string
  readonly user: DockerUser
  /** The `WORKDIR` that makes it. */
  readonly directory: Place | null
}

/** The images that have root for a user, and nothing of another account but what `OWN` names. */
const OFFICIAL =
  /^(?:node|python|php|ruby|golang|rust|debian|ubuntu|alpine|eclipse-temurin|amazoncorretto|openjdk|maven|perl|composer|oven\/bun)(?=[:@]|$)/
/** Directories of such an image that others may write, and homes. */
const OWN = /^(?:\/(?:tmp|var\/tmp|go|dev|run|proc)(?:\/.*)?|\/var\/www\/html|\/(?:home|root)(?:\/[^/]+)?)$/
/** Commands that may give anything away, or become another account. */
const OPENS =
  /\b(?:su|sudo|gosu|su-exec|runuser|setpriv|umask|setfacl|make|rsync|tar)\b|\.sh\b|(?:^|[;&|\s])\.\/|\b(?:ba|a)?sh\s+-?\w/

/** The first step of a stage that writes where its account may not; null where none is sure to. */
function failingStep(file: BuiltFile, stage: DockerStage): Failing | null {
  const { dockerfile } = file
  const base = baseOf(dockerfile, stage)
  const built = imageOfStage(dockerfile, String(dockerfile.stages.indexOf(stage)))
  if (base === null || !OFFICIAL.test(base) || built === null) return null
  const users = chainOf(dockerfile, stage)
    .flatMap(each => each.users)
    .sort((one, other) => one.at.start - other.at.start)
  for (const [index, run] of built.steps.entries()) {
    if ('sources' in run || !stage.runs.includes(run)) continue
    const user = users.findLast(({ at }) => at.start < run.at.start)
    const account = user?.account.known === true ? user.account.value.replace(/:.*$/, '') : null
    if (user === undefined || account === null || /^(?:root|0+)?$/.test(account) || /[^\w.-]/.test(account))
      continue
    const before = built.steps.slice(0, index)
    for (const { path, made, said } of writtenIn(run)) {
      if (made !== null && before.some(step => mayMake(step, made, file))) continue
      if (OWN.test(path) || before.some(step => mayOpen(step, path))) continue
      const isWork = run.directory?.known === true && cleanPath(run.directory.value) === path
      const directory = isWork ? (run.directory?.at ?? null) : null
      // In BuildKit a `WORKDIR` below `USER` is made for that user.
      if (isWork && (directory === null || users.some(({ at }) => at.start < directory.start))) continue
      if (directory !== null && before.some(step => isGivenBefore(step, directory, path))) continue
      return { run, account, path, said, user, directory }
    }
  }
  return null
}

interface Written {
  /** The directory in which something is made. */
  readonly path: string
  /** What is made there; null where its name says enough. */
  readonly made: string | null
  readonly said: string
}

/** What makes a directory in the one in which it is started, and the name of that one. */
const MAKES: readonly (readonly [command: RegExp, made: string])[] = [
  [
    /^npm (?:ci|clean-install|i|install)(?=\s|$)(?!.*\s(?:-g|--global|-C|--prefix\S*|--dry-run|--package-lock-only)(?=\s|=|$))/,
    'node_modules',
  ],
  [
    /^yarn(?: install)?(?=\s+--(?!version|modules-folder|cwd|pure-lockfile-only)|\s*$)(?!.*--(?:modules-folder|cwd))/,
    'node_modules',
  ],
  [/^pnpm (?:i|install)(?=\s|$)(?!.*\s(?:-g|--global|-C|--dir|--prefix)(?=\s|=|$))/, 'node_modules'],
  [/^python3? -m venv (?:--[\w-]+ )*(\.?\w[\w.-]*)$/, ''],
  [/^virtualenv (\.?\w[\w.-]*)$/, ''],
  [/^composer install(?=\s|$)(?!.*(?:-d\b|--working-dir|--dry-run))/, 'vendor'],
  [/^mvn(?:\s+-\S+)*\s+(?:clean\s+)?(?:package|install|verify|compile)(?=\s|$)/, 'target'],
]

function* writtenIn({ at, command, directory, documents }: DockerRun): Iterable<Written> {
  const text = commandText(command).replace(/\\\r?\n/g, ' ')
  if (
    documents.length > 0 ||
    command.form === 'exec' ||
    /^RUN(?:\s|\\\r?\n)+--mount/i.test(at.source.code.slice(at.start, at.start + 200)) ||
    /\|\||;|\$\(|`|\bif\b|\bset \+e/.test(text)
  )
    return
  const home =
    directory?.known === true && directory.value.startsWith('/') ? cleanPath(directory.value) : null
  for (const each of text.split('&&').map(part => part.trim().replace(/\s+/g, ' '))) {
    if (/^(?:cd|pushd|export|su|sudo)\b/.test(each)) return
    const made = MAKES.flatMap(([pattern, name]) => {
      const match = pattern.exec(each)
      return match === null ? [] : [match[1] ?? name]
    })[0]
    const what = made === 'node_modules' ? 'EACCES: permission denied, mkdir' : 'Permission denied:'
    if (made !== undefined && home !== null)
      yield { path: home, made: null, said: `${what} '${posix.join(home, made)}'` }
    const [, words = ''] = /^mkdir ((?:-p |--parents )?[\w./ -]+)$/.exec(each) ?? []
    for (const word of words.split(' ').filter(part => part !== '' && !part.startsWith('-'))) {
      if (!word.startsWith('/') && home === null) continue
      const full = cleanPath(posix.resolve(home ?? '/', word))
      const path = word.startsWith('/') ? rootsDirectory(full) : home
      if (path === null || full === path) continue
      const made = posix.join(path, posix.relative(path, full).split('/')[0]!)
      yield { path, made, said: `mkdir: cannot create directory '${word}': Permission denied` }
    }
  }
}

/** The directory of root in which a directory of this path has to be made, as every distribution has it. */
function rootsDirectory(path: string): string | null {
  const [, parent = null] =
    /^(\/(?:opt|srv|usr\/(?:src|local)|var\/(?:lib|log|www|cache)))\/[^/]+/.exec(path) ?? []
  if (parent !== null) return parent
  return /^\/(?:data|app|apps|code|src|uploads|logs|config|storage|workspace|cache|static|media)(?:\/|$)/.test(
    path,
  )
    ? '/'
    : null
}

/** True where a directory may be there before. */
function mayMake(step: DockerCopy | DockerRun, path: string, { context, files }: BuiltFile): boolean {
  if (!('sources' in step)) return commandText(step.command).includes(posix.basename(path))
  if (!step.target.known) return true
  const target = cleanPath(step.target.value)
  if (!overlap(target, path)) return false
  if (step.from !== null || context === null || !isBelow(path, target) || path === target) return true
  // What a copy brings from the context, and what it does not.
  return step.sources.some(
    source =>
      !source.known ||
      (!FILE.test(source.value) &&
        (/[*?[]/.test(source.value) ||
          files.kind(posix.join(context, source.value, posix.relative(target, path))) !== null)),
  )
}

/** True where a step before may have given the directory to the account. */
function mayOpen(step: DockerCopy | DockerRun, path: string): boolean {
  if ('sources' in step) {
    if (!step.target.known) return true
    const target = cleanPath(step.target.value)
    const isOwned = step.owner !== null || step.mode !== null
    // Files of the account leave the directory in which they are put as it is.
    const areFiles = step.sources.every(source => source.known && FILE.test(source.value))
    if (target === path && isOwned) return !areFiles
    return (isOwned || step.from !== null) && isBelow(path, target) && target !== '/'
  }
  const text = commandText(step.command).replace(/\\\r?\n/g, ' ')
  if (step.documents.length > 0 || OPENS.test(text)) return true
  if (/\b(?:useradd|adduser|usermod)\b/.test(text) && (isSaid(text, path) || /-u\s*0\b/.test(text)))
    return true
  return /\bcho(?:wn|mod)\b|(?:^|[;&|])\s*install\s/.test(text) && isSaid(text, path)
}

const FILE =
  /(?:^|\/)(?:package\*?|[\w.*-]+)\.(?:json|lock|ya?ml|toml|txt|js|mjs|cjs|ts|npmrc|cfg)\*?$|\/\.\w+rc$/

/** True where words speak of a directory, of one above it, or of what nobody knows. */
function isSaid(text: string, path: string): boolean {
  return text.split(/[\s"'=;,&|]+/).some(word => {
    if (/^\.{1,2}\/?$|[$*]/.test(word)) return true
    return word.startsWith('/') && isBelow(path, cleanPath(word))
  })
}

/** A copy that makes the directory before its `WORKDIR`. */
function isGivenBefore(step: DockerCopy | DockerRun, directory: Place, path: string): boolean {
  return (
    step.at.start < directory.start &&
    ('sources' in step
      ? step.owner !== null && step.target.known && isBelow(cleanPath(step.target.value), path)
      : false)
  )
}
