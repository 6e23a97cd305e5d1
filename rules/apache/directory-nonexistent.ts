import { posix } from 'node:path'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { directivesByHost, virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { apacheMain } from '../_examples.ts'

export default defineRule({
  summary: 'A Directory section for a directory that is not there',
  severity: 'info',
  otherSeverities: {
    warning: 'for a relative path of which nothing is served where httpd is started in `/`',
    error: 'for the path of a URL, whose directory is below the document root or that of an alias',
  },
  confidence: 'medium',
  since: '0.1.0',
  why: 'Apache takes any path without looking. A relative one is taken from the directory that httpd is started in, which is `/` for a service. A section for a directory that has another name applies to nothing, and the directory that was meant is left to what holds above it.',
  remedy: 'Write the absolute path of the directory',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#directory'],
  bad: [
    {
      title: 'a relative path',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          DocumentRoot /srv/www
          <Directory />
          Require all denied
          </Directory>
          <Directory «srv/www»>
          Require all granted
          </Directory>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a path that is relative to the root of the server, as it is nowhere',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          DocumentRoot /srv/www/htdocs
          <Directory «htdocs»>
          Require all granted
          </Directory>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a directory with another name',
      files: {
        'etc/apache2/apache2.conf': conf`
          <Directory «/etc/app»>
          Require all denied
          </Directory>
        `,
        'etc/apps/settings.ini': '',
      },
    },
    {
      title: 'the path of a URL',
      files: {
        'etc/apache2/apache2.conf': apacheMain(conf`
          Listen 80
          ServerName example.org
          DocumentRoot /srv/www
          <Directory «/admin»>
              Require all denied
          </Directory>
        `),
        'srv/www/admin/page.txt': 'secret',
      },
    },
    {
      title: 'the URL of an alias',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          <Directory /srv>
          Require all granted
          </Directory>
          Alias /tools /srv/tools/public
          <Directory «/tools»>
          Require ip 192.0.2.0/24
          </Directory>
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'an absolute path',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          DocumentRoot /srv/www
          <Directory />
          Require all denied
          </Directory>
          <Directory /srv/www>
          Require all granted
          </Directory>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a quote that ends no word, which is told as such',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          DocumentRoot /srv/www
          <Directory “/srv/www”>
          Require all granted
          </Directory>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'paths that something puts in',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          <Directory "{{ROOT}}/htdocs">
          Require all granted
          </Directory>
          <Directory DOCUMENT_ROOT/files>
          Require all denied
          </Directory>
          <Directory "[[ROOT]]/cgi-bin">
          Require all denied
          </Directory>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a directory, its parent, a pattern, and what lies outside the audit',
      files: {
        'etc/apache2/apache2.conf': conf`
          <Directory /etc/apps/>
          Require all denied
          </Directory>
          <Directory />
          Require all denied
          </Directory>
          <Directory "/etc/*/x">
          Require all denied
          </Directory>
          <Directory /srv/www>
          Require all granted
          </Directory>
        `,
        'etc/apps/settings.ini': '',
      },
    },
    {
      title: 'directories that are called as URLs are',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /app/public
          Alias /app /app/public
          Alias /data /data/
          <Directory /app>
          Require all granted
          </Directory>
          <Directory /data>
          Require all granted
          </Directory>
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const section of configuration.occurrences.get('directory') ?? []) {
        const { kind, text } = sectionPattern(section)
        // httpd on Windows: `c:/www`.
        if (/^[a-z]:[\\/]/i.test(text)) continue
        if (text === '' || kind === 'unknown' || kind === 'regex' || text.startsWith('proxy:')) continue
        if (!text.startsWith('/')) {
          // Words that a script puts a path in the place of: `DOCUMENT_ROOT/files`, `[[root]]`, `$root`.
          if (/^(?:[$[]|[A-Z][A-Z0-9]*_?[A-Z0-9_]*(?:\/|$))/.test(text)) continue
          // A typographic quote, which is told by itself.
          if (/^[“”„«»‘’]/.test(text)) continue
          const isServed = kind !== 'plain' || isServedFrom(configuration, posix.normalize(`/${text}`))
          yield {
            at: argumentPlace(section, 0),
            message: `\`${text}\` is a relative path, which httpd takes from the directory that it is started in${
              isServed
                ? `: \`/${text}\` for a service, and another one for whoever starts it elsewhere`
                : `, as \`/${text}\` for a service, from which nothing is served, so the section applies to nothing`
            }`,
            severity: isServed ? 'info' : 'warning',
            confidence: 'high',
          }
        } else if (kind === 'plain') {
          const path = posix.normalize(text)
          const meant =
            directoryOfAlias(configuration, path) ?? directoryOfUrl(configuration, files, section, path)
          // A file of that name would do no better, but a link may lead out of the audit.
          if (
            (meant === null && !files.covers(path)) ||
            files.kind(path) !== null ||
            isLink(files.list(posix.dirname(path)), path)
          )
            continue
          yield {
            at: argumentPlace(section, 0),
            message:
              meant !== null && !files.covers(path)
                ? `\`${path}\` is the path of a URL, whose directory is \`${meant}\`, so the section applies to nothing`
                : `the directory ${path} is not there, so the section applies to nothing`,
            ...(meant === null
              ? {}
              : {
                  severity: 'error' as const,
                  help: `\`<Directory>\` takes a path of the file system: write \`${meant}\``,
                }),
          }
        }
      }
    }
  },
})

/** The directory that a path of a URL leads to, where a document root that the section is about has it. */
function directoryOfUrl(
  configuration: ApacheConfiguration,
  files: FileSystem,
  section: ApacheDirective,
  path: string,
): string | null {
  if (!/^\/[^/]+\/?$/.test(path)) return null
  const host = virtualHostSection(section)
  const roots =
    host === null
      ? configuration.occurrences.get('documentroot')
      : directivesByHost(configuration, 'documentroot').get(host)
  for (const { args } of roots ?? []) {
    const root = args[0]?.value ?? ''
    const meant = root.replace(/\/$/, '') + path
    if (root.startsWith('/') && files.kind(meant.replace(/\/$/, '')) === 'directory') return meant
  }
  return null
}

/** The directory of an alias that is called as a section is; null where something lies below that path itself. */
function directoryOfAlias(configuration: ApacheConfiguration, path: string): string | null {
  const bare = path.replace(/\/$/, '')
  return aliasesOf(configuration).get(bare) ?? null
}

/** By the path of the URL, those whose path is that of no directory that is served. */
const aliasesOf = memo(({ occurrences }: ApacheConfiguration): ReadonlyMap<string, string> => {
  const served = new Set<string>()
  const found = new Map<string, string>()
  for (const [name, index] of SERVED) {
    for (const { args } of occurrences.get(name) ?? []) {
      const target = args[index]?.value ?? ''
      for (let end = target.length; end > 0; end = target.lastIndexOf('/', end - 1))
        served.add(target.slice(0, end).replace(/\/$/, ''))
      const path = (args[0]?.value ?? '').replace(/\/$/, '')
      if (index === 1 && /^\/./.test(path) && target.startsWith('/') && isSettled(path) && isSettled(target))
        found.set(path, target)
    }
  }
  for (const path of found.keys()) if (served.has(path)) found.delete(path)
  return found
})

/** True where something that is served, or may be, lies below a directory or above it. */
function isServedFrom({ occurrences }: ApacheConfiguration, directory: string): boolean {
  const path = `${directory.replace(/\/$/, '')}/`
  return SERVED.some(([name, index]) =>
    (occurrences.get(name) ?? []).some(({ args }) => {
      const target = `${(args[index]?.value ?? '').replace(/\/$/, '')}/`
      return !isSettled(target) || target.startsWith(path) || path.startsWith(target)
    }),
  )
}

const SERVED = [
  ['documentroot', 0],
  ['alias', 1],
  ['scriptalias', 1],
  ['wsgiscriptalias', 1],
  ['virtualdocumentroot', 0],
] as const

function isLink(entries: readonly { readonly name: string }[] | null, path: string): boolean {
  const name = posix.basename(path)
  return entries?.some(entry => entry.name === name) === true
}
