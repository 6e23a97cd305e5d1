import { posix } from 'node:path'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container, ContainerMount } from '../../src/deployment/containers/container.ts'
import { conf } from '../../src/engine/conf.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { toldTexts } from '../../src/deployment/setups/told-texts.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { isCovered, isForDevelopment } from './_mount-over.ts'
import { scriptAt } from './_started-words.ts'

const node = (
  service: string,
  more: Readonly<Record<string, string>> = {},
  run = 'RUN npm ci',
): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      web:
        build: .
        ports: ["3000:3000"]
        ${service}
  `,
  Dockerfile: conf`
    FROM node:22
    WORKDIR /app
    COPY package*.json ./
    ${run}
    COPY . .
    CMD ["npm", "start"]
  `,
  'package.json': '{ "scripts": { "start": "node server.js" }, "dependencies": { "express": "5.1.0" } }\n',
  'package-lock.json': '{}\n',
  'server.js': "require('express')().listen(3000)\n",
  ...more,
})
const WHOLE = 'volumes: [".:/app"]'
const renamed = (files: Readonly<Record<string, string>>, from: string, to: string): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [path === from ? to : path, text]))
const from = (image: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(node(WHOLE)).map(([path, text]) => [path, text.replace('FROM node:22', `FROM ${image}`)]),
  )
const php = (service: string): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      app:
        build: ./shop
        ${service}
  `,
  'shop/Dockerfile': conf`
    FROM php:8.4-apache
    WORKDIR /var/www/html
    COPY . .
    RUN composer install --no-dev
  `,
  'shop/composer.json': '{ "require": { "php": "^8.2", "monolog/monolog": "^3.0" } }\n',
  'shop/composer.lock': '{}\n',
})

export default defineRule({
  summary: 'A mount of the project hides the packages that its image has installed',
  severity: 'warning',
  otherSeverities: {
    info: 'where a script of the repository may install them on the host, too, and where the container is for development, as its files are called',
  },
  confidence: 'medium',
  since: '0.1.0',
  why: 'A directory of the host that is mounted over that of the application hides all that the build wrote there: `node_modules` of `npm ci`, `vendor` of `composer install`. The container has what the host has, and where nobody installed it there it has nothing: `Cannot find module`, `vendor/autoload.php: No such file or directory`. What the host installed may be built for another system.',
  remedy: 'Lay a volume over the directory of packages: `- /app/node_modules` below the mount',
  references: [
    'https://docs.docker.com/engine/storage/bind-mounts/#bind-mounting-over-existing-data',
    'https://docs.docker.com/reference/compose-file/services/#volumes',
  ],
  unproven: 'The live tests start no containers: what is mounted where, the compose file says',
  bad: [
    { title: 'packages of npm', files: node('volumes: ["«.:/app»"]') },
    {
      title: 'packages of npm that a script installs on the host, too',
      files: node('volumes: ["«.:/app»"]', { 'setup.sh': 'npm ci && docker compose up\n' }),
    },
    {
      title: 'packages of npm in a container for development',
      files: renamed(node('volumes: ["«.:/app»"]'), 'compose.yaml', 'docker-compose.dev.yml'),
    },
    {
      title: 'a volume for the packages of another project',
      files: node('command: npm run dev\nvolumes:\n  - .:/app\n  - «/usr/src/app/node_modules»'),
    },
    { title: 'packages of Composer', files: php('volumes: ["«./shop:/var/www/html»"]') },
  ],
  good: [
    { title: 'a volume for them', files: node('volumes: [".:/app", "/app/node_modules"]') },
    { title: 'a part of the project alone', files: node('volumes: ["./src:/app/src"]', { 'src/a.js': '' }) },
    { title: 'they are in the tree', files: node(WHOLE, { 'node_modules/express/index.js': '' }) },
    {
      title: 'the container installs them',
      files: node(`${WHOLE}\ncommand: sh -c "npm install && npm start"`),
    },
    {
      title: 'a script of the container installs them',
      files: node(`${WHOLE}\nentrypoint: ./start.sh`, { 'start.sh': '#!/bin/sh\nnpm ci\nexec npm start\n' }),
    },
    {
      title: 'they are installed elsewhere',
      files: node(WHOLE, {}, 'RUN npm ci --prefix /opt/packages'),
    },
    {
      title: 'the image declares a volume for them',
      files: node(WHOLE, {}, 'RUN npm ci\nVOLUME /app/node_modules'),
    },
    {
      title: 'Yarn is told of another directory',
      files: node(WHOLE, { '.yarnrc': '--modules-folder /node_modules\n' }, 'RUN yarn install'),
    },
    { title: 'a container to work in', files: node(`${WHOLE}\ncommand: sleep infinity`) },
    {
      title: 'an image of somebody else, whose entry point may install them',
      files: from('example/node'),
    },
    {
      title: 'packages that the build of a Python application alone needs',
      files: from('python:3.13'),
    },
    {
      title: 'Yarn without a directory of packages',
      files: node(WHOLE, { '.pnp.cjs': '' }, 'RUN yarn install'),
    },
    {
      title: 'packages of Composer that make installs in the container',
      files: {
        ...php('volumes: ["./shop:/var/www/html"]'),
        Makefile: conf`
          packages:
          	docker compose exec -T web sh -c "composer install --no-interaction"
        `,
      },
    },
    {
      title: 'packages that the README has people install in the container',
      files: { ...node(WHOLE), 'README.md': 'Then, once: `docker compose run --rm web npm ci`.\n' },
    },
    {
      title: 'packages of Composer that the host has',
      files: { ...php('volumes: ["./shop:/var/www/html"]'), 'shop/vendor/autoload.php': '<?php\n' },
    },
  ],
  *check(deployment) {
    for (const { container } of deployment.machines) {
      if (container === null || !container.service.complete) continue
      for (const { mount, at, directory, path, installs } of hiddenBy(container)) {
        if (isInstalledInside(deployment, installs)) continue
        const isInstalled = isForDevelopment(container, mount) || isInstalledByScript(container, path)
        const stray = strayVolume(container, directory)
        yield {
          at: stray?.at ?? mount.at,
          ...(isInstalled && stray === null && { severity: 'info' as const }),
          message:
            stray === null
              ? `this hides \`${directory}\`, which the build installs, and the directory of the host that is mounted has none in the repository`
              : `this volume keeps \`${stray.path}\`, which nothing fills, and the mount of the project hides \`${directory}\`, which the build installs`,
          label: stray === null ? 'hides what the build installs' : 'another directory',
          related: [
            ...(stray === null ? [] : [{ at: mount.at, message: 'hides what the build installs' }]),
            { at, message: 'installed here' },
          ],
          help: stray === null ? `Add \`- ${directory}\` to the volumes` : `Write \`${directory}\``,
        }
      }
    }
  },
})

/** A volume that was to keep the packages of the image, and has the path of another project. */
function strayVolume(
  { service, image }: Container,
  directory: string,
): { readonly at: Place; readonly path: string } | null {
  for (const { kind, source, target, at } of service.volumes) {
    if (kind !== 'volume' || source !== null || !target.known) continue
    const path = cleanPath(target.value)
    if (posix.basename(path) !== posix.basename(directory) || path === directory) continue
    const home = posix.dirname(path)
    // A part of the same project may have packages of its own.
    if (isBelow(path, posix.dirname(directory))) continue
    const isMade = image?.steps.some(step =>
      'sources' in step
        ? !step.target.known || isBelow(step.target.value, home)
        : commandText(step.command).includes(home),
    )
    if (isMade !== true) return { at, path }
  }
  return null
}

interface Hidden {
  readonly mount: ContainerMount
  /** Where the build installs. */
  readonly at: Place
  /** The directory of packages, in the container. */
  readonly directory: string
  /** What is mounted, in the repository. */
  readonly path: string
  /** The command that installs them. */
  readonly installs: RegExp
}

interface PackageManager {
  /** Images whose entry point installs nothing, and whose programs need the packages while they run. */
  readonly images: RegExp
  readonly installs: RegExp
  readonly manifest: string
  readonly directory: string
  /** A file that says that there is no such directory. */
  readonly without: string
}

const MANAGERS: readonly PackageManager[] = [
  {
    images: /^(?:node|oven\/bun|debian|ubuntu|alpine)$/,
    installs:
      /\b(?:npm (?:ci|i|install)|pnpm (?:i|install)|bun (?:i|install)|yarn(?: install)?(?= *(?:-|&|;|$)))/m,
    manifest: 'package.json',
    directory: 'node_modules',
    without: '.pnp.cjs',
  },
  {
    images: /^(?:php|composer|debian|ubuntu|alpine)$/,
    installs: /\bcomposer(?:\.phar)? +(?:install|update)\b/,
    manifest: 'composer.json',
    directory: 'vendor',
    without: 'vendor.phar',
  },
]

function hiddenBy(container: Container): readonly Hidden[] {
  const { image, service, mounts, hostFiles, base } = container
  const home = image?.workingDirectory
  if (image === null) return []
  if (home?.known !== true || service.volumesFrom.length > 0) return []
  const own = cleanPath(
    service.workingDirectory?.known === true ? service.workingDirectory.value : home.value,
  )
  if (service.workingDirectory?.known === false || own !== cleanPath(home.value)) return []
  const first = mounts.find(({ target, from }) => from === 'volumes' && isBelow(own, cleanPath(target)))
  if (first === undefined || first.path === null) return []
  const path = posix.join(first.path, posix.relative(cleanPath(first.target), own))
  return MANAGERS.flatMap(manager => {
    if (!manager.images.test(base ?? '')) return []
    const directory = posix.join(own, manager.directory)
    const [manifest, packages, without] = [manager.manifest, manager.directory, manager.without].map(name =>
      hostFiles.kind(posix.join(path, name)),
    )
    if (manifest !== 'file' || packages !== null || without !== null) return []
    if (isCovered(container, directory, first)) return []
    const settings = ['.yarnrc', '.yarnrc.yml', '.npmrc'].map(
      name => sourceAt(hostFiles, posix.join(path, name))?.text ?? '',
    )
    if (settings.some(text => /modules-?(?:folder|dir)|prefix/i.test(text))) return []
    const run = image.steps.find(
      step => !('sources' in step) && manager.installs.test(commandText(step.command)),
    )
    if (run === undefined || 'sources' in run) return []
    const text = commandText(run.command)
    if (
      /\bcd\b|--prefix|--cwd|--working-dir|-d |-C |\s-g\b|--global|modules-folder|npm (?:i|install) [@\w]/.test(
        text,
      )
    )
      return []
    if (installsAtStart(container, manager, path) || changesDirectory(run.at.source.code)) return []
    return [{ mount: first, at: run.at, directory, path, installs: manager.installs }]
  })
}

/** True where what starts the container installs them, or may. */
function installsAtStart(container: Container, { installs }: PackageManager, path: string): boolean {
  const { service, image, hostFiles } = container
  const given = [service.entrypoint, service.command].flatMap(each => each?.words ?? [])
  const own = [image?.entrypoint ?? null, image?.command ?? null].flatMap(each =>
    each === null ? [] : [each],
  )
  const words = [...given, ...own.flatMap(each => (each.form === 'exec' ? each.words : [each.script]))]
  // A script of the package may install before it starts.
  const scripts = sourceAt(hostFiles, posix.join(path, 'package.json'))?.code ?? ''
  const text = words.map(each => each.text).join(' ')
  // What runs in a container to work in is started by hand.
  if (
    installs.test(scripts) ||
    installs.test(text) ||
    /\bsleep\b|\btail -f\b|^(?:\/bin\/)?(?:ba)?sh$/.test(text)
  )
    return true
  return words.some(word => {
    const script = scriptAt(container, word)
    return script === null
      ? /\.(?:sh|bash)\b|\bmake\b|supervisord/.test(word.text)
      : INSTALLS.test(script.source.code)
  })
}

const INSTALLS = /\b(?:install|ci|yarn|composer|bundle)\b/

/** True where steps work in several directories, so that nobody knows where packages are installed. */
function changesDirectory(code: string): boolean {
  return new Set([...code.matchAll(/^[ \t]*WORKDIR[ \t]+(\S+)/gim)].map(([, path]) => path)).size > 1
}

/** True where a README, make or a script installs them in the container that runs: `docker compose exec php composer install`. */
function isInstalledInside(deployment: Deployment, installs: RegExp): boolean {
  return toldTexts(deployment).some(
    ({ path, text }) =>
      !/dockerfile/i.test(path) &&
      text.split('\n').some(line => {
        const at = IN_CONTAINER.exec(line)
        return at !== null && installs.test(line.slice(at.index))
      }),
  )
}

const IN_CONTAINER =
  /\b(?:docker|podman|compose|DOCKER\w*|COMPOSE\w*)\b.*\b(?:exec|run)\b|\b(?:make|\$\(MAKE\)) exec|^\s*@?(?:\$\(?\w*EXEC\w*|make exec)/

/** True where a script of the repository installs them on the host, too. */
function isInstalledByScript({ project, hostFiles }: Container, path: string): boolean {
  return [...new Set([path, project.directory, posix.join(project.directory, 'scripts')])].some(directory =>
    (hostFiles.list(directory) ?? []).some(
      ({ name, kind }) =>
        kind === 'file' &&
        name.endsWith('.sh') &&
        INSTALLS.test(sourceAt(hostFiles, posix.join(directory, name))?.code ?? ''),
    ),
  )
}
