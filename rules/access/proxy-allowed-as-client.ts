import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { formatNetwork, parseNetwork, scopeOfNetwork } from '../../src/servers/addresses/ip.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective, effectiveValue } from '../../src/servers/nginx/queries/effective.ts'
import { apacheMain, nginxMain } from '../_examples.ts'

const nginx = (lines: string, outer = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain([
    outer,
    conf`
      server {
          listen 80;
          server_name example.org;
          root /srv/www;
          real_ip_header X-Forwarded-For;
          ${lines}
      }
    `,
  ]),
  'srv/www/index.html': 'the page',
})
const apache = (lines: string, list: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ${lines}
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          <Directory /srv/www>
              ${list}
          </Directory>
      </VirtualHost>
    `,
    ['authz_host', 'remoteip', 'dir'],
  ),
  'srv/www/index.html': 'the page',
})
const BALANCER = conf`
  set_real_ip_from 127.0.0.1;
  set_real_ip_from 198.51.100.0/24;
  real_ip_recursive on;
`

export default defineRule({
  summary: 'A list lets in the proxy, in whose place the server has put the client',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: "`set_real_ip_from` and `RemoteIPTrustedProxy` replace the address of a proxy, such as Cloudflare's, by that of its client before any list is asked. A list that names the proxies alone, so that nobody comes around them, then refuses everybody who comes through them.",
  remedy:
    'Ask the address of the connection: in nginx by `geo $realip_remote_addr`, in Apache by `Require expr "%{CONN_REMOTE_ADDR} -ipmatch …"`; or keep others out by a firewall or by certificates of the proxy',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_realip_module.html#var_realip_remote_addr',
    'https://httpd.apache.org/docs/2.4/mod/mod_remoteip.html',
    'https://developers.cloudflare.com/ssl/origin-configuration/authenticated-origin-pull/',
  ],
  bad: [
    {
      title: 'the networks of the proxy',
      files: nginx(conf`
        set_real_ip_from 198.51.100.0/24;
        set_real_ip_from 203.0.113.0/24;
        allow «198.51.100.0/24»;
        allow 203.0.113.0/24;
        deny all;
      `),
    },
    {
      title: 'behind a balancer of this machine',
      files: nginx(conf`
        ${BALANCER}
        allow «198.51.100.0/24»;
        deny all;
      `),
    },
    {
      title: 'in one location',
      files: nginx(conf`
        set_real_ip_from 198.51.100.0/24;
        location /admin/ {
            allow 127.0.0.1;
            allow «198.51.100.0/24»;
            deny all;
        }
      `),
    },
    {
      title: 'in Apache',
      files: apache(
        conf`
          RemoteIPHeader CF-Connecting-IP
          RemoteIPTrustedProxy 198.51.100.0/24 203.0.113.0/24
        `,
        'Require ip «198.51.100.0/24» 203.0.113.0/24',
      ),
    },
  ],
  good: [
    {
      title: 'the address of the connection',
      files: nginx(
        conf`
          ${BALANCER}
          if ($is_outside) {
              return 403;
          }
        `,
        conf`
          geo $realip_remote_addr $is_outside {
              default 1;
              127.0.0.1 0;
              198.51.100.0/24 0;
          }
        `,
      ),
    },
    {
      title: 'the address of the proxy as it is',
      files: nginx(conf`
        allow 198.51.100.0/24;
        deny all;
      `),
    },
    {
      title: 'clients beside it',
      files: nginx(conf`
        set_real_ip_from 198.51.100.0/24;
        allow 198.51.100.0/24;
        allow 203.0.113.7;
        deny all;
      `),
    },
    {
      title: 'a private network, which clients are in as well',
      files: nginx(conf`
        set_real_ip_from 10.0.0.0/8;
        allow 10.0.0.0/8;
        deny all;
      `),
    },
    {
      title: 'the address of the connection in Apache',
      files: apache(
        conf`
          RemoteIPHeader CF-Connecting-IP
          RemoteIPTrustedProxy 198.51.100.0/24
        `,
        conf`Require expr "%{CONN_REMOTE_ADDR} -ipmatch '198.51.100.0/24'"`,
      ),
    },
    {
      title: 'a password beside it in Apache',
      files: apache(
        conf`
          RemoteIPHeader CF-Connecting-IP
          RemoteIPTrustedProxy 198.51.100.0/24
        `,
        conf`
          Require ip 198.51.100.0/24
          Require valid-user
        `,
      ),
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.nginx)
      if (configuration.occurrences.has('set_real_ip_from')) yield* inNginx(configuration)
    for (const configuration of deployment.apache)
      if (configuration.occurrences.has('remoteiptrustedproxy')) yield* inApache(configuration)
  },
})

function* inNginx(configuration: NginxConfiguration): Iterable<RuleFinding> {
  const blocks = new Set((configuration.occurrences.get('allow') ?? []).map(({ parent }) => parent))
  for (const block of blocks) {
    const list = effective(configuration, block, 'allow')
    if (!list.known || !list.value.complete) continue
    const { directives } = list.value
    const allowed = directives.filter(({ name }) => name === 'allow')
    const last = directives.at(-1)
    if (last?.name !== 'deny' || last.args[0]?.value !== 'all') continue
    if (directives.length !== allowed.length + 1) continue
    const satisfy = effectiveValue(configuration, block, 'satisfy', 'all')
    if (!satisfy.known || satisfy.value === 'any') continue
    const replaced = effective(configuration, block, 'set_real_ip_from')
    if (!replaced.known) continue
    const proxies = networksOf(replaced.value.directives)
    const line = onlyProxies(
      allowed.map(each => ({ each, text: each.args[0]?.value ?? '' })),
      proxies,
    )
    if (line === null) continue
    const [from] = replaced.value.directives
    yield {
      at: argumentPlace(line.each, 0),
      message: `this list lets in \`${line.text}\`, whose address nginx has replaced by that of the client: whoever comes through it gets 403`,
      label: 'is no client',
      related: from === undefined ? [] : [{ at: argumentPlace(from, 0), message: 'replaces it' }],
    }
  }
}

function networksOf(lines: readonly NginxDirective[]): ReadonlySet<string> {
  return new Set(lines.map(({ args }) => plainNetwork(args[0]?.value ?? '')).filter(each => each !== null))
}

function plainNetwork(text: string): string | null {
  const network = parseNetwork(text)
  return network === null ? null : formatNetwork(network)
}

/** The first entry of a list that names a proxy, where the others name proxies or this network's own addresses. */
function onlyProxies<Entry extends { readonly text: string }>(
  entries: readonly Entry[],
  proxies: ReadonlySet<string>,
): Entry | null {
  let first: Entry | null = null
  for (const entry of entries) {
    const network = parseNetwork(entry.text)
    if (network === null) return null
    const scope = scopeOfNetwork(network)
    if (scope === 'public' || scope === 'documentation') {
      if (!proxies.has(formatNetwork(network))) return null
      first ??= entry
    } else if (scope !== 'loopback') return null
  }
  return first
}

function* inApache(configuration: ApacheConfiguration): Iterable<RuleFinding> {
  if (!configuration.occurrences.has('remoteipheader')) return
  const trusting = configuration.occurrences.get('remoteiptrustedproxy') ?? []
  const seen = new Set<ApacheDirective | null>()
  for (const { parent } of configuration.occurrences.get('require') ?? []) {
    // What stands around a section of rules may let in others.
    if (parent === null || seen.has(parent) || REQUIRES.test(parent.name)) continue
    seen.add(parent)
    const rules = parent.children.filter(({ name }) => REQUIRES.test(name))
    const lists = rules.filter(
      ({ name, args }) => /^require$/i.test(name) && /^ip$/i.test(args[0]?.value ?? ''),
    )
    if (lists.length === 0 || lists.length !== rules.length) continue
    const around = trusting.filter(({ parent: outer }) => outer === null || isAround(outer, parent))
    const proxies = new Set(
      around
        .flatMap(({ args }) => args.map(({ value }) => plainNetwork(value)))
        .filter(each => each !== null),
    )
    const entries = lists.flatMap(each =>
      each.args.slice(1).map(({ value }, index) => ({ each, index: index + 1, text: value })),
    )
    const entry = onlyProxies(entries, proxies)
    const [from] = around
    if (entry === null || from === undefined) continue
    yield {
      at: argumentPlace(entry.each, entry.index),
      message: `this list lets in \`${entry.text}\`, whose address mod_remoteip has replaced by that of the client: whoever comes through it gets 403`,
      label: 'is no client',
      related: [{ at: argumentPlace(from, 0), message: 'replaces it' }],
    }
  }
}

/** What decides beside a list, and sections of it. */
const REQUIRES = /^(?:require(?:all|any|none)?|allow|deny|order|satisfy)$/i

function isAround(outer: ApacheDirective, inner: ApacheDirective): boolean {
  for (let block: ApacheDirective | null = inner; block !== null; block = block.parent)
    if (block === outer) return true
  return false
}
