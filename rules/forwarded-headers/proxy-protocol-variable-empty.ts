import { memo } from '../../parsers/collections/memo.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { childrenNamed, hasUnreadInclude, mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain } from '../_examples.ts'

const nginx = (lines: string, listen = '80', http = ''): string =>
  nginxMain(conf`
    ${http}
    server {
        listen ${listen};
        server_name example.org;
        location / {
            ${lines}
            proxy_pass http://127.0.0.1:9000;
        }
    }
  `)
const HEADER = 'proxy_set_header X-Real-IP «$proxy_protocol_addr»;'

export default defineRule({
  summary: 'A variable of the PROXY protocol is used, and no `listen` accepts the protocol',
  severity: 'warning',
  otherSeverities: { info: 'where the server includes more than is here, which may open a socket as well' },
  confidence: 'high',
  since: '0.1.0',
  why: '`$proxy_protocol_addr` is the address in the line that a load balancer sends in front of a connection. Without `proxy_protocol` in `listen` nginx expects no such line, and the variable is empty: the header is left out, the log has `-`, and a limit by an empty key limits nobody.',
  remedy:
    'Write `listen … proxy_protocol;` where the load balancer speaks it, and `$remote_addr` where it does not',
  references: [
    'https://docs.nginx.com/nginx/admin-guide/load-balancer/using-proxy-protocol/',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#var_proxy_protocol_addr',
  ],
  bad: [
    { title: 'a header', files: { 'etc/nginx/nginx.conf': nginx(HEADER) } },
    {
      title: 'the key of a limit',
      files: {
        'etc/nginx/nginx.conf': nginx(
          'limit_req zone=each;',
          '80',
          'limit_req_zone «$proxy_protocol_addr» zone=each:1m rate=1r/m;',
        ),
      },
    },
    {
      title: 'the address for all, in a branch of a template that includes more',
      files: {
        'site.tpl.conf': conf`
          server {
              {% if passthrough %}
              listen 127.0.0.1:444 ssl;
              set_real_ip_from 127.0.0.1/32;
              real_ip_header «proxy_protocol»;
              {% else %}
              listen 443 ssl;
              {% endif %}
              server_name {{ domain }};
              include conf.d/{{ domain }}.d/*.conf;
          }
        `,
      },
    },
    {
      title: 'the address for all, which no socket of the only server is told',
      files: {
        'nginx.conf': conf`
          server {
              listen 127.0.0.1:8443;
              server_name example.org;
              set_real_ip_from 127.0.0.1;
              real_ip_header «proxy_protocol»;
              root /srv/www;
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'the address for all, in a file of servers of which one is told',
      files: {
        'nginx.conf': conf`
          server {
              listen 127.0.0.1:8443;
              server_name example.org;
              real_ip_header proxy_protocol;
              root /srv/www;
          }
          server {
              listen 127.0.0.1:8443 proxy_protocol;
              server_name example.net;
              root /srv/www;
          }
        `,
      },
    },
    {
      title: 'the address for all, in the lines of servers that are elsewhere',
      files: { 'real-ip.conf': 'set_real_ip_from 127.0.0.1;\nreal_ip_header proxy_protocol;\n' },
    },
    {
      title: 'the address of the connection',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_set_header X-Real-IP $remote_addr;') },
    },
    {
      title: 'a key that every client has',
      files: {
        'etc/nginx/nginx.conf': nginx(
          'limit_req zone=each;',
          '80',
          'limit_req_zone $binary_remote_addr zone=each:1m rate=1r/m;',
        ),
      },
    },
    {
      title: 'a socket that takes it',
      files: {
        'etc/nginx/nginx.conf': nginx(
          'proxy_set_header X-Real-IP $proxy_protocol_addr;',
          '80 proxy_protocol',
        ),
      },
    },
    {
      title: 'an address by a map, which has another one where it is empty',
      files: {
        'etc/nginx/nginx.conf': nginx(
          'proxy_set_header X-Real-IP $client;',
          '80',
          conf`
            map $proxy_protocol_addr $client {
                "" $remote_addr;
                default $proxy_protocol_addr;
            }
          `,
        ),
      },
    },
  ],
  *check({ nginx: configurations }) {
    yield* addressUntold(configurations)
    for (const configuration of configurations) {
      for (const [name, index] of USES) {
        for (const line of configuration.occurrences.get(name) ?? []) {
          const value = line.args[index]?.value ?? ''
          if (!value.includes('proxy_protocol_') || line.context.startsWith('stream')) continue
          // Of several the others may say it.
          const [variable, ...others] = variableNames(value)
          if (variable === undefined || others.length > 0 || !/^proxy_protocol_/.test(variable)) continue
          if (line.parent === null || takesIt(configuration)) continue
          yield {
            at: argumentPlace(line, index),
            cause: 'no PROXY protocol',
            message: `\`$${variable}\` is always empty, as no \`listen\` has \`proxy_protocol\``,
            label: 'always empty',
          }
        }
      }
    }
  },
})

/** Lines that use a value, and where it stands in them. */
const USES = [
  ['proxy_set_header', 1],
  ['grpc_set_header', 1],
  ['fastcgi_param', 1],
  ['uwsgi_param', 1],
  ['limit_req_zone', 0],
  ['limit_conn_zone', 0],
] as const

/** True where some socket takes the line of the PROXY protocol, or one that was not read may. */
const takesIt = memo(
  (configuration: NginxConfiguration): boolean =>
    configuration.main === null ||
    mayHoldUnread(configuration) ||
    (configuration.occurrences.get('listen') ?? []).some(({ args }) =>
      args.some(({ value }) => value === 'proxy_protocol' || value.includes('$')),
    ),
)

/** `real_ip_header proxy_protocol` in a server that has its sockets itself, where no socket at all is told an address. */
function* addressUntold(configurations: readonly NginxConfiguration[]): Iterable<RuleFinding> {
  if (configurations.some(hasToldSocket)) return
  for (const configuration of configurations)
    for (const line of configuration.occurrences.get('real_ip_header') ?? []) {
      const server = line.parent
      if (line.args[0]?.value.toLowerCase() !== 'proxy_protocol' || server?.name !== 'server') continue
      if (childrenNamed(server, 'listen').length === 0) continue
      yield {
        ...(hasUnreadInclude(configuration, server, 'listen') && { severity: 'info' as const }),
        at: argumentPlace(line, 0),
        message:
          'no `listen` has `proxy_protocol`, so nginx is told no address, and keeps that of the proxy in front',
        label: 'never told',
        related: childrenNamed(server, 'listen')
          .slice(0, 1)
          .map(listen => ({ at: argumentPlace(listen, 0), message: 'without `proxy_protocol`' })),
      }
    }
}

const hasToldSocket = ({ occurrences }: NginxConfiguration): boolean =>
  (occurrences.get('listen') ?? []).some(({ args }) =>
    args.some(
      ({ value }, index) =>
        value === 'proxy_protocol' || (index > 0 && /\$/.test(value)) || (index > 0 && isUnknownWord(value)),
    ),
  )
