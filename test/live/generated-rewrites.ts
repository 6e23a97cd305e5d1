import type { Choices } from './apache-random.ts'

/** The files of every generated site, below its document root; the content of each is its path. */
export const SITE_FILES = [
  '/index.html',
  '/index.php',
  '/app.php',
  '/x.html',
  '/a/index.html',
  '/a/b.html',
  '/a/app.php',
  '/a/b/c.txt',
  '/b/deep/x.html',
  '/img/x.png',
  '/docs/read.me',
  '/é.txt',
  '/errors/404.html',
  '/errors/403.html',
  '/.env',
] as const

const PATHS = [
  '/',
  '/a',
  '/a/',
  '/a/b',
  '/a/b.html',
  '/a/b.html/rest',
  '/a/b/c.txt',
  '/a/b/',
  '/b/',
  '/b/deep/x.html',
  '/img/x.png',
  '/img/',
  '/img',
  '/docs/read.me',
  '/x.html',
  '/x',
  '/index.php',
  '/index.php/path/info',
  '/app.php',
  '/a/app.php/one',
  '/old/page',
  '/old/a%20b%3Fc',
  '/old/a+b',
  '/old/1/2',
  '/%C3%A9.txt',
  '/none',
  '/none/deep/er',
  '/app/one/two',
  '/app/',
  '/app',
  '/private/x',
  '/errors/404.html',
  '/al/x.png',
  '/al/',
  '/al',
  '/go/here',
  '/go',
  '/.env',
  '/proxied/one',
  '/proxied',
  '//a//b.html',
  '/a/../x.html',
  '/a%2Fb.html',
] as const

const QUERIES = ['', '', '', '', '?q=1', '?x=a%20b&y', '?']

export function rewriteTarget(random: Choices): string {
  return random.pick(PATHS) + random.pick(QUERIES)
}

const IN_SERVER = [
  '^/old/(.*)$',
  '^/(.*)$',
  '^/a/(.+)',
  '\\.html$',
  '^/(\\w+)/(\\w+)',
  '^/none',
  '^/app(/.*)?$',
  '!^/a',
  '^/([^/]+)/?$',
]
const IN_DIRECTORY = [
  '^old/(.*)$',
  '^(.*)$',
  '^a/(.+)',
  '\\.html$',
  '^(\\w+)/(\\w+)',
  '^none',
  '^app(/.*)?$',
  '!^a',
  '.',
  '^$',
  '^index\\.php$',
  '^([^/]+)/?$',
]
const TARGETS = [
  '/a/$1',
  '/x.html',
  '/$1?from=old',
  '/img/x.png?',
  '/index.php',
  '/index.php/$1',
  '/index.php?p=$1',
  '/none',
  '/b/deep/$1',
  '/$1/$2',
  '/%1',
  '/${lower:$1}',
  '/IMG/x.png',
]
const RELATIVE = [
  'index.php',
  'index.php/$1',
  'index.php?p=$1',
  'x.html',
  'a/$1',
  'b.html',
  '$1',
  'app.php?%1',
]
const URLS = [
  'http://t.test/$1',
  'https://%{HTTP_HOST}%{REQUEST_URI}',
  'https://t.test/$1?y=$1',
  '/moved/$1',
  '/moved$1?',
  'http://%{SERVER_NAME}/z/$1',
  '%{REQUEST_SCHEME}://%{HTTP_HOST}/s/$1',
]

/** An `expr` without a group leaves `%1` pointing anywhere in httpd 2.4.71, which crashes on it. */
const CONDITIONS = [
  '%{QUERY_STRING} !^$',
  '%{QUERY_STRING} q=(\\d)',
  '%{REQUEST_METHOD} =POST',
  '%{REQUEST_METHOD} !=GET',
  '%{HTTP_HOST} !^none [NC]',
  '%{HTTPS} off',
  '%{HTTPS} =on',
  '%{HTTPS} !=on',
  '%{REQUEST_SCHEME} =http',
  '%{REQUEST_URI} ^/(\\w+)/',
  '%{REQUEST_URI} !HTML$ [NC]',
  '%{REQUEST_FILENAME} !-f',
  '%{REQUEST_FILENAME} !-d',
  '%{REQUEST_FILENAME} -f',
  '%{DOCUMENT_ROOT}%{REQUEST_URI} -f',
  '%{DOCUMENT_ROOT}/$1 -f',
  '%{DOCUMENT_ROOT}/$1.html -f',
  '%{HTTP:X-Test} ^(y)',
  '%{HTTP:X-Forwarded-Proto} !https',
  '%{ENV:REDIRECT_STATUS} ^$',
  '%{ENV:REDIRECT_STATUS} =200',
  '%{ENV:late} in',
  '%{THE_REQUEST} \\s/index\\.php',
  '%{SERVER_PORT} >79',
  '%{SERVER_PORT} -gt100',
  '$1 !^(index\\.php|img)',
  '$1 ="a"',
  '%{REMOTE_ADDR} !^127\\.0',
  '%{IS_SUBREQ} =false',
  '%{LA-U:REQUEST_FILENAME} -f',
  '%{REQUEST_URI} -U',
  'expr "%{REQUEST_URI} =~ m#^/a#"',
  'expr "%{REQUEST_URI} =~ m#^/(b|img)/# && -d %{DOCUMENT_ROOT}"',
  'expr "%{REQUEST_URI} =~ m#^/(.)# && %{REMOTE_ADDR} -ipmatch \'127.0.0.0/8\'"',
  '%{REQUEST_FILENAME} -s',
  '%{CONTEXT_PREFIX} ^/al',
  '%{SERVER_NAME} ^s\\d',
  '%{ENV:plain} ^$',
  '%{REQUEST_FILENAME} -x',
  '%{SERVER_ADDR} =127.0.0.1',
  '%{HTTP_REFERER} !^$',
  '%{HTTP_COOKIE} seen',
  'expr "%{HTTP_HOST} =~ m#^(none)# || -z %{QUERY_STRING}"',
]

function flags(random: Choices, list: readonly string[]): string {
  if (list.length === 0) return ''
  return random.chance(0.1) ? ` "[${list.join(' , ')}]"` : ` [${list.join(',')}]`
}

const COMMON = ['NC', 'QSA', 'QSD', 'NE', 'NS', 'E=late:in', 'B', 'DPI', 'QSL']
const ENDS = ['L', 'L', 'L', 'END', 'PT', 'C', 'S=1', 'L', '']

function conditions(random: Choices): string[] {
  const lines: string[] = []
  for (let count = random.below(3); count > 0; count--) {
    const written = random.pick(CONDITIONS)
    const or = random.chance(0.25)
    const text = !or ? written : written.endsWith(']') ? written.replace(/\]$/, ',OR]') : `${written} [OR]`
    lines.push(`RewriteCond ${text}`)
  }
  return lines
}

function rule(random: Choices, inServer: boolean, backend: string): string[] {
  const pattern = random.pick(inServer ? IN_SERVER : IN_DIRECTORY)
  const lines = conditions(random)
  const own = random.some(COMMON, 0, 2)
  const end = random.pick(ENDS)
  if (end !== '') own.push(end)
  const roll = random.below(12)
  const quoted = random.chance(0.1) ? (text: string) => `"${text}"` : (text: string) => text
  if (roll < 5) {
    const target = random.pick(inServer || random.chance(0.4) ? TARGETS : RELATIVE)
    lines.push(`RewriteRule ${quoted(pattern)} ${quoted(target)}${flags(random, own)}`)
  } else if (roll < 7) {
    const status = random.pick(['R', 'R=301', 'R=302', 'R=permanent', 'R=307', 'R=seeother'])
    lines.push(`RewriteRule ${pattern} ${random.pick(URLS)}${flags(random, [...own, status])}`)
  } else if (roll === 7) {
    lines.push(`RewriteRule ${pattern} http://t.test/$1${flags(random, own)}`)
  } else if (roll === 8) {
    const refusal = random.pick(['F', 'G', 'R=404', 'R=503', 'F'])
    lines.push(`RewriteRule ${pattern} -${flags(random, [...own, refusal])}`)
  } else if (roll === 9) {
    lines.push(`RewriteRule ${pattern} ${backend}/p/$1${flags(random, [...own, 'P'])}`)
  } else {
    const note = random.pick(['E=late:in', 'E=!late', 'NC', 'S=1', 'L', 'H=server-status'])
    lines.push(`RewriteRule ${pattern} - ${flags(random, [note]).trim()}`)
  }
  return lines
}

function rewriting(random: Choices, inServer: boolean, backend: string): string[] {
  const lines = ['RewriteEngine On']
  if (random.chance(0.05)) lines[0] = 'RewriteEngine Off'
  if (!inServer && random.chance(0.3))
    lines.push(`RewriteBase ${random.pick(['/', '/a/', '/a', '/b', '/al'])}`)
  if (random.chance(0.1))
    lines.push(
      `RewriteOptions ${random.pick(['Inherit', 'InheritBefore', 'InheritDown', 'IgnoreInherit', 'AllowNoSlash', 'MergeBase'])}`,
    )
  for (let count = 1 + random.below(3); count > 0; count--) lines.push(...rule(random, inServer, backend))
  return lines
}

/** What people write: each with its own pitfalls. */
const KNOWN: readonly (readonly string[])[] = [
  [
    'RewriteEngine On',
    'RewriteBase /',
    'RewriteRule ^index\\.php$ - [L]',
    'RewriteCond %{REQUEST_FILENAME} !-f',
    'RewriteCond %{REQUEST_FILENAME} !-d',
    'RewriteRule . /index.php [L]',
  ],
  [
    'RewriteEngine On',
    'RewriteCond %{REQUEST_URI}::$0 ^(/.+)/(.*)::\\2$',
    'RewriteRule .* - [E=BASE:%1]',
    'RewriteCond %{ENV:REDIRECT_STATUS} =""',
    'RewriteRule ^index\\.php(?:/(.*)|$) %{ENV:BASE}/$1 [R=301,L]',
    'RewriteCond %{REQUEST_FILENAME} !-f',
    'RewriteRule ^ %{ENV:BASE}/index.php [L]',
  ],
  [
    'RewriteEngine On',
    'RewriteCond %{REQUEST_FILENAME} -d [OR]',
    'RewriteCond %{REQUEST_FILENAME} -f',
    'RewriteRule ^ - [L]',
    'RewriteRule ^(.*)$ index.php?p=$1 [QSA,L]',
  ],
  ['RewriteEngine On', 'RewriteRule ^(.*)$ index.php/$1 [L]'],
  ['RewriteEngine On', 'RewriteRule ^(.*)$ /a/$1 [L]'],
  ['RewriteEngine On', 'RewriteRule ^(.*)$ index.php [END]'],
  [
    'RewriteEngine On',
    'RewriteCond %{HTTPS} off',
    'RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [L,R=301]',
  ],
  ['RewriteEngine On', 'RewriteRule ^([^.]+)$ $1.html [NC,L]'],
  ['RewriteEngine On', 'RewriteCond %{DOCUMENT_ROOT}/$1.html -f', 'RewriteRule ^(.*?)/?$ $1.html [L]'],
  ['RewriteEngine On', 'RewriteRule ^a$ /b [R]', 'RewriteRule ^b$ /a [R]'],
  ['RewriteEngine On', 'RewriteRule (^|/)\\. - [F]'],
  ['FallbackResource /index.php'],
  ['FallbackResource /none.php'],
  ['DirectoryIndex none.html index.php'],
  ['DirectoryIndex disabled', 'Options -Indexes'],
  ['Options -FollowSymLinks', 'RewriteEngine On', 'RewriteRule ^x x.html'],
  ['ErrorDocument 404 /errors/404.html', 'ErrorDocument 403 /errors/403.html'],
  ['ErrorDocument 404 /none', 'ErrorDocument 403 http://t.test/no'],
  ['ErrorDocument 404 /index.php', 'RewriteEngine On', 'RewriteRule ^old - [R=404]'],
  ['Redirect 301 /old http://t.test/new', 'RewriteEngine On', 'RewriteRule ^old /x.html'],
  ['RedirectMatch 302 ^/([a-z]+)/page$ /$1/other', 'Redirect gone /none'],
  [
    '<Files "x.html">',
    'Require all denied',
    '</Files>',
    '<FilesMatch "^\\.">',
    'Require all denied',
    '</FilesMatch>',
  ],
  [
    '<If "%{REQUEST_URI} =~ m#^/a/#">',
    'Redirect 302 /a http://t.test/if',
    '</If>',
    '<Else>',
    'ErrorDocument 404 /x.html',
    '</Else>',
  ],
  ['DirectorySlash Off'],
  ['Options +Indexes', 'DirectoryIndex none'],
  [
    'SetEnvIf Request_URI ^/a late=in',
    'RewriteEngine On',
    'RewriteCond %{ENV:late} =in',
    'RewriteRule ^ - [F]',
  ],
  ['RewriteEngine On', 'RewriteRule ^none/(.*) none/x/$1 [N]'],
  ['Order deny,allow', 'Deny from all', 'Allow from 127.0.0.1'],
  ['AuthType Basic', 'AuthName x', 'AuthUserFile /dev/null', 'Require valid-user'],
  ['Require valid-user'],
  ['AcceptPathInfo On'],
  ['SetHandler server-status'],
  ['AddHandler server-status .png'],
  ['RemoveHandler .png', 'ForceType text/plain'],
  ['AddType application/x-httpd-php .php', 'DirectoryIndex app.php'],
  ['DirectoryIndexRedirect On', 'DirectoryIndex none.html index.html'],
  ['DirectoryIndexRedirect 303'],
  ['RedirectRelative On', 'Redirect 301 /old /new'],
  ['ErrorDocument 404 "not here"', 'ErrorDocument 403 default'],
  ['SetEnv late in', 'RewriteEngine On', 'RewriteCond %{ENV:late} in', 'RewriteRule ^ - [G]'],
  [
    'SetEnvIfNoCase ^x-tes YES late=in',
    'RewriteEngine On',
    'RewriteCond %{ENV:late} in',
    'RewriteRule ^ /x.html',
  ],
  ['<Limit POST>', 'Require all denied', '</Limit>'],
  [
    'Satisfy Any',
    'Order allow,deny',
    'Allow from 127.0.0.1',
    'AuthType Basic',
    'AuthName x',
    'Require valid-user',
  ],
  ['<RequireAny>', 'Require ip 10.0.0.0/8', 'Require method GET', '</RequireAny>'],
  ['<Files "*.php">', 'RewriteEngine On', 'RewriteRule ^ /x.html', '</Files>'],
  ['<FilesMatch "^(index|app)\\.php$">', 'SetHandler server-status', '</FilesMatch>'],
  [
    '<If "-f %{REQUEST_FILENAME}">',
    'ErrorDocument 403 /x.html',
    '</If>',
    '<ElseIf "true">',
    'Redirect 410',
    '</ElseIf>',
  ],
  [
    'RewriteEngine On',
    'RewriteRule ^(.+)\\.html$ /$1 [R=301,L]',
    'RewriteCond %{REQUEST_FILENAME}.html -f',
    'RewriteRule ^ %{REQUEST_URI}.html',
  ],
  [
    'RewriteEngine On',
    'RewriteCond %{THE_REQUEST} \\s/+(.+?)\\.php[\\s?]',
    'RewriteRule ^ /%1 [R=302,L]',
    'RewriteRule ^(app|index)$ $1.php',
  ],
  [
    'RewriteEngine On',
    'RewriteCond %{HTTP_HOST} !^www\\.',
    'RewriteRule ^(.*)$ http://www.%{HTTP_HOST}/$1 [R=301,L]',
  ],
  [
    'RewriteEngine On',
    'RewriteRule ^index\\.php(?:/(.*))?$ - [E=tail:$1]',
    'RewriteCond %{ENV:REDIRECT_tail} one',
    'RewriteRule ^ - [F]',
  ],
  [
    'RewriteEngine On',
    'RewriteRule ^a(/.*)?$ b$1 [S=2]',
    'RewriteRule ^b - [F]',
    'RewriteRule ^b - [G]',
    'RewriteRule x - [R=503]',
  ],
  ['RewriteEngine On', 'RewriteRule ^(.*)/(.*)$ $1-$2 [N=4]', 'RewriteRule - /x.html'],
  ['<IfModule mod_rewrite.c>', 'RewriteEngine On', 'RewriteRule ^old(.*) /a$1 [R=301,NE,QSD]', '</IfModule>'],
  ['Options -Indexes -FollowSymLinks', 'DirectoryIndex none'],
  ['Options None', 'RedirectMatch 404 /\\.'],
  ['RedirectMatch 301 ^(.*)/index\\.(?:php|html)$ $1/'],
]

function htaccess(random: Choices, backend: string): string {
  const lines = random.chance(0.5) ? [...random.pick(KNOWN)] : rewriting(random, false, backend)
  if (random.chance(0.2)) lines.push(...random.pick(KNOWN))
  return `${lines.join('\n')}\n`
}

export interface GeneratedSite {
  /** The `<VirtualHost>`; `$ROOT` stands for the prefix. */
  readonly text: string
  /** `.htaccess` files by their path below the document root. */
  readonly htaccess: Readonly<Record<string, string>>
}

/** One virtual host: everything that mod_rewrite, mod_alias, mod_dir and mod_proxy do with a request. */
export function rewriteSite(random: Choices, id: string, address: string, backend: string): GeneratedSite {
  const root = `$ROOT/sites/${id}`
  const lines: string[] = [
    `<VirtualHost ${address}>`,
    `ServerName ${id}.test${random.chance(0.1) ? ':8080' : ''}`,
  ]
  lines.push(`DocumentRoot ${root}`)
  if (random.chance(0.1)) lines.push('UseCanonicalName On')
  if (random.chance(0.05)) lines.push('UseCanonicalPhysicalPort On')
  if (random.chance(0.05)) lines.push(`ServerName https://${id}.test`)
  if (random.chance(0.3)) lines.push('RewriteMap lower int:tolower')
  else lines.push('RewriteMap other int:escape')
  if (random.chance(0.05)) lines.push('LimitInternalRecursion 3')
  if (random.chance(0.05)) lines.push('MergeSlashes Off')
  if (random.chance(0.05)) lines.push('SetEnvIf Host ^s plain=yes late=!in')
  if (random.chance(0.4)) lines.push(...rewriting(random, true, backend))
  if (random.chance(0.3)) lines.push(`Alias /al ${root}/img`)
  if (random.chance(0.1)) lines.push(`AliasMatch ^/al/(.*)\\.png$ ${root}/docs/$1.me`)
  if (random.chance(0.1)) lines.push(`Alias /docs/ ${root}/a/`)
  if (random.chance(0.2))
    lines.push(random.pick(['Redirect /go http://t.test/went', 'Redirect permanent /go /x.html']))
  if (random.chance(0.1)) lines.push('RedirectMatch 301 ^/old/(.*)$ http://t.test/$1')
  if (random.chance(0.15)) lines.push('ErrorDocument 404 /errors/404.html')
  if (random.chance(0.2))
    lines.push(random.pick([`ProxyPass /proxied ${backend}/base`, `ProxyPass /proxied/ ${backend}/`]))
  if (random.chance(0.1))
    lines.push(`ProxyPass /proxied/one !`, `ProxyPassMatch ^/(app|old)/(.*)$ ${backend}/m/$2`)
  if (random.chance(0.1))
    lines.push(
      '<Location /private>',
      random.pick([
        `ProxyPass ${backend}/private`,
        'Require all denied',
        'Redirect 302 http://t.test/p',
        'RewriteEngine Off',
        `Alias ${root}/x.html`,
        'RewriteEngine On\nRewriteRule x /x.html',
        'Redirect gone',
        'SetHandler server-status',
      ]),
      '</Location>',
    )
  if (random.chance(0.1))
    lines.push('<LocationMatch "^/a/.*\\.html$">', 'Require all denied', '</LocationMatch>')
  if (random.chance(0.1)) lines.push('<DirectoryMatch "/a$">', 'DirectoryIndex b.html', '</DirectoryMatch>')
  if (random.chance(0.1)) lines.push(random.pick(['AllowEncodedSlashes On', 'AllowEncodedSlashes NoDecode']))
  if (random.chance(0.1))
    lines.push('<FilesMatch "app\\.php$">', `SetHandler "proxy:${backend}"`, '</FilesMatch>')
  if (random.chance(0.1)) lines.push(`AliasMatch ^/go/(.*)$ ${root}/a/$1`, `Alias /robots.txt ${root}/x.html`)
  if (random.chance(0.05)) lines.push('<Proxy *>', 'Require all denied', '</Proxy>')
  lines.push(
    `<Directory ${root}>`,
    `AllowOverride ${random.pick(['All', 'All', 'All', 'None', 'FileInfo', 'All'])}`,
  )
  lines.push('Require all granted')
  if (random.chance(0.15)) lines.push(...rewriting(random, false, backend))
  if (random.chance(0.1)) lines.push('FallbackResource /index.php')
  lines.push('</Directory>')
  if (random.chance(0.2))
    lines.push(
      `<Directory ${root}/a>`,
      ...(random.chance(0.5) ? rewriting(random, false, backend) : ['Options Indexes']),
      '</Directory>',
    )
  if (random.chance(0.1))
    lines.push('<If "%{QUERY_STRING} =~ /q=/">', 'ErrorDocument 404 http://t.test/q', '</If>')
  lines.push('</VirtualHost>')
  const files: Record<string, string> = {}
  if (random.chance(0.8)) files['/.htaccess'] = htaccess(random, backend)
  if (random.chance(0.3)) files['/a/.htaccess'] = htaccess(random, backend)
  if (random.chance(0.15)) files['/a/b/.htaccess'] = htaccess(random, backend)
  if (random.chance(0.15)) files['/img/.htaccess'] = htaccess(random, backend)
  return { text: `${lines.join('\n')}\n`, htaccess: files }
}
