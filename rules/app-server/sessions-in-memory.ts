import { sessionsInMemory } from '../../parsers/javascript/express-session.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { proxiedServer } from '../_examples.ts'
import { loadedScripts } from './_loaded-scripts.ts'
import { clusterOf } from './_node-cluster.ts'

const tree = (instances: string, script: string): Record<string, string> => ({
  'nginx/site.conf': proxiedServer('', '127.0.0.1:3001'),
  ...(instances !== '' && {
    'ecosystem.config.js': conf`
      module.exports = {
        apps: [{ name: 'shop', script: './server.js', ${instances}, env: { PORT: 3001 } }],
      }
    `,
  }),
  'package.json': '{ "scripts": { "start": "node server.js" } }\n',
  'server.js': script,
})
const shop = (options: string, call = '«session»'): string => conf`
  const express = require('express')
  const session = require('express-session')
  const app = express()
  app.use(${call}({
    secret: process.env.SESSION_SECRET,
    ${options}
    cookie: { httpOnly: true },
  }))
  app.listen(process.env.PORT || 3001)
`
const MAX = "instances: 'max', exec_mode: 'cluster'"

export default defineRule({
  summary: 'Each process of a cluster of Node.js keeps sessions of its own',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Without `store`, `express-session` keeps sessions in the memory of the process that made them, as `MemoryStore` and the package `memorystore` do. PM2 and the module `cluster` give each connection to any process: another one does not know the session, begins a new one, and clients are logged out at random. A restart logs out all of them.',
  remedy:
    'Give `session` a `store` that all processes share: `connect-redis`, `connect-pg-simple`, `connect-mongo`',
  references: [
    'https://github.com/expressjs/session#store',
    'https://pm2.keymetrics.io/docs/usage/cluster-mode/',
  ],
  unproven: 'The live tests have no Express',
  bad: [
    { title: 'a process of PM2 for each processor', files: tree(MAX, shop('resave: false,')) },
    {
      title: 'several processes, for which PM2 takes the cluster by itself',
      files: tree('instances: 4', shop('')),
    },
    {
      title: 'the store in memory by its name',
      files: tree(MAX, shop('store: new session.MemoryStore(),')),
    },
    {
      title: 'the package memorystore',
      files: tree(
        MAX,
        shop('store: new MemoryStore({ checkPeriod: 86400000 }),').replace(
          'const app',
          "const MemoryStore = require('memorystore')(session)\nconst app",
        ),
      ),
    },
    {
      title: 'the cluster of Node.js, with the sessions in a script of their own',
      files: {
        ...tree(
          '',
          conf`
            const cluster = require('cluster')
            const app = require('./app')
            if (cluster.isPrimary) {
              for (let each = 0; each < 4; each++) cluster.fork()
            } else {
              app.listen(3001)
            }
          `,
        ),
        'app.js': conf`
          import express from 'express'
          import session from 'express-session'
          const app = express()
          app.use(«session»({ secret: 'x', resave: false, saveUninitialized: true }))
          export default app
        `,
      },
    },
  ],
  good: [
    { title: 'a store that all share', files: tree(MAX, shop('store: new RedisStore({ client }),')) },
    { title: 'a store by its name alone', files: tree(MAX, shop('store,')) },
    { title: 'options of another object', files: tree(MAX, shop('...options,')) },
    {
      title: 'options that are written elsewhere',
      files: tree(MAX, "require('express-session')(options)\n"),
    },
    { title: 'one process', files: tree('instances: 1', shop('')) },
    { title: 'one process, which PM2 starts by itself', files: tree('autorestart: true', shop('')) },
    {
      title: 'processes that each open a port of their own',
      files: tree("instances: 2, exec_mode: 'fork', increment_var: 'PORT'", shop('')),
    },
    { title: 'no sessions', files: tree(MAX, "require('express')().listen(3001)\n") },
    {
      title: 'clients that stay with their process',
      files: tree(MAX, `require('sticky-session')\n${shop('')}`),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const cluster = clusterOf(program)
      if (cluster === null) continue
      for (const source of loadedScripts(program)) {
        const at = sessionsInMemory(source)
        if (at === null) continue
        yield {
          at,
          message: `each process of ${program.pm2 === undefined ? 'the cluster' : 'PM2'} keeps sessions in its own memory, so the next one does not know the session`,
          label: 'in the memory of one process',
          related: [{ at: cluster, message: 'more than one process' }],
        }
      }
    }
  },
})
