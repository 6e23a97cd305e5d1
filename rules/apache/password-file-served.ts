import { posix } from 'node:path'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { once } from '../../parsers/collections/once.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import {
  type AskedHost,
  askedHosts,
  askHost,
  urlOfDirectory,
} from '../../src/deployment/requests/ask-host.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { apacheMain } from '../_examples.ts'

const main = (file: string): string =>
  apacheMain(
    conf`
      Listen 80
      <FilesMatch "^\.ht">
          Require all denied
      </FilesMatch>
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          <Directory /srv/www>
              Require all granted
          </Directory>
          <Location /staff>
              AuthType Basic
              AuthName staff
              AuthUserFile ${file}
              Require valid-user
          </Location>
      </VirtualHost>
    `,
    ['authn_core', 'authn_file', 'authz_user', 'auth_basic'],
  )

export default defineRule({
  summary: 'The file of passwords is served',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [552],
  since: '0.1.0',
  why: 'Whoever asks for the file gets the names of all users and the hashes of their passwords, to try words on at home.',
  remedy: 'Put it outside of the document root, or call it `.htpasswd`, which every distribution denies',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_authn_file.html#authuserfile'],
  bad: [
    {
      title: 'below the document root',
      files: {
        'etc/apache2/apache2.conf': main('«/srv/www/passwords.txt»'),
        'srv/www/passwords.txt': 'staff:{SHA}x',
      },
    },
  ],
  good: [
    {
      title: 'a name that is denied, and a file elsewhere',
      files: {
        'etc/apache2/apache2.conf': main('/srv/www/.htpasswd'),
        'srv/www/.htpasswd': 'staff:{SHA}x',
        'srv/passwords.txt': 'staff:{SHA}x',
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      const files = deployment.filesOf(configuration)
      const lines = [
        ...(configuration.occurrences.get('authuserfile') ?? []),
        ...htaccessFiles(configuration, files).flatMap(
          ({ file }) => file.occurrences.get('authuserfile') ?? [],
        ),
      ]
      const hosts = once(() =>
        groupBy(
          askedHosts(deployment).filter(asked => asked.configuration === configuration),
          rootOf,
        ),
      )
      for (const [path, naming] of groupBy(lines, ({ args }) => args[0]?.value ?? '')) {
        if (!path.startsWith('/') || files.kind(path) !== 'file') continue
        const target = targetOf(deployment, path, hosts())
        if (target === null) continue
        for (const line of naming)
          yield {
            at: argumentPlace(line, 0),
            message: `\`${target}\` sends the file of passwords to everyone`,
          }
      }
    }
  },
})

/** Null where it is not known. */
function rootOf(asked: AskedHost): string | null {
  const root = documentRoot(asked)
  return root.known ? fromBytes(root.value) : null
}

/** The URL by which one of the virtual hosts, given by their document roots, sends a file; null for none. */
function targetOf(
  deployment: Deployment,
  path: string,
  hosts: ReadonlyMap<string | null, readonly AskedHost[]>,
): string | null {
  for (let directory = posix.dirname(path); ; directory = posix.dirname(directory)) {
    for (const asked of hosts.get(directory) ?? []) {
      const url = urlOfDirectory(asked, posix.dirname(path))
      if (url === null) continue
      const target = `${url}${encodeURIComponent(posix.basename(path))}`
      const { end, steps } = askHost(deployment, asked, target)
      if (end.kind !== 'file' || end.status !== 200 || end.path !== path) continue
      if (steps.every(({ kind, text }) => kind !== 'doubt' || text.endsWith('taken as missing')))
        return target
    }
    if (directory === '/') return null
  }
}
