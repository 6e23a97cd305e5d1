import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { apacheServes } from './_apache-serves.ts'
import type { Application, Deployment } from '../../src/deployment/model.ts'
import { hostAt } from '../../src/deployment/fronts-of.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'

const host = (root: string, alias: string): string => conf`
  <VirtualHost *:9000>
      ServerName example.org
      DocumentRoot ${root}
      WSGIDaemonProcess app
      WSGIProcessGroup app
      WSGIScriptAlias ${alias}
      <Directory /srv/www>
          Require all granted
      </Directory>
  </VirtualHost>
`

export default defineRule({
  summary: 'Apache serves the WSGI script as a file',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [540],
  since: '0.1.0',
  why: 'The script runs at its own URL, and lies in a directory of files under another: there Apache sends its text, and that of everything beside it.',
  remedy: 'Keep programs out of the directories that Apache serves',
  references: ['https://modwsgi.readthedocs.io/en/master/user-guides/configuration-guidelines.html'],
  bad: [
    {
      title: 'a script below the document root',
      files: { 'site.conf': host('/srv/www', '/run «/srv/www/app/wsgi.py»') },
    },
    {
      title: 'a script in a directory that another URL serves',
      files: {
        'site.conf': host('/srv/docs', '/ «/srv/www/app/wsgi.py»').replace(
          '    WSGIDaemonProcess',
          '    Alias /files /srv/www\n    WSGIDaemonProcess',
        ),
      },
    },
    {
      title: 'a script below the document root of another site',
      files: {
        'site.conf': conf`
          <VirtualHost *:9000>
              ServerName www.example.org
              DocumentRoot /srv/www
              <Directory /srv/www>
                  Require all granted
              </Directory>
          </VirtualHost>
          ${host('/srv/docs', '/ «/srv/www/app/wsgi.py»')}
        `,
      },
    },
  ],
  good: [
    { title: 'elsewhere', files: { 'site.conf': host('/srv/www', '/app /opt/app/wsgi.py') } },
    {
      title: 'the application answers every URL, so that no file is served',
      files: { 'site.conf': host('/srv/www', '/ /srv/www/app/wsgi.py') },
    },
    {
      title: 'access to the directory is denied but for the script’s own URL',
      files: {
        'site.conf': host('/srv/www', '/run /srv/www/app/wsgi.py').replace(
          '</VirtualHost>',
          '    <Location /app>\n        Require all denied\n    </Location>\n</VirtualHost>',
        ),
      },
    },
    {
      title: 'a directory whose .htaccess may deny it',
      files: {
        'etc/apache2/apache2.conf': modWsgiMain(
          host('/srv/www', '/run /srv/www/app/wsgi.py').replace(
            '        Require',
            '        AllowOverride All\n        Require',
          ),
        ),
      },
    },
    {
      title: 'the script runs there too',
      files: {
        'site.conf': host('/srv/www', '/run /srv/www/app/wsgi.py').replace(
          '    </Directory>',
          '        SetHandler wsgi-script\n    </Directory>',
        ),
      },
    },
  ],
  *check(deployment) {
    const served = deployment.apache.flatMap(({ occurrences }) => [
      ...(occurrences.get('documentroot') ?? []).map(directive => servedDirectory(directive, 0)),
      ...(occurrences.get('alias') ?? []).map(directive => servedDirectory(directive, 1)),
    ])
    if (served.length === 0) return
    const byDirectory = scriptsByDirectory(deployment, new Set(served.map(({ directory }) => directory)))
    for (const { directive, directory, at } of served) {
      const inside = byDirectory.get(directory)
      const section = virtualHostSection(directive)
      const host = inside === undefined || section === null ? null : hostAt(deployment, section)
      if (inside === undefined || host === null) continue
      for (const application of inside) {
        const { script, scriptAt } = application.alias
        if (!script.known) continue
        const url = apacheServes(deployment, host, directive, script.value)
        if (url === null) continue
        yield {
          at: scriptAt,
          message: `\`${script.value}\` lies in a directory of files, so Apache sends its text at \`${url}\``,
          label: 'a program among the files',
          related: [{ at, message: 'this directory is served' }],
        }
      }
    }
  },
})

interface ServedDirectory {
  readonly directive: ApacheDirective
  /** As written, without the slash at its end. */
  readonly directory: string
  readonly at: Place
}

function servedDirectory(directive: ApacheDirective, index: number): ServedDirectory {
  const directory = directive.args[index]?.value.replace(/\/+$/, '') ?? ''
  return { directive, directory, at: argumentPlace(directive, index) }
}

/** As many of one directory are tried: a directory of a thousand sites has many. */
const MOST_TRIED = 10

/** The applications by those of these directories that lie above their script. */
function scriptsByDirectory(
  { applications }: Deployment,
  directories: ReadonlySet<string>,
): ReadonlyMap<string, readonly Application[]> {
  const byDirectory = new Map<string, Application[]>()
  for (const application of applications) {
    const { regex, script } = application.alias
    if (regex || !script.known || !script.value.startsWith('/')) continue
    for (
      let directory = posix.dirname(script.value);
      directory !== '/';
      directory = posix.dirname(directory)
    ) {
      if (!directories.has(directory)) continue
      const known = byDirectory.get(directory)
      if (known === undefined) byDirectory.set(directory, [application])
      else if (known.length < MOST_TRIED) known.push(application)
    }
  }
  return byDirectory
}
