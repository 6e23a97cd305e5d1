import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo, memoByKey } from '../../parsers/collections/memo.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, askHost, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { EXISTING, MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { type Htaccess, htaccessOfHosts } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled, namePlace } from '../../src/servers/apache/queries/places.ts'
import { directoryPath, sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { directivesOfHost, type VirtualHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { rewriteRules } from '../../src/servers/apache/requests/rewrite/rules.ts'
import { apacheMain } from '../_examples.ts'

const main = (override: string, lines = ''): string =>
  apacheMain(
    conf`
      Listen 80
      <Directory /var/www>
          AllowOverride ${override}
          Require all granted
      </Directory>
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /var/www/site
          ${lines}
      </VirtualHost>
    `,
    ['rewrite', 'dir', 'alias'],
  )
const FRONT = conf`
  RewriteEngine On
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteCond %{REQUEST_FILENAME} !-d
  RewriteRule ^ index.php [L]
`

/** A site with these lines, below a main file that reads no such file. */
const moved = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': main('None', lines),
  'var/www/site/.htaccess': FRONT,
  'var/www/site/index.php': '',
})

export default defineRule({
  summary: 'A .htaccess file that Apache never reads',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `AllowOverride None`, which the main file of every distribution sets, `.htaccess` is not looked at: pages of a front controller are 404, and what the file denies is served. A `<Directory>` with `AllowOverride All` helps the directory alone that it names: one that was left at `/var/www/html` when the site moved holds for nothing.',
  remedy:
    'Write `AllowOverride All` in the `<Directory>` of the very directory of the site, or move the lines of the file there',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#allowoverride'],
  bad: [
    {
      title: 'a front controller',
      files: {
        'etc/apache2/apache2.conf': main('«None»'),
        'var/www/site/.htaccess': FRONT,
        'var/www/site/index.php': '',
      },
    },
    {
      title: 'a directory that is to be denied',
      files: {
        'etc/apache2/apache2.conf': main('«None»'),
        'var/www/site/data/.htaccess': conf`Require all denied`,
        'var/www/site/data/users.txt': '',
      },
    },
    {
      title: 'a section for the directory that the package makes',
      files: moved(conf`
        <Directory «/var/www/html/»>
            Options FollowSymLinks
            AllowOverride All
        </Directory>
      `),
    },
    {
      title: 'a letter too few',
      files: moved(conf`
        <Directory «"/var/www/sit"»>
            AllowOverride FileInfo Options
        </Directory>
      `),
    },
    {
      title: 'a section for what an alias brings, which is not meant',
      files: {
        ...moved(''),
        'etc/apache2/apache2.conf': main(
          '«None»',
          conf`
            Alias /files /srv/files
            <Directory /srv/files>
                AllowOverride All
            </Directory>
          `,
        ),
      },
    },
    {
      title: 'of the image of a Debian, whose own file reads none',
      files: {
        Dockerfile: conf`
          FROM debian:12
          RUN apt-get update && apt-get install -y apache2 libapache2-mod-php && a2enmod rewrite
          COPY site.conf /etc/apache2/sites-available/000-default.conf
          COPY . /var/www/shop
          CMD ["apachectl", "-D", "FOREGROUND"]
        `,
        'site.conf': conf`
          <VirtualHost *:80>
              DocumentRoot /var/www/shop
              <Directory «/var/www/html»>
                  AllowOverride All
              </Directory>
          </VirtualHost>
        `,
        '.htaccess': FRONT,
        'index.php': '',
      },
    },
  ],
  good: [
    {
      title: 'read, and sections for other directories',
      files: moved(conf`
        <Directory /var/www/html>
            AllowOverride All
        </Directory>
        <Directory /var/www/site/>
            AllowOverride All
        </Directory>
      `),
    },
    {
      title: 'read',
      files: {
        'etc/apache2/apache2.conf': main('All'),
        'var/www/site/.htaccess': FRONT,
        'var/www/site/index.php': '',
      },
    },
    {
      title: 'the lines stand in the virtual host',
      files: {
        'etc/apache2/apache2.conf': main(
          'None',
          conf`
            <Directory /var/www/site>
                FallbackResource /index.php
            </Directory>
            <Directory /var/www/site/data>
                Require all denied
            </Directory>
          `,
        ),
        'var/www/site/.htaccess': FRONT,
        'var/www/site/index.php': '',
        'var/www/site/data/.htaccess': conf`Require all denied`,
      },
    },
    {
      title: 'what only makes a site faster',
      files: {
        'etc/apache2/apache2.conf': main('None'),
        'var/www/site/.htaccess': conf`
          <IfModule mod_expires.c>
              ExpiresActive On
          </IfModule>
        `,
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      for (const htaccess of htaccessOfHosts(configuration, deployment.filesOf(configuration))) {
        const { overrides, directory } = htaccess
        if (!overrides.known || overrides.value.reads || overrides.value.at === null) continue
        const asked: AskedHost = { configuration, host: htaccess.virtualHost }
        const url = urlOfDirectory(asked, directory)
        const lost = url === null ? null : lostLine(deployment, asked, htaccess, url)
        if (lost === null) continue
        const at = overrides.value.at
        const harm = `\`${directory}.htaccess\` is not read, so ${lost.harm}`
        const related = [{ at: namePlace(lost.line), message: 'has no effect' }]
        const meant = sectionOfAnother(asked, directory)
        if (meant !== null) {
          yield {
            at: meant.at,
            message: `${harm}: \`AllowOverride ${meant.override}\` is in force for \`${meant.path}\`, which this host does not serve`,
            label: 'another directory',
            related: [...related, { at, message: 'in force for the site' }],
            ...propose('Name the directory of the site', 'unsafe', [
              PLAIN.test(placeText(meant.at)) && PLAIN.test(meant.root)
                ? replacePlace(meant.at, meant.root)
                : null,
            ]),
          }
          continue
        }
        yield {
          at,
          cause: at,
          message: harm,
          related,
          ...propose('Let the file be read', 'unsafe', [
            /^none$/i.test(placeText(at)) ? replacePlace(at, 'All') : null,
          ]),
        }
      }
    }
  },
})

/** A path that needs no quotes. */
const PLAIN = /^[\w./-]+$/

interface OtherSection {
  readonly at: Place
  readonly path: string
  readonly override: string
  /** The directory that the host serves. */
  readonly root: string
}

/**
 * The section of a host, or beside it in its file, that lets such files be read, and names a directory that has nothing
 * to do with what is served; null where there is none.
 */
function sectionOfAnother({ configuration, host }: AskedHost, directory: string): OtherSection | null {
  if (host === null) return null
  const root = directivesIn(configuration, host.directive, 'documentroot').at(-1)?.args[0]?.value ?? ''
  if (!root.startsWith('/') || !isSettled(root)) return null
  const own = directivesIn(configuration, host.directive, 'directory')
  const beside = sectionsOutside(configuration).get(host.directive.source) ?? []
  for (const section of [...own, ...beside]) {
    const pattern = sectionPattern(section)
    const allowed = section.children.find(({ name }) => name.toLowerCase() === 'allowoverride')
    const override = allowed?.args.map(({ value }) => value).join(' ') ?? 'None'
    if (pattern.kind !== 'plain' || /^none$/i.test(override)) continue
    const path = directoryPath(pattern.text)
    const isOfSite = [directory, directoryPath(root)].some(
      each => each.startsWith(path) || path.startsWith(each),
    )
    if (isOfSite || servedDirectories(configuration, own.includes(section) ? host : null).has(path)) continue
    return { at: argumentPlace(section, 0), path: pattern.text, override, root }
  }
  return null
}

/** The sections outside of all hosts, by their files. */
const sectionsOutside = memo((configuration: ApacheConfiguration) =>
  groupBy(directivesIn(configuration, null, 'directory'), ({ source }) => source),
)

/** What one host, or any of them (null), serves: its root and what aliases bring. */
const servedDirectories = memoByKey(
  (configuration: ApacheConfiguration, host: VirtualHost | null): ReadonlySet<string> => {
    const lines = (name: string): readonly ApacheDirective[] =>
      host === null
        ? (configuration.occurrences.get(name) ?? [])
        : [
            ...directivesOfHost(configuration, host.directive, name),
            ...directivesOfHost(configuration, null, name),
          ]
    return new Set(
      MAPPING.flatMap(([name, index]) =>
        lines(name).map(({ args }) => directoryPath(args[index]?.value ?? '')),
      ),
    )
  },
)

/** What brings a directory into the URLs of a host, and the argument that names it. */
const MAPPING = [
  ['documentroot', 0],
  ['alias', 1],
  ['scriptalias', 1],
  ['wsgiscriptalias', 1],
] as const

interface Lost {
  readonly line: ApacheDirective
  readonly harm: string
}

/** A line whose absence clients notice: the server answers otherwise than the file would. */
function lostLine(deployment: Deployment, asked: AskedHost, { file }: Htaccess, url: string): Lost | null {
  const missing = `${url}${MISSING}`
  const front =
    file.children.find(({ name }) => name === 'FallbackResource') ??
    rewriteRules(file.children).find(isFrontController)?.directive
  if (front !== undefined) {
    const { end } = askHost(deployment, asked, missing)
    if (end.kind === 'response' && end.status === 404)
      return { line: front, harm: `\`${url}page\` is 404 where it is to be answered by the front controller` }
  }
  const denial = file.children.find(
    ({ name, args }) =>
      (name === 'Require' && args[1]?.value.toLowerCase() === 'denied') ||
      (/^deny$/i.test(name) && args[1]?.value.toLowerCase() === 'all' && !file.occurrences.has('allow')) ||
      (name === 'Require' && /^(?:valid-user|user|group)$/.test(args[0]?.value ?? '')),
  )
  if (denial === undefined) return null
  const { end, steps } = askHost(deployment, asked, `${url}${EXISTING}.txt`)
  const isSure = !steps.some(({ kind, text }) => kind === 'doubt' && !text.endsWith('taken as missing'))
  if (end.kind !== 'file' || end.status !== 200 || !isSure) return null
  return {
    line: denial,
    harm: `\`${url}\` is served to everybody, which \`${denial.name} ${denial.args.map(({ value }) => value).join(' ')}\` is to prevent`,
  }
}

function isFrontController({
  output,
  keepsUri,
  flags,
  conditions,
  isRefusal,
}: ReturnType<typeof rewriteRules>[number]): boolean {
  if (keepsUri || isRefusal || flags.has('R') || flags.has('P') || /^https?:/i.test(output)) return false
  return (
    /\.(?:php|cgi|fcgi|pl|py|html?)(?:\?|$|\/)/.test(output) &&
    conditions.some(({ test, negated }) => test === '-f' && negated)
  )
}
