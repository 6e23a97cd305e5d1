import type { Place } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { argumentPlace as apacheArgumentPlace } from '../../src/servers/apache/queries/places.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { apacheMain, nginxMain } from '../_examples.ts'

const CERTIFICATE = /* @__PURE__ */ conf`
  -----BEGIN CERTIFICATE-----
  MIIBnDCCAUGgAwIBAgIUW8IHJbVOADEI6BYA1AxagU9D16AwCgYIKoZIzj0EAwIw
  FjEUMBIGA1UEAwwLZXhhbXBsZS5vcmcwIBcNMjYxMTI2MjA0MzQ2WhgPMjEyNjEx
  MDIyMDQzNDZaMBYxFDASBgNVBAMMC2V4YW1wbGUub3JnMFkwEwYHKoZIzj0CAQYI
  KoZIzj0DAQcDQgAEz0bbDut/Mfp/bKpqKxSv00/vX8nGxZ7q2h1c/2aee1WFMWdJ
  UhpRnU9i4r/d9bO8OA8d+ebwyyTj3ZJG/srlUaNrMGkwHQYDVR0OBBYEFPkclj8C
  J1kwcmE6KsjlRz/Je3GGMB8GA1UdIwQYMBaAFPkclj8CJ1kwcmE6KsjlRz/Je3GG
  MA8GA1UdEwEB/wQFMAMBAf8wFgYDVR0RBA8wDYILZXhhbXBsZS5vcmcwCgYIKoZI
  zj0EAwIDSQAwRgIhAL6aWiLTml/linJHi5uM86t7yjoCWd0eivJMEyzKB/1JAiEA
  zvY8tUA3rn/BRXoT7c24OTYo5O7z0AtOn5xbk+Sk4iQ=
  -----END CERTIFICATE-----
`
/** Its passphrase is `open`. */
const KEY = /* @__PURE__ */ conf`
  -----BEGIN ENCRYPTED PRIVATE KEY-----
  MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgX1SWejXaN1QICCAAw
  DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEMVjtvSPhRUDmOo17+mg9XAEgZBp
  kMiq3JW2yYlgsH9NjzPjFbddWwdLNb29ru/LeUicbTW97zvW6HMXLdpYiOiVh54s
  Zzh9BF6smB9la++3t+4x+AWsWKrUxwbpoW16jTKkrhciD6sAnbcwRD61kUlMbhfV
  RNGQ74zrHMCO9cGtpERmRV3cW4K45RVyyjv+WJNDVKGf7fZ+8+mkEWg4eLPVPNk=
  -----END ENCRYPTED PRIVATE KEY-----
`
const FILES = { 'etc/ssl/site.pem': CERTIFICATE, 'etc/ssl/site.key': KEY }
const nginx = (key: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 443 ssl;
        server_name example.org;
        ssl_certificate /etc/ssl/site.pem;
        ${key}
        return 204;
    }
  `),
  ...FILES,
})
const apache = (key: string, lines = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 443
      ${lines}
      <VirtualHost *:443>
          ServerName example.org
          SSLEngine on
          SSLCertificateFile /etc/ssl/site.pem
          SSLCertificateKeyFile ${key}
      </VirtualHost>
    `,
    ['ssl'],
  ),
  ...FILES,
})

export default defineRule({
  summary: 'The key has a passphrase, which nobody types when the server starts',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Started by hand, nginx and Apache ask for the passphrase at the terminal. After the next boot, or by a reload from a script, there is no terminal: the server does not start.',
  remedy:
    'In nginx, name a file with the passphrase in `ssl_password_file`; in Apache, a program in `SSLPassPhraseDialog exec:…`; or take the passphrase off: `openssl pkey -in site.key -out plain.key`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_password_file',
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslpassphrasedialog',
  ],
  bad: [
    { title: 'in nginx', files: nginx('ssl_certificate_key «/etc/ssl/site.key»;') },
    { title: 'in Apache', files: apache('«/etc/ssl/site.key»') },
  ],
  good: [
    {
      title: 'the passphrase is in a file',
      files: {
        ...nginx(conf`
          ssl_certificate_key /etc/ssl/site.key;
          ssl_password_file /etc/ssl/site.pass;
        `),
        'etc/ssl/site.pass': 'open\n',
      },
    },
    {
      title: 'a program tells it',
      files: {
        ...apache('/etc/ssl/site.key', 'SSLPassPhraseDialog exec:/etc/ssl/passphrase'),
        'etc/ssl/passphrase': conf`
          #!/bin/sh
          echo open
        `,
      },
      modes: { 'etc/ssl/passphrase': 0o755 },
    },
  ],
  *check({ nginx, apache, filesOf }) {
    for (const configuration of nginx) {
      const files = filesOf(configuration)
      for (const line of configuration.occurrences.get('ssl_certificate_key') ?? []) {
        if (line.parent === null || !isEncrypted(files, line.args[0]?.value ?? '')) continue
        const passwords = effective(configuration, line.parent, 'ssl_password_file')
        if (!passwords.known || !passwords.value.complete || passwords.value.directives.length > 0) continue
        yield found(argumentPlace(line, 0), 'nginx')
      }
    }
    for (const configuration of apache) {
      const { occurrences, main } = configuration
      const asks = occurrences.get('sslpassphrasedialog')?.at(-1)?.args[0]?.value ?? 'builtin'
      if (main === null || asks !== 'builtin') continue
      const files = filesOf(configuration)
      for (const line of occurrences.get('sslcertificatekeyfile') ?? []) {
        if (isEncrypted(files, line.args[0]?.value ?? '')) yield found(apacheArgumentPlace(line, 0), 'Apache')
      }
    }
  },
})

function found(at: Place, server: string) {
  return {
    at,
    message: `this key has a passphrase, and no setting gives it to ${server}, which does not start without a terminal`,
    label: 'a key with a passphrase',
  }
}

function isEncrypted(files: FileSystem, path: string): boolean {
  const read = path.startsWith('/') && files.kind(path) === 'file' ? files.read(path) : null
  return (
    read?.kind === 'source' &&
    /^(?:-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED)\r?$/m.test(read.source.text)
  )
}
