import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective, serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { fileHost } from './_examples.ts'
import { hostPlace, nginxLine, reachedHosts, reachedServers } from './_servers.ts'

export default defineRule({
  summary: 'Requests, or errors, leave no line in a log',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'After an incident nobody can tell who asked for what. A proxy in front that logs them is as good.',
  remedy: 'Write an `access_log` and `error_log`, or a `CustomLog`',
  controls: [
    'CIS nginx 3.2',
    'CIS nginx 3.3',
    'CIS Apache 6.3',
    'dev-sec apache-14',
    'Lynis HTTP-6712',
    'Lynis HTTP-6714',
    'Lynis HTTP-6716',
  ],
  references: [
    'https://nginx.org/en/docs/http/ngx_http_log_module.html#access_log',
    'https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#customlog',
  ],
  bad: [
    {
      title: 'switched off',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          access_log «off»;
          error_log «/dev/null» crit;
          ${nginxServer('root /srv/www;')}
        `),
      },
    },
    {
      title: 'every step of every request',
      files: {
        'etc/nginx/nginx.conf': nginxMain(nginxServer('error_log /var/log/nginx/error.log «debug»;')),
      },
    },
    {
      title: 'no log of requests in Apache',
      files: { 'etc/apache2/apache2.conf': fileHost('').replace('<VirtualHost', '<«VirtualHost»') },
    },
  ],
  good: [
    {
      title: 'off in one location',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location = /favicon.ico {
                access_log off;
            }
          `),
        ),
      },
    },
    {
      title: 'one log for all virtual hosts',
      files: {
        'etc/apache2/apache2.conf': fileHost('', 'CustomLog /var/log/apache2/access.log "%h %r"', [
          'log_config',
        ]),
      },
    },
  ],
  *check(deployment) {
    for (const server of reachedServers(deployment)) {
      const access = nginxLine(server, 'access_log')
      if (access?.args[0]?.value === 'off' && access.args.length === 1)
        yield {
          at: argumentPlace(access, 0),
          per: 'servers',
          message: often => `no request leaves a line in a log${often}`,
        }
      const error = nginxLine(server, 'error_log')
      const [file, level] = error?.args ?? []
      if (error != null && file?.value === '/dev/null')
        yield {
          at: argumentPlace(error, 0),
          per: 'servers',
          message: often => `errors are thrown away${often}`,
        }
      else if (error != null && level?.value === 'debug')
        yield {
          at: argumentPlace(error, 1),
          per: 'servers',
          message: often => `each step of each request is logged, where nginx is built for it${often}`,
        }
    }
    for (const asked of reachedHosts(deployment)) {
      const logs = LOGS.map(name => effective(asked.configuration, serverLevels(asked.host), name))
      const at = hostPlace(asked)
      if (at === null || logs.some(({ directives, open }) => directives.length > 0 || open !== null)) continue
      yield {
        at,
        cause: asked.configuration,
        per: 'virtual hosts',
        message: often => `no \`CustomLog\` takes the requests of this virtual host${often}`,
        also: 'nor of this one',
      }
    }
  },
})

const LOGS = ['CustomLog', 'TransferLog', 'GlobalLog']
