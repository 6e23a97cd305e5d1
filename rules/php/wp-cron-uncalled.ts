import { memo } from '../../parsers/collections/memo.ts'
import { phpSetting } from '../../parsers/php/script.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { nginxMain } from '../_examples.ts'
import { phpPool, phpSite } from './_examples.ts'
import { wordpressConfiguration } from './_php-sources.ts'
import { phpSites } from './_php-sites.ts'
import { type NobodyCalls, nobodyInProject, nobodyOnMachine } from './_wp-cron-callers.ts'

const OF_DEBIAN = conf`
  SHELL=/bin/sh
  17 *	* * *	root	cd / && run-parts --report /etc/cron.hourly
  25 6	* * *	root	test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }
`
const machine = (setting: string, files: Record<string, string> = {}): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite(),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  'etc/crontab': OF_DEBIAN,
  'srv/www/index.php': "<?php require __DIR__ . '/wp-blog-header.php';\n",
  'srv/www/wp-config.php': conf`
    <?php
    define( 'DB_NAME', 'shop' );
    ${setting}
    require_once ABSPATH . 'wp-settings.php';
  `,
  ...files,
})
const OFF = "define( 'DISABLE_WP_CRON', true );"
const compose = (more = '', setting = "define('DISABLE_WP_CRON', true);"): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      db:
        image: mariadb:11
        environment:
          MARIADB_ROOT_PASSWORD: shop
      wordpress:
        image: wordpress:6-apache
        environment:
          WORDPRESS_DB_HOST: db
          WORDPRESS_CONFIG_EXTRA: |
            ${setting}
      web:
        image: nginx:1.27
        ports: ["80:80"]
        volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
      ${more}
  `,
  'nginx.conf': nginxMain('server { listen 80; location / { proxy_pass http://wordpress; } }'),
})

export default defineRule({
  summary: 'WordPress starts no due jobs, and nothing here does it in its place',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'With `DISABLE_WP_CRON` the page views no longer start what is due, which is meant for machines whose cron calls `wp-cron.php`. Where nothing calls it, scheduled posts stay “Missed schedule”, and mails, updates and backups of plugins wait for ever. A service elsewhere may ask for the address; no file shows that.',
  remedy:
    'Have cron call it: `*/5 * * * * www-data php /var/www/html/wp-cron.php`, or `wp cron event run --due-now`; or remove the line',
  references: [
    'https://developer.wordpress.org/plugins/cron/hooking-wp-cron-into-the-system-task-scheduler/',
    'https://developer.wordpress.org/cli/commands/cron/event/run/',
  ],
  unproven: 'The live tests start no cron and have no WordPress',
  bad: [
    { title: 'the crontab of Debian alone', files: machine("define( 'DISABLE_WP_CRON', «true» );") },
    {
      title: 'other tables beside it',
      files: machine('const DISABLE_WP_CRON = «true»;', {
        'etc/cron.d/backup': '30 2 * * * root mysqldump --all-databases | gzip > /srv/backup.sql.gz\n',
        'etc/cron.d/certbot': '0 */12 * * * root test -x /usr/bin/certbot && certbot -q renew\n',
        'var/spool/cron/crontabs/root': '0 4 * * 0 /usr/local/bin/backup.sh\n',
      }),
    },
    {
      title: 'containers',
      files: compose('', "define('«DISABLE_WP_CRON»', true);"),
    },
  ],
  good: [
    { title: 'page views start it', files: machine("define( 'DISABLE_WP_CRON', false );") },
    {
      title: 'the table of the account',
      files: machine(OFF, {
        'var/spool/cron/crontabs/www-data': '*/5 * * * * php /srv/www/wp-cron.php >/dev/null 2>&1\n',
      }),
    },
    {
      title: 'an address that is asked for',
      files: machine(OFF, {
        'etc/cron.d/shop': '*/5 * * * * root curl -s https://example.org/wp-cron.php?doing_wp_cron\n',
      }),
    },
    {
      title: 'WP-CLI, in a script',
      files: machine(OFF, {
        'etc/cron.d/shop': '*/5 * * * * www-data /usr/local/bin/shop-jobs\n',
        'usr/local/bin/shop-jobs': '#!/bin/sh\ncd /srv/www && wp cron event run --due-now\n',
      }),
    },
    {
      title: 'a timer of systemd',
      files: machine(OFF, {
        'etc/systemd/system/shop-cron.timer': '[Timer]\nOnCalendar=*:0/5\n',
        'etc/systemd/system/shop-cron.service':
          '[Service]\nUser=www-data\nExecStart=/usr/bin/wp --path=/srv/www cron event run --due-now\n',
      }),
    },
    {
      title: 'a script that is not here',
      files: machine(OFF, { 'etc/cron.d/shop': '*/5 * * * * root /opt/shop/jobs.sh\n' }),
    },
    {
      title: 'an address that may be any',
      files: machine(OFF, { 'etc/cron.d/shop': '*/5 * * * * root wget -qO- https://example.org/jobs\n' }),
    },
    { title: 'a setting under a condition', files: machine(`if (getenv('CRON')) { ${OFF} }`) },
    {
      title: 'no table of cron here',
      files: Object.fromEntries(Object.entries(machine(OFF)).filter(([path]) => path !== 'etc/crontab')),
    },
    {
      title: 'a service that calls it',
      files: compose(conf`
        cron:
          image: wordpress:cli
          command: sh -c "while true; do wp cron event run --due-now; sleep 300; done"
      `),
    },
    {
      title: 'a service that keeps time',
      files: compose(conf`
        jobs:
          image: mcuadros/ofelia:latest
          command: daemon --docker
      `),
    },
    { title: 'containers whose page views start it', files: compose('', "define('WP_DEBUG', false);") },
  ],
  *check(deployment) {
    const seen = new Set<Source>()
    for (const { files, root } of phpSites(deployment)) {
      const source = wordpressConfiguration(files, root)
      const machine = machinesByFiles(deployment).get(files)
      if (source === null || machine === undefined || seen.has(source) || source.template) continue
      seen.add(source)
      const setting = phpSetting(source, 'DISABLE_WP_CRON')
      if (setting == null || !isTrue(setting.value)) continue
      const nobody =
        machine.container === null
          ? nobodyOnMachine(machine, root)
          : nobodyInProject(deployment, machine.container, machine.container.service.at)
      if (nobody !== null) yield finding(setting.at, nobody)
    }
    for (const { container } of deployment.machines) {
      const at = container === null ? null : turnedOffFor(container)
      if (at === null || container === null) continue
      const nobody = nobodyInProject(deployment, container, container.service.at)
      if (nobody !== null) yield finding(at, nobody)
    }
  },
})

const machinesByFiles = memo(
  ({ machines }: Deployment): ReadonlyMap<FileSystem, Machine> =>
    new Map(machines.map(machine => [machine.files, machine])),
)

function isTrue(value: string | number | boolean | null): boolean {
  return (
    value === true ||
    (typeof value === 'number' && value !== 0) ||
    (typeof value === 'string' && !/^0?$/.test(value))
  )
}

/** Variables whose text the images of WordPress take into its configuration. */
const EXTRA = new Set(['WORDPRESS_CONFIG_EXTRA', 'WORDPRESS_EXTRA_WP_CONFIG_CONTENT'])

function turnedOffFor({ service, isAlone }: Container): Place | null {
  if (isAlone) return null
  for (const { name, value, at } of service.environment) {
    if (!EXTRA.has(name) || value?.known !== true) continue
    if (!/^\s*define\(\s*['"]DISABLE_WP_CRON['"]\s*,\s*(?:true|1)\s*\)/im.test(value.value)) continue
    const start = at.source.text.indexOf('DISABLE_WP_CRON', at.start)
    if (start !== -1 && start < at.end) return { ...at, start, end: start + 'DISABLE_WP_CRON'.length }
  }
  return null
}

function finding(at: Place, { at: other, words, label }: NobodyCalls): RuleFinding {
  return {
    at,
    message: `page views start no due jobs of WordPress, and ${words} calls \`wp-cron.php\` or \`wp cron event run\`: unless something elsewhere does, scheduled posts are “Missed schedule”`,
    label: 'turned off',
    related: [{ at: other, message: label }],
  }
}
