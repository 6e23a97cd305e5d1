import { bodyLimit } from '../../src/deployment/build/connection-limits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { toBytes } from '../../src/servers/regex.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const site = (around: string, uploads: string, check = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      ${around}
      location /upload/ {
          ${uploads}
          proxy_pass http://127.0.0.1:8000;
      }
      location = /verify {
          internal;
          ${check}
          proxy_pass http://127.0.0.1:8001;
          proxy_pass_request_body off;
          proxy_set_header Content-Length "";
      }
    `),
  ),
})

export default defineRule({
  summary: 'The location that `auth_request` asks has a smaller limit of uploads than the one that asks',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx compares the `Content-Length` of the request with the limit of the location that `auth_request` asks as well, though no body is sent there. A larger body gets 413 from it, and the client 500: `auth request unexpected status: 413`.',
  remedy:
    'Write `client_max_body_size` in the server, or `client_max_body_size 0;` in the location that `auth_request` asks',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_auth_request_module.html',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size',
  ],
  bad: [
    {
      title: 'a limit in the location of uploads alone',
      files: site('', 'auth_request /verify;\nclient_max_body_size «20m»;'),
    },
    {
      title: 'a server that asks about each request, and a limit of its own',
      files: site('auth_request /verify;\nclient_max_body_size 8m;', 'client_max_body_size «0»;'),
    },
  ],
  good: [
    {
      title: 'the limit of the server',
      files: site('client_max_body_size 20m;', 'auth_request /verify;'),
    },
    {
      title: 'no limit where it is asked',
      files: site('', 'auth_request /verify;\nclient_max_body_size 20m;', 'client_max_body_size 0;'),
    },
    {
      title: 'uploads about which nobody is asked, and less than the limit of the other',
      files: site(
        'auth_request /verify;',
        'auth_request off;\nclient_max_body_size 20m;',
        'client_max_body_size 512k;',
      ),
    },
    {
      title: 'a limit below the one where it is asked',
      files: site('', 'auth_request /verify;\nclient_max_body_size 100k;'),
    },
    {
      title: 'a location that a template fills in',
      files: {
        'nginx.conf.template': conf`
          server {
              listen 80;
              location / {
                  auth_request \${CHECK};
                  client_max_body_size 20m;
                  proxy_pass http://127.0.0.1:8000;
              }
          }
        `,
      },
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx) {
      if (!configuration.occurrences.has('auth_request')) continue
      for (const line of configuration.occurrences.get('client_max_body_size') ?? []) {
        if (line.parent?.name !== 'location') continue
        const asked = askedBy(configuration, line.parent)
        if (asked === null || asked.block === line.parent) continue
        const own = bodyLimit(configuration, line.parent)
        const limit = bodyLimit(configuration, asked.block)
        if (!own.known || !limit.known || !isBelow(limit.value.value, own.value.value)) continue
        const written = limit.value.directive
        const uri = asked.line.args[0]?.value ?? ''
        yield {
          at: argumentPlace(line, 0),
          message: `\`auth_request ${uri}\` meets the limit of ${written === null ? 'a megabyte, which nginx has by itself' : `\`${written.args[0]?.value ?? ''}\``}, so that larger bodies get 500`,
          label: 'holds here alone',
          related: [
            { at: argumentPlace(asked.line, 0), message: 'asks with the length of the same body' },
            ...(written === null
              ? []
              : [{ at: argumentPlace(written, 0), message: 'the limit that it meets' }]),
          ],
        }
      }
    }
  },
})

/** 0 is no limit. */
function isBelow(one: number, other: number): boolean {
  return one !== 0 && (other === 0 || one < other)
}

interface Asked {
  readonly line: NginxDirective
  readonly block: NginxDirective
}

/** The location of the same server that a location asks first, and the line with which it does. */
function askedBy(configuration: NginxConfiguration, home: NginxDirective): Asked | null {
  const asking = effectiveAtHand(configuration, home, 'auth_request')
  const line = asking?.known === true ? asking.value.directives[0] : undefined
  const server = serverAround(home)
  const uri = line?.args[0]?.value ?? ''
  if (line === undefined || server === null || !uri.startsWith('/') || uri.includes('$')) return null
  const selected = selectLocation(configuration, server, toBytes(uri))
  const block = selected.known ? selected.value.location?.directive : undefined
  return block === undefined ? null : { line, block }
}
