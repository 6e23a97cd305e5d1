import { posix } from 'node:path'
import { askedHosts, askHost } from '../../src/deployment/requests/ask-host.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { apacheMain } from '../_examples.ts'

const main = (target: string): string =>
  apacheMain(
    conf`
      Listen 80
      ProxyPassMatch ^/(.+\.php)$ ${target}
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www/html
          <Directory /srv/www/html>
              Require all granted
          </Directory>
      </VirtualHost>
    `,
    ['proxy', 'proxy_fcgi'],
  )
const FILES = { 'srv/www/html/index.php': '<?php' }

export default defineRule({
  summary: 'ProxyPassMatch names another directory than the document root',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The path behind `fcgi://` is the file that PHP-FPM opens. Where it is not below the document root PHP answers every script with 404 “File not found”, while pictures and pages are served.',
  remedy: 'Write the document root, or `SetHandler "proxy:fcgi://127.0.0.1:9000"`, which needs no path',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_proxy_fcgi.html'],
  bad: [
    {
      title: 'a directory is left out',
      files: { 'etc/apache2/apache2.conf': main('«fcgi://127.0.0.1:9000/srv/www/$1»'), ...FILES },
    },
  ],
  good: [
    {
      title: 'the document root',
      files: { 'etc/apache2/apache2.conf': main('fcgi://127.0.0.1:9000/srv/www/html/$1'), ...FILES },
    },
    {
      title: 'another machine, which has paths of its own',
      files: { 'etc/apache2/apache2.conf': main('fcgi://php:9000/app/$1'), ...FILES },
    },
  ],
  *check(deployment) {
    for (const asked of askedHosts(deployment)) {
      const { configuration, host } = asked
      if (!configuration.occurrences.has('proxypassmatch')) continue
      const root = directivesIn(configuration, host?.directive ?? null, 'documentroot').at(-1)
      const directory = root?.args[0]?.value.replace(/(?<=.)\/+$/, '')
      if (root === undefined || directory === undefined) continue
      const files = deployment.filesOf(configuration)
      const script = (files.list(directory) ?? []).find(
        ({ name, kind }) => kind === 'file' && /\.php$/.test(name),
      )
      if (script === undefined) continue
      const { end } = askHost(deployment, asked, `/${EXISTING}.php`)
      if (end.kind !== 'pass' || end.directive?.name !== 'ProxyPassMatch') continue
      const url = /^fcgi:\/\/(?:127\.|localhost|\[::1\])[^/]*(\/.*)$/.exec(fromBytes(end.url))
      if (url === null && end.socket === null) continue
      const path = url?.[1] ?? /^fcgi:\/\/[^/]*(\/.*)$/.exec(fromBytes(end.url))?.[1]
      if (path === undefined) continue
      const opened = posix.dirname(posix.normalize(path))
      if (opened === directory || files.kind(posix.join(opened, script.name)) === 'file') continue
      yield {
        at: argumentPlace(end.directive, 1),
        message: `PHP is to open \`${opened}/${script.name}\`, and the document root is \`${directory}\``,
        related: [{ at: argumentPlace(root, 0), message: 'the scripts lie here' }],
      }
    }
  },
})
