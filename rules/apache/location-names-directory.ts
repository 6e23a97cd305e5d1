import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { proxyPasses } from '../../src/servers/apache/queries/proxy-passes.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { virtualHostOf, virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { rewritingHost } from '../_rewriting-examples.ts'
import { keepsOut } from '../_apache-sections.ts'

export default defineRule({
  summary: 'A Location section for a directory of the file system',
  severity: 'warning',
  otherSeverities: { error: 'where it is to keep clients out' },
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [863],
  since: '0.1.0',
  why: '`<Location>` compares the path of the URL, which does not begin with the document root: `<Location /srv/www/admin>` is for `http://example.org/srv/www/admin`. The section applies to nothing, and what it denies is served.',
  remedy: 'Write `<Directory>`, or the path of the URL',
  references: ['https://httpd.apache.org/docs/2.4/sections.html#file-and-web'],
  bad: [
    {
      title: 'below the document root',
      files: {
        'site.conf': rewritingHost(conf`
          <Location «/srv/www/admin»>
              Require all denied
          </Location>
        `),
      },
    },
    {
      title: 'the document root itself, for options',
      files: {
        'site.conf': rewritingHost(conf`
          <Location «"/srv/www/"»>
              Options -Indexes
          </Location>
        `),
      },
    },
    {
      title: 'the directory of an alias',
      files: {
        'site.conf': rewritingHost(conf`
          Alias /media /srv/uploads
          <Location «/srv/uploads»>
              Require ip 192.0.2.0/24
          </Location>
        `),
      },
    },
  ],
  good: [
    {
      title: 'paths of URLs, and directories in their own sections',
      files: {
        'site.conf': rewritingHost(conf`
          Alias /media /srv/uploads
          <Location /media>
              Require ip 192.0.2.0/24
          </Location>
          <Location /srv>
              Require all denied
          </Location>
          <Directory /srv/uploads>
              Options -Indexes
          </Directory>
        `),
      },
    },
    {
      title: 'URLs that are called as their directories are',
      files: {
        'site.conf': rewritingHost(conf`
          Alias /srv/uploads /srv/uploads
          <Location /srv/uploads>
              Require ip 192.0.2.0/24
          </Location>
        `),
      },
    },
    {
      title: 'a backend that may have any path',
      files: {
        'site.conf': rewritingHost(conf`
          ProxyPass / http://127.0.0.1:9000/
          <Location /srv/www/admin>
              Require ip 192.0.2.0/24
          </Location>
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const section of configuration.occurrences.get('location') ?? []) {
        const { kind, text } = sectionPattern(section)
        if (kind !== 'plain' || !/^\/[^/]+\/./.test(text)) continue
        const host = virtualHostOf(configuration, section)?.directive ?? null
        const home = homeOf(configuration, host, text)
        if (home === null || isUrl(configuration, host, text) || files.kind(home.root + text) !== null)
          continue
        const denies = keepsOut(section)
        yield {
          at: argumentPlace(section, 0),
          message: `\`${text}\` is a directory and no path of a URL, so the section applies to nothing${denies ? ' and what it denies is served' : ''}`,
          related: [{ at: home.at, message: 'the directory' }],
          ...(denies ? { severity: 'error' as const } : {}),
        }
      }
    }
  },
})

const DIRECTORIES = [
  ['documentroot', 0],
  ['alias', 1],
  ['scriptalias', 1],
] as const

/** The directory that the host serves and that a path is or lies in. */
function homeOf(configuration: ApacheConfiguration, host: ApacheDirective | null, text: string) {
  for (const [name, index] of DIRECTORIES) {
    for (const line of directivesIn(configuration, host, name)) {
      const root = (line.args[index]?.value ?? '').replace(/\/+$/, '')
      // Of one part alone both may be called so: `/app`, `/srv`.
      if (!/^\/[^/]+\/./.test(root) || !isSettled(root)) continue
      if (text === root || text.startsWith(`${root}/`)) return { root, at: argumentPlace(line, index) }
    }
  }
  return null
}

const URLS = ['alias', 'scriptalias', 'wsgiscriptalias', 'proxypass', 'redirect']
const PATTERNS = ['aliasmatch', 'scriptaliasmatch', 'wsgiscriptaliasmatch', 'proxypassmatch']

/** True for a path that something beside the document root may answer. */
function isUrl(configuration: ApacheConfiguration, host: ApacheDirective | null, text: string): boolean {
  return [host, null].some(
    scope =>
      URLS.some(name =>
        directivesIn(configuration, scope, name).some(({ args }) => isBelow(text, args[0]?.value ?? '')),
      ) ||
      proxyPasses(configuration).some(
        ({ path, directive }) =>
          path !== null && virtualHostSection(directive) === scope && isBelow(text, path),
      ) ||
      PATTERNS.some(name => directivesIn(configuration, scope, name).length > 0),
  )
}

function isBelow(text: string, path: string): boolean {
  const plain = path.replace(/\/+$/, '')
  return text === plain || text.startsWith(`${plain}/`)
}
