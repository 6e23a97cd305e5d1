import { namePlace, wordPlace } from '../../src/servers/nginx/queries/places.ts'
import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { isHostWildcard } from './_map-keys.ts'

const nginx = (lines: string): string =>
  nginxMain(conf`
    map $host $site {
        ${lines}
    }
    ${nginxServer('return 200 $site;')}
  `)

export default defineRule({
  summary: 'A `map` of host names has wildcards and no `hostnames`',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Without the parameter `hostnames`, `*.example.org` and `.example.org` are plain texts, which no host is. The entry never matches, and the default holds.',
  remedy: 'Write `hostnames;` as the first line of the `map`',
  references: ['https://nginx.org/en/docs/http/ngx_http_map_module.html#map'],
  bad: [
    {
      title: 'a wildcard',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          default main;
          «*.example.org» sub;
        `),
      },
    },
    {
      title: 'a name with all that is below it',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          default main;
          «.example.org» sub;
        `),
      },
    },
  ],
  good: [
    {
      title: 'with the parameter',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          hostnames;
          default main;
          *.example.org sub;
        `),
      },
    },
    {
      title: 'regular expressions',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          default main;
          ~*^(.+\.)?example\.org$ sub;
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const map of occurrences.get('map') ?? []) {
        if (!SOURCES.has(map.args[0]?.value ?? '')) continue
        if (map.children.some(({ name }) => name === 'hostnames' || name === 'include')) continue
        for (const entry of map.children) {
          if (!isHostWildcard(entry.name)) continue
          const at = namePlace(entry)
          const first = map.children[0]
          yield {
            at,
            message: `\`${entry.name}\` is a plain text here, which no host name is, so this entry never matches`,
            related: [{ at: wordPlace(map, map.args[0] ?? entry.node.name), message: 'without `hostnames`' }],
            ...(first === undefined
              ? {}
              : propose('Compare host names', 'unsafe', [
                  insertBefore(namePlace(first), `hostnames;\n${indentationAt(namePlace(first))}`),
                ])),
          }
        }
      }
    }
  },
})

const SOURCES = new Set(['$host', '$http_host', '$ssl_server_name', '$ssl_preread_server_name'])
