import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import {
  nameMatches,
  type NginxServerName,
  serverNames,
} from '../../src/servers/nginx/queries/server-names.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { isVariableAsked } from './_variable-asked.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      location /pictures/ {
          ${lines}
      }
    `),
  )

export default defineRule({
  summary: '`valid_referers` keeps no page of another site out',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`valid_referers` sets a variable and refuses nothing by itself. Nor does it tell anybody apart with `server_names` where an expression of `server_name` matches every host. Pages of other sites go on showing the pictures.',
  remedy: 'Write `if ($invalid_referer) { return 403; }` below it, and list the names of the site',
  references: ['https://nginx.org/en/docs/http/ngx_http_referer_module.html'],
  bad: [
    {
      title: 'the list alone',
      files: { 'etc/nginx/nginx.conf': nginx('«valid_referers» none blocked server_names;') },
    },
    {
      title: 'a name of the server that matches every host',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 80;
              server_name "~^(?<site>.+)$";
              location /pictures/ {
                  root /srv/www;
                  valid_referers «server_names»;
                  if ($invalid_referer) {
                      return 403;
                  }
              }
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'a name that matches some hosts',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 80;
              server_name ~^(?<site>.+)\.example\.org$ _ "";
              location /pictures/ {
                  root /srv/www;
                  valid_referers server_names;
                  if ($invalid_referer) {
                      return 403;
                  }
              }
          }
        `),
      },
    },
    {
      title: 'with the question',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          valid_referers none blocked server_names;
          if ($invalid_referer) {
              return 403;
          }
        `),
      },
    },
    {
      title: 'handed to the backend',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          valid_referers none blocked server_names;
          proxy_set_header X-Foreign \${invalid_referer};
          proxy_pass http://127.0.0.1:9000;
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const lines = configuration.occurrences.get('valid_referers')
      for (const line of lines ?? []) {
        const index = line.args.findIndex(({ value }) => value === 'server_names')
        const server = index === -1 ? null : enclosingServer(line)
        const name = server === null ? undefined : serverNames(configuration, server).find(matchesAny)
        if (name === undefined) continue
        yield {
          at: argumentPlace(line, index),
          message: `\`${name.text}\` is a name of this server and matches every host, so a page of any site is a valid referer`,
          related: [{ at: name.at, message: 'matches every host' }],
        }
      }
      if (
        lines === undefined ||
        mayHoldUnread(configuration) ||
        isVariableAsked(configuration, 'invalid_referer')
      )
        continue
      for (const line of lines) {
        // Who includes a fragment may ask.
        if (line.parent === null) continue
        yield {
          at: namePlace(line),
          message: 'nothing asks for `$invalid_referer`, so no request is refused',
        }
      }
    }
  },
})

/** Hosts that have nothing in common but what every name has. */
const ANY_HOSTS = ['a.example', 'www.shop.example.com', 'x7.co', '192.0.2.7', 'localhost']

function matchesAny(name: NginxServerName): boolean {
  return name.kind === 'regex' && ANY_HOSTS.every(host => nameMatches(name, host) === true)
}
