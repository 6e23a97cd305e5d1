import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import { matchesHost } from '../../src/deployment/django/allowed-hosts.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { VirtualApacheHost, Deployment, NginxServer } from '../../src/deployment/model.ts'
import type { RequestStep } from '../../src/deployment/requests/answer.ts'
import { PATHS } from '../../src/deployment/requests/made-up-requests.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { proxyInFront } from '../../src/deployment/proxy-in-front.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { ipOf, parseHost } from '../../src/servers/address.ts'
import { scopeOf } from '../../src/servers/addresses/ip.ts'
import { apacheMain, djangoProject, nginxMain, wsgiApplication } from '../_examples.ts'
import { PLATFORMS } from '../_platforms.ts'
import { serviceUnit } from '../app-server/_examples.ts'
import { assignedValue, textList } from './_behind-nginx.ts'
import { type DjangoSite, djangoSites } from './_sites.ts'

const LIST = '["203.0.113.25", "shop.example.org"]'

const project = (hosts: string, more = ''): Record<string, string> =>
  djangoProject(conf`
    ALLOWED_HOSTS = ${hosts}
    ${more}
  `)

const STOCK = conf`
  server {
      listen 80 default_server;
      server_name _;
      root /var/www/html;
      location / {
          try_files $uri $uri/ =404;
      }
  }
`

const behindNginx = (
  names: string,
  {
    hosts = LIST,
    settings = '',
    stock = STOCK,
    site = '',
  }: {
    readonly hosts?: string
    readonly settings?: string
    readonly stock?: string
    readonly site?: string
  } = {},
): Record<string, string> => ({
  ...project(hosts, settings),
  'etc/systemd/system/shop.service': serviceUnit(
    '/opt/shop/venv/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi',
    'WorkingDirectory=/opt/shop',
  ),
  'etc/nginx/nginx.conf': nginxMain(conf`
    ${stock}
    server {
        listen 80;
        server_name ${names};
        ${site}
        location / {
            proxy_pass http://127.0.0.1:8000;
            proxy_set_header Host $host;
        }
    }
  `),
})

const inApache = (name: string, hosts = LIST): Record<string, string> => ({
  ...project(hosts),
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName localhost
          DocumentRoot /var/www/html
      </VirtualHost>
      <VirtualHost *:80>
          ${name}
          ${wsgiApplication()}
      </VirtualHost>
    `,
    ['wsgi'],
  ),
})

export default defineRule({
  summary:
    'The server of Django has its IP address as its only name, and the default site answers the domain',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'With the IP address the site comes up. A request for the domain matches no `server_name` and no `ServerName`, so the default server of the port answers it: “Welcome to nginx!”, “It works!”, or 404. That `ALLOWED_HOSTS` has the domain changes nothing, for Django never gets the request.',
  remedy: 'Write the domain before the address: `server_name example.org www.example.org 203.0.113.25;`',
  references: [
    'https://nginx.org/en/docs/http/request_processing.html',
    'https://httpd.apache.org/docs/2.4/vhosts/name-based.html',
  ],
  bad: [
    { title: 'the address, and the stock site', files: behindNginx('«203.0.113.25»') },
    {
      title: 'the address and localhost',
      files: behindNginx('«203.0.113.25» localhost', {
        hosts: '["203.0.113.25", "localhost", ".example.org"]',
      }),
    },
    {
      title: 'a default server that refuses whatever it gets',
      files: behindNginx('«203.0.113.25»', {
        stock: conf`
          server {
              listen 80 default_server;
              return 404;
          }
        `,
      }),
    },
    { title: 'a virtual host of Apache', files: inApache('ServerName «203.0.113.25»') },
  ],
  good: [
    { title: 'the domain', files: behindNginx('shop.example.org 203.0.113.25') },
    { title: 'the domain in an expression', files: behindNginx('203.0.113.25 ~^shop\\.') },
    { title: 'a virtual host with the domain', files: inApache('ServerName shop.example.org') },
    {
      title: 'a virtual host with the domain as its alias',
      files: inApache(conf`
        ServerName 203.0.113.25
        ServerAlias shop.example.org
      `),
    },
    {
      title: 'a project without a domain',
      files: behindNginx('203.0.113.25', { hosts: '["203.0.113.25"]' }),
    },
    { title: 'every name', files: behindNginx('203.0.113.25', { hosts: '["*"]' }) },
    {
      title: 'names of other platforms, and of developers',
      files: behindNginx('203.0.113.25', {
        hosts: '["203.0.113.25", "localhost", "shop.herokuapp.com", "shop.local", "abc.ngrok.io"]',
      }),
    },
    {
      title: 'a private address, to which a proxy may lead',
      files: behindNginx('10.0.0.5', { hosts: '["10.0.0.5", "shop.example.org"]' }),
    },
    {
      title: 'the default server, too',
      files: behindNginx('203.0.113.25', { stock: '' }),
    },
    {
      title: 'a default server that leads to the project',
      files: behindNginx('203.0.113.25', {
        stock: conf`
          server {
              listen 80 default_server;
              location / {
                  proxy_pass http://127.0.0.1:8000;
                  proxy_set_header Host $host;
              }
          }
        `,
      }),
    },
    {
      title: 'a default server that redirects to the address',
      files: behindNginx('203.0.113.25', {
        stock: conf`
          server {
              listen 80 default_server;
              return 302 http://203.0.113.25$request_uri;
          }
        `,
      }),
    },
    {
      title: 'a server for the domain',
      files: behindNginx('203.0.113.25', {
        stock: conf`
          server {
              listen 80 default_server;
              server_name shop.example.org;
              root /srv/coming-soon;
          }
        `,
      }),
    },
    {
      title: 'a proxy in front tells the name',
      files: behindNginx('203.0.113.25', { settings: 'USE_X_FORWARDED_HOST = True' }),
    },
    {
      title: 'Cloudflare in front, which may ask by the address',
      files: behindNginx('203.0.113.25', {
        site: 'proxy_set_header X-Real-IP $http_cf_connecting_ip;',
      }),
    },
  ],
  *check(deployment) {
    const byHost = groupBy(djangoSites(deployment), ({ host }) => host)
    for (const [site] of byHost.values()) {
      const name = site === undefined ? null : addressOf(deployment, site)
      const allowed = site === undefined || name === null ? null : domainsAllowed(site.settings, name.text)
      if (site === undefined || name === null || allowed === null) continue
      if (allowed.domains.some(domain => isNamed(deployment, domain))) continue
      const [domain = ''] = allowed.domains
      const other = otherServer(deployment, site, domain)
      if (other === null) continue
      yield {
        at: name.at,
        message: `a request for \`${domain}\`, which \`ALLOWED_HOSTS\` has, matches no name of ${site.server}: the default server of the port answers it, not Django`,
        label: 'the only name is the IP address',
        related: [
          ...(other.at === null ? [] : [{ at: other.at, message: `answers \`${domain}\`` }]),
          { at: allowed.at, message: 'Django waits for the domain' },
        ],
        help:
          site.server === 'nginx'
            ? `Write \`server_name ${domain} ${name.text};\``
            : `Write \`ServerName ${domain}\`, and \`ServerAlias ${name.text}\``,
      }
    }
  },
})

interface WrittenName {
  readonly text: string
  readonly at: Place
}

/** The public address that is the name of a server which has no other one but `localhost`. */
function addressOf(deployment: Deployment, { host, server }: DjangoSite): WrittenName | null {
  const { nginx, apache } = serversByLine(deployment)
  if (server === 'Apache') {
    const own = apache.get(host)
    const names = own === undefined ? [] : own.names
    return own?.virtualHost.serverName == null || own.virtualHost.aliases.some(({ wild }) => wild)
      ? null
      : onlyAddress(names.map(text => ({ text, at: own.virtualHost.serverName?.at ?? null })))
  }
  const own = nginx.get(host)
  if (own === undefined || own.names.some(({ exact }) => !exact) || proxyInFront(own) !== null) return null
  return onlyAddress(own.names.map(({ name, at }) => ({ text: name, at })))
}

function onlyAddress(
  names: readonly { readonly text: string; readonly at: Place | null }[],
): WrittenName | null {
  const others = names.filter(({ text }) => text !== 'localhost' && text !== '127.0.0.1')
  const [first] = others
  return first !== undefined && first.at !== null && others.every(({ text }) => isPublicAddress(text))
    ? { text: first.text, at: first.at }
    : null
}

/** What a private address is, another machine may reach by a name of its own. */
function isPublicAddress(text: string): boolean {
  const ip = ipOf(parseHost(text))
  return ip !== null && ['public', 'documentation'].includes(scopeOf(ip))
}

interface AllowedDomains {
  readonly domains: readonly string[]
  /** The list. */
  readonly at: Place
}

/** The domains of a list that has the address beside them, so that it is the one of this machine; null without any. */
function domainsAllowed(settings: DjangoSettings, address: string): AllowedDomains | null {
  const list = textList(settings, 'ALLOWED_HOSTS')?.map(each => each.toLowerCase())
  const at = settings.get('ALLOWED_HOSTS')?.at ?? null
  const forwarded = settings.get('USE_X_FORWARDED_HOST')
  if (list === undefined || at === null || list.includes('*')) return null
  if (forwarded !== null && !(forwarded.known && forwarded.value === false)) return null
  const domains = list.map(each => each.replace(/^\./, '')).filter(isDomain)
  return domains.length === 0 || !list.some(pattern => matchesHost(address, pattern))
    ? null
    : { domains, at: assignedValue(at) }
}

/** Names of developers, of tunnels, and of the machine itself at its provider. */
const ELSEWHERE =
  /\.(?:local|localhost|localdomain|internal|intranet|lan|home|corp|test|invalid|onion)$|(?:^|\.)(?:ngrok(?:-free)?\.(?:io|app|dev)|trycloudflare\.com|loca\.lt|localtest\.me|amazonaws\.com|elasticbeanstalk\.com|pythonanywhere\.com|railway\.app|gitpod\.io|github\.dev|repl\.co|nip\.io|sslip\.io|azure\.com|googleusercontent\.com)$/

function isDomain(text: string): boolean {
  return /^(?:[a-z0-9-]+\.)+[a-z]{2,}$/.test(text) && !ELSEWHERE.test(text) && !PLATFORMS.test(text)
}

const serversByLine = memo((deployment: Deployment) => ({
  nginx: new Map<object, NginxServer>(deployment.servers.map(each => [each.directive, each])),
  apache: new Map<object, VirtualApacheHost>(deployment.virtualHosts.map(each => [each.directive, each])),
  names: new Set(
    [
      ...deployment.servers.flatMap(({ names }) => names.map(({ name }) => name)),
      ...deployment.virtualHosts.flatMap(({ names }) => names),
    ].map(name => name.replace(/^\*?\./, '').toLowerCase()),
  ),
}))

/** True where some server has the name, or one that it is below. */
function isNamed(deployment: Deployment, domain: string): boolean {
  const { names } = serversByLine(deployment)
  const labels = domain.split('.')
  return labels.some((_, index) => index < labels.length - 1 && names.has(labels.slice(index).join('.')))
}

/** The step at which another server than that of the site takes every request for a domain, and answers it itself. */
function otherServer(deployment: Deployment, site: DjangoSite, domain: string): RequestStep | null {
  const requests = site.requests(PATHS.missingPage)
  let other: RequestStep | null = null
  for (const request of requests) {
    const { steps, end } = probe(deployment, { ...request, host: domain })
    const [first] = steps
    if (first?.directive == null || first.directive === site.host) return null
    const isSure = steps.every(({ known }) => known)
    if (!isSure || !['status', 'file', 'handler'].includes(end.kind)) return null
    other = first
  }
  return other
}
