import { memo } from '../../parsers/collections/memo.ts'
import type { ApacheConnection, ApacheHost, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { parseHost } from '../../src/servers/address.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { effectiveDirective, serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { compareVersions } from '../../src/servers/version.ts'
import { effectiveAtHand, isOnAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import { type BackendCertificate, backendCertificate } from './_backend-certificate.ts'
import type { Certificate } from './_certificates.ts'
import { LEAF } from './_pem-examples.ts'

const site = (lines: string, backend = '127.0.0.1:8443'): string =>
  nginxMain([
    conf`
      upstream api {
          server 127.0.0.1:8443;
      }
      server {
          listen 80;
          server_name example.org;
          location / {
              proxy_pass https://${backend};
              proxy_ssl_trusted_certificate /srv/tls/api.pem;
              ${lines}
          }
      }
    `,
    conf`
      server {
          listen 127.0.0.1:8443 ssl;
          ssl_certificate /srv/tls/api.pem;
          ssl_certificate_key /srv/tls/api.key;
          return 200 "api";
      }
    `,
  ])

const CONSOLE = conf`
  server {
      listen 127.0.0.1:8443 ssl;
      server_name example.org;
      ssl_certificate /etc/ssl/site.pem;
      ssl_certificate_key /etc/ssl/site.key;
      return 200 "console";
  }
`

/** Apache in front of a server of nginx whose certificate is for `example.org`. */
const apache = (
  url: string,
  lines = '',
  name = 'shop.example.net',
  modules = ['ssl', 'socache_shmcb', 'proxy', 'proxy_http'],
): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName ${name}
          SSLProxyEngine on
          ${lines}
          ProxyPass / ${url}
      </VirtualHost>
    `,
    modules,
  ),
  'etc/nginx/nginx.conf': nginxMain(CONSOLE),
  'etc/ssl/site.pem': LEAF,
  'etc/hosts': '127.0.0.1 localhost example.org console.internal\n',
})

/** The same with a certificate that is on the machine alone. */
const letsEncrypt = (url: string): Record<string, string> => ({
  ...apache(url),
  'etc/nginx/nginx.conf': nginxMain(
    CONSOLE.replace(/\/etc\/ssl\/site\.(?:pem|key)/g, '/etc/letsencrypt/live/example.org/fullchain.pem'),
  ),
  'etc/hosts': '127.0.0.1 localhost console.example.org\n',
})

const verified = (target: string, lines = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain([
    nginxServer(conf`
      location / {
          proxy_pass https://${target};
          proxy_ssl_trusted_certificate /etc/ssl/site.pem;
          ${lines}
      }
    `),
    CONSOLE,
  ]),
  'etc/ssl/site.pem': LEAF,
  'etc/hosts': '127.0.0.1 localhost example.org console.internal\n',
})

export default defineRule({
  summary: 'The certificate of a backend is checked for a name that it does not have',
  severity: 'error',
  otherSeverities: { warning: 'where it is the name of an upstream, which a certificate may have by chance' },
  confidence: 'high',
  since: '0.1.0',
  why: 'With `proxy_ssl_verify on` the certificate has to have the name in `proxy_pass`. nginx compares names alone, so that no certificate fits an address, not even one that is made for it; and the name of an `upstream` block is none of the backend’s: 502, `upstream SSL certificate does not match`. Apache checks the name without being asked since 2.4.5, `SSLProxyCheckPeerName`, and compares the host in `ProxyPass`, or with `ProxyPreserveHost On` that of the request: 500 Proxy Error, `Error during SSL Handshake with remote server`.',
  remedy:
    'Write the name of the certificate: `proxy_ssl_name api.example.org;`, in Apache `ProxyPass / https://api.example.org:8443/` with the name in `/etc/hosts`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_name',
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslproxycheckpeername',
  ],
  bad: [
    {
      title: 'an address',
      files: { 'etc/nginx/nginx.conf': site('«proxy_ssl_verify» on;') },
    },
    {
      title: 'the name of an upstream',
      files: { 'etc/nginx/nginx.conf': site('«proxy_ssl_verify» on;', 'api') },
    },
    {
      title: 'a name that the certificate does not have',
      files: verified('console.internal:8443', '«proxy_ssl_verify» on;'),
    },
    { title: 'an address in Apache', files: apache('«https://127.0.0.1:8443/»') },
    { title: 'another name in Apache', files: apache('«https://console.internal:8443/»') },
    {
      title: 'the name of the request, which Apache keeps',
      files: apache('«https://example.org:8443/»', 'ProxyPreserveHost On'),
    },
  ],
  good: [
    {
      title: 'the name that the certificate has',
      files: verified('example.org:8443', 'proxy_ssl_verify on;'),
    },
    {
      title: 'an upstream by the name of the certificate',
      files: {
        ...verified('example', 'proxy_ssl_verify on;\nproxy_ssl_name example.org;'),
      },
    },
    { title: 'the name of the certificate in Apache', files: apache('https://example.org:8443/') },
    {
      title: 'the name of the request, which the certificate has',
      files: apache('https://127.0.0.1:8443/', 'ProxyPreserveHost On', 'example.org'),
    },
    {
      title: 'Apache that does not check',
      files: apache('https://127.0.0.1:8443/', 'SSLProxyCheckPeerName off'),
    },
    {
      title: 'Apache that is told so by the older directive',
      files: apache('https://127.0.0.1:8443/', 'SSLProxyCheckPeerCN off'),
    },
    {
      title: 'Apache that does not check one backend',
      files: apache(
        'https://127.0.0.1:8443/',
        conf`
          <Proxy https://127.0.0.1:8443/>
              SSLProxyCheckPeerName off
          </Proxy>
        `,
      ),
    },
    {
      title: 'a certificate of Let’s Encrypt, whatever its names are',
      files: letsEncrypt('https://console.example.org:8443/'),
    },
    {
      title: 'the name of the certificate',
      files: {
        'etc/nginx/nginx.conf': site(conf`
          proxy_ssl_verify on;
          proxy_ssl_name example.org;
        `),
      },
    },
    {
      title: 'a host by its name',
      files: { 'etc/nginx/nginx.conf': site('proxy_ssl_verify on;', 'localhost:8443') },
    },
    { title: 'nothing is checked', files: { 'etc/nginx/nginx.conf': site('proxy_ssl_verify off;') } },
  ],
  *check(deployment) {
    yield* ofApache(deployment)
    const { nginx, connections } = deployment
    const isAsked = nginx.some(({ occurrences }) =>
      PROTOCOLS.some(name => occurrences.has(`${name}_ssl_verify`)),
    )
    if (!isAsked) return
    for (const connection of connections.nginx) {
      const { server, block, pass, protocol, upstream } = connection
      const name = pass.name.replace('_pass', '')
      if (!protocol.known || !/^(?:https|grpcs|suwsgi)$/.test(protocol.value)) continue
      const verify = isOnAtHand(server.configuration, block, `${name}_ssl_verify`, false)
      const line = effectiveAtHand(server.configuration, block, `${name}_ssl_verify`)
      const own = effectiveAtHand(server.configuration, block, `${name}_ssl_name`)
      if (!verify.known || !verify.value || !line.known || !own.known) continue
      const directive = line.value.directives[0]
      const named = own.value.directives[0]
      const compared = named === undefined ? writtenHost(connection) : named.args[0]?.value
      if (directive === undefined || compared === undefined || compared.includes('$')) continue
      const shown = shownToNginx(deployment, connection, compared)
      if (shown === null) {
        const host = named === undefined ? hostOf(connection) : null
        if (host === null) continue
        yield {
          at: namePlace(directive),
          severity: upstream === null ? 'error' : 'warning',
          message: `the certificate is checked for \`${host}\`, which is ${upstream === null ? 'an address and no name' : 'the name of the upstream'}`,
          label: 'no certificate fits',
          related: [{ at: argumentPlace(pass, 0), message: 'the name that is compared' }],
          help: `Write \`${name}_ssl_name\` with the name of the certificate`,
        }
      } else if (!shown.certificate.covers(compared))
        yield {
          at: namePlace(directive),
          message: `the certificate is checked for \`${compared}\`, and it is one for ${listed(shown.certificate)}`,
          label: 'another name',
          related: [
            { at: argumentPlace(named ?? pass, 0), message: 'the name that is compared' },
            { at: shown.at, message: 'the certificate of the backend' },
          ],
          help: `Write \`${name}_ssl_name\` with the name of the certificate`,
        }
    }
  },
})

/** What the backend shows where nginx is known to send a name in the handshake, or none; null otherwise. */
function shownToNginx(
  deployment: Deployment,
  { server, block, pass, targets }: NginxConnection,
  compared: string,
): BackendCertificate | null {
  const sends = isOnAtHand(
    server.configuration,
    block,
    `${pass.name.replace('_pass', '')}_ssl_server_name`,
    false,
  )
  const [target, ...others] = targets
  if (!sends.known || target === undefined || others.length > 0) return null
  const isName = parseHost(compared).kind !== 'ip'
  return backendCertificate(deployment, target, sends.value && isName ? compared : null)
}

function listed({ names }: Certificate): string {
  return names.length === 0
    ? 'no name'
    : names
        .slice(0, 3)
        .map(name => `\`${name}\``)
        .join(', ')
}

/** The connections of Apache whose backend shows a certificate for another name. */
function* ofApache(deployment: Deployment) {
  const checking = deployment.apache.filter(checksNames)
  if (checking.length === 0) return
  for (const connection of deployment.connections.apache) {
    const { from, protocol, targets } = connection
    if (!protocol.known || protocol.value !== 'https' || !checking.includes(from.configuration)) continue
    const hosts = comparedHosts(deployment, connection)
    if (hosts === null) continue
    for (const target of targets) {
      const names = hosts.kept ?? [target.written.replace(/:\d+$/, '').toLowerCase()]
      const [first] = names
      if (first === undefined) continue
      const shown = backendCertificate(deployment, target, parseHost(first).kind === 'ip' ? null : first)
      if (shown === null || names.some(name => coversForApache(shown.certificate, name))) continue
      yield {
        at: target.at,
        message: `Apache checks the certificate of the backend for \`${first}\`, and it is one for ${listed(shown.certificate)}: Error during SSL Handshake with remote server`,
        label: hosts.line === null ? 'the name that is compared' : 'shows another name',
        related: [
          { at: shown.at, message: 'the certificate of the backend' },
          ...(hosts.line === null
            ? []
            : [{ at: argumentPlace(hosts.line, 0), message: 'the host of the request is compared' }]),
        ],
        help: 'Write the name of the certificate, with its address in `/etc/hosts`, or `SSLProxyCheckPeerName off` for a backend on this machine',
      }
    }
  }
}

/** True for a release that checks names by itself, where no section of a backend may tell it otherwise. */
function checksNames({ version, occurrences }: ApacheConfiguration): boolean {
  return (
    occurrences.has('sslproxyengine') &&
    compareVersions(version.value, '2.4.5') >= 0 &&
    CHECKS.every(name => (occurrences.get(name) ?? []).every(({ parent }) => isServer(parent)))
  )
}

const CHECKS = ['sslproxycheckpeername', 'sslproxycheckpeercn', 'sslproxyengine']

function isServer(parent: ApacheDirective | null): boolean {
  return parent === null || parent.name === 'VirtualHost'
}

interface ComparedHosts {
  /** The names of requests; null where the host of the backend is compared. */
  readonly kept: readonly string[] | null
  readonly line: ApacheDirective | null
}

/** What Apache compares with the certificate of a backend; null where it does not, or nobody knows. */
function comparedHosts(deployment: Deployment, { from, host }: ApacheConnection): ComparedHosts | null {
  const { configuration } = from
  const site = host === null ? null : (hostsByDirective(deployment).get(host) ?? null)
  const line = (name: string) =>
    effectiveDirective(configuration, serverLevels(site?.virtualHost ?? null), name)
  const isOn = (given: ApacheDirective | null | undefined) => given?.args[0]?.value.toLowerCase() === 'on'
  const checks = ['SSLProxyCheckPeerName', 'SSLProxyCheckPeerCN'].map(line)
  if (!isOn(line('SSLProxyEngine')) || checks.some(each => each !== null && !isOn(each))) return null
  const preserve = line('ProxyPreserveHost')
  const isSimple = (configuration.occurrences.get('proxypreservehost') ?? []).every(({ parent }) =>
    isServer(parent),
  )
  if (preserve === undefined || !isSimple) return null
  if (!isOn(preserve)) return { kept: null, line: null }
  return { kept: (site?.names ?? []).filter(name => !/[*?]/.test(name)), line: preserve }
}

const hostsByDirective = memo(
  ({ virtualHosts }: Deployment): ReadonlyMap<ApacheDirective, ApacheHost> =>
    new Map(virtualHosts.map(host => [host.directive, host])),
)

/** httpd takes the CN besides the names, and no address of the certificate. */
function coversForApache({ covers, commonName }: Certificate, name: string): boolean {
  const common = commonName?.toLowerCase()
  return (
    covers(name) ||
    common === name ||
    (common?.startsWith('*.') === true && common.slice(1) === name.replace(/^[^.]+/, ''))
  )
}

const PROTOCOLS = ['proxy', 'grpc', 'uwsgi'] as const

/** The host that nginx compares where nothing names another; undefined where a variable has it. */
function writtenHost({ pass }: NginxConnection): string | undefined {
  return /^(?:[a-z]+:\/\/)?(\[[^\]]+\]|[^/:$]+)(?=[:/]|$)/.exec(pass.args[0]?.value ?? '')?.[1]
}

/** The host that nginx compares, where it is surely no name of a certificate; null otherwise. */
function hostOf(connection: NginxConnection): string | null {
  const { upstream } = connection
  const host = writtenHost(connection)
  if (host === undefined) return null
  if (upstream !== null) return host.includes('.') ? null : host
  return parseHost(host).kind === 'ip' ? host : null
}
