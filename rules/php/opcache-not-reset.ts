import { groupBy } from '../../parsers/collections/group-by.ts'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { deployScripts, isPlainlyDeployed, writesOver } from './_deploy-scripts.ts'
import { phpPool, phpSite } from './_examples.ts'
import { isBesideNginx } from './_php-connections.ts'
import { phpBehind } from './_php-behind.ts'
import { rootsOfSites } from './_roots-of-sites.ts'

const DEPLOY = conf`
  #!/bin/sh
  set -e
  cd /srv/www
  git pull --ff-only
  composer install --no-dev
`
const tree = (setting: string, script: string, pool = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite(),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(pool),
  'etc/php/8.2/fpm/conf.d/99-shop.ini': conf`
    opcache.enable = 1
    ${setting}
  `,
  'usr/local/bin/deploy': script,
  'srv/www/index.php': '<?php echo "2";\n',
})
const OFF = 'opcache.validate_timestamps = 0'

export default defineRule({
  summary: 'A deployment writes new files, and OPcache of PHP keeps the old ones',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'With `opcache.validate_timestamps=0` PHP never looks whether a file has changed: what it has compiled once answers until PHP-FPM is reloaded or `opcache_reset()` is called in one of its processes. A script that pulls new code into the same directory and does neither leaves the old code, or a mixture of both, as files that were not compiled before are read anew. `php` on the command line has a cache of its own.',
  remedy:
    'Reload PHP-FPM at the end of the script (`systemctl reload php8.2-fpm`), or leave `opcache.validate_timestamps` on',
  references: [
    'https://www.php.net/manual/en/opcache.configuration.php#ini.opcache.validate-timestamps',
    'https://www.php.net/manual/en/function.opcache-reset.php',
  ],
  unproven: 'The live tests ask running servers, and start no script between two requests',
  bad: [
    { title: 'a script that pulls', files: tree('opcache.validate_timestamps = «0»', DEPLOY) },
    {
      title: 'a setting of the pool',
      files: tree(
        '',
        conf`
          #!/bin/bash
          git -C /srv/www reset --hard origin/main
        `,
        'php_admin_value[opcache.validate_timestamps] = «0»',
      ),
    },
    {
      title: 'an archive',
      files: tree(
        'opcache.validate_timestamps = «off»',
        conf`
          #!/bin/sh
          tar -xzf /tmp/shop.tar.gz -C /srv/www
        `,
      ),
    },
  ],
  good: [
    { title: 'a reload', files: tree(OFF, `${DEPLOY}sudo systemctl reload php8.2-fpm\n`) },
    { title: 'a cache that is emptied', files: tree(OFF, `${DEPLOY}cachetool opcache:reset\n`) },
    { title: 'a page that empties it', files: tree(OFF, `${DEPLOY}curl -s http://127.0.0.1/reset.php\n`) },
    { title: 'another script that may reload', files: tree(OFF, `${DEPLOY}/srv/www/after-deploy.sh\n`) },
    {
      title: 'a link to a new directory',
      files: tree(OFF, `${DEPLOY}ln -sfn /srv/releases/2 /srv/www/current\n`),
    },
    { title: 'PHP that looks', files: tree('opcache.validate_timestamps = 1', DEPLOY) },
    { title: 'no cache', files: tree(`${OFF}\nopcache.enable = 0`, DEPLOY) },
    { title: 'another application', files: tree(OFF, DEPLOY.replace('/srv/www', '/srv/blog')) },
    {
      title: 'a script that only looks',
      files: tree(OFF, '#!/bin/sh\ncd /srv/www\ngit fetch\ngit status\n'),
    },
    {
      title: 'a backup',
      files: tree(OFF, '#!/bin/sh\nrsync -a /srv/www/ /srv/backup\ntar -C /srv/www -czf /srv/www.tgz .\n'),
    },
    {
      title: 'a timer that reloads',
      files: { ...tree(OFF, DEPLOY), 'etc/cron.d/php': '0 4 * * * root systemctl reload php8.2-fpm\n' },
    },
    {
      title: 'a hook of Composer',
      files: {
        ...tree(OFF, DEPLOY),
        'srv/www/composer.json': '{"scripts": {"post-install-cmd": "cachetool opcache:reset"}}\n',
      },
    },
    {
      title: 'a hook of git',
      files: { ...tree(OFF, DEPLOY), 'srv/www/.git/hooks/post-merge': '#!/bin/sh\nreload-php\n' },
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.nginx) {
      if (!isBesideNginx(connection)) continue
      const { files } = connection.from.machine
      for (const { setting } of phpBehind(deployment, connection)) {
        const looks = setting('opcache.validate_timestamps')
        if (looks?.known !== true || looks.at === null || !isOff(looks.value)) continue
        const enabled = setting('opcache.enable')
        if (enabled !== null && (!enabled.known || isOff(enabled.value))) continue
        const scripts = deployScripts(files)
        if (scripts.length === 0) continue
        const roots = rootsIn(deployment, connection.from.configuration).get(connection.server) ?? []
        const script = scripts.find(
          each =>
            roots.some(({ path }) => writesOver(each, path)) && isPlainlyDeployed(files, each.directory),
        )
        if (script === undefined) continue
        yield {
          at: looks.at,
          message: `PHP never reads \`${script.directory}\` anew, and the script that deploys there reloads nothing, so the old code goes on answering`,
          label: 'changed files are not seen',
          related: [{ at: script.at, message: 'writes new files' }],
        }
      }
    }
  },
})

function isOff(value: string): boolean {
  return /^(?:0|off|false|no|none|)$/i.test(value.trim())
}

/** The document roots of each site. */
const rootsIn = memoByKey((deployment: Deployment, configuration: NginxConfiguration) =>
  groupBy([...rootsOfSites(deployment, configuration)], ({ server }) => server),
)
