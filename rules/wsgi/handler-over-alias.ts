import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace, wordPlace } from '../../src/servers/apache/queries/places.ts'
import { modWsgiMain, virtualHost } from '../_examples.ts'

const main = (lines: string): string =>
  modWsgiMain(
    [
      'TypesConfig /etc/mime.types',
      lines,
      virtualHost(conf`
        WSGIDaemonProcess shop
        WSGIProcessGroup shop
        WSGIScriptAlias /web /srv/web
        <Directory /srv/web>
            Require all granted
        </Directory>
      `),
    ],
    ['mime'],
  )

export default defineRule({
  summary: 'AddHandler takes WSGI scripts for something else',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A handler by the extension of a file wins over `WSGIScriptAlias` for a directory: the scripts are started as CGI, or refused with 403 where `ExecCGI` is off.',
  remedy: 'Take the extension out of `AddHandler`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_mime.html#addhandler'],
  bad: [
    {
      title: 'scripts in Python as CGI',
      files: {
        'etc/apache2/apache2.conf': main('AddHandler cgi-script .cgi «.py» .wsgi'),
        'srv/web/app.py': 'application = None',
      },
    },
  ],
  good: [
    {
      title: 'CGI by extensions of its own',
      files: {
        'etc/apache2/apache2.conf': main('AddHandler cgi-script .cgi .pl'),
        'srv/web/app.py': 'application = None',
      },
    },
    {
      title: 'a page for those who are not let in, beside a directory of other scripts',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ErrorDocument 401 /login/page.html
          <Location /app>
              AuthType Basic
              AuthName shop
              AuthBasicProvider file
              AuthUserFile /etc/apache2/users
              Require valid-user
          </Location>
          Alias /login /srv/login
          <Directory /srv/login>
              Require all granted
          </Directory>
          WSGIScriptAlias /app /srv/app/wsgi.py
          <Directory /srv/cgi>
              AddHandler wsgi-script .py
          </Directory>
        `),
        'srv/login/page.html': '<p>no',
        'srv/app/wsgi.py': 'application = None',
      },
    },
  ],
  *check(deployment) {
    for (const { alias, configuration, directive, host } of deployment.applications) {
      if (!configuration.occurrences.has('addhandler') || alias.regex || !alias.script.known) continue
      const path = alias.script.value.replace(/\/+$/, '')
      const entries = deployment.filesOf(configuration).list(path)
      const script = entries === null ? '' : entries.find(({ name }) => /\.(?:py|wsgi)$/.test(name))?.name
      if (script === undefined || !alias.path.known) continue
      const url = alias.path.value.replace(/\/+$/, '')
      const { end } = askHost(
        deployment,
        { configuration, host: host?.virtualHost ?? null },
        `${url}/${encodeURIComponent(script)}`,
      )
      const file = script === '' ? path : `${path}/${script}`
      // Without a module for the handler the script is sent as text; another file is that of an `ErrorDocument`.
      const isTaken =
        end.kind === 'handler' || end.kind === 'file'
          ? end.path === file
          : end.kind === 'response' && end.reason.includes('ExecCGI')
      if (!isTaken) continue
      const extension = /\.[^.]*$/.exec(file)?.[0].toLowerCase()
      for (const line of configuration.occurrences.get('addhandler') ?? []) {
        const word = line.args
          .slice(1)
          .find(({ value }) => `.${value.replace(/^\./, '').toLowerCase()}` === extension)
        if (word === undefined) continue
        yield {
          at: wordPlace(line, word),
          message: `\`AddHandler ${line.args[0]?.value}\` takes \`${file}\`, which \`${directive.name}\` is to run`,
          related: [{ at: argumentPlace(directive, 1), message: 'meant for mod_wsgi' }],
        }
      }
    }
  },
})
