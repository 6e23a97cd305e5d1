import type { Place } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { AskedHost } from '../../src/deployment/requests/ask-host.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { sslProtocols } from '../../src/servers/apache/queries/server-settings.ts'
import { nginxMain } from '../_examples.ts'
import { tlsHost, tlsServer } from './_examples.ts'
import {
  hostPlace,
  httpPlace,
  isWritten,
  nginxLine,
  reachedHosts,
  reachedServers,
  speaksTls,
} from './_servers.ts'

const MOZILLA =
  'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305'
const INTERMEDIATE: ReadonlySet<string> = new Set(MOZILLA.split(':'))

export default defineRule({
  summary: 'Ciphers are offered that Mozilla’s intermediate guidelines do not have',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'Up to TLS 1.2 a list such as `HIGH` keeps ciphers without forward secrecy, and those with CBC: recorded traffic can be read later by whoever gets the key. Clients choose better ones where they can.',
  remedy: `Take Mozilla’s intermediate list, \`${MOZILLA}\`, or offer \`TLSv1.3\` alone`,
  controls: [
    'CIS nginx 4.1.5',
    'CIS Apache 7.5',
    'CIS Apache 7.8',
    'CIS Apache: forward secrecy',
    'dev-sec nginx-12',
    'Mozilla intermediate',
  ],
  references: ['https://wiki.mozilla.org/Security/Server_Side_TLS', 'https://ssl-config.mozilla.org/'],
  bad: [
    { title: 'an old list', files: { 'etc/nginx/nginx.conf': tlsServer('ssl_ciphers «HIGH:!aNULL:!MD5»;') } },
    {
      title: 'nginx’s own',
      files: { 'etc/nginx/nginx.conf': tlsServer('').replace('http', '«http»') },
    },
    {
      title: 'one cipher too many in Apache',
      files: {
        'etc/apache2/apache2.conf': tlsHost('SSLCipherSuite «ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA:!aNULL»'),
      },
    },
  ],
  good: [
    { title: 'Mozilla’s list', files: { 'etc/nginx/nginx.conf': tlsServer(`ssl_ciphers ${MOZILLA};`) } },
    {
      title: 'the same in classes',
      files: { 'etc/nginx/nginx.conf': tlsServer('ssl_ciphers "EECDH+AESGCM:EECDH+CHACHA20:!aNULL";') },
    },
    {
      title: 'TLS 1.3, which has a list of its own',
      files: { 'etc/nginx/nginx.conf': tlsServer('ssl_protocols TLSv1.3;') },
    },
    {
      title: 'no TLS',
      files: { 'etc/nginx/nginx.conf': nginxMain(['ssl_ciphers HIGH;', 'server {', 'listen 80;', '}']) },
    },
    {
      title: 'in Apache, beside the ciphers of TLS 1.3',
      files: {
        'etc/apache2/apache2.conf': tlsHost(conf`
          SSLCipherSuite ECDHE-RSA-AES128-GCM-SHA256
          SSLCipherSuite TLSv1.3 TLS_AES_128_GCM_SHA256
        `),
      },
    },
  ],
  *check(deployment) {
    for (const server of reachedServers(deployment).filter(({ tls }) => tls)) {
      const protocols = nginxLine(server, 'ssl_protocols')
      const line = nginxLine(server, 'ssl_ciphers')
      if (line === undefined || protocols === undefined) continue
      if (protocols?.args.every(({ value }) => /^TLSv1\.3$/i.test(value)) === true) continue
      const at = line === null ? httpPlace(server) : argumentPlace(line, 0)
      const wide = wideWords(line?.args[0]?.value ?? 'HIGH:!aNULL:!MD5')
      if (wide.length > 0) yield finding(at, line === null, wide, 'servers')
    }
    for (const asked of reachedHosts(deployment).filter(speaksTls)) {
      const protocols = sslProtocols(asked.configuration, asked.host)
      if (!protocols.known || [...protocols.value].every(name => name === 'TLSv1.3')) continue
      const line = suiteOf(asked)
      // Of Apache the list of the library holds, which nobody sees here.
      if (line === null || hostPlace(asked) === null) continue
      const wide = wideWords(line.args.at(-1)?.value ?? '')
      if (wide.length > 0)
        yield finding(argumentPlace(line, line.args.length - 1), false, wide, 'virtual hosts')
    }
  },
})

function finding(at: Place, isDefault: boolean, wide: readonly string[], per: string) {
  const words = wide.slice(0, 3).map(word => `\`${word}\``)
  const list = `${words.join(', ')}${wide.length > words.length ? ' and more' : ''}`
  return {
    at,
    per,
    message: (often: string) =>
      `${isDefault ? 'the default list of ciphers' : 'the list'} has ${list}, which Mozilla’s intermediate list has not${often}`,
  }
}

/** The line for TLS up to 1.2: the one with a protocol in front of the list may be that of 1.3. */
function suiteOf({ configuration, host }: AskedHost): ApacheDirective | null {
  for (const section of host === null ? [null] : [host.directive, null]) {
    const line = directivesIn(configuration, section, 'sslciphersuite').findLast(
      ({ args }) => args.length === 1 || /^ssl$/i.test(args[0]?.value ?? ''),
    )
    if (line !== undefined) return line
  }
  return null
}

/** Ephemeral keys and an AEAD: classes of OpenSSL that hold no other ciphers. */
const CLASS = /^k?(?:EECDH|ECDHE|EDH|DHE)\+(?:AESGCM|CHACHA20)$/

/** The words of a list that bring other ciphers in; none where a word is filled in elsewhere. */
function wideWords(list: string): readonly string[] {
  if (!isWritten(list.replaceAll(' ', ':'))) return []
  return list
    .split(/[:, ]+/)
    .filter(word => /^[A-Za-z0-9]/.test(word))
    .filter(word => !INTERMEDIATE.has(word) && !CLASS.test(word) && !word.startsWith('TLS_'))
}
