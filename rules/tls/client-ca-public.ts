import { once } from '../../parsers/collections/once.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace as apachePlace } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain, tlsServer } from '../_examples.ts'
import { tlsVirtualHost } from './_virtual-host-examples.ts'

const nginx = (authority: string, lines = ''): string =>
  nginxMain(
    tlsServer(conf`
      ssl_client_certificate ${authority};
      ssl_verify_client on;
      ${lines}
      location / {
          return 200 "staff";
      }
    `),
  )
const apache = (authority: string, lines = ''): Record<string, string> => ({
  ...tlsVirtualHost(
    conf`
      SSLCACertificateFile ${authority}
      SSLVerifyClient require
      SSLVerifyDepth 3
      <Directory /srv/www>
          ${lines || 'Require all granted'}
      </Directory>
    `,
  ),
  'srv/www/index.html': 'staff',
})

export default defineRule({
  summary: 'A certificate of any public authority lets a client in',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 8.1,
  cwe: [295],
  since: '0.1.0',
  why: 'The bundle of the system holds every authority that browsers and mail programs trust. Whoever has a certificate of one of them, for a site or a mailbox of their own, passes the check, unless something compares the name in it too.',
  remedy: 'Name the one authority that issues the certificates of the clients',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_client_certificate',
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslcacertificatefile',
  ],
  bad: [
    {
      title: 'the bundle of the system',
      files: { 'etc/nginx/nginx.conf': nginx('«/etc/ssl/certs/ca-certificates.crt»') },
    },
    {
      title: 'the bundle of the system in Apache',
      files: apache('«/etc/ssl/certs/ca-certificates.crt»'),
    },
  ],
  good: [
    {
      title: 'an authority of one’s own',
      files: { 'etc/nginx/nginx.conf': nginx('/etc/ssl/clients.pem') },
    },
    { title: 'an authority of one’s own in Apache', files: apache('/etc/ssl/clients.pem') },
    {
      title: 'the name in the certificate is compared',
      files: {
        'etc/nginx/nginx.conf': nginx(
          '/etc/ssl/certs/ca-certificates.crt',
          conf`
            if ($ssl_client_s_dn != "CN=partner.example.com") {
                return 403;
            }
          `,
        ),
      },
    },
    {
      title: 'the name is compared in Apache',
      files: apache(
        '/etc/ssl/certs/ca-certificates.crt',
        `Require expr "%{SSL_CLIENT_S_DN_CN} == 'partner.example.com'"`,
      ),
    },
    {
      title: 'nobody is asked',
      files: {
        'etc/nginx/nginx.conf': nginx('/etc/ssl/certs/ca-certificates.crt').replace(
          'ssl_verify_client on',
          'ssl_verify_client off',
        ),
      },
    },
  ],
  *check({ nginx: configurations, apache: httpd, filesOf }) {
    for (const configuration of configurations) {
      const isCompared = once(() => mayHoldUnread(configuration) || compares(configuration))
      for (const line of configuration.occurrences.get('ssl_client_certificate') ?? []) {
        const path = line.args[0]?.value ?? ''
        if (!BUNDLE.test(path) || line.parent === null || line.context.startsWith('stream')) continue
        if (isCompared()) continue
        const verify = effectiveAtHand(configuration, line.parent, 'ssl_verify_client')
        const mode = verify.known ? verify.value.directives[0]?.args[0]?.value : undefined
        if (mode !== 'on') continue
        yield {
          at: argumentPlace(line, 0),
          message: said(path),
          label: 'every public authority',
        }
      }
    }
    for (const configuration of httpd) {
      if (!isWhole(configuration)) continue
      const of = (name: string) => everywhere(configuration, filesOf(configuration), name)
      const lines = of('sslcacertificatefile').filter(({ args }) => BUNDLE.test(args[0]?.value ?? ''))
      if (lines.length === 0) continue
      if (!of('sslverifyclient').some(({ args }) => /^require$/i.test(args[0]?.value ?? ''))) continue
      // Whatever asks for the certificate may compare what stands in it.
      if (ASKING.some(name => of(name).some(({ args }) => args.some(({ value }) => NAMED.test(value)))))
        continue
      if (['sslrequire', 'sslusername', 'ssloptions'].some(name => of(name).length > 0)) continue
      for (const line of lines)
        yield {
          at: apachePlace(line, 0),
          message: said(line.args[0]?.value ?? ''),
          label: 'every public authority',
        }
    }
  },
})

const said = (path: string): string =>
  `\`${path}\` holds every public authority, so whoever has a certificate of one of them is let in`

/** Where the systems keep the authorities that all programs trust. */
const BUNDLE =
  /^(?:\/etc\/ssl\/certs\/ca-(?:certificates|bundle)\.crt|\/etc\/ssl\/(?:cert|ca-bundle)\.pem|\/etc\/pki\/tls\/(?:certs\/ca-bundle\.(?:trust\.)?crt|cert\.pem)|\/etc\/pki\/ca-trust\/extracted\/pem\/tls-ca-bundle\.pem|\/usr\/local\/share\/certs\/ca-root-nss\.crt)$/

/** Lines of Apache that may ask for what stands in a certificate. */
const ASKING = ['require', 'rewritecond', 'setenvif', 'requestheader', 'if', 'setenvifexpr'] as const

const NAMED = /SSL_CLIENT_(?!VERIFY)|PeerExtList|ssl-verify-client/i

/** True where any word has what stands in the certificate of the client: the verdict alone says nothing here. */
function compares({ top, occurrences }: NginxConfiguration): boolean {
  if ([...occurrences.keys()].some(name => /lua|^js_|^perl/.test(name))) return true
  const names = ({ name, args, children }: NginxDirective): boolean =>
    name !== 'log_format' &&
    (args.some(({ value }) => /\$\{?ssl_client_(?!verify\b)/.test(value)) || children.some(names))
  return top.some(names)
}
