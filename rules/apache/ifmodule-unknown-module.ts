import { isUnknownWord, type Source } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { moduleMeantBy } from '../../src/servers/apache/modules.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { apacheMain, servedHtaccess } from '../_examples.ts'

export default defineRule({
  summary: '`<IfModule>` asks for a name that no module has',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'Apache knows a module by its identifier (`headers_module`) and by its source file (`mod_headers.c`), letter by letter. Any other name is that of a module which is not loaded: the body is skipped in silence, security headers and access rules with it.',
  remedy: 'Write the module’s identifier',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#ifmodule'],
  bad: [
    {
      title: 'without `.c`, in a branch of a template',
      files: {
        'site.conf.j2': conf`
          <VirtualHost *:80>
              ServerName {{ host }}
              {% if hardened %}
              <IfModule «mod_headers»>
                  Header always set X-Frame-Options "DENY"
              </IfModule>
              {% endif %}
              <IfModule {{ module }}>
                  Header always set X-Content-Type-Options nosniff
              </IfModule>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'without `.c`, in capitals, by its object, by a name that the manual once had',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              <IfModule «mod_headers»>
                  Header always set X-Frame-Options "DENY"
              </IfModule>
              <IfModule «mod_header.c»>
                  Header always set X-Content-Type-Options nosniff
              </IfModule>
              <IfModule «MOD_SSL.C»>
                  SSLEngine off
              </IfModule>
              <IfModule !«mod_wsgi.so»>
                  SetEnv A b
              </IfModule>
          </VirtualHost>
          <IfModule «mpm_event.c»>
              MaxRequestWorkers 150
          </IfModule>
        `,
      },
    },
    {
      title: 'with what an editor of HTML makes of an attribute',
      files: {
        'site.conf': conf`
          <IfModule «mod_headers.c=""»>
              Header always set X-Frame-Options DENY
          </IfModule>
        `,
      },
    },
    {
      title: 'without `mod_` and `_module`',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              <IfModule «headers»>
                  Header always set X-Frame-Options DENY
              </IfModule>
              <IfModule «rewrite.c»>
                  RewriteEngine on
              </IfModule>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'in `.htaccess`',
      files: servedHtaccess(conf`
        <IfModule «mod_header.c»>
            Header set X-Frame-Options "DENY"
        </IfModule>
      `),
    },
    {
      title: 'PHP 8 with a number, which its module has no more',
      files: {
        '.htaccess': conf`
          <IfModule mod_php7.c>
              php_value upload_max_filesize 64M
          </IfModule>
          <IfModule «mod_php8.c»>
              php_value upload_max_filesize 64M
          </IfModule>
        `,
      },
    },
  ],
  good: [
    {
      title: 'both names of a module, and one that nobody here knows',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              <IfModule mod_headers.c>
                  Header always set X-Frame-Options "DENY"
              </IfModule>
              <IfModule !headers_module>
                  SetEnv A b
              </IfModule>
              <IfModule mod_php5.c>
                  SetEnv C d
              </IfModule>
          </VirtualHost>
          <IfModule event.c>
              MaxRequestWorkers 150
          </IfModule>
        `,
      },
    },
    {
      title: 'HTTP/2 as Debian’s package switches it on',
      files: {
        'etc/apache2/apache2.conf': apacheMain('IncludeOptional mods-enabled/*.conf', ['http2']),
        'etc/apache2/mods-enabled/http2.conf': conf`
          # mod_http2 doesn't work with mpm_prefork
          <IfModule !mpm_prefork>
              Protocols h2 h2c http/1.1
          </IfModule>
        `,
      },
    },
    {
      title: 'the list of files that Joomla leaves out',
      files: {
        '.htaccess': conf`
          <IfModule autoindex>
              IndexIgnore *
          </IfModule>
        `,
      },
    },
    {
      title: 'PHP 8 by its own name as well',
      files: {
        '.htaccess': conf`
          <IfModule mod_php.c>
              php_value upload_max_filesize 64M
          </IfModule>
          <IfModule mod_php8.c>
              php_value upload_max_filesize 64M
          </IfModule>
        `,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const inDirectories = htaccessFiles(configuration, filesOf(configuration)).flatMap(
        ({ file, overrides }) => (overrides.known && overrides.value.reads ? file.executed : []),
      )
      const conditionals = [...(configuration.executed ?? []), ...inDirectories].filter(
        ({ name, section }) => section && name === 'IfModule',
      )
      for (const directive of conditionals) {
        const [word] = directive.args
        if (word === undefined || isUnknownWord(word.value)) continue
        const negated = word.value.startsWith('!')
        const written = negated ? word.value.slice(1) : word.value
        const meant = moduleMeantBy(written)
        // Debian's own `php8.2-fpm.conf` asks for `!mod_php8.c`, and its `http2.conf` for `!mpm_prefork`.
        if (
          meant === null ||
          (meant === 'php_module' && (negated || namesPhp(conditionals, directive.source))) ||
          (negated && directive.source.path.endsWith('/http2.conf')) ||
          // As Joomla ships it: where there is no index, nothing is to be left out of one.
          (written === 'autoindex' && directive.children.every(({ name }) => name === 'IndexIgnore'))
        )
          continue
        const { source } = directive
        const text = source.text.slice(word.start, word.end)
        const isPlain = text === word.value
        const at = isPlain
          ? { source, start: word.start + (negated ? 1 : 0), end: word.end }
          : namePlace(directive)
        yield {
          at,
          message: `no module is called \`${written}\`, so the condition is always ${negated ? 'true' : 'false'}`,
          help: `write \`${meant}\``,
          ...propose(`Ask for \`${meant}\``, 'unsafe', isPlain ? [replacePlace(at, meant)] : []),
        }
      }
    }
  },
})

/** True where a file has a section for PHP 8 by its right name, beside the one with every number that there may be. */
function namesPhp(conditionals: readonly ApacheDirective[], source: Source): boolean {
  return conditionals.some(
    each => each.source === source && /^(?:mod_php\.c|php_module)$/.test(each.args[0]?.value ?? ''),
  )
}
