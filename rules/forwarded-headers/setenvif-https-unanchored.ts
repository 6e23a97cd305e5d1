import { recent } from '../../parsers/collections/recent.ts'
import { placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isAnchoredAtEnd, isAnchoredAtStart, literalStrings } from '../../src/servers/pcre/pattern-facts.ts'
import { APACHE_OPTIONS, readPattern } from '../../src/servers/pcre/read-pattern.ts'

const host = (line: string): string => conf`
  <VirtualHost *:9000>
      ServerName example.org
      ${line}
      WSGIDaemonProcess app
      WSGIScriptAlias / /opt/app/wsgi.py process-group=app
      <Directory /opt/app>
          Require all granted
      </Directory>
  </VirtualHost>
`

export default defineRule({
  summary: 'Any header that contains the word counts as https',
  severity: 'info',
  confidence: 'high',
  securitySeverity: 3.7,
  cwe: [777],
  since: '0.1.0',
  why: 'Without `^` and `$` the expression matches inside of longer values: `xhttpsx`, or `http, https` where a client’s header and the proxy’s were joined, makes a plain request secure.',
  remedy: 'Compare the whole value: `"^https$"`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_setenvif.html#setenvif'],
  bad: [
    {
      title: 'the bare word',
      files: { 'site.conf': host('SetEnvIf X-Forwarded-Proto «https» HTTPS=on') },
    },
    {
      title: 'anchored at one end',
      files: { 'site.conf': host('SetEnvIf X-Forwarded-Proto «"^https"» HTTPS=on') },
    },
  ],
  good: [
    {
      title: 'the whole value',
      files: { 'site.conf': host('SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on') },
    },
    {
      title: 'two whole values',
      files: { 'site.conf': host('SetEnvIf X-Forwarded-Ssl "^(on|1)$" HTTPS=on') },
    },
  ],
  *check({ trusts }) {
    if (trusts.every(({ pattern }) => pattern === null || isAnchored(pattern))) return
    const lines = trusts.filter(({ directive }) => /^SetEnvIf/i.test(directive.name))
    for (const directive of lines.map(trust => trust.directive)) {
      const pattern = directive.args[1]?.value
      if (pattern === undefined || isAnchored(pattern)) continue
      const at = argumentPlace(directive, 1)
      const header = directive.args[0]?.value ?? ''
      yield {
        at,
        message: `\`${pattern}\` matches inside of longer values, so \`${header}: x${literal(pattern) ?? 'https'}x\` makes a request secure`,
        label: 'matches anywhere in the value',
        related: [{ at: argumentPlace(directive, 0), message: 'the header that is compared' }],
        ...propose('Compare the whole value', 'safe', [
          literal(pattern) === null || placeText(at).includes('${')
            ? null
            : replacePlace(at, `"^${literal(pattern)}$"`),
        ]),
      }
    }
  },
})

/** Anchored at both ends, in every alternative; so is what cannot be read. */
const isAnchored = recent((pattern): boolean => {
  const tree = readPattern(pattern, APACHE_OPTIONS)
  return tree === null || (isAnchoredAtStart(tree) && isAnchoredAtEnd(tree))
})

/** The one word that a pattern stands for, anchored or not. */
const literal = recent((pattern): string | null => {
  const tree = readPattern(pattern, APACHE_OPTIONS)
  const strings = tree === null ? null : literalStrings(tree, 1)
  const [word] = strings ?? []
  return word !== undefined && /^[A-Za-z0-9]+$/.test(word) ? word : null
})
