/** What is mutated: a whole small machine, every kind of file in it once. */
export const SEEDS: Readonly<Record<string, string>> = {
  'etc/nginx/nginx.conf': `user www-data;
worker_processes auto;
events { worker_connections 768; }
http {
    map $http_upgrade $connection_upgrade { default upgrade; '' close; ~^x(?<n>.*)$ $n; }
    upstream app { server 127.0.0.1:9000 max_fails=3; keepalive 16; }
    log_format main '$remote_addr "$request" $status';
    include /etc/nginx/conf.d/*.conf;
    include sites-enabled/*;
}
`,
  'etc/nginx/sites-enabled/shop': `server {
    listen 443 ssl http2;
    listen [::]:443 ssl;
    server_name shop.example *.shop.example ~^(?<name>.+)\\.example$;
    ssl_certificate /etc/ssl/a.pem;
    ssl_certificate_key /etc/ssl/a.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    if ($host != 'shop.example') { return 301 https://shop.example$request_uri; }
    location / { proxy_pass http://app; proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto $scheme; }
    location ~* \\.(?:css|js)$ { root /srv/shop; expires 7d; try_files $uri =404; }
    location ^~ /static/ { alias /srv/shop/static/; }
    location /old { rewrite ^/old/(.*)$ /new/$1 permanent; }
    access_by_lua_block { local a = "x" }
}
`,
  'etc/apache2/apache2.conf': `ServerRoot "/etc/apache2"
Listen 127.0.0.1:9000
User \${APACHE_RUN_USER}
IncludeOptional mods-enabled/*.load
IncludeOptional sites-enabled/*.conf
<Directory /srv/>
    AllowOverride FileInfo
    Require all granted
</Directory>
<IfModule mod_macro.c>
<Macro Site $name $port>
<VirtualHost *:$port>
    ServerName $name
</VirtualHost>
</Macro>
Use Site a.example 9000
</IfModule>
`,
  'etc/apache2/mods-enabled/all.load': `LoadModule macro_module m.so
LoadModule wsgi_module w.so
LoadModule rewrite_module r.so
LoadModule headers_module h.so
LoadModule alias_module a.so
`,
  'etc/apache2/sites-enabled/shop.conf': `<VirtualHost 127.0.0.1:9000>
    ServerName shop.example
    ServerAlias *.shop.example
    WSGIDaemonProcess shop processes=2 threads=15 python-home=/srv/shop/venv
    WSGIProcessGroup shop
    WSGIScriptAlias / /srv/shop/shop/wsgi.py
    RewriteEngine On
    RewriteCond %{HTTP_HOST} !^shop\\.example$ [NC]
    RewriteRule ^/(.*)$ https://shop.example/$1 [R=301,L]
    Header always set X-Frame-Options "DENY"
    SetEnvIf X-Forwarded-Proto https HTTPS=on
    <If "%{REQUEST_URI} =~ m#^/x# && -f '/y'">
        Require expr %{HTTP:X} == 'y'
    </If>
    CustomLog \${APACHE_LOG_DIR}/a.log combined
</VirtualHost>
`,
  'etc/apache2/envvars': `unset HOME
if [ "\${APACHE_CONFDIR##/etc/apache2-}" != "\${APACHE_CONFDIR}" ] ; then
	SUFFIX="-\${APACHE_CONFDIR##/etc/apache2-}"
else
	SUFFIX=
fi
export APACHE_RUN_USER=www-data
export APACHE_LOG_DIR=/var/log/apache2$SUFFIX
case "$X" in a*|"b") Y=1;; *) Y=\${Z:-2};; esac
f() { export W=1; }
f
. /etc/default/apache2
`,
  'etc/systemd/system/shop.service': `[Service]
User=shop
Environment="A=b c" D=e
EnvironmentFile=-/etc/default/shop
ExecStart=/srv/shop/venv/bin/gunicorn --bind 127.0.0.1:9000 \\
    --workers 3 shop.wsgi:application
`,
  'srv/shop/shop/wsgi.py': `import os
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
`,
  'srv/shop/shop/settings.py': `from pathlib import Path
import os
BASE_DIR = Path(__file__).resolve().parent.parent
DEBUG = False
ALLOWED_HOSTS = ["shop.example", ".example"] + ['x']
STATIC_ROOT = os.path.join(BASE_DIR, 'static')
DATABASES = {'default': {'ENGINE': 'x', 'NAME': BASE_DIR / 'db'}}
if os.environ.get('A'):
    DEBUG = True
`,
  'srv/shop/docker-compose.yml': `services:
  web:
    image: nginx:1.25
    ports: ["80:80"]
    volumes:
      - ./nginx.conf:/etc/nginx/nginx.conf:ro
    environment: &env
      A: b
  app:
    build: .
    command: gunicorn -b 0.0.0.0:8000 shop.wsgi
    environment:
      <<: *env
`,
  'srv/shop/Dockerfile': `FROM python:3.12 AS base
ARG X=1
ENV A=b
COPY --from=base nginx.conf /etc/nginx/nginx.conf
CMD ["gunicorn", "-b", "0.0.0.0:8000", "shop.wsgi"]
`,
  'srv/shop/.env': `A=b
B="c d" # e
`,
  'templates/nginx.conf.j2': `server {
{% for name in names %}
    server_name {{ name | default('x') }};
{% endfor %}
{% if tls %}
    listen 443 ssl;
{% else %}
    listen {{ port }};
{% endif %}
}
`,
  '.auditrc': `ignore: [old/**]
versions: {nginx: "1.24.0"}
include:
  map:
    /etc/nginx/snippets: etc/nginx/conf.d
rules:
  sizing: off
facts:
  threadSafe: true
  memory: 4 GB
`,
  'etc/nginx/conf.d/tls.conf': `ssl_session_cache shared:SSL:10m;
add_header Strict-Transport-Security "max-age=63072000" always;
`,
}
