import { posix } from 'node:path'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { kubernetesDeployment } from '../_deployment-examples.ts'
import { siteTo } from './_examples.ts'
import { readOfBrowser } from './_read-of-browser.ts'
import { lateVariables } from './_late-variables.ts'
import { isServerOfFiles, namesOfBuild } from './_scripts-of-build.ts'
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

/** The same image in a pod, with more lines of its container and of a ConfigMap. */
const pod = (container: string, data = 'TZ: UTC'): Record<string, string> => ({
  'front/Dockerfile': tree({})['front/Dockerfile']!,
  'front/site.conf': siteTo('192.0.2.7:8000'),
  'k8s/front.yaml': conf`
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: front
    data:
      ${data}
    ---
    ${kubernetesDeployment({ image: 'registry.example.com/front:1.4', container })}
  `,
})

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
    {
      title: 'of a pod, from a ConfigMap',
      files: pod('envFrom: [{ configMapRef: { name: front } }]', '«VITE_API_URL»: https://api.example.org'),
    },
    {
      title: 'of a pod',
      files: pod('env: [{ name: «VITE_API_URL», value: https://api.example.org }]'),
    },
    {
      title: 'in the last stage',
      files: {
        'front/Dockerfile': tree({}, '', 'ENV «VITE_API_URL=https://api.example.org»')['front/Dockerfile']!,
        'front/site.conf': siteTo('192.0.2.7:8000'),
      },
    },
    {
      title: 'of `docker run`',
      files: {
        ...pod(''),
        'deploy.sh': conf`
          #!/bin/sh
          docker build -t front front
          docker run -d -p 80:80 -e «VITE_API_URL=https://api.example.org» front
        `,
      },
    },
  ],
  good: [
    {
      title: 'of a pod whose build has it',
      files: {
        ...pod('env: [{ name: VITE_API_URL, value: https://api.example.org }]'),
        'front/.env.production': 'VITE_API_URL=https://api.example.org\n',
      },
    },
    {
      title: 'of a pod that runs another program',
      files: pod(
        conf`
          command: ["/bin/sh", "-c", "./env.sh && nginx -g 'daemon off;'"]
          env: [{ name: VITE_API_URL, value: https://api.example.org }]
        `,
      ),
    },
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
  *check(deployment) {
    yield* lateVariables(deployment)
    const { machines } = deployment
    for (const { container } of machines) {
      // Those of pods are told above.
      if (container === null || container.project.startedBy === 'pods') continue
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
