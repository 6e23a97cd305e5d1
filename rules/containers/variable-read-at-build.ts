import { posix } from 'node:path'
import { leftOutOf } from '../../src/deployment/containers/read-containers.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { siteTo } from './_examples.ts'
import { readOfBrowser } from './_read-of-browser.ts'
import { runsOnlyWebServer } from './_runs-only.ts'
import { startedWords, textsRun } from './_started-words.ts'

const tree = (
  { environment = '', build = 'build: ./front' },
  lines = '',
  more = '',
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      front:
        ${build}
        ports: ["80:80"]
        environment:
          ${environment}
      api:
        image: example/api
  `,
  'front/Dockerfile': conf`
    FROM node:22 AS build
    WORKDIR /app
    COPY . .
    ${lines}
    RUN npm ci && npm run build

    FROM nginx:1.27
    COPY site.conf /etc/nginx/conf.d/default.conf
    COPY --from=build /app/dist /usr/share/nginx/html
    ${more}
  `,
  'front/site.conf': siteTo('api:8000'),
})

/** An application of Next.js; `lines` stand before its build. */
const next = (
  environment: string,
  lines = '',
  more: Record<string, string> = {},
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      front:
        build: ./front
        ports: ["3000:3000"]
        ${environment}
  `,
  'front/Dockerfile': conf`
    FROM node:22 AS build
    WORKDIR /app
    COPY . .
    ${lines}
    RUN npm ci && npm run build

    FROM node:22
    WORKDIR /app
    COPY --from=build /app ./
    CMD ["npm", "start"]
  `,
  'front/package.json': conf`
    {
      "scripts": { "build": "next build", "start": "next start" },
      "dependencies": { "next": "14.2.35" }
    }
  `,
  'front/lib/api.js': 'export const base = process.env.NEXT_PUBLIC_API_URL\n',
  'front/pages/index.js': conf`
    import { useEffect } from 'react'
    import { base } from '../lib/api'
    export default function Home() {
      useEffect(() => { fetch(base) }, [])
      return null
    }
  `,
  ...more,
})
const ADDRESS = 'NEXT_PUBLIC_API_URL: https://api.example.org'

export default defineRule({
  summary: 'A container is given a variable that only the build of its scripts reads',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Vite, Create React App and Next.js put the values of `VITE_…`, `REACT_APP_…` and `NEXT_PUBLIC_…` into the scripts when they build them. These files are then sent as they are, and the environment of the container reaches no browser: the value is `undefined` there, and `fetch("undefined/items")` goes to the site itself.',
  remedy:
    'Give it to the build: `args:` below `build:`, and `ARG` before `RUN npm run build` in the Dockerfile',
  references: [
    'https://vite.dev/guide/env-and-mode.html',
    'https://create-react-app.dev/docs/adding-custom-environment-variables/',
    'https://docs.docker.com/reference/compose-file/build/#args',
  ],
  unproven: 'The live tests build no scripts: which variables a build puts into them, its tool says',
  bad: [
    {
      title: 'of Vite',
      files: tree({ environment: '«VITE_API_URL: https://api.example.org»' }),
    },
    {
      title: 'the build takes it, and is not given it',
      files: tree(
        { environment: '«VITE_API_URL: https://api.example.org»' },
        conf`
          ARG VITE_API_URL
          ENV VITE_API_URL=$VITE_API_URL
        `,
      ),
    },
    {
      title: 'of Create React App, in a list',
      files: tree({ environment: '- «REACT_APP_API=https://api.example.org»' }),
    },
    { title: 'of Next.js', files: next(`environment:\n  «${ADDRESS}»`) },
    {
      title: 'a file of variables that the build is not shown',
      files: next('env_file: ./front/.env', '', {
        'front/.env': '«NEXT_PUBLIC_API_URL=https://api.example.org»\n',
        'front/.dockerignore': 'node_modules\n.env*\n',
      }),
    },
  ],
  good: [
    {
      title: 'a file of variables that the build of Next.js reads',
      files: next('env_file: ./front/.env', '', {
        'front/.env': 'NEXT_PUBLIC_API_URL=https://api.example.org\n',
      }),
    },
    {
      title: 'a build of Next.js that is given it',
      files: next(`environment:\n  ${ADDRESS}`, 'ENV NEXT_PUBLIC_API_URL=https://api.example.org'),
    },
    {
      title: 'a server of Next.js that alone reads it, when it runs',
      files: next(`environment:\n  ${ADDRESS}`, '', {
        'front/pages/index.js': conf`
          import { base } from '../lib/api'
          export function getServerSideProps() {
            return fetch(base).then(answer => answer.json()).then(props => ({ props }))
          }
          export default function Home() { return null }
        `,
      }),
    },
    {
      title: 'Next.js that is built when the container starts',
      files: next(`environment:\n  ${ADDRESS}\ncommand: sh -c "npm run build && npm start"`),
    },
    {
      title: 'given to the build',
      files: tree(
        {
          build: conf`
            build:
              context: ./front
              args:
                VITE_API_URL: https://api.example.org
          `,
          environment: 'TZ: UTC',
        },
        'ARG VITE_API_URL',
      ),
    },
    {
      title: 'given to both',
      files: tree(
        {
          build: conf`
            build:
              context: ./front
              args: [VITE_API_URL=https://api.example.org]
          `,
          environment: 'VITE_API_URL: https://api.example.org',
        },
        'ARG VITE_API_URL',
      ),
    },
    {
      title: 'the build has a default',
      files: tree({ environment: 'VITE_API_URL: https://api.example.org' }, 'ARG VITE_API_URL=/api'),
    },
    {
      title: 'a script that writes it into the files when the container starts',
      files: {
        ...tree(
          { environment: 'VITE_API_URL: https://api.example.org' },
          '',
          'COPY env.sh /docker-entrypoint.d/40-env.sh',
        ),
        'front/env.sh': '#!/bin/sh\nsed -i "s|__API__|$VITE_API_URL|" /usr/share/nginx/html/index.html\n',
      },
    },
    {
      title: 'a file of the build that has it',
      files: {
        ...tree({ environment: 'VITE_API_URL: https://api.example.org' }),
        'front/.env.production': 'VITE_API_URL=https://api.example.org\n',
      },
    },
    {
      title: 'a server that reads its environment',
      files: {
        ...tree({ environment: 'VITE_API_URL: https://api.example.org' }),
        'front/Dockerfile': conf`
          FROM node:22
          WORKDIR /app
          COPY . .
          CMD ["npm", "run", "dev"]
        `,
      },
    },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      if (container === null) continue
      const { variables } = serviceVariables(container.service, container.hostFiles)
      const late = variables.filter(({ name, value }) => value !== null && IS_LATE.test(name))
      if (late.length === 0) continue
      const isNext = isBuiltNext(container)
      if (!isNext && !isServerOfFiles(container)) continue
      const names = namesOfBuild(container)
      if (names === null) continue
      const { at: stage } = container.image!.stage
      for (const { name, at } of late) {
        if (!(isNext ? OF_NEXT : OF_BUILD).test(name) || names.includes(name)) continue
        const readAt = isNext ? readOfBrowser(container, name) : null
        if (isNext && readAt === null) continue
        yield {
          at,
          message: isNext
            ? `\`next build\` writes \`${name}\` into the scripts of the browser, and the build does not have it: it is \`undefined\` there, whatever the container is given`
            : `\`${name}\` is read when the scripts are built, and nginx sends them as they are: no browser gets this value`,
          label: 'too late',
          related: [
            { at: stage, message: isNext ? 'built without it' : 'files alone in this image' },
            ...(readAt === null ? [] : [{ at: readAt, message: 'read here' }]),
          ],
          help: `Write it below \`args\` of \`build\`, and \`ARG ${name}\` before the build in the Dockerfile`,
        }
      }
    }
  },
})

const IS_LATE = /^(?:VITE|REACT_APP|VUE_APP|NEXT_PUBLIC)_\w+$/

const OF_BUILD = /^(?:VITE|REACT_APP|VUE_APP)_\w+$/
/** Next.js puts them into the scripts of the browser when it builds, and its server, which runs later, changes none. */
const OF_NEXT = /^NEXT_PUBLIC_\w+$/
/** A variable of the build without a value of its own, and one of the environment that has that of the build. */
const DECLARED = /^[ \t]*(?:ARG[ \t]+(\w+)|ENV[ \t]+(\w+)(?:=|[ \t]+)["']?\$\{?\2\}?["']?)[ \t]*$/gm
const FILES = ['.env', '.env.production', '.env.local', '.env.production.local']

/** True where a container is what `next start`, or the server that `output: 'standalone'` makes, is seen to run of a build. */
function isBuiltNext(container: Container): boolean {
  const { image, service, mounts, hostFiles } = container
  const context = service.build?.context
  if (image === null || context?.known !== true || !context.value.startsWith('/')) return false
  const manifest = sourceAt(hostFiles, posix.join(context.value, 'package.json'))
  if (manifest === null || !/"next"\s*:\s*"/.test(manifest.text)) return false
  // A build when it starts has the variables of the container, and so has what replaces them in the scripts.
  const texts = textsRun(container)
  const started = startedWords(container).map(({ text }) => text)
  const scripts = /"(?:pre|post)?start(?::\w+)?"\s*:\s*"[^"]*\b(?:build|replace|env)\b/
  if (scripts.test(manifest.text) || started.some(text => /\bdev\b|\bbuild\b|\.sh\b|entrypoint/.test(text)))
    return false
  if (texts.some(text => REPLACES.test(text)) || REPLACES.test(manifest.text)) return false
  return !mounts.some(
    ({ from, target }) => from === 'volumes' && /^\/(?:app|usr\/src\/app|\.next)?$|\.next|\.env/.test(target),
  )
}

const REPLACES = /next-runtime-env|next-public-env|runtime-env|@dotenvx|__ENV|env-cmd|envsubst|\bsed\b/

/** True for a server of files, where nothing else may read the environment. */
function isServerOfFiles(container: Container): boolean {
  const { image, service, mounts } = container
  if (image === null || !runsOnlyWebServer(container)) return false
  if (mounts.some(({ target }) => /^\/docker-entrypoint|\/templates|^\/etc\/nginx$/.test(target)))
    return false
  const command = [...(service.command?.words ?? [])].map(({ text }) => text).join(' ')
  return !(
    /envsubst|\.sh\b|sed\b/.test(command) ||
    (image.command !== null && /envsubst|\.sh\b|sed\b/.test(commandText(image.command))) ||
    image.steps.some(step =>
      'sources' in step
        ? step.documents.length > 0 ||
          [step.target, ...step.sources].some(
            fact => !fact.known || /\.sh$|entrypoint|templates?\b/.test(fact.value),
          )
        : /envsubst|\.sh\b|entrypoint|runtime-env|import-meta-env/.test(commandText(step.command)),
    )
  )
}

/** What a Dockerfile that builds scripts, and the files of variables beside it, name in any way; null for any other. */
function namesOfBuild({ image, service, hostFiles }: Container): string | null {
  const context = service.build?.context
  if (image === null || context?.known !== true || !context.value.startsWith('/')) return null
  // A stage that builds: what another image brings was built elsewhere.
  const { source } = image.stage.at
  const { stages } = readDockerfile(source)
  const builds = stages.some(({ runs }) =>
    runs.some(({ command: run }) => /\b(?:npm|yarn|pnpm|bun|vite)\b.*\bbuild\b/s.test(commandText(run))),
  )
  // A file of variables by another name, or one that the build is lent.
  if (!builds || /--mount=type=(?:secret|bind)|^\s*COPY\s[^\n]*\benv\b/m.test(source.text)) return null
  // `ARG NAME`, and `ENV NAME=$NAME`, have what `args` of the build gives them, and that is nothing.
  const given = new Set((service.build?.args ?? []).map(({ name }) => name))
  const text = source.text.replace(DECLARED, (line, arg?: string, own?: string) =>
    given.has(arg ?? own ?? '') ? line : '',
  )
  const isLeftOut = leftOutOf(hostFiles, context.value, source.path)
  const files = FILES.map(file => posix.join(context.value, file)).filter(path => isLeftOut?.(path) !== true)
  return [text, ...files.map(path => sourceAt(hostFiles, path)?.text ?? '')].join('\n')
}
