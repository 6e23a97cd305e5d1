import { valueOrNull } from '../../src/servers/fact.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import { levelsOfStartPage } from '../../src/deployment/requests/levels-of-start-page.ts'
import type { ApacheHost, Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheBackend } from '../_examples.ts'
import { wsgiScriptAliasFor } from '../../src/servers/apache/queries/wsgi-script-aliases.ts'
import { bodyLimit } from '../../src/servers/apache/queries/server-settings.ts'

const nginx = (line: string): string => conf`
  events {
  }
  http {
      server {
          listen 80;
          server_name example.org;
          location / {
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header Host $host;
              ${line}
          }
      }
  }
`
const apache = (line: string, modules: readonly string[] = []): string => apacheBackend(line, modules)

export default defineRule({
  summary: 'nginx takes uploads that Apache refuses',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx stores the whole upload on disk before it proxies it, and only then Apache answers 413: clients wait for nothing, and anybody may fill the disk with what nobody takes.',
  remedy: 'Let nginx have the lower limit, or the same',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size',
    'https://httpd.apache.org/docs/2.4/mod/core.html#limitrequestbody',
  ],
  bad: [
    {
      title: 'in the section for the directory of the site',
      files: {
        'etc/nginx/nginx.conf': nginx('client_max_body_size «50m»;'),
        'etc/apache2/apache2.conf': apache(conf`
          <Directory /srv/www>
              LimitRequestBody 1048576
          </Directory>
        `),
      },
    },
    {
      title: 'sixteen gigabytes against the one that Apache takes by itself',
      files: {
        'etc/nginx/nginx.conf': nginx('client_max_body_size «16g»;'),
        'etc/apache2/apache2.conf': apache('', ['mpm_prefork', 'php']),
      },
    },
    {
      title: 'a hundred megabytes against one',
      files: {
        'etc/nginx/nginx.conf': nginx('client_max_body_size «100m»;'),
        'etc/apache2/apache2.conf': apache('LimitRequestBody 1048576'),
      },
    },
  ],
  good: [
    {
      title: 'the same',
      files: {
        'etc/nginx/nginx.conf': nginx('client_max_body_size 1m;'),
        'etc/apache2/apache2.conf': apache('LimitRequestBody 1048576'),
      },
    },
    {
      title: 'no limit of Apache’s own',
      files: {
        'etc/nginx/nginx.conf': nginx('client_max_body_size 100m;'),
        'etc/apache2/apache2.conf': apache(''),
      },
    },
    {
      title: 'what Apache proxies has no limit of its own',
      files: {
        'etc/nginx/nginx.conf': nginx('client_max_body_size 16g;'),
        'etc/apache2/apache2.conf': apache('ProxyPass / http://127.0.0.1:8000/', ['proxy', 'proxy_http']),
      },
    },
    {
      title: 'nor one that is written, which mod_proxy does not ask for',
      files: {
        'etc/nginx/nginx.conf': nginx('client_max_body_size 100m;'),
        'etc/apache2/apache2.conf': apache(
          conf`
            LimitRequestBody 1048576
            ProxyPass / http://127.0.0.1:8000/
          `,
          ['proxy', 'proxy_http'],
        ),
      },
    },
    {
      title: 'bodies of any size, and PHP that Apache runs',
      files: {
        'etc/nginx/nginx.conf': nginx('client_max_body_size 0;'),
        'etc/apache2/apache2.conf': apache('', ['mpm_prefork', 'php']),
      },
    },
    {
      title: 'a limit for another directory',
      files: {
        'etc/nginx/nginx.conf': nginx('client_max_body_size 100m;'),
        'etc/apache2/apache2.conf': apache(conf`
          <Directory /srv/www/comments>
              LimitRequestBody 1048576
          </Directory>
        `),
      },
    },
    {
      title: 'raised for the directory that takes uploads',
      files: {
        'etc/nginx/nginx.conf': nginx('client_max_body_size 100m;'),
        'etc/apache2/apache2.conf': apache(
          conf`
            LimitRequestBody 1048576
            <Location />
                LimitRequestBody 104857600
            </Location>
          `,
        ),
      },
    },
  ],
  *check(deployment) {
    const isLimited = deployment.apache.some(({ occurrences }) => occurrences.has('limitrequestbody'))
    for (const connection of deployment.connections.http) {
      const limit = valueOrNull(connection.bodyLimit)
      if (limit === null || limit.directive === null) continue
      const { value: bytes, directive } = limit
      const isVast = bytes > DEFAULT
      if (!isVast && !isLimited) continue
      for (const host of certainHosts(deployment, connection)) {
        if (!isVast && !host.configuration.occurrences.has('limitrequestbody')) continue
        if (isProxied(deployment, host)) continue
        const inner = bodyLimit(host.configuration, levelsOfStartPage(deployment, host))
        if (!inner.known || inner.value === 0) continue
        if (bytes !== 0 && bytes <= inner.value) continue
        // Its own default holds for what Apache runs itself, and nobody thinks of it who takes bodies of any size.
        if (inner.at === null && (bytes === 0 || !runsPrograms(host))) continue
        yield {
          at: argumentPlace(directive, 0),
          message: `nginx takes request bodies of ${bytes === 0 ? 'any size' : `${bytes} bytes`}, and Apache refuses those above ${inner.value}`,
          label: 'more than Apache takes',
          confidence: inner.at === null ? 'medium' : 'high',
          related: [
            inner.at === null
              ? {
                  at: host.at,
                  message: 'no LimitRequestBody here: the default of Apache 2.4.54 and later',
                }
              : { at: inner.at, message: 'Apache’s limit' },
          ],
        }
      }
    }
  },
})

/** True where all of the site is proxied: mod_proxy passes bodies of any size, whatever `LimitRequestBody` says. */
function isProxied({ connections }: Deployment, { configuration, directive }: ApacheHost): boolean {
  return connections.ofHost(configuration, directive).some(({ path }) => path === '/')
}

/** Bytes that Apache takes since 2.4.54 where nothing is written. */
const DEFAULT = 1_073_741_824

/** True where PHP or an application of Python runs inside of Apache or its daemon processes. */
function runsPrograms({ configuration, virtualHost }: ApacheHost): boolean {
  return (
    ['php_module', 'php7_module'].some(module => configuration.modules.has(module)) ||
    wsgiScriptAliasFor(configuration, virtualHost, '/') !== null
  )
}
