import { posix } from 'node:path'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerCopy, DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import { leftOutBy, readIgnore } from '../../parsers/dockerfile/ignore.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { clusterBeside, clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { sourcesElsewhere } from './_copied-sources.ts'
import { composeWith } from './_examples.ts'
import { type RunImage, runImages } from './_images.ts'
import { type BuildCommand, buildCommandOf, type Output, outputOf } from './_tool-output.ts'

const SITE = conf`
  server {
      listen 80;
      root /usr/share/nginx/html;
  }
`
const packageJson = (build: string): string => conf`
  {
    "name": "front",
    "scripts": { "build": "${build}" }
  }
`
const built = (
  copied: string,
  files: Record<string, string>,
  steps = 'RUN npm run build',
): Record<string, string> => ({
  Dockerfile: conf`
    FROM node:22 AS build
    WORKDIR /app
    COPY . .
    RUN npm ci
    ${steps}

    FROM nginx:1.27
    COPY site.conf /etc/nginx/conf.d/default.conf
    COPY --from=build ${copied} /usr/share/nginx/html
  `,
  'site.conf': SITE,
  ...files,
})
const ignored = (lines: string, copied = 'dist'): Record<string, string> => ({
  Dockerfile: conf`
    FROM nginx:1.27
    COPY site.conf /etc/nginx/conf.d/default.conf
    COPY ${copied} /usr/share/nginx/html
  `,
  'site.conf': SITE,
  'dist/index.html': 'the page\n',
  '.dockerignore': lines,
})
const withoutPage = ({ 'dist/index.html': _, ...files }: Record<string, string>): Record<string, string> =>
  files
const bad = (
  files: Record<string, string>,
  last: string,
  [written, other]: readonly [string, string] = ['', ''],
): Record<string, string> => ({
  ...files,
  Dockerfile: files.Dockerfile!.replace(written, other).replace(last, `«COPY»${last.slice(4)}`),
})
const VITE = { 'package.json': packageJson('tsc && vite build'), 'vite.config.ts': 'export default {}\n' }
const angular = (builder: string, output: string): Record<string, string> => ({
  'package.json': packageJson('ng build'),
  'angular.json': conf`
    {
      "projects": {
        "shop": {
          "architect": {
            "build": {
              "builder": "${builder}",
              "options": { ${output === '' ? '' : `"outputPath": ${output}`} }
            }
          }
        }
      }
    }
  `,
})
const from = (context: string, lines: string, files: Record<string, string>): Record<string, string> => ({
  'docker-compose.yml': composeWith().replace(
    'build: ./web',
    `build: { context: ${context}, dockerfile: ${context === '.' ? 'web/' : ''}Dockerfile }`,
  ),
  'nginx/site.conf': conf`
    server {
        listen 80;
        location / {
            proxy_pass http://web:8000;
        }
    }
  `,
  'web/Dockerfile': conf`
    FROM node:22 AS build
    WORKDIR /app
    ${lines}

    FROM node:22-slim
    COPY --from=build /app /app
  `,
  ...files,
})
const APPLICATION = '@angular-devkit/build-angular:application'

export default defineRule({
  summary: 'A Dockerfile copies what is not there',
  severity: 'error',
  otherSeverities: { warning: 'where it is the file of another tool for packages' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Docker copies from the directory that the build is given, and from nowhere else: what lies above it or beside the Dockerfile alone, or has another name, ends the build with `not found`. What `.dockerignore` names is not sent to Docker: `COPY` of it ends the build with `not found`. Of an earlier stage a Dockerfile copies by path, and each tool has one of its own: Vite writes `dist`, Create React App `build`, Angular from version 17 on a directory `browser` below the one it is told. The build ends, or nginx has a directory without a start page: 403, or `Welcome to nginx!`.',
  remedy: 'Copy the directory that the build writes, and take what is copied out of `.dockerignore`',
  references: [
    'https://docs.docker.com/build/concepts/context/#dockerignore-files',
    'https://vite.dev/config/build-options.html#build-outdir',
    'https://angular.dev/tools/cli/build-system-migration',
  ],
  unproven: 'The live tests build no images: what a build has, its files say',
  bad: [
    {
      title: 'files whose names end so',
      files: bad({ ...ignored('*.map\n**/di*\n'), 'dist/index.html': '\n' }, 'COPY dist'),
    },
    {
      title: 'a directory that is left out of the build',
      files: bad(ignored('node_modules\ndist\n'), 'COPY dist'),
    },
    {
      title: 'Vite without a configuration',
      files: bad(
        built('/app/build', { 'package.json': packageJson('vite build'), 'index.html': '<p>the page</p>\n' }),
        'COPY --from=build',
      ),
    },
    {
      title: 'the directory of Vue',
      files: bad(
        built('/app/build', { 'package.json': packageJson('vue-cli-service build') }),
        'COPY --from=build',
      ),
    },
    {
      title: 'the directory of Docusaurus',
      files: bad(
        built('/app/dist', { 'package.json': packageJson('docusaurus build') }),
        'COPY --from=build',
      ),
    },
    {
      title: 'what a build is to put there before',
      files: withoutPage(bad(ignored('node_modules\ndist\n'), 'COPY dist')),
    },
    {
      title: 'everything is left out but one directory',
      files: bad(ignored('*\n!site.conf\n'), 'COPY dist'),
    },
    { title: 'the directory of another tool', files: bad(built('/app/build', VITE), 'COPY --from=build') },
    {
      title: 'the directory of Vite for what Create React App builds',
      files: bad(
        built('/app/dist', { 'package.json': packageJson('react-scripts build') }),
        'COPY --from=build',
      ),
    },
    {
      title: 'the directory above that of Angular’s pages',
      files: bad(built('/app/dist/shop', angular(APPLICATION, '"dist/shop"')), 'COPY --from=build'),
    },
    {
      title: 'the same of files that are copied one by one, and of the tool itself',
      files: bad(
        {
          ...built(
            '/app/dist/shop/',
            angular('@angular/build:application', '{ "base": "dist/shop" }'),
            'RUN npx ng build --configuration production',
          ),
          'src/main.ts': '\n',
        },
        'COPY --from=build',
        ['COPY . .', 'COPY package.json angular.json ./\nCOPY src ./src'],
      ),
    },
    {
      title: 'Angular that is told of no directory, and a script of another name',
      files: bad(
        built(
          '/app/dist/shop',
          {
            ...angular('@angular/build:application', ''),
            'package.json': '{ "scripts": { "build": "tsc", "build:prod": "ng build" } }\n',
          },
          'RUN npm run build:prod -- --configuration production',
        ),
        'COPY --from=build',
      ),
    },
    {
      title: 'another directory of the same, in a root of nginx',
      files: bad(
        {
          ...built('/app/dist/shop', angular(APPLICATION, '{ "base": "dist/shop", "browser": "public" }')),
          'site.conf': SITE.replace('/usr/share/nginx/html', '/srv/shop'),
        },
        'COPY --from=build',
        ['/usr/share/nginx/html', '/srv/shop'],
      ),
    },
    {
      title: 'what Angular built before',
      files: bad(
        {
          ...angular(APPLICATION, '"dist/shop"'),
          Dockerfile: conf`
            FROM nginx:1.27
            COPY site.conf /etc/nginx/conf.d/default.conf
            COPY dist/shop /usr/share/nginx/html
          `,
          'site.conf': SITE,
        },
        'COPY dist/shop',
      ),
    },
    {
      title: 'a file above the directory that the build is given',
      files: from('./web', '«COPY» ../shared ./shared', { 'shared/index.js': '\n' }),
    },
    {
      title: 'a slip in a name, in a stage that is not the last',
      files: from('./web', '«COPY» requirement.txt .', { 'web/requirements.txt': 'gunicorn\n' }),
    },
    {
      title: 'the file of another tool',
      files: from('./web', '«COPY» package.json yarn.lock ./', {
        'web/package.json': '{}\n',
        'web/package-lock.json': '{}\n',
      }),
    },
    {
      title: 'a file beside the Dockerfile, where the build is given the directory above',
      files: from('.', '«COPY» start.js .', { 'web/start.js': '\n' }),
    },
  ],
  good: [
    {
      title: 'a file that is made before the build',
      files: from('./web', 'COPY bundle.js requirements.txt ./', {
        'web/requirements.in': '\n',
        'web/requirement.txt': '\n',
        'web/.gitignore': 'requirements.txt\n',
      }),
    },
    {
      title: 'a file by its path from the directory that the build is given',
      files: from('.', 'COPY web/start.js .', { 'web/start.js': '\n' }),
    },
    { title: 'the directory of Vite', files: built('/app/dist', VITE) },
    {
      title: 'a directory that Vite is told of',
      files: built('/app/build', {
        ...VITE,
        'vite.config.ts': 'export default { build: { outDir: "build" } }\n',
      }),
    },
    {
      title: 'a directory that the command names',
      files: built('/app/build', { ...VITE, 'package.json': packageJson('vite build --outDir build') }),
    },
    {
      title: 'a step that moves it',
      files: built('/app/build', VITE, 'RUN npm run build && mv dist build'),
    },
    {
      title: 'the directory of Angular’s pages',
      files: built('/app/dist/shop/browser', angular(APPLICATION, '"dist/shop"')),
    },
    {
      title: 'Angular that is told to write no directory of its own',
      files: built('/app/dist/shop', angular(APPLICATION, '{ "base": "dist/shop", "browser": "" }')),
    },
    {
      title: 'a server that looks into the directory of Angular’s pages',
      files: {
        ...built('/app/dist/shop', angular(APPLICATION, '"dist/shop"')),
        'site.conf': SITE.replace('nginx/html', 'nginx/html/browser'),
      },
    },
    {
      title: 'a step that moves them',
      files: {
        ...built('/app/dist/shop', angular(APPLICATION, '"dist/shop"')),
        Dockerfile: conf`
          ${built('/app/dist/shop', {}).Dockerfile!}
          WORKDIR /usr/share/nginx/html
          RUN mv browser/* .
        `,
      },
    },
    {
      title: 'a script of another name, which names another directory',
      files: built(
        '/app/dist/shop',
        {
          ...angular(APPLICATION, '"dist/shop"'),
          'package.json':
            '{ "scripts": { "build": "ng build", "build:prod": "ng build --output-path dist" } }\n',
        },
        'RUN npm run build:prod',
      ),
    },
    {
      title: 'a directory above that of one application, which is at a path of its own',
      files: built('/app/dist', angular(APPLICATION, '{ "base": "dist/shop", "browser": "" }')),
    },
    {
      title: 'Angular with the former builder',
      files: built('/app/dist/shop', angular('@angular-devkit/build-angular:browser', '"dist/shop"')),
    },
    { title: 'a name below a directory that is let in again', files: ignored('*\n!dist\n!site.conf\n') },
    {
      title: 'a directory that the configuration of Vue names',
      files: built('/app/build', {
        'package.json': packageJson('vue-cli-service build'),
        'vue.config.js': "module.exports = { outputDir: 'build' }\n",
      }),
    },
    {
      title: 'Vite that is started elsewhere',
      files: built('/app/build', { 'package.json': packageJson('vite build') }),
    },
    { title: 'another name', files: ignored('distribution\n*.log\n') },
    {
      title: 'what a build is to put into another directory',
      files: {
        Dockerfile: ignored('dist\n').Dockerfile!,
        '.dockerignore': 'dist\n',
        'nginx/site.conf': SITE,
      },
    },
    { title: 'of a directory everything but one file', files: ignored('dist/*.map\n') },
  ],
  *check(deployment) {
    for (const run of runImages(deployment)) {
      const { image, files } = run
      if (image === null || run.fault !== null) continue
      const { source } = image.stage.at
      const context = contextOf(run, source)
      if (context === null) continue
      const { stages } = readDockerfile(source)
      const built = { context, files, served: servedIn(deployment) }
      for (const own of stages) {
        yield* leftOut(own, source, context, files)
        if (run.machine.container !== null) yield* sourcesElsewhere(own, source.path, context, files)
        for (const copy of own.copies) {
          const stage = copy.stage === null ? undefined : stages[copy.stage]
          const finding =
            stage === undefined ? builtBefore(copy, built) : writtenElsewhere(copy, stage, built)
          if (finding !== null) yield finding
        }
      }
    }
  },
})

/** The directory that a build is given: of the compose file, else the one in which the Dockerfile lies. */
function contextOf({ machine: { container } }: RunImage, { path }: Source): string | null {
  if (container === null) return posix.dirname(path)
  const build = container.service.build
  return build?.context.known === true && build.context.value.startsWith('/') ? build.context.value : null
}

/** Copies of what `.dockerignore` leaves out. */
function* leftOut(
  stage: DockerStage,
  dockerfile: Source,
  context: string,
  files: FileSystem,
): Iterable<RuleFinding> {
  const own = `${dockerfile.path}.dockerignore`
  const list = sourceAt(files, own) ?? sourceAt(files, posix.join(context, '.dockerignore'))
  if (list === null) return
  const lines = readIgnore(list)
  for (const { at, from, sources, documents } of stage.copies) {
    if (from !== null || documents.length > 0) continue
    for (const source of sources) {
      if (!source.known || /[*?[$]|:\/\//.test(source.value)) continue
      const path = posix.normalize(source.value).replace(/^\/|\/$/g, '')
      if (path === '' || path === '.') continue
      const line = leftOutBy(lines, path)
      if (line === null) continue
      // What lies elsewhere is of another context than the one at hand, unless a build is to put it here.
      if (
        files.kind(posix.join(context, path)) === null &&
        !(isLiteral(line, path) && isHome(stage, context, files))
      )
        continue
      yield {
        at,
        message: `\`.dockerignore\` leaves \`${path}\` out of what Docker builds with, so the build ends: not found`,
        label: 'left out',
        related: [{ at: line, message: 'left out here' }],
        help: `Take \`${path}\` out of \`.dockerignore\``,
      }
    }
  }
}

/** True of a line that names the very path, or a directory above it. */
function isLiteral({ source, start, end }: Place, path: string): boolean {
  const pattern = posix.normalize(source.text.slice(start, end)).replace(/^\/|\/$/g, '')
  return pattern === path || path.startsWith(`${pattern}/`)
}

/** True of the directory to which a Dockerfile's other copies belong, so that it is what Docker builds with. */
function isHome({ copies }: DockerStage, context: string, files: FileSystem): boolean {
  const own = copies.flatMap(({ from, sources, documents }) =>
    from !== null || documents.length > 0 ? [] : sources,
  )
  return own.some(
    source =>
      source.known &&
      /\w/.test(source.value) &&
      !/[*?[$]|:\/\//.test(source.value) &&
      files.kind(posix.join(context, source.value)) !== null,
  )
}

interface Built {
  readonly context: string
  readonly files: FileSystem
  readonly served: Served
}

/** Where the tool of a stage puts its pages, if that is elsewhere. */
function writtenElsewhere(copy: DockerCopy, stage: DockerStage, built: Built): RuleFinding | null {
  const [source, ...others] = copy.sources
  if (source?.known !== true || others.length > 0 || stage.base !== null || /[*?[$]/.test(source.value))
    return null
  const copied = cleanPath(source.value)
  const found = buildOf(stage)
  const project = found === null ? null : projectIn(stage, found.directory, built)
  const output = found === null || project === null ? null : outputOf(project, built.files, found.build)
  if (found === null || output === null) return null
  const written = posix.join(found.directory, output.path)
  if (copied === written || written === '/' || copied.startsWith(`${written}/`)) return null
  // A directory above, copied on purpose with all that is in it, is a matter of its own but for pages.
  const isAbove = written.startsWith(`${copied}/`)
  if (isAbove && !(output.isNested && isServedAbove(copy, output.path, built.served))) return null
  if (!isAbove && !/\/(?:dist|build|out|public|www)(?:\/|$)/.test(copied)) return null
  return elsewhere(copy, output, { written, copied, isAbove })
}

function elsewhere(
  { at }: DockerCopy,
  output: Output,
  {
    written,
    copied,
    isAbove,
  }: { readonly written: string; readonly copied: string; readonly isAbove: boolean },
): RuleFinding {
  return {
    at,
    message: `${output.tool} writes \`${written}\`, and \`${copied}\` is copied${isAbove ? ', where no start page is' : ': not found'}`,
    label: 'another directory',
    related: [{ at: output.at, message: `${output.tool} builds it` }],
    help: `Copy \`${written}\``,
  }
}

/** The same of what is built in the context, before Docker builds. */
function builtBefore(copy: DockerCopy, { context, files, served }: Built): RuleFinding | null {
  const [source, ...others] = copy.sources
  if (copy.from !== null || copy.documents.length > 0 || source?.known !== true || others.length > 0)
    return null
  const copied = cleanPath(source.value)
  if (!/\/dist(?:\/|$)/.test(copied) || /[*?[$]/.test(copied)) return null
  const project = cleanPath(posix.join(context, copied.replace(/\/dist(?:\/.*)?$/, '')))
  // What lies there was built, by whatever.
  if (files.kind(posix.join(context, copied)) !== null) return null
  const output = files.kind(posix.join(project, 'angular.json')) === 'file' ? outputOf(project, files) : null
  if (output?.isNested !== true || !isServedAbove(copy, output.path, served)) return null
  const written = posix.join(project, output.path).slice(context === '/' ? 0 : context.length)
  const isAbove = written.startsWith(`${copied}/`)
  return isAbove
    ? elsewhere(copy, output, { written: written.slice(1), copied: copied.slice(1), isAbove })
    : null
}

/** The one command of a stage that builds, and where it is run; null where what runs besides may put it anywhere. */
function buildOf(stage: DockerStage): { readonly directory: string; readonly build: BuildCommand } | null {
  let directory = stage.workingDirectory?.known === true ? stage.workingDirectory.value : null
  let found: { readonly directory: string; readonly build: BuildCommand } | null = null
  for (const { command, at } of stage.runs)
    for (const part of commandText(command)
      .replaceAll(/\\\r?\n/g, ' ')
      .trim()
      .split(/\s*(?:&&|;)\s*/)) {
      const [, entered] = /^cd (\/[\w./-]+)$/.exec(part) ?? []
      if (entered === undefined && !PLAIN.test(part) && !/^echo [^&;|]*\.npmrc$/.test(part)) return null
      // A shell of its own reads each step.
      if (entered !== undefined && stage.runs.length > 1) return null
      if (entered !== undefined) directory = cleanPath(entered)
      const build = buildCommandOf(part.replace(VARIABLES, ''), at)
      if (build === null) continue
      if (directory === null || found !== null) return null
      found = { directory, build }
    }
  return found
}

const VARIABLES = /^(?:(?:CI|NODE_ENV|NODE_OPTIONS|GENERATE_SOURCEMAP)=\S+\s+)*/
const PLAIN =
  /^(?:(?:CI|NODE_ENV|NODE_OPTIONS|GENERATE_SOURCEMAP)=\S+\s+)*(?:npm|yarn|pnpm|corepack|apk|apt-get|(?:npx |(?:\.\/)?node_modules\/\.bin\/)?(?:ng|vite) build|rm -rf? (?:node_modules|\.\/node_modules))\b(?!.*(?:--outDir|--out-dir|--output-path|--dist))|^(?:true|set -e\w*)?$/

/** The directory of the context that a stage has as its own: where all of one is copied, or its manifest. */
function projectIn(stage: DockerStage, directory: string, { context, files }: Built): string | null {
  const homes = new Set<string>()
  for (const { from, sources, target } of stage.copies) {
    if (from !== null || !target.known || cleanPath(target.value) !== cleanPath(directory)) continue
    for (const source of sources) {
      if (!source.known) return null
      const path = cleanPath(posix.join(context, source.value))
      if (files.kind(path) === 'directory') {
        if (files.kind(posix.join(path, 'package.json')) === 'file') homes.add(path)
      } else if (/^(?:package|angular)\.json$/.test(posix.basename(path))) homes.add(posix.dirname(path))
    }
  }
  const [home] = homes
  return homes.size === 1 && files.kind(posix.join(home!, 'package.json')) === 'file' ? home! : null
}

/** What the servers of a deployment serve, as it is written. */
interface Served {
  readonly roots: ReadonlySet<string>
  readonly texts: readonly string[]
}

const OF_NGINX = ['root', 'alias', 'try_files', 'index', 'rewrite', 'error_page', 'location']
const OF_APACHE = [
  'documentroot',
  'alias',
  'directoryindex',
  'fallbackresource',
  'rewriterule',
  'rewritebase',
]

const servedIn = memo((deployment: Deployment): Served => {
  const { nginx, apache } = deployment
  const lines = [
    ...nginx.flatMap(({ occurrences }) => OF_NGINX.flatMap(name => occurrences.get(name) ?? [])),
    ...apache.flatMap(({ occurrences }) => OF_APACHE.flatMap(name => occurrences.get(name) ?? [])),
  ]
  const roots = lines.filter(({ name }) => /^(?:root|documentroot)$/i.test(name))
  const cluster = [clusterFiles(deployment), clusterBeside(deployment)]
  const maps = cluster.flatMap(each => each?.files.flatMap(({ configMaps }) => configMaps) ?? [])
  return {
    roots: new Set(roots.map(({ args }) => cleanPath(args[0]?.value ?? ''))),
    texts: [
      ...lines.flatMap(({ args }) => args.map(({ value }) => value)),
      ...maps.flatMap(({ texts }) => [...texts.values()]),
      ...(deployment.setups() ?? []).map(({ code }) => code),
    ],
  }
})

/** True where a server looks for pages where a directory is copied to, and nothing speaks of the one below it. */
function isServedAbove({ at, target }: DockerCopy, output: string, { roots, texts }: Served): boolean {
  if (!target.known) return false
  const directory = cleanPath(target.value)
  const own = posix.basename(output)
  const below = new RegExp(`/${own}\\b|\\b${own}/|--output-path`)
  if ([at.source.code, ...texts].some(text => below.test(text))) return false
  return roots.has(directory) || /\/html$|\/www$/.test(directory)
}
