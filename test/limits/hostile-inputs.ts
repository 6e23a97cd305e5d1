/**
 * Inputs that grow: what each is at a size, so that its time can be held against its size. The sizes are
 * those at which the first one takes some tens of milliseconds.
 */
export interface GrowingInput {
  readonly name: string
  /** The first size; the others are its doubles. */
  readonly size: number
  /** Path to text, `-> target` for a link. */
  readonly files: (size: number) => Readonly<Record<string, string>>
  /** Arguments behind the directory's `.`; those of an audit where absent. */
  readonly words?: readonly string[]
}

const repeat = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('')

const nginx = (server: string, http = ''): Readonly<Record<string, string>> => ({
  'etc/nginx/nginx.conf': `events {}\nhttp {\n${http}\nserver {\nlisten 80;\nserver_name example.org;\n${server}\n}\n}\n`,
})
const apache = (
  lines: string,
  more: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> => ({
  'etc/apache2/apache2.conf': `ServerRoot /etc/apache2\nListen 80\nLoadModule macro_module m.so\nLoadModule alias_module a.so\n${lines}\n`,
  ...more,
})
const envvars = (lines: string): Readonly<Record<string, string>> =>
  apache('User ${APACHE_RUN_USER}', { 'etc/apache2/envvars': `export APACHE_RUN_USER=www-data\n${lines}\n` })
const settings = (lines: string): Readonly<Record<string, string>> =>
  apache('LoadModule wsgi_module w.so\nWSGIScriptAlias / /srv/shop/shop/wsgi.py', {
    'srv/shop/shop/wsgi.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
    'srv/shop/shop/__init__.py': '',
    'srv/shop/shop/settings.py': `${lines}\nDEBUG = True\n`,
  })

/** What rules about redirects, schemes and hosts follow from one server to the other. */
const nginxSite = (name: string): string => `
server { listen 80; server_name ${name} www.${name}; return 301 https://${name}$request_uri; }
server {
  listen 443 ssl;
  server_name www.${name};
  ssl_certificate /etc/tls/${name}.pem;
  ssl_certificate_key /etc/tls/${name}.key;
  return 301 https://${name}$request_uri;
}
server {
  listen 443 ssl;
  server_name ${name};
  ssl_certificate /etc/tls/${name}.pem;
  ssl_certificate_key /etc/tls/${name}.key;
  add_header X-Frame-Options DENY;
  location / {
    proxy_pass http://127.0.0.1:9000;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-Proto $scheme;
  }
  location /static/ { alias /srv/${name}/static/; }
  location ~ \\.php$ { return 404; }
}
`
const apacheSite = (name: string): string => `
<VirtualHost 127.0.0.1:9000>
  ServerName ${name}
  SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on
  WSGIDaemonProcess ${name} processes=2 threads=5
  WSGIProcessGroup ${name}
  WSGIScriptAlias / /srv/${name}/wsgi.py
  Redirect /old https://${name}/new
  <Directory /srv/${name}>
    Require all granted
  </Directory>
</VirtualHost>
`

export const GROWING: readonly GrowingInput[] = [
  { name: 'nginx: one long word', size: 20_000, files: size => nginx(`add_header X ${'a'.repeat(size)};`) },
  {
    name: 'nginx: one long unknown directive',
    size: 20_000,
    files: size => nginx(`${'password'.repeat(size / 8)} x;`),
  },
  {
    name: 'nginx: unknown directives',
    size: 500,
    files: size => nginx(repeat(size, index => `nothing${index} x;\n`)),
  },
  {
    name: 'nginx: servers',
    size: 200,
    files: size =>
      nginx(
        '',
        repeat(size, index => `server { listen 80; server_name a${index}.example; }\n`),
      ),
  },
  {
    name: 'nginx and Apache: sites that the network reaches',
    size: 50,
    files: size => ({
      'etc/nginx/nginx.conf': 'events {}\nhttp {\ninclude sites-enabled/*;\n}\n',
      'etc/apache2/apache2.conf': [
        'ServerRoot /etc/apache2',
        'Listen 127.0.0.1:9000',
        ...['alias', 'setenvif', 'wsgi'].map(name => `LoadModule ${name}_module ${name}.so`),
        'Include sites-enabled/*.conf',
        '',
      ].join('\n'),
      ...Object.fromEntries(
        Array.from({ length: size }, (_, index) => index).flatMap(index => [
          [`etc/nginx/sites-enabled/${index}`, nginxSite(`a${index}.example`)],
          [`etc/apache2/sites-enabled/${index}.conf`, apacheSite(`a${index}.example`)],
        ]),
      ),
    }),
  },
  {
    name: 'nginx: prefix locations',
    size: 500,
    files: size => nginx(repeat(size, index => `location /a${index} { return 204; }\n`)),
  },
  {
    name: 'nginx: regular-expression locations',
    size: 300,
    files: size =>
      nginx(repeat(size, index => `location ~ ^/a${index}/[a-z]+$ { proxy_pass http://127.0.0.1:9000; }\n`)),
  },
  {
    name: 'nginx: server names',
    size: 1000,
    files: size => nginx(`server_name ${repeat(size, index => `a${index}.example `)};`),
  },
  {
    name: 'nginx: entries of a map',
    size: 1000,
    files: size => nginx('', `map $host $x {\n${repeat(size, index => `a${index} b;\n`)}}`),
  },
  {
    name: 'nginx: nested blocks',
    size: 100,
    files: size => nginx('location /a { '.repeat(size) + '}'.repeat(size)),
  },
  {
    name: 'nginx: files that include all others',
    size: 4,
    files: size => ({
      ...nginx('', 'include /etc/nginx/conf.d/*.conf;'),
      ...Object.fromEntries(
        Array.from({ length: size }, (_, index) => [
          `etc/nginx/conf.d/${index}.conf`,
          `include /etc/nginx/conf.d/*.conf;\nserver { listen 80; server_name a${index}.example; }\n`,
        ]),
      ),
    }),
  },
  {
    name: 'nginx: doubling includes',
    size: 10,
    files: size => ({
      ...nginx('', 'include /etc/nginx/x/0;'),
      ...Object.fromEntries(
        Array.from({ length: size }, (_, index) => [
          `etc/nginx/x/${index}`,
          index + 1 < size
            ? `include /etc/nginx/x/${index + 1};\ninclude /etc/nginx/x/${index + 1};\n`
            : 'server { listen 80; server_name a.example; }\n',
        ]),
      ),
    }),
  },
  {
    name: 'nginx: an include path of many components',
    size: 500,
    files: size => nginx(`include /${'a/'.repeat(size)}b.conf;`),
  },
  {
    name: 'nginx: includes that are not there',
    size: 500,
    files: size => nginx(repeat(size, index => `include /etc/nginx/gone${index}.conf;\n`)),
  },
  {
    name: 'nginx: doubling variables',
    size: 10,
    words: ['trace', 'http://example.org/'],
    files: size =>
      nginx(
        `set $x0 ab;\n${repeat(size, index => `set $x${index + 1} $x${index}$x${index};\n`)}return 302 /$x${size};`,
      ),
  },
  {
    name: 'nginx: doubling maps',
    size: 10,
    words: ['trace', 'http://example.org/'],
    files: size =>
      nginx(
        `return 302 /$x${size};`,
        `map $host $x0 { default ab; }\n${repeat(size, index => `map $host $x${index + 1} { default $x${index}$x${index}; }\n`)}`,
      ),
  },
  {
    name: 'nginx: findings in one line',
    size: 200,
    files: size =>
      nginx(
        '',
        repeat(
          size,
          () =>
            'server { listen 443 ssl; ssl_certificate /c; ssl_certificate_key /k; ssl_protocols TLSv1; } ',
        ),
      ),
  },
  {
    name: 'nginx: one unclosed quote',
    size: 20_000,
    files: size => nginx(`add_header X "${'a '.repeat(size / 2)}`),
  },
  {
    name: 'nginx: variables in one line',
    size: 4000,
    files: size => nginx(`set $x ${repeat(size, () => '$x')};`),
  },
  {
    name: 'm4: calls in one line',
    size: 10_000,
    files: size => ({ 'site.conf.m4': `server { listen 80; }\n${repeat(size, () => "define(`a'")}\n` }),
    words: ['site.conf.m4'],
  },
  {
    name: 'nginx: template tags',
    size: 1000,
    files: size => ({
      'nginx.conf.j2': `server {\n${repeat(size, index => `  add_header X {{ a${index} }};\n`)}}\n`,
    }),
  },
  {
    name: 'nginx: template branches',
    size: 50,
    files: size => ({
      'nginx.conf.j2': `server {\n${repeat(size, index => `{% if a${index} %}\n  listen ${index + 1};\n{% endif %}\n`)}}\n`,
    }),
  },
  { name: 'Apache: one long word', size: 20_000, files: size => apache(`SetEnv X ${'a'.repeat(size)}`) },
  {
    name: 'Apache: one long continued line',
    size: 2000,
    files: size => apache(`SetEnv X ${'a\\\n'.repeat(size)}b`),
  },
  {
    name: 'Apache: virtual hosts',
    size: 200,
    files: size =>
      apache(repeat(size, index => `<VirtualHost *:80>\nServerName a${index}.example\n</VirtualHost>\n`)),
  },
  {
    name: 'Apache: locations with long paths',
    size: 100,
    files: size =>
      apache(
        repeat(
          size,
          index => `<Location "/${'a/'.repeat(size)}${index}">\nRequire all granted\n</Location>\n`,
        ),
      ),
  },
  {
    name: 'Apache: directories with wildcards',
    size: 100,
    files: size =>
      apache(repeat(size, index => `<Directory "/srv/*a*a*${index}*">\nRequire all granted\n</Directory>\n`)),
  },
  {
    name: 'Apache: rewrite rules',
    size: 300,
    files: size =>
      apache(
        `LoadModule rewrite_module r.so\nRewriteEngine On\n${repeat(size, index => `RewriteRule ^/a${index}/(.*)$ /b/$1 [L]\n`)}`,
      ),
  },
  {
    name: 'Apache: macro parameters',
    size: 50,
    files: size =>
      apache(
        `<Macro M ${repeat(size, index => `$p${index}x `)}>\n${repeat(size, index => `SetEnv A${index} $p${index}x\n`)}</Macro>\nUse M ${repeat(size, index => `v${index} `)}`,
      ),
  },
  {
    name: 'Apache: macros that use each other',
    size: 100,
    files: size =>
      apache(
        `${repeat(size, index => `<Macro M${index}>\nUse M${index + 1}\n</Macro>\n`)}<Macro M${size}>\nAlias /a /b\n</Macro>\nUse M0`,
      ),
  },
  {
    name: 'Apache: macros that double their parameter',
    size: 3,
    files: size =>
      apache(
        `${repeat(size, index => `<Macro M${index} $x>\nUse M${index + 1} $x$x$x$x\n</Macro>\n`)}<Macro M${size} $x>\nSetEnv A $x\n</Macro>\nUse M0 abcd`,
      ),
  },
  {
    name: 'Apache: doubling definitions',
    size: 6,
    files: size =>
      apache(
        `Define a0 word\n${repeat(size, index => `Define a${index + 1} \${a${index}}\${a${index}}\n`)}SetEnv X \${a${size}}`,
      ),
  },
  {
    name: 'Apache: files that include all others',
    size: 6,
    files: size => ({
      ...apache('IncludeOptional conf.d/*.conf'),
      ...Object.fromEntries(
        Array.from({ length: size }, (_, index) => [
          `etc/apache2/conf.d/${index}.conf`,
          `SetEnv A${index} b\n`,
        ]),
      ),
    }),
  },
  {
    name: 'Apache: nested conditionals',
    size: 50,
    files: size => apache('<IfVersion >= 2.4>\n'.repeat(size) + '</IfVersion>\n'.repeat(size)),
  },
  {
    name: 'Apache: one expression of many parts',
    size: 200,
    files: size => apache(`<If "${repeat(size, () => "%{HTTP_HOST} == 'a' || ")}true">\n</If>`),
  },
  {
    name: 'Apache: set headers',
    size: 500,
    files: size =>
      apache(`LoadModule headers_module h.so\n${repeat(size, index => `Header set X-${index} "a"\n`)}`),
  },
  {
    name: 'shell: doubling values',
    size: 10,
    files: size => envvars(`x=ab\n${repeat(size, () => 'x=$x$x\n')}`),
  },
  { name: 'shell: one long list', size: 200, files: size => envvars(`${'true && '.repeat(size)}x=1`) },
  {
    name: 'shell: conditions that nobody decides',
    size: 10,
    files: size =>
      envvars(repeat(size, index => `if [ "$(date)" = ${index} ]; then x${index}=a; else exit; fi\n`)),
  },
  {
    name: 'shell: nested conditions',
    size: 30,
    files: size => envvars(`${'if true; then\n'.repeat(size)}x=1\n${'fi\n'.repeat(size)}`),
  },
  {
    name: 'shell: functions that call each other',
    size: 30,
    files: size => envvars(`${repeat(size, index => `f${index}() { f${index + 1}; f${index + 1}; }\n`)}f0`),
  },
  {
    name: 'shell: nested substitutions',
    size: 50,
    files: size => envvars(`x=${'${a:-'.repeat(size)}b${'}'.repeat(size)}`),
  },
  { name: 'shell: one long word', size: 20_000, files: size => envvars(`x=${'a'.repeat(size)}`) },
  { name: 'shell: assignments', size: 300, files: size => envvars(repeat(size, index => `x${index}=a\n`)) },
  {
    name: 'Python: doubling lists',
    size: 10,
    files: size => settings(`X = [1, 2]\n${repeat(size, () => 'X = X + X\n')}`),
  },
  {
    name: 'Python: doubling texts',
    size: 10,
    files: size => settings(`X = "ab"\n${repeat(size, () => 'X = X + X\n')}`),
  },
  {
    name: 'Python: lists that hold themselves',
    size: 10,
    files: size => settings(`X0 = [1]\n${repeat(size, index => `X${index + 1} = [X${index}, X${index}]\n`)}`),
  },
  { name: 'Python: one long dotted name', size: 500, files: size => settings(`X = a${'.b'.repeat(size)}`) },
  { name: 'Python: one long sum', size: 200, files: size => settings(`X = 1${' + 1'.repeat(size)}`) },
  {
    name: 'Python: nested lists',
    size: 100,
    files: size => settings(`X = ${'['.repeat(size)}${']'.repeat(size)}`),
  },
  { name: 'Python: one long list', size: 1000, files: size => settings(`X = [${'1, '.repeat(size)}]`) },
  {
    name: 'Python: joined paths',
    size: 10,
    files: size =>
      settings(`import os\nX = "/ab"\n${repeat(size, () => 'X = os.path.join(X, X.lstrip("/"))\n')}`),
  },
  { name: 'Python: parents', size: 500, files: size => settings(`X = __file__${'.parent'.repeat(size)}`) },
  {
    name: 'Python: nested conditions',
    size: 30,
    files: size =>
      settings(`${repeat(size, index => `${' '.repeat(index)}if a:\n`)}${' '.repeat(size)}X = 1`),
  },
  {
    name: 'units: one long line',
    size: 20_000,
    files: size => ({
      ...nginx(''),
      'etc/systemd/system/a.service': `[Service]\nExecStart=/usr/bin/gunicorn ${'-e A=b '.repeat(size / 7)}x:y\n`,
    }),
  },
  {
    name: 'playbooks: many hosts and no variables',
    size: 2000,
    files: size => ({
      'site.conf.j2': 'server { listen 80; proxy_pass http://{{ app }}; }\n',
      'play.yml': repeat(size, () => '- hosts: a\n') + ' '.repeat(10 * size) + repeat(size, () => ' hosts:'),
    }),
  },
  {
    name: 'placeholders: many, each with a value',
    size: 200,
    files: size => ({
      'group_vars/all.yml': repeat(size, index => `p${index}: ${index + 1}\n`),
      'site.conf.j2': `server {\n${repeat(size, index => `  listen 127.0.0.2:{{ p${index} }};\n`)}}\n`,
    }),
  },
  {
    name: 'placeholders: many, of many containers',
    size: 100,
    files: size => ({
      'compose.yml': `services:\n${repeat(size, index => `  s${index}:\n    image: nginx:1.27\n    volumes: ["./t:/etc/nginx/templates"]\n    environment: { P${index}: a }\n`)}`,
      't/default.conf.template': `server {\n${repeat(size, index => `  add_header X-${index} \${P${index}};\n`)}}\n`,
    }),
  },
  {
    name: 'units, and scripts that enable them',
    size: 20,
    files: size => ({
      ...nginx('server { listen 80; }'),
      ...Object.fromEntries(
        Array.from({ length: size }, (_, index) => [
          [`units/u${index}.service`, '[Unit]\n[Service]\nExecStart=/usr/bin/true\n'],
          [
            `setup/${index}.sh`,
            `#!/bin/sh\n${'echo "this line says what the next one is about to do"\n'.repeat(100)}systemctl enable u${index}\n`,
          ],
        ]).flat(),
      ),
    }),
  },
  {
    name: 'files beside a main file',
    size: 100,
    files: size => ({
      ...nginx(''),
      ...Object.fromEntries(
        Array.from({ length: size }, (_, index) => [
          `etc/nginx/rest/${index}.conf`,
          'server { listen 80; }\n',
        ]),
      ),
    }),
  },
  {
    name: 'files of no server',
    size: 200,
    files: size =>
      Object.fromEntries([
        ['nginx.conf', 'events {}\n'],
        ...Array.from({ length: size }, (_, index) => [`src/${index}.js`, 'x\n']),
      ]),
  },
  {
    name: 'links that lead nowhere',
    size: 200,
    files: size => ({
      ...nginx('', 'include /etc/nginx/x/*;'),
      ...Object.fromEntries(Array.from({ length: size }, (_, index) => [`etc/nginx/x/${index}`, '-> /gone'])),
    }),
  },
]
