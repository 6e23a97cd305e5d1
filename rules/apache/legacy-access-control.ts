import { posix } from 'node:path'
import { groupBy } from '../../parsers/collections/group-by.ts'
import {
  propose,
  removeDirective,
  replacePlace,
  directivePlace,
  isOwnText,
} from '../../src/deployment/edits.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, OLD_ACCESS } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'
import {
  type ApacheConfiguration,
  type ApacheDirective,
  isModuleLoaded,
} from '../../src/servers/apache/configuration.ts'
import { compareVersions } from '../../src/servers/version.ts'
import { conditionsAround } from '../../src/servers/apache/queries/conditions-around.ts'

const LEGACY = new Set(['order', 'allow', 'deny', 'satisfy'])
const SECTION = conf`
  <Directory /srv/app>
      «Order» deny,allow
      Allow from all
  </Directory>
`

export default defineRule({
  summary: 'Access is granted in the language of Apache 2.2',
  severity: 'info',
  otherSeverities: { error: 'where `Require all denied` of a parent directory still applies' },
  confidence: 'high',
  since: '0.1.0',
  advises: OLD_ACCESS,
  why: '`Order` and `Allow` only work through mod_access_compat, and they do not replace `Require all denied`: both have to admit a request. Under the `<Directory />` of a stock Apache 2.4 every request is a 403.',
  remedy: 'Write `Require all granted` instead',
  references: ['https://httpd.apache.org/docs/2.4/upgrading.html#access'],
  bad: [
    { title: 'a directory opened as in 2.2', files: { 'site.conf': SECTION } },
    {
      title: 'one file of a directory, below the root that 2.4 closes',
      files: {
        'site.conf': conf`
          <Directory />
              Require all denied
          </Directory>
          <Directory /srv/app>
              <Files wsgi.py>
                  «Order» deny,allow
                  Allow from all
              </Files>
          </Directory>
        `,
      },
    },
    {
      title: 'below the root that 2.4 closes',
      files: {
        'site.conf': conf`
          <Directory />
              Require all denied
          </Directory>
          ${SECTION}
        `,
      },
    },
  ],
  good: [
    {
      title: 'files of a directory that grants access',
      files: {
        'site.conf': conf`
          <Directory />
              Require all denied
          </Directory>
          <Directory /srv/app>
              Require all granted
              <Files wsgi.py>
                  Require all granted
              </Files>
          </Directory>
        `,
      },
    },
    {
      title: 'files of a directory that nobody may read, denied once more',
      files: {
        'site.conf': conf`
          <Directory /srv/app/conf>
              Require all denied
              <Files *.php>
                  <IfModule mod_access_compat.c>
                      Order deny,allow
                      Deny from all
                  </IfModule>
              </Files>
          </Directory>
        `,
      },
    },
    {
      title: 'as in 2.4',
      files: {
        'site.conf': conf`
          <Directory /srv/app>
              Require all granted
          </Directory>
        `,
      },
    },
    {
      title: 'in a section that says why',
      files: {
        'site.conf': conf`
          <Directory /srv/app>
              <IfModule mod_access_compat.c>
                  Order deny,allow
                  Allow from all
              </IfModule>
          </Directory>
        `,
      },
    },
    {
      title: 'for a server of the old kind alone',
      files: {
        'etc/apache2/apache2.conf': apacheMain(conf`
          Listen 127.0.0.1:9000
          <Directory /srv/app>
              <IfModule !mod_authz_core.c>
                  Order deny,allow
                  Allow from all
              </IfModule>
              Require all granted
          </Directory>
        `),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      if (compareVersions(configuration.version.value, '2.4') < 0) continue
      // Without the module httpd knows none of the names, which the syntax rule says.
      if (isModuleLoaded(configuration, 'access_compat_module') === false) continue
      const lines = ['order', 'allow', 'deny'].flatMap(name => configuration.occurrences.get(name) ?? [])
      const sections = groupBy(lines, ({ parent }) => parent)
      if (sections.size === 0) continue
      const byDirectory = requiresByDirectory(configuration)
      const working: Legacy[] = []
      for (const [section, own] of sections) {
        const [line] = [...own].sort((a, b) => a.nameStart - b.nameStart)
        if (line === undefined) continue
        const group = (section?.children ?? configuration.top).filter(({ name }) =>
          LEGACY.has(name.toLowerCase()),
        )
        const requires = (section?.children ?? []).some(({ name }) => /^Require/.test(name))
        const closer = requires || section === null ? null : closedAbove(section, byDirectory)
        const isOpen = section !== null && !requires && grantsAll(group)
        const legacy = { line, group, isOpen }
        if (closer === null || deniesAll(group)) {
          if (!isForOldServers(line)) working.push(legacy)
          continue
        }
        yield {
          at: namePlace(line),
          severity: 'error',
          message: `\`Order\` and \`Allow\`${whereOf(line)} do not lift \`Require all denied\` of the directory above, so every request is a 403`,
          related: [{ at: argumentPlace(closer, 0), message: 'still in force here' }],
          help: helpFor(legacy),
          ...modernise([legacy]),
        }
      }
      const [first, ...others] = working
      if (first === undefined) continue
      const more = others.length === 0 ? '' : `, here and in ${others.length} more`
      yield {
        at: namePlace(first.line),
        message: `access${whereOf(first.line)} is controlled by \`${placeText(namePlace(first.line))}\`, which Apache 2.4 keeps only for old configurations${more}`,
        related: others
          .slice(0, MOST_SHOWN)
          .map(({ line }) => ({ at: namePlace(line), message: 'here too' })),
        help: helpFor(first),
        ...modernise(working),
      }
    }
  },
})

/** The lines of one section in the language of 2.2. */
interface Legacy {
  /** The first of them. */
  readonly line: ApacheDirective
  readonly group: readonly ApacheDirective[]
  /** True where they let every client in and nothing else in the section is about access. */
  readonly isOpen: boolean
}

const MOST_SHOWN = 5

function whereOf({ parent }: ApacheDirective): string {
  return parent === null ? '' : ` in \`<${parent.name} ${parent.args[0]?.value ?? ''}>\``
}

function helpFor({ group }: Legacy): string {
  return grantsAll(group)
    ? 'Write `Require all granted` in place of these lines'
    : 'Translate the lines to `Require`'
}

/** True where the lines themselves say that they are for servers that still need them. */
function isForOldServers(line: ApacheDirective): boolean {
  return conditionsAround(namePlace(line)).some(
    ({ name, asks }) =>
      (name === 'ifmodule' &&
        /^(?:mod_access_compat(?:\.c)?|access_compat_module|!(?:mod_authz_core(?:\.c)?|authz_core_module))$/.test(
          asks,
        )) ||
      (name === 'ifversion' && /^(?:<|!>=)/.test(asks)),
  )
}

/** The last `Require` line of each directory that has a section with one. */
function requiresByDirectory({ occurrences }: ApacheConfiguration): ReadonlyMap<string, ApacheDirective> {
  const byDirectory = new Map<string, ApacheDirective>()
  for (const section of occurrences.get('directory') ?? []) {
    const path = directory(section)
    const require = path === null ? undefined : section.children.findLast(({ name }) => /^Require/.test(name))
    if (path !== null && require !== undefined) byDirectory.set(path, require)
  }
  return byDirectory
}

/** The `Require all denied` that holds for a directory from its own path or the nearest above; null for any other. */
function closedAbove(
  section: ApacheDirective,
  requires: ReadonlyMap<string, ApacheDirective>,
): ApacheDirective | null {
  // What stands in a section of files is laid over that of their directory.
  const outer = /^Files(?:Match)?$/.test(section.name) ? section.parent : section
  if (outer?.name !== 'Directory') return null
  for (let path = directory(outer); path !== null; path = path === '/' ? null : posix.dirname(path)) {
    const closest = requires.get(path)
    if (closest === undefined) continue
    const [first, second] = closest.args
    const isDenied = first?.value.toLowerCase() === 'all' && second?.value.toLowerCase() === 'denied'
    return isDenied ? closest : null
  }
  return null
}

/** The directory of a `<Directory>` that stands for one path; null for patterns. */
function directory({ args }: ApacheDirective): string | null {
  const path = args[0]?.value
  if (path === undefined || !path.startsWith('/') || /[*?[]/.test(path)) return null
  return path === '/' ? path : path.replace(/\/+$/, '')
}

/** `Order` in either sense with `Allow from all`, and no exception. */
function grantsAll(group: readonly ApacheDirective[]): boolean {
  return (
    group.some(
      ({ name, args }) =>
        name.toLowerCase() === 'allow' &&
        args.map(({ value }) => value.toLowerCase()).join(' ') === 'from all',
    ) && group.every(({ name }) => ['order', 'allow'].includes(name.toLowerCase()))
  )
}

/** True where they let nobody in, as nobody is let in without them. */
function deniesAll(group: readonly ApacheDirective[]): boolean {
  const says = (wanted: string): boolean =>
    group.some(
      ({ name, args }) => `${name} ${args.map(({ value }) => value).join(' ')}`.toLowerCase() === wanted,
    )
  if (group.some(({ name }) => name.toLowerCase() === 'allow')) return false
  return says('deny from all') || says('order allow,deny')
}

function modernise(all: readonly Legacy[]) {
  const edits = all.flatMap(({ group, isOpen }) => {
    const [first, ...rest] = [...group].sort((a, b) => a.start - b.start)
    if (!isOpen || first === undefined || !isOwnText(first)) return []
    return [replacePlace(directivePlace(first), 'Require all granted'), ...rest.map(removeDirective)]
  })
  return edits.length === 0 ? {} : propose('Grant access as Apache 2.4 does', 'unsafe', edits)
}
