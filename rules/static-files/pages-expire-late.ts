import { posix } from 'node:path'
import { parseApache } from '../../parsers/apache/parse.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace as nginxArgumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, filesBelow, sourceAt } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import {
  directoryPath,
  filesApplies,
  locationApplies,
  sectionPattern,
} from '../../src/servers/apache/queries/section-matches.ts'
import { directivesOfHost, virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { apacheMain, apacheSite, nginxMain } from '../_examples.ts'
import { keptFor, keptIn } from './_kept-for.ts'

const tree = (lines: string, page = 'index.html'): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      TypesConfig /etc/mime.types
      ServerName example.org
      DocumentRoot /srv/www
      <Directory /srv/www>
          AllowOverride All
      </Directory>
    `,
    ['expires', 'headers', 'mime', 'dir'],
  ),
  'srv/www/.htaccess': lines,
  [`srv/www/${page}`]: 'page',
})

/** A site of PHP whose virtual host has these lines. */
const host = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheSite(lines, ['headers', 'dir', 'expires']),
  'srv/www/index.php': '<?php\n',
})

/** The lines by which a page of an application answers every URL. */
const APPLICATION = conf`
  RewriteEngine On
  RewriteRule ^index\\.html$ - [L]
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteCond %{REQUEST_FILENAME} !-d
  RewriteRule . /index.html [L]
`
const YEAR = conf`
  ExpiresActive On
  ExpiresDefault «"access plus 1 year"»
`
/** Files that nginx serves. */
const nginx = (lines: string, location = '', page = 'index.html'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        root /srv/www;
        ${lines}
        location / {
            ${location}
        }
    }
  `),
  [`srv/www/${page}`]: 'page',
})

export default defineRule({
  summary: 'Browsers keep the pages of a site for long, not its pictures alone',
  severity: 'warning',
  otherSeverities: { info: 'for pages of PHP, which may send `Expires` itself' },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`ExpiresDefault` holds for every type that no `ExpiresByType` names, `text/html` too, and snippets name `text/html` among pictures and styles; a `Header set Cache-Control` outside of a section for some files holds for pages as well, those of an application too, as does an `expires` of a whole server of nginx: whoever has seen a page does not ask for it again for weeks, and gets no new version of it, nor of the scripts that it names.',
  remedy:
    'Write `ExpiresByType text/html "access plus 0 seconds"`, or put the header into a `<FilesMatch>` for pictures, styles and scripts; in nginx write `expires` into a location for these',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_expires.html#expiresdefault',
    'https://httpd.apache.org/docs/2.4/mod/mod_headers.html#header',
    'https://nginx.org/en/docs/http/ngx_http_headers_module.html#expires',
  ],
  bad: [
    {
      title: 'a year for everything',
      files: tree(conf`
        ExpiresActive On
        ExpiresDefault «"access plus 1 year"»
        ExpiresByType image/png "access plus 1 year"
      `),
    },
    {
      title: 'a month for everything, in a .htaccess alone',
      files: { '.htaccess': 'ExpiresActive On\nExpiresDefault «A2592000»\n', 'index.html': 'page' },
    },
    {
      title: 'a month for pages by their type',
      files: tree(conf`
        ExpiresActive On
        ExpiresByType image/png "access plus 1 year"
        ExpiresByType text/html «"access plus 1 month"»
      `),
    },
    {
      title: 'a month for pages by their type, in a .htaccess alone',
      files: {
        '.htaccess': conf`
          <IfModule mod_expires.c>
              ExpiresActive On
              ExpiresByType text/html «"access 1 month"»
          </IfModule>
        `,
      },
    },
    {
      title: 'a month for the pages of a script that says nothing of it',
      files: {
        '.htaccess': conf`
          ExpiresActive On
          ExpiresByType text/html «"access 1 month"»
          RewriteEngine On
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule . index.php [L]
        `,
        'index.php': '<?php echo "page";\n',
      },
    },
    {
      title: 'a header for everything',
      files: tree('Header set Cache-Control «"public, max-age=31536000, immutable"»'),
    },
    {
      title: 'a year for everything, the page of an application too, which its build brings',
      files: { 'public/.htaccess': `<IfModule mod_rewrite.c>\n${APPLICATION}</IfModule>\n${YEAR}` },
    },
    {
      title: 'a year for everything in the section of the site',
      files: host(conf`
        ExpiresActive On
        <Directory /srv/www>
            ExpiresDefault «"access plus 1 year"»
            FallbackResource /index.html
        </Directory>
      `),
    },
    {
      title: 'a month for files among which are pages',
      files: tree(conf`
        <FilesMatch "\.(?:css|js)$">
            Header set Cache-Control "max-age=604800"
        </FilesMatch>
        <FilesMatch "\.(?:ico|png|html|pdf)$">
            Header set Cache-Control «"max-age=2592000, public"»
        </FilesMatch>
      `),
    },
    { title: 'a year for all that nginx serves', files: nginx('expires «1y»;') },
    {
      title: 'a header for all that nginx serves',
      files: nginx('', 'add_header Cache-Control «"public, max-age=31536000"»;'),
    },
    {
      title: 'a header for every URL of an application',
      files: host(conf`
        <LocationMatch "/">
            Header set Cache-Control «"public, max-age=31536000"»
        </LocationMatch>
      `),
    },
  ],
  good: [
    {
      title: 'a month for pages of a script that sends the header itself',
      files: {
        '.htaccess': conf`
          ExpiresActive On
          ExpiresByType text/html "access 1 month"
          <IfModule mod_rewrite.c>
              RewriteEngine On
              RewriteCond %{REQUEST_FILENAME} !-f
              RewriteRule ^(.+)$ index.php/$1 [L,QSA]
          </IfModule>
        `,
        'index.php': "<?php header('Expires: Mon, 26 Jul 1997 05:00:00 GMT'); echo 'page';\n",
      },
    },
    ...[
      ['a directory', '<LocationMatch "^/build/">', 'public, max-age=31536000', '', '</LocationMatch>'],
      ['some files', '<LocationMatch "\\.(?:css|js)$">', 'public, max-age=31536000', '', '</LocationMatch>'],
      ['an hour', '<Location />', 'public, max-age=3600', '', '</Location>'],
      ['a variable', '<Location />', 'public, max-age=31536000', ' env=asset', '</Location>'],
    ].map(([title = '', open = '', value = '', condition = '', close = '']) => ({
      title: `a header for ${title}`,
      files: host(conf`
        ${open}
            Header set Cache-Control "${value}"${condition}
        ${close}
      `),
    })),
    {
      title: 'a year, and pages left out by all of their kind',
      files: {
        'public/.htaccess': `${APPLICATION}${YEAR.replaceAll(/[«»]/g, '')}ExpiresByType text/* "access"\n`,
      },
    },
    {
      title: 'a year for files of a directory that no page names',
      files: { 'files/.htaccess': YEAR.replaceAll(/[«»]/g, ''), 'files/a.pdf': 'text' },
    },
    {
      title: 'a year for pictures of nginx',
      files: nginx(conf`
        location ~* \.(?:css|js|png)$ {
            expires 1y;
        }
      `),
    },
    { title: 'a year where nginx has no page', files: nginx('expires 1y;', '', 'a.png') },
    {
      title: 'a year, and a location for the page',
      files: nginx(conf`
        expires 1y;
        location = /index.html {
            expires -1;
        }
      `),
    },
    {
      title: 'a header for everything beside one for pages',
      files: tree(conf`
        Header set Cache-Control "max-age=31536000"
        <FilesMatch "\.html$">
            Header set Cache-Control no-cache
        </FilesMatch>
      `),
    },
    {
      title: 'a header for everything where there is no page',
      files: tree('Header set Cache-Control "max-age=31536000"', 'a.png'),
    },
    {
      title: 'an hour for pages, and a header that says otherwise',
      files: {
        ...tree(conf`
          ExpiresActive On
          ExpiresByType text/html "access plus 1 hour"
        `),
        'srv/www/news/.htaccess': conf`
          ExpiresActive On
          ExpiresByType text/html "access plus 1 month"
          <FilesMatch "\.html$">
              Header set Cache-Control no-cache
          </FilesMatch>
        `,
      },
    },
    {
      title: 'a month for pages, and nothing active',
      files: tree('ExpiresByType text/html "access plus 1 month"'),
    },
    {
      title: 'pages left out',
      files: tree(conf`
        ExpiresActive On
        ExpiresDefault "access plus 1 year"
        ExpiresByType text/html "access plus 0 seconds"
      `),
    },
    {
      title: 'pages left out by a section, and by another header',
      files: {
        ...tree(conf`
          ExpiresActive On
          ExpiresDefault "access plus 1 year"
          <FilesMatch "\.html$">
              ExpiresActive Off
          </FilesMatch>
        `),
        'srv/www/news/.htaccess': conf`
          ExpiresActive On
          ExpiresDefault "access plus 1 year"
          Header set Cache-Control no-cache
        `,
        'srv/www/news/index.html': 'news',
      },
    },
    {
      title: 'a day, a time by the age of the file, and a directory without pages',
      files: {
        ...tree(conf`
          ExpiresActive On
          ExpiresDefault "access plus 1 day"
        `),
        'srv/www/old/.htaccess': conf`
          ExpiresActive On
          ExpiresDefault "modification plus 1 month"
        `,
        'srv/www/old/index.html': 'old',
        'srv/www/img/.htaccess': conf`
          ExpiresActive On
          ExpiresDefault "access plus 1 year"
        `,
        'srv/www/img/a.png': 'picture',
      },
    },
    {
      title: 'a site whose program says how long a page may be kept',
      files: tree(
        conf`
          ExpiresActive On
          ExpiresDefault "access plus 1 year"
        `,
        'index.php',
      ),
    },
  ],
  *check(deployment) {
    const { apache, filesOf } = deployment
    for (const configuration of apache) {
      const files = filesOf(configuration)
      yield* pagesByType(configuration, files)
      yield* pagesByHeader(configuration, files)
      yield* pagesByDefault(configuration, files)
    }
    yield* pagesOfNginx(deployment)
  },
})

/** Lines that hold for every type, and for which pages are no exception. */
function* pagesByDefault(configuration: ApacheConfiguration, files: FileSystem) {
  const named = (name: string) => everywhere(configuration, files, name)
  const lines = named('expiresdefault').filter(line => secondsOf(line.args[0]?.value ?? '') >= LONG)
  if (lines.length === 0 || !named('expiresactive').some(isOn)) return
  const others = ['expiresbytype', 'expiresactive', 'expiresdefault', 'header'].flatMap(named)
  for (const line of lines) {
    const page = pageOf(configuration, files, line, STATIC_PAGES)
    if (page === null || others.some(other => other !== line && mayLeaveOut(other, line))) continue
    yield {
      at: argumentPlace(line, 0),
      message: `this holds for \`${page}\` too, so browsers do not ask for it again for ${daysOf(secondsOf(line.args[0]?.value ?? ''))} days`,
      label: 'for every type',
    }
  }
}

function isOn({ args }: ApacheDirective): boolean {
  return /^on$/i.test(args[0]?.value ?? '')
}

/** Lines that name the type of pages itself. */
function* pagesByType(configuration: ApacheConfiguration, files: FileSystem) {
  const lines = everywhere(configuration, files, 'expiresbytype').filter(
    ({ args: [type, time] }) =>
      /^text\/html$/i.test(type?.value ?? '') && secondsOf(time?.value ?? '') >= LONG,
  )
  if (lines.length === 0) return
  const isActive = everywhere(configuration, files, 'expiresactive').some(isOn)
  const headers = everywhere(configuration, files, 'header')
  for (const line of isActive ? lines : []) {
    if (headers.some(({ source, args }) => source === line.source && args.some(isOfCaching))) continue
    const isOfPhp = answersWithScript(line)
    if (isOfPhp && sendsExpires(files, posix.dirname(line.source.path))) continue
    yield {
      at: argumentPlace(line, 1),
      confidence: 'medium' as const,
      // mod_expires leaves an answer alone that has the header.
      ...(isOfPhp && { severity: 'info' as const }),
      message: `browsers keep every page for ${daysOf(secondsOf(line.args[1]?.value ?? ''))} days, and do not ask for it again${isOfPhp ? ', unless PHP sends `Expires` with it' : ''}`,
      label: 'for pages',
    }
  }
}

/** Headers that hold for every URL, and for which pages are no exception. */
function* pagesByHeader(configuration: ApacheConfiguration, files: FileSystem) {
  const headers = everywhere(configuration, files, 'header').filter(({ args }) => args.some(isOfCaching))
  const others = ['expiresdefault', 'expiresbytype'].flatMap(name => everywhere(configuration, files, name))
  for (const line of headers) {
    const words = line.args.map(({ value }) => value)
    const [action = '', name = '', value = '', ...condition] = /^(?:always|onsuccess)$/i.test(words[0] ?? '')
      ? words.slice(1)
      : words
    const age = Number(/(?:^|[\s,])max-age=(\d+)/i.exec(value)?.[1] ?? 0)
    if (!/^(?:set|append|merge|add)$/i.test(action) || !/^cache-control$/i.test(name)) continue
    if (age < LONG || condition.length > 0 || /no-cache|no-store/i.test(value)) continue
    if ([...headers, ...others].some(other => other !== line && isBeside(other, line))) continue
    const page = pageOf(configuration, files, line, PAGES)
    if (page === null) continue
    yield {
      at: argumentPlace(line, words.indexOf(value)),
      message: `this holds for \`${page}\` too, so browsers do not ask for it again for ${daysOf(age)} days`,
      label: 'for every URL',
    }
  }
}

const STATIC_PAGES = ['index.html', 'index.htm']
const PAGES = [...STATIC_PAGES, 'index.php']

/** True for another line of caching that may hold for pages of the same site. */
function isBeside(other: ApacheDirective, line: ApacheDirective): boolean {
  return !isForOthers(other) && (other.source === line.source || virtualHostSection(other) === null)
}

/** True for a line in a section for files none of which is a page. */
function isForOthers({ parent }: ApacheDirective): boolean {
  return (
    parent !== null &&
    FILES.test(parent.name) &&
    [...PAGES, 'page.html', 'page.htm'].every(name => filesApplies(sectionPattern(parent), name) === false)
  )
}

const FILES = /^Files(?:Match)?$/i

/** A page that a line holds for and that is there, by the files or by a line that names it; null in doubt. */
function pageOf(
  configuration: ApacheConfiguration,
  files: FileSystem,
  line: ApacheDirective,
  names: readonly string[],
): string | null {
  const { parent } = line
  const isOfFiles = parent !== null && FILES.test(parent.name)
  const directory = servedBy(configuration, files, isOfFiles ? parent : line)
  if (directory === null) return null
  const held = isOfFiles ? names.filter(name => filesApplies(sectionPattern(parent), name) === true) : names
  const found = held.find(name => files.kind(posix.join(directory, name)) === 'file')
  if (found !== undefined) return found
  // Where the build of the site puts them together: the page is in its output, and what names it is here.
  return held.includes('index.html') && answersWithPage(configuration, line) ? 'index.html' : null
}

/** True where a line of the same file, or of the same host, has `index.html` answer every URL. */
function answersWithPage(configuration: ApacheConfiguration, { parent, source }: ApacheDirective): boolean {
  // Without mod_rewrite the page is the same: what stands in `<IfModule>` tells of it, too.
  if (posix.basename(source.path) === '.htaccess')
    return parseApache(source).some(
      node => node.kind === 'directive' && hasPageAnswer(node.name.value, node.words),
    )
  const host = parent === null ? null : parent.name === 'VirtualHost' ? parent : virtualHostSection(parent)
  return ['FallbackResource', 'RewriteRule'].some(name =>
    directivesOfHost(configuration, host, name).some(line => host !== null && hasPageAnswer(name, line.args)),
  )
}

/** True where a `.htaccess` has a script of PHP answer every URL for which there is no file. */
function answersWithScript({ source }: ApacheDirective): boolean {
  return (
    posix.basename(source.path) === '.htaccess' &&
    parseApache(source).some(
      node =>
        node.kind === 'directive' &&
        /^rewriterule$/i.test(node.name.value) &&
        EVERY.test(node.words[0]?.value ?? '') &&
        /^\/?(?:\w+\/)*\w+\.php(?=[/?$]|$)/.test(node.words[1]?.value ?? ''),
    )
  )
}

const MOST_SCRIPTS = 400
const OF_SCRIPTS = { levels: 8, skipped: /^(?:node_modules|vendor|\.git|tests?|dist)$/ }

/** True where scripts below a directory send the header themselves, as sessions of PHP do. */
function sendsExpires(files: FileSystem, directory: string): boolean {
  let left = MOST_SCRIPTS
  for (const path of filesBelow(files, directory, OF_SCRIPTS)) {
    if (!path.endsWith('.php')) continue
    if (left-- === 0) return false
    const text = sourceAt(files, path)?.text ?? ''
    if (/\bheader\(\s*['"]Expires:|\bsession_start\(/.test(text)) return true
  }
  return false
}

function hasPageAnswer(name: string, [first, second]: readonly { readonly value: string }[]): boolean {
  if (/^fallbackresource$/i.test(name)) return PAGE.test(first?.value ?? '')
  return /^rewriterule$/i.test(name) && EVERY.test(first?.value ?? '') && PAGE.test(second?.value ?? '')
}

const PAGE = /^\/?index\.html$/
/** `.`, `^`, `^(.*)$`. */
const EVERY = /^\^?(?:|\.|\(?\.[*+]\)?|\/?\.\*)\$?$/

/** Whose pages a line holds for that says something of every URL; null for any other, and in doubt. */
function servedBy(
  configuration: ApacheConfiguration,
  files: FileSystem,
  line: ApacheDirective,
): string | null {
  const { parent } = line
  if (parent === null || parent.name === 'VirtualHost') return directoryOf(configuration, files, line)
  const host = virtualHostSection(line)
  // What the main server says of a directory holds for all hosts.
  if (host === null && configuration.main === null) return null
  const root = directivesIn(configuration, host, 'documentroot').at(-1)?.args[0]?.value ?? null
  const pattern = sectionPattern(parent)
  const holds = /^Location(?:Match)?$/.test(parent.name)
    ? ['/', '/page', '/page/1'].every(url => locationApplies(pattern, url) === true)
    : parent.name === 'Directory' && pattern.kind === 'plain' && root !== null
      ? directoryPath(pattern.text) === directoryPath(root)
      : false
  return holds ? root : null
}

function isOfCaching({ value }: { readonly value: string }): boolean {
  return /^(?:cache-control|expires|pragma)$/i.test(value)
}

/** Who keeps a page for less than a week misses little. */
const LONG = 7 * 24 * 3600

/** Whose pages a line holds for: the directory of its `.htaccess`, or what a virtual host serves; null in doubt. */
function directoryOf(
  configuration: ApacheConfiguration,
  files: FileSystem,
  { parent, source }: ApacheDirective,
): string | null {
  if (parent?.name === 'VirtualHost')
    return directivesIn(configuration, parent, 'documentroot').at(-1)?.args[0]?.value ?? null
  if (parent !== null || posix.basename(source.path) !== '.htaccess') return null
  const path = posix.dirname(source.path)
  return files.kind(path) === 'directory' ? path : null
}

/** True for a line that may say something else of pages: of their type, in a section for them, or of caching at all. */
function mayLeaveOut(other: ApacheDirective, { parent, source }: ApacheDirective): boolean {
  if (isForOthers(other)) return false
  if (other.source !== source && other.parent !== null && other.parent !== parent) return false
  const words = other.args.map(({ value }) => value)
  if (/^header$/i.test(other.name)) return other.args.some(isOfCaching)
  if (/^expiresbytype$/i.test(other.name)) return /^text\/(?:html|\*)$/i.test(words[0] ?? '')
  if (/^expiresactive$/i.test(other.name) && isOn(other)) return false
  return other.parent !== parent && other.source === source
}

/** Lines of a server of nginx, or of its location for everything, that hold for its start page. */
function* pagesOfNginx(deployment: Deployment) {
  const servers = serverIndex(deployment.servers)
  for (const { occurrences } of deployment.nginx) {
    const lines = ['expires', 'add_header'].flatMap(name => occurrences.get(name) ?? [])
    const long = lines.filter(line => keptFor(LONG, [line], [line]) !== null)
    for (const home of new Set(long.map(enclosingServer))) {
      const server = home === null ? undefined : servers.get(home)
      if (server === undefined) continue
      const answer = askServer(deployment, server, '/')
      if (answer?.end.kind !== 'file' || answer.end.status !== 200) continue
      const { path } = answer.end
      if (deployment.filesOf(server.configuration).kind(path) !== 'file') continue
      const page = posix.basename(path)
      const block = answer.steps.findLast(({ kind }) => kind === 'location')?.directive ?? server.directive
      // static-files/start-page-cacheable tells of applications whose page answers every URL.
      if (!STATIC_PAGES.includes(page) || isFallback(block, page)) continue
      const line = keptIn(server.configuration, block, LONG)
      if (line === null) continue
      yield {
        at: nginxArgumentPlace(line, line.args.length === 1 ? 0 : 1),
        message: `this holds for \`${page}\` too, so browsers do not ask for it again for a week or more`,
        label: 'for every file',
        help: 'Write it into a location for pictures, styles and scripts: `location ~* \\.(?:css|js|png|woff2)$`',
      }
    }
  }
}

/** True where the page answers what is not found in a location, too. */
function isFallback({ children }: NginxDirective, page: string): boolean {
  return children.some(
    ({ name, args }) => name === 'try_files' && args.at(-1)?.value.endsWith(`/${page}`) === true,
  )
}

/** `A2592000`, `access plus 1 month 2 days`; zero for a time by the age of the file, which is over for most. */
function secondsOf(text: string): number {
  const plain = /^A(\d+)$/.exec(text)?.[1]
  if (plain !== undefined) return Number(plain)
  const terms = /^(?:access|now)(?:\s+plus)?((?:\s+\d+\s+[a-z]+)+)$/i.exec(text)?.[1]
  if (terms === undefined) return 0
  let seconds = 0
  for (const [, count = '', unit = ''] of terms.matchAll(/(\d+)\s+([a-z]+?)s?(?=\s|$)/gi))
    seconds += Number(count) * (UNITS[unit.toLowerCase()] ?? 0)
  return seconds
}

const DAY = 86_400
const UNITS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: DAY,
  week: 7 * DAY,
  month: 30 * DAY,
  year: 365 * DAY,
}

function daysOf(seconds: number): number {
  return Math.round(seconds / DAY)
}
