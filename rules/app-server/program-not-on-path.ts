import { posix } from 'node:path'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { toldTexts } from '../../src/deployment/setups/told-texts.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { proxiedServer } from '../_examples.ts'
import { onlyEnvironment } from './_environment-alone.ts'
import { siteServices } from './_site-services.ts'
import { onlyManager } from './_version-managers.ts'

const DEPLOY = conf`
  #!/bin/sh
  set -e
  cd /srv/shop
  python3 -m venv env
  env/bin/pip install -r requirements.txt
  supervisorctl restart shop
`
const supervisor = (
  command: string,
  {
    lines = '',
    script = DEPLOY,
    more = {},
  }: { lines?: string; script?: string; more?: Record<string, string> } = {},
): Record<string, string> => ({
  'nginx/site.conf': proxiedServer('', '127.0.0.1:8000'),
  'requirements.txt': 'Django==4.2\ngunicorn==21.2.0\ncelery==5.3\n',
  'deploy.sh': script,
  'supervisor/shop.conf': conf`
    [program:shop]
    command=${command}
    directory=/srv/shop
    ${lines}
  `,
  ...more,
})
const unit = (command: string, lines = ''): Record<string, string> => ({
  'nginx/site.conf': proxiedServer('', '127.0.0.1:8000'),
  'requirements.txt': 'Django==4.2\ngunicorn==21.2.0\n',
  'deploy.sh': DEPLOY.replace('supervisorctl', 'systemctl'),
  'deploy/shop.service': conf`
    [Service]
    WorkingDirectory=/srv/shop
    ${lines}
    ExecStart=${command}
  `,
})
const rails = (command: string, script: string): Record<string, string> => ({
  ...unit(command),
  'deploy.sh': `#!/bin/bash\n${script}systemctl restart shop\n`,
})
const GUNICORN = 'gunicorn shop.wsgi --bind 127.0.0.1:8000'
const MARKED = GUNICORN.replace('gunicorn', '«gunicorn»')

export default defineRule({
  summary: 'A program is started by its name alone, and lies in a virtual environment or below a home',
  severity: 'error',
  confidence: 'medium',
  since: '0.1.0',
  why: 'supervisord looks for a command without a path in its own `PATH`, and systemd in directories that are fixed when it is compiled, whatever `Environment=PATH=` says. Neither has the `bin` of a virtual environment, which only a shell has that activated it, nor what rbenv, rvm, nvm and their like keep below a home: `can’t find command ’gunicorn’`, or `status=203/EXEC`.',
  remedy: 'Write the whole path: `command=/srv/shop/env/bin/gunicorn …`',
  references: [
    'https://supervisord.org/configuration.html#program-x-section-values',
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines',
  ],
  unproven: 'The live tests start what supervisord and systemd would start by themselves',
  bad: [
    { title: 'a program of supervisord', files: supervisor(MARKED) },
    {
      title: 'a worker',
      files: supervisor('«celery» -A shop worker', {
        script: DEPLOY.replace('-r requirements.txt', 'celery gunicorn'),
      }),
    },
    {
      title: 'an environment that the script activates',
      files: supervisor(MARKED, {
        script: '#!/bin/sh\ncd /srv/shop\n. env/bin/activate\npip install -r requirements.txt\n',
      }),
    },
    {
      title: 'a file of Fabric',
      files: supervisor(MARKED, {
        script: '',
        more: {
          'fabfile.py': conf`
            from fabric.api import cd, run

            def deploy():
                with cd('/srv/shop'):
                    run('test -d ../env || virtualenv ../env')
                    run('../env/bin/pip install -r requirements.txt')
          `,
        },
      }),
    },
    {
      title: 'a playbook',
      files: supervisor(MARKED, {
        script: '',
        more: {
          'playbook.yml': conf`
            - hosts: web
              tasks:
                - name: Packages
                  pip:
                    requirements: /srv/shop/requirements.txt
                    virtualenv: /srv/shop/env
          `,
        },
      }),
    },
    { title: 'a unit', files: unit(MARKED) },
    { title: 'Ruby of rbenv', files: rails('«bundle» exec puma -C config/puma.rb', 'rbenv install 3.3.0\n') },
    { title: 'a manager itself', files: rails('«fnm» exec bundle exec puma', 'fnm install 20\n') },
    {
      title: 'a unit with a path for the process that is started',
      files: unit(MARKED, 'Environment="PATH=/srv/shop/env/bin:/usr/bin"'),
    },
  ],
  good: [
    {
      title: 'Ruby of the distribution beside rbenv',
      files: rails(
        'bundle exec puma -C config/puma.rb',
        'apt-get install -y ruby-bundler\nrbenv install 3.3.0\n',
      ),
    },
    {
      title: 'a link to what nvm keeps',
      files: rails('npm start', 'nvm install 20\nln -s "$(which npm)" /usr/local/bin/npm\n'),
    },
    {
      title: 'a shell that has rvm on its path',
      files: rails("/bin/bash -lc 'bundle exec puma'", 'rvm install 3.3.0\n'),
    },
    { title: 'the whole path', files: supervisor(`/srv/shop/env/bin/${GUNICORN}`) },
    { title: 'a path from the directory', files: supervisor(`env/bin/${GUNICORN}`) },
    {
      title: 'a path of the program',
      files: supervisor(GUNICORN, { lines: 'environment=PATH="/srv/shop/env/bin:%(ENV_PATH)s"' }),
    },
    {
      title: 'a shell that activates it',
      files: supervisor(`/bin/bash -c "source env/bin/activate && exec ${GUNICORN}"`),
    },
    {
      title: 'a package of the whole machine',
      files: supervisor(GUNICORN, { script: '#!/bin/sh\nsudo pip3 install -r requirements.txt\n' }),
    },
    {
      title: 'a package of the distribution besides',
      files: supervisor(GUNICORN, { script: `${DEPLOY}apt-get install -y gunicorn\n` }),
    },
    {
      title: 'a link to it',
      files: supervisor(GUNICORN, {
        script: `${DEPLOY}ln -sf /srv/shop/env/bin/gunicorn /usr/local/bin/gunicorn\n`,
      }),
    },
    {
      title: 'supervisord that a shell starts which activated it',
      files: supervisor(GUNICORN, {
        script: `${DEPLOY}. env/bin/activate\nsupervisord -c supervisor/main.conf\n`,
      }),
    },
    {
      title: 'another program, which no list has',
      files: supervisor('daphne shop.asgi:application'),
    },
    {
      title: 'an environment of developers',
      files: supervisor(GUNICORN, {
        script: '',
        more: { 'README.md': `    ${DEPLOY.replaceAll('\n', '\n    ')}`, 'scripts/setup_dev.sh': DEPLOY },
      }),
    },
    { title: 'nothing that says how it is installed', files: supervisor(GUNICORN, { script: '' }) },
    {
      title: 'a unit that says where systemd looks',
      files: unit(GUNICORN, 'ExecSearchPath=/srv/shop/env/bin'),
    },
    { title: 'a unit with the whole path', files: unit(`/srv/shop/env/bin/${GUNICORN}`) },
  ],
  *check(deployment) {
    yield* ofManagers(deployment)
    for (const { machine, words, by, rest, environment } of deployment.commands) {
      const [first] = words
      if (first === undefined || machine.container !== null || rest !== null) continue
      if (by !== 'supervisord' && by !== 'systemd') continue
      const program = first.text.replace(/^[-@:+!]+/, '')
      if (!PROGRAMS.has(program)) continue
      if (
        by === 'supervisord'
          ? setsPath(environment('PATH'), machine)
          : /ExecSearchPath/.test(first.source.text)
      )
        continue
      const texts =
        deployment.setups() === null
          ? []
          : toldTexts(deployment).filter(({ path }) => path !== first.source.path)
      // Whoever starts supervisord in a shell gives it the `PATH` of that.
      if (by === 'supervisord' && texts.some(({ text }) => STARTED_BY_HAND.test(text))) continue
      const install = onlyEnvironment(program, texts, machine.files)
      if (install === null) continue
      yield {
        at: placeOf(first),
        message:
          by === 'supervisord'
            ? `supervisord looks for \`${program}\` in its own \`PATH\`, and it is in \`${install.environment}/bin\` alone: can't find command '${program}'`
            : `systemd looks for \`${program}\` in directories of the system, whatever \`PATH\` says, and it is in \`${install.environment}/bin\` alone: status=203/EXEC`,
        label: 'not found',
        related: [{ at: install.at, message: 'installed here' }],
        help: install.environment.startsWith('/')
          ? `Write \`${posix.join(install.environment, 'bin', program)}\``
          : 'Write the whole path',
      }
    }
  },
})

/** What a unit starts that a manager of versions keeps below the home of a user. */
function* ofManagers(deployment: Deployment): Iterable<RuleFinding> {
  for (const { start, unit } of siteServices(deployment)) {
    const first = start[0]?.words[0]
    if (first === undefined || /\W/.test(first.text) || deployment.setups() === null) continue
    if (unit.settings.some(({ name }) => name === 'ExecSearchPath')) continue
    const isOther = ({ path }: Source): boolean => path !== first.source.path
    const told = toldTexts(deployment).filter(isOther)
    const install = onlyManager(first.text, (deployment.setups() ?? []).filter(isOther), told)
    if (install === null) continue
    yield {
      at: placeOf(first),
      message: `systemd looks for \`${first.text}\` in directories of the system, whatever \`PATH\` says, and ${install.manager} keeps it below the home of a user: status=203/EXEC`,
      label: 'not found',
      related: [{ at: install.at, message: `${install.manager} is used here` }],
      help: 'Write the whole path of the program, or start it by a shell that has the manager on its `PATH`',
    }
  }
}

/** What packages of Python bring into the `bin` of the environment that they are installed in. */
const PROGRAMS: ReadonlySet<string> = new Set([
  'gunicorn',
  'celery',
  'uvicorn',
  'uwsgi',
  'daphne',
  'hypercorn',
  'waitress-serve',
  'flower',
  'dramatiq',
  'granian',
])

/** What the section of the program sets, or that of supervisord itself. */
function setsPath(path: Fact<string> | null, { files }: Machine): boolean {
  if (path !== null && (path.known || path.at !== null)) return true
  return ['/etc/supervisor/supervisord.conf', '/etc/supervisord.conf'].some(
    main => sourceAt(files, main)?.text.includes('PATH') === true,
  )
}

const STARTED_BY_HAND = /^\s*(?:exec\s+)?supervisord\b|["'&;]\s*supervisord\b|CMD.*supervisord/m
