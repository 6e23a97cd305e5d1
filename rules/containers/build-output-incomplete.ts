import { posix } from 'node:path'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type {
  DockerCommand,
  DockerCopy,
  DockerRun,
  DockerStage,
} from '../../parsers/dockerfile/dockerfile.ts'
import { imageOfStage } from '../../parsers/dockerfile/image-of-stage.ts'
import { readPackageJson } from '../../parsers/javascript/package-json.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { everyFileBelow, type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import { composeWith, siteTo } from './_examples.ts'
import { looseImages, type RunImage, runImages } from './_images.ts'
import { instructionWord } from './_instruction-word.ts'

const next = (
  copies: string,
  configuration = "module.exports = { output: 'standalone' }\n",
): Record<string, string> => ({
  'docker-compose.yml': composeWith({ command: '["node", "server.js"]' }),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': conf`
    FROM node:22 AS build
    WORKDIR /app
    COPY . .
    RUN npm ci && npm run build
    FROM node:22-slim
    WORKDIR /app
    ${copies}
    CMD ["node", "server.js"]
  `,
  'web/package.json': '{ "dependencies": { "next": "15.0.0" } }\n',
  'web/next.config.js': configuration,
})

/** The stages that the documentation of Next.js shows: each stands on the first. */
const staged = (copies: string): Record<string, string> => ({
  'docker-compose.yml': composeWith(),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': conf`
    FROM node:22-alpine AS base
    RUN corepack enable && cp /etc/hosts /tmp/hosts
    FROM base AS builder
    WORKDIR /app
    COPY . .
    RUN npm ci && npm run build
    FROM base AS runner
    WORKDIR /app
    ${copies}
    CMD ["node", "server.js"]
  `,
  'web/package.json': '{ "scripts": { "build": "next build" }, "dependencies": { "next": "15.0.0" } }\n',
  'web/next.config.mjs': "export default { output: 'standalone' }\n",
})
const NEXT_PARTS = conf`
  COPY --from=builder /app/.next/standalone ./
  COPY --from=builder /app/.next/static ./.next/static
`
/** A server that is built with these packages. */
const server = (copies: string, packages: string): Record<string, string> => ({
  ...staged(copies),
  'web/package.json': `{ "dependencies": { ${packages} } }\n`,
  'web/next.config.mjs': '',
})
/** An application in an image of one stage. */
const alone = (steps: string, script = 'next build'): Record<string, string> => ({
  ...staged(''),
  'docker-compose.yml': composeWith().replace(/\n *command:.*/, ''),
  'web/Dockerfile': conf`
    FROM node:22-alpine
    WORKDIR /app
    COPY . .
    RUN npm ci && npm run build
    ${steps}
  `,
  'web/package.json': `{ "scripts": { "build": "${script}", "start": "node .next/standalone/server.js" } }\n`,
})

export default defineRule({
  summary: 'An image has a part alone of what the build of its application wrote',
  severity: 'error',
  otherSeverities: { warning: 'where `public` of Next.js alone is left behind' },
  confidence: 'high',
  since: '0.1.0',
  why: "`output: 'standalone'` of Next.js makes a server in `.next/standalone` without `.next/static` and `public`: pages come, and each script and style sheet of them is 404, so that they have no style and do nothing. Without that line the directory is not made at all, and the build of the image ends. The servers of Nuxt, Remix, React Router, Angular and Astro stand beside their files for browsers in the same way.",
  remedy: 'Copy both: `COPY --from=build /app/.next/static ./.next/static`',
  references: ['https://nextjs.org/docs/app/api-reference/config/next-config-js/output'],
  unproven: 'The live tests build no images',
  bad: [
    {
      title: 'Next.js without its static files',
      files: next('«COPY» --from=build /app/.next/standalone ./'),
    },
    {
      title: 'of an image that no compose file builds',
      files: Object.fromEntries(
        Object.entries(next('«COPY» --from=build /app/.next/standalone ./')).filter(([path]) =>
          path.startsWith('web/'),
        ),
      ),
    },
    {
      title: 'stages that stand on a first one',
      files: staged(conf`
        COPY --from=builder /app/public ./public
        «COPY» --from=builder --chown=node:node /app/.next/standalone ./
      `),
    },
    {
      title: 'Next.js without what its pages show of `public`',
      files: {
        ...staged(NEXT_PARTS.replace('COPY', '«COPY»')),
        'web/public/logo.svg': '<svg/>',
        'web/app/page.jsx': 'export default () => <img src="/logo.svg" />\n',
      },
    },
    {
      title: 'a package of a repository of several',
      files: {
        ...staged(conf`
          «COPY» --from=builder /app/apps/shop/.next/standalone ./
        `),
        'web/next.config.mjs': '',
        'web/apps/shop/next.config.mjs': "export default { output: 'standalone' }\n",
      },
    },
    {
      title: 'one stage, whose command starts the server in its directory',
      files: alone('«CMD» ["node", ".next/standalone/server.js"]'),
    },
    {
      title: 'one stage, whose script does the same',
      files: alone('«CMD» ["npm", "start"]'),
    },
    {
      title: 'Next.js that makes no such directory',
      files: next(
        conf`
          «COPY» --from=build /app/.next/standalone ./
          COPY --from=build /app/.next/static ./.next/static
        `,
        'module.exports = { reactStrictMode: true }\n',
      ),
    },
    {
      title: 'Nuxt without its public files',
      files: next('«COPY» --from=build /app/.output/server ./server'),
    },
    {
      title: 'React Router without its files for browsers',
      files: server(
        conf`
          COPY --from=builder /app/node_modules ./node_modules
          «COPY» --from=builder /app/build/server ./build/server
        `,
        '"@react-router/serve": "7.1.0"',
      ),
    },
    {
      title: 'Astro without its files for browsers',
      files: server('«COPY» --from=builder /app/dist/server ./dist/server', '"@astrojs/node": "9.0.0"'),
    },
  ],
  good: [
    {
      title: 'both directories of Next.js',
      files: next(conf`
        COPY --from=build /app/.next/standalone ./
        COPY --from=build /app/.next/static ./.next/static
      `),
    },
    { title: 'both, and stages that stand on a first one', files: staged(NEXT_PARTS) },
    {
      title: 'a release for which it was an experiment',
      files: {
        ...staged(NEXT_PARTS),
        'web/next.config.mjs': 'export default { experimental: { outputStandalone: true } }\n',
      },
    },
    {
      title: 'a public directory that is copied, and one that nobody asks for',
      files: {
        ...staged(`${NEXT_PARTS}COPY --from=builder /app/public ./public\n`),
        'web/public/logo.svg': '<svg/>',
        'web/app/page.jsx': 'export default () => <img src="/logo.svg" />\n',
      },
    },
    {
      title: 'a picture in `public` that no page shows',
      files: {
        ...staged(NEXT_PARTS),
        'web/public/next.svg': '<svg/>',
        'web/app/page.jsx': 'export default () => <p>Shop</p>\n',
      },
    },
    {
      title: 'all of the project',
      files: staged('COPY --from=builder /app ./\nCOPY --from=builder /app/.next/standalone ./\n'),
    },
    {
      title: 'the static files by a pattern',
      files: staged(
        'COPY --from=builder /app/.next/standalone ./\nCOPY --from=builder /app/.next/stat[i]c ./.next/static\n',
      ),
    },
    ...[
      ['a script of the build that copies them', 'next build && cp -r .next/static .next/standalone/.next/'],
      ['a script that nobody knows', 'next build && node scripts/finish.js'],
    ].map(([title = '', script = '']) => ({
      title,
      files: {
        ...staged('COPY --from=builder /app/.next/standalone ./'),
        'web/package.json': `{ "scripts": { "build": "${script}" } }\n`,
      },
    })),
    {
      title: 'a step of the image that copies them',
      files: alone(conf`
        RUN cp -r .next/static .next/standalone/.next/static
        CMD ["node", ".next/standalone/server.js"]
      `),
    },
    {
      title: 'one stage, whose build copies them',
      files: alone('CMD ["npm", "start"]', 'next build && cp -r .next/static .next/standalone/.next/'),
    },
    {
      title: 'a volume for the static files',
      files: {
        ...staged('COPY --from=builder /app/.next/standalone ./'),
        'docker-compose.yml': composeWith({ web: 'volumes: ["./static:/app/.next/static"]' }),
      },
    },
    {
      title: 'an output that the environment decides',
      files: next(
        conf`
          COPY --from=build /app/.next/standalone ./
          COPY --from=build /app/.next/static ./.next/static
        `,
        'module.exports = { output: process.env.NEXT_OUTPUT }\n',
      ),
    },
    {
      title: 'another image that serves the static files',
      files: {
        ...staged('COPY --from=builder /app/.next/standalone ./'),
        'web/Dockerfile': staged('COPY --from=builder /app/.next/standalone ./')['web/Dockerfile']!.replace(
          'FROM base AS runner',
          'FROM nginx:1.27 AS static\nCOPY --from=builder /app/.next/static /srv/_next/static\nFROM base AS runner',
        ),
      },
    },
    {
      title: 'static files on another host',
      files: next(
        'COPY --from=build /app/.next/standalone ./',
        "module.exports = { output: 'standalone', assetPrefix: 'https://cdn.example.org' }\n",
      ),
    },
    { title: 'all that Nuxt wrote', files: next('COPY --from=build /app/.output ./.output') },
    {
      title: 'all that React Router wrote, and a server of another kind',
      files: server('COPY --from=builder /app/build ./build', '"@react-router/serve": "7.1.0"'),
    },
    {
      title: 'a server that is no such application',
      files: server('COPY --from=builder /app/dist/server ./dist/server', '"express": "4.19.2"'),
    },
    {
      title: 'static files that nginx serves',
      files: {
        ...next('COPY --from=build /app/.next/standalone ./'),
        'nginx/site.conf': siteTo('web:8000').replace(
          'location / {',
          'location /_next/static/ {\n        alias /srv/static/;\n    }\n    location / {',
        ),
      },
    },
  ],
  *check(deployment) {
    const seen = new Set<Source>()
    for (const run of [...runImages(deployment), ...looseImages(deployment)]) {
      if (run.image === null || run.fault !== null) continue
      const { source } = run.image.stage.at
      if (seen.has(source)) continue
      seen.add(source)
      for (const part of partsOf(run)) {
        const said = faultOf(deployment, run, part)
        if (said !== null)
          yield {
            at: instructionWord(part.at),
            ...(said.isMinor && { severity: 'warning' as const }),
            message: said.message,
            label: 'a part of the build',
            related: part.built === null ? [] : [{ at: part.built, message: 'built in this stage' }],
            help: said.help,
          }
      }
    }
  },
})

interface Output {
  readonly tool: string
  readonly part: RegExp
  /** What belongs to it, and is copied with it. */
  readonly rest: string
  /** The URLs of what is not there. */
  readonly urls: string
  /** A package that its `package.json` names; null where the directory itself says what made it. */
  readonly needs: RegExp | null
}

const OUTPUTS: readonly Output[] = [
  {
    tool: 'Next.js',
    part: /\.next\/standalone(?:\/|$)[/.*]*$/,
    rest: '.next/static',
    urls: '/_next/static',
    needs: null,
  },
  { tool: 'Nuxt', part: /\.output\/server\/?$/, rest: '.output/public', urls: '/_nuxt', needs: null },
  {
    tool: 'React Router',
    part: /build\/server\/?$/,
    rest: 'build/client',
    urls: '/assets',
    needs: /^@(?:react-router|remix-run)\/(?:serve|express|node)$/,
  },
  {
    tool: 'Astro',
    part: /dist\/server\/?$/,
    rest: 'dist/client',
    urls: '/_astro',
    needs: /^@astrojs\/node$/,
  },
]

/** A line by which the server alone of an application comes into the image, or is started where it was built. */
interface Part {
  readonly at: Place
  readonly output: Output
  /** The directory of the application in the stage that builds it. */
  readonly home: string
  /** The same in the repository; null where nobody knows. */
  readonly directory: string | null
  /** Where the stage begins that builds it; null where it is that of the line itself. */
  readonly built: Place | null
  readonly copies: readonly DockerCopy[]
  readonly commands: readonly DockerCommand[]
}

function* partsOf(run: RunImage): Iterable<Part> {
  const image = run.image!
  const { stages, steps } = image
  const build = run.machine.container?.service.build?.context
  const context = build?.known === true ? build.value : posix.dirname(image.stage.at.source.path)
  for (const step of steps) {
    if (!isCopy(step) || step.stage === null) continue
    const [file] = step.sources
    const output = file?.known === true ? OUTPUTS.find(({ part }) => part.test(file.value)) : undefined
    if (file?.known !== true || output === undefined) continue
    const builder = imageOfStage({ stages }, String(step.stage))
    if (builder === null) continue
    const home = posix.resolve('/', file.value.replace(output.part, ''))
    yield {
      at: step.at,
      output,
      home,
      directory: directoryOf(context, home, builder.workingDirectory),
      built: builder.stage.at,
      // Another image of the same Dockerfile may serve what this one lacks.
      copies: [...steps.filter(isCopy), ...stages.flatMap(({ copies }) => copies.filter(isFromStage))],
      commands: stages.flatMap(({ runs }) => runs.map(({ command }) => command)),
    }
  }
  const { command } = image
  const home = image.workingDirectory?.known === true ? image.workingDirectory.value : null
  if (command === null || home === null || image.entrypoint !== null || run.command?.at !== command.at) return
  const directory = directoryOf(context, home, image.workingDirectory)
  const scripts = directory === null ? null : packageIn(run.files, directory)?.scripts
  const text = commandText(command)
  const started = /^(?:npm (?:run )?|yarn (?:run )?|pnpm (?:run )?|bun run )start$/.test(text)
    ? (scripts?.get('start') ?? '')
    : text
  if (!/^(?:NODE_ENV=\w+ )?node (?:\.\/)?\.next\/standalone\/server\.js$/.test(started.trim())) return
  if (!steps.some(step => !isCopy(step) && BUILDS.test(commandText(step.command)))) return
  yield {
    at: command.at,
    output: OUTPUTS[0]!,
    home,
    directory,
    built: null,
    // The server looks beside itself, wherever else the files lie.
    copies: [],
    commands: stages.flatMap(({ runs }) => runs.map(each => each.command)),
  }
}

function isCopy(step: DockerCopy | DockerRun): step is DockerCopy {
  return 'kind' in step
}

function isFromStage({ from }: DockerCopy): boolean {
  return from !== null
}

/** `npm run build`, `next build`. */
const BUILDS = /\b(?:(?:npm|pnpm|bun) run|yarn(?: run)?|next|pnpm) build\b/

/** Where the repository has what lies in a directory of a stage to whose working directory the context is copied. */
function directoryOf(
  context: string,
  home: string,
  workingDirectory: DockerStage['workingDirectory'],
): string | null {
  if (workingDirectory?.known !== true) return null
  if (home !== workingDirectory.value && !isBelow(home, workingDirectory.value)) return null
  return posix.join(context, posix.relative(workingDirectory.value, home))
}

interface Said {
  readonly message: string
  readonly help: string
  readonly isMinor: boolean
}

function faultOf(deployment: Deployment, run: RunImage, part: Part): Said | null {
  const { output, directory, commands, home } = part
  const { tool, rest, urls, needs } = output
  const { files } = run
  const manifest = directory === null ? null : packageIn(files, directory)
  if (needs !== null && ![...(manifest?.dependencies ?? [])].some(name => needs.test(name))) return null
  const configuration = directory === null ? null : configurationIn(files, directory)
  const steps = commands.map(commandText)
  if (steps.some(step => mayCopy(step)) || [...(manifest?.scripts ?? [])].some(isUnknownScript)) return null
  if (tool === 'Next.js' && configuration !== null && !MAY_STAND_ALONE.test(configuration))
    return steps.some(step => /standalone|NEXT_/i.test(step)) ||
      run.image!.stages.some(({ environment, args }) =>
        [...environment, ...args].some(({ name }) => /STANDALONE/.test(name)),
      )
      ? null
      : {
          message:
            "the configuration of Next.js does not say `output: 'standalone'`, so the build writes no such directory: not found",
          help: "Write `output: 'standalone'` into it",
          isMinor: false,
        }
  const isElsewhere = configuration !== null && /assetPrefix|cdnURL|\.\.\./.test(configuration)
  if (!isElsewhere && !isBrought(part, rest) && !isServed(deployment, run, part))
    return {
      message: `the files for browsers are left in the build, so \`${urls}/…\` of ${tool} is 404`,
      help:
        part.built === null
          ? `Write \`RUN cp -r ${rest} .next/standalone/.next/\` above it`
          : `Copy \`${posix.join(home, rest)}\`, too`,
      isMinor: false,
    }
  const page = tool === 'Next.js' && directory !== null ? publicFile(files, directory) : null
  if (page === null || isBrought(part, 'public') || run.mounts.some(({ from }) => from !== 'COPY'))
    return null
  return deployment.nginx.length > 0 &&
    deployment.nginx.some(({ occurrences }) => occurrences.has('root') || occurrences.has('alias'))
    ? null
    : {
        message: `\`public\` is no part of \`.next/standalone\` and is left in the build, so \`${page}\` is 404`,
        help:
          part.built === null
            ? 'Write `RUN cp -r public .next/standalone/` above it'
            : `Copy \`${posix.join(home, 'public')}\`, too`,
        isMinor: true,
      }
}

/** Before release 12.2 it was `experimental.outputStandalone`. */
const MAY_STAND_ALONE = /standalone|\boutput\b|\.\.\.|["']\.{1,2}\//i

/** True for a step that may put together what belongs together: it copies such a directory, or is a script of its own. */
function mayCopy(step: string): boolean {
  const text = step.replaceAll(/https?:\/\/\S+/g, '')
  return (
    /\b(?:cp|mv|ln|rsync|tar)\b[^;&|]*(?:static|\.next|standalone|public|\.output|client|build|dist|[$*])/.test(
      text,
    ) || /next\.config|(?:^|[\s/])[\w.-]+\.(?:sh|m?js|py)\b|\b(?:make|just|task)\b/.test(text)
  )
}

/** True for a script of a project around its build that does more than to build it. */
function isUnknownScript([name, text]: readonly [string, string]): boolean {
  if (/static|standalone/.test(text) && !/^(?:NODE_ENV=\w+ )?node \S*server\.js$/.test(text)) return true
  if (name === 'postbuild') return !/^next-sitemap\b/.test(text)
  return name === 'build' && mayCopy(text)
}

/** True where a copy may bring a directory of the application, by itself or with what is around it. */
function isBrought({ home, copies }: Part, directory: string): boolean {
  const path = posix.join(home, directory)
  return copies.some(({ sources, from }) =>
    sources.some(source => {
      if (!source.known) return true
      const [plain = ''] = source.value.split(/[*?[]/)
      const isPattern = plain !== source.value
      const text = plain.replace(/(?<=.)\/\.?$/, '')
      if (from === null) return /^\/?\.?$/.test(text) ? directory !== 'public' : text.endsWith(directory)
      return text.endsWith(directory) || isBelow(path, text) || (isPattern && path.startsWith(plain))
    }),
  )
}

/** True where another server may have the files. */
function isServed(deployment: Deployment, { mounts }: RunImage, { output }: Part): boolean {
  const url = output.urls
  return (
    deployment.nginx.some(({ occurrences }) =>
      (occurrences.get('location') ?? []).some(({ args }) =>
        args.some(({ value }) => /_next|_nuxt/.test(value) || value.includes(url)),
      ),
    ) ||
    mounts.some(
      ({ target, from }) => from !== 'COPY' && /\.next|\.output|static|public|client/.test(target),
    ) ||
    (clusterFiles(deployment)?.ingresses.ingresses ?? []).some(({ paths }) =>
      paths.some(({ path }) => path.includes(url)),
    )
  )
}

/** The URL of a file in `public` that the application names; null where there is none. */
function publicFile(files: FileSystem, directory: string): string | null {
  const home = posix.join(directory, 'public')
  if (files.kind(home) !== 'directory') return null
  const kept = everyFileBelow(files, home, { levels: 4, skipped: /^\./, most: 300, isWanted: isPicture })
  const pages = PAGES.flatMap(
    name =>
      everyFileBelow(files, posix.join(directory, name), {
        levels: 6,
        skipped: /^(?:\.|node_modules$)/,
        most: 300,
        isWanted: file => /\.(?:[jt]sx?|mdx?|css)$/.test(file),
      }) ?? [],
  )
  const urls = (kept ?? []).map(path => path.slice(home.length))
  for (const page of urls.length === 0 ? [] : pages) {
    const text = sourceAt(files, page)?.text ?? ''
    const named = urls.find(url => ['"', "'", '`', '('].some(sign => text.includes(`${sign}${url}`)))
    if (named !== undefined) return named
  }
  return null
}

const PAGES = ['app', 'pages', 'components', 'src']

function isPicture(name: string): boolean {
  return /\.(?:svg|png|jpe?g|webp|gif|ico|woff2?|pdf|mp4)$/.test(name)
}

function packageIn(files: FileSystem, directory: string) {
  const source = sourceAt(files, posix.join(directory, 'package.json'))
  return source === null ? null : readPackageJson(source)
}

/** The text of the configuration of Next.js; null where there is none in the audit. */
function configurationIn(files: FileSystem, context: string): string | null {
  for (const ending of ['js', 'mjs', 'ts', 'cjs']) {
    const source = sourceAt(files, posix.join(context, `next.config.${ending}`))
    if (source !== null) return source.text
  }
  return null
}
