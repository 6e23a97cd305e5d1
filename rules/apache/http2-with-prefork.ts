import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'

const main = (mpm: string, modules: readonly string[] = ['http2']): string =>
  apacheMain(
    conf`
      Listen 80
      Protocols «h2» h2c http/1.1
      ServerName example.org
    `,
    [mpm, ...modules],
  )

export default defineRule({
  summary: 'HTTP/2 is offered where the MPM is prefork',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'mod_http2 does not work with prefork: it says so once in the log (AH10034) and every client gets HTTP/1.1.',
  remedy:
    'Load `mpm_event`, and run PHP by PHP-FPM instead of mod_php: `a2dismod php8.2 mpm_prefork`, `a2enmod mpm_event proxy_fcgi`',
  references: ['https://httpd.apache.org/docs/2.4/howto/http2.html#mpm-config'],
  bad: [{ title: 'prefork', files: { 'etc/apache2/apache2.conf': main('mpm_prefork') } }],
  good: [
    { title: 'event', files: { 'etc/apache2/apache2.conf': main('mpm_event').replace(/[«»]/g, '') } },
    {
      title: 'the module is not loaded, and the word does nothing',
      files: { 'etc/apache2/apache2.conf': main('mpm_prefork', []).replace(/[«»]/g, '') },
    },
  ],
  *check({ apache }) {
    for (const { modules, occurrences } of apache) {
      const mpm = modules.get('mpm_prefork_module')
      if (mpm === undefined || !modules.has('http2_module')) continue
      for (const directive of occurrences.get('protocols') ?? []) {
        const index = directive.args.findIndex(({ value }) => /^h2c?$/i.test(value))
        if (index === -1) continue
        yield {
          at: argumentPlace(directive, index),
          message: `\`Protocols ${directive.args[index]?.value}\` has no effect with the MPM prefork: clients get HTTP/1.1`,
          related: mpm.at ? [{ at: mpm.at, message: 'prefork is loaded' }] : [],
        }
      }
    }
  },
})
