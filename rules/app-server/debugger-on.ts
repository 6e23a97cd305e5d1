import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const tree = (run: string): Record<string, string> =>
  behindNginx(
    serviceUnit('/usr/bin/python3 app.py'),
    {
      'etc/shop/app.py': conf`
        from flask import Flask
        app = Flask(__name__)

        @app.route("/")
        def index():
            raise RuntimeError("it fails")

        if __name__ == "__main__":
            ${run}
      `,
    },
    '127.0.0.1:5000',
  )

export default defineRule({
  summary: 'The debugger of Flask answers through nginx',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 8.1,
  cwe: [489],
  since: '0.1.0',
  why: 'With `debug=True` every error is answered with the page of Werkzeug’s debugger: the code around it and the values of its variables, and a console that executes Python for whoever has the PIN.',
  remedy: 'Leave `debug` out, and start the application by gunicorn or another server',
  references: [
    'https://werkzeug.palletsprojects.com/en/stable/debug/',
    'https://flask.palletsprojects.com/en/stable/deploying/',
  ],
  bad: [
    { title: 'in the call', files: tree('app.run(debug=«True»)') },
    {
      title: 'by the command',
      files: {
        ...tree('pass'),
        'etc/systemd/system/shop.service': serviceUnit('/usr/bin/flask --app app run «--debug»'),
      },
    },
  ],
  good: [
    { title: 'no debugger', files: tree('app.run()') },
    { title: 'off', files: tree('app.run(debug=False)') },
    { title: 'a variable of the environment decides', files: tree('app.run(debug=os.environ["DEBUG"])') },
    {
      title: 'gunicorn, which does not call it',
      files: {
        ...tree('app.run(debug=True)'),
        'etc/systemd/system/shop.service': serviceUnit('/usr/bin/gunicorn --bind 127.0.0.1:5000 app:app'),
      },
    },
  ],
  *check({ programs, connections }) {
    if (!programs.some(({ kind }) => kind === 'app-server')) return
    for (const connection of connections.nginx) {
      if (connection.reachable !== true) continue
      for (const { to } of connection.targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server') continue
        const { server } = to.listener.program
        const debug = server.program === 'flask' ? server.settings.get('debug') : undefined
        if (debug?.known !== true || (debug.value !== true && debug.value !== '1') || debug.at === null)
          continue
        yield {
          at: debug.at,
          message: 'every client that nginx lets in sees the debugger of Werkzeug where a request fails',
          label: 'the debugger is on',
          related: [{ at: namePlace(connection.pass), message: 'nginx proxies to it' }],
        }
      }
    }
  },
})
