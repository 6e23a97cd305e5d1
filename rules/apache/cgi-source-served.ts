import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { type ApacheDirective, isModuleLoaded } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { apacheMain } from '../_examples.ts'
import { cgiWithoutHandler } from './_cgi-without-handler.ts'

const main = (lines: string, modules: readonly string[] = []): string =>
  apacheMain(
    conf`
      Listen 80
      ServerName example.org
      TypesConfig /etc/mime.types
      DocumentRoot /srv/www
      <Directory /srv>
          Require all granted
      </Directory>
      ${lines}
    `,
    ['alias', 'mime', 'dir', ...modules],
  )

const tools = (handler: string, names: readonly string[]): Record<string, string> => ({
  'etc/apache2/apache2.conf': main(
    conf`
      Alias /tools/ /srv/tools/
      <Directory /srv/tools>
          Options +ExecCGI
          ${handler}
      </Directory>
    `,
    ['cgi'],
  ),
  ...Object.fromEntries(
    names.map(name => [`srv/tools/${name}`, '#!/usr/bin/python3\nprint("Status: 204\\n")\n']),
  ),
})

export default defineRule({
  summary: 'Apache sends the source of CGI scripts',
  severity: 'error',
  otherSeverities: {
    warning:
      'where every request is denied, because `Options` lacks `ExecCGI`, and where a main file that is not in the audit may have a handler',
    info: 'for a `ScriptAlias` whose scripts are not in the audit, such as that of the stock `httpd.conf`',
  },
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [540],
  since: '0.1.0',
  why: 'The handler `cgi-script` belongs to mod_cgi and mod_cgid. Where neither is loaded, `ScriptAlias` and `AddHandler cgi-script` are accepted, and Apache sends the script itself, with what passwords are in it. Where one is, and `Options` lacks `ExecCGI`, it answers 403. `Options +ExecCGI` alone runs nothing: `ScriptAlias` brings the handler, `Alias` does not.',
  remedy:
    'Load the module (`a2enmod cgid`), and write `Options +ExecCGI` and `AddHandler cgi-script .cgi` for the directory',
  references: ['https://httpd.apache.org/docs/2.4/howto/cgi.html'],
  bad: [
    {
      title: 'a handler for other endings than those of the scripts',
      files: tools('AddHandler cgi-script .cgi «.pl»', ['report.py', 'stock.py']),
    },
    {
      title: 'ScriptAlias without the module',
      files: {
        'etc/apache2/apache2.conf': main('ScriptAlias «/cgi-bin/» /srv/cgi-bin/'),
        'srv/cgi-bin/report.pl': '#!/usr/bin/perl',
      },
    },
    {
      title: 'a handler without the module',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Directory /srv/www/bin>
              Options +ExecCGI
              AddHandler «cgi-script» .pl
          </Directory>
        `),
      },
    },
    {
      title: 'a handler that may not run anything',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            <Directory /srv/www/bin>
                AddHandler «cgi-script» .pl
            </Directory>
          `,
          ['cgi'],
        ),
      },
    },
    {
      title: 'Alias in place of ScriptAlias',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            Alias «/cgi-bin/» /srv/cgi-bin/
            <Directory /srv/cgi-bin>
                Options +ExecCGI
            </Directory>
          `,
          ['cgi'],
        ),
        'srv/cgi-bin/report.pl': '#!/usr/bin/perl',
      },
    },
    {
      title: 'Alias in place of ScriptAlias, in a site without its main file',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              Alias «/cgi-bin» /srv/cgi-bin
              <Directory /srv/cgi-bin/>
                  Options +ExecCGI -Indexes
                  Require all granted
              </Directory>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'scripts that are permitted, and that nothing runs',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            <Directory /srv/www/bin>
                Options «+ExecCGI»
            </Directory>
          `,
          ['cgi'],
        ),
        'srv/www/bin/report.pl': '#!/usr/bin/perl',
      },
    },
  ],
  good: [
    {
      title: 'a handler for the ending of one script, beside which a module lies',
      files: tools('AddHandler cgi-script .cgi', ['report.cgi', 'shared.py']),
    },
    {
      title: 'a handler for the ending of the scripts',
      files: tools('AddHandler cgi-script cgi py', ['report.py']),
    },
    {
      title: 'Alias, and a handler in the directory or in its `.htaccess`',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            Alias /cgi-bin/ /srv/cgi-bin/
            <Directory /srv/cgi-bin>
                Options +ExecCGI
                SetHandler cgi-script
            </Directory>
            Alias /tools/ /srv/tools/
            <Directory /srv/tools>
                Options +ExecCGI
                AllowOverride FileInfo
            </Directory>
          `,
          ['cgi'],
        ),
        'srv/cgi-bin/report.pl': '#!/usr/bin/perl',
        'srv/tools/report.pl': '#!/usr/bin/perl',
        'srv/tools/.htaccess': 'AddHandler cgi-script .pl\n',
      },
    },
    {
      title: 'ExecCGI for the scripts of mod_wsgi and FastCGI',
      files: {
        'site.conf': conf`
          Alias /cgi-bin/ /srv/cgi-bin/
          <Directory /srv/cgi-bin>
              Options +ExecCGI
              AddHandler fcgid-script .fcgi
          </Directory>
        `,
      },
    },
    {
      title: 'ExecCGI where no script lies',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Directory /srv/www>
              Options +ExecCGI
          </Directory>
        `),
      },
    },
    {
      title: 'the module is loaded, and may run what is there',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            ScriptAlias /cgi-bin/ /srv/cgi-bin/
            <Directory /srv/www/bin>
                Options +ExecCGI
                AddHandler cgi-script .pl
            </Directory>
          `,
          ['cgi'],
        ),
        'srv/cgi-bin/report.pl': '#!/usr/bin/perl',
      },
    },
    {
      title: 'a handler of all scripts, that some other file permits',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            AddHandler cgi-script .pl
            <Directory /srv/www/bin>
                Options All
            </Directory>
          `,
          ['cgi'],
        ),
      },
    },
    {
      title: 'a handler for the whole server, as packages write it',
      files: { 'etc/apache2/apache2.conf': main('AddHandler cgi-script .cgi .pl', ['cgi']) },
    },
    {
      title: 'a fragment, whose main file may load the module',
      files: { 'site.conf': 'ScriptAlias /cgi-bin/ /srv/cgi-bin/\n' },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      yield* cgiWithoutHandler(configuration, files)
      const lines = ['scriptalias', 'scriptaliasmatch', 'addhandler', 'sethandler'].flatMap(name =>
        everywhere(configuration, files, name).filter(
          ({ args }) => name.startsWith('script') || args[0]?.value.toLowerCase() === 'cgi-script',
        ),
      )
      if (lines.length === 0 || !isWhole(configuration)) continue
      const loaded = ['cgi_module', 'cgid_module'].some(id => isModuleLoaded(configuration, id) !== false)
      const runs = everywhere(configuration, files, 'options').some(({ args }) =>
        args.some(({ value }) => /^(?:\+?ExecCGI|\+?All)$/i.test(value)),
      )
      const ofServer = new Set(configuration.top)
      for (const line of lines) {
        const at = argumentPlace(line, 0)
        const isAlias = /^ScriptAlias/.test(line.name)
        // Packages write a handler for the whole server, and most of them serve no script.
        if (!isAlias && ofServer.has(line)) continue
        // Another module of its own may have taken the handler: FastCGI does, for one.
        if (!loaded && [...configuration.modules.keys()].some(id => /fcgid|fastcgi|perl/.test(id))) continue
        if (!loaded)
          yield {
            at,
            message: 'neither mod_cgi nor mod_cgid is loaded, so scripts are sent as source',
            ...(isAlias && !hasScripts(files, line) ? { severity: 'info' as const } : {}),
          }
        else if (!runs && !isAlias)
          yield {
            at,
            severity: 'warning' as const,
            message: 'no `Options` has `ExecCGI`, so every script is answered with 403',
            related: optionsBeside(line).map(each => ({
              at: argumentPlace(each, each.args.length - 1),
              message: 'lacks `ExecCGI`',
            })),
          }
      }
    }
  },
})

/** True where the audit has files that a `ScriptAlias` leads to. */
function hasScripts(files: FileSystem, { args }: ApacheDirective): boolean {
  const directory = (args[1]?.value ?? '').replace(/(?<=.)\/$/, '')
  return (files.list(directory) ?? []).some(({ kind }) => kind === 'file')
}

/** The lines of options in the section of a handler. */
function optionsBeside({ parent }: ApacheDirective): readonly ApacheDirective[] {
  return (parent?.children ?? []).filter(({ name }) => name === 'Options')
}
