import { isLoopback, parseHost } from '../../src/servers/address.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { childrenNamed, mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { homesOf, type WrittenPath, writtenPaths } from './_browser-scripts.ts'
import { type DevProxy, devProxies } from './_dev-proxies.ts'
import { hasFront } from './_portless-redirects.ts'

const SCRIPT = conf`
  export const login = (name) =>
    fetch('/api/login', { method: 'POST', body: JSON.stringify({ name }) })
`
const VITE = conf`
  import { defineConfig } from 'vite'
  export default defineConfig({
    server: {
      proxy: { '/api': { target: 'http://localhost:4000' } },
    },
  })
`
const nginx = (location = '', name = '«server»'): string => conf`
  ${name} {
      listen 80;
      root /usr/share/nginx/html;
      location / {
          try_files $uri $uri/ /index.html;
      }
      ${location}
  }
`
const project = (
  site: string,
  {
    script = SCRIPT,
    ports = '"80:80"',
    api = '',
    more = {},
  }: {
    readonly script?: string
    readonly ports?: string
    readonly api?: string
    readonly more?: Readonly<Record<string, string>>
  } = {},
): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      web:
        build: ./web
        ports: [${ports}]
      api:
        build: ./api
        ${api}
  `,
  'web/Dockerfile': conf`
    FROM node:22 AS build
    WORKDIR /app
    COPY . .
    RUN npm ci && npm run build

    FROM nginx:1.27
    COPY nginx.conf /etc/nginx/conf.d/default.conf
    COPY --from=build /app/dist /usr/share/nginx/html
  `,
  'web/package.json': '{ "scripts": { "build": "vite build" }, "devDependencies": { "vite": "^5.0.0" } }\n',
  'web/vite.config.js': VITE,
  'web/src/main.js': script,
  'web/nginx.conf': site,
  'api/Dockerfile': 'FROM node:22\nCOPY . .\nCMD ["node", "server.js"]\n',
  ...more,
})

export default defineRule({
  summary: 'The server for development alone proxies what scripts ask for',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: "`server.proxy` of Vite, `devServer.proxy` of Vue CLI and `setupProxy.js` hold while one develops, and nothing of them is in what is built. The nginx that serves it has no location for the path: it answers GET with the start page, `Unexpected token '<'` for a script that wants JSON, and POST with `405 Not Allowed`.",
  remedy: 'Add a location to nginx that proxies the path: `location /api/ { proxy_pass http://api:4000; }`',
  references: [
    'https://vite.dev/config/server-options#server-proxy',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
  ],
  unproven:
    'The live tests put no built pages together; nginx answers a POST for a file with 405 Not Allowed',
  bad: [
    { title: 'a page of the application for every path', files: project(nginx()) },
    {
      title: 'a base for all requests',
      files: project(nginx(), { script: "export default axios.create({ baseURL: '/api' })\n" }),
    },
    {
      title: 'another port, and nobody who could proxy to the application',
      files: project(nginx(), { ports: '"8080:80"' }),
    },
    {
      title: 'the middleware of react-scripts',
      files: project(nginx(), {
        more: {
          'web/package.json': '{ "dependencies": { "react-scripts": "5.0.1" } }\n',
          'web/vite.config.js': '',
          'web/src/setupProxy.js': conf`
            const { createProxyMiddleware } = require('http-proxy-middleware')
            module.exports = app => {
              app.use('/api', createProxyMiddleware({ target: 'http://localhost:4000' }))
            }
          `,
        },
      }),
    },
  ],
  good: [
    {
      title: 'a location that proxies',
      files: project(nginx('location /api/ {\n    proxy_pass http://api:4000;\n}')),
    },
    {
      title: 'an expression that proxies',
      files: project(nginx('location ~ ^/(?:api|auth) {\n    proxy_pass http://api:4000;\n}')),
    },
    {
      title: 'an address that is given to the build',
      files: project(nginx(), {
        script: "fetch((import.meta.env.VITE_API ?? '/api') + '/login')\n",
      }),
    },
    {
      title: 'a proxy in front, which may part the paths',
      files: project(nginx(), {
        ports: '"8080:80"',
        more: {
          'proxy/compose.yaml': 'services:\n  front:\n    image: caddy:2\n    ports: ["80:80"]\n',
        },
        api: 'ports: ["4000:4000"]',
      }),
    },
    {
      title: 'an application that the host may proxy to',
      files: project(nginx(), { ports: '"8080:80"', api: 'ports: ["4000:4000"]' }),
    },
    {
      title: 'a path that the server for development does not proxy',
      files: project(nginx(), { script: "fetch('/data/shops')\n" }),
    },
    {
      title: 'labels of Traefik',
      files: project(nginx(), { api: 'labels: ["traefik.http.routers.api.rule=PathPrefix(`/api`)"]' }),
    },
    {
      title: 'a fallback that proxies',
      files: project(
        conf`
          server {
              listen 80;
              root /usr/share/nginx/html;
              location / {
                  try_files $uri @app;
              }
              location @app {
                  proxy_pass http://api:4000;
              }
          }
        `,
      ),
    },
  ],
  *check(deployment) {
    for (const server of deployment.servers) {
      const { container } = deployment.programOf(server.configuration).machine
      if (container === null || container.service.build === null || !isReachedAlone(container)) continue
      const asked = askedOf(container).find(({ written }) => servesPage(server, written.path))
      if (asked === undefined || hasFront(deployment, server, container)) continue
      yield {
        at: namePlace(server.directive),
        message: `nothing here takes \`${asked.proxy.prefix}\`, which the server for development alone proxies: a POST is answered with 405 Not Allowed, and a GET with a page`,
        label: `no location for \`${asked.proxy.prefix}\``,
        related: [
          { at: asked.written.at, message: 'the browser asks for it' },
          { at: asked.proxy.at, message: 'proxied while one develops' },
        ],
      }
    }
  },
})

interface Asked {
  readonly written: WrittenPath
  readonly proxy: DevProxy
}

/** What the scripts of a container ask for, of which the server for development takes care. */
function askedOf(container: Container): readonly Asked[] {
  return homesOf(container).flatMap(home => {
    const proxies = devProxies(container.hostFiles, home)
    if (proxies.length === 0) return []
    return writtenPaths(container.hostFiles, home).flatMap(written => {
      const proxy = proxies.find(({ prefix }) => `${written.path}/`.startsWith(`${prefix}/`))
      return proxy === undefined ? [] : [{ written, proxy }]
    })
  })
}

/** True where nginx looks for a file and sends a page otherwise. */
function servesPage({ configuration, directive }: NginxServer, path: string): boolean {
  if (mayHoldUnread(configuration)) return false
  const selected = selectLocation(configuration, directive, path.endsWith('/') ? path : `${path}/login`)
  if (!selected.known) return false
  const location = selected.value.location?.directive ?? null
  if (location !== null && selected.value.location?.name !== '/') return false
  return [directive, ...(location === null ? [] : [location])].every(looksForFiles)
}

function looksForFiles(block: NginxDirective): boolean {
  const fallback = childrenNamed(block, 'try_files').at(-1)?.args.at(-1)?.value ?? '=404'
  return (
    /^(?:=404|\/[\w-]+\.html?)$/.test(fallback) &&
    !block.children.some(({ name }) => /_pass$|^(?:return|rewrite|if)$/.test(name)) &&
    !childrenNamed(block, 'error_page').some(({ args }) => args.at(-1)?.value.startsWith('@') === true)
  )
}

/** True where the container has the port of the scheme, or is the only one with a port. */
function isReachedAlone({ service, project }: Container): boolean {
  const { ports } = service
  if (ports.length === 0) return false
  if (
    ports.every(
      ({ published, hostIp }) => published?.known === true && isOpenAtScheme(published.value.first, hostIp),
    )
  )
    return true
  const others = [...project.services.values()].filter(each => each !== service)
  return ports.every(({ hostIp }) => hostIp === null) && others.every(each => each.ports.length === 0)
}

function isOpenAtScheme(port: number, hostIp: Container['service']['ports'][number]['hostIp']): boolean {
  return (
    (port === 80 || port === 443) &&
    (hostIp === null || (hostIp.known && isLoopback(parseHost(hostIp.value)) === false))
  )
}
