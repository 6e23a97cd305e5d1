import {
  directivePlace,
  indentationAt,
  isOwnText,
  propose,
  replacePlace,
} from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { conditionsAround } from '../../src/servers/apache/queries/conditions-around.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      DocumentRoot /srv/www
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'AddHandler runs a name as PHP that ends in something else',
  severity: 'warning',
  otherSeverities: {
    info: 'where the file goes to PHP-FPM, whose `security.limit_extensions` refuses it, and in an `<IfModule>` of mod_fastcgi, which nothing loads',
  },
  confidence: 'high',
  ofLoneHtaccess: true,
  securitySeverity: 8.1,
  cwe: [434],
  since: '0.1.0',
  why: 'mod_mime looks at every extension of a name: `photo.php.jpg`, which an upload form takes for a picture, runs as PHP. PHP-FPM answers `Access denied` to it, as long as nobody empties `security.limit_extensions`.',
  remedy: 'Write `<FilesMatch "\\.php$"> SetHandler … </FilesMatch>`',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_mime.html#multipleext',
    'https://www.php.net/manual/en/install.unix.apache2.php',
  ],
  bad: [
    {
      title: 'PHP-FPM, which refuses what does not end in .php',
      files: {
        'site.conf': host('«AddHandler» "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost" .php'),
      },
    },
    { title: 'the module', files: { 'site.conf': host('«AddHandler» application/x-httpd-php .php .phtml') } },
    {
      title: 'mod_fcgid, whose wrapper is one of all files',
      files: {
        'site.conf': host(conf`
          «AddHandler» fcgid-script .php
          FcgidWrapper /srv/fcgi-bin/php.fcgi
        `),
      },
    },
    {
      title: 'for a module that may be there',
      files: {
        'site.conf': host(conf`
          <IfModule mod_fastcgi.c>
              «AddHandler» php-fastcgi .php
          </IfModule>
        `),
      },
    },
  ],
  good: [
    {
      title: 'a module that no distribution has, beside the one that it has',
      files: {
        'site.conf': host(conf`
          <IfModule mod_fastcgi.c>
              AddHandler php-fastcgi .php
          </IfModule>
          <IfModule mod_proxy_fcgi.c>
              <FilesMatch "\.php$">
                  SetHandler "proxy:fcgi://127.0.0.1:9000"
              </FilesMatch>
          </IfModule>
        `),
      },
    },
    {
      title: 'the end of the name decides',
      files: {
        'site.conf': host(conf`
          <FilesMatch "\.php$">
              SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
          </FilesMatch>
        `),
      },
    },
    {
      title: 'within a section for names that end so',
      files: {
        'site.conf': host(conf`
          <FilesMatch "\.php$">
              AddHandler application/x-httpd-php .php
          </FilesMatch>
        `),
      },
    },
    {
      title: 'mod_fcgid, whose wrapper is one of the last extension',
      files: {
        'site.conf': host(conf`
          AddHandler fcgid-script .php
          FcgidWrapper /srv/fcgi-bin/php.fcgi .php
        `),
      },
    },
    {
      title: 'scripts that run only where ExecCGI lets them, and a type',
      files: {
        'site.conf': host(conf`
          AddHandler cgi-script .cgi
          AddType text/html .php
        `),
      },
    },
  ],
  *check({ apache, filesOf, programs }) {
    const runsAll = programs.some(
      program =>
        program.kind === 'php-fpm' &&
        program.pool.limitExtensions?.known === true &&
        program.pool.limitExtensions.value.length === 0,
    )
    for (const configuration of apache) {
      const told: ApacheDirective[] = []
      for (const line of everywhere(configuration, filesOf(configuration), 'addhandler')) {
        const extensions = line.args.slice(1).filter(({ value }) => /^\.?(?:php\d?|phtml|phar)$/i.test(value))
        const [first] = extensions
        if (first === undefined || isInFiles(line) || !runsPhp(configuration, line)) continue
        const name = first.value.replace(/^\./, '')
        const at = directivePlace(line)
        const indent = indentationAt(namePlace(line))
        const pattern = extensions.map(({ value }) => value.replace(/^\./, '')).join('|')
        const handler = line.args[0]?.value ?? ''
        // The same handler once more for the same files is no second fault.
        if (told.some(other => other.parent === line.parent && addsBoth(other, handler, name))) continue
        told.push(line)
        const isAll = extensions.length === line.args.length - 1
        const lines = [
          `<FilesMatch "\\.${extensions.length > 1 ? `(?:${pattern})` : pattern}$">`,
          `    SetHandler "${handler}"`,
          '</FilesMatch>',
        ]
        const isRefused = !runsAll && goesToFpm(configuration, handler)
        const isAbandoned = isOfAbandoned(line) && !configuration.modules.has('fastcgi_module')
        if (isForFastCgi(line) && WAY_OF_TODAY.test(line.source.code)) continue
        yield {
          at: namePlace(line),
          ...((isRefused || isAbandoned) && { severity: 'info' as const }),
          message: isRefused
            ? `\`photo.${name}.jpg\` is passed to PHP-FPM too, which answers \`Access denied\` by \`security.limit_extensions\` alone: \`AddHandler\` looks at every extension of a name`
            : `\`photo.${name}.jpg\` runs as PHP too: \`AddHandler\` looks at every extension of a name`,
          related: [{ at: argumentPlace(line, 0), message: isRefused ? 'passes it' : 'runs it' }],
          ...(isAll && isOwnText(line)
            ? propose('Let the end of the name decide', 'unsafe', [
                replacePlace(at, lines.join(`\n${indent}`)),
              ])
            : {}),
        }
      }
    }
  },
})

/** True for a handler by which a program of its own gets the file: PHP-FPM, as nothing else runs PHP so. */
function goesToFpm({ occurrences }: ApacheConfiguration, handler: string): boolean {
  if (/^proxy:/i.test(handler)) return true
  return /fcgi|fastcgi|fpm/i.test(handler) && occurrences.has('fastcgiexternalserver')
}

function addsBoth({ args }: ApacheDirective, handler: string, extension: string): boolean {
  const [own, ...extensions] = args
  return own?.value === handler && extensions.some(({ value }) => value.replace(/^\./, '') === extension)
}

function isInFiles({ parent }: ApacheDirective): boolean {
  return parent !== null && (/^Files/.test(parent.name) || isInFiles(parent))
}

const OF_FASTCGI = /^(?:mod_fastcgi\.c|fastcgi_module)$/

/** True for what is there for a module that no distribution has had for years, beside what the others load. */
function isOfAbandoned({ parent }: ApacheDirective): boolean {
  if (parent === null) return false
  const name = parent.args[0]?.value ?? ''
  return (/^ifmodule$/i.test(parent.name) && OF_FASTCGI.test(name)) || isOfAbandoned(parent)
}

/** The same of lines that somebody includes, of which nobody knows what is loaded. */
function isForFastCgi(line: ApacheDirective): boolean {
  return conditionsAround(namePlace(line)).some(
    ({ name, asks }) => name === 'ifmodule' && OF_FASTCGI.test(asks),
  )
}

/** In the same file, the way to PHP-FPM that every distribution has since httpd 2.4. */
const WAY_OF_TODAY = /<IfModule[ \t]+"?(?:mod_proxy_fcgi\.c|proxy_fcgi_module)\b/i

/**
 * mod_fcgid looks for the wrapper of the last extension alone, and runs the file itself where there is none: only a
 * wrapper of all files takes `photo.php.jpg`.
 */
function runsPhp({ occurrences }: ApacheConfiguration, { args }: ApacheDirective): boolean {
  const handler = args[0]?.value ?? ''
  if (/^fcgid-script$/i.test(handler))
    return (occurrences.get('fcgidwrapper') ?? []).some(({ args: [, extension] }) => extension === undefined)
  return /^proxy:|php/i.test(handler)
}
