import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'
import { apacheLine, hostPlace, reachedHosts } from './_servers.ts'

export default defineRule({
  summary: 'Apache answers `TRACE`',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache sends a `TRACE` request back with all its headers, those that a proxy on the way added too. Browsers refuse to send one from a page, so that nothing is known to be gained by it; scanners complain all the same.',
  remedy: 'Write `TraceEnable Off` in the main server',
  controls: ['CIS Apache 5.8', 'dev-sec apache-09', 'Lynis HTTP-6660'],
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#traceenable'],
  bad: [
    {
      title: 'the default',
      files: { 'etc/apache2/apache2.conf': apacheMain(['«Listen» 80', 'DocumentRoot /srv/www']) },
    },
    {
      title: 'one virtual host turns it on again',
      files: {
        'etc/apache2/apache2.conf': apacheMain(conf`
          Listen 80
          TraceEnable Off
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /srv/www
              TraceEnable «extended»
          </VirtualHost>
        `),
      },
    },
  ],
  good: [
    {
      title: 'switched off for all',
      files: {
        'etc/apache2/apache2.conf': apacheMain(conf`
          Listen 80
          TraceEnable Off
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot /srv/www
          </VirtualHost>
        `),
      },
    },
    {
      title: 'a backend: nginx answers 405 by itself',
      files: { 'etc/apache2/apache2.conf': apacheMain(['Listen 127.0.0.1:9000', 'DocumentRoot /srv/www']) },
    },
  ],
  *check(deployment) {
    for (const asked of reachedHosts(deployment)) {
      const line = apacheLine(asked, 'TraceEnable')
      if (line === undefined || !/^(?:on|extended)$/i.test(line?.args[0]?.value ?? 'on')) continue
      const at = line === null ? hostPlace(asked) : argumentPlace(line, 0)
      if (at === null) continue
      yield {
        at,
        ...(line === null && { cause: asked.configuration, also: 'and this one' }),
        per: 'virtual hosts',
        message: often => `\`TRACE\` is answered with the request itself${often}`,
        ...(line !== null && propose('Turn it off', 'unsafe', [replacePlace(at, 'Off')])),
      }
    }
  },
})
