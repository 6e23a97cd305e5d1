import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { isSettled } from '../../src/servers/apache/queries/places.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { argumentPlace as nginxArgumentPlace } from '../../src/deployment/places.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { compilePcre } from '../../src/servers/regex.ts'
import { patternPlace } from '../_apache-sections.ts'
import { apacheMain, nginxMain, nginxServer, servedHtaccess } from '../_examples.ts'
import { addedHeaders } from './_added-headers.ts'

const FONTS = { 'srv/www/fonts/text.woff2': 'font', 'srv/www/fonts/text.woff': 'font' }
const nginx = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${lines}
    `),
  ),
  ...FONTS,
})
const apache = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName static.example.org
          DocumentRoot /srv/www
          ${lines}
      </VirtualHost>
    `,
    ['headers'],
  ),
  ...FONTS,
})

export default defineRule({
  summary: 'Fonts may be used by other sites, except those that browsers ask for',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Browsers use a font of another origin only with `Access-Control-Allow-Origin`, and of several formats they take `woff2`. A list of extensions that was written before it existed gives the header to all the others.',
  remedy: 'Write `woff2?` in the list',
  references: ['https://www.w3.org/TR/css-fonts-4/#font-fetching-requirements'],
  bad: [
    {
      title: 'a location of nginx',
      files: nginx(conf`
        location ~* «\.(?:ttf|otf|eot|woff|svg)$» {
            add_header Access-Control-Allow-Origin "*";
        }
      `),
    },
    {
      title: 'a section of Apache',
      files: apache(conf`
        <FilesMatch «"\.(ttf|otf|eot|woff|svg)$"»>
            Header set Access-Control-Allow-Origin "*"
        </FilesMatch>
      `),
    },
    {
      title: 'in .htaccess',
      files: {
        ...servedHtaccess(conf`
          <IfModule mod_headers.c>
              <FilesMatch «"\.(eot|otf|tt[cf]|woff)$"»>
                  Header set Access-Control-Allow-Origin "*"
              </FilesMatch>
          </IfModule>
        `),
        ...FONTS,
      },
    },
  ],
  good: [
    {
      title: 'with it',
      files: nginx(conf`
        location ~* \.(?:ttf|otf|eot|woff2?|svg)$ {
            add_header Access-Control-Allow-Origin "*";
        }
      `),
    },
    {
      title: 'the header for all files, or for those in a location of their own',
      files: nginx(conf`
        add_header Access-Control-Allow-Origin "*";
        location ~* \.(?:ttf|otf|eot|woff|svg)$ {
            add_header Access-Control-Allow-Origin "*";
        }
      `),
    },
    {
      title: 'a section of its own',
      files: apache(conf`
        <FilesMatch "\.(ttf|otf|eot|woff|svg)$">
            Header set Access-Control-Allow-Origin "*"
        </FilesMatch>
        <FilesMatch "\.woff2$">
            Header set Access-Control-Allow-Origin "*"
        </FilesMatch>
      `),
    },
    {
      title: 'no such file',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            location ~* \.(?:ttf|otf|eot|woff|svg)$ {
                add_header Access-Control-Allow-Origin "*";
            }
          `),
        ),
        'srv/www/fonts/text.woff': 'font',
      },
    },
  ],
  *check({ nginx: configurations, apache: servers, filesOf }) {
    for (const configuration of configurations) {
      for (const line of configuration.occurrences.get('add_header') ?? []) {
        const { parent } = line
        if (line.args[0]?.value.toLowerCase() !== NAME || parent?.name !== 'location') continue
        if (parent.parent?.name !== 'server' || !leavesOut(patternOf(parent))) continue
        if (isGivenByNginx(configuration, parent.parent)) continue
        const base = fileBase(configuration, parent)
        if (!base.known || base.value.path.includes('$')) continue
        if (!holdsFont(filesOf(configuration), base.value.path)) continue
        yield { at: nginxArgumentPlace(parent, parent.args.length - 1), message: MESSAGE }
      }
    }
    for (const configuration of servers) {
      for (const line of configuration.occurrences.get('header') ?? []) {
        const { parent } = line
        if (parent === null || !isSent(line) || !isOfOlder(line)) continue
        const host = virtualHostSection(parent)
        const root = directivesIn(configuration, host, 'documentroot').at(-1)?.args[0]?.value
        if (root === undefined || !isSettled(root) || isGivenByApache(configuration, host)) continue
        if (!holdsFont(filesOf(configuration), root)) continue
        yield { at: patternPlace(parent), message: MESSAGE }
      }
      for (const { file, directory } of htaccessFiles(configuration, filesOf(configuration))) {
        const lines = (file.occurrences.get('header') ?? []).filter(isSent)
        if (lines.length === 0 || !lines.every(isOfOlder) || !holdsFont(filesOf(configuration), directory))
          continue
        if ((configuration.occurrences.get('header') ?? []).some(isSent)) continue
        for (const { parent } of lines)
          if (parent !== null) yield { at: patternPlace(parent), message: MESSAGE }
      }
    }
  },
})

const NAME = 'access-control-allow-origin'
const MESSAGE =
  '`.woff2` is not in the list, so other sites may not use the fonts that browsers ask for first'

/** True for a list of suffixes with the older one of the two. */
function leavesOut(pattern: string | undefined): boolean {
  if (pattern === undefined || !/\bwoff\b/.test(pattern)) return false
  const compiled = compilePcre(pattern, {})
  return compiled !== null && compiled.test('/x.woff') === true && compiled.test('/x.woff2') === false
}

function patternOf(location: NginxDirective): string | undefined {
  const { modifier, name } = readLocation(location)
  return modifier.startsWith('~') ? name : undefined
}

/** True where the server itself, or another location by suffixes, gives the header too. */
function isGivenByNginx(configuration: NginxConfiguration, server: NginxDirective): boolean {
  const isGiven = (block: NginxDirective): boolean =>
    addedHeaders(configuration, block)?.some(({ name }) => name === NAME) !== false
  return (
    isGiven(server) ||
    childrenNamed(server, 'location').some(location => {
      const pattern = patternOf(location)
      const isOfFont =
        pattern === undefined
          ? /font/i.test(readLocation(location).name)
          : compilePcre(pattern, {})?.test('/fonts/x.woff2') !== false
      return isOfFont && isGiven(location)
    })
  )
}

function isSent({ args }: ApacheDirective): boolean {
  return args.some(({ value }) => value.toLowerCase() === NAME)
}

function isOfOlder({ parent }: ApacheDirective): boolean {
  if (parent === null || !/^Files(?:Match)?$/.test(parent.name)) return false
  const { kind, text } = sectionPattern(parent)
  return kind === 'regex' && leavesOut(text)
}

/** True where any other line of the virtual host gives the header to such a file. */
function isGivenByApache(configuration: ApacheConfiguration, host: ApacheDirective | null): boolean {
  return (configuration.occurrences.get('header') ?? []).some(line => {
    if (!isSent(line)) return false
    const home = virtualHostSection(line)
    if (home !== null && home !== host) return false
    return !isOfOlder(line)
  })
}

/** Where sites keep their fonts, below the root. */
const DIRECTORIES = [
  '',
  '/fonts',
  '/webfonts',
  '/assets/fonts',
  '/static/fonts',
  '/css/fonts',
  '/assets',
  '/static',
]

function holdsFont(files: FileSystem, root: string): boolean {
  const base = root.replace(/\/$/, '')
  return DIRECTORIES.some(directory =>
    (files.list(base + directory) ?? []).some(({ name, kind }) => kind === 'file' && name.endsWith('.woff2')),
  )
}
