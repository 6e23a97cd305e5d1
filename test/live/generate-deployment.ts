/** Deployments made by chance, from a seed: sites, locations, virtual hosts and process groups in many shapes. */

export interface GeneratedDeployment {
  readonly files: Readonly<Record<string, string>>
  readonly urls: readonly string[]
}

/** A small generator of pseudo-random numbers (mulberry32), so that a seed names one deployment. */
export function randomSource(seed: number): {
  below(limit: number): number
  pick<T>(items: readonly T[]): T
} {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return { below, pick: items => items[below(items.length)] as (typeof items)[number] }
}

const NAMES = ['one.example.org', 'two.example.org', 'www.two.example.org', 'three.example.net', 'other.test']
const PATHS = [
  '/',
  '/page',
  '/static/site.css',
  '/static/none.css',
  '/old/x',
  '/deny/x',
  '/inner/x',
  '/api/x',
  '/api/',
  '/redirect/a%20b?c=d',
  '/admin/x',
  '/two/x',
  '/a/../page',
  '/gone',
  '/down/x',
  '/rewrite/x',
  '/fall/x',
]
const CERTIFICATE = '    ssl_certificate /opt/tls/site.pem;\n    ssl_certificate_key /opt/tls/site.pem;\n'

export function generateDeployment(seed: number): GeneratedDeployment {
  const random = randomSource(seed)
  const sites = NAMES.slice(0, 2 + random.below(3))
  const isMany = random.below(2) === 0
  const nginx: string[] = ['upstream app {\n    server 127.0.0.1:9000;\n}\n']
  if (random.below(2) === 0) nginx.push('server {\n    listen 80 default_server;\n    return 444;\n}\n')
  for (const name of sites) {
    const tls = random.below(3) === 0
    nginx.push(
      `server {\n    listen ${tls ? '443 ssl' : '80'};\n    server_name ${random.pick([name, `${name} alias.${name}`, `*.${name} ${name}`, `~^${name.replaceAll('.', '\\.')}$`])};\n${tls ? CERTIFICATE : ''}${site(random)}}\n`,
    )
  }
  const apache = ['Listen 127.0.0.1:9000\n', random.below(3) === 0 ? 'WSGIRestrictEmbedded On\n' : '']
  if (isMany) apache.push('WSGIDaemonProcess shared threads=2\n')
  const hosts = random.below(2) === 0 ? sites : [...sites].reverse()
  hosts.forEach((name, index) => {
    apache.push(virtualHost(random, random.pick([name, name, `back.${name}`]), index, isMany))
  })
  const urls: string[] = []
  for (const name of [...sites, `alias.${sites[0]}`, 'nobody.test']) {
    for (const path of PATHS) urls.push(`${random.pick(['http', 'http', 'https'])}://${name}${path}`)
  }
  return {
    files: {
      'nginx.conf': nginx.join('\n'),
      'site.conf': apache.join(''),
      'var/www/site/static/site.css': 'FILE /var/www/site/static/site.css',
      'var/www/site/page': 'FILE /var/www/site/page',
    },
    urls,
  }
}

type Random = ReturnType<typeof randomSource>

function site(random: Random): string {
  const headers = random.pick([
    '        proxy_set_header Host $host;\n',
    '        proxy_set_header Host $http_host;\n        proxy_set_header X-Forwarded-Proto $scheme;\n',
    '',
    '        proxy_set_header Host one.example.org;\n',
    '        proxy_set_header Host $host;\n        proxy_set_header X-Forwarded-Proto $scheme;\n        proxy_set_header X-Forwarded-Proto https;\n',
    '        proxy_set_header Host $host;\n        proxy_set_header X-Forwarded-Proto "";\n',
    '        proxy_set_header Host $host;\n        proxy_set_header x-forwarded-proto HTTPS;\n        proxy_pass_request_headers off;\n',
    '        proxy_set_header Host $host;\n        proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;\n',
  ])
  const pass = `${headers}        proxy_pass http://app;\n`
  const parts = [
    [
      'root /var/www/site;\n    location / {\n        try_files $uri @app;\n    }\n',
      `location / {\n${pass}    }\n`,
    ],
    [
      'location /static/ {\n        root /var/www/site;\n    }\n',
      'location /static/ {\n        alias /var/www/site/static/;\n    }\n',
      'location ^~ /static {\n        root /var/www/site;\n    }\n',
    ],
    [
      'location /old {\n        return 301 /page;\n    }\n',
      'location ~ ^/old/(.*)$ {\n        return 302 https://one.example.org/$1;\n    }\n',
    ],
    ['location /deny/ {\n        deny all;\n    }\n', `location /deny/ {\n        return 403;\n    }\n`],
    [
      `location /inner/ {\n        internal;\n${pass}    }\n`,
      'location /inner/ {\n        return 404;\n    }\n',
    ],
    [
      `location /api/ {\n${headers}        proxy_pass http://127.0.0.1:9000/two/;\n    }\n`,
      `location /api/ {\n${pass}    }\n`,
    ],
    [
      'location /redirect/ {\n        return 301 http://two.example.org$request_uri;\n    }\n',
      'rewrite ^/redirect/(.*)$ http://two.example.org/$1 permanent;\n',
    ],
    ['location = /gone {\n        return 410;\n    }\n', ''],
    [`location /down/ {\n${headers}        proxy_pass http://127.0.0.1:9999;\n    }\n`, ''],
    [
      'rewrite ^/rewrite/(.*)$ /static/site.css last;\n',
      'location /rewrite/ {\n        rewrite ^ /page break;\n        root /var/www/site;\n    }\n',
    ],
    [
      'location /fall/ {\n        root /var/www/site;\n        try_files $uri /page;\n    }\n',
      'location /fall/ {\n        root /var/www/site;\n        try_files $uri =404;\n    }\n',
    ],
  ]
  const chosen = parts.map(choices => random.pick(choices)).filter(text => text !== '')
  return `${chosen.map(text => `    ${text}`).join('')}    location @app {\n${pass}    }\n`
}

/** How a virtual host learns of TLS that ended in nginx; the last looks for a header that is not there. */
const SCHEMES = [
  '',
  'SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on',
  'SetEnvIf X-Forwarded-Proto https HTTPS=on',
  'SetEnvIfNoCase X-Forwarded-Proto "^https$" HTTPS=1',
  'SetEnvIf X-Forwarded-Ssl "^$" HTTPS=on',
]

/** Rules that do nothing: no path of the requests matches, or no engine runs. */
const IDLE_RULES = [
  '',
  'RewriteEngine On\nRewriteRule ^/nothing /x [R]',
  'RewriteEngine On\nRewriteRule !^/ /x [R]',
  'RewriteRule ^/ /x [R]',
  'RedirectMatch 410 ^/never',
  'AliasMatch ^/never(.*)$ /srv/x$1',
]

function virtualHost(random: Random, name: string, index: number, isShared: boolean): string {
  const group = `group${index}`
  const declares = random.below(4) > 0
  const uses = random.pick([group, group, isShared ? 'shared' : group, 'missing', null])
  const lines = [
    `<VirtualHost ${random.pick(['*:9000', '127.0.0.1:9000'])}>`,
    `ServerName ${name}`,
    random.below(3) === 0 ? `ServerAlias *.${name}` : '',
    random.pick(SCHEMES),
    random.pick(IDLE_RULES),
    declares ? `WSGIDaemonProcess ${group} threads=2` : '',
    uses === null ? '' : `WSGIProcessGroup ${uses}`,
    random.below(2) === 0 ? 'WSGIScriptAlias /two /opt/app/two.py' : '',
    `WSGIScriptAlias / /opt/app/app${index}.py`,
    '<Directory /opt/app>',
    random.below(5) === 0 ? 'Require ip 10.0.0.1' : 'Require all granted',
    '</Directory>',
    random.below(2) === 0 ? '<Location /admin>\nRequire all denied\n</Location>' : '',
    '</VirtualHost>',
    '',
  ]
  return lines.filter((line, at) => line !== '' || at === lines.length - 1).join('\n')
}
