import type { Place } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { FollowedRequest } from '../../src/deployment/requests/answer.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'
import { requestTo, type Site, siteAsked, sitesOf } from './_sites.ts'

const apache = (plain: string, secure: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    [
      'Listen 80',
      'Listen 443',
      conf`
        <VirtualHost *:80>
            ServerName example.org
            ${plain}
        </VirtualHost>
        <VirtualHost *:443>
            ServerName «example.org»
            SSLEngine on
            SSLCertificateFile /srv/tls/a.pem
            SSLCertificateKeyFile /srv/tls/a.key
            ${secure}
        </VirtualHost>
      `,
    ],
    ['alias', 'ssl', 'authz_host', 'proxy', 'proxy_http', 'wsgi'],
  ),
})
const nginx = (plain: string, secure: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name example.org;
            ${plain}
        }
        server {
            listen 443 ssl;
            server_name «example.org»;
            ssl_certificate /srv/tls/a.pem;
            ssl_certificate_key /srv/tls/a.key;
            ${secure}
        }
    }
  `,
})
const unmarked = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.replace(/[«»]/g, '')]))
const REDIRECT = 'return 301 https://example.org$request_uri;'
const PROXY = 'location / { proxy_pass http://127.0.0.1:8000; }'
const API = 'location /api/ { proxy_pass http://127.0.0.1:8000; }'
const PAGES = 'root /var/www/html;'
const WSGI = conf`
  WSGIDaemonProcess shop python-path=/srv/shop
  WSGIProcessGroup shop
  WSGIScriptAlias / /srv/shop/shop.wsgi
  <Directory /srv/shop>
      Require all granted
  </Directory>
`
const DOCUMENTS = conf`
  DocumentRoot /var/www/html
  <Directory /var/www/html>
      Require all granted
  </Directory>
`

export default defineRule({
  summary: 'Over TLS a name shows files, where in plain HTTP its application answers',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A server or virtual host for port 443 takes nothing over from the one for port 80 of the same name: what hands the requests to the application has to stand in both, or in the one for TLS alone. Where it does not, clients see the start page of the distribution or 404.',
  remedy:
    'Write the lines that lead to the application into the server for TLS, and redirect plain HTTP to it',
  references: [
    'https://httpd.apache.org/docs/2.4/vhosts/examples.html',
    'https://nginx.org/en/docs/http/configuring_https_servers.html',
  ],
  bad: [
    { title: 'Apache: mod_wsgi in the virtual host of port 80 alone', files: apache(WSGI, DOCUMENTS) },
    {
      title: 'Apache: a proxy in the virtual host of port 80 alone',
      files: apache('ProxyPass / http://127.0.0.1:8000/', DOCUMENTS),
    },
    { title: 'nginx: the location that proxies stands in the server of port 80', files: nginx(PROXY, PAGES) },
  ],
  good: [
    { title: 'Apache: in both', files: unmarked(apache(WSGI, WSGI.replace(/^.*Daemon.*\n/m, ''))) },
    {
      title: 'Apache: redirected to where the application is',
      files: unmarked(
        apache('Redirect permanent / https://example.org/', 'ProxyPass / http://127.0.0.1:8000/'),
      ),
    },
    { title: 'Apache: files alone', files: unmarked(apache(DOCUMENTS, DOCUMENTS)) },
    {
      title: 'nginx: plain HTTP has the files of the challenge, and redirects',
      files: unmarked(nginx(REDIRECT, PROXY)),
    },
    {
      title: 'nginx: pages over TLS with an application below them',
      files: unmarked(nginx('location / { proxy_pass http://127.0.0.1:8000; }', `${PAGES} ${API}`)),
    },
    {
      title: 'nginx: TLS sends every page to another name',
      files: unmarked(nginx(PROXY, 'return 301 https://www.example.org$request_uri;')),
    },
  ],
  *check(deployment) {
    const sites = sitesOf(deployment)
    const plain = new Set<string>()
    for (const { tls, names } of sites.values()) if (!tls) for (const name of names.keys()) plain.add(name)
    if (plain.size === 0) return
    for (const site of sites.values()) {
      if (!site.tls || handsOn(site)) continue
      const name = [...site.names.keys()].find(each => plain.has(each))
      const answered = name === undefined ? null : applicationInPlain(deployment, name)
      if (name === undefined || answered === null || !showsFiles(deployment, site, name)) continue
      yield {
        at: site.names.get(name) ?? site.at,
        message: `\`http://${name}\` is answered by an application, and \`https://${name}\` by files alone: nothing here leads to it`,
        label: 'over TLS',
        related: [{ at: answered, message: 'in plain HTTP the application answers' }],
      }
    }
  },
})

type Line = Site['directive']

/** True where some line of a site leads to an application, or sends clients elsewhere. */
function handsOn({ directive }: Site): boolean {
  const leads = ({ name, children }: Line): boolean => LEADS.test(name) || children.some(leads)
  return directive.children.some(leads)
}

const LEADS =
  /^(?:(?:proxy|fastcgi|uwsgi|scgi|grpc|memcached)_pass|return|rewrite|(?:Proxy|WSGI|Redirect|Rewrite|Script|Action|SetHandler|FallbackResource|ErrorDocument|JkMount|Passenger)\w*)$/i

/** Where a request in plain HTTP is handed to an application; null where files answer, or nobody knows. */
function applicationInPlain(deployment: Deployment, name: string): Place | null {
  const { end, steps } = probe(deployment, requestTo(name, 'http'))
  if (end.kind !== 'application' && end.kind !== 'backend') return null
  return end.at ?? steps.findLast(({ at }) => at !== null)?.at ?? null
}

/** True where a site answers the same request with a file, or with 404 as it has none. */
function showsFiles(deployment: Deployment, site: Site, name: string): boolean {
  const answered: FollowedRequest = probe(deployment, requestTo(name, 'https'))
  if (siteAsked(deployment, answered) !== site) return false
  const { end } = answered
  return end.kind === 'file' || (end.kind === 'status' && end.status === 404)
}
