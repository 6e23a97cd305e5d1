import { placeOf } from '../../parsers/text/written-text.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { bringing } from '../../src/deployment/setups/bringing.ts'
import type { FollowedCommand } from '../../src/deployment/setups/followed-commands.ts'
import { setupCommands } from '../../src/deployment/setups/setup-commands.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { behindNginx, serviceUnit, WSGI } from './_examples.ts'
import { preloadedBy } from './_loaded-once.ts'

const tree = (
  command: string,
  reload = 'sudo systemctl reload shop',
  {
    lines = 'ExecReload=/bin/kill -s HUP $MAINPID',
    files = {},
  }: { lines?: string; files?: Record<string, string> } = {},
): Record<string, string> => ({
  ...behindNginx(serviceUnit(`/usr/bin/gunicorn ${command} --bind 127.0.0.1:8000 shop.wsgi`, lines), {
    'etc/shop/shop/wsgi.py': WSGI,
  }),
  'deploy.sh': conf`
    #!/bin/sh
    cd /etc/shop
    git pull --ff-only
    pip install -r requirements.txt
    ${reload}
  `,
  ...files,
})

export default defineRule({
  summary: 'A deploy reloads gunicorn, which has preloaded the application and keeps its old code',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `preload_app` the master imports the application once and forks every worker from itself. A signal of HUP, which is what `systemctl reload` sends, reads the configuration anew and forks new workers: of the same master, with the code that was there when it started.',
  remedy: 'Restart the service at the end of the script (`systemctl restart`), or leave out `preload_app`',
  references: [
    'https://docs.gunicorn.org/en/stable/settings.html#preload-app',
    'https://docs.gunicorn.org/en/stable/signals.html#reload-the-configuration',
  ],
  unproven: 'The live tests ask running servers, and deploy nothing between two requests',
  bad: [
    { title: 'an option', files: tree('«--preload»') },
    {
      title: 'a configuration, and a reload by the older command',
      files: tree('-c gunicorn.conf.py', 'sudo service shop reload', {
        lines: 'ExecReload=/bin/kill -HUP $MAINPID',
        files: { 'etc/shop/gunicorn.conf.py': 'preload_app = «True»\nworkers = 3\n' },
      }),
    },
    {
      title: 'a file of secrets that nobody has seen, and a quiet reset',
      files: {
        ...tree('', undefined, {
          lines: 'ExecReload=/bin/kill -HUP $MAINPID\nEnvironmentFile=/opt/secrets/shop.env',
          files: { 'etc/shop/gunicorn.conf.py': 'bind = "127.0.0.1:8000"\npreload_app = «True»\n' },
        }),
        'etc/systemd/system/shop.service': serviceUnit(
          '/usr/bin/gunicorn -c gunicorn.conf.py shop.wsgi',
          'ExecReload=/bin/kill -HUP $MAINPID\nEnvironmentFile=/opt/secrets/shop.env',
        ),
        'deploy.sh': conf`
          #!/bin/sh
          cd /etc/shop
          git fetch --quiet origin
          git reset --hard --quiet origin/main
          sudo systemctl reload shop
        `,
      },
    },
  ],
  good: [
    { title: 'a restart', files: tree('--preload', 'sudo systemctl restart shop') },
    { title: 'workers that load it themselves', files: tree('--workers 3') },
    { title: 'another service', files: tree('--preload', 'sudo systemctl reload nginx') },
    {
      title: 'a reload of the unit that is another signal',
      files: tree('--preload', 'sudo systemctl reload shop', { lines: 'ExecReload=/usr/local/bin/upgrade' }),
    },
    {
      title: 'a script that brings no code',
      files: tree('--preload', 'true', {
        files: { 'rotate.sh': '#!/bin/sh\nmv /var/log/shop.log /var/log/shop.old\nsystemctl reload shop\n' },
      }),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const at = preloadedBy(program)
      const unit = program.service?.unit ?? null
      if (at === null || unit === null || !unit.sources.some(({ text }) => RELOADS_BY_HUP.test(text)))
        continue
      const reloaded = (deployment.setups() ?? [])
        .map(source => reloadAfterUpdate(source, unit.name.full.replace(/\.service$/, '')))
        .find(place => place !== null)
      if (reloaded == null) continue
      yield {
        at,
        message: `the application is loaded once, so the workers of a reload have the old code, too`,
        label: 'loaded before the workers',
        related: [{ at: reloaded, message: 'reloads, with new code in the directory' }],
        help: 'Restart the service there, or leave the preloading out',
      }
    }
  },
})

const RELOADS_BY_HUP = /^ExecReload=.*\bkill\b.*\bHUP\b/m

/** Where a script that brings new files reloads a service, and restarts nothing. */
function reloadAfterUpdate(source: Source, name: string): Place | null {
  if (!source.text.includes('reload') || /\brestart\b/.test(source.text)) return null
  const commands = setupCommands(source)
  const first = commands.findIndex(command => bringing(command) !== null)
  const reload = first === -1 ? undefined : commands.slice(first).find(command => isReloadOf(command, name))
  return reload === undefined ? null : placeOf(reload.first)
}

function isReloadOf({ words }: FollowedCommand, name: string): boolean {
  const texts = words.map(({ text }) => text)
  const program = texts[0]?.replace(/^.*\//, '')
  const named = texts.slice(1).map(text => text.replace(/\.service$/, ''))
  if (program !== 'systemctl' && program !== 'service') return false
  return named.includes(name) && named.some(text => text === 'reload' || text === 'reload-or-restart')
}
