import type { FileSystem } from '../../src/files/file-system.ts'
import { type Certificate, certificatesOf, type ServerCertificate } from './_certificates.ts'
import type { Deployment, NginxServer, ServerName } from '../../src/deployment/model.ts'
import { parseHost } from '../../src/servers/address.ts'
import { conf } from '../../src/engine/conf.ts'
import { isBehindProxy } from '../../src/deployment/outer-proxies.ts'
import { defineRule } from '../../src/engine/rule.ts'

/** For `example.org` and `*.shop.example.org`. */
const CERTIFICATE = conf`
  -----BEGIN CERTIFICATE-----
  MIIBrDCCAVKgAwIBAgIUNx5q6M6qDgHtrOBo00vUlvYwQ8UwCgYIKoZIzj0EAwIw
  FjEUMBIGA1UEAwwLZXhhbXBsZS5vcmcwIBcNMjYxMTI0MTMyNTAxWhgPMjEyNjEw
  MzExMzI1MDFaMBYxFDASBgNVBAMMC2V4YW1wbGUub3JnMFkwEwYHKoZIzj0CAQYI
  KoZIzj0DAQcDQgAEglR0amO70C2e7imMwl0CRH6sP6lLddyN2M9vice9KCjgAX0S
  B6T5WmpOiQUKJ6oqwOmNO5PLXVlsEtqxu2EeeKN8MHowHQYDVR0OBBYEFEgYTcIE
  v+lCugZ3MgIEfeQXw75HMB8GA1UdIwQYMBaAFEgYTcIEv+lCugZ3MgIEfeQXw75H
  MCoGA1UdEQQjMCGCC2V4YW1wbGUub3JnghIqLnNob3AuZXhhbXBsZS5vcmcwDAYD
  VR0TAQH/BAIwADAKBggqhkjOPQQDAgNIADBFAiBliHyOoZNOgI6pwhPorhSgU71z
  1/lvd1JsACLHrXUEsgIhAPQbqe8J2jngbCNzrGPhPMHS2K5H62TU1yamQwdOq+NK
  -----END CERTIFICATE-----
`
const nginx = (names: string, rest = ''): Record<string, string> => ({
  'nginx.conf': conf`
    server {
        listen 443 ssl;
        server_name ${names};
        ssl_certificate /etc/ssl/site.pem;
        ssl_certificate_key /etc/ssl/site.key;
        ${rest}
        root /srv/www;
    }
  `,
})
const FILES = { 'etc/ssl/site.pem': CERTIFICATE }

/** A site whose certificate is on the machine alone, and the file by which certbot renews it for some names. */
const renewed = (name: string, ...names: readonly string[]): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 443 ssl;
            server_name example.org «${name}»;
            ssl_certificate /etc/letsencrypt/live/example.org/fullchain.pem;
            ssl_certificate_key /etc/letsencrypt/live/example.org/privkey.pem;
            root /srv/www;
        }
    }
  `,
  'etc/letsencrypt/renewal/example.org.conf': conf`
    [renewalparams]
    authenticator = webroot
    [[webroot_map]]
    ${names.map(each => `${each} = /srv/www`).join('\n')}
  `,
})

export default defineRule({
  summary: 'The certificate is not valid for a name of its server',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Browsers stop before they send the first request, and warn of an attack; so does every client that follows a redirect from this name, since TLS comes before the redirect.',
  remedy: 'Order a certificate with this name in it, or take the name out of the server',
  references: [
    'https://nginx.org/en/docs/http/configuring_https_servers.html',
    'https://www.rfc-editor.org/rfc/rfc6125',
  ],
  bad: [
    {
      title: 'www, which nobody ordered',
      files: { ...nginx('example.org «www.example.org»'), ...FILES },
    },
    {
      title: 'www, which certbot does not renew',
      files: renewed('www.example.org', 'example.org'),
    },
    {
      title: 'a wildcard stands for one label',
      files: { ...nginx('example.org «a.b.shop.example.org»'), ...FILES },
    },
  ],
  good: [
    {
      title: 'both, which certbot renews',
      files: renewed('www.example.org', 'example.org', 'www.example.org'),
    },
    { title: 'the name', files: { ...nginx('example.org'), ...FILES } },
    { title: 'the wildcard', files: { ...nginx('EXAMPLE.org toys.shop.example.org'), ...FILES } },
    { title: 'a certificate outside of the audit', files: nginx('www.example.org') },
    { title: 'a name that no other machine asks for', files: { ...nginx('localhost'), ...FILES } },
    { title: 'its address as a name', files: { ...nginx('example.org 192.0.2.10'), ...FILES } },
    {
      title: 'a server for whatever name comes',
      files: { ...nginx('_ *.example.com'), ...FILES },
    },
    {
      title: 'another proxy in front, which the clients see',
      files: { ...nginx('www.example.org', 'set_real_ip_from 10.0.0.0/8;'), ...FILES },
    },
  ],
  *check(deployment) {
    const { servers, filesOf } = deployment
    const mismatches = new Map<NginxServer, Mismatch>()
    for (const server of servers) {
      if (!isOpenOverTls(deployment, server)) continue
      const mismatch = mismatchOf(filesOf(server.configuration), server)
      if (mismatch !== null) mismatches.set(server, mismatch)
    }
    if (mismatches.size === 0) return
    for (const server of servers) {
      const mismatch = mismatches.get(server)
      if (mismatch === undefined) continue
      const { first, certificates, name, others } = mismatch
      const stands = listed([...new Set(certificates.flatMap(({ names }) => names))])
      yield {
        at: name.at,
        message: `the certificate of this server does not stand for \`${name.name}\`${others.length > 0 ? ` and ${others.length} more of its names` : ''}, ${stands === '' ? 'nor for any host name' : `only for ${stands}`}`,
        label: 'browsers refuse it',
        related: [
          { at: first.at, message: 'this certificate' },
          ...others.slice(0, 5).map(({ at }) => ({ at, message: 'nor for this one' })),
        ],
      }
    }
  },
})

/** A server that answers clients of other machines over TLS, without a proxy in between. */
function isOpenOverTls(deployment: Deployment, server: NginxServer): boolean {
  const isOpen = server.listens.some(
    listen => listen.tls && listen.loopback !== true && !isBehindProxy(deployment, server, listen),
  )
  return isOpen && server.answer.kind !== 'refusal'
}

interface Mismatch {
  /** Where the configuration names the first certificate. */
  readonly first: ServerCertificate
  readonly certificates: readonly Certificate[]
  /** The first name that no certificate stands for, and the others. */
  readonly name: ServerName
  readonly others: readonly ServerName[]
}

function mismatchOf(files: FileSystem, server: NginxServer): Mismatch | null {
  const shown = certificatesOf(files, server)
  // nginx chooses among several by the kinds of key that the client takes.
  const certificates = shown.flatMap(({ certificate }) => certificate ?? [])
  const [first] = shown
  if (first === undefined || certificates.length < shown.length) return null
  const [name, ...others] = server.names.filter(
    ({ name, exact }) =>
      exact &&
      // Nobody orders a certificate for it, and no other machine asks for it.
      name !== 'localhost' &&
      parseHost(name).kind === 'name' &&
      !certificates.some(certificate => certificate.covers(name)),
  )
  return name === undefined ? null : { first, certificates, name, others }
}

function listed(names: readonly string[]): string {
  const quoted = names.slice(0, 3).map(name => `\`${name}\``)
  if (names.length > 3) return `${quoted.join(', ')} and ${names.length - 3} more`
  return quoted.length < 2 ? (quoted[0] ?? '') : `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`
}
