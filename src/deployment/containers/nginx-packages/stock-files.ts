/** What a distribution's package has below `/etc/nginx`, by what of it decides anything. */
export interface PackageFiles {
  readonly texts: Readonly<Record<string, string>>
  readonly links: Readonly<Record<string, string>>
  /** The directories of which its main file includes files into `http`, in their order, and how these end. */
  readonly sites: readonly (readonly [directory: string, ending: string])[]
}

const MAIN = 'nginx.conf'

/**
 * Lines of which releases differ are left out: `ssl_protocols`, `server_tokens`.
 *
 * @see https://salsa.debian.org/nginx-team/nginx/-/tree/master/debian/conf
 */
export const OF_DEBIAN: PackageFiles = {
  texts: {
    [MAIN]: `user www-data;
worker_processes auto;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
include /etc/nginx/modules-enabled/*.conf;
events {
    worker_connections 768;
}
http {
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    ssl_prefer_server_ciphers on;
    access_log /var/log/nginx/access.log;
    gzip on;
    include /etc/nginx/conf.d/*.conf;
    include /etc/nginx/sites-enabled/*;
}
`,
    'sites-available/default': `server {
    listen 80 default_server;
    listen [::]:80 default_server;
    root /var/www/html;
    index index.html index.htm index.nginx-debian.html;
    server_name _;
    location / {
        try_files $uri $uri/ =404;
    }
}
`,
  },
  links: { 'sites-enabled/default': 'sites-available/default' },
  sites: [
    ['conf.d', '.conf'],
    ['sites-enabled', ''],
  ],
}

/** @see https://gitlab.alpinelinux.org/alpine/aports/-/tree/master/main/nginx */
export const OF_ALPINE: PackageFiles = {
  texts: {
    [MAIN]: `user nginx;
worker_processes auto;
pcre_jit on;
error_log /var/log/nginx/error.log warn;
include /etc/nginx/modules/*.conf;
include /etc/nginx/conf.d/*.conf;
events {
    worker_connections 1024;
}
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    server_tokens off;
    client_max_body_size 1m;
    sendfile on;
    tcp_nopush on;
    ssl_prefer_server_ciphers on;
    ssl_session_cache shared:SSL:2m;
    ssl_session_timeout 1h;
    ssl_session_tickets off;
    gzip_vary on;
    map $http_upgrade $connection_upgrade {
        default upgrade;
        '' close;
    }
    log_format main '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for"';
    access_log /var/log/nginx/access.log main;
    include /etc/nginx/http.d/*.conf;
}
`,
    'http.d/default.conf': `server {
    listen 80 default_server;
    listen [::]:80 default_server;
    location / {
        return 404;
    }
    location = /404.html {
        internal;
    }
}
`,
  },
  links: {},
  sites: [['http.d', '.conf']],
}
