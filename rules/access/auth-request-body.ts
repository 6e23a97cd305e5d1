import type { Deployment } from '../../src/deployment/model.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { toBytes } from '../../src/servers/regex.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string, pass = 'proxy_pass'): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          auth_request /verify;
          proxy_pass http://127.0.0.1:9000;
      }
      location = /verify {
          internal;
          ${pass} http://127.0.0.1:9001;
          ${lines}
      }
    `),
  )
const mirror = (outer: string, pass: string, lines = ''): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          mirror /copy;
          ${outer}
          proxy_pass http://127.0.0.1:9000;
      }
      location = /copy {
          internal;
          ${pass} http://127.0.0.1:9001$request_uri;
          ${lines}
      }
    `),
  )

export default defineRule({
  summary: 'The server that `auth_request` or `mirror` asks waits for a body that never comes',
  severity: 'warning',
  otherSeverities: { info: 'where nothing but files is asked for' },
  confidence: 'high',
  since: '0.1.0',
  why: '`auth_request` asks with the headers of the client and without its body, and `mirror` does where the body is left out. `Content-Length` of a form or an upload announces a body all the same, and a server that waits for it lets every POST hang, or answers 400.',
  remedy: 'Write `proxy_set_header Content-Length "";` and `proxy_pass_request_body off;` in the location',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_auth_request_module.html',
    'https://nginx.org/en/docs/http/ngx_http_mirror_module.html#mirror_request_body',
  ],
  bad: [
    { title: 'the headers as they came', files: { 'etc/nginx/nginx.conf': nginx('', '«proxy_pass»') } },
    {
      title: 'the body alone left out',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_pass_request_body off;', '«proxy_pass»'),
      },
    },
    {
      title: 'a mirror that gets no bodies',
      files: { 'etc/nginx/nginx.conf': mirror('mirror_request_body off;', '«proxy_pass»') },
    },
    {
      title: 'a mirror that sends none on',
      files: {
        'etc/nginx/nginx.conf': mirror('', '«proxy_pass»', 'proxy_pass_request_body off;'),
      },
    },
    {
      title: 'files, whatever is said of the proxy beside them',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location /captions/ {
                auth_request /verify;
                proxy_request_buffering off;
                set $kind captions;
                alias /srv/captions/;
            }
            location = /verify {
                internal;
                «proxy_pass» http://127.0.0.1:9001;
            }
          `),
        ),
      },
    },
  ],
  good: [
    {
      title: 'without a length',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_pass_request_body off;
          proxy_set_header Content-Length "";
        `),
      },
    },
    {
      title: 'a body of its own, which has its own length',
      files: {
        'etc/nginx/nginx.conf': mirror('mirror_request_body off;', 'proxy_pass', 'proxy_set_body "seen";'),
      },
    },
    {
      title: 'a mirror with its bodies',
      files: { 'etc/nginx/nginx.conf': mirror('', 'proxy_pass') },
    },
    {
      title: 'a mirror without a length',
      files: {
        'etc/nginx/nginx.conf': mirror(
          'mirror_request_body off;',
          'proxy_pass',
          conf`
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
          `,
        ),
      },
    },
    {
      title: 'headers that are not sent on',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_pass_request_headers off;
          proxy_set_header Content-Length "";
        `),
      },
    },
  ],
  *check(deployment) {
    for (const { asking, block } of askedBlocks(deployment)) {
      const connection = deployment.connections.ofBlock(block)
      if (connection === null || connection.pass.name !== 'proxy_pass' || connection.headers.open) continue
      if (connection.headers.written.some(({ name }) => name === 'content-length')) continue
      const body = effectiveAtHand(connection.server.configuration, block, 'proxy_set_body')
      if (!body.known || body.value.directives.length > 0) continue
      const at = namePlace(connection.pass)
      const isForFiles = servesFiles(asking)
      const isLeftOut = block.children.some(({ name }) => name === 'proxy_pass_request_body')
      const without = isLeftOut ? '' : `proxy_pass_request_body off;\n${indentationAt(at)}`
      yield {
        at,
        // Nobody sends a body to a page that is a file.
        ...(isForFiles && { severity: 'info' as const }),
        message:
          asking.name === 'mirror'
            ? 'the copy of a request with a body has its `Content-Length`, and not the body'
            : 'a request with a body is asked about with its `Content-Length` and without the body',
        label: 'the length is sent on',
        related: [{ at: argumentPlace(asking, 0), message: 'asks here' }],
        ...(connection.headers.level !== null && connection.headers.level !== block
          ? {}
          : propose('Announce no body', 'safe', [
              insertBefore(at, `${without}proxy_set_header Content-Length "";\n${indentationAt(at)}`),
            ])),
      }
    }
  },
})

interface Asked {
  readonly asking: NginxDirective
  readonly block: NginxDirective
}

/** True for a location of files, which only ever says how they are sent. */
function servesFiles({ parent }: NginxDirective): boolean {
  return (
    parent?.name === 'location' &&
    parent.children.some(({ name }) => name === 'root' || name === 'alias') &&
    !parent.children.some(({ name }) => GOES_ELSEWHERE.test(name))
  )
}

/** What answers without a file, or sends the request on. */
const GOES_ELSEWHERE =
  /^(?:(?:proxy|fastcgi|uwsgi|scgi|grpc|memcached)_pass|try_files|error_page|rewrite|if|dav_methods|\w+_by_lua\w*|js_content|perl)$/

/** The locations that a request without its body leads to, each once. */
function askedBlocks(deployment: Deployment): readonly Asked[] {
  const found = new Map<NginxDirective, NginxDirective>()
  for (const configuration of deployment.nginx) {
    const { occurrences } = configuration
    for (const asking of ['auth_request', 'mirror'].flatMap(name => occurrences.get(name) ?? [])) {
      const uri = asking.args[0]?.value ?? ''
      const home = serverAround(asking)
      if (home === null || !uri.startsWith('/') || uri.includes('$')) continue
      if (!serversAround(deployment).has(home)) continue
      const selected = selectLocation(configuration, home, toBytes(uri))
      const block = selected.known ? selected.value.location?.directive : undefined
      if (block === undefined || (asking.name === 'mirror' && hasBody(configuration, asking, block))) continue
      const first = found.get(block)
      if (first === undefined || (servesFiles(first) && !servesFiles(asking))) found.set(block, asking)
    }
  }
  return [...found].map(([block, asking]) => ({ asking, block }))
}

/** False for a copy that surely has no body: the mirror leaves it out, or the location that sends it. */
function hasBody(configuration: NginxConfiguration, asking: NginxDirective, block: NginxDirective): boolean {
  const isOff = (scope: NginxDirective | null, name: string): boolean => {
    const line = scope === null ? null : effectiveAtHand(configuration, scope, name)
    return line?.known === true && line.value.directives[0]?.args[0]?.value === 'off'
  }
  return !isOff(asking.parent, 'mirror_request_body') && !isOff(block, 'proxy_pass_request_body')
}
