/** A tree of `/etc` with many sites, by the paths of its files. */
export type Tree = Record<string, string>

/** Names that are not near to each other, the same each time, of some lengths in turn. */
export function siteNames(count: number, lengths: readonly number[] = [9]): readonly string[] {
  let state = 4711
  const letter = (): string => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return String.fromCharCode(97 + (Math.floor(state / 65_536) % 26))
  }
  const names = new Set<string>()
  while (names.size < count)
    names.add(Array.from({ length: lengths[names.size % lengths.length] as number }, letter).join(''))
  return [...names].sort()
}

export const NGINX = 'etc/nginx/nginx.conf'
const APACHE = 'etc/apache2/apache2.conf'
export const nginxOf = (name: string): string => `etc/nginx/sites-enabled/${name}.conf`
export const apacheOf = (name: string): string => `etc/apache2/sites-enabled/${name}.conf`

/** Sites as a control panel writes them, a file of nginx and one of Apache each, with faults that people leave. */
export function treeOf(names: readonly string[]): Tree {
  return {
    [NGINX]: `user www-data;
events {}
http {
    server {
        listen 80 default_server;
        server_name _;
        return 444;
    }
    include sites-enabled/*.conf;
}
`,
    [APACHE]: `ServerRoot /etc/apache2
ServerName localhost
User www-data
Group www-data
LoadModule mpm_worker_module /usr/lib/apache2/modules/mod_mpm_worker.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule setenvif_module /usr/lib/apache2/modules/mod_setenvif.so
LoadModule wsgi_module /usr/lib/apache2/modules/mod_wsgi.so
ErrorLog /var/log/apache2/error.log
Listen 127.0.0.1:9000
IncludeOptional sites-enabled/*.conf
`,
    ...Object.fromEntries(
      names.flatMap(name => [
        [nginxOf(name), nginxSite(name)],
        [apacheOf(name), apacheSite(name)],
      ]),
    ),
  }
}

function nginxSite(name: string): string {
  return `upstream ${name} {
    server 127.0.0.1:9000;
}
server {
    listen 80;
    server_name www.${name}.example.org;
    return 301 http://${name}.example.org$uri;
}
server {
    listen 80;
    server_name ${name}.example.org;
    root /var/www/${name}/public;
    location /static {
        alias /var/www/${name}/static/;
    }
    location / {
        proxy_pass http://${name};
        proxy_set_header Host $host;
        proxy_read_timeout 90s;
    }
}
`
}

function apacheSite(name: string): string {
  return `<VirtualHost 127.0.0.1:9000>
    ServerName ${name}.example.org
    SetEnvIf X-Forwarded-Proto https HTTPS
    WSGIDaemonProcess ${name} processes=2 threads=15
    WSGIProcessGroup ${name}
    WSGIScriptAlias / /opt/${name}/app/wsgi.py
    <Directory /opt/${name}/app>
        Require all granted
    </Directory>
</VirtualHost>
`
}
