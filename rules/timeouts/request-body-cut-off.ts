import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import {
  type ApacheConfiguration,
  type ApacheDirective,
  isModuleLoaded,
} from '../../src/servers/apache/configuration.ts'
import { apacheMain } from '../_examples.ts'
import { apacheLine, reachedHosts } from '../hardening/_servers.ts'

const site = (
  lines: string,
  host = 'ProxyPass / http://10.0.0.5:3000/',
  modules = ['reqtimeout'],
): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ${lines}
      <VirtualHost *:80>
          ServerName example.org
          ${host}
      </VirtualHost>
    `,
    ['proxy', 'proxy_http', ...modules],
  ),
})

export default defineRule({
  summary: 'Apache cuts off an upload that takes longer than some seconds',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: '`body=20` alone is the time for the whole body, however fast it comes: at 1 MB/s an upload of more than 20 MB is answered 408, or the application gets half of it. With `MinRate` each so many bytes add a second.',
  remedy: 'Write `body=20,MinRate=500`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_reqtimeout.html#requestreadtimeout'],
  unproven: 'The live tests send no body slower than the shortest of these times',
  bad: [
    { title: 'for the whole server', files: site('RequestReadTimeout header=20-40,MinRate=500 «body=20»') },
    {
      title: 'on a line of its own, in a virtual host',
      files: site(
        'RequestReadTimeout header=20-40,MinRate=500 body=20,MinRate=500',
        'RequestReadTimeout «body=10»\nWSGIScriptAlias / /srv/shop/wsgi.py',
        ['reqtimeout', 'wsgi'],
      ),
    },
  ],
  good: [
    {
      title: 'what Debian brings',
      files: site('RequestReadTimeout header=20-40,minrate=500\nRequestReadTimeout body=10,minrate=500'),
    },
    { title: 'time enough', files: site('RequestReadTimeout body=600') },
    { title: 'no limit', files: site('RequestReadTimeout header=20 body=0') },
    {
      title: 'a module that is not loaded',
      files: site(
        '<IfModule reqtimeout_module>\n    RequestReadTimeout body=20\n</IfModule>',
        'ProxyPass / http://10.0.0.5:3000/',
        [],
      ),
    },
    {
      title: 'files, to which nobody sends a body',
      files: site('RequestReadTimeout body=20', 'DocumentRoot /srv/www'),
    },
    {
      title: 'nginx in front, which has the whole body before it connects',
      files: {
        ...site('RequestReadTimeout body=20'),
        'etc/apache2/apache2.conf': (site('RequestReadTimeout body=20')['etc/apache2/apache2.conf'] ?? '')
          .replaceAll('80', '127.0.0.1:8080')
          .replace('*:127.0.0.1:8080', '127.0.0.1:8080'),
        'etc/nginx/nginx.conf':
          'events {}\nhttp {\n    server {\n        listen 80;\n        location / {\n            proxy_pass http://127.0.0.1:8080;\n        }\n    }\n}\n',
      },
    },
  ],
  *check(deployment) {
    for (const asked of reachedHosts(deployment)) {
      const { configuration, host } = asked
      if (isModuleLoaded(configuration, 'reqtimeout_module') !== true) continue
      const line = apacheLine(asked, 'RequestReadTimeout')
      if (line == null || !takesBodies(deployment, configuration, host?.directive ?? null)) continue
      for (const [index, { value }] of line.args.entries()) {
        const seconds = Number(/^body=(\d+)$/i.exec(value)?.[1] ?? 0)
        if (seconds === 0 || seconds > MOST) continue
        yield {
          at: argumentPlace(line, index),
          per: 'virtual hosts',
          message: often =>
            `a body that takes longer than ${seconds} ${seconds === 1 ? 'second' : 'seconds'} to arrive is cut off, however fast it comes${often}`,
          label: 'for the whole body',
        }
      }
    }
  },
})

/** Seconds in which whoever uploads has gone away. */
const MOST = 60

const OF_APPLICATIONS = ['proxypass', 'proxypassmatch', 'wsgiscriptalias', 'wsgiscriptaliasmatch', 'dav']

/** True where an application answers, or WebDAV. */
function takesBodies(
  { connections }: Deployment,
  configuration: ApacheConfiguration,
  host: ApacheDirective | null,
): boolean {
  if (connections.ofHost(configuration, host).length > 0) return true
  const isPhp = [...configuration.modules.keys()].some(id => /^php\d?_module$/.test(id))
  return isPhp || OF_APPLICATIONS.some(name => configuration.occurrences.has(name))
}
