import { certainBackends } from '../../src/deployment/backend-of-hop.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { bodyLimit } from '../../src/servers/apache/queries/server-settings.ts'
import { sectionsFor } from '../../src/servers/apache/queries/sections-for.ts'

const nginx = (line: string): string =>
  `events {\n}\nhttp {\n    server {\n        listen 80;\n        server_name example.org;\n        location / {\n            proxy_pass http://127.0.0.1:9000;\n            proxy_set_header Host $host;\n${line}        }\n    }\n}\n`
const apache = (line: string): string =>
  `ServerRoot /etc/apache2\nErrorLog /var/log/apache2/error.log\nLoadModule mpm_worker_module /usr/lib/apache2/modules/mod_mpm_worker.so\nLoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\nListen 127.0.0.1:9000\n<VirtualHost 127.0.0.1:9000>\n    ServerName example.org\n    DocumentRoot /srv/www\n${line}</VirtualHost>\n`

export default defineRule({
  summary: 'nginx takes uploads that Apache refuses',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx stores the whole upload on disk before it hands it on, and only then Apache answers 413: visitors wait for nothing, and anybody may fill the disk with what nobody takes.',
  remedy: 'Let nginx have the lower limit, or the same',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size',
    'https://httpd.apache.org/docs/2.4/mod/core.html#limitrequestbody',
  ],
  bad: [
    {
      title: 'a hundred megabytes against one',
      files: {
        'etc/nginx/nginx.conf': nginx('            client_max_body_size «100m»;\n'),
        'etc/apache2/apache2.conf': apache('    LimitRequestBody 1048576\n'),
      },
    },
  ],
  good: [
    {
      title: 'the same',
      files: {
        'etc/nginx/nginx.conf': nginx('            client_max_body_size 1m;\n'),
        'etc/apache2/apache2.conf': apache('    LimitRequestBody 1048576\n'),
      },
    },
    {
      title: 'no limit of Apache’s own',
      files: {
        'etc/nginx/nginx.conf': nginx('            client_max_body_size 100m;\n'),
        'etc/apache2/apache2.conf': apache(''),
      },
    },
    {
      title: 'raised for the folder that takes uploads',
      files: {
        'etc/nginx/nginx.conf': nginx('            client_max_body_size 100m;\n'),
        'etc/apache2/apache2.conf': apache(
          '    LimitRequestBody 1048576\n    <Location />\n        LimitRequestBody 104857600\n    </Location>\n',
        ),
      },
    },
  ],
  *check(deployment) {
    if (!deployment.apache.some(({ occurrences }) => occurrences.has('limitrequestbody'))) return
    const said = new Set<unknown>()
    for (const hop of deployment.hops) {
      const limit = hop.bodyLimit
      if (limit === null || limit.directive === null || said.has(limit.directive.node)) continue
      const { value: bytes, directive } = limit
      for (const host of certainBackends(hop)) {
        if (!host.configuration.occurrences.has('limitrequestbody')) continue
        const inner = bodyLimit(
          host.configuration,
          sectionsFor(host.configuration, host.virtualHost, { uri: '/', file: null }),
        )
        if (!inner.known || inner.at === null || inner.value === 0) continue
        if (bytes !== 0 && bytes <= inner.value) continue
        said.add(directive.node)
        yield {
          at: argumentPlace(directive, 0),
          message: `nginx takes request bodies of ${bytes === 0 ? 'any size' : `${bytes} bytes`}, and Apache refuses those above ${inner.value}`,
          label: 'more than Apache takes',
          related: [{ at: inner.at, message: 'Apache’s limit' }],
        }
        break
      }
    }
  },
})
