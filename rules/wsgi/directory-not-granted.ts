import { posix } from 'node:path'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { Application } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import {
  type ApacheDirective,
  mayHoldSectionsUnread,
  mayHoldSitesUnread,
} from '../../src/servers/apache/configuration.ts'
import { directoryPath, sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { modWsgiMain } from '../_examples.ts'
import { effectiveAccess } from '../../src/servers/apache/queries/effective-access.ts'
import { settingOf } from '../../src/servers/apache/queries/server-settings.ts'
import { aliasLevels } from '../../src/servers/apache/queries/wsgi-groups.ts'
import type { WsgiScriptAlias } from '../../src/servers/apache/queries/wsgi-script-aliases.ts'
import { known } from '../../src/servers/fact.ts'

const MAIN = modWsgiMain(conf`
  <Directory />
      Require all denied
  </Directory>
`)
const host = (script: string, lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': conf`
    ${MAIN}
    <VirtualHost *:9000>
        ServerName example.org
        WSGIDaemonProcess app
        WSGIScriptAlias / ${script} process-group=app
        ${lines}
    </VirtualHost>
  `,
})

export default defineRule({
  summary: 'Apache is not allowed to run the script',
  severity: 'error',
  otherSeverities: { warning: 'where a file of `conf-enabled` that the audit does not have could grant it' },
  confidence: 'high',
  since: '0.1.0',
  why: 'A stock Apache 2.4 denies every directory. Where nothing grants the one of the script, each request is a 403, “client denied by server configuration” (AH01630) in the error log.',
  remedy: 'Grant the directory: `<Directory /opt/app>`, `Require all granted`',
  references: ['https://httpd.apache.org/docs/2.4/howto/access.html'],
  bad: [
    { title: 'nothing granted', files: host('«/opt/app/wsgi.py»', '') },
    {
      title: 'the directory above by mistake of a letter',
      files: host(
        '«/opt/app/wsgi.py»',
        conf`
          <Directory /opt/ap>
              Require all granted
          </Directory>
        `,
      ),
    },
    {
      title: 'a file of another name',
      files: host(
        '«/opt/app/shop.wsgi»',
        conf`
          <Directory /opt/app>
              <Files wsgi.py>
                  Require all granted
              </Files>
          </Directory>
        `,
      ),
    },
  ],
  good: [
    {
      title: 'an include outside of the audit may grant it',
      files: {
        'httpd.conf': conf`
          ServerRoot "/etc/httpd"
          Listen 80
          ServerName example.org
          <Directory />
              Require all denied
          </Directory>
          WSGIScriptAlias / /srv/site/app.wsgi
          IncludeOptional conf.d/*.conf
        `,
      },
    },
    {
      title: 'granted',
      files: host(
        '/opt/app/wsgi.py',
        conf`
          <Directory /opt/app>
              Require all granted
          </Directory>
        `,
      ),
    },
    {
      title: 'granted by URL',
      files: host(
        '/opt/app/wsgi.py',
        conf`
          <Location />
              Require all granted
          </Location>
        `,
      ),
    },
    {
      title: 'a directory of scripts, its last slash left out',
      files: host(
        '/srv/scripts',
        conf`
          <Directory /srv/scripts>
              Require all granted
          </Directory>
        `,
      ),
    },
    {
      title: 'a section that names the script itself',
      files: host(
        '/opt/app/wsgi.py',
        conf`
          <Directory /opt/app/wsgi.py>
              Require all granted
          </Directory>
        `,
      ),
    },
    {
      title: 'the one file granted',
      files: host(
        '/opt/app/wsgi.py',
        conf`
          <Directory /opt/app>
              <Files wsgi.py>
                  Require all granted
              </Files>
          </Directory>
        `,
      ),
    },
    {
      title: 'a fragment, whose main file may grant it',
      files: {
        'site.conf': conf`
          <VirtualHost *:9000>
              ServerName example.org
              WSGIScriptAlias / /opt/app/wsgi.py
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ applications, filesOf }) {
    const denied = new Map<Application['directive'], Denial>()
    for (const application of applications) {
      // The sections of a directory of scripts hold for what is in it.
      if (isDirectory(filesOf(application.configuration), application)) continue
      if (mayHoldSitesUnread(application.configuration)) continue
      const at = decidedBy(application)
      const isSure = !mayHoldSectionsUnread(application.configuration)
      if (at !== null) denied.set(application.directive, { at, isSure, others: grantsOfOthers(application) })
    }
    for (const [directive, { at, isSure, others }] of denied) {
      yield {
        at: argumentPlace(directive, 1),
        message: `nothing grants access to \`${directive.args[1]?.value}\`, so every request of this application is a 403`,
        label: 'denied',
        ...(!isSure && { severity: 'warning' as const }),
        related: [
          { at, message: 'this holds for it' },
          ...others.map(section => ({
            at: argumentPlace(section, 0),
            message: 'grants a file of another name',
          })),
        ],
      }
    }
  },
})

interface Denial {
  /** What denies it. */
  readonly at: Place
  readonly isSure: boolean
  /** Sections that grant another file of the same directory. */
  readonly others: readonly ApacheDirective[]
}

/** `<Files wsgi.py>` in the directory of a script that is called otherwise. */
function grantsOfOthers({ configuration, alias: { script } }: Application): readonly ApacheDirective[] {
  if (!script.known) return []
  const directory = directoryPath(posix.dirname(script.value))
  return (configuration.occurrences.get('files') ?? []).filter(({ args, parent, children }) => {
    const name = args[0]?.value ?? ''
    if (parent?.name !== 'Directory' || name === posix.basename(script.value)) return false
    const { kind, text } = sectionPattern(parent)
    return (
      kind === 'plain' &&
      directoryPath(text) === directory &&
      children.some(line => line.name === 'Require' && line.args[1]?.value.toLowerCase() === 'granted')
    )
  })
}

function isDirectory(files: FileSystem, { alias: { script } }: Application): boolean {
  return script.known && files.kind(script.value) === 'directory'
}

/** Where a client is turned away, by `Require` alone: the old `Order` lines are another rule's. */
function decidedBy({ configuration, host, alias }: Application) {
  if (alias.regex || !alias.script.known || alias.script.value.endsWith('/')) return null
  const turnedAway = (written: WsgiScriptAlias): Place | null => {
    const levels = aliasLevels(configuration, host?.virtualHost ?? null, written)
    const access = effectiveAccess(configuration, levels, { address: '127.0.0.1' })
    if (access.allowed !== false || access.hostLines.length > 0) return null
    // A .htaccess that counts may grant what nothing else does.
    const override = settingOf(configuration, levels, 'AllowOverride')
    if (!override.known || (override.value !== null && override.value.toLowerCase() !== 'none')) return null
    return access.at
  }
  const at = turnedAway(alias)
  // A directory of scripts may be written without its slash, and httpd goes through `<Directory>` sections
  // down to the script's own name.
  const inside = { ...alias, script: known(`${alias.script.value}/script.wsgi`, alias.scriptAt) }
  return at !== null && turnedAway(inside) === null ? null : at
}
