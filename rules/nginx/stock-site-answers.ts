import { isStandIn } from '../../parsers/text/stand-in.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { stockSites } from '../../src/deployment/setups/stock-site.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { formatEndpoint } from '../../src/servers/address.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { serverNames } from '../../src/servers/nginx/queries/server-names.ts'

const site = (lines: string, listen = 'listen 80;'): string => conf`
  server {
      ${listen}
      ${lines}
      location / {
          proxy_pass http://127.0.0.1:8000;
      }
  }
`
const SCRIPT = conf`
  #!/bin/bash
  set -e
  apt-get update
  apt-get install -y python3-venv nginx
  cp deploy/shop.conf /etc/nginx/sites-available/shop
  ln -sf /etc/nginx/sites-available/shop /etc/nginx/sites-enabled/shop
  systemctl restart nginx
`
const installed = (nginx: string, last = ''): Record<string, string> => ({
  'deploy/install.sh': `${SCRIPT}${last}`,
  'deploy/shop.conf': nginx,
})
const ROLE = conf`
  - name: nginx
    apt:
      name: [nginx, python3-venv]
      state: present
  - name: the site
    template:
      src: shop.conf.j2
      dest: /etc/nginx/sites-available/shop.conf
  - name: the link
    file:
      src: /etc/nginx/sites-available/shop.conf
      dest: /etc/nginx/sites-enabled/shop.conf
      state: link
`

export default defineRule({
  summary: 'The site that nginx’s package of Debian and Ubuntu enables is left beside another one',
  severity: 'warning',
  otherSeverities: { error: 'where both are the default server of port 80, and nginx does not start' },
  confidence: 'high',
  since: '0.1.0',
  why: 'The package of Debian and Ubuntu enables `sites-enabled/default`: the default server of port 80 for IPv4 and IPv6, with `server_name _` and the page “Welcome to nginx!”. It answers whatever host no name matches, so a site without a name of its own is never asked. Where that is the default server, too, nginx does not start: `a duplicate default server for 0.0.0.0:80`.',
  remedy:
    'Remove the link, `rm /etc/nginx/sites-enabled/default`, and write `listen 80 default_server`; or give the site its `server_name`',
  references: [
    'https://nginx.org/en/docs/http/request_processing.html',
    'https://salsa.debian.org/nginx-team/nginx/-/blob/master/debian/conf/sites-available/default',
  ],
  unproven: 'The live tests install no packages: what Debian’s enables, its source says',
  bad: [
    { title: 'a site for whatever name', files: installed(site('server_name «_»;')) },
    { title: 'a site without a name', files: installed(site('').replace('server {', '«server» {')) },
    {
      title: 'the default server of the same port',
      files: installed(site('server_name example.org;', 'listen 80 «default_server»;')),
    },
    {
      title: 'a role of Ansible',
      files: {
        'roles/nginx/tasks/main.yml': ROLE,
        'roles/nginx/templates/shop.conf.j2': site(
          'server_name {{ domain }};',
          'listen 80 «default_server»;',
        ),
      },
    },
    {
      title: 'an image of Python',
      files: {
        Dockerfile: conf`
          FROM python:3.12-slim
          RUN apt-get update && apt-get install -y --no-install-recommends \
              nginx \
              supervisor \
              && rm -rf /var/lib/apt/lists/*
          COPY nginx/shop.conf /etc/nginx/conf.d/shop.conf
          CMD ["supervisord", "-n"]
        `,
        'nginx/shop.conf': site('server_name «_»;'),
      },
    },
    {
      title: 'a text in the script',
      files: {
        'provision/setup.sh': conf`
          apt-get install -y nginx
          cat > /etc/nginx/sites-available/shop <<'EOF'
          server {
              listen 80;
              listen [::]:80;
              server_name «_»;
              root /srv/shop;
          }
          EOF
          ln -s /etc/nginx/sites-available/shop /etc/nginx/sites-enabled/
          systemctl reload nginx
        `,
      },
    },
  ],
  good: [
    { title: 'a name of its own', files: installed(site('server_name example.org;')) },
    {
      title: 'the link is removed',
      files: installed(site('server_name _;'), 'rm -f /etc/nginx/sites-enabled/default\n'),
    },
    {
      title: 'its file is replaced',
      files: {
        'deploy/install.sh': SCRIPT.replaceAll(/sites-(\w+)\/shop$/gm, 'sites-$1/default'),
        'deploy/shop.conf': site('server_name _;'),
      },
    },
    {
      title: 'a file that has its name',
      files: {
        'deploy/install.sh': SCRIPT.replace(
          'deploy/shop.conf /etc/nginx/sites-available/shop',
          'deploy/default /etc/nginx/sites-available/',
        ),
        'deploy/default': site('server_name _;'),
      },
    },
    {
      title: 'a name that a variable has',
      files: {
        'deploy/install.sh': SCRIPT.replace('set -e', 'SITE=default').replaceAll(
          'sites-available/shop',
          'sites-available/$SITE',
        ),
        'deploy/shop.conf': site('server_name _;'),
      },
    },
    {
      title: 'a main file of its own',
      files: installed(site('server_name _;'), 'cp deploy/nginx.conf /etc/nginx/nginx.conf\n'),
    },
    { title: 'another port', files: installed(site('server_name _;', 'listen 8080 default_server;')) },
    {
      title: 'an address of its own',
      files: installed(site('server_name _;', 'listen 192.0.2.7:80 default_server;')),
    },
    {
      title: 'the name by which a developer asks',
      files: installed(site('server_name localhost;')),
    },
    {
      title: 'a role that removes it elsewhere',
      files: {
        'roles/nginx/tasks/main.yml': ROLE,
        'roles/nginx/templates/shop.conf.j2': site('server_name _;'),
        'roles/common/tasks/main.yml': conf`
          - name: remove what the package brings
            file:
              path: "/etc/nginx/sites-enabled/{{ item }}"
              state: absent
            loop: "{{ unwanted }}"
        `,
      },
    },
    {
      title: 'the image of nginx, and Alpine',
      files: {
        Dockerfile: conf`
          FROM alpine:3.20
          RUN apk add nginx
          COPY nginx/shop.conf /etc/nginx/http.d/shop.conf
        `,
        'nginx/shop.conf': site('server_name _;'),
      },
    },
    {
      title: 'the packages of nginx.org',
      files: installed(
        site('server_name _;'),
        'echo "deb https://nginx.org/packages/debian bookworm nginx" > /etc/apt/sources.list.d/nginx.list\n',
      ),
    },
    {
      title: 'a site that the script does not bring',
      files: { 'deploy/install.sh': SCRIPT, 'docker/web.conf': site('server_name _;') },
    },
  ],
  *check(deployment) {
    const lost = deployment.servers.flatMap(server => lostIn(server) ?? [])
    if (lost.length === 0) return
    const stocks = stockSites(deployment.setups() ?? [])
    if (stocks.length === 0) return
    for (const { server, at, refused } of lost) {
      if (isWhole(server.configuration)) continue
      const { source } = server.directive
      for (const { installs, broughtBy } of stocks) {
        const brought = broughtBy(source, namePlace(server.directive).start)
        if (brought === null) continue
        yield {
          at,
          ...(refused !== null && { severity: 'error' as const }),
          message:
            refused === null
              ? '`sites-enabled/default` of the package is the default server of port 80 and answers in place of this site: “Welcome to nginx!”'
              : `\`sites-enabled/default\` of the package is the default server of port 80, too, so nginx does not start: a duplicate default server for ${refused}`,
          label: refused === null ? 'never asked' : 'there are two',
          related: [
            { at: installs, message: 'the package enables `sites-enabled/default`' },
            { at: brought, message: 'the site is put beside it' },
          ],
        }
      }
    }
  },
})

interface LostServer {
  readonly server: NginxServer
  readonly at: Place
  /** The socket of which it is the default server besides the stock site; null where it is none, and not asked. */
  readonly refused: string | null
}

/** What the stock site listens on. */
const STOCK = new Set(['0.0.0.0:80', '[::]:80'])

/** A server that the stock site takes the requests from, or that cannot be beside it. */
function lostIn(server: NginxServer): LostServer | null {
  const { configuration, directive } = server
  const shared = server.listens.filter(listen => STOCK.has(formatEndpoint(listen)))
  const [first] = shared
  if (first === undefined || isStandIn(directive.source)) return null
  const second = shared.find(({ defaultServer }) => defaultServer)
  if (second !== undefined) {
    const line = second.directive
    const word = line?.args.findIndex(({ value }) => /^default(?:_server)?$/.test(value)) ?? -1
    const at = line === null || word < 0 ? second.at : argumentPlace(line, word)
    return { server, at, refused: formatEndpoint(second) }
  }
  const names = serverNames(configuration, directive)
  // Who asks for `localhost`, on the machine or by a forwarded port, is answered.
  const isNameless = names.every(name => name.kind === 'exact' && /^_*$/.test(name.name))
  return isNameless ? { server, at: names[0]?.at ?? namePlace(directive), refused: null } : null
}

/** True where a main file is here, which says itself what it includes, or a file in the place of the stock site. */
function isWhole({ occurrences, sources }: NginxConfiguration): boolean {
  return (
    (occurrences.get('http') ?? []).some(({ source }) => !isStandIn(source)) ||
    sources.some(source => !isStandIn(source) && source.path.endsWith('/default'))
  )
}
