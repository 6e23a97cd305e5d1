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
import { regexApplies, sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { fromBytes } from '../../src/servers/regex.ts'
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
  summary: 'A Location grants what a Directory or a Files section restricts',
  severity: 'error',
  otherSeverities: {
    warning: 'for a section of files',
    info: 'for `.htaccess` and its like alone',
  },
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [863],
  since: '0.1.0',
  why: '`<Location>` is merged after every `<Directory>`, `<Files>` and `.htaccess`, and its `Require` replaces theirs. `Require all granted` in `<Location />` takes back every restriction of the whole site, that of `.ht*` too.',
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
    {
      title: 'what a section of files denies',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <FilesMatch "\.(yml|inc)$">
              Require all denied
          </FilesMatch>
          <Location />
              «Require» all granted
          </Location>
        `),
        'srv/www/index.html': 'page',
      },
    },
    {
      title: 'files of a directory, by .htaccess',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Location /private>
              «Require» all granted
          </Location>
        `),
        'srv/www/private/.htaccess': conf`
          <Files "*.sql">
              Require all denied
          </Files>
        `,
        ...PRIVATE,
      },
    },
  ],
  good: [
    {
      title: 'files that a location does not hold, and those that the old lines refuse',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Directory /srv/www/private>
              <Files "*.sql">
                  Require all denied
              </Files>
          </Directory>
          <Location /public>
              Require all granted
          </Location>
        `),
        ...PRIVATE,
      },
    },
    {
      title: 'a location that is proxied',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <FilesMatch "^\.ht">
              Require all denied
          </FilesMatch>
          <Location />
              Require all granted
              ProxyPass http://127.0.0.1:8000/
          </Location>
        `),
        ...PRIVATE,
      },
    },
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
      for (const { section, directory } of refusedFiles()) {
        const base = directory === null ? '/' : urlOfDirectory(asked, directory)
        const name = base === null ? null : sampleName(section)
        if (base === null || name === null) continue
        for (const below of basesOf(granting, base)) {
          const { end, steps } = askHost(deployment, asked, `${below}${name}`, { htaccess: 'read-alone' })
          if (end.kind !== 'file') continue
          const access = steps.findLast(({ kind }) => kind === 'access')?.at
          const line = granting
            .flatMap(({ children }) => children)
            .find(({ source, start }) => source === access?.source && start === access.start)
          if (line === undefined) continue
          yield {
            at: namePlace(line),
            severity: name.startsWith('.ht') ? ('info' as const) : ('warning' as const),
            message: `this grants \`${below}${name.replace(EXISTING, '…')}\` to everyone, which \`<${section.name}>\` denies`,
            related: [{ at: namePlace(section), message: 'replaced by the Location' }],
          }
          break
        }
      }

      function ofHost(name: string): readonly ApacheDirective[] {
        const byHost = directivesByHost(configuration, name)
        const main = byHost.get(null) ?? []
        return host === null ? main : [...main, ...(byHost.get(host.directive) ?? [])]
      }

      /** Sections of files that refuse everybody, with the directory that they are for. */
      function refusedFiles(): readonly RefusedFiles[] {
        const names = ['files', 'filesmatch']
        const written = names.flatMap(ofHost).flatMap((section): readonly RefusedFiles[] => {
          const { parent } = section
          const around = parent?.name.toLowerCase()
          if (parent !== null && around === 'directory')
            return [{ section, directory: parent.args[0]?.value ?? '' }]
          return parent === null || around === 'virtualhost' ? [{ section, directory: null }] : []
        })
        const laid = htaccessFilesOf(configuration, deployment.filesOf(configuration), host).flatMap(
          ({ file, directory }) =>
            names.flatMap(name => file.occurrences.get(name) ?? []).map(section => ({ section, directory })),
        )
        return [...written, ...laid].filter(({ section }) => section.children.some(deniesAll))
      }
    }
  },
})

interface RefusedFiles {
  readonly section: ApacheDirective
  /** Null for a section of the server itself. */
  readonly directory: string | null
}

/** The name of a file that a section is for; null where nobody can tell. */
function sampleName(section: ApacheDirective): string | null {
  const { kind, text } = sectionPattern(section)
  if (kind === 'unknown' || text.includes('/')) return null
  if (kind === 'plain') return text
  if (kind === 'wildcard')
    return /[[\]\\]/.test(text) ? null : text.replace('*', EXISTING).replace(/[*?]/g, 'x')
  for (const text of sampleTexts(sectionPattern(section).text).texts.map(fromBytes))
    for (const name of [`${EXISTING}${text}`, `${text}${EXISTING}`])
      if (!name.includes('/') && regexApplies({ kind, text: sectionPattern(section).text }, name) === true)
        return name
  return null
}

/** Where below a directory a location that grants may lie. */
function basesOf(granting: readonly ApacheDirective[], base: string): readonly string[] {
  const bases = new Set([base])
  for (const section of granting) {
    const { kind, text } = sectionPattern(section)
    if (kind === 'plain' && text.startsWith(base)) bases.add(text.endsWith('/') ? text : `${text}/`)
  }
  return [...bases].slice(0, 4)
}

function deniesAll({ name, args }: ApacheDirective): boolean {
  return name === 'Require' && args.map(({ value }) => value.toLowerCase()).join(' ') === 'all denied'
}

function grantsAll({ name, args }: ApacheDirective): boolean {
  return name === 'Require' && args.map(({ value }) => value.toLowerCase()).join(' ') === 'all granted'
}

function isRestriction({ name, args }: ApacheDirective): boolean {
  return name === 'Require' && !/^(?:all granted|not)/i.test(args.map(({ value }) => value).join(' '))
}

function restricts(children: readonly ApacheDirective[]): boolean {
  return children.some(isRestriction) && !children.some(grantsAll)
}
