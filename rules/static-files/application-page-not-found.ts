import { posix } from 'node:path'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import type { DockerCopy, DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import type { Place } from '../../parsers/text/source.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { isNginxImage } from '../../src/deployment/containers/nginx-image.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { looseImages, type RunImage, runImages, startsNginxPlainly } from '../containers/_images.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import type { Outcome } from '../../src/servers/nginx/queries/outcome.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { routesByPath } from './_browser-router.ts'
import { instructionWord } from '../containers/_instruction-word.ts'

const DOCKERFILE = conf`
  FROM node:22 AS build
  WORKDIR /app
  COPY package.json .
  RUN npm install
  COPY . .
  RUN npm run build
  FROM nginx:1.27
  COPY --from=build /app/dist /usr/share/nginx/html
  COPY nginx.conf /etc/nginx/conf.d/default.conf
`
const SOURCES = {
  'package.json':
    '{ "dependencies": { "react-router-dom": "6.30.0" }, "scripts": { "build": "vite build" } }\n',
  'src/main.jsx': 'const router = createBrowserRouter([])\n',
}
const built = (
  lines: string,
  sources: Readonly<Record<string, string>> = SOURCES,
): Record<string, string> => ({
  Dockerfile: DOCKERFILE,
  ...sources,
  'nginx.conf': conf`
    server {
        listen 80;
        root /usr/share/nginx/html;
        ${lines}
    }
  `,
})

/** On the machine of nginx itself: a clone of the repository, built there. */
const clone = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/shop/dist;
      ${lines}
    `),
  ),
  'srv/shop/dist/index.html': '<div id="app"></div>\n',
  ...Object.fromEntries(Object.entries(SOURCES).map(([path, text]) => [`srv/shop/${path}`, text])),
})

export default defineRule({
  summary: 'A page of an application in the browser is 404 when it is loaded anew',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'The router of the application shows `/orders/7` without asking nginx. Whoever loads the page anew, or follows a link to it, does ask, and there is no such file: 404. Every URL that is no file has to be answered with the start page, whose router shows the rest.',
  remedy: 'Write `try_files $uri $uri/ /index.html;` in `location /`',
  references: [
    'https://router.vuejs.org/guide/essentials/history-mode.html#nginx',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files',
  ],
  bad: [
    {
      title: 'files alone',
      files: built(conf`
        «location» / {
            index index.html;
        }
      `),
    },
    {
      title: 'a page for what is missing',
      files: built(conf`
        location / {
            try_files $uri $uri/ «=404»;
        }
      `),
    },
    {
      title: 'a clone of the repository that is built on the server',
      files: clone(conf`
        location / {
            try_files $uri $uri/ «=404»;
        }
      `),
    },
    {
      title: 'nginx started by the words of its own image',
      files: {
        ...built(conf`
          «location» / {
              index index.html;
          }
        `),
        Dockerfile: `${DOCKERFILE}CMD ["nginx", "-g", "daemon off;"]\n`,
      },
    },
    {
      title: 'the image as it is',
      files: {
        ...SOURCES,
        Dockerfile: DOCKERFILE.replace(/COPY nginx.*\n/, '').replace('COPY --from', '«COPY» --from'),
      },
    },
    {
      title: 'an application in a directory of its own, of a compose file',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              build: ./web
              ports: ["80:80"]
        `,
        'web/Dockerfile': DOCKERFILE,
        'web/package.json': '{ "dependencies": { "vue-router": "4.5.0" } }\n',
        'web/src/router/index.ts':
          'export default createRouter({ history: createWebHistory(), routes: [] })\n',
        'web/nginx.conf': conf`
          server {
              listen 80;
              «location» / {
                  root /usr/share/nginx/html;
              }
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'a clone that is served with its start page for the rest',
      files: clone(conf`
        location / {
            try_files $uri $uri/ /index.html;
        }
      `),
    },
    {
      title: 'answered with the start page',
      files: built(conf`
        location / {
            try_files $uri $uri/ /index.html;
        }
      `),
    },
    {
      title: 'the start page as the page of an error',
      files: built('error_page 404 /index.html;\nlocation / {\n}'),
    },
    {
      title: 'by the part behind `#`, which no server is sent',
      files: built('location / {\n}', {
        ...SOURCES,
        'src/main.jsx': 'const router = createHashRouter([])\n',
      }),
    },
    {
      title: 'no router',
      files: built('location / {\n}', { 'package.json': '{ "dependencies": { "react": "19.0.0" } }\n' }),
    },
    {
      title: 'a file for each page',
      files: built('location / {\n    try_files $uri $uri.html =404;\n}', {
        ...SOURCES,
        'package.json': '{ "dependencies": { "next": "15.0.0", "react-router-dom": "6.30.0" } }\n',
      }),
    },
  ],
  *check(deployment) {
    yield* ofServers(deployment)
    const seen = new Set<string>()
    for (const run of [...runImages(deployment), ...looseImages(deployment)]) {
      const { base, image, fault, command, files } = run
      if (image === null || fault !== null || !startsNginxPlainly(command) || !isNginxImage(base)) continue
      const { source } = image.stage.at
      if (seen.has(source.path)) continue
      seen.add(source.path)
      const { stages } = readDockerfile(source)
      const own = stages.find(({ at }) => at.start === image.stage.at.start)
      if (own === undefined) continue
      const copy = buildOf(own)
      const stage = copy?.stage == null ? undefined : stages[copy.stage]
      if (copy === undefined || stage === undefined) continue
      if (!homesOf(stage, posix.dirname(source.path)).some(home => routesByPath(files, home))) continue
      const answer = unanswered(deployment, run, own, copy)
      if (answer === null) continue
      yield {
        at: answer,
        message: MESSAGE,
        label: LABEL,
        ...(answer.source !== copy.at.source && {
          related: [{ at: instructionWord(copy.at), message: 'the application' }],
        }),
      }
    }
  },
})

/** What the build wrote, where nginx serves it. */
function buildOf({ copies }: DockerStage): DockerCopy | undefined {
  return copies.find(
    ({ stage, sources, target }) =>
      stage !== null &&
      target.known &&
      target.value === '/usr/share/nginx/html' &&
      sources.some(source => source.known && /\/(?:dist|build)(?:\/|$)/.test(source.value)),
  )
}

/** The directories of the repository that a stage may build. */
function homesOf({ copies }: DockerStage, directory: string): readonly string[] {
  const homes = new Set([directory])
  for (const { from, sources } of copies)
    for (const source of from === null ? sources : [])
      if (source.known) {
        const path = posix.join(directory, source.value)
        homes.add(/\.\w+$|\*/.test(path) ? posix.dirname(path) : path)
      }
  return [...homes]
}

/** Where a page of the router ends: the location, or the application where the image's own configuration holds. */
function unanswered(
  deployment: Deployment,
  { mounts }: RunImage,
  { copies, runs }: DockerStage,
  copy: DockerCopy,
): Place | null {
  const placed = mounts.filter(({ target }) => /^\/etc(?:\/nginx(?:\/|$)|$)/.test(target))
  if (placed.length === 0) {
    // What is copied from elsewhere, or written by a command, is not seen.
    const isOwn = copies.length === 1 && runs.length === 0 && !deployment.nginx.some(answersRoutes)
    return isOwn ? instructionWord(copy.at) : null
  }
  const paths = new Set(placed.flatMap(({ path, target }) => [path, target]))
  const servers = deployment.servers.filter(({ directive }) => paths.has(directive.source.path))
  const [server] = servers
  if (server === undefined || servers.length > 1) return null
  const start = ask(deployment, server, '/')
  if (start?.end.kind !== 'file' || start.end.path !== INDEX) return null
  return placeOfNotFound(ask(deployment, server, '/orders/7'), server)
}

/** Where nginx is told to answer 404; null where it answers something else. */
function placeOfNotFound(page: Outcome | null, server: NginxServer): Place | null {
  if (page?.end.kind !== 'response' || page.end.status !== 404) return null
  const location = page.steps.findLast(({ kind }) => kind === 'location')?.directive
  const files = location?.children.find(({ name }) => name === 'try_files')
  const last = files?.args.at(-1)?.value
  return files !== undefined && last === '=404'
    ? argumentPlace(files, files.args.length - 1)
    : namePlace(location ?? server.directive)
}

/** What a build wrote beside its sources, on the machine of nginx itself. */
function* ofServers(deployment: Deployment) {
  const servers = serversAround(deployment)
  for (const configuration of deployment.nginx) {
    const files = deployment.filesOf(configuration)
    for (const line of configuration.occurrences.get('root') ?? []) {
      const path = line.args[0]?.value ?? ''
      const [, home] = /^(\/.+)\/(?:dist|build)\/?$/.exec(path) ?? []
      const directive = home === undefined ? null : serverAround(line)
      const server = directive === null ? undefined : servers.get(directive)
      if (home === undefined || server === undefined || !routesByPath(files, home)) continue
      const index = posix.join(path, 'index.html')
      const assume = (file: string): 'file' | null => (file === index ? 'file' : null)
      const start = askServer(deployment, server, '/', { assume })
      if (start?.end.kind !== 'file' || start.end.path !== index) continue
      const at = placeOfNotFound(askServer(deployment, server, '/orders/7', { assume }), server)
      if (at === null) continue
      yield {
        at,
        message: MESSAGE,
        label: LABEL,
        related: [{ at: argumentPlace(line, 0), message: 'the application' }],
      }
    }
  }
}

const MESSAGE =
  '`/` is the start page of an application with a router, and `/orders/7` is no file, so nginx answers 404'
const LABEL = 'its other pages are not found'

/** A configuration that somebody may mount into the image. */
function answersRoutes({ occurrences }: NginxConfiguration): boolean {
  return (occurrences.get('try_files') ?? []).some(({ args }) => args.at(-1)?.value.endsWith('/index.html'))
}

const INDEX = '/usr/share/nginx/html/index.html'

function ask(deployment: Deployment, server: NginxServer, path: string) {
  return askServer(deployment, server, path, {
    assume: file => (file === INDEX ? 'file' : null),
  })
}
