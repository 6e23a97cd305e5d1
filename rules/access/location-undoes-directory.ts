import { placeText } from '../../parsers/text/source.ts'
import { askHost, type HostQuestion, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { CLIENT, EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { parseApacheNetwork } from '../../src/servers/addresses/apache.ts'
import { formatIp } from '../../src/servers/addresses/ip.ts'
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
  why: '`<Location>` is merged after every `<Directory>`, `<Files>` and `.htaccess`, and its `Require` replaces theirs. `Require all granted` in `<Location />` takes back every restriction of the whole site, that of `.ht*` too; `Require ip` gives what is denied there to those addresses.',
  remedy: 'Write the `Require` into `<Directory>` for the document root, or `AuthMerging And` beside it',
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
    {
      title: 'a denied directory, for the addresses of the office',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Directory /srv/www/private>
              Require all denied
          </Directory>
          <Location />
              «Require» ip 10.0.0.0/8 127.0.0.1
          </Location>
        `),
        ...PRIVATE,
      },
    },
    {
      title: 'what a section of files denies, for some addresses',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <FilesMatch "\.(yml|inc)$">
              Require all denied
          </FilesMatch>
          <Location />
              «Require» ip 10.1
          </Location>
        `),
        'srv/www/index.html': 'page',
      },
    },
  ],
  good: [
    {
      title: 'a directory for other addresses than its location',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Directory /srv/www/private>
              Require ip 10.0.0.0/8
          </Directory>
          <Location /private>
              Require ip 192.168.7.0/24
          </Location>
        `),
        ...PRIVATE,
      },
    },
    {
      title: 'addresses that both have to let in',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Directory /srv/www/private>
              Require all denied
          </Directory>
          <Location />
              AuthMerging And
              Require ip 10.0.0.0/8 127.0.0.1
          </Location>
        `),
        ...PRIVATE,
      },
    },
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
      const locations = ['location', 'locationmatch'].flatMap(ofHost)
      const letting = locations.flatMap(({ children }) => children.flatMap(whoIsLetIn))
      if (letting.length === 0) continue
      const sections = ofHost('directory').filter(({ children }) => restricts(children))
      const restricted = [
        ...sections.map(section => ({
          path: section.args[0]?.value ?? '',
          at: namePlace(section),
          isDenied: section.children.some(deniesAll),
        })),
        ...htaccessFilesOf(configuration, deployment.filesOf(configuration), host).flatMap(
          ({ file, directory }) => {
            const line = file.children.find(isRestriction)
            return line === undefined
              ? []
              : [{ path: directory, at: namePlace(line), isDenied: file.children.some(deniesAll) }]
          },
        ),
      ]
      for (const { path, at, isDenied } of restricted) {
        const url = urlOfDirectory(asked, path)
        if (url === null || url === '/') continue
        // What is for some addresses already may well be for others.
        const found = grantedBy(`${url}${EXISTING}.txt`, isDenied ? letting : letting.filter(isForAll))
        if (found === null || placeText(at) === '') continue
        yield {
          at: namePlace(found.line),
          message: `this grants \`${url}\` to ${found.who}, which is ${isDenied ? 'denied' : 'restricted'} as a directory`,
          related: [{ at, message: 'replaced by the Location' }],
        }
      }
      for (const { section, directory } of refusedFiles()) {
        const base = directory === null ? '/' : urlOfDirectory(asked, directory)
        const name = base === null ? null : sampleName(section)
        if (base === null || name === null) continue
        for (const below of basesOf(locations, base)) {
          // What Apache's own file denies nobody puts there for a few addresses.
          const lines = name.startsWith('.ht') ? letting.filter(isForAll) : letting
          const found = grantedBy(`${below}${name}`, lines, { htaccess: 'read-alone' })
          if (found === null) continue
          yield {
            at: namePlace(found.line),
            severity: name.startsWith('.ht') ? ('info' as const) : ('warning' as const),
            message: `this grants \`${below}${name.replace(EXISTING, '…')}\` to ${found.who}, which \`<${section.name}>\` denies`,
            related: [{ at: namePlace(section), message: 'replaced by the Location' }],
          }
          break
        }
      }

      /** Who gets a file by a line of a location; null where no such line decides. */
      function grantedBy(target: string, lines: readonly LetIn[], more: HostQuestion = {}): LetIn | null {
        const clients = [...new Set(lines.map(({ client }) => client))].slice(0, MOST_CLIENTS)
        for (const client of clients) {
          const { end, steps } = askHost(deployment, asked, target, { ...more, client })
          if (end.kind !== 'file') continue
          const access = steps.findLast(({ kind }) => kind === 'access')?.at
          const found = lines.find(
            ({ line, client: own }) =>
              own === client && line.source === access?.source && line.start === access.start,
          )
          if (found !== undefined) return found
        }
        return null
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

/** Where below a directory a location may lie. */
function basesOf(locations: readonly ApacheDirective[], base: string): readonly string[] {
  const bases = new Set([base])
  for (const section of locations) {
    const { kind, text } = sectionPattern(section)
    if (kind === 'plain' && text.startsWith(base)) bases.add(text.endsWith('/') ? text : `${text}/`)
  }
  return [...bases].slice(0, 4)
}

/** Somebody whom a `Require` of a location lets in. */
interface LetIn {
  readonly line: ApacheDirective
  /** The address of one of them. */
  readonly client: string
  readonly who: string
}

/** As many addresses are asked with. */
const MOST_CLIENTS = 4

function whoIsLetIn(line: ApacheDirective): readonly LetIn[] {
  if (grantsAll(line)) return [{ line, client: CLIENT, who: 'everyone' }]
  const [kind = '', ...networks] = line.args.map(({ value }) => value.toLowerCase())
  if (line.name !== 'Require' || kind !== 'ip') return []
  const ips = networks.map(text => parseApacheNetwork(text)?.ip)
  const [ip] = ips
  return ip === undefined || ips.includes(undefined)
    ? []
    : [{ line, client: formatIp(ip), who: `\`${networks.join(' ')}\`` }]
}

function isForAll({ line }: LetIn): boolean {
  return grantsAll(line)
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
