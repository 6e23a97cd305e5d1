import { posix } from 'node:path'
import { matchedPlace, type Place, type Source } from '../../parsers/text/source.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import { importedNames } from '../../src/deployment/django/imported-names.ts'
import type { WsgiScript } from '../../src/deployment/django/settings.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { modWsgiMain, nginxMain, proxiedServer, virtualHost } from '../_examples.ts'
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
    {
      title: 'a module that the script of mod_wsgi imports',
      files: {
        'etc/apache2/apache2.conf': modWsgiMain(
          virtualHost(conf`
            WSGIDaemonProcess shop python-path=/srv/shop
            WSGIProcessGroup shop
            WSGIApplicationGroup %{GLOBAL}
            WSGIScriptAlias / /srv/shop/shop.wsgi
            <Directory /srv/shop>
                Require all granted
            </Directory>
          `),
        ),
        'srv/shop/shop.wsgi': 'from shop import app as application',
        'srv/shop/shop.py': conf`
          from flask import Flask

          app = Flask(__name__)

          «app.run»(port=5055)
        `,
      },
    },
  ],
  good: [
    {
      title: 'a module that the loaded one imports, guarded',
      files: {
        ...project(''),
        'etc/shop/web.py': 'from shop import app',
        'etc/shop/shop.py': conf`
          from flask import Flask

          app = Flask(__name__)

          if __name__ == "__main__":
              app.run(port=5055)
        `,
      },
    },
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
      const name = programName(program)
      yield* startedIn(loaded.source, flasksOf(loaded.script), name)
      yield* startedByImports(program.machine.files, loaded.source.path, loaded.script?.path ?? [], name)
    }
    for (const application of deployment.applications) {
      const python = deployment.pythonOf(application)
      const files = deployment.filesOf(application.configuration)
      const source = python === null ? null : sourceAt(files, python.path)
      if (python === null || source === null) continue
      yield* startedIn(source, flasksOf(python.script), 'mod_wsgi')
      const path = application.daemon?.options.get('python-path')?.value
      const directories = [...python.script.path, ...(path?.known === true ? path.value.split(':') : [])]
      yield* startedByImports(files, python.path, directories, 'mod_wsgi')
    }
  },
})

/** The names of a module that are applications of Flask and nothing else. */
function flasksOf(script: WsgiScript | null): ReadonlySet<string> {
  const names = [...(script?.made ?? [])].filter(([, made]) => /(?:^|\.)Flask$/.test(made))
  return new Set(names.map(([name]) => name))
}

/** What a module starts that the one that is loaded imports whatever happens, from beside it or from its path. */
function* startedByImports(
  files: FileSystem,
  importer: string,
  directories: readonly string[],
  name: string,
): Iterable<RuleFinding> {
  const seen = new Set<string>()
  for (const each of importedNames(files, importer)) {
    if (!/^\w+$/.test(each.module) || seen.has(each.module)) continue
    seen.add(each.module)
    const source = [posix.dirname(importer), ...directories]
      .map(directory => sourceAt(files, posix.join(directory, `${each.module}.py`)))
      .find(found => found !== null)
    if (source === null || source === undefined || source.path === importer) continue
    const flasks = [
      ...source.code.matchAll(/^([A-Za-z_]\w*)[ \t]*(?::[ \t]*[\w.]+[ \t]*)?=[ \t]*(?:flask\.)?Flask\(/gm),
    ]
    yield* startedIn(source, new Set(flasks.map(([, flask = '']) => flask)), name, each.at)
  }
}

function* startedIn(
  source: Source,
  flasks: ReadonlySet<string>,
  name: string,
  importedAt: Place | null = null,
): Iterable<RuleFinding> {
  if (flasks.size === 0) return
  for (const match of source.code.matchAll(/^([A-Za-z_]\w*)\.run(?=\()/gm)) {
    if (!flasks.has(match[1] ?? '')) continue
    const at: Place = matchedPlace(source, match)
    yield {
      at,
      message: `${name} imports this module, and here it stays: the development server starts and never returns`,
      label: 'run by every import',
      help: 'Write it below `if __name__ == "__main__":`',
      related: importedAt === null ? [] : [{ at: importedAt, message: 'imported here' }],
    }
  }
}
