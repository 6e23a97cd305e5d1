import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { AppServerProgram, Application, Deployment } from '../../src/deployment/model.ts'
import { plainPlace } from '../../src/deployment/setups/plain-text.ts'
import { lies, playbookUpdates } from '../../src/deployment/setups/playbook-updates.ts'
import { liesIn, updatedCheckouts } from '../../src/deployment/setups/updated-checkouts.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { type WsgiDaemon, wsgiDaemons } from '../../src/servers/apache/queries/wsgi-daemons.ts'

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
const rsyncJob = (rsync: string): Record<string, string> => ({
  '.github/workflows/deploy.yml': conf`
          jobs:
            deploy:
              runs-on: ubuntu-latest
              steps:
                - uses: actions/checkout@v4
                - run: ${rsync} -az --delete --exclude venv ./ deploy@www.example.org:/srv/shop/
                - run: |
                    ssh deploy@www.example.org << 'EOF'
                      cd /srv/shop
                      venv/bin/pip install -r requirements.txt
                      venv/bin/python manage.py migrate --noinput
                    EOF
        `,
})

/** A role that has the site of Apache, or a unit, from a template. */
const ansible = (code: string, later = '', template = SITE): Record<string, string> => ({
  'deploy.yml': conf`
    - hosts: web
      become: true
      roles:
        - shop
  `,
  'roles/shop/tasks/main.yml': conf`
    - name: packages
      ansible.builtin.apt:
        name: [apache2, libapache2-mod-wsgi-py3, git]

    - name: code
      ${code}

    - name: requirements
      ansible.builtin.pip:
        requirements: "{{ shop_dir }}/src/requirements.txt"
        virtualenv: "{{ shop_dir }}/venv"

    - name: tables
      community.general.django_manage:
        command: migrate
        project_path: "{{ shop_dir }}/src"
        virtualenv: "{{ shop_dir }}/venv"

    - name: site
      ansible.builtin.template:
        src: shop.conf.j2
        dest: /etc/apache2/sites-available/shop.conf
      notify: reload shop

    - name: enable the site
      ansible.builtin.command: a2ensite shop
      args:
        creates: /etc/apache2/sites-enabled/shop.conf
      notify: reload shop

    ${later}
  `,
  'roles/shop/handlers/main.yml': conf`
    - name: reload shop
      ansible.builtin.service:
        name: ${'apache/shop.conf.j2' in template ? 'apache2' : 'shop'}
        state: reloaded
  `,
  ...Object.fromEntries(
    Object.entries(template).map(([path, text]) => [path.replace('apache/', 'roles/shop/templates/'), text]),
  ),
})
const SITE: Readonly<Record<string, string>> = {
  'apache/shop.conf.j2': conf`
    <VirtualHost *:80>
        ServerName {{ shop_domain }}
        WSGIDaemonProcess {{ shop_name }} python-home={{ shop_dir }}/venv python-path={{ shop_dir }}/src
        WSGIProcessGroup {{ shop_name }}
        WSGIScriptAlias / {{ shop_dir }}/src/shop/wsgi.py
        <Directory {{ shop_dir }}/src/shop>
            Require all granted
        </Directory>
    </VirtualHost>
  `,
}
const UNIT: Readonly<Record<string, string>> = {
  'roles/shop/templates/shop.service.j2': conf`
    [Service]
    User=shop
    WorkingDirectory={{ shop_dir }}/src
    ExecStart={{ shop_dir }}/venv/bin/gunicorn -b 127.0.0.1:8000 shop.wsgi

    [Install]
    WantedBy=multi-user.target
  `,
  'nginx/shop.conf': GUNICORN['nginx/shop.conf'] ?? '',
}
const gitTask = (lines = '', module = 'ansible.builtin.git'): string => conf`
  ${module}:
    repo: "{{ shop_repo }}"
    dest: "{{ shop_dir }}/src"
    version: "{{ shop_version }}"
  ${lines}
`
const plain = (last = ''): Record<string, string> => workflow('git pull --ff-only', last)

export default defineRule({
  summary: 'A deploy brings new code, and nothing loads it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A daemon process of mod_wsgi, gunicorn, uvicorn or uWSGI imports the application once and keeps it: files that change below it are not read again. mod_wsgi looks at the time of the WSGI script alone. So the job is green and the site runs the old code, with the new templates, static files and tables, until something happens to restart it.',
  remedy:
    'End the deploy with `touch` of the WSGI script (mod_wsgi in daemon mode), or with `systemctl reload` or `restart` of the service; in a playbook, `notify` a handler that does so where the code is checked out',
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
      files: { ...GUNICORN, ...rsyncJob('«rsync»') },
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
    { title: 'a playbook, and mod_wsgi', files: ansible(gitTask('', '«ansible.builtin.git»')) },
    {
      title: 'a playbook that restarts nginx alone',
      files: ansible(
        gitTask('', '«git»'),
        conf`
          - name: nginx
            ansible.builtin.service:
              name: nginx
              state: restarted
        `,
      ),
    },
    {
      title: 'a playbook that copies the project',
      files: ansible(conf`
        «copy»: src=../shop/ dest={{ shop_dir }}/src
      `),
    },
    {
      title: 'a playbook, and gunicorn',
      files: ansible(gitTask('', '«git»'), '', UNIT),
    },
    {
      title: 'a playbook without roles or placeholders',
      files: {
        ...apache(),
        'site.yml': conf`
          - hosts: web
            tasks:
              - name: code
                «git»:
                  repo: https://git.example.org/shop.git
                  dest: /srv/shop
              - name: tables
                command: /srv/shop/venv/bin/python manage.py migrate --noinput
                args:
                  chdir: /srv/shop
        `,
      },
    },
  ],
  good: [
    { title: 'a playbook that notifies a handler', files: ansible(gitTask('notify: reload shop')) },
    {
      title: 'a block that notifies a handler',
      files: ansible(conf`
        notify: reload shop
        block:
          - git: repo={{ shop_repo }} dest={{ shop_dir }}/src
      `),
    },
    {
      title: 'a playbook that reloads where the code has changed',
      files: ansible(
        gitTask('register: checkout'),
        conf`
          - name: reload
            ansible.builtin.systemd:
              name: apache2
              state: reloaded
            when: checkout.changed
        `,
      ),
    },
    {
      title: 'a playbook that touches the script',
      files: ansible(
        gitTask(),
        conf`
          - name: load the code
            ansible.builtin.file:
              path: "{{ shop_dir }}/src/shop/wsgi.py"
              state: touch
        `,
      ),
    },
    {
      title: 'a playbook with a command that may load the code',
      files: ansible(
        gitTask(),
        conf`
          - name: finish
            ansible.builtin.command: "{{ shop_dir }}/bin/finish"
        `,
      ),
    },
    {
      title: 'a playbook with a task that always changes, and notifies',
      files: ansible(
        gitTask(),
        conf`
          - name: static files
            ansible.builtin.command: "{{ shop_dir }}/venv/bin/python manage.py collectstatic --noinput"
            notify: reload shop
        `,
      ),
    },
    {
      title: 'a playbook that includes what is not here',
      files: ansible(
        gitTask(),
        conf`
          - name: the rest
            ansible.builtin.include_role:
              name: company.apache
        `,
      ),
    },
    {
      title: 'a role that is not here',
      files: {
        ...ansible(gitTask()),
        'deploy.yml': conf`
          - hosts: web
            roles:
              - shop
              - geerlingguy.apache
        `,
      },
    },
    {
      title: 'a play that restarts Apache at its end',
      files: {
        ...ansible(gitTask()),
        'deploy.yml': conf`
          - hosts: web
            roles:
              - shop
            post_tasks:
              - service: name=apache2 state=restarted
        `,
      },
    },
    {
      title: 'a checkout that is made once',
      files: ansible(gitTask('when: not checkout.stat.exists')),
    },
    {
      title: 'an archive, whose files have other times',
      files: ansible(conf`
        ansible.builtin.unarchive:
          src: shop.tar.gz
          dest: "{{ shop_dir }}/src"
      `),
    },
    {
      title: 'a script around the playbook that reloads',
      files: {
        ...ansible(gitTask()),
        'bin/deploy.sh': conf`
          ansible-playbook deploy.yml
          ssh www.example.org sudo systemctl reload apache2
        `,
      },
    },
    {
      title: 'a script that the playbook writes anew each time',
      files: ansible(
        gitTask().replace('version:', 'force: true\n  version:'),
        conf`
          - name: script
            ansible.builtin.template:
              src: wsgi.py.j2
              dest: "{{ shop_dir }}/src/shop/wsgi.py"
        `,
      ),
    },
    {
      title: 'a playbook that restarts the unit of gunicorn',
      files: ansible(gitTask('notify: reload shop'), '', UNIT),
    },
    {
      title: 'code of another application',
      files: ansible(gitTask().replace('shop_dir }}/src', 'blog_dir }}/src')),
    },
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
      title: 'a job that sends what it has checked out, with a new script for mod_wsgi',
      files: { ...apache(), ...rsyncJob('rsync') },
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
    const texts = deployment.setups() ?? []
    for (const checkout of updatedCheckouts(texts))
      for (const code of runs)
        if (code.paths.some(path => liesIn(path, checkout.path)) && isKept(code, checkout))
          yield keptBy(code, checkout)
    for (const update of playbookUpdates(texts))
      for (const code of runs)
        if (
          code.paths.some(path => lies(path, update.path)) &&
          isKept(code, update) &&
          !update.restarts.some(code.mayRestart)
        )
          yield keptBy(code, update)
  },
})

/** mod_wsgi loads a script anew that has another time. */
const isKept = ({ name }: RunningCode, { renewsTimes }: { readonly renewsTimes: boolean }): boolean =>
  name !== 'mod_wsgi' || !renewsTimes

function keptBy(
  { name, at }: RunningCode,
  brought: { readonly path: string; readonly at: Place },
): RuleFinding {
  return {
    at: brought.at,
    message: `the new code in \`${brought.path}\` is not loaded: ${name} keeps what it has imported, and nothing here restarts it`,
    label: 'brings the new code',
    related: [{ at, message: `${name} runs what lies there` }],
  }
}

interface RunningCode {
  readonly name: string
  /** Where its code lies; with placeholders as they are written. */
  readonly paths: readonly string[]
  readonly at: Place
  /** True for the name of a unit or a program whose restart may be its own. */
  readonly mayRestart: (name: string) => boolean
}

function runningCode(deployment: Deployment): readonly RunningCode[] {
  return [
    ...deployment.applications.flatMap(ofModWsgi),
    ...programsOfKind(deployment, 'app-server').flatMap(ofAppServer),
  ]
}

const OTHERS =
  /^(?:nginx|caddy|haproxy|varnish|postgresql[@\w.-]*|mysqld?|mariadb|redis[\w-]*|memcached|rabbitmq[\w-]*|celery[\w-]*|fail2ban|sshd?|crond?|ufw|postfix|rsyslog|php[\w.-]*fpm)$/
const APACHE = /^(?:apache2?|httpd)$/

const RENEWS_DAEMON = ['inactivity-timeout', 'maximum-requests', 'restart-interval', 'cpu-time-limit']

function ofModWsgi(application: Application): readonly RunningCode[] {
  const { alias, configuration } = application
  const path = alias.script.known ? alias.script.value : plainPlace(alias.scriptAt)
  if (alias.regex || !/^(?:\/|\{\{)/.test(path)) return []
  const daemon = application.daemon ?? daemonAsWritten(application)
  if (daemon === null || RENEWS_DAEMON.some(name => daemon.options.has(name))) return []
  // Whoever writes it has a way of their own to load the code.
  if (configuration.occurrences.has('wsgiscriptreloading')) return []
  return [{ name: 'mod_wsgi', paths: [path], at: alias.scriptAt, mayRestart: name => !OTHERS.test(name) }]
}

/** The daemon processes of a group that a template names, where both names are the same text. */
function daemonAsWritten({ processGroup, configuration, host }: Application): WsgiDaemon | null {
  if (processGroup.known || processGroup.at === null) return null
  const named = daemonsAsWritten(configuration).get(placeText(processGroup.at)) ?? []
  return named.find(({ virtualHost }) => virtualHost === null || virtualHost === host?.virtualHost) ?? null
}

const daemonsAsWritten = memo((configuration: ApacheConfiguration) =>
  groupBy(wsgiDaemons(configuration), ({ name: { at } }) => (at === null ? '' : placeText(at))),
)

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
  const paths = homes.flatMap(home => {
    if (home == null) return []
    if (home.known) return [home.value]
    return home.at === null ? [] : [plainPlace(home.at)]
  })
  const name = server.program === 'uwsgi' ? 'uWSGI' : server.program
  const mayRestart = (other: string): boolean => !OTHERS.test(other) && !APACHE.test(other)
  return [{ name, paths, at: server.at, mayRestart }]
}
