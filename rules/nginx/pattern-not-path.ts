import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { mustHold } from '../../src/servers/pcre/pattern-facts.ts'
import { readPattern } from '../../src/servers/pcre/read-pattern.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${lines}
    `),
  )

export default defineRule({
  summary: 'A pattern for the path of the URL asks for its query or its host',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`location` and `rewrite` compare the path alone, without the scheme, the host and the query. A pattern with `?` or `http://` in it never matches, and the line does nothing.',
  remedy:
    'Ask for the query by `if ($arg_id)` or a `map` of `$args`, and for the host by a server of its own',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    {
      title: 'the query in a location',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location ~ «^/search\?q=» {
              return 410;
          }
        `),
      },
    },
    {
      title: 'the query in a rewrite',
      files: { 'etc/nginx/nginx.conf': nginx('rewrite «^/page\\.php\\?id=(\\d+)$» /page/$1 permanent;') },
    },
    {
      title: 'scheme and host',
      files: {
        'etc/nginx/nginx.conf': nginx(
          'rewrite «^https?://example.org/(.*)$» https://www.example.org/$1 permanent;',
        ),
      },
    },
    {
      title: 'a query behind a prefix',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location = «/index.php?page=7» {
              return 410;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'the path, and a condition on the query',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location = /search {
              if ($arg_q) {
                  return 410;
              }
          }
          location ~ ^/pages?/(?:\?.*)?$ {
              return 410;
          }
          rewrite ^/https?/(.*)$ /$1 permanent;
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const location of occurrences.get('location') ?? []) {
        const { modifier, name } = readLocation(location)
        if (modifier === '@' || isUnknownWord(name)) continue
        const isPattern = modifier === '~' || modifier === '~*'
        const part = isPattern
          ? foreignPart(name)
          : name.startsWith('/') && name.includes('?')
            ? 'query'
            : null
        if (part !== null)
          yield {
            at: argumentPlace(location, location.args.length - 1),
            message: messageOf('location', part),
          }
      }
      for (const rewrite of occurrences.get('rewrite') ?? []) {
        const pattern = rewrite.args[0]?.value ?? ''
        const part = isUnknownWord(pattern) ? null : foreignPart(pattern)
        if (part !== null) yield { at: argumentPlace(rewrite, 0), message: messageOf('rewrite', part) }
      }
    }
  },
})

type Part = 'query' | 'host'

function foreignPart(pattern: string): Part | null {
  const tree = readPattern(pattern)
  if (tree === null || tree.problem !== null) return null
  if (/^\^?\(?(?:\?:)?https?\??:(?:\/|\\\/){2}/i.test(pattern)) return 'host'
  return mustHold(tree, 63) ? 'query' : null
}

function messageOf(name: string, part: Part): string {
  return part === 'query'
    ? `\`${name}\` compares the path without its query, so \`?\` never matches`
    : `\`${name}\` compares the path alone, so a pattern for scheme and host never matches`
}
