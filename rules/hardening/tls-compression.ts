import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { tlsHost } from './_examples.ts'
import { apacheLine, reachedHosts, speaksTls } from './_servers.ts'

const NAMES = ['SSLCompression', 'SSLInsecureRenegotiation'] as const

export default defineRule({
  summary: 'Apache turns on what TLS has given up: compression, or renegotiation with old clients',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'Compressed TLS gives away what it hides (CRIME), and the old renegotiation lets somebody on the line put a request in front of the client’s. Today’s OpenSSL is mostly built without the first.',
  remedy: 'Remove the line: both are off by default',
  controls: ['CIS Apache 7.6', 'CIS Apache 7.7'],
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslcompression',
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslinsecurerenegotiation',
  ],
  unproven: 'The OpenSSL of the tests has no compression, and its clients ask for no renegotiation',
  bad: [
    {
      title: 'compression',
      files: { 'etc/apache2/apache2.conf': tlsHost('SSLCompression «on»') },
    },
    {
      title: 'renegotiation',
      files: { 'etc/apache2/apache2.conf': tlsHost('SSLInsecureRenegotiation «on»') },
    },
  ],
  good: [
    { title: 'the defaults', files: { 'etc/apache2/apache2.conf': tlsHost('') } },
    { title: 'said to be off', files: { 'etc/apache2/apache2.conf': tlsHost('SSLCompression off') } },
  ],
  *check(deployment) {
    for (const asked of reachedHosts(deployment).filter(speaksTls)) {
      for (const name of NAMES) {
        const line = apacheLine(asked, name)
        if (line == null || !/^on$/i.test(line.args[0]?.value ?? '')) continue
        const at = argumentPlace(line, 0)
        yield {
          at,
          per: 'virtual hosts',
          message: often => `\`${name}\` is on${often}`,
          ...propose('Turn it off', 'unsafe', [replacePlace(at, 'off')]),
        }
      }
    }
  },
})
