import { posix } from 'node:path'
import { askedHosts, askHost } from '../../src/deployment/requests/ask-host.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import {
  type ApacheConfiguration,
  type ApacheDirective,
  readsEveryInclude,
} from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'
import { sentForHandlerOfOtherHost } from './_handlers-of-other-hosts.ts'

const main = (lines: string, modules: readonly string[] = []): string =>
  apacheMain(
    conf`
      Listen 80
      ${modules.includes('mime') ? 'TypesConfig /etc/mime.types' : ''}
      <Directory /srv/www>
          Require all granted
      </Directory>
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          ${lines}
      </VirtualHost>
    `,
    ['dir', ...modules],
  )

const FPM = conf`
  <FilesMatch "\.php$">
      SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
  </FilesMatch>
`
/** A site of PHP-FPM, and what its `.htaccess` brought from the host that it was on. */
const moved = (htaccess: string, handler = FPM): Record<string, string> => ({
  'etc/apache2/apache2.conf': main(
    conf`
      ${handler}
      <Directory /srv/www>
          AllowOverride All
      </Directory>
    `,
    ['mime', 'proxy', 'proxy_fcgi'],
  ),
  'srv/www/index.php': '<?php',
  'srv/www/.htaccess': htaccess,
})
const OF_FILES = conf`
  <FilesMatch "\.(php|phtml)$">
      SetHandler «application/x-lsphp74»
  </FilesMatch>
`

export default defineRule({
  summary: 'Apache sends the source of PHP scripts',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [540],
  since: '0.1.0',
  why: 'No module runs `.php` here, so the file is sent as it lies there: the site does not work, and passwords in its configuration are read by everybody. So it is where a `.htaccess` that was written by another host’s panel sets a handler which this server does not have: a section for files there is merged behind that of PHP-FPM.',
  remedy:
    'Pass `.php` to PHP-FPM: `<FilesMatch "\\.php$"> SetHandler "proxy:unix:/run/php/php-fpm.sock|fcgi://localhost" </FilesMatch>`, or load the module of PHP',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_proxy_fcgi.html'],
  bad: [
    {
      title: 'no handler',
      files: {
        'etc/apache2/apache2.conf': main('').replace('DocumentRoot /srv/www', 'DocumentRoot «/srv/www»'),
        'srv/www/index.php': '<?php',
      },
    },
    { title: 'a handler of another host, for the same files', files: moved(OF_FILES) },
    {
      title: 'a handler of another host by the suffix, as this server has it',
      files: moved(
        'AddHandler «application/x-httpd-ea-php81» .php\n',
        'AddHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost" .php\n',
      ),
    },
    {
      title: 'the handler of mod_php in one virtual host, beside PHP-FPM',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            ${FPM}
            <Directory /srv/www>
                <Files "*.php">
                    SetHandler «application/x-httpd-php»
                </Files>
            </Directory>
          `,
          ['mime', 'proxy', 'proxy_fcgi'],
        ),
        'srv/www/index.php': '<?php',
      },
    },
  ],
  good: [
    {
      title: 'a handler of another host by the suffix, which PHP-FPM’s section overrides',
      files: moved('AddHandler application/x-httpd-ea-php81 .php .phtml\n'),
    },
    {
      title: 'a handler of another host without a section, which PHP-FPM’s section overrides',
      files: moved('SetHandler application/x-httpd-php74\n'),
    },
    {
      title: 'a handler that is there where its module is',
      files: moved('<IfModule lsapi_module>\n    SetHandler application/x-lsphp74\n</IfModule>\n'),
    },
    {
      title: 'a handler that a program is given for',
      files: moved(OF_FILES, `${FPM}Action application/x-lsphp74 /cgi-sys/lsphp74\n`),
    },
    {
      title: 'a handler that a module may have',
      files: (() => {
        const files = moved(OF_FILES)
        const path = 'etc/apache2/apache2.conf'
        return {
          ...files,
          [path]: `LoadModule lsapi_module /usr/lib/apache2/modules/mod_lsapi.so\n${files[path]}`,
        }
      })(),
    },
    {
      title: 'a directory whose scripts are not to run',
      files: moved('<FilesMatch "\\.php$">\n    SetHandler none\n</FilesMatch>\n'),
    },
    {
      title: 'the handler of mod_php, which is loaded',
      files: (() => {
        const files = moved('<Files "*.php">\n    SetHandler php-script\n</Files>\n')
        const path = 'etc/apache2/apache2.conf'
        return {
          ...files,
          [path]: `LoadModule php_module /usr/lib/apache2/modules/libphp8.2.so\n${files[path]}`,
        }
      })(),
    },
    {
      title: 'PHP-FPM',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            <FilesMatch "\.php$">
                SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
            </FilesMatch>
          `,
          ['proxy', 'proxy_fcgi'],
        ),
        'srv/www/index.php': '<?php',
      },
    },
    {
      title: 'a module of which nobody here knows what it runs',
      files: {
        'etc/apache2/apache2.conf': conf`
          LoadModule php_module /usr/lib/apache2/modules/libphp8.2.so
          ${main('')}
        `,
        'srv/www/index.php': '<?php',
      },
    },
  ],
  *check(deployment) {
    yield* sentForHandlerOfOtherHost(deployment)
    for (const asked of askedHosts(deployment)) {
      const { configuration, host } = asked
      if (configuration.main === null || !readsEveryInclude(configuration) || !configuration.modulesComplete)
        continue
      if ([...configuration.modules.keys()].some(id => /php/.test(id))) continue
      // A handler that is there, and that httpd cannot use, is a fault of its own.
      if (proxies(configuration)) continue
      const root = directivesIn(configuration, host?.directive ?? null, 'documentroot').at(-1)
      const path = root?.args[0]?.value
      if (root === undefined || path?.startsWith('/') !== true) continue
      const names = deployment.filesOf(configuration).list(path) ?? []
      const script = names.find(({ name, kind }) => kind === 'file' && /\.php$/i.test(name))
      if (script === undefined) continue
      const { end, steps } = askHost(deployment, asked, `/${encodeURIComponent(script.name)}`)
      if (end.kind !== 'file' || end.status !== 200 || end.path !== posix.join(path, script.name)) continue
      if (steps.some(({ kind, text }) => kind === 'doubt' && !text.endsWith('taken as missing'))) continue
      yield {
        at: argumentPlace(root, 0),
        message: `no handler runs \`.php\` here, so \`/${script.name}\` is sent as source`,
        related: handlersOfPhp(configuration).map(line => ({
          at: argumentPlace(line, 0),
          message: 'no module that is loaded has this handler',
        })),
      }
    }
  },
})

function proxies({ occurrences }: ApacheConfiguration): boolean {
  return ['sethandler', 'addhandler'].some(name =>
    (occurrences.get(name) ?? []).some(({ args }) => /^proxy:|:\/\//i.test(args[0]?.value ?? '')),
  )
}

/** The lines that name a handler which mod_php has. */
function handlersOfPhp({ occurrences }: ApacheConfiguration): readonly ApacheDirective[] {
  return ['sethandler', 'addhandler', 'addtype'].flatMap(name =>
    (occurrences.get(name) ?? []).filter(({ args }) =>
      /^application\/x-httpd-php|^php\d?-script$/i.test(args[0]?.value ?? ''),
    ),
  )
}
