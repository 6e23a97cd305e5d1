import type { Place } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'A pattern for a media type whose + repeats the letter before it',
  severity: 'warning',
  otherSeverities: {
    info: 'for `application/xhtml+xml` beside `text/html`, which each browser sends as well',
  },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`RewriteCond` and `SetEnvIf` compare with a regular expression, in which `ld+json` is an l, one d or more, and `json`. The header `Accept: application/ld+json` has a plus sign there, so the pattern never matches it, and the client gets the answer for all others.',
  remedy: 'Write `application/ld\\+json`',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/intro.html#regex'],
  bad: [
    {
      title: 'a condition',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTP_ACCEPT} «application/ld+json»
        RewriteRule ^terms$ /terms.jsonld [R=303,L]
      `),
    },
    {
      title: 'several types, and SetEnvIf',
      files: {
        'site.conf': rewritingHost(conf`
          SetEnvIf Accept «application/rdf+xml» WANTS_RDF
          RewriteCond %{HTTP_ACCEPT} «^.*(text/turtle|application/rdf+xml).*»
          RewriteRule ^/terms$ /terms.ttl [R=303,L]
        `),
      },
    },
    {
      title: 'a browser, which sends text/html as well',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTP_ACCEPT} text/html [OR]
        RewriteCond %{HTTP_ACCEPT} «application/xhtml+xml»
        RewriteRule ^terms$ /terms.html [R=303,L]
      `),
    },
  ],
  good: [
    {
      title: 'escaped, any character, a class, and a comparison of texts',
      files: rewritingDirectory(conf`
        RewriteCond %{HTTP_ACCEPT} application/ld\+json [OR]
        RewriteCond %{HTTP_ACCEPT} application/rdf.xml [OR]
        RewriteCond %{HTTP_ACCEPT} application/[a-z]+json [OR]
        RewriteCond %{HTTP_ACCEPT} application/(?:rdf|ld)[+]xml [OR]
        RewriteCond %{HTTP_ACCEPT} =application/ld+json
        RewriteRule ^terms$ /terms.jsonld [R=303,L]
      `),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      for (const { at, pattern, besideHtml } of patterns(configuration, filesOf(configuration))) {
        const found = PLUS.exec(pattern)
        if (found === null) continue
        const [, type = '', rest = ''] = found
        const isHarmless = /^xhtml$/i.test(type) && (besideHtml || /text\/html/i.test(pattern))
        const written = placeText(at)
        yield {
          at,
          ...(isHarmless && { severity: 'info' as const }),
          message: `\`+\` repeats the letter before it, so this never matches \`${type}+${rest}\``,
          ...propose('Escape the plus sign', 'safe', [
            written.includes(`${type}+${rest}`)
              ? replacePlace(
                  at,
                  written.replaceAll(new RegExp(PLUS, 'gi'), (_, before, after) => `${before}\\+${after}`),
                )
              : null,
          ]),
        }
      }
    }
  },
})

/** The subtype and its structured syntax (RFC 6839), with a plus sign that no backslash escapes between them. */
const PLUS = /([a-z][a-z0-9.-]*)\+(xml|json|yaml|cbor|zip|protobuf)(?![a-z])/i

interface Pattern {
  readonly at: Place
  readonly pattern: string
  readonly besideHtml: boolean
}

function* patterns(configuration: ApacheConfiguration, files: FileSystem): Generator<Pattern> {
  for (const { conditions } of placedRules(configuration, files)) {
    const besideHtml = conditions.some(({ test, pattern }) => test === 'regex' && /text\/html/i.test(pattern))
    for (const { directive, test, pattern } of conditions)
      if (test === 'regex' && isSettled(pattern))
        yield { at: argumentPlace(directive, 1), pattern, besideHtml }
  }
  for (const name of ['setenvif', 'setenvifnocase']) {
    for (const directive of everywhere(configuration, files, name)) {
      const pattern = directive.args[1]?.value ?? ''
      if (isSettled(pattern)) yield { at: argumentPlace(directive, 1), pattern, besideHtml: false }
    }
  }
}
