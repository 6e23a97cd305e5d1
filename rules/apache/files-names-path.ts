import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { locationApplies, sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { mustHold } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { HTACCESS_MAIN, rewritingHost } from '../_rewriting-examples.ts'
import { keepsOut, patternPlace } from '../_apache-sections.ts'

export default defineRule({
  summary: 'A Files section that names a path',
  severity: 'info',
  otherSeverities: {
    error: 'where it is to keep clients out',
    warning:
      'where it is to keep them from a script that runs at a URL, of which a `<Location>` keeps some out',
  },
  confidence: 'high',
  ofLoneHtaccess: true,
  securitySeverity: 7.5,
  cwe: [863, 552],
  since: '0.1.0',
  why: '`<Files>` and `<FilesMatch>` compare the last name of a path alone, which holds no slash. A section for `uploads/…` or for an absolute path applies to nothing: what it denies is served.',
  remedy:
    'Write the name alone inside of `<Directory>`, or in a `.htaccess` of that directory; or `<LocationMatch>` with the path of the URL',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#files'],
  bad: [
    {
      title: 'scripts of one directory',
      files: {
        'site.conf': rewritingHost(conf`
          <FilesMatch «"/uploads/.*\.(php|phtml)$"»>
              Require all denied
          </FilesMatch>
        `),
      },
    },
    {
      title: 'an absolute path',
      files: {
        'site.conf': rewritingHost(conf`
          <Files «"/srv/www/config.ini"»>
              Require all denied
          </Files>
        `),
      },
    },
    {
      title: 'a path below a .htaccess',
      files: {
        'etc/apache2/apache2.conf': HTACCESS_MAIN,
        'srv/www/.htaccess': conf`
          <Files «data/*.db»>
              <IfModule mod_authz_core.c>
                  Require all denied
              </IfModule>
          </Files>
        `,
      },
    },
    {
      title: 'a script of an alias, from whose URL a section keeps others out',
      files: {
        'site.conf': rewritingHost(conf`
          <Files «/usr/share/shop/shop.wsgi»>
              Require local
          </Files>
          WSGIScriptAlias /shop /usr/share/shop/shop.wsgi
          <LocationMatch "^/shop(?!/public)">
              Require local
          </LocationMatch>
        `),
      },
    },
    {
      title: 'a header for one file',
      files: {
        'site.conf': rewritingHost(conf`
          <Files «"/srv/www/feed.xml"»>
              ForceType application/rss+xml
          </Files>
        `),
      },
    },
    {
      title: 'a path of which a template fills in the beginning',
      files: {
        'site.conf.erb': rewritingHost(conf`
          <Files «<%= @directory %>/wp-config.php»>
              Require all denied
          </Files>
        `),
      },
    },
  ],
  good: [
    {
      title: 'names, and expressions that do without the path',
      files: {
        'site.conf': rewritingHost(conf`
          <Directory /srv/www/uploads>
              <FilesMatch "\.(php|phtml)$">
                  Require all denied
              </FilesMatch>
          </Directory>
          <Files "config.ini">
              Require all denied
          </Files>
          <FilesMatch "(^|/)\.env$">
              Require all denied
          </FilesMatch>
          <FilesMatch "[/.]bak$">
              Require all denied
          </FilesMatch>
          <LocationMatch "^/uploads/.*\.(php|phtml)$">
              Require all denied
          </LocationMatch>
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const name of ['files', 'filesmatch']) {
        for (const section of everywhere(configuration, files, name)) {
          if (!holdsSlash(section)) continue
          const denies = keepsOut(section)
          const isLeftOpen = denies && !isScriptKeptAtUrl(configuration, section)
          yield {
            at: patternPlace(section),
            message: `\`<${section.name}>\` compares the last name of a path alone, which holds no slash, so the section applies to nothing${isLeftOpen ? ' and what it denies is served' : ''}`,
            ...(denies && { severity: isLeftOpen ? ('error' as const) : ('warning' as const) }),
          }
        }
      }
    }
  },
})

/** True for a script that an alias runs, where a section for that URL keeps clients out. */
function isScriptKeptAtUrl(configuration: ApacheConfiguration, section: ApacheDirective): boolean {
  const { text } = sectionPattern(section)
  return SCRIPT_ALIASES.some(name =>
    (configuration.occurrences.get(name) ?? []).some(({ args, parent }) => {
      const [url = '', script] = args.map(({ value }) => value)
      if (script !== text || parent !== section.parent) return false
      const inside = `${url.replace(/\/$/, '')}/page`
      return ['location', 'locationmatch'].some(kind =>
        directivesIn(configuration, parent, kind).some(
          each => keepsOut(each) && locationApplies(sectionPattern(each), inside) === true,
        ),
      )
    }),
  )
}

const SCRIPT_ALIASES = ['wsgiscriptalias', 'scriptalias']

/** True where nothing without a slash is what the section is for. */
function holdsSlash(section: Parameters<typeof sectionPattern>[0]): boolean {
  const { kind, text } = sectionPattern(section)
  if (!text.includes('/')) return false
  // Whatever is filled in beside it, the slash stays.
  if (kind === 'unknown' && (section.args[0]?.value === '~' || section.name.endsWith('Match'))) return false
  if (kind !== 'regex') return text.replace(/\[[^\]]*\]/g, '').includes('/')
  const tree = readPattern(text)
  return tree !== null && tree.problem === null && mustHold(tree, '/'.charCodeAt(0))
}
