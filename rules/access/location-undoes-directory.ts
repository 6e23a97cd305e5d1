import { placeText } from '../../parsers/text/source.ts'
import { askHost, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { htaccessFilesOf } from '../../src/servers/apache/queries/htaccess.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      <Directory />
          Require all denied
      </Directory>
      <Directory /srv/www>
          AllowOverride All
          Require all granted
      </Directory>
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          ${lines}
      </VirtualHost>
    `,
    ['authz_host', 'authz_user'],
  )
const PRIVATE = { 'srv/www/private/report.txt': 'secret' }

export default defineRule({
  summary: 'A Location grants what a Directory restricts',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [863],
  since: '0.1.0',
  why: '`<Location>` is merged after every `<Directory>`, `<Files>` and `.htaccess`, and its `Require` replaces theirs. `Require all granted` in `<Location />` takes back every restriction of the whole site.',
  remedy: 'Write `Require all granted` into `<Directory>` for the document root',
  references: ['https://httpd.apache.org/docs/2.4/sections.html#merging'],
  bad: [
    {
      title: 'the whole site is granted',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Directory /srv/www/private>
              Require ip 10.0.0.0/8
          </Directory>
          <Location />
              «Require» all granted
          </Location>
        `),
        ...PRIVATE,
      },
    },
    {
      title: 'what .htaccess denies',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <LocationMatch "^/private">
              «Require» all granted
          </LocationMatch>
        `),
        'srv/www/private/.htaccess': conf`Require all denied`,
        ...PRIVATE,
      },
    },
  ],
  good: [
    {
      title: 'granted by the directory',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Directory /srv/www/private>
              Require ip 10.0.0.0/8
          </Directory>
          <Location /public>
              Require all granted
          </Location>
        `),
        ...PRIVATE,
      },
    },
    {
      title: 'both have to let in',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Directory /srv/www/private>
              Require ip 10.0.0.0/8
          </Directory>
          <Location />
              AuthMerging And
              Require all granted
          </Location>
        `),
        ...PRIVATE,
      },
    },
  ],
  *check(deployment) {
    for (const asked of hostsHolding(deployment, ['location', 'locationmatch'])) {
      const { configuration, host } = asked
      const granting = ['location', 'locationmatch']
        .flatMap(ofHost)
        .filter(({ children }) => children.some(grantsAll))
      if (granting.length === 0) continue
      const sections = ofHost('directory').filter(({ children }) => restricts(children))
      const restricted = [
        ...sections.map(section => ({ path: section.args[0]?.value ?? '', at: namePlace(section) })),
        ...htaccessFilesOf(configuration, deployment.filesOf(configuration), host).flatMap(
          ({ file, directory }) => {
            const line = file.children.find(isRestriction)
            return line === undefined ? [] : [{ path: directory, at: namePlace(line) }]
          },
        ),
      ]
      for (const { path, at } of restricted) {
        const url = urlOfDirectory(asked, path)
        if (url === null || url === '/') continue
        const { end, steps } = askHost(deployment, asked, `${url}${EXISTING}.txt`)
        if (end.kind !== 'file') continue
        const access = steps.findLast(({ kind }) => kind === 'access')?.at
        const line = granting
          .flatMap(({ children }) => children)
          .find(({ source, start }) => source === access?.source && start === access.start)
        if (access === undefined || access === null || line === undefined || placeText(at) === '') continue
        yield {
          at: namePlace(line),
          message: `this grants \`${url}\` to everyone, which is restricted as a directory`,
          related: [{ at, message: 'replaced by the Location' }],
        }
      }

      function ofHost(name: string): readonly ApacheDirective[] {
        const byHost = directivesByHost(configuration, name)
        const main = byHost.get(null) ?? []
        return host === null ? main : [...main, ...(byHost.get(host.directive) ?? [])]
      }
    }
  },
})

function grantsAll({ name, args }: ApacheDirective): boolean {
  return name === 'Require' && args.map(({ value }) => value.toLowerCase()).join(' ') === 'all granted'
}

function isRestriction({ name, args }: ApacheDirective): boolean {
  return name === 'Require' && !/^(?:all granted|not)/i.test(args.map(({ value }) => value).join(' '))
}

function restricts(children: readonly ApacheDirective[]): boolean {
  return children.some(isRestriction) && !children.some(grantsAll)
}
