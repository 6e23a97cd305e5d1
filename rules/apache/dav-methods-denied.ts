import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentsPlace } from '../../src/deployment/places.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'

const main = (allowed: string, inner = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www/dav
      DAVLockDB /tmp/dav-lock
      <Directory /srv/www>
          ${allowed}
          Require all granted
      </Directory>
      <Directory /srv/www/dav>
          Dav On
          ${inner}
      </Directory>
    `,
    ['dav', 'dav_fs', 'allowmethods', 'dir'],
  ),
  'srv/www/dav/page.txt': 'page',
})

export default defineRule({
  summary: 'WebDAV is on where its methods are denied',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`AllowMethods` of an outer directory holds in the inner ones too. Without `PROPFIND` in its list every client of WebDAV is answered with 405 when it asks what is there.',
  remedy: 'Write `AllowMethods reset` where `Dav On` stands',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_allowmethods.html#allowmethods'],
  bad: [{ title: 'of the directory above', files: main('AllowMethods «GET POST HEAD OPTIONS»') }],
  good: [
    { title: 'reset for WebDAV', files: main('AllowMethods GET POST HEAD OPTIONS', 'AllowMethods reset') },
    {
      title: 'with its methods',
      files: main('AllowMethods GET HEAD OPTIONS PUT DELETE PROPFIND LOCK UNLOCK'),
    },
    {
      title: 'another virtual host',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName www.example.org
              <Location />
                  AllowMethods GET HEAD
              </Location>
          </VirtualHost>
          <VirtualHost *:80>
              ServerName dav.example.org
              <Location />
                  Dav On
              </Location>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'another directory',
      files: {
        'site.conf': conf`
          <Directory /srv/pages>
              AllowMethods GET HEAD
          </Directory>
          <Directory /srv/pages-dav>
              Dav On
          </Directory>
        `,
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const allowing = configuration.occurrences.get('allowmethods') ?? []
      if (allowing.length === 0) continue
      for (const dav of configuration.occurrences.get('dav') ?? []) {
        if (/^off$/i.test(dav.args[0]?.value ?? '')) continue
        const line = inForce(allowing, dav)
        if (line === null) continue
        yield {
          at: argumentsPlace(line, 0, line.args.length - 1),
          message: '`PROPFIND` is not among the methods, so clients of WebDAV are answered with 405',
          label: 'all that is allowed',
          related: [{ at: argumentPlace(dav, 0), message: 'WebDAV is on here' }],
        }
      }
    }
  },
})

/** The line that denies `PROPFIND` where WebDAV is on; null where none surely does. */
function inForce(allowing: readonly ApacheDirective[], dav: ApacheDirective): ApacheDirective | null {
  const path = pathOf(dav.parent)
  if (path === null) return null
  let found: { readonly line: ApacheDirective; readonly length: number } | null = null
  for (const line of allowing) {
    const host = line.parent?.parent ?? null
    if (host !== null && host !== dav.parent?.parent) continue
    const outer = pathOf(line.parent)
    // A section of another kind, or one with a pattern, may change it again.
    if (outer === null || line.parent?.name !== dav.parent?.name) return null
    if (!`${path}/`.startsWith(outer === '' ? '/' : `${outer}/`)) continue
    if (found === null || outer.length >= found.length) found = { line, length: outer.length }
  }
  const words = found?.line.args.map(({ value }) => value.toUpperCase()) ?? []
  const isList = words.length > 0 && words.every(word => /^[A-Z]+$/.test(word) && word !== 'RESET')
  return isList && !words.includes('PROPFIND') ? (found?.line ?? null) : null
}

/** Of `<Directory /srv/www>` and `<Location /dav>`, without a slash at its end; null for every other section. */
function pathOf(section: ApacheDirective | null): string | null {
  const value = section?.args[0]?.value ?? ''
  if (section === null || section.args.length !== 1 || !/^(?:Directory|Location)$/.test(section.name))
    return null
  return isSettled(value) && /^\/[^*?[\]]*$/.test(value) ? value.replace(/\/+$/, '') : null
}
