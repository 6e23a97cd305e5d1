import { posix } from 'node:path'
import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, askHost, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { htaccessFilesOf } from '../../src/servers/apache/queries/htaccess.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { runsPhp } from '../../src/servers/apache/requests/runs-php.ts'
import { apacheMain } from '../_examples.ts'

const apache = (lines = ''): string =>
  apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      TypesConfig /etc/mime.types
      <FilesMatch ".+\.ph(?:ar|p|tml)$">
          SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
      </FilesMatch>
      <Directory /srv/www>
          AllowOverride All
          Require all granted
      </Directory>
      ${lines}
    `,
    ['mime', 'proxy', 'proxy_fcgi'],
  )
const uploads = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apache(),
  'srv/www/uploads/.htaccess': lines,
})

export default defineRule({
  summary: 'A line that is to keep PHP from running in a directory does not',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 8.8,
  cwe: [434],
  since: '0.1.0',
  why: 'Where a `<FilesMatch>` gives PHP its files by `SetHandler`, as the packages of PHP-FPM and mod_php do, that is merged behind what directories and `.htaccess` say. `RemoveHandler`, `AddType` and a `SetHandler` of the directory change nothing of it: a script that somebody uploads there runs.',
  remedy:
    'Deny the files: `<FilesMatch "\\.ph(ar|p|tml)$">` with `Require all denied`, or `SetHandler none` in such a section',
  references: [
    'https://httpd.apache.org/docs/2.4/sections.html#merging',
    'https://httpd.apache.org/docs/2.4/mod/core.html#sethandler',
  ],
  bad: [
    {
      title: 'the handler of a suffix is removed, in .htaccess',
      files: uploads(conf`
        Options -ExecCGI
        «RemoveHandler» .php .phtml
        «RemoveType» .php .phtml
      `),
    },
    {
      title: 'a handler of the directory',
      files: {
        'etc/apache2/apache2.conf': apache(conf`
          <Directory /srv/www/uploads>
              «SetHandler» none
          </Directory>
        `),
        'srv/www/uploads/a.png': 'picture',
      },
    },
    {
      title: 'scripts of CGI, which are forbidden here',
      files: uploads(conf`
        Options -ExecCGI
        «AddHandler» cgi-script .php .pl .py
      `),
    },
  ],
  good: [
    {
      title: 'the files are denied',
      files: uploads(conf`
        RemoveHandler .php
        <FilesMatch "\.ph(ar|p|tml)$">
            Require all denied
        </FilesMatch>
      `),
    },
    {
      title: 'another handler for the files themselves',
      files: uploads(conf`
        <Files *>
            SetHandler default-handler
        </Files>
        SetHandler default-handler
      `),
    },
    {
      title: 'PHP by the suffix, which can be removed, and other suffixes',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            ServerName example.org
            DocumentRoot /srv/www
            TypesConfig /etc/mime.types
            AddHandler application/x-httpd-php .php
            <Directory /srv/www>
                AllowOverride All
                Require all granted
            </Directory>
          `,
          ['mime'],
        ),
        'srv/www/uploads/.htaccess': conf`
          RemoveHandler .php
          AddHandler cgi-script .pl
        `,
      },
    },
  ],
  *check(deployment) {
    for (const asked of hostsHolding(deployment, NAMES)) {
      for (const { line, directory } of linesOf(deployment, asked)) {
        const url = urlOfDirectory(asked, directory)
        if (url === null || url === '/') continue
        const { end } = askHost(deployment, asked, `${url}${EXISTING}.php`)
        if (!runsPhp(end)) continue
        yield {
          at: namePlace(line),
          message: `\`${url}x.php\` runs all the same: the handler of PHP is set for its name, in a section that is merged later`,
          related: end.at === null ? [] : [{ at: end.at, message: 'this handler holds' }],
        }
      }
    }
  },
})

const NAMES = ['removehandler', 'removetype', 'addhandler', 'addtype', 'sethandler', 'forcetype']

/** Lines of directories that say what their scripts are not. */
function* linesOf(deployment: Deployment, { configuration, host }: AskedHost) {
  for (const name of NAMES) {
    for (const home of new Set([host?.directive ?? null, null])) {
      for (const line of directivesByHost(configuration, name).get(home) ?? []) {
        const path = line.parent?.name === 'Directory' ? (line.parent.args[0]?.value ?? '') : ''
        if (posix.isAbsolute(path) && !/[*?[]/.test(path) && switchesOff(line))
          yield { line, directory: path }
      }
    }
  }
  for (const { file, overrides, directory } of htaccessFilesOf(
    configuration,
    deployment.filesOf(configuration),
    host,
  )) {
    if (!overrides.known || !overrides.value.reads) continue
    for (const name of NAMES)
      for (const line of file.occurrences.get(name) ?? [])
        if (line.parent === null && switchesOff(line)) yield { line, directory }
  }
}

/** True for a line after which files of PHP are to be no programs of PHP. */
function switchesOff({ name, args }: ApacheDirective): boolean {
  const [first = '', ...others] = args.map(({ value }) => value.toLowerCase())
  const isPlain =
    /^(?:cgi-script|none|default-handler|text\/plain|text\/html|application\/octet-stream)$/.test(first)
  switch (name.toLowerCase()) {
    case 'removehandler':
    case 'removetype':
      return [first, ...others].some(isOfPhp)
    case 'addhandler':
    case 'addtype':
      return isPlain && others.some(isOfPhp)
    default:
      return isPlain
  }
}

function isOfPhp(suffix: string): boolean {
  return /^\.?ph(?:p\d?|tml)$/.test(suffix)
}
