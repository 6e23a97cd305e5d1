import { posix } from 'node:path'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { AppServer } from '../../parsers/app-server/app-server.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { madeEnvironments } from '../../src/deployment/setups/made-environments.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { behindNginx, serviceUnit, uwsgiApplication, WSGI } from './_examples.ts'

const ENVIRONMENT = { 'srv/shop/venv/pyvenv.cfg': 'home = /usr/bin\n' }
const PROJECT = { 'etc/shop/shop/__init__.py': '', 'etc/shop/shop/wsgi.py': WSGI }

const uwsgi = (home: string, files: Record<string, string> = ENVIRONMENT): Record<string, string> => ({
  ...uwsgiApplication(conf`
    chdir = /etc/shop
    module = shop.wsgi
    ${home}
  `),
  ...PROJECT,
  ...files,
})
const unit = (command: string, files: Record<string, string> = ENVIRONMENT): Record<string, string> =>
  behindNginx(serviceUnit(command), { ...PROJECT, ...files })

export default defineRule({
  summary: 'The virtual environment that starts an application is called otherwise',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: "systemd starts the very file that `ExecStart=` names, and uWSGI the Python of its `virtualenv`. Where no environment is there, the unit ends with `status=203/EXEC`, `No such file or directory`, and uWSGI with `ModuleNotFoundError: No module named 'encodings'`: nginx answers 502.",
  remedy: 'Name the directory in which the environment was made',
  references: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines',
    'https://uwsgi-docs.readthedocs.io/en/latest/Python.html#virtualenv-support',
  ],
  unproven: 'The machines of the live tests make every virtual environment that a file names',
  bad: [
    {
      title: 'a unit',
      files: unit('«/srv/shop/env/bin/gunicorn» --bind 127.0.0.1:8000 shop.wsgi:application'),
    },
    {
      title: 'a unit beside the script that makes another',
      files: {
        'deploy/install.sh': conf`
          #!/bin/sh
          set -e
          python3 -m venv /opt/labels/.venv
          /opt/labels/.venv/bin/pip install -r /opt/labels/src/requirements.txt
        `,
        'deploy/labels.service': serviceUnit(
          '«/opt/labels/venv/bin/gunicorn» --bind 127.0.0.1:8000 labels.wsgi',
        ),
      },
    },
    {
      title: 'a unit of a role whose playbook makes another',
      files: {
        'roles/labels/tasks/main.yml': conf`
          - name: Virtual environment
            ansible.builtin.pip:
              requirements: "{{ app_dir }}/src/requirements.txt"
              virtualenv: "{{ app_dir }}/env"
              virtualenv_command: python3 -m venv
            notify: Restart labels

          - name: Unit
            ansible.builtin.template:
              src: labels.service.j2
              dest: /etc/systemd/system/labels.service
        `,
        'roles/labels/templates/labels.service.j2': serviceUnit(
          '«{{ app_dir }}/venv/bin/gunicorn» --bind 127.0.0.1:8000 labels.wsgi',
        ),
      },
    },
    { title: 'uWSGI', files: uwsgi('virtualenv = «/srv/shop/env»') },
    { title: 'uWSGI, by another name of the option', files: uwsgi('home = «/srv/shop/.venv»') },
  ],
  good: [
    {
      title: 'a unit with its environment',
      files: unit('/srv/shop/venv/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi:application'),
    },
    {
      title: 'an environment that is in no copy',
      files: unit('/srv/shop/env/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi:application', {
        'srv/shop/app/manage.py': '',
      }),
    },
    {
      title: 'a script that makes it in the directory that it goes to',
      files: {
        'deploy/install.sh': conf`
          python3 -m venv /opt/tools/.venv
          cd /opt/labels
          python3 -m venv venv
        `,
        'deploy/labels.service': serviceUnit(
          '/opt/labels/venv/bin/gunicorn --bind 127.0.0.1:8000 labels.wsgi',
        ),
      },
    },
    {
      title: 'a script that makes it by a variable, and another one for tests',
      files: {
        'deploy/install.sh': conf`
          python3 -m venv /opt/labels/.venv
          python3 -m venv $TARGET/venv
        `,
        'deploy/labels.service': serviceUnit(
          '/opt/labels/venv/bin/gunicorn --bind 127.0.0.1:8000 labels.wsgi',
        ),
      },
    },
    {
      title: 'a link to an environment',
      files: unit('/srv/shop/env/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi:application', {
        ...ENVIRONMENT,
        'srv/shop/env/bin/': '',
      }),
    },
    { title: 'uWSGI with its environment', files: uwsgi('virtualenv = /srv/shop/venv') },
    {
      title: 'an environment elsewhere',
      files: uwsgi('virtualenv = /opt/env', { 'srv/shop/venv/pyvenv.cfg': 'home = /usr/bin\n' }),
    },
  ],
  *check(deployment) {
    yield* madeOtherwise(deployment)
    for (const { machine, words, by } of deployment.commands) {
      const [first] = words
      if (by === 'container' || first === undefined) continue
      const [, environment] = /^[-@:+!]*(\/[^\0\uFFFD$%]+)\/bin\/[\w.-]+$/.exec(first.text) ?? []
      if (environment !== undefined) yield* missing(machine.files, environment, placeOf(first))
    }
    for (const { server, machine } of programsOfKind(deployment, 'app-server')) {
      if (machine.container !== null) continue
      for (const { path, at } of environmentsOf(server)) yield* missing(machine.files, path, at)
    }
  },
})

/** A unit that starts what lies in another environment than the one that the playbook or the script beside it makes. */
function* madeOtherwise(deployment: Deployment): Iterable<RuleFinding> {
  const texts = deployment.setups() ?? []
  const made = madeEnvironments(texts)
  if (made.length === 0) return
  for (const { words, by } of deployment.commands) {
    const [first] = words
    if (by !== 'systemd' || first === undefined) continue
    const [written, read] = [placeText(placeOf(first)), first.text].map(
      text => /^[-@:+!]*((?:\/|\{\{)[^\0\uFFFD$%]*)\/bin\/[\w.-]+$/.exec(text)?.[1] ?? null,
    )
    const paths = [written, read].filter(path => path != null)
    const name = posix.basename(paths[0] ?? '')
    if (!NAMED_SO.test(name) || made.some(({ path }) => paths.includes(path))) continue
    const beside = made.filter(({ path }) => paths.some(each => posix.dirname(each) === posix.dirname(path)))
    const [only] = beside
    if (only === undefined || new Set(beside.map(({ path }) => path)).size > 1) continue
    // Another text may make this one, or a link to it.
    const mention = new RegExp(`(?<![\\w.-])${name.replace('.', '\\.')}(?![\\w.-])`)
    const others = [...texts, ...deployment.setupsBeside()].filter(
      ({ path }) => !/\.service(?:\.\w+)?$/.test(path),
    )
    if (
      others.some(({ text }) =>
        mention.test(text.replace(/-m[ \t]+venv\b|\buv[ \t]+venv\b|python3(?:\.\d+)?-venv/g, '')),
      )
    )
      continue
    yield {
      at: placeOf(first),
      message: `the virtual environment is made at \`${only.path}\`, and none is at \`${paths[0]}\`: status=203/EXEC, No such file or directory`,
      label: 'not there',
      related: [{ at: only.at, message: 'made here' }],
      help: `Write \`${only.path}\``,
    }
  }
}

/** What people call one. */
const NAMED_SO = /^(?:\.?v?env|\.?virtualenv)$/

/** The options of uWSGI that name one. */
function environmentsOf({
  program,
  settings,
}: AppServer): readonly { readonly path: string; readonly at: Place }[] {
  if (program !== 'uwsgi') return []
  return ['virtualenv', 'venv', 'home', 'pyhome'].flatMap(name => {
    const fact = settings.get(name)
    const isPath = fact?.known === true && typeof fact.value === 'string' && fact.value.startsWith('/')
    return isPath && fact.at !== null ? [{ path: String(fact.value), at: fact.at }] : []
  })
}

/** A path that is not there, in a directory that holds an environment of another name. */
function* missing(files: FileSystem, environment: string, at: Place): Iterable<RuleFinding> {
  const path = posix.normalize(environment).replace(/(?<=.)\/$/, '')
  const directory = posix.dirname(path)
  if (files.kind(path) !== null) return
  const beside = (files.list(directory) ?? []).filter(
    ({ name, kind }) =>
      kind === 'directory' && files.kind(posix.join(directory, name, 'pyvenv.cfg')) === 'file',
  )
  const [only] = beside
  if (only === undefined || beside.length > 1) return
  const other = posix.join(directory, only.name)
  yield {
    at,
    message: `no virtual environment is at \`${path}\`, and one is at \`${other}\`: No such file or directory`,
    label: 'not there',
    help: `Write \`${other}\``,
  }
}
