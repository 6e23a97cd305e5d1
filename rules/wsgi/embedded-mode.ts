import type { Workers } from '../../src/deployment/model.ts'
import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { modWsgiMain } from '../_examples.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { type VirtualHost, virtualHosts } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { effectiveProcessGroup } from '../../src/servers/apache/queries/wsgi-groups.ts'
import type { WsgiScriptAlias } from '../../src/servers/apache/queries/wsgi-script-aliases.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:9000>
      ServerName example.org
      ${lines}
  </VirtualHost>
`

const main = (text: string): string => modWsgiMain(text)

export default defineRule({
  summary: 'The application runs in embedded mode',
  severity: 'warning',
  otherSeverities: {
    error: 'where a daemon process is defined that the script could run in',
    info: 'where no daemon process is defined, as in the first steps of Django’s and mod_wsgi’s guides',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'A daemon process that no script is sent to does nothing: its user, threads, `maximum-requests` and virtual environment are ignored without a word, and every Apache process loads the application as www-data, memory and all.',
  remedy:
    'Send the script to a daemon process: `WSGIProcessGroup NAME`, or `process-group=NAME` on the alias',
  references: [
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIProcessGroup.html',
    'https://modwsgi.readthedocs.io/en/master/user-guides/processes-and-threading.html',
  ],
  bad: [
    {
      title: 'a daemon process, and nobody sends to it',
      files: {
        'etc/apache2/apache2.conf': main(
          host(conf`
            WSGIDaemonProcess app user=app threads=5
            «WSGIScriptAlias» / /srv/app/wsgi.py
          `),
        ),
      },
    },
    {
      title: 'a daemon process, and nobody sends to it, in a file of a repository',
      files: {
        'deploy/apache.conf': host(conf`
          WSGIDaemonProcess app user=app threads=5
          «WSGIScriptAlias» / /srv/app/wsgi.py
        `),
      },
    },
    {
      title: 'taken back by the alias',
      files: {
        'etc/apache2/apache2.conf': main(
          host(
            conf`
              WSGIDaemonProcess app
              WSGIProcessGroup app
              «WSGIScriptAlias» / /srv/app/wsgi.py process-group=%{GLOBAL}
            `,
          ),
        ),
      },
    },
  ],
  good: [
    {
      title: 'a file that is not here, and may name the group',
      files: {
        'deploy/apache.conf': host(conf`
          WSGIDaemonProcess app
          Include /etc/apache2/wsgi-common.conf
          WSGIScriptAlias / /srv/app/wsgi.py
        `),
      },
    },
    {
      title: 'the URLs of expressions, all of them in a section that has the group',
      files: {
        'site.conf': host(
          conf`
            WSGIDaemonProcess app
            WSGIScriptAliasMatch ^/[0-9]+/log$ /srv/app/log.wsgi
            <LocationMatch "^/[0-9]+/log$">
                WSGIProcessGroup app
            </LocationMatch>
          `,
        ),
      },
    },
    {
      title: 'a script for all virtual hosts, of which each has a group of its own',
      files: {
        'site.conf': conf`
          WSGIDaemonProcess app
          WSGIScriptAlias / /srv/app/wsgi.py
          ${host(conf`
            <Location />
                WSGIProcessGroup app
            </Location>
          `)}
        `,
      },
    },
    {
      title: 'the group of the virtual host',
      files: {
        'site.conf': host(
          conf`
            WSGIDaemonProcess app
            WSGIProcessGroup app
            WSGIScriptAlias / /srv/app/wsgi.py
          `,
        ),
      },
    },
    {
      title: 'the group on the alias',
      files: {
        'site.conf': host(
          conf`
            WSGIDaemonProcess app
            WSGIScriptAlias / /srv/app/wsgi.py process-group=app
          `,
        ),
      },
    },
    {
      title: 'the group in the directory’s section',
      files: {
        'site.conf': host(
          conf`
            WSGIDaemonProcess app
            WSGIScriptAlias / /srv/app/wsgi.py
            <Directory /srv/app>
                WSGIProcessGroup app
            </Directory>
          `,
        ),
      },
    },
    {
      title: 'a group that the environment names',
      files: {
        'site.conf': host(
          conf`
            WSGIDaemonProcess app
            WSGIProcessGroup %{ENV:GROUP}
            WSGIScriptAlias / /srv/app/wsgi.py
          `,
        ),
      },
    },
    {
      title: 'embedded on purpose: prefork, and a number of processes chosen for it',
      files: {
        'etc/apache2/apache2.conf': modWsgiMain(
          conf`
            MaxRequestWorkers 8
            ${host('WSGIScriptAlias / /srv/app/wsgi.py')}
          `,
          ['mpm_prefork'],
        ),
      },
    },
    {
      title: 'a fragment that may get its group from the server',
      files: { 'site.conf': host('WSGIScriptAlias / /srv/app/wsgi.py') },
    },
  ],
  *check({ applications, workers }) {
    const embedded = applications.filter(
      ({ processGroup }) => processGroup.known && processGroup.value === '',
    )
    const byDirective = new Map(embedded.map(application => [application.directive, application]))
    for (const directive of byDirective.keys()) {
      const application = byDirective.get(directive)
      if (application === undefined) continue
      const { visibleDaemons, configuration, processGroup, alias } = application
      // What the main server has for all of its virtual hosts, each of these may send to a group of its own.
      const isShared = application.host === null
      if (isShared && virtualHosts(configuration).some(each => mayHoldGroup(configuration, each, alias)))
        continue
      const isWhole = configuration.main !== null
      // The missing main file may send every script to a daemon process of its own.
      if (!isWhole && visibleDaemons.length === 0) continue
      // Processes that are counted for it: then embedded mode is a decision.
      if (visibleDaemons.length === 0 && isTunedForEmbedding(workers, configuration)) continue
      const [daemon] = visibleDaemons
      const daemonName = daemon?.name.known ? daemon.name.value : null
      const script = directive.args[1]?.value ?? ''
      yield {
        at: namePlace(directive),
        severity: daemon === undefined ? 'info' : isWhole ? 'error' : 'warning',
        message:
          daemonName === null
            ? `no process group holds \`${script}\`, so it runs in embedded mode`
            : `no process group holds \`${script}\`, so it runs in embedded mode and not in \`${daemonName}\``,
        label: 'embedded mode',
        related: [
          ...visibleDaemons
            .slice(0, 2)
            .map(each => ({ at: each.at, message: 'this daemon process gets no request' })),
          ...(processGroup.at === null ? [] : [{ at: processGroup.at, message: 'set here' }]),
        ],
        ...(visibleDaemons.length === 1 && daemonName !== null && processGroup.at === null
          ? propose(`Send the script to ${daemonName}`, 'unsafe', [
              insertBefore(
                namePlace(directive),
                `WSGIProcessGroup ${daemonName}\n${indentationAt(namePlace(directive))}`,
              ),
            ])
          : {}),
      }
    }
  },
})

function mayHoldGroup(
  configuration: ApacheConfiguration,
  host: VirtualHost,
  alias: WsgiScriptAlias,
): boolean {
  const group = effectiveProcessGroup(configuration, host, alias)
  return !group.known || group.value.kind === 'daemon'
}

/** prefork, with a number of processes that somebody chose. */
function isTunedForEmbedding(workers: readonly Workers[], configuration: ApacheConfiguration): boolean {
  return workers.some(
    ({ configuration: home, mpm }) =>
      home === configuration && mpm.kind === 'prefork' && mpm.maxRequestWorkers.at !== null,
  )
}
