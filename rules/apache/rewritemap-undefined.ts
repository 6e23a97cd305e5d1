import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'

const main = (host: string, before = ''): string =>
  apacheMain(
    conf`
      Listen 80
      ${before}
      <VirtualHost *:80>
          ServerName example.org
          RewriteEngine On
          ${host}
      </VirtualHost>
    `,
    ['rewrite'],
  )

export default defineRule({
  summary: 'A rewriting rule asks a map that its server does not have',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache puts nothing in the place of a map that it does not know, and says nothing. A `RewriteMap` of the main server is not inherited by virtual hosts, unless `RewriteOptions Inherit` is set in them.',
  remedy: 'Write the `RewriteMap` in the virtual host whose rules ask it',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritemap'],
  bad: [
    {
      title: 'another name',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          RewriteMap lower int:tolower
          RewriteRule ^/(.*[A-Z].*)$ «/\${lowercase:$1}» [R=301,L]
        `),
      },
    },
    {
      title: 'a map of the main server',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            RewriteCond «\${lower:%{HTTP_HOST}}» !=example.org
            RewriteRule ^ http://example.org%{REQUEST_URI} [R=301,L]
          `,
          'RewriteMap lower int:tolower',
        ),
      },
    },
  ],
  good: [
    {
      title: 'a map of the virtual host, and one that it inherits',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            RewriteOptions Inherit
            RewriteMap lower int:tolower
            RewriteRule ^/(.*[A-Z].*)$ /\${lower:$1} [R=301,L]
            RewriteCond \${hosts:%{HTTP_HOST}|none} !=none
            RewriteRule ^ /known [L]
          `,
          'RewriteMap hosts int:escape',
        ),
      },
    },
    {
      title: 'a fragment: the map may stand in another file',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              RewriteEngine On
              RewriteRule ^/(.*[A-Z].*)$ /\${lower:$1} [R=301,L]
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      if (!isWhole(configuration)) continue
      for (const rule of placedRules(configuration, filesOf(configuration))) {
        const asked = askedMaps(rule)
        if (asked.length === 0) continue
        const host = rule.htaccess?.virtualHost?.directive ?? virtualHostSection(rule.directive)
        const known = mapsOf(configuration, host)
        for (const { name, at } of asked)
          if (!known.has(name))
            yield {
              at,
              message: `no \`RewriteMap ${name}\` is set here, so \`\${${name}:…}\` is always empty`,
            }
      }
    }
  },
})

interface AskedMap {
  readonly name: string
  readonly at: Place
}

function askedMaps({ directive, output, conditions, keepsUri }: PlacedRule): readonly AskedMap[] {
  const texts = [
    ...(keepsUri ? [] : [{ text: output, at: argumentPlace(directive, 1) }]),
    ...conditions.map(condition => ({
      text: condition.input,
      at: argumentPlace(condition.directive, 0),
    })),
  ]
  return texts.flatMap(({ text, at }) =>
    // `${ENV:NAME}` is meant for a variable, and `apache/rewrite-variable-misspelt` says how that is written.
    [...text.matchAll(/(?<!\\)\$\{(?!(?:ENV|HTTP|SSL):)([\w.-]+):/g)].map(([, name = '']) => ({ name, at })),
  )
}

function mapsOf(configuration: ApacheConfiguration, host: ApacheDirective | null): ReadonlySet<string> {
  const inherits =
    host === null ||
    directivesIn(configuration, host, 'rewriteoptions').some(({ args }) =>
      args.some(({ value }) => /^inherit/i.test(value)),
    ) ||
    directivesIn(configuration, null, 'rewriteoptions').some(({ args }) =>
      args.some(({ value }) => /^inheritdown/i.test(value)),
    )
  const scopes = inherits ? [null, host] : [host]
  return new Set(
    scopes.flatMap(scope =>
      directivesIn(configuration, scope, 'rewritemap').flatMap(({ args }) => args[0]?.value ?? []),
    ),
  )
}
