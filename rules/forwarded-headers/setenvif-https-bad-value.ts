import type { TextEdit } from '../../parsers/text/edit.ts'
import { placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { isSecureValue } from '../../src/deployment/build/scheme-trusts.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { once } from '../../parsers/collections/once.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'

const host = (line: string, application = true): string => conf`
  <VirtualHost *:9000>
      ServerName example.org
      ${line}
      ${
        application
          ? conf`
            WSGIDaemonProcess app
            WSGIScriptAlias / /opt/app/wsgi.py process-group=app
            <Directory /opt/app>
                Require all granted
            </Directory>
          `
          : 'DocumentRoot /srv/www'
      }
  </VirtualHost>
`

/** What nobody writes who means a secure request. */
const NEGATIVE = new Set(['', 'off', 'no', 'false', '0'])

export default defineRule({
  summary: 'HTTPS is set to a value that mod_wsgi does not take for yes',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'mod_wsgi turns `HTTPS` into `wsgi.url_scheme` only where it is `on` or `1`. With any other value every request stays http for the application: redirects to https loop, secure cookies are missing.',
  remedy: 'Write `HTTPS=on`',
  references: ['https://modwsgi.readthedocs.io/en/master/release-notes/version-3.0.html'],
  bad: [
    {
      title: 'a word that reads well',
      files: { 'site.conf': host('SetEnvIf X-Forwarded-Proto "^https$" «HTTPS=true»') },
    },
    {
      title: 'the scheme itself',
      files: { 'site.conf': host('SetEnvIfNoCase X-Forwarded-Proto https «HTTPS=https»') },
    },
  ],
  good: [
    { title: 'on', files: { 'site.conf': host('SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on') } },
    {
      title: 'no value, which is 1',
      files: { 'site.conf': host('SetEnvIf X-Forwarded-Proto "^https$" HTTPS') },
    },
    { title: 'taken back on purpose', files: { 'site.conf': host('SetEnvIf X-Plain "." HTTPS=off') } },
    {
      title: 'no WSGI application that would read it',
      files: { 'site.conf': host('SetEnvIf X-Forwarded-Proto "^https$" HTTPS=true', false) },
    },
  ],
  *check({ apache, applications }) {
    const applied = once(() => new Set(applications.map(({ host }) => host?.directive ?? null)))
    for (const { occurrences } of apache) {
      const lines = ['setenvif', 'setenvifnocase'].flatMap(name => occurrences.get(name) ?? [])
      if (!lines.some(hasBadValue)) continue
      const withApplication = applied()
      for (const directive of lines) {
        const home = virtualHostSection(directive)
        if (
          home === null
            ? withApplication.size === 0
            : !withApplication.has(home) && !withApplication.has(null)
        )
          continue
        for (let index = 2; index < directive.args.length; index++) {
          const value = badValue(directive.args[index]?.value ?? '')
          if (value === null) continue
          const at = argumentPlace(directive, index)
          yield {
            at,
            message: `mod_wsgi takes \`HTTPS\` for a secure request only as \`on\` or \`1\`, so \`${value}\` changes nothing`,
            label: 'not a yes',
            ...propose('Write the value that counts', 'unsafe', [
              placeText(at) === `HTTPS=${value}` ? replacePlace(at, 'HTTPS=on') : null,
              ...anchored(directive),
            ]),
          }
        }
      }
    }
  },
})

/** From now on the pattern decides: a plain word has to be the whole value of its header. */
function anchored(directive: ApacheDirective): readonly (TextEdit | null)[] {
  const at = argumentPlace(directive, 1)
  const pattern = directive.args[1]?.value ?? ''
  if (/^\^.*\$$/.test(pattern)) return []
  return [/^[\w-]+$/.test(pattern) && placeText(at) === pattern ? replacePlace(at, `"^${pattern}$"`) : null]
}

function hasBadValue({ args }: ApacheDirective): boolean {
  return args.some(({ value }, index) => index > 1 && badValue(value) !== null)
}

/** What a setting gives HTTPS, where that is meant for yes and is none. */
function badValue(setting: string): string | null {
  if (!setting.startsWith('HTTPS=')) return null
  const value = setting.slice('HTTPS='.length)
  return isSecureValue(value) || NEGATIVE.has(value.toLowerCase()) || value.includes('$') ? null : value
}
