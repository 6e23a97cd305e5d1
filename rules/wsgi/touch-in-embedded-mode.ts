import { posix } from 'node:path'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Application, Deployment } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { bringing } from '../../src/deployment/setups/bringing.ts'
import { inDirectory } from '../../src/deployment/setups/followed-commands.ts'
import { moduleCalls } from '../../src/deployment/setups/module-calls.ts'
import { setupCommands } from '../../src/deployment/setups/setup-commands.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const tree = (
  reload: string,
  { lines = '', server = 'WSGIPythonPath /srv/club' }: { lines?: string; server?: string } = {},
): Record<string, string> => ({
  'apache/club.conf': conf`
    ${server}
    <VirtualHost *:80>
        ServerName club.example.org
        ${lines}
        WSGIScriptAlias / /srv/club/club/wsgi.py
    </VirtualHost>
  `,
  'deploy.sh': conf`
    #!/bin/sh
    cd /srv/club
    git pull --ff-only
    venv/bin/pip install -r requirements.txt
    ${reload}
  `,
})

export default defineRule({
  summary: 'A deploy touches the WSGI script, and the application runs in embedded mode',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A daemon process of mod_wsgi restarts as a whole when its script has changed. In embedded mode the script alone is read anew, inside of the old process of Apache: the modules that it has imported, which are all of the project, stay as they are until Apache is restarted. Each process answers with what it happened to load.',
  remedy:
    'Reload Apache at the end of the deploy (`systemctl reload apache2`), or run the application in a daemon process: `WSGIDaemonProcess` and `WSGIProcessGroup`',
  references: ['https://modwsgi.readthedocs.io/en/master/user-guides/reloading-source-code.html'],
  unproven: 'The live tests ask running servers, and deploy nothing between two requests',
  bad: [
    { title: 'at the end of a script', files: tree('«touch» club/wsgi.py') },
    {
      title: 'by the whole path, of a job',
      files: {
        ...tree('true'),
        'deploy.sh': '',
        '.gitlab-ci.yml': conf`
          deploy:
            script:
              - ssh deploy@club.example.org "cd /srv/club && git pull && «touch» /srv/club/club/wsgi.py"
        `,
      },
    },
    {
      title: 'in a task of Ansible',
      files: {
        ...tree('true'),
        'deploy.sh': '',
        'ansible/deploy.yml': conf`
          - hosts: web
            tasks:
              - git:
                  repo: https://git.example.org/club.git
                  dest: /srv/club
              - name: reload
                file:
                  path: «/srv/club/club/wsgi.py»
                  state: touch
        `,
      },
    },
  ],
  good: [
    {
      title: 'a daemon process',
      files: tree('touch club/wsgi.py', {
        server: '',
        lines: 'WSGIDaemonProcess club python-path=/srv/club\nWSGIProcessGroup club',
      }),
    },
    {
      title: 'Apache is reloaded as well',
      files: tree('touch club/wsgi.py\nsudo systemctl reload apache2'),
    },
    { title: 'another script', files: tree('touch other/wsgi.py') },
    {
      title: 'a script that makes the file',
      files: { ...tree('true'), 'deploy.sh': 'touch /srv/club/club/wsgi.py\n' },
    },
    {
      title: 'a virtual host that may get its group from the server',
      files: tree('touch club/wsgi.py', { server: '' }),
    },
    {
      title: 'a handler of Ansible that restarts Apache',
      files: {
        ...tree('touch club/wsgi.py'),
        'ansible/handlers/main.yml': conf`
          - name: restart apache
            service:
              name: apache2
              state: restarted
        `,
      },
    },
  ],
  *check(deployment) {
    if (!deployment.applications.some(isEmbedded)) return
    const byScript = groupBy(deployment.applications, ({ alias }) =>
      alias.script.known ? cleanPath(alias.script.value) : '',
    )
    for (const { path, at } of touched(deployment)) {
      const applications = byScript.get(path) ?? []
      const [application] = applications
      if (application === undefined || !applications.every(isEmbedded)) continue
      yield {
        at,
        message:
          'the application runs in embedded mode, where only the script itself is read anew: the modules of the project stay as they were loaded',
        label: 'reloads no module of the project',
        related: [{ at: namePlace(application.directive), message: 'no process group: embedded mode' }],
      }
    }
  },
})

/** False where a main file that is not here may send the script to a daemon process. */
function isEmbedded({ configuration, processGroup, visibleDaemons }: Application): boolean {
  const isWhole = configuration.main !== null
  return (
    processGroup.known &&
    processGroup.value === '' &&
    visibleDaemons.length === 0 &&
    // No daemon process takes its path from this line.
    (isWhole || configuration.occurrences.has('wsgipythonpath'))
  )
}

interface Touch {
  readonly path: string
  readonly at: Place
}

function touched(deployment: Deployment): readonly Touch[] {
  const texts = deployment.setups() ?? []
  const found = texts.flatMap(source => (/\btouch\b/.test(source.text) ? touchesIn(source) : []))
  return found.length === 0 || texts.some(({ text }) => RESTARTS.test(text)) ? [] : found
}

/** What restarts Apache, or may be any service. */
const RESTARTS =
  /\b(?:restarted|reloaded)\b|\b(?:apache2?|httpd)\b[^\n]*\b(?:re-?start|reload|graceful|HUP|kill)|\b(?:re-?start|force-reload|reload|graceful|kill(?:all)?)\b[^\n#]*\b(?:apache|httpd|\$)|\breboot\b|apache2?ctl/i

function touchesIn(source: Source): readonly Touch[] {
  const commands = setupCommands(source)
  const start = commands.findIndex(command => bringing(command) !== null)
  const ofCommands = commands
    .slice(start === -1 ? commands.length : start)
    .flatMap(({ words, directory }): readonly Touch[] => {
      const [program, ...args] = words
      if (program === undefined || posix.basename(program.text) !== 'touch') return []
      return args.flatMap(({ text }) => {
        const path = text.startsWith('-') ? null : inDirectory(text, directory)
        return path === null ? [] : [{ path: cleanPath(path), at: placeOf(program) }]
      })
    })
  return [...ofCommands, ...tasksIn(source)]
}

/** `file` with `state: touch`, in a playbook that checks the project out. */
function tasksIn(source: Source): readonly Touch[] {
  if (!/\bgit:|\bsynchronize:/.test(source.text)) return []
  return moduleCalls(source).flatMap(({ module, options }) => {
    if (module !== 'file' || options.get('state')?.text.text !== 'touch') return []
    const path = options.get('path') ?? options.get('dest') ?? options.get('name')
    return path === undefined ? [] : [{ path: cleanPath(path.text.text), at: path.at }]
  })
}
