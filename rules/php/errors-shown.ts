import { phpCode } from '../../parsers/php/script.ts'
import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { parseDotenv } from '../../parsers/dotenv/parse-dotenv.ts'
import { matchedPlace, type Place } from '../../parsers/text/source.ts'
import type { Deployment, Target } from '../../src/deployment/model.ts'
import { askedHosts, askHost } from '../../src/deployment/requests/ask-host.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { takesClients } from '../../src/deployment/outer-proxies.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { runsPhp } from '../../src/servers/apache/requests/runs-php.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { apacheMain, nginxServer } from '../_examples.ts'
import { phpPool, phpSite } from './_examples.ts'
import { wordpressConfiguration } from './_php-sources.ts'
import { documentRoot as rootOfConnection } from './_script-directory.ts'

const tree = (files: Record<string, string>, pool = '', root = '/srv/www'): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite('').replace('root /srv/www;', `root ${root};`),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(pool),
  ...files,
})
const ini = (value: string): Record<string, string> => ({
  'etc/php/8.2/fpm/php.ini': conf`
    [PHP]
    error_reporting = E_ALL
    display_errors = ${value}
  `,
})
const wordpress = (lines: string): Record<string, string> => ({
  'srv/www/wp-config.php': `<?php\n${lines}\nrequire_once ABSPATH . 'wp-settings.php';\n`,
})
const laravel = (lines: string): Record<string, string> => ({
  'srv/shop/artisan': '#!/usr/bin/env php\n<?php\n',
  'srv/shop/.env': conf`
    APP_NAME=Shop
    ${lines}
  `,
})

const behindApache = (listen: string, debug: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      ${listen}
      ServerName example.org
      DocumentRoot /srv/shop/public
      <FilesMatch "\\.php$">
          SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
      </FilesMatch>
    `,
    ['proxy', 'proxy_fcgi', 'dir'],
  ),
  ...laravel(conf`
    APP_ENV=production
    ${debug}
  `),
})

export default defineRule({
  summary: 'PHP shows its errors to every client',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Where a script fails, the page has the message of PHP with paths, queries and arguments, of Laravel with the variables of the environment, passwords among them. A notice in front of the headers breaks redirects and JSON besides.',
  remedy:
    'Write `display_errors = Off` and `log_errors = On`; `APP_DEBUG=false` in Laravel; `WP_DEBUG_DISPLAY` false in WordPress',
  references: [
    'https://www.php.net/manual/errorfunc.configuration.php#ini.display-errors',
    'https://laravel.com/docs/errors#configuration',
    'https://developer.wordpress.org/advanced-administration/debug/debug-wordpress/',
  ],
  bad: [
    { title: 'in php.ini', files: tree(ini('«On»')) },
    { title: 'in the pool', files: tree({}, 'php_flag[display_errors] = «on»') },
    {
      title: 'WordPress',
      files: tree(wordpress("«define( 'WP_DEBUG', true )»;")),
    },
    {
      title: 'Laravel in production',
      files: tree(
        laravel(conf`
          APP_ENV=production
          «APP_DEBUG=true»
        `),
        '',
        '/srv/shop/public',
      ),
    },
    {
      title: 'Laravel whose environment a playbook fills in',
      files: {
        'roles/web/templates/site.conf.j2': nginxServer(conf`
          root /srv/shop/public;
          location ~ \.php$ {
              fastcgi_pass unix:/run/php/php8.2-fpm.sock;
          }
        `),
        'roles/app/templates/env.j2': conf`
          APP_ENV=production
          «APP_DEBUG=true»
          APP_KEY={{ app_key }}
        `,
        'roles/app/tasks/main.yml': conf`
          - name: Environment
            ansible.builtin.template:
              src: env.j2
              dest: /srv/shop/.env
        `,
        'composer.json': '{}\n',
        artisan: '<?php\n',
        'public/index.php': '<?php\n',
      },
    },
    { title: 'Laravel behind Apache', files: behindApache('Listen 80', '«APP_DEBUG=true»') },
  ],
  good: [
    {
      title: 'Laravel behind Apache, of this machine alone',
      files: behindApache('Listen 127.0.0.1:80', 'APP_DEBUG=true'),
    },
    { title: 'off', files: tree(ini('Off')) },
    { title: 'to the log of FPM', files: tree(ini('stderr')) },
    { title: 'off in the pool, which wins', files: tree(ini('On'), 'php_admin_flag[display_errors] = off') },
    {
      title: 'WordPress that writes a log',
      files: tree(
        wordpress(conf`
          define( 'WP_DEBUG', true );
          define( 'WP_DEBUG_LOG', true );
          define( 'WP_DEBUG_DISPLAY', false );
        `),
      ),
    },
    { title: 'WordPress', files: tree(wordpress("define( 'WP_DEBUG', false );")) },
    {
      title: 'Laravel on the machine of a developer',
      files: tree(
        laravel(conf`
          APP_ENV=local
          APP_DEBUG=true
        `),
        '',
        '/srv/shop/public',
      ),
    },
    {
      title: 'a site of this machine alone',
      files: Object.fromEntries(
        Object.entries(tree(ini('On'))).map(([path, text]) => [
          path,
          text.replace('listen 80;', 'listen 127.0.0.1:80;'),
        ]),
      ),
    },
  ],
  *check(deployment) {
    const seen = new Set<string>()
    for (const { line, what, at } of shownByApache(deployment)) {
      const key = `${at.source.path}:${at.start}`
      if (seen.has(key)) continue
      seen.add(key)
      yield {
        at,
        message: `${what} shows every client the messages of scripts that fail`,
        label: 'errors are shown',
        related: line === null ? [] : [{ at: line, message: 'Apache runs PHP by this' }],
      }
    }
    for (const connection of deployment.connections.nginx) {
      const { pass, server, from } = connection
      const { main } = from.configuration
      if (pass.name !== 'fastcgi_pass' || connection.reachable !== true) continue
      if (!takesClients(deployment, server)) continue
      const { files } = from.machine
      const root = rootOfConnection(connection)
      // A repository keeps what a developer works with, unless it says that it is in production.
      const isLive = main !== null && files.covers(main.path)
      const shown = [
        ...(root === null ? [] : [inLaravel(files, root)]),
        ...(root === null || !isLive ? [] : [inWordPress(files, root)]),
        ...(isLive ? connection.targets.flatMap(shownByPool) : []),
      ].filter(each => each !== null)
      for (const { at, what } of shown) {
        const key = `${at.source.path}:${at.start}`
        if (seen.has(key)) continue
        seen.add(key)
        yield {
          at,
          message: `${what} shows every client the messages of scripts that fail`,
          label: 'errors are shown',
          related: [{ at: namePlace(pass), message: 'nginx connects to PHP here' }],
        }
      }
    }
  },
})

/** What virtual hosts of Apache run, of which the network opens a socket. */
function* shownByApache(deployment: Deployment) {
  for (const asked of askedHosts(deployment)) {
    const { configuration, host } = asked
    const { main } = configuration
    const root = documentRoot({ configuration, host })
    if (main === null || !root.known || !isReached(configuration)) continue
    const { end } = askHost(deployment, asked, `/${EXISTING}.php`)
    if (!runsPhp(end)) continue
    const files = deployment.filesOf(configuration)
    const path = fromBytes(root.value).replace(/(?<=.)\/$/, '')
    const inApplication = [
      inLaravel(files, path),
      files.covers(main.path) ? inWordPress(files, path) : null,
    ].filter(each => each !== null)
    for (const shown of inApplication) yield { ...shown, line: end.at }
  }
}

/** False where every socket is one of this machine alone, as behind a proxy. */
function isReached({ occurrences }: ApacheConfiguration): boolean {
  const sockets = (occurrences.get('listen') ?? []).map(({ args }) => args[0]?.value ?? '')
  return sockets.length > 0 && !sockets.every(each => /^(?:127\.|\[::1\]|localhost:)/.test(each))
}

interface Shown {
  readonly at: Place
  readonly what: string
}

function shownByPool({ to }: Target): readonly Shown[] {
  if (to.kind !== 'listener' || to.listener.program.kind !== 'php-fpm') return []
  const setting = to.listener.program.phpSetting('display_errors')
  if (setting?.known !== true || setting.at === null || !/^(?:on|1|true|yes|stdout)$/i.test(setting.value))
    return []
  return [{ at: setting.at, what: 'PHP' }]
}

const inWordPress = memoByKey((files: FileSystem, root: string): Shown | null => {
  const source = wordpressConfiguration(files, root)
  if (source === null) return null
  const code = phpCode(source)
  const match = /define\s*\(\s*['"]WP_DEBUG['"]\s*,\s*true\s*\)/i.exec(code)
  if (match === null || /WP_DEBUG_DISPLAY|display_errors/.test(code)) return null
  return { at: matchedPlace(source, match), what: 'WordPress' }
})

const inLaravel = memoByKey((files: FileSystem, root: string): Shown | null => {
  const home = posix.dirname(root)
  if (!root.endsWith('/public') || files.kind(`${home}/artisan`) !== 'file') return null
  const source = sourceAt(files, `${home}/.env`)
  if (source === null) return null
  const variables = parseDotenv(source)
  const of = (name: string) => variables.findLast(each => each.name === name)
  const [environment, debug] = [of('APP_ENV'), of('APP_DEBUG')]
  const isLive = environment?.value.known === true && /^prod/.test(environment.value.value)
  if (!isLive || debug?.value.known !== true || !/^(?:true|1|\(true\))$/i.test(debug.value.value)) return null
  return { at: debug.at, what: 'Laravel' }
})
