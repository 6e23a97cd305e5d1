import { conf } from '../../src/engine/conf.ts'
import type { RuleDefinition } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { serviceUnit } from '../app-server/_examples.ts'

type Examples = Pick<RuleDefinition, 'bad' | 'good'>

const EXPRESS = conf`
  import express from 'express'
  import { animals } from './animals.js'
  const app = express()
  app.use('/api/animals', animals)
  app.use((req, res) => res.status(404).json({ error: 'no such route' }))
  app.listen(5000, '0.0.0.0')
`
const AT_ROOT = EXPRESS.replace('/api/', '/')

const project = (service: string, proxy: string, script: string): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      ${proxy}
      backend:
        build: ./backend
        ${service}
  `,
  'backend/Dockerfile': conf`
    FROM node:22
    WORKDIR /app
    COPY . .
    CMD ["node", "server.js"]
  `,
  'backend/package.json': '{ "type": "module", "dependencies": { "express": "^4.21.0" } }',
  'backend/server.js': script,
})

const caddy = (lines: string, script = EXPRESS): Record<string, string> => ({
  ...project(
    '',
    conf`
      caddy:
        image: caddy:2
        ports: ["80:80", "443:443"]
        volumes: ["./Caddyfile:/etc/caddy/Caddyfile:ro"]
    `,
    script,
  ),
  Caddyfile: conf`
    example.org {
        ${lines}
        handle {
            root * /srv
            file_server
        }
    }
  `,
})

const traefik = (labels: readonly string[], script = EXPRESS): Record<string, string> =>
  project(
    conf`
      labels:
        ${labels.map(label => `- ${label}`)}
    `,
    conf`
      traefik:
        image: traefik:v3.2
        command: ["--providers.docker=true", "--entrypoints.web.address=:80"]
    `,
    script,
  )

const RULE = 'traefik.http.routers.api.rule=Host(`example.org`) && PathPrefix(`/api`)'
const STRIP = 'traefik.http.middlewares.strip.stripprefix.prefixes=/api'
const STRIPPED = 'traefik.http.routers.api.middlewares=strip'

/** Caddy and Traefik, which take a path away. */
export const STRIPPED_BY_OTHERS: Examples = {
  bad: [
    {
      title: '`handle_path` of Caddy',
      files: caddy('«handle_path» /api/* {\n    reverse_proxy backend:5000\n}'),
    },
    {
      title: '`uri strip_prefix` of Caddy',
      files: caddy('handle /api/* {\n    «uri» strip_prefix /api\n    reverse_proxy backend:5000\n}'),
    },
    {
      title: '`stripprefix` of Traefik',
      files: traefik([RULE, STRIPPED, STRIP.replace('/api', '«/api»')]),
    },
  ],
  good: [
    {
      title: '`handle` of Caddy',
      files: caddy('handle /api/* {\n    reverse_proxy backend:5000\n}'),
    },
    {
      title: 'Caddy that puts the path back',
      files: caddy('handle_path /api/* {\n    rewrite * /api{uri}\n    reverse_proxy backend:5000\n}'),
    },
    {
      title: 'Caddy before routes without the path',
      files: caddy('handle_path /api/* {\n    reverse_proxy backend:5000\n}', AT_ROOT),
    },
    { title: 'Traefik that leaves the path', files: traefik([RULE]) },
    { title: 'Traefik before routes without the path', files: traefik([RULE, STRIPPED, STRIP], AT_ROOT) },
    {
      title: 'a middleware of Traefik that the router does not name',
      files: traefik([RULE, STRIP]),
    },
  ],
}

/** Caddy and Traefik, which leave a path. */
export const KEPT_BY_OTHERS: Examples = {
  bad: [
    {
      title: '`handle` of Caddy',
      files: caddy('handle «/api/*» {\n    reverse_proxy backend:5000\n}', AT_ROOT),
    },
    {
      title: '`reverse_proxy` of Caddy',
      files: caddy('reverse_proxy «/api/*» backend:5000', AT_ROOT),
    },
    {
      title: 'a rule of Traefik',
      files: traefik(
        [`«${RULE.replace(/^[^=]*=/, '')}»`].map(rule => `traefik.http.routers.api.rule=${rule}`),
        AT_ROOT,
      ),
    },
  ],
  good: [
    {
      title: '`handle_path` of Caddy',
      files: caddy('handle_path /api/* {\n    reverse_proxy backend:5000\n}', AT_ROOT),
    },
    {
      title: 'Caddy before routes with the path',
      files: caddy('reverse_proxy /api/* backend:5000'),
    },
    {
      title: 'Caddy that says the path',
      files: caddy('reverse_proxy /api/* backend:5000 {\n    header_up X-Forwarded-Prefix /api\n}', AT_ROOT),
    },
    { title: '`stripprefix` of Traefik', files: traefik([RULE, STRIPPED, STRIP], AT_ROOT) },
    {
      title: 'a middleware of another container',
      files: traefik([RULE, 'traefik.http.routers.api.middlewares=api@file'], AT_ROOT),
    },
  ],
}

/** A project of Spring Boot whose jar runs on other machines. */
export const springElsewhere = (target: string, port = 8081): Record<string, string> => ({
  'deploy/nginx.conf': conf`
    upstream shop {
        server 10.0.0.11:${port};
        server 10.0.0.12:${port};
    }
    ${nginxServer(conf`
      location /shop/ {
          proxy_pass ${target};
      }
    `)}
  `,
  'src/main/resources/application.properties': conf`
    server.port=8081
    server.servlet.context-path=/shop
  `,
})

/** The same, started by a unit of this machine. */
export const springBehind = (target: string, context = '/api'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location /api/ {
          proxy_pass ${target};
      }
    `),
  ),
  'etc/systemd/system/shop.service': serviceUnit(
    `/usr/bin/java -jar /opt/shop/shop.jar --server.port=8080 --server.servlet.context-path=${context}`,
  ),
})
