import type { Place } from '../../parsers/text/source.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { AppServerProgram, Application, Deployment } from '../../src/deployment/model.ts'
import { liesIn, updatedCheckouts } from '../../src/deployment/setups/updated-checkouts.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const apache = (daemon = ''): Record<string, string> => ({
  'apache/shop.conf': conf`
    <VirtualHost *:80>
        ServerName shop.example.org
        WSGIDaemonProcess shop python-home=/srv/shop/venv python-path=/srv/shop ${daemon}
        WSGIProcessGroup shop
        WSGIScriptAlias / /srv/shop/shop/wsgi.py
        <Directory /srv/shop/shop>
            Require all granted
        </Directory>
    </VirtualHost>
  `,
})
const unit = (command: string, directory = '/srv/shop'): Record<string, string> => ({
  'deploy/shop.service': conf`
    [Service]
    User=shop
    WorkingDirectory=${directory}
    ExecStart=${command}

    [Install]
    WantedBy=multi-user.target
  `,
  'nginx/shop.conf': conf`
    server {
        listen 80;
        server_name shop.example.org;
        location / {
            proxy_pass http://127.0.0.1:8000;
        }
    }
  `,
})
const GUNICORN = unit('/srv/shop/venv/bin/gunicorn -b 127.0.0.1:8000 shop.wsgi')
const workflow = (pull = '«git pull» --ff-only', last = ''): Record<string, string> => ({
  '.github/workflows/deploy.yml': conf`
    name: deploy
    on:
      push:
        branches: [main]
    jobs:
      deploy:
        runs-on: ubuntu-latest
        steps:
          - name: update the server
            uses: appleboy/ssh-action@v1.0.3
            with:
              host: \${{ secrets.DEPLOY_HOST }}
              username: deploy
              script: |
                cd /srv/shop
                ${pull}
                venv/bin/pip install -q -r requirements.txt
                venv/bin/python manage.py migrate --noinput
                venv/bin/python manage.py collectstatic --noinput
                ${last}
  `,
})
const plain = (last = ''): Record<string, string> => workflow('git pull --ff-only', last)

export default defineRule({
  summary: 'A deploy brings new code, and nothing loads it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A daemon process of mod_wsgi, gunicorn, uvicorn or uWSGI imports the application once and keeps it: files that change below it are not read again. mod_wsgi looks at the time of the WSGI script alone. So the job is green and the site runs the old code, with the new templates, static files and tables, until something happens to restart it.',
  remedy:
    'End the deploy with `touch` of the WSGI script (mod_wsgi in daemon mode), or with `systemctl reload` or `restart` of the service',
  references: [
    'https://modwsgi.readthedocs.io/en/master/user-guides/reloading-source-code.html',
    'https://docs.gunicorn.org/en/stable/faq.html#how-do-i-reload-my-application-in-gunicorn',
    'https://uwsgi-docs.readthedocs.io/en/latest/Management.html#reloading-the-server',
  ],
  unproven: 'The live tests ask of one state of the files, and deploy no second release',
  bad: [
    { title: 'a workflow, and mod_wsgi in daemon mode', files: { ...apache(), ...workflow() } },
    { title: 'gunicorn', files: { ...GUNICORN, ...workflow('«git reset» --hard origin/main') } },
    {
      title: 'a script, and uvicorn',
      files: {
        ...unit('/srv/shop/venv/bin/uvicorn --port 8000 shop.asgi:application'),
        'bin/deploy.sh': conf`
          #!/bin/bash
          set -euo pipefail

          APP=/srv/shop
          cd "$APP"
          git fetch origin
          «git reset» --hard origin/main
          source venv/bin/activate
          pip install -r requirements.txt
          python manage.py migrate --noinput && python manage.py collectstatic --noinput
          echo "Deployed."
        `,
      },
    },
    {
      title: 'a hook of a bare repository, and the home of an account',
      files: {
        ...unit('/home/shop/app/venv/bin/gunicorn -b 127.0.0.1:8000 shop.wsgi', '/home/shop/app'),
        'hooks/post-receive': conf`
          #!/bin/sh
          «git --work-tree=/home/shop/app --git-dir=/home/shop/app.git checkout» -f main
          cd ~/app
          venv/bin/pip install -r requirements.txt
          venv/bin/python manage.py migrate --noinput
        `,
      },
    },
    {
      title: 'a command of ssh in a job of GitLab',
      files: {
        ...GUNICORN,
        '.gitlab-ci.yml': conf`
          deploy:
            stage: deploy
            script:
              - ssh deploy@www.example.org "cd /srv/shop && «git pull» && venv/bin/pip install -r requirements.txt && venv/bin/python manage.py migrate"
            only:
              - main
        `,
      },
    },
    {
      title: 'rsync, and a step behind it',
      files: {
        ...apache(),
        '.github/workflows/deploy.yml': conf`
          jobs:
            deploy:
              runs-on: ubuntu-latest
              steps:
                - uses: actions/checkout@v4
                - run: «rsync» -az --delete --exclude venv ./ deploy@www.example.org:/srv/shop/
                - run: |
                    ssh deploy@www.example.org << 'EOF'
                      cd /srv/shop
                      venv/bin/pip install -r requirements.txt
                      venv/bin/python manage.py migrate --noinput
                    EOF
        `,
      },
    },
    {
      title: 'Fabric',
      files: {
        ...GUNICORN,
        'fabfile.py': conf`
          from fabric.api import cd, env, run

          env.hosts = ["deploy@www.example.org"]


          def update():
              with cd("/srv/shop"):
                  run("«git pull» origin main")
                  run("venv/bin/pip install -r requirements.txt")
                  run("venv/bin/python manage.py migrate --noinput")
        `,
      },
    },
  ],
  good: [
    { title: 'the WSGI script is touched', files: { ...apache(), ...plain('touch shop/wsgi.py') } },
    { title: 'the service is restarted', files: { ...GUNICORN, ...plain('sudo systemctl restart shop') } },
    { title: 'a script that may do so', files: { ...GUNICORN, ...plain('sudo /usr/local/bin/finish') } },
    {
      title: 'an action that may do so',
      files: {
        ...GUNICORN,
        '.github/workflows/deploy.yml': `${plain()['.github/workflows/deploy.yml']}${conf`
          - uses: example/ping@v1
        `.replace(/^/gm, '      ')}`,
      },
    },
    {
      title: 'a unit that watches the checkout',
      files: {
        ...GUNICORN,
        ...plain(),
        'deploy/shop-watch.path': conf`
          [Path]
          PathModified=/srv/shop/.git/FETCH_HEAD
        `,
      },
    },
    {
      title: 'gunicorn looks at its files',
      files: {
        ...unit('/srv/shop/venv/bin/gunicorn --reload -b 127.0.0.1:8000 shop.wsgi'),
        ...plain(),
      },
    },
    {
      title: 'workers that are replaced after some requests',
      files: {
        ...unit('/srv/shop/venv/bin/gunicorn --max-requests 500 -b 127.0.0.1:8000 shop.wsgi'),
        ...plain(),
      },
    },
    {
      title: 'daemon processes that end when they are idle',
      files: { ...apache('inactivity-timeout=60'), ...plain() },
    },
    {
      title: 'a service of another directory',
      files: {
        ...unit('/srv/blog/venv/bin/gunicorn -b 127.0.0.1:8000 blog.wsgi', '/srv/blog'),
        ...plain(),
      },
    },
    {
      title: 'a pull that goes on with nothing',
      files: { ...GUNICORN, 'bin/update.sh': 'cd /srv/shop && git pull\n' },
    },
    {
      title: 'files that are new each time',
      files: {
        ...apache(),
        'bin/deploy.sh': conf`
          rsync -rv ./ deploy@www.example.org:/srv/shop/
          ssh deploy@www.example.org "cd /srv/shop && venv/bin/python manage.py migrate"
        `,
      },
    },
  ],
  *check(deployment) {
    const runs = runningCode(deployment)
    if (runs.length === 0) return
    const checkouts = updatedCheckouts(deployment.setups() ?? [])
    for (const checkout of checkouts)
      for (const { name, paths, at } of runs) {
        if (!paths.some(path => liesIn(path, checkout.path))) continue
        yield {
          at: checkout.at,
          message: `the new code in \`${checkout.path}\` is not loaded: ${name} keeps what it has imported, and nothing here restarts it`,
          label: 'brings the new code',
          related: [{ at, message: `${name} runs what lies there` }],
        }
      }
  },
})

interface RunningCode {
  readonly name: string
  /** Where its code lies. */
  readonly paths: readonly string[]
  readonly at: Place
}

function runningCode(deployment: Deployment): readonly RunningCode[] {
  return [
    ...deployment.applications.flatMap(ofModWsgi),
    ...programsOfKind(deployment, 'app-server').flatMap(ofAppServer),
  ]
}

const RENEWS_DAEMON = ['inactivity-timeout', 'maximum-requests', 'restart-interval', 'cpu-time-limit']

function ofModWsgi({ alias, daemon, configuration }: Application): readonly RunningCode[] {
  const { script } = alias
  if (daemon === null || alias.regex || !script.known || !script.value.startsWith('/')) return []
  if (RENEWS_DAEMON.some(name => daemon.options.has(name))) return []
  // Whoever writes it has a way of their own to load the code.
  if (configuration.occurrences.has('wsgiscriptreloading')) return []
  return [{ name: 'mod_wsgi', paths: [script.value], at: alias.scriptAt }]
}

const SERVERS = new Set(['gunicorn', 'uvicorn', 'hypercorn', 'daphne', 'waitress', 'granian', 'uwsgi'])
const RENEWS = /reload|max.?requests|lifetime|idle|restart|cheap/

function ofAppServer(program: AppServerProgram): readonly RunningCode[] {
  const { server, machine, directory, isSeen } = program
  if (!isSeen || machine.container !== null || !SERVERS.has(server.program)) return []
  for (const [name, value] of server.settings)
    if (RENEWS.test(name) && !(value.known && (value.value === false || value.value === 0))) return []
  if (server.settings.has('config') && !server.complete) return []
  if (program.service?.unit.sources.some(({ text }) => /RuntimeMaxSec|Watchdog/.test(text)) === true)
    return []
  const homes = [server.directory, directory, ...server.pythonPath]
  const paths = homes.flatMap(home => (home?.known === true ? [home.value] : []))
  return [{ name: server.program === 'uwsgi' ? 'uWSGI' : server.program, paths, at: server.at }]
}
