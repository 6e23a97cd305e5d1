import { matchesAprPath } from '../../parsers/wildcard/apr-fnmatch.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { hasWildcard } from '../../parsers/wildcard/tokens.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import {
  type ApacheConfiguration,
  type ApacheDirective,
  mayHoldSectionsUnread,
} from '../../src/servers/apache/configuration.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'

const GRANTED = conf`
  <Directory /srv/shop/public>
      Require all granted
  </Directory>
`
const site = (lines: string, granted = GRANTED): Record<string, string> => ({
  'deploy/shop.conf': conf`
    <VirtualHost *:80>
        ServerName example.org
        DocumentRoot /srv/shop/public
        ${granted}
        ${lines}
    </VirtualHost>
  `,
})
const root = (lines: string, other = ''): Record<string, string> => ({
  'deploy/shop.conf': conf`
    <VirtualHost *:80>
        ServerName example.org
        DocumentRoot «/srv/shop/public»
        ${lines}
        ${other}
    </VirtualHost>
  `,
})

export default defineRule({
  summary: 'A site serves a directory to which none of its lines grants access',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'The main file of such a site is not here. That of every distribution denies the whole file system, but for `/var/www`, `/usr/share` and the like: each request for another directory is answered with 403 (AH01630, client denied by server configuration) until a section grants it.',
  remedy: 'Write `<Directory …> Require all granted </Directory>` for the directory',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/core.html#directory',
    'https://httpd.apache.org/docs/2.4/howto/access.html',
  ],
  unproven: 'The main file is not among the files: `apache/served-directory-denied` is shown with one',
  bad: [
    { title: 'an alias', files: site('Alias /media «/srv/media»') },
    {
      title: 'an alias in a branch of a template',
      files: {
        'templates/shop.conf.j2': conf`
          <VirtualHost *:80>
              ServerName {{ host }}
              DocumentRoot /srv/shop/public
              ${GRANTED}
              {% if media %}
              Alias /media «/srv/media»
              {% endif %}
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a directory that is granted by another name',
      files: root(conf`
        <Directory /srv/shop/pubic>
            Require all granted
        </Directory>
      `),
    },
    {
      title: 'no section of access at all, in a site for PHP-FPM',
      files: {
        'deploy/shop.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /var/www/shop
              Alias /media «/data/media»
              <Directory /data/media>
                  Options -Indexes
              </Directory>
              <FilesMatch "\.php$">
                  SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
              </FilesMatch>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'the script of an application',
      files: site(
        'WSGIScriptAlias /api «/srv/api/wsgi.py»\n<Directory /srv/ap>\nRequire all granted\n</Directory>',
      ),
    },
  ],
  good: [
    {
      title: 'granted by the directory above',
      files: site('Alias /media /srv/media/', '<Directory /srv>\nRequire all granted\n</Directory>'),
    },
    {
      title: 'what main files grant: that of Arch, and the homes of Red Hat',
      files: site('Alias /media /srv/http/media\nAlias /notes /home/shop/public_html'),
    },
    {
      title: 'granted by a pattern',
      files: site(
        'Alias /media /srv/media',
        '<Directory "/srv/*">\nRequire all granted\n</Directory>\n<DirectoryMatch ^/srv/shop>\nRequire all granted\n</DirectoryMatch>',
      ),
    },
    {
      title: 'granted by its URL',
      files: site('Alias /media /srv/media\n<Location /media>\nRequire all granted\n</Location>'),
    },
    { title: 'a directory of the distribution', files: site('Alias /javascript /usr/share/javascript') },
    {
      title: 'a site of Apache 2.2, whose main file denies nothing',
      files: site(
        'Alias /media /srv/media',
        '<Directory /srv/shop>\nOrder allow,deny\nAllow from all\n</Directory>',
      ),
    },
    {
      title: 'a site of which nobody knows the release',
      files: site('Alias /media /data/media', '<Directory /data/media>\nOptions -Indexes\n</Directory>'),
    },
    {
      title: 'all is proxied',
      files: {
        'deploy/shop.conf': root(
          'ProxyPass / http://127.0.0.1:8000/',
          '<Location />\nRequire all granted\n</Location>',
        )['deploy/shop.conf']!.replace(/[«»]/g, ''),
      },
    },
    {
      title: 'a line that is not here',
      files: site('Alias /media /srv/media\nInclude conf/media.conf'),
    },
    {
      title: 'another file of the same server',
      files: {
        ...site('Alias /media /srv/media'),
        'deploy/media.conf': '<Directory /srv/media>\n    Require all granted\n</Directory>\n',
      },
    },
    {
      title: 'lines for some virtual host',
      files: {
        'deploy/media.conf':
          'Alias /media /srv/media\n<Location /status>\nRequire ip 192.0.2.1\n</Location>\n',
      },
    },
    {
      title: 'a template that grants what a list has, and one that brings other lines',
      files: {
        'templates/shop.conf.j2': conf`
          <VirtualHost *:80>
              ServerName {{ host }}
              DocumentRoot /srv/shop/public
              ${GRANTED}
              Alias /media /srv/media
              {% for directory in directories %}
              <Directory {{ directory }}>
                  Require all granted
              </Directory>
              {% endfor %}
          </VirtualHost>
        `,
        'templates/blog.conf.j2': conf`
          <VirtualHost *:80>
              ServerName {{ host }}
              DocumentRoot /srv/shop/public
              ${GRANTED}
              Alias /media /srv/media
              {{ more }}
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a placeholder',
      files: site('Alias /media {{ media }}'),
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      if (configuration.main !== null || mayHoldSectionsUnread(configuration) || !isOfToday(configuration))
        continue
      // Where a template brings lines of elsewhere, some may grant it.
      if (configuration.sources.some(({ gaps }) => gaps.length > 0)) continue
      const grants = grantsOf(configuration)
      for (const [name, index] of SERVING)
        for (const directive of configuration.occurrences.get(name) ?? []) {
          const written = directive.args[index]?.value ?? ''
          if (!written.startsWith('/') || !isSettled(written)) continue
          // Lines that some virtual host includes are granted there.
          if (virtualHostSection(directive) === null) continue
          const path = cleanPath(written)
          const url = index === 0 ? '/' : (directive.args[0]?.value ?? '/')
          if (OF_DISTRIBUTIONS.test(path) || (index === 0 && isTaken(directive))) continue
          if (isGranted(grants, path, url)) continue
          yield {
            at: argumentPlace(directive, index),
            message: `no line here grants access to \`${written}\`, and the main file of no distribution does: every request below \`${url}\` is answered with 403`,
            label: 'granted nowhere',
          }
        }
    }
  },
})

const SERVING = [
  ['documentroot', 0],
  ['alias', 1],
  ['scriptalias', 1],
  ['wsgiscriptalias', 1],
] as const

/**
 * What the main files of Debian, Red Hat, SUSE, Arch, Alpine, FreeBSD, macOS, XAMPP and httpd itself grant; the
 * `userdir.conf` of Red Hat and httpd has `public_html` in every home.
 */
const OF_DISTRIBUTIONS =
  /^\/(?:var\/www|usr\/share|srv\/(?:www|http)|home\/[^/]+\/public_html|Library\/WebServer|opt\/lampp\/htdocs|usr\/lib\/cgi-bin|usr\/local\/(?:apache2|www)|opt\/(?:homebrew|bitnami))(?:\/|$)/

/** True where a line has the words of 2.4, whose main file denies everything. */
function isOfToday({ occurrences }: ApacheConfiguration): boolean {
  const has = (name: string, word: RegExp): boolean =>
    (occurrences.get(name) ?? []).some(({ args }) => args.some(({ value }) => word.test(value)))
  if (has('require', /^(?:all|ip|host|local|method|expr|not)$/i)) return true
  // Nothing of access at all: what came after 2.2 shows that the site is for 2.4.
  if (['order', 'allow', 'deny', 'satisfy'].some(name => occurrences.has(name))) return false
  return (
    ['if', 'protocols', 'sslopensslconfcmd', 'includeoptional'].some(name => occurrences.has(name)) ||
    has('sethandler', /^proxy:/) ||
    has('sslcertificatefile', /^\/etc\/letsencrypt\//) ||
    has('wsgidaemonprocess', /python3/)
  )
}

/** Where some line may grant something. */
interface Grants {
  /** Directories, and what is in them. */
  readonly directories: ReadonlySet<string>
  readonly urls: ReadonlySet<string>
  /** Patterns of directories. */
  readonly patterns: readonly string[]
  /** True where a section holds for what nobody can tell from its words alone. */
  readonly anywhere: boolean
}

function grantsOf({ occurrences }: ApacheConfiguration): Grants {
  const directories = new Set<string>()
  const urls = new Set<string>()
  const patterns = new Set<string>()
  let anywhere = false
  const add = ({ name, args }: ApacheDirective): void => {
    const kind = name.toLowerCase()
    const written = args[0]?.value ?? ''
    const isPlain = (kind === 'directory' || kind === 'location') && args.length === 1 && isSettled(written)
    if (!isPlain || (kind === 'location' && hasWildcard(written))) anywhere = true
    else if (kind === 'location') urls.add(cleanPath(written))
    else if (hasWildcard(written)) patterns.add(cleanPath(written))
    else directories.add(cleanPath(written))
  }
  for (const name of ['require', 'allow', 'satisfy'])
    for (const line of occurrences.get(name) ?? [])
      for (let at = line.parent; at !== null; at = at.parent) if (SECTIONS.test(at.name)) add(at)
  return { directories, urls, patterns: [...patterns], anywhere }
}

const SECTIONS = /^(?:Directory|Location|Files|If|ElseIf|Else)(?:Match)?$/i

function isGranted({ directories, urls, patterns, anywhere }: Grants, path: string, url: string): boolean {
  return (
    anywhere ||
    above(cleanPath(url)).some(each => urls.has(each)) ||
    above(path).some(each => directories.has(each) || patterns.some(pattern => matchesAprPath(pattern, each)))
  )
}

/** A path and the directories above it. */
function above(path: string): readonly string[] {
  const found = ['/']
  for (let at = path; at.length > 1; at = at.slice(0, at.lastIndexOf('/'))) found.push(at)
  return found
}

/** True where a line beside it answers every request before the document root is asked. */
function isTaken({ parent }: ApacheDirective): boolean {
  return (parent?.children ?? []).some(
    ({ name, args }) =>
      TAKING.has(name.toLowerCase()) && /^\^?\/?(?:\.\*|\(\.\*\))?\$?$/.test(args[0]?.value ?? ''),
  )
}

const TAKING: ReadonlySet<string> = new Set([
  ...['proxypass', 'proxypassmatch', 'wsgiscriptalias', 'redirect', 'redirectmatch', 'redirectpermanent'],
  ...['rewriterule', 'scriptalias', 'alias'],
])
