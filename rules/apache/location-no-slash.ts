import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { REDIRECTS, redirectWords } from './_redirects.ts'

export default defineRule({
  summary: 'The path of a URL does not begin with a slash and never matches',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Paths of URLs begin with a slash. Apache takes the section without a word and applies it to nothing: what it denies is open. So it is with `Alias img /srv/pictures`, `ProxyPass api/ …` and `Redirect old /new`: `/img/a.png` is looked for in the document root, and nothing is proxied or redirected.',
  remedy: 'Write the slash, or `<LocationMatch>` for a regular expression',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#location'],
  bad: [
    {
      title: 'a word alone',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          <Directory />
          Require all granted
          </Directory>
          <Location «admin»>
          Require all denied
          </Location>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a regular expression without its sign',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          <Location «^/admin»>
          Require all denied
          </Location>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'an alias, a proxy and a redirect',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          Alias «img» /srv/pictures
          ProxyPass «api/» http://127.0.0.1:8000/
          Redirect permanent «old» /new
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'a path of a section, and what a macro or a variable has',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          <Location /api/>
          ProxyPass http://127.0.0.1:8000/
          ProxyPassReverse http://127.0.0.1:8000/
          </Location>
          <Location /old>
          Redirect permanent https://example.net/new
          </Location>
          Alias \${PREFIX} /srv/pictures
          Redirect gone /shop
          </VirtualHost>
        `,
      },
    },
    {
      title: 'paths, an expression, a pattern, a proxied URL',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
          <Directory />
          Require all granted
          </Directory>
          <Location /admin>
          Require all denied
          </Location>
          <Location ~ "admin$">
          Require all denied
          </Location>
          <Location "/*/x">
          Require all denied
          </Location>
          <Location http://example.org/x>
          Require all denied
          </Location>
          <Location \${AREA}>
          Require all denied
          </Location>
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const { occurrences } = configuration
      yield* mapped(configuration, filesOf(configuration))
      for (const section of occurrences.get('location') ?? []) {
        const { kind, text } = sectionPattern(section)
        if (kind === 'regex' || kind === 'unknown' || text === '') continue
        // `*` and `[` take no slash, `?` may be one no more than they.
        if (text.startsWith('/') || text.includes('://')) continue
        yield {
          at: argumentPlace(section, 0),
          message: `no path of a URL begins with \`${text.slice(0, 1)}\`, so the section applies to nothing`,
        }
      }
    }
  },
})

/** What maps the path of a URL, which is the first argument outside of a section. */
const MAPPING = [
  'alias',
  'scriptalias',
  'wsgiscriptalias',
  'proxypass',
  'proxypassreverse',
  ...REDIRECTS,
] as const

function* mapped(configuration: ApacheConfiguration, files: FileSystem): Iterable<RuleFinding> {
  for (const name of MAPPING) {
    for (const line of everywhere(configuration, files, name)) {
      const isInside = line.parent !== null && /^(?:Location|Proxy)/i.test(line.parent.name)
      const index = isRedirect(name) ? redirectWords(line)?.path : isInside ? undefined : 0
      const path = index === undefined ? undefined : line.args[index]?.value
      if (index === undefined || path === undefined || line.args.length < index + 2) continue
      if (!isSettled(path) || !/^[\w~.-]/.test(path) || path.includes('://')) continue
      yield {
        at: argumentPlace(line, index),
        message: `no path of a URL begins with \`${path.slice(0, 1)}\`, so this ${line.name} applies to nothing`,
        help: `Write \`/${path}\``,
      }
    }
  }
}

function isRedirect(name: string): boolean {
  return REDIRECTS.some(each => each === name)
}
