import { posix } from 'node:path'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import {
  directoryPath,
  locationApplies,
  sectionPattern,
} from '../../src/servers/apache/queries/section-matches.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'

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
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          ${lines}
      </VirtualHost>
    `,
    ['headers', 'dir'],
  ),
  'srv/www/index.php': '<?php\n',
})

export default defineRule({
  summary: 'Browsers keep the pages of a site behind Apache for long, not its pictures alone',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`ExpiresDefault` holds for every type that no `ExpiresByType` names, `text/html` too, and snippets name `text/html` among pictures and styles; a `Header set Cache-Control` outside of a section for some files holds for pages as well, those of an application too: whoever has seen a page does not ask for it again for weeks, and gets no new version of it, nor of the scripts that it names.',
  remedy:
    'Write `ExpiresByType text/html "access plus 0 seconds"`, or put the header into a `<FilesMatch>` for pictures, styles and scripts',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_expires.html#expiresdefault',
    'https://httpd.apache.org/docs/2.4/mod/mod_headers.html#header',
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
      title: 'a header for everything',
      files: tree('Header set Cache-Control «"public, max-age=31536000, immutable"»'),
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
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const named = (name: string) => everywhere(configuration, files, name)
      yield* pagesByType(configuration, files)
      yield* pagesByHeader(configuration, files)
      const lines = named('expiresdefault').filter(line => secondsOf(line.args[0]?.value ?? '') >= LONG)
      if (lines.length === 0) continue
      const others = ['expiresbytype', 'expiresactive', 'expiresdefault', 'header'].flatMap(named)
      for (const line of lines) {
        const directory = directoryOf(configuration, files, line)
        if (directory === null || others.some(other => other !== line && mayLeaveOut(other, line))) continue
        const page = ['index.html', 'index.htm'].find(
          name => files.kind(posix.join(directory, name)) === 'file',
        )
        if (page === undefined) continue
        yield {
          at: argumentPlace(line, 0),
          message: `this holds for \`${page}\` too, so browsers do not ask for it again for ${daysOf(secondsOf(line.args[0]?.value ?? ''))} days`,
          label: 'for every type',
        }
      }
    }
  },
})

/** Lines that name the type of pages itself. */
function* pagesByType(configuration: ApacheConfiguration, files: FileSystem) {
  const lines = everywhere(configuration, files, 'expiresbytype').filter(
    ({ args: [type, time] }) =>
      /^text\/html$/i.test(type?.value ?? '') && secondsOf(time?.value ?? '') >= LONG,
  )
  if (lines.length === 0) return
  const isActive = everywhere(configuration, files, 'expiresactive').some(({ args }) =>
    /^on$/i.test(args[0]?.value ?? ''),
  )
  const headers = everywhere(configuration, files, 'header')
  for (const line of isActive ? lines : []) {
    if (headers.some(({ source, args }) => source === line.source && args.some(isOfCaching))) continue
    yield {
      at: argumentPlace(line, 1),
      confidence: 'medium' as const,
      message: `browsers keep every page for ${daysOf(secondsOf(line.args[1]?.value ?? ''))} days, and do not ask for it again`,
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
    const directory = servedBy(configuration, files, line)
    const page = PAGES.find(each => directory !== null && files.kind(posix.join(directory, each)) === 'file')
    if (page === undefined) continue
    yield {
      at: argumentPlace(line, words.indexOf(value)),
      message: `this holds for \`${page}\` too, so browsers do not ask for it again for ${daysOf(age)} days`,
      label: 'for every URL',
    }
  }
}

const PAGES = ['index.html', 'index.htm', 'index.php']

/** True for another line of caching that may hold for pages of the same site. */
function isBeside(other: ApacheDirective, line: ApacheDirective): boolean {
  return other.source === line.source || virtualHostSection(other) === null
}

/** Whose pages a line holds for that says something of every URL; null for any other, and in doubt. */
function servedBy(
  configuration: ApacheConfiguration,
  files: FileSystem,
  line: ApacheDirective,
): string | null {
  const { parent } = line
  if (parent === null || parent.name === 'VirtualHost') return directoryOf(configuration, files, line)
  const host = virtualHostSection(line)
  if (host === null) return null
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
  if (other.source !== source && other.parent !== null && other.parent !== parent) return false
  const words = other.args.map(({ value }) => value)
  if (/^header$/i.test(other.name)) return other.args.some(isOfCaching)
  if (/^expiresbytype$/i.test(other.name)) return /^text\/html$/i.test(words[0] ?? '')
  return other.parent !== parent && other.source === source
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
