import type { FileSystem } from '../../src/files/file-system.ts'
import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const nginx = (key: string): Record<string, string> => ({
  'nginx.conf': conf`
    server {
        listen 443 ssl;
        server_name example.org;
        ssl_certificate /etc/ssl/site.pem;
        ssl_certificate_key ${key};
        root /srv/www;
    }
  `,
  'etc/ssl/private/site.key': conf`the key`,
})
const apache = (key: string): Record<string, string> => ({
  'site.conf': conf`
    <VirtualHost *:443>
        ServerName example.org
        SSLEngine on
        SSLCertificateFile /etc/ssl/site.pem
        SSLCertificateKeyFile ${key}
    </VirtualHost>
  `,
  'etc/ssl/private/site.key': conf`the key`,
})
const KEY = 'etc/ssl/private/site.key'

export default defineRule({
  summary: 'Every user of the machine may read the private key',
  severity: 'error',
  confidence: 'medium',
  securitySeverity: 7.1,
  cwe: [732],
  since: '0.1.0',
  why: 'Whoever has the key can pass for the site. Any account of the machine will do: that of another application, or one that a fault in it lets run a program.',
  remedy:
    'Take the key away from others: `chmod o= FILE`; both servers read it as root before they change their user',
  references: [
    'https://nginx.org/en/docs/http/configuring_https_servers.html',
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslcertificatekeyfile',
  ],
  bad: [
    {
      title: 'readable by all',
      files: nginx('«/etc/ssl/private/site.key»'),
      modes: { [KEY]: 0o644, 'etc/ssl/private': 0o755 },
    },
    {
      title: 'in Apache',
      files: apache('«/etc/ssl/private/site.key»'),
      modes: { [KEY]: 0o604, 'etc/ssl/private': 0o711 },
    },
  ],
  good: [
    { title: 'root alone', files: nginx('/etc/ssl/private/site.key'), modes: { [KEY]: 0o600 } },
    {
      title: 'the group ssl-cert, as Debian has it',
      files: nginx('/etc/ssl/private/site.key'),
      modes: { [KEY]: 0o640 },
    },
    {
      title: 'a directory that others may not enter',
      files: nginx('/etc/ssl/private/site.key'),
      modes: { [KEY]: 0o644, 'etc/ssl/private': 0o710 },
    },
    { title: 'permissions that nobody knows', files: nginx('/etc/ssl/private/site.key') },
  ],
  *check({ nginx, apache, filesOf }) {
    for (const configuration of nginx) {
      const { occurrences, main } = configuration
      const files = filesOf(configuration)
      for (const directive of occurrences.get('ssl_certificate_key') ?? []) {
        const directory = main === null ? null : posix.dirname(main.path)
        yield* judge(files, directive.args[0]?.value ?? '', directory, argumentPlace(directive, 0))
      }
    }
    for (const configuration of apache) {
      const { occurrences, serverRoot } = configuration
      const files = filesOf(configuration)
      const directory = serverRoot.known ? serverRoot.value : null
      // Without a file of its own the key stands in that of the certificate.
      for (const directive of occurrences.get('sslcertificatekeyfile') ?? []) {
        yield* judge(files, directive.args[0]?.value ?? '', directory, argumentPlace(directive, 0))
      }
    }
  },
})

/** A key is reported once, however many sites use it. */
function* judge(files: FileSystem, written: string, directory: string | null, at: Place) {
  if (written.includes('$') || /^\w+:/.test(written)) return
  if (!written.startsWith('/') && directory === null) return
  const path = posix.resolve(directory ?? '/', written)
  const real = files.realPath(path)
  if (real === null || files.kind(real) !== 'file') return
  // A checkout gives every file the same permissions, whatever they are on the machine.
  if (!files.covers(real) || !files.covers('/etc/-')) return
  const mode = files.mode(real)
  if (mode === null || (mode & 0o004) === 0) return
  // Every directory on the way has to let others through; one of unknown permissions may not.
  for (let up = posix.dirname(real); up !== '/'; up = posix.dirname(up)) {
    const bits = files.mode(up)
    if (bits !== null && (bits & 0o001) === 0) return
  }
  yield {
    at,
    cause: real,
    message: `every user of the machine may read the private key \`${path}\`, whose permissions are ${(mode & 0o777).toString(8).padStart(4, '0')}`,
    label: 'readable by all',
    help: `\`chmod o= ${path}\``,
  }
}
