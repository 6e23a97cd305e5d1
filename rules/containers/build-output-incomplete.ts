import { posix } from 'node:path'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { composeWith, siteTo } from './_examples.ts'
import { looseImages, runImages } from './_images.ts'
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

export default defineRule({
  summary: 'An image has a part alone of what the build of its application wrote',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: "`output: 'standalone'` of Next.js makes a server in `.next/standalone` without `.next/static`: pages come, and each script and style sheet of them is 404, so that they have no style and do nothing. Without that line the directory is not made at all, and the build of the image ends. The servers of Nuxt, Remix and Astro stand beside their files for browsers in the same way.",
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
  ],
  good: [
    {
      title: 'both directories of Next.js',
      files: next(conf`
        COPY --from=build /app/.next/standalone ./
        COPY --from=build /app/.next/static ./.next/static
      `),
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
      const { stages } = readDockerfile(source)
      const own = stages.find(({ at }) => at.start === run.image?.stage.at.start)
      if (own === undefined || own.base !== null) continue
      const build = run.machine.container?.service.build?.context
      const context = build?.known === true ? build.value : posix.dirname(source.path)
      for (const copy of own.copies) {
        const [file] = copy.sources
        const stage = copy.stage === null ? undefined : stages[copy.stage]
        if (stage === undefined || file?.known !== true) continue
        const output = OUTPUTS.find(({ part }) => part.test(file.value))
        if (output === undefined) continue
        const said = faultOf(deployment, output, own, stage, () => configurationIn(run.files, context))
        if (said === null) continue
        yield {
          at: instructionWord(copy.at),
          message: said,
          label: 'a part of the build',
          related: [{ at: stage.at, message: 'built in this stage' }],
          help: `Copy \`${file.value.replace(output.part, output.rest)}\`, too`,
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
  /** What brings it, too. */
  readonly brings: RegExp
  /** The URLs of what is not there. */
  readonly urls: string
}

const OUTPUTS: readonly Output[] = [
  {
    tool: 'Next.js',
    part: /\.next\/standalone\/?\.?$/,
    rest: '.next/static',
    brings: /\.next(?:\/static)?\/?$|^\/app\/?$|^\/?\.?$/,
    urls: '/_next/static',
  },
  {
    tool: 'Nuxt',
    part: /\.output\/server\/?$/,
    rest: '.output/public',
    brings: /\.output(?:\/public)?\/?$/,
    urls: '/_nuxt',
  },
]

function faultOf(
  { nginx }: Deployment,
  { tool, brings, urls }: Output,
  own: DockerStage,
  stage: DockerStage,
  configuration: () => string | null,
): string | null {
  const text = configuration()
  if (tool === 'Next.js' && text !== null && !/standalone/.test(text))
    return "the configuration of Next.js does not say `output: 'standalone'`, so the build writes no such directory: not found"
  const steps = [...stage.runs, ...own.runs].map(({ command }) => commandText(command))
  if (steps.some(step => /\b(?:cp|mv|ln|rsync)\b|\.sh\b/.test(step))) return null
  const isBrought = own.copies.some(({ sources }) =>
    sources.some(source => !source.known || brings.test(source.value)),
  )
  if (isBrought || (text !== null && /assetPrefix|cdnURL|\.\.\./.test(text))) return null
  const isServed = nginx.some(({ occurrences }) =>
    (occurrences.get('location') ?? []).some(({ args }) =>
      args.some(({ value }) => /_next|_nuxt/.test(value)),
    ),
  )
  return isServed ? null : `the files for browsers are left in the build, so \`${urls}/…\` of ${tool} is 404`
}

/** The text of the configuration of Next.js; null where there is none in the audit. */
function configurationIn(files: FileSystem, context: string): string | null {
  for (const ending of ['js', 'mjs', 'ts', 'cjs']) {
    const source = sourceAt(files, posix.join(context, `next.config.${ending}`))
    if (source !== null) return source.text
  }
  return null
}
