import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import {
  type AskedHost,
  askedHosts,
  askHost,
  urlOfDirectory,
} from '../../src/deployment/requests/ask-host.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { everywhere, htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled, namePlace } from '../../src/servers/apache/queries/places.ts'
import { virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string, override = 'None'): string =>
  apacheMain(
    conf`
      Listen 80
      DocumentRoot /srv/www
      <Directory /srv/www>
          AllowOverride ${override}
          Require all granted
      </Directory>
      ${lines}
    `,
    ['access_compat', 'authz_host', 'status'],
  )
const STATUS = conf`
  <Location /server-status>
      SetHandler server-status
      Require local
  </Location>
`

export default defineRule({
  summary: '`Satisfy Any` without a Deny grants access to everyone',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [863],
  since: '0.1.0',
  why: 'With `Satisfy Any` the old `Order`, `Allow` and `Deny`, or the new `Require`, have to agree, one of them. Where no `Deny` stands the old ones allow everybody, so that no `Require` decides anything there or below.',
  remedy: 'Remove `Satisfy Any`; for a part without a password write `Require all granted` there',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_access_compat.html#satisfy'],
  bad: [
    {
      title: 'at the root',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Directory />
              Satisfy «any»
          </Directory>
          ${STATUS}
        `),
      },
    },
    {
      title: 'above a directory whose .htaccess denies',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
          <Directory /srv/www/cloud>
              Satisfy «any»
          </Directory>
        `,
          'All',
        ),
        'srv/www/cloud/data/.htaccess': conf`Require all denied`,
      },
    },
  ],
  good: [
    {
      title: 'the usual way',
      files: {
        'etc/apache2/apache2.conf': main(STATUS, 'All'),
        'srv/www/cloud/data/.htaccess': conf`Require all denied`,
      },
    },
    {
      title: 'in another virtual host',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <VirtualHost *:80>
              ServerName code.example.org
              DocumentRoot /srv/www
              <Location />
                  Satisfy Any
              </Location>
          </VirtualHost>
          <VirtualHost *:80>
              ServerName www.example.org
              DocumentRoot /srv/www
              ${STATUS}
          </VirtualHost>
        `),
      },
    },
    {
      title: 'either from here or with a password',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Directory /srv/www/intern>
              Order deny,allow
              Deny from all
              Allow from 10.0.0.0/8
              Require all denied
              Satisfy any
          </Directory>
        `),
      },
    },
    {
      title: 'a part that is open on purpose',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Location /hooks>
              Satisfy any
              Allow from all
          </Location>
        `),
      },
    },
  ],
  *check(deployment) {
    for (const asked of askedHosts(deployment)) {
      const { configuration } = asked
      const files = deployment.filesOf(configuration)
      const lines = everywhere(configuration, files, 'satisfy').filter(
        line => isAny(line) && isOf(asked, line),
      )
      if (lines.length === 0) continue
      for (const { target, directory, require } of restricted(deployment, asked)) {
        const line = lines.find(each => covers(each, directory))
        if (line === undefined) continue
        const { end } = askHost(deployment, asked, target)
        if (end.kind === 'unknown' || end.kind === 'response') continue
        yield {
          at: argumentPlace(line, 0),
          cause: line,
          message: `\`Satisfy Any\` grants access to everyone, so \`${shown(require)}\` does not protect \`${target.replace(`${EXISTING}.txt`, '')}\``,
          related: [{ at: namePlace(require), message: 'decides nothing' }],
        }
      }
    }
  },
})

interface Restricted {
  readonly target: string
  /** Null for a URL that is mapped to no file. */
  readonly directory: string | null
  readonly require: ApacheDirective
}

/** False for a line of another virtual host. */
function isOf({ configuration, host }: AskedHost, line: ApacheDirective): boolean {
  const own = virtualHostOf(configuration, line)
  return own === null || own === host
}

/** The places whose only `Require` keeps an anonymous client out. */
function restricted(deployment: Deployment, asked: AskedHost): readonly Restricted[] {
  const { configuration, host } = asked
  const found: Restricted[] = []
  for (const require of configuration.occurrences.get('require') ?? []) {
    const { parent } = require
    if (
      parent === null ||
      !isOf(asked, require) ||
      !keepsOut(require) ||
      has(parent.children, ['satisfy', 'order', 'allow', 'deny'])
    )
      continue
    const path = parent.args[0]?.value ?? ''
    if (!path.startsWith('/') || !isSettled(path) || /[*?[]/.test(path)) continue
    if (parent.name === 'Location') found.push({ target: path, directory: null, require })
    const url = parent.name === 'Directory' ? urlOfDirectory(asked, path) : null
    if (url !== null) found.push({ target: `${url}${EXISTING}.txt`, directory: path, require })
  }
  for (const { file, directory, virtualHost } of htaccessFiles(
    configuration,
    deployment.filesOf(configuration),
  )) {
    const require = file.children.find(keepsOut)
    if (
      virtualHost !== host ||
      require === undefined ||
      has(file.children, ['satisfy', 'order', 'allow', 'deny'])
    )
      continue
    const url = urlOfDirectory(asked, directory)
    if (url !== null) found.push({ target: `${url}${EXISTING}.txt`, directory: directory, require })
  }
  return found
}

function has(directives: readonly ApacheDirective[], names: readonly string[]): boolean {
  return directives.some(({ name }) => names.includes(name.toLowerCase()))
}

/** True for a `Satisfy` in a directory above, or that holds for every path. */
function covers({ parent }: ApacheDirective, directory: string | null): boolean {
  if (parent === null || parent.name === 'VirtualHost') return true
  const path = `${parent.args[0]?.value.replace(/\/+$/, '') ?? ''}/`
  if (parent.name === 'Location') return path === '/'
  return (
    parent.name === 'Directory' && (path === '/' || (directory !== null && `${directory}/`.startsWith(path)))
  )
}

function isAny({ args }: ApacheDirective): boolean {
  return args[0]?.value.toLowerCase() === 'any'
}

function keepsOut({ name, args }: ApacheDirective): boolean {
  if (name !== 'Require') return false
  const [kind, value] = args.map(({ value }) => value.toLowerCase())
  return (
    kind === 'local' ||
    kind === 'ip' ||
    kind === 'valid-user' ||
    kind === 'user' ||
    (kind === 'all' && value === 'denied')
  )
}

function shown({ name, args }: ApacheDirective): string {
  return `${name} ${args.map(({ value }) => value).join(' ')}`
}
