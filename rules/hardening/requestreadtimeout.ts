import { argumentPlace } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isModuleLoaded } from '../../src/servers/apache/configuration.ts'
import { fileHost } from './_examples.ts'
import { apacheLine, isReached, mainPlace, reachedHosts } from './_servers.ts'

/** Seconds that the benchmark leaves a client. */
const MOST: Readonly<Record<string, number>> = { header: 40, body: 20 }

export default defineRule({
  summary: 'Apache does not limit how long a client may take to send its request',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'A few hundred clients that send a header a letter at a time hold all workers (Slowloris). mod_reqtimeout cuts them off; the event MPM and a proxy in front suffer less.',
  remedy: 'Load mod_reqtimeout, whose default is `header=20-40,MinRate=500 body=20,MinRate=500`',
  controls: ['CIS Apache 9.5', 'CIS Apache 9.6', 'Lynis HTTP-6641'],
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_reqtimeout.html'],
  bad: [
    {
      title: 'the module is not loaded',
      files: { 'etc/apache2/apache2.conf': fileHost('').replace('Listen', '«Listen»') },
    },
    {
      title: 'switched off for bodies',
      files: {
        'etc/apache2/apache2.conf': fileHost('', 'RequestReadTimeout header=20-40,MinRate=500 «body=0»', [
          'reqtimeout',
        ]),
      },
    },
  ],
  good: [
    { title: 'loaded', files: { 'etc/apache2/apache2.conf': fileHost('', '', ['reqtimeout']) } },
    {
      title: 'shorter still',
      files: {
        'etc/apache2/apache2.conf': fileHost('', 'RequestReadTimeout header=10 body=10', ['reqtimeout']),
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      if (configuration.main === null || !isReached(deployment, configuration)) continue
      const at = mainPlace(configuration)
      if (at === null || isModuleLoaded(configuration, 'reqtimeout_module') !== false) continue
      // mod_qos limits the same in its own way.
      if (isModuleLoaded(configuration, 'qos_module') !== false) continue
      yield {
        at,
        message: 'mod_reqtimeout is not loaded, so that a client may take any time for its request',
      }
    }
    for (const asked of reachedHosts(deployment)) {
      const line = apacheLine(asked, 'RequestReadTimeout')
      for (const [index, { value }] of (line?.args ?? []).entries()) {
        const [, part = '', first = '', last = first] =
          /^(header|body)=(\d+)(?:-(\d+))?(?:,MinRate=\d+)?$/i.exec(value) ?? []
        const most = MOST[part.toLowerCase()]
        if (line == null || most === undefined || (first !== '0' && Number(last) <= most)) continue
        yield {
          at: argumentPlace(line, index),
          per: 'virtual hosts',
          message: often =>
            `\`${value}\` is ${first === '0' ? 'no limit' : `more than ${most} seconds`}${often}`,
        }
      }
    }
  },
})
