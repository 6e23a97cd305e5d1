import { placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { passingToSocket } from './_socket-path-examples.ts'

export default defineRule({
  summary: 'The path of a Unix socket begins with the setting that it was copied with',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'All behind `unix:` is the path: of `listen=/run/php/php-fpm.sock`, copied from the pool, nginx makes a file in its own directory, and answers 502: `connect() to unix:listen=/run/php/php-fpm.sock failed (2: No such file or directory)`. `nginx -t` accepts it.',
  remedy: 'Write the path alone: `unix:/run/php/php-fpm.sock`',
  references: ['https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_pass'],
  bad: [
    {
      title: 'the `listen` of a pool',
      files: passingToSocket('fastcgi_pass «unix:listen=/run/php/php-fpm.sock»;'),
    },
    { title: 'a URL', files: passingToSocket('proxy_pass «http://unix:listen=/run/app.sock»;') },
    {
      title: 'the `socket` of uWSGI, in an upstream',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          conf`
            upstream app {
                server «unix:socket=/run/app/uwsgi.sock» fail_timeout=0;
            }
            ${nginxServer('location / {\n    uwsgi_pass app;\n}')}
          `,
        ),
      },
    },
  ],
  good: [
    { title: 'the path alone', files: passingToSocket('proxy_pass http://unix:/run/app.sock;') },
    {
      title: 'a name of a file with such a sign',
      files: passingToSocket('proxy_pass http://unix:/run/listen=app.sock;'),
    },
  ],
  *check({ connections }) {
    for (const { targets } of connections.nginx) {
      for (const { address, at } of targets) {
        const setting = address.kind === 'unix' ? SETTING.exec(address.path)?.[0] : undefined
        if (setting === undefined) continue
        const written = placeText(at)
        yield {
          at,
          message: `\`${setting}\` is taken for the beginning of the path, so nginx looks for a socket that no program opens: No such file or directory`,
          label: 'all behind `unix:` is the path',
          ...propose('Leave the setting out', 'unsafe', [
            written.includes(setting) ? replacePlace(at, written.replace(setting, '')) : null,
          ]),
        }
      }
    }
  },
})

/** The settings by which pools of PHP-FPM, uWSGI and gunicorn name their socket. */
const SETTING = /^(?:listen|socket|bind)=(?=\/)/
