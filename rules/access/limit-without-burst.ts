import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveValue } from '../../src/servers/nginx/queries/effective.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const site = (lines: string, zone = 'rate=5r/s', http = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain([
    `limit_req_zone $binary_remote_addr zone=perip:10m ${zone};`,
    http,
    nginxServer(lines),
  ]),
})
const SHOP = conf`
  root /srv/www;
  location / {
      try_files $uri =404;
  }
`
const limitedIn = (location: string, more = ''): string => conf`
  root /srv/www;
  ${more}
  location ${location} {
      limit_req «zone=perip»;
      try_files $uri =404;
  }
`

export default defineRule({
  summary: 'limit_req without burst refuses the pictures and scripts of a page',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx keeps a rate by the millisecond: `rate=5r/s` is one request every 200 ms, and without `burst` each that comes earlier is refused with 503. A browser asks for the style sheets, scripts and pictures of a page all at once, so that the page comes without most of them: `limiting requests, excess: 0.9 by zone`. With `burst` so many more are kept, and with `nodelay` answered at once.',
  remedy:
    'Write `limit_req zone=… burst=50 nodelay;`, or limit the location that needs it alone, such as `/login`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_limit_req_module.html#limit_req',
    'https://blog.nginx.org/blog/rate-limiting-nginx',
  ],
  bad: [
    { title: 'a whole site', files: site(`limit_req «zone=perip»;\n${SHOP}`) },
    { title: 'all sites', files: site(SHOP, 'rate=10r/s', 'limit_req «zone=perip»;') },
    { title: 'the location of everything', files: site(limitedIn('/'), 'rate=60r/m') },
    { title: 'a location of pictures', files: site(limitedIn('~* \\.(?:jpg|png|css|js)$')) },
    {
      title: 'a whole site of an application',
      files: site(conf`
        limit_req «zone=perip»;
        limit_req_status 429;
        location /static/ {
            alias /srv/www/static/;
        }
        location / {
            proxy_pass http://127.0.0.1:8000;
        }
      `),
    },
  ],
  good: [
    {
      title: 'a burst',
      files: site(`limit_req zone=perip burst=50 nodelay;\n${SHOP}`),
    },
    { title: 'as many as no browser asks for', files: site(`limit_req zone=perip;\n${SHOP}`, 'rate=200r/s') },
    { title: 'the page of a login', files: site(limitedIn('= /login')) },
    { title: 'an interface of programs', files: site(limitedIn('/api/')) },
    {
      title: 'pages alone, whose pictures are elsewhere',
      files: site(limitedIn('/', 'location /static/ {\n    expires 1d;\n}')),
    },
    {
      title: 'a name of programs',
      files: site(conf`
        server_name api.example.org;
        limit_req zone=perip;
        location / {
            proxy_pass http://127.0.0.1:8000;
        }
      `),
    },
    {
      title: 'a trial',
      files: site(`limit_req zone=perip;\nlimit_req_dry_run on;\n${SHOP}`),
    },
    {
      title: 'locations with limits of their own',
      files: site(conf`
        limit_req zone=perip;
        location / {
            limit_req zone=perip burst=50 nodelay;
            proxy_pass http://127.0.0.1:8000;
        }
      `),
    },
    {
      title: 'a zone of other addresses alone',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          'map $http_user_agent $robot {\n    default "";\n    ~*bot $binary_remote_addr;\n}',
          'limit_req_zone $robot zone=perip:10m rate=1r/s;',
          nginxServer(`limit_req zone=perip;\n${SHOP}`),
        ]),
      },
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx) {
      for (const line of configuration.occurrences.get('limit_req') ?? []) {
        const zone = zoneOf(configuration, line)
        const rate = zone === null ? null : rateOf(zone)
        if (zone === null || rate === null || rate > MOST || !ADDRESS.test(zone.args[0]?.value ?? ''))
          continue
        if (!limitsPages(configuration, line)) continue
        const isTrial = effectiveValue(configuration, line.parent, 'limit_req_dry_run', 'off')
        if (!isTrial.known || isTrial.value !== 'off') continue
        const status = effectiveValue(configuration, line.parent, 'limit_req_status', '503')
        yield {
          at: argumentPlace(line, 0),
          message: `a second request within ${Math.round(1000 / rate)} ms is refused with ${status.known ? status.value : '503'}, as no \`burst\` is kept, and browsers ask for what a page needs at once`,
          label: 'without a burst',
          related: [{ at: namePlace(zone), message: 'the rate' }],
        }
      }
    }
  },
})

/** Requests a second at which what a browser asks for at once may come in time. */
const MOST = 50

const ADDRESS =
  /^\$\{?(?:binary_remote_addr|remote_addr|http_x_forwarded_for|http_x_real_ip|server_name|host)\}?$/

/** The zone of a limit that keeps no burst; null for any other. */
function zoneOf(configuration: NginxConfiguration, { args }: NginxDirective): NginxDirective | null {
  const words = args.map(({ value }) => value)
  const name = /^zone=(\w+)$/.exec(words[0] ?? '')?.[1]
  if (name === undefined || words.length > 1) return null
  const zones = configuration.occurrences.get('limit_req_zone') ?? []
  return zones.find(zone => zone.args.some(({ value }) => value.startsWith(`zone=${name}:`))) ?? null
}

/** Requests a second. */
function rateOf({ args }: NginxDirective): number | null {
  for (const { value } of args) {
    const [, number, unit] = /^rate=(\d+)r\/([sm])$/.exec(value) ?? []
    if (number !== undefined) return Number(number) / (unit === 'm' ? 60 : 1)
  }
  return null
}

/** True where it counts what pages are made of, with the pages or by itself. */
function limitsPages(configuration: NginxConfiguration, { parent }: NginxDirective): boolean {
  if (parent === null || parent.name === 'http')
    return (configuration.occurrences.get('server') ?? []).some(
      server => isUnder(server, parent) && !isLimited(server) && servesPages(server),
    )
  if (parent.name === 'server') return servesPages(parent)
  if (parent.name !== 'location') return false
  const server = parent.parent?.name === 'server' ? parent.parent : null
  const path = parent.args.at(-1)?.value ?? ''
  if (parent.args[0]?.value.startsWith('~') === true) return OF_PAGES.test(path)
  return (
    path === '/' &&
    parent.args[0]?.value !== '=' &&
    server !== null &&
    !isOfPrograms(server) &&
    answers(parent) &&
    !childrenNamed(server, 'location').some(
      other => other !== parent && OF_PAGES.test(other.args.at(-1)?.value ?? ''),
    )
  )
}

function isUnder(server: NginxDirective, http: NginxDirective | null): boolean {
  return server.parent === http || server.parent?.name === 'http'
}

/** True for a server of which a location that serves, or asks a backend, has no limit of its own. */
function servesPages(server: NginxDirective): boolean {
  if (isOfPrograms(server) || childrenNamed(server, 'return').length > 0) return false
  const [whole] = childrenNamed(server, 'location').filter(
    ({ args }) => args.length === 1 && args[0]?.value === '/',
  )
  return whole === undefined ? childrenNamed(server, 'root').length > 0 : !isLimited(whole) && answers(whole)
}

function isLimited(block: NginxDirective): boolean {
  return childrenNamed(block, 'limit_req').length > 0
}

/** False for a location that only redirects or refuses. */
function answers(location: NginxDirective): boolean {
  return childrenNamed(location, 'return').length === 0 && childrenNamed(location, 'grpc_pass').length === 0
}

/** A name such as `api.example.org`, which programs ask one request at a time. */
function isOfPrograms(server: NginxDirective): boolean {
  return childrenNamed(server, 'server_name').some(({ args }) =>
    args.some(({ value }) =>
      /(?:^|[.-])(?:api|rpc|webhooks?|hooks|mirror|download|downloads|dl|repo)\d*[.-]/i.test(value),
    ),
  )
}

const OF_PAGES = /\b(?:css|js|png|jpe?g|gif|svg|static|assets|media|images?|img|public)\b/i
