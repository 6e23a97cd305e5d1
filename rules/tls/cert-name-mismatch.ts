import { isUnknownWord } from '../../parsers/text/source.ts'
import { type Certificate, certificateOf, certificatesOf, type ServerCertificate } from './_certificates.ts'
import { type OrderedNames, orderedNames } from './_ordered-names.ts'
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

/** A site whose certificate a text of the repository orders. */
const ordered = (path: string, text: string, name = '«www.example.org»'): Record<string, string> => ({
  'deploy/site.conf': conf`
    server {
        listen 443 ssl;
        server_name example.org ${name};
        ssl_certificate /etc/letsencrypt/live/example.org/fullchain.pem;
        ssl_certificate_key /etc/letsencrypt/live/example.org/privkey.pem;
        root /srv/www;
    }
  `,
  [path]: text,
})
const LOOP = (names: string): string => conf`
  #!/bin/bash
  domains=(${names})
  domain_args=""
  for domain in "\${domains[@]}"; do
    domain_args="$domain_args -d $domain"
  done
  docker compose run --rm --entrypoint "\\
    certbot certonly --webroot -w /var/www/certbot \\
      $domain_args \\
      --agree-tos" certbot
`
const PLAYBOOK = (names: readonly string[]): string => conf`
  - hosts: web
    vars:
      domains:
        ${names.map(name => `- ${name}`).join('\n')}
    tasks:
      - name: certificate
        command: certbot certonly --nginx -n --cert-name example.org -d {{ domains | join(',') }}
`

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
      title: 'www, which a script does not order',
      files: ordered('deploy/setup.sh', 'certbot --nginx -n --agree-tos -d example.org -m ops@example.org\n'),
    },
    {
      title: 'www, which the list of a script lacks',
      files: ordered('init-letsencrypt.sh', LOOP('example.org')),
    },
    {
      title: 'www, which the list of a playbook lacks',
      files: ordered('site.yml', PLAYBOOK(['example.org'])),
    },
    {
      title: 'www, which the container of certbot does not order',
      files: ordered(
        'docker-compose.yml',
        conf`
          services:
            certbot:
              image: certbot/certbot
              command: certonly --webroot -w /var/www/certbot --cert-name example.org --domain example.org --domain api.example.org
              volumes:
                - ./letsencrypt:/etc/letsencrypt
        `,
      ),
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
    {
      title: 'both, which a script orders',
      files: ordered('deploy/setup.sh', 'certbot --nginx -n -d example.org,www.example.org\n'),
    },
    {
      title: 'both, which a later command orders',
      files: ordered(
        'deploy/setup.sh',
        conf`
          certbot certonly --nginx -n -d example.org
          certbot certonly --nginx -n --expand -d example.org -d www.example.org
        `,
      ),
    },
    {
      title: 'all names of a domain',
      files: ordered('deploy/setup.sh', 'certbot certonly --dns-route53 -d example.org -d "*.example.org"\n'),
    },
    {
      title: 'a name that is filled in',
      files: ordered('deploy/setup.sh', 'certbot --nginx -n -d example.org -d "$2"\n'),
    },
    {
      title: 'a certificate of another name',
      files: ordered('deploy/setup.sh', 'certbot --nginx -n -d mail.example.org\n'),
    },
    {
      title: 'both in the list of a script',
      files: ordered('init-letsencrypt.sh', LOOP('example.org www.example.org')),
    },
    {
      title: 'both in the list of a playbook',
      files: ordered('site.yml', PLAYBOOK(['example.org', 'www.example.org'])),
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
    const { servers } = deployment
    const mismatches = new Map<NginxServer, Mismatch>()
    for (const server of servers) {
      if (!isOpenOverTls(deployment, server)) continue
      const mismatch = mismatchOf(deployment, server)
      if (mismatch !== null) mismatches.set(server, mismatch)
    }
    if (mismatches.size === 0) return
    for (const server of servers) {
      const mismatch = mismatches.get(server)
      if (mismatch === undefined) continue
      const { first, certificates, name, others, order } = mismatch
      const stands = listed([...new Set(certificates.flatMap(({ names }) => names))])
      yield {
        at: name.at,
        message: `the certificate of this server does not stand for \`${name.name}\`${others.length > 0 ? ` and ${others.length} more of its names` : ''}, ${stands === '' ? 'nor for any host name' : `only for ${stands}`}`,
        label: 'browsers refuse it',
        ...(order !== undefined && { confidence: 'medium' as const }),
        related: [
          { at: first.at, message: 'this certificate' },
          ...(order?.at == null ? [] : [{ at: order.at, message: 'ordered here' }]),
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
  /** Where certbot is told the names; absent where a file of the machine has them. */
  readonly order: OrderedNames | undefined
}

const LINEAGE = /^\/etc\/letsencrypt\/live\/([^/]+)\/(?:fullchain|cert)\.pem$/

function mismatchOf(deployment: Deployment, server: NginxServer): Mismatch | null {
  const shown = certificatesOf(deployment.filesOf(server.configuration), server)
  const ordered = shown.map(({ path }) => orderedNames(deployment).get(LINEAGE.exec(path ?? '')?.[1] ?? ''))
  // nginx chooses among several by the kinds of key that the client takes.
  const certificates = shown.flatMap(({ certificate }, index) => {
    const order = ordered[index]
    return certificate ?? (order === undefined ? [] : certificateOf(order.names))
  })
  const [first] = shown
  if (first === undefined || certificates.length < shown.length) return null
  const [name, ...others] = server.names.filter(
    ({ name, exact }) =>
      exact &&
      // Nobody orders a certificate for it, and no other machine asks for it.
      name !== 'localhost' &&
      !isUnknownWord(name) &&
      parseHost(name).kind === 'name' &&
      !certificates.some(certificate => certificate.covers(name)),
  )
  if (name === undefined) return null
  return { first, certificates, name, others, order: first.certificate === null ? ordered[0] : undefined }
}

function listed(names: readonly string[]): string {
  const quoted = names.slice(0, 3).map(name => `\`${name}\``)
  if (names.length > 3) return `${quoted.join(', ')} and ${names.length - 3} more`
  return quoted.length < 2 ? (quoted[0] ?? '') : `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`
}
