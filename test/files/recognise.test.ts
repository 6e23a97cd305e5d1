import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { textSource } from '../../parsers/text/source.ts'
import { isBrokenNginx, recognise } from '../../src/files/recognise.ts'

const of = (text: string) => {
  const recognised = recognise(textSource('/x', text))
  return recognised === null ? null : { program: recognised.program, part: recognised.part }
}
const NGINX_MAIN = { program: 'nginx', part: 'whole' }
const NGINX_OUTER = { program: 'nginx', part: 'outer' }
const NGINX_SNIPPET = { program: 'nginx', part: 'snippet' }
const APACHE_SNIPPET = { program: 'apache', part: 'snippet' }
const NGINX = { program: 'nginx', part: 'inner' }
const APACHE_MAIN = { program: 'apache', part: 'whole' }
const APACHE_OUTER = { program: 'apache', part: 'outer' }
const APACHE = { program: 'apache', part: 'inner' }

test('a main file of nginx has events or http at its top', () => {
  assert.equal(of('user www-data;\nevents {\n}\nhttp {\n}\n'), NGINX_MAIN)
  assert.equal(of('events{}http{server{listen 80;}}'), NGINX_MAIN)
  assert.equal(of('http {\n}\n'), NGINX_OUTER)
  assert.equal(of('worker_processes 2;\ninclude more.conf;\n'), NGINX_OUTER)
  assert.equal(of('# events { }\nserver {\n listen 80;\n}\n'), NGINX)
})

test('a byte-order mark says nothing of whose a file is', () => {
  assert.equal(of('\uFEFFserver {\n listen 80;\n}\n'), NGINX)
  assert.equal(of('\uFEFFevents {}\nhttp {}\n'), NGINX_MAIN)
  assert.equal(of('\uFEFF<VirtualHost *:80>\nServerName a\n</VirtualHost>\n'), APACHE)
})

test('no-break spaces say nothing of whose a file is', () => {
  assert.equal(of('server {\n\u00A0 listen 80;\n\u00A0\u00A0server_name\u00A0a;\n}\n'), NGINX)
  assert.equal(
    of('<VirtualHost *:80>\n\u00A0ServerName a\n\u00A0\u00A0 DocumentRoot /srv\n</VirtualHost>\n'),
    APACHE,
  )
})

test('files of other programs that have words of the servers', () => {
  assert.is(
    of(
      'User nobody\nGroup nogroup\nPort 8888\nTimeout 600\nMaxClients 100\nStatFile "s"\nViaProxyName "t"\n',
    ),
    null,
  )
  assert.is(of('options snd-a index=-2\noptions snd-b index=-2\nalias sound snd-a\n'.repeat(8)), null)
  assert.is(of('[TestOne - 1]\n\nserver {\n listen 80;\n}\n---\n\n[TestTwo - 1]\nserver {\n}\n---\n'), null)
  assert.is(of('exports[`one 1`] = `\nserver {\n listen 80;\n}\n`\n'), null)
  assert.is(of('use strict;\nuse warnings;\nmy $x = 1;\nreturn 1;\n'), null)
  assert.is(
    of('{\n  $OUT .= "ProxyPreserveHost On\\n" if $Keep;\n}\n<Location /a>\nRequire all granted\n'),
    null,
  )
  assert.is(of(`Browsing On\nWebInterface Yes\n${'Listen 192.0.2.1:631\n'.repeat(10)}`), null)
  const openBsd =
    'server "a" {\n\tlisten on * tls port 443\n\tlocation * {\n\t\tblock return 302 "/"\n\t}\n}\n'
  assert.is(of(openBsd), null)
  assert.is(
    of('ModuleControlsACLs insmod allow user root\nLoadModule mod_ctrls_admin.c\nLoadModule mod_tls.c\n'),
    null,
  )
  assert.is(
    of(
      'PidFile /run/c.pid\nCommandsSocket /run/c.ctl\nTimeout 300\nStartServers 3\nMaxServers 10\nPort 1344\nServerLog /l\n',
    ),
    null,
  )
  assert.is(of('LocalSocket /run/c.ctl\nUser clamav\nLogFile /l\nMaxThreads 12\nScanArchive true\n'), null)
  const mail = 'match "^Subject:" in headers actions { "wakeup" "drop" }\n'
  assert.is(of(`set queue-high 1\nserver "pop.example.org"\n${mail.repeat(3)}`), null)
})

test('a broken file of nginx is told from those of other programs that have its name', () => {
  const isBroken = (text: string): boolean => isBrokenNginx(textSource('/nginx.conf', text))
  const server = '  server {\n    listen 80\n    server_name a;\n'
  assert.ok(isBroken(`worker_proceses 2;\nevents {\n}\nhttp {\n${server}`))
  assert.ok(isBroken(`http {\n${server}`))
  assert.ok(isBroken('user nginx;\nhttp {\n  server {\n    listn 80;\n    sever_name x;\n  }\n}\n'))
  assert.ok(isBroken('worker_processes 1\n\nevents {\n  worker_connections 1024;\n}\n'))
  assert.not(isBroken(''))
  assert.not(isBroken('description "nginx"\nexec /usr/sbin/nginx -g "daemon off;"\n'))
  assert.not(isBroken('object Host "nginx" {\n  import "generic-host"\n  user = "www-data"\n}\n'))
  assert.not(isBroken('/var/log/nginx/*.log {\n  daily\n}\n'))
  assert.not(isBroken('nginx {\n  path = /jails/nginx;\n  allow.mount;\n}\n'))
  assert.is(of('akka {\n  http {\n    server {\n      idle-timeout = 60 s\n    }\n  }\n}\n'), null)
})

test('lines of modules that no package of the servers has', () => {
  const cities = '$country_code default=US source=$remote_addr country iso_code;\n'.repeat(3)
  assert.equal(of(`geoip2 /x.mmdb {\nauto_reload 5m;\n${cities}}\n`), NGINX_SNIPPET)
  assert.equal(of('RPAFenable On\n'), APACHE_SNIPPET)
  assert.equal(of('DOSHashTableSize 3097\nPassengerRoot /usr\n'), APACHE_SNIPPET)
  // Its library reads the same rules for nginx.
  const rules = 'SecRuleEngine On\nSecRequestBodyAccess On\n'
  assert.is(of(rules), null)
  assert.is(recognise(textSource('/apache2/conf.d/a.conf', rules))?.program, 'apache')
  assert.is(of('SecretKey a\nSection b\nPythonic c\n'), null)
})

test('addresses that are let in or kept out', () => {
  assert.equal(of('deny 10.0.0.0/8  # a neighbour\ndeny 192.0.2.0/24;\nallow all;\n'), NGINX_SNIPPET)
  assert.is(of('deny 10.0.0.0/8\nallow all\n'), null)
  assert.is(of('deny 10.0.0.0/8;\nname shop;\n'), null)
})

test('formats of Apache end in a brace as well', () => {
  assert.is(of('WSGIScriptAlias / /srv/a.wsgi application-group=%{GLOBAL}\n')?.program, 'apache')
  assert.is(of('WSGIDaemonProcess shop \\\n    display-name=%{GROUP}\n')?.program, 'apache')
})

test('a string that goes on in the next lines has no settings', () => {
  const lines = `'ua="$upstream_addr" us="$upstream_status" '\n'ut="$upstream_response_time" '\n`.repeat(3)
  assert.equal(of(`log_format up '$remote_addr '\n${lines};\n`), NGINX)
})

test('fragments of nginx', () => {
  assert.equal(of('upstream django {\n  server 127.0.0.1:9000;\n}\n'), NGINX)
  assert.equal(of('# a licence\n\nproxy_set_header Host $host; # as sent\n'), NGINX_SNIPPET)
  assert.equal(of('location /static/ {\n  alias /srv/static/;\n}\n'), NGINX_SNIPPET)
  assert.equal(of('location /files { alias /home/; }'), NGINX_SNIPPET)
  assert.equal(of('pagespeed on;\nmore_set_headers "A: b";\nbrotli on;\ngzip on;\n'), NGINX_SNIPPET)
  assert.equal(of('content_by_lua_block {\n  local x = 1\n  y = 2\n}\n'), NGINX_SNIPPET)
  assert.equal(of('map $http_upgrade $connection_upgrade {\n default upgrade;\n}\n'), NGINX)
  const perl = "perl_set $id '\n  sub {\n    my $r = shift;\n    return 1;\n  }\n';\n"
  assert.equal(of(`${perl}server {\n  listen 80;\n}\n`), NGINX)
})

test('a file of nginx that sends a page of its own is no page', () => {
  const page = "return 200 '<!doctype html>\n<title>Wait</title>\n<p>Soon</p>\n';\n"
  const lines = 'listen 80;\nserver_name example.org;\nroot /srv/www;\n'
  assert.equal(of(`server {\n${lines}location = /wait {\n${page}}\n}\n`), NGINX)
  assert.equal(of(`# by hand\nlocation = /wait {\n${page}}\n`), NGINX_SNIPPET)
  assert.equal(of(`location ^~ /wait {\n${page.replace("';", '";')}}\n`), NGINX_SNIPPET)
  assert.is(of(`<html>\n<p>Write</p>\n<pre>server {\n${lines}}</pre>\n</html>\n`), null)
  const script = `<script>\n${"  var lang = '';\n".repeat(6)}</script>\n`
  assert.is(of(script), null)
  assert.is(of(`{{ head }}\n${script}`), null)
  assert.is(of(`Put this here:\n<p>it is</p>\nserver {\nlisten 80;\n}\n`), null)
})

test('a main file of Apache says where the server lives and what it loads', () => {
  assert.equal(of('ServerRoot "/usr/local/apache2"\nListen 80\n'), APACHE_MAIN)
  assert.equal(
    of('DefaultRuntimeDir ${APACHE_RUN_DIR}\nPidFile ${APACHE_PID_FILE}\nInclude ports.conf\n'),
    APACHE_MAIN,
  )
  assert.equal(of('LoadModule wsgi_module modules/mod_wsgi.so\n'), APACHE_OUTER)
})

test('fragments of Apache', () => {
  assert.equal(
    of('<Directory />\n  Require all denied\n</Directory>\n<Location /admin/>\n</Location>\n'),
    APACHE,
  )
  assert.equal(of('<VirtualHost *:80>\n  ServerName a\n</VirtualHost>\n'), APACHE)
  assert.equal(of('Listen 127.0.0.1:9000\n'), APACHE_OUTER)
  // A file about one thing brings the module of it, and is no main file for that.
  assert.equal(
    of('WSGIScriptAlias / /srv/a.wsgi\nLoadModule authnz_pam_module modules/mod_authnz_pam.so\n'),
    APACHE,
  )
  assert.equal(of('<IfModule mod_ssl.c>\n\tListen 443\n</IfModule>\n'), APACHE_OUTER)
})

test('lines that act wherever Apache reads them are a snippet', () => {
  assert.equal(of('SSLEngine on\nSSLProtocol all -SSLv3\n'), APACHE_SNIPPET)
  assert.equal(of('RewriteEngine On\nRewriteRule ^old$ /new [R]\n'), APACHE_SNIPPET)
})

test('modules that no table knows bring directives too', () => {
  assert.equal(
    of(
      'LoadModule rpaf_module modules/mod_rpaf-2.0.so\nRPAFenable On\nRPAFsethostname Off\nRPAFproxy_ips 10.\n',
    ),
    APACHE_OUTER,
  )
  assert.equal(
    of('<IfModule security2_module>\n  SecRuleEngine On\n  SecRule ARGS x\n</IfModule>\n'),
    APACHE_SNIPPET,
  )
})

test('what other programs share with the servers is outweighed by what is theirs alone', () => {
  const others = {
    'php-fpm': '[www]\nuser = www-data\nlisten = /run/php/php-fpm.sock\npm = dynamic\n',
    'php.ini': '[PHP]\nengine = On\ninclude_path = "."\nmemory_limit = 128M\n',
    supervisord: '[program:nginx]\ncommand=/usr/sbin/nginx -g "daemon off;"\nuser=root\n',
    rsyslog:
      'if $programname startswith "swift" then {\n  action(type="omfile" file="/var/log/swift.log")\n  stop\n}\n',
    redis:
      'bind 127.0.0.1\nport 6379\ntimeout 0\nloglevel notice\ninclude /etc/redis/more.conf\nsave 900 1\n',
    sentinel: 'port 26379\ndir /tmp\nsentinel monitor mymaster 127.0.0.1 6379 2\n',
    dovecot: 'protocols = imap\nlisten = *\n!include conf.d/*.conf\n',
    slapd:
      'include /etc/ldap/schema/core.schema\npidfile /run/slapd.pid\nloglevel none\ndatabase mdb\nsuffix "dc=x"\n',
    fail2ban: '[DEFAULT]\nignoreip = 127.0.0.1\n[sshd]\nenabled = true\n',
    gunicorn: 'bind = "127.0.0.1:8000"\nworkers = 2\nuser = "www"\ntimeout = 30\n',
    ProFTPD:
      'ServerName "x"\nServerType standalone\nDefaultServer on\nPort 21\nUser nobody\n<Directory />\n  AllowOverwrite on\n</Directory>\n',
    tarpit: 'Port 2222\nDelay 10000\nMaxLineLength 32\nMaxClients 4096\nLogLevel 1\nBindFamily 4\n',
    sshd: 'Port 22\nProtocol 2\nLogLevel INFO\nPermitRootLogin no\nAllowUsers me\n',
    NUT: '# MAXAGE 15\nLISTEN 0.0.0.0 3493\n',
    sphinx: 'source db\n{\n\ttype = mysql\n\tsql_host = localhost\n}\nsearchd\n{\n\tlisten = 9312\n}\n',
    OpenLiteSpeed:
      'docRoot  $VH_ROOT/html/\nenableGzip  1\nindex  {\n  useServer  0\n  indexFiles  index.php\n}\n',
    logstash:
      'input {\n  file {\n    path => "/var/log/nginx/access.log"\n  }\n}\noutput {\n  stdout { codec => json }\n}\n',
    monit: 'check process nginx with pidfile /run/nginx.pid\n  start program = "/etc/init.d/nginx start"\n',
    netdata: 'update_every: 1\nlocalhost:\n  name: local\n  url: http://localhost/stub_status\n',
    puppet:
      "class nginx {\n  include nginx::package\n  file { '/etc/nginx/nginx.conf':\n    ensure => file,\n  }\n}\n",
    prose:
      'ROADMAP\n\nUser visible changes come first.\nListen to what people say.\nInclude a test with each.\n',
    haproxy:
      'global\n  user haproxy\n  group haproxy\ndefaults\n  timeout client 5s\nfrontend x\n  bind :80\n',
    abyss:
      'Port 8000\nUser nobody\nServerRoot /srv/abyss\nPath htdocs\nKeepAlive 10\nTimeOut 10\nMaxConn 50\n',
    makefile: 'include $(top_srcdir)/build/rules.mk\n',
    yaml: 'server:\n  listen: 80\n  include: x\n',
    CUPS: 'LogLevel warn\nListen localhost:631\nListen /run/cups/cups.sock\nBrowsing Off\nDefaultAuthType Basic\n<Location />\n  Order allow,deny\n  Allow @LOCAL\n</Location>\n',
    'CUPS, of which most lines are Apache’s too':
      'Port 631\nServerName print.example.org\nLogLevel warn\nLimitRequestBody 64m\nBrowseAllow 192.0.2.0/24\nPreserveJobFiles On\nHostNameLookups On\n<Location />\n  Order allow,deny\n  Allow from 192.0.2.0/24\n</Location>\n',
    'JavaScript of conditions':
      'if (isOpen(door)) {\n}\nif ((a || b)\n    && c\n) {\n}\nif (a) {\n} else if (b) {\n}\n',
    JavaScript: 'var seen = {};\nvar root = "/";\nfor(var x = 0; x < 2; x++) {\n  set(x);\n}\nreturn 200;\n',
    'a bundle of JavaScript': '!function(){var e=["set"];\nreturn e}();\nlisten 80;\nserver a;\nroot /;\n',
    'Kickstart of Anaconda':
      'timezone UTC\nuser --name=a\n%packages\n%end\n%post\nif [ -z "$a" ]; then\n    return 1;\nfi\nset -e\n%end\n',
    'functions of a shell':
      'root=/srv\ncheck_mount() {\n    set -e;\n    if [ -z "$a" ]\n    then\n        return\n    fi\n}\n',
    'the scripts of a package': 'set a\n%post\ninclude x;\nreturn 0;\n',
    rspamd: 'reject = 15;\nadd_header = 6;\ngreylist = 4;\n',
  }
  for (const [name, text] of Object.entries(others)) assert.is(of(text), null, name)
})

test('a file that begins like a script and is none', () => {
  assert.equal(of('#! ------------------------\n# Headers.\nadd_header X-A b;\nexpires 1h;\n'), NGINX_SNIPPET)
  assert.is(of('#! /bin/sh\nset -e\n'), null)
})

test('what Lua and envsubst bring is no shell', () => {
  const lua = 'access_by_lua_block {\n  if ngx.var.a then\n    return go()\n  end\n}\n'
  assert.equal(of(`server {\n  listen 80;\n  location / {\n${lua}  }\n}\n`), NGINX)
  assert.equal(of('%post = 1;\nserver {\n  listen 80;\n  root /srv;\n}\n'), NGINX)
})

test('an include says nothing of where its neighbours stand', () => {
  assert.equal(of('listen 8080;\nroot /srv/www;\ninclude snippets/*.conf;\n'), NGINX_SNIPPET)
})

test('what a server reads, kept as a text inside YAML, is not the file', () => {
  const template = 'vhost: |\n  server {\n    listen 80;\n    location / {\n      deny all;\n    }\n  }\n'
  assert.is(of(template), null)
  assert.is(
    of(`---\nfeatures:\n  - deny: >-\n      location ~ x {\n        deny all;\n      }\n${template}`),
    null,
  )
})

test('other files are neither', () => {
  assert.is(of(''), null)
  assert.is(of('zone "example.org" {\n  type master;\n  file "db";\n};\n'), null)
  assert.is(of('{\n  "http": {\n    "server": 1\n  }\n}\n'), null)
  assert.is(of('events {\0\n}\n'), null)
  assert.is(of('sub vcl_recv {\n  set req.url = "/";\n  return (pass);\n}\n'), null)
  assert.is(of('<project>\n  <directory>src</directory>\n</project>\n'), null)
  assert.is(of('<?xml version="1.0"?>\n<location\n  path="x">\n</location>\n'), null)
  assert.is(of('<!DOCTYPE html>\n<files>\n'), null)
  assert.is(of('[Unit]\nDescription=x\n'), null)
  assert.is(of('import http from "node:http";\nconst server = {\n};\n'), null)
  assert.is(of('/var/log/nginx/*.log {\n\tdaily\n\trotate 14\n}\n'), null)
  assert.is(of('server 192.0.2.1 {\n  keys { k; };\n};\n'), null)
  assert.is(of('text/html html;\nbody { color: red; }\n'), null)
})

test.run()
