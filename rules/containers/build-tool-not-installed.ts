import { posix } from 'node:path'
import type { DockerCopy, Dockerfile, DockerRun, DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { type PackageJson, readPackageJson } from '../../parsers/javascript/package-json.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { composeWith, siteTo } from './_examples.ts'
import { instructionWord } from './_instruction-word.ts'
import { type BuiltFile, builtFiles, chainOf } from './_stages.ts'

const PACKAGE = conf`
  {
    "scripts": { "build": "vite build" },
    "dependencies": { "vue": "3.5.0" },
    "devDependencies": { "vite": "6.0.0" }
  }
`
const tree = (steps: string, written = PACKAGE): Record<string, string> => ({
  'docker-compose.yml': composeWith({ command: '["node", "server.js"]' }),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': conf`
    FROM node:22-slim
    WORKDIR /app
    COPY package.json ./
    ${steps}
  `,
  'web/package.json': written,
  'web/index.html': '<!doctype html>\n',
  'web/server.js': 'require("http").createServer().listen(8000)\n',
})

export default defineRule({
  summary: 'A build needs a tool that is not installed without `devDependencies`',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`npm ci --omit=dev`, as any installation of npm with `NODE_ENV=production`, leaves out what stands in `devDependencies`, and that is where Vite, webpack and TypeScript are. The build of the image ends: `sh: vite: not found`, and the containers go on with the old one.',
  remedy:
    'Install everything in the stage that builds, and leave out `devDependencies` in the stage that runs, or with `npm prune --omit=dev` behind the build',
  references: [
    'https://docs.npmjs.com/cli/v10/commands/npm-ci#omit',
    'https://docs.docker.com/guides/nodejs/containerize/',
  ],
  unproven: 'The live tests build no images',
  bad: [
    {
      title: 'npm without them',
      files: tree(conf`
        «RUN» npm install --omit=dev
        COPY . .
        RUN npm run build
      `),
    },
    {
      title: 'a variable that says the same',
      files: tree(
        conf`
          ENV NODE_ENV=production
          COPY . .
          «RUN» npm install && npm run build
        `,
        PACKAGE.replace('vite build', 'NODE_OPTIONS=--max-old-space-size=4096 vite build --mode production'),
      ),
    },
    {
      title: 'pnpm without them',
      files: tree(conf`
        COPY . .
        «RUN» corepack enable && pnpm install -P && pnpm build
      `),
    },
    {
      title: 'the packages of another stage',
      files: tree(
        conf`
          «RUN» npm ci --only=production
          FROM node:22 AS build
          WORKDIR /app
          COPY --from=0 /app/node_modules ./node_modules
          COPY . .
          RUN npm run build
        `,
      ),
    },
  ],
  good: [
    {
      title: 'pnpm, which installs them since version 10',
      files: tree(conf`
        ENV NODE_ENV=production
        COPY . .
        RUN corepack enable && pnpm install && pnpm build
      `),
    },
    {
      title: 'an option of npm that saves, and leaves nothing out',
      files: tree(conf`
        RUN npm install -P
        COPY . .
        RUN npm run build
      `),
    },
    {
      title: 'all of them, and fewer behind the build',
      files: tree(conf`
        RUN npm ci
        COPY . .
        RUN npm run build && npm prune --omit=dev
      `),
    },
    {
      title: 'the variable of production, and an option that installs them',
      files: tree(conf`
        ENV NODE_ENV=production
        RUN npm install --include=dev
        COPY . .
        RUN npm run build
      `),
    },
    {
      title: 'a variable behind the installation',
      files: tree(conf`
        RUN yarn install
        ENV NODE_ENV=production
        COPY . .
        RUN yarn build
      `),
    },
    {
      title: 'a tool that is installed for itself',
      files: tree(conf`
        RUN npm ci --omit=dev && npm install -g vite
        COPY . .
        RUN npm run build
      `),
    },
    {
      title: 'a stage that builds and one that runs',
      files: tree(conf`
        RUN npm ci
        COPY . .
        RUN npm run build
        FROM node:22-slim
        WORKDIR /app
        COPY package.json ./
        RUN npm ci --omit=dev
        COPY --from=0 /app/dist ./dist
      `),
    },
    {
      title: 'a tool that runs in production, too',
      files: tree(
        conf`
          RUN npm ci --omit=dev
          COPY . .
          RUN npm run build
        `,
        PACKAGE.replace('"vue"', '"vite": "6.0.0", "vue"'),
      ),
    },
    {
      title: 'a tool that another package brings along',
      files: tree(
        conf`
          RUN npm ci --omit=dev
          COPY . .
          RUN npm run build
        `,
        PACKAGE.replace('"vue"', '"@vitejs/plugin-vue": "5.2.0", "vue"'),
      ),
    },
    {
      title: 'a build that fetches its tool',
      files: tree(
        conf`
          RUN npm ci --omit=dev
          COPY . .
          RUN npm run build
        `,
        PACKAGE.replace('vite build', 'npx vite build'),
      ),
    },
  ],
  *check(deployment) {
    for (const file of builtFiles(deployment)) {
      for (const stage of file.dockerfile.stages) {
        const found = failing(file, stage)
        if (found === null) continue
        const { installed, tool, written, built } = found
        yield {
          at: instructionWord(installed.at),
          message: `this leaves out \`devDependencies\`, where \`${written.name}\` is, and the build of the image ends at \`${built.name}\`: ${tool}: not found`,
          label: 'without devDependencies',
          related: [
            { at: instructionWord(built.at), message: 'the build' },
            { at: written.at, message: 'installed for development alone' },
          ],
        }
      }
    }
  },
})

/** The packages of programs, and what may bring the package along as one that it needs beside itself. */
const PACKAGES: Readonly<Record<string, readonly [name: string, bringers: RegExp]>> = {
  vite: ['vite', /vite|svelte|storybook|astro|nuxt|qwik|solid|remix|react-router|tanstack|vinxi/],
  'react-scripts': ['react-scripts', /react-scripts|craco|rewired/],
  'vue-cli-service': ['@vue/cli-service', /vue\/cli|vue-cli/],
  ng: ['@angular/cli', /angular\/(?:cli|build)|angular-devkit|schematics|universal|ssr/],
  nest: ['@nestjs/cli', /nestjs\/(?:cli|schematics)/],
  astro: ['astro', /astro/],
  parcel: ['parcel', /parcel/],
  mix: ['laravel-mix', /mix/],
  encore: ['@symfony/webpack-encore', /encore/],
  'vue-tsc': ['vue-tsc', /vue-tsc|language-tools|vite|nuxt/],
  tsc: [
    'typescript',
    /typescript|^ts-|-ts$|tsx|tsc|eslint|nestjs\/cli|schematics|svelte|astro|angular|nuxt|vue|i18next|type-graphql|typeorm|oclif/,
  ],
}

interface Failing {
  readonly installed: DockerRun
  readonly tool: string
  readonly written: { readonly name: string; readonly at: Place }
  readonly built: { readonly name: string; readonly at: Place }
}

function failing(file: BuiltFile, stage: DockerStage): Failing | null {
  const chain = chainOf(file.dockerfile, stage)
  let without = broughtFrom(file.dockerfile, stage)
  for (const run of [...chain].reverse().flatMap(({ runs }) => runs)) {
    const isOwn = stage.runs.includes(run)
    for (const command of commandsOf(run)) {
      const installs = INSTALL.test(command)
      if (installs) without = leavesOut(command, chain, run) ? run : null
      else if (FETCHES.test(command)) without = null
      const name = isOwn && without !== null ? BUILD.exec(command)?.[1] : undefined
      if (name === undefined || without === null) continue
      const read = packageOf(file, chain)
      const tool = read === null ? null : toolOf(read, name)
      if (read === null || tool === null) return null
      return { installed: without, ...tool, built: { name: command.trim(), at: run.at } }
    }
  }
  return null
}

/** An installation of all that `package.json` names. */
const INSTALL =
  /^\s*(?:npm (?:ci|clean-install|i|install)|yarn(?: install)?|pnpm (?:i|install))(?=\s+-|\s*$)(?!.*\s(?:-g|--global|-C|--prefix|--cwd|-w|--workspace\S*|--filter\S*)(?=\s|=|$))/
/** Whatever else may install the tool, or says so little that nobody knows. */
const FETCHES =
  /\b(?:npm (?:i|install|add|ci)|yarn (?:add|global|workspaces?)|pnpm (?:add|i|install|fetch)|bun|lerna|nx|turbo|rush|make|sh|bash|cd|pushd)\b|\.sh\b/
const BUILD =
  /^\s*(?:[A-Z_]+=\S+\s+)*(?:npm run(?:-script)? |yarn(?: run)? |pnpm(?: run)? )(build(?::[\w-]+)?)\s*$/

/** The commands of a step; of one that goes on whatever fails, none. */
function commandsOf({ command, documents }: DockerRun): readonly string[] {
  const text = commandText(command)
  if (documents.length > 0 || /\|\||;|\bif\b|\$\(|`/.test(text))
    return [/install|\bci\b/.test(text) ? 'sh' : '']
  return text.replace(/\\\n/g, ' ').split('&&')
}

function leavesOut(command: string, chain: readonly DockerStage[], run: DockerRun): boolean {
  if (
    /--include[= ]dev|--production[= ]false|--prod[= ]false|--dev\b|--no-production|NODE_ENV=/.test(command)
  )
    return false
  if (/--omit[= ]dev|--only[= ]prod|--prod(?:uction)?(?=\s|$)|\bpnpm .*-P(?=\s|$)/.test(command)) return true
  const set = chain
    .flatMap(({ environment }) => environment)
    .filter(({ name, at }) => name === 'NODE_ENV' && at.start < run.at.start)
  const last = set.reduce<(typeof set)[number] | null>(
    (one, other) => (one === null || other.at.start > one.at.start ? other : one),
    null,
  )
  // Yarn of today installs them all the same, and so does pnpm since version 10.
  return last?.value.known === true && last.value.value === 'production' && /^\s*npm /.test(command)
}

/** The step of another stage that filled the `node_modules` which this one copies. */
function broughtFrom(dockerfile: Dockerfile, { copies }: DockerStage): DockerRun | null {
  const isModules = ({ sources }: DockerCopy): boolean =>
    sources.some(source => source.known && /(?:^|\/)node_modules\/?$/.test(source.value))
  const from = copies.filter(copy => copy.stage !== null && isModules(copy))
  const stage = from.length === 1 ? dockerfile.stages[from[0]?.stage ?? -1] : undefined
  if (stage === undefined) return null
  const chain = chainOf(dockerfile, stage)
  let without: DockerRun | null = null
  for (const run of [...chain].reverse().flatMap(({ runs }) => runs))
    for (const command of commandsOf(run)) {
      if (INSTALL.test(command)) without = leavesOut(command, chain, run) ? run : null
      else if (FETCHES.test(command)) without = null
    }
  return without
}

/** The `package.json` that a stage copies. */
function packageOf({ context, source, files }: BuiltFile, chain: readonly DockerStage[]): PackageJson | null {
  const base = context ?? posix.dirname(source.path)
  const copied = chain
    .flatMap(({ copies }) => copies)
    .filter(({ from }) => from === null)
    .flatMap(({ sources }) => sources.flatMap(each => (each.known ? [each.value] : [])))
  const named = copied.filter(each => /(?:^|\/)package(?:\.json|\*\.json|\*)$/.test(each))
  if (new Set(named.map(each => posix.dirname(posix.join('/', each)))).size > 1) return null
  const directory = named[0] === undefined ? '.' : posix.dirname(posix.join('/', named[0])).slice(1)
  return readAt(files, posix.join(base, directory, 'package.json'))
}

function readAt(files: FileSystem, path: string): PackageJson | null {
  const read = sourceAt(files, path)
  return read === null ? null : readPackageJson(read)
}

/** The first program of a script whose package is one for development alone. */
function toolOf(
  { scripts, dependencies, devDependencies, hasWorkspaces }: PackageJson,
  name: string,
): Pick<Failing, 'tool' | 'written'> | null {
  const script = scripts.get(name)
  if (script === undefined || hasWorkspaces || /\|\||[;|]/.test(script) || scripts.has(`pre${name}`))
    return null
  for (const part of script.split('&&')) {
    const tool = /^\s*(?:(?:cross-env\s+)?[A-Z_]+=\S+\s+)*([\w-]+)(?=\s|$)/.exec(part)?.[1] ?? ''
    const wanted = PACKAGES[tool]
    if (wanted === undefined) continue
    const [needed, bringers] = wanted
    const at = devDependencies.get(needed)
    if (at !== undefined && ![...dependencies].some(each => each === needed || bringers.test(each)))
      return { tool, written: { name: needed, at } }
  }
  return null
}
