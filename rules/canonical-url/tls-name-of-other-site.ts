import type { Place } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { ClientRequest, FollowedRequest } from '../../src/deployment/requests/answer.ts'
import { redirectedRequest } from '../../src/deployment/requests/follow-redirects.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'
import { requestTo, type Site, siteAsked, sitesOf } from './_sites.ts'

const KEYS = conf`
  ssl_certificate /srv/tls/a.pem;
  ssl_certificate_key /srv/tls/a.key;
`
const nginx = (...servers: string[]): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        ${servers}
    }
  `,
})
const plain = (names: string, target = '$host'): string => conf`
  server {
      listen 80;
      server_name ${names};
      return 301 https://${target}$request_uri;
  }
`
const overTls = (names: string, lines = 'root /srv/www;', listen = '443 ssl'): string => conf`
  server {
      listen ${listen};
      server_name ${names};
      ${KEYS}
      ${lines}
  }
`
const pages = (name: string, lines = 'root /srv/shop;'): string => conf`
  server {
      listen 80;
      server_name ${name};
      location /.well-known/acme-challenge/ {
          root /var/www/letsencrypt;
      }
      ${lines}
  }
`
const renewed = (name: string): Record<string, string> => ({
  [`etc/letsencrypt/renewal/${name}.conf`]: conf`
    [renewalparams]
    authenticator = webroot
    [[webroot_map]]
    ${name} = /var/www/letsencrypt
  `,
})
const apache = (...hosts: string[]): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    ['Listen 80', 'Listen 443', 'ServerName apache.example.org', ...hosts],
    ['alias', 'rewrite', 'ssl', 'authz_host'],
  ),
})
const host = (port: number, names: string, lines: string): string => conf`
  <VirtualHost *:${port}>
      ${names}
      ${lines}
  </VirtualHost>
`
const SECURE = conf`
  SSLEngine on
  SSLCertificateFile /srv/tls/a.pem
  SSLCertificateKeyFile /srv/tls/a.key
  DocumentRoot /srv/www
`
const TO_TLS = conf`
  RewriteEngine On
  RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [END,NE,R=permanent]
`

export default defineRule({
  summary: 'A name is meant for TLS, where another site answers it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A name that stands in the server of port 80 alone meets none of its own on port 443. nginx gives it to the default server of the socket, Apache to the first virtual host of the address: clients get a certificate for another name, and behind it another site. That a name is meant for TLS shows in a redirect, and in a certificate that certbot renews for it.',
  remedy: 'Give the server of the site that speaks TLS the name too, with a certificate that covers it',
  references: [
    'https://nginx.org/en/docs/http/request_processing.html',
    'https://httpd.apache.org/docs/2.4/vhosts/details.html',
  ],
  bad: [
    {
      title: 'nginx: a name that only port 80 has',
      files: nginx(
        plain('shop.example.org «www.shop.example.org»'),
        overTls('blog.example.org', 'root /srv/blog;'),
        overTls('shop.example.org'),
      ),
    },
    {
      title: 'nginx: a site without TLS of its own',
      files: nginx(plain('«shop.example.org»'), overTls('blog.example.org')),
    },
    {
      title: 'Apache: an alias that only port 80 has, as certbot copies it where it was added later',
      files: apache(
        host(443, 'ServerName blog.example.org', SECURE),
        host(80, 'ServerName shop.example.org\nServerAlias «www.shop.example.org»', TO_TLS),
        host(443, 'ServerName shop.example.org', SECURE),
      ),
    },
    {
      title: 'Apache: by `Redirect`, to the name itself',
      files: apache(
        host(443, 'ServerName blog.example.org', SECURE),
        host(80, 'ServerName «shop.example.org»', 'Redirect permanent / https://shop.example.org/'),
      ),
    },
    {
      title: 'nginx: a certificate that no server has',
      files: {
        ...nginx(pages('«shop.example.org»'), overTls('blog.example.org')),
        ...renewed('shop.example.org'),
      },
    },
    {
      title: 'Apache: the site that certbot made for the name is not enabled',
      files: {
        ...apache(
          host(443, 'ServerName blog.example.org', SECURE),
          host(80, 'ServerName «shop.example.org»', 'DocumentRoot /srv/shop'),
        ),
        ...renewed('shop.example.org'),
      },
    },
  ],
  good: [
    {
      title: 'nginx: a certificate for a program other than nginx',
      files: {
        ...nginx(pages('mail.example.org'), overTls('blog.example.org')),
        ...renewed('mail.example.org'),
      },
    },
    {
      title: 'nginx: a server that has but the files by which certbot renews',
      files: {
        ...nginx(pages('shop.example.org', 'location / { return 404; }'), overTls('blog.example.org')),
        ...renewed('shop.example.org'),
      },
    },
    {
      title: 'nginx: the name on both',
      files: nginx(
        plain('shop.example.org www.shop.example.org'),
        overTls('blog.example.org', 'root /srv/blog;'),
        overTls('shop.example.org www.shop.example.org'),
      ),
    },
    {
      title: 'nginx: redirected to the name that TLS has',
      files: nginx(
        plain('shop.example.org www.shop.example.org', 'shop.example.org'),
        overTls('blog.example.org'),
        overTls('shop.example.org'),
      ),
    },
    {
      title: 'nginx: its own site is the default server',
      files: nginx(plain('shop.example.org www.shop.example.org'), overTls('shop.example.org')),
    },
    {
      title: 'nginx: a server for whatever has no name, or for a pattern',
      files: {
        ...nginx(plain('a.example.org'), overTls('_'), overTls('blog.example.org')),
        ...nginx(plain('a.example.org'), overTls('*.example.org'), overTls('blog.example.net')),
      },
    },
    {
      title: 'nginx: other names are refused, or sent to where they belong',
      files: nginx(
        plain('shop.example.org www.shop.example.org'),
        overTls('blog.example.org', 'return 301 https://shop.example.org$request_uri;'),
        overTls('shop.example.org'),
      ),
    },
    {
      title: 'nginx: an include that nobody can read may hold the server',
      files: nginx(plain('shop.example.org'), 'include /srv/elsewhere/*.conf;', overTls('blog.example.org')),
    },
    {
      title: 'Apache: the alias on both, also as a pattern',
      files: apache(
        host(443, 'ServerName blog.example.org', SECURE),
        host(80, 'ServerName shop.example.org\nServerAlias www.shop.example.org', TO_TLS),
        host(443, 'ServerName shop.example.org\nServerAlias *.shop.example.org', SECURE),
      ),
    },
    {
      title: 'Apache: its own host is the first',
      files: apache(
        host(443, 'ServerName shop.example.org', SECURE),
        host(80, 'ServerName shop.example.org\nServerAlias www.shop.example.org', TO_TLS),
        host(443, 'ServerName blog.example.org', SECURE),
      ),
    },
    {
      title: 'Apache: pages in plain HTTP',
      files: apache(
        host(443, 'ServerName blog.example.org', SECURE),
        host(80, 'ServerName shop.example.org', 'DocumentRoot /srv/shop'),
      ),
    },
  ],
  *check(deployment) {
    const sites = sitesOf(deployment)
    const secured = new Map<string, Site>()
    for (const site of sites.values())
      if (site.tls) for (const name of site.names.keys()) secured.set(name, site)
    if (secured.size === 0) return
    for (const site of sites.values()) {
      if (site.tls) continue
      for (const [name, at] of site.names) {
        if (secured.has(name)) continue
        const meant = meantForTls(deployment, site, name)
        const other = meant === null ? null : siteOverTls(deployment, meant.request, site, name)
        if (meant === null || other === null) continue
        const own = [...site.names.keys()].map(each => secured.get(each)).find(each => each !== undefined)
        const [shown] = other.names
        yield {
          at,
          message: `\`${name}\` ${meant.words}, where ${shown === undefined ? 'another site' : `\`${shown[0]}\``} answers: no server has the name over TLS`,
          label: 'only on port 80',
          related: [
            ...(own === undefined
              ? []
              : [{ at: placeOf(own), message: 'the site over TLS, without this name' }]),
            { at: placeOf(other), message: 'answers instead' },
          ],
        }
      }
    }
  },
})

function placeOf({ names, at }: Site): Place {
  return [...names.values()][0] ?? at
}

interface MeantForTls {
  readonly request: ClientRequest
  readonly words: string
}

/** The request over TLS that a site without it sends clients to, or that its certificate is for; null for neither. */
function meantForTls(deployment: Deployment, site: Site, name: string): MeantForTls | null {
  const first = requestTo(name, 'http')
  const sent = probe(deployment, first)
  if (siteAsked(deployment, sent) !== site) return null
  if (sent.end.kind === 'redirect') {
    const request = redirectedRequest(first, sent.end.location, sent.end.status)
    const words = `is redirected to \`https://${name}\``
    return request !== null && isOverTls(request, name) ? { request, words } : null
  }
  const hasCertificate = isContent(sent) && !OTHER_PROGRAMS.test(name) && site.certified.has(name)
  return hasCertificate
    ? { request: requestTo(name, 'https'), words: 'has a certificate, which is for `https://`' }
    : null
}

/** Names whose certificates mail servers and the like read. */
const OTHER_PROGRAMS =
  /^(?:mail|mx|smtp|imap|pop3?|ldap|xmpp|jabber|chat|turn|stun|matrix|ftp|vpn|irc|mqtt|db)\d*\./

/** The other site that answers a name over TLS; null where none does. */
function siteOverTls(deployment: Deployment, request: ClientRequest, site: Site, name: string): Site | null {
  const answered = probe(deployment, request)
  const other = siteAsked(deployment, answered)
  if (other === null || !other.isListed || sharesName(other, site) || other.names.has(name)) return null
  return isContent(answered) ? other : null
}

function isOverTls({ scheme, host, port }: ClientRequest, name: string): boolean {
  return scheme === 'https' && host === name && port === 443
}

/** False where the other site keeps the name out, or sends it on to where it belongs. */
function isContent({ end }: FollowedRequest): boolean {
  return end.kind === 'file' || end.kind === 'application' || end.kind === 'backend'
}

function sharesName(one: Site, other: Site): boolean {
  return [...one.names.keys()].some(name => other.names.has(name))
}
