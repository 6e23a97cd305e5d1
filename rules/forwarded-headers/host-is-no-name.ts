import { isTurnedOn } from '../../src/deployment/django/is-turned-on.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { childrenNamed, hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { isUnseenServer } from '../../src/servers/nginx/queries/servers.ts'

const site = (names: string, header: string): string => conf`
  server {
      listen 80;
      server_name ${names};
      location / {
          proxy_pass http://127.0.0.1:9000;
          ${header}
      }
  }
`

export default defineRule({
  summary: 'The backend is told a host that is no name',
  severity: 'warning',
  otherSeverities: {
    info: 'in `X-Forwarded-Host`, which nothing is seen to read: Django and others take it only where they are told to; and for `localhost`, by which somebody may ask',
  },
  confidence: 'high',
  since: '0.1.0',
  why: '`$server_name` is the first name of the server as it is written, whatever the client asked for: `_`, a wildcard, an expression, `localhost`, or nothing where none is written. An application refuses such a host with 400, or builds its links and redirects of it.',
  remedy: 'Write `$host`, the name that the client asked for',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#var_server_name'],
  bad: [
    {
      title: 'a server for any name',
      files: { 'nginx.conf': site('_', 'proxy_set_header Host «$server_name»;') },
    },
    {
      title: 'a wildcard',
      files: { 'nginx.conf': site('*.example.org', 'proxy_set_header Host «$server_name:$server_port»;') },
    },
    {
      title: 'an expression, in the header for links',
      files: {
        'nginx.conf': site(
          '~^(?<shop>[a-z]+)\\.example\\.org$',
          conf`
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-Host «$server_name»;
          `,
        ),
      },
    },
    {
      title: 'a server for all, whose name is that of the machine itself',
      files: { 'nginx.conf': site('localhost', 'proxy_set_header X-Forwarded-Host «$server_name»;') },
    },
    {
      title: 'a server without a name',
      files: {
        'nginx.conf': site('example.org', 'proxy_set_header Host «$server_name»;').replace(
          'server_name example.org;',
          '',
        ),
      },
    },
  ],
  good: [
    {
      title: 'the name that was asked for',
      files: { 'nginx.conf': site('_', 'proxy_set_header Host $host;') },
    },
    {
      title: 'a server with a name, which comes first',
      files: { 'nginx.conf': site('example.org *.example.org', 'proxy_set_header Host $server_name;') },
    },
    {
      title: 'a domain and all below it, of which nginx leaves the dot out',
      files: { 'nginx.conf': site('.example.org', 'proxy_set_header Host $server_name;') },
    },
  ],
  *check(deployment) {
    for (const { server, headers } of deployment.connections.http) {
      for (const { name, value, directive } of headers.written) {
        if (name !== 'host' && name !== 'x-forwarded-host') continue
        if (!/^\$\{?server_name\}?(?::|$)/.test(value)) continue
        const isForwarded = name === 'x-forwarded-host'
        const isRead = !isForwarded || isTurnedOn(deployment, 'USE_X_FORWARDED_HOST')
        const [line] = childrenNamed(server.directive, 'server_name')
        if (line === undefined) {
          if (!isNameless(server)) continue
          yield {
            at: argumentPlace(directive, 1),
            ...(!isRead && { severity: 'info' as const }),
            message: `this server has no \`server_name\`, so \`$server_name\` is empty, and nginx sends ${value.includes(':') ? 'a port without a name' : `no \`${isForwarded ? 'X-Forwarded-Host' : 'Host'}\``}`,
            label: 'always empty',
          }
          continue
        }
        const first = line.args[0]?.value ?? ''
        if (isUnknownWord(first) || !/^(?:_|~.*|\*\..*|.*\.\*|localhost)$/.test(first)) continue
        const isLocal = first === 'localhost'
        // Somebody who works on the machine itself asks for it by that name.
        if (isLocal && line.args.length > 1) continue
        const sent = first.replace(/^~/, '')
        const tail = isLocal ? '' : ', which is no name'
        yield {
          at: argumentPlace(directive, 1),
          ...((!isRead || (isLocal && !isForwarded)) && { severity: 'info' as const }),
          message: isForwarded
            ? `the backend is told by \`X-Forwarded-Host\` that every client asked for \`${sent}\`${tail}`
            : `every request reaches the backend with the host \`${sent}\`${tail}`,
          label: 'the first name as it is written',
          related: [{ at: argumentPlace(line, 0), message: 'the first name' }],
        }
      }
    }
  },
})

/** True where no line gives the server a name, and none that was not read may. */
function isNameless({ configuration, directive }: NginxServer): boolean {
  return !isUnseenServer(directive) && !hasUnreadInclude(configuration, directive, 'server_name')
}
