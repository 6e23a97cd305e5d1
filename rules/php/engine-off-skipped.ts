import type { ApacheLineNode } from '../../parsers/apache/syntax.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import {
  type AskedHost,
  askedHosts,
  askHost,
  urlOfDirectory,
} from '../../src/deployment/requests/ask-host.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { htaccessFilesOf } from '../../src/servers/apache/queries/htaccess.ts'
import { runsPhp } from '../../src/servers/apache/requests/runs-php.ts'
import { apacheMain } from '../_examples.ts'
import { permitsPhp8, requiredPhp } from './_composer-php.ts'
import { linesBesidePhpSettings, PHP_SETTING } from './_php-settings.ts'

const OFF = conf`
  Options -Indexes
  <IfModule «mod_php5.c»>
      php_flag engine off
  </IfModule>
`
const site = (uploads: string, main = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      <FilesMatch "\.php$">
          SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
      </FilesMatch>
      <Directory /srv/www>
          AllowOverride All
          Require all granted
      </Directory>
      ${main}
    `,
    ['proxy', 'proxy_fcgi', 'rewrite'],
  ),
  'srv/www/uploads/.htaccess': uploads,
})

export default defineRule({
  summary: '`engine off` stands in a section for a module of PHP that is not loaded',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  securitySeverity: 8.1,
  cwe: [434],
  since: '0.1.0',
  why: 'The module is `mod_php5.c` with PHP 5, `mod_php7.c` with PHP 7 and `mod_php.c` since PHP 8, and PHP-FPM is none of them. httpd passes over the section without a word, so that a script which somebody uploads to the directory runs.',
  remedy: 'Deny the files, whatever runs PHP: `<FilesMatch "\\.ph(ar|p|tml)$">` with `Require all denied`',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/core.html#ifmodule',
    'https://www.php.net/manual/en/migration80.incompatible.php',
  ],
  bad: [
    { title: 'PHP-FPM, and a section for mod_php', files: site(OFF) },
    {
      title: 'a section for every module, and PHP-FPM',
      files: site(conf`
        <IfModule «mod_php.c»>
            php_admin_flag engine Off
        </IfModule>
        <IfModule mod_php7.c>
            php_flag engine 0
        </IfModule>
      `),
    },
    { title: 'for PHP 5 alone, in a .htaccess alone', files: { 'uploads/.htaccess': OFF } },
    {
      title: 'for PHP 7 alone, in a project that runs on PHP 8',
      files: {
        'composer.json': '{ "require": { "php": "^8.1" } }\n',
        'uploads/.htaccess': conf`
          <IfModule «mod_php7.c»>
              php_flag engine off
          </IfModule>
        `,
      },
    },
  ],
  good: [
    {
      title: 'the files are denied as well',
      files: site(conf`
        ${OFF}
        <FilesMatch "\.ph(ar|p|tml)$">
            Require all denied
        </FilesMatch>
      `),
    },
    {
      title: 'the .htaccess above denies them',
      files: {
        ...site(OFF),
        'srv/www/.htaccess': conf`
          RewriteEngine On
          RewriteRule ^uploads/.*\.php$ - [F]
        `,
      },
    },
    {
      title: 'what Drupal writes, in a .htaccess alone',
      files: {
        'files/.htaccess': conf`
          SetHandler Drupal_Security_Do_Not_Remove_See_SA_2006_006
          ${OFF}
        `,
      },
    },
    {
      title: 'in a .htaccess alone, for newer releases too',
      files: {
        'uploads/.htaccess': conf`
          ${OFF}
          <IfModule mod_php7.c>
              php_flag engine off
          </IfModule>
        `,
      },
    },
    {
      title: 'in a .htaccess alone, where no module of PHP 5 is',
      files: {
        'uploads/.htaccess': conf`
          ${OFF}
          <IfModule !mod_php5.c>
              php_flag engine off
          </IfModule>
        `,
      },
    },
    {
      title: 'another setting, and PHP that is turned on',
      files: {
        'uploads/.htaccess': conf`
          <IfModule mod_php5.c>
              php_flag display_errors off
              php_flag engine on
          </IfModule>
        `,
      },
    },
    {
      title: 'a server that runs no PHP',
      files: {
        'etc/apache2/apache2.conf': apacheMain(conf`
          Listen 80
          ServerName example.org
          DocumentRoot /srv/www
          <Directory /srv/www>
              AllowOverride All
              Require all granted
          </Directory>
        `),
        'srv/www/uploads/.htaccess': OFF,
      },
    },
  ],
  *check(deployment) {
    for (const asked of askedHosts(deployment)) {
      const { configuration, host } = asked
      const files = deployment.filesOf(configuration)
      for (const { file, overrides, directory } of htaccessFilesOf(configuration, files, host)) {
        if (!overrides.known || !overrides.value.reads || file.source.template) continue
        const [section, ...others] = sectionsOfPhp(file.source)
        const [word] = section?.words ?? []
        if (section === undefined || word === undefined) continue
        const required = configuration.modulesComplete ? null : requiredPhp(files, directory)
        const isOfPhp8 = required !== null && permitsPhp8(required)
        const isApplied = [section, ...others].some(({ words }) =>
          isMet(asked, words[0]?.value ?? '', isOfPhp8),
        )
        if (isApplied || !runs(deployment, asked, directory)) continue
        yield {
          at: { source: file.source, start: word.start, end: word.end },
          message: configuration.modulesComplete
            ? `\`${word.value}\` is not loaded, so scripts in this directory run`
            : `only PHP ${numberOf(word.value)} has the module \`${word.value}\`: with a newer PHP, or PHP-FPM, scripts in this directory run`,
          label: 'passed over',
          ...(configuration.modulesComplete ? {} : { confidence: 'medium' as const }),
        }
      }
    }
  },
})

/** The sections in which a file turns PHP off; none where it says something else of scripts outside of them. */
const sectionsOfPhp = memo((source: Source): readonly ApacheLineNode[] => {
  const found: ApacheLineNode[] = []
  for (const { line, ifModules } of linesBesidePhpSettings(source)) {
    if (turnsOff(line)) {
      const [section] = ifModules
      if (section === undefined || MODULE.exec(section.words[0]?.value ?? '') === null) return []
      found.push(section)
    } else if (OF_SCRIPTS.has(line.name.value.toLowerCase())) return []
  }
  return found
})

function turnsOff({ name, words }: ApacheLineNode): boolean {
  const [setting = '', value = ''] = words.map(word => word.value.toLowerCase())
  return PHP_SETTING.test(name.value) && setting === 'engine' && /^(?:off|0|no)$/.test(value)
}

/** `mod_php5.c`, `php_module`; group 1: the number. */
const MODULE = /^(?:mod_php(\d?)\.c|php(\d?)_module)$/i

/** What may keep a script from running as well. */
const OF_SCRIPTS: ReadonlySet<string> = new Set([
  'sethandler',
  'forcetype',
  'addhandler',
  'removehandler',
  'addtype',
  'removetype',
  'require',
  'deny',
  'order',
  'rewriterule',
  'redirectmatch',
])

function numberOf(name: string): string {
  const { 1: ofFile = '', 2: number = ofFile } = MODULE.exec(name) ?? []
  return number
}

/**
 * False for a module that is surely not there. Where nobody knows what is loaded, that is the one of PHP 5, which is
 * long gone, and that of PHP 7 in a project that runs on PHP 8.
 */
function isMet({ configuration }: AskedHost, name: string, isOfPhp8: boolean): boolean {
  const number = numberOf(name)
  const loaded = configuration.modules.has(`php${number}_module`)
  return loaded || (!configuration.modulesComplete && number !== '5' && !(isOfPhp8 && number === '7'))
}

/** True where a script of the directory is a program; where nobody knows what is loaded, where nothing denies it. */
function runs(deployment: Deployment, asked: AskedHost, directory: string): boolean {
  const url = urlOfDirectory(asked, directory)
  if (url === null) return false
  const { end } = askHost(deployment, asked, `${url}${EXISTING}.php`)
  return runsPhp(end) || (!asked.configuration.modulesComplete && end.kind === 'file')
}
