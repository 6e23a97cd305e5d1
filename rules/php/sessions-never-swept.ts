import type { Place } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { modPhpSetting } from '../../src/deployment/mod-php.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { loadsPhp } from '../../src/servers/apache/configuration.ts'
import { virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import type { Fact } from '../../src/servers/fact.ts'
import { apacheMain } from '../_examples.ts'
import { phpPool, phpSite } from './_examples.ts'
import { mayBeSwept, sessionDirectory } from './_session-sweepers.ts'
import { type SessionUse, useOfSessions } from './_session-use.ts'

const INI = conf`
  [Session]
  session.save_handler = files
  session.gc_probability = 0
  session.gc_maxlifetime = 1440
`
const PATH = 'php_admin_value[session.save_path] = «/var/lib/shop/sessions»'
const tree = (
  pool: string,
  others: Record<string, string> = {},
  script = '<?php\nsession_start();\necho $_SESSION["name"];\n',
): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite(''),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(pool),
  'etc/php/8.2/fpm/php.ini': INI,
  'srv/www/index.php': script,
  ...others,
})
const inApache = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      LoadModule php_module /usr/lib/apache2/modules/libphp8.2.so
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          ${lines}
      </VirtualHost>
    `,
    ['mpm_prefork'],
  ),
  'etc/php/8.2/apache2/php.ini': INI,
  'srv/www/index.php': '<?php\nsession_start();\n',
})

export default defineRule({
  summary: 'Nothing removes old sessions of PHP from their directory',
  severity: 'warning',
  otherSeverities: { info: 'where no script of the site is in the audit' },
  confidence: 'medium',
  since: '0.1.0',
  why: 'Debian and Ubuntu turn the collector of PHP off (`session.gc_probability = 0`), and remove old sessions by a timer of their own, `/usr/lib/php/sessionclean`. It reads the `session.save_path` of each `php.ini`, and knows nothing of a pool or a virtual host. The files `sess_…` of another directory stay for ever, until “No space left on device” is said of a disk that has no inodes left (`df -i`).',
  remedy:
    'Set `session.gc_probability` to 1 beside the `session.save_path`, or remove old files by a line of tmpfiles.d with an age',
  references: [
    'https://www.php.net/manual/en/session.configuration.php#ini.session.gc-probability',
    'https://manpages.debian.org/stable/systemd/tmpfiles.d.5.en.html',
  ],
  unproven: 'What is not removed shows after days, and no answer to a request tells',
  bad: [
    { title: 'a directory of the pool', files: tree(PATH) },
    {
      title: 'with levels of directories, beside the timer of Debian',
      files: tree('php_value[session.save_path] = "«0;0600;/var/lib/shop/sessions»"', {
        'etc/cron.d/php':
          '09,39 * * * * root [ -x /usr/lib/php/sessionclean ] && /usr/lib/php/sessionclean\n',
        'etc/tmpfiles.d/shop.conf': 'd /var/lib/shop/sessions 0700 www-data www-data -\n',
      }),
    },
    {
      title: 'a directory of the virtual host',
      files: inApache('php_admin_value session.save_path «/var/lib/shop/sessions»'),
    },
  ],
  good: [
    {
      title: 'the collector of PHP',
      files: tree(`${PATH}\nphp_admin_value[session.gc_probability] = 1`),
    },
    {
      title: 'the collector of PHP in the virtual host',
      files: inApache(
        'php_admin_value session.save_path /var/lib/shop/sessions\nphp_admin_value session.gc_probability 1',
      ),
    },
    {
      title: 'a directory that the timer sweeps',
      files: tree('php_admin_value[session.save_path] = /var/lib/php/sessions/shop'),
    },
    {
      title: 'the directory of php.ini',
      files: tree(PATH, { 'etc/php/8.2/cli/php.ini': 'session.save_path = "/var/lib/shop/sessions"\n' }),
    },
    {
      title: 'Redis',
      files: tree(
        'php_value[session.save_handler] = redis\nphp_value[session.save_path] = "tcp://127.0.0.1:6379"',
      ),
    },
    {
      title: 'a job of cron',
      files: tree(PATH, {
        'etc/cron.d/shop': '10 * * * * root find /var/lib/shop/sessions -type f -mmin +1440 -delete\n',
      }),
    },
    {
      title: 'an age',
      files: tree(PATH, {
        'etc/tmpfiles.d/shop.conf': 'd /var/lib/shop/sessions 0700 www-data www-data 2d\n',
      }),
    },
    {
      title: 'an application that sets the collector itself',
      files: tree(PATH, {}, '<?php\nini_set("session.gc_probability", 1);\nsession_start();\n'),
    },
    { title: 'an application without sessions', files: tree(PATH, {}, '<?php\necho "page";\n') },
    {
      title: 'a framework, which keeps sessions of its own',
      files: tree(PATH, { 'srv/www/composer.json': '{"require": {"symfony/framework-bundle": "^7.0"}}\n' }),
    },
    {
      title: 'a php.ini that leaves the collector on',
      files: tree(PATH, { 'etc/php/8.2/fpm/php.ini': 'session.gc_probability = 1\n' }),
    },
  ],
  *check(deployment) {
    const told = new Map<FileSystem, SessionUse>()
    for (const { files, at, value, setting } of ownPaths(deployment)) {
      const [directory] = sessionDirectory(value)
      const [probability, handler] = [setting('session.gc_probability'), setting('session.save_handler')]
      if (directory === undefined || probability?.known !== true || Number(probability.value) !== 0) continue
      if (handler !== null && !(handler.known && handler.value === 'files')) continue
      if (mayBeSwept(files, directory)) continue
      const use = told.get(files) ?? useOfSessions(deployment, files)
      told.set(files, use)
      if (use === 'other') continue
      yield {
        at,
        severity: use === 'seen' ? ('warning' as const) : ('info' as const),
        message: `nothing removes old sessions from \`${directory}\`: the collector of PHP is off, and the timer of Debian sweeps the directory of \`php.ini\` alone`,
        label: 'files `sess_…` pile up',
        related: probability.at === null ? [] : [{ at: probability.at, message: 'turns the collector off' }],
      }
    }
  },
})

interface OwnPath {
  readonly files: FileSystem
  readonly at: Place
  readonly value: string
  readonly setting: (name: string) => Fact<string> | null
}

/** Every `session.save_path` of a pool or a virtual host, where PHP is the one of Debian. */
function* ownPaths(deployment: Deployment): Iterable<OwnPath> {
  for (const program of programsOfKind(deployment, 'php-fpm')) {
    const { pool, machine } = program
    const own = pool.phpSettings.get('session.save_path')
    if (own === undefined || machine.container !== null || !pool.headers.every(isDebian)) continue
    const fact = program.phpSetting('session.save_path')
    if (fact?.known !== true || fact.at === null) continue
    yield { files: machine.files, at: fact.at, value: fact.value, setting: name => program.phpSetting(name) }
  }
  for (const configuration of deployment.apache) {
    if (!loadsPhp(configuration) || deployment.programOf(configuration).machine.container !== null) continue
    const files = deployment.filesOf(configuration)
    for (const name of ['php_admin_value', 'php_value'])
      for (const line of configuration.occurrences.get(name) ?? []) {
        const host = virtualHostOf(configuration, line)
        if (line.args[0]?.value !== 'session.save_path' || host === null) continue
        const setting = (wanted: string): Fact<string> | null =>
          modPhpSetting(deployment, { configuration, directive: host.directive }, wanted)
        const fact = setting('session.save_path')
        if (fact?.known !== true || fact.at === null) continue
        yield { files, at: fact.at, value: fact.value, setting }
      }
  }
}

const isDebian = ({ source }: Place): boolean => /(?:^|\/)etc\/php\/\d+\.\d+\/fpm\//.test(source.path)
