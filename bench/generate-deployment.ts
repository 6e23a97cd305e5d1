import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What stands in a tree. `clean` and `tls`: sites without a fault; with TLS, as deployments are, nginx makes an
 * OpenSSL context a server, which the audit has no need to do. `findings`: four faults a site. `mixture`: in
 * turn an application behind Apache, one behind gunicorn, PHP-FPM, static files and a redirect.
 */
export const KINDS = ['clean', 'tls', 'findings', 'mixture'] as const
export type Kind = (typeof KINDS)[number]

/** Writes a deployment of `sites` sites below `root`, as {@link filesOfDeployment} has it. */
export function generateDeployment(root: string, sites: number, kind: Kind = 'clean'): void {
  for (const directory of ['etc/nginx/sites-enabled', 'etc/apache2/sites-enabled', 'run', 'log'])
    mkdirSync(join(root, directory), { recursive: true })
  if (kind === 'tls') makeCertificate(join(root, 'tls'))
  for (const [path, text] of filesOfDeployment(root, sites, kind)) writeFileSync(join(root, path), text)
}

/**
 * Configuration by path below `root`, one file a site and program, as large hosts have them: an nginx server pair, an
 * Apache virtual host and a daemon process each, but for the mixture. nginx listens for the network: what clients
 * reach is what rules ask about.
 */
export function* filesOfDeployment(root: string, sites: number, kind: Kind): Generator<[string, string]> {
  const tls = kind === 'tls'
  yield ['etc/nginx/nginx.conf', nginxMain(root, tls)]
  yield ['etc/apache2/apache2.conf', apacheMain(root)]
  for (let site = 0; site < sites; site++) {
    const name = `site${String(site).padStart(5, '0')}`
    const mixed = kind === 'mixture' ? MIXTURE[site % MIXTURE.length] : undefined
    const own = mixed?.(name) ?? nginxSite(name, tls)
    yield [`etc/nginx/sites-enabled/${name}.conf`, kind === 'findings' ? spoil(own) : own]
    if (mixed !== undefined && mixed !== nginxPlainSite) continue
    const host = apacheSite(name)
    yield [`etc/apache2/sites-enabled/${name}.conf`, kind === 'findings' ? spoil(host) : host]
  }
}

function makeCertificate(directory: string): void {
  mkdirSync(directory)
  const files = ['-keyout', join(directory, 'site.key'), '-out', join(directory, 'site.pem')]
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=example.org']
  const { status, stderr } = spawnSync('openssl', [...words, ...files], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl: ${stderr}`)
}

function nginxMain(root: string, tls: boolean): string {
  const certificate = `\n    ssl_certificate ${root}/tls/site.pem;\n    ssl_certificate_key ${root}/tls/site.key;`
  return `worker_processes 2;
pid ${root}/run/nginx.pid;
error_log ${root}/log/error.log;

events {
    worker_connections 1024;
}

http {
    access_log off;${tls ? certificate : ''}
    types {
        text/html html;
        text/css css;
        application/javascript js;
        image/svg+xml svg;
    }
    server_names_hash_max_size 65536;
    server_names_hash_bucket_size 128;
    variables_hash_max_size 4096;
    client_body_temp_path ${root}/run/body;
    proxy_temp_path ${root}/run/proxy;
    fastcgi_temp_path ${root}/run/fastcgi;
    uwsgi_temp_path ${root}/run/uwsgi;
    scgi_temp_path ${root}/run/scgi;

    server {
        listen 18080 default_server;
        server_name _;
        return 444;
    }

    include sites-enabled/*.conf;
}
`
}

function nginxSite(name: string, tls: boolean): string {
  const [listen, scheme] = tls ? ['18443 ssl', 'https'] : ['18080', 'http']
  const plain = tls ? '\n    listen 18080;' : ''
  return `# ${name}: every other address leads to the one canonical URL
upstream ${name} {
    server 127.0.0.1:19000;
}

server {
    listen ${listen};${plain}
    server_name www.${name}.example.org;
    return 301 ${scheme}://${name}.example.org$request_uri;
}

server {
    listen ${listen};
    server_name ${name}.example.org;

    root /var/www/${name};
    client_max_body_size 10m;
    add_header X-Frame-Options SAMEORIGIN always;
    add_header X-Content-Type-Options nosniff always;

    location / {
        try_files $uri @django;
    }

    location /static/ {
        expires 30d;
    }

    location @django {
        proxy_pass http://${name};
        proxy_redirect off;
        proxy_set_header Host $http_host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_read_timeout 90s;
    }
}
`
}

function apacheMain(root: string): string {
  return `ServerName localhost
DefaultRuntimeDir ${root}/run
PidFile ${root}/run/apache.pid
ErrorLog ${root}/log/error.log
Mutex file:${root}/run default
LoadModule mpm_worker_module /usr/lib/apache2/modules/mod_mpm_worker.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule setenvif_module /usr/lib/apache2/modules/mod_setenvif.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
LoadModule wsgi_module /usr/lib/apache2/modules/mod_wsgi.so
ServerLimit 16
ThreadsPerChild 25
MaxRequestWorkers 400
WSGISocketPrefix wsgi
Listen 127.0.0.1:19000

<Directory />
    AllowOverride None
    Require all denied
</Directory>

IncludeOptional sites-enabled/*.conf
`
}

function apacheSite(name: string): string {
  return `# ${name}: answers nginx alone
<VirtualHost 127.0.0.1:19000>
    ServerName ${name}.example.org
    ServerAdmin webmaster@example.org
    LogLevel warn
    Timeout 90

    # The request came over TLS when nginx says so
    SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on

    WSGIDaemonProcess ${name} processes=2 threads=1 request-timeout=90 maximum-requests=10000 display-name=%{GROUP}
    WSGIProcessGroup ${name}
    WSGIApplicationGroup %{GLOBAL}
    WSGIScriptAlias / /opt/${name}/app/wsgi.py

    <Directory /opt/${name}/app>
        <Files wsgi.py>
            Require all granted
        </Files>
    </Directory>

    <Location /internal>
        Require all denied
    </Location>

    Header always set Referrer-Policy same-origin
</VirtualHost>
`
}

/** Replaces four of a site's lines by what people write. */
function spoil(site: string): string {
  return site
    .replace('$request_uri', '$uri')
    .replace('SetEnvIf X-Forwarded-Proto "^https$"', 'SetEnvIf X-Forwarded-Proto https')
    .replace('Timeout 90', 'Timeout 30')
    .replace(' maximum-requests=10000', '')
}

const nginxPlainSite = (name: string): string => nginxSite(name, false)

function gunicornSite(name: string): string {
  return `upstream ${name} {
    server unix:/run/${name}.sock fail_timeout=0;
}

server {
    listen 18080;
    server_name ${name}.example.org www.${name}.example.org;
    client_max_body_size 4m;
    keepalive_timeout 5;
    root /srv/${name}/public;

    location / {
        try_files $uri @app;
    }

    location @app {
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header Host $http_host;
        proxy_redirect off;
        proxy_pass http://${name};
    }
}
`
}

function phpSite(name: string): string {
  return `server {
    listen 18080;
    server_name ${name}.example.org;
    root /var/www/${name}/public;
    index index.php;

    location / {
        try_files $uri $uri/ /index.php?$args;
    }

    location ~ \\.php$ {
        try_files $uri =404;
        fastcgi_pass unix:/run/php/php8.2-fpm.sock;
        fastcgi_index index.php;
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
        fastcgi_param QUERY_STRING $query_string;
        fastcgi_param REQUEST_METHOD $request_method;
        fastcgi_param HTTPS $https if_not_empty;
    }

    location ~ /\\.(?!well-known) {
        deny all;
    }
}
`
}

function staticSite(name: string): string {
  return `server {
    listen 18080;
    server_name ${name}.example.org;
    root /var/www/${name};
    gzip on;
    gzip_types text/css application/javascript;

    location ~* \\.(?:css|js|png|jpe?g|svg|woff2)$ {
        expires 30d;
        access_log off;
    }

    location / {
        try_files $uri $uri/ =404;
    }

    error_page 404 /404.html;
}
`
}

function redirectSite(name: string): string {
  return `server {
    listen 18080;
    server_name ${name}.example.org ${name}.example.net;
    return 301 http://www.example.org$request_uri;
}
`
}

const MIXTURE = [nginxPlainSite, gunicornSite, phpSite, staticSite, redirectSite] as const
