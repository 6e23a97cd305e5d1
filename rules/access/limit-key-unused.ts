import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { maps } from '../../src/servers/nginx/queries/maps.ts'
import { mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { isVariableAsked } from './_variable-asked.ts'

const nginx = (key: string): string =>
  nginxMain([
    conf`
      geo $is_limited {
          default 1;
          10.0.0.0/8 0;
          127.0.0.0/8 0;
      }
      map $is_limited $limit_key {
          0 "";
          1 $binary_remote_addr;
      }
      limit_req_zone ${key} zone=site:10m rate=1r/s;
    `,
    nginxServer(conf`
      limit_req zone=site;
      root /srv/www;
    `),
  ])

export default defineRule({
  summary: 'A map takes addresses out of a limit, and the limit does not ask it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A request whose key is empty is not counted: that is what the map is for. A zone with `$binary_remote_addr` as its key counts every address, and those that are named in the map are refused as all others are.',
  remedy: 'Write the variable of the map as the key of the zone',
  references: ['https://nginx.org/en/docs/http/ngx_http_limit_req_module.html#limit_req_zone'],
  bad: [
    {
      title: 'the address as the key',
      files: { 'etc/nginx/nginx.conf': nginx('«$binary_remote_addr»') },
    },
  ],
  good: [
    { title: 'the variable of the map', files: { 'etc/nginx/nginx.conf': nginx('$limit_key') } },
    {
      title: 'a second zone that has it',
      files: {
        'etc/nginx/nginx.conf': nginx('$binary_remote_addr').replace(
          'limit_req_zone',
          'limit_conn_zone $limit_key zone=connections:10m;\n    limit_req_zone',
        ),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const zones = ['limit_req_zone', 'limit_conn_zone'].flatMap(
        name => configuration.occurrences.get(name) ?? [],
      )
      const plain = zones.find(({ args }) => ADDRESS.test(args[0]?.value ?? ''))
      if (plain === undefined || mayHoldUnread(configuration)) continue
      for (const { variable, directive } of maps(configuration).values()) {
        const values = directive.children.map(({ args }) => args[0]?.value ?? null)
        if (!values.includes('') || !values.some(value => value !== null && ADDRESS.test(value))) continue
        if (isVariableAsked(configuration, variable, directive)) continue
        yield {
          at: argumentPlace(plain, 0),
          message: `nothing asks for \`$${variable}\`, so this limit counts the addresses as well that its map takes out`,
          label: 'counts every address',
          related: [
            { at: argumentPlace(directive, 1), message: 'empty for those that are not to be counted' },
          ],
        }
        break
      }
    }
  },
})

const ADDRESS = /^\$\{?(?:binary_remote_addr|remote_addr)\}?$/
