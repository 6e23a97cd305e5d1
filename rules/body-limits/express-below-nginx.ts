import { conf } from '../../src/engine/conf.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import type { AppServerProgram, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { proxiedServer } from '../_examples.ts'
import { jsonWithoutLimit } from './_nothing-but-json.ts'

const NGINX = proxiedServer('client_max_body_size 20m;', '127.0.0.1:3000')

const tree = (readers: string, { nginx = NGINX, more = '' } = {}): Record<string, string> => ({
  'etc/nginx/conf.d/notes.conf': nginx,
  'etc/systemd/system/notes.service': conf`
    [Service]
    WorkingDirectory=/opt/notes
    ExecStart=/usr/bin/node server.js
  `,
  'opt/notes/package.json': `{ "dependencies": { "express": "^4.19.0"${more} } }\n`,
  'opt/notes/server.js': conf`
    const express = require('express')
    const bodyParser = require('body-parser')
    const { save } = require('./notes')
    const app = express()
    ${readers}
    app.post('/notes', save)
    app.listen(3000, '127.0.0.1')
  `,
  'opt/notes/notes.js': conf`
    exports.save = (req, res) => {
      keep(req.body)
      res.json({ ok: true })
    }
  `,
})

export default defineRule({
  summary: 'Express refuses JSON that nginx was told to let through',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: '`express.json()` and `bodyParser.json()` take 100kb where they are not told otherwise. A larger document passes nginx, for which somebody raised the limit, and Express answers `413 Payload Too Large`, `PayloadTooLargeError: request entity too large`. The first reader that is asked decides: one with a `limit` behind it gets no body.',
  remedy: "Give the reader the limit of nginx: `express.json({ limit: '20mb' })`",
  references: [
    'https://expressjs.com/en/api.html#express.json',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size',
  ],
  unproven: 'Express is no package of Debian that the live tests install',
  bad: [
    { title: 'a reader without options', files: tree('app.use(«express.json»())') },
    {
      title: 'body-parser with options that are no limit',
      files: tree(conf`
        app.use(bodyParser.urlencoded({ extended: true }))
        app.use(«bodyParser.json»({ strict: false }))
      `),
    },
    {
      title: 'a limit of the location, and another reader that comes too late',
      files: tree(
        conf`
          app.use(«express.json»())
          app.use(express.json({ limit: '20mb' }))
        `,
        {
          nginx: proxiedServer('', '127.0.0.1:3000').replace(
            'proxy_pass',
            'client_max_body_size 0;\nproxy_pass',
          ),
        },
      ),
    },
    {
      title: 'an image, of which no package takes files',
      files: {
        'compose.yaml': conf`
          services:
            web:
              image: nginx:1.27
              ports: ["80:80"]
              volumes: ["./web.conf:/etc/nginx/conf.d/default.conf:ro"]
            notes:
              build: notes
        `,
        'web.conf': proxiedServer('client_max_body_size 50M;', 'notes:3000'),
        'notes/Dockerfile': conf`
          FROM node:22
          WORKDIR /app
          COPY . .
          RUN npm ci
          CMD ["node", "index.mjs"]
        `,
        'notes/package.json': '{ "dependencies": { "express": "^5.0.0" } }\n',
        'notes/index.mjs': conf`
          import express, { json } from 'express'
          const app = express()
          app.use(«json»())
          app.put('/notes/:id', async (req, res) => {
            await keep(req.params.id, req.body)
            res.sendStatus(204)
          })
          app.listen(3000)
        `,
      },
    },
  ],
  good: [
    { title: 'the same limit', files: tree("app.use(express.json({ limit: '20mb' }))") },
    {
      title: 'a limit for one path, asked before',
      files: tree(conf`
        app.use('/notes', express.json({ limit: '20mb' }))
        app.use(express.json())
      `),
    },
    { title: 'options that are written elsewhere', files: tree('app.use(express.json(options))') },
    {
      title: 'a megabyte in nginx',
      files: tree('app.use(express.json())', {
        nginx: proxiedServer('client_max_body_size 1m;', '127.0.0.1:3000'),
      }),
    },
    {
      title: 'nothing in nginx',
      files: tree('app.use(express.json())', { nginx: proxiedServer('', '127.0.0.1:3000') }),
    },
    {
      title: 'a package that takes files',
      files: tree('app.use(express.json())', { more: ', "multer": "^1.4.0"' }),
    },
    {
      title: 'a route that reads a file as it comes',
      files: tree("app.use(express.json())\napp.put('/files', (req, res) => req.pipe(target))"),
    },
    {
      title: 'a reader of files',
      files: tree("app.use(express.json())\napp.use('/files', express.raw({ type: '*/*', limit: '20mb' }))"),
    },
    {
      title: 'files for another application of the server',
      files: tree('app.use(express.json())', {
        nginx: NGINX.replace(
          'location / {',
          'location /files/ {\nproxy_pass http://127.0.0.1:8000;\n}\nlocation / {',
        ),
      }),
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.nginx) {
      const { bodyLimit } = connection
      const limit = bodyLimit.known ? bodyLimit.value : null
      if (limit?.directive == null || (limit.value !== 0 && limit.value <= MEGABYTE)) continue
      const [target] = connection.targets
      const program = target === undefined ? null : serverBehind(target)
      const reader = program === null ? null : jsonWithoutLimit(program)
      if (
        program === null ||
        reader === null ||
        !isMeantFor(deployment, connection, limit.directive, program)
      )
        continue
      const size = limit.directive.args[0]?.value
      yield {
        at: reader.at,
        message: `Express answers 413 to JSON above 100kb, and nginx was told to take ${limit.value === 0 ? 'bodies of any size' : `\`${size}\``}`,
        label: '100kb, as nothing says otherwise',
        related: [{ at: argumentPlace(limit.directive, 0), message: 'the limit of nginx' }],
      }
    }
  },
})

const MEGABYTE = 1024 ** 2

/** True for a limit of the location, or of a server that has nothing else behind it. */
function isMeantFor(
  { connections }: Deployment,
  { server }: NginxConnection,
  limit: NginxDirective,
  program: AppServerProgram,
): boolean {
  if (limit.context !== 'server') return limit.context === 'location'
  return connections
    .httpOf(server)
    .every(({ targets }) => targets.every(each => serverBehind(each) === program))
}
