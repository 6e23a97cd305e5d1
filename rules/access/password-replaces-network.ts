import { groupBy } from '../../parsers/collections/group-by.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { mainServerLines } from '../../src/servers/apache/queries/main-server-lines.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { directoryPath, sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { apacheSite } from '../_examples.ts'
import { type Admission, admissionOf } from './_require-scopes.ts'

const main = (lines: string): string =>
  apacheSite(lines, ['authz_host', 'authz_user', 'authn_core', 'authn_file', 'auth_basic'])
const PASSWORD = conf`
  AuthType Basic
  AuthName Team
  AuthUserFile /etc/apache2/users
  Require valid-user
`
const MARKED = PASSWORD.replace('Require', '«Require»')
const OFFICE = conf`
  <Directory /srv/www>
      AllowOverride AuthConfig
      Require ip 10.0.0.0/8
  </Directory>
`
const ACCOUNTS = { 'etc/apache2/users': 'ann:$apr1$1$aaaaaaaaaaaaaaaaaaaaaa' }

export default defineRule({
  summary: 'A password replaces the addresses that the section around it asks for',
  severity: 'info',
  otherSeverities: { warning: 'for what is called an administration' },
  confidence: 'medium',
  securitySeverity: 5.3,
  cwe: [863],
  since: '0.1.0',
  why: 'The `Require` lines of an inner directory or of a later `<Location>` take the place of the outer ones: `AuthMerging` is off. A site for the addresses of the office is open to the whole internet where a password is asked for, which was meant to be asked for as well.',
  remedy:
    'Write `AuthMerging And` into the inner section, or the addresses and the password into one `<RequireAll>`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_authz_core.html#authmerging'],
  bad: [
    {
      title: 'an administration',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ${OFFICE}
          <Directory /srv/www/admin>
              ${MARKED}
          </Directory>
        `),
        ...ACCOUNTS,
        'srv/www/admin/page.txt': 'members',
      },
    },
    {
      title: 'a directory with a file of its own: advice',
      files: {
        'etc/apache2/apache2.conf': main(OFFICE),
        ...ACCOUNTS,
        'srv/www/staff/.htaccess': MARKED,
        'srv/www/staff/page.txt': 'members',
      },
    },
    {
      title: 'a location: advice',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Location />
              Require host example.com
          </Location>
          <Location /staff>
              ${MARKED}
          </Location>
        `),
        ...ACCOUNTS,
      },
    },
  ],
  good: [
    {
      title: 'both are asked for',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ${OFFICE}
          <Directory /srv/www/admin>
              AuthMerging And
              ${PASSWORD}
          </Directory>
        `),
        ...ACCOUNTS,
        'srv/www/admin/page.txt': 'members',
      },
    },
    {
      title: 'the addresses once more, or one of both on purpose',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ${OFFICE}
          <Directory /srv/www/admin>
              ${PASSWORD.replace('Require', '<RequireAll>\nRequire ip 10.0.0.0/8\nRequire')}
              </RequireAll>
          </Directory>
          <Directory /srv/www/partners>
              ${PASSWORD}
              Require ip 10.0.0.0/8
          </Directory>
        `),
        ...ACCOUNTS,
      },
    },
    {
      title: 'a directory that is open, and one for the office',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Directory /srv/www>
              Require all granted
          </Directory>
          <Directory /srv/www/admin>
              ${PASSWORD}
          </Directory>
          <Directory /srv/www/office>
              Require ip 10.0.0.0/8
          </Directory>
          <Directory /srv/www/office/open>
              Require all granted
          </Directory>
          <Directory /srv/www/office/open/admin>
              ${PASSWORD}
          </Directory>
        `),
        ...ACCOUNTS,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      if (!configuration.occurrences.has('require')) continue
      for (const { scopes, isOrdered } of scopesOf(configuration, filesOf(configuration))) {
        for (const [index, inner] of scopes.entries()) {
          if (inner.letIn !== 'user' || !inner.isPlain || inner.module !== 'authz_core') continue
          const outer = scopes
            .slice(0, isOrdered ? index : undefined)
            .filter(({ path }) => path !== inner.path && inner.path.startsWith(path))
            .reduce<Scope | null>((a, b) => (a === null || b.path.length >= a.path.length ? b : a), null)
          if (outer === null || outer.letIn !== 'network' || !outer.isPlain) continue
          if (outer.module !== 'authz_core') continue
          yield {
            at: namePlace(inner.lines[0]!),
            ...(ADMINISTRATION.test(inner.path) && { severity: 'warning' as const }),
            message: `\`${inner.words}\` replaces \`${outer.words}\` of \`${outer.path}\`: with a password \`${inner.path}\` is open to any address`,
            label: 'any address',
            related: [{ at: namePlace(outer.lines[0]!), message: 'does not hold there' }],
          }
        }
      }
    }
  },
})

/** What nobody means to be open further than the rest of a site. */
const ADMINISTRATION =
  /\/(?:[\w.-]*admin[\w.-]*|manage(?:r|ment)?|config|setup|install|internal|private)\/(?:[^/]+\/)?$/i

interface Scope extends Admission {
  /** Of a directory or a URL, with its last slash. */
  readonly path: string
}

interface Scopes {
  readonly scopes: readonly Scope[]
  /** True where a section holds over those before it alone. */
  readonly isOrdered: boolean
}

/** The directories of each virtual host with those of the main server, and its locations. */
function* scopesOf(configuration: ApacheConfiguration, files: FileSystem): Iterable<Scopes> {
  const laid = groupBy(
    htaccessFiles(configuration, files),
    ({ virtualHost }) => virtualHost?.directive ?? null,
  )
  const main = mainServerLines(configuration)
  const hosts = configuration.occurrences.get('virtualhost') ?? []
  for (const host of [null, ...hosts]) {
    const own = host?.children ?? []
    const files = (laid.get(host) ?? [])
      .filter(({ overrides }) => overrides.known && overrides.value.reads)
      .flatMap(({ file, directory }) => scopeOf(directory, file.children))
    const directories = own.flatMap(section => sectionScope(section, 'Directory'))
    const shared = host === null || directories.length + files.length > 0 ? main : []
    const scopes = [
      ...shared.flatMap(section => sectionScope(section, 'Directory')),
      ...directories,
      ...files,
    ]
    yield { scopes, isOrdered: false }
    const lines = host === null ? main : own
    yield { scopes: lines.flatMap(section => sectionScope(section, 'Location')), isOrdered: true }
  }
}

function sectionScope(section: ApacheDirective, name: string): readonly Scope[] {
  if (section.name !== name) return []
  const { kind, text } = sectionPattern(section)
  // What is written for `/` is for the whole machine, and no site's own.
  if (kind !== 'plain' || !text.startsWith('/') || (name === 'Directory' && text === '/')) return []
  return scopeOf(directoryPath(text), section.children)
}

function scopeOf(path: string, children: readonly ApacheDirective[]): readonly Scope[] {
  const admission = admissionOf(children)
  return admission === null ? [] : [{ ...admission, path }]
}
