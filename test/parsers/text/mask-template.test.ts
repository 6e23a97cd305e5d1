import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { maskTemplate } from '../../../parsers/text/mask-template.ts'
import { reveal } from '../../../parsers/text/placeholder.ts'
import { isUnknownWord } from '../../../parsers/text/source.ts'

/** The masked text with every placeholder as `?`, blanks at line ends left out. */
const masked = (path: string, text: string): string => {
  const { code, template } = maskTemplate(path, text)
  assert.ok(template, `${path} is a template`)
  assert.is(code.length, text.length)
  return code.replace(/[\uE000-\uF8FF]+/g, '?').replace(/[ \t]+$/gm, '')
}

const plain = (path: string, text: string): void => {
  assert.equal(maskTemplate(path, text), { code: text, template: false, branches: [], gaps: [] })
}

test('a placeholder is an unknown word of its own length', () => {
  const text = 'listen {{ port }}{{ options }};'
  assert.is(masked('/a.conf', text), 'listen ?;')
  assert.is(reveal(maskTemplate('/a.conf', text).code), text)
  assert.is(masked('/a.conf.erb', 'listen <%= @port %>;'), 'listen ?;')
  assert.is(masked('/a.conf.ejs', '<%_ if (a) { _%>\nlisten <%- port %>;\n<%- end %>\n'), '\nlisten ?;\n\n')
  assert.is(masked('/a.tmpl', 'server_name {{ .Host }}.example.org;'), 'server_name ?.example.org;')
})

test('a template that another one brings in is a value where it stands in a word', () => {
  assert.is(
    masked(
      '/a.yaml',
      'location ~ ^{{ template "site.slash" .Values.path }}api {\n{{ template "site.lines" . }}\n}\n',
    ),
    'location ~ ^?api {\n\n}\n',
  )
  assert.is(masked('/a.yaml', 'location {{ template "a.b" . }} {\n'), 'location ? {\n')
})

test('words between marks in small letters are filled in where one is a number or a port', () => {
  const both = (open: string, close: string): void => {
    const word = (name: string): string => open + name + close
    assert.is(
      masked(
        '/a.conf',
        `listen ${word('port')};\nroot ${word('root')}/a;\nclient_max_body_size ${word('size')};\nalias ${word('root')}/m/;\n`,
      ),
      'listen ?;\nroot ?/a;\nclient_max_body_size ?;\nalias ?/m/;\n',
    )
    assert.is(
      masked(
        '/a.conf',
        `<VirtualHost *:80>\nServerName ${word('name')}\nLimitRequestBody ${word('size')}\nSSLEngine ${word('on_off')}\n`,
      ),
      '<VirtualHost *:80>\nServerName ?\nLimitRequestBody ?\nSSLEngine ?\n',
    )
    assert.is(
      masked('/a.conf', `proxy_pass http://${word('host')}:${word('port2')};\n`),
      'proxy_pass http://?:?;\n',
    )
    plain('/a.conf', `server_name ${word('default')};\nlocation /${word('debug')}/ {\n}\n`)
  }
  both('__', '__')
  both('_', '_')
  both('XX', 'XX')
  both('##', '##')
  both('REPLACE_', '')
  assert.is(masked('/a.conf', 'proxy_read_timeout __wait__s;\n'), 'proxy_read_timeout ?s;\n')
})

test('a path that begins with a word between underscores begins with what is filled in', () => {
  assert.is(masked('/a.conf', '<Directory "__root__/a">\n'), '<Directory "?/a">\n')
  assert.is(masked('/a.conf', 'root __root__/a;\n'), 'root ?/a;\n')
  plain('/a.conf', 'root /srv/__root__/a;\nroot __pycache__/a;\nlisten 80 ##http##\n')
  plain('/a.conf', 'client_max_body_size _size;\nclient_max_body_size size_;\nkeepalive_timeout XXL;\n')
  plain('/a.conf', 'upstream _app_ {\n}\nproxy_pass http://_app_;\nset $__wait__ 1;\n')
})

test('a default in small letters is filled in with its name', () => {
  assert.is(
    masked('/a.conf', 'listen ${port:-80};\nclient_max_body_size ${size:-1m};\naccess_log ${log:-off} a;\n'),
    'listen ?;\nclient_max_body_size ?;\naccess_log ? a;\n',
  )
  assert.is(masked('/a.conf', 'Timeout ${secs:-5}\nServerName ${name:-a}\n'), 'Timeout ?\nServerName ?\n')
  plain('/a.conf', 'RewriteRule ^/(.*) /${names:-$1}\nadd_header X ${host:+a};\n')
  plain('/start', 'export PORT=${port:-80}\nexec app ${port:-80}\n')
})

test('what Hiera fills in is a placeholder, and its way to write a percent sign', () => {
  assert.is(
    masked('/a.yaml', 'RewriteCond %%{}{REQUEST_URI} ^/a\nProxyPass /%{hiera("way")}/ http://%{::host}/\n'),
    'RewriteCond ? ^/a\nProxyPass /?/ http://?/\n',
  )
  plain('/a.conf', 'RewriteCond %{REQUEST_URI} ^/a\nLogFormat "%% %{Host}i"\n')
})

test('statements between directives are blank', () => {
  assert.is(
    masked('/a.j2', '{% if tls %}\nlisten 443 ssl;\n{%- endif %}\n{# note; #}\nroot /a;{% if x %}\n'),
    '\nlisten 443 ssl;\n\n\nroot /a;\n',
  )
  assert.is(masked('/a.tmpl', '{{- range .Sites }}\nserver {\n{{ end }}\n}'), '\nserver {\n\n}')
  assert.is(masked('/a.erb', '<% if tls -%>\nServerName a\n<% end %>'), '\nServerName a\n')
  const lines = '% if tls?\nSSLEngine on\n% else\nSSLEngine off\n% end\nServerName <%= name %>\n'
  assert.is(masked('/a.erb', lines), '\nSSLEngine on\n\nSSLEngine off\n\nServerName ?\n')
  assert.is(maskTemplate('/a.erb', lines).branches.length, 2)
  assert.is(masked('/a.mako', '% if tls:\nlisten 443;\n% endif\n'), '\nlisten 443;\n\n')
  plain('/a.conf', '% if tls\n% end\n')
})

test('a placeholder that stands for whole directives is blank, one that goes on is a word', () => {
  assert.is(
    masked('/a.j2', 'server { # x\n  {{ extra }}\n  listen 80;\n}'),
    'server { # x\n\n  listen 80;\n}',
  )
  assert.is(masked('/a.j2', 'server_name\n  {{ a }}\n  {{ b }};'), 'server_name\n  ?\n  ?;')
  assert.is(masked('/a.j2', '{{ name }} on;'), '? on;')
})

test('dots alone on a line stand for lines that are left out', () => {
  assert.is(masked('/a.conf', 'server {\n  ...\n  listen 80;\n}\n'), 'server {\n\n  listen 80;\n}\n')
  assert.equal(maskTemplate('/a.conf', 'http {\n[…]\n}\n').gaps, [7])
  plain('/a.conf', '# and so on ...\nreturn 200 "...";\n')
})

test('a word in capitals alone on a line stands for lines that are put in', () => {
  assert.is(masked('/a.conf', 'upstream a {\n  PEER_LINES\n}\n'), 'upstream a {\n\n}\n')
  assert.equal(maskTemplate('/a.conf', 'LISTEN_LINES\n<VirtualHost *:80>\n').gaps, [0])
  assert.ok(maskTemplate('/a.conf', '<VirtualHost *:80>\nSITE_NAMES\n</VirtualHost>\n').template)
  plain('/a.conf', 'ssl_ciphers\n  HIGH_ONLY\n;\n')
  plain('/a.conf', 'SSLCipherSuite \\\n  HIGH_ONLY\n<Directory /srv>\n')
  plain('/setup', 'cat > a <<THE_END\nserver {\n}\nTHE_END\n')
})

test('what Jinja calls raw is text, but for the braces of the engine behind it', () => {
  assert.is(
    masked('/a.j2', '{% raw %}\nset $a {{ x }}; # {# <% b %>\n{% endraw %}'),
    '\nset $a ?; # {# <% b %>\n',
  )
})

test('expressions of Mako are masked whole', () => {
  assert.is(
    masked(
      '/nginx.conf.mako',
      "listen ${p['a']} ${'default_server' if d else ''} ssl; # ${1}\n% if a:\ngzip on;\n% endif\n",
    ),
    'listen ? ? ssl; # ?\n\ngzip on;\n\n',
  )
})

test('tags of the Template Toolkit are masked, and a set of characters is none', () => {
  assert.is(
    masked('/a.conf', 'root [% home %];\n[% IF tls %]\nlisten 443;\n[% ELSE %]\nlisten 80;\n[% END %]\n'),
    'root ?;\n\nlisten 443;\n\nlisten 80;\n\n',
  )
  assert.is(masked('/a.conf', 'root [% home%]/public;\n'), 'root ?/public;\n')
  assert.is(maskTemplate('/a.conf', 'location ~ [%a-z%] { }').template, false)
})

test('variables of the shell and of configure are placeholders in files named so', () => {
  assert.is(
    masked('/a.conf.template', 'listen ${PORT}; proxy_pass $BACKEND; set $a $uri${uri};'),
    'listen ?; proxy_pass ?; set $a $uri${uri};',
  )
  assert.is(masked('/nginx.conf.in', 'root @PREFIX@/www; user %user%;'), 'root ?/www; user ?;')
  plain('/a.j2', 'ErrorLog ${APACHE_LOG_DIR}/e.log')
  assert.is(
    masked('/a.template', 'add_header X ${own};\nset $mine 1;\nproxy_pass http://${host}/${name}/${mine};'),
    'add_header X ?;\nset $mine 1;\nproxy_pass http://${host}/?/${mine};',
  )
  assert.is(masked('/a.template', 'set $A 1; root $A/$B_C;'), 'set $A 1; root $A/?;')
})

test('a template of Jinja in which nothing is filled in is the text that it writes', () => {
  plain('/a.conf.j2', 'map $http_host $shop { default 1; }\nroot ${SITE};')
  plain('/a.conf.jinja', 'listen 80;')
  assert.is(maskTemplate('/a.conf.j2', '{# by Ansible #}\nlisten 80;').template, true)
})

test('a placeholder that no server could have meant shows a template, whatever the file is called', () => {
  const shown: Readonly<Record<string, string>> = {
    'listen %ip%:%web_port%;': 'listen ?:?;',
    'root %sdocroot%;': 'root ?;',
    'listen %%PORT%%;': 'listen ?;',
    'location __PATH__/ {\n  alias __INSTALL_DIR__/;\n}': 'location ?/ {\n  alias ?/;\n}',
    '#sub_path_only rewrite ^__PATH__$ __PATH__/ permanent;\nlocation __PATH__ { return 444; }':
      '#sub_path_only rewrite ^__PATH__$ __PATH__/ permanent;\nlocation ? { return 444; }',
    '<Directory __app_docroot__>\n  AllowOverride None\n</Directory>':
      '<Directory ?>\n  AllowOverride None\n</Directory>',
    'Listen @@Port@@': 'Listen ?',
    'RewriteRule ^@HTMLURL@$ @HTMLURL@/ [R=302,L@MORE@]': 'RewriteRule ^?$ ?/ [R=302,L?]',
    'ServerRoot "@exp_prefix@"': 'ServerRoot "?"',
    'server_name --domain--;': 'server_name ?;',
    'root /home/--user-name--/www;': 'root /home/?/www;',
    'server_name <domain>;': 'server_name ?;',
    'server_name <your domain>;': 'server_name ?;',
    '<VirtualHost <ip>:80>\nServerName <SERVER_NAME>\n</VirtualHost>':
      '<VirtualHost ?:80>\nServerName ?\n</VirtualHost>',
    'index {HTTP_INDEX_FILE};': 'index ?;',
    'proxy_pass http://{host}:{port};': 'proxy_pass http://?:?;',
    'server_name $$domain;': 'server_name ?;',
    'return 301 https://$$host$$request_uri;': 'return 301 https://?;',
    'server_name %(domain)s;': 'server_name ?;',
    'listen %d;': 'listen ?;',
    '<VirtualHost *:{$vh.port}>\nDocumentRoot {$vh.root|escape}\n</VirtualHost>':
      '<VirtualHost *:?>\nDocumentRoot ?\n</VirtualHost>',
    'worker_processes ${core.workers};': 'worker_processes ?;',
    'client_max_body_size ${MAX_UPLOAD_MiB}m;': 'client_max_body_size ?m;',
    'error_log /dev/stdout ${LEVEL:-warn};': 'error_log /dev/stdout ?;',
    'fastcgi_param APP_ENV "${APP_ENV:=prod}";': 'fastcgi_param APP_ENV "?";',
    'send_timeout ${SEND_TIMEOUT};': 'send_timeout ?;',
    'location ~ __REGEX__ {\n  deny all;\n}': 'location ~ ? {\n  deny all;\n}',
    'error_log <<log file>>;\nroot <<root>>/www;': 'error_log ?;\nroot ?/www;',
    'worker_processes ${{NUM_WORKERS}};\nlisten ${{PORT}};': 'worker_processes ?;\nlisten ?;',
    'return 301 https://$host:HOST_SSL_PORT$request_uri;': 'return 301 https://$host:?$request_uri;',
    'RewriteBase **REPLACE**': 'RewriteBase ?',
    'listen ${PORT};\nproxy_pass http://$BACKEND;\nset $x $uri;':
      'listen ?;\nproxy_pass http://?;\nset $x $uri;',
    'location / {\n    proxy_pass PRERENDER_URL;\n}': 'location / {\n    proxy_pass ?;\n}',
    'WSGIDaemonProcess app processes=APP_WORKERS threads=1 user=APP_USER':
      'WSGIDaemonProcess app processes=? threads=1 user=APP_USER',
    '<VirtualHost directIP:directPORT>\nServerAlias directIP\n</VirtualHost>':
      '<VirtualHost ?:?>\nServerAlias ?\n</VirtualHost>',
    'listen [::]:my_port;\nlisten my_port;\nfastcgi_pass 127.0.0.1:YOURPORTHERE;':
      'listen [::]:?;\nlisten ?;\nfastcgi_pass 127.0.0.1:?;',
    'ProxyPass /app $PROTO://$PARENT/app\nProxyPassReverse /app $PROTO://$PARENT/app':
      'ProxyPass /app ?://?/app\nProxyPassReverse /app ?://?/app',
    'worker_processes !WORKERS!;': 'worker_processes ?;',
    'listen 80;\nalias ##ROOT##/media/; ##NOTE##': 'listen 80;\nalias ?/media/; ##NOTE##',
    'listen 80;\nalias #{root}/media/; #{note}': 'listen 80;\nalias ?/media/; #{note}',
    'server_name #{Site.Name}#;': 'server_name ?;',
    'root $(wwwRoot)/public;': 'root ?/public;',
    'events {\n  # Can be set with WORKER_CONNECTIONS\n  worker_connections ${WORKER_CONNECTIONS};\n}':
      'events {\n  # Can be set with WORKER_CONNECTIONS\n  worker_connections ?;\n}',
    '<Directory {0}/web>\nWSGIPythonPath {0}/lib': '<Directory ?/web>\nWSGIPythonPath ?/lib',
    'root <?php echo $root; ?>/public;': 'root ?/public;',
    'listen PH_HTTPS_PORT ssl;\nroot PH_HTTPD_ROOT;\nfastcgi_param HTTP_PROXY "";':
      'listen ? ssl;\nroot ?;\nfastcgi_param HTTP_PROXY "";',
    'server_name YOUR_DOMAIN www.YOUR_DOMAIN;': 'server_name ? www.?;',
    'RewriteRule ^ https://%domain%%{REQUEST_URI} [R=301,L]\nServerName %domain%':
      'RewriteRule ^ https://?%{REQUEST_URI} [R=301,L]\nServerName ?',
    'server {\n  proxy_read_timeout <timeout>;\n}': 'server {\n  proxy_read_timeout ?;\n}',
    'ServerName a.example\nKeepAliveTimeout <timeout>\nLogLevel {level}':
      'ServerName a.example\nKeepAliveTimeout ?\nLogLevel ?',
    'ProxyTimeout proxySECONDS': 'ProxyTimeout ?',
    'Listen %p%\n<VirtualHost *:@P@>': 'Listen ?\n<VirtualHost *:?>',
    'location / { proxy_pass http://127.0.0.1:appPORT; }': 'location / { proxy_pass http://127.0.0.1:?; }',
    'proxy_read_timeout timeoutSECONDS;\nLimitRequestBody maxBYTES':
      'proxy_read_timeout ?;\nLimitRequestBody ?',
  }
  for (const [text, expected] of Object.entries(shown)) assert.is(masked('/etc/nginx/a', text), expected)
  plain('/etc/nginx/a', 'ssl_ciphers !ADH!:HIGH:!MD5!;')
  plain('/etc/nginx/a', 'return 301 https://$$host$request_uri;')
  plain('/etc/nginx/a', 'return 301 https://$$host;')
  plain('/etc/nginx/a', 'root /srv;\nrewrite ^/(a{2})/{2} /$1 last;\nlocation ~ "^/[a-z]{3}$" {\n}')
  plain('/app/Dockerfile', 'FROM php:8.3\nRUN docker-php-ext-install -j$(nproc) zip \\\n  intl')
  plain('/app/entrypoint', 'set -e\necho $(date);\nexec "$@"')
  plain('/app/Makefile', 'include $(TOP)/common.mk\nall:\n\techo "#{x}"')
  plain('/etc/nginx/a', 'listen 80; # __PORT__, %port% and {port}\nroot /srv/www; #{root}')
  assert.is(reveal(maskTemplate('/a', 'root #{Site.Root}#/www;').code), 'root #{Site.Root}#/www;')
  // Nothing but comments stands between the beginning, which is empty, and the word.
  plain('/etc/nginx/a', '\n# a\nSOME_WORD\nlisten 80;')
})

test('placeholders of one letter, and of few, are such where nothing else may stand', () => {
  const shown: Readonly<Record<string, string>> = {
    'keepalive_timeout @@p@@;': 'keepalive_timeout ?;',
    'proxy_pass http://127.0.0.1:@p@;': 'proxy_pass http://127.0.0.1:?;',
    'ProxyPass / http://127.0.0.1:%%T%%/': 'ProxyPass / http://127.0.0.1:?/',
    'location / { proxy_pass http://127.0.0.1:<p>; }': 'location / { proxy_pass http://127.0.0.1:?; }',
    'TimeOut <p>': 'TimeOut ?',
    'KeepAlive <On or Off>': 'KeepAlive ?',
    'LimitRequestBody <max size>': 'LimitRequestBody ?',
    'LimitRequestBody {max size}': 'LimitRequestBody ?',
    'send_timeout [seconds];': 'send_timeout ?;',
    'keepalive_timeout [[timeout]];': 'keepalive_timeout ?;',
    'root /srv/%{domain};\nlocation / { proxy_pass http://127.0.0.1:%{port}; }':
      'root /srv/?;\nlocation / { proxy_pass http://127.0.0.1:?; }',
    'DocumentRoot /srv/%{domain}\nRedirect / https://%{domain}/':
      'DocumentRoot /srv/?\nRedirect / https://?/',
    'server_name _DOMAIN_;\nroot /srv/_DOMAIN_/www;': 'server_name ?;\nroot /srv/?/www;',
    'ServerAlias _SITE_NAME_\nSetEnv SITE _SITE_NAME_': 'ServerAlias ?\nSetEnv SITE ?',
    'listen ${{ vars.PORT }};': 'listen ?;',
    'DocumentRoot /srv/${{ inputs.name }}': 'DocumentRoot /srv/?',
    'client_body_timeout @{timeout};': 'client_body_timeout ?;',
    'Listen @{port}': 'Listen ?',
    'server { listen __PORT__; location / { return 200 "__x_y__; ok"; } }':
      'server { listen ?; location / { return 200 "?; ok"; } }',
  }
  for (const [text, code] of Object.entries(shown)) assert.is(masked('/etc/x/a.conf', text), code, text)
  assert.is(masked('/a.conf.template', 'keepalive_timeout $T;'), 'keepalive_timeout ?;')
  assert.is(
    masked('/a.conf.template', 'send_timeout $seconds;\nadd_header X $seconds;'),
    'send_timeout ?;\nadd_header X $seconds;',
  )
})

test('what commands are seen to fill in is a placeholder, whatever the file is called', () => {
  const word = (text: string, isPlaceholder: boolean, before = '', after = '', isNumber = false) => ({
    text,
    before,
    after,
    isPlaceholder,
    isNumber,
  })
  const masked = (
    text: string,
    variables: 'all' | readonly string[],
    words: readonly ReturnType<typeof word>[] = [],
  ) =>
    maskTemplate('/site.conf', text, {
      variables: variables === 'all' ? 'all' : new Set(variables),
      words,
    }).code.replace(/\uE000[\uE001-\uF8FF]*/g, '?')
  assert.is(
    masked('server { listen $P; send_timeout $t; }\n# $P', ['P']),
    'server { listen ?; send_timeout $t; }\n# $P',
  )
  assert.is(masked('keepalive_timeout $T;', 'all'), 'keepalive_timeout ?;')
  assert.is(masked('root /srv/root;', [], [word('root', false)]), 'root /srv/?;')
  assert.is(
    masked('listen 80;\nlisten 8080;', [], [word('80', false, 'listen ', ';')]),
    'listen ?;\nlisten 8080;',
  )
  assert.is(masked('MY_PORT listen PORT;', [], [word('PORT', true)]), 'MY_PORT listen ?;')
  const limit = word('limit', false, '', '', true)
  assert.is(
    masked('http { send_timeout limit; root /limit;\n  limit 1; proxy_pass http://a:limit; }', [], [limit]),
    'http { send_timeout ?; root /limit;\n  limit 1; proxy_pass http://a:?; }',
  )
  assert.is(masked('Timeout limit\nServerName limit\n', [], [limit]), 'Timeout ?\nServerName limit\n')
  assert.is(
    maskTemplate('/site.conf', 'listen 80;', { variables: new Set(['P']), words: [] }).template,
    false,
  )
})

test('a default value in what a shell reads is the shell’s own', () => {
  for (const line of [
    ': "${APACHE_RUN_USER:=www-data}"',
    'export PORT=${PORT:-8000}',
    'export PORT="${PORT:-8000}";',
    'if [ "${DEBUG:-}" ]; then',
    'exec gunicorn --bind ${HOST:-0.0.0.0}:8000 shop.wsgi',
    'services:\n  web:\n    image: nginx:${TAG:-1.28}',
    'FROM nginx:${TAG:-1.28}',
    'ExecStart=/usr/bin/gunicorn ${OPTIONS:-} shop.wsgi',
  ])
    plain('/etc/apache2/envvars', line)
  assert.is(masked('/a.conf', 'LogLevel ${LEVEL:-warn}'), 'LogLevel ?')
})

test('where Python formats a text, its braces are double and its placeholders single', () => {
  assert.is(
    masked(
      '/a.conf',
      'server {{\n  listen {port};\n  location ~ ^/\\d{{4}}$ {{ return 404; }}\n  root /srv;\n}}\n',
    ),
    'server {\n  listen ?;\n  location ~ ^/\\d{ 4 }$ {  return 404;  }\n  root /srv;\n }\n',
  )
})

test('words in angle brackets that nobody writes as a value are placeholders', () => {
  assert.is(masked('/a.conf', 'return <CODE>;'), 'return ?;')
  assert.is(masked('/a.conf', 'set $proto <http or https>;'), 'set $proto ?;')
  assert.is(masked('/a.conf', 'ProxySet timeout=<PHP_TIMEOUT>'), 'ProxySet timeout=?')
  plain('/a.conf', 'return 200 "<try again>";')
  plain('/a.conf', 'return 200 "<HTML>";')
})

test('a text that a filter makes a comment of is no directive', () => {
  const { gaps } = maskTemplate('/a.j2', '{{ ansible_managed | comment }}\nlisten {{ port }};\n')
  assert.equal(gaps, [])
})

test('a megabyte between braces is no tag, and costs no time', () => {
  const text = `{% x ${'a '.repeat(500_000)}%}`
  const started = performance.now()
  maskTemplate('/a.conf', text)
  assert.ok(performance.now() - started < 2000)
})

test('what the servers themselves accept is no template', () => {
  plain('/a.conf', 'log_format j \'{"a":{"b":"$uri"}}\';\nserver {# c\n#}\n}')
  plain('/a.conf', "sub_filter '{{ title }}' 'x';")
  plain('/settings.py', 'PAGE = """\n{{ title }}\n"""')
  plain('/a.conf', '# {{ ansible_managed }}\nlisten 80;')
  plain('/a.conf', 'LogFormat "%{%s}t %h" x')
  plain('/a.conf', 'set $a ${{x}};')
  plain('/a.conf', 'set $Max_Size 1m;\nclient_max_body_size ${Max_Size};')
  plain('/a.conf', 'location ~ ^/__MACOSX__/ {\n  deny all;\n}')
  plain('/a.conf', 'WSGIScriptAlias / /srv/app/__init__.py\nAlias /__debug_bar__/ /srv/__debug_bar__/')
  for (const text of [
    'RewriteCond %{HTTP_HOST} ^www\\.(.+)$ [NC]',
    'RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [L,R=301]',
    'RewriteRule ^(.*)$ /%1%2%3 [L]',
    'LogFormat "%h %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" %D%I%O" combined',
    'CustomLog "|/usr/bin/rotatelogs /var/log/a.%Y%m%d%H%M%S 86400" combined',
    'CustomLog /var/log/%Hh%Mm.log combined',
    'CustomLog "|/usr/bin/rotatelogs /var/log/%Y%m%d 86400" combined',
    'ServerAdmin webmaster@example.org',
    'AuthName "<please log in>"',
    'ErrorDocument 404 "<h1>Not <b>here</b></h1>"',
    '<Directory />\n<Files "a">\n</Files>\n</Directory>',
    '<VirtualHost *:80>\n</VirtualHost>',
    'Define VHOST_ROOT /srv\nDocumentRoot ${VHOST_ROOT}/www',
    'ErrorLog ${APACHE_LOG_DIR}/error.log',
    'RewriteRule ^ ${map:%{HTTP_HOST}|none} [L]',
    'Header set X-Frame "{none}"',
    'SetEnv APP_HOST_NAME x',
    'ServerName www.example.org\nSSLCertificateFile /etc/ssl/COMODO_BUNDLE_CA.crt',
    'location ~* ^/a{1,3}/(?<name>[a-z]+)$ { return 404; }',
    'location @django { proxy_pass http://unix:/run/a.sock:; }',
    'location /%E2%80%8C { return 404; }',
    'rewrite ^/%e2%80%8c$ / permanent;',
    'try_files $uri @app;\nerror_page 502 @down;',
    'if ($http_cookie ~ "__utma|__Secure-a") { return 403; }',
    'set $BACKEND http://a;\nproxy_pass $BACKEND;',
    'map $host $UPSTREAM_NAME { default a; }\nserver { listen 80; location / { proxy_pass http://$UPSTREAM_NAME; } }',
    'server_name ~^(?<sub>.+)\\.example\\.org$;',
    'server_name xn--80ak6aa92e.com a--b.example.org;',
    'sub_filter </head> "<script></script></head>";',
    'sub_filter <head> x;',
    'return 200 "<html>{ok}</html>";',
    'add_header Link "</a.css>; rel=preload";',
    'content_by_lua_block {\n  local t = {name}\n  ngx.say(t)\n}',
    'log_format j escape=json \'{"a":"$uri"}\';',
    'include /etc/nginx/conf.d/{a,b}/*.conf;',
    'proxy_pass http://backend:8080;',
    'proxy_pass http://support:8080/report;',
    'server unix:/run/port.sock;',
    'upstream export { server export:80; }',
    'env HOST_NAME;',
    'fastcgi_param SERVER_NAME $server_name;',
    'keepalive_timeout $T;',
    'keepalive_timeout $timeout;',
    'upstream _BACKEND_ { server a:80; }\nserver { listen 80; location / { proxy_pass http://_BACKEND_; } }',
    'fastcgi_param _KEY_ x;',
    'server_name _;',
    'RewriteRule ^ https://%{HTTP_HOSTT}%{REQUEST_URI} [R]',
    'ServerName %{HTTP_HOST}',
    'WSGIDaemonProcess a display-name=%{GROUP}\nWSGIApplicationGroup %{GLOBAL}',
    'ErrorLog "|/usr/bin/logger -t %{SERVER_NAME}"',
    'Alias /files/ /srv/%{reqenv:USER}/',
    'Redirect / https://%{domain}/',
    'LogFormat "%{begin:sec}t %{X-Real-IP}i" x',
    'location ~ ^/[[:alpha:]]+$ { return 404; }',
    'location ~ ^/[[abc]] { return 404; }',
    '<Perl>\npush @{Listen}, 80;\n</Perl>',
    'ErrorDocument 404 "<p>Not found"',
    'IndexOptions <p>',
    'Require expr %{TIME_HOUR} <b',
  ])
    plain('/etc/x/a.conf', text)
})

test('lengths and line ends stay whatever the text', () => {
  const parts = fc.constantFrom(
    '{{',
    '}}',
    '{%',
    '%}',
    '{#',
    '#}',
    '<%',
    '%>',
    ' if ',
    'a',
    ';',
    '\n',
    '\r\n',
    '{',
    '}',
    '${A}',
    '"',
    '{% raw %}',
  )
  fc.assert(
    fc.property(
      fc.array(parts, { maxLength: 40 }),
      fc.constantFrom('/a.conf', '/a.j2', '/a.template'),
      (pieces, path) => {
        const text = pieces.join('')
        const { code } = maskTemplate(path, text)
        assert.is(code.length, text.length)
        for (let at = 0; at < text.length; at++)
          if (text[at] === '\n' || text[at] === '\r') assert.is(code[at], text[at])
      },
    ),
    { seed: 7, numRuns: 2000 },
  )
})

test('a hostile file takes time in proportion to its length', () => {
  for (const piece of [
    '{{',
    '{%',
    '[[ .a',
    '$(( end ',
    '[a b ',
    '((a',
    '{{a}} ',
    '{{a}}\n',
    'a{% b %}',
    '"{{a}}',
  ])
    assert.is(maskTemplate('/a.conf', piece.repeat(100_000)).code.length, piece.length * 100_000)
})

test('a line of one placeholder between directives may bring any of them', () => {
  const text = 'server {\n  # more\n  ${MORE_LINES}\n  listen 80;\n  root\n  ${ROOT}\n  ;\n}\n'
  const { code, gaps } = maskTemplate('/site.conf.template', text)
  assert.equal(gaps, [text.indexOf('  ${MORE')])
  assert.is(code.split('\n')[2]?.trim(), '')
  assert.ok(isUnknownWord(code.split('\n')[5] ?? ''))
})

test('what Nginx UI keeps of a template in front of it is none of its lines', () => {
  const head =
    '# Nginx UI Template Start\nname = "Pages"\ndescription = { en = "All, of it", de = "Alles" }\n'
  const code = masked('/pages.conf', `${head}# Nginx UI Template End\nlocation / {\n}\n`)
  assert.is(
    code.replace(/ +\n/g, '\n'),
    '# Nginx UI Template Start\n\n\n# Nginx UI Template End\nlocation / {\n}\n',
  )
  plain('/pages.conf', head)
})

test('words in square brackets where a name or a path is wanted are to be filled in', () => {
  assert.is(
    masked(
      '/a.conf',
      'server_name [your domain];\nroot /srv/[site]/www;\nssl_certificate /etc/[FILE NAME].pem;\n',
    ),
    'server_name ?;\nroot /srv/?/www;\nssl_certificate /etc/?.pem;\n',
  )
  assert.is(
    masked('/a.conf', 'ServerName [DOMAIN]\nRewriteRule ^/[ABCD]x$ /y [NC,QSA]\nRewriteRule ^/z /y [QSAX]\n'),
    'ServerName ?\nRewriteRule ^/[ABCD]x$ /y [NC,QSA]\nRewriteRule ^/z /y [QSAX]\n',
  )
  plain('/a.conf', 'listen [::1]:80;\nlisten [fe80::1]:80;\ninclude sites/[abcdef]*.conf;\n')
  plain('/a.conf', 'location ~ [abcdef] {\n}\nserver_name ~^[a-z]+[abcdef]\\.org$;\n')
  plain('/a.conf', '<Directory /home/[abcdef]/www>\nIncludeOptional sites/[A-F]*.conf\n')
})

test('what is called yours is to be filled in', () => {
  assert.is(
    masked(
      '/a.conf',
      'location /your path {\n  root /srv/your site/www;\n}\nserver_name your domain name;\n',
    ),
    'location /? {\n  root /srv/?/www;\n}\nserver_name ?;\n',
  )
  assert.is(
    masked('/a.conf', 'server_name 你的域名;\nlocation /您的 path/ {\n  return 200 "你的";\n}\n'),
    'server_name ?;\nlocation /? {\n  return 200 "你的";\n}\n',
  )
  plain('/a.conf', '# your domain\nadd_header X "your page";\nserver_name your.example.org;\n')
  plain('/a.conf', 'location ~ your page {\n}\nlocation "/your page" {\n}\nreturn 200 your;\n')
})

test('names in two pairs of parentheses are filled in where no pattern may stand', () => {
  assert.is(
    masked('/a.conf', 'listen ((PORT));\nerror_log ((LOG_DIR))/error.log;\nroot ((deploy.root))/www;\n'),
    'listen ?;\nerror_log ?/error.log;\nroot ?/www;\n',
  )
  plain('/a.conf', 'rewrite ^/((old))$ /new;\nserver_name ~^((www))\\.a$;\n')
  plain('/a.conf', 'location ~ ^/((a|b)/c)$ {\n}\nRewriteRule ^((shop))$ /a\n')
})

test('statements of Go between other delimiters than braces are statements', () => {
  assert.is(
    masked(
      '/a.conf',
      'root $(( .Root -));\n$((- if (ne .Word "") ))\nauth_basic a;\n$(( else -))\nallow all;\n$(( end ))\n',
    ),
    'root ?;\n\nauth_basic a;\n\nallow all;\n\n',
  )
  assert.is(masked('/a.conf', '[[ range .Ports ]]\nlisten [[ .Port ]];\n[[ end ]]\n'), '\nlisten ?;\n\n')
  assert.is(maskTemplate('/a.conf', '[[ if .A ]]\ngzip on;\n[[ end ]]\n').branches.length, 1)
  plain('/a.conf', 'location ~ [[:alpha:]] {\n}\nlocation ~ "^/[[ .]x" {\n}\n')
  plain('/a.conf', 'rewrite ^/$((a))$ /b;\n')
})

test('Mako shows itself by lines of its own, and by braces where nginx takes no variable', () => {
  assert.is(
    masked('/site', 'server {\n    listen ${port};\n    root ${webroot};\n    try_files ${uri} =404;\n}\n'),
    'server {\n    listen ?;\n    root ?;\n    try_files ${uri} =404;\n}\n',
  )
  assert.is(masked('/site', '% for name in names:\nserver_name a;\n%  endfor\n'), '\nserver_name a;\n\n')
  plain('/site', 'set $port 80;\nproxy_pass http://a:${port};\nroot /srv/${host};\n')
})

test('where nginx takes no variable one is proof for all that it does not know', () => {
  assert.is(
    masked('/a.conf', 'listen ${port};\naccess_log ${log};\nreturn 301 https://$host${way}${uri};\n'),
    'listen ?;\naccess_log ?;\nreturn 301 https://$host?${uri};\n',
  )
  assert.is(
    masked('/start', 'listen ${port};\nexec app ${bind}\nexport A=${bind};\n'),
    'listen ?;\nexec app ${bind}\nexport A=${bind};\n',
  )
  plain('/a.conf', 'listen 80;\naccess_log ${log};\nreturn 301 https://${name}/;\n')
})

test('a variable where Apache wants a port or a number is filled in by others', () => {
  assert.is(
    masked('/a.conf', '<VirtualHost *:$PORT>\nServerName $NAME\nProxyPass /a http://$HOST:$APP_PORT/\n'),
    '<VirtualHost *:?>\nServerName ?\nProxyPass /a http://?:?/\n',
  )
  assert.is(masked('/a.conf', 'Timeout $SECONDS\n'), 'Timeout ?\n')
  plain('/a.conf', 'Define PORT 80\n<VirtualHost *:$PORT>\nDocumentRoot $WEB/public\n')
  plain('/a.conf', '<Macro Site $PORT>\n<VirtualHost *:$PORT>\nTimeout $SECS\n')
  plain('/a.conf', 'DocumentRoot $WEB/public\nServerName $NAME\nListen 80\n')
})

test('words in braces are filled in where no block can be meant', () => {
  assert.is(
    masked(
      '/a.conf',
      'server_name {server name} www.{server name};\nroot {doc root}/a;\naccess_log {log file};\nclient_max_body_size {max size};\n',
    ),
    'server_name ? www.?;\nroot ?/a;\naccess_log ?;\nclient_max_body_size ?;\n',
  )
  assert.is(
    masked('/a.conf', 'ServerName {server name}\nDocumentRoot "{doc root}"\nLimitRequestBody {max size}\n'),
    'ServerName ?\nDocumentRoot "?"\nLimitRequestBody ?\n',
  )
  plain('/a.conf', 'server {listen 80}\nserver_name a {listen 80}\nupstream a {server b}\n')
  plain(
    '/a.conf',
    'server {listen 80;}\nlocation /{a b}/ {\n}\nserver_name "~^a{b c}$";\nreturn 200 "{a b}";\n',
  )
})

test('tags of Mako that are no code are blank, and what they bring in a placeholder', () => {
  const text =
    '<%page args="name"/>\n<%doc>\nlisten 1;\n</%doc>\n<%def name="site(s)">\nserver_name ${s.name | h};\n<%include file="/a"/>\n</%def>\n'
  assert.is(masked('/a.conf', text), '\n\n\n\n\nserver_name ?;\n\n\n')
  assert.equal(maskTemplate('/a.conf', text).gaps, [text.indexOf('<%include')])
  assert.is(masked('/a.mako', 'server_name ${s.name | h} ${" ".join(all)};\n'), 'server_name ? ?;\n')
  assert.is(masked('/a.erb', '<%page = 1 %>\n<%text do %>\ngzip on;\n<% end %>\n'), '\n\ngzip on;\n\n')
  plain('/a.conf', 'add_header X "</%d>";\nlog_format a "<%page";\nserver_name ${s | h;\n')
})

test('a directive that is given a variable of its own name shows that somebody fills it in', () => {
  assert.is(
    masked('/nginx.conf', 'send_timeout $send_timeout;\nclient_max_body_size ${client_max_body_size};\n'),
    'send_timeout ?;\nclient_max_body_size ?;\n',
  )
  assert.is(masked('/www.conf', 'pm = dynamic\nclear_env = $clear_env\n'), 'pm = dynamic\nclear_env = ?\n')
  plain('/nginx.conf', 'send_timeout $timeout;\nroot $root;\nlimit_rate $limit_rate;\n')
  plain('/nginx.conf', 'set $send_timeout 5s;\nsend_timeout $send_timeout;\n')
})

/** What stands under an answer, zero for yes, each as its answer and its text. */
const branches = (path: string, text: string): readonly string[] =>
  maskTemplate(path, text).branches.map(
    ({ start, end, answer }) => `${answer} ${text.slice(start, end).replace(/\s+/g, ' ').trim()}`,
  )

test('directives of Terraform are branches and loops, and all its expressions values', () => {
  const text =
    '%{ if tls ~}\nlisten 443 ssl;\n%{ else ~}\nlisten 80;\n%{ endif ~}\n%{for d in split(",", "a}b") }\nserver_name ${d};\n%{endfor}\n'
  for (const path of ['/a.conf', '/a.tftpl', '/nginx.conf.tpl'])
    assert.is(masked(path, text), '\nlisten 443 ssl;\n\nlisten 80;\n\n\nserver_name ?;\n\n')
  assert.equal(branches('/a.conf', text), [
    '0 listen 443 ssl;',
    '1 %{ else ~} listen 80;',
    '0 server_name ${d};',
  ])
  assert.is(
    masked(
      '/a.tftpl',
      'root ${join("/", [a, "b"])};\nadd_header X $${host}$uri;\nif ($host != ${name}) {\n}\n',
    ),
    'root ?;\nadd_header X ?$uri;\nif ($host != ?) {\n}\n',
  )
  assert.is(masked('/a.conf', 'listen 80%{ if x } ssl%{ endif };\n').replace(/ +/g, ' '), 'listen 80 ssl ;\n')
  plain('/a.conf', 'LogFormat "%{if}x %{for}i %{else}n" a\nHeader set X "%%{ if x }"\n')
  plain('/a.conf', '# %{ if x }\nlisten 80;\n# %{ endif }\n')
})

test('directives of FreeMarker are branches and loops', () => {
  const text =
    '<#-- sites -->\n<#list sites as s>\nserver_name ${s.name};\nroot ${root};\n<#if s.tls && (s.a > 1)>\nlisten 443;\n<#elseif x>\nlisten 81;\n<#else>\nlisten 80;\n</#if>\n</#list>\n'
  assert.is(
    masked('/a.conf', text),
    '\n\nserver_name ?;\nroot ?;\n\nlisten 443;\n\nlisten 81;\n\nlisten 80;\n\n\n',
  )
  assert.ok(branches('/a.ftl', text).includes('0 listen 443;'))
  plain('/a.conf', 'add_header X "<#>";\nlisten 80;#<#if x>\n')
})

test('statements of Blade are branches and loops, and what it prints is a value', () => {
  const text =
    'listen {{ $port }};\nroot {!! $root !!};\n{{-- a --}}\n@if ($tls && f($a, g(1)))\nssl on;\n@else\nssl off;\n@endif\n@foreach($names as $n)\nserver_name {{ $n }};\n@endforeach\n'
  assert.is(masked('/a.conf', text), 'listen ?;\nroot ?;\n\n\nssl on;\n\nssl off;\n\n\nserver_name ?;\n\n')
  assert.equal(branches('/a.conf', text).slice(0, 2), ['0 ssl on;', '1 @else ssl off;'])
  assert.is(masked('/a.conf', 'server { root {!! $root !!}; }'), 'server { root ?; }')
  assert.is(masked('/a.conf', 'listen 80 @if($a) ssl @endif ;\n'), 'listen 80         ssl        ;\n')
  plain(
    '/a.conf',
    'location @if {\n}\nlocation @else {\n}\ntry_files $uri @if;\nerror_page 404 = @default;\n',
  )
  plain('/a.conf', '  @include (x)\n  @for(x) {\n')
})

test('statements of Smarty are branches and loops', () => {
  const text =
    '{* sites *}\n{foreach $sites as $s}\nserver_name {$s.name};\n{if $s.tls}\nlisten 443;\n{else}\nlisten 80;\n{/if}\n{/foreach}\n'
  assert.is(masked('/a.tpl', text), '\n\nserver_name ?;\n\nlisten 443;\n\nlisten 80;\n\n\n')
  assert.is(masked('/a.conf', text), '\n\nserver_name ?;\n\nlisten 443;\n\nlisten 80;\n\n\n')
  plain('/a.conf', 'server {if ($host = a) {return 403;}}\nserver {if ($host) {}}\nlog_format a "{else}";\n')
})

test('statements of DirectAdmin are branches, and its words values', () => {
  assert.is(
    masked(
      '/virtual_host2.conf',
      '|?DOCROOT=`HOME`/public_html|\n<VirtualHost |IP|:|PORT_80| |MULTI_IP|>\nServerName www.|DOMAIN|\n|*if CGI="1"|\nScriptAlias /cgi-bin/ |CGI|\n|*else|\n|CUSTOM|\n|*endif|\n</VirtualHost>\n',
    ),
    '\n<VirtualHost ?:? ?>\nServerName www.?\n\nScriptAlias /cgi-bin/ ?\n\n?\n\n</VirtualHost>\n',
  )
  assert.is(
    masked('/nginx_server.conf', 'listen |IP|:|PORT|;\n*if X="1"\nroot /srv;\n*endif\n'),
    'listen ?:?;\n\nroot /srv;\n\n',
  )
  plain('/a.conf', 'location ~ (a|IP|b) {\n}\nCustomLog "|/bin/x" a\nlog_format a "$a|B|$c |D| e";\n')
  plain('/a.conf', 'FilesMatch "\\.(GIF|JPG|PNG)$"\nRewriteCond %{X} (|A|)\nssl_ciphers A|B|C;\n')
})

test('what is filled in where nginx takes no variable is filled in everywhere', () => {
  assert.is(
    masked(
      '/a.conf.dist',
      'server_name ${domain};\nif ($host != ${domain}) {\n}\nlocation ~ ^/${domain}/${other} {\n}\nadd_header X ${other};\n',
    ),
    'server_name ?;\nif ($host != ?) {\n}\nlocation ~ ^/?/${other} {\n}\nadd_header X ?;\n',
  )
  plain('/a.conf', 'if ($host != ${domain}) {\n}\nlocation ~ ^/${domain} {\n}\n')
  plain('/a.conf', 'set $domain a;\nserver_name ${domain};\nif ($host != ${domain}) {\n}\n')
})

test('expressions of Terraform and options of zc.buildout are values', () => {
  assert.is(
    masked('/a.conf', 'server_name ${join(" ", names)} ${site["name"]};\nroot ${lower(a)}/x;\n'),
    'server_name ? ?;\nroot ?/x;\n',
  )
  assert.is(
    masked('/a.conf', 'listen ${hosts:nginx}:${ports:nginx};\nroot ${buildout:directory}/a;\nset $a 1;\n'),
    'listen ?:?;\nroot ?/a;\nset $a 1;\n',
  )
  assert.is(masked('/a.conf.template', 'add_header X "$${foo}";\n'), 'add_header X "?";\n')
  assert.is(
    masked('/htaccess', 'ErrorDocument 404 {BASE}a\nRewriteBase {BASE}\n'),
    'ErrorDocument 404 ?a\nRewriteBase ?\n',
  )
  plain('/a.conf', 'RewriteRule ^ ${lower:x} [L]\nRewriteCond ${a:b} c\nDefine A ${b:c}\n')
  plain('/a.conf', 'add_header X "$${foo}";\nDocumentRoot ${ROOT}/x\n')
})

test('a unit may stand right behind a word that is filled in where a number is wanted', () => {
  assert.is(
    masked('/a.conf', 'listen --PORT--;\nclient_max_body_size --SIZE--M;\nkeepalive_timeout --KA--s;\n'),
    'listen ?;\nclient_max_body_size ?M;\nkeepalive_timeout ?s;\n',
  )
  assert.is(
    masked('/a.conf', 'client_max_body_size maxMBm;\nproxy_read_timeout TIMEOUTs;\nsend_timeout XXm;\n'),
    'client_max_body_size ?m;\nproxy_read_timeout ?s;\nsend_timeout ?m;\n',
  )
  for (const size of [
    '[SIZE]',
    '!SIZE!',
    '$[SIZE]',
    'YOUR-SIZE',
    '|SIZE|',
    '(SIZE)',
    '[size]',
    'CHANGEME',
    '=SIZE=',
  ])
    assert.is(masked('/a.conf', `client_max_body_size ${size}m;\n`), 'client_max_body_size ?m;\n')
  assert.is(
    masked('/a.conf', 'listen ~PORT~;\nlocation ~ ~A~ {\n}\nsend_timeout ~TIME~s;\n'),
    'listen ?;\nlocation ~ ~A~ {\n}\nsend_timeout ?s;\n',
  )
  assert.is(masked('/a.conf', 'proxy_pass http://YOUR-HOST:YOUR-PORT;\n'), 'proxy_pass http://YOUR-HOST:?;\n')
  for (const value of ['10MB', 'OFF', '10Ms', 'NONE', '"10m"', '60sec', 'MAX', '1h30m', '-1', '$a', '<10m>'])
    plain('/a.conf', `client_max_body_size ${value};\nsend_timeout ${value};\n`)
})

test('a word in capitals behind one mark is filled in where one is a number or a port', () => {
  assert.is(
    masked(
      '/a.conf',
      'worker_connections @CONNECTIONS;\nserver_name www.@SITE_DOMAIN;\nssl_ciphers ALL:@STRENGTH;\nlimit_req_zone $a zone=a:@SIZE rate=@RATEr/s;\n',
    ),
    'worker_connections ?;\nserver_name www.?;\nssl_ciphers ALL:@STRENGTH;\nlimit_req_zone $a zone=a:? rate=?r/s;\n',
  )
  assert.is(
    masked('/a.conf', 'listen %PORT;\nproxy_pass http://%HOST:%PORT;\n'),
    'listen ?;\nproxy_pass http://?:?;\n',
  )
  assert.is(masked('/a.conf', 'Listen :PORT:\nServerName :NAME:\n'), 'Listen ?\nServerName ?\n')
  assert.is(
    masked(
      '/a.conf',
      'listen @PORT;\nlocation @BACKEND {\n}\ntry_files $uri @BACKEND;\nrewrite ^/(@A) /b;\nerror_page 404 @OTHER;\n',
    ),
    'listen ?;\nlocation @BACKEND {\n}\ntry_files $uri @BACKEND;\nrewrite ^/(@A) /b;\nerror_page 404 @OTHER;\n',
  )
  plain(
    '/a.conf',
    'try_files $uri @APP;\nssl_ciphers HIGH:@STRENGTH;\nset $a @NAME;\nLogFormat "%D %REQ" a\n',
  )
  plain('/a.conf', 'listen 10.0.0.1:@port;\nsend_timeout %20;\nServerAdmin root@EXAMPLE.org\n')
})

test('words between two marks of several characters, where a file has more of them', () => {
  assert.is(
    masked(
      '/a.conf',
      '# #!# NAME #!#\nset $debug #!# DEBUG #!#;\n#!# INCLUDES #!#\nlocation ~* \\.(#!# ENDINGS #!#)$ {\n  expires #!# TIME #!#;\n}\n',
    ),
    '# #!# NAME #!#\nset $debug ?;\n\nlocation ~* \\.(?)$ {\n  expires ?;\n}\n',
  )
  assert.is(
    masked('/a.conf', 'root <#ROOT#>/a;\nadd_header A "<#VALUE#>";\n'),
    'root ?/a;\nadd_header A "?";\n',
  )
  plain('/a.conf', '### SSL ###\n#-# A #-#\n#-# B #-#\nset $a #!# DEBUG #!#;\n')
  plain('/a.conf', 'ssl_ciphers HIGH:!LOW:!EXP:!MD5:+RSA:+ECDH;\nif ($a ~ "(?<A>x)|(?<B>y)|^C|^D") {\n}\n')
})

test('a variable that has a line to itself stands for whole lines', () => {
  assert.is(
    masked('/a.conf', 'geo $known {\n  ${ADDRESSES}\n  default no;\n}\n$MORE_LINES\n${other}\nserver {\n}\n'),
    'geo $known {\n\n  default no;\n}\n\n\nserver {\n}\n',
  )
  const lines = 'root /a;\n${LINES}\nindex a;\n'
  assert.equal(maskTemplate('/a.conf', lines).gaps, [lines.indexOf('$')])
  plain('/a.conf', "log_format a '$a'\n  $B\n  ${c}\n;\nset $X\n  $Y;\n")
  plain('/a.conf', 'cat > a <<EOF\nserver {\n$LINES\n}\nEOF\n')
})

test('where a template fills in a variable in small letters, it does in paths and addresses too', () => {
  const text = 'server_name $domain;\nroot $docroot/a;\nssl_certificate $s.cert;\nadd_header X $foo;\n'
  assert.is(
    masked('/a.conf.tmpl', text),
    'server_name ?;\nroot ?/a;\nssl_certificate ?.cert;\nadd_header X $foo;\n',
  )
  assert.is(masked('/a.conf.tmpl', 'root $docroot;\n'), 'root $docroot;\n')
  plain('/a.conf', text)
})

test('of m4 what defines and what is kept from the output is blank, and words in capitals are values', () => {
  const text =
    "divert(-1)\ndefine(`PORT', `80')\nlisten;\ndivert(0)dnl\nserver {\n  listen PORT; dnl a\n  root `DOCROOT';\nifdef(`SSL', `ssl_certificate CERT;\n  ssl_protocols f(a);')dnl\ninclude(`common.m4')\n  add_header A b;\n}\n"
  assert.is(
    masked('/nginx.conf.m4', text),
    '\n\n\n\nserver {\n  listen ?;\n  root ?;\n\n\n\n  add_header A b;\n}\n',
  )
  assert.equal(maskTemplate('/a.conf', text).gaps, [text.indexOf('ifdef'), text.indexOf('include(')])
  assert.is(masked('/a.conf', 'dnl a\nlisten PORT;\n'), '\nlisten ?;\n')
  plain('/a.conf', "return 200 'divert(`a)';\n# dnl\nlog_format a '`$a dnl';\n")
})

test.run()
