import { conf } from '../src/engine/conf.ts'

/** nginx's main file around servers, upstreams and what else belongs into `http`. */
export function nginxMain(lines: string | readonly string[]): string {
  return conf`
    events {
    }
    http {
        ${lines}
    }
  `
}

/** nginx's server for `example.org` on port 80. */
export function nginxServer(lines: string | readonly string[]): string {
  return conf`
    server {
        listen 80;
        server_name example.org;
        ${lines}
    }
  `
}

/** nginx's server for `example.org` that terminates TLS. */
export function tlsServer(lines: string | readonly string[]): string {
  return conf`
    server {
        listen 443 ssl;
        server_name example.org;
        ssl_certificate /etc/ssl/example.org.pem;
        ssl_certificate_key /etc/ssl/example.org.key;
        ${lines}
    }
  `
}

/** nginx's server for `example.org` that proxies everything to a backend; `lines` come before the location. */
export function proxiedServer(lines: string | readonly string[] = '', backend = '127.0.0.1:9000'): string {
  return nginxServer(conf`
    ${lines}
    location / {
        proxy_pass http://${backend};
        proxy_set_header Host $host;
    }
  `)
}

/** httpd's main file with modules, by their names without `_module`; the worker MPM where none is among them. */
export function apacheMain(lines: string | readonly string[], modules: readonly string[] = []): string {
  const mpm = modules.some(name => name.startsWith('mpm_')) ? [] : ['mpm_worker']
  const loaded = [...mpm, 'authz_core', ...modules].map(
    name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
  )
  return conf`
    ServerRoot /etc/apache2
    ErrorLog /var/log/apache2/error.log
    ${loaded}
    ${lines}
  `
}

const OF_HTACCESS = ['authz_host', 'dir', 'env', 'headers', 'mime', 'rewrite', 'setenvif']

/** A site of httpd whose `.htaccess` may say everything, and has these lines; its main file may have more of its own. */
export function servedHtaccess(
  lines: string,
  main: string | readonly string[] = [],
  modules: readonly string[] = OF_HTACCESS,
): Record<string, string> {
  const site = conf`
    Listen 80
    ServerName example.org
    DocumentRoot /srv/www
    <Directory /srv/www>
        AllowOverride All
        Require all granted
    </Directory>
  `
  return {
    'etc/apache2/apache2.conf': apacheMain([site, main].flat(), modules),
    'srv/www/.htaccess': lines,
  }
}

/** httpd's main file with mod_wsgi, as a backend: it listens on loopback's port 9000. */
export function modWsgiMain(lines: string | readonly string[] = '', modules: readonly string[] = []): string {
  return apacheMain(['Listen 127.0.0.1:9000', lines].flat(), [...modules, 'wsgi'])
}

/** httpd's virtual host for `example.org` on the backend's port. */
export function virtualHost(lines: string | readonly string[], name = 'example.org'): string {
  return conf`
    <VirtualHost 127.0.0.1:9000>
        ServerName ${name}
        ${lines}
    </VirtualHost>
  `
}

/** httpd's virtual host for clients with TLS, which asks backends for the name that the client asked for. */
export function tlsVirtualHost(lines: string | readonly string[], name = 'example.org'): string {
  return conf`
    <VirtualHost *:443>
        ServerName ${name}
        SSLEngine on
        SSLCertificateFile /etc/ssl/${name}.pem
        SSLCertificateKeyFile /etc/ssl/${name}.key
        ProxyPreserveHost On
        ${lines}
    </VirtualHost>
  `
}

/** httpd's main file in front of backends: one such virtual host. */
export function apacheFront(lines: string | readonly string[]): string {
  return apacheMain(
    ['Listen 443', tlsVirtualHost(lines)],
    ['ssl', 'socache_shmcb', 'headers', 'proxy', 'proxy_http'],
  )
}

/** httpd's main file as a backend: one virtual host of files, with these lines. */
export function apacheBackend(lines: string | readonly string[], modules: readonly string[] = []): string {
  return apacheMain(
    [
      'Listen 127.0.0.1:9000',
      virtualHost(conf`
        DocumentRoot /srv/www
        ${lines}
      `),
    ],
    modules,
  )
}

/** An httpd that clients come to by plain HTTP, with one site. */
export function apacheSite(lines: string, modules: readonly string[]): string {
  return apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          ${lines}
      </VirtualHost>
    `,
    modules,
  )
}

/** The lines of a virtual host that runs `/opt/NAME/NAME/wsgi.py` in a daemon process of its own. */
export function wsgiApplication(name = 'shop', options = ''): string {
  return conf`
    WSGIDaemonProcess ${name} python-path=/opt/${name}${options && ` ${options}`}
    WSGIScriptAlias / /opt/${name}/${name}/wsgi.py process-group=${name} application-group=%{GLOBAL}
    <Directory /opt/${name}>
        Require all granted
    </Directory>
  `
}

/** A Django project below `/opt/NAME`: its script, and settings of which `lines` are the interesting ones. */
export function djangoProject(lines: string | readonly string[] = '', name = 'shop'): Record<string, string> {
  return {
    [`opt/${name}/${name}/wsgi.py`]: conf`
      import os
      from django.core.wsgi import get_wsgi_application
      os.environ["DJANGO_SETTINGS_MODULE"] = "${name}.settings"
      application = get_wsgi_application()
    `,
    [`opt/${name}/${name}/settings.py`]: conf`
      SECRET_KEY = "${name}"
      ALLOWED_HOSTS = [".example.org"]
      ROOT_URLCONF = "${name}.urls"
      ${lines}
    `,
  }
}

/** What tells a copy of a whole machine, in which the absence of a directory is evidence, from a part of one. */
export const WHOLE_MACHINE: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['bin', 'boot', 'home', 'lib', 'opt', 'root', 'usr'].map(directory => [`${directory}/`, '']),
  ),
  ...Object.fromEntries(['group', 'hosts', 'passwd', 'services'].map(name => [`etc/${name}`, ''])),
}
