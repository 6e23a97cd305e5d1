import { isTurnedOn } from '../../src/deployment/django/is-turned-on.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'

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
    info: 'in `X-Forwarded-Host`, which nothing is seen to read: Django and others take it only where they are told to',
  },
  confidence: 'high',
  since: '0.1.0',
  why: '`$server_name` is the first name of the server as it is written, whatever the client asked for: `_`, a wildcard or an expression. An application refuses such a host with 400, or builds its links and redirects of it.',
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
        const [line] = childrenNamed(server.directive, 'server_name')
        const first = line?.args[0]?.value ?? ''
        if (line === undefined || isUnknownWord(first) || !/^(?:_|~.*|\*\..*|.*\.\*)$/.test(first)) continue
        const sent = first.replace(/^~/, '')
        const isForwarded = name === 'x-forwarded-host'
        yield {
          at: argumentPlace(directive, 1),
          ...(isForwarded &&
            !isTurnedOn(deployment, 'USE_X_FORWARDED_HOST') && { severity: 'info' as const }),
          message: isForwarded
            ? `the backend is told by \`X-Forwarded-Host\` that every client asked for \`${sent}\`, which is no name`
            : `every request reaches the backend with the host \`${sent}\`, which is no name`,
          label: 'the first name as it is written',
          related: [{ at: argumentPlace(line, 0), message: 'the first name' }],
        }
      }
    }
  },
})
