import type { Place, Source } from '../../parsers/text/source.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { WsgiScript } from '../../src/deployment/django/settings.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { nginxMain, proxiedServer } from '../_examples.ts'
import { serviceUnit } from './_examples.ts'

const project = (last: string, command = '/usr/bin/gunicorn web:app'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(proxiedServer('proxy_read_timeout 3s;', '127.0.0.1:8000')),
  'etc/systemd/system/shop.service': serviceUnit(command),
  'etc/shop/web.py': conf`
    from flask import Flask

    app = Flask(__name__)


    @app.route("/")
    def index():
        return "found"


    ${last}
  `,
})

export default defineRule({
  summary: 'The application starts a server of its own when it is loaded',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`app.run()` starts the development server of Flask and never returns. Outside of `if __name__ == "__main__":` it does so whenever the module is imported: a worker of gunicorn, uWSGI or mod_wsgi stays in there and answers nothing, until it is killed and the next one does the same. nginx answers 502 or 504.',
  remedy: 'Put it behind `if __name__ == "__main__":`, or leave it out',
  references: [
    'https://flask.palletsprojects.com/en/stable/server/#in-code',
    'https://flask.palletsprojects.com/en/stable/deploying/gunicorn/',
  ],
  bad: [
    { title: 'at the end of the module', files: project('«app.run»(host="127.0.0.1", port=5055)') },
    {
      title: 'for uWSGI',
      files: project(
        '«app.run»(debug=True)',
        '/usr/bin/uwsgi --http-socket 127.0.0.1:8000 --plugin python3 --chdir /etc/shop --module web:app',
      ),
    },
  ],
  good: [
    {
      title: 'where the module is the program',
      files: project(conf`
        if __name__ == "__main__":
            app.run(host="127.0.0.1", port=5055)
      `),
    },
    {
      title: 'a module that is started as it is',
      files: project('app.run(port=8000)', '/usr/bin/python3 /etc/shop/web.py'),
    },
    {
      title: 'a function of one’s own',
      files: project(conf`
        def run():
            app.run()
      `),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const loaded = /^(?:gunicorn|uwsgi|uvicorn|hypercorn|waitress)$/.test(program.server.program)
        ? deployment.moduleOf(program)
        : null
      if (loaded === null || loaded.source === null || loaded.source === 'missing') continue
      yield* startedIn(loaded.source, loaded.script, programName(program))
    }
    for (const application of deployment.applications) {
      const python = deployment.pythonOf(application)
      const source =
        python === null ? null : sourceAt(deployment.filesOf(application.configuration), python.path)
      if (source !== null) yield* startedIn(source, python?.script ?? null, 'mod_wsgi')
    }
  },
})

function* startedIn(source: Source, script: WsgiScript | null, name: string) {
  if (script === null) return
  for (const match of source.code.matchAll(/^([A-Za-z_]\w*)\.run(?=\()/gm)) {
    if (!/(?:^|\.)Flask$/.test(script.made.get(match[1] ?? '') ?? '')) continue
    const at: Place = { source, start: match.index, end: match.index + match[0].length }
    yield {
      at,
      message: `${name} imports this module, and here it stays: the development server starts and never returns`,
      label: 'run by every import',
      help: 'Write it below `if __name__ == "__main__":`',
    }
  }
}
