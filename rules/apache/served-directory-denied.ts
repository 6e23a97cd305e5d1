import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import {
  type ApacheConfiguration,
  type ApacheDirective,
  mayHoldSectionsUnread,
  mayHoldSitesUnread,
} from '../../src/servers/apache/configuration.ts'
import type { Place } from '../../parsers/text/source.ts'
import { type AskedHost, askedHosts, askHost } from '../../src/deployment/requests/ask-host.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace, isSettled, wordPlace } from '../../src/servers/apache/queries/places.ts'
import { isDenied } from '../../src/servers/apache/requests/access.ts'
import { locationApplies, sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      <Directory />
          Require all denied
      </Directory>
      <Directory /var/www>
          Require all granted
      </Directory>
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /var/www
          ${lines}
      </VirtualHost>
    `,
    ['alias', 'authz_host'],
  )

export default defineRule({
  summary: 'A directory that is served, and to which nothing grants access',
  severity: 'error',
  otherSeverities: {
    warning: 'where a `.htaccess` or a file of `conf-enabled` that the audit does not have could grant it',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'The main file of every distribution denies the whole file system: what lies outside of `/var/www` needs a `<Directory>` of its own that grants access, else every request is answered with 403 (AH01630).',
  remedy: 'Write `<Directory …> Require all granted </Directory>` for the directory',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/core.html#directory',
    'https://httpd.apache.org/docs/2.4/howto/access.html',
  ],
  bad: [
    { title: 'an alias', files: { 'etc/apache2/apache2.conf': main('Alias /static/ «/srv/static/»') } },
    {
      title: 'denied where it was to be granted',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          Alias /static/ /srv/static/
          <Directory /srv/static>
              Require all «denied»
          </Directory>
        `),
      },
    },
    {
      title: 'a document root',
      files: {
        'etc/apache2/apache2.conf': main('').replace('DocumentRoot /var/www', 'DocumentRoot «/srv/site»'),
      },
    },
    {
      title: 'a section that lets a `.htaccess` say everything, and grants nothing itself',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Directory /home/deploy/site>
              Options FollowSymLinks
              AllowOverride All
          </Directory>
        `).replace('DocumentRoot /var/www', 'DocumentRoot «/home/deploy/site»'),
      },
    },
    {
      title: 'beside the main file of Debian, whose other files nobody brought',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          Alias /media «/data/shop/media»
          <Location /media>
              Header set X-Content-Type-Options nosniff
          </Location>
        `).replace('Listen 80\n', 'Listen 80\nIncludeOptional conf-enabled/*.conf\n'),
      },
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
          DocumentRoot /srv/site
          IncludeOptional conf.d/*.conf
        `,
      },
    },
    {
      title: 'a document root whose .htaccess grants access',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Directory /srv/site>
              AllowOverride All
          </Directory>
        `).replace('DocumentRoot /var/www', 'DocumentRoot /srv/site'),
        'srv/site/.htaccess': 'Require all granted\n',
      },
    },
    {
      title: 'a directory whose access only a `.htaccess` decides',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /srv/site
              <Directory /srv/site>
                  AllowOverride All
              </Directory>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'for some addresses, and with a password',
      files: {
        'site.conf': conf`
          Alias /status /srv/status
          <Directory /srv/status>
              Order Deny,Allow
              Deny from all
              Allow from 127.0.0.1
              AuthType Basic
              AuthName "Status"
              AuthUserFile /etc/apache2/users
              Require valid-user
          </Directory>
        `,
      },
    },
    {
      title: 'granted to all, or to some',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          Alias /static/ /srv/static/
          <Directory /srv/static>
              Require all granted
          </Directory>
          Alias /reports /srv/reports
          <Directory /srv/reports>
              Require ip 10.0.0.0/8
          </Directory>
        `),
      },
    },
    {
      title: 'granted by a Location, or for some files',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          Alias /static/ /srv/static/
          <Location /static/>
              Require all granted
          </Location>
          Alias /img/ /srv/img/
          <Directory /srv/img>
              <FilesMatch "\.png$">
                  Require all granted
              </FilesMatch>
          </Directory>
        `),
      },
    },
    {
      title: 'a Location whose lines a template brings',
      files: {
        'site.conf.erb': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /srv/site
              <Directory />
                  Require all denied
              </Directory>
              Alias /static/ /srv/static/
              <Location />
                  <%- @login.each_pair do |name, value| -%>
                  <%= name %> <%= value %>
                  <%- end -%>
              </Location>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'denied on purpose, in the words of both releases',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          Alias /rest /srv/rest
          <Directory /srv/rest>
              <IfModule authz_core_module>
                  Require all denied
              </IfModule>
              <IfModule !authz_core_module>
                  Deny from all
              </IfModule>
          </Directory>
        `),
      },
    },
    {
      title: 'a virtual host that denies everything',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Location />
              Require all denied
          </Location>
        `),
      },
    },
    {
      title: 'a fragment, whose main file nobody knows',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /srv/site
          </VirtualHost>
        `,
      },
    },
  ],
  *check(deployment) {
    for (const asked of askedHosts(deployment)) {
      for (const { directive, url } of served(asked)) {
        const sure = denialOf(deployment, asked, url)
        const denial = sure ?? denialOf(deployment, asked, url, 'read-alone')
        if (denial === null) continue
        const index = directive.name === 'DocumentRoot' ? 0 : 1
        const directory = directive.args[index]?.value ?? ''
        const at = argumentPlace(directive, index)
        const own = denial.directive === null ? null : sectionOf(denial.directive)
        const isOwn = own !== null && samePath(own.args[0]?.value ?? '', directory)
        // Whoever denies a whole site, or all of a URL, means it.
        if ((isOwn && index === 0) || (denial.directive !== null && own === null)) continue
        if (isFilledIn(asked, url)) continue
        if (isOwn ? isDeniedTwice(own) : mayHoldSitesUnread(asked.configuration)) continue
        const word = isOwn ? denial.directive?.args.at(-1) : undefined
        yield {
          at: denial.directive !== null && word !== undefined ? wordPlace(denial.directive, word) : at,
          cause: directive,
          ...((sure === null || (!isOwn && mayHoldSectionsUnread(asked.configuration))) && {
            severity: 'warning' as const,
            confidence: 'medium' as const,
          }),
          message: isOwn
            ? `\`${url}\` serves this directory, and every request is denied: 403`
            : `nothing grants access to \`${directory}\`, so every request below \`${url}\` is answered with 403${sure === null ? ', unless a `.htaccess` there grants it' : ''}`,
          related: isOwn ? [{ at, message: 'served from here' }] : [{ at: denial.at, message: 'denied by' }],
        }
      }
    }
  },
})

/** Who denies it in the words of 2.2 and in those of 2.4, of which a condition leaves one, means it. */
function isDeniedTwice({ source: { text }, start }: ApacheDirective): boolean {
  const section = text.slice(start, text.indexOf('</Directory', start))
  return /^\s*Require\s+all\s+denied\s*$/im.test(section) && /^\s*Deny\s+from\s+all\s*$/im.test(section)
}

/** True where a template brings lines into a section of the URL, which may grant it: what it says comes last. */
function isFilledIn({ configuration, host }: AskedHost, url: string): boolean {
  const scopes = [...new Set([null, host?.directive ?? null])]
  return scopes.some(scope =>
    LOCATIONS.some(name =>
      directivesIn(configuration, scope, name).some(
        section => holdsGap(section) && locationApplies(sectionPattern(section), url) !== false,
      ),
    ),
  )
}

const LOCATIONS = ['location', 'locationmatch']

function holdsGap({ name, source: { text, gaps }, start }: ApacheDirective): boolean {
  const end = text.indexOf(`</${name}`, start)
  return FILLED_LINE.test(text.slice(start, end)) || gaps.some(gap => start < gap && gap < end)
}

/** A line whose first word, the name of a directive, a template fills in. */
const FILLED_LINE = /^[ \t]*(?:<%=|\{\{|@\w+@)/m

interface Served {
  readonly directive: ApacheDirective
  readonly url: string
}

/** The document root and the aliases that a virtual host writes itself. */
function served({ configuration, host }: AskedHost): readonly Served[] {
  const scope = host?.directive ?? null
  const aliases = directivesIn(configuration, scope, 'alias').flatMap(directive => {
    const [url, directory] = directive.args
    return url !== undefined && directory !== undefined && isSettled(url.value) && isSettled(directory.value)
      ? [{ directive, url: url.value }]
      : []
  })
  const root = directivesIn(configuration, scope, 'documentroot').at(-1)
  return root === undefined ? aliases : [...aliases, { directive: root, url: '/' }]
}

interface Denial {
  readonly at: Place
  readonly directive: ApacheDirective | null
}

/** The line that denies every client every file below a URL; null where some get some. */
function denialOf(
  deployment: Deployment,
  asked: AskedHost,
  url: string,
  htaccess?: 'read-alone',
): Denial | null {
  let denial: Denial | null = null
  for (const name of NAMES) {
    const target = `${url.endsWith('/') ? url : `${url}/`}${name}`
    const { end } = askHost(deployment, asked, target, {
      client: null,
      ...(htaccess !== undefined && { htaccess }),
    })
    if (!isDenied(end) || end.at === null) return null
    denial ??= { at: end.at, directive: directiveAt(asked.configuration, end.at) }
  }
  return denial
}

const NAMES = ['css', 'html', 'png', 'js', 'txt'].map(type => `${EXISTING}.${type}`)

function directiveAt(configuration: ApacheConfiguration, at: Place): ApacheDirective | null {
  const written = denyingLines(configuration).get(at.source) ?? []
  return written.find(({ start, end }) => start <= at.start && at.end <= end) ?? null
}

const denyingLines = memo(({ occurrences }: ApacheConfiguration) =>
  groupBy(
    ['require', 'deny', 'order'].flatMap(name => occurrences.get(name) ?? []),
    ({ source }) => source,
  ),
)

function sectionOf({ parent }: ApacheDirective): ApacheDirective | null {
  return parent === null || parent.name === 'Directory' ? parent : sectionOf(parent)
}

function samePath(one: string, other: string): boolean {
  return one.replace(/\/+$/, '') === other.replace(/\/+$/, '')
}
