import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const tree = (call: string): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/python3 main.py'), {
    'etc/shop/main.py': conf`
      import uvicorn


      async def app(scope, receive, send):
          await send({"type": "http.response.start", "status": 200, "headers": []})
          await send({"type": "http.response.body", "body": b"shop"})


      if __name__ == "__main__":
          uvicorn.run(${call})
    `,
  })

export default defineRule({
  summary: 'uvicorn is to start several processes, and does not know the name of the application',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: "With `workers` or `reload` uvicorn starts other processes, each of which imports the application by its name. Where `uvicorn.run()` gets the application itself, it ends: `You must pass the application as an import string to enable 'reload' or 'workers'`.",
  remedy: 'Write the name of the module and of the application: `uvicorn.run("main:app", workers=4)`',
  references: ['https://www.uvicorn.org/deployment/#running-programmatically'],
  bad: [
    { title: 'several workers', files: tree('«app», port=8000, workers=4') },
    { title: 'a new start with each change', files: tree('«app», port=8000, reload=True') },
  ],
  good: [
    { title: 'the name', files: tree('"main:app", port=8000, workers=4') },
    { title: 'one process', files: tree('app, port=8000, workers=1, reload=False') },
    { title: 'a number that nobody knows', files: tree('app, port=8000, workers=count') },
  ],
  *check(deployment) {
    for (const { server } of programsOfKind(deployment, 'app-server')) {
      if (server.program !== 'uvicorn') continue
      const app = server.settings.get('app')
      if (app?.at == null) continue
      const asked = ['workers', 'reload'].flatMap(name => {
        const fact = server.settings.get(name)
        const isOn =
          fact?.known === true && (fact.value === true || (typeof fact.value === 'number' && fact.value > 1))
        return isOn && fact.at !== null ? [{ name, at: fact.at }] : []
      })
      const [first] = asked
      if (first === undefined) continue
      const [module] = server.application?.known === true ? server.application.value.split(':') : []
      yield {
        at: app.at,
        message: `uvicorn gets the application itself, so it ends at once: You must pass the application as an import string to enable 'reload' or 'workers'`,
        label: 'no name',
        related: [{ at: first.at, message: `\`${first.name}\`` }],
        ...(module !== undefined && {
          help: `Write \`"${module}:${app.at.source.code.slice(app.at.start, app.at.end)}"\``,
        }),
      }
    }
  },
})
