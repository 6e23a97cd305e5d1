import { posix } from 'node:path'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
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

export default defineRule({
  summary: 'mod_expires has browsers keep the pages of a site, not its pictures alone',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`ExpiresDefault` holds for every type that no `ExpiresByType` names, `text/html` too, and snippets name `text/html` among pictures and styles: whoever has seen a page does not ask for it again for weeks, and gets no new version of it, nor of the scripts that it names.',
  remedy: 'Write `ExpiresByType text/html "access plus 0 seconds"`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_expires.html#expiresdefault'],
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
  ],
  good: [
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
