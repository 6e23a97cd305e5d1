import { programName } from '../../src/deployment/destination-words.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const tree = (words: string, environment = ''): Record<string, string> =>
  behindNginx(serviceUnit(`/usr/bin/uvicorn ${words} --port 8000 main:app`, environment), {
    'etc/shop/main.py': conf`
      async def app(scope, receive, send):
          await send({"type": "http.response.start", "status": 200, "headers": []})
          await send({"type": "http.response.body", "body": b"shop"})
    `,
  })

export default defineRule({
  summary: 'uvicorn starts one process, and is told of several',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `--reload` uvicorn watches the files of the project and starts one process, whatever `--workers` says: `"workers" flag is ignored when reloading is enabled`. One process answers every request, and ends with those in it whenever a file changes.',
  remedy: 'Leave `--reload` out where the application serves its users',
  references: ['https://www.uvicorn.org/settings/#production'],
  unproven: 'No answer tells how many processes there are',
  bad: [
    { title: 'both options', files: tree('--reload --workers «4»') },
    { title: 'the workers in the environment', files: tree('--reload', 'Environment="WEB_CONCURRENCY=«4»"') },
  ],
  good: [
    { title: 'several workers', files: tree('--workers 4') },
    { title: 'a server for development', files: tree('--reload') },
    { title: 'one worker', files: tree('--reload --workers 1') },
    { title: 'nothing is reloaded', files: tree('--no-reload --workers 4') },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { program: name, settings, workers } = program.server
      const reload = settings.get('reload')
      if (name !== 'uvicorn' || reload?.known !== true || reload.value !== true) continue
      if (workers?.known !== true || workers.value < 2 || workers.at === null) continue
      yield {
        at: workers.at,
        message: `${programName(program)} starts one process: "workers" flag is ignored when reloading is enabled`,
        label: `not ${workers.value}`,
        ...(reload.at !== null && { related: [{ at: reload.at, message: 'this makes it one' }] }),
      }
    }
  },
})
