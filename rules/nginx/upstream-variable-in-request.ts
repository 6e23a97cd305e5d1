import { isUnknownWord } from '../../parsers/text/source.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { maps } from '../../src/servers/nginx/queries/maps.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const asked = (lines: string, head: string | readonly string[] = []): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain([
    ...[head].flat(),
    nginxServer(conf`
      location / {
          auth_request /verify;
          ${lines}
          proxy_pass http://127.0.0.1:9000;
      }
      location = /verify {
          internal;
          proxy_pass http://127.0.0.1:9001;
          proxy_pass_request_body off;
          proxy_set_header Content-Length "";
      }
    `),
    conf`
      server {
          listen 127.0.0.1:9001;
          location = /verify {
              add_header X-User ada;
              return 200;
          }
      }
    `,
  ]),
})

export default defineRule({
  summary: 'A request to the backend is made of the answer to it',
  severity: 'warning',
  otherSeverities: { error: 'where `auth_request` is in force, whose answer is meant' },
  confidence: 'high',
  since: '0.1.0',
  why: '`$upstream_http_name` is a header of the answer of the backend that this location asks, and nginx writes the request before there is an answer: the value is always empty. What the service behind `auth_request` answers is another request, and is kept by `auth_request_set` alone.',
  remedy:
    'Keep what the service behind `auth_request` says: `auth_request_set $user $upstream_http_x_user;`, and send `$user`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_auth_request_module.html#auth_request_set',
    'https://nginx.org/en/docs/http/ngx_http_upstream_module.html#var_upstream_http_',
  ],
  bad: [
    {
      title: 'the user that auth_request has found',
      files: asked('proxy_set_header X-User «$upstream_http_x_user»;'),
    },
    {
      title: 'a map of it',
      files: asked(
        'proxy_set_header X-Role «$role»;',
        conf`
          map $upstream_http_x_user $role {
              ada admin;
              default guest;
          }
        `,
      ),
    },
    {
      title: 'a parameter of FastCGI in a fragment',
      files: {
        'site.conf': conf`
          location ~ \.php$ {
              auth_request /verify;
              include fastcgi_params;
              fastcgi_param REMOTE_USER «$upstream_http_x_user»;
              fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
              fastcgi_pass 127.0.0.1:9000;
          }
        `,
      },
    },
    {
      title: 'a cache that asks the answer whether to ask for it',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          'proxy_cache_path /var/cache/nginx/pages keys_zone=pages:1m;',
          nginxServer(conf`
            location / {
                proxy_cache pages;
                proxy_cache_valid 200 1m;
                proxy_cache_bypass «$upstream_http_x_fresh»;
                proxy_pass http://127.0.0.1:9000;
            }
          `),
        ]),
      },
    },
  ],
  good: [
    {
      title: 'kept by auth_request_set',
      files: asked(conf`
        auth_request_set $user $upstream_http_x_user;
        proxy_set_header X-User $user;
      `),
    },
    {
      title: 'sent to the client, and asked when the answer is there',
      files: asked(conf`
        add_header X-Backend $upstream_http_x_user;
        proxy_no_cache $upstream_http_x_user;
      `),
    },
    {
      title: 'a copy of the answer of a location before',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
            }
            location = /stored {
                internal;
                set $etag $upstream_http_etag;
                proxy_set_header If-Match $etag;
                proxy_pass http://127.0.0.1:9001;
            }
          `),
        ),
      },
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx) {
      for (const [directive, index] of ASKED) {
        for (const line of configuration.occurrences.get(directive) ?? []) {
          const { value } = line.args[index] ?? {}
          if (value === undefined || isUnknownWord(value) || line.context.startsWith('stream')) continue
          const name = variableNames(value).find(each => answerBehind(configuration, each) !== null)
          const answer = name === undefined ? null : answerBehind(configuration, name)
          if (name === undefined || answer === null) continue
          const auth = authRequest(configuration, line)
          yield {
            at: argumentPlace(line, index),
            severity: auth === null ? 'warning' : 'error',
            message: `\`$${answer}\`${answer === name ? '' : `, which \`$${name}\` is made of,`} is always empty here: it is of the answer to the request that this is for${auth === null ? '' : ', and not of that to `auth_request`'}`,
            label: 'always empty',
            related: auth === null ? [] : [{ at: namePlace(auth), message: 'asks the service' }],
            ...(auth !== null && {
              help: `Write \`auth_request_set $from_auth $${answer};\`, and use \`$from_auth\` here`,
            }),
          }
        }
      }
    }
  },
})

/** What nginx evaluates before it asks a backend, and which argument. */
const ASKED: readonly (readonly [string, number])[] = [
  ['proxy_set_header', 1],
  ['proxy_pass', 0],
  ['proxy_set_body', 0],
  ['proxy_cache_key', 0],
  ['proxy_cache_bypass', 0],
  ['grpc_set_header', 1],
  ...['fastcgi', 'uwsgi', 'scgi'].flatMap(
    protocol =>
      [
        [`${protocol}_param`, 1],
        [`${protocol}_cache_key`, 0],
        [`${protocol}_cache_bypass`, 0],
      ] as const,
  ),
]

const OF_ANSWER = /^upstream_(?:http|cookie|trailer)_\w+$/

/** The variable of the answer that one is, or that a map makes it of; null for any other. */
function answerBehind(configuration: NginxConfiguration, name: string): string | null {
  if (OF_ANSWER.test(name)) return name
  const map = maps(configuration).get(name)
  return map === undefined ? null : (variableNames(map.source).find(each => OF_ANSWER.test(each)) ?? null)
}

/** The `auth_request` in force where a line stands; null for none. */
function authRequest(configuration: NginxConfiguration, { parent }: NginxDirective): NginxDirective | null {
  const found = effectiveAtHand(configuration, parent, 'auth_request')
  const line = found.known ? found.value.directives.at(-1) : undefined
  return line === undefined || line.args[0]?.value === 'off' ? null : line
}
