import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { type BrowserVariable, browserVariables, variablesOfNext } from './_browser-variables.ts'
import { writtenAddresses } from './_browser-scripts.ts'
import { isShown, readOfBrowser } from './_read-of-browser.ts'

const project = (frontend: string, more: Record<string, string> = {}): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]
      api:
        image: example/api
      frontend:
        build:
          context: ./frontend
          ${frontend}
  `,
  'site.conf': conf`
    server {
        listen 80;
        location /api/ {
            proxy_pass http://api:3000;
        }
        location / {
            proxy_pass http://frontend;
        }
    }
  `,
  'frontend/Dockerfile': 'FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm run build\n',
  'frontend/package.json': '{ "scripts": { "build": "vite build" } }\n',
  ...more,
})

const next = (page: string, more: Record<string, string> = {}): Record<string, string> =>
  project(
    conf`
      args:
        NEXT_PUBLIC_API_URL: «http://api:3000»
    `,
    {
      'frontend/package.json':
        '{ "scripts": { "build": "next build" }, "dependencies": { "next": "15.1.0" } }\n',
      'frontend/Dockerfile':
        'FROM node:22\nWORKDIR /app\nCOPY . .\nARG NEXT_PUBLIC_API_URL\nENV NEXT_PUBLIC_API_URL=$NEXT_PUBLIC_API_URL\nRUN npm run build\nCMD ["npm", "start"]\n',
      'frontend/app/page.js': page,
      ...more,
    },
  )
const PAGE = conf`
  'use client'
  import { useEffect } from 'react'
  export default function Page() {
    useEffect(() => { fetch(\`\${process.env.NEXT_PUBLIC_API_URL}/items\`) }, [])
  }
`
const API = conf`
  export const items = () => fetch(process.env.NEXT_PUBLIC_API_URL + '/items')
`

/** A project that Vite or another tool builds, and nginx serves. */
const written = (files: Record<string, string>, packages = '"vite": "6.0.0"'): Record<string, string> => ({
  ...project('dockerfile: Dockerfile'),
  'frontend/Dockerfile': conf`
    FROM node:22 AS build
    WORKDIR /app
    COPY . .
    RUN npm ci && npm run build
    FROM nginx:1.27
    COPY --from=build /app/dist /usr/share/nginx/html
  `,
  'frontend/package.json': `{ "dependencies": { ${packages} } }\n`,
  ...files,
})
const MAIN = { 'frontend/src/main.js': "import { items } from './api'\nitems()\n" }
const UNMARKED = "export const items = () => fetch('http://api:3000/items')\n"
const FETCHES = UNMARKED.replace(/http.*items(?=')/, '«$&»')

export default defineRule({
  summary: 'Scripts in the browser are told the name of a container',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Vite, Create React App, Vue CLI and Next.js put variables of these names into the scripts that browsers load, and what `src` says by itself runs there too. The names of services are known to the DNS of Docker alone: in the browser `http://api:3000` is `net::ERR_NAME_NOT_RESOLVED`.',
  remedy: 'Give a path, such as `/api`, that nginx proxies to the service, or the public address',
  references: [
    'https://vite.dev/guide/env-and-mode.html',
    'https://docs.docker.com/compose/how-tos/networking/',
  ],
  unproven: 'The harm is in a browser, which the live tests do not start',
  bad: [
    {
      title: 'an argument of the build',
      files: project(conf`
        args:
          VITE_API_URL: «http://api:3000»
      `),
    },
    {
      title: 'the file that the build reads',
      files: project('target: ""', { 'frontend/.env.production': 'VITE_API_URL=«http://api:3000/v1»\n' }),
    },
    { title: 'a component of the browser that Next.js builds', files: next(PAGE) },
    {
      title: 'a module that such a component imports',
      files: next(
        conf`
          'use client'
          import { items } from '../lib/api'
          export default function Page() { return <button onClick={items} /> }
        `,
        { 'frontend/lib/api.js': API },
      ),
    },
    { title: 'a script that Vite builds', files: written({ ...MAIN, 'frontend/src/api.js': FETCHES }) },
    {
      title: 'the base of axios',
      files: written(
        {
          ...MAIN,
          'frontend/src/api/index.ts': conf`
            import axios from 'axios'
            export const items = () => axios.create({ timeout: 5000, baseURL: "«http://api:3000»" }).get('/items')
          `,
        },
        '"react-scripts": "5.0.1"',
      ),
    },
    {
      title: 'a WebSocket of a component of Vue',
      files: written({
        'frontend/src/App.vue': conf`
          <template><b /></template>
          <script setup>
          const socket = new WebSocket(\`«ws://api:3000/\${room}»\`)
          </script>
        `,
      }),
    },
    {
      title: 'the environment of Angular',
      files: written(
        {
          'frontend/src/main.ts': "import { environment } from './environments/environment'\n",
          'frontend/src/environments/environment.ts': conf`
            export const environment = { production: true, apiUrl: '«http://api:3000»' }
          `,
        },
        '"@angular/cli": "17.0.0"',
      ),
    },
    {
      title: 'scripts that nginx serves as they are',
      files: {
        ...written({}),
        'frontend/Dockerfile': 'FROM nginx:1.27\nCOPY public /usr/share/nginx/html\n',
        'frontend/public/index.html': '<script src="app.js"></script>\n',
        'frontend/public/app.js': "fetch('«http://api:3000/items»').then(show)\n",
      },
    },
    {
      title: 'a constant, and the server of development',
      files: {
        ...written({
          ...MAIN,
          'frontend/src/api.js':
            "const API_URL = '«http://api:3000»'\nexport const items = () => fetch(API_URL)\n",
        }),
        'frontend/Dockerfile':
          'FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["npm", "run", "dev"]\n',
      },
    },
  ],
  good: [
    ...[
      [
        'a script that nothing imports',
        { 'frontend/src/main.js': 'start()\n', 'frontend/src/old.js': UNMARKED },
      ],
      ['a comment', { 'frontend/src/main.js': "// fetch('http://api:3000')\n" }],
      ['an address of the machine', { 'frontend/src/main.js': "fetch('http://localhost:3000')\n" }],
      ['a test', { ...MAIN, 'frontend/src/api.test.js': UNMARKED }],
      [
        'the proxy of a development server',
        {
          'frontend/vite.config.js': "export default { server: { proxy: { '/api': 'http://api:3000' } } }\n",
        },
      ],
      [
        'what holds where a variable is missing',
        { 'frontend/src/main.js': "const API = import.meta.env.VITE_API ?? 'http://api:3000'\nfetch(API)\n" },
      ],
      [
        'a choice by how it is built',
        {
          'frontend/src/main.js':
            "const API = process.env.NODE_ENV === 'production' ? '/api' : 'http://api:3000'\nfetch(API)\n",
        },
      ],
      [
        'a choice by where it runs',
        { 'frontend/src/main.js': "if (import.meta.env.SSR) fetch('http://api:3000')\n" },
      ],
      ['a text', { 'frontend/src/main.js': "show('http://api:3000')\n" }],
    ].map(([title, files]) => ({ title: title as string, files: written(files as Record<string, string>) })),
    {
      title: 'scripts that a server runs too',
      files: written({ ...MAIN, 'frontend/src/api.js': UNMARKED }, '"vite": "6.0.0", "express": "4.21.0"'),
    },
    {
      title: 'a script that no page loads',
      files: {
        ...written({}),
        'frontend/Dockerfile': 'FROM nginx:1.27\nCOPY public /usr/share/nginx/html\n',
        'frontend/public/index.html': '<script>fetch("http://" + location.hostname + ":3000")</script>\n',
        'frontend/public/app.js': UNMARKED,
      },
    },
    {
      title: 'an environment of Angular for development',
      files: written(
        {
          'frontend/src/main.ts': "import { environment } from './environments/environment'\n",
          'frontend/src/environments/environment.ts':
            "export const environment = { apiUrl: 'http://api:3000' }\n",
          'frontend/src/environments/environment.prod.ts': "export const environment = { apiUrl: '/api' }\n",
        },
        '"@angular/cli": "14.0.0"',
      ),
    },
    {
      title: 'an address in whose place a start script writes another',
      files: written({
        ...MAIN,
        'frontend/src/api.js': UNMARKED,
        'frontend/entrypoint.sh':
          'sed -i "s|http://api:3000|$PUBLIC_URL|" /usr/share/nginx/html/assets/*.js\n',
      }),
    },
    {
      title: 'an address that the browser shows, and the server asks',
      files: next(conf`
        'use client'
        import { useState } from 'react'
        export default function About() {
          const gateway = maskUrl(process.env.NEXT_PUBLIC_API_URL)
          return <dl><dt>{gateway}</dt><dd>{process.env.NEXT_PUBLIC_API_URL}</dd></dl>
        }
      `),
    },
    {
      title: 'a module of which a component takes types alone',
      files: next(
        conf`
          'use client'
          import type { Item } from '../lib/index'
          export default function Page({ item }: { item: Item }) { return <b onClick={item.open} /> }
        `,
        { 'frontend/lib/index.ts': `export interface Item { open(): void }\n${API}` },
      ),
    },
    {
      title: 'a name that whoever runs it gives to the machine of the browser',
      files: project('target: ""', {
        'frontend/.env.production': 'VITE_API_URL=http://api:3000/v1\n',
        'frontend/README.md': conf`
          Add these lines to your hosts file:

          127.0.0.1   api
        `,
      }),
    },
    {
      title: 'a program of another language, which reads it itself',
      files: {
        'docker-compose.yml': conf`
          services:
            app:
              image: example/app
              command: python manage.py runserver 0.0.0.0:8000
              environment:
                VITE_DEV_SERVER: http://vite:5173
            vite:
              image: example/vite
        `,
      },
    },
    {
      title: 'a browser of tests in a container',
      files: {
        'docker-compose.yml': conf`
          services:
            api:
              image: example/api
            playwright:
              image: mcr.microsoft.com/playwright:v1.47.0
              environment:
                VITE_API_URL: http://api:3000
        `,
      },
    },
    {
      title: 'a component of the server of Next.js',
      files: next(conf`
        export default async function Page() {
          const items = await fetch(process.env.NEXT_PUBLIC_API_URL + '/items')
        }
      `),
    },
    {
      title: 'a page whose server reads it',
      files: next(conf`
        import { useState } from 'react'
        export async function getServerSideProps() {
          return { props: await fetch(process.env.NEXT_PUBLIC_API_URL + '/items') }
        }
        export default function Page() { const [open, setOpen] = useState(false) }
      `),
    },
    {
      title: 'one of two addresses, which a module chooses for the server',
      files: next(PAGE.replace('process.env.NEXT_PUBLIC_API_URL', 'base'), {
        'frontend/app/base.js':
          "export const base = typeof window === 'undefined' ? process.env.NEXT_PUBLIC_API_URL : '/api'\n",
      }),
    },
    {
      title: 'what Next.js proxies by itself',
      files: next(PAGE, {
        'frontend/next.config.js':
          'module.exports = { rewrites: async () => [{ source: "/api/:path*", destination: process.env.NEXT_PUBLIC_API_URL + "/:path*" }] }\n',
      }),
    },
    {
      title: 'a path',
      files: project(conf`
        args:
          VITE_API_URL: /api
      `),
    },
    {
      title: 'the public address',
      files: project(conf`
        args:
          VITE_API_URL: https://api.example.org
      `),
    },
    {
      title: 'a variable that the server reads',
      files: project(conf`
        args:
          API_URL: http://api:3000
      `),
    },
    {
      title: 'a variable that the proxy of the development server reads',
      files: project(
        conf`
          args:
            VITE_API_URL: http://api:3000
        `,
        {
          'frontend/vite.config.ts':
            'export default { server: { proxy: { "/api": process.env.VITE_API_URL } } }\n',
        },
      ),
    },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      // A browser that tests start in a container knows the names of the others.
      if (container === null || isOfTests(container) || startsOther(container)) continue
      const others = container.project.services
      for (const { name, value, readAt } of variablesOf(container)) {
        if (!value.known || value.at === null) continue
        const host = HOST.exec(value.value)?.[1]
        const service = host === undefined ? undefined : others.get(host)
        if (service === undefined || host === undefined || host === 'localhost') continue
        if (isReadByServer(container, name) || isGivenByHand(container, host)) continue
        yield {
          at: value.at,
          message: `\`${name}\` is put into scripts of the browser, which knows no host \`${host}\`: net::ERR_NAME_NOT_RESOLVED`,
          label: 'a name of Docker alone',
          related: [
            { at: service.at, message: 'the service' },
            ...(readAt === undefined ? [] : [{ at: readAt, message: 'read in the browser' }]),
          ],
        }
      }
      yield* writtenNames(container)
    }
  },
})

/** Addresses that scripts of the browser have, whatever they are told. */
function* writtenNames(container: Container): Iterable<RuleFinding> {
  const { services } = container.project
  for (const { host, at } of writtenAddresses(container)) {
    const service =
      services.get(host) ??
      [...services.values()].find(
        ({ containerName }) => containerName?.known === true && containerName.value === host,
      )
    if (service === undefined || host === 'localhost') continue
    if (isGivenByHand(container, host) || isReplacedLater(container, host)) continue
    yield {
      at,
      message: `this script runs in the browser, which knows no host \`${host}\`: net::ERR_NAME_NOT_RESOLVED`,
      label: 'a name of Docker alone',
      related: [{ at: service.at, message: 'the service' }],
    }
  }
}

/** True where a step of the build, a start script or the server writes another address in its place. */
function isReplacedLater({ image, hostFiles, service, mounts }: Container, host: string): boolean {
  const context = service.build?.context
  const homes = context?.known === true && context.value.startsWith('/') ? [context.value] : []
  const beside = homes.flatMap(home =>
    [home, ...['nginx', 'docker', 'scripts'].map(name => posix.join(home, name))].flatMap(directory =>
      (hostFiles.list(directory) ?? [])
        .filter(({ name }) => /\.(?:sh|conf|template)$|^(?:docker-)?entrypoint/.test(name))
        .map(({ name }) => posix.join(directory, name)),
    ),
  )
  const texts = [
    image?.stage.at.source.text ?? '',
    ...[...beside, ...mounts.flatMap(({ path }) => path ?? [])].map(
      path => sourceAt(hostFiles, path)?.text ?? '',
    ),
  ]
  return texts.some(
    text => /\bsed\b|\bsub_filter\b|\bsubs_filter\b|\bSubstitute\b/.test(text) && text.includes(`//${host}`),
  )
}

const HOST = /^(?:https?|wss?):\/\/([a-z0-9_-]+)(?::\d+)?(?:\/|$)/i

/** What in a script reads a variable on the server alone, where the name of a container is right. */
const OF_SERVER =
  /\bget(?:ServerSide|Static|Initial)Props\b|\btypeof window\b|['"]server-only['"]|^\s*['"]use server['"]|\b(?:from\s+|import\()['"]next\/headers['"]/m

interface ReadVariable extends BrowserVariable {
  readonly readAt?: Place
}

function variablesOf(container: Container): readonly ReadVariable[] {
  return [...browserVariables(container), ...nextVariables(container)]
}

/** Variables of a build of Next.js that scripts of the browser are seen to read. */
function* nextVariables(container: Container): Iterable<ReadVariable> {
  for (const variable of variablesOfNext(container)) {
    if (!variable.value.known || !HOST.test(variable.value.value)) continue
    const readAt = readOfBrowser(container, variable.name, text => OF_SERVER.test(text), isShown)
    if (readAt !== null) yield { ...variable, readAt }
  }
}

function isOfTests({ service, base, image }: Container): boolean {
  const dockerfile = service.build?.dockerfile
  return [
    service.name,
    base ?? '',
    image?.base.known === true ? image.base.value : '',
    dockerfile?.known === true ? dockerfile.value : '',
    service.command?.words.map(({ text }) => text).join(' ') ?? '',
  ].some(text => /playwright|cypress|selenium|puppeteer|e2e|\btests?\b/i.test(text))
}

/** True for a program of another language, which no tool of scripts starts. */
function startsOther({ service }: Container): boolean {
  const words = [...(service.entrypoint?.words ?? []), ...(service.command?.words ?? [])]
  return words.some(({ text }) =>
    /(?:^|[\s/])(?:python[\d.]*|gunicorn|uvicorn|daphne|hypercorn|flask|php|artisan|rails|puma|java|dotnet)(?:\s|$)|\.py(?:\s|$)/.test(
      text,
    ),
  )
}

/** True where a README tells people to have the name in the hosts file of their machine. */
function isGivenByHand({ service, project, hostFiles }: Container, host: string): boolean {
  const context = service.build?.context
  const homes = [project.directory, ...(context?.known === true ? [context.value] : [])]
  const line = new RegExp(`^[\\s>*-]*127\\.0\\.0\\.1[ \\t]+(?:[\\w.-]+[ \\t]+)*${host}(?![\\w.-])`, 'm')
  return homes.some(home =>
    (hostFiles.list(home) ?? []).some(
      entry =>
        /^readme.*\.md$/i.test(entry.name) &&
        line.test(sourceAt(hostFiles, posix.join(home, entry.name))?.text ?? ''),
    ),
  )
}

const CONFIGURATIONS = /^(?:vite|next|nuxt|vue|svelte|astro|webpack)\.config\.[cm]?[jt]s$|^setupProxy\.js$/

/** True where the tool itself reads it, for a proxy or the pages that a server makes. */
function isReadByServer({ service, hostFiles, mounts }: Container, name: string): boolean {
  const context = service.build?.context
  const homes = [
    ...(context?.known === true && context.value.startsWith('/') ? [context.value] : []),
    ...mounts.flatMap(({ path }) => (path === null ? [] : [path])),
  ]
  return homes.some(home =>
    [home, posix.join(home, 'src')].some(directory =>
      (hostFiles.list(directory) ?? []).some(
        entry =>
          CONFIGURATIONS.test(entry.name) &&
          (sourceAt(hostFiles, posix.join(directory, entry.name))?.text.includes(name) ?? true),
      ),
    ),
  )
}
