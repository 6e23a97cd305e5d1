import type { AppServerProgram } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { proxiedServer } from '../_examples.ts'

const tree = (lines: string, script = "script: './server.js',"): Record<string, string> => ({
  'nginx/site.conf': proxiedServer('', '127.0.0.1:3001'),
  'ecosystem.config.js': conf`
    module.exports = {
      apps: [
        {
          name: 'shop',
          ${script}
          ${lines}
          env: { PORT: 3001 },
        },
      ],
    }
  `,
  'package.json': conf`
    { "scripts": { "start": "node server.js" } }
  `,
  'server.js': conf`
    const app = require('express')()
    app.listen(process.env.PORT)
  `,
})

export default defineRule({
  summary: 'PM2 starts several processes that each open the same port by themselves',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'In the mode `cluster` PM2 opens the port, and all processes of Node.js share it. In the mode `fork`, and of a program that npm or another one starts, each process opens it by itself: the first has it, and all others end with `listen EADDRINUSE: address already in use`, are started again, and are `errored` in the end. One process answers everything.',
  remedy:
    "Write `exec_mode: 'cluster'`, and the script itself in place of `npm start`: `node_modules/next/dist/bin/next` for Next.js",
  references: [
    'https://pm2.keymetrics.io/docs/usage/cluster-mode/',
    'https://pm2.keymetrics.io/docs/usage/environment/#specific-environment-variables',
  ],
  unproven: 'PM2 is not among the servers that live tests start',
  bad: [
    {
      title: 'the mode `fork`',
      files: tree(conf`
        instances: «4»,
        exec_mode: 'fork',
      `),
    },
    {
      title: 'npm, whose processes share nothing',
      files: tree(
        conf`
          instances: «'max'»,
          exec_mode: 'cluster',
        `,
        "script: 'npm',\nargs: 'start',",
      ),
    },
  ],
  good: [
    {
      title: 'the mode `cluster`',
      files: tree(conf`
        instances: 4,
        exec_mode: 'cluster',
      `),
    },
    { title: 'several processes, for which PM2 takes that mode by itself', files: tree('instances: 4,') },
    { title: 'one process', files: tree("instances: 1,\nexec_mode: 'fork',") },
    {
      title: 'a port for each',
      files: tree("instances: 2,\nexec_mode: 'fork',\nincrement_var: 'PORT',"),
    },
    {
      title: 'a port for each that the script counts',
      files: {
        ...tree("instances: 2,\nexec_mode: 'fork',"),
        'server.js': conf`
          const port = 3001
          require('http').createServer().listen(port)
          console.log(process.env.NODE_APP_INSTANCE)
        `,
      },
    },
    {
      title: 'workers that open no port',
      files: { ...tree("instances: 4,\nexec_mode: 'fork',"), 'server.js': "require('./queue').work()\n" },
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { pm2 } = program
      if (pm2 === undefined || !pm2.forks || pm2.incremented !== null) continue
      const count = pm2.instances
      const port = portOf(program)
      if (count?.known !== true || count.value < 2 || count.at === null || port === null) continue
      if (program.server.sources.some(({ code }) => /NODE_APP_INSTANCE|\bcluster\b/.test(code))) continue
      yield {
        at: count.at,
        message: `each process opens port ${port} by itself, and all but the first end: listen EADDRINUSE: address already in use`,
        label: 'processes that share no port',
        related: [{ at: pm2.at, message: 'what is started' }],
      }
    }
  },
})

/** The one port that a program surely opens. */
function portOf({ sockets }: AppServerProgram): number | null {
  const [socket, ...others] = sockets
  return socket?.endpoint.known === true && others.length === 0 ? socket.endpoint.value.port : null
}
