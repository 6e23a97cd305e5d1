import type { Place } from '../../parsers/text/source.ts'
import { playbookDeploys } from '../../src/deployment/setups/playbook-deploys.ts'
import { restartingDeploys } from '../../src/deployment/setups/restarting-deploys.ts'
import { liesIn } from '../../src/deployment/setups/updated-checkouts.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type CodeWorker, type StartedNames, startedNames } from './_code-workers.ts'

const unit = (command: string, lines = '', directory = '/srv/shop'): string => conf`
  [Unit]
  After=network.target
  ${lines}

  [Service]
  User=shop
  WorkingDirectory=${directory}
  ExecStart=${command}
`
const GUNICORN = '/srv/shop/venv/bin/gunicorn -b 127.0.0.1:8000 shop.wsgi'
const CELERY = '/srv/shop/venv/bin/celery -A shop worker -l info'
const units = (worker = CELERY, lines = ''): Record<string, string> => ({
  'deploy/shop.service': unit(GUNICORN),
  'deploy/shop-worker.service': unit(worker, lines),
})
const workflow = (last: string, pull = '«git pull» --ff-only'): Record<string, string> => ({
  '.github/workflows/deploy.yml': conf`
    jobs:
      deploy:
        runs-on: ubuntu-latest
        steps:
          - uses: appleboy/ssh-action@v1
            with:
              host: \${{ secrets.HOST }}
              username: deploy
              script: |
                cd /srv/shop
                ${pull}
                venv/bin/pip install -q -r requirements.txt
                venv/bin/python manage.py migrate --noinput
                ${last}
  `,
})
const plain = (last: string): Record<string, string> => workflow(last, 'git pull --ff-only')
const LARAVEL = (
  program = 'command=php /var/www/shop/artisan queue:work --sleep=3 --tries=3',
): Record<string, string> => ({
  'deploy/supervisor/shop-worker.conf': conf`
    [program:shop-worker]
    process_name=%(program_name)s_%(process_num)02d
    ${program}
    autostart=true
    autorestart=true
    user=www-data
    numprocs=4
  `,
})
const laravel = (last: string, pull = '«git pull» origin main'): Record<string, string> => ({
  'deploy.sh': conf`
    #!/bin/bash
    set -e
    cd /var/www/shop
    ${pull}
    composer install --no-dev --optimize-autoloader
    php artisan migrate --force
    php artisan config:cache
    ${last}
  `,
})
const ansible = (
  notify: string,
  tasks = '',
  worker = '{{ app_venv }}/bin/celery -A shop worker',
): Record<string, string> => ({
  'roles/app/tasks/main.yml': conf`
    - name: Check out the code
      become_user: shop
      ansible.builtin.git:
        repo: "{{ app_repo }}"
        dest: "{{ app_dir }}"
        version: main
      notify: ${notify}

    - name: Install the gunicorn unit
      ansible.builtin.template:
        src: gunicorn.service.j2
        dest: /etc/systemd/system/shop.service
      notify: restart gunicorn

    - name: Install the celery unit
      ansible.builtin.template:
        src: celery.service.j2
        dest: /etc/systemd/system/shop-celery.service
      notify: restart celery

    ${tasks}
  `,
  'roles/app/handlers/main.yml': conf`
    - name: restart gunicorn
      ansible.builtin.systemd:
        name: shop
        state: restarted
        daemon_reload: true

    - name: restart celery
      ansible.builtin.systemd:
        name: shop-celery
        state: restarted
        daemon_reload: true
  `,
  'roles/app/templates/gunicorn.service.j2': unit(
    '{{ app_venv }}/bin/gunicorn -b 127.0.0.1:8000 shop.wsgi',
    '',
    '{{ app_dir }}',
  ),
  'roles/app/templates/celery.service.j2': unit(worker, '', '{{ app_dir }}'),
})

export default defineRule({
  summary: 'A deploy restarts the web application, and its workers keep the old code',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A worker of Celery, RQ or Sidekiq, and `php artisan queue:work`, load the application once. After a deploy that restarts gunicorn or PHP-FPM alone the site sends tasks which the worker does not have: `Received unregistered task of type …`, or which it runs as they were before, with the new tables.',
  remedy:
    'Restart the workers with the web application: notify both handlers, `systemctl restart` both units, or run `php artisan queue:restart` (`horizon:terminate`)',
  references: [
    'https://docs.celeryq.dev/en/stable/userguide/workers.html#restarting-the-worker',
    'https://laravel.com/docs/12.x/queues#queue-workers-and-deployment',
  ],
  unproven: 'The live tests ask of one state of the files, and deploy no second release',
  bad: [
    { title: 'a playbook', files: ansible('«restart gunicorn»') },
    {
      title: 'a workflow, and units',
      files: { ...units(), ...workflow('sudo systemctl restart shop') },
    },
    {
      title: 'a script of WSGI that is touched',
      files: { ...units(), ...workflow('touch shop/wsgi.py') },
    },
    {
      title: 'programs of supervisord',
      files: {
        'deploy/supervisor/shop.conf': conf`
          [program:shop-web]
          command=${GUNICORN}
          directory=/srv/shop

          [program:shop-celery]
          command=${CELERY}
          directory=/srv/shop
        `,
        ...workflow('sudo supervisorctl restart shop-web'),
      },
    },
    {
      title: 'RQ',
      files: {
        ...units('/srv/shop/venv/bin/python manage.py rqworker default'),
        ...workflow('sudo systemctl reload shop && sudo systemctl reload nginx'),
      },
    },
    {
      title: 'the queue of Laravel',
      files: { ...LARAVEL(), ...laravel('sudo systemctl reload php8.3-fpm') },
    },
    {
      title: 'the queue of Laravel, and PHP-FPM looks at its files',
      files: { ...LARAVEL(), ...laravel('php artisan view:cache') },
    },
    {
      title: 'Horizon',
      files: { ...LARAVEL('command=php /var/www/shop/artisan horizon'), ...laravel('php artisan up') },
    },
  ],
  good: [
    { title: 'a playbook that restarts both', files: ansible('[restart gunicorn, restart celery]') },
    {
      title: 'a handler that both listen to',
      files: Object.fromEntries(
        Object.entries(ansible('application changed')).map(([path, text]) => [
          path,
          text.replace(/(?=^ {2}ansible\.builtin\.systemd:)/gm, '  listen: application changed\n'),
        ]),
      ),
    },
    {
      title: 'a playbook that restarts the worker anyway',
      files: ansible(
        'restart gunicorn',
        conf`
          - name: Restart the worker
            ansible.builtin.systemd:
              name: shop-celery
              state: restarted
        `,
      ),
    },
    {
      title: 'a worker of another directory',
      files: Object.fromEntries(
        Object.entries(ansible('restart gunicorn')).map(([path, text]) => [
          path,
          path.includes('celery') ? text.replace('{{ app_dir }}', '{{ jobs_dir }}') : text,
        ]),
      ),
    },
    { title: 'both units', files: { ...units(), ...plain('sudo systemctl restart shop shop-worker') } },
    { title: 'all programs', files: { ...units(), ...plain('sudo supervisorctl restart all') } },
    {
      title: 'a unit that is restarted with the other',
      files: { ...units(CELERY, 'PartOf=shop.service'), ...plain('sudo systemctl restart shop') },
    },
    {
      title: 'a unit by a name that may be the worker’s',
      files: { ...units(), ...plain('sudo systemctl restart shop jobs') },
    },
    {
      title: 'a script that may do so',
      files: { ...units(), ...plain('sudo systemctl restart shop\nbin/after-deploy') },
    },
    {
      title: 'a worker that is started anew for new files',
      files: {
        ...units('/srv/shop/venv/bin/watchmedo auto-restart -d . -- celery -A shop worker'),
        ...plain('sudo systemctl restart shop'),
      },
    },
    { title: 'queue:restart', files: { ...LARAVEL(), ...laravel('php artisan queue:restart', 'git pull') } },
    {
      title: 'a worker that ends after an hour',
      files: {
        ...LARAVEL('command=php /var/www/shop/artisan queue:work --max-time=3600'),
        ...laravel('php artisan up', 'git pull'),
      },
    },
    {
      title: 'queue:listen, which loads the code for each job',
      files: {
        ...LARAVEL('command=php /var/www/shop/artisan queue:listen'),
        ...laravel('php artisan up', 'git pull'),
      },
    },
    {
      title: 'the program of supervisord',
      files: { ...LARAVEL(), ...laravel('sudo supervisorctl restart shop-worker:*', 'git pull') },
    },
  ],
  *check(deployment) {
    const started = startedNames(deployment)
    if (started.workers.length === 0) return
    yield* byScripts(started, deployment.setups() ?? [])
    yield* byPlaybooks(started, deployment.setups() ?? [])
  },
})

type Texts = NonNullable<Parameters<typeof restartingDeploys>[0]>

/** What tells the workers of Laravel to end, wherever it stands. */
const ENDS_WORKERS = /queue:restart|horizon:terminate|artisan reload|stop-workers/

function* byScripts(started: StartedNames, texts: Texts): Iterable<RuleFinding> {
  const ends = texts.some(({ text }) => ENDS_WORKERS.test(text))
  for (const { path, at, restarts } of restartingDeploys(texts)) {
    const names = restarts.map(({ name }) => name)
    if (!names.every(name => isWeb(name, started))) continue
    const left = started.workers.filter(
      worker =>
        // Of Python nothing else may be restarted either, which another rule tells.
        (worker.isPhp ? !ends : names.length > 0) &&
        worker.homes.some(home => liesIn(home, path)) &&
        !names.some(name => worker.names.has(name)),
    )
    yield* keptBy(left, {
      at,
      does: names.length === 0 ? 'restarts nothing' : `restarts ${listed(names)} alone`,
      label: 'brings the new code',
      restarts: restarts.map(each => each.at),
    })
  }
}

function* byPlaybooks(started: StartedNames, texts: Texts): Iterable<RuleFinding> {
  const found = playbookDeploys(texts)
  if (found === null) return
  const ends = texts.some(({ text }) => ENDS_WORKERS.test(text))
  for (const { path, at, restarts } of found.deploys) {
    if (restarts.length === 0 || !restarts.every(name => isWeb(name, started))) continue
    const left = started.workers.filter(
      worker =>
        !(worker.isPhp && ends) &&
        worker.homes.some(home => home === path || home.startsWith(`${path}/`)) &&
        ![...restarts, ...found.restartedAnyway].some(name => worker.names.has(name)),
    )
    yield* keptBy(left, {
      at,
      does: `notifies the restart of ${listed(restarts)} alone`,
      label: 'notified for new code',
      restarts: [],
    })
  }
}

const WEB =
  /gunicorn|uvicorn|uwsgi|daphne|hypercorn|[aw]sgi|nginx|apache2?|httpd|php[\d.]*-?fpm|caddy|puma|unicorn|\bweb\b/
const MAY_WORK = /worker|celery|queue|beat|\brq|horizon|sidekiq|jobs?\b/

/** True for what is surely no worker. */
function isWeb(name: string, { others, workers }: StartedNames): boolean {
  if (workers.some(({ names }) => names.has(name))) return true
  return others.has(name) || (WEB.test(name) && !MAY_WORK.test(name))
}

const listed = (names: readonly string[]): string => [...new Set(names)].map(name => `\`${name}\``).join(', ')

interface Deploy {
  readonly at: Place
  readonly does: string
  readonly label: string
  readonly restarts: readonly Place[]
}

function* keptBy(left: readonly CodeWorker[], { at, does, label, restarts }: Deploy): Iterable<RuleFinding> {
  const [worker] = left
  if (worker === undefined) return
  const name = [...worker.names].at(-1)
  yield {
    at,
    message: `${worker.title} (\`${name}\`) keeps the old code: the deploy ${does}`,
    label,
    related: [
      ...left.map(each => ({ at: each.at, message: `${each.title} keeps what it has loaded` })),
      ...restarts.slice(0, 1).map(place => ({ at: place, message: 'restarted' })),
    ],
  }
}
