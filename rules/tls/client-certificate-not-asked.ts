import { memo } from '../../parsers/collections/memo.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { directivesOfHost, virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain } from '../_examples.ts'
import { tlsVirtualHost } from './_virtual-host-examples.ts'

const nginx = (lines: string): string =>
  nginxMain(conf`
    server {
        listen 443 ssl;
        server_name example.org;
        ssl_certificate /etc/ssl/certs/example.org.pem;
        ssl_certificate_key /etc/ssl/private/example.org.key;
        root /srv/www;
        ${lines}
    }
  `)

const apache = (lines: string): Record<string, string> => ({
  ...tlsVirtualHost(
    conf`
      SSLCACertificateFile /etc/ssl/example.org.pem
      ${lines}
      <Directory /srv/www>
          Require all granted
      </Directory>
    `,
    ['ssl', 'socache_shmcb', 'dir', 'headers'],
  ),
  'srv/www/index.html': 'page',
})

export default defineRule({
  summary: 'Clients get in without the certificate that they are to have',
  severity: 'warning',
  otherSeverities: {
    info: 'where the application gets the name of the certificate, and may refuse an empty one',
  },
  confidence: 'high',
  securitySeverity: 7.4,
  cwe: [306],
  since: '0.1.0',
  why: '`ssl_client_certificate` names an authority, and alone asks nobody. With `ssl_verify_client optional` nginx asks, and lets in who has none: what comes of it is in `$ssl_client_verify`, which nothing reads here. With `optional_no_ca` it takes a certificate that anybody made for themselves, with whatever name they wrote into it. `SSLVerifyClient optional` of Apache does as `optional` of nginx does: `Require ssl-verify-client` keeps the others out.',
  remedy:
    'Write `ssl_verify_client on;`, or refuse where `$ssl_client_verify` is not `SUCCESS`; in Apache `SSLVerifyClient require`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_verify_client',
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslverifyclient',
  ],
  bad: [
    {
      title: 'asked, and let in without',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ssl_client_certificate /etc/ssl/certs/clients.pem;
          «ssl_verify_client» optional;
        `),
      },
    },
    {
      title: 'an authority alone',
      files: {
        'etc/nginx/nginx.conf': nginx('«ssl_client_certificate» /etc/ssl/certs/clients.pem;'),
      },
    },
    {
      title: 'a name that anybody may write into a certificate',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          «ssl_verify_client» optional_no_ca;
          location / {
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header X-Client-Name $ssl_client_s_dn;
          }
        `),
      },
    },
    {
      title: 'an answer that another server reads',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 443 ssl;
              server_name example.org;
              ssl_certificate /etc/ssl/certs/example.org.pem;
              ssl_certificate_key /etc/ssl/private/example.org.key;
              ssl_client_certificate /etc/ssl/certs/clients.pem;
              «ssl_verify_client» optional;
              root /srv/www;
          }
          server {
              listen 443 ssl;
              server_name staff.example.org;
              ssl_certificate /etc/ssl/certs/example.org.pem;
              ssl_certificate_key /etc/ssl/private/example.org.key;
              ssl_client_certificate /etc/ssl/certs/clients.pem;
              ssl_verify_client optional;
              if ($ssl_client_verify != SUCCESS) {
                  return 403;
              }
              root /srv/www;
          }
        `),
      },
    },
    {
      title: 'a name that is empty without a certificate',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ssl_client_certificate /etc/ssl/certs/clients.pem;
          «ssl_verify_client» optional;
          location / {
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header X-Client-Name $ssl_client_s_dn;
          }
        `),
      },
    },
    { title: 'Apache asks, and lets in without', files: apache('SSLVerifyClient «optional»') },
  ],
  good: [
    {
      title: 'asked for it',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ssl_client_certificate /etc/ssl/certs/clients.pem;
          ssl_verify_client on;
        `),
      },
    },
    {
      title: 'the application decides',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ssl_client_certificate /etc/ssl/certs/clients.pem;
          ssl_verify_client optional;
          location / {
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header X-Client-Verify $ssl_client_verify;
          }
        `),
      },
    },
    {
      title: 'the application compares the certificate itself',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ssl_verify_client optional_no_ca;
          location / {
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header X-Client-Name $ssl_client_s_dn;
              proxy_set_header X-Client-Fingerprint $ssl_client_fingerprint;
          }
        `),
      },
    },
    {
      title: 'nginx decides by the name',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ssl_client_certificate /etc/ssl/certs/clients.pem;
          ssl_verify_client optional;
          if ($ssl_client_s_dn = "") {
              return 403;
          }
        `),
      },
    },
    {
      title: 'a password',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ssl_client_certificate /etc/ssl/certs/clients.pem;
          ssl_verify_client optional;
          auth_basic "Staff";
          auth_basic_user_file /etc/nginx/staff;
        `),
        'etc/nginx/staff': 'ann:$apr1$exampleA$xfaYOKTMKIbagoBtezE9D0',
      },
    },
    {
      title: 'Apache refuses',
      files: apache(conf`
        SSLVerifyClient optional
        <Location /staff>
            Require ssl-verify-client
        </Location>
      `),
    },
    {
      title: 'Apache tells the application',
      files: apache(conf`
        SSLVerifyClient optional
        RequestHeader set X-Client-Verify "%{SSL_CLIENT_VERIFY}s"
      `),
    },
    {
      title: 'Apache gives scripts the variables',
      files: apache(conf`
        SSLVerifyClient optional
        SSLOptions +StdEnvVars
      `),
    },
    { title: 'Apache requires it', files: apache('SSLVerifyClient require') },
  ],
  *check({ nginx: configurations, apache: others, filesOf }) {
    for (const configuration of configurations) yield* inNginx(configuration)
    for (const configuration of others) yield* inApache(configuration, filesOf(configuration))
  },
})

function* inNginx(configuration: NginxConfiguration): Generator<RuleFinding> {
  const { occurrences } = configuration
  if (!occurrences.has('ssl_client_certificate') && !occurrences.has('ssl_verify_client')) return
  if (mayHoldUnread(configuration) || [...occurrences.keys()].some(name => /lua|^js_|^perl/.test(name)))
    return
  for (const line of occurrences.get('ssl_verify_client') ?? []) {
    const mode = line.args[0]?.value ?? ''
    if (!mode.startsWith('optional') || line.parent === null || line.context.startsWith('stream')) continue
    const readers = readersOf(configuration, line.parent)
    if (readers.length === 0) {
      if (asksOtherwise(line.parent)) continue
      yield {
        at: namePlace(line),
        message: 'who sends no certificate is let in, as nothing reads `$ssl_client_verify`',
      }
      continue
    }
    if (readers.some(reader => names(reader, PROVEN))) continue
    if (mode === 'optional_no_ca')
      yield {
        at: namePlace(line),
        message:
          'a certificate that anybody made for themselves is taken, and its names believed, as nothing reads `$ssl_client_verify`',
      }
    else if (readers.every(({ name }) => /_(?:set_header|param)$/.test(name)))
      yield {
        at: namePlace(line),
        severity: 'info',
        message:
          'who sends no certificate reaches the application too, with an empty name in place of the certificate’s',
        related: readers.map(reader => ({ at: namePlace(reader), message: 'empty without a certificate' })),
        help: 'Where each client is to have a certificate, write `ssl_verify_client on;`',
      }
  }
  for (const line of occurrences.get('ssl_client_certificate') ?? []) {
    if (line.parent?.name !== 'server' || line.context !== 'server') continue
    if (readersOf(configuration, line.parent).length > 0) continue
    const verify = effectiveAtHand(configuration, line.parent, 'ssl_verify_client')
    if (!verify.known || verify.value.directives.length > 0) continue
    yield { at: namePlace(line), message: 'no `ssl_verify_client` has clients asked for a certificate' }
  }
}

/** What nginx found out of the client’s certificate. */
const ANSWER = /\$\{?ssl_client_/

/** What nobody can write into a certificate of their own: the verdict, and the certificate itself. */
const PROVEN = /\$\{?ssl_client_(?:verify|fingerprint|cert|raw_cert|escaped_cert)\b/

/** The directives that read the answer for a server: its own, and those of no server; of all for `http`. */
function readersOf(configuration: NginxConfiguration, home: NginxDirective): readonly NginxDirective[] {
  const shared = readersOutside(configuration)
  return home.name === 'server'
    ? [...shared, ...readersIn(home)]
    : [...shared, ...readersInside(configuration)]
}

const readersIn = memo((block: NginxDirective): readonly NginxDirective[] => [...readersBelow([block], true)])
const readersOutside = memo(({ top }: NginxConfiguration) => [...readersBelow(top, false)])
const readersInside = memo(({ occurrences }: NginxConfiguration) =>
  (occurrences.get('server') ?? []).flatMap(readersIn),
)

function* readersBelow(
  directives: readonly NginxDirective[],
  withServers: boolean,
): Generator<NginxDirective> {
  for (const directive of directives) {
    // What stands in a log keeps nobody out.
    if (directive.name === 'log_format') continue
    if (names(directive, ANSWER)) yield directive
    if (withServers || directive.name !== 'server') yield* readersBelow(directive.children, withServers)
  }
}

function names({ args }: NginxDirective, variable: RegExp): boolean {
  return args.some(({ value }) => variable.test(value))
}

/** True where a server asks for a password, or answers everything by itself. */
function asksOtherwise(home: NginxDirective): boolean {
  return home.children.some(
    ({ name, args }) =>
      name === 'return' || (/^auth_(?:basic|request|jwt)$/.test(name) && args[0]?.value !== 'off'),
  )
}

/** The directives of Apache that can read what came of the certificate, or ask for something else. */
const OF_APACHE = [
  ...['require', 'sslrequire', 'rewritecond', 'rewriterule', 'ssloptions', 'requestheader', 'header'],
  ...['sslusername', 'setenvif', 'setenvifexpr', 'if', 'elseif', 'authtype', 'proxypass', 'redirect'],
  ...['sslverifyclient', 'perlaccesshandler', 'perlauthenhandler', 'luahookaccesschecker', 'proxypassmatch'],
]

function* inApache(configuration: ApacheConfiguration, files: FileSystem): Generator<RuleFinding> {
  if (!configuration.occurrences.has('sslverifyclient') || !isWhole(configuration)) return
  const lines = (configuration.occurrences.get('sslverifyclient') ?? []).filter(({ args }) =>
    /^optional$/i.test(args[0]?.value ?? ''),
  )
  if (lines.length === 0) return
  const deciding = new Set(
    OF_APACHE.flatMap(name => everywhere(configuration, files, name).filter(decides).map(virtualHostSection)),
  )
  if (deciding.has(null)) return
  for (const line of lines) {
    const home = virtualHostSection(line)
    if (home === null || deciding.has(home)) continue
    if (
      !directivesOfHost(configuration, home, 'sslengine').some(({ args }) =>
        /^on$/i.test(args[0]?.value ?? ''),
      )
    )
      continue
    yield {
      at: argumentPlace(line, 0),
      message: 'who sends no certificate is let in, as nothing reads `SSL_CLIENT_VERIFY`',
    }
  }
}

/** True for what may keep out who has no certificate, or tell the application of it. */
function decides(line: ApacheDirective): boolean {
  const name = line.name.toLowerCase()
  const text = line.args.map(({ value }) => value).join(' ')
  if (/SSL_CLIENT|ssl-verify-client|StdEnvVars|ExportCertData|FakeBasicAuth|\bajp:/i.test(text)) return true
  // Of all hosts nothing but this counts: every Debian has a `Require local` for its status page.
  if (virtualHostSection(line) === null) return /^(?:sslusername|sslrequire|perl|lua)/.test(name)
  if (name === 'require') return !/^all\b/i.test(text)
  if (name === 'sslverifyclient') return /^require/i.test(text)
  if (name === 'redirect') return /(?:^| )\/ /.test(text)
  return /^(?:authtype|sslusername|sslrequire|perl|lua)/.test(name)
}
