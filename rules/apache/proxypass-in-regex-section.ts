import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, isSettled, namePlace } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'

const host = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ${lines}
      </VirtualHost>
    `,
    ['proxy', 'proxy_http'],
  ),
})

export default defineRule({
  summary: '`ProxyPass` in a section of a regular expression never acts',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`ProxyPass` takes the words of its `<Location>` for the beginning of a path, those of `<LocationMatch>` too: with `^`, `$` or `(a|b)` in them no path begins so. Nothing is proxied, and Apache looks for a file: 404.',
  remedy: 'Write `<Location "/path/">`, or `ProxyPassMatch` with the whole expression outside of the section',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypass'],
  bad: [
    {
      title: 'a beginning',
      files: host(conf`
        <LocationMatch "^/api/">
            «ProxyPass» http://127.0.0.1:8000/api/
        </LocationMatch>
      `),
    },
    {
      title: 'a choice, with a tilde',
      files: host(conf`
        <Location ~ "/(api|ws)/">
            «ProxyPass» http://127.0.0.1:8000/
        </Location>
      `),
    },
  ],
  good: [
    {
      title: 'a plain section, ProxyPassMatch, and words without a sign',
      files: host(conf`
        <Location "/api/">
            ProxyPass http://127.0.0.1:8000/api/
        </Location>
        <LocationMatch "^/ws/">
            ProxyPassMatch http://127.0.0.1:8000
        </LocationMatch>
        <LocationMatch "/shop/">
            ProxyPass http://127.0.0.1:8000/shop/
        </LocationMatch>
      `),
    },
    {
      title: 'a wildcard, with which it becomes an expression',
      files: host(conf`
        <LocationMatch "^/api/(.*)$">
            ProxyPass http://127.0.0.1:8000/api/$1
        </LocationMatch>
      `),
    },
    {
      title: 'a path that is not proxied',
      files: host(conf`
        ProxyPass / http://127.0.0.1:8000/
        <LocationMatch "^/static/">
            ProxyPass !
        </LocationMatch>
      `),
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      for (const directive of configuration.occurrences.get('proxypass') ?? []) {
        const section = directive.parent
        const pattern = section === null ? null : patternOf(section)
        const target = directive.args[0]?.value ?? ''
        if (section === null || pattern === null || !/^\w+:/.test(target)) continue
        const at = argumentPlace(section, section.args.length - 1)
        const path = /^\^(\/[\w./-]*)$/.exec(pattern)?.[1]
        yield {
          at: namePlace(directive),
          message: `no path begins with \`${pattern}\`, as which \`ProxyPass\` takes the words of its section, so nothing is proxied here`,
          related: [{ at, message: 'an expression' }],
          help:
            path === undefined
              ? 'Write `ProxyPassMatch` with the expression, outside of the section'
              : `Write \`<Location "${path}">\``,
        }
      }
    }
  },
})

/**
 * The expression of a section, where it has signs that no path has; null for others. With `*`, `?` or `[` httpd takes it
 * for an expression in the end (`apr_fnmatch_test`).
 */
function patternOf({ name, args }: ApacheDirective): string | null {
  const isTilde = name === 'Location' && args[0]?.value === '~'
  const word = isTilde ? args[1] : name === 'LocationMatch' ? args[0] : undefined
  if (word === undefined || !isSettled(word.value) || /[*?[]/.test(word.value)) return null
  return /^\^|\$$|[(|+]/.test(word.value) ? word.value : null
}
