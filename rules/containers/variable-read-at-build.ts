import { posix } from 'node:path'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { siteTo } from './_examples.ts'
import { runsOnlyWebServer } from './_runs-only.ts'

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

export default defineRule({
  summary: 'A container is given a variable that only the build of its scripts reads',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Vite and Create React App put the values of `VITE_…` and `REACT_APP_…` into the scripts when they build them. nginx then sends these files as they are, and the environment of its container reaches no browser: the value is `undefined` there, and `fetch("undefined/items")` goes to the site itself.',
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
  ],
  good: [
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
      if (container === null || !container.service.environment.some(({ name }) => OF_BUILD.test(name)))
        continue
      const names = namesOfBuild(container)
      if (names === null) continue
      for (const { name, value, at } of container.service.environment)
        if (OF_BUILD.test(name) && value !== null && !names.includes(name))
          yield {
            at,
            message: `\`${name}\` is read when the scripts are built, and nginx sends them as they are: no browser gets this value`,
            label: 'too late',
            related: [{ at: container.image!.stage.at, message: 'files alone in this image' }],
            help: `Write it below \`args\` of \`build\`, and \`ARG ${name}\` before the build in the Dockerfile`,
          }
    }
  },
})

const OF_BUILD = /^(?:VITE|REACT_APP|VUE_APP)_\w+$/
/** A variable of the build without a value of its own, and one of the environment that has that of the build. */
const DECLARED = /^[ \t]*(?:ARG[ \t]+(\w+)|ENV[ \t]+(\w+)(?:=|[ \t]+)["']?\$\{?\2\}?["']?)[ \t]*$/gm
const FILES = ['.env', '.env.production', '.env.local', '.env.production.local']

/** What the Dockerfile of a server of files names in any way; null where something else may read the environment. */
function namesOfBuild(container: Container): string | null {
  const { image, service, hostFiles, mounts } = container
  if (image === null || !runsOnlyWebServer(container)) return null
  if (mounts.some(({ target }) => /^\/docker-entrypoint|\/templates|^\/etc\/nginx$/.test(target))) return null
  const command = [...(service.command?.words ?? [])].map(({ text }) => text).join(' ')
  const isFilled =
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
  const context = service.build?.context
  if (isFilled || context?.known !== true || !context.value.startsWith('/')) return null
  // A stage that builds: what another image brings was built elsewhere.
  const { source } = image.stage.at
  const { stages } = readDockerfile(source)
  const builds = stages.some(({ runs }) =>
    runs.some(({ command: run }) => /\b(?:npm|yarn|pnpm|bun|vite)\b.*\bbuild\b/s.test(commandText(run))),
  )
  if (!builds) return null
  // `ARG NAME`, and `ENV NAME=$NAME`, have what `args` of the build gives them, and that is nothing.
  const given = new Set((service.build?.args ?? []).map(({ name }) => name))
  const text = source.text.replace(DECLARED, (line, arg?: string, own?: string) =>
    given.has(arg ?? own ?? '') ? line : '',
  )
  return [text, ...FILES.map(file => sourceAt(hostFiles, posix.join(context.value, file))?.text ?? '')].join(
    '\n',
  )
}
