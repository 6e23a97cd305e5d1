import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Source } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { filesApplies, sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { patternPlace } from '../_apache-sections.ts'

const SITE = conf`
  <VirtualHost *:80>
      ServerName example.org
      DocumentRoot /srv/shop
      <Directory /srv/shop>
          Require all granted
      </Directory>
  </VirtualHost>
`
const tool = (lines: string, inside = ''): string => conf`
  Alias /tool /usr/share/tool
  <Directory /usr/share/tool>
      Options -Indexes
      Require all granted
      ${inside}
  </Directory>
  ${lines}
`
const DENIED = conf`
  <Files «~ "\.json$"»>
      Require all denied
  </Files>
`

export default defineRule({
  summary: 'A section of one application denies a kind of file to every site',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Outside of `<Directory>` and `<VirtualHost>` a `<Files>` section holds for the whole server. Written beside the `Alias` of one application, it answers the files of that name on every other site with 403 too.',
  remedy: 'Write the section inside of the `<Directory>` of the application',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/core.html#files',
    'https://httpd.apache.org/docs/2.4/sections.html#merging',
  ],
  bad: [
    {
      title: 'beside the alias of an application',
      files: {
        'tool.conf': tool(DENIED.replace('«~ "\\.json$"»', '~ «"\\.json$"»')),
        'site.conf': SITE,
      },
    },
    {
      title: 'in the words of 2.2',
      files: {
        'conf.d/tool.conf': conf`
          Alias /%alias% /usr/share/tool
          <Directory /usr/share/tool>
              Order Deny,Allow
              Allow from All
          </Directory>
          <FilesMatch «"\.(txt|md)$"»>
              Order Deny,Allow
              Deny from all
          </FilesMatch>
        `,
      },
    },
  ],
  good: [
    {
      title: 'inside of the directory',
      files: {
        'tool.conf': tool(
          '',
          conf`
            <Files ~ "\.json$">
                Require all denied
            </Files>
          `,
        ),
        'site.conf': SITE,
      },
    },
    {
      title: 'files that no site wants to serve',
      files: {
        'tool.conf': tool(conf`
          <FilesMatch "\.(lock|ini|sql|bak|log)$">
              Require all denied
          </FilesMatch>
          <FilesMatch "^\.ht">
              Require all denied
          </FilesMatch>
          <Files "composer.json">
              Require all denied
          </Files>
        `),
        'site.conf': SITE,
      },
    },
    {
      title: 'a file that is about all sites',
      files: {
        'security.conf': conf`
          <FilesMatch "\.json$">
              Require all denied
          </FilesMatch>
        `,
        'site.conf': SITE,
      },
    },
    {
      title: 'a file of one site, with its own virtual host',
      files: {
        'site.conf': conf`
          Alias /tool /usr/share/tool
          <Directory /usr/share/tool>
              Require all granted
          </Directory>
          <FilesMatch "\.json$">
              Require all denied
          </FilesMatch>
          ${SITE}
        `,
      },
    },
    {
      title: 'an application that is the whole server',
      files: {
        'tool.conf': conf`
          Alias / /usr/share/tool/
          <Directory /usr/share/tool>
              Require all granted
          </Directory>
          <FilesMatch "\.json$">
              Require all denied
          </FilesMatch>
        `,
      },
    },
    {
      title: 'a section that keeps other machines out',
      files: {
        'tool.conf': tool(conf`
          <FilesMatch "^setup\.php$">
              Require local
          </FilesMatch>
        `),
        'site.conf': SITE,
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      for (const section of topSections(configuration)) {
        if (!deniesEverybody(section) || !isOfOneApplication(configuration, section.source)) continue
        const pattern = sectionPattern(section)
        const name = SERVED.find(each => filesApplies(pattern, each) === true)
        if (name === undefined) continue
        yield {
          at: patternPlace(section),
          message: `\`<${section.name}>\` stands outside of \`<Directory>\`, so every site answers \`${name}\` with 403`,
          label: 'holds for all sites',
        }
      }
    }
  },
})

/** Names that sites have for the public. */
const SERVED = [
  'data.json',
  'robots.txt',
  'sitemap.xml',
  'index.html',
  'app.js',
  'style.css',
  'logo.png',
  'index.php',
]

function deniesEverybody({ children }: ApacheDirective): boolean {
  const words = children.map(({ name, args }) =>
    [name, ...args.map(({ value }) => value)].join(' ').toLowerCase(),
  )
  return (
    words.includes('require all denied') ||
    (words.includes('deny from all') && !words.some(line => line.startsWith('allow ')))
  )
}

/** Sections of files that stand in no other one. */
function topSections({ occurrences }: ApacheConfiguration): readonly ApacheDirective[] {
  return ['files', 'filesmatch']
    .flatMap(name => occurrences.get(name) ?? [])
    .filter(({ parent }) => parent === null)
}

/** True for a file that brings one application to all sites: an alias for it below `/`, and sections of directories. */
function isOfOneApplication(configuration: ApacheConfiguration, source: Source): boolean {
  if (source === configuration.main) return false
  const own = topBySource(configuration).get(source) ?? []
  const has = (name: string): boolean => own.some(directive => directive.name.toLowerCase() === name)
  const aliases = own.filter(({ name }) => /^(?:Script)?Alias$/i.test(name))
  return (
    aliases.length > 0 &&
    aliases.every(({ args }) => args[0] !== undefined && args[0].value !== '/') &&
    has('directory') &&
    !['virtualhost', 'documentroot', 'listen', 'servername'].some(has)
  )
}

const topBySource = memo(({ top }: ApacheConfiguration) => groupBy(top, ({ source }) => source))
