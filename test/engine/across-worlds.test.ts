import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rules } from '../../rules/index.generated.ts'
import { auditFiles } from '../rules/audit-files.ts'

/** `file:line rule`, with `!` where it is fatal. */
const found = (texts: Readonly<Record<string, string>>, ...ids: readonly string[]): readonly string[] =>
  auditFiles(
    texts,
    rules.filter(({ id }) => ids.includes(id)),
  ).findings.map(({ rule, at, fatal }) => `${at.file}:${at.line} ${rule}${fatal ? '!' : ''}`)

const NGINX = `events {
}
http {
    server {
        listen 443 ssl;
        ssl_certificate /etc/ssl/a.pem;
        ssl_certificate_key /etc/ssl/a.key;
        root /srv/www;
    }
}
`

test('what an undecided conditional holds makes no other line a fault, of this server or of another', () => {
  const ports = `Listen 127.0.0.1:8080
<IfModule ssl_module>
Listen 443
</IfModule>
<IfModule mod_gnutls.c>
Listen 443
</IfModule>
`
  assert.equal(
    found(
      { 'etc/nginx/nginx.conf': NGINX, 'etc/apache2/ports.conf': ports },
      'loopback/default-listen-left',
      'loopback/listen-port-conflict',
      'apache/listen-overlap',
    ),
    [],
  )
})

test('two names of one module are one condition, and what excludes itself never meets', () => {
  const pair = (one: string, other: string): string => `<VirtualHost *:80>
<IfModule ${one}>
Alias /files /srv/files
</IfModule>
<IfModule ${other}>
Alias /files/private /srv/private
</IfModule>
</VirtualHost>
`
  assert.equal(found({ 'a.conf': pair('ssl_module', 'mod_ssl.c') }, 'apache/alias-overlap'), [
    'a.conf:6 apache/alias-overlap',
  ])
  assert.equal(found({ 'a.conf': pair('ssl_module', '!mod_ssl.c') }, 'apache/alias-overlap'), [])
  assert.equal(found({ 'a.conf': pair('ssl_module', 'dir_module') }, 'apache/alias-overlap'), [])
  assert.equal(found({ 'a.conf': pair('!ssl_module', 'dir_module') }, 'apache/alias-overlap'), [])
  assert.equal(found({ 'a.conf': pair('mpm_event_module', 'worker.c') }, 'apache/alias-overlap'), [])
})

test('what may be there may be the cure', () => {
  const main = (name: string): string => `ServerRoot /etc/apache2
Include /elsewhere/modules.conf
Listen 80
<IfModule ${name}>
AuthType Basic
</IfModule>
<Location />
Require valid-user
</Location>
`
  for (const name of ['mod_auth_basic.c', '!mod_auth_basic.c'])
    assert.equal(
      found({ 'etc/apache2/apache2.conf': main(name) }, 'apache/require-user-without-authtype'),
      [],
    )
})

test('a fault of the line itself stays one, which no server is sure to refuse', () => {
  const site = `<VirtualHost *:80>
<IfDefine Staging>
ServerName example.org extra
</IfDefine>
<IfModule !rewrite_module>
RedirectMatch ^/( /
</IfModule>
</VirtualHost>
`
  assert.equal(found({ 'a.conf': site }, 'apache/syntax'), [
    'a.conf:3 apache/syntax',
    'a.conf:6 apache/syntax',
  ])
})

test('a script says of a line what it says of it, whatever httpd loads', () => {
  const site = `<IfModule mod_ssl.c>
<VirtualHost *:443>
ServerName example.org
SSLEngine on
SSLCertificateFile /etc/apache2/ssl/cert.pem
SSLCertificateKeyFile /etc/apache2/ssl/privkey.pem
</VirtualHost>
</IfModule>
`
  const renew =
    '#!/bin/sh\ncp /etc/letsencrypt/live/example.org/cert.pem /etc/letsencrypt/live/example.org/privkey.pem /etc/apache2/ssl/\n'
  assert.equal(found({ 'site.conf': site, 'renew.sh': renew }, 'tls/chain-missing'), [
    'site.conf:5 tls/chain-missing',
  ])
})

test('a branch in a branch is looked into, and a file that only one of them includes', () => {
  const main = `ServerRoot /etc/apache2
Include /elsewhere/modules.conf
Listen 80
<IfModule ssl_module>
<IfModule !headers_module>
<IfModule mpm_prefork_module>
Include /etc/apache2/inner.conf
</IfModule>
</IfModule>
</IfModule>
`
  const inner = 'Listen\n'
  assert.equal(
    found({ 'etc/apache2/apache2.conf': main, 'etc/apache2/inner.conf': inner }, 'apache/syntax'),
    ['etc/apache2/inner.conf:1 apache/syntax'],
  )
})

test('a server is accepted where some world has nothing against it', () => {
  const accepted = (text: string): boolean | undefined =>
    auditFiles({ 'a.conf': text }, rules).programs[0]?.accepted
  assert.is(accepted('<IfDefine A>\nServerName a b c\n</IfDefine>\n'), true)
  assert.is(accepted('<IfDefine A>\nServerName a b c\n</IfDefine>\nListen\n'), false)
})

test('a version is undecided only where nobody said it and the releases differ', () => {
  const text = (words: string): string =>
    `<VirtualHost *:80>\nAlias /a /srv/a\n<IfVersion ${words}>\nAlias /a/b /srv/b\n</IfVersion>\n<IfVersion !${words}>\nAlias /a/c /srv/c\n</IfVersion>\n</VirtualHost>\n`
  assert.equal(found({ 'a.conf': text('>= 2.4') }, 'apache/alias-overlap'), ['a.conf:4 apache/alias-overlap'])
  assert.equal(found({ 'a.conf': text('>= 2.4.17') }, 'apache/alias-overlap'), [
    'a.conf:4 apache/alias-overlap',
    'a.conf:7 apache/alias-overlap',
  ])
  assert.equal(
    found(
      { 'a.conf': text('>= 2.4.17'), '.auditrc': 'versions:\n  apache: "2.4.10"\n' },
      'apache/alias-overlap',
    ),
    ['a.conf:7 apache/alias-overlap'],
  )
})

test('the branches of a template exclude each other, and loops are no repetition', () => {
  const site = `server {
    {% if tls %}
    listen 443 ssl;
    proxy_set_header X-Forwarded-Proto https;
    {% else %}
    listen 80;
    proxy_set_header X-Forwarded-Proto http;
    {% endif %}
    server_name {{ name }};
    {% for path in paths %}
    location {{ path }} { proxy_pass http://127.0.0.1:9000; }
    {% endfor %}
    location / {
        proxy_pass http://127.0.0.1:9000;
        proxy_set_header Host $host;
        {% if spoken %}
        proxy_set_header X-A 1;
        {% endif %}
        {% if not spoken %}
        proxy_set_header X-A 2;
        {% endif %}
    }
}
`
  assert.equal(found({ 'site.conf.j2': site }, 'forwarded-headers/duplicated', 'nginx/syntax'), [])
  const vhost = `<VirtualHost *:80>
ServerName example.org
<% if @private -%>
Alias /files /srv/files
<% else -%>
Alias /files/private /srv/private
<% end -%>
</VirtualHost>
`
  assert.equal(found({ 'site.conf.erb': vhost }, 'apache/alias-overlap'), [])
})

test('a fault in one branch of a template is one, whatever stands in the other', () => {
  const site = `{% if tls %}server { listen 443 ssl;{% else %}server { listen 80;{% endif %}
    {% if media %}
    location /media { alias /srv/media/; }
    {% endif %}
    {% if static %}
    proxy_set_header X-A 1;
    proxy_set_header X-A 1;
    location / { proxy_pass http://127.0.0.1:9000; }
    {% endif %}
}
`
  assert.equal(
    found(
      { 'site.conf.j2': site },
      'forwarded-headers/duplicated',
      'static-files/alias-traversal',
      'nginx/syntax',
    ),
    ['site.conf.j2:3 static-files/alias-traversal', 'site.conf.j2:7 forwarded-headers/duplicated'],
  )
})

test('a file that one branch of a template includes is there in that branch', () => {
  const main = `events {}
http {
    {% if tls %}
    include tls.conf;
    {% endif %}
    sendfile on;
}
`
  assert.equal(
    found(
      {
        'etc/nginx/nginx.conf': main,
        'etc/nginx/tls.conf': 'sendfile on;\nsendfile on;\n',
      },
      'nginx/syntax',
    ),
    ['etc/nginx/tls.conf:2 nginx/syntax'],
  )
})

test('a world that is looked into for one rule says nothing of what the others found', () => {
  const site = `<VirtualHost *:80>
<IfModule ssl_module>
Alias /files /srv/files
Alias /files/private /srv/private
</IfModule>
ServerName example.org extra
</VirtualHost>
<IfModule headers_module>
RedirectMatch ^/( /
</IfModule>
`
  assert.equal(found({ 'a.conf': site }, 'apache/syntax', 'apache/alias-overlap'), [
    'a.conf:4 apache/alias-overlap',
    'a.conf:6 apache/syntax!',
    'a.conf:9 apache/syntax',
  ])
})

test.run()
