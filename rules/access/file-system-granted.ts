import { CLIENT } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { effectiveAccess } from '../../src/servers/apache/queries/effective-access.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { proxyPasses } from '../../src/servers/apache/queries/proxy-passes.ts'
import { sectionsFor } from '../../src/servers/apache/queries/sections-for.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import {
  type VirtualHost,
  virtualHostOf,
  virtualHostSection,
} from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'

const main = (root: string, lines = '') => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      Alias /archive /srv/archive
      <Directory />
          AllowOverride None
          ${root}
      </Directory>
      <Directory /srv/www>
          Require all granted
      </Directory>
      ${lines}
    `,
    ['alias', 'access_compat'],
  ),
})
const site = (root: string, lines: string): Record<string, string> => ({
  'site.conf': conf`
    <VirtualHost *:80>
        ServerName example.org
        ${lines}
        <Directory />
            ${root}
        </Directory>
    </VirtualHost>
  `,
})

export default defineRule({
  summary: '`<Directory />` grants the whole file system',
  severity: 'warning',
  otherSeverities: { info: 'in a virtual host' },
  confidence: 'high',
  securitySeverity: 4.3,
  cwe: [552],
  since: '0.1.0',
  why: '`<Directory />` is what holds for every directory that no other section names. With `Require all granted` there, a link, an `Alias` or a rewriting rule that leads out of the document root shows whatever it leads to, `/etc/passwd` too. CVE-2021-41773 read the files of servers that did not deny there.',
  remedy:
    'Write `Require all denied` there, and `Require all granted` in a `<Directory>` for each document root',
  controls: ['CIS Apache 4.1'],
  references: ['https://httpd.apache.org/docs/2.4/misc/security_tips.html#protectserverfiles'],
  bad: [
    { title: 'granted to everyone', files: main('Require «all» granted') },
    {
      title: 'as httpd 2.2 writes it',
      files: main(conf`
        Order allow,deny
        «Allow» from all
      `),
    },
    {
      title: 'beside a directory that a template fills in',
      files: {
        'templates/httpd.conf.j2': main(
          'Require «all» granted',
          conf`
            <Directory "{{ site_root }}">
                Require all granted
            </Directory>
          `,
        )['etc/apache2/apache2.conf'],
      },
    },
    {
      title: 'in a file that a server includes',
      files: {
        'files.conf': conf`
          <Directory "/">
              Require «all» granted
          </Directory>
        `,
      },
    },
    { title: 'in a virtual host', files: site('Require «all» granted', 'DocumentRoot /srv/www') },
  ],
  good: [
    { title: 'denied', files: main('Require all denied') },
    { title: 'granted to one network', files: main('Require ip 10.0.0.0/8') },
    {
      title: 'denied further below',
      files: main(
        'Require all granted',
        conf`
          <Directory />
              Require all denied
          </Directory>
        `,
      ),
    },
    {
      title: 'a virtual host in which a location asks for a user',
      files: site(
        'Require all granted',
        conf`
          DocumentRoot /srv/www
          <Location />
              AuthType Basic
              AuthName Office
              AuthUserFile /etc/apache2/users
              Require valid-user
          </Location>
        `,
      ),
    },
    {
      title: 'a virtual host that proxies everything',
      files: site(
        'Require all granted',
        conf`
          DocumentRoot /srv/www
          ProxyPass / http://127.0.0.1:8000/
        `,
      ),
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      for (const section of configuration.occurrences.get('directory') ?? []) {
        const { kind, text } = sectionPattern(section)
        const { parent } = section
        if (kind !== 'plain' || text !== '/' || (parent !== null && parent.name !== 'VirtualHost')) continue
        const line = section.children.findLast(isGrant)
        const host = parent === null ? null : virtualHostOf(configuration, section)
        if (line === undefined || !isInForce(configuration, host, section)) continue
        if (host !== null && !servesFiles(configuration, host)) continue
        yield {
          at: line.name === 'Require' ? argumentPlace(line, 0) : namePlace(line),
          ...(host !== null && { severity: 'info' as const }),
          message: `every client may read whatever a link, an \`Alias\` or a rewriting rule ${host === null ? '' : 'of this virtual host '}leads to, anywhere in the file system`,
          label: 'grants the whole file system',
        }
      }
    }
  },
})

function isGrant({ name, args }: ApacheDirective): boolean {
  const words = args.map(({ value }) => value.toLowerCase()).join(' ')
  return name === 'Require' ? words === 'all granted' : name === 'allow' && words === 'from all'
}

/** True where no other section denies again, and the lines are those of this one. */
function isInForce(
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  section: ApacheDirective,
): boolean {
  const levels = sectionsFor(configuration, host, { uri: '/', file: '/', directory: true }).filter(
    // A placeholder of a template stands for some directory, and not for this one.
    ({ kind, applies }) => applies === true || kind !== 'directory',
  )
  const { allowed, open, requires, hostLines } = effectiveAccess(configuration, levels, {
    method: 'GET',
    authenticated: false,
    address: CLIENT,
  })
  if (allowed === true)
    return levels.findLast(level => level.section?.children.some(isRule))?.section === section
  // Of a file without its main file, what surrounds it is unknown.
  if (configuration.main !== null || open !== 'outer') return false
  return levels.at(-1)?.section === section && (requires !== null || hostLines.length > 0)
}

function isRule({ name }: ApacheDirective): boolean {
  return /^(?:Require|RequireAll|RequireAny|RequireNone|order|allow|deny)$/.test(name)
}

function servesFiles(configuration: ApacheConfiguration, { directive }: VirtualHost): boolean {
  if (directivesIn(configuration, directive, 'documentroot').length === 0) return false
  return !proxyPasses(configuration).some(
    pass => pass.path === '/' && virtualHostSection(pass.directive) === directive,
  )
}
